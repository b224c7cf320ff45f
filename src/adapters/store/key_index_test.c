#include "adapters/store/key_index.h"

#include <stdlib.h>

#include "unit.h"

static void all_rows_of_a_hash_are_found_and_no_others(void **state)
{
    struct key_index index = {0};
    int64_t rows[10];
    (void)state;
    assert_int_equal(key_index_find(&index, 7, rows, 10), 0);
    for (int64_t row = 1; row <= 5000; row++)
        assert_true(key_index_add(&index, (uint64_t)(row % 1250) * 0x9e3779b97f4a7c15ULL, row));
    assert_int_equal(index.count, 5000);
    assert_int_equal(key_index_find(&index, 7 * 0x9e3779b97f4a7c15ULL, rows, 10), 4);
    for (int i = 0; i < 4; i++) assert_int_equal(rows[i] % 1250, 7);
    assert_int_equal(key_index_find(&index, 7 * 0x9e3779b97f4a7c15ULL, rows, 3), 3);
    assert_int_equal(key_index_find(&index, 1234567, rows, 10), 0);
    key_index_release(&index);
}

static void entries_are_sorted_as_the_database_orders_them(void **state)
{
    struct key_index index = {0};
    (void)state;
    assert_true(key_index_add(&index, 5, 1));
    assert_true(key_index_add(&index, (uint64_t)-5, 2));
    assert_true(key_index_add(&index, 0, 3));
    struct key_index_entry *sorted = key_index_sorted(&index);
    assert_non_null(sorted);
    assert_int_equal(sorted[0].row, 2);
    assert_int_equal(sorted[1].row, 3);
    assert_int_equal(sorted[2].row, 1);
    free(sorted);
    key_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_of_a_hash_are_found_and_no_others),
        cmocka_unit_test(entries_are_sorted_as_the_database_orders_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
