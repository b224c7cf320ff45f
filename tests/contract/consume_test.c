/* What neighbouring systems tell, on every store: each message once, what it does to the customer
 * that it names, and that a merge or unmerge takes it along. */
#include "application_fixture.h"
#include "contract.h"
#include "faulty_store.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "application/consume_events.h"
#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/customer_history.h"
#include "application/entitlements.h"
#include "application/erase_customer.h"
#include "application/get_customer.h"
#include "application/merge_customers.h"
#include "application/timeline.h"
#include "application/unmerge_customers.h"

static struct application application;
static struct caller caller;
static struct faulty_store twice;

static void begin(struct contract *c)
{
    application = application_fixture(environment_system());
    faulty_store_init(&twice, c->store);
    application.store = &twice.base;
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
    instant now;
    assert_true(instant_parse(STR("2030-01-01"), &now));
    assert_int_equal(inbound_parse(type, json(c, text), now, &c->arena, &event, &c->error),
                     STATUS_OK);
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

static struct json_value *entitlements_as_of(struct contract *c, const char *id, const char *day,
                                             instant as_of)
{
    struct entitlements_request request = {str_from_cstr(id), str_from_cstr(day), as_of};
    struct str text;
    assert_int_equal(
        entitlements_read(&application, &caller, &request, &c->arena, &text, &c->error), STATUS_OK);
    return parsed(c, text);
}

static struct json_value *entitlements(struct contract *c, const char *id, const char *day)
{
    return entitlements_as_of(c, id, day, INSTANT_FUTURE);
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
    assert_int_equal(unmerge_customers(&application, &caller, STR_NONE, merge_id, STR_NONE,
                                       &c->arena, &text, &c->error),
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

static void tell_master(struct contract *c, const char *id, const char *at, const char *members)
{
    char payload[200];
    (void)snprintf(payload, sizeof(payload), "{'customerId':'ACME','masterId':'M-1',%s}", members);
    struct inbound_event event = message(c, INBOUND_MASTER_UPDATED, id, at, payload);
    assert_int_equal(consume_one(c, event).outcome, CONSUMED_APPLIED);
}

/* What the source has said since stays, whatever order it comes in. */
static void master_data_that_comes_late_tells_of_its_time(struct contract *c)
{
    begin(c);
    create(c, acme);
    tell_master(c, "e1", "2026-02-01T10:00:00Z", "'segment':'SMALL'");
    tell_master(c, "e3", "2026-02-03T10:00:00Z", "'segment':'LARGE','emails':['b@acme.example']");
    tell_master(c, "e2", "2026-02-02T10:00:00Z",
                "'segment':'MIDDLE','emails':['a@acme.example','b@acme.example'],"
                "'website':'https://acme.example'");
    struct json_value *shown = profile(c, "ACME");
    assert_str(json_text(json_get(shown, STR("segment"))), STR("LARGE"));
    assert_str(json_text(json_get(shown, STR("website"))), STR("https://acme.example"));
    const struct json_value *emails = json_get(shown, STR("emails"));
    assert_int_equal(emails->count, 1);
    assert_str(json_text(&emails->items[0]), STR("b@acme.example"));
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

/* ---- an unmerge that comes in between ---- */

static struct between {
    struct contract *contract;
    const struct store_operations *operations; /* of the store itself */
    struct str merge_id;
} between;

static void *unmerge_meanwhile(void *argument)
{
    struct arena arena;
    struct str text;
    (void)argument;
    arena_init(&arena, 1 << 22);
    enum status status = unmerge_customers(&application, &caller, STR_NONE, between.merge_id,
                                           STR_NONE, &arena, &text, NULL);
    arena_release(&arena);
    return status == STATUS_OK ? &between : NULL;
}

/* When the root has been found and is about to be locked. */
static enum status get_profile(struct store_session *session, struct str id, enum store_lock lock,
                               struct arena *arena, struct profile_row *row, struct error *error)
{
    struct store *store = between.contract->store;
    if (lock == STORE_LOCK && str_equal(id, STR("ACME")) &&
        store->operations != between.operations) {
        pthread_t thread;
        void *done = NULL;
        store->operations = between.operations;
        assert_int_equal(pthread_create(&thread, NULL, unmerge_meanwhile, NULL), 0);
        assert_int_equal(pthread_join(thread, &done), 0);
        assert_non_null(done);
    }
    return between.operations->profile_get(session, id, lock, arena, row, error);
}

static void what_is_told_while_a_customer_is_unmerged_is_his(struct contract *c)
{
    struct store_operations hooked = *c->store->operations;
    struct event *events;
    if (!c->many_write) return;
    begin(c);
    assert_int_equal(consume(c, INBOUND_LEAD_CREATED, "e1", "{'leadId':'L-1','name':'Globex Ltd'}"),
                     CONSUMED_APPLIED);
    contract_await_events(c, 1);
    assert_int_equal(contract_events(c, 0, 1, &c->arena, &events), 1);
    create(c, acme);
    create(c, "{\"customerId\":\"MIDDLE\",\"name\":\"Middle Limited\"}");
    (void)merge(c, "MIDDLE", arena_cstr(&c->arena, events[0].aggregate_id));
    between = (struct between){c, c->store->operations, merge(c, "ACME", "MIDDLE")};
    hooked.profile_get = get_profile;
    c->store->operations = &hooked;
    assert_int_equal(consume(c, INBOUND_LEAD_CREATED, "e2",
                             "{'leadId':'L-1','name':'Globex Ltd','phone':'+49 30 1234567'}"),
                     CONSUMED_APPLIED);
    assert_ptr_equal(c->store->operations, between.operations);
    assert_int_equal(json_get(profile(c, "MIDDLE"), STR("phones"))->count, 1);
    assert_int_equal(json_get(profile(c, "ACME"), STR("phones"))->count, 0);
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

static void a_block_ends_also_of_a_customer_with_all_facts_that_are_allowed(struct contract *c)
{
    begin(c);
    create(c, acme);
    application.limits.facts_max = 2;
    assert_int_equal(consume(c, INBOUND_CUSTOMER_BLOCKED, "e1", "{'customerId':'ACME'}"),
                     CONSUMED_APPLIED);
    assert_int_equal(consume(c, INBOUND_CUSTOMER_BLOCKED, "e2", "{'customerId':'ACME'}"),
                     CONSUMED_REFUSED);
    struct inbound_event end = message(c, INBOUND_CUSTOMER_BLOCKED, "e3", "2026-02-03T10:00:00Z",
                                       "{'customerId':'ACME','status':'UNBLOCKED'}");
    assert_int_equal(consume_one(c, end).outcome, CONSUMED_APPLIED);
    assert_str(status_of(c, "ACME"), STR("ACTIVE"));
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
    /* That it is closed since does not change how it stood. */
    assert_str(sla_status(c, "ACME", "2026-02-05"), STR("BREACHED"));
}

/* The plan by which the contract covers the day; absent: it does not. */
static struct str plan_on(struct contract *c, const char *day, instant as_of)
{
    const struct json_value *shown = entitlements_as_of(c, "ACME", day, as_of);
    if (!json_get(shown, STR("covered"))->boolean) return STR_NONE;
    return json_text(json_get(&json_get(shown, STR("contracts"))->items[0], STR("planId")));
}

static void tell_contract(struct contract *c, const char *id, const char *at, const char *members)
{
    char payload[200];
    (void)snprintf(payload, sizeof(payload), "{'contractId':'CT-1','customerId':'ACME',%s}",
                   members);
    struct inbound_event event = message(c, INBOUND_CONTRACT_ACTIVATED, id, at, payload);
    assert_int_equal(consume_one(c, event).outcome, CONSUMED_APPLIED);
}

static void a_day_shows_what_covered_it(struct contract *c)
{
    begin(c);
    create(c, acme);
    tell_contract(c, "e1", "2025-02-10T10:00:00Z",
                  "'planId':'BASIC','startDate':'2025-02-01','endDate':'2025-12-31'");
    instant then = environment_system()->now(environment_system());
    tell_contract(c, "e2", "2025-06-01T10:00:00Z", "'planId':'GOLD'");
    tell_contract(c, "e3", "2025-12-01T10:00:00Z",
                  "'startDate':'2026-01-01','endDate':'2026-12-31'");
    tell_contract(c, "e4", "2026-03-01T10:00:00Z", "'endDate':'2026-03-31'");
    assert_true(str_is_none(plan_on(c, "2025-01-31", INSTANT_FUTURE)));
    /* From its start, though that was told of late; by the plan of that time. */
    assert_str(plan_on(c, "2025-02-01", INSTANT_FUTURE), STR("BASIC"));
    assert_str(plan_on(c, "2025-05-31", INSTANT_FUTURE), STR("BASIC"));
    assert_str(plan_on(c, "2025-06-01", INSTANT_FUTURE), STR("GOLD"));
    /* A renewal takes nothing from the period before, also once it was told. */
    assert_str(plan_on(c, "2025-12-31", INSTANT_FUTURE), STR("GOLD"));
    assert_str(plan_on(c, "2026-01-01", INSTANT_FUTURE), STR("GOLD"));
    assert_true(str_is_none(plan_on(c, "2026-04-01", INSTANT_FUTURE)));
    /* By what was known before the rest was told. */
    assert_str(plan_on(c, "2025-12-31", then), STR("BASIC"));
    assert_true(str_is_none(plan_on(c, "2026-01-01", then)));
}

/* Far more than what the memory would hold at once, in a tree of two. */
enum { MANY = 6000, MANY_ARENA_BYTES = 1 << 20 };

struct many {
    const char *home;
    int begin, end;
};

static enum status append_many_body(struct store_session *session, void *context,
                                    struct error *error)
{
    const struct many *many = context;
    struct json_value body = json_make_object();
    char subject[32];
    for (int i = many->begin; i < many->end; i++) {
        (void)snprintf(subject, sizeof(subject), "T-%d", i / 2);
        const struct fact fact = {.home = str_from_cstr(many->home),
                                  .kind = i % 4 < 2 ? FACT_SERVICE_ORDER : FACT_CONTRACT,
                                  .subject = str_from_cstr(subject),
                                  .source = STR("test"),
                                  .observed_at = 1000 + i / 3,
                                  .recorded_at = 1000 + i / 3,
                                  .body = &body};
        TRY(store_fact_append(session, &fact, error));
    }
    return STATUS_OK;
}

static void append_many(struct contract *c, const char *home, int begin, int end)
{
    struct many many = {home, begin, end};
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, append_many_body, &many, &c->error), STATUS_OK);
}

static void assert_walk(struct contract *c, struct arena *arena, bool is_timeline, size_t expected)
{
    struct timeline_view view = {.shows = {[TIMELINE_SERVICE] = true}};
    struct str cursor = STR_NONE;
    char kept[128];
    instant last = INSTANT_FUTURE, at;
    size_t seen = 0;
    do {
        struct json_page page;
        struct json_value *json;
        arena_reset(arena);
        enum status status = is_timeline
                                 ? timeline_read(&application, &caller, STR("ACME"), &view, cursor,
                                                 250, arena, &page, &c->error)
                                 : customer_service_orders(&application, &caller, STR("ACME"),
                                                           cursor, 250, arena, &page, &c->error);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(json_parse(page.body, arena, &json, &c->error), STATUS_OK);
        const struct json_value *items = json_get(json, STR("items"));
        for (size_t i = 0; is_timeline && i < items->count; i++) {
            assert_true(instant_parse(json_text(json_get(&items->items[i], STR("at"))), &at));
            assert_true(at <= last);
            last = at;
        }
        seen += items->count;
        (void)snprintf(kept, sizeof(kept), "%.*s", STR_ARGS(page.next));
        cursor = str_is_none(page.next) ? STR_NONE : str_from_cstr(kept);
        /* What comes meanwhile is newer than the pages that follow. */
        append_many(c, "ACME", MANY + (int)seen, MANY + (int)seen + 1);
    } while (!str_is_none(cursor));
    assert_int_equal(seen, expected);
}

static void however_much_was_told_it_is_shown_in_pages(struct contract *c)
{
    struct entitlements_request request = {STR("ACME"), STR("2026-02-02"), INSTANT_FUTURE};
    struct arena arena;
    struct str text;
    begin(c);
    create(c, acme);
    create(c, zebra);
    (void)merge(c, "ACME", "ZEBRA");
    append_many(c, "ACME", 0, MANY / 2);
    append_many(c, "ZEBRA", MANY / 2, MANY);
    arena_init(&arena, MANY_ARENA_BYTES);
    assert_int_equal(entitlements_read(&application, &caller, &request, &arena, &text, &c->error),
                     STATUS_OK);
    struct json_value *shown = parsed(c, text);
    assert_int_equal(json_get(shown, STR("contracts"))->count, ENTITLEMENTS_LISTED_MAX);
    assert_str(json_get(json_get(shown, STR("contractCounts")), STR("ACTIVE"))->text, STR("1500"));
    assert_str(json_get(json_get(shown, STR("sla")), STR("openServiceOrders"))->text, STR("1500"));
    arena_reset(&arena);
    assert_int_equal(customer_credit(&application, &caller, STR("ACME"), &arena, &text, &c->error),
                     STATUS_OK);
    assert_walk(c, &arena, false, MANY / 4);
    assert_walk(c, &arena, true, MANY + 6);
    arena_release(&arena);
}

/* Their ids are the client's here, as random ones would be in any order. */
static void contacts_stand_as_they_came(struct contract *c)
{
    static const char *const expected[] = {"Z", "M", "A", "K", "B"};
    begin(c);
    create(c, "{\"customerId\":\"ACME\",\"name\":\"Acme Corp\",\"contacts\":["
              "{\"contactId\":\"Z\",\"name\":\"One\"},{\"contactId\":\"M\",\"name\":\"Two\"},"
              "{\"contactId\":\"A\",\"name\":\"Three\"}]}");
    for (size_t i = 3; i < UNIT_COUNT(expected); i++) {
        struct customer_part part;
        char body[60];
        (void)snprintf(body, sizeof(body), "{\"contactId\":\"%s\",\"name\":\"Later %zu\"}",
                       expected[i], i);
        assert_int_equal(contacts_add(&application, &caller, STR("ACME"), json(c, body),
                                      IF_MATCH_ANY, &c->arena, &part, &c->error),
                         STATUS_OK);
    }
    const struct json_value *contacts = json_get(profile(c, "ACME"), STR("contacts"));
    assert_int_equal(contacts->count, UNIT_COUNT(expected));
    for (size_t i = 0; i < contacts->count; i++)
        assert_str(json_text(json_get(&contacts->items[i], STR("contactId"))),
                   str_from_cstr(expected[i]));
    assert_null(json_get(&contacts->items[1], STR("place")));
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
        CONTRACT(master_data_that_comes_late_tells_of_its_time),
        CONTRACT(what_a_merged_customer_is_told_of_stays_with_its_home),
        CONTRACT(what_is_told_while_a_customer_is_unmerged_is_his),
        CONTRACT(a_block_holds_and_its_end_gives_back),
        CONTRACT(a_block_ends_also_of_a_customer_with_all_facts_that_are_allowed),
        CONTRACT(an_agreement_is_breached_until_the_order_is_closed),
        CONTRACT(a_day_shows_what_covered_it),
        CONTRACT(contacts_stand_as_they_came),
        CONTRACT(lists_go_on_behind_a_page),
        CONTRACT(however_much_was_told_it_is_shown_in_pages),
        CONTRACT(the_timeline_shows_what_is_asked_for),
        CONTRACT(what_is_about_an_erased_customer_is_dropped),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
