/* The store: is it there, may it be written, is its schema this program's, is it sound, and does
 * what is in it fit the clock. The embedded one is looked at beside the service that has it. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "adapters/store/store_health.h"
#include "application/verify_customer.h"
#include "base/environment.h"
#include "engines/sql/sql.h"
#include "service/doctor.h"
#include "service/files.h"
#include "service/instance.h"

#define WAL_WARNING         (INT64_C(256) << 20)
#define SKEW_WARNING        (2 * INSTANT_SECOND)
#define SEARCH_TAIL_WARNING 16384

/* --- customers, by what their facts give --- */

struct verdicts {
    struct application *application;
    int64_t counts[CUSTOMER_BROKEN + 1];
    char first[130]; /* the first that is not sound */
};

static enum status judge(struct store_session *session, struct str customer_id, struct arena *arena,
                         void *context, struct error *error)
{
    struct verdicts *verdicts = context;
    enum customer_state state;
    TRY(verify_customer(verdicts->application, session, customer_id, arena, &state, error));
    verdicts->counts[state]++;
    if (state != CUSTOMER_SOUND && !verdicts->first[0])
        (void)snprintf(verdicts->first, sizeof(verdicts->first), "%.*s of tenant %.*s",
                       STR_ARGS(customer_id), STR_ARGS(session->tenant));
    return STATUS_OK;
}

static void check_customers(struct doctor *doctor, struct instance *instance)
{
    struct verdicts verdicts = {.application = &instance->application};
    struct error error = {.status = STATUS_OK};
    if (store_health_each(instance->store, doctor->full, judge, &verdicts, &error) != STATUS_OK) {
        doctor_found_error(doctor, &error);
        return;
    }
    const int64_t *counts = verdicts.counts;
    long long all = counts[CUSTOMER_SOUND] + counts[CUSTOMER_DIFFERS] + counts[CUSTOMER_BROKEN];
    const char *which = doctor->full ? "all" : "a sample of";
    if (counts[CUSTOMER_BROKEN] > 0)
        doctor_found(doctor, FINDING_FAILURE, "stop writing; restore a backup from before",
                     "%lld of %s %lld customers are damaged, the first %s",
                     (long long)counts[CUSTOMER_BROKEN], which, all, verdicts.first);
    else if (counts[CUSTOMER_DIFFERS] > 0)
        doctor_found(doctor, FINDING_WARNING,
                     "expected when a policy was changed since: the next write of each mends it",
                     "%lld of %s %lld customers are not shown as their facts give, the first %s",
                     (long long)counts[CUSTOMER_DIFFERS], which, all, verdicts.first);
    else
        doctor_found(doctor, FINDING_OK, "", "%s %lld customers are as their facts give", which,
                     all);
}

/* --- what else is in it --- */

static void check_newest(struct doctor *doctor, instant newest, instant now)
{
    int64_t ahead = newest == INSTANT_NONE ? 0 : newest - now;
    if (ahead > SKEW_WARNING)
        doctor_found(doctor, FINDING_FAILURE,
                     "set the clock right; until then what is written gets times out of order",
                     "the clock is %lld s behind the newest entry of the store: it was set back",
                     (long long)(ahead / INSTANT_SECOND));
}

/* After a restore, and after the migration that brought the index, all customers are in its
 * backlog.
 */
static void check_index(struct doctor *doctor, const struct store_health *health)
{
    const char *advice = "see that the service runs, and whether it logs search.indexing_fails or "
                         "search.catching_up_fails";
    if (health->unindexed > 0)
        doctor_found(doctor, FINDING_WARNING, advice,
                     "%lld customers are not in the search index yet: searches miss them",
                     (long long)health->unindexed);
    if (health->search_tail > SEARCH_TAIL_WARNING)
        doctor_found(doctor, FINDING_WARNING, advice,
                     "%lld entries of a tenant wait to be sorted into the search index: every "
                     "search in it reads them all",
                     (long long)health->search_tail);
    if (health->unindexed == 0 && health->search_tail <= SEARCH_TAIL_WARNING)
        doctor_found(doctor, FINDING_OK, "", "the search index has all customers");
}

static void check_content(struct doctor *doctor, struct instance *instance)
{
    struct store_health health;
    struct error error = {.status = STATUS_OK};
    instant now = environment_system()->now(environment_system());
    if (store_health_read(instance->store, now, &health, &error) != STATUS_OK) {
        doctor_found_error(doctor, &error);
        return;
    }
    check_newest(doctor, health.newest, now);
    if (health.unfinished_jobs > 0)
        doctor_found(doctor, FINDING_OK, "",
                     "%lld jobs wait or run; those of a process that is gone go on with the next",
                     (long long)health.unfinished_jobs);
    if (health.stale_claims > 0)
        doctor_found(doctor, FINDING_OK, "",
                     "%lld claims on possible duplicates have run out: "
                     "others may take them",
                     (long long)health.stale_claims);
    if (health.unnumbered > 10000)
        doctor_found(doctor, FINDING_WARNING, "see that an instance of the service runs",
                     "%lld events wait for their place in the feed", (long long)health.unnumbered);
    if (health.stale_answers > 0)
        doctor_found(doctor, FINDING_WARNING, "see that the service runs: it takes them away",
                     "%lld answers kept for retries expired an hour ago or more",
                     (long long)health.stale_answers);
    check_index(doctor, &health);
    check_customers(doctor, instance);
}

/* --- the embedded one --- */

static void check_wal(struct doctor *doctor, struct str path)
{
    struct str wal = arena_format(doctor->arena, "%.*s-wal", STR_ARGS(path));
    struct stat there;
    if (str_is_none(wal) || stat(wal.ptr, &there) != 0) return;
    enum severity severity = there.st_size > WAL_WARNING ? FINDING_WARNING : FINDING_OK;
    doctor_found(doctor, severity,
                 severity == FINDING_OK ? ""
                                        : "a reader (a backup?) keeps it from being written back; "
                                          "it shrinks when that has ended and the service restarts",
                 "the write-ahead log has %lld MiB", (long long)(there.st_size >> 20));
}

static void check_file(struct doctor *doctor, struct str path)
{
    char *name = arena_cstr(doctor->arena, path);
    struct stat there;
    if (!name || stat(name, &there) != 0) return;
    if (access(name, R_OK | W_OK) != 0)
        doctor_found(doctor, FINDING_FAILURE, "chown it to the user of the service",
                     "%s cannot be written: no write would be taken", name);
    else if (there.st_mode & S_IRWXO)
        doctor_found(doctor, FINDING_WARNING, "chmod o= (or keep its directory closed)",
                     "%s is open to all users of this machine", name);
    check_wal(doctor, path);
}

static void check_pages(struct doctor *doctor, struct instance *instance)
{
    char said[200];
    struct error error = {.status = STATUS_OK};
    if (!doctor->full) return;
    if (store_health_pages(instance->store, said, sizeof(said), &error) != STATUS_OK)
        doctor_found_error(doctor, &error);
    else if (!str_equal(str_from_cstr(said), STR("ok")))
        doctor_found(doctor, FINDING_FAILURE, "stop the service; restore a backup into a new file",
                     "the file is damaged: %s", said);
    else
        doctor_found(doctor, FINDING_OK, "", "every page of the file is in order");
}

/* --- PostgreSQL --- */

static void check_database_clock(struct doctor *doctor, instant database)
{
    struct environment *environment = environment_system();
    int64_t apart = database - environment->now(environment);
    if (apart > SKEW_WARNING || apart < -SKEW_WARNING)
        doctor_found(doctor, FINDING_WARNING, "run chrony or systemd-timesyncd on both machines",
                     "the database's clock and this one are %lld s apart",
                     (long long)(apart / INSTANT_SECOND));
}

static void check_role(struct doctor *doctor, struct store *store)
{
    struct role_health role;
    struct error error = {.status = STATUS_OK};
    if (store_health_role(store, &role, &error) != STATUS_OK) {
        doctor_found_error(doctor, &error);
        return;
    }
    if (role.is_owner || role.is_unbound)
        doctor_found(doctor, FINDING_FAILURE,
                     "give store.url a role that owns nothing (migrate --store-runtime-role)",
                     "role %s %s: row-level security would not hold the service", role.name,
                     role.is_owner ? "owns tables" : "is a superuser or bypasses it");
    else
        doctor_found(doctor, FINDING_OK, "", "role %s is bound by row-level security", role.name);
    if (role.unforced[0])
        doctor_found(doctor, FINDING_FAILURE, "alter table ... force row level security",
                     "row-level security is not forced on table %s", role.unforced);
    if (role.unseen[0])
        doctor_found(doctor, FINDING_WARNING, "customer360 migrate",
                     "table %s was made by a program that knew no backup: none can be taken",
                     role.unseen);
    check_database_clock(doctor, role.now);
}

static void check_replicas(struct doctor *doctor, struct store *store)
{
    for (size_t i = 0; i < store_health_replica_count(store); i++) {
        struct replica_health health;
        struct error error = {.status = STATUS_OK};
        if (store_health_replica(store, i, &health, &error) != STATUS_OK)
            doctor_found(doctor, FINDING_WARNING,
                         "see that it runs, follows the primary and lets this role in from here",
                         "replica %zu: %s", i + 1, error.message);
        else if (!health.follows)
            doctor_found(doctor, FINDING_WARNING,
                         "see whom it follows; run CHECKPOINT on it when it is the primary",
                         "replica %zu is not known to follow this primary, and is not read of",
                         i + 1);
        else
            doctor_found(doctor, FINDING_OK, "", "replica %zu follows, %lld bytes behind", i + 1,
                         (long long)health.behind_bytes);
    }
}

/* To migrate, unless the failure says what else is to be done. */
static const char *advice_on_schema(const struct error *error, const char *to_migrate)
{
    return error->allowed[0] ? error->allowed : to_migrate;
}

/* As the service itself connects. */
static void check_runtime(struct doctor *doctor, const struct config_values *v)
{
    struct config_values runtime = *v;
    struct instance instance;
    struct error error = {.status = STATUS_OK};
    runtime.store_migration_url = STR("");
    enum status status = instance_open_aside(&runtime, doctor->arena, &instance, &error);
    if (status == STATUS_OK) {
        doctor_found(doctor, FINDING_OK, "",
                     "the database answers, and its schema is this program's");
        check_role(doctor, instance.store);
        check_replicas(doctor, instance.store);
        instance_close(&instance);
    } else if (status == STATUS_SCHEMA_MISMATCH) {
        doctor_found(doctor, FINDING_FAILURE, advice_on_schema(&error, "customer360 migrate"), "%s",
                     error.message);
    } else {
        doctor_found(doctor, FINDING_FAILURE,
                     "see that the database runs and lets this role in from here", "%s",
                     error.message);
    }
    if (str_is_empty(v->privacy_suppression_key_file) && !v->dev)
        doctor_found(doctor, FINDING_FAILURE,
                     "openssl rand -hex 16 > FILE, the same for all instances",
                     "privacy.suppression_key_file is needed with PostgreSQL");
}

/* --- all --- */

static void look_inside(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    bool embedded = instance_store_kind(v) == STORE_KIND_SQLITE;
    struct instance instance;
    struct error error = {.status = STATUS_OK};
    enum status status = instance_open_aside(v, doctor->arena, &instance, &error);
    if (status != STATUS_OK) {
        doctor_found(doctor, FINDING_FAILURE,
                     status == STATUS_SCHEMA_MISMATCH
                         ? advice_on_schema(&error, "customer360 migrate, or start the service")
                     : status == STATUS_STORE_CORRUPT ? "restore a backup into a new file"
                                                      : "see that it runs and lets us in from here",
                     "%s", error.message);
        return;
    }
    if (embedded) {
        doctor_found(doctor, FINDING_OK, "",
                     "the store can be read, and its schema is this program's");
        check_pages(doctor, &instance);
    }
    check_content(doctor, &instance);
    instance_close(&instance);
}

static void check_embedded(struct doctor *doctor, struct str path)
{
    if (!files_exists(path, doctor->arena)) {
        doctor_found(doctor, FINDING_OK, "", "%.*s is not there yet and will be made",
                     STR_ARGS(path));
        return;
    }
    check_file(doctor, path);
    doctor->store_in_use = sqlite_is_in_use(path);
    if (doctor->store_in_use)
        doctor_found(doctor, FINDING_OK, "",
                     "%.*s is open in another process, probably the service", STR_ARGS(path));
    look_inside(doctor);
}

void doctor_check_store(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    switch (instance_store_kind(v)) {
    case STORE_KIND_SQLITE:
        check_embedded(doctor, instance_store_path(v));
        break;
    case STORE_KIND_POSTGRES:
        check_runtime(doctor, v);
        if (!str_is_empty(v->store_migration_url))
            look_inside(doctor);
        else
            doctor_found(
                doctor, FINDING_WARNING, "run it with --store-migration-url",
                "customers, jobs, events and the search index were not looked at: only the "
                "role of store.migration_url sees all tenants");
        break;
    default:
        doctor_found(doctor, FINDING_WARNING, "set store.url",
                     "the store is in memory: all is forgotten at exit");
    }
}
