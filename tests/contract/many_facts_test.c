/* A customer of whom as much is known as may be: every use case works in the memory of a request.
 */
#include "application_fixture.h"
#include "contract.h"

#include <stdio.h>
#include <stdlib.h>

#include "application/change_customer.h"
#include "application/consents.h"
#include "application/create_customer.h"
#include "application/erase_customer.h"
#include "application/get_customer.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
#include "application/review_scan.h"
#include "application/unmerge_customers.h"

enum { REQUEST_MEMORY = 64 << 20, UNIT = 2000 }; /* http.request_memory */

static struct application application;
static struct caller caller;
static struct arena arena; /* of one request */

static struct json_value *json(const char *text)
{
    struct json_value *value;
    assert_int_equal(json_parse(str_from_cstr(text), &arena, &value, NULL), STATUS_OK);
    return value;
}

/* --- a customer with many facts --- */

struct filling {
    struct arena *arena;
    size_t from, to;
};

static const char *const bodies[][2] = {
    {"ASSERTION",
     "{\"name\":\"Acme Corporation\",\"emails\":[\"info@acme.example\",\"sales@acme.example\"],"
     "\"addresses\":[{\"line1\":\"Unter den Linden "
     "1\",\"city\":\"Berlin\",\"postalCode\":\"10117\","
     "\"country\":\"DE\"}]}"},
    {"CONTACT", "{\"name\":\"Jane Doe\",\"email\":\"jane.doe@acme.example\",\"phone\":"
                "\"+4930123456\",\"roles\":[\"BILLING\",\"SALES\"]}"},
    {"CONSENT",
     "{\"type\":\"EMAIL\",\"status\":\"REVOKED\",\"purpose\":\"MARKETING\",\"lawfulBasis\":"
     "\"CONSENT\",\"contactPoint\":\"info@acme.example\",\"source\":\"crm\",\"capturedAt\":"
     "\"2023-11-14T22:13:20Z\",\"notice\":{\"version\":\"3\",\"language\":\"en\",\"hash\":"
     "\"0123456789abcdef0123456789abcdef\"},\"evidence\":{\"ip\":\"192.0.2.1\",\"userAgent\":"
     "\"Mozilla/5.0\",\"form\":\"newsletter\"}}"}};

static enum status fill_body(struct store_session *session, void *context, struct error *error)
{
    const struct filling *filling = context;
    for (size_t i = filling->from; i < filling->to; i++) {
        struct fact fact = {.home = STR("A"),
                            .source = i % 2 ? STR("erp") : SOURCE_CRM,
                            .actor = STR("user-1"),
                            .observed_at = (instant)(1600000000 + i) * INSTANT_SECOND,
                            .recorded_at = (instant)(1600000000 + i) * INSTANT_SECOND};
        const char *const *body = bodies[i % 3];
        assert_true(fact_kind_parse(str_from_cstr(body[0]), &fact.kind));
        fact.subject =
            fact.kind == FACT_ASSERTION
                ? STR("K")
                : arena_format(filling->arena, "S%zu", fact.kind == FACT_CONTACT ? i % 99 : i);
        TRY(json_parse(str_from_cstr(body[1]), filling->arena, &fact.body, error));
        TRY(store_fact_append(session, &fact, error));
    }
    return STATUS_OK;
}

static void fill(struct contract *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i += UNIT) {
        struct arena unit;
        arena_init(&unit, 256 << 20);
        struct filling filling = {&unit, i, i + UNIT < to ? i + UNIT : to};
        assert_int_equal(
            store_write(application.store, caller.tenant, &unit, fill_body, &filling, &c->error),
            STATUS_OK);
        arena_release(&unit);
    }
}

static void begin(struct contract *c, size_t facts)
{
    struct customer_document document;
    application = application_fixture(environment_system());
    application.store = c->store;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("user-1")};
    arena_init(&arena, REQUEST_MEMORY);
    const char *const customers[] = {"{\"customerId\":\"A\",\"name\":\"Acme\"}",
                                     "{\"customerId\":\"B\",\"name\":\"Bolt\"}"};
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(create_customer(&application, &caller, json(customers[i]),
                                         ON_DUPLICATE_ALLOW, &arena, &document, &c->error),
                         STATUS_OK);
    fill(c, 1, facts);
    arena_reset(&arena);
}

static enum status done(const char *what, enum status status)
{
    if (getenv("SHOW_MEMORY")) printf("# %-10s %zu KiB\n", what, arena.used_bytes >> 10);
    arena_reset(&arena);
    return status;
}

static enum status patch(struct contract *c, const char *body)
{
    struct customer_document document;
    return done("patch", change_customer(&application, &caller, STR("A"), json(body), IF_MATCH_ANY,
                                         &arena, &document, &c->error));
}

static enum status record(struct contract *c, const char *status)
{
    struct customer_part part;
    struct str body = arena_format(&arena, "{\"type\":\"EMAIL\",\"status\":\"%s\"}", status);
    return done(status, consents_record(&application, &caller, STR("A"), json(body.ptr), &arena,
                                        &part, &c->error));
}

static void read_everything(struct contract *c)
{
    struct customer_document document;
    struct json_page page;
    struct str out;
    assert_int_equal(done("provenance", get_customer_provenance(&application, &caller, STR("A"),
                                                                &arena, &out, &c->error)),
                     STATUS_OK);
    assert_int_equal(
        done("as of", get_customer_as_of(&application, &caller, STR("A"), INSTANT_FUTURE - 1,
                                         &arena, &document, &c->error)),
        STATUS_OK);
    assert_int_equal(
        done("matrix", consents_matrix(&application, &caller, STR("A"), INSTANT_NONE,
                                       &(struct page_request){0}, &arena, &page, &c->error)),
        STATUS_OK);
    assert_int_equal(
        done("history", consents_history(&application, &caller, STR("A"), &(struct page_request){0},
                                         &arena, &page, &c->error)),
        STATUS_OK);
    const char *check = "{\"checks\":[{\"customerId\":\"A\",\"type\":\"EMAIL\"}]}";
    assert_int_equal(
        done("check", consents_check(&application, &caller, json(check), &arena, &out, &c->error)),
        STATUS_OK);
}

/* A new customer with the website of A, and a scan. */
static void meet(struct contract *c)
{
    const struct review_scan_settings settings = {.merge_from = SCAN_NEVER_MERGES};
    const struct review_scan_pair pair = {STR("A"), STR("C")};
    struct review_scan_counts counts = {0};
    struct review_scan_record *records;
    struct customer_document document;
    size_t count;
    struct json_value *body =
        json("{\"customerId\":\"C\",\"name\":\"Acme Bank\",\"website\":\"https://acme.example\"}");
    assert_int_equal(done("meet", create_customer(&application, &caller, body, ON_DUPLICATE_ALLOW,
                                                  &arena, &document, &c->error)),
                     STATUS_OK);
    assert_int_equal(done("scan", review_scan_read(&application, &caller, STR_NONE, 100, &arena,
                                                   &records, &count, &c->error)),
                     STATUS_OK);
    assert_int_equal(done("decide", review_scan_decide(&application, &caller, &settings, &pair, 1,
                                                       &arena, &counts, &c->error)),
                     STATUS_OK);
    assert_int_equal(counts.alike, 1);
}

static struct str merge(struct contract *c, const char *target, const char *source)
{
    struct merge_request request = {.source_id = str_from_cstr(source)};
    struct merge_result merged;
    enum status status = merge_customers(&application, &caller, str_from_cstr(target), &request,
                                         &arena, &merged, &c->error);
    struct str merge_id = status == STATUS_OK ? arena_str(&c->arena, merged.merge_id) : STR_NONE;
    assert_int_equal(done("merge", status), STATUS_OK);
    return merge_id;
}

static void reverse(struct contract *c, struct str merge_id)
{
    struct str out;
    enum status status = unmerge_customers(&application, &caller, STR_NONE, merge_id, STR_NONE,
                                           &arena, &out, &c->error);
    assert_int_equal(done("unmerge", status), STATUS_OK);
}

static void erase(struct contract *c)
{
    const struct erase_request request = {.customer_id = STR("A")};
    struct str out;
    enum status status = erase_customer(&application, &caller, &request, &arena, &out, &c->error);
    assert_int_equal(done("erase", status), STATUS_OK);
}

static void a_customer_with_all_facts_allowed_is_served(struct contract *c)
{
    const size_t most = APPLICATION_LIMITS_DEFAULT.facts_max;
    begin(c, most - 3);
    reverse(c, merge(c, "B", "A"));
    struct str merge_id = merge(c, "A", "B");
    assert_int_equal(patch(c, "{\"website\":\"https://acme.example\"}"), STATUS_OK);
    read_everything(c);
    meet(c);
    /* There are as many as are allowed: only who takes back is not refused, for a while. */
    fill(c, most, most + most / 2 - UNIT);
    assert_int_equal(patch(c, "{\"segment\":\"GOLD\"}"), STATUS_LIMIT_EXCEEDED);
    assert_int_equal(record(c, "GRANTED"), STATUS_LIMIT_EXCEEDED);
    assert_int_equal(record(c, "REVOKED"), STATUS_OK);
    fill(c, most + most / 2 - UNIT, most + most / 2 + 10);
    assert_int_equal(record(c, "REVOKED"), STATUS_LIMIT_EXCEEDED);
    read_everything(c);
    reverse(c, merge_id);
    erase(c);
    arena_release(&arena);
}

static enum status record_body(struct contract *c, const char *body)
{
    struct customer_part part;
    return done(body, consents_record(&application, &caller, STR("A"), json(body), &arena, &part,
                                      &c->error));
}

static void revocations_are_bounded_but_all_can_always_be_withdrawn(struct contract *c)
{
    begin(c, 1);
    merge(c, "A", "B");
    const char *one = "{\"type\":\"SMS\",\"status\":\"REVOKED\",\"purpose\":\"SURVEY\"}";
    const char *all = "{\"type\":\"SMS\",\"status\":\"REVOKED\"}";
    const char *once = "{\"type\":\"SMS\",\"status\":\"REVOKED\",\"capturedAt\":"
                       "\"2020-01-01T00:00:00Z\"}";
    assert_int_equal(record_body(c, "{\"type\":\"SMS\",\"status\":\"GRANTED\"}"), STATUS_OK);
    application.limits.facts_max = 10;
    size_t recorded = 0;
    while (record_body(c, one) == STATUS_OK) assert_in_range(++recorded, 1, 15);
    assert_int_equal(record_body(c, one), STATUS_LIMIT_EXCEEDED);
    assert_int_equal(record_body(c, once), STATUS_LIMIT_EXCEEDED);
    assert_int_equal(record_body(c, all), STATUS_OK);
    assert_int_equal(record_body(c, all), STATUS_LIMIT_EXCEEDED); /* nothing was granted since */
    arena_release(&arena);
}

/* --- a customer of whom most was taken back --- */

enum { CONTACTS = 40 };

/* An import with contacts and its undo, over and over. */
static enum status import_and_undo_body(struct store_session *session, void *context,
                                        struct error *error)
{
    const struct filling *filling = context;
    for (size_t i = filling->from; i < filling->to; i++) {
        bool is_undo = i % CONTACTS == CONTACTS - 1;
        struct str job_id = arena_format(filling->arena, "JOB-%zu", i / CONTACTS);
        struct fact fact = {.home = STR("A"),
                            .kind = is_undo ? FACT_UNDO : FACT_CONTACT,
                            .subject = is_undo ? job_id : arena_format(filling->arena, "U%zu", i),
                            .source = STR("erp"),
                            .actor = STR("user-1"),
                            .import_id = is_undo ? STR_NONE : job_id,
                            .observed_at = (instant)(1600000000 + i) * INSTANT_SECOND,
                            .recorded_at = (instant)(1600000000 + i) * INSTANT_SECOND};
        const char *body = is_undo ? "{\"name\":\"Acme\"}" : bodies[1][1];
        TRY(json_parse(str_from_cstr(body), filling->arena, &fact.body, error));
        TRY(store_fact_append(session, &fact, error));
    }
    return STATUS_OK;
}

static void import_and_undo(struct contract *c, size_t facts)
{
    struct arena unit;
    arena_init(&unit, 256 << 20);
    struct filling filling = {&unit, 0, facts};
    assert_int_equal(store_write(application.store, caller.tenant, &unit, import_and_undo_body,
                                 &filling, &c->error),
                     STATUS_OK);
    arena_release(&unit);
}

static void what_was_taken_back_counts_against_the_limit(struct contract *c)
{
    begin(c, 1);
    application.limits.facts_max = 100;
    import_and_undo(c, 5 * CONTACTS);
    assert_int_equal(patch(c, "{\"segment\":\"GOLD\"}"), STATUS_LIMIT_EXCEEDED);
    struct merge_request request = {.source_id = STR("A")};
    struct merge_result merged;
    assert_int_equal(
        merge_customers(&application, &caller, STR("B"), &request, &arena, &merged, &c->error),
        STATUS_LIMIT_EXCEEDED);
    arena_release(&arena);
}

static void who_fits_no_request_any_more_can_be_erased(struct contract *c)
{
    struct json_page page;
    begin(c, UNIT);
    import_and_undo(c, 10 * CONTACTS);
    arena_release(&arena);
    arena_init(&arena, 128 << 10);
    assert_int_equal(
        done("matrix", consents_matrix(&application, &caller, STR("A"), INSTANT_NONE,
                                       &(struct page_request){0}, &arena, &page, &c->error)),
        STATUS_OUT_OF_MEMORY);
    erase(c);
    arena_release(&arena);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_customer_with_all_facts_allowed_is_served),
        CONTRACT(revocations_are_bounded_but_all_can_always_be_withdrawn),
        CONTRACT(what_was_taken_back_counts_against_the_limit),
        CONTRACT(who_fits_no_request_any_more_can_be_erased)};
    return contract_run(cases, UNIT_COUNT(cases));
}
