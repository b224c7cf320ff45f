#include "base/arena.h"

#include "unit.h"

#include <stdalign.h>
#include <string.h>

static void allocations_are_aligned_and_apart(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    unsigned char *all[300];
    for (size_t i = 0; i < 300; i++) {
        all[i] = arena_alloc(&arena, i);
        assert_non_null(all[i]);
        assert_int_equal((uintptr_t)all[i] % alignof(max_align_t), 0);
        memset(all[i], (int)(i & 0xFF), i);
    }
    for (size_t i = 0; i < 300; i++)
        for (size_t k = 0; k < i; k++) assert_int_equal(all[i][k], i & 0xFF);
    arena_release(&arena);
}

static void the_limit_is_never_passed(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_null(arena_alloc(&arena, 1001));
    size_t count = 0;
    while (arena_alloc(&arena, 100)) count++;
    assert_true(count >= 8 && count <= 10);
    assert_true(arena.used_bytes <= 1000);
    arena_reset(&arena);
    assert_non_null(arena_alloc(&arena, 900));
    arena_release(&arena);
}

static void absurd_sizes_are_refused(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, SIZE_MAX);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_null(arena_alloc(&arena, SIZE_MAX - 8));
    assert_null(arena_calloc(&arena, SIZE_MAX / 2, 3));
    char *memory = arena_alloc(&arena, 1);
    assert_null(arena_realloc(&arena, memory, 1, SIZE_MAX - 1));
    arena_release(&arena);
}

static void calloc_zeroes_memory_that_was_used(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    memset(arena_alloc(&arena, 64), 0xFF, 64);
    arena_reset(&arena);
    unsigned char *zero = arena_calloc(&arena, 8, 8);
    for (int i = 0; i < 64; i++) assert_int_equal(zero[i], 0);
    arena_release(&arena);
}

static void the_last_allocation_grows_in_place(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    char *first = arena_alloc(&arena, 10);
    memcpy(first, "0123456789", 10);
    assert_ptr_equal(arena_realloc(&arena, first, 10, 100), first);
    char *second = arena_alloc(&arena, 10);
    char *moved = arena_realloc(&arena, first, 100, 200);
    assert_ptr_not_equal(moved, first);
    assert_ptr_not_equal(moved, second);
    assert_memory_equal(moved, "0123456789", 10);
    assert_non_null(arena_realloc(&arena, NULL, 0, 10));
    arena_release(&arena);
}

static void growing_past_the_limit_leaves_the_old_memory(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 256);
    char *memory = arena_alloc(&arena, 100);
    memcpy(memory, "kept", 5);
    assert_null(arena_realloc(&arena, memory, 100, 300));
    assert_string_equal(memory, "kept");
    arena_release(&arena);
}

static void rewinding_gives_back_what_came_since(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct arena_mark empty = arena_mark(&arena);
    char *kept = arena_alloc(&arena, 100);
    memcpy(kept, "kept", 5);
    struct arena_mark mark = arena_mark(&arena);
    char *first = arena_alloc(&arena, 100);
    for (int i = 0; i < 100; i++) assert_non_null(arena_alloc(&arena, 5000));
    arena_rewind(&arena, mark);
    assert_int_equal(arena.used_bytes, mark.used_bytes);
    assert_ptr_equal(arena_alloc(&arena, 100), first);
    assert_string_equal(kept, "kept");
    arena_rewind(&arena, empty);
    assert_int_equal(arena.used_bytes, 0);
    assert_ptr_equal(arena_alloc(&arena, 100), kept);
    arena_release(&arena);
}

static void one_beside_another_has_what_that_has_left(void **state)
{
    (void)state;
    struct arena arena, beside;
    arena_init(&arena, 1024);
    assert_non_null(arena_alloc(&arena, 512));
    arena_init_beside(&beside, &arena);
    assert_null(arena_alloc(&beside, 513));
    assert_non_null(arena_alloc(&beside, 512));
    assert_int_equal(arena.used_bytes, 512);
    arena_release(&beside);
    arena_release(&arena);
}

static void a_released_arena_can_be_used_again(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1000);
    assert_non_null(arena_alloc(&arena, 900));
    arena_release(&arena);
    assert_non_null(arena_alloc(&arena, 900));
    arena_release(&arena);
}

static void strings_are_copied_and_formatted(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct str copy = arena_str(&arena, STR("a\0b"));
    assert_str(copy, STR("a\0b"));
    assert_int_equal(copy.ptr[3], '\0');
    assert_true(str_is_none(arena_str(&arena, STR_NONE)));
    assert_false(str_is_none(arena_str(&arena, STR(""))));
    assert_string_equal(arena_cstr(&arena, STR("abc")), "abc");
    assert_str(arena_format(&arena, "%d-%s", 7, "x"), STR("7-x"));
    arena_release(&arena);
    arena_init(&arena, 0);
    assert_true(str_is_none(arena_str(&arena, STR("a"))));
    assert_null(arena_cstr(&arena, STR("a")));
    assert_true(str_is_none(arena_format(&arena, "x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_aligned_and_apart),
        cmocka_unit_test(the_limit_is_never_passed),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(calloc_zeroes_memory_that_was_used),
        cmocka_unit_test(the_last_allocation_grows_in_place),
        cmocka_unit_test(growing_past_the_limit_leaves_the_old_memory),
        cmocka_unit_test(rewinding_gives_back_what_came_since),
        cmocka_unit_test(one_beside_another_has_what_that_has_left),
        cmocka_unit_test(a_released_arena_can_be_used_again),
        cmocka_unit_test(strings_are_copied_and_formatted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
