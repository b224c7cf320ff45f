#include "adapters/store/key_index.h"

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

static void buckets_have_each_entry_once_whatever_their_number(void **state)
{
    enum { ENTRIES = 5000 };
    struct key_index index = {0};
    static struct key_entry entries[ENTRIES];
    (void)state;
    for (int64_t row = 1; row <= ENTRIES; row++)
        assert_true(key_index_add(&index, (uint64_t)row * 0x9e3779b97f4a7c15ULL, row));
    for (unsigned bits = 0; bits <= 15; bits += 5) {
        int64_t sum = 0;
        size_t total = 0;
        for (uint64_t bucket = 0; bucket < 1U << bits; bucket++) {
            size_t count = key_index_bucket(&index, bits, bucket, entries, ENTRIES);
            total += count;
            for (size_t i = 0; i < count; i++) {
                assert_true(bits == 0 || entries[i].hash >> (64 - bits) == bucket);
                sum += entries[i].row;
            }
        }
        assert_int_equal(total, ENTRIES);
        assert_int_equal(sum, (int64_t)ENTRIES * (ENTRIES + 1) / 2);
    }
    assert_int_equal(key_index_bucket(&index, 0, 0, entries, 10), ENTRIES);
    key_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_of_a_hash_are_found_and_no_others),
        cmocka_unit_test(buckets_have_each_entry_once_whatever_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
