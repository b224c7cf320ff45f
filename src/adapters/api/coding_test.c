#include "adapters/api/coding.h"

#include <string.h>

#include "unit.h"

enum { LIMIT = 100000 };

static struct arena arena;
static struct coding *coding;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    coding = coding_new();
    return coding ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    coding_free(coding);
    arena_release(&arena);
    return 0;
}

static struct str text_of(size_t length)
{
    char *text = arena_alloc(&arena, length);
    assert_non_null(text);
    for (size_t i = 0; i < length; i++) text[i] = "customer360, "[i % 13];
    return str_of(text, length);
}

static enum status gunzip(struct str coded, struct str *text)
{
    struct error error;
    return coding_gunzip(coded, LIMIT, &arena, text, &error);
}

static void what_is_coded_comes_back(void **state)
{
    static const size_t lengths[] = {1400, 16 * 1024, 16 * 1024 + 1, 50000, LIMIT};
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        struct str text = text_of(lengths[i]), coded, back;
        assert_true(coding_gzip(coding, text, &arena, &coded));
        assert_true(coded.len < text.len / 4);
        assert_int_equal(gunzip(coded, &back), STATUS_OK);
        assert_str(back, text);
    }
}

static void what_grows_goes_as_it_is(void **state)
{
    struct str coded;
    (void)state;
    assert_false(coding_gzip(coding, STR("abc"), &arena, &coded));
    assert_false(coding_gzip(coding, STR(""), &arena, &coded));
    /* It can be used again. */
    assert_true(coding_gzip(coding, text_of(2000), &arena, &coded));
}

static void a_bomb_is_refused_before_it_goes_off(void **state)
{
    struct str coded, text;
    (void)state;
    assert_true(coding_gzip(coding, text_of(LIMIT + 1), &arena, &coded));
    assert_int_equal(gunzip(coded, &text), STATUS_REQUEST_TOO_LARGE);
    assert_true(coding_gzip(coding, text_of(5 << 20), &arena, &coded));
    size_t before = arena.used_bytes;
    assert_int_equal(gunzip(coded, &text), STATUS_REQUEST_TOO_LARGE);
    assert_true(arena.used_bytes - before < 4 * LIMIT);
}

static void what_is_not_gzip_is_refused(void **state)
{
    struct str coded, text;
    (void)state;
    assert_true(coding_gzip(coding, text_of(2000), &arena, &coded));
    assert_int_equal(gunzip(STR(""), &text), STATUS_INVALID_VALUE);
    assert_int_equal(gunzip(STR("{}"), &text), STATUS_INVALID_VALUE);
    for (size_t cut = 1; cut < coded.len; cut++)
        assert_int_equal(gunzip(str_of(coded.ptr, cut), &text), STATUS_INVALID_VALUE);
    char *more = arena_alloc(&arena, coded.len + 1);
    memcpy(more, coded.ptr, coded.len);
    more[coded.len] = 'x';
    assert_int_equal(gunzip(str_of(more, coded.len + 1), &text), STATUS_INVALID_VALUE);
    more[coded.len - 5] ^= 1; /* of the checksum */
    assert_int_equal(gunzip(str_of(more, coded.len), &text), STATUS_INVALID_VALUE);
}

static void a_text_in_pieces_comes_back(void **state)
{
    struct coding_stream *stream = coding_stream_new(&arena);
    struct str text = text_of(90000), rest = text, back;
    char *coded = arena_alloc(&arena, 90000);
    size_t have = 0, count;
    (void)state;
    assert_non_null(stream);
    for (bool last = false; !last;) {
        struct str piece = str_of(rest.ptr, rest.len < 7000 ? rest.len : 7000);
        rest = str_skip(rest, piece.len);
        last = rest.len == 0;
        for (bool more = true; more; piece = STR_NONE) {
            assert_true(coding_stream_put(stream, piece, last, coded + have, 50, &count, &more));
            have += count;
        }
    }
    assert_int_equal(gunzip(str_of(coded, have), &back), STATUS_OK);
    assert_str(back, text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_coded_comes_back),
        cmocka_unit_test(what_grows_goes_as_it_is),
        cmocka_unit_test(a_bomb_is_refused_before_it_goes_off),
        cmocka_unit_test(what_is_not_gzip_is_refused),
        cmocka_unit_test(a_text_in_pieces_comes_back),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
