/* A scan and a write say the same of every two customers, also of those that were changed or merged
 * and have many values of each kind: who is found when the one's profile is written anew, and only
 * who is, is what a scan finds alike. */
#include "application_fixture.h"
#include "contract.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "adapters/matcher/matcher.h"
#include "application/change_customer.h"
#include "application/create_customer.h"
#include "application/get_customer.h"
#include "application/match_customers.h"
#include "application/merge_customers.h"
#include "application/review_scan.h"

static struct application application;
static struct caller caller;

static const char *const created[] = {
    /* B is what A was. */
    "{\"customerId\":\"A\",\"kind\":\"PERSON\",\"name\":\"Ann Lee\",\"dateOfBirth\":\"1970-03-04\","
    "\"emails\":[\"ann.lee@old.example\"],\"phones\":[\"+12125550147\"]}",
    "{\"customerId\":\"B\",\"kind\":\"PERSON\",\"name\":\"Ann Lee\",\"dateOfBirth\":\"1970-03-04\","
    "\"emails\":[\"ann.lee@old.example\"]}",
    /* One number as two types of identifier. */
    "{\"customerId\":\"C\",\"name\":\"Nordwind Handel GmbH\","
    "\"identifiers\":[{\"type\":\"DUNS\",\"value\":\"314159265\"}]}",
    "{\"customerId\":\"D\",\"name\":\"Tidal Freight Ltd\","
    "\"identifiers\":[{\"type\":\"VAT\",\"value\":\"314159265\"}]}",
    /* The fifth identifier, the fourth e-mail, the third address. */
    "{\"customerId\":\"E\",\"name\":\"Kessler Brewery\",\"identifiers\":["
    "{\"type\":\"TAX_ID\",\"value\":\"718281828\"},{\"type\":\"VAT\",\"value\":\"DE271828182\"},"
    "{\"type\":\"DUNS\",\"value\":\"161803398\"},{\"type\":\"SAP\",\"value\":\"4711-08\"},"
    "{\"type\":\"ERP\",\"value\":\"K-577215\"}]}",
    "{\"customerId\":\"F\",\"name\":\"Old Town Inns\","
    "\"identifiers\":[{\"type\":\"ERP\",\"value\":\"K-577215\"}]}",
    "{\"customerId\":\"G\",\"kind\":\"PERSON\",\"name\":\"Pavel Horak\",\"emails\":["
    "\"a@one.example\",\"b@two.example\",\"c@three.example\",\"horak@four.example\"]}",
    "{\"customerId\":\"H\",\"kind\":\"PERSON\",\"name\":\"Pavel Horak\","
    "\"emails\":[\"horak@four.example\"]}",
    "{\"customerId\":\"I\",\"kind\":\"PERSON\",\"name\":\"Greta Sundqvist\",\"addresses\":["
    "{\"line1\":\"Kungsgatan 5\",\"city\":\"Lund\",\"postalCode\":\"22100\"},"
    "{\"line1\":\"Storgatan 9\",\"city\":\"Malmo\",\"postalCode\":\"21100\"},"
    "{\"line1\":\"Hamngatan 31\",\"city\":\"Kalmar\",\"postalCode\":\"39230\"}]}",
    "{\"customerId\":\"J\",\"kind\":\"PERSON\",\"name\":\"Greta Sundquist\",\"addresses\":["
    "{\"line1\":\"Hamngatan 31\",\"city\":\"Kalmar\",\"postalCode\":\"39230\"}]}",
    /* L becomes a part of K, which shows other things; M is what L alone is. */
    "{\"customerId\":\"K\",\"kind\":\"PERSON\",\"name\":\"Ilse Brandauer\","
    "\"dateOfBirth\":\"1958-11-30\",\"phones\":[\"+43155501234\"]}",
    "{\"customerId\":\"L\",\"kind\":\"PERSON\",\"name\":\"Ilse Wagenknecht\","
    "\"dateOfBirth\":\"1961-02-17\",\"phones\":[\"+43155508888\"]}",
    "{\"customerId\":\"M\",\"kind\":\"PERSON\",\"name\":\"Ilse Wagenknecht\","
    "\"dateOfBirth\":\"1961-02-17\",\"phones\":[\"+43155508888\"]}",
    /* Both were changed, and neither is any more what brought them together. */
    "{\"customerId\":\"N\",\"kind\":\"PERSON\",\"name\":\"Otto Farkas\","
    "\"emails\":[\"otto@farkas.example\"]}",
    "{\"customerId\":\"O\",\"kind\":\"PERSON\",\"name\":\"Otto Farkas\","
    "\"emails\":[\"otto@farkas.example\"]}",
};

static struct json_value *json(struct contract *c, const char *text)
{
    return application_fixture_json(str_from_cstr(text), &c->arena);
}

static void create(struct contract *c, const char *body)
{
    struct customer_document customer;
    assert_int_equal(create_customer(&application, &caller, json(c, body), ON_DUPLICATE_ALLOW,
                                     &c->arena, &customer, &c->error),
                     STATUS_OK);
}

static void change(struct contract *c, const char *id, const char *body)
{
    struct customer_document changed;
    assert_int_equal(change_customer(&application, &caller, str_from_cstr(id), json(c, body),
                                     IF_MATCH_ANY, &c->arena, &changed, &c->error),
                     STATUS_OK);
}

static void begin(struct contract *c)
{
    struct merge_request request = {.source_id = STR("L")};
    struct merge_result merged;
    application = application_fixture(environment_system());
    application.store = c->store;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("user-1")};
    for (size_t i = 0; i < UNIT_COUNT(created); i++) create(c, created[i]);
    change(c, "A",
           "{\"name\":\"Ann Jordan\",\"emails\":[\"jordan@new.example\"],"
           "\"phones\":[\"+13125550100\"]}");
    change(c, "N", "{\"name\":\"Otto Balogh\",\"emails\":[\"otto@balogh.example\"]}");
    change(c, "O", "{\"name\":\"Otto Szalai\",\"emails\":[\"otto@szalai.example\"]}");
    assert_int_equal(
        merge_customers(&application, &caller, STR("K"), &request, &c->arena, &merged, &c->error),
        STATUS_OK);
}

/* The profile as it is shown, without what a service adds. */
static struct json_value *shown(struct contract *c, struct str id)
{
    static const char *const members[] = {"kind",   "name",   "dateOfBirth", "website",
                                          "emails", "phones", "identifiers", "addresses"};
    struct customer_document document;
    struct json_value *body = ARENA_NEW(&c->arena, struct json_value);
    assert_int_equal(get_customer(&application, &caller, id, &c->arena, &document, &c->error),
                     STATUS_OK);
    struct json_value *whole = application_fixture_json(document.document, &c->arena);
    *body = json_make_object();
    for (size_t i = 0; i < UNIT_COUNT(members); i++) {
        const struct json_value *value = json_get(whole, str_from_cstr(members[i]));
        if (value) assert_true(json_object_set(body, str_from_cstr(members[i]), *value, &c->arena));
    }
    return body;
}

/* Whether the other is found when the one's profile is written anew. */
static bool finds(struct contract *c, struct str one, struct str other)
{
    struct str answer;
    assert_int_equal(match_customers(&application, &caller, shown(c, one), MATCH_CUSTOMERS_MAX,
                                     &c->arena, &answer, &c->error),
                     STATUS_OK);
    const struct json_value *found =
        json_get(application_fixture_json(answer, &c->arena), STR("candidates"));
    for (size_t i = 0; i < found->count; i++)
        if (str_equal(json_text(json_get(&found->items[i], STR("customerId"))), other)) return true;
    return false;
}

static bool scan_finds(struct contract *c, struct str one, struct str other)
{
    const struct review_scan_settings settings = {.merge_from = SCAN_NEVER_MERGES};
    const struct review_scan_pair pair = {one, other};
    struct review_scan_counts counts = {0};
    assert_int_equal(review_scan_decide(&application, &caller, &settings, &pair, 1, &c->arena,
                                        &counts, &c->error),
                     STATUS_OK);
    return counts.alike == 1;
}

static size_t all_alike(struct contract *c)
{
    struct review_scan_record *records;
    size_t count, alike = 0;
    assert_int_equal(review_scan_read(&application, &caller, STR_NONE, 100, &c->arena, &records,
                                      &count, &c->error),
                     STATUS_OK);
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            struct str a = records[i].customer_id, b = records[j].customer_id;
            bool found = finds(c, a, b) || finds(c, b, a);
            assert_int_equal(found, scan_finds(c, a, b));
            alike += found;
        }
    return alike;
}

static void a_scan_says_of_every_two_what_a_write_says(struct contract *c)
{
    begin(c);
    static const struct review_scan_pair alike[] = {{STR("A"), STR("B")},
                                                    {STR("E"), STR("F")},
                                                    {STR("G"), STR("H")},
                                                    {STR("I"), STR("J")},
                                                    {STR("K"), STR("M")}};
    for (size_t i = 0; i < UNIT_COUNT(alike); i++)
        assert_true(scan_finds(c, alike[i].a, alike[i].b));
    assert_false(scan_finds(c, STR("C"), STR("D")));
    assert_int_equal(all_alike(c), UNIT_COUNT(alike));
}

static int64_t number_of(struct contract *c, const struct job_row *job, const char *name)
{
    const struct json_value *document = application_fixture_json(job->document, &c->arena);
    int64_t number = -1;
    assert_true(
        json_to_int64(json_get(json_get(document, STR("progress")), str_from_cstr(name)), &number));
    return number;
}

static void a_scan_of_the_base_comes_upon_all_of_them(struct contract *c)
{
    char directory[] = "/tmp/customer360-agreement-XXXXXX";
    struct job_row job;
    begin(c);
    size_t alike = all_alike(c);
    assert_true(mkdtemp(directory) != NULL);
    struct job_runner *runner = application_fixture_jobs(&application, directory);
    assert_int_equal(runner->scan_start(runner, application.store, &caller, SCAN_NEVER_MERGES,
                                        &c->arena, &job, &c->error),
                     STATUS_OK);
    job = application_fixture_wait(&application, &caller, job.job_id, &c->arena);
    job_service_free(runner);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(job.state, JOB_DONE);
    assert_int_equal(number_of(c, &job, "alike"), alike);
}

/* What is no longer said is a question for a steward. */
static void what_is_no_longer_said_merges_nothing(struct contract *c)
{
    const struct review_scan_settings settings = {.merge_from = 0.5};
    const struct review_scan_pair pairs[] = {{STR("A"), STR("B")}, {STR("G"), STR("H")}};
    struct review_scan_counts counts = {0};
    begin(c);
    assert_int_equal(review_scan_decide(&application, &caller, &settings, pairs, 2, &c->arena,
                                        &counts, &c->error),
                     STATUS_OK);
    assert_int_equal(counts.alike, 2);
    assert_int_equal(counts.merged, 1);
}

/* What both say now makes them likely, but not alike where more is asked for; what one has said
 * makes them alike. */
static void what_is_alike_by_what_was_said_only_is_not_merged(struct contract *c)
{
    const struct matcher_options options = {.review_weight = 30};
    const struct review_scan_settings settings = {.merge_from = 0.5};
    const struct review_scan_pair pair = {STR("P"), STR("Q")};
    struct review_scan_counts counts = {0};
    struct matcher *demanding;
    begin(c);
    assert_int_equal(matcher_new(&options, &demanding, &c->error), STATUS_OK);
    application.matcher = demanding;
    create(c, "{\"customerId\":\"P\",\"kind\":\"PERSON\",\"name\":\"Tomas Verner\","
              "\"dateOfBirth\":\"1981-07-09\",\"emails\":[\"tomas@old.example\"]}");
    create(c, "{\"customerId\":\"Q\",\"kind\":\"PERSON\",\"name\":\"Tomas Verner\","
              "\"dateOfBirth\":\"1981-07-09\",\"emails\":[\"tomas@old.example\"]}");
    change(c, "P", "{\"emails\":[\"verner@new.example\"]}");
    assert_int_equal(review_scan_decide(&application, &caller, &settings, &pair, 1, &c->arena,
                                        &counts, &c->error),
                     STATUS_OK);
    assert_int_equal(counts.alike, 1);
    assert_int_equal(counts.merged, 0);
    matcher_free(demanding);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_scan_says_of_every_two_what_a_write_says),
        CONTRACT(a_scan_of_the_base_comes_upon_all_of_them),
        CONTRACT(what_is_no_longer_said_merges_nothing),
        CONTRACT(what_is_alike_by_what_was_said_only_is_not_merged),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
