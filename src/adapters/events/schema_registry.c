#include "adapters/events/schema_registry.h"

#include "engines/http/client.h"
#include "formats/json.h"

enum { ANSWER_MAX = 1 << 20, HTTP_NOT_FOUND = 404 };

#define MEDIA_TYPE STR("application/vnd.schemaregistry.v1+json")

static enum status ask(const struct schema_registry *registry, const char *method, struct str path,
                       struct str body, struct arena *arena, struct http_client_answer *answer,
                       struct error *error)
{
    const struct http_client_header headers[] = {{STR("Content-Type"), MEDIA_TYPE},
                                                 {STR("Accept"), MEDIA_TYPE}};
    const struct http_client_request request = {
        .method = method,
        .url = arena_format(arena, "%.*s%.*s", STR_ARGS(registry->url), STR_ARGS(path)),
        .headers = headers,
        .header_count = sizeof(headers) / sizeof(headers[0]),
        .body = body,
        .user = registry->user,
        .password = registry->password,
        .ca_file = registry->ca_file,
        .timeout_ms = registry->timeout_ms,
        .answer_max_bytes = ANSWER_MAX,
    };
    if (str_is_none(request.url)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return http_client_ask(&request, arena, answer, error);
}

/* What the answer says in words. */
static struct str reason_of(const struct http_client_answer *answer, struct arena *arena)
{
    struct json_value *body;
    if (json_parse(answer->body, arena, &body, NULL) != STATUS_OK) return STR("no reason given");
    struct str reason = json_text(json_get(body, STR("message")));
    return str_is_none(reason) ? STR("no reason given") : reason;
}

/* 4xx is an answer that will be the same next time; but 408 and 429 are not. */
static enum status refuse(const struct schema_registry *registry,
                          const struct http_client_answer *answer, struct str what,
                          struct arena *arena, struct error *error)
{
    bool ours = answer->status >= 400 && answer->status < 500 && answer->status != 408 &&
                answer->status != 429;
    return error_set(error, ours ? STATUS_CONFIGURATION : STATUS_UNAVAILABLE, STR("kafka.registry"),
                     STR_NONE, "the schema registry %.*s answers %d for %.*s: %.*s",
                     STR_ARGS(registry->url), answer->status, STR_ARGS(what),
                     STR_ARGS(reason_of(answer, arena)));
}

static bool is_ok(const struct http_client_answer *answer)
{
    return answer->status >= 200 && answer->status < 300;
}

/* A new subject gets the level; one that is there keeps what its owners set. */
static enum status set_level(const struct schema_registry *registry, struct str topic,
                             struct arena *arena, struct error *error)
{
    struct http_client_answer answer = {0};
    struct str versions = arena_format(arena, "/subjects/%.*s-value/versions", STR_ARGS(topic));
    struct str level = arena_format(arena, "/config/%.*s-value", STR_ARGS(topic));
    if (str_is_none(versions) || str_is_none(level))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(ask(registry, "GET", versions, STR_NONE, arena, &answer, error));
    if (is_ok(&answer)) return STATUS_OK;
    if (answer.status != HTTP_NOT_FOUND) return refuse(registry, &answer, topic, arena, error);
    TRY(ask(registry, "PUT", level, STR("{\"compatibility\":\"FULL_TRANSITIVE\"}"), arena, &answer,
            error));
    return is_ok(&answer) ? STATUS_OK : refuse(registry, &answer, topic, arena, error);
}

static struct str request_of(struct str schema, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("schema"), schema);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status schema_registry_register(const struct schema_registry *registry, struct str topic,
                                     struct str schema, struct arena *arena, uint32_t *id,
                                     struct error *error)
{
    struct http_client_answer answer = {0};
    struct json_value *body;
    int64_t given;
    struct str path = arena_format(arena, "/subjects/%.*s-value/versions", STR_ARGS(topic));
    struct str request = request_of(schema, arena);
    if (str_is_none(path) || str_is_none(request)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(set_level(registry, topic, arena, error));
    TRY(ask(registry, "POST", path, request, arena, &answer, error));
    if (!is_ok(&answer)) return refuse(registry, &answer, topic, arena, error);
    if (json_parse(answer.body, arena, &body, NULL) != STATUS_OK ||
        !json_to_int64(json_get(body, STR("id")), &given) || given < 0 || given > UINT32_MAX)
        return error_set(error, STATUS_UNAVAILABLE, STR("kafka.registry"), STR_NONE,
                         "the schema registry %.*s gives no id for %.*s", STR_ARGS(registry->url),
                         STR_ARGS(topic));
    *id = (uint32_t)given;
    return STATUS_OK;
}

enum status schema_registry_fetch(const struct schema_registry *registry, uint32_t id,
                                  struct arena *arena, struct str *schema, struct error *error)
{
    struct http_client_answer answer = {0};
    struct json_value *body;
    struct str path = arena_format(arena, "/schemas/ids/%u", (unsigned)id);
    if (str_is_none(path)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(ask(registry, "GET", path, STR_NONE, arena, &answer, error));
    if (answer.status == HTTP_NOT_FOUND)
        return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                         "the schema registry knows no schema %u", (unsigned)id);
    if (!is_ok(&answer)) return refuse(registry, &answer, path, arena, error);
    if (json_parse(answer.body, arena, &body, NULL) != STATUS_OK)
        return error_set(error, STATUS_UNAVAILABLE, STR("kafka.registry"), STR_NONE,
                         "the schema registry %.*s does not answer as one",
                         STR_ARGS(registry->url));
    struct str type = json_text(json_get(body, STR("schemaType")));
    *schema = json_text(json_get(body, STR("schema")));
    if (!str_is_none(*schema) && (str_is_none(type) || str_equal(type, STR("AVRO"))))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE, "schema %u is none of Avro",
                     (unsigned)id);
}

enum status schema_registry_check(const struct schema_registry *registry, struct arena *arena,
                                  struct error *error)
{
    struct http_client_answer answer = {0};
    TRY(ask(registry, "GET", STR("/subjects"), STR_NONE, arena, &answer, error));
    return is_ok(&answer) ? STATUS_OK
                          : refuse(registry, &answer, STR("its list of subjects"), arena, error);
}
