/* What was delivered to a webhook, and delivering it again: see webhooks.h. */
#include "application/customer.h"
#include "application/webhooks.h"
#include "base/identifier.h"

/* --- the log --- */

struct reading {
    struct str webhook_id;
    struct webhook_filter filter;
    size_t limit;
    struct arena *arena;
    struct webhook_delivery *rows;
    size_t count;
};

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    struct webhook_row row;
    TRY(webhook_get(session, reading->webhook_id, STORE_NO_LOCK, reading->arena, &row, error));
    return webhook_delivery_list(session, reading->webhook_id, &reading->filter, reading->limit + 1,
                                 reading->arena, &reading->rows, &reading->count, error);
}

static struct str number_text(int64_t number, struct arena *arena)
{
    return arena_format(arena, "%lld", (long long)number);
}

static void write_delivery(struct json_writer *writer, const struct webhook_delivery *row,
                           struct arena *arena)
{
    json_object_begin(writer);
    json_member_string(writer, STR("deliveryId"), number_text(row->number, arena));
    json_key(writer, STR("position"));
    json_int64(writer, row->position);
    json_member_string(writer, STR("eventId"), row->event_id);
    json_member_string(writer, STR("eventType"), row->event_type);
    json_member_string(writer, STR("customerId"), row->customer_id);
    results_instant(writer, STR("at"), row->at);
    json_key(writer, STR("attempt"));
    json_int64(writer, row->attempt);
    json_member_string(writer, STR("outcome"), webhook_outcome_name(row->outcome));
    json_member_string(writer, STR("reason"), webhook_reason_name(row->reason));
    json_key(writer, STR("httpStatus"));
    if (row->http_status > 0)
        json_int64(writer, row->http_status);
    else
        json_null(writer);
    json_key(writer, STR("tookMs"));
    json_int64(writer, row->took_ms);
    json_object_end(writer);
}

static enum status read_number(struct str text, struct str name, int64_t *number,
                               struct error *error)
{
    if (str_to_int64(text, number) && *number > 0) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, name, STR("a deliveryId of the log"),
                     "is not the id of a delivery");
}

enum status webhooks_deliveries(struct application *application, const struct caller *caller,
                                struct str webhook_id, bool failed, struct str cursor, size_t limit,
                                struct arena *arena, struct json_page *page, struct error *error)
{
    struct reading reading = {.webhook_id = webhook_id,
                              .filter = {.before = INT64_MAX, .failed = failed},
                              .arena = arena};
    if (!str_is_none(cursor) &&
        read_number(cursor, STR("cursor"), &reading.filter.before, NULL) != STATUS_OK)
        return results_bad_cursor(error);
    TRY(results_limit(application, limit, &reading.limit, error));
    TRY(store_read(application->store, caller->tenant, arena, list_body, &reading, error));
    size_t shown = reading.count > reading.limit ? reading.limit : reading.count;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    page->next =
        reading.count > shown ? number_text(reading.rows[shown - 1].number, arena) : STR_NONE;
    results_page_begin(&writer);
    for (size_t i = 0; i < shown; i++) write_delivery(&writer, &reading.rows[i], arena);
    results_page_end(&writer, page->next);
    page->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- again --- */

struct repeating {
    struct webhook_work work;
    int64_t number;      /* of a row of the log */
    struct str event_id; /* of a test */
};

static struct repeating repeating_of(struct application *application, const struct caller *caller,
                                     struct str webhook_id, struct arena *arena)
{
    return (struct repeating){
        .work = {.application = application,
                 .caller = caller,
                 .arena = arena,
                 .webhook_id = webhook_id,
                 .if_match = IF_MATCH_ANY,
                 .now = application->environment->now(application->environment)}};
}

static enum status take_active(struct store_session *session, struct webhook_work *work,
                               struct error *error)
{
    TRY(webhooks_take(session, work, error));
    return work->row.state == WEBHOOK_ACTIVE ? STATUS_OK
                                             : error_plain(error, STATUS_WEBHOOK_DISABLED);
}

/* What is behind the position is read again, so it is held no longer. */
static enum status replay_body(struct store_session *session, void *context, struct error *error)
{
    enum { PAGE = 1000 };
    struct webhook_work *work = &((struct repeating *)context)->work;
    struct webhook_held *held;
    int64_t newest, after = -1;
    size_t count;
    TRY(take_active(session, work, error));
    TRY(store_event_newest(session, &newest, error));
    TRY(webhooks_position(work->body, STR("after"), newest, &after, error));
    if (after < 0)
        return error_set(error, STATUS_REQUIRED_FIELD, STR("after"), STR("a position of the feed"),
                         "the field is required");
    do {
        TRY(webhook_held_list(session, work->webhook_id, after, PAGE, work->arena, &held, &count,
                              error));
        for (size_t i = 0; i < count; i++)
            TRY(webhook_held_remove(session, work->webhook_id, held[i].position, error));
    } while (count == PAGE);
    work->row.progress.position = after;
    TRY(webhooks_turn(session, work, error));
    return webhook_held_count(session, work->webhook_id, &work->held, error);
}

enum status webhooks_replay(struct application *application, const struct caller *caller,
                            struct str webhook_id, const struct json_value *body,
                            struct arena *arena, struct webhook_view *view, struct error *error)
{
    static const struct str known[] = {STR("after"), STR_NONE};
    struct repeating repeating = repeating_of(application, caller, webhook_id, arena);
    TRY(customer_known_members(body, known, STR("after"), error));
    repeating.work.body = body;
    TRY(store_write(application->store, caller->tenant, arena, replay_body, &repeating, error));
    webhooks_wake(application);
    return webhooks_view(&repeating.work, view, error);
}

static enum status hold(struct store_session *session, struct webhook_work *work, int64_t position,
                        struct str event_id, struct str customer_id, struct error *error)
{
    const struct webhook_held held = {.position = position,
                                      .event_id = event_id,
                                      .customer_id = customer_id,
                                      .next_at = work->now};
    TRY(webhook_held_put(session, work->webhook_id, &held, error));
    TRY(webhooks_turn(session, work, error));
    return webhook_held_count(session, work->webhook_id, &work->held, error);
}

static enum status replay_delivery_body(struct store_session *session, void *context,
                                        struct error *error)
{
    struct repeating *repeating = context;
    struct webhook_work *work = &repeating->work;
    struct webhook_delivery row;
    struct event *events;
    size_t count;
    TRY(take_active(session, work, error));
    TRY(webhook_delivery_get(session, work->webhook_id, repeating->number, work->arena, &row,
                             error));
    if (row.position == 0) /* a test is made anew */
        return hold(session, work, 0, row.event_id, row.customer_id, error);
    TRY(store_event_list(session, row.position - 1, 1, work->arena, &events, &count, error));
    if (count == 0 || events[0].position != row.position)
        return error_plain(error, STATUS_DELIVERY_NOT_FOUND);
    /* What is not behind the position was delivered while something slow kept that back; who
     * delivers reads from there again. */
    if (row.position > work->row.progress.position) {
        TRY(webhooks_turn(session, work, error));
        return webhook_held_count(session, work->webhook_id, &work->held, error);
    }
    return hold(session, work, row.position, row.event_id, row.customer_id, error);
}

enum status webhooks_replay_delivery(struct application *application, const struct caller *caller,
                                     struct str webhook_id, struct str delivery_id,
                                     struct arena *arena, struct webhook_view *view,
                                     struct error *error)
{
    struct repeating repeating = repeating_of(application, caller, webhook_id, arena);
    if (!str_to_int64(delivery_id, &repeating.number)) repeating.number = 0; /* is nobody's */
    TRY(store_write(application->store, caller->tenant, arena, replay_delivery_body, &repeating,
                    error));
    webhooks_wake(application);
    return webhooks_view(&repeating.work, view, error);
}

static enum status test_body(struct store_session *session, void *context, struct error *error)
{
    struct repeating *repeating = context;
    TRY(take_active(session, &repeating->work, error));
    return hold(session, &repeating->work, 0, repeating->event_id, repeating->work.webhook_id,
                error);
}

enum status webhooks_test(struct application *application, const struct caller *caller,
                          struct str webhook_id, struct arena *arena, struct str *json,
                          struct error *error)
{
    struct repeating repeating = repeating_of(application, caller, webhook_id, arena);
    repeating.event_id = identifier_new(application->environment, STR("evt"), arena);
    *json = arena_format(arena, "{\"eventId\":\"%.*s\"}", STR_ARGS(repeating.event_id));
    if (str_is_none(repeating.event_id) || str_is_none(*json))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_write(application->store, caller->tenant, arena, test_body, &repeating, error));
    webhooks_wake(application);
    return STATUS_OK;
}
