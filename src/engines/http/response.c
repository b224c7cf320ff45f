/* The answer: what handlers set, and how it is sent: head and body at once when it is whole, as
 * chunks when it is streamed. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "engines/http/header_field.h"
#include "engines/http/internal.h"

void http_response_status(struct http_response *response, int status)
{
    response->status = status;
}

void http_response_header(struct http_response *response, struct str name, struct str value)
{
    if (header_field_has_control(value)) return;
    for (size_t i = 0; i < response->header_count; i++) {
        if (!str_equal_ignore_case(response->headers[i].name, name)) continue;
        response->headers[i].value = value;
        return;
    }
    if (response->header_count == HTTP_RESPONSE_HEADERS_MAX) return;
    response->headers[response->header_count++] = (struct http_pair){name, value};
}

void http_response_remove_header(struct http_response *response, struct str name)
{
    for (size_t i = 0; i < response->header_count; i++) {
        if (!str_equal_ignore_case(response->headers[i].name, name)) continue;
        response->headers[i] = response->headers[--response->header_count];
        return;
    }
}

void http_response_body(struct http_response *response, struct str body)
{
    response->body = body;
}

int http_response_get_status(const struct http_response *response)
{
    return response->status;
}

struct str http_response_get_header(const struct http_response *response, struct str name)
{
    for (size_t i = 0; i < response->header_count; i++)
        if (str_equal_ignore_case(response->headers[i].name, name))
            return response->headers[i].value;
    return STR_NONE;
}

struct str http_response_get_body(const struct http_response *response)
{
    return str_is_none(response->body) ? STR("") : response->body;
}

bool http_response_started(const struct http_response *response)
{
    return response->streamed;
}

void http_response_abort(struct http_response *response)
{
    response->aborted = true;
}

/* --- the head --- */

/* RFC 9110, 15; RFC 6585 for 428, 429 and 431. A status without a phrase is a valid one. */
static const struct {
    int status;
    struct str phrase;
} phrases[] = {
    {200, STR("OK")},
    {201, STR("Created")},
    {202, STR("Accepted")},
    {204, STR("No Content")},
    {206, STR("Partial Content")},
    {207, STR("Multi-Status")},
    {301, STR("Moved Permanently")},
    {302, STR("Found")},
    {303, STR("See Other")},
    {304, STR("Not Modified")},
    {307, STR("Temporary Redirect")},
    {308, STR("Permanent Redirect")},
    {400, STR("Bad Request")},
    {401, STR("Unauthorized")},
    {403, STR("Forbidden")},
    {404, STR("Not Found")},
    {405, STR("Method Not Allowed")},
    {406, STR("Not Acceptable")},
    {408, STR("Request Timeout")},
    {409, STR("Conflict")},
    {410, STR("Gone")},
    {412, STR("Precondition Failed")},
    {413, STR("Content Too Large")},
    {414, STR("URI Too Long")},
    {415, STR("Unsupported Media Type")},
    {417, STR("Expectation Failed")},
    {422, STR("Unprocessable Content")},
    {428, STR("Precondition Required")},
    {429, STR("Too Many Requests")},
    {431, STR("Request Header Fields Too Large")},
    {500, STR("Internal Server Error")},
    {501, STR("Not Implemented")},
    {503, STR("Service Unavailable")},
    {504, STR("Gateway Timeout")},
    {507, STR("Insufficient Storage")},
};

struct str http_phrase(int status)
{
    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status) return phrases[i].phrase;
    return STR("");
}

/* RFC 9110, 5.6.7: in English, whatever the process speaks. */
static struct str date_of(struct http_server *server)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    int64_t now_s = clock_ms(CLOCK_REALTIME_COARSE) / 1000;
    struct tm parts;
    time_t seconds = (time_t)now_s;
    if (now_s != server->date_s && gmtime_r(&seconds, &parts)) {
        (void)snprintf(server->date, sizeof(server->date), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                       days[parts.tm_wday], parts.tm_mday, months[parts.tm_mon],
                       parts.tm_year + 1900, parts.tm_hour, parts.tm_min, parts.tm_sec);
        server->date_s = now_s;
    }
    return str_from_cstr(server->date);
}

static bool is_head(const struct http_request *request)
{
    return str_equal(request->method, STR("HEAD"));
}

static bool has_no_body(int status)
{
    return status < 200 || status == 204 || status == 304;
}

/* What an HTTP/1.0 client gets of a stream ends with the connection. */
static bool is_chunked(const struct http_response *response)
{
    return response->streamed && !response->request->is_1_0;
}

/* Room for the status line, Date, Connection and the framing. */
enum { HEAD_FIXED_BYTES = 256, HEAD_ROOM_BYTES = 2048 };

static char *put(char *to, struct str text)
{
    if (text.len) memcpy(to, text.ptr, text.len);
    return to + text.len;
}

static char *put_number(char *to, size_t number)
{
    char digits[24];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return put(to, str_of(digits + at, sizeof(digits) - at));
}

static char *put_field(char *to, struct str name, struct str value)
{
    to = put(put(to, name), STR(": "));
    return put(put(to, value), STR("\r\n"));
}

static char *put_framing(char *to, const struct http_response *response)
{
    if (is_chunked(response)) return put(to, STR("Transfer-Encoding: chunked\r\n"));
    if (response->streamed || has_no_body(response->status)) return to;
    to = put_number(put(to, STR("Content-Length: ")), http_response_get_body(response).len);
    return put(to, STR("\r\n"));
}

static size_t head_bytes_max(const struct http_response *response)
{
    size_t size = HEAD_FIXED_BYTES;
    for (size_t i = 0; i < response->header_count; i++)
        size += response->headers[i].name.len + response->headers[i].value.len + 4;
    return size;
}

/* In `room` or, a long one, in the request's arena; absent when there is no memory. */
static struct str head_of(const struct http_response *response, bool closes,
                          char room[HEAD_ROOM_BYTES])
{
    struct http_request *request = response->request;
    size_t most = head_bytes_max(response);
    char *bytes = most <= HEAD_ROOM_BYTES ? room : arena_alloc(&request->arena, most);
    if (!bytes) return STR_NONE;
    char *to = put_number(put(bytes, STR("HTTP/1.1 ")), (size_t)response->status);
    to = put(put(put(to, STR(" ")), http_phrase(response->status)), STR("\r\n"));
    to = put_field(to, STR("Date"), date_of(request->server));
    for (size_t i = 0; i < response->header_count; i++)
        to = put_field(to, response->headers[i].name, response->headers[i].value);
    to = put_framing(to, response);
    if (closes || request->is_1_0)
        to = put_field(to, STR("Connection"), closes ? STR("close") : STR("keep-alive"));
    return str_of(bytes, (size_t)(put(to, STR("\r\n")) - bytes));
}

/* --- sending --- */

static struct iovec piece_of(struct str text)
{
    return (struct iovec){(void *)(uintptr_t)text.ptr, text.len};
}

/* The head of a stream, with its first chunk. */
static bool send_first(struct http_response *response, struct iovec *pieces, int count)
{
    struct http_request *request = response->request;
    bool closes = request->is_1_0 || !request->keeps || request->server->draining ||
                  !request_can_drain(request);
    char room[HEAD_ROOM_BYTES];
    struct str head = head_of(response, closes, room);
    request->keeps = !closes;
    response->streamed = true;
    if (str_is_none(head)) {
        request->gone = true;
        return false;
    }
    pieces[0] = piece_of(head);
    bool fine = connection_send(request->connection, pieces, is_head(request) ? 1 : count,
                                &request->writing);
    request->answered = is_head(request);
    return fine && !request->answered;
}

enum status http_response_write(struct http_response *response, struct str chunk)
{
    struct http_request *request = response->request;
    bool is_first = !response->streamed;
    char size[24];
    struct iovec pieces[4];
    int count = 1;
    if (http_request_gone(request)) return STATUS_IO;
    response->streamed = true;
    if (chunk.len && is_chunked(response)) {
        int length = snprintf(size, sizeof(size), "%zx\r\n", chunk.len);
        pieces[count++] = piece_of(str_of(size, (size_t)length));
    }
    if (chunk.len) pieces[count++] = piece_of(chunk);
    if (chunk.len && is_chunked(response)) pieces[count++] = piece_of(STR("\r\n"));
    bool fine =
        is_first ? send_first(response, pieces, count)
                 : connection_send(request->connection, pieces + 1, count - 1, &request->writing);
    return fine ? STATUS_OK : STATUS_IO;
}

static bool send_whole(struct http_response *response, bool closes)
{
    struct http_request *request = response->request;
    char room[HEAD_ROOM_BYTES];
    struct str body = http_response_get_body(response), head = head_of(response, closes, room);
    bool has_body = !is_head(request) && !has_no_body(response->status);
    struct iovec pieces[2] = {piece_of(head), piece_of(body)};
    return !str_is_none(head) &&
           connection_send(request->connection, pieces, has_body ? 2 : 1, &request->writing);
}

bool response_finish(struct http_response *response, bool closes)
{
    struct http_request *request = response->request;
    struct iovec end = piece_of(STR("0\r\n\r\n"));
    if (!response->streamed) return send_whole(response, closes);
    if (request->answered) return !request->gone;
    bool is_whole = !response->aborted && !request->gone && !request->refusal.status;
    if (is_whole && is_chunked(response))
        is_whole = connection_send(request->connection, &end, 1, &request->writing);
    /* A stream without chunks ends with the connection: only a reset tells the one from the other.
     */
    request->connection->resets = !is_whole && !is_chunked(response);
    return is_whole;
}
