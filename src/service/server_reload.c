/* A new configuration while the service runs: read whole, made whole, then taken at once, so that
 * a mistake in it changes nothing. What is replaced is kept until the end, for a request or a
 * handshake may be using it. */
#include <stdlib.h>

#include "adapters/identity/identity.h"
#include "base/log.h"
#include "service/certificate.h"
#include "service/files.h"
#include "service/server.h"

enum { SETTINGS_ARENA_MAX = 4 << 20, PEM_FILE_MAX = 1 << 20 };

static enum status read_credentials(struct server_settings *settings, struct error *error)
{
    const struct config_values *values = &settings->values;
    struct str certificate, key;
    if (str_is_empty(values->tls_certificate)) return STATUS_OK;
    struct arena arena;
    arena_init(&arena, 3 * PEM_FILE_MAX);
    enum status status =
        files_read(values->tls_certificate, PEM_FILE_MAX, &arena, &certificate, error);
    if (status == STATUS_OK)
        status = files_read(values->tls_key, PEM_FILE_MAX, &arena, &key, error);
    if (status == STATUS_OK) {
        status = http_credentials_new(certificate, key, &settings->credentials, error);
        if (status != STATUS_OK)
            status = certificate_blame(values->tls_certificate, values->tls_key, error);
        explicit_bzero((char *)(uintptr_t)key.ptr, key.len);
    }
    arena_release(&arena);
    return status;
}

static struct server_settings *settings_allocate(void)
{
    struct server_settings *settings = calloc(1, sizeof(*settings));
    if (settings) arena_init(&settings->arena, SETTINGS_ARENA_MAX);
    return settings;
}

static enum status settings_fill(struct server_settings *settings,
                                 const struct config_values *values, struct error *error)
{
    settings->values = *values;
    TRY(server_open_identity(&settings->values, &settings->identity, error));
    return read_credentials(settings, error);
}

enum status server_settings_new(const struct config_values *values, struct server_settings **out,
                                struct error *error)
{
    struct server_settings *settings = settings_allocate();
    *out = settings;
    if (!settings) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return settings_fill(settings, values, error);
}

void server_settings_free(struct server_settings *settings)
{
    while (settings) {
        struct server_settings *older = settings->older;
        if (settings->identity) settings->identity->free(settings->identity);
        http_credentials_free(settings->credentials);
        arena_release(&settings->arena);
        free(settings);
        settings = older;
    }
}

static void name_waiting(const struct config_values *values, const struct config_values *fresh)
{
    const struct config_key *key;
    size_t index = 0;
    while ((key = config_next_restart(values, fresh, &index)))
        log_warn("configuration.needs_restart", LOG_CODE("key", key->name));
}

/* Everything that may fail; the policies, which replace themselves, come last. */
static enum status prepare(struct server *server, struct server_settings *settings,
                           struct error *error)
{
    struct config config;
    struct config_values values = *server->config;
    TRY(server->source.read(server->source.context, &settings->arena, &config, error));
    config_take_reloadable(&values, &config.values);
    TRY(settings_fill(settings, &values, error));
    if (!settings->credentials != !server->settings->credentials)
        return error_set(error, STATUS_CONFIGURATION, STR("tls.certificate"), STR(""),
                         "tls.certificate: TLS is not begun or ended without a restart");
    TRY(policies_reload(server->instance.policies, values.policy_file, error));
    name_waiting(&values, &config.values);
    return STATUS_OK;
}

static void take(struct server *server, struct server_settings *settings)
{
    settings->older = server->settings;
    server->settings = settings;
    server->config = &settings->values;
    atomic_store(&server->drain_timeout_ms, server->config->http_drain_timeout);
    config_apply_log(server->config);
    api_set_identity(server->api, settings->identity);
    api_set_rates(server->api, server->config->http_rate_limit,
                  server->config->http_rate_limit_caller);
    api_set_waits(server->api, server->config->http_read_wait_max,
                  server->config->http_write_wait_max);
    for (size_t i = 0; settings->credentials && i < server->loop_count; i++)
        http_server_set_credentials(server->loops[i].http, settings->credentials);
}

void server_reload(struct server *server)
{
    struct error error = {.status = STATUS_OK};
    struct server_settings *settings = settings_allocate();
    enum status status =
        settings ? prepare(server, settings, &error) : error_plain(&error, STATUS_OUT_OF_MEMORY);
    if (status == STATUS_OK) {
        take(server, settings);
        log_info("configuration.reloaded");
        return;
    }
    server_settings_free(settings);
    log_error("configuration.refused", LOG_CODE("code", status_code(status)),
              LOG_CODE("key", str_from_cstr(error.field)),
              LOG_REASON("reason", str_from_cstr(error.message)));
}
