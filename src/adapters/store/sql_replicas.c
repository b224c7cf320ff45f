/* Reads that may lag: of a replica, and of the primary when that cannot be. */
#include "adapters/store/sql_store_internal.h"
#include "engines/loop/loop.h"

/* For one reader. */
struct lagging_store {
    struct store base;
    struct sql_store *self;
    struct store_party party;
    int64_t after;
};

static enum status read_lagging(struct store *base, struct str tenant, struct arena *arena,
                                store_body *body, void *context, struct error *error)
{
    const struct lagging_store *lagging = (const struct lagging_store *)base;
    struct sql_store *self = lagging->self;
    struct arena_mark mark = arena_mark(arena);
    int64_t position = lagging->after;
    struct sql_driver *replica = replicas_choose(self->replicas, &lagging->party, &position);
    if (replica) {
        enum status status =
            sql_store_read_at(self, replica, position, tenant, arena, body, context, error);
        if (replicas_answered(self->replicas, replica, status)) return status;
        arena_rewind(arena, mark);
    }
    return store_read(&self->base, tenant, arena, body, context, error);
}

static enum status lookup_lagging(struct store *base, struct str tenant, const struct str *ids,
                                  size_t count, struct arena *arena, struct profile_row *rows,
                                  struct error *error)
{
    const struct lagging_store *lagging = (const struct lagging_store *)base;
    struct sql_store *self = lagging->self;
    int64_t position = lagging->after;
    struct sql_driver *replica = replicas_choose(self->replicas, &lagging->party, &position);
    if (replica) {
        enum status status =
            sql_store_lookup_at(self, replica, position, tenant, ids, count, arena, rows, error);
        if (replicas_answered(self->replicas, replica, status)) return status;
    }
    return store_lookup(&self->base, tenant, ids, count, arena, rows, error);
}

static struct store *lagging(struct store *base, const struct store_party *party, int64_t after,
                             struct arena *arena)
{
    static const struct store_operations operations = {.read = read_lagging,
                                                       .lookup = lookup_lagging};
    struct sql_store *self = (struct sql_store *)base;
    if (!self->replicas) return base;
    struct lagging_store *store = ARENA_NEW_ARRAY(arena, struct lagging_store, 1);
    if (!store) return base;
    *store = (struct lagging_store){
        .base = {.operations = &operations}, .self = self, .party = *party, .after = after};
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

/* By then no instance reads of a replica that is not at least as far, whichever it has. */
static void settle(struct store *base)
{
    const struct sql_store *self = (const struct sql_store *)base;
    if (self->replicas) coroutine_sleep(replicas_lag_max_ms(self->replicas));
}

const struct replica_operations sql_replica_operations = {
    .lagging = lagging, .wrote = wrote, .settle = settle};
