/* One exchange of request and answer after the other, in a coroutine: the handler, its answer, and
 * what is left of the body. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "engines/http/internal.h"

struct http_request *exchange_new(struct http_connection *connection)
{
    struct http_server *server = connection->server;
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
    int64_t patience_ms = server->options.idle_timeout_ms;
    request->arena = arena;
    request->server = server;
    request->connection = connection;
    request->path = STR("/");
    request->method = STR("");
    request->reading = request->writing =
        (struct http_patience){.left_ms = patience_ms, .filled_ms = patience_ms};
    request->response.status = 200;
    request->response.request = request;
    connection->request = request;
    connection->deadline_ms = INT64_MAX;
    server->active++;
    return request;
}

static void release(struct http_request *request)
{
    struct http_server *server = request->server;
    request->connection->request = NULL;
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

static void refuse(struct http_request *request)
{
    struct http_options *options = &request->server->options;
    struct http_refusal refusal = request->refusal;
    request->response.status = refusal.status;
    request->response.header_count = 0;
    if (options->refuse) {
        options->refuse(options->context, request, &request->response, refusal.status,
                        refusal.reason);
        return;
    }
    http_response_header(&request->response, STR("Content-Type"), STR("text/plain"));
    request->response.body = refusal.reason;
}

static void handle(struct http_request *request)
{
    struct http_options *options = &request->server->options;
    if (!request->refusal.status) options->handle(options->context, request, &request->response);
    FAULT_POINT("http.before_answer");
    /* From the head, or what was read as a body and is none. */
    if (request->refusal.status && !request->response.streamed) refuse(request);
}

/* Answers. The next request of the connection, or NULL. */
static struct http_request *serve_one(struct http_request *request)
{
    struct http_connection *connection = request->connection;
    handle(request);
    bool can_drain = !request->refusal.status && request_can_drain(request);
    bool closes = !request->keeps || !can_drain || request->server->draining;
    bool is_whole = response_finish(&request->response, closes);
    /* What is left is read for the next request's sake alone. */
    request->answered = false;
    request->drains = true;
    bool keeps = is_whole && !closes && request_drain(request);
    bool lingers = is_whole && (!http_body_has_ended(&request->decoder) ||
                                connection_input(connection).len > 0);
    release(request);
    if (keeps) return connection_next(connection);
    connection_end(connection, lingers);
    return NULL;
}

static void serve(void *argument)
{
    struct http_request *request = argument;
    while ((request = serve_one(request))) {
        /* Whoever sends many at once lets the others have their turns. */
        coroutine_resume(coroutine_current());
        coroutine_suspend();
    }
}

void exchange_start(struct http_request *request)
{
    if (loop_spawn(request->server->loop, serve, request)) return;
    /* Not in a coroutine: what the socket does not take at once is lost. */
    request_refuse(request, 503, STR("there are too many requests under way"));
    (void)serve_one(request);
}
