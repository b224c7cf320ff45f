/* Measures the embedded store through its port, without HTTP or domain work.
 *
 *     bench_store PATH import COUNT [BODY]      writes COUNT profiles, BODY (200) to a unit of work
 *     bench_store PATH create CALLERS SECONDS   one profile to a unit of work, keys locked and read
 *     bench_store PATH lookup THREADS SECONDS CACHE_MB IDS
 *
 * A profile is a row with a 1 KiB document, 2 facts, 4 match keys, a version and an event. Each
 * line of output is a JSON object.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "adapters/store/sqlite_store.h"
#include "base/environment.h"
#include "base/identifier.h"
#include "sql_statements.h"

enum { DOCUMENT_BYTES = 1024, KEYS = 4, IMPORTERS = 16, LATENCIES_MAX = 1 << 20 };

#define TENANT STR("default")

static struct store *store;
static char document[DOCUMENT_BYTES];
static struct json_value *fact_body;

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void check(enum status status, const struct error *error)
{
    if (status == STATUS_OK) return;
    fprintf(stderr, "bench_store: %.*s: %s\n", STR_ARGS(status_code(status)), error->message);
    exit(1);
}

/* Processor time of a clock, which other programs on the machine do not disturb. */
static double cpu_seconds(clockid_t clock)
{
    struct timespec used;
    clock_gettime(clock, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Deterministic, so that a look-up knows the ids of an import. */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static struct str id_of(uint64_t number, struct arena *arena)
{
    return arena_format(arena, "CUST-01KA%010llu%012llX", (unsigned long long)number,
                        (unsigned long long)(mix(number) & 0xffffffffffffULL));
}

/* --- one profile --- */

static enum status write_facts(struct store_session *session, struct str id, instant at,
                               struct error *error)
{
    struct fact fact = {.home = id,
                        .kind = FACT_ASSERTION,
                        .subject = SOURCE_CRM,
                        .source = SOURCE_CRM,
                        .observed_at = at,
                        .recorded_at = at,
                        .actor = STR("user-1"),
                        .body = fact_body};
    TRY(store_fact_append(session, &fact, error));
    fact.kind = FACT_CONTACT;
    fact.subject = STR("CONT-01KA3V5E3K8Q4T0Z6N2M9X7B1C");
    return store_fact_append(session, &fact, error);
}

static enum status write_profile(struct store_session *session, uint64_t number, bool lock,
                                 struct arena *arena, struct error *error)
{
    instant at = 1700000000000000 + (int64_t)number;
    struct str id = id_of(number, arena), keys[KEYS];
    static const char *const kinds[KEYS] = {"email", "phone+name", "VAT", "email+name"};
    for (size_t i = 0; i < KEYS; i++)
        keys[i] = arena_format(arena, "%s|%016llx@customer.example", kinds[i],
                               (unsigned long long)mix(number * KEYS + i));
    if (lock) {
        struct key_hit *hits;
        size_t hit_count;
        TRY(store_keys_lock(session, keys, KEYS, error));
        TRY(store_keys_find(session, keys, KEYS, 10, arena, &hits, &hit_count, error));
    }
    const struct profile_row row = {
        .customer_id = id,
        .version = 1,
        .created_at = at,
        .updated_at = at,
        .erased_at = INSTANT_NONE,
        .kind = STR("ORGANIZATION"),
        .status = STR("ACTIVE"),
        .name = STR("Acme Corporation"),
        .document = str_of(document, sizeof(document)),
    };
    TRY(store_profile_insert(session, &row, error));
    TRY(write_facts(session, id, at, error));
    TRY(store_keys_put(session, id, keys, KEYS, error));
    const struct version_row version = {.customer_id = id,
                                        .version = 1,
                                        .recorded_at = at,
                                        .actor = STR("user-1"),
                                        .cause = STR("CREATED"),
                                        .changed_fields = STR("name,status,emails,phones")};
    TRY(store_version_append(session, &version, error));
    const struct event event = {.type = EVENT_PROFILE_CREATED,
                                .event_id = arena_format(arena, "evt-%.*s", STR_ARGS(id)),
                                .aggregate_id = id,
                                .timestamp = at,
                                .payload = str_of(document, 200)};
    return store_event_append(session, &event, error);
}

struct work {
    uint64_t first;
    uint64_t count;
    bool lock;
    struct arena *arena;
};

static enum status write_body(struct store_session *session, void *context, struct error *error)
{
    const struct work *work = context;
    for (uint64_t i = 0; i < work->count; i++) {
        struct arena_mark mark = arena_mark(work->arena);
        TRY(write_profile(session, work->first + i, work->lock, work->arena, error));
        arena_rewind(work->arena, mark);
    }
    return STATUS_OK;
}

static void write_some(struct work work)
{
    struct error error = {0};
    check(store_write(store, TENANT, work.arena, write_body, &work, &error), &error);
}

/* --- import --- */

static atomic_ullong next_number;
static uint64_t import_count, import_body;

static void *import_main(void *argument)
{
    (void)argument;
    struct arena arena;
    arena_init(&arena, 1 << 24);
    for (;;) {
        uint64_t first = atomic_fetch_add(&next_number, import_body);
        if (first >= import_count) break;
        uint64_t left = import_count - first;
        write_some((struct work){
            .first = first, .count = left < import_body ? left : import_body, .arena = &arena});
        arena_reset(&arena);
    }
    arena_release(&arena);
    return NULL;
}

static void run_import(uint64_t count, uint64_t body)
{
    pthread_t threads[IMPORTERS];
    import_count = count;
    import_body = body;
    int64_t start = now_ns();
    for (int i = 0; i < IMPORTERS; i++) pthread_create(&threads[i], NULL, import_main, NULL);
    for (int i = 0; i < IMPORTERS; i++) pthread_join(threads[i], NULL);
    double seconds = (double)(now_ns() - start) / 1e9;
    printf("{\"import\":%llu,\"seconds\":%.2f,\"profiles_per_second\":%.0f,\"cpu_us\":%.1f}\n",
           (unsigned long long)count, seconds, (double)count / seconds,
           cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) * 1e6 / (double)count);
}

/* --- create --- */

static atomic_bool stop;
static int64_t *latencies;
static atomic_ullong latency_count;

static void *create_main(void *argument)
{
    (void)argument;
    struct arena arena;
    arena_init(&arena, 1 << 24);
    while (!atomic_load(&stop)) {
        int64_t start = now_ns();
        write_some((struct work){
            .first = atomic_fetch_add(&next_number, 1), .count = 1, .lock = true, .arena = &arena});
        uint64_t at = atomic_fetch_add(&latency_count, 1);
        if (at < LATENCIES_MAX) latencies[at] = now_ns() - start;
        arena_reset(&arena);
    }
    arena_release(&arena);
    return NULL;
}

static int compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void run_threads(void *(*function)(void *), int count, int seconds)
{
    pthread_t *threads = calloc((size_t)count, sizeof(*threads));
    if (!threads) exit(1);
    for (int i = 0; i < count; i++)
        pthread_create(&threads[i], NULL, function, (void *)(intptr_t)i);
    nanosleep(&(struct timespec){.tv_sec = seconds}, NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
    free(threads);
}

static double percentile_ms(size_t count, size_t percent)
{
    size_t at = count * percent / 100;
    if (count == 0) return 0;
    return (double)latencies[at < count ? at : count - 1] / 1e6;
}

static void run_create(int callers, int seconds)
{
    latencies = calloc(LATENCIES_MAX, sizeof(*latencies));
    if (!latencies) exit(1);
    /* Numbers that no import has used. */
    atomic_store(&next_number, (uint64_t)time(NULL) * 1000000);
    run_threads(create_main, callers, seconds);
    uint64_t count = atomic_load(&latency_count);
    size_t kept = count < LATENCIES_MAX ? count : LATENCIES_MAX;
    qsort(latencies, kept, sizeof(*latencies), compare_int64);
    printf("{\"create_callers\":%d,\"per_second\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,"
           "\"max_ms\":%.2f}\n",
           callers, (double)count / seconds, percentile_ms(kept, 50), percentile_ms(kept, 99),
           percentile_ms(kept, 100));
    free(latencies);
}

/* --- lookup --- */

static uint64_t lookup_ids;
static atomic_ullong lookups;
static atomic_ullong lookup_cpu_ns;

static void *lookup_main(void *argument)
{
    struct arena arena;
    struct error error = {0};
    uint64_t state = 0x9e3779b97f4a7c15ULL * ((uint64_t)(intptr_t)argument + 1), done = 0;
    arena_init(&arena, 1 << 20);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        struct profile_row row;
        struct str id = id_of(mix(state++) % lookup_ids, &arena);
        check(store_lookup(store, TENANT, &id, 1, &arena, &row, &error), &error);
        if (str_is_none(row.customer_id)) {
            fprintf(stderr, "bench_store: import first\n");
            exit(1);
        }
        arena_reset(&arena);
        done++;
    }
    atomic_fetch_add(&lookups, done);
    atomic_fetch_add(&lookup_cpu_ns, (uint64_t)(cpu_seconds(CLOCK_THREAD_CPUTIME_ID) * 1e9));
    arena_release(&arena);
    return NULL;
}

/* How much processor time the making of an id takes, to be taken off. */
static double id_ns(void)
{
    enum { IDS = 1000000 };
    struct arena arena;
    arena_init(&arena, 1 << 20);
    double start = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
    for (uint64_t i = 0; i < IDS; i++) {
        id_of(mix(i) % lookup_ids, &arena);
        arena_reset(&arena);
    }
    arena_release(&arena);
    return (cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - start) * 1e9 / IDS;
}

static void fill_cache(void)
{
    struct arena arena;
    struct error error = {0};
    arena_init(&arena, 1 << 20);
    for (uint64_t i = 0; i < lookup_ids; i++) {
        struct profile_row row;
        struct str id = id_of(i, &arena);
        check(store_lookup(store, TENANT, &id, 1, &arena, &row, &error), &error);
        arena_reset(&arena);
    }
    arena_release(&arena);
}

static void run_lookup(int threads, int seconds, uint64_t ids)
{
    lookup_ids = ids;
    fill_cache();
    run_threads(lookup_main, threads, seconds);
    uint64_t count = atomic_load(&lookups);
    double cpu_ns = (double)atomic_load(&lookup_cpu_ns) / (double)count - id_ns();
    printf("{\"lookup_threads\":%d,\"ids\":%llu,\"per_second\":%.0f,\"cpu_ns\":%.0f,"
           "\"per_cpu_second\":%.0f}\n",
           threads, (unsigned long long)ids, (double)count / seconds, cpu_ns, 1e9 / cpu_ns);
}

/* --- */

static int64_t number_at(char **arguments, int count, int at, int64_t otherwise)
{
    int64_t value;
    return at < count && str_to_int64(str_from_cstr(arguments[at]), &value) ? value : otherwise;
}

static void open_store(const char *path, size_t cache_bytes)
{
    struct error error = {0};
    int applied;
    const struct sqlite_options options = {
        .path = str_from_cstr(path), .busy_timeout_ms = 1000, .mmap_bytes = (size_t)1 << 31};
    check(sqlite_migrate(options.path, sql_migrations_sqlite, sql_migrations_sqlite_count, &applied,
                         &error),
          &error);
    check(sqlite_store_open(&options, cache_bytes, 64 << 20, &store, &error), &error);
}

int main(int count, char **arguments)
{
    struct arena arena;
    if (count < 4) {
        fprintf(stderr, "usage: bench_store PATH import|create|lookup ...\n");
        return 2;
    }
    arena_init(&arena, 1 << 20);
    memset(document, 'x', sizeof(document));
    check(json_parse(STR("{\"name\":\"Acme Corporation\",\"kind\":\"ORGANIZATION\",\"status\":"
                         "\"ACTIVE\",\"emails\":[\"info@acme.example\"],\"phones\":"
                         "[\"+4930123456\"]}"),
                     &arena, &fact_body, NULL),
          &(struct error){0});
    struct str mode = str_from_cstr(arguments[2]);
    bool lookup = str_equal(mode, STR("lookup"));
    open_store(arguments[1],
               lookup ? (size_t)number_at(arguments, count, 5, 2048) << 20 : (size_t)64 << 20);
    if (str_equal(mode, STR("import")))
        run_import((uint64_t)number_at(arguments, count, 3, 100000),
                   (uint64_t)number_at(arguments, count, 4, 200));
    else if (str_equal(mode, STR("create")))
        run_create((int)number_at(arguments, count, 3, 64), (int)number_at(arguments, count, 4, 5));
    else if (lookup)
        run_lookup((int)number_at(arguments, count, 3, 1), (int)number_at(arguments, count, 4, 3),
                   (uint64_t)number_at(arguments, count, 6, 100000));
    sql_store_free(store);
    arena_release(&arena);
    return 0;
}
