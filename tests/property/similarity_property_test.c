/* The similarities as they are built against their own source without the machine's instructions.
 */
#include "unit.h"

#undef __SSE2__
#define similarity_jaro         plain_jaro
#define similarity_jaro_winkler plain_jaro_winkler
#define similarity_edits        plain_edits
#define similarity_bigram       plain_bigram
#include "text/similarity.c" /* NOLINT(bugprone-suspicious-include) */
#undef similarity_jaro
#undef similarity_jaro_winkler
#undef similarity_edits
#undef similarity_bigram

double similarity_jaro_winkler(struct str a, struct str b);
unsigned similarity_edits(struct str a, struct str b, unsigned limit);

static uint32_t state = 7;

static uint32_t below(uint32_t limit)
{
    state = state * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)state * limit >> 32);
}

static struct str random_text(char *room, uint32_t max)
{
    static const char letters[] = "abcd \0f\xC3";
    uint32_t len = below(max + 1);
    for (uint32_t i = 0; i < len; i++) room[i] = letters[below(8)];
    return str_of(room, len);
}

static void instructions_of_the_machine_give_the_same_bits(void **unused)
{
    (void)unused;
    char x[80], y[80];
    for (int i = 0; i < 100000; i++) {
        uint32_t max = i % 3 ? 12 : 79;
        struct str a = random_text(x, max), b = random_text(y, max);
        double plain = plain_jaro_winkler(a, b), built = similarity_jaro_winkler(a, b);
        assert_memory_equal(&plain, &built, sizeof plain);
    }
}

/* A limit of one has a way of its own. */
static void one_edit_is_what_the_table_says(void **unused)
{
    (void)unused;
    char x[16], y[16];
    for (int i = 0; i < 100000; i++) {
        struct str a = random_text(x, 9), b = str_of(y, a.len);
        memcpy(y, x, a.len);
        for (uint32_t edits = below(3); edits > 0 && b.len > 1; edits--) {
            uint32_t at = below((uint32_t)b.len - 1);
            char swap = y[at];
            y[at] = y[at + 1];
            if (below(2)) y[at + 1] = swap;
            if (below(3) == 0) b.len--;
        }
        unsigned whole = similarity_edits(a, b, 20), one = similarity_edits(a, b, 1);
        assert_int_equal(one, whole <= 1 ? whole : 2);
        assert_int_equal(one, similarity_edits(b, a, 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_of_the_machine_give_the_same_bits),
        cmocka_unit_test(one_edit_is_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
