#include "application/entitlements.h"

#include <stdlib.h>

#include "application/customer_history.h"
#include "application/history_walk.h"
#include "domain/service_history.h"

struct contracts {
    struct contract_on current;
    struct contract listed[CONTRACT_STATES][ENTITLEMENTS_LISTED_MAX];
    size_t counts[CONTRACT_STATES];
};

struct orders {
    struct service_order current;
    bool is_there; /* something was said of it that counts */
    struct service_order breached[ENTITLEMENTS_LISTED_MAX];
    size_t breached_count;
    size_t open_count;
};

struct entitlements {
    struct str customer_id;
    struct str root_id; /* whom that stands for */
    struct str day;
    instant end; /* of the day */
    instant as_of;
    struct arena *arena;
    struct contracts *contracts;
    struct orders *orders;
};

static size_t listed(size_t count)
{
    return count < ENTITLEMENTS_LISTED_MAX ? count : ENTITLEMENTS_LISTED_MAX;
}

/* ---- contracts ---- */

static void begin_contract(void *context, const struct fact *first)
{
    contract_begin(&((struct entitlements *)context)->contracts->current, first);
}

static void add_to_contract(void *context, const struct fact *fact)
{
    const struct entitlements *asked = context;
    if (fact->recorded_at <= asked->as_of) contract_add(&asked->contracts->current, fact);
}

static enum status keep_contract(void *context)
{
    const struct entitlements *asked = context;
    struct contract_on *current = &asked->contracts->current;
    TRY(contract_keep(&current->known, asked->arena));
    return current->has_begun ? contract_keep(&current->then, asked->arena) : STATUS_OK;
}

static enum status end_contract(void *context)
{
    const struct entitlements *asked = context;
    struct contracts *contracts = asked->contracts;
    if (!contracts->current.is_told) return STATUS_OK;
    struct contract contract = *contract_shown(&contracts->current);
    enum contract_state state = contract_state(&contract, asked->day);
    size_t place = contracts->counts[state]++;
    if (place >= ENTITLEMENTS_LISTED_MAX) return STATUS_OK;
    TRY(contract_keep(&contract, asked->arena));
    contracts->listed[state][place] = contract;
    return STATUS_OK;
}

/* ---- service orders ---- */

static void begin_order(void *context, const struct fact *first)
{
    struct orders *orders = ((struct entitlements *)context)->orders;
    service_order_begin(&orders->current, first);
    orders->is_there = false;
}

static void add_to_order(void *context, const struct fact *fact)
{
    const struct entitlements *asked = context;
    if (fact->recorded_at > asked->as_of || service_order_valid_from(fact) >= asked->end) return;
    service_order_add(&asked->orders->current, fact);
    asked->orders->is_there = true;
}

static enum status keep_order(void *context)
{
    const struct entitlements *asked = context;
    return service_order_keep(&asked->orders->current, asked->arena);
}

static enum status end_order(void *context)
{
    const struct entitlements *asked = context;
    struct orders *orders = asked->orders;
    if (!orders->is_there || !service_order_is_open(&orders->current)) return STATUS_OK;
    orders->open_count++;
    if (orders->current.sla_breached_at == INSTANT_NONE) return STATUS_OK;
    size_t place = orders->breached_count++;
    if (place >= ENTITLEMENTS_LISTED_MAX) return STATUS_OK;
    TRY(keep_order(context));
    orders->breached[place] = orders->current;
    return STATUS_OK;
}

/* ---- reading ---- */

static enum status entitlements_body(struct store_session *session, void *context,
                                     struct error *error)
{
    struct entitlements *asked = context;
    const struct history_fold contracts = {begin_contract, add_to_contract, end_contract,
                                           keep_contract, asked};
    const struct history_fold orders = {begin_order, add_to_order, end_order, keep_order, asked};
    struct history_owner owner;
    TRY(history_owner_load(session, asked->customer_id, asked->as_of, asked->arena, &owner, error));
    asked->contracts = ARENA_NEW(asked->arena, struct contracts);
    asked->orders = ARENA_NEW(asked->arena, struct orders);
    if (!asked->contracts || !asked->orders) return error_plain(error, STATUS_OUT_OF_MEMORY);
    asked->contracts->current = (struct contract_on){.day = asked->day, .end = asked->end};
    for (size_t i = 0; i < owner.tree.home_count; i++) {
        TRY(history_walk(session, owner.homes[i], FACT_CONTRACT, STR_NONE, &contracts, error));
        TRY(history_walk(session, owner.homes[i], FACT_SERVICE_ORDER, STR_NONE, &orders, error));
    }
    asked->root_id = owner.row.customer_id;
    return STATUS_OK;
}

/* ---- writing ---- */

static int compare_contracts(const void *a, const void *b)
{
    const struct contract *left = a, *right = b;
    int order = str_compare(left->start_date, right->start_date);
    if (order == 0) order = str_compare(left->contract_id, right->contract_id);
    return order ? order : str_compare(left->home, right->home);
}

static int compare_breaches(const void *a, const void *b)
{
    const struct service_order *left = a, *right = b;
    int order = (left->sla_breached_at > right->sla_breached_at) -
                (left->sla_breached_at < right->sla_breached_at);
    if (order == 0) order = str_compare(left->service_order_id, right->service_order_id);
    return order ? order : str_compare(left->home, right->home);
}

static void write_contract(struct json_writer *writer, const struct contract *contract,
                           enum contract_state state)
{
    json_object_begin(writer);
    json_member_string(writer, STR("contractId"), contract->contract_id);
    json_member_string(writer, STR("customerId"), contract->home);
    json_member_string(writer, STR("source"), contract->source);
    json_member_nullable(writer, STR("planId"), contract->plan_id);
    json_member_nullable(writer, STR("startDate"), contract->start_date);
    json_member_nullable(writer, STR("endDate"), contract->end_date);
    json_member_string(writer, STR("state"), contract_state_name(state));
    json_object_end(writer);
}

static void write_contracts(struct json_writer *writer, struct contracts *contracts)
{
    json_key(writer, STR("contracts"));
    json_array_begin(writer);
    for (int state = 0; state < CONTRACT_STATES; state++) {
        size_t count = listed(contracts->counts[state]);
        qsort(contracts->listed[state], count, sizeof(struct contract), compare_contracts);
        for (size_t i = 0; i < count; i++)
            write_contract(writer, &contracts->listed[state][i], (enum contract_state)state);
    }
    json_array_end(writer);
    json_key(writer, STR("contractCounts"));
    json_object_begin(writer);
    for (int state = 0; state < CONTRACT_STATES; state++) {
        json_key(writer, contract_state_name((enum contract_state)state));
        json_int64(writer, (int64_t)contracts->counts[state]);
    }
    json_object_end(writer);
}

static void write_sla(struct json_writer *writer, bool covered, struct orders *orders)
{
    size_t count = listed(orders->breached_count);
    qsort(orders->breached, count, sizeof(struct service_order), compare_breaches);
    json_object_begin(writer);
    json_key(writer, STR("breached"));
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        json_object_begin(writer);
        customer_history_write_breach(writer, &orders->breached[i]);
        json_object_end(writer);
    }
    json_array_end(writer);
    json_key(writer, STR("openServiceOrders"));
    json_int64(writer, (int64_t)orders->open_count);
    json_key(writer, STR("breachedServiceOrders"));
    json_int64(writer, (int64_t)orders->breached_count);
    json_member_string(writer, STR("status"),
                       !covered                     ? STR("NOT_COVERED")
                       : orders->breached_count > 0 ? STR("BREACHED")
                                                    : STR("KEPT"));
    json_object_end(writer);
}

enum status entitlements_read(struct application *application, const struct caller *caller,
                              const struct entitlements_request *request, struct arena *arena,
                              struct str *json, struct error *error)
{
    char written[INSTANT_TEXT_MAX];
    struct entitlements asked = {.customer_id = request->customer_id,
                                 .day = request->day,
                                 .as_of = request->as_of,
                                 .arena = arena};
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    struct environment *environment = application->environment;
    instant as_of =
        request->as_of == INSTANT_FUTURE ? environment->now(environment) : request->as_of;
    if (str_is_none(asked.day)) asked.day = str_cut(instant_format(as_of, written), 10);
    if (!instant_is_date(asked.day) || !instant_parse(asked.day, &asked.end))
        return error_set(error, STATUS_INVALID_VALUE, STR("on"), STR("a day such as 2026-02-02"),
                         "is not a day");
    asked.end += INSTANT_DAY;
    TRY(store_read(application->store, caller->tenant, arena, entitlements_body, &asked, error));
    bool covered = asked.contracts->counts[CONTRACT_ACTIVE] > 0;
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), asked.root_id);
    json_member_string(&writer, STR("on"), asked.day);
    json_key(&writer, STR("covered"));
    json_boolean(&writer, covered);
    write_contracts(&writer, asked.contracts);
    json_key(&writer, STR("sla"));
    write_sla(&writer, covered, asked.orders);
    json_object_end(&writer);
    *json = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
