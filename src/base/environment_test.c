#include "base/environment.h"

#include "unit.h"

#include <string.h>

static void the_system_clock_never_goes_back(void **state)
{
    (void)state;
    struct environment *environment = environment_system();
    instant last = environment->now(environment);
    assert_true(last > 1700000000 * INSTANT_SECOND);
    for (int i = 0; i < 1000; i++) {
        instant now = environment->now(environment);
        assert_true(now >= last);
        last = now;
    }
}

static void the_system_gives_different_bytes_each_time(void **state)
{
    (void)state;
    struct environment *environment = environment_system();
    unsigned char a[1000] = {0}, b[1000] = {0};
    environment->random(environment, a, sizeof(a));
    environment->random(environment, b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    /* The last bytes are filled as well: all of 32 being zero does not happen. */
    static const unsigned char zeros[32];
    assert_memory_not_equal(a + sizeof(a) - 32, zeros, 32);
}

static void a_fixed_environment_repeats_itself(void **state)
{
    (void)state;
    struct environment_fixed a, b;
    environment_fixed_init(&a, 1000, 10, 42);
    environment_fixed_init(&b, 1000, 10, 42);
    unsigned char bytes[2][21];
    a.base.random(&a.base, bytes[0], sizeof(bytes[0]));
    b.base.random(&b.base, bytes[1], sizeof(bytes[1]));
    assert_memory_equal(bytes[0], bytes[1], sizeof(bytes[0]));
    instant first = a.base.now(&a.base);
    assert_int_equal(b.base.now(&b.base), first);
    assert_int_equal(a.base.now(&a.base), first + 10);
}

/* The first outputs of SplitMix64 for the seed 1234567, as published with other implementations. */
static void the_fixed_generator_is_split_mix_64(void **state)
{
    (void)state;
    static const uint64_t expected[] = {6457827717110365317u, 3203168211198807973u,
                                        9817491932198370423u};
    struct environment_fixed fixed;
    environment_fixed_init(&fixed, 0, 0, 1234567);
    for (size_t i = 0; i < UNIT_COUNT(expected); i++) {
        uint64_t word;
        fixed.base.random(&fixed.base, &word, sizeof(word));
        assert_true(word == expected[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_system_clock_never_goes_back),
        cmocka_unit_test(the_system_gives_different_bytes_each_time),
        cmocka_unit_test(a_fixed_environment_repeats_itself),
        cmocka_unit_test(the_fixed_generator_is_split_mix_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
