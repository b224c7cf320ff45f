/* doctor: looks at what a service of this configuration needs, and says what to do about what it
 * lacks. Changes nothing. A check is a row of a table; it files findings. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "adapters/store/postgres_store.h"
#include "adapters/store/sqlite_store.h"
#include "base/log.h"
#include "formats/json.h"
#include "service/certificate.h"
#include "service/command.h"
#include "service/files.h"
#include "service/server.h"

enum severity { FINDING_OK, FINDING_WARNING, FINDING_FAILURE };
enum { FINDINGS_MAX = 64, CERTIFICATE_DAYS_MIN = 21 };
#define ROOM_WARNING (INT64_C(2) << 30)
#define ROOM_FAILURE (INT64_C(128) << 20)
#define WAL_WARNING  (INT64_C(256) << 20)

struct finding {
    enum severity severity;
    const char *about;
    char what[300];
    char advice[300];
};

struct doctor {
    const struct config *config;
    struct arena *arena;
    const char *about; /* of the check under way */
    struct finding findings[FINDINGS_MAX];
    size_t count;
    bool store_in_use;
};

static void found(struct doctor *doctor, enum severity severity, const char *advice,
                  const char *format, ...) __attribute__((format(printf, 4, 5)));

static void found(struct doctor *doctor, enum severity severity, const char *advice,
                  const char *format, ...)
{
    if (doctor->count == FINDINGS_MAX) return;
    struct finding *finding = &doctor->findings[doctor->count++];
    va_list args;
    finding->severity = severity;
    finding->about = doctor->about;
    (void)snprintf(finding->advice, sizeof(finding->advice), "%s", advice);
    va_start(args, format);
    (void)vsnprintf(finding->what, sizeof(finding->what), format, args);
    va_end(args);
}

static void found_error(struct doctor *doctor, const struct error *error)
{
    found(doctor, FINDING_FAILURE, error->allowed, "%s", error->message);
}

/* --- the checks --- */

static void check_configuration(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct policies *policies;
    struct error error = {.status = STATUS_OK};
    int set = 0;
    for (size_t i = 0; i < config_key_count; i++)
        set += !str_equal(doctor->config->sources[i], STR("default"));
    found(doctor, FINDING_OK, "", "%d keys are set, the others have their defaults", set);
    if (policies_new(v->policy_file, &policies, &error) != STATUS_OK)
        found_error(doctor, &error);
    else
        policies_free(policies);
}

static void check_identity(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct error error = {.status = STATUS_OK};
    struct identity *identity;
    if (server_open_identity(v, &identity, &error) != STATUS_OK) {
        found_error(doctor, &error);
        return;
    }
    identity->free(identity);
    if (v->dev)
        found(doctor, FINDING_WARNING, "do not use --dev with real customers",
              "development mode: nobody is asked who he is");
    else if (!str_is_empty(v->identity_jwks_file) || v->identity_gateway_peers.count > 0)
        found(doctor, FINDING_OK, "", "callers are known by %s%s%s",
              str_is_empty(v->identity_jwks_file) ? "" : "tokens",
              !str_is_empty(v->identity_jwks_file) && v->identity_gateway_peers.count ? " and "
                                                                                      : "",
              v->identity_gateway_peers.count ? "the gateway's headers" : "");
    else
        found(doctor, FINDING_FAILURE,
              "set identity.jwks_file or identity.gateway_peers (or --dev to try it out)",
              "there is no way to know who asks: serve will not start");
}

static void check_certificate(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct error error = {.status = STATUS_OK};
    struct str certificate, key;
    int days;
    if (str_is_empty(v->tls_certificate)) {
        if (!v->dev)
            found(doctor, FINDING_WARNING,
                  "set tls.certificate and tls.key, unless a proxy on this machine ends TLS",
                  "the listener speaks plain HTTP");
        return;
    }
    if (files_read(v->tls_certificate, 1 << 20, doctor->arena, &certificate, &error) != STATUS_OK ||
        files_read(v->tls_key, 1 << 20, doctor->arena, &key, &error) != STATUS_OK ||
        certificate_check(certificate, key, &days, &error) != STATUS_OK)
        found_error(doctor, &error);
    else if (days < 0)
        found(doctor, FINDING_FAILURE, "renew it, then systemctl reload customer360",
              "the certificate has expired");
    else if (days < CERTIFICATE_DAYS_MIN)
        found(doctor, FINDING_WARNING, "renew it, then systemctl reload customer360",
              "the certificate expires in %d days", days);
    else
        found(doctor, FINDING_OK, "", "the certificate is good for %d days", days);
}

static void check_room(struct doctor *doctor, const char *path)
{
    struct statvfs room;
    if (statvfs(path, &room) != 0) return;
    int64_t left = (int64_t)room.f_bavail * (int64_t)room.f_frsize;
    enum severity severity = FINDING_OK;
    if (left < ROOM_WARNING) severity = FINDING_WARNING;
    if (left < ROOM_FAILURE) severity = FINDING_FAILURE;
    found(doctor, severity, severity == FINDING_OK ? "" : "make room on that disk",
          "%lld MiB are free under %s", (long long)(left >> 20), path);
}

/* `directory` is there and ours, or may be made. */
static void check_directory(struct doctor *doctor, struct str directory)
{
    char *path = arena_cstr(doctor->arena, directory);
    struct stat there;
    if (!path) return;
    if (stat(path, &there) != 0) {
        found(doctor, errno == ENOENT ? FINDING_OK : FINDING_FAILURE,
              errno == ENOENT ? "" : "make it readable", "%s is not there%s", path,
              errno == ENOENT ? " yet and will be made" : "");
        return;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        found(doctor, FINDING_FAILURE, "chown it to the user of the service",
              "%s cannot be written: %s", path, strerror(errno));
    else if (there.st_mode & S_IWOTH)
        found(doctor, FINDING_WARNING, "chmod o-w", "%s may be written by anybody", path);
    else
        found(doctor, FINDING_OK, "", "%s may be written", path);
    check_room(doctor, path);
}

static void check_directories(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct str store = instance_store_path(v);
    if (!str_is_none(store)) check_directory(doctor, files_directory_of(store));
    check_directory(doctor, server_jobs_directory(v, doctor->arena));
}

static void check_file_mode(struct doctor *doctor, struct str path)
{
    char *name = arena_cstr(doctor->arena, path);
    struct stat there;
    if (!name || stat(name, &there) != 0) return;
    if (there.st_mode & S_IRWXO)
        found(doctor, FINDING_WARNING, "chmod o= (or keep its directory closed)",
              "%s is open to all users of this machine", name);
}

static void check_wal(struct doctor *doctor, struct str path)
{
    struct str wal = arena_format(doctor->arena, "%.*s-wal", STR_ARGS(path));
    char *name = str_is_none(wal) ? NULL : arena_cstr(doctor->arena, wal);
    struct stat there;
    if (!name || stat(name, &there) != 0) return;
    enum severity severity = there.st_size > WAL_WARNING ? FINDING_WARNING : FINDING_OK;
    found(doctor, severity,
          severity == FINDING_OK ? "" : "a reader keeps it from being written back; restart helps",
          "the write-ahead log has %lld MiB", (long long)(there.st_size >> 20));
}

static void report_ready(struct doctor *doctor, struct store *store)
{
    struct error error = {.status = STATUS_OK};
    enum status status = store_ready(store, &error);
    if (status == STATUS_SCHEMA_MISMATCH)
        found(doctor, FINDING_FAILURE, "customer360 migrate", "%s", error.message);
    else if (status != STATUS_OK)
        found(doctor, FINDING_FAILURE, "see that the database runs and lets this user in", "%s",
              error.message);
    else
        found(doctor, FINDING_OK, "", "the store answers, and its schema is this program's");
}

static void check_embedded(struct doctor *doctor, struct str path)
{
    const struct sqlite_options options = {.path = path, .busy_timeout_ms = 1000, .batch_max = 1};
    struct error error = {.status = STATUS_OK};
    struct store *store;
    if (!files_exists(path, doctor->arena)) {
        found(doctor, FINDING_OK, "", "%.*s is not there yet and will be made", STR_ARGS(path));
        return;
    }
    check_file_mode(doctor, path);
    check_wal(doctor, path);
    enum status status = sqlite_store_open(&options, 0, &store, &error);
    doctor->store_in_use = status == STATUS_STORE_IN_USE;
    if (doctor->store_in_use) {
        found(doctor, FINDING_OK, "", "%.*s is open in another process, probably the service",
              STR_ARGS(path));
    } else if (status != STATUS_OK) {
        found_error(doctor, &error);
    } else {
        report_ready(doctor, store);
        sql_store_free(store);
    }
}

static void check_database(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    const struct postgres_options options = {
        .url = v->store_url,
        .connections_per_loop = 1,
        .readers_per_loop = 1,
        .connect_timeout_ms = v->store_connect_timeout,
        .statement_timeout_ms = v->store_statement_timeout,
    };
    struct error error = {.status = STATUS_OK};
    struct store *store;
    if (postgres_store_open(&options, &store, &error) != STATUS_OK) {
        found_error(doctor, &error);
        return;
    }
    report_ready(doctor, store);
    sql_store_free(store);
    if (str_is_empty(v->privacy_suppression_key_file) && !v->dev)
        found(doctor, FINDING_FAILURE, "openssl rand -hex 16 > FILE, the same for all instances",
              "privacy.suppression_key_file is needed with PostgreSQL");
}

static void check_store(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    switch (instance_store_kind(v)) {
    case STORE_KIND_SQLITE:
        check_embedded(doctor, instance_store_path(v));
        break;
    case STORE_KIND_POSTGRES:
        check_database(doctor);
        break;
    default:
        found(doctor, FINDING_WARNING, "set store.url",
              "the store is in memory: all is forgotten at exit");
    }
}

static void check_clock(struct doctor *doctor)
{
    struct timex state = {.modes = 0};
    int answer = adjtimex(&state);
    if (answer < 0 || answer == TIME_ERROR || (state.status & STA_UNSYNC))
        found(doctor, FINDING_WARNING, "run chrony or systemd-timesyncd",
              "the clock is not known to be synchronised: tokens and times depend on it");
    else
        found(doctor, FINDING_OK, "", "the clock is synchronised");
}

static void check_port(struct doctor *doctor)
{
    struct str host;
    uint16_t port;
    struct error error = {.status = STATUS_OK};
    if (!server_parse_listen(doctor->config->values.http_listen, &host, &port)) {
        found(doctor, FINDING_FAILURE, "ADDRESS:PORT", "http.listen is no address and port");
        return;
    }
    enum status status = server_try_listen(host, port, &error);
    if (status == STATUS_OK)
        found(doctor, FINDING_OK, "", "%.*s port %u is free", STR_ARGS(host), port);
    else if (doctor->store_in_use)
        found(doctor, FINDING_OK, "", "%.*s port %u is taken, probably by the running service",
              STR_ARGS(host), port);
    else
        found(doctor, FINDING_FAILURE, "choose another http.listen, or end what has it", "%s",
              error.message);
}

static void check_descriptors(struct doctor *doctor)
{
    struct rlimit limit;
    int64_t wanted = doctor->config->values.http_connections_max;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    bool enough = limit.rlim_max == RLIM_INFINITY || (int64_t)limit.rlim_max > wanted + 256;
    found(doctor, enough ? FINDING_OK : FINDING_WARNING,
          enough ? "" : "raise LimitNOFILE, or lower http.connections_max",
          "%lld descriptors may be open", (long long)limit.rlim_max);
}

static const struct {
    const char *about;
    void (*look)(struct doctor *doctor);
} checks[] = {
    {"configuration", check_configuration},
    {"identity", check_identity},
    {"certificate", check_certificate},
    {"directories", check_directories},
    {"store", check_store},
    {"port", check_port},
    {"clock", check_clock},
    {"descriptors", check_descriptors},
};

/* --- the report --- */

static void print_text(const struct doctor *doctor)
{
    static const char *const words[] = {"ok", "WARNING", "FAILURE"};
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        (void)printf("%-8s %-14s %s\n", words[finding->severity], finding->about, finding->what);
        if (finding->severity != FINDING_OK && finding->advice[0])
            (void)printf("%-8s %-14s -> %s\n", "", "", finding->advice);
    }
}

static void print_json(const struct doctor *doctor)
{
    static const struct str words[] = {STR("OK"), STR("WARNING"), STR("FAILURE")};
    struct buffer out = {.arena = doctor->arena};
    struct json_writer writer = {.out = &out};
    json_array_begin(&writer);
    for (size_t i = 0; i < doctor->count; i++) {
        const struct finding *finding = &doctor->findings[i];
        json_object_begin(&writer);
        json_member_string(&writer, STR("severity"), words[finding->severity]);
        json_member_string(&writer, STR("about"), str_from_cstr(finding->about));
        json_member_string(&writer, STR("finding"), str_from_cstr(finding->what));
        if (finding->advice[0])
            json_member_string(&writer, STR("advice"), str_from_cstr(finding->advice));
        json_object_end(&writer);
    }
    json_array_end(&writer);
    (void)printf("%.*s\n", STR_ARGS(buffer_str(&out)));
}

static enum status run_doctor(struct invocation *invocation, struct error *error)
{
    struct doctor *doctor = ARENA_NEW(invocation->arena, struct doctor);
    if (!doctor) return error_plain(error, STATUS_OUT_OF_MEMORY);
    log_configure(LOG_LEVEL_ERROR, LOG_FORM_AUTO, STDERR_FILENO);
    doctor->config = &invocation->config;
    doctor->arena = invocation->arena;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        doctor->about = checks[i].about;
        checks[i].look(doctor);
    }
    if (invocation_switch(invocation, STR("json")))
        print_json(doctor);
    else
        print_text(doctor);
    for (size_t i = 0; i < doctor->count; i++)
        if (doctor->findings[i].severity == FINDING_FAILURE) invocation->exit_code = 1;
    return STATUS_OK;
}

static const struct command_option options[] = {
    {STR("json"), STR_NONE, STR("findings that a program reads")},
};

const struct command command_doctor = {
    .name = STR("doctor"),
    .operands = STR(""),
    .summary = STR("looks for what would keep the service from running well"),
    .text = STR("Give it the same --config, environment and flags as the service. It changes\n"
                "nothing. Exit code 0: nothing that must be mended; 1: something must."),
    .options = options,
    .option_count = 1,
    .run = run_doctor,
};
