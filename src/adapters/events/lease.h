/* The lease under which one of several instances does what only one should do: publish the outbox,
 * deliver to webhooks. It stands in the store, by the store's clock.
 *
 *     lease_init(&lease, store, environment, STR("webhooks"), lease_ms, patience_max_ms);
 *     TRY(lease_keep(&lease, position, at_once, arena, error));       often; mostly does nothing
 *     if (lease.state.is_ours) ...
 *     lease_give_up(&lease, arena);
 *
 * One that has it and cannot do the work (no way to a broker from here, say) must not keep it from
 * those that can: it stands back. From then on it asks for it only when nobody has wanted it for a
 * while, which others do at once. Where all fail it goes round, each time more slowly.
 *
 *     lease_worked(&lease);                                            the work was done
 *     if (lease_fails_for_long(&lease, failing_since)) lease_stand_back(&lease, position, arena);
 *
 * It saves instances from getting into each other's way and no more: one that was stopped for long
 * may go on. What it does then must be refused by whoever it does it to; for that there is
 * state.epoch.
 */
#ifndef ADAPTERS_EVENTS_LEASE_H
#define ADAPTERS_EVENTS_LEASE_H

#include "application/ports/store.h"
#include "base/environment.h"

enum { LEASE_ID_MAX = 32 };

struct lease {
    struct store *store;
    struct environment *environment;
    struct str name;
    int64_t lease_ms;
    char holder[LEASE_ID_MAX]; /* this process */
    char outbox[LEASE_ID_MAX]; /* what an outbox without a name is called from now on */
    char outbox_id[LEASE_ID_MAX];
    struct relay_state state;
    instant next_turn;   /* 0: at once */
    instant held_until;  /* by our clock, while it is ours; it was asked for before */
    int64_t patience_ms; /* with failures, until it stands back; grows up to the next */
    int64_t patience_max_ms;
    bool stands_back;
};

void lease_init(struct lease *lease, struct store *store, struct environment *environment,
                struct str name, int64_t lease_ms, int64_t patience_max_ms);
/* Takes or renews it when a third of it is over, or `at_once`. `position`: how far the work is, to
 * be noted; negative: nothing to note. */
MUST_CHECK enum status lease_keep(struct lease *lease, int64_t position, bool at_once,
                                  struct arena *arena, struct error *error);
/* It is ours, and nothing has worked since then for so long that another is to have it. */
bool lease_fails_for_long(const struct lease *lease, instant since);
/* Gives it up, and asks for it after those who have not failed. */
void lease_stand_back(struct lease *lease, int64_t position, struct arena *arena);
void lease_worked(struct lease *lease);
/* Lets another have it at once; when that fails it runs out. */
void lease_give_up(struct lease *lease, int64_t position, struct arena *arena);

#endif
