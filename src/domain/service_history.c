#include "domain/service_history.h"

static bool take_text(const struct fact *fact, struct str member, struct str *text)
{
    struct str given = json_text(json_get(fact->body, member));
    if (str_is_none(given)) return false;
    *text = given;
    return true;
}

static enum status keep_texts(struct str *const *texts, size_t count, struct arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        if (str_is_none(*texts[i])) continue;
        *texts[i] = arena_str(arena, *texts[i]);
        if (str_is_none(*texts[i])) return STATUS_OUT_OF_MEMORY;
    }
    return STATUS_OK;
}

/* ---- service orders ---- */

static instant breached_at(const struct fact *fact)
{
    struct str text = json_text(json_get(fact->body, STR("slaBreachedAt")));
    instant at;
    return !str_is_none(text) && instant_parse(text, &at) ? at : INSTANT_NONE;
}

void service_order_begin(struct service_order *order, const struct fact *first)
{
    *order = (struct service_order){.service_order_id = first->subject,
                                    .home = first->home,
                                    .source = first->source,
                                    .created_at = INSTANT_NONE,
                                    .sla_breached_at = INSTANT_NONE,
                                    .observed_at = first->observed_at};
}

void service_order_add(struct service_order *order, const struct fact *fact)
{
    instant breached = breached_at(fact);
    (void)take_text(fact, STR("priority"), &order->priority);
    (void)take_text(fact, STR("status"), &order->status);
    (void)take_text(fact, STR("sla"), &order->sla);
    if (breached != INSTANT_NONE)
        order->sla_breached_at = breached;
    else if (order->created_at == INSTANT_NONE)
        order->created_at = fact->observed_at;
}

bool service_order_is_open(const struct service_order *order)
{
    static const struct str closed[] = {STR("CLOSED"), STR("COMPLETED"), STR("CANCELLED"),
                                        STR("RESOLVED"), STR("DONE")};
    for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
        if (str_equal_ignore_case(order->status, closed[i])) return false;
    return true;
}

instant service_order_valid_from(const struct fact *fact)
{
    instant breached = breached_at(fact);
    return breached != INSTANT_NONE ? breached : fact->observed_at;
}

enum status service_order_keep(struct service_order *order, struct arena *arena)
{
    struct str *const texts[] = {&order->service_order_id, &order->home,   &order->source,
                                 &order->priority,         &order->status, &order->sla};
    return keep_texts(texts, sizeof(texts) / sizeof(*texts), arena);
}

/* ---- contracts ---- */

void contract_begin(struct contract_on *contract, const struct fact *first)
{
    contract->known = (struct contract){
        .contract_id = first->subject, .home = first->home, .source = first->source};
    contract->has_begun = contract->is_told = false;
}

void contract_add(struct contract_on *contract, const struct fact *fact)
{
    struct contract *known = &contract->known;
    (void)take_text(fact, STR("planId"), &known->plan_id);
    bool dated = take_text(fact, STR("startDate"), &known->start_date);
    dated = take_text(fact, STR("endDate"), &known->end_date) || dated;
    bool was_said = dated || !contract->is_told || fact->observed_at < contract->end;
    contract->is_told = true;
    if (!was_said || str_compare(contract->day, known->start_date) < 0) return;
    contract->then = *known;
    contract->has_begun = true;
}

const struct contract *contract_shown(const struct contract_on *contract)
{
    return contract->has_begun ? &contract->then : &contract->known;
}

enum status contract_keep(struct contract *contract, struct arena *arena)
{
    struct str *const texts[] = {&contract->contract_id, &contract->home,
                                 &contract->source,      &contract->plan_id,
                                 &contract->start_date,  &contract->end_date};
    return keep_texts(texts, sizeof(texts) / sizeof(*texts), arena);
}

struct str contract_state_name(enum contract_state state)
{
    static const struct str names[CONTRACT_STATES] = {[CONTRACT_ACTIVE] = STR("ACTIVE"),
                                                      [CONTRACT_UPCOMING] = STR("UPCOMING"),
                                                      [CONTRACT_EXPIRED] = STR("EXPIRED")};
    return names[state];
}

enum contract_state contract_state(const struct contract *contract, struct str day)
{
    if (str_compare(day, contract->start_date) < 0) return CONTRACT_UPCOMING;
    if (!str_is_none(contract->end_date) && str_compare(day, contract->end_date) > 0)
        return CONTRACT_EXPIRED;
    return CONTRACT_ACTIVE;
}
