#include "adapters/store/postgres_store.h"

#include "adapters/store/sql_store_internal.h"

void postgres_store_set_committed(struct sql_store *store, void (*committed)(void *argument),
                                  void *argument)
{
    pthread_mutex_lock(&store->committed_mutex);
    store->committed = committed;
    store->committed_argument = argument;
    pthread_mutex_unlock(&store->committed_mutex);
}

static void on_commit(void *argument)
{
    struct sql_store *store = argument;
    pthread_mutex_lock(&store->committed_mutex);
    if (store->committed) store->committed(store->committed_argument);
    pthread_mutex_unlock(&store->committed_mutex);
}

enum status postgres_store_open(const struct postgres_options *options, struct store **store,
                                struct error *error)
{
    struct sql_store *self =
        sql_store_new(sql_migrations_postgres, sql_migrations_postgres_count, 0);
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct postgres_options engine = *options;
    engine.committed = on_commit;
    engine.committed_argument = self;
    enum status status = postgres_open(&engine, &self->driver, error);
    if (status == STATUS_OK && !(self->worker = search_worker_new(self->index, self->driver)))
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status != STATUS_OK) {
        sql_store_free(&self->base);
        return status;
    }
    *store = &self->base;
    return STATUS_OK;
}
