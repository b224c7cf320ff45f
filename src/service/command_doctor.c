/* doctor: looks at what a service of this configuration needs, and says what to do about what it
 * lacks. Changes nothing. A check is a row of a table; it files findings. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include "base/log.h"
#include "service/certificate.h"
#include "service/doctor.h"
#include "service/files.h"
#include "service/server.h"
#include "service/webhook_key.h"

enum { CERTIFICATE_DAYS_MIN = 21 };
#define ROOM_WARNING (INT64_C(2) << 30)
#define ROOM_FAILURE (INT64_C(128) << 20)

/* --- the checks --- */

static void check_configuration(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct policies *policies;
    struct error error = {.status = STATUS_OK};
    int set = 0;
    for (size_t i = 0; i < config_key_count; i++)
        set += !str_equal(doctor->config->sources[i], STR("default"));
    doctor_found(doctor, FINDING_OK, "", "%d keys are set, the others have their defaults", set);
    if (policies_new(v->policy_file, &policies, &error) != STATUS_OK)
        doctor_found_error(doctor, &error);
    else
        policies_free(policies);
}

static void check_identity(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct error error = {.status = STATUS_OK};
    struct identity *identity;
    if (server_open_identity(v, &identity, &error) != STATUS_OK) {
        doctor_found_error(doctor, &error);
        return;
    }
    identity->free(identity);
    if (v->dev)
        doctor_found(doctor, FINDING_WARNING, "do not use --dev with real customers",
                     "development mode: nobody is asked who they are");
    else if (!str_is_empty(v->identity_jwks_file) || v->identity_gateway_peers.count > 0)
        doctor_found(
            doctor, FINDING_OK, "", "callers are known by %s%s%s",
            str_is_empty(v->identity_jwks_file) ? "" : "tokens",
            !str_is_empty(v->identity_jwks_file) && v->identity_gateway_peers.count ? " and " : "",
            v->identity_gateway_peers.count ? "the gateway's headers" : "");
    else
        doctor_found(doctor, FINDING_FAILURE,
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
            doctor_found(doctor, FINDING_WARNING,
                         "set tls.certificate and tls.key, unless a proxy on this machine ends TLS",
                         "the listener speaks plain HTTP");
        return;
    }
    if (files_read(v->tls_certificate, 1 << 20, doctor->arena, &certificate, &error) != STATUS_OK ||
        files_read(v->tls_key, 1 << 20, doctor->arena, &key, &error) != STATUS_OK ||
        (certificate_check(certificate, key, &days, &error) != STATUS_OK &&
         certificate_blame(v->tls_certificate, v->tls_key, &error) != STATUS_OK))
        doctor_found_error(doctor, &error);
    else if (days < 0)
        doctor_found(doctor, FINDING_FAILURE, "renew it, then systemctl reload customer360",
                     "the certificate has expired");
    else if (days < CERTIFICATE_DAYS_MIN)
        doctor_found(doctor, FINDING_WARNING, "renew it, then systemctl reload customer360",
                     "the certificate expires in %d days", days);
    else
        doctor_found(doctor, FINDING_OK, "", "the certificate is good for %d days", days);
}

static void check_room(struct doctor *doctor, const char *path)
{
    struct statvfs room;
    if (statvfs(path, &room) != 0) return;
    int64_t left = (int64_t)room.f_bavail * (int64_t)room.f_frsize;
    enum severity severity = FINDING_OK;
    if (left < ROOM_WARNING) severity = FINDING_WARNING;
    if (left < ROOM_FAILURE) severity = FINDING_FAILURE;
    doctor_found(doctor, severity, severity == FINDING_OK ? "" : "make room on that disk",
                 "%lld MiB are free under %s", (long long)(left >> 20), path);
}

/* `directory` is there and ours, or may be made. */
static void check_directory(struct doctor *doctor, struct str directory)
{
    char *path = arena_cstr(doctor->arena, directory);
    struct stat there;
    if (!path) return;
    if (stat(path, &there) != 0) {
        doctor_found(doctor, errno == ENOENT ? FINDING_OK : FINDING_FAILURE,
                     errno == ENOENT ? "" : "make it readable", "%s is not there%s", path,
                     errno == ENOENT ? " yet and will be made" : "");
        return;
    }
    if (access(path, R_OK | W_OK | X_OK) != 0)
        doctor_found(doctor, FINDING_FAILURE, "chown it to the user of the service",
                     "%s cannot be written: %s", path, strerror(errno));
    else if (there.st_mode & S_IWOTH)
        doctor_found(doctor, FINDING_WARNING, "chmod o-w", "%s may be written by anybody", path);
    else
        doctor_found(doctor, FINDING_OK, "", "%s may be written", path);
    check_room(doctor, path);
}

/* Files with a secret in them. */
static void check_secret(struct doctor *doctor, struct str path)
{
    char *name = str_is_empty(path) ? NULL : arena_cstr(doctor->arena, path);
    struct stat there;
    if (!name || stat(name, &there) != 0) return; /* whoever needs it says so */
    if (access(name, R_OK) != 0)
        doctor_found(doctor, FINDING_FAILURE, "chgrp it to the group of the service, chmod g+r",
                     "%s cannot be read: %s", name, strerror(errno));
    else if (there.st_mode & S_IRWXO)
        doctor_found(doctor, FINDING_WARNING, "chmod o=", "%s is open to all users of this machine",
                     name);
}

static void check_secrets(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    size_t before = doctor->count;
    check_secret(doctor, v->tls_key);
    check_secret(doctor, v->kafka_key);
    check_secret(doctor, v->kafka_sasl_password_file);
    check_secret(doctor, v->kafka_registry_password_file);
    check_secret(doctor, instance_key_path(v, doctor->arena));
    check_secret(doctor, webhook_key_path(v, doctor->arena));
    if (doctor->count == before)
        doctor_found(doctor, FINDING_OK, "", "no secret is open to other users");
}

static void check_directories(struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    struct str store = instance_store_path(v);
    if (!str_is_none(store)) check_directory(doctor, files_directory_of(store));
    check_directory(doctor, server_jobs_directory(v, doctor->arena));
}

static void check_clock(struct doctor *doctor)
{
    struct timex state = {.modes = 0};
    int answer = adjtimex(&state);
    if (answer < 0 || answer == TIME_ERROR || (state.status & STA_UNSYNC))
        doctor_found(doctor, FINDING_WARNING, "run chrony or systemd-timesyncd",
                     "the clock is not known to be synchronised: tokens and times depend on it");
    else
        doctor_found(doctor, FINDING_OK, "", "the clock is synchronised");
}

static void check_port(struct doctor *doctor)
{
    struct str host;
    uint16_t port;
    struct error error = {.status = STATUS_OK};
    if (!server_parse_listen(doctor->config->values.http_listen, &host, &port)) {
        doctor_found(doctor, FINDING_FAILURE, "ADDRESS:PORT", "http.listen is no address and port");
        return;
    }
    enum status status = server_try_listen(host, port, &error);
    if (status == STATUS_OK)
        doctor_found(doctor, FINDING_OK, "", "%.*s port %u is free", STR_ARGS(host), port);
    else if (doctor->store_in_use)
        doctor_found(doctor, FINDING_OK, "",
                     "%.*s port %u is taken, probably by the running service", STR_ARGS(host),
                     port);
    else
        doctor_found(doctor, FINDING_FAILURE, "choose another http.listen, or end what has it",
                     "%s", error.message);
}

static void check_descriptors(struct doctor *doctor)
{
    struct rlimit limit;
    int64_t wanted = doctor->config->values.http_connections_max;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    bool enough = limit.rlim_max == RLIM_INFINITY || (int64_t)limit.rlim_max > wanted + 256;
    doctor_found(doctor, enough ? FINDING_OK : FINDING_WARNING,
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
    {"secrets", check_secrets},
    {"store", doctor_check_store},
    {"kafka", doctor_check_kafka},
    {"webhooks", doctor_check_webhooks},
    {"port", check_port},
    {"clock", check_clock},
    {"descriptors", check_descriptors},
};

static enum status run_doctor(struct invocation *invocation, struct error *error)
{
    struct doctor *doctor = ARENA_NEW(invocation->arena, struct doctor);
    if (!doctor) return error_plain(error, STATUS_OUT_OF_MEMORY);
    log_configure(LOG_LEVEL_ERROR, LOG_FORM_AUTO, STDERR_FILENO);
    doctor->config = &invocation->config;
    doctor->full = invocation_switch(invocation, STR("full"));
    doctor->arena = invocation->arena;
    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        doctor->about = checks[i].about;
        checks[i].look(doctor);
    }
    if (doctor_report(doctor, invocation_switch(invocation, STR("json"))))
        invocation->exit_code = 1;
    return STATUS_OK;
}

static const struct command_option options[] = {
    {STR("full"), STR_NONE,
     STR("look at every page and customer, not at a sample; takes its time")},
    {STR("json"), STR_NONE, STR("findings that a program reads")},
};

const struct command command_doctor = {
    .name = STR("doctor"),
    .operands = STR(""),
    .summary = STR("looks for what would keep the service from running well"),
    .text = STR("Give it the same --config, environment and flags as the service. It changes\n"
                "nothing. Exit code 0: nothing that must be mended; 1: something must."),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_doctor,
};
