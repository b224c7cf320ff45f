/* The outside world a pure program still needs: what time it is, and randomness.
 *
 * Both are ports, so that whole histories run deterministically in a test: the service fills this
 * struct from the system, a test from a counter and a seed.
 *
 *     instant now = environment->now(environment);
 */
#ifndef BASE_ENVIRONMENT_H
#define BASE_ENVIRONMENT_H

#include "base/instant.h"

struct environment {
    instant (*now)(struct environment *);
    void (*random)(struct environment *, void *bytes, size_t count);
};

/* Reads the system clock (never going back within the process) and the kernel's generator.
 * Thread-safe; one per process is enough. */
struct environment *environment_system(void);

/* A deterministic one: time starts at `start` and steps by `step` at every reading; randomness is
 * SplitMix64 from `seed`. Not thread-safe. */
struct environment_fixed {
    struct environment base;
    instant time;
    instant step;
    uint64_t state;
};
void environment_fixed_init(struct environment_fixed *fixed, instant start, instant step,
                            uint64_t seed);

#endif
