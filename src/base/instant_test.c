#include "base/instant.h"

#include "base/environment.h"
#include "unit.h"

static void known_instants_are_written_as_expected(void **state)
{
    (void)state;
    static const struct {
        instant when;
        struct str text;
    } rows[] = {
        {0, STR("1970-01-01T00:00:00Z")},
        {-1, STR("1969-12-31T23:59:59.999999Z")},
        {1, STR("1970-01-01T00:00:00.000001Z")},
        {1000, STR("1970-01-01T00:00:00.001Z")},
        {1770028200 * INSTANT_SECOND, STR("2026-02-02T10:30:00Z")},
        {951782400 * INSTANT_SECOND, STR("2000-02-29T00:00:00Z")},
        {-2203891200 * INSTANT_SECOND, STR("1900-03-01T00:00:00Z")},
        {INSTANT_NONE, STR("0000-01-01T00:00:00Z")},
        {INSTANT_FUTURE, STR("9999-12-31T23:59:59.999999Z")},
    };
    char text[INSTANT_TEXT_MAX];
    for (size_t i = 0; i < UNIT_COUNT(rows); i++)
        assert_str(instant_format(rows[i].when, text), rows[i].text);
}

static void every_form_of_rfc_3339_is_read(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        instant when;
    } rows[] = {
        {STR("1970-01-01"), 0},
        {STR("1970-01-01T00:00:00Z"), 0},
        {STR("1970-01-01t00:00:00z"), 0},
        {STR("1970-01-01 00:00:00Z"), 0},
        {STR("1970-01-01T02:00:00+02:00"), 0},
        {STR("1969-12-31T18:30:00-05:30"), 0},
        {STR("1970-01-01T00:00:00-00:00"), 0},
        {STR("1970-01-01T00:00:00.5Z"), 500000},
        {STR("1970-01-01T00:00:00.000001Z"), 1},
        {STR("1970-01-01T00:00:00.000000999Z"), 0},
        {STR("1970-01-01T00:00:00.123456789Z"), 123456},
        {STR("1969-12-31T23:59:60Z"), 0}, /* a leap second is the second that follows */
        {STR("2000-02-29"), 951782400 * INSTANT_SECOND},
        {STR("0000-01-01"), -62167219200 * INSTANT_SECOND},
        {STR("9999-12-31T23:59:59.999999Z"), 253402300800 * INSTANT_SECOND - 1},
    };
    for (size_t i = 0; i < UNIT_COUNT(rows); i++) {
        instant when = 7;
        if (!instant_parse(rows[i].text, &when) || when != rows[i].when)
            fail_msg("%.*s: %lld", STR_ARGS(rows[i].text), (long long)when);
    }
}

static void what_is_no_instant_is_refused(void **state)
{
    (void)state;
    static const struct str rows[] = {
        STR(""),
        STR("1970"),
        STR("1970-01"),
        STR("1970-1-1"),
        STR("1970-00-01"),
        STR("1970-13-01"),
        STR("1970-01-00"),
        STR("1970-01-32"),
        STR("1970-04-31"),
        STR("1900-02-29"),
        STR("2023-02-29"),
        STR("+1970-01-01"),
        STR("1970-01-01 "),
        STR("1970-01-01T"),
        STR("1970-01-01T00:00Z"),
        STR("1970-01-01T00:00:00"),
        STR("1970-01-01T24:00:00Z"),
        STR("1970-01-01T00:60:00Z"),
        STR("1970-01-01T00:00:61Z"),
        STR("1970-01-01T00:00:00.Z"),
        STR("1970-01-01T00:00:00.1234567890Z"),
        STR("1970-01-01T00:00:00,5Z"),
        STR("1970-01-01T00:00:00+24:00"),
        STR("1970-01-01T00:00:00+02:60"),
        STR("1970-01-01T00:00:00+0200"),
        STR("1970-01-01T00:00:00+02"),
        STR("1970-01-01T00:00:00ZZ"),
        STR("1970-01-01T00:00:00Z\0"),
        STR("1970/01/01"),
        STR("-970-01-01"),
        STR("0000-01-01T00:00:00+00:01"),
        STR("9999-12-31T23:59:59-00:01"),
        STR("9999-12-31T23:59:60Z"),
    };
    instant when;
    for (size_t i = 0; i < UNIT_COUNT(rows); i++)
        if (instant_parse(rows[i], &when)) fail_msg("%.*s", STR_ARGS(rows[i]));
    assert_false(instant_parse(STR_NONE, &when));
}

static void dates_are_told_from_instants(void **state)
{
    (void)state;
    assert_true(instant_is_date(STR("2024-02-29")));
    assert_false(instant_is_date(STR("2023-02-29")));
    assert_false(instant_is_date(STR("2024-02-29T00:00:00Z")));
    assert_false(instant_is_date(STR("2024-02-2")));
}

static void assert_round_trip(instant when)
{
    char text[INSTANT_TEXT_MAX];
    instant again;
    struct str formatted = instant_format(when, text);
    if (!instant_parse(formatted, &again) || again != when)
        fail_msg("%lld as %.*s", (long long)when, STR_ARGS(formatted));
}

static void what_is_written_is_read_back(void **state)
{
    (void)state;
    static const instant earliest = -62167219200 * INSTANT_SECOND;
    static const uint64_t span = (uint64_t)(253402300800 + 62167219200) * 1000000;
    struct environment_fixed random;
    environment_fixed_init(&random, 0, 0, 11);
    for (int i = 0; i < 200000; i++) {
        uint64_t number;
        random.base.random(&random.base, &number, sizeof(number));
        instant when = earliest + (instant)(number % span);
        assert_round_trip(when);
        assert_round_trip(when - when % 1000);
        assert_round_trip(when - when % INSTANT_SECOND);
    }
}

/* Each day follows the one before: the calendar has no gap and no day twice. */
static void every_day_of_ten_thousand_years_exists_once(void **state)
{
    (void)state;
    char texts[2][INSTANT_TEXT_MAX];
    instant when;
    assert_true(instant_parse(STR("0000-01-01"), &when));
    struct str last = STR("");
    for (int day = 0; day < 3652425; day++, when += INSTANT_DAY) {
        struct str text = instant_format(when, texts[day & 1]);
        text.len = 10;
        if (str_compare(last, text) >= 0 || !instant_is_date(text))
            fail_msg("%.*s", STR_ARGS(text));
        last = text;
    }
    assert_str(last, STR("9999-12-31"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_instants_are_written_as_expected),
        cmocka_unit_test(every_form_of_rfc_3339_is_read),
        cmocka_unit_test(what_is_no_instant_is_refused),
        cmocka_unit_test(dates_are_told_from_instants),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(every_day_of_ten_thousand_years_exists_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
