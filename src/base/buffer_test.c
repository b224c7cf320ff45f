#include "base/buffer.h"

#include "unit.h"

#include <string.h>

static void text_is_appended_in_order(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct buffer out = {.arena = &arena};
    assert_str(buffer_str(&out), STR(""));
    buffer_append(&out, STR("id="));
    buffer_append_int64(&out, INT64_MIN);
    buffer_append_char(&out, ',');
    buffer_append_int64(&out, INT64_MAX);
    buffer_append_int64(&out, 0);
    buffer_append(&out, STR_NONE);
    buffer_append_format(&out, "<%s>", "x");
    assert_false(buffer_failed(&out));
    assert_str(buffer_str(&out), STR("id=-9223372036854775808,92233720368547758070<x>"));
    buffer_clear(&out);
    assert_str(buffer_str(&out), STR(""));
    arena_release(&arena);
}

static void growing_keeps_the_content(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct buffer out = {.arena = &arena};
    for (int i = 0; i < 20000; i++) {
        buffer_append_char(&out, (char)('a' + i % 26));
        /* Something behind it, so that it cannot always grow in place. */
        if (i % 1000 == 0) assert_non_null(arena_alloc(&arena, 1));
    }
    assert_int_equal(out.len, 20000);
    for (int i = 0; i < 20000; i++) assert_int_equal(out.bytes[i], 'a' + i % 26);
    arena_release(&arena);
}

static void a_failure_sticks_until_cleared(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    struct buffer out = {.arena = &arena};
    buffer_append(&out, STR("kept"));
    assert_null(buffer_reserve(&out, 4096));
    assert_true(buffer_failed(&out));
    buffer_append_char(&out, 'x');
    buffer_append_int64(&out, 1);
    buffer_append_format(&out, "y");
    assert_true(buffer_failed(&out));
    assert_str(buffer_str(&out), STR("kept"));
    buffer_clear(&out);
    buffer_append_char(&out, 'x');
    assert_false(buffer_failed(&out));
    assert_str(buffer_str(&out), STR("x"));
    arena_release(&arena);
}

static void sizes_that_overflow_are_failures(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    struct buffer out = {.arena = &arena};
    assert_null(buffer_reserve(&out, SIZE_MAX));
    assert_true(buffer_failed(&out));
    buffer_clear(&out);
    buffer_append_char(&out, 'x');
    assert_null(buffer_reserve(&out, SIZE_MAX));
    assert_true(buffer_failed(&out));
    arena_release(&arena);
}

static void the_last_bytes_of_an_arena_can_be_used(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    struct buffer out = {.arena = &arena};
    for (int i = 0; i < 900; i++) buffer_append_char(&out, 'x');
    assert_false(buffer_failed(&out));
    assert_int_equal(out.len, 900);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_appended_in_order),
        cmocka_unit_test(growing_keeps_the_content),
        cmocka_unit_test(a_failure_sticks_until_cleared),
        cmocka_unit_test(sizes_that_overflow_are_failures),
        cmocka_unit_test(the_last_bytes_of_an_arena_can_be_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
