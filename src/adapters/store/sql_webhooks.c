/* Webhooks, what is held of them, and the log of their deliveries. */
#include "adapters/store/sql_store_internal.h"

enum { WEBHOOK_COLUMNS = 24 };

/* --- subscriptions --- */

/* Insert and update take the same values in the same order. */
static enum status write_row(struct store_session *base, const struct sql_statement *statement,
                             const struct webhook_row *row, struct error *error)
{
    const struct webhook_progress *progress = &row->progress;
    bool disabled = row->state == WEBHOOK_DISABLED;
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),
        SQL_PARAM_TEXT(row->webhook_id),
        SQL_PARAM_TEXT(row->url),
        SQL_PARAM_TEXT(row->event_types),
        SQL_PARAM_TEXT(row->description),
        SQL_PARAM_TEXT(webhook_state_name(row->state)),
        SQL_PARAM_TEXT(disabled ? webhook_cause_name(row->cause) : STR_NONE),
        sql_instant(row->disabled_at),
        SQL_PARAM_INT64(row->version),
        SQL_PARAM_TEXT(row->created_by),
        SQL_PARAM_INT64(row->created_at),
        SQL_PARAM_INT64(row->updated_at),
        SQL_PARAM_TEXT(row->key_id),
        SQL_PARAM_TEXT(row->salt),
        SQL_PARAM_TEXT(row->previous_salt),
        sql_instant(row->previous_until),
        SQL_PARAM_INT64(progress->position),
        SQL_PARAM_INT64(progress->epoch),
        SQL_PARAM_INT64(progress->turn),
        SQL_PARAM_INT64(progress->delivered),
        SQL_PARAM_INT64(progress->given_up),
        SQL_PARAM_INT64(progress->failures),
        sql_instant(progress->failing_since),
        sql_instant(progress->delivered_at),
        SQL_PARAM_INT64(progress->log_number),
    };
    return SESSION_EXECUTE(sql_session_of(base), statement, params, error);
}

static enum status insert(struct store_session *base, const struct webhook_row *row,
                          struct error *error)
{
    return write_row(base, SQL_WEBHOOK_INSERT, row, error);
}

static enum status update(struct store_session *base, const struct webhook_row *row,
                          struct error *error)
{
    return write_row(base, SQL_WEBHOOK_UPDATE, row, error);
}

static enum status unknown_word(struct error *error)
{
    return error_set(error, STATUS_STORE_CORRUPT, STR_NONE, STR_NONE,
                     "a webhook or delivery with an unknown word is stored");
}

static void decode_progress(const struct sql_rows *rows, size_t at, struct webhook_progress *out)
{
    *out = (struct webhook_progress){
        .position = sql_cell_int64(rows, at, 15, 0),
        .epoch = sql_cell_int64(rows, at, 16, 0),
        .turn = sql_cell_int64(rows, at, 17, 0),
        .delivered = sql_cell_int64(rows, at, 18, 0),
        .given_up = sql_cell_int64(rows, at, 19, 0),
        .failures = sql_cell_int64(rows, at, 20, 0),
        .failing_since = sql_cell_int64(rows, at, 21, INSTANT_NONE),
        .delivered_at = sql_cell_int64(rows, at, 22, INSTANT_NONE),
        .log_number = sql_cell_int64(rows, at, 23, 0),
    };
}

static enum status decode(const struct sql_rows *rows, size_t at, struct webhook_row *row,
                          struct error *error)
{
    struct str cause = sql_cell(rows, at, 5);
    *row = (struct webhook_row){
        .webhook_id = sql_cell(rows, at, 0),
        .url = sql_cell(rows, at, 1),
        .event_types = sql_cell(rows, at, 2),
        .description = sql_cell(rows, at, 3),
        .disabled_at = sql_cell_int64(rows, at, 6, INSTANT_NONE),
        .version = sql_cell_int64(rows, at, 7, 0),
        .created_by = sql_cell(rows, at, 8),
        .created_at = sql_cell_int64(rows, at, 9, INSTANT_NONE),
        .updated_at = sql_cell_int64(rows, at, 10, INSTANT_NONE),
        .key_id = sql_cell(rows, at, 11),
        .salt = sql_cell(rows, at, 12),
        .previous_salt = sql_cell(rows, at, 13),
        .previous_until = sql_cell_int64(rows, at, 14, INSTANT_NONE),
    };
    decode_progress(rows, at, &row->progress);
    if (rows->column_count > WEBHOOK_COLUMNS) row->tenant = sql_cell(rows, at, WEBHOOK_COLUMNS);
    bool known = webhook_state_parse(sql_cell(rows, at, 4), &row->state) &&
                 (str_is_none(cause) || webhook_cause_parse(cause, &row->cause));
    return known ? STATUS_OK : unknown_word(error);
}

static enum status decode_all(const struct sql_rows *rows, struct arena *arena,
                              struct webhook_row **out, size_t *count, struct error *error)
{
    struct webhook_row *list = ARENA_NEW_ARRAY(arena, struct webhook_row, rows->row_count + 1);
    if (!list) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows->row_count; i++) TRY(decode(rows, i, &list[i], error));
    *out = list;
    *count = rows->row_count;
    return STATUS_OK;
}

static enum status get(struct store_session *base, struct str id, enum store_lock lock,
                       struct arena *arena, struct webhook_row *row, struct error *error)
{
    const struct sql_statement *statement = lock == STORE_LOCK ? SQL_WEBHOOK_LOCK : SQL_WEBHOOK_GET;
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), statement, params, arena, &rows, error));
    if (rows.row_count == 0) return error_plain(error, STATUS_WEBHOOK_NOT_FOUND);
    return decode(&rows, 0, row, error);
}

static enum status list(struct store_session *base, struct str after_id, size_t limit,
                        struct arena *arena, struct webhook_row **out, size_t *count,
                        struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant),
                                       SQL_PARAM_TEXT(str_is_none(after_id) ? STR("") : after_id),
                                       SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_WEBHOOK_LIST, params, arena, &rows, error));
    return decode_all(&rows, arena, out, count, error);
}

static enum status list_all(struct store *base, struct arena *arena, struct webhook_row **out,
                            size_t *count, struct error *error)
{
    struct sql_driver *driver = ((struct sql_store *)base)->driver;
    struct sql_rows rows;
    TRY(driver->query_one(driver, NO_TENANT, SQL_WEBHOOK_LIST_ALL, NULL, 0, arena, &rows, error));
    return decode_all(&rows, arena, out, count, error);
}

static enum status remove_all(struct store_session *base, struct str id, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id)};
    TRY(SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_DELIVERY_CLEAR, params, error));
    TRY(SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_HELD_CLEAR, params, error));
    return SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_REMOVE, params, error);
}

/* --- what is held --- */

static enum status held_put(struct store_session *base, struct str id,
                            const struct webhook_held *held, struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant),      SQL_PARAM_TEXT(id),
        SQL_PARAM_INT64(held->position),   SQL_PARAM_TEXT(held->event_id),
        SQL_PARAM_TEXT(held->customer_id), SQL_PARAM_INT64(held->attempts),
        SQL_PARAM_INT64(held->next_at)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_HELD_PUT, params, error);
}

static enum status held_remove(struct store_session *base, struct str id, int64_t position,
                               struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id),
                                       SQL_PARAM_INT64(position)};
    return SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_HELD_REMOVE, params, error);
}

static enum status held_list(struct store_session *base, struct str id, int64_t after, size_t limit,
                             struct arena *arena, struct webhook_held **out, size_t *count,
                             struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id),
                                       SQL_PARAM_INT64(after), SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_WEBHOOK_HELD_LIST, params, arena, &rows, error));
    struct webhook_held *held = ARENA_NEW_ARRAY(arena, struct webhook_held, rows.row_count + 1);
    if (!held) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++)
        held[i] = (struct webhook_held){.position = sql_cell_int64(&rows, i, 0, 0),
                                        .event_id = sql_cell(&rows, i, 1),
                                        .customer_id = sql_cell(&rows, i, 2),
                                        .attempts = sql_cell_int64(&rows, i, 3, 0),
                                        .next_at = sql_cell_int64(&rows, i, 4, INSTANT_NONE)};
    *out = held;
    *count = rows.row_count;
    return STATUS_OK;
}

static enum status held_count(struct store_session *base, struct str id, int64_t *count,
                              struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(session, SQL_WEBHOOK_HELD_COUNT, params, session->arena, &rows, error));
    *count = sql_cell_int64(&rows, 0, 0, 0);
    return STATUS_OK;
}

/* --- the log --- */

static enum status delivery_append(struct store_session *base, struct str id,
                                   const struct webhook_delivery *delivery, struct error *error)
{
    const struct sql_value values[] = {
        SQL_PARAM_TEXT(id),
        SQL_PARAM_INT64(delivery->number),
        SQL_PARAM_INT64(delivery->position),
        SQL_PARAM_TEXT(delivery->event_id),
        SQL_PARAM_TEXT(delivery->event_type),
        SQL_PARAM_TEXT(delivery->customer_id),
        SQL_PARAM_INT64(delivery->at),
        SQL_PARAM_INT64(delivery->attempt),
        SQL_PARAM_TEXT(webhook_outcome_name(delivery->outcome)),
        SQL_PARAM_TEXT(webhook_reason_name(delivery->reason)),
        SQL_PARAM_INT64(delivery->http_status),
        SQL_PARAM_INT64(delivery->took_ms),
    };
    return sql_writes_add(&sql_session_of(base)->writes, SQL_WRITES_DELIVERY, values, error);
}

static enum status delivery_trim(struct store_session *base, struct str id, int64_t up_to,
                                 instant before, struct error *error)
{
    struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id),
                                 SQL_PARAM_INT64(up_to)};
    TRY(SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_DELIVERY_TRIM, params, error));
    if (before == INSTANT_NONE) return STATUS_OK;
    params[2] = SQL_PARAM_INT64(before);
    return SESSION_EXECUTE(sql_session_of(base), SQL_WEBHOOK_DELIVERY_EXPIRE, params, error);
}

static enum status decode_delivery(const struct sql_rows *rows, size_t at,
                                   struct webhook_delivery *delivery, struct error *error)
{
    *delivery = (struct webhook_delivery){
        .number = sql_cell_int64(rows, at, 0, 0),
        .position = sql_cell_int64(rows, at, 1, 0),
        .event_id = sql_cell(rows, at, 2),
        .event_type = sql_cell(rows, at, 3),
        .customer_id = sql_cell(rows, at, 4),
        .at = sql_cell_int64(rows, at, 5, INSTANT_NONE),
        .attempt = sql_cell_int64(rows, at, 6, 0),
        .http_status = sql_cell_int64(rows, at, 9, 0),
        .took_ms = sql_cell_int64(rows, at, 10, 0),
    };
    bool known = webhook_outcome_parse(sql_cell(rows, at, 7), &delivery->outcome) &&
                 webhook_reason_parse(sql_cell(rows, at, 8), &delivery->reason);
    return known ? STATUS_OK : unknown_word(error);
}

static enum status delivery_get(struct store_session *base, struct str id, int64_t number,
                                struct arena *arena, struct webhook_delivery *delivery,
                                struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id),
                                       SQL_PARAM_INT64(number)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_WEBHOOK_DELIVERY_GET, params, arena, &rows, error));
    if (rows.row_count == 0) return error_plain(error, STATUS_DELIVERY_NOT_FOUND);
    return decode_delivery(&rows, 0, delivery, error);
}

static enum status delivery_list(struct store_session *base, struct str id,
                                 const struct webhook_filter *filter, size_t limit,
                                 struct arena *arena, struct webhook_delivery **out, size_t *count,
                                 struct error *error)
{
    const struct sql_value params[] = {
        SQL_PARAM_TEXT(base->tenant), SQL_PARAM_TEXT(id), SQL_PARAM_INT64(filter->before),
        SQL_PARAM_INT64(filter->failed ? 1 : 0), SQL_PARAM_INT64((int64_t)limit)};
    struct sql_rows rows;
    TRY(SESSION_QUERY(sql_session_of(base), SQL_WEBHOOK_DELIVERY_LIST, params, arena, &rows,
                      error));
    struct webhook_delivery *list =
        ARENA_NEW_ARRAY(arena, struct webhook_delivery, rows.row_count + 1);
    if (!list) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < rows.row_count; i++) TRY(decode_delivery(&rows, i, &list[i], error));
    *out = list;
    *count = rows.row_count;
    return STATUS_OK;
}

const struct webhook_operations sql_webhook_operations = {
    .list_all = list_all,
    .insert = insert,
    .update = update,
    .get = get,
    .list = list,
    .remove = remove_all,
    .held_put = held_put,
    .held_remove = held_remove,
    .held_list = held_list,
    .held_count = held_count,
    .delivery_append = delivery_append,
    .delivery_trim = delivery_trim,
    .delivery_get = delivery_get,
    .delivery_list = delivery_list,
};
