/* The embedded engine as an sql_driver: writes go to the one writer, reads run at once on a
 * connection of the calling thread. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "engines/sql/sqlite_writer.h"

struct sqlite_driver;

/* A connection for reading: a thread's own, or lent from the free list while the own one is inside
 * a transaction (a read within a read, or another coroutine's). */
struct sqlite_reader {
    struct sqlite_connection connection;
    struct sqlite_driver *driver;
    struct sqlite_reader *next; /* of all */
    struct sqlite_reader *next_free;
    bool in_use;
    bool lent;
};

struct sqlite_driver {
    struct sql_driver base;
    struct sqlite_options options;
    struct arena arena; /* the path */
    int lock_fd;
    struct sqlite_writer writer;
    pthread_key_t own_reader;
    pthread_mutex_t mutex;
    struct sqlite_reader *readers;
    struct sqlite_reader *free_readers;
};

static struct sqlite_driver *self_of(struct sql_driver *base)
{
    return (struct sqlite_driver *)base;
}

/* --- readers --- */

static void reader_put_back(void *argument)
{
    struct sqlite_reader *reader = argument;
    struct sqlite_driver *self = reader->driver;
    pthread_mutex_lock(&self->mutex);
    reader->next_free = self->free_readers;
    self->free_readers = reader;
    pthread_mutex_unlock(&self->mutex);
}

static struct sqlite_reader *take_free_reader(struct sqlite_driver *self)
{
    pthread_mutex_lock(&self->mutex);
    struct sqlite_reader *reader = self->free_readers;
    if (reader) self->free_readers = reader->next_free;
    pthread_mutex_unlock(&self->mutex);
    return reader;
}

static enum status open_reader(struct sqlite_driver *self, struct sqlite_reader **out,
                               struct error *error)
{
    struct sqlite_reader *reader = calloc(1, sizeof(*reader));
    if (!reader) return error_plain(error, STATUS_OUT_OF_MEMORY);
    reader->driver = self;
    enum status status = sqlite_connection_open(&reader->connection, &self->options,
                                                CONNECTION_READER, false, error);
    if (status != STATUS_OK) {
        free(reader);
        return status;
    }
    pthread_mutex_lock(&self->mutex);
    reader->next = self->readers;
    self->readers = reader;
    pthread_mutex_unlock(&self->mutex);
    *out = reader;
    return STATUS_OK;
}

static enum status acquire_reader(struct sqlite_driver *self, struct sqlite_reader **out,
                                  struct error *error)
{
    struct sqlite_reader *own = pthread_getspecific(self->own_reader);
    *out = own;
    if (!own || own->in_use) {
        *out = take_free_reader(self);
        if (!*out) TRY(open_reader(self, out, error));
        (*out)->lent = own != NULL;
        if (!own && pthread_setspecific(self->own_reader, *out) != 0) (*out)->lent = true;
    }
    (*out)->in_use = true;
    return STATUS_OK;
}

static void release_reader(struct sqlite_reader *reader)
{
    reader->in_use = false;
    if (reader->lent) reader_put_back(reader);
}

static enum status read_in_transaction(struct sqlite_driver *self, struct sqlite_reader *reader,
                                       sql_body *body, void *context, struct error *error)
{
    struct sqlite_connection *connection = &reader->connection;
    TRY(sqlite_connection_control(connection, CONTROL_BEGIN, error));
    struct sqlite_transaction transaction = {.base = {.driver = &self->base},
                                             .connection = connection};
    enum status status = body(&transaction.base, context, error);
    if (status == STATUS_OK && transaction.failed != STATUS_OK)
        status = error_plain(error, transaction.failed);
    struct error ignored;
    if (sqlite3_get_autocommit(connection->db) == 0 &&
        sqlite_connection_control(connection, CONTROL_ROLLBACK, &ignored) != STATUS_OK)
        return error_plain(error, STATUS_UNAVAILABLE);
    return status;
}

/* --- the driver --- */

static enum status sqlite_transact(struct sql_driver *base, enum sql_mode mode, struct str tenant,
                                   struct arena *arena, sql_body *body, void *context,
                                   struct error *error)
{
    (void)tenant; /* statements name it; there is no row-level security to tell it to */
    struct sqlite_driver *self = self_of(base);
    if (mode == SQL_WRITE && self->options.read_only)
        return error_plain(error, STATUS_STORE_READ_ONLY);
    if (mode == SQL_WRITE) return sqlite_writer_run(&self->writer, arena, body, context, error);
    struct sqlite_reader *reader;
    TRY(acquire_reader(self, &reader, error));
    enum status status = read_in_transaction(self, reader, body, context, error);
    release_reader(reader);
    return status;
}

static enum status sqlite_query_one(struct sql_driver *base, struct str tenant,
                                    const struct sql_statement *statement,
                                    const struct sql_value *params, size_t count,
                                    struct arena *arena, struct sql_rows *rows, struct error *error)
{
    (void)tenant;
    struct sqlite_reader *reader;
    TRY(acquire_reader(self_of(base), &reader, error));
    enum status status =
        sqlite_connection_query(&reader->connection, statement, params, count, arena, rows, error);
    release_reader(reader);
    return status;
}

static enum status sqlite_query(struct sql_transaction *base, const struct sql_statement *statement,
                                const struct sql_value *params, size_t count, struct arena *arena,
                                struct sql_rows *rows, struct error *error)
{
    struct sqlite_transaction *transaction = (struct sqlite_transaction *)base;
    if (transaction->failed != STATUS_OK) return error_plain(error, transaction->failed);
    transaction->failed = sqlite_connection_query(transaction->connection, statement, params, count,
                                                  arena, rows, error);
    return transaction->failed;
}

static enum status sqlite_execute(struct sql_transaction *base,
                                  const struct sql_statement *statement,
                                  const struct sql_value *params, size_t count, struct error *error)
{
    return sqlite_query(base, statement, params, count, NULL, NULL, error);
}

static enum status sqlite_ready(struct sql_driver *base, struct error *error)
{
    struct sqlite_driver *self = self_of(base);
    struct sqlite_reader *reader;
    TRY(acquire_reader(self, &reader, error));
    enum status status =
        sqlite_connection_script(&reader->connection, STR("select 1 from sqlite_schema"), error);
    release_reader(reader);
    return status;
}

/* Reads run at once: who could ask is who would read. */
static struct queue_wait sqlite_wait(struct sql_driver *base, enum sql_mode mode)
{
    struct sqlite_driver *self = self_of(base);
    bool queues = mode == SQL_WRITE && !self->options.read_only;
    return queues ? sqlite_writer_wait(&self->writer) : (struct queue_wait){0};
}

static void sqlite_free(struct sql_driver *base)
{
    struct sqlite_driver *self = self_of(base);
    pthread_key_delete(self->own_reader);
    while (self->readers) {
        struct sqlite_reader *reader = self->readers;
        self->readers = reader->next;
        sqlite_connection_close(&reader->connection);
        free(reader);
    }
    /* Last, so that the final checkpoint finds nobody else. */
    sqlite_writer_stop(&self->writer);
    pthread_mutex_destroy(&self->mutex);
    if (self->lock_fd >= 0) close(self->lock_fd);
    arena_release(&self->arena);
    free(self);
}

static const struct sql_driver operations = {
    .transact = sqlite_transact,
    .query_one = sqlite_query_one,
    .query = sqlite_query,
    .execute = sqlite_execute,
    .ready = sqlite_ready,
    .wait = sqlite_wait,
    .free = sqlite_free,
};

static enum status start(struct sqlite_driver *self, const struct sqlite_options *options,
                         struct error *error)
{
    self->options = *options;
    self->options.path = arena_str(&self->arena, options->path);
    if (str_is_none(self->options.path)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!options->create && access(self->options.path.ptr, F_OK) != 0)
        return error_set(error, STATUS_IO, STR_NONE, STR("sqlite:PATH of a store"),
                         "there is no store %s yet", self->options.path.ptr);
    if (options->read_only) return STATUS_OK;
    TRY(sqlite_lock_file(self->options.path, &self->lock_fd, error));
    return sqlite_writer_start(&self->writer, &self->base, &self->options, error);
}

enum status sqlite_open(const struct sqlite_options *options, struct sql_driver **driver,
                        struct error *error)
{
    struct sqlite_driver *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (pthread_key_create(&self->own_reader, reader_put_back) != 0) {
        free(self);
        return error_plain(error, STATUS_UNAVAILABLE);
    }
    self->base = operations;
    self->lock_fd = -1;
    arena_init(&self->arena, 64 * 1024);
    pthread_mutex_init(&self->mutex, NULL);
    enum status status = start(self, options, error);
    if (status != STATUS_OK) {
        sqlite_free(&self->base);
        return status;
    }
    *driver = &self->base;
    return STATUS_OK;
}
