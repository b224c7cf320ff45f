/* Reads that begin again, as after a replica that failed half way or a conflict: they answer what
 * they answer at once. */
#include "application_fixture.h"
#include "contract.h"
#include "faulty_store.h"

#include <stdio.h>

#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/customer_history.h"
#include "application/entitlements.h"
#include "application/get_customer.h"
#include "application/list_customers.h"
#include "application/merge_customers.h"
#include "application/relationships.h"
#include "application/timeline.h"

static struct application application;
static struct caller caller;

static struct json_value *json(struct contract *c, const char *text)
{
    struct json_value *value;
    assert_int_equal(json_parse(str_from_cstr(text), &c->arena, &value, &c->error), STATUS_OK);
    return value;
}

/* C-00 to C-19, all with one word in their names; C-01 has been merged into C-00. */
static void begin(struct contract *c)
{
    static char texts[20][80];
    struct customer_document document;
    struct customer_part part;
    struct merge_result merged;
    const struct merge_request request = {.source_id = STR("C-01")};
    application = application_fixture(environment_system());
    application.store = c->store;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("user-1")};
    for (int i = 0; i < 20; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]),
                       "{\"customerId\":\"C-%02d\",\"name\":\"Zebra %c%c Works\"}", i, 'a' + i,
                       'a' + i);
        assert_int_equal(create_customer(&application, &caller, json(c, texts[i]),
                                         ON_DUPLICATE_ALLOW, &c->arena, &document, &c->error),
                         STATUS_OK);
    }
    assert_int_equal(relationships_add(&application, &caller, STR("C-00"),
                                       json(c, "{\"type\":\"PARENT_OF\",\"customerId\":\"C-02\"}"),
                                       &c->arena, &part, &c->error),
                     STATUS_OK);
    assert_int_equal(merge_customers(&application, &caller, STR("C-00"), &request, &c->arena,
                                     &merged, &c->error),
                     STATUS_OK);
}

/* --- the reads --- */

struct answer {
    enum status status;
    struct str text, next;
};

static void take_page(struct answer *answer, const struct json_page *page)
{
    if (answer->status != STATUS_OK) return;
    answer->text = page->body;
    answer->next = page->next;
}

static void take_list(struct contract *c, const struct customer_query *query, struct answer *answer)
{
    struct json_page page;
    answer->status = list_customers(&application, &caller, query, &c->arena, &page, &c->error);
    take_page(answer, &page);
}

static void read_list(struct contract *c, struct answer *answer)
{
    const struct customer_query query = {.limit = 3};
    take_list(c, &query, answer);
}

static void read_search(struct contract *c, struct answer *answer)
{
    const struct customer_query query = {.any = STR("zebra"), .limit = 18};
    take_list(c, &query, answer);
}

static void read_search_further(struct contract *c, struct answer *answer)
{
    struct customer_query query = {.any = STR("zebra"), .limit = 3};
    take_list(c, &query, answer);
    query.cursor = answer->next;
    take_list(c, &query, answer);
}

static void read_search_by_name(struct contract *c, struct answer *answer)
{
    const struct customer_query query = {.name = STR("zebar"), .sort = STR("name"), .limit = 18};
    take_list(c, &query, answer);
}

static void read_as_of(struct contract *c, struct answer *answer)
{
    struct customer_document document;
    answer->status = get_customer_as_of(&application, &caller, STR("C-00"), INSTANT_FUTURE - 1,
                                        &c->arena, &document, &c->error);
    if (answer->status == STATUS_OK) answer->text = document.document;
}

static void read_provenance(struct contract *c, struct answer *answer)
{
    answer->status = get_customer_provenance(&application, &caller, STR("C-00"), &c->arena,
                                             &answer->text, &c->error);
}

static void read_versions(struct contract *c, struct answer *answer)
{
    struct json_page page;
    answer->status = get_customer_versions(&application, &caller, STR("C-00"), STR_NONE, 1,
                                           &c->arena, &page, &c->error);
    take_page(answer, &page);
}

static void read_relationships(struct contract *c, struct answer *answer)
{
    struct json_page page;
    answer->status = relationships_list(&application, &caller, STR("C-00"),
                                        &(struct page_request){0}, &c->arena, &page, &c->error);
    answer->text = page.body;
}

static void read_hierarchy(struct contract *c, struct answer *answer)
{
    answer->status = relationships_hierarchy(&application, &caller, STR("C-02"), HIERARCHY_BOTH, 32,
                                             &c->arena, &answer->text, &c->error);
}

static void read_merges(struct contract *c, struct answer *answer)
{
    struct json_page page;
    answer->status = merge_customers_list(&application, &caller, STR("C-01"),
                                          &(struct page_request){0}, &c->arena, &page, &c->error);
    answer->text = page.body;
}

static void read_orders(struct contract *c, struct answer *answer)
{
    struct json_page page;
    answer->status = customer_service_orders(&application, &caller, STR("C-00"), STR_NONE, 10,
                                             &c->arena, &page, &c->error);
    take_page(answer, &page);
}

static void read_entitlements(struct contract *c, struct answer *answer)
{
    const struct entitlements_request request = {STR("C-00"), STR("2026-02-02"), INSTANT_FUTURE};
    answer->status =
        entitlements_read(&application, &caller, &request, &c->arena, &answer->text, &c->error);
}

static void read_timeline(struct contract *c, struct answer *answer)
{
    struct json_page page;
    struct timeline_view view = {.type = STR_NONE};
    for (int part = 0; part < TIMELINE_PART_COUNT; part++) view.shows[part] = true;
    answer->status = timeline_read(&application, &caller, STR("C-00"), &view, STR_NONE, 2,
                                   &c->arena, &page, &c->error);
    take_page(answer, &page);
}

static void a_read_that_begins_again_answers_the_same(struct contract *c)
{
    static const struct {
        const char *name;
        void (*read)(struct contract *, struct answer *);
    } reads[] = {
        {"list", read_list},
        {"search", read_search},
        {"search, second page", read_search_further},
        {"search by name", read_search_by_name},
        {"as of", read_as_of},
        {"provenance", read_provenance},
        {"versions", read_versions},
        {"relationships", read_relationships},
        {"hierarchy", read_hierarchy},
        {"merges", read_merges},
        {"service orders", read_orders},
        {"entitlements", read_entitlements},
        {"timeline", read_timeline},
    };
    struct faulty_store twice;
    begin(c);
    faulty_store_init(&twice, c->store);
    for (size_t i = 0; i < UNIT_COUNT(reads); i++) {
        struct answer once = {.text = STR_NONE}, again = once;
        application.store = c->store;
        reads[i].read(c, &once);
        application.store = &twice.base;
        reads[i].read(c, &again);
        if (once.status != STATUS_OK || again.status != STATUS_OK)
            fail_msg("%s: %s, then %s", reads[i].name, status_code(once.status).ptr,
                     status_code(again.status).ptr);
        if (!str_equal(once.text, again.text) || !str_equal(once.next, again.next))
            fail_msg("%s: %.*s, then %.*s", reads[i].name, STR_ARGS(once.text),
                     STR_ARGS(again.text));
    }
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_read_that_begins_again_answers_the_same)};
    return contract_run(cases, UNIT_COUNT(cases));
}
