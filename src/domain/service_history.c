#include "domain/service_history.h"

#include <stdlib.h>

/* ---- facts of one thing beside each other, in order ---- */

static int compare_things(const struct fact *a, const struct fact *b)
{
    int order = str_compare(a->subject, b->subject);
    return order ? order : str_compare(a->home, b->home);
}

static int compare_told(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = compare_things(left, right);
    if (order == 0)
        order = (left->observed_at > right->observed_at) - (left->observed_at < right->observed_at);
    return order ? order : fact_compare(left, right);
}

static const struct fact **sorted_of(const struct fact *facts, size_t count, enum fact_kind kind,
                                     struct arena *arena, size_t *found)
{
    const struct fact **sorted = ARENA_NEW_ARRAY(arena, const struct fact *, count);
    *found = 0;
    for (size_t i = 0; sorted && i < count; i++)
        if (facts[i].kind == kind) sorted[(*found)++] = &facts[i];
    if (*found > 1) qsort(sorted, *found, sizeof(*sorted), compare_told);
    return sorted;
}

static void take_text(const struct fact *fact, struct str member, struct str *text)
{
    struct str given = json_text(json_get(fact->body, member));
    if (!str_is_none(given)) *text = given;
}

/* ---- service orders ---- */

static void fold_order(struct service_order *order, const struct fact *fact)
{
    instant breached;
    take_text(fact, STR("priority"), &order->priority);
    take_text(fact, STR("status"), &order->status);
    take_text(fact, STR("sla"), &order->sla);
    struct str at = json_text(json_get(fact->body, STR("slaBreachedAt")));
    if (str_is_none(at)) {
        if (order->created_at == INSTANT_NONE) order->created_at = fact->observed_at;
    } else if (instant_parse(at, &breached)) {
        order->sla_breached_at = breached;
    }
}

static int compare_orders(const void *a, const void *b)
{
    const struct service_order *left = a, *right = b;
    int order = (right->observed_at > left->observed_at) - (right->observed_at < left->observed_at);
    if (order == 0) order = str_compare(left->service_order_id, right->service_order_id);
    return order ? order : str_compare(left->home, right->home);
}

enum status service_orders_fold(const struct fact *facts, size_t count, struct arena *arena,
                                struct service_order **orders, size_t *order_count)
{
    size_t told, folded = 0;
    const struct fact **sorted = sorted_of(facts, count, FACT_SERVICE_ORDER, arena, &told);
    *orders = sorted ? ARENA_NEW_ARRAY(arena, struct service_order, told) : NULL;
    if (!*orders) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < told; i++) {
        if (i == 0 || compare_things(sorted[i - 1], sorted[i]) != 0)
            (*orders)[folded++] = (struct service_order){.service_order_id = sorted[i]->subject,
                                                         .home = sorted[i]->home,
                                                         .source = sorted[i]->source,
                                                         .created_at = INSTANT_NONE,
                                                         .sla_breached_at = INSTANT_NONE,
                                                         .observed_at = sorted[i]->observed_at};
        fold_order(&(*orders)[folded - 1], sorted[i]);
    }
    if (folded > 1) qsort(*orders, folded, sizeof(**orders), compare_orders);
    *order_count = folded;
    return STATUS_OK;
}

bool service_order_is_open(const struct service_order *order, instant end)
{
    static const struct str closed[] = {STR("CLOSED"), STR("COMPLETED"), STR("CANCELLED"),
                                        STR("RESOLVED"), STR("DONE")};
    for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
        if (str_equal_ignore_case(order->status, closed[i])) return false;
    return order->observed_at < end;
}

/* ---- contracts ---- */

static int compare_contracts(const void *a, const void *b)
{
    const struct contract *left = a, *right = b;
    int order = str_compare(left->start_date, right->start_date);
    if (order == 0) order = str_compare(left->contract_id, right->contract_id);
    return order ? order : str_compare(left->home, right->home);
}

enum status contracts_fold(const struct fact *facts, size_t count, struct arena *arena,
                           struct contract **contracts, size_t *contract_count)
{
    size_t told, folded = 0;
    const struct fact **sorted = sorted_of(facts, count, FACT_CONTRACT, arena, &told);
    *contracts = sorted ? ARENA_NEW_ARRAY(arena, struct contract, told) : NULL;
    if (!*contracts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < told; i++) {
        if (i == 0 || compare_things(sorted[i - 1], sorted[i]) != 0)
            (*contracts)[folded++] = (struct contract){.contract_id = sorted[i]->subject,
                                                       .home = sorted[i]->home,
                                                       .source = sorted[i]->source};
        struct contract *contract = &(*contracts)[folded - 1];
        take_text(sorted[i], STR("planId"), &contract->plan_id);
        take_text(sorted[i], STR("startDate"), &contract->start_date);
        take_text(sorted[i], STR("endDate"), &contract->end_date);
    }
    if (folded > 1) qsort(*contracts, folded, sizeof(**contracts), compare_contracts);
    *contract_count = folded;
    return STATUS_OK;
}

struct str contract_state(const struct contract *contract, struct str day)
{
    if (str_compare(day, contract->start_date) < 0) return STR("UPCOMING");
    if (!str_is_none(contract->end_date) && str_compare(day, contract->end_date) > 0)
        return STR("EXPIRED");
    return STR("ACTIVE");
}
