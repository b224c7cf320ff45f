#include "domain/fact.h"

static const struct str names[FACT_KIND_COUNT] = {
    [FACT_ASSERTION] = STR("ASSERTION"),
    [FACT_CONTACT] = STR("CONTACT"),
    [FACT_RELATIONSHIP] = STR("RELATIONSHIP"),
    [FACT_CONSENT] = STR("CONSENT"),
    [FACT_UNDO] = STR("UNDO"),
    [FACT_CREDIT] = STR("CREDIT"),
    [FACT_SERVICE_ORDER] = STR("SERVICE_ORDER"),
    [FACT_CONTRACT] = STR("CONTRACT"),
};

struct str fact_kind_name(enum fact_kind kind)
{
    return kind < FACT_KIND_COUNT ? names[kind] : STR_NONE;
}

bool fact_kind_parse(struct str name, enum fact_kind *kind)
{
    for (int i = 0; i < FACT_KIND_COUNT; i++) {
        if (!str_equal(names[i], name)) continue;
        *kind = (enum fact_kind)i;
        return true;
    }
    return false;
}

bool fact_kind_is_history(enum fact_kind kind)
{
    return kind == FACT_SERVICE_ORDER || kind == FACT_CONTRACT;
}

static int compare_instants(instant a, instant b)
{
    return (a > b) - (a < b);
}

int fact_compare(const struct fact *a, const struct fact *b)
{
    if (a == b) return 0; /* elements of one list are compared by it */
    int order = compare_instants(a->recorded_at, b->recorded_at);
    if (order == 0) order = str_compare(a->home, b->home);
    if (order == 0) order = (int)a->kind - (int)b->kind;
    if (order == 0) order = str_compare(a->subject, b->subject);
    if (order == 0) order = str_compare(a->source, b->source);
    if (order == 0) order = compare_instants(a->observed_at, b->observed_at);
    if (order == 0) order = str_compare(a->object, b->object);
    if (order == 0) order = str_compare(a->actor, b->actor);
    if (order == 0) order = str_compare(a->import_id, b->import_id);
    return order ? order : json_compare(a->body, b->body);
}
