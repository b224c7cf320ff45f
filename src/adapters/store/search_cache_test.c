#include "adapters/store/search_cache.h"

#include <stdio.h>

#include "unit.h"

enum { CAPACITY = 256 * 1024, BLOCKS = 400, BODY = 1700 };

static struct arena arena;

static struct search_cached *add(struct search_cache *cache, const char *tenant, int64_t id,
                                 int64_t changed)
{
    struct str places[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++)
        places[i] = arena_format(&arena, "Pword%03zu n 000000000000", i);
    struct search_directory *directory = search_directory_new(places, BLOCKS);
    assert_non_null(directory);
    return search_cache_add(cache, str_from_cstr(tenant), id, changed, directory);
}

static struct str body_of(size_t block)
{
    char *bytes = arena_alloc(&arena, BODY);
    assert_non_null(bytes);
    memset(bytes, 'a' + (int)(block % 26), BODY);
    return str_of(bytes, BODY);
}

static void a_segment_is_found_by_whose_and_which_it_is(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(CAPACITY);
    struct search_cached *segment = add(cache, "one", 7, 0);
    assert_null(search_cache_pin(cache, STR("two"), 7, 0));
    assert_null(search_cache_pin(cache, STR("one"), 8, 0));
    assert_null(search_cache_pin(cache, STR("one"), 7, 1));
    assert_ptr_equal(search_cache_pin(cache, STR("one"), 7, 0), segment);
    search_cache_unpin(cache, segment);
    search_cache_unpin(cache, segment);
    search_cache_free(cache);
}

static void what_an_erasure_left_behind_goes(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(CAPACITY);
    struct search_cached *before = add(cache, "one", 7, 0);
    search_cache_put(cache, before, 3, body_of(3));
    search_cache_unpin(cache, before);
    struct search_cached *after = add(cache, "one", 7, 99);
    assert_null(search_cache_pin(cache, STR("one"), 7, 0));
    assert_false(search_cache_has(cache, after, 3));
    search_cache_unpin(cache, after);
    search_cache_free(cache);
}

static void blocks_that_are_used_stay_and_memory_is_bounded(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(CAPACITY);
    struct search_cached *segment = add(cache, "one", 7, 0);
    for (size_t i = 0; i < BLOCKS; i++) {
        struct arena_mark mark = arena_mark(&arena);
        search_cache_put(cache, segment, i, body_of(i));
        struct str first = search_cache_get(cache, segment, 0, &arena);
        assert_true(search_cache_has(cache, segment, i));
        assert_true(first.len == BODY && first.ptr[0] == 'a');
        assert_true(search_cache_bytes(cache) <= CAPACITY);
        arena_rewind(&arena, mark);
    }
    assert_false(search_cache_has(cache, segment, 1));
    search_cache_unpin(cache, segment);
    search_cache_free(cache);
}

static bool is_recalled(struct search_cache *cache, struct search_cached *segment, struct str key,
                        struct str text)
{
    struct search_finding *found = search_cache_recall(cache, segment, key);
    if (!found) return false;
    bool same = str_equal(search_cache_text(found), text);
    search_cache_let_go(found);
    return same;
}

static void what_was_found_is_recalled_under_its_key_alone(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(CAPACITY);
    struct search_cached *segment = add(cache, "one", 7, 0);
    size_t before = search_cache_bytes(cache);
    assert_null(search_cache_recall(cache, segment, STR("mu")));
    search_cache_remember(cache, segment, STR("mu"), STR("1 2 3"));
    assert_true(is_recalled(cache, segment, STR("mu"), STR("1 2 3")));
    assert_true(search_cache_bytes(cache) > before);
    char room[24];
    for (int i = 0; i < 20000; i++) { /* more than there is room for */
        struct str key = str_of(room, (size_t)snprintf(room, sizeof(room), "key %d", i));
        search_cache_remember(cache, segment, key, key);
        assert_true(is_recalled(cache, segment, key, key));
        struct search_finding *first = search_cache_recall(cache, segment, STR("key 0"));
        assert_true(!first || str_equal(search_cache_text(first), STR("key 0")));
        if (first) search_cache_let_go(first);
        assert_true(search_cache_bytes(cache) <= CAPACITY);
    }
    search_cache_unpin(cache, segment);
    search_cache_free(cache);
}

static void what_is_held_stays_when_the_cache_goes(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(CAPACITY);
    struct search_cached *segment = add(cache, "one", 7, 0);
    search_cache_remember(cache, segment, STR("mu"), STR("1 2 3"));
    struct search_finding *held = search_cache_recall(cache, segment, STR("mu"));
    assert_non_null(held);
    search_cache_remember(cache, segment, STR("mu"), STR("4"));
    assert_true(is_recalled(cache, segment, STR("mu"), STR("4")));
    search_cache_unpin(cache, segment);
    search_cache_free(cache);
    assert_true(str_equal(search_cache_text(held), STR("1 2 3")));
    search_cache_let_go(held);
}

static void nothing_large_drives_all_else_out(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(CAPACITY);
    struct search_cached *segment = add(cache, "one", 7, 0);
    char *large = arena_calloc(&arena, 1, CAPACITY / 4);
    assert_non_null(large);
    search_cache_remember(cache, segment, STR("mu"), str_of(large, CAPACITY / 4));
    assert_null(search_cache_recall(cache, segment, STR("mu")));
    search_cache_unpin(cache, segment);
    search_cache_free(cache);
}

static void without_memory_nothing_is_kept(void **state)
{
    (void)state;
    struct search_cache *cache = search_cache_new(0);
    struct search_cached *segment = add(cache, "one", 7, 0);
    search_cache_put(cache, segment, 0, body_of(0));
    assert_false(search_cache_has(cache, segment, 0));
    search_cache_remember(cache, segment, STR("mu"), STR("1"));
    assert_null(search_cache_recall(cache, segment, STR("mu")));
    search_cache_unpin(cache, segment);
    assert_null(search_cache_pin(cache, STR("one"), 7, 0));
    assert_int_equal(search_cache_bytes(cache), 0);
    search_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_is_found_by_whose_and_which_it_is),
        cmocka_unit_test(what_an_erasure_left_behind_goes),
        cmocka_unit_test(blocks_that_are_used_stay_and_memory_is_bounded),
        cmocka_unit_test(what_was_found_is_recalled_under_its_key_alone),
        cmocka_unit_test(what_is_held_stays_when_the_cache_goes),
        cmocka_unit_test(nothing_large_drives_all_else_out),
        cmocka_unit_test(without_memory_nothing_is_kept),
    };
    arena_init(&arena, 64 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
