#include "search/segment.h"

#include <stdio.h>

#include "search/terms.h"
#include "unit.h"

enum { BLOCKS_MAX = 4000 };

static struct arena arena;

/* A segment in memory. */
struct blocks {
    struct str body[BLOCKS_MAX], place[BLOCKS_MAX];
    size_t count, at;
};

/* Only a word stands alone; a key of entries that nobody has would be left by an erasure. */
static void check_lists(struct str body)
{
    struct search_reader reader = search_reader_of(body);
    int64_t number;
    while (search_reader_list(&reader)) {
        struct str key = search_reader_key(&reader);
        bool is_of_entries = key.ptr[0] == 'P' || key.ptr[0] == 'V';
        assert_int_equal(search_reader_number(&reader, &number), is_of_entries);
    }
}

static enum status put_block(void *context, struct str place, struct str body, struct error *error)
{
    struct blocks *blocks = context;
    (void)error;
    assert_true(blocks->count < BLOCKS_MAX && str_is_utf8(body));
    assert_null(memchr(body.ptr, 0, body.len));
    assert_true(body.len < 1900);
    check_lists(body);
    if (blocks->count > 0) assert_true(str_compare(blocks->place[blocks->count - 1], place) < 0);
    blocks->place[blocks->count] = arena_str(&arena, place);
    blocks->body[blocks->count++] = arena_str(&arena, body);
    return STATUS_OK;
}

static enum status next_block(void *context, struct str *block, struct error *error)
{
    struct blocks *blocks = context;
    (void)error;
    *block = blocks->at < blocks->count ? blocks->body[blocks->at++] : STR_NONE;
    return STATUS_OK;
}

static struct blocks built[3], merged;

/* Entry n has the words all, mod<n % 50>, own<n>. */
static void build(struct blocks *blocks, int64_t from, int64_t to, int64_t step)
{
    struct search_entry entries[2000];
    struct search_sink sink = {put_block, blocks};
    size_t count = 0;
    *blocks = (struct blocks){0};
    for (int64_t n = from; n < to; n += step) {
        char text[80];
        struct search_keys keys = {.arena = &arena};
        (void)snprintf(text, sizeof(text), "all mod%lld own%lld \xe0\xa4\x95x", (long long)n % 50,
                       (long long)n);
        search_keys_add(&keys, SEARCH_NAME, str_from_cstr(text));
        search_keys_settle(&keys);
        entries[count++] = (struct search_entry){n, search_keys_entry(&keys)};
    }
    assert_int_equal(search_segment_build(entries, count, &arena, &sink, NULL), STATUS_OK);
}

/* How many numbers a key has, which must ascend; -1 when there is no such key. */
static int count_of(const struct blocks *blocks, const char *key)
{
    int count = -1;
    int64_t last = 0, number;
    for (size_t i = 0; i < blocks->count; i++) {
        struct search_reader reader = search_reader_of(blocks->body[i]);
        while (search_reader_list(&reader)) {
            if (!str_equal(search_reader_key(&reader), str_from_cstr(key))) continue;
            if (count < 0) count = 0;
            for (; search_reader_number(&reader, &number); last = number, count++)
                assert_true(number > last);
        }
        assert_int_equal(reader.rest.len, 0);
    }
    return count;
}

static void a_segment_has_all_lists_of_its_entries(void **state)
{
    (void)state;
    build(&built[0], 1, 1801, 1);
    assert_int_equal(count_of(&built[0], "Pall n"), 1800);
    assert_int_equal(count_of(&built[0], "Pmod7 n"), 36);
    assert_int_equal(count_of(&built[0], "Pown1800 n"), 1);
    assert_int_equal(count_of(&built[0], "D3all"), 0);
    assert_int_equal(count_of(&built[0], "R3lla"), 0);
    assert_int_equal(count_of(&built[0], "Pnone n"), -1);
}

static void merge(size_t blocks_max)
{
    struct str reached = STR_NONE;
    merged = (struct blocks){0};
    do {
        struct search_source sources[3] = {{0}};
        struct search_sink sink = {put_block, &merged};
        for (size_t i = 0; i < 3; i++) {
            built[i].at = 0;
            sources[i] = (struct search_source){.next = next_block, .context = &built[i]};
        }
        assert_int_equal(
            search_segment_merge(sources, 3, reached, blocks_max, &arena, &sink, &reached, NULL),
            STATUS_OK);
    } while (!str_is_none(reached));
}

static void segments_become_one_whatever_the_steps(void **state)
{
    (void)state;
    for (int64_t i = 0; i < 3; i++) build(&built[i], 1 + i, 3001, 3);
    static const size_t steps[] = {1, 7, 100000};
    for (size_t i = 0; i < 3; i++) {
        merge(steps[i]);
        assert_int_equal(count_of(&merged, "Pall n"), 3000);
        assert_int_equal(count_of(&merged, "Pmod7 n"), 60);
        assert_int_equal(count_of(&merged, "Pown2999 n"), 1);
        assert_int_equal(count_of(&merged, "D3all"), 0);
    }
}

static void a_damaged_block_is_noticed(void **state)
{
    (void)state;
    struct blocks *damaged = &built[0];
    struct str reached;
    struct search_source source = {.next = next_block, .context = damaged};
    struct search_sink sink = {put_block, &merged};
    merged = (struct blocks){0};
    *damaged = (struct blocks){.count = 1, .body = {STR("\x01\x7fzz")}};
    assert_int_equal(search_segment_merge(&source, 1, STR_NONE, 10, &arena, &sink, &reached, NULL),
                     STATUS_STORE_CORRUPT);
}

static void numbers_of_any_size_come_back(void **state)
{
    (void)state;
    static const int64_t numbers[] = {1,    62,   63,   64,      127,
                                      4095, 4158, 4159, 1 << 30, INT64_C(1) << 47};
    struct search_writer writer = {.out = {.arena = &arena}};
    search_writer_list(&writer, STR("Pa n"));
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) search_writer_number(&writer, numbers[i]);
    struct search_reader reader = search_reader_of(search_writer_finish(&writer));
    int64_t number;
    assert_true(search_reader_list(&reader));
    for (size_t i = 0; i < UNIT_COUNT(numbers); i++) {
        assert_true(search_reader_number(&reader, &number));
        assert_int_equal(number, numbers[i]);
    }
    assert_false(search_reader_number(&reader, &number));
}

/* Two letters of the second alphabet have their first byte in common, which a key never keeps
 * alone. */
static void a_place_is_found_without_comparing_all_keys(void **state)
{
    (void)state;
    static const char *const letters[] = {"a", "b", " n", "\xc3\xa9", "\xc3\xa8", "\xc4\x8d"};
    struct str keys[6 * 6 * 6];
    size_t count = 0;
    for (size_t i = 0; i < 6 * 6 * 6; i++)
        keys[count++] = arena_format(&arena, "P%s%s%s", letters[i / 36], letters[i / 6 % 6],
                                     i % 3 ? letters[i % 6] : "");
    str_sort(keys, count);
    struct search_writer writer = {.out = {.arena = &arena}};
    for (size_t i = 0; i < count; i++)
        if (i == 0 || !str_equal(keys[i - 1], keys[i])) search_writer_list(&writer, keys[i]);
    struct str block = search_writer_finish(&writer);
    for (size_t i = 0; i < count; i++) {
        struct str place = arena_format(&arena, "%.*s%s", STR_ARGS(keys[i]), i % 2 ? " " : "");
        struct search_reader slow = search_reader_of(block), fast = slow;
        bool found = search_reader_seek(&fast, place), expected = false;
        while (!expected && search_reader_list(&slow))
            expected =
                str_compare(arena_format(&arena, "%.*s ", STR_ARGS(search_reader_key(&slow))),
                            place) >= 0;
        assert_int_equal(found, expected);
        if (found) assert_str(search_reader_key(&fast), search_reader_key(&slow));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_segment_has_all_lists_of_its_entries),
        cmocka_unit_test(segments_become_one_whatever_the_steps),
        cmocka_unit_test(a_damaged_block_is_noticed),
        cmocka_unit_test(numbers_of_any_size_come_back),
        cmocka_unit_test(a_place_is_found_without_comparing_all_keys),
    };
    arena_init(&arena, 256 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
