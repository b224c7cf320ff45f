#include "adapters/store/postgres_store.h"

#include "adapters/store/sql_store_internal.h"

enum status postgres_store_open(const struct postgres_options *options, size_t search_cache_bytes,
                                struct store **store, struct error *error)
{
    struct sql_store *self = sql_store_new(sql_migrations_postgres, sql_migrations_postgres_count,
                                           0, search_cache_bytes);
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct postgres_options engine = *options;
    engine.committed = sql_store_tell_commit;
    engine.committed_argument = self;
    enum status status = postgres_open(&engine, &self->driver, error);
    if (status == STATUS_OK &&
        !(self->worker = search_worker_new(self->index, self->driver, false)))
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status == STATUS_OK && !(self->groups = sql_write_groups_new(self)))
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status != STATUS_OK) {
        sql_store_free(&self->base);
        return status;
    }
    *store = &self->base;
    return STATUS_OK;
}

enum status postgres_store_add_replicas(struct store *store, const struct replica_options *replicas,
                                        const struct postgres_options *options, struct error *error)
{
    struct sql_store *self = (struct sql_store *)store;
    self->lag_max_ms = replicas->lag_max_ms;
    return replicas->count > 0 ? replicas_new(replicas, options, &self->replicas, error)
                               : STATUS_OK;
}
