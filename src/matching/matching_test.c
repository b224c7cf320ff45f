#include "matching/matching.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static struct str normal_of(struct arena *arena, const char *name, const char *email,
                            const char *phone)
{
    struct matching_value values[] = {
        {MATCHING_FIELD_NAME, STR(""), str_from_cstr(name)},
        {MATCHING_FIELD_EMAIL, STR(""), str_from_cstr(email)},
        {MATCHING_FIELD_PHONE, STR(""), str_from_cstr(phone)},
    };
    struct str normal = STR_NONE;
    struct error error;
    assert_int_equal(matching_normalise(values, 3, arena, &normal, &error), STATUS_OK);
    return normal;
}

static void one_record_finds_its_double(void **state)
{
    (void)state;
    struct arena arena;
    struct error error;
    struct matching_matcher *matcher;
    struct matching_query *query;
    struct matching_outcome outcome;
    const struct matching_settings settings = {.records = 1e6};
    arena_init(&arena, 1 << 20);
    struct str a = normal_of(&arena, "Robert Featherstone", "rob.f@x.org", "+44 20 7946 0991");
    struct str b = normal_of(&arena, "Featherstone, Bob", "rob.f@x.org", "020 7946 0991");
    struct str c = normal_of(&arena, "Susan Miller", "", "");
    assert_int_equal(matching_matcher_new(&settings, &matcher, &error), STATUS_OK);
    assert_int_equal(matching_query_new(matcher, a, &query, &error), STATUS_OK);
    assert_int_equal(matching_query_compare(query, b, &outcome, &error), STATUS_OK);
    assert_int_equal(outcome.decision, MATCHING_MATCH);
    assert_int_equal(outcome.part_count, 4);
    double sum = outcome.prior + outcome.related;
    for (size_t i = 0; i < outcome.part_count; i++) sum += outcome.parts[i].weight;
    assert_true(sum - outcome.log_odds < 0.01 && outcome.log_odds - sum < 0.01);
    struct buffer picture = {.arena = &arena};
    matching_query_svg(query, STR("a < b & c"), &picture);
    assert_true(str_starts_with(buffer_str(&picture), STR("<svg")));
    assert_int_equal(matching_query_compare(query, c, &outcome, &error), STATUS_OK);
    assert_int_equal(outcome.decision, MATCHING_NO_MATCH);
    assert_int_equal(matching_query_compare(query, STR("no"), &outcome, &error),
                     STATUS_INVALID_VALUE);
    matching_query_free(query);
    matching_matcher_free(matcher);
    arena_release(&arena);
}

static void doubles_share_a_key(void **state)
{
    (void)state;
    struct arena arena;
    struct error error;
    struct matching_key in_a[MATCHING_KEYS_MAX], in_b[MATCHING_KEYS_MAX];
    size_t count_a = 0, count_b = 0, shared = 0;
    arena_init(&arena, 1 << 20);
    struct str a = normal_of(&arena, "Müller Logistik GmbH", "info@mueller.de", "");
    struct str b = normal_of(&arena, "Muller Logistik", "", "");
    assert_int_equal(matching_keys(a, NULL, in_a, &count_a, &error), STATUS_OK);
    assert_int_equal(matching_keys(b, NULL, in_b, &count_b, &error), STATUS_OK);
    assert_true(count_a > 0);
    for (size_t i = 0; i < count_a; i++)
        for (size_t j = 0; j < count_b; j++)
            shared += in_a[i].hash == in_b[j].hash && in_a[i].type == in_b[j].type;
    /* "Muller Logistik" says nothing of its kind: a name without a legal form is a person's. */
    assert_int_equal(shared, 0);
    struct matching_value plain[] = {
        {MATCHING_FIELD_ORGANISATION, STR(""), STR("Muller Logistik")}};
    assert_int_equal(matching_normalise(plain, 1, &arena, &b, &error), STATUS_OK);
    assert_int_equal(matching_keys(b, NULL, in_b, &count_b, &error), STATUS_OK);
    for (size_t i = 0; i < count_a; i++)
        for (size_t j = 0; j < count_b; j++) shared += in_a[i].hash == in_b[j].hash;
    assert_true(shared > 0);
    assert_true(matching_key_name(0, false).len > 0);
    arena_release(&arena);
}

static bool count_values(void *context, enum matching_field field, struct str text, double *having,
                         double *of)
{
    (void)context;
    (void)text;
    *having = field == MATCHING_FIELD_EMAIL ? 5000 : 2;
    *of = 1e6;
    return true;
}

static void a_shared_mailbox_carries_little_weight(void **state)
{
    (void)state;
    struct arena arena;
    struct error error;
    struct matching_matcher *matcher;
    struct matching_query *query;
    struct matching_outcome outcome;
    const struct matching_settings settings = {.records = 1e6, .count = count_values};
    arena_init(&arena, 1 << 20);
    struct str a = normal_of(&arena, "Ann Lee", "info@callcentre.com", "");
    struct str b = normal_of(&arena, "Bo Ray", "info@callcentre.com", "");
    assert_int_equal(matching_matcher_new(&settings, &matcher, &error), STATUS_OK);
    assert_int_equal(matching_query_new(matcher, a, &query, &error), STATUS_OK);
    assert_int_equal(matching_query_compare(query, b, &outcome, &error), STATUS_OK);
    assert_int_equal(outcome.decision, MATCHING_NO_MATCH);
    matching_query_free(query);
    matching_matcher_free(matcher);
    arena_release(&arena);
}

static void a_model_that_is_none_is_refused(void **state)
{
    (void)state;
    struct matching_matcher *matcher;
    struct error error;
    const struct matching_settings settings = {.model_text = STR("x")};
    assert_int_equal(matching_matcher_new(&settings, &matcher, &error), STATUS_INVALID_VALUE);
    assert_null(matcher);
}

struct person {
    const char *given, *born, *street, *email;
};

/* Two of one family name and postcode, among a few thousand. */
static double probability_of(const struct person *a, const struct person *b)
{
    const struct person *persons[] = {a, b};
    const struct matching_settings settings = {.records = 5000};
    struct arena arena;
    struct str normal[2];
    struct matching_matcher *matcher;
    struct matching_query *query;
    struct matching_outcome outcome;
    arena_init(&arena, 1 << 20);
    for (int i = 0; i < 2; i++) {
        const struct matching_value values[] = {
            {MATCHING_FIELD_GIVEN_NAME, STR(""), str_from_cstr(persons[i]->given)},
            {MATCHING_FIELD_FAMILY_NAME, STR(""), STR("Carter")},
            {MATCHING_FIELD_BIRTH_DATE, STR(""), str_from_cstr(persons[i]->born)},
            {MATCHING_FIELD_STREET, STR(""), str_from_cstr(persons[i]->street)},
            {MATCHING_FIELD_POSTCODE, STR(""), STR("43607")},
            {MATCHING_FIELD_EMAIL, STR(""), str_from_cstr(persons[i]->email)},
        };
        assert_int_equal(matching_normalise(values, 6, &arena, &normal[i], NULL), STATUS_OK);
    }
    assert_int_equal(matching_matcher_new(&settings, &matcher, NULL), STATUS_OK);
    assert_int_equal(matching_query_new(matcher, normal[0], &query, NULL), STATUS_OK);
    assert_int_equal(matching_query_compare(query, normal[1], &outcome, NULL), STATUS_OK);
    matching_query_free(query);
    matching_matcher_free(matcher);
    arena_release(&arena);
    return outcome.probability;
}

static void a_family_is_not_one_person(void **state)
{
    (void)state;
    static const char home[] = "2210 Maplewood Avenue", other[] = "18 Kent Road";
    const struct person william = {"William", "1948-03-17", home, ""};
    const struct person son = {"William", "1975-10-02", home, ""};
    const struct person moved = {"William", "1948-03-17", other, ""};
    const struct person mistyped = {"Wiliam", "1948-03-11", home, ""};
    const struct person anna = {"Anna", "2011-06-14", home, ""};
    const struct person emma = {"Emma", "2011-06-14", home, ""};
    const struct person a = {"Arthur", "", "", "a.carter@corp.example"};
    const struct person b = {"Bernard", "", "", "b.carter@corp.example"};
    assert_true(probability_of(&william, &son) < 0.5);
    assert_true(probability_of(&william, &moved) > 0.9);
    assert_true(probability_of(&william, &mistyped) > 0.9);
    assert_true(probability_of(&anna, &emma) < 0.9);
    assert_true(probability_of(&a, &b) < 0.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_record_finds_its_double),
        cmocka_unit_test(doubles_share_a_key),
        cmocka_unit_test(a_shared_mailbox_carries_little_weight),
        cmocka_unit_test(a_model_that_is_none_is_refused),
        cmocka_unit_test(a_family_is_not_one_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
