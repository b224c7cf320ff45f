/* Reads that may lag: of a replica, and of the primary when that cannot be. */
#include "adapters/store/sql_store_internal.h"
#include "engines/loop/loop.h"

/* For one request, which reads of one server from its first read on: what one row leads to is there
 * with it. */
struct lagging_store {
    struct store base;
    struct sql_store *self;
    struct store_party party;
    int64_t position; /* that the replica must be at */
    bool has_read;
    struct sql_driver *replica; /* NULL once it has read: the primary */
};

static struct lagging_store *lagging_of(struct store *base)
{
    return (struct lagging_store *)base;
}

static struct sql_driver *replica_of(struct lagging_store *lagging)
{
    if (!lagging->has_read)
        lagging->replica =
            replicas_choose(lagging->self->replicas, &lagging->party, &lagging->position);
    lagging->has_read = true;
    return lagging->replica;
}

/* False: the primary is asked, now and for the rest of the request. */
static bool is_answered(struct lagging_store *lagging, enum status status)
{
    if (replicas_answered(lagging->self->replicas, lagging->replica, status)) return true;
    lagging->replica = NULL;
    return false;
}

static enum status read_lagging(struct store *base, struct str tenant, struct arena *arena,
                                store_body *body, void *context, struct error *error)
{
    struct lagging_store *lagging = lagging_of(base);
    struct arena_mark mark = arena_mark(arena);
    struct sql_driver *replica = replica_of(lagging);
    if (replica) {
        enum status status = sql_store_read_at(lagging->self, replica, lagging->position, tenant,
                                               arena, body, context, error);
        if (is_answered(lagging, status)) return status;
        arena_rewind(arena, mark);
    }
    return store_read(&lagging->self->base, tenant, arena, body, context, error);
}

static bool lacks_one(const struct profile_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_is_none(rows[i].customer_id)) return true;
    return false;
}

/* Whoever is looked up behind the first look-up is one whom a row names. A replica lacks him when
 * it is not as far as it was, as after a crash: then the primary knows. */
static enum status lookup_lagging(struct store *base, struct str tenant, const struct str *ids,
                                  size_t count, struct arena *arena, struct profile_row *rows,
                                  struct error *error)
{
    struct lagging_store *lagging = lagging_of(base);
    bool is_named = lagging->has_read;
    struct sql_driver *replica = replica_of(lagging);
    if (replica) {
        enum status status = sql_store_lookup_at(lagging->self, replica, lagging->position, tenant,
                                                 ids, count, arena, rows, error);
        bool lacks = status == STATUS_OK && is_named && lacks_one(rows, count);
        if (is_answered(lagging, lacks ? STATUS_UNAVAILABLE : status)) return status;
    }
    return store_lookup(&lagging->self->base, tenant, ids, count, arena, rows, error);
}

static enum status write_through(struct store *base, struct str tenant, struct arena *arena,
                                 store_body *body, void *context, struct error *error)
{
    return store_write(&lagging_of(base)->self->base, tenant, arena, body, context, error);
}

static enum status write_grouped_through(struct store *base, struct str tenant, struct arena *arena,
                                         store_body *body, void *context, struct error *error)
{
    return store_write_grouped(&lagging_of(base)->self->base, tenant, arena, body, context, error);
}

static enum status ready_through(struct store *base, struct error *error)
{
    return store_ready(&lagging_of(base)->self->base, error);
}

static struct queue_wait wait_through(struct store *base, enum store_use use)
{
    return store_wait(&lagging_of(base)->self->base, use);
}

static struct store *lagging(struct store *base, const struct store_party *party, int64_t after,
                             struct arena *arena)
{
    /* What works on a session goes to the session's own store. */
    static const struct store_operations operations = {.read = read_lagging,
                                                       .write = write_through,
                                                       .write_grouped = write_grouped_through,
                                                       .lookup = lookup_lagging,
                                                       .ready = ready_through,
                                                       .wait = wait_through};
    struct sql_store *self = (struct sql_store *)base;
    if (!self->replicas) return base;
    struct lagging_store *store = ARENA_NEW_ARRAY(arena, struct lagging_store, 1);
    if (!store) return base;
    *store = (struct lagging_store){
        .base = {.operations = &operations}, .self = self, .party = *party, .position = after};
    return &store->base;
}

static enum status wrote(struct store *base, const struct store_party *party, struct arena *arena,
                         int64_t *position, struct error *error)
{
    struct sql_store *self = (struct sql_store *)base;
    struct sql_rows rows;
    if (!self->replicas) return STATUS_OK;
    enum status status = self->driver->query_one(self->driver, party->tenant, SQL_PRIMARY_POSITION,
                                                 NULL, 0, arena, &rows, error);
    if (status != STATUS_OK) {
        replicas_note_unknown(self->replicas, party);
        return status;
    }
    *position = sql_cell_int64(&rows, 0, 0, INT64_MAX);
    replicas_note_write(self->replicas, party, *position);
    return STATUS_OK;
}

/* By then no instance reads of a replica that is not at least as far, whichever it has. A little
 * longer than the bound: times are cut to milliseconds at both ends, and clocks do not go alike. */
static void settle(struct store *base)
{
    int64_t bound_ms = ((const struct sql_store *)base)->lag_max_ms;
    if (bound_ms > 0) coroutine_sleep(bound_ms + bound_ms / 100 + 2);
}

const struct replica_operations sql_replica_operations = {
    .lagging = lagging, .wrote = wrote, .settle = settle};
