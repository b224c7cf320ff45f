#include "adapters/store/postgres_store.h"

#include "adapters/store/sql_store_internal.h"

enum status postgres_store_open(const struct postgres_options *options, struct store **store,
                                struct error *error)
{
    struct sql_store *self =
        sql_store_new(sql_migrations_postgres, sql_migrations_postgres_count, 0);
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = postgres_open(options, &self->driver, error);
    if (status != STATUS_OK) {
        sql_store_free(&self->base);
        return status;
    }
    *store = &self->base;
    return STATUS_OK;
}
