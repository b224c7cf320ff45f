/* The head of a request: taken over from libmicrohttpd, checked, and read by handlers. */
#include <string.h>

#include "engines/http/header_field.h"
#include "engines/http/internal.h"
#include "engines/http/target.h"

void request_refuse(struct http_request *request, int status, struct str reason)
{
    if (request->refusal) return;
    request->refusal = status;
    request->refusal_reason = reason;
}

static bool separates_fields(char c)
{
    return c == '\0' || c == ' ' || c == ':' || c == '\r' || c == '\n' || c == '\t';
}

/* Of the target as well, whose own signs the library has made zeros of, or left. */
static bool separates_parts(char c)
{
    return separates_fields(c) || c == '?' || c == '&' || c == '=';
}

/* libmicrohttpd 0.9.75 misreads some heads without a word: a folded line is appended to the name of
 * the field, a field without a name takes the next one with it, a value ends at a zero byte. Who
 * stands in front may read them otherwise, and so smuggle a request past us. But it parses in
 * place: between what it gives, in the order of the buffer, there may be nothing left but what
 * separates fields. */
static bool is_accounted_for(const char *from, const char *to, size_t most_bytes,
                             bool (*separates)(char c))
{
    if (!from || to < from || (size_t)(to - from) > most_bytes) return false;
    for (; from < to; from++)
        if (!separates(*from)) return false;
    return true;
}

static bool account_for_by(struct http_request *request, const char *at, size_t length,
                           bool (*separates)(char c))
{
    size_t most_bytes = 2 * request->server->options.header_max_bytes;
    if (!is_accounted_for(request->head_read, at, most_bytes, separates)) {
        request_refuse(request, 400, STR("the head of the request is not well-formed"));
        return false;
    }
    request->head_read = at + length;
    return true;
}

static bool account_for(struct http_request *request, const char *at, size_t length)
{
    return account_for_by(request, at, length, separates_fields);
}

/* The blanks of HTTP and no others: libmicrohttpd would read `\vchunked` as no coding at all. */
static struct str trim_blanks(struct str value)
{
    while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t'))
        value = str_skip(value, 1);
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' || value.ptr[value.len - 1] == '\t'))
        value.len--;
    return value;
}

static enum MHD_Result take_header(void *argument, enum MHD_ValueKind kind, const char *key,
                                   size_t key_size, const char *value, size_t value_size)
{
    struct http_request *request = argument;
    (void)kind;
    if (!account_for(request, key, key_size) ||
        (value_size > 0 && !account_for(request, value, value_size)))
        return MHD_NO;
    struct http_pair pair = {
        arena_str(&request->arena, str_of(key, key_size)),
        arena_str(&request->arena, trim_blanks(value ? str_of(value, value_size) : STR("")))};
    if (request->header_count == HTTP_HEADERS_MAX) {
        request_refuse(request, 431, STR("there are more than 100 header fields"));
        return MHD_NO;
    }
    if (str_is_none(pair.name) || str_is_none(pair.value)) {
        request_refuse(request, 431, STR("the head of the request is larger than allowed"));
        return MHD_NO;
    }
    if (!header_field_is_token(pair.name) || !header_field_is_value(pair.value)) {
        request_refuse(request, 400, STR("a header field is not well-formed"));
        return MHD_NO;
    }
    request->headers[request->header_count++] = pair;
    return MHD_YES;
}

void *request_cut_query(void *argument, const char *target, struct MHD_Connection *connection)
{
    const char *at = strchr(target, '?');
    (void)argument;
    (void)connection;
    for (int count = 0; at && count < HTTP_QUERY_MAX; count++) at = strchr(at + 1, '&');
    if (!at) return NULL;
    /* The target ends behind the first that is too many. */
    char *end = strchr(at + 1, '&');
    if (end) *end = '\0';
    return NULL;
}

static enum MHD_Result take_query(void *argument, enum MHD_ValueKind kind, const char *key,
                                  size_t key_size, const char *value, size_t value_size)
{
    struct http_request *request = argument;
    (void)kind;
    if (request->query_count == HTTP_QUERY_MAX) {
        request_refuse(request, 400, STR("there are more than 32 query parameters"));
        return MHD_NO;
    }
    if (!account_for_by(request, key, key_size, separates_parts) ||
        (value_size > 0 && !account_for_by(request, value, value_size, separates_parts)))
        return MHD_NO;
    struct http_pair *pair = &request->query[request->query_count];
    struct str name = arena_str(&request->arena, str_of(key, key_size));
    struct str text = arena_str(&request->arena, value ? str_of(value, value_size) : STR(""));
    if (!target_decode(name, &request->arena, &pair->name) ||
        !target_decode(text, &request->arena, &pair->value)) {
        request_refuse(request, 400,
                       STR("a query parameter is not well-formed: an escape is "
                           "invalid, or it is not UTF-8 text"));
        return MHD_NO;
    }
    request->query_count++;
    return MHD_YES;
}

/* RFC 9112, 6.1 and 6.3: two framings of one body are how requests are smuggled past a proxy. */
static void check_framing(struct http_request *request)
{
    struct str coding = http_request_header(request, STR("Transfer-Encoding"));
    struct str length = http_request_header(request, STR("Content-Length"));
    if (!str_is_none(coding) && !str_equal_ignore_case(coding, STR("chunked")))
        request_refuse(request, 400, STR("the only Transfer-Encoding taken is chunked"));
    if (!str_is_none(coding) && !str_is_none(length))
        request_refuse(request, 400,
                       STR("Content-Length and Transfer-Encoding exclude each other"));
    int64_t bytes;
    if (!str_is_none(length) && (!str_to_int64(length, &bytes) || bytes < 0))
        request_refuse(request, 400, STR("Content-Length is no number of bytes"));
    if (http_request_header_repeated(request, STR("Content-Length")) ||
        http_request_header_repeated(request, STR("Transfer-Encoding")))
        request_refuse(request, 400, STR("the length of the body is given twice"));
    if (http_request_header_repeated(request, STR("Host")))
        request_refuse(request, 400, STR("Host is given twice"));
}

/* The answer to an Expect that is not understood is 417 (RFC 9110, 10.1.1). */
static void check_expect(struct http_request *request)
{
    struct str expect = http_request_header(request, STR("Expect"));
    if (!str_is_none(expect) && !str_equal_ignore_case(expect, STR("100-continue")))
        request_refuse(request, 417, STR("the only Expect taken is 100-continue"));
}

static void check_head_size(struct http_request *request, struct MHD_Connection *connection,
                            const char *head)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!info) return;
    size_t fields = request->header_count + request->query_count;
    if (info->header_size + fields * HTTP_FIELD_BYTES > request->server->options.header_max_bytes)
        request_refuse(request, 431, STR("the head of the request is larger than allowed"));
    /* What stands behind the last field. */
    const char *end = head + info->header_size;
    if (end > request->head_read) (void)account_for(request, end, 0);
}

static void take_path(struct http_request *request, const char *url)
{
    struct str path = target_path(arena_str(&request->arena, str_from_cstr(url)));
    if (!str_is_none(path) && !target_escapes_slash(path) &&
        target_decode(path, &request->arena, &request->path))
        return;
    request->path = STR("/");
    request_refuse(request, 400,
                   STR("the path is not well-formed: an escape is invalid or stands for a slash, "
                       "or it is not UTF-8 text"));
}

void request_read_head(struct http_request *request, struct MHD_Connection *connection,
                       const char *url, const char *method, const char *version)
{
    request->method = arena_str(&request->arena, str_from_cstr(method));
    take_path(request, url);
    if (!header_field_is_token(request->method))
        request_refuse(request, 400, STR("the method is no token"));
    request->head_read = url + strlen(url);
    (void)MHD_get_connection_values_n(connection, MHD_GET_ARGUMENT_KIND, take_query, request);
    (void)account_for_by(request, version, strlen(version), separates_parts);
    (void)MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, request);
    if (!request->refusal) check_head_size(request, connection, method);
    check_framing(request);
    check_expect(request);
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

bool request_has_body(const struct http_request *request)
{
    return request_declared_bytes(request) > 0 ||
           !str_is_none(http_request_header(request, STR("Transfer-Encoding")));
}

uint64_t request_declared_bytes(const struct http_request *request)
{
    int64_t length = 0;
    struct str text = http_request_header(request, STR("Content-Length"));
    return str_to_int64(text, &length) && length > 0 ? (uint64_t)length : 0;
}

bool http_request_has_body(const struct http_request *request)
{
    return request_has_body(request);
}

struct str http_request_body(const struct http_request *request)
{
    return str_is_none(request->body) ? STR("") : request->body;
}

struct str http_request_peer(const struct http_request *request)
{
    return request->peer;
}

struct arena *http_request_arena(struct http_request *request)
{
    return &request->arena;
}

bool http_request_draining(const struct http_request *request)
{
    return request->server->draining;
}

bool http_request_gone(const struct http_request *request)
{
    return request->gone || request->server->cut;
}

/* Lets the peer go on with the body, if it waits. */
static void go_on(struct http_request *request)
{
    if (request->suspended && !request->body_ended) exchange_resume(request);
}

enum status http_request_receive(struct http_request *request)
{
    if (!request_has_body(request)) return STATUS_OK;
    if (http_request_gone(request)) return STATUS_IO;
    if (request_declared_bytes(request) > request->server->options.body_max_bytes)
        return STATUS_REQUEST_TOO_LARGE;
    request->gathers = true;
    request->connection->deadline_ms = exchange_body_deadline(request);
    go_on(request);
    while (!request->body_ended && !request->too_large)
        if (!exchange_wait(request, WAIT_BODY)) return STATUS_IO;
    request->connection->deadline_ms = INT64_MAX;
    return request->too_large ? STATUS_REQUEST_TOO_LARGE : STATUS_OK;
}

/* Whoever sends may be silent for idle_timeout_ms, and every byte gives back of it what it may take
 * at the least rate: a slow line is no fault, a body that drips is. What the handler does meanwhile
 * does not count. */
static bool wait_for_chunk(struct http_request *request)
{
    const struct http_options *options = &request->server->options;
    int64_t begun_ms = http_clock_ms();
    if (options->least_bytes_per_s)
        request->connection->deadline_ms = begun_ms + request->patience_ms;
    if (!exchange_wait(request, WAIT_CHUNK)) return false;
    request->connection->deadline_ms = INT64_MAX;
    int64_t left_ms = request->patience_ms - (http_clock_ms() - begun_ms);
    left_ms = (left_ms < 0 ? 0 : left_ms) + exchange_least_ms(request, request->body.len);
    request->patience_ms = left_ms < options->idle_timeout_ms ? left_ms : options->idle_timeout_ms;
    return true;
}

enum status http_request_read(struct http_request *request, struct str *chunk)
{
    *chunk = STR("");
    if (request->gathers || http_request_gone(request)) return STATUS_IO;
    size_t limit = request->server->options.stream_max_bytes;
    if (limit && request_declared_bytes(request) > limit) return STATUS_REQUEST_TOO_LARGE;
    request->streams = true;
    /* The chunk that was given last is read: there is room for the next. */
    request->body = STR_NONE;
    go_on(request);
    while (!request->body.len && !request->body_ended && !request->too_large)
        if (!wait_for_chunk(request)) return STATUS_IO;
    if (request->too_large) return STATUS_REQUEST_TOO_LARGE;
    if (request->body.len) *chunk = request->body;
    return STATUS_OK;
}
