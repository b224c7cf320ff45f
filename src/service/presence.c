#include "service/presence.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

enum { SHARES_OF_LEASE = 3, ARENA_BYTES = 1 << 20 };

struct presence {
    struct presence_options options;
    char name[32];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stops;
    bool is_stopping;
    _Atomic int64_t instances;
};

/* lease_ms 0: not any more. */
static void take_turn(struct presence *self, int64_t lease_ms, struct arena *arena)
{
    struct error error = {.status = STATUS_OK};
    int64_t instances = 1;
    arena_reset(arena);
    enum status status =
        store_instance_turn(self->options.application->store, str_from_cstr(self->name), lease_ms,
                            arena, &instances, &error);
    if (status != STATUS_OK) {
        log_debug("instances.not_known", LOG_CODE("code", status_code(status)));
        return;
    }
    if (lease_ms == 0 || instances == atomic_load(&self->instances)) return;
    atomic_store(&self->instances, instances);
    log_info("instances.are", LOG_COUNT("instances", instances));
    self->options.told(self->options.argument, instances);
}

/* False when the service stops. */
static bool next_turn(struct presence *self)
{
    struct timespec until = clock_in_ms(self->options.lease_ms / SHARES_OF_LEASE);
    int waited = 0;
    (void)pthread_mutex_lock(&self->lock);
    while (waited == 0 && !self->is_stopping)
        waited = pthread_cond_timedwait(&self->stops, &self->lock, &until);
    bool goes_on = !self->is_stopping;
    (void)pthread_mutex_unlock(&self->lock);
    return goes_on;
}

static void *run(void *argument)
{
    struct presence *self = argument;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    do take_turn(self, self->options.lease_ms, &arena);
    while (next_turn(self));
    take_turn(self, 0, &arena);
    arena_release(&arena);
    return NULL;
}

static void forget(struct presence *self)
{
    (void)pthread_cond_destroy(&self->stops);
    (void)pthread_mutex_destroy(&self->lock);
    free(self);
}

enum status presence_start(const struct presence_options *options, struct presence **out,
                           struct error *error)
{
    struct environment *environment = options->application->environment;
    struct presence *self = calloc(1, sizeof(*self));
    pthread_condattr_t monotonic;
    uint64_t number;
    *out = NULL;
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->options = *options;
    atomic_store(&self->instances, 1);
    environment->random(environment, &number, sizeof(number));
    (void)snprintf(self->name, sizeof(self->name), "%016llx", (unsigned long long)number);
    (void)pthread_mutex_init(&self->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&self->stops, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&self->thread, NULL, run, self) != 0) {
        forget(self);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    *out = self;
    return STATUS_OK;
}

int64_t presence_instances(const struct presence *self)
{
    return self ? atomic_load(&self->instances) : 1;
}

void presence_leave(struct presence *self)
{
    if (!self) return;
    (void)pthread_mutex_lock(&self->lock);
    self->is_stopping = true;
    (void)pthread_cond_signal(&self->stops);
    (void)pthread_mutex_unlock(&self->lock);
}

void presence_stop(struct presence *self)
{
    if (!self) return;
    presence_leave(self);
    (void)pthread_join(self->thread, NULL);
    forget(self);
}
