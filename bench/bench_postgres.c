/* Measures the store port on PostgreSQL, without HTTP or domain work, on a server of its own.
 *
 *     bench_postgres [PROFILES [SECONDS]]
 *
 * Look-ups by random id, row-level security in force, from 1 and 2 loops with 64 coroutines in all;
 * beside them, in turn, pgbench with the same statement, prepared, with 8 and 64 connections. Then
 * units like a create: keys locked and looked up, one profile, two facts, four keys, a version, an
 * event; committed with fsync; a sequencer numbers the events meanwhile. Each line of output is a
 * JSON object.
 */
#include <glob.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "adapters/store/postgres_sequencer.h"
#include "base/environment.h"
#include "base/identifier.h"
#include "postgres_server.h"

enum { COROUTINES = 64, LOOPS_MAX = 2, LATENCIES_MAX = 1 << 20, ROUNDS = 3 };

#define TENANT STR("default")

static struct postgres_server server;
static char database[32];
static int64_t profiles = 200000, seconds = 4;
static struct json_value *fact_body;

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void require(bool fine, const char *what)
{
    if (fine) return;
    fprintf(stderr, "bench_postgres: %s\n", what);
    postgres_server_stop(&server);
    exit(1);
}

/* --- many coroutines that do the same for some seconds --- */

struct worker {
    struct bench *bench;
    struct store *store;
    struct loop *loop;
    struct arena arena;
    uint64_t random;
    int *running;
};

struct bench {
    bool (*once)(struct worker *worker);
    int64_t end_us;
    atomic_llong done, failed;
    atomic_uint latency_count;
    uint32_t *latencies_us;
};

static uint64_t draw(struct worker *worker)
{
    worker->random = worker->random * 6364136223846793005u + 1442695040888963407u;
    return worker->random >> 33;
}

static void work(void *argument)
{
    struct worker *worker = argument;
    struct bench *bench = worker->bench;
    for (;;) {
        int64_t start = now_us();
        if (start >= bench->end_us) break;
        arena_reset(&worker->arena);
        if (worker->bench->once(worker))
            atomic_fetch_add(&bench->done, 1);
        else
            atomic_fetch_add(&bench->failed, 1);
        unsigned at = atomic_fetch_add(&bench->latency_count, 1);
        if (at < LATENCIES_MAX) bench->latencies_us[at] = (uint32_t)(now_us() - start);
    }
    if (--*worker->running == 0) loop_stop(worker->loop);
}

struct thread {
    pthread_t id;
    struct loop *loop;
    struct worker workers[COROUTINES];
    int running;
};

static void *run_thread(void *argument)
{
    loop_run(((struct thread *)argument)->loop);
    return NULL;
}

static struct store *open_store(size_t connections)
{
    struct error error;
    struct store *store;
    const struct postgres_options options = {
        .url = postgres_server_url(&server, POSTGRES_RUNTIME, database),
        .connections_per_loop = connections,
        .readers_per_loop = 2,
        .connect_timeout_ms = 10000,
        .statement_timeout_ms = 30000};
    require(postgres_store_open(&options, 64 << 20, &store, &error) == STATUS_OK, error.message);
    return store;
}

static int compare_latencies(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void start_workers(struct thread *thread, struct bench *bench, struct store *store,
                          int count)
{
    thread->running = count;
    for (int i = 0; i < count; i++) {
        struct worker *worker = &thread->workers[i];
        *worker = (struct worker){.bench = bench,
                                  .store = store,
                                  .loop = thread->loop,
                                  .random = (uint64_t)(uintptr_t)worker + (uint64_t)now_us(),
                                  .running = &thread->running};
        arena_init(&worker->arena, 1 << 20);
        require(loop_spawn(thread->loop, work, worker), "no coroutine");
    }
}

static void report(const char *name, int loops, struct bench *bench)
{
    unsigned count = bench->latency_count < LATENCIES_MAX ? bench->latency_count : LATENCIES_MAX;
    qsort(bench->latencies_us, count, sizeof(uint32_t), compare_latencies);
    printf("{\"what\":\"%s\",\"loops\":%d,\"coroutines\":%d,\"per_second\":%lld,\"failed\":%lld,"
           "\"p50_us\":%u,\"p99_us\":%u}\n",
           name, loops, COROUTINES, (long long)(bench->done / seconds), (long long)bench->failed,
           count ? bench->latencies_us[count / 2] : 0,
           count ? bench->latencies_us[count * 99ull / 100] : 0);
    fflush(stdout);
}

static void run(const char *name, int loops, bool (*once)(struct worker *), struct store *store)
{
    static struct thread threads[LOOPS_MAX];
    struct bench bench = {.once = once,
                          .end_us = now_us() + seconds * 1000000,
                          .latencies_us = calloc(LATENCIES_MAX, sizeof(uint32_t))};
    require(bench.latencies_us != NULL, "no memory");
    for (int t = 0; t < loops; t++) {
        threads[t].loop = loop_new(0);
        start_workers(&threads[t], &bench, store, COROUTINES / loops);
    }
    for (int t = 0; t < loops; t++)
        require(pthread_create(&threads[t].id, NULL, run_thread, &threads[t]) == 0, "no thread");
    for (int t = 0; t < loops; t++) pthread_join(threads[t].id, NULL);
    report(name, loops, &bench);
    sql_store_free(store);
    for (int t = 0; t < loops; t++) {
        for (int i = 0; i < COROUTINES / loops; i++) arena_release(&threads[t].workers[i].arena);
        loop_free(threads[t].loop);
    }
    free(bench.latencies_us);
}

/* --- what they do --- */

static bool look_up(struct worker *worker)
{
    struct profile_row row;
    struct error error;
    struct str id = arena_format(&worker->arena, "CUST-%010lld",
                                 (long long)(draw(worker) % (uint64_t)profiles));
    return store_lookup(worker->store, TENANT, &id, 1, &worker->arena, &row, &error) == STATUS_OK &&
           !str_is_none(row.customer_id);
}

static enum status append_facts(struct store_session *session, struct str id, struct error *error)
{
    struct fact fact = {.home = id,
                        .kind = FACT_ASSERTION,
                        .subject = SOURCE_CRM,
                        .source = SOURCE_CRM,
                        .observed_at = 1,
                        .recorded_at = 1,
                        .actor = STR("user-1"),
                        .body = fact_body};
    TRY(store_fact_append(session, &fact, error));
    fact.kind = FACT_CONTACT;
    fact.subject = STR("CONT-1");
    return store_fact_append(session, &fact, error);
}

static enum status create_body(struct store_session *session, void *context, struct error *error)
{
    static char document[1024];
    struct worker *worker = context;
    struct str id = identifier_new(environment_system(), STR("CUST"), &worker->arena), keys[4];
    struct key_hit *hits;
    size_t hit_count;
    if (!document[0]) memset(document, 'x', sizeof(document));
    for (int i = 0; i < 4; i++)
        keys[i] = arena_format(&worker->arena, "kind-%d|%.*s@customer.example", i, STR_ARGS(id));
    TRY(store_keys_lock(session, keys, 4, error));
    TRY(store_keys_find(session, keys, 4, 10, &worker->arena, &hits, &hit_count, error));
    const struct profile_row row = {.customer_id = id,
                                    .version = 1,
                                    .erased_at = INSTANT_NONE,
                                    .kind = STR("ORGANIZATION"),
                                    .status = STR("ACTIVE"),
                                    .name = STR("Acme Corporation"),
                                    .document = str_of(document, sizeof(document))};
    TRY(store_profile_insert(session, &row, error));
    TRY(append_facts(session, id, error));
    TRY(store_keys_put(session, id, keys, 4, error));
    const struct version_row version = {
        .customer_id = id, .version = 1, .cause = STR("CREATED"), .changed_fields = STR("name")};
    TRY(store_version_append(session, &version, error));
    const struct event event = {.type = EVENT_PROFILE_CREATED,
                                .event_id = arena_format(&worker->arena, "evt-%.*s", STR_ARGS(id)),
                                .aggregate_id = id,
                                .payload = str_of(document, 200)};
    return store_event_append(session, &event, error);
}

static bool create(struct worker *worker)
{
    struct error error = {0};
    bool fine = store_write(worker->store, TENANT, &worker->arena, create_body, worker, &error) ==
                STATUS_OK;
    if (!fine) fprintf(stderr, "%s\n", error.message);
    return fine;
}

/* --- beside them --- */

static void exec_pgbench(int clients)
{
    char client_count[16], duration[24], rows[40];
    glob_t found;
    snprintf(client_count, sizeof(client_count), "%d", clients);
    snprintf(duration, sizeof(duration), "%lld", (long long)seconds);
    snprintf(rows, sizeof(rows), "profiles=%lld", (long long)profiles);
    setenv("PGOPTIONS", "-c app.tenant=default", 1);
    if (glob("/usr/lib/postgresql/*/bin/pgbench", 0, NULL, &found) != 0) _exit(127);
    execl(found.gl_pathv[found.gl_pathc - 1], "pgbench", "-n", "-M", "prepared", "-j", "1", "-c",
          client_count, "-T", duration, "-D", rows, "-f", "bench/lookup_pgbench.sql",
          postgres_server_url(&server, POSTGRES_RUNTIME, database).ptr, NULL);
    _exit(127);
}

static void run_pgbench(int clients)
{
    char line[256];
    double rate = 0;
    int ends[2];
    require(pipe(ends) == 0, "no pipe");
    pid_t child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        exec_pgbench(clients);
    }
    (void)close(ends[1]);
    FILE *output = fdopen(ends[0], "r");
    require(child > 0 && output, "pgbench does not start");
    while (fgets(line, sizeof(line), output)) {
        const char *tps = strstr(line, "tps = ");
        if (tps) rate = strtod(tps + strlen("tps = "), NULL);
    }
    (void)fclose(output);
    (void)waitpid(child, NULL, 0);
    printf("{\"what\":\"pgbench prepared select\",\"clients\":%d,\"per_second\":%.0f}\n", clients,
           rate);
    fflush(stdout);
}

static void fill(void)
{
    char text[900];
    snprintf(
        text, sizeof(text),
        "insert into profile (tenant_id, customer_id, version, created_at, updated_at, kind, "
        "status, name, document) select 'default', 'CUST-' || lpad(i::text, 10, '0'), 1, 1, 1, "
        "'PERSON', 'ACTIVE', 'name ' || i, rpad('{\"customerId\":\"' || i, 1024, md5(i::text)) "
        "from generate_series(0, %lld - 1) i; analyze; checkpoint",
        (long long)profiles);
    require(postgres_server_run(&server, database, text, NULL, 0), "cannot fill");
}

/* --- the feed's loop while creating --- */

static struct loop *feed_loop;
static struct postgres_sequencer *sequencer;

static void stop_loop(void *argument)
{
    loop_stop(argument);
}
static void stop_sequencer(void *argument)
{
    postgres_sequencer_stop(sequencer, stop_loop, argument);
}
static void *run_feed(void *argument)
{
    loop_run(argument);
    return NULL;
}

static void run_creates(int loops)
{
    pthread_t thread;
    struct error error;
    struct store *feed_store = open_store(1);
    feed_loop = loop_new(0);
    require(postgres_sequencer_start(feed_store, feed_loop, NULL, NULL, &sequencer, &error) ==
                STATUS_OK,
            "no sequencer");
    require(pthread_create(&thread, NULL, run_feed, feed_loop) == 0, "no thread");
    run("create", loops, create, open_store((size_t)(32 / loops)));
    (void)!loop_post(feed_loop, stop_sequencer, feed_loop);
    pthread_join(thread, NULL);
    sql_store_free(feed_store);
    loop_free(feed_loop);
}

int main(int argc, char **argv)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    if (argc > 1) profiles = strtoll(argv[1], NULL, 10);
    if (argc > 2) seconds = strtoll(argv[2], NULL, 10);
    require(profiles > 0 && seconds > 0, "usage: bench_postgres [PROFILES [SECONDS]]");
    require(json_parse(STR("{\"name\":\"Acme\",\"emails\":[\"a@customer.example\"]}"), &arena,
                       &fact_body, NULL) == STATUS_OK,
            "no fact");
    require(postgres_server_start_durable(&server), "no server");
    const char *name = postgres_server_database(&server);
    require(name != NULL, "no database");
    snprintf(database, sizeof(database), "%s", name);
    fill();
    for (int round = 0; round < ROUNDS; round++) {
        run("look-up", 1, look_up, open_store(1));
        run("look-up", 2, look_up, open_store(1));
        run_pgbench(8);
        run_pgbench(64);
    }
    for (int loops = 1; loops <= LOOPS_MAX; loops++) run_creates(loops);
    postgres_server_stop(&server);
    arena_release(&arena);
    return 0;
}
