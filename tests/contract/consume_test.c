/* What neighbouring systems tell, on every store: each message once, what it does to the customer
 * that it names, and that a merge or unmerge takes it along. */
#include "application_fixture.h"
#include "contract.h"

#include <stdio.h>
#include <string.h>

#include "application/consume_events.h"
#include "application/create_customer.h"
#include "application/erase_customer.h"
#include "application/get_customer.h"
#include "application/merge_customers.h"
#include "application/timeline.h"
#include "application/unmerge_customers.h"

static struct application application;
static struct caller caller;

static void begin(struct contract *c)
{
    application = application_fixture(environment_system());
    application.store = c->store;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("user-1")};
}

static struct json_value *json(struct contract *c, const char *text)
{
    struct json_value *value;
    struct str kept = arena_str(&c->arena, str_from_cstr(text));
    assert_int_equal(json_parse(kept, &c->arena, &value, &c->error), STATUS_OK);
    return value;
}

static void create(struct contract *c, const char *body)
{
    struct customer_document document;
    assert_int_equal(create_customer(&application, &caller, json(c, body), ON_DUPLICATE_REJECT,
                                     &c->arena, &document, &c->error),
                     STATUS_OK);
}

/* A message with its envelope; `payload` in the form {'a':1}. */
static struct inbound_event message(struct contract *c, enum inbound_type type, const char *id,
                                    const char *at, const char *payload)
{
    struct inbound_event event;
    char text[1024];
    (void)snprintf(text, sizeof(text),
                   "{\"eventId\":\"%s\",\"tenantId\":\"%.*s\",\"timestamp\":\"%s\",\"payload\":%s}",
                   id, STR_ARGS(c->tenant), at, payload);
    for (char *quote = text; (quote = strchr(quote, '\''));) *quote = '"';
    assert_int_equal(inbound_parse(type, json(c, text), &c->arena, &event, &c->error), STATUS_OK);
    return event;
}

static struct consumed consume_one(struct contract *c, struct inbound_event event)
{
    struct consumed result;
    assert_int_equal(consume_events(&application, &event, 1, &c->arena, &result, &c->error),
                     STATUS_OK);
    return result;
}

static enum consumed_outcome consume(struct contract *c, enum inbound_type type, const char *id,
                                     const char *payload)
{
    return consume_one(c, message(c, type, id, "2026-02-02T10:00:00Z", payload)).outcome;
}

static struct json_value *parsed(struct contract *c, struct str text)
{
    struct json_value *value;
    assert_int_equal(json_parse(text, &c->arena, &value, &c->error), STATUS_OK);
    return value;
}

static struct json_value *profile(struct contract *c, const char *id)
{
    struct customer_document document;
    assert_int_equal(
        get_customer(&application, &caller, str_from_cstr(id), &c->arena, &document, &c->error),
        STATUS_OK);
    return parsed(c, document.document);
}

static struct str status_of(struct contract *c, const char *id)
{
    return json_text(json_get(profile(c, id), STR("status")));
}

static struct json_value *orders(struct contract *c, const char *id, struct str cursor,
                                 size_t limit)
{
    struct json_page page;
    assert_int_equal(customer_service_orders(&application, &caller, str_from_cstr(id), cursor,
                                             limit, &c->arena, &page, &c->error),
                     STATUS_OK);
    return parsed(c, page.body);
}

static size_t order_count(struct contract *c, const char *id)
{
    return json_get(orders(c, id, STR_NONE, 0), STR("items"))->count;
}

static struct json_value *entitlements(struct contract *c, const char *id, const char *day)
{
    struct str text;
    assert_int_equal(customer_entitlements(&application, &caller, str_from_cstr(id),
                                           str_from_cstr(day), &c->arena, &text, &c->error),
                     STATUS_OK);
    return parsed(c, text);
}

static struct str sla_status(struct contract *c, const char *id, const char *day)
{
    return json_text(json_get(json_get(entitlements(c, id, day), STR("sla")), STR("status")));
}

static struct json_value *timeline(struct contract *c, const char *id, struct timeline_view view)
{
    struct json_page page;
    assert_int_equal(timeline_read(&application, &caller, str_from_cstr(id), &view, STR_NONE, 500,
                                   &c->arena, &page, &c->error),
                     STATUS_OK);
    return parsed(c, page.body);
}

static struct timeline_view shown(struct str type)
{
    struct timeline_view view = {.type = type};
    for (int part = 0; part < TIMELINE_PART_COUNT; part++) view.shows[part] = true;
    return view;
}

static struct str merge(struct contract *c, const char *target, const char *source)
{
    struct merge_request request = {.source_id = str_from_cstr(source)};
    struct merge_result result;
    assert_int_equal(merge_customers(&application, &caller, str_from_cstr(target), &request,
                                     &c->arena, &result, &c->error),
                     STATUS_OK);
    return json_text(json_get(parsed(c, result.json), STR("mergeId")));
}

static void unmerge(struct contract *c, struct str merge_id)
{
    struct str text;
    assert_int_equal(
        unmerge_customers(&application, &caller, STR_NONE, merge_id, &c->arena, &text, &c->error),
        STATUS_OK);
}

static const char acme[] = "{\"customerId\":\"ACME\",\"name\":\"Acme Corp\"}";
static const char zebra[] = "{\"customerId\":\"ZEBRA\",\"name\":\"Zebra Works\"}";

/* ---- the cases ---- */

static void a_message_that_comes_again_does_nothing(struct contract *c)
{
    static const char order[] = "{'serviceOrderId':'SO-1','customerId':'ACME','priority':'HIGH'}";
    begin(c);
    create(c, acme);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e1", order), CONSUMED_APPLIED);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e1", order), CONSUMED_REPEATED);
    assert_int_equal(
        json_get(timeline(c, "ACME", shown(STR("SERVICE_ORDER"))), STR("items"))->count, 1);
}

static void senders_of_other_types_may_use_the_same_id(struct contract *c)
{
    begin(c);
    create(c, acme);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e1",
                             "{'serviceOrderId':'SO-1','customerId':'ACME'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(consume(c, INBOUND_CONTRACT_ACTIVATED, "e1",
                             "{'contractId':'CT-1','customerId':'ACME','startDate':'2026-01-01'}"),
                     CONSUMED_APPLIED);
}

static void a_batch_takes_each_once_and_refuses_alone(struct contract *c)
{
    struct inbound_event events[5];
    struct consumed results[5];
    static const char *const payloads[] = {"{'serviceOrderId':'SO-1','customerId':'ACME'}",
                                           "{'serviceOrderId':'SO-2','customerId':'NOBODY'}",
                                           "{'serviceOrderId':'SO-3','customerId':'ZEBRA'}",
                                           "{'serviceOrderId':'SO-1','customerId':'ACME'}",
                                           "{'serviceOrderId':'SO-4','customerId':'ACME'}"};
    static const char *const ids[] = {"e1", "e2", "e3", "e1", "e4"};
    begin(c);
    create(c, acme);
    create(c, zebra);
    for (size_t i = 0; i < 5; i++)
        events[i] =
            message(c, INBOUND_SERVICE_ORDER_CREATED, ids[i], "2026-02-02T10:00:00Z", payloads[i]);
    assert_int_equal(consume_events(&application, events, 5, &c->arena, results, &c->error),
                     STATUS_OK);
    assert_int_equal(results[0].outcome, CONSUMED_APPLIED);
    assert_int_equal(results[1].outcome, CONSUMED_REFUSED);
    assert_true(consume_events_may_come(&results[1]));
    assert_int_equal(results[2].outcome, CONSUMED_APPLIED);
    assert_int_equal(results[3].outcome, CONSUMED_REPEATED);
    assert_int_equal(results[4].outcome, CONSUMED_APPLIED);
    assert_int_equal(order_count(c, "ACME"), 2);
    create(c, "{\"customerId\":\"NOBODY\",\"name\":\"Nobody Limited\"}");
    assert_int_equal(consume_one(c, events[1]).outcome, CONSUMED_APPLIED);
    assert_int_equal(order_count(c, "NOBODY"), 1);
}

static void what_is_written_before_a_refusal_is_undone_alone(struct contract *c)
{
    struct inbound_event events[3];
    struct consumed results[3];
    begin(c);
    create(c, acme);
    events[0] = message(c, INBOUND_MASTER_UPDATED, "e1", "2026-02-02T10:00:00Z",
                        "{'customerId':'ACME','segment':'ENTERPRISE'}");
    events[1] = message(c, INBOUND_MASTER_UPDATED, "e2", "2026-02-02T10:01:00Z",
                        "{'customerId':'ACME','website':'not a url'}");
    events[2] = message(c, INBOUND_MASTER_UPDATED, "e3", "2026-02-02T10:02:00Z",
                        "{'customerId':'ACME','website':'https://acme.example'}");
    assert_int_equal(consume_events(&application, events, 3, &c->arena, results, &c->error),
                     STATUS_OK);
    assert_int_equal(results[0].outcome, CONSUMED_APPLIED);
    assert_int_equal(results[1].outcome, CONSUMED_REFUSED);
    assert_int_equal(results[1].error.status, STATUS_INVALID_VALUE);
    assert_string_equal(results[1].error.field, "website");
    assert_int_equal(results[2].outcome, CONSUMED_APPLIED);
    assert_str(json_text(json_get(profile(c, "ACME"), STR("segment"))), STR("ENTERPRISE"));
    assert_str(json_text(json_get(profile(c, "ACME"), STR("website"))),
               STR("https://acme.example"));
}

static void a_lead_becomes_a_profile_once(struct contract *c)
{
    static const char lead[] = "{'leadId':'L-1','name':'Globex Ltd','contactName':'Ann Lee',"
                               "'email':'ann@globex.example','source':'WEB'}";
    begin(c);
    assert_int_equal(consume(c, INBOUND_LEAD_CREATED, "e1", lead), CONSUMED_APPLIED);
    assert_int_equal(consume(c, INBOUND_LEAD_CREATED, "e1", lead), CONSUMED_REPEATED);
    /* The same lead told again is the same source record. */
    assert_int_equal(consume(c, INBOUND_LEAD_CREATED, "e2", lead), CONSUMED_APPLIED);
    struct event *events;
    contract_await_events(c, 1);
    assert_int_equal(contract_events(c, 0, 10, &c->arena, &events), 1);
    assert_int_equal(events[0].type, EVENT_PROFILE_CREATED);
}

static void a_lead_that_is_a_customer_is_merged_and_can_be_unmerged(struct contract *c)
{
    begin(c);
    create(c,
           "{\"customerId\":\"ACME\",\"name\":\"Acme Corp\",\"emails\":[\"info@acme.example\"]}");
    assert_int_equal(consume(c, INBOUND_LEAD_CREATED, "e1",
                             "{'leadId':'L-1','name':'ACME corp','email':'INFO@acme.example',"
                             "'phone':'+49 30 1234567'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(json_get(profile(c, "ACME"), STR("phones"))->count, 1);
    const struct json_value *entries =
        json_get(timeline(c, "ACME", shown(STR("MERGE"))), STR("items"));
    assert_int_equal(entries->count, 1);
    unmerge(c, json_text(json_get(&entries->items[0], STR("subject"))));
    assert_int_equal(json_get(profile(c, "ACME"), STR("phones"))->count, 0);
}

static void master_data_is_a_source_record(struct contract *c)
{
    begin(c);
    create(c, acme);
    assert_int_equal(consume(c, INBOUND_MASTER_UPDATED, "e1",
                             "{'customerId':'ACME','masterId':'M-1','emails':['a@acme.example',"
                             "'b@acme.example'],'unknown':1,'segment':null}"),
                     CONSUMED_APPLIED);
    assert_int_equal(json_get(profile(c, "ACME"), STR("emails"))->count, 2);
    /* A list that is given is all there is, at that source. */
    assert_int_equal(consume_one(c, message(c, INBOUND_MASTER_UPDATED, "e2", "2026-02-03T10:00:00Z",
                                            "{'customerId':'ACME','masterId':'M-1',"
                                            "'emails':['b@acme.example']}"))
                         .outcome,
                     CONSUMED_APPLIED);
    assert_int_equal(json_get(profile(c, "ACME"), STR("emails"))->count, 1);
    assert_int_equal(consume(c, INBOUND_MASTER_UPDATED, "e3", "{'customerId':'NOBODY','name':'X'}"),
                     CONSUMED_REFUSED);
}

static void what_a_merged_customer_is_told_of_stays_with_its_home(struct contract *c)
{
    begin(c);
    create(c, acme);
    create(c, zebra);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e1",
                             "{'serviceOrderId':'SO-1','customerId':'ACME'}"),
                     CONSUMED_APPLIED);
    struct str merge_id = merge(c, "ACME", "ZEBRA");
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e2",
                             "{'serviceOrderId':'SO-2','customerId':'ZEBRA'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(consume(c, INBOUND_CONTRACT_ACTIVATED, "e3",
                             "{'contractId':'CT-1','customerId':'ZEBRA','startDate':'2026-01-01',"
                             "'endDate':'2026-12-31T00:00:00Z'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(
        consume(c, INBOUND_CUSTOMER_BLOCKED, "e4", "{'customerId':'ZEBRA','reason':'unpaid'}"),
        CONSUMED_APPLIED);
    assert_int_equal(order_count(c, "ACME"), 2);
    assert_true(json_get(entitlements(c, "ACME", "2026-12-31"), STR("covered"))->boolean);
    assert_str(status_of(c, "ACME"), STR("ON_HOLD"));
    unmerge(c, merge_id);
    assert_int_equal(order_count(c, "ACME"), 1);
    assert_int_equal(order_count(c, "ZEBRA"), 1);
    assert_false(json_get(entitlements(c, "ACME", "2026-12-31"), STR("covered"))->boolean);
    assert_str(status_of(c, "ACME"), STR("ACTIVE"));
    assert_str(status_of(c, "ZEBRA"), STR("ON_HOLD"));
}

static void a_block_holds_and_its_end_gives_back(struct contract *c)
{
    struct str text;
    begin(c);
    create(c, "{\"customerId\":\"ACME\",\"name\":\"Acme Corp\",\"status\":\"INACTIVE\"}");
    assert_int_equal(
        consume(c, INBOUND_CUSTOMER_BLOCKED, "e1", "{'customerId':'ACME','reason':'unpaid'}"),
        CONSUMED_APPLIED);
    assert_str(status_of(c, "ACME"), STR("ON_HOLD"));
    /* An older word that comes late changes nothing. */
    assert_int_equal(
        consume_one(c, message(c, INBOUND_CUSTOMER_BLOCKED, "e0", "2026-01-01T10:00:00Z",
                               "{'customerId':'ACME','status':'UNBLOCKED'}"))
            .outcome,
        CONSUMED_APPLIED);
    assert_str(status_of(c, "ACME"), STR("ON_HOLD"));
    assert_int_equal(
        customer_credit(&application, &caller, STR("ACME"), &c->arena, &text, &c->error),
        STATUS_OK);
    assert_true(json_get(parsed(c, text), STR("blocked"))->boolean);
    assert_int_equal(
        consume_one(c, message(c, INBOUND_CUSTOMER_BLOCKED, "e2", "2026-03-01T10:00:00Z",
                               "{'customerId':'ACME','status':'UNBLOCKED'}"))
            .outcome,
        CONSUMED_APPLIED);
    assert_str(status_of(c, "ACME"), STR("INACTIVE"));
}

static void an_agreement_is_breached_until_the_order_is_closed(struct contract *c)
{
    begin(c);
    create(c, acme);
    /* Read before the order itself. */
    assert_int_equal(consume(c, INBOUND_SLA_BREACHED, "e2",
                             "{'serviceOrderId':'SO-1','customerId':'ACME','sla':'RESPONSE',"
                             "'breachedAt':'2026-02-05T08:00:00Z'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e1",
                             "{'serviceOrderId':'SO-1','customerId':'ACME','status':'OPEN'}"),
                     CONSUMED_APPLIED);
    assert_str(sla_status(c, "ACME", "2026-02-05"), STR("NOT_COVERED"));
    assert_int_equal(consume(c, INBOUND_CONTRACT_ACTIVATED, "e3",
                             "{'contractId':'CT-1','customerId':'ACME','startDate':'2026-02-01'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(order_count(c, "ACME"), 1);
    assert_str(sla_status(c, "ACME", "2026-01-31"), STR("NOT_COVERED"));
    assert_str(sla_status(c, "ACME", "2026-02-04"), STR("KEPT"));
    assert_str(sla_status(c, "ACME", "2026-02-05"), STR("BREACHED"));
    assert_int_equal(
        consume_one(c, message(c, INBOUND_SERVICE_ORDER_CREATED, "e4", "2026-02-06T10:00:00Z",
                               "{'serviceOrderId':'SO-1','customerId':'ACME',"
                               "'status':'Closed'}"))
            .outcome,
        CONSUMED_APPLIED);
    assert_str(sla_status(c, "ACME", "2026-02-07"), STR("KEPT"));
}

static void lists_go_on_behind_a_page(struct contract *c)
{
    struct str cursor = STR_NONE;
    size_t seen = 0;
    begin(c);
    create(c, acme);
    for (int i = 0; i < 5; i++) {
        char id[8], payload[80];
        (void)snprintf(id, sizeof(id), "e%d", i);
        (void)snprintf(payload, sizeof(payload), "{'serviceOrderId':'SO-%d','customerId':'ACME'}",
                       i);
        assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, id, payload), CONSUMED_APPLIED);
    }
    do {
        struct json_value *page = orders(c, "ACME", cursor, 2);
        seen += json_get(page, STR("items"))->count;
        cursor = json_text(json_get(page, STR("next")));
    } while (!str_is_none(cursor));
    assert_int_equal(seen, 5);
}

static void the_timeline_shows_what_is_asked_for(struct contract *c)
{
    struct timeline_view view = {.shows = {[TIMELINE_PROFILE] = true}};
    begin(c);
    create(c, acme);
    assert_int_equal(consume(c, INBOUND_CUSTOMER_BLOCKED, "e1", "{'customerId':'ACME'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(json_get(timeline(c, "ACME", view), STR("items"))->count, 1);
    view.shows[TIMELINE_CREDIT] = true;
    assert_int_equal(json_get(timeline(c, "ACME", view), STR("items"))->count, 2);
}

static void what_is_about_an_erased_customer_is_dropped(struct contract *c)
{
    struct erase_request request = {.customer_id = STR("ACME")};
    struct str text;
    begin(c);
    create(c, acme);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e1",
                             "{'serviceOrderId':'SO-1','customerId':'ACME'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(erase_customer(&application, &caller, &request, &c->arena, &text, &c->error),
                     STATUS_OK);
    assert_int_equal(consume(c, INBOUND_SERVICE_ORDER_CREATED, "e2",
                             "{'serviceOrderId':'SO-2','customerId':'ACME'}"),
                     CONSUMED_DROPPED);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_message_that_comes_again_does_nothing),
        CONTRACT(senders_of_other_types_may_use_the_same_id),
        CONTRACT(a_batch_takes_each_once_and_refuses_alone),
        CONTRACT(what_is_written_before_a_refusal_is_undone_alone),
        CONTRACT(a_lead_becomes_a_profile_once),
        CONTRACT(a_lead_that_is_a_customer_is_merged_and_can_be_unmerged),
        CONTRACT(master_data_is_a_source_record),
        CONTRACT(what_a_merged_customer_is_told_of_stays_with_its_home),
        CONTRACT(a_block_holds_and_its_end_gives_back),
        CONTRACT(an_agreement_is_breached_until_the_order_is_closed),
        CONTRACT(lists_go_on_behind_a_page),
        CONTRACT(the_timeline_shows_what_is_asked_for),
        CONTRACT(what_is_about_an_erased_customer_is_dropped),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
