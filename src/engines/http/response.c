/* The answer: what handlers set, and how libmicrohttpd gets it: bytes as they are when it is whole,
 * a callback that takes from `pending` when it is streamed. */
#include <string.h>

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

enum status http_response_write(struct http_response *response, struct str chunk)
{
    struct http_request *request = response->request;
    if (http_request_gone(request)) return STATUS_IO;
    response->streamed = true;
    response->pending = chunk;
    request->connection->deadline_ms = exchange_answer_deadline(request, chunk.len);
    if (request->suspended) exchange_resume(request);
    while (response->pending.len || !response->given_away)
        if (!exchange_wait(request, WAIT_WRITTEN)) return STATUS_IO;
    request->connection->deadline_ms = INT64_MAX;
    return STATUS_OK;
}

void http_response_abort(struct http_response *response)
{
    response->aborted = true;
}

/* Called by libmicrohttpd when the peer can take more. */
static ssize_t take_pending(void *argument, uint64_t position, char *buffer, size_t max_bytes)
{
    struct http_request *request = argument;
    struct http_response *response = &request->response;
    (void)position;
    if (response->aborted || request->server->cut) return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t count = response->pending.len < max_bytes ? response->pending.len : max_bytes;
    if (count) {
        memcpy(buffer, response->pending.ptr, count);
        response->pending = str_skip(response->pending, count);
        if (!response->pending.len) exchange_wake(request, WAIT_WRITTEN);
        return (ssize_t)count;
    }
    if (request->ended) return MHD_CONTENT_READER_END_OF_STREAM;
    exchange_suspend(request);
    return 0;
}

/* Header texts are zero-terminated at the foreign interface; it copies them. */
static bool add_header(struct MHD_Response *mhd, struct arena *arena, struct http_pair pair)
{
    enum { SHORT_BYTES = 256 };
    char text[SHORT_BYTES];
    size_t need = pair.name.len + pair.value.len + 2;
    char *name = need <= SHORT_BYTES ? text : arena_alloc(arena, need);
    if (!name) return false;
    memcpy(name, pair.name.ptr, pair.name.len);
    name[pair.name.len] = '\0';
    char *value = name + pair.name.len + 1;
    if (pair.value.len) memcpy(value, pair.value.ptr, pair.value.len);
    value[pair.value.len] = '\0';
    return MHD_add_response_header(mhd, name, value) == MHD_YES;
}

static struct MHD_Response *make(struct http_response *response)
{
    struct http_request *request = response->request;
    if (response->streamed)
        return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, HTTP_CHUNK_BYTES, take_pending,
                                                 request, NULL);
    struct str body = http_response_get_body(response);
    /* The bytes live in the request's arena, which outlives the answer. */
    return MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr,
                                           MHD_RESPMEM_PERSISTENT);
}

bool response_queue(struct http_response *response, struct MHD_Connection *connection)
{
    struct http_request *request = response->request;
    struct MHD_Response *mhd = make(response);
    if (!mhd) return false;
    bool fine = true;
    for (size_t i = 0; i < response->header_count; i++)
        fine = fine && add_header(mhd, &request->arena, response->headers[i]);
    if (request->server->draining)
        fine = fine && add_header(mhd, &request->arena,
                                  (struct http_pair){STR("Connection"), STR("close")});
    fine = fine && MHD_queue_response(connection, (unsigned)response->status, mhd) == MHD_YES;
    MHD_destroy_response(mhd);
    response->given_away = fine;
    if (fine && response->streamed && !response->pending.len) exchange_wake(request, WAIT_WRITTEN);
    return fine;
}
