/* The head of a request, checked, and its body, read by handlers. */
#include <string.h>

#include "engines/http/header_field.h"
#include "engines/http/internal.h"
#include "engines/http/target.h"

void request_refuse(struct http_request *request, int status, struct str reason)
{
    if (!request->refusal.status) request->refusal = (struct http_refusal){status, reason};
}

/* A blank of a form is a plus. */
static struct str without_plus(struct http_request *request, struct str text)
{
    if (str_find_char(text, '+') < 0) return text;
    char *copy = arena_cstr(&request->arena, text);
    if (!copy) return STR_NONE;
    for (size_t i = 0; i < text.len; i++)
        if (copy[i] == '+') copy[i] = ' ';
    return str_of(copy, text.len);
}

static bool take_text(struct http_request *request, struct str raw, struct str *text)
{
    struct str plain = without_plus(request, raw);
    return !str_is_none(plain) && target_decode(plain, &request->arena, text);
}

/* One without a sign is a name without a value; nothing between two separators is none. */
static bool take_parameter(struct http_request *request, struct str part)
{
    struct str value = part, name;
    if (!part.len) return true;
    if (request->query_count == HTTP_QUERY_MAX) {
        request_refuse(request, 400, STR("there are more than 32 query parameters"));
        return false;
    }
    struct http_pair *pair = &request->query[request->query_count];
    (void)str_split(&value, '=', &name);
    if (str_is_none(value)) value = STR("");
    if (!take_text(request, name, &pair->name) || !take_text(request, value, &pair->value)) {
        request_refuse(request, 400,
                       STR("a query parameter is not well-formed: an escape is "
                           "invalid, or it is not UTF-8 text"));
        return false;
    }
    request->query_count++;
    return true;
}

static void take_target(struct http_request *request, struct str target)
{
    struct str query = target, resource, part;
    (void)str_split(&query, '?', &resource);
    struct str path = target_path(resource);
    if (str_is_none(path) || target_escapes_slash(path) ||
        !target_decode(path, &request->arena, &request->path)) {
        request->path = STR("/");
        request_refuse(request, 400,
                       STR("the path is not well-formed: an escape is invalid or stands for a "
                           "slash, or it is not UTF-8 text"));
    }
    while (str_split(&query, '&', &part))
        if (!take_parameter(request, part)) return;
}

/* RFC 9112, 6.1 and 6.3: two framings of one body are how requests are smuggled past a proxy. */
static void check_framing(struct http_request *request)
{
    struct str coding = http_request_header(request, STR("Transfer-Encoding"));
    struct str length = http_request_header(request, STR("Content-Length"));
    if (!str_is_none(coding) && !str_equal_ignore_case(coding, STR("chunked")))
        request_refuse(request, 400, STR("the only Transfer-Encoding taken is chunked"));
    if (!str_is_none(coding) && request->is_1_0)
        request_refuse(request, 400, STR("HTTP/1.0 has no Transfer-Encoding"));
    if (!str_is_none(coding) && !str_is_none(length))
        request_refuse(request, 400,
                       STR("Content-Length and Transfer-Encoding exclude each other"));
    int64_t bytes;
    if (!str_is_none(length) &&
        (str_starts_with(length, STR("-")) || !str_to_int64(length, &bytes)))
        request_refuse(request, 400, STR("Content-Length is no number of bytes"));
    if (http_request_header_repeated(request, STR("Content-Length")) ||
        http_request_header_repeated(request, STR("Transfer-Encoding")))
        request_refuse(request, 400, STR("the length of the body is given twice"));
}

static void check_host(struct http_request *request)
{
    if (!request->is_1_0 && str_is_none(http_request_header(request, STR("Host"))))
        request_refuse(request, 400, STR("Host is missing"));
    if (http_request_header_repeated(request, STR("Host")))
        request_refuse(request, 400, STR("Host is given twice"));
}

/* The answer to an Expect that is not understood is 417 (RFC 9110, 10.1.1). */
static void check_expect(struct http_request *request)
{
    struct str expect = http_request_header(request, STR("Expect"));
    if (!str_is_none(expect) && !str_equal_ignore_case(expect, STR("100-continue")))
        request_refuse(request, 417, STR("the only Expect taken is 100-continue"));
    request->continues = !str_is_none(expect) && !request->is_1_0;
}

/* Is the connection to be kept (RFC 9112, 9.3)? */
static bool asks_to_keep(const struct http_request *request)
{
    struct str wanted = request->is_1_0 ? STR("keep-alive") : STR("close"), option;
    for (size_t i = 0; i < request->header_count; i++) {
        if (!str_equal_ignore_case(request->headers[i].name, STR("Connection"))) continue;
        struct str rest = request->headers[i].value;
        while (str_split(&rest, ',', &option))
            if (str_equal_ignore_case(str_trim(option), wanted)) return request->is_1_0;
    }
    return !request->is_1_0;
}

static uint64_t declared_bytes(const struct http_request *request)
{
    int64_t length = 0;
    struct str text = http_request_header(request, STR("Content-Length"));
    return str_to_int64(text, &length) && length > 0 ? (uint64_t)length : 0;
}

static void begin_body(struct http_request *request)
{
    bool is_chunked = !str_is_none(http_request_header(request, STR("Transfer-Encoding")));
    uint64_t declared = declared_bytes(request);
    request->decoder = is_chunked ? http_body_of_chunks() : http_body_of_length(declared);
    request->has_body = is_chunked || declared > 0;
}

void request_read_head(struct http_request *request, struct str head)
{
    struct http_head parsed = {.headers = request->headers};
    struct http_refusal refusal;
    struct str own = arena_str(&request->arena, head);
    if (str_is_none(own)) {
        request_refuse(request, 503, STR("there is no memory for the request"));
        return;
    }
    bool fine = http_head_parse(own, &parsed, &refusal);
    if (!str_is_none(parsed.method)) request->method = parsed.method;
    request->is_1_0 = parsed.is_1_0;
    request->header_count = parsed.header_count;
    if (!fine) {
        request_refuse(request, refusal.status, refusal.reason);
        return;
    }
    take_target(request, parsed.target);
    check_framing(request);
    check_host(request);
    check_expect(request);
    request->keeps = asks_to_keep(request);
    if (!request->refusal.status) begin_body(request);
}

struct str http_request_method(const struct http_request *request)
{
    return request->method;
}

struct str http_request_path(const struct http_request *request)
{
    return request->path;
}

/* The first from that place on. Two dozen names are asked for in a request that has a few: lengths
 * tell most of them apart. */
static const struct http_pair *find_header(const struct http_request *request, struct str name,
                                           size_t from)
{
    for (size_t i = from; i < request->header_count; i++) {
        const struct http_pair *header = &request->headers[i];
        if (header->name.len == name.len && str_equal_ignore_case(header->name, name))
            return header;
    }
    return NULL;
}

struct str http_request_header(const struct http_request *request, struct str name)
{
    const struct http_pair *header = find_header(request, name, 0);
    return header ? header->value : STR_NONE;
}

bool http_request_header_repeated(const struct http_request *request, struct str name)
{
    const struct http_pair *header = find_header(request, name, 0);
    return header && find_header(request, name, (size_t)(header - request->headers) + 1);
}

bool http_request_query(const struct http_request *request, size_t index, struct str *name,
                        struct str *value)
{
    if (index >= request->query_count) return false;
    *name = request->query[index].name;
    *value = request->query[index].value;
    return true;
}

bool http_request_has_body(const struct http_request *request)
{
    return request->has_body;
}

struct str http_request_body(const struct http_request *request)
{
    return str_is_none(request->body) ? STR("") : request->body;
}

struct str http_request_peer(const struct http_request *request)
{
    return str_from_cstr(request->connection->peer);
}

struct arena *http_request_arena(struct http_request *request)
{
    return &request->arena;
}

bool http_request_draining(const struct http_request *request)
{
    return request->server->draining;
}

bool http_request_refused(const struct http_request *request)
{
    return request->refusal.status != 0;
}

bool http_request_gone(const struct http_request *request)
{
    return request->gone || request->answered || request->server->cut;
}

/* A peer that waits to be asked for the body is asked, once, when nothing of it has come. */
static bool ask_for_body(struct http_request *request)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    struct iovec piece = {(void *)(uintptr_t)text, sizeof(text) - 1};
    bool asks = request->continues && request->received_bytes == 0 && !request->response.streamed;
    request->continues = false;
    return !asks || connection_send(request->connection, &piece, 1, &request->writing);
}

/* The next bytes of the body where they were read to, valid until the next call; empty at its end.
 */
static enum status next_piece(struct http_request *request, struct http_patience *patience,
                              struct str *piece)
{
    struct http_connection *connection = request->connection;
    for (;;) {
        if (http_request_gone(request)) return STATUS_IO;
        struct str input = connection_input(connection), rest = input;
        enum http_body_result result = http_body_take(&request->decoder, &rest, piece);
        connection_take(connection, input.len - rest.len);
        if (result == HTTP_BODY_MALFORMED) {
            request_refuse(request, 400, STR("the chunks of the body are not well-formed"));
            return STATUS_IO;
        }
        request->received_bytes += piece->len;
        if (result != HTTP_BODY_MORE) return STATUS_OK;
        if (!ask_for_body(request) || !connection_fill(connection, patience)) return STATUS_IO;
    }
}

/* Room for what is said to come, else twice of what there was. */
static bool append_body(struct http_request *request, size_t *capacity, struct str piece)
{
    size_t have = request->body.len, need = have + piece.len;
    if (need > *capacity) {
        size_t wanted = (size_t)declared_bytes(request);
        if (wanted < need) wanted = need * 2;
        char *bytes =
            arena_realloc(&request->arena, (void *)(uintptr_t)request->body.ptr, *capacity, wanted);
        if (!bytes) return false;
        request->body.ptr = bytes;
        *capacity = wanted;
    }
    memcpy((char *)(uintptr_t)request->body.ptr + have, piece.ptr, piece.len);
    request->body.len = need;
    return true;
}

enum status http_request_receive(struct http_request *request)
{
    const struct http_options *options = &request->server->options;
    struct http_patience patience = {.left_ms = options->idle_timeout_ms};
    size_t capacity = 0;
    struct str piece;
    if (!request->has_body) return STATUS_OK;
    if (http_request_gone(request)) return STATUS_IO;
    if (declared_bytes(request) > options->body_max_bytes) return STATUS_REQUEST_TOO_LARGE;
    request->gathers = true;
    do {
        TRY(next_piece(request, &patience, &piece));
        if (request->received_bytes > options->body_max_bytes ||
            (piece.len && !append_body(request, &capacity, piece)))
            return STATUS_REQUEST_TOO_LARGE;
    } while (piece.len);
    return STATUS_OK;
}

enum status http_request_read(struct http_request *request, struct str *chunk)
{
    size_t limit = request->server->options.stream_max_bytes;
    *chunk = STR("");
    if (request->gathers || http_request_gone(request)) return STATUS_IO;
    if (limit && declared_bytes(request) > limit) return STATUS_REQUEST_TOO_LARGE;
    TRY(next_piece(request, &request->reading, chunk));
    if (!limit || request->received_bytes <= limit) return STATUS_OK;
    *chunk = STR("");
    return STATUS_REQUEST_TOO_LARGE;
}

bool request_can_drain(const struct http_request *request)
{
    const struct http_body *body = &request->decoder;
    if (http_body_has_ended(body)) return true;
    return !body->is_chunked && body->left <= HTTP_SMALL_BYTES && !request->continues;
}

bool request_drain(struct http_request *request)
{
    struct http_patience patience = {.left_ms = request->server->options.idle_timeout_ms};
    struct str piece;
    do {
        if (http_body_has_ended(&request->decoder)) return true;
    } while (next_piece(request, &patience, &piece) == STATUS_OK);
    return false;
}
