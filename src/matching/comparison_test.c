/* Levels that tell the members of a family and the colleagues of a company from one person who was
 * mistyped. */
#include "matching/comparison.h"

#include "unit.h"

typedef int level_function(const struct values *values, uint32_t a, uint32_t b);

struct example {
    const char *a, *b;
    int level;
};

static uint32_t read_value(struct values *values, normalise_function *read, const char *text)
{
    struct normalised read_as = {0};
    read(values, str_from_cstr(text), &read_as);
    assert_true(read_as.reference[0] != 0);
    return read_as.reference[0];
}

static void check(normalise_function *read, level_function *level, const struct example *examples,
                  size_t count)
{
    struct values values;
    values_init(&values, NULL);
    for (size_t i = 0; i < count; i++) {
        uint32_t a = read_value(&values, read, examples[i].a);
        uint32_t b = read_value(&values, read, examples[i].b);
        assert_int_equal(level(&values, a, b), examples[i].level);
        assert_int_equal(level(&values, b, a), examples[i].level);
    }
    values_release(&values);
}

static void two_names_that_people_have_are_not_one_mistyped(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"Katharina", "Katharnia", GIVEN_NEAR}, {"Robert", "Bob", GIVEN_VARIANT},
        {"Daniel", "Danielle", GIVEN_SIMILAR},  {"Jun", "Jin", GIVEN_SIMILAR},
        {"Anna", "Emma", GIVEN_DIFFERENT},      {"Harry", "Larry", GIVEN_DIFFERENT},
    };
    check(normalise_name_given, comparison_given_name, examples, UNIT_COUNT(examples));
}

static void a_generation_apart_is_another_level_than_a_slip(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"1948-05-12", "1975-09-30", DATE_GENERATION},
        {"1948-05-12", "1952-09-30", DATE_DIFFERENT},
        {"1948-05-12", "1984-05-12", DATE_NEAR},
        {"1948-05-12", "1975-05-30", DATE_DIFFERENT},
        {"1948", "1975", DATE_GENERATION},
        {"1948", "1948-05-12", DATE_YEAR},
        {"1972-01-01", "1970-01-01", DATE_DIFFERENT}, /* both: the year is all we know */
        {"1972-01-01", "1940-01-01", DATE_GENERATION},
    };
    check(normalise_fact_date, comparison_date, examples, UNIT_COUNT(examples));
}

static void numbers_given_out_in_a_row_are_in_series(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {":K555666777", ":K555666778", IDENTIFIER_SERIES},
        {":K555666777", ":K555966777", IDENTIFIER_NEAR},
        {":K55566677", ":K555666778", IDENTIFIER_NEAR},
        {":K555666777", ":M111222333", IDENTIFIER_DIFFERENT},
    };
    check(normalise_fact_identifier, comparison_identifier, examples, UNIT_COUNT(examples));
}

static void initials_and_digits_tell_mailboxes_apart(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"ann.miller@corp.example", "ann.miler@corp.example", EMAIL_NEAR},
        {"a.miller@corp.example", "b.miller@corp.example", EMAIL_HOST},
        {"jp.dupont@corp.example", "mc.dupont@corp.example", EMAIL_HOST},
        {"millera@corp.example", "millerb@corp.example", EMAIL_HOST},
        {"ann.b.miller@corp.example", "ann.c.miller@corp.example", EMAIL_HOST},
        {"amiller@corp.example", "bmiller@corp.example", EMAIL_HOST},
        {"ann.miller1@corp.example", "ann.miller2@corp.example", EMAIL_HOST},
        {"ann.miller@gmail.com", "ann.miller82@gmail.com", EMAIL_DIFFERENT},
        {"ann.miller@corp.example", "ann.miller@crop.example", EMAIL_MAILBOX},
        {"12345678@qq.example", "12345687@qq.example", EMAIL_NEAR},
    };
    check(normalise_contact_email, comparison_email, examples, UNIT_COUNT(examples));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_names_that_people_have_are_not_one_mistyped),
        cmocka_unit_test(a_generation_apart_is_another_level_than_a_slip),
        cmocka_unit_test(numbers_given_out_in_a_row_are_in_series),
        cmocka_unit_test(initials_and_digits_tell_mailboxes_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
