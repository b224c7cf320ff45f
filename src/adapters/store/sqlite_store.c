#include "adapters/store/sqlite_store.h"

#include "adapters/store/sql_store_internal.h"
#include "adapters/store/sqlite_keys.h"

/* A step at the search index, if one was planned. */
static enum status maintain_index(struct sql_transaction *transaction, bool idle, bool *more,
                                  void *argument)
{
    struct sql_store *self = argument;
    struct error ignored;
    (void)idle;
    *more = false;
    return search_worker_apply(self->worker, transaction, &ignored);
}

static enum status maintain_keys(struct sql_transaction *transaction, bool idle, bool *more,
                                 void *argument)
{
    struct sql_store *self = argument;
    return sqlite_keys_maintain(self->keys, transaction, idle, more);
}

/* After a commit the writer looks what there is to maintain: now at what an earlier process left.
 */
static enum status commit_nothing(struct sql_transaction *transaction, void *context,
                                  struct error *error)
{
    (void)transaction, (void)context, (void)error;
    return STATUS_OK;
}

static enum status load(struct sql_store *self, bool read_only, struct error *error)
{
    struct arena arena;
    TRY(sqlite_keys_load(self->keys, self->driver, error));
    TRY(search_index_load(self->index, self->driver, error));
    if (read_only) return STATUS_OK; /* who may write maintains */
    if (!(self->worker = search_worker_new(self->index, self->driver, true)))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    search_worker_start(self->worker);
    arena_init(&arena, 64 * 1024);
    enum status status = self->driver->transact(self->driver, SQL_WRITE, STR("*"), &arena,
                                                commit_nothing, NULL, error);
    arena_release(&arena);
    return status;
}

static enum status start(struct sql_store *self, const struct sqlite_options *options,
                         struct error *error)
{
    struct sqlite_options with_hooks = *options;
    with_hooks.committed = sql_store_committed;
    with_hooks.committed_argument = self;
    with_hooks.maintenance[0] = maintain_keys;
    with_hooks.maintenance[1] = maintain_index;
    with_hooks.maintenance_argument = self;
    if (!(self->keys = sqlite_keys_new())) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(sqlite_open(&with_hooks, &self->driver, error));
    enum status status = load(self, options->read_only, error);
    /* Without its tables it can be open, and says at store_ready() what it lacks. */
    return status == STATUS_SCHEMA_MISMATCH ? STATUS_OK : status;
}

enum status sqlite_store_open(const struct sqlite_options *options, size_t cache_bytes,
                              size_t search_cache_bytes, struct store **store, struct error *error)
{
    struct sql_store *self = sql_store_new(sql_migrations_sqlite, sql_migrations_sqlite_count,
                                           cache_bytes, search_cache_bytes);
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = start(self, options, error);
    if (status != STATUS_OK) {
        sql_store_free(&self->base);
        return status;
    }
    *store = &self->base;
    return STATUS_OK;
}
