/* What handlers answer with. */
#include "adapters/api/internal.h"
#include "adapters/api/negotiate.h"
#include "base/buffer.h"
#include "formats/json.h"

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~' || c == ':';
}

void answer_append_escaped(struct buffer *out, struct str segment)
{
    for (size_t i = 0; i < segment.len; i++) {
        if (is_unreserved(segment.ptr[i]))
            buffer_append_char(out, segment.ptr[i]);
        else
            buffer_append_format(out, "%%%02X", (unsigned char)segment.ptr[i]);
    }
}

/* The query as it was asked; `skipped` is left out. */
static void append_query(struct buffer *out, const struct call *call, struct str skipped)
{
    struct str name, value;
    char separator = '?';
    for (size_t i = 0; http_request_query(call->request, i, &name, &value); i++) {
        if (str_equal(name, skipped)) continue;
        buffer_append_char(out, separator);
        answer_append_escaped(out, name);
        buffer_append_char(out, '=');
        answer_append_escaped(out, value);
        separator = '&';
    }
}

static void append_path(struct buffer *out, const struct call *call, struct str first_place)
{
    struct str rest = str_skip(call->route->path, 1), segment;
    size_t place = 0;
    while (str_split(&rest, '/', &segment)) {
        buffer_append_char(out, '/');
        if (!str_starts_with(segment, STR("{"))) {
            buffer_append(out, segment);
            continue;
        }
        answer_append_escaped(out, place == 0 ? first_place : call->places[place]);
        place++;
    }
}

struct str answer_path_for(const struct call *call, struct str customer_id, bool with_query)
{
    struct buffer out = {.arena = call->arena};
    append_path(&out, call, customer_id);
    if (with_query) append_query(&out, call, STR(""));
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status answer_text(struct call *call, struct str media_type, struct str text,
                        struct error *error)
{
    if (str_is_none(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    http_response_header(call->response, STR("Content-Type"), media_type);
    http_response_body(call->response, text);
    return STATUS_OK;
}

enum status answer_json(struct call *call, int status, struct str json, struct error *error)
{
    TRY(answer_text(call, STR("application/json"), json, error));
    http_response_status(call->response, status);
    /* Customers are personal data, and change: a cache asks each time, and keeps it to itself. */
    http_response_header(call->response, STR("Cache-Control"), STR("private, no-cache"));
    return STATUS_OK;
}

static struct str entity_tag(struct call *call, int64_t version, struct str suffix)
{
    struct buffer out = {.arena = call->arena};
    buffer_append_char(&out, '"');
    buffer_append_int64(&out, version);
    buffer_append(&out, suffix);
    buffer_append_char(&out, '"');
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

/* The tag that If-None-Match has of the two that a version can have, coded and not; absent: none.
 */
static struct str matching_tag(struct call *call, int64_t version, struct str plain)
{
    struct str wanted = http_request_header(call->request, STR("If-None-Match"));
    if (call->route->method != ROUTE_GET || str_is_none(wanted)) return STR_NONE;
    struct str coded = entity_tag(call, version, STR(NEGOTIATE_GZIP_SUFFIX));
    if (negotiate_none_match(wanted, plain)) return plain;
    return !str_is_none(coded) && negotiate_none_match(wanted, coded) ? coded : STR_NONE;
}

enum status answer_versioned(struct call *call, int status, int64_t version, struct str json,
                             struct error *error)
{
    struct str tag = entity_tag(call, version, STR(""));
    if (str_is_none(tag)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct str had = matching_tag(call, version, tag);
    http_response_header(call->response, STR("ETag"), str_is_none(had) ? tag : had);
    if (!str_is_none(had)) {
        http_response_status(call->response, 304);
        return STATUS_OK;
    }
    return answer_json(call, status, json, error);
}

void answer_outvoted(struct call *call, const struct customer_document *document)
{
    if (!str_is_none(document->outvoted))
        http_response_header(call->response, ANSWER_OUTVOTED, document->outvoted);
}

enum status answer_document(struct call *call, int status, const struct customer_document *document,
                            struct error *error)
{
    return answer_versioned(call, status, document->version, document->document, error);
}

enum status answer_created(struct call *call, struct str id, int64_t version, struct str json,
                           struct error *error)
{
    struct buffer out = {.arena = call->arena};
    append_path(&out, call, call->places[0]);
    buffer_append_char(&out, '/');
    answer_append_escaped(&out, id);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    http_response_header(call->response, STR("Location"), buffer_str(&out));
    return answer_versioned(call, 201, version, json, error);
}

enum status answer_page(struct call *call, const struct json_page *page, struct error *error)
{
    if (!str_is_none(page->next)) {
        struct buffer out = {.arena = call->arena};
        buffer_append_char(&out, '<');
        append_path(&out, call, call->places[0]);
        append_query(&out, call, STR("cursor"));
        bool first = str_find_char(buffer_str(&out), '?') < 0;
        buffer_append(&out, first ? STR("?cursor=") : STR("&cursor="));
        answer_append_escaped(&out, page->next);
        buffer_append(&out, STR(">; rel=\"next\""));
        if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        http_response_header(call->response, STR("Link"), buffer_str(&out));
    }
    return answer_json(call, 200, page->body, error);
}

enum status answer_secret(struct call *call, struct error *error)
{
    struct str body = http_response_get_body(call->response);
    struct buffer out = {.arena = call->arena};
    struct json_writer writer = {.out = &out, .need_comma = true};
    if (str_is_none(call->secret)) return STATUS_OK;
    buffer_append(&out, str_of(body.ptr, body.len - 1));
    json_member_string(&writer, STR("secret"), call->secret);
    buffer_append_char(&out, '}');
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    http_response_body(call->response, buffer_str(&out));
    http_response_header(call->response, STR("Cache-Control"), STR("no-store"));
    return STATUS_OK;
}

enum status answer_nothing(struct call *call, int64_t version, struct error *error)
{
    if (version > 0) {
        struct str tag = entity_tag(call, version, STR(""));
        if (str_is_none(tag)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        http_response_header(call->response, STR("ETag"), tag);
    }
    http_response_status(call->response, 204);
    return STATUS_OK;
}

static bool is_text(struct str media_type)
{
    return str_starts_with(media_type, STR("text/")) ||
           str_starts_with(media_type, STR("application/"));
}

/* Another coding is another representation, with a tag of its own (RFC 9110, 8.8.3). */
static void mark_coded(struct call *call)
{
    struct str tag = http_response_get_header(call->response, STR("ETag"));
    http_response_header(call->response, STR("Content-Encoding"), STR("gzip"));
    if (tag.len < 2) return;
    struct str coded =
        arena_format(call->arena, "%.*s" NEGOTIATE_GZIP_SUFFIX "\"", (int)tag.len - 1, tag.ptr);
    if (!str_is_none(coded)) http_response_header(call->response, STR("ETag"), coded);
}

bool answer_may_be_coded(struct call *call)
{
    http_response_header(call->response, STR("Vary"), STR("Accept-Encoding"));
    return negotiate_gzip(http_request_header(call->request, STR("Accept-Encoding")));
}

void answer_code(struct call *call)
{
    struct str body = http_response_get_body(call->response), coded;
    struct str type = http_response_get_header(call->response, STR("Content-Type"));
    if (http_response_started(call->response) || body.len < CODING_WORTH_BYTES || !is_text(type))
        return;
    if (!answer_may_be_coded(call) || !coding_gzip(call->worker->gzip, body, call->arena, &coded))
        return;
    http_response_body(call->response, coded);
    mark_coded(call);
}
