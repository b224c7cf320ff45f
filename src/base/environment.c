/* The clock of what is recorded, and randomness, of the system. */
#include "base/environment.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static instant system_now(struct environment *environment)
{
    (void)environment;
    static _Atomic instant last = 0;
    struct timespec wall;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    instant now = (instant)wall.tv_sec * INSTANT_SECOND + wall.tv_nsec / 1000;
    instant before = atomic_load_explicit(&last, memory_order_relaxed);
    /* A clock that is set back must not reorder what was recorded already. */
    while (before < now && !atomic_compare_exchange_weak(&last, &before, now)) {
    }
    return before > now ? before : now;
}

static void system_random(struct environment *environment, void *bytes, size_t count)
{
    (void)environment;
    unsigned char *at = bytes;
    while (count > 0) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) abort(); /* the kernel's generator cannot fail once it is seeded */
        at += got;
        count -= (size_t)got;
    }
}

struct environment *environment_system(void)
{
    static struct environment environment = {.now = system_now, .random = system_random};
    return &environment;
}

static instant fixed_now(struct environment *environment)
{
    struct environment_fixed *fixed = (struct environment_fixed *)environment;
    fixed->time += fixed->step;
    return fixed->time;
}

/* G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t split_mix_64(uint64_t *state)
{
    uint64_t z = (*state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void fixed_random(struct environment *environment, void *bytes, size_t count)
{
    struct environment_fixed *fixed = (struct environment_fixed *)environment;
    unsigned char *at = bytes;
    while (count > 0) {
        uint64_t word = split_mix_64(&fixed->state);
        size_t part = count < sizeof(word) ? count : sizeof(word);
        memcpy(at, &word, part);
        at += part;
        count -= part;
    }
}

void environment_fixed_init(struct environment_fixed *fixed, instant start, instant step,
                            uint64_t seed)
{
    *fixed = (struct environment_fixed){
        .base = {.now = fixed_now, .random = fixed_random},
        .time = start,
        .step = step,
        .state = seed,
    };
}
