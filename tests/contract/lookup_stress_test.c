/* Threads that write, and threads that look up: an acknowledged change is always seen. On every
 * adapter; what it aims at is the cache of the embedded store. Also run under the thread sanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "contract.h"

enum { CUSTOMERS = 200, WRITERS = 3, READERS = 3, WRITES = 300 };

static atomic_llong acknowledged[CUSTOMERS];
static atomic_bool writing;
static atomic_int stale;

struct worker {
    struct contract *contract;
    int number;
    pthread_t thread;
    struct arena arena;
    int customer;
};

static struct str id_of(int customer, struct arena *arena)
{
    return arena_format(arena, "C-%d", customer);
}

static enum status next_version(struct store_session *session, void *context, struct error *error)
{
    struct worker *worker = context;
    struct profile_row row;
    TRY(store_profile_get(session, id_of(worker->customer, &worker->arena), STORE_LOCK,
                          &worker->arena, &row, error));
    row.version++;
    row.document = arena_format(&worker->arena, "{\"version\":%lld}", (long long)row.version);
    return store_profile_update(session, &row, error);
}

static void look_up(struct worker *worker, int customer)
{
    struct error error;
    struct profile_row row;
    struct str id = id_of(customer, &worker->arena);
    long long before = atomic_load(&acknowledged[customer]);
    enum status status = store_lookup(worker->contract->store, worker->contract->tenant, &id, 1,
                                      &worker->arena, &row, &error);
    struct str expected =
        arena_format(&worker->arena, "{\"version\":%lld}", (long long)row.version);
    bool whole = row.version == 1 || str_equal(row.document, expected);
    if (status != STATUS_OK || row.version < before || !whole) atomic_fetch_add(&stale, 1);
}

static void *writer_main(void *argument)
{
    struct worker *worker = argument;
    struct error error;
    arena_init(&worker->arena, 1 << 20);
    for (int i = 0; i < WRITES; i++) {
        /* Each writer has its own customers, a few of them hot. */
        worker->customer = (i * i % (CUSTOMERS / WRITERS)) * WRITERS + worker->number;
        if (store_write(worker->contract->store, worker->contract->tenant, &worker->arena,
                        next_version, worker, &error) != STATUS_OK)
            atomic_fetch_add(&stale, 1);
        atomic_fetch_add(&acknowledged[worker->customer], 1);
        look_up(worker, worker->customer);
        arena_reset(&worker->arena);
    }
    arena_release(&worker->arena);
    return NULL;
}

static void *reader_main(void *argument)
{
    struct worker *worker = argument;
    arena_init(&worker->arena, 1 << 20);
    for (unsigned i = (unsigned)worker->number; atomic_load(&writing);
         i = i * 1103515245u + 12345u) {
        look_up(worker, (int)((i >> 8) % CUSTOMERS));
        arena_reset(&worker->arena);
    }
    arena_release(&worker->arena);
    return NULL;
}

static void an_acknowledged_change_is_always_seen(struct contract *c)
{
    struct worker workers[WRITERS + READERS];
    atomic_store(&stale, 0);
    atomic_store(&writing, true);
    for (int i = 0; i < CUSTOMERS; i++) {
        contract_insert(c, contract_profile(id_of(i, &c->arena), 1000));
        atomic_store(&acknowledged[i], 1);
    }
    for (int i = 0; i < WRITERS + READERS; i++) {
        workers[i] = (struct worker){.contract = c, .number = i};
        assert_int_equal(pthread_create(&workers[i].thread, NULL,
                                        i < WRITERS ? writer_main : reader_main, &workers[i]),
                         0);
    }
    for (int i = 0; i < WRITERS; i++) pthread_join(workers[i].thread, NULL);
    atomic_store(&writing, false);
    for (int i = WRITERS; i < WRITERS + READERS; i++) pthread_join(workers[i].thread, NULL);
    assert_int_equal(atomic_load(&stale), 0);
}

int main(void)
{
    static const struct contract_case cases[] = {CONTRACT(an_acknowledged_change_is_always_seen)};
    return contract_run(cases, UNIT_COUNT(cases));
}
