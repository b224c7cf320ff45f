#include "adapters/matcher/matcher.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;
static struct matcher *matcher;

static int set_up(void **state)
{
    (void)state;
    const struct matcher_options options = MATCHER_OPTIONS_DEFAULT;
    arena_init(&arena, 16 << 20);
    return matcher_new(&options, &matcher, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    matcher_free(matcher);
    arena_release(&arena);
    return 0;
}

static struct match_record record_of(const char *json)
{
    struct json_value *value;
    struct match_record record = {0};
    const struct json_value **said = ARENA_NEW(&arena, const struct json_value *);
    assert_non_null(said);
    assert_int_equal(json_parse(str_from_cstr(json), &arena, &value, NULL), STATUS_OK);
    *said = value;
    assert_int_equal(matcher->describe(matcher, said, 1, &arena, &record), STATUS_OK);
    return record;
}

static struct match compare(struct matcher *with, const char *a, const char *b)
{
    struct match_record left = record_of(a), right = record_of(b);
    struct match match = {0};
    assert_int_equal(with->compare(with, STR("t"), &left, &right, 1, &arena, &match), STATUS_OK);
    return match;
}

static bool has_reason(const struct match *match, const char *reason)
{
    for (size_t i = 0; i < match->reason_count; i++)
        if (str_equal(match->reasons[i].reason, str_from_cstr(reason))) return true;
    return false;
}

static void a_shared_identifier_is_certain_and_the_only_reason(void **state)
{
    (void)state;
    struct match match = compare(
        matcher, "{\"name\":\"Acme\",\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE 1.2\"}]}",
        "{\"name\":\"Other\",\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE12\",\"country\":"
        "\"DE\"}]}");
    assert_int_equal(match.decision, MATCH_CERTAIN);
    assert_true(match.probability == 1.0);
    assert_int_equal(match.reason_count, 1);
    assert_true(has_reason(&match, "SAME_VAT"));
    assert_str(match.reasons[0].field, STR("identifiers"));
}

static void an_identifier_of_another_type_country_or_of_filler_says_nothing(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"402918\"}]}",
         "{\"identifiers\":[{\"type\":\"DUNS\",\"value\":\"402918\"}]}"},
        {"{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"402918\",\"country\":\"DE\"}]}",
         "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"402918\",\"country\":\"FR\"}]}"},
        {"{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"000000\"}]}",
         "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"000000\"}]}"},
        {"{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"111111111\"}]}",
         "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"111111111\"}]}"},
        {"{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"123456789\"}]}",
         "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"123-456-789\"}]}"},
        {"{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"Pending\"}]}",
         "{\"identifiers\":[{\"type\":\"VAT\",\"value\":\"pending\"}]}"},
        {"{\"name\":\"Acme\",\"phones\":[\"999999\"]}",
         "{\"name\":\"Acme\",\"phones\":[\"999999\"]}"},
    };
    for (size_t i = 0; i < UNIT_COUNT(pairs); i++)
        assert_int_not_equal(compare(matcher, pairs[i][0], pairs[i][1]).decision, MATCH_CERTAIN);
}

#define PERSON "{\"kind\":\"PERSON\",\"name\":"
#define LIVES                                                                                      \
    "\"addresses\":[{\"line1\":\"12 Elm Street\",\"city\":\"Springfield\",\"postalCode\":"         \
    "\"62701\"}]"

static void evidence_is_weighed_and_told_comparison_by_comparison(void **state)
{
    (void)state;
    struct match match =
        compare(matcher, PERSON "\"Robert Featherstone\",\"dateOfBirth\":\"1980-02-03\"}",
                PERSON "\"Featherstone, Bob\",\"dateOfBirth\":\"1980-02-03\"}");
    struct json_value *waterfall;
    double sum = 0;
    assert_int_equal(match.decision, MATCH_POSSIBLE);
    assert_true(match.probability > 0.9 && match.probability < 1);
    assert_true(has_reason(&match, "SIMILAR_GIVEN_NAME"));
    assert_true(has_reason(&match, "SAME_FAMILY_NAME"));
    assert_true(has_reason(&match, "SAME_DATE_OF_BIRTH"));
    assert_str(match.model_version, matcher->model_version);
    assert_int_equal(json_parse(match.waterfall, &arena, &waterfall, NULL), STATUS_OK);
    for (size_t i = 0; i < waterfall->count; i++) {
        struct str text = json_get(&waterfall->items[i], STR("weight"))->text;
        double weight = strtod(arena_cstr(&arena, text), NULL);
        sum += weight;
    }
    double odds = match.probability / (1 - match.probability);
    assert_true(sum > 0 && odds > 1);
    for (; sum > 1; sum--) odds /= 2; /* 2^sum is the odds */
    assert_true(odds > 1.0 && odds < 2.1);
}

static void weight_alone_is_certain_from_the_threshold_on(void **state)
{
    (void)state;
    static const char same[] =
        PERSON "\"Ambrose Featherstone\",\"dateOfBirth\":\"1980-02-03\"," LIVES
               ",\"website\":\"featherstone.example\"}";
    static const struct matcher_options options[] = {
        {.match_weight = 10}, {.match_weight = 60}, {.match_weight = 0}};
    static const enum match_decision expected[] = {MATCH_CERTAIN, MATCH_POSSIBLE, MATCH_POSSIBLE};
    for (size_t i = 0; i < UNIT_COUNT(options); i++) {
        struct matcher *other;
        assert_int_equal(matcher_new(&options[i], &other, NULL), STATUS_OK);
        assert_int_equal(compare(other, same, same).decision, expected[i]);
        matcher_free(other);
    }
}

static void what_contradicts_is_never_certain_by_weight(void **state)
{
    (void)state;
    const struct matcher_options options = {.match_weight = 1};
    struct matcher *eager;
    assert_int_equal(matcher_new(&options, &eager, NULL), STATUS_OK);
    struct match match =
        compare(eager,
                PERSON "\"Ambrose Featherstone\",\"dateOfBirth\":\"1980-02-03\"," LIVES
                       ",\"emails\":[\"ambrose@featherstone.example\"]}",
                PERSON "\"Archibald Featherstone\",\"dateOfBirth\":\"1980-02-03\"," LIVES
                       ",\"emails\":[\"ambrose@featherstone.example\"]}");
    assert_int_equal(match.decision, MATCH_POSSIBLE);
    matcher_free(eager);
}

static void a_person_and_an_organisation_are_never_possibly_one(void **state)
{
    (void)state;
    struct match match = compare(matcher, PERSON "\"Ambrose Featherstone\"," LIVES "}",
                                 "{\"name\":\"Ambrose Featherstone\"," LIVES "}");
    assert_int_equal(match.decision, MATCH_NONE);
    assert_true(str_is_none(match.waterfall));
}

static void everything_that_was_said_is_compared(void **state)
{
    (void)state;
    struct json_value *now, *before;
    struct match_record record, other = record_of("{\"name\":\"Zephyr Turbines GmbH\"," LIVES "}");
    struct match match;
    assert_int_equal(json_parse(STR("{\"name\":\"Boreas Wind AG\",\"kind\":\"ORGANIZATION\"}"),
                                &arena, &now, NULL),
                     STATUS_OK);
    assert_int_equal(
        json_parse(STR("{\"name\":\"Zephyr Turbines GmbH\",\"website\":null," LIVES "}"), &arena,
                   &before, NULL),
        STATUS_OK);
    const struct json_value *said[] = {now, before};
    assert_int_equal(matcher->describe(matcher, said, 1, &arena, &record), STATUS_OK);
    assert_int_equal(matcher->compare(matcher, STR("t"), &other, &record, 1, &arena, &match),
                     STATUS_OK);
    assert_int_equal(match.decision, MATCH_NONE);
    assert_int_equal(matcher->describe(matcher, said, 2, &arena, &record), STATUS_OK);
    assert_int_equal(matcher->compare(matcher, STR("t"), &other, &record, 1, &arena, &match),
                     STATUS_OK);
    assert_int_equal(match.decision, MATCH_POSSIBLE);
}

static void decisive_keys_stand_first(void **state)
{
    (void)state;
    struct match_record record = record_of(
        "{\"name\":\"Acme\",\"website\":\"acme.example\",\"emails\":[\"A@acme.example\"],"
        "\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE 12\"},{\"type\":\"VAT\",\"value\":"
        "\"-\"}]," LIVES "}");
    struct match_keys keys;
    assert_int_equal(matcher->keys(matcher, &record, &arena, &keys), STATUS_OK);
    assert_int_equal(keys.decisive, 2);
    assert_str(keys.items[0], STR("id|VAT|DE12"));
    assert_str(keys.items[1], STR("email+name|a@acme.example|acme"));
    assert_true(keys.telling > keys.decisive + 1);
    assert_int_equal(keys.count, keys.telling + 1); /* the street */
    for (size_t i = keys.decisive; i < keys.count; i++)
        assert_true(str_starts_with(keys.items[i], STR("~")));
}

static void a_model_that_is_none_is_refused_with_its_line(void **state)
{
    (void)state;
    const struct matcher_options options = {.model_text = STR("nonsense\n")};
    struct matcher *none = NULL;
    struct error error = {0};
    assert_int_equal(matcher_new(&options, &none, &error), STATUS_INVALID_VALUE);
    assert_non_null(strstr(error.message, "line 1"));
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_shared_identifier_is_certain_and_the_only_reason),
        TEST(an_identifier_of_another_type_country_or_of_filler_says_nothing),
        TEST(evidence_is_weighed_and_told_comparison_by_comparison),
        TEST(weight_alone_is_certain_from_the_threshold_on),
        TEST(what_contradicts_is_never_certain_by_weight),
        TEST(a_person_and_an_organisation_are_never_possibly_one),
        TEST(everything_that_was_said_is_compared),
        TEST(decisive_keys_stand_first),
        TEST(a_model_that_is_none_is_refused_with_its_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
