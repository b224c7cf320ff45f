/* What is kept of customers follows another survivorship policy once it is recomputed, and is told.
 */
#include "application_fixture.h"
#include "contract.h"

#include <string.h>

#include "application/change_customer.h"
#include "application/get_customer.h"
#include "application/import_records.h"
#include "application/list_customers.h"
#include "application/merge_customers.h"
#include "application/recompute_customers.h"

static struct application application;
static struct caller caller;
static const struct policy *in_force;

static const struct policy *policy_in_force(struct application *asked, struct str tenant)
{
    (void)asked;
    (void)tenant;
    return in_force;
}

static struct json_value *json(struct contract *c, const char *text)
{
    struct json_value *value;
    assert_int_equal(json_parse(str_from_cstr(text), &c->arena, &value, &c->error), STATUS_OK);
    return value;
}

/* What erp says, and then what crm says. */
static void say(struct contract *c, const char *id, const char *of_erp, const char *of_crm)
{
    static const struct import_settings from_erp = {.source = {"erp", 3},
                                                    .on_duplicate = ON_DUPLICATE_ALLOW};
    struct str body = arena_format(&c->arena, "{\"customerId\":\"%s\",%s}", id, of_erp);
    struct import_record record = {
        .source_key = str_from_cstr(id), .observed_at = INSTANT_NONE, .body = json(c, body.ptr)};
    struct import_result result;
    struct customer_document document;
    assert_int_equal(
        import_records(&application, &caller, &from_erp, &record, 1, &c->arena, &result, &c->error),
        STATUS_OK);
    assert_int_equal(change_customer(&application, &caller, str_from_cstr(id), json(c, of_crm),
                                     IF_MATCH_ANY, &c->arena, &document, &c->error),
                     STATUS_OK);
}

static void merge(struct contract *c, const char *target, const char *source)
{
    struct merge_request request = {.source_id = str_from_cstr(source)};
    struct merge_result merged;
    assert_int_equal(merge_customers(&application, &caller, str_from_cstr(target), &request,
                                     &c->arena, &merged, &c->error),
                     STATUS_OK);
}

static struct json_value *document_of(struct contract *c, const char *id)
{
    struct customer_document document;
    assert_int_equal(
        get_customer(&application, &caller, str_from_cstr(id), &c->arena, &document, &c->error),
        STATUS_OK);
    struct json_value *value;
    assert_int_equal(json_parse(document.document, &c->arena, &value, &c->error), STATUS_OK);
    return value;
}

static struct str shown(struct contract *c, const char *id, const char *member)
{
    return json_text(json_get(document_of(c, id), str_from_cstr(member)));
}

static struct recompute_counts recompute(struct contract *c)
{
    struct recompute_counts counts = {0};
    struct recompute_page page = {.limit = 2};
    do {
        assert_int_equal(recompute_customers(&application, &caller, &page, &c->arena, &counts,
                                             &page.after, &c->error),
                         STATUS_OK);
    } while (!str_is_none(page.after));
    return counts;
}

static void begin(struct contract *c)
{
    application = application_fixture(environment_system());
    application.store = c->store;
    application.policy_for = policy_in_force;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("user-1")};
    in_force = policy_default();
    say(c, "A", "\"name\":\"Acme SE\",\"segment\":\"GOLD\"",
        "{\"name\":\"Acme\",\"segment\":\"SILVER\"}");
    say(c, "B", "\"name\":\"Bolt\"", "{\"website\":\"https://bolt.example\"}");
    say(c, "C", "\"name\":\"Cone SE\"", "{\"name\":\"Cone\"}");
    say(c, "D", "\"name\":\"Dune SE\"", "{\"name\":\"Dune\"}");
    merge(c, "A", "D");
}

static void trust_erp(struct contract *c)
{
    assert_int_equal(policy_parse(json(c, "{\"trust\":{\"erp\":100,\"crm\":50},\"fields\":{\"*\":"
                                          "\"mostTrusted\"}}"),
                                  &c->arena, &in_force, &c->error),
                     STATUS_OK);
}

static size_t listed_in(struct contract *c, const char *segment)
{
    const struct customer_query query = {.segment = str_from_cstr(segment), .limit = 10};
    struct json_page page;
    struct json_value *list;
    assert_int_equal(list_customers(&application, &caller, &query, &c->arena, &page, &c->error),
                     STATUS_OK);
    assert_int_equal(json_parse(page.body, &c->arena, &list, &c->error), STATUS_OK);
    return json_get(list, STR("items"))->count;
}

static void customers_show_what_the_policy_in_force_gives(struct contract *c)
{
    begin(c);
    assert_int_equal(recompute(c).changed, 0);
    trust_erp(c);
    assert_true(str_equal(shown(c, "A", "name"), STR("Dune")));
    struct recompute_counts counts = recompute(c);
    assert_int_equal(counts.customers, 3);
    assert_int_equal(counts.changed, 2);
    assert_true(str_equal(shown(c, "A", "name"), STR("Dune SE")));
    assert_true(str_equal(shown(c, "C", "name"), STR("Cone SE")));
    assert_int_equal(listed_in(c, "GOLD"), 1);
    assert_int_equal(listed_in(c, "SILVER"), 0);
    assert_int_equal(recompute(c).changed, 0);
    in_force = policy_default();
    assert_int_equal(recompute(c).changed, 2);
    assert_true(str_equal(shown(c, "C", "name"), STR("Cone")));
}

static void each_has_a_version_and_an_event(struct contract *c)
{
    struct event *events;
    begin(c);
    contract_await_events(c, 8 + 1);
    size_t before = contract_events(c, 0, 100, &c->arena, &events);
    int64_t position = events[before - 1].position;
    int64_t version, newest;
    assert_true(json_to_int64(json_get(document_of(c, "C"), STR("version")), &version));
    trust_erp(c);
    assert_int_equal(recompute(c).changed, 2);
    assert_true(json_to_int64(json_get(document_of(c, "C"), STR("version")), &newest));
    assert_int_equal(newest, version + 1);
    contract_await_events(c, before + 2);
    assert_int_equal(contract_events(c, position, 100, &c->arena, &events), 2);
    for (size_t i = 0; i < 2; i++) assert_int_equal(events[i].type, EVENT_PROFILE_UPDATED);
    assert_true(str_equal(events[1].aggregate_id, STR("C")));
    assert_non_null(
        memmem(events[1].payload.ptr, events[1].payload.len, "\"changedFields\":[\"name\"]", 24));
    struct json_page page;
    assert_int_equal(get_customer_versions(&application, &caller, STR("C"), STR_NONE, 1, &c->arena,
                                           &page, &c->error),
                     STATUS_OK);
    assert_non_null(memmem(page.body.ptr, page.body.len, "\"cause\":\"POLICY\"", 16));
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(customers_show_what_the_policy_in_force_gives),
        CONTRACT(each_has_a_version_and_an_event)};
    return contract_run(cases, UNIT_COUNT(cases));
}
