/* What the files of the PostgreSQL engine share, from the bottom up:
 *
 *   postgres_connection.c   one pipelined libpq connection: connecting, sending, results in order
 *   postgres_hosts.c        several hosts in one URL, in turn
 *   postgres_message.c      parameters and statements to the wire; rows and failures back
 *   postgres_pool.c         the connections of one thread, who waits for one, and the clock over
 * them postgres_reader.c       shared connections for single read statements postgres_transaction.c
 * units of work, each with a connection to itself postgres.c              the driver: options,
 * pools by thread postgres_migrate.c      the schema, with a connection of its own kind
 *
 * Everything in a pool belongs to one thread. Code that waits is in a coroutine of the thread's
 * loop and is suspended, or it is not and polls; postgres_pool_wait() is the one place that knows.
 */
#ifndef ENGINES_SQL_POSTGRES_INTERNAL_H
#define ENGINES_SQL_POSTGRES_INTERNAL_H

#include <postgresql/libpq-fe.h>

#include "engines/loop/loop.h"
#include "engines/sql/sql.h"
#include "engines/sql/sql_queue.h"

enum { POSTGRES_TENANT_MAX = 256 };

struct postgres_pool;
struct postgres_connection;

/* --- what is under way on a connection --- */

enum postgres_operation_kind {
    POSTGRES_PREPARE,
    POSTGRES_TENANT, /* sets the session's tenant */
    POSTGRES_RENEW,  /* plans are made anew */
    POSTGRES_STATEMENT,
    POSTGRES_BEGIN,
    POSTGRES_COMMIT,
    POSTGRES_ROLLBACK,
    POSTGRES_CHECK,    /* the role is one that row-level security binds */
    POSTGRES_POSITION, /* how far a replica is */
    POSTGRES_SYNC
};

/* One message sent, in the order of the answers. */
struct postgres_operation {
    struct postgres_operation *next;
    enum postgres_operation_kind kind;
    const struct sql_statement *statement; /* of PREPARE and STATEMENT */
    void *owner;                           /* whose STATEMENT; may be NULL */
    bool answered;
};

/* What the user of a connection is told; it must not break the connection from inside. */
struct postgres_user {
    void (*result)(struct postgres_connection *, struct postgres_operation *, const PGresult *);
    void (*synced)(struct postgres_connection *);
    /* The connection is gone; nothing more will be answered. */
    void (*broken)(struct postgres_connection *, const struct error *);
    /* Before that, for each message that was not answered. May be NULL. */
    void (*dropped)(struct postgres_connection *, struct postgres_operation *);
};

enum postgres_state { POSTGRES_CLOSED, POSTGRES_CONNECTING, POSTGRES_SETTING_UP, POSTGRES_READY };

struct postgres_connection {
    struct postgres_pool *pool;
    const struct postgres_user *user; /* NULL: nobody */
    void *user_data;
    PGconn *libpq;
    enum postgres_state state;
    int fd;
    size_t first_host; /* that it was connected with */
    uint32_t events;   /* what is watched */
    struct postgres_operation *first, *last;
    size_t operation_count;
    unsigned char *prepared; /* by index of statement */
    size_t prepared_count;
    int64_t deadline_ms; /* connected, or the next answer, by then */
    bool is_reader;
    bool is_taken;    /* somebody has it, or is about to find out that he has */
    int64_t taken_ns; /* since when */
    bool was_ready;   /* since it was last started */
    bool was_cut;     /* it was not us who ended it */
    bool is_stale;    /* what it has prepared is of no more use: not used again */
    struct postgres_connection *next_idle;
    char tenant[POSTGRES_TENANT_MAX]; /* the session's, once all that was sent is done */
    size_t tenant_length;
    bool tenant_known;
    uint64_t batches, renewed_at; /* counts of postgres_renew_plans() */
    /* Of a replica: that its server had replayed at least so much when it last said so. A server
     * that begins anew may be behind what it was, but then its sessions are gone. */
    int64_t position;
};

bool postgres_connection_start(struct postgres_connection *connection);
/* Does what its descriptor is ready for. */
void postgres_connection_serve(struct postgres_connection *connection, uint32_t events);
/* Closes it and tells its user why; NULL: what libpq says. */
void postgres_connection_break(struct postgres_connection *connection, const char *why);
void postgres_connection_close(struct postgres_connection *connection);
/* Each queues one message; false when it could not (out of memory, or broken). */
bool postgres_send_control(struct postgres_connection *connection,
                           enum postgres_operation_kind kind, enum sql_mode mode);
/* Sets the session's tenant; a rollback takes it back, and then it is not known. */
bool postgres_send_tenant(struct postgres_connection *connection, struct str tenant);
/* Asks a replica how far it is, unless it is known to be at `position`. The answer comes before
 * those of what is sent later, whose snapshots are taken later, too. */
bool postgres_send_position(struct postgres_connection *connection, int64_t position, bool *sent);
bool postgres_has_tenant(const struct postgres_connection *connection, struct str tenant);
/* At the beginning of a batch or transaction. A plan is made once, and one that was made when the
 * tables were empty may read all of what has grown since: so plans are made anew before the 2nd,
 * the 8th, the 32nd... of them. */
bool postgres_renew_plans(struct postgres_connection *connection);
/* Ends a batch and sends it. */
bool postgres_send_sync(struct postgres_connection *connection);
/* Notes that a message was queued. */
bool postgres_connection_expect(struct postgres_connection *connection,
                                enum postgres_operation_kind kind,
                                const struct sql_statement *statement, void *owner);

/* --- messages --- */

/* Prepares the statement where the connection does not know it yet and queues it. False as above,
 * or when `status` says that the parameters do not fit into the memory. */
bool postgres_send_statement(struct postgres_connection *connection,
                             const struct sql_statement *statement, const struct sql_value *params,
                             size_t count, void *owner);
/* Copies the rows into the arena: all, or where a key is given those that have it in their first
 * column. */
enum status postgres_rows(const PGresult *result, struct str key, struct arena *arena,
                          struct sql_rows *rows);
/* What a failed result means. Neither values nor statement text get into the message. */
enum status postgres_failure(const PGresult *result, const struct sql_statement *statement,
                             struct error *error);
/* Five characters; "" when there is none. */
const char *postgres_sqlstate(const PGresult *result);

/* --- waiting --- */

struct postgres_wait {
    struct coroutine *coroutine; /* NULL: polls */
    bool is_suspended;
    bool done;
};

void postgres_wake(struct postgres_wait *wait);
void postgres_pool_wait(struct postgres_pool *pool, struct postgres_wait *wait);

/* --- the pool of one thread --- */

struct postgres_reader_request;
struct postgres_acquire;

/* A reader's own state. */
struct postgres_reader {
    struct postgres_connection connection;
    struct postgres_reader_request *first, *last; /* not sent yet */
    size_t pending_count;
    bool is_suspect; /* a batch failed: the session's tenant is not the one that was meant */
};

/* What to connect with, for PQconnectStartParams(): a list of values for each host to begin with.
 */
struct postgres_hosts {
    char **keywords;
    char ***values;
    size_t count;
};

struct postgres_driver {
    struct sql_driver base;
    size_t connections_max, readers_max;
    int64_t connect_timeout_ms, statement_timeout_ms, answer_timeout_ms;
    bool is_replica;
    void (*committed)(void *argument);
    void *committed_argument;
    struct postgres_hosts hosts;
    uint64_t generation; /* no two drivers of a process have the same */
    struct postgres_pools *pools;
};

struct postgres_pool {
    struct postgres_driver *driver;
    struct loop *loop; /* NULL: whoever waits polls */
    struct postgres_connection *connections;
    struct postgres_reader *readers;
    struct postgres_connection *idle;
    struct postgres_acquire *waiting_first, *waiting_last;
    size_t waiting_count;
    struct sql_queue queue; /* of the same; each is the time of a connection */
    struct loop_timer *timer;
    size_t next_reader;
    int64_t retry_at_ms; /* no attempt to connect before */
    int64_t retry_delay_ms;
    struct error last_error; /* of any connection; never STATUS_OK once one was lost */
    bool is_failing;         /* connecting is in vain; said once */
    size_t first_host;       /* of those to connect to */
    int cuts;                /* of attempts to connect, one after the other, after a success */
};

struct postgres_pool *postgres_pool_new(struct postgres_driver *driver, struct loop *loop);
void postgres_pool_free(struct postgres_pool *pool);
/* A connection to oneself, in the order of asking. */
enum status postgres_pool_acquire(struct postgres_pool *pool,
                                  struct postgres_connection **connection, struct error *error);
void postgres_pool_release(struct postgres_connection *connection);
/* How long one that asks now would wait. */
struct queue_wait postgres_pool_queue(const struct postgres_pool *pool);
/* Connects unless it did so in vain just now; false when that is so. */
bool postgres_pool_connect(struct postgres_connection *connection);
/* The connection is ready, or it is gone. */
void postgres_pool_connected(struct postgres_connection *connection);
void postgres_pool_lost(struct postgres_connection *connection, const struct error *error);
int64_t postgres_now_ms(void);

/* --- users of connections --- */

void postgres_reader_init(struct postgres_reader *reader, struct postgres_pool *pool);
/* Sends what was gathered, one batch per reader. */
void postgres_readers_flush(struct postgres_pool *pool);
void postgres_reader_fail(struct postgres_reader *reader, const struct error *error);
enum status postgres_query_one(struct sql_driver *driver, struct str tenant,
                               const struct sql_statement *statement,
                               const struct sql_value *params, size_t count, struct arena *arena,
                               struct sql_rows *rows, struct error *error);

enum status postgres_query_one_at(struct sql_driver *driver, int64_t position, struct str tenant,
                                  const struct sql_statement *statement,
                                  const struct sql_value *params, size_t count, struct arena *arena,
                                  struct sql_rows *rows, struct error *error);
/* What a replica answers that is not as far as it should be. */
enum status postgres_is_behind(struct error *error);

enum status postgres_transact_at(struct sql_driver *base, int64_t position, struct str tenant,
                                 struct arena *arena, sql_body *body, void *context,
                                 struct error *error);
enum status postgres_transact(struct sql_driver *base, enum sql_mode mode, struct str tenant,
                              struct arena *arena, sql_body *body, void *context,
                              struct error *error);
enum status postgres_query(struct sql_transaction *base, const struct sql_statement *statement,
                           const struct sql_value *params, size_t count, struct arena *arena,
                           struct sql_rows *rows, struct error *error);
enum status postgres_ask(struct sql_transaction *base, const struct sql_statement *statement,
                         const struct sql_value *params, size_t count, struct arena *arena,
                         struct sql_rows *rows, struct error *error);
enum status postgres_settle(struct sql_transaction *base, struct error *error);
enum status postgres_execute(struct sql_transaction *base, const struct sql_statement *statement,
                             const struct sql_value *params, size_t count, struct error *error);

/* The calling thread's pool: of the loop when called in a coroutine, else the one that polls. NULL
 * when out of memory. */
struct postgres_pool *postgres_pool_of_thread(struct postgres_driver *driver);

/* --- connecting --- */

/* The URL's keywords and our defaults, for PQconnectdbParams(); `options` are the server's settings
 * ("-c statement_timeout=5000"), `servers` those that may be connected to
 * (target_session_attrs). Both arrays are NULL-terminated and freed together. */
enum status postgres_parse_url(struct str url, const char *options, const char *servers,
                               char ***keywords, char ***values, struct error *error);
void postgres_free_url(char **keywords, char **values);
/* Takes keywords and values. False when out of memory; to be released in any case. */
bool postgres_hosts_init(struct postgres_hosts *hosts, char **keywords, char **values);
void postgres_hosts_release(struct postgres_hosts *hosts);

#endif
