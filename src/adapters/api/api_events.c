/* GET /events: the change feed, as lines of JSON or as server-sent events.
 *
 * Lines come a page at a time: the answer ends after `limit` events or with the last there is, and
 * the reader asks again after the last position. With follow=true, and always as server-sent events
 * (Accept: text/event-stream, WHATWG HTML 9.2), the answer goes on: news is looked for every
 * stream_poll_ms, and a heartbeat every stream_heartbeat_ms shows both sides that the other is
 * alive (an empty line, or a comment). A reader that lost its connection resumes with after= or
 * Last-Event-ID. A followed answer ends as well after `limit` events, when that is given.
 *
 * Memory: each page is written with what the last one used.
 *
 * Followed feeds are few, and every tenant has a share: one may follow as many as are left free. So
 * one alone has half of them, ten that take what they can get leave an eleventh for who comes next,
 * and nobody has to say how many tenants there are.
 */
#include "adapters/api/handlers.h"
#include "adapters/api/internal.h"
#include "adapters/api/negotiate.h"
#include "application/read_events.h"

enum { EVENTS_PAGE = 500, EVENTS_MOST = 10000 };

struct feed {
    struct feed *next; /* among those that are followed on this loop */
    struct call *call;
    bool server_sent;
    bool follow;
    int64_t after;
    int64_t left; /* events that may still be sent */
    struct arena_mark mark;
};

static enum status read_position(const struct call *call, int64_t *after, struct error *error)
{
    struct str last = http_request_header(call->request, STR("Last-Event-ID"));
    TRY(call_query_int64(call, STR("after"), 0, 0, INT64_MAX, after, error));
    /* A browser that reconnects sends the address it began with, and the last id it saw. */
    if (str_is_none(last) || last.len == 0) return STATUS_OK;
    if (str_to_int64(last, after) && *after >= 0) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("Last-Event-ID"),
                     STR("the id of an event of this feed"),
                     "the header Last-Event-ID is not a position");
}

static enum status read_form(struct call *call, struct feed *feed, struct error *error)
{
    struct str accept = http_request_header(call->request, STR("Accept"));
    TRY(call_query_boolean(call, STR("follow"), &feed->follow, error));
    feed->server_sent =
        negotiate_prefers(accept, STR("text/event-stream"), STR("application/x-ndjson"));
    if (feed->server_sent) feed->follow = true;
    if (feed->server_sent || negotiate_accept(accept, STR("application/x-ndjson")) > 0 ||
        negotiate_accept(accept, STR("application/ndjson")) > 0)
        return STATUS_OK;
    return error_set(error, STATUS_NOT_ACCEPTABLE, STR("Accept"),
                     STR("application/x-ndjson | text/event-stream"),
                     "nothing of what Accept names can be given");
}

static enum status read_limit(struct call *call, struct feed *feed, struct error *error)
{
    feed->left = INT64_MAX;
    if (feed->follow && str_is_none(call_query(call, STR("limit")))) return STATUS_OK;
    return call_query_int64(call, STR("limit"), EVENTS_PAGE, 1, EVENTS_MOST, &feed->left, error);
}

static void write_event(struct buffer *out, const struct feed *feed, const struct event *event)
{
    struct json_writer writer = {.out = out};
    if (feed->server_sent) {
        buffer_append(out, STR("id: "));
        buffer_append_int64(out, event->position);
        buffer_append(out, STR("\nevent: "));
        buffer_append(out, event_types[event->type].name);
        buffer_append(out, STR("\ndata: "));
    }
    event_write(&writer, event, feed->call->caller.tenant);
    buffer_append(out, feed->server_sent ? STR("\n\n") : STR("\n"));
}

/* One page: `*count` events were sent. */
static enum status send_page(struct feed *feed, size_t *count, struct error *error)
{
    struct call *call = feed->call;
    struct event *events;
    size_t limit = feed->left > EVENTS_PAGE ? EVENTS_PAGE : (size_t)feed->left;
    struct buffer out = {.arena = call->arena};
    arena_rewind(call->arena, feed->mark);
    *count = 0;
    if (limit == 0) return STATUS_OK;
    TRY(read_events(call_application(call), &call->caller, feed->after, limit, call->arena, &events,
                    count, error));
    for (size_t i = 0; i < *count; i++) write_event(&out, feed, &events[i]);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (*count == 0) return STATUS_OK;
    feed->after = events[*count - 1].position;
    feed->left -= (int64_t)*count;
    enum status status = http_response_write(call->response, buffer_str(&out));
    return status == STATUS_OK ? STATUS_OK : error_plain(error, status);
}

static enum status send_heartbeat(struct feed *feed, struct error *error)
{
    struct str beat = feed->server_sent ? STR(": alive\n\n") : STR("\n");
    enum status status = http_response_write(feed->call->response, beat);
    return status == STATUS_OK ? STATUS_OK : error_plain(error, status);
}

/* Who follows is asked anew when the token has ended. */
static bool is_over(const struct call *call)
{
    struct environment *environment = call_application(call)->environment;
    return http_request_draining(call->request) || http_request_gone(call->request) ||
           (call->expires_at != INSTANT_NONE && environment->now(environment) >= call->expires_at);
}

static enum status follow(struct feed *feed, struct error *error)
{
    const struct api_limits *limits = &call_options(feed->call)->limits;
    int64_t silent_ms = 0;
    size_t count;
    for (;;) {
        TRY(send_page(feed, &count, error));
        if (count > 0) silent_ms = 0;
        if (feed->left == 0 || is_over(feed->call)) return STATUS_OK;
        if (count == EVENTS_PAGE) continue;
        coroutine_sleep(limits->stream_poll_ms);
        silent_ms += limits->stream_poll_ms;
        if (silent_ms < limits->stream_heartbeat_ms) continue;
        TRY(send_heartbeat(feed, error));
        silent_ms = 0;
    }
}

static enum status send_all(struct feed *feed, struct error *error)
{
    size_t count;
    do {
        TRY(send_page(feed, &count, error));
    } while (count == EVENTS_PAGE && feed->left > 0);
    if (http_response_started(feed->call->response)) return STATUS_OK;
    http_response_body(feed->call->response, STR(""));
    return STATUS_OK;
}

static enum status check_share(const struct feed *feed, struct error *error)
{
    const struct api_worker *worker = feed->call->worker;
    size_t held = 0, followed = 0, most = call_options(feed->call)->limits.streams_max;
    for (const struct feed *at = worker->feeds; at; at = at->next) {
        followed++;
        held += str_equal(at->call->caller.tenant, feed->call->caller.tenant);
    }
    if (followed >= most)
        return error_set(error, STATUS_RATE_LIMITED, STR(""), STR(""),
                         "too many feeds are followed on this instance already");
    if (held < most - followed) return STATUS_OK;
    return error_set(error, STATUS_RATE_LIMITED, STR(""), STR(""),
                     "the tenant follows %zu feeds already: as many as are left for all others",
                     held);
}

static void feed_leave(struct feed *feed)
{
    struct feed **at = &feed->call->worker->feeds;
    while (*at != feed) at = &(*at)->next;
    *at = feed->next;
}

static enum status follow_counted(struct feed *feed, struct error *error)
{
    struct api_worker *worker = feed->call->worker;
    TRY(check_share(feed, error));
    feed->next = worker->feeds;
    worker->feeds = feed;
    metrics_add(&worker->metrics.streams, 1);
    /* The head goes out at once, so that the reader knows that it is connected. */
    struct str hello = feed->server_sent ? STR("retry: 1000\n\n") : STR("");
    enum status status = http_response_write(feed->call->response, hello);
    status = status == STATUS_OK ? follow(feed, error) : error_plain(error, status);
    feed_leave(feed);
    metrics_add(&worker->metrics.streams, -1);
    return status;
}

enum status api_events_read(struct call *call, struct error *error)
{
    struct feed feed = {.call = call};
    TRY(read_form(call, &feed, error));
    TRY(read_position(call, &feed.after, error));
    TRY(read_limit(call, &feed, error));
    http_response_header(call->response, STR("Content-Type"),
                         feed.server_sent ? STR("text/event-stream") : STR("application/x-ndjson"));
    http_response_header(call->response, STR("Cache-Control"), STR("no-store"));
    /* Proxies that know the word pass events on as they come. */
    if (feed.follow) http_response_header(call->response, STR("X-Accel-Buffering"), STR("no"));
    feed.mark = arena_mark(call->arena);
    return feed.follow ? follow_counted(&feed, error) : send_all(&feed, error);
}
