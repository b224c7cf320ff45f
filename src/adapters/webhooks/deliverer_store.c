/* What the deliverer reads of the store and writes to it, webhook by webhook. */
#include "adapters/webhooks/deliverer_internal.h"
#include "base/fault.h"
#include "base/log.h"

enum { HELD_PAGE = 1000, FEED_PAGE = 500 };

/* --- taking up --- */

struct loading {
    struct deliverer *self;
    struct str webhook_id;
    struct webhook_row row;
    struct webhook_held *held;
    size_t held_count;
    bool is_ours;
};

static enum status read_held(struct store_session *session, struct loading *loading,
                             struct error *error)
{
    struct arena *arena = &loading->self->arena;
    int64_t all, after = -1;
    size_t count;
    TRY(webhook_held_count(session, loading->webhook_id, &all, error));
    loading->held = ARENA_NEW_ARRAY(arena, struct webhook_held, (size_t)all + 1);
    if (!loading->held) return error_plain(error, STATUS_OUT_OF_MEMORY);
    loading->held_count = 0;
    while (loading->held_count < (size_t)all) {
        struct webhook_held *page;
        TRY(webhook_held_list(session, loading->webhook_id, after, HELD_PAGE, arena, &page, &count,
                              error));
        for (size_t i = 0; i < count && loading->held_count < (size_t)all; i++)
            loading->held[loading->held_count++] = page[i];
        if (count == 0) break;
        after = page[count - 1].position;
    }
    return STATUS_OK;
}

/* A higher epoch is of somebody who has the lease after us. */
static enum status load_body(struct store_session *session, void *context, struct error *error)
{
    struct loading *loading = context;
    struct deliverer *self = loading->self;
    loading->is_ours = false;
    enum status status =
        webhook_get(session, loading->webhook_id, STORE_LOCK, &self->arena, &loading->row, error);
    if (status == STATUS_WEBHOOK_NOT_FOUND) return STATUS_OK;
    TRY(status);
    if (loading->row.state != WEBHOOK_ACTIVE || loading->row.progress.epoch > self->epoch)
        return STATUS_OK;
    loading->row.progress.epoch = self->epoch;
    TRY(read_held(session, loading, error));
    TRY(webhook_update(session, &loading->row, error));
    loading->is_ours = true;
    return STATUS_OK;
}

static bool add_held(struct lane *lane, const struct webhook_held *held, instant now)
{
    const struct lane_event event = {.position = held->position,
                                     .attempts = held->attempts,
                                     .next_at = held->next_at,
                                     .is_held = true,
                                     .event_id = held->event_id,
                                     .customer_id = held->customer_id};
    return lane_add(lane, &event, now);
}

enum status deliverer_load(struct deliverer *self, struct str tenant, struct str webhook_id,
                           struct lane **lane, struct error *error)
{
    struct environment *environment = self->options.environment;
    struct loading loading = {.self = self, .webhook_id = webhook_id};
    *lane = NULL;
    TRY(store_write(self->options.store, tenant, &self->arena, load_body, &loading, error));
    if (!loading.is_ours) return STATUS_OK;
    loading.row.tenant = tenant;
    struct lane *fresh = lane_new(&loading.row, &self->options.rules);
    bool fine = fresh != NULL;
    for (size_t i = 0; fine && i < loading.held_count; i++)
        fine = add_held(fresh, &loading.held[i], environment->now(environment));
    if (fine) {
        *lane = fresh;
        return STATUS_OK;
    }
    lane_free(fresh);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* --- reading the feed --- */

struct reading {
    int64_t after;
    size_t limit;
    struct arena *arena;
    struct event *events;
    size_t count;
};

static enum status read_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_event_list(session, reading->after, reading->limit, reading->arena,
                            &reading->events, &reading->count, error);
}

/* The same bytes as a line of the feed. */
static struct str body_of(const struct event *event, struct str tenant, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    event_write(&writer, event, tenant);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static bool add_event(struct lane *lane, const struct event *event, struct arena *arena,
                      instant now)
{
    const struct lane_event added = {.position = event->position,
                                     .next_at = now,
                                     .type_bit = WEBHOOK_TYPE_BIT(event->type),
                                     .event_id = event->event_id,
                                     .customer_id = event->aggregate_id,
                                     .body = body_of(event, lane->tenant, arena),
                                     .trace = event->trace};
    return !str_is_none(added.body) && lane_add(lane, &added, now);
}

enum status deliverer_read(struct deliverer *self, struct lane *lane, instant now,
                           struct error *error)
{
    size_t room = lane_room(lane, now);
    struct reading reading = {.after = lane->read_position,
                              .limit = room < FEED_PAGE ? room : FEED_PAGE,
                              .arena = &self->arena};
    TRY(store_read(self->options.store, lane->tenant, &self->arena, read_body, &reading, error));
    for (size_t i = 0; i < reading.count; i++) {
        const struct event *event = &reading.events[i];
        if ((lane->types & WEBHOOK_TYPE_BIT(event->type)) &&
            !add_event(lane, event, &self->arena, now))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        lane->read_position = event->position;
    }
    if (reading.count < reading.limit) lane->has_news = false;
    return STATUS_OK;
}

/* It tells of nothing and nobody. */
static struct str test_body(const struct lane *lane, const struct lane_item *item, instant now,
                            struct arena *arena)
{
    char time[INSTANT_TEXT_MAX];
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("eventType"), STR("WebhookTestEvent"));
    json_member_string(&writer, STR("eventId"), item->event_id);
    json_member_string(&writer, STR("timestamp"), instant_format(now, time));
    json_member_string(&writer, STR("aggregateId"), lane->row.webhook_id);
    json_member_string(&writer, STR("tenantId"), lane->tenant);
    json_key(&writer, STR("payload"));
    json_object_begin(&writer);
    json_member_string(&writer, STR("webhookId"), lane->row.webhook_id);
    json_object_end(&writer);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status deliverer_fill(struct deliverer *self, struct lane *lane, struct lane_item *item,
                           instant now, bool *is_there, struct error *error)
{
    struct arena *arena = &self->arena;
    struct reading reading = {.after = item->position - 1, .limit = 1, .arena = arena};
    struct str body, trace = STR_NONE;
    uint32_t type_bit = 0;
    *is_there = true;
    if (!str_is_none(item->body)) return STATUS_OK;
    if (item->position == 0) {
        body = test_body(lane, item, now, arena);
    } else {
        TRY(store_read(self->options.store, lane->tenant, arena, read_body, &reading, error));
        *is_there = reading.count > 0 && reading.events[0].position == item->position;
        if (!*is_there) return STATUS_OK;
        body = body_of(&reading.events[0], lane->tenant, arena);
        trace = reading.events[0].trace;
        type_bit = WEBHOOK_TYPE_BIT(reading.events[0].type);
    }
    return !str_is_none(body) && lane_fill(item, body, trace, type_bit)
               ? STATUS_OK
               : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* --- writing down --- */

struct writing {
    struct deliverer *self;
    struct lane *lane;
    instant now;
    bool is_void;
};

static enum status write_held(struct store_session *session, const struct lane *lane,
                              struct error *error)
{
    struct str id = lane->row.webhook_id;
    for (size_t i = 0; i < lane->gone_count; i++)
        TRY(webhook_held_remove(session, id, lane->gone[i], error));
    for (const struct lane_item *item = lane->first; item && item->is_held; item = item->next) {
        const struct webhook_held held = {.position = item->position,
                                          .event_id = item->event_id,
                                          .customer_id = item->customer_id,
                                          .attempts = item->attempts,
                                          .next_at = item->next_at};
        if (item->is_dirty) TRY(webhook_held_put(session, id, &held, error));
    }
    return STATUS_OK;
}

/* The log is cut now and then, by a tenth of what it may have; by its age once an hour or so. */
static enum status write_log(struct store_session *session, const struct writing *writing,
                             struct error *error)
{
    const struct deliverer_options *options = &writing->self->options;
    const struct lane *lane = writing->lane;
    int64_t last = lane->row.progress.log_number, first = last - (int64_t)lane->log_count;
    int64_t step = options->log_max / 10 + 1;
    bool hourly =
        writing->now / (3600 * INSTANT_SECOND) != lane->written_at / (3600 * INSTANT_SECOND);
    for (size_t i = 0; i < lane->log_count; i++)
        TRY(webhook_delivery_append(session, lane->row.webhook_id, &lane->log[i], error));
    if (last / step == first / step && !hourly) return STATUS_OK;
    instant before = writing->now - options->log_keep_ms * (INSTANT_SECOND / 1000);
    return webhook_delivery_trim(session, lane->row.webhook_id, last - options->log_max,
                                 hourly ? before : INSTANT_NONE, error);
}

static enum status write_body(struct store_session *session, void *context, struct error *error)
{
    struct writing *writing = context;
    const struct lane *lane = writing->lane;
    struct webhook_row row;
    enum status status =
        webhook_get(session, lane->row.webhook_id, STORE_LOCK, &writing->self->arena, &row, error);
    writing->is_void = status == STATUS_WEBHOOK_NOT_FOUND;
    if (writing->is_void) return STATUS_OK;
    TRY(status);
    writing->is_void = row.progress.epoch != lane->row.progress.epoch ||
                       row.progress.turn != lane->row.progress.turn;
    if (writing->is_void) return STATUS_OK;
    TRY(write_held(session, lane, error));
    TRY(write_log(session, writing, error));
    row.progress = lane->row.progress;
    row.progress.position = lane_position(lane);
    if (lane->is_disabled) {
        row.state = WEBHOOK_DISABLED;
        row.cause = lane->cause;
        row.disabled_at = row.updated_at = writing->now;
        row.version++;
    }
    return webhook_update(session, &row, error);
}

enum status deliverer_write(struct deliverer *self, struct lane *lane, instant now, bool *is_void,
                            struct error *error)
{
    struct writing writing = {.self = self, .lane = lane, .now = now};
    FAULT_POINT("webhooks.sent");
    TRY(store_write(self->options.store, lane->tenant, &self->arena, write_body, &writing, error));
    FAULT_POINT("webhooks.written");
    *is_void = writing.is_void;
    return STATUS_OK;
}
