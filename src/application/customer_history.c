#include "application/customer_history.h"

#include "domain/credit.h"
#include "domain/service_history.h"

/* ---- reading ---- */

struct reading {
    struct str customer_id;
    struct arena *arena;
    struct history *history;
};

static enum status load_body(struct store_session *session, void *context, struct error *error)
{
    const struct reading *reading = context;
    struct history *history = reading->history;
    struct arena *arena = reading->arena;
    TRY(customer_get_root(session, reading->customer_id, STORE_NO_LOCK, arena, &history->row,
                          error));
    TRY(store_tree_load(session, history->row.customer_id, INSTANT_FUTURE, arena, &history->tree,
                        error));
    struct str *homes = ARENA_NEW_ARRAY(arena, struct str, history->tree.home_count);
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < history->tree.home_count; i++)
        homes[i] = history->tree.homes[i].customer_id;
    TRY(store_history_list(session, homes, history->tree.home_count, arena, &history->facts,
                           &history->fact_count, error));
    return store_merge_list(session, homes, history->tree.home_count, arena, &history->merges,
                            &history->merge_count, error);
}

enum status history_load(struct application *application, const struct caller *caller,
                         struct str customer_id, struct arena *arena, struct history *history,
                         struct error *error)
{
    struct reading reading = {customer_id, arena, history};
    return store_read(application->store, caller->tenant, arena, load_body, &reading, error);
}

/* ---- places in a list ---- */

enum status history_cursor_parse(struct str text, struct history_cursor *cursor,
                                 struct error *error)
{
    struct str rest = text, at;
    int64_t rank = 0;
    *cursor = (struct history_cursor){.at = INSTANT_FUTURE};
    if (str_is_none(text)) return STATUS_OK;
    if (!str_split(&rest, '.', &at) || !str_to_int64(at, &cursor->at) || str_is_none(rest) ||
        !str_to_int64(rest, &rank) || rank < 0)
        return error_set(error, STATUS_INVALID_VALUE, STR("cursor"), STR("`next` of a page before"),
                         "is not a cursor");
    cursor->rank = (size_t)rank;
    return STATUS_OK;
}

static size_t rank_of(const instant *at, size_t index)
{
    size_t rank = 0;
    while (rank < index && at[index - rank - 1] == at[index]) rank++;
    return rank;
}

static bool is_behind(const struct history_cursor *cursor, const instant *at, size_t index)
{
    if (at[index] != cursor->at) return at[index] < cursor->at;
    return rank_of(at, index) > cursor->rank;
}

enum status history_page(const instant *at, size_t count, size_t limit,
                         const struct history_cursor *after, history_write *write,
                         const void *items, struct arena *arena, struct json_page *out,
                         struct error *error)
{
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    size_t first = 0;
    while (first < count && !is_behind(after, at, first)) first++;
    size_t end = count - first > limit ? first + limit : count;
    out->next = STR_NONE;
    if (end < count) {
        out->next = arena_format(arena, "%lld.%zu", (long long)at[end - 1], rank_of(at, end - 1));
        if (str_is_none(out->next)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    results_page_begin(&writer);
    for (size_t i = first; i < end; i++) write(&writer, items, i);
    results_page_end(&writer, out->next);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* ---- service orders ---- */

static void write_breach(struct json_writer *writer, const struct service_order *order)
{
    json_member_string(writer, STR("serviceOrderId"), order->service_order_id);
    json_member_string(writer, STR("customerId"), order->home);
    json_member_nullable(writer, STR("sla"), order->sla);
    results_instant(writer, STR("slaBreachedAt"), order->sla_breached_at);
}

static void write_order(struct json_writer *writer, const void *orders, size_t index)
{
    const struct service_order *order = (const struct service_order *)orders + index;
    json_object_begin(writer);
    write_breach(writer, order);
    json_member_string(writer, STR("source"), order->source);
    json_member_nullable(writer, STR("priority"), order->priority);
    json_member_nullable(writer, STR("status"), order->status);
    results_instant(writer, STR("createdAt"), order->created_at);
    json_object_end(writer);
}

enum status customer_service_orders(struct application *application, const struct caller *caller,
                                    struct str customer_id, struct str cursor, size_t limit,
                                    struct arena *arena, struct json_page *out, struct error *error)
{
    struct history history;
    struct history_cursor after;
    struct service_order *orders;
    size_t count;
    TRY(history_cursor_parse(cursor, &after, error));
    TRY(results_limit(application, limit, &limit, error));
    TRY(history_load(application, caller, customer_id, arena, &history, error));
    if (service_orders_fold(history.facts, history.fact_count, arena, &orders, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    instant *at = ARENA_NEW_ARRAY(arena, instant, count);
    if (!at) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) at[i] = orders[i].observed_at;
    return history_page(at, count, limit, &after, write_order, orders, arena, out, error);
}

/* ---- entitlements ---- */

static void write_contract(struct json_writer *writer, const struct contract *contract,
                           struct str day)
{
    json_object_begin(writer);
    json_member_string(writer, STR("contractId"), contract->contract_id);
    json_member_string(writer, STR("customerId"), contract->home);
    json_member_string(writer, STR("source"), contract->source);
    json_member_nullable(writer, STR("planId"), contract->plan_id);
    json_member_nullable(writer, STR("startDate"), contract->start_date);
    json_member_nullable(writer, STR("endDate"), contract->end_date);
    json_member_string(writer, STR("state"), contract_state(contract, day));
    json_object_end(writer);
}

static void write_sla(struct json_writer *writer, bool covered, const struct service_order *orders,
                      size_t count, instant end)
{
    size_t open = 0, breached = 0;
    json_object_begin(writer);
    json_key(writer, STR("breached"));
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        if (!service_order_is_open(&orders[i], end)) continue;
        open++;
        if (orders[i].sla_breached_at == INSTANT_NONE || orders[i].sla_breached_at >= end) continue;
        breached++;
        json_object_begin(writer);
        write_breach(writer, &orders[i]);
        json_object_end(writer);
    }
    json_array_end(writer);
    json_key(writer, STR("openServiceOrders"));
    json_int64(writer, (int64_t)open);
    json_member_string(writer, STR("status"),
                       !covered       ? STR("NOT_COVERED")
                       : breached > 0 ? STR("BREACHED")
                                      : STR("KEPT"));
    json_object_end(writer);
}

static enum status write_entitlements(const struct history *history, struct str day, instant end,
                                      struct arena *arena, struct str *json)
{
    struct contract *contracts;
    struct service_order *orders;
    size_t contract_count, order_count;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    bool covered = false;
    TRY(contracts_fold(history->facts, history->fact_count, arena, &contracts, &contract_count));
    TRY(service_orders_fold(history->facts, history->fact_count, arena, &orders, &order_count));
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), history->row.customer_id);
    json_member_string(&writer, STR("on"), day);
    json_key(&writer, STR("contracts"));
    json_array_begin(&writer);
    for (size_t i = 0; i < contract_count; i++) {
        covered = covered || str_equal(contract_state(&contracts[i], day), STR("ACTIVE"));
        write_contract(&writer, &contracts[i], day);
    }
    json_array_end(&writer);
    json_key(&writer, STR("covered"));
    json_boolean(&writer, covered);
    json_key(&writer, STR("sla"));
    write_sla(&writer, covered, orders, order_count, end);
    json_object_end(&writer);
    *json = buffer_str(&text);
    return buffer_failed(&text) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

enum status customer_entitlements(struct application *application, const struct caller *caller,
                                  struct str customer_id, struct str day, struct arena *arena,
                                  struct str *json, struct error *error)
{
    struct history history;
    instant begin;
    if (!instant_is_date(day) || !instant_parse(day, &begin))
        return error_set(error, STATUS_INVALID_VALUE, STR("on"), STR("a day such as 2026-02-02"),
                         "is not a day");
    TRY(history_load(application, caller, customer_id, arena, &history, error));
    if (write_entitlements(&history, day, begin + INSTANT_DAY, arena, json) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* ---- credit ---- */

static void write_hold(struct json_writer *writer, const struct fact *fact)
{
    json_object_begin(writer);
    json_member_string(writer, STR("customerId"), fact->home);
    json_key(writer, STR("blocked"));
    json_boolean(writer, credit_blocks(fact));
    json_member_nullable(writer, STR("reason"), json_text(json_get(fact->body, STR("reason"))));
    results_instant(writer, STR("since"), fact->observed_at);
    json_member_string(writer, STR("source"), fact->source);
    json_object_end(writer);
}

enum status customer_credit(struct application *application, const struct caller *caller,
                            struct str customer_id, struct arena *arena, struct str *json,
                            struct error *error)
{
    struct history history;
    const struct fact **latest;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    bool blocked = false;
    TRY(history_load(application, caller, customer_id, arena, &history, error));
    if (credit_latest(&history.tree, arena, &latest) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), history.row.customer_id);
    json_key(&writer, STR("holds"));
    json_array_begin(&writer);
    for (size_t i = 0; latest && i < history.tree.home_count; i++) {
        if (!latest[i]) continue;
        blocked = blocked || credit_blocks(latest[i]);
        write_hold(&writer, latest[i]);
    }
    json_array_end(&writer);
    json_key(&writer, STR("blocked"));
    json_boolean(&writer, blocked);
    json_object_end(&writer);
    *json = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
