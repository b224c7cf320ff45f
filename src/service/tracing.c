#include "service/tracing.h"

#include "engines/http/url.h"
#include "service/files.h"
#include "service/version.h"

enum {
    GATHER_MS = 1000,
    RETRY_FIRST_MS = 1000,
    RETRY_FOR_MS = 60000,
    HEADERS_MAX = 16,
    HEADERS_MAX_BYTES = 16 * 1024,
    UUID_BYTES = 16
};

static enum status refuse(struct str key, struct str allowed, const char *why, struct error *error)
{
    return error_set(error, STATUS_CONFIGURATION, key, allowed, "%.*s: %s", STR_ARGS(key), why);
}

/* Collectors differ in where they listen, so the whole URL is asked for; one without a path is the
 * usual mistake. */
static enum status check_endpoint(struct str endpoint, struct arena *arena, struct error *error)
{
    struct http_url url;
    struct str rest = endpoint;
    bool fine = http_url_parse(endpoint, arena, &url) && !url.has_user && !url.has_fragment;
    for (int slashes = 0; fine && slashes < 3; slashes++) {
        struct str part;
        fine = str_split(&rest, '/', &part) && !str_is_none(rest);
    }
    if (fine && !str_is_empty(rest)) return STATUS_OK;
    return refuse(STR("traces.endpoint"), STR("the whole URL, such as http://HOST:4318/v1/traces"),
                  "is no URL of a collector", error);
}

/* --- headers --- */

static bool is_name(struct str text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && str_find_char(str_of(others, sizeof(others) - 1), c) < 0) return false;
    }
    return text.len > 0;
}

static bool is_value(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == '\x7f') return false;
    return text.len > 0;
}

/* Lines of NAME: VALUE. */
static enum status read_headers(struct str path, struct arena *arena,
                                struct tracer_options *options, struct error *error)
{
    const struct str key = STR("traces.headers_file"),
                     form = STR("lines of NAME: VALUE, 16 of them at most");
    struct http_client_header *headers =
        ARENA_NEW_ARRAY(arena, struct http_client_header, HEADERS_MAX);
    struct str text, line, name;
    options->headers = headers;
    if (str_is_empty(path)) return STATUS_OK;
    if (!headers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(files_read(path, HEADERS_MAX_BYTES, arena, &text, error));
    while (str_split(&text, '\n', &line)) {
        struct str value = str_trim(line);
        if (str_is_empty(value)) continue;
        bool whole = str_split(&value, ':', &name) && !str_is_none(value);
        name = str_trim(name);
        value = str_trim(value);
        if (!whole || !is_name(name) || !is_value(value) || options->header_count == HEADERS_MAX)
            return refuse(key, form, "one of its lines is no header", error);
        headers[options->header_count++] = (struct http_client_header){name, value};
    }
    return STATUS_OK;
}

/* --- who tells --- */

/* A random UUID (RFC 9562, version 4), as the semantic conventions want it. */
static struct str new_uuid(struct environment *environment, struct arena *arena)
{
    uint8_t b[UUID_BYTES];
    environment->random(environment, b, sizeof(b));
    b[6] = (uint8_t)((b[6] & 0x0f) | 0x40);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
    return arena_format(
        arena, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
        b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

enum status tracing_open(const struct config_values *config, struct arena *arena,
                         struct tracer **tracer, struct error *error)
{
    struct environment *environment = environment_system();
    struct tracer_options options = {
        .url = config->traces_endpoint,
        .ca_file = config->traces_ca,
        .user_agent = "customer360/" CUSTOMER360_VERSION,
        .timeout_ms = config->traces_timeout,
        .sample_ratio = config->traces_sample_ratio,
        .queue = (size_t)config->traces_queue,
        .gather_ms = GATHER_MS,
        .retry_first_ms = RETRY_FIRST_MS,
        .retry_for_ms = RETRY_FOR_MS,
        .resource = {.service_name = config->traces_service_name,
                     .service_version = STR(CUSTOMER360_VERSION)},
        .environment = environment,
    };
    *tracer = NULL;
    if (str_is_empty(config->traces_endpoint)) return STATUS_OK;
    TRY(check_endpoint(config->traces_endpoint, arena, error));
    TRY(read_headers(config->traces_headers_file, arena, &options, error));
    options.resource.instance_id = new_uuid(environment, arena);
    if (str_is_none(options.resource.instance_id)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return tracer_new(&options, tracer, error);
}
