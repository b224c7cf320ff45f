#include "search/query.h"

#include "unit.h"

static struct arena arena;

static struct search_query parse(struct search_input input)
{
    static struct search_query query;
    assert_int_equal(search_query_parse(&input, &arena, &query, NULL), STATUS_OK);
    return query;
}

/* The best kind in which a typed text is met by a value in a field; "" when it is not. */
static struct str met(const char *typed, enum search_field field, const char *value)
{
    struct search_query query = parse((struct search_input){.any = str_from_cstr(typed)});
    struct search_match best = {0};
    for (size_t r = 0; r < query.count; r++) {
        struct search_keys keys = {.arena = &arena};
        if (query.readings[r].count != 1) continue;
        search_keys_add(&keys, field, str_from_cstr(value));
        for (size_t i = 0; i < keys.count; i++) {
            struct search_match match =
                search_match_key(&query.readings[r].tokens[0], keys.items[i], false);
            if (match.weight > best.weight) best = match;
        }
    }
    return best.weight > 0 ? search_kind_name(best.kind) : STR("");
}

static void a_word_is_met_in_many_ways(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *value, *kind;
    } cases[] = {
        {"schmidt", "Schmidt", "exact"},
        {"schm", "Schmidt", "prefix"},
        {"schmitd", "Schmidt", "typo"},
        {"shmidt", "Schmidt", "typo"},
        {"schmdt", "Schmidt", "typo"},
        {"schmiidt", "Schmidt", "typo"},
        {"meier", "Mayr", "phonetic"},
        {"acme", "A.C.M.E.", "exact"},
        {"obrien",
         "O\xe2\x80\x99"
         "Brien",
         "exact"},
        {"bob", "Rob", ""},
        {"anna", "Anne", "typo"},
        {"kranenburg", "Kranenbrug", "typo"},
        {"gmbx", "Schmidt", ""},
    };
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_str(met(cases[i].typed, SEARCH_NAME, cases[i].value), str_from_cstr(cases[i].kind));
}

static void a_phone_number_is_met_in_any_format(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *value, *kind;
    } cases[] = {
        {"+49 (0)30 1234567", "+49301234567", "exact"},
        {"030 / 123-4567", "+49301234567", "exact"},
        {"00493012345 67", "+49301234567", "exact"},
        {"+49301234567", "030 1234567", "exact"},
        {"15551234567", "(555) 123-4567", "exact"},
        {"555.123.4567", "+1 555 123 4567", "exact"},
        {"030 1234", "+49301234567", "prefix"},
        {"4567", "+49301234567", "suffix"},
        {"030 1234568", "+49301234567", "typo"},
        {"+353 1 234 5678", "01 2345678", "exact"},
        {"98765", "+49301234567", ""},
    };
    for (size_t i = 0; i < UNIT_COUNT(cases); i++)
        assert_str(met(cases[i].typed, SEARCH_PHONE, cases[i].value), str_from_cstr(cases[i].kind));
}

/* Every typo of a word lies in the ranges that are read for it. */
static bool is_in_range(const struct search_token *token, struct str word)
{
    struct search_ranges ranges = {.arena = &arena};
    char forward[SEARCH_KEY_MAX] = {'D', search_length(word.len)},
         backward[SEARCH_KEY_MAX] = {'R', search_length(word.len)};
    memcpy(forward + 2, word.ptr, word.len);
    search_reversed(word, backward + 2);
    search_ranges_near(&ranges, token);
    for (size_t i = 0; i < ranges.count; i++) {
        const struct str keys[] = {str_of(forward, word.len + 2), str_of(backward, word.len + 2)};
        for (size_t k = 0; k < 2; k++)
            if (str_compare(keys[k], ranges.items[i].from) >= 0 &&
                str_compare(keys[k], ranges.items[i].to) < 0)
                return true;
    }
    return false;
}

static void one_typo_anywhere_is_in_what_is_read(void **state)
{
    (void)state;
    static const char *const words[] = {"anna", "maria", "stefan", "schmidt", "wilhelmine"};
    for (size_t w = 0; w < UNIT_COUNT(words); w++) {
        struct str word = str_from_cstr(words[w]);
        for (size_t at = 0; at < word.len; at++) {
            char texts[4][16];
            size_t lens[4] = {word.len, word.len - 1, word.len + 1, word.len};
            for (int i = 0; i < 4; i++) memcpy(texts[i], word.ptr, word.len);
            texts[0][at] = 'q';
            memmove(texts[1] + at, texts[1] + at + 1, word.len - at - 1);
            memmove(texts[2] + at + 1, texts[2] + at, word.len - at);
            texts[2][at] = 'q';
            if (at + 1 < word.len) {
                texts[3][at] = word.ptr[at + 1];
                texts[3][at + 1] = word.ptr[at];
            }
            for (int i = 0; i < 4; i++) {
                if (lens[i] < 4) continue;
                struct search_input input = {.any = str_of(texts[i], lens[i])};
                struct search_query query = parse(input);
                const struct search_token *token = &query.readings[0].tokens[0];
                assert_true(search_match_word(token, word, false).weight > 0);
                assert_true(str_starts_with(word, input.any) || is_in_range(token, word));
            }
        }
    }
}

static void the_box_is_read_in_more_than_one_way(void **state)
{
    (void)state;
    assert_int_equal(parse((struct search_input){.any = STR("jane doe")}).count, 2);
    assert_int_equal(parse((struct search_input){.any = STR("030 1234567")}).count, 4);
    struct search_query query = parse((struct search_input){.any = STR("jane@acme.example")});
    assert_int_equal(query.count, 2);
    assert_str(query.readings[0].tokens[0].email, STR("jane@acme.example"));
    assert_true(query.readings[1].is_loose);
    assert_int_equal(query.readings[1].count, 2);
}

/* Zeros in front are not what a number is looked for by, and its back half lies within it. */
static void digits_alone_are_read_as_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *phone, *phone_end;
    } cases[] = {{"0301234567", "301234567", "765432103"},
                 {"00493012345", "3012345", "543210394"},
                 {"00000000000005", "", ""},
                 {"0000000000000512", "", "215"}};
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct search_ranges ranges = {.arena = &arena};
        struct search_query query =
            parse((struct search_input){.any = str_from_cstr(cases[i].typed)});
        const struct search_token *token = &query.readings[0].tokens[0];
        assert_str(token->phone, str_from_cstr(cases[i].phone));
        assert_str(token->phone_end, str_from_cstr(cases[i].phone_end));
        search_ranges_near(&ranges, token);
        assert_false(ranges.failed);
        for (size_t r = 0; r < ranges.count; r++) assert_true(str_is_utf8(ranges.items[r].from));
    }
}

/* U+0FDA has no base letter: it stays as it is, three bytes, of which two would still fit. */
static void a_long_identifier_is_cut_between_characters(void **state)
{
    (void)state;
    char value[66], whole[SEARCH_VALUE_MAX];
    memset(value, '7', 62);
    memcpy(value + 62, "\xE0\xBF\x9A", 3);
    struct str identifier = search_identifier(str_of(value, 65), whole);
    assert_str(identifier, str_of(value, 62));
}

static void a_search_without_memory_is_refused(void **state)
{
    (void)state;
    struct arena small;
    static struct search_query query;
    struct search_input input = {.any = STR("jane doe")};
    arena_init(&small, 4);
    assert_int_equal(search_query_parse(&input, &small, &query, NULL), STATUS_OUT_OF_MEMORY);
    arena_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_word_is_met_in_many_ways),
        cmocka_unit_test(a_phone_number_is_met_in_any_format),
        cmocka_unit_test(one_typo_anywhere_is_in_what_is_read),
        cmocka_unit_test(the_box_is_read_in_more_than_one_way),
        cmocka_unit_test(digits_alone_are_read_as_a_number),
        cmocka_unit_test(a_long_identifier_is_cut_between_characters),
        cmocka_unit_test(a_search_without_memory_is_refused),
    };
    arena_init(&arena, 64 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&arena);
    return failed;
}
