#include "adapters/events/lease.h"

#include <stdio.h>

#include "base/log.h"

enum {
    ID_BYTES = 8,
    TURNS_OF_LEASE = 3, /* it is asked for so often in its time */
    PATIENCE_GROWS = 2
};

static void make_id(struct environment *environment, const char *kind, char out[LEASE_ID_MAX])
{
    unsigned char bytes[ID_BYTES];
    environment->random(environment, bytes, sizeof(bytes));
    int len = snprintf(out, LEASE_ID_MAX, "%s-", kind);
    for (size_t i = 0; i < ID_BYTES; i++)
        len += snprintf(out + len, (size_t)(LEASE_ID_MAX - len), "%02x", bytes[i]);
}

void lease_init(struct lease *lease, struct store *store, struct environment *environment,
                struct str name, int64_t lease_ms, int64_t patience_max_ms)
{
    *lease = (struct lease){.store = store,
                            .environment = environment,
                            .name = name,
                            .lease_ms = lease_ms,
                            .patience_max_ms = patience_max_ms};
    lease_worked(lease);
    make_id(environment, "relay", lease->holder);
    make_id(environment, "outbox", lease->outbox);
}

/* Everybody else asks once in a third of a lease, so two thirds are enough to see that none does.
 */
static int64_t free_ms(const struct lease *lease)
{
    bool waits = lease->stands_back && !lease->state.is_ours;
    return waits ? lease->lease_ms / TURNS_OF_LEASE * (TURNS_OF_LEASE - 1) : 0;
}

static enum status turn(const struct lease *lease, int64_t lease_ms, int64_t position,
                        struct arena *arena, struct relay_state *state, struct error *error)
{
    const struct relay_turn asked = {.relay = lease->name,
                                     .holder = str_from_cstr(lease->holder),
                                     .outbox_id = str_from_cstr(lease->outbox),
                                     .lease_ms = lease_ms,
                                     .free_ms = free_ms(lease),
                                     .position = position};
    return store_relay_turn(lease->store, &asked, arena, state, error);
}

static instant in_ms(instant from, int64_t delay_ms)
{
    return from + delay_ms * (INSTANT_SECOND / 1000);
}

enum status lease_keep(struct lease *lease, int64_t position, bool at_once, struct arena *arena,
                       struct error *error)
{
    instant now = lease->environment->now(lease->environment);
    struct relay_state state;
    if (!at_once && lease->next_turn > now) return STATUS_OK;
    TRY(turn(lease, lease->lease_ms, position, arena, &state, error));
    lease->next_turn = in_ms(now, lease->lease_ms / TURNS_OF_LEASE);
    lease->held_until = in_ms(now, lease->lease_ms);
    (void)snprintf(lease->outbox_id, sizeof(lease->outbox_id), "%.*s", STR_ARGS(state.outbox_id));
    lease->state = state;
    lease->state.outbox_id = str_from_cstr(lease->outbox_id);
    return STATUS_OK;
}

bool lease_fails_for_long(const struct lease *lease, instant since)
{
    instant now = lease->environment->now(lease->environment);
    return lease->state.is_ours && now >= in_ms(since, lease->patience_ms);
}

void lease_stand_back(struct lease *lease, int64_t position, struct arena *arena)
{
    lease_give_up(lease, position, arena);
    lease->stands_back = true;
    lease->patience_ms *= PATIENCE_GROWS;
    if (lease->patience_ms > lease->patience_max_ms) lease->patience_ms = lease->patience_max_ms;
}

void lease_worked(struct lease *lease)
{
    lease->stands_back = false;
    lease->patience_ms = lease->lease_ms;
}

void lease_give_up(struct lease *lease, int64_t position, struct arena *arena)
{
    struct relay_state state;
    struct error error;
    if (lease->state.is_ours && turn(lease, 0, position, arena, &state, &error) != STATUS_OK)
        log_warn("relay.lease_runs_out", LOG_CODE("relay", lease->name),
                 LOG_REASON("reason", str_from_cstr(error.message)));
    lease->state.is_ours = false;
}
