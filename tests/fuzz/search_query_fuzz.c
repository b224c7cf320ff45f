/* Searches: whatever is typed is refused with a named parameter, or gives readings within their
 * limits, whose ranges are text in order and which meet what they were typed from. */
#include <string.h>

#include "fuzz.h"
#include "search/query.h"

static void check_ranges(const struct search_ranges *ranges)
{
    FUZZ_REQUIRE(!ranges->failed);
    for (size_t i = 0; i < ranges->count; i++) {
        const struct search_range *range = &ranges->items[i];
        FUZZ_REQUIRE(str_compare(range->from, range->to) < 0);
        FUZZ_REQUIRE(str_is_utf8(range->from) && str_is_utf8(range->to));
    }
}

static void check_token(const struct search_token *token, struct arena *arena)
{
    struct search_ranges ranges = {.arena = arena};
    FUZZ_REQUIRE(token->word.len <= SEARCH_WORD_MAX);
    FUZZ_REQUIRE(token->phone.len <= token->phone_end.len);
    search_ranges_close(&ranges, token);
    search_ranges_near(&ranges, token);
    check_ranges(&ranges);
    FUZZ_REQUIRE(token->word.len == 0 || search_match_word(token, token->word, true).weight > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct search_query query;
    struct arena arena;
    struct error error = {0};
    if (count < 1 || count > 1000) return 0;
    struct str text = str_of((const char *)bytes + 1, count - 1);
    if (!str_is_utf8(text) || memchr(text.ptr, 0, text.len)) return 0;
    arena_init(&arena, 16 << 20);
    struct search_input input = {.name = bytes[0] & 1 ? text : STR_NONE,
                                 .email = bytes[0] & 2 ? text : STR_NONE,
                                 .phone = bytes[0] & 4 ? text : STR_NONE,
                                 .any = bytes[0] & 8 ? text : STR_NONE};
    enum status status = search_query_parse(&input, &arena, &query, &error);
    FUZZ_REQUIRE(status == STATUS_OK || (status == STATUS_INVALID_VALUE && error.field[0] != '\0'));
    for (size_t r = 0; status == STATUS_OK && r < query.count; r++)
        for (size_t t = 0; t < query.readings[r].count; t++)
            check_token(&query.readings[r].tokens[t], &arena);
    arena_release(&arena);
    return 0;
}
