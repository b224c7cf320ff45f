/* Laws of the matcher that stands behind the port: symmetry, keys that are complete for what is
 * certain, and decisions of use cases that do not depend on who came first. */
#include "adapters/matcher/matcher.h"

#include <stdlib.h>

#include "adapters/memory/memory_store.h"
#include "application/create_customer.h"
#include "application/match_customers.h"
#include "application_fixture.h"
#include "property.h"
#include "unit.h"

/* Few values, so that they meet. */
static const char *const names[] = {
    "Ann Lee", "Anne Lee",  "Lee, Ann",         "Bob Featherstone", "Robert Featherston",
    "Bob Lee", "Acme Corp", "ACME Corporation", "Acme Berlin GmbH", "Zephyr Turbines"};
static const char *const streets[] = {"", "12 Elm Street", "12 Elm St", "13 Elm Street",
                                      "1 Oak Road"};
static const char *const cities[] = {"", "Springfield", "Sprngfield", "Berlin"};
static const char *const postcodes[] = {"", "62701", "62702", "10115"};
static const char *const dates[] = {"", "1980-02-03", "1980-03-02", "1991-12-31"};
static const char *const phones[] = {"", "+12025550147", "2025550147", "+493012345678"};
static const char *const emails[] = {"", "ann@lee.example", "info@acme.example", "bob@x.example"};
static const char *const sites[] = {"", "https://acme.example", "http://www.acme.example/"};
static const char *const values[] = {"", "DE12", "DE 12", "999"};

static void text(struct buffer *out, const char *name, const char *value)
{
    if (*value) buffer_append_format(out, ",\"%s\":\"%s\"", name, value);
}

static void list(struct buffer *out, const char *name, const char *value)
{
    if (*value) buffer_append_format(out, ",\"%s\":[\"%s\"]", name, value);
}

static struct json_value *draw(struct property *p)
{
    struct buffer out = {.arena = p->arena};
    struct json_value *value;
    buffer_append_format(&out, "{\"name\":\"%s\",\"kind\":\"%s\"", PROPERTY_PICK(p, names),
                         property_chance(p, 40) ? "ORGANIZATION" : "PERSON");
    text(&out, "dateOfBirth", PROPERTY_PICK(p, dates));
    text(&out, "website", PROPERTY_PICK(p, sites));
    list(&out, "phones", PROPERTY_PICK(p, phones));
    list(&out, "emails", PROPERTY_PICK(p, emails));
    const char *street = PROPERTY_PICK(p, streets), *identifier = PROPERTY_PICK(p, values);
    const char *city = PROPERTY_PICK(p, cities), *postcode = PROPERTY_PICK(p, postcodes);
    if (*street || *city || *postcode) {
        buffer_append(&out, STR(",\"addresses\":[{\"kind\":\"BILLING\""));
        text(&out, "line1", street);
        text(&out, "city", city);
        text(&out, "postalCode", postcode);
        buffer_append(&out, STR("}]"));
    }
    if (*identifier)
        buffer_append_format(&out, ",\"identifiers\":[{\"type\":\"VAT\",\"value\":\"%s\"}]",
                             identifier);
    buffer_append_char(&out, '}');
    if (buffer_failed(&out)) abort();
    property_note(p, "%.*s", STR_ARGS(buffer_str(&out)));
    if (json_parse(buffer_str(&out), p->arena, &value, NULL) != STATUS_OK) abort();
    return value;
}

static struct match_record record_of(struct property *p, struct matcher *matcher,
                                     const struct json_value *value)
{
    struct match_record record;
    const struct json_value **said = ARENA_NEW(p->arena, const struct json_value *);
    if (!said) abort();
    *said = value;
    if (matcher->describe(matcher, said, 1, p->arena, &record) != STATUS_OK) abort();
    return record;
}

static struct match compare(struct property *p, struct matcher *matcher,
                            const struct match_record *a, const struct match_record *b)
{
    struct match match;
    if (matcher->compare(matcher, STR("t"), a, b, 1, p->arena, &match) != STATUS_OK) abort();
    return match;
}

static bool comparing_is_symmetric(struct property *p, void *context)
{
    struct matcher *matcher = context;
    struct match_record a = record_of(p, matcher, draw(p)), b = record_of(p, matcher, draw(p));
    struct match ab = compare(p, matcher, &a, &b), ba = compare(p, matcher, &b, &a);
    double difference = ab.probability - ba.probability;
    PROPERTY_REQUIRE(p, ab.decision == ba.decision, "decisions %d and %d", ab.decision,
                     ba.decision);
    PROPERTY_REQUIRE(p, difference < 1e-6 && difference > -1e-6, "probabilities %g and %g",
                     ab.probability, ba.probability);
    PROPERTY_REQUIRE(p, ab.reason_count == ba.reason_count, "other reasons");
    return true;
}

static bool keys_are_complete(struct property *p, void *context)
{
    struct matcher *matcher = context;
    struct match_record a = record_of(p, matcher, draw(p)), b = record_of(p, matcher, draw(p));
    struct match_keys of_a, of_b;
    if (compare(p, matcher, &a, &b).decision != MATCH_CERTAIN) return true;
    if (matcher->keys(matcher, &a, p->arena, &of_a) != STATUS_OK ||
        matcher->keys(matcher, &b, p->arena, &of_b) != STATUS_OK)
        abort();
    for (size_t i = 0; i < of_a.count; i++)
        if (str_is_among(of_b.items, of_b.count, of_a.items[i])) return true;
    return property_fail(p, "certain, and no key is shared");
}

/* --- through the use cases --- */

static bool create(struct property *p, struct application *application,
                   const struct json_value *body)
{
    const struct caller caller = {.tenant = STR("t"), .user_id = STR("tester")};
    struct customer_document document;
    struct error error = {0};
    enum status status = create_customer(application, &caller, body, ON_DUPLICATE_REJECT, p->arena,
                                         &document, &error);
    if (status != STATUS_OK && status != STATUS_DUPLICATE_CUSTOMER) abort();
    return status == STATUS_OK;
}

/* How many of the two are created, in this order. */
static int created(struct property *p, struct matcher *matcher, const struct json_value *first,
                   const struct json_value *second)
{
    struct environment_fixed environment;
    struct application application = application_fixture(&environment.base);
    application.matcher = matcher;
    environment_fixed_init(&environment, 1700000000 * INSTANT_SECOND, INSTANT_SECOND, 1);
    if (memory_store_new(4 << 20, &application.store) != STATUS_OK) abort();
    int count = create(p, &application, first);
    count += create(p, &application, second);
    memory_store_free(application.store);
    return count;
}

static bool who_comes_first_does_not_matter(struct property *p, void *context)
{
    struct matcher *matcher = context;
    const struct json_value *a = draw(p), *b = draw(p);
    struct match_record of_a = record_of(p, matcher, a), of_b = record_of(p, matcher, b);
    bool certain = compare(p, matcher, &of_a, &of_b).decision == MATCH_CERTAIN;
    int one = created(p, matcher, a, b), other = created(p, matcher, b, a);
    PROPERTY_REQUIRE(p, one == other, "%d are created in one order and %d in the other", one,
                     other);
    PROPERTY_REQUIRE(p, one == (certain ? 1 : 2), "certain is %d and %d were created", certain,
                     one);
    return true;
}

static struct matcher *matcher, *eager;

static int set_up(void **state)
{
    (void)state;
    const struct matcher_options usual = MATCHER_OPTIONS_DEFAULT, early = {.match_weight = 1};
    return matcher_new(&usual, &matcher, NULL) == STATUS_OK &&
                   matcher_new(&early, &eager, NULL) == STATUS_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    (void)state;
    matcher_free(matcher);
    matcher_free(eager);
    return 0;
}

static void two_records_are_alike_from_both_sides(void **state)
{
    (void)state;
    property_check("comparing is symmetric", comparing_is_symmetric, matcher, 2000);
}

static void certain_pairs_share_a_key(void **state)
{
    (void)state;
    property_check("keys are complete", keys_are_complete, matcher, 2000);
    property_check("keys are complete, with a low threshold", keys_are_complete, eager, 2000);
}

static void the_order_of_arrival_does_not_matter(void **state)
{
    (void)state;
    property_check("order does not matter", who_comes_first_does_not_matter, matcher, 500);
    property_check("order does not matter, with a low threshold", who_comes_first_does_not_matter,
                   eager, 500);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_records_are_alike_from_both_sides),
        cmocka_unit_test(certain_pairs_share_a_key),
        cmocka_unit_test(the_order_of_arrival_does_not_matter),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
