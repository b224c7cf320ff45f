#include "application/profile_columns.h"

#include "unit.h"

static void a_profile_is_a_row_of_its_first_values(void **state)
{
    (void)state;
    struct arena arena;
    struct json_value *profile;
    struct error error;
    arena_init(&arena, 4 << 20);
    assert_int_equal(
        json_parse(STR("{\"customerId\":\"C1\",\"name\":\"A, B\",\"emails\":[\"a@x\",\"b@x\"],"
                       "\"identifiers\":[{\"type\":\"VAT\",\"value\":\"1\"}],\"contacts\":[{"
                       "\"contactId\":\"K\",\"roles\":[\"BILLING\",\"SALES\"]}]}"),
                   &arena, &profile, &error),
        STATUS_OK);
    struct buffer out = {.arena = &arena};
    struct csv_writer writer = {.out = &out};
    profile_columns_write_row(&writer, profile, &arena);
    assert_true(str_equal(buffer_str(&out),
                          STR("C1,,\"A, B\",,,a@x;b@x,,,,,VAT,1,,,,,,,,,,,,,,,K,,,,BILLING;SALES,"
                              ",,,,,,,,,\r\n")));
    arena_release(&arena);
}

static void a_row_that_finds_no_memory_is_no_row_with_gaps(void **state)
{
    (void)state;
    struct arena arena, none;
    struct json_value *profile;
    struct error error;
    arena_init(&arena, 1 << 20);
    arena_init(&none, 1);
    assert_int_equal(json_parse(STR("{\"emails\":[\"a@x\",\"b@x\"]}"), &arena, &profile, &error),
                     STATUS_OK);
    struct buffer out = {.arena = &arena};
    struct csv_writer writer = {.out = &out};
    profile_columns_write_row(&writer, profile, &none);
    assert_true(buffer_failed(&out));
    arena_release(&none);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_profile_is_a_row_of_its_first_values),
        cmocka_unit_test(a_row_that_finds_no_memory_is_no_row_with_gaps),
    };
    return cmocka_run_group_tests_name("profile columns", tests, NULL, NULL);
}
