/* Normal forms: any bytes are read or refused, and what was read is written, and read again the
 * same; nothing that is compared with it can go wrong. */
#include "fuzz.h"

#include "matching/matching.h"
#include "matching/normal.h"

static void compare_with_itself(struct str normal)
{
    static struct matching_matcher *matcher;
    const struct matching_settings settings = {.records = 1e6};
    struct matching_query *query;
    struct matching_outcome outcome;
    struct matching_key keys[MATCHING_KEYS_MAX];
    size_t count;
    if (!matcher) FUZZ_REQUIRE(matching_matcher_new(&settings, &matcher, NULL) == STATUS_OK);
    FUZZ_REQUIRE(matching_keys(normal, NULL, keys, &count, NULL) == STATUS_OK);
    FUZZ_REQUIRE(matching_query_new(matcher, normal, &query, NULL) == STATUS_OK);
    FUZZ_REQUIRE(matching_query_compare(query, normal, &outcome, NULL) == STATUS_OK);
    matching_query_free(query);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct values values, again;
    struct record record, same;
    struct arena arena;
    struct str normal = str_of((const char *)data, size);
    arena_init(&arena, 1 << 20);
    struct buffer out = {.arena = &arena}, second = {.arena = &arena};
    values_init(&values, NULL);
    values_init(&again, NULL);
    if (normal_read(&values, normal, &record, NULL) == STATUS_OK) {
        normal_write(&values, &record, &out);
        struct str written = arena_str(&arena, buffer_str(&out));
        FUZZ_REQUIRE(normal_read(&again, written, &same, NULL) == STATUS_OK);
        normal_write(&again, &same, &second);
        FUZZ_REQUIRE(str_equal(written, buffer_str(&second)));
        compare_with_itself(written);
    }
    values_release(&values);
    values_release(&again);
    arena_release(&arena);
    return 0;
}
