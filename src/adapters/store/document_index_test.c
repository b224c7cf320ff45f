#include "adapters/store/document_index.h"

#include <stdlib.h>

#include "unit.h"

static size_t places_of(const struct document_index *index, uint64_t hash, uint32_t *last)
{
    struct document_index_probe probe = document_index_probe(index, hash);
    size_t count = 0;
    for (uint32_t place; (place = document_index_next(index, &probe)); count++) *last = place;
    return count;
}

static void an_empty_index_has_nothing(void **state)
{
    (void)state;
    struct document_index index = {0};
    uint32_t place = 0;
    assert_int_equal(places_of(&index, 7, &place), 0);
    document_index_clear(&index);
    document_index_release(&index);
}

static void places_of_one_hash_are_all_found(void **state)
{
    (void)state;
    struct document_index index = {0};
    uint32_t place = 0;
    assert_true(document_index_add(&index, 7, 1) && document_index_add(&index, 7, 2));
    assert_int_equal(places_of(&index, 7, &place), 2);
    document_index_remove(&index, 7, 1);
    assert_int_equal(places_of(&index, 7, &place), 1);
    assert_int_equal(place, 2);
    document_index_release(&index);
}

enum { HASHES = 600, STEPS = 60000 };

/* Beside an array: hashes that crowd at few homes come, move and go at random. */
static void it_holds_what_an_array_holds(void **state)
{
    (void)state;
    static uint32_t there[HASHES];
    struct document_index index = {0};
    uint32_t next = 1, place = 0;
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        size_t which = (size_t)rand() % HASHES;
        uint64_t hash = (uint64_t)which % 40 + ((uint64_t)which << 20);
        if (there[which] == 0) {
            assert_true(document_index_add(&index, hash, next));
            there[which] = next++;
        } else if (rand() % 3 == 0) {
            document_index_move(&index, hash, there[which], next);
            there[which] = next++;
        } else {
            document_index_remove(&index, hash, there[which]);
            there[which] = 0;
        }
        which = (size_t)rand() % HASHES;
        hash = (uint64_t)which % 40 + ((uint64_t)which << 20);
        assert_int_equal(places_of(&index, hash, &place), there[which] ? 1 : 0);
        if (there[which]) assert_int_equal(place, there[which]);
    }
    document_index_clear(&index);
    for (uint64_t which = 0; which < HASHES; which++)
        assert_int_equal(places_of(&index, which % 40 + (which << 20), &place), 0);
    document_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_index_has_nothing),
        cmocka_unit_test(places_of_one_hash_are_all_found),
        cmocka_unit_test(it_holds_what_an_array_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
