#include "service/store_command.h"

#include <stdio.h>
#include <unistd.h>

#include "adapters/identity/jwt.h"
#include "base/identifier.h"
#include "base/log.h"
#include "service/files.h"

enum status store_command_caller(const struct invocation *invocation, struct caller *caller,
                                 struct error *error)
{
    *caller = (struct caller){.tenant = invocation_option(invocation, STR("tenant")),
                              .user_id = invocation_option(invocation, STR("user"))};
    if (str_is_none(caller->tenant)) caller->tenant = STR("default");
    if (str_is_none(caller->user_id)) caller->user_id = STR("customer360");
    if (!identifier_is_valid(caller->tenant))
        return error_set(error, STATUS_USAGE, STR("tenant"), STR(IDENTIFIER_ALLOWED),
                         "--tenant is no identifier");
    if (!jwt_user_is_valid(caller->user_id))
        return error_set(error, STATUS_USAGE, STR("user"), STR("1 to 128 bytes of UTF-8"),
                         "--user is not valid");
    return STATUS_OK;
}

enum status store_command_open(const struct invocation *invocation, struct str instead,
                               struct instance *instance, struct error *error)
{
    log_configure(LOG_LEVEL_WARN, LOG_FORM_AUTO, STDERR_FILENO);
    enum status status =
        instance_open(&invocation->config.values, invocation->arena, instance, error);
    if (status == STATUS_STORE_IN_USE && !str_is_none(instead))
        (void)fprintf(stderr,
                      "The store is open in another process, probably the service, which is the "
                      "one that writes it.\nWhile it runs, ask it over HTTP:\n\n%.*s\n\n",
                      STR_ARGS(instead));
    return status;
}

/* Absent when there is one, or it is none in a file. */
static struct str missing_store(const struct invocation *invocation)
{
    struct str path = instance_store_path(&invocation->config.values);
    return str_is_none(path) || files_exists(path, invocation->arena) ? STR_NONE : path;
}

enum status store_command_require_store(const struct invocation *invocation, struct error *error)
{
    struct str path = missing_store(invocation);
    if (str_is_none(path)) return STATUS_OK;
    return error_set(error, STATUS_USAGE, STR("store.url"), STR("--store sqlite:PATH of a store"),
                     "there is no store %.*s", STR_ARGS(path));
}

void store_command_tell_new(const struct invocation *invocation)
{
    struct str path = missing_store(invocation);
    if (!str_is_none(path))
        (void)fprintf(stderr, "There is no store %.*s yet: it is made.\n", STR_ARGS(path));
}

void store_command_spare_new(struct invocation *invocation)
{
    struct str path = missing_store(invocation);
    if (str_is_none(path)) return;
    (void)fprintf(stderr,
                  "There is no store %.*s yet: this is what would happen in an empty one.\n",
                  STR_ARGS(path));
    invocation->config.values.store_url = STR("memory:");
}

struct str store_command_url(const struct invocation *invocation)
{
    const struct config_values *config = &invocation->config.values;
    const char *scheme = str_is_empty(config->tls_certificate) ? "http" : "https";
    if (!str_is_empty(config->http_public_url))
        return arena_format(invocation->arena, "%.*s/api/v1/crm",
                            STR_ARGS(config->http_public_url));
    return arena_format(invocation->arena, "%s://%.*s/api/v1/crm", scheme,
                        STR_ARGS(config->http_listen));
}

struct str store_command_headers(const struct invocation *invocation, const struct caller *caller)
{
    const struct config_values *config = &invocation->config.values;
    bool tokens = !str_is_empty(config->identity_jwks_file);
    if (tokens) return STR(" -H \"Authorization: Bearer $TOKEN\"");
    if (str_equal(caller->tenant, STR("default"))) return STR("");
    return arena_format(invocation->arena, " -H 'X-Tenant-ID: %.*s'", STR_ARGS(caller->tenant));
}

struct str store_command_escape(struct str text, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '_' || c == '.';
        if (plain)
            buffer_append_char(&out, c);
        else
            buffer_append_format(&out, "%%%02X", (unsigned char)c);
    }
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
