/* The PostgreSQL driver: its options, and which pool belongs to the calling thread. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/sql/postgres_internal.h"

/* --- the URL --- */

/* What holds unless the URL says otherwise. */
static const struct {
    const char *keyword, *value;
} defaults[] = {
    {"application_name", "customer360"},
    {"client_encoding", "UTF8"},
    {"ssl_min_protocol_version", "TLSv1.3"},
    {"gssencmode", "disable"},
    {"connect_timeout", "10"}, /* where libpq itself waits */
    {"keepalives_idle", "30"},
    {"keepalives_interval", "5"},
    {"keepalives_count", "3"},
    {"tcp_user_timeout", "20000"},
};
enum { DEFAULTS = sizeof(defaults) / sizeof(defaults[0]) };

static const char *default_of(const char *keyword)
{
    for (size_t i = 0; i < DEFAULTS; i++)
        if (strcmp(defaults[i].keyword, keyword) == 0) return defaults[i].value;
    return NULL;
}

/* `options` of the URL come last, so that they win. */
static char *join_options(const char *ours, const char *theirs)
{
    size_t size = strlen(ours) + (theirs ? strlen(theirs) : 0) + 2;
    char *joined = malloc(size);
    if (joined) snprintf(joined, size, "%s%s%s", ours, theirs ? " " : "", theirs ? theirs : "");
    return joined;
}

/* What was given for the whole driver: the server's settings, and which of several hosts. */
struct given {
    const char *options, *servers;
};

static const char *value_of(const PQconninfoOption *option, const struct given *given)
{
    if (option->val) return option->val;
    if (strcmp(option->keyword, "target_session_attrs") == 0) return given->servers;
    return default_of(option->keyword);
}

static bool fill_keywords(const PQconninfoOption *parsed, const struct given *given,
                          char **keywords, char **values)
{
    size_t count = 0;
    for (; parsed->keyword; parsed++) {
        const char *value = value_of(parsed, given);
        bool is_options = strcmp(parsed->keyword, "options") == 0;
        if (!value && !is_options) continue;
        keywords[count] = strdup(parsed->keyword);
        values[count] = is_options ? join_options(given->options, value) : strdup(value);
        if (!keywords[count] || !values[count++]) return false;
    }
    return true;
}

enum status postgres_parse_url(struct str url, const char *options, const char *servers,
                               char ***keywords, char ***values, struct error *error)
{
    char *text = strndup(url.ptr ? url.ptr : "", url.len), *message = NULL;
    PQconninfoOption *parsed = text ? PQconninfoParse(text, &message) : NULL;
    free(text);
    if (!parsed) {
        /* libpq's message may repeat the URL, and that may have a password in it. */
        PQfreemem(message);
        return error_set(error, STATUS_CONFIGURATION, STR("store.url"),
                         STR("postgresql://USER@HOST:PORT/DATABASE?sslmode=verify-full"),
                         "is not a connection URL of PostgreSQL");
    }
    size_t count = 0;
    while (parsed[count].keyword) count++;
    *keywords = calloc(count + 1, sizeof(**keywords));
    *values = calloc(count + 1, sizeof(**values));
    const struct given given = {options, servers};
    bool filled = *keywords && *values && fill_keywords(parsed, &given, *keywords, *values);
    PQconninfoFree(parsed);
    if (filled) return STATUS_OK;
    postgres_free_url(*keywords, *values);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

void postgres_free_url(char **keywords, char **values)
{
    for (size_t i = 0; keywords && keywords[i]; i++) free(keywords[i]);
    for (size_t i = 0; values && values[i]; i++) free(values[i]);
    free(keywords);
    free(values);
}

/* --- pools by thread --- */

struct postgres_pools {
    pthread_mutex_t mutex;
    struct pool_entry {
        struct pool_entry *next;
        pthread_t thread;
        struct postgres_pool *pool;
    } * first;
};

/* What the calling thread used last; valid for one driver, loop or none. */
static _Thread_local struct {
    uint64_t generation;
    struct loop *loop;
    struct postgres_pool *pool;
} last_used;

static struct postgres_pool *find_or_make(struct postgres_driver *driver, struct loop *loop)
{
    struct postgres_pools *pools = driver->pools;
    for (struct pool_entry *entry = pools->first; entry; entry = entry->next)
        if (entry->pool->loop == loop && (loop || pthread_equal(entry->thread, pthread_self())))
            return entry->pool;
    struct pool_entry *entry = malloc(sizeof(*entry));
    struct postgres_pool *pool = entry ? postgres_pool_new(driver, loop) : NULL;
    if (!pool) {
        free(entry);
        return NULL;
    }
    *entry = (struct pool_entry){.next = pools->first, .thread = pthread_self(), .pool = pool};
    pools->first = entry;
    return pool;
}

struct postgres_pool *postgres_pool_of_thread(struct postgres_driver *driver)
{
    struct loop *loop = coroutine_current() ? loop_current() : NULL;
    if (last_used.generation == driver->generation && last_used.loop == loop) return last_used.pool;
    pthread_mutex_lock(&driver->pools->mutex);
    struct postgres_pool *pool = find_or_make(driver, loop);
    pthread_mutex_unlock(&driver->pools->mutex);
    if (!pool) return NULL;
    last_used.generation = driver->generation;
    last_used.loop = loop;
    last_used.pool = pool;
    return pool;
}

static void free_pools(struct postgres_pools *pools)
{
    for (struct pool_entry *entry = pools->first, *next; entry; entry = next) {
        next = entry->next;
        postgres_pool_free(entry->pool);
        free(entry);
    }
    pthread_mutex_destroy(&pools->mutex);
    free(pools);
}

/* --- the driver --- */

static const struct sql_statement ready_statement = {
    .name = {"ready", 5}, .postgres = {"select 1", 8}, .index = 4095};

static enum status ready(struct sql_driver *driver, struct error *error)
{
    struct arena arena;
    arena_init(&arena, 64 * 1024);
    struct sql_rows rows;
    enum status status =
        postgres_query_one(driver, STR(""), &ready_statement, NULL, 0, &arena, &rows, error);
    arena_release(&arena);
    return status;
}

static struct queue_wait wait_for_turn(struct sql_driver *base, enum sql_mode mode)
{
    (void)mode; /* both take a connection */
    struct postgres_pool *pool = postgres_pool_of_thread((struct postgres_driver *)base);
    return pool ? postgres_pool_queue(pool) : (struct queue_wait){0};
}

static void free_driver(struct sql_driver *base)
{
    struct postgres_driver *driver = (struct postgres_driver *)base;
    free_pools(driver->pools);
    postgres_hosts_release(&driver->hosts);
    free(driver);
}

/* The server ends a statement by itself (statement_timeout); a silence far longer means that it, or
 * the network, is gone. */
static int64_t answer_timeout_ms(const struct postgres_options *options)
{
    int64_t statement_ms = options->statement_timeout_ms;
    if (statement_ms <= 0) return 86400000;
    return options->is_replica ? statement_ms + 1000 : 2 * statement_ms + 5000;
}

static struct postgres_driver *new_driver(const struct postgres_options *options)
{
    static atomic_uint_fast64_t generations;
    struct postgres_driver *driver = calloc(1, sizeof(*driver));
    struct postgres_pools *pools = calloc(1, sizeof(*pools));
    if (!driver || !pools) {
        free(driver);
        free(pools);
        return NULL;
    }
    (void)pthread_mutex_init(&pools->mutex, NULL);
    *driver = (struct postgres_driver){
        .base = {.transact = postgres_transact,
                 .query_one = postgres_query_one,
                 .transact_at = postgres_transact_at,
                 .query_one_at = postgres_query_one_at,
                 .query = postgres_query,
                 .execute = postgres_execute,
                 .ask = postgres_ask,
                 .settle = postgres_settle,
                 .ready = ready,
                 .wait = wait_for_turn,
                 .free = free_driver},
        .connections_max = options->connections_per_loop ? options->connections_per_loop : 8,
        .readers_max = options->readers_per_loop ? options->readers_per_loop : 2,
        .connect_timeout_ms = options->connect_timeout_ms > 0 ? options->connect_timeout_ms : 5000,
        .statement_timeout_ms = options->statement_timeout_ms,
        .answer_timeout_ms = answer_timeout_ms(options),
        .is_replica = options->is_replica,
        .committed = options->committed,
        .committed_argument = options->committed_argument,
        .generation = ++generations,
        .pools = pools};
    return driver;
}

enum status postgres_open(const struct postgres_options *options, struct sql_driver **out,
                          struct error *error)
{
    struct postgres_driver *driver = new_driver(options);
    if (!driver) return error_plain(error, STATUS_OUT_OF_MEMORY);
    char settings[256];
    /* An instance that is stopped in the middle of a unit of work holds what it has locked, against
     * all others, until the server ends its session. A prepared plan outlives the statistics it was
     * made from; made on an empty table it would read all of a large one. Every statement of the
     * program has an index. */
    snprintf(settings, sizeof(settings),
             "-c statement_timeout=%lld -c idle_in_transaction_session_timeout=%lld "
             "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off",
             (long long)options->statement_timeout_ms, (long long)options->statement_timeout_ms);
    char **keywords = NULL, **values = NULL;
    const char *servers = options->is_replica ? "standby" : "read-write";
    enum status status =
        postgres_parse_url(options->url, settings, servers, &keywords, &values, error);
    if (status == STATUS_OK && !postgres_hosts_init(&driver->hosts, keywords, values))
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status != STATUS_OK) {
        free_driver(&driver->base);
        return status;
    }
    *out = &driver->base;
    return STATUS_OK;
}
