/* The outbox: events are appended by whoever changes a customer, read by tenant as the feed, and by
 * a relay in one row for all tenants. */
#include "adapters/store/sql_store_internal.h"

enum status sql_events_append(struct store_session *base, const struct event *event,
                              struct error *error)
{
    const struct sql_value values[] = {
        SQL_PARAM_TEXT(event_types[event->type].name),
        SQL_PARAM_TEXT(event->event_id),
        SQL_PARAM_TEXT(event->aggregate_id),
        SQL_PARAM_INT64(event->timestamp),
        SQL_PARAM_TEXT(event->payload),
        SQL_PARAM_TEXT(event->trace),
    };
    return sql_writes_add(&sql_session_of(base)->writes, SQL_WRITES_EVENT, values, error);
}

/* --- reading --- */

static bool event_type_parse(struct str name, enum event_type *type)
{
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        if (!str_equal(name, event_types[i].name)) continue;
        *type = (enum event_type)i;
        return true;
    }
    return false;
}

enum { POSITION, TYPE, EVENT_ID, AGGREGATE_ID, RECORDED_AT, PAYLOAD, TRACE, TENANT };

static enum status decode(const struct sql_rows *rows, size_t i, struct event *event,
                          struct error *error)
{
    *event = (struct event){
        .position = sql_cell_int64(rows, i, POSITION, 0),
        .event_id = sql_cell(rows, i, EVENT_ID),
        .aggregate_id = sql_cell(rows, i, AGGREGATE_ID),
        .timestamp = sql_cell_int64(rows, i, RECORDED_AT, INSTANT_NONE),
        .payload = sql_cell(rows, i, PAYLOAD),
        .trace = sql_cell(rows, i, TRACE),
    };
    if (event_type_parse(sql_cell(rows, i, TYPE), &event->type)) return STATUS_OK;
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "an event of an unknown type is stored");
}

enum status sql_events_list(struct store_session *base, int64_t after, size_t limit,
                            struct arena *arena, struct event **out, size_t *count,
                            struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_INT64(after),
                                       SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_EVENT_LIST, params, arena, &rows, error));
    struct event *events = ARENA_NEW_ARRAY(arena, struct event, rows.row_count);
    if (!events) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) TRY(decode(&rows, i, &events[i], error));
    *out = events;
    *count = rows.row_count;
    return STATUS_OK;
}

enum status sql_events_newest(struct store_session *base, int64_t *position, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(STR(""))};
    struct sql_rows rows;
    TRY(SESSION_QUERY(session, SQL_RELAY_STATE, params, session->arena, &rows, error));
    *position = sql_cell_int64(&rows, 0, 0, 0);
    return STATUS_OK;
}

enum status sql_events_outbox_list(struct store *base, int64_t after, size_t limit,
                                   struct arena *arena, struct outbox_event **out, size_t *count,
                                   struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    const struct sql_value params[] = {SQL_PARAM_INT64(after), SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(driver->query_one(driver, NO_TENANT, SQL_RELAY_EVENTS, params, SQL_COUNT(params), arena,
                          &rows, error));
    struct outbox_event *events = ARENA_NEW_ARRAY(arena, struct outbox_event, rows.row_count);
    if (!events) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) {
        TRY(decode(&rows, i, &events[i].event, error));
        events[i].tenant = sql_cell(&rows, i, TENANT);
    }
    *out = events;
    *count = rows.row_count;
    return STATUS_OK;
}

/* --- a relay's turn --- */

struct turning {
    const struct relay_turn *turn;
    struct relay_state *state;
    struct arena *arena;
};

static enum status take_lease(struct sql_transaction *transaction, const struct turning *turning,
                              struct error *error)
{
    const struct relay_turn *turn = turning->turn;
    const struct sql_value params[] = {SQL_PARAM_TEXT(turn->relay), SQL_PARAM_TEXT(turn->outbox_id),
                                       SQL_PARAM_TEXT(turn->holder),
                                       SQL_PARAM_INT64(turn->lease_ms * (INSTANT_SECOND / 1000)),
                                       SQL_PARAM_INT64(turn->free_ms * (INSTANT_SECOND / 1000))};
    struct sql_rows rows;
    TRY(sql_query(transaction, SQL_RELAY_LEASE_TAKE, params, SQL_COUNT(params), turning->arena,
                  &rows, error));
    if (rows.row_count == 0) return STATUS_OK;
    turning->state->is_ours = true;
    turning->state->epoch = sql_cell_int64(&rows, 0, 0, 0);
    turning->state->outbox_id = sql_cell(&rows, 0, 1);
    return STATUS_OK;
}

static enum status note_position(struct sql_transaction *transaction, const struct turning *turning,
                                 struct error *error)
{
    const struct relay_turn *turn = turning->turn;
    const struct sql_value params[] = {SQL_PARAM_TEXT(turn->relay),
                                       SQL_PARAM_INT64(turn->position)};
    if (!turning->state->is_ours || turn->position < 0) return STATUS_OK;
    return sql_execute(transaction, SQL_RELAY_POSITION_PUT, params, SQL_COUNT(params), error);
}

static enum status run_turn(struct sql_transaction *transaction, void *context, struct error *error)
{
    const struct turning *turning = context;
    struct relay_state *state = turning->state;
    const struct sql_value relay = SQL_PARAM_TEXT(turning->turn->relay);
    struct sql_rows rows;
    *state = (struct relay_state){0};
    TRY(take_lease(transaction, turning, error));
    TRY(note_position(transaction, turning, error));
    TRY(sql_query(transaction, SQL_RELAY_STATE, &relay, 1, turning->arena, &rows, error));
    state->newest = sql_cell_int64(&rows, 0, 0, 0);
    state->position = sql_cell_int64(&rows, 0, 1, 0);
    return STATUS_OK;
}

enum status sql_events_relay_turn(struct store *base, const struct relay_turn *turn,
                                  struct arena *arena, struct relay_state *state,
                                  struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    struct turning turning = {turn, state, arena};
    return driver->transact(driver, SQL_WRITE, NO_TENANT, arena, run_turn, &turning, error);
}
