/* One exchange of request and answer as a state machine under libmicrohttpd's callbacks; the life
 * of a request is told in internal.h.
 *
 * An answer that is queued in the first call closes the connection (what follows the head would be
 * taken for a body); so it is queued in a later one, unless the connection is not to be trusted any
 * more.
 */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "engines/http/internal.h"

static struct http_request *acquire(struct http_server *server)
{
    struct http_request *request = server->parked;
    if (request) {
        server->parked = request->next_parked;
        server->parked_count--;
    } else {
        request = malloc(sizeof(*request));
        if (!request) return NULL;
        arena_init(&request->arena, server->options.request_arena_bytes);
    }
    struct arena arena = request->arena;
    memset(request, 0, offsetof(struct http_request, response.headers));
    request->arena = arena;
    request->server = server;
    request->response.status = 200;
    request->response.request = request;
    server->active++;
    return request;
}

static void release(struct http_request *request)
{
    struct http_server *server = request->server;
    server->active--;
    if (server->parked_count >= HTTP_PARKED_REQUESTS_MAX) {
        arena_release(&request->arena);
        free(request);
        return;
    }
    arena_reset(&request->arena);
    request->next_parked = server->parked;
    server->parked = request;
    server->parked_count++;
}

void exchange_suspend(struct http_request *request)
{
    if (request->suspended) return;
    request->suspended = true;
    MHD_suspend_connection(request->connection->mhd);
}

void exchange_resume(struct http_request *request)
{
    request->suspended = false;
    MHD_resume_connection(request->connection->mhd);
    http_server_want_run(request->server);
}

void exchange_wake(struct http_request *request, enum http_wait what)
{
    if (what == WAIT_NOTHING || request->waits != what) return;
    request->waits = WAIT_NOTHING;
    coroutine_resume(request->coroutine);
}

bool exchange_wait(struct http_request *request, enum http_wait what)
{
    if (http_request_gone(request)) return false;
    request->waits = what;
    request->coroutine = coroutine_current();
    coroutine_suspend();
    request->coroutine = NULL;
    return !http_request_gone(request);
}

int64_t exchange_body_deadline(const struct http_request *request)
{
    return http_clock_ms() + request->server->options.idle_timeout_ms;
}

int64_t exchange_least_ms(const struct http_request *request, size_t bytes)
{
    int64_t rate = request->server->options.least_bytes_per_s;
    return rate ? (int64_t)bytes * 1000 / rate : 0;
}

/* By libmicrohttpd's clock a peer that takes a little now and then is never idle. */
int64_t exchange_answer_deadline(const struct http_request *request, size_t bytes)
{
    const struct http_options *options = &request->server->options;
    if (options->least_bytes_per_s == 0) return INT64_MAX;
    return http_clock_ms() + options->idle_timeout_ms + exchange_least_ms(request, bytes);
}

static void limit_answer(struct http_request *request)
{
    size_t left = request->response.streamed ? request->response.pending.len
                                             : http_response_get_body(&request->response).len;
    request->connection->deadline_ms = exchange_answer_deadline(request, left);
}

static void run_handler(void *argument)
{
    struct http_request *request = argument;
    struct http_options *options = &request->server->options;
    options->handle(options->context, request, &request->response);
    FAULT_POINT("http.before_answer");
    request->ended = true;
    if (request->gone) {
        release(request);
        return;
    }
    limit_answer(request);
    if (request->suspended) exchange_resume(request);
}

static void refuse(struct http_request *request)
{
    struct http_options *options = &request->server->options;
    request->ended = true;
    request->response.status = request->refusal;
    request->response.header_count = 0;
    if (options->refuse) {
        options->refuse(options->context, request, &request->response, request->refusal,
                        request->refusal_reason);
        return;
    }
    http_response_header(&request->response, STR("Content-Type"), STR("text/plain"));
    request->response.body = request->refusal_reason;
}

static void start_handler(struct http_request *request)
{
    request->started = true;
    request->connection->deadline_ms = INT64_MAX;
    if (!request->refusal && !loop_spawn(request->server->loop, run_handler, request))
        request_refuse(request, 503, STR("there are too many requests under way"));
    if (!request->refusal) return;
    refuse(request);
    limit_answer(request);
}

/* The answer, or its head, when there is one; else the connection sleeps until there is. */
static enum MHD_Result answer(struct http_request *request, struct MHD_Connection *connection)
{
    if (request->ended || request->response.streamed)
        return response_queue(&request->response, connection) ? MHD_YES : MHD_NO;
    exchange_suspend(request);
    return MHD_YES;
}

/* So small that it is on its way already, and sure to end. */
static bool is_small(const struct http_request *request)
{
    uint64_t length = request_declared_bytes(request);
    return length > 0 && length <= HTTP_SMALL_BYTES &&
           str_is_none(http_request_header(request, STR("Expect")));
}

/* The handler of a request with a body begins before the body: it may refuse by the head alone, and
 * asks for the body when it wants it. An answer before the body is looked at: no 100, no body; only
 * a small one is read, so that the connection can be used again. */
static enum MHD_Result first_call(struct http_request *request, struct MHD_Connection *connection)
{
    bool has_body = request_has_body(request);
    if (!request->started && (has_body || request->refusal)) start_handler(request);
    bool reads = request->waits == WAIT_CHUNK || request->waits == WAIT_BODY;
    bool drains = request->ended && !request->refusal && is_small(request);
    if (request->started && !reads && !drains) {
        request->connection->unread = has_body && (request->ended || request->response.streamed);
        return answer(request, connection);
    }
    if (drains) request->connection->deadline_ms = exchange_body_deadline(request);
    request->head_done = true;
    return MHD_YES;
}

static bool append_body(struct http_request *request, const char *data, size_t count)
{
    size_t have = request->body.len;
    if (request->body_capacity - have < count) {
        size_t capacity = request->body_capacity ? request->body_capacity * 2 : 4096;
        while (capacity - have < count) capacity *= 2;
        char *bytes = arena_realloc(&request->arena, (void *)(uintptr_t)request->body.ptr,
                                    request->body_capacity, capacity);
        if (!bytes) return false;
        request->body.ptr = bytes;
        request->body_capacity = capacity;
    }
    memcpy((char *)(uintptr_t)request->body.ptr + have, data, count);
    request->body.len += count;
    return true;
}

static void gather(struct http_request *request, const char *data, size_t count)
{
    if (request->received_bytes <= request->server->options.body_max_bytes &&
        append_body(request, data, count))
        return;
    request->too_large = true;
    exchange_wake(request, WAIT_BODY);
}

/* Hands a piece to the handler that reads and lets the peer wait until it wants the next. Returns
 * how much was taken. */
static size_t hand_over(struct http_request *request, const char *data, size_t count)
{
    if (!request->chunk) request->chunk = arena_alloc(&request->arena, HTTP_CHUNK_BYTES);
    if (!request->chunk) {
        request->too_large = true;
        exchange_wake(request, WAIT_CHUNK);
        return count;
    }
    if (request->body.len == 0) {
        if (count > HTTP_CHUNK_BYTES) count = HTTP_CHUNK_BYTES;
        memcpy(request->chunk, data, count);
        request->body = str_of(request->chunk, count);
        exchange_wake(request, WAIT_CHUNK);
    } else {
        count = 0;
    }
    exchange_suspend(request);
    return count;
}

static enum MHD_Result body_call(struct http_request *request, const char *data, size_t *data_bytes)
{
    const struct http_options *options = &request->server->options;
    size_t taken = *data_bytes;
    /* A handler that has begun to answer reads no more. */
    bool wanted = !request->ended && !request->too_large && !request->response.streamed;
    if (wanted && request->streams) taken = hand_over(request, data, *data_bytes);
    request->received_bytes += taken;
    if (wanted && request->gathers) gather(request, data, taken);
    if (request->streams && options->stream_max_bytes &&
        request->received_bytes > options->stream_max_bytes)
        request->too_large = true;
    *data_bytes -= taken;
    /* Nobody reads it any more: it is thrown away, but not for ever. */
    if (wanted) return MHD_YES;
    request->wasted_bytes += taken;
    return request->wasted_bytes > HTTP_LINGER_BYTES ? MHD_NO : MHD_YES;
}

/* The request is complete, or was resumed after it was. */
static enum MHD_Result final_call(struct http_request *request, struct MHD_Connection *connection)
{
    if (!request->body_ended) {
        request->body_ended = true;
        exchange_wake(request, request->gathers ? WAIT_BODY : WAIT_CHUNK);
    }
    if (!request->started) start_handler(request);
    return answer(request, connection);
}

static struct http_request *begin(struct http_server *server, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_connection *peer = info ? info->socket_context : NULL;
    struct http_request *request = peer ? acquire(server) : NULL;
    if (!request) return NULL;
    request->connection = peer;
    request->peer = arena_str(&request->arena, str_from_cstr(peer->peer));
    peer->request = request;
    /* The head is complete; now the body must be, until the handler has it. */
    peer->deadline_ms = http_clock_ms() + server->options.idle_timeout_ms;
    request->patience_ms = server->options.idle_timeout_ms;
    request_read_head(request, connection, url, method, version);
    return request;
}

enum MHD_Result exchange_access(void *argument, struct MHD_Connection *connection, const char *url,
                                const char *method, const char *version, const char *data,
                                size_t *data_bytes, void **context)
{
    struct http_request *request = *context;
    if (!request) {
        request = begin(argument, connection, url, method, version);
        if (!request) return MHD_NO;
        *context = request;
    }
    if (!request->head_done) return first_call(request, connection);
    if (*data_bytes) return body_call(request, data, data_bytes);
    return final_call(request, connection);
}

void exchange_completed(void *argument, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode why)
{
    struct http_server *server = argument;
    struct http_request *request = *context;
    (void)connection;
    (void)why;
    if (!request) return;
    *context = NULL;
    request->connection->request = NULL;
    request->connection->was_served = true;
    request->connection->deadline_ms = http_clock_ms() + server->options.idle_timeout_ms;
    request->gone = true;
    if (!request->started || request->ended) {
        release(request);
        return;
    }
    /* The handler still runs: it is told when it next asks for the peer. */
    exchange_wake(request, request->waits);
}
