/* Runs one suite of tests of the store port against every adapter.
 *
 *     static void a_rollback_leaves_nothing(struct contract *c) { ... }
 *     int main(void)
 *     {
 *         static const struct contract_case cases[] = {CONTRACT(a_rollback_leaves_nothing)};
 *         return contract_run(cases, UNIT_COUNT(cases));
 *     }
 *
 * Each case has a tenant of its own in a store that the program's cases share. PostgreSQL is a
 * server of the program's own with one sequencer.
 */
#ifndef SUPPORT_CONTRACT_H
#define SUPPORT_CONTRACT_H

#include <stdatomic.h>

#include "application/ports/store.h"
#include "unit.h"

struct contract {
    struct store *store;
    struct str tenant;
    struct str other_tenant;
    bool many_write; /* at once: units of work do not follow each other */
    struct arena arena;
    struct error error;
};

typedef void contract_test(struct contract *contract);

struct contract_case {
    const char *name;
    contract_test *test;
};
#define CONTRACT(function)                                                                         \
    {                                                                                              \
        .name = #function, .test = function                                                        \
    }

int contract_run(const struct contract_case *cases, size_t count);

/* --- the shortest way to one operation in a unit of work of its own; it must succeed --- */

/* A row with plausible values; times are `at`. */
struct profile_row contract_profile(struct str id, instant at);
struct fact contract_fact(struct str home, struct str subject, instant at, struct arena *arena);
void contract_insert(struct contract *contract, struct profile_row row);
void contract_insert_for(struct contract *contract, struct str tenant, struct profile_row row);
void contract_update(struct contract *contract, struct profile_row row);
void contract_append_fact(struct contract *contract, struct fact fact);
void contract_merge(struct contract *contract, struct merge merge);
void contract_put_keys(struct contract *contract, struct str home, const struct str *keys,
                       size_t count);
/* Until another thread has set it; a minute at most. */
void contract_await(const atomic_bool *flag);
/* Until a unit of work waits for what another has locked; not on stores with one writer. */
void contract_await_lock(const struct contract *contract);
/* Of the whole database, how often units of work waited in a circle until PostgreSQL ended one; 0
 * on stores with one writer. Connections are ended for it, so that they tell. */
int contract_deadlocks(const struct contract *contract);
/* Whether the database takes connections; those that there are it ends. On PostgreSQL. */
void contract_set_reachable(const struct contract *contract, bool reachable);
/* STATUS_OK or what tree_load says. */
enum status contract_tree(struct contract *contract, struct str root, instant as_of,
                          struct tree *tree);
enum status contract_get(struct contract *contract, struct str tenant, struct str id,
                         struct profile_row *row);
/* Events after a position. */
size_t contract_events(struct contract *contract, int64_t after, size_t limit, struct arena *arena,
                       struct event **events);
/* Waits until that many events are in the feed: a sequencer numbers them soon after the commit. */
void contract_await_events(struct contract *contract, size_t count);

#endif
