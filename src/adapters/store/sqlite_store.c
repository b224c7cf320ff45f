#include "adapters/store/sqlite_store.h"

#include "adapters/store/sql_store_internal.h"

enum status sqlite_store_open(const struct sqlite_options *options, size_t cache_bytes,
                              struct store **store, struct error *error)
{
    struct sql_store *self =
        sql_store_new(sql_migrations_sqlite, sql_migrations_sqlite_count, cache_bytes);
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct sqlite_options with_hook = *options;
    with_hook.committed = sql_store_committed;
    with_hook.committed_argument = self;
    enum status status = sqlite_open(&with_hook, &self->driver, error);
    if (status != STATUS_OK) {
        sql_store_free(&self->base);
        return status;
    }
    *store = &self->base;
    return STATUS_OK;
}
