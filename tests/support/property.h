/* Property-based testing: a claim is tried on many random cases, and a case that breaks it is made
 * as small as possible before it is shown.
 *
 * A property is a function that draws its input and says whether the claim held. Everything random
 * comes from property_choice(), which records what it gave. To shrink a failing case the harness
 * edits that record - takes whole steps out, cuts it, zeroes it, lowers single numbers - and
 * runs the property again on the edited record; so every generator shrinks by itself, and what was
 * drawn always obeys the generator's rules. (D. MacIver, A. Donaldson, "Test-case reduction via
 * test-case generation: insights from the Hypothesis reducer", 2020.) It follows that a generator
 * should give its simplest value for choice 0.
 *
 *     static bool sorting_keeps_the_sum(struct property *p, void *context)
 *     {
 *         struct list list = {0};
 *         while (property_more(p, list.count, 5, 100)) {          one step each: can be taken out
 *             int64_t value = property_between(p, 0, 1000);
 *             property_note(p, "add %" PRId64, value);
 *             list_add(&list, value);
 *         }
 *         int64_t before = list_sum(&list);
 *         list_sort(&list);
 *         PROPERTY_REQUIRE(p, list_sum(&list) == before, "the sum changed");
 *         return true;
 *     }
 *
 *     static void sorting_keeps_the_sum_of_a_list(void **state)
 *     {
 *         property_check("sorting keeps the sum", sorting_keeps_the_sum, NULL, 1000);
 *     }
 *
 * Case number i of a run uses the seed PROPERTY_SEED + i and nothing else, so that a failure is
 * repeated by the line that it prints. Environment:
 *   PROPERTY_SEED   first seed (default 1, so that a test run is repeatable); "random" draws one
 *   PROPERTY_RUNS   how many cases of each property, instead of the number in the test
 *
 * A property must be deterministic: clocks and identifiers from base/environment.h with a seed
 * drawn from the case. It may be run thousands of times; it releases what it takes.
 */
#ifndef TESTS_SUPPORT_PROPERTY_H
#define TESTS_SUPPORT_PROPERTY_H

#include "base/arena.h"

struct property {
    struct arena *arena; /* for the property's own use; emptied before every case */
    /* The rest belongs to the harness. */
    uint64_t *choices;
    size_t choice_count;
    size_t choice_capacity;
    size_t replay_count; /* so many choices are given again; after them, zeroes */
    bool replaying;
    bool narrating;
    uint64_t random_state;
    size_t *steps; /* where in `choices` each step begins */
    size_t step_count;
    size_t step_capacity;
    char message[1024];
};

/* Returns whether the claim held for the case that it drew. */
typedef bool property_body(struct property *property, void *context);

/* A number from 0 to limit - 1, all alike; limit is at least 1. */
uint64_t property_choice(struct property *property, uint64_t limit);
/* From low to high, both included; low is the simplest. */
int64_t property_between(struct property *property, int64_t low, int64_t high);
/* True in `percent` of the cases; false is the simplest. */
bool property_chance(struct property *property, unsigned percent);
/* Another step? `done` is how many there were. About `average` steps, never more than `maximum`.
 * Each step, with all that is drawn in it, can be taken out of a failing case. */
bool property_more(struct property *property, size_t done, size_t average, size_t maximum);
/* One element of an array; the first is the simplest. */
#define PROPERTY_PICK(property, array)                                                             \
    ((array)[property_choice((property), sizeof(array) / sizeof((array)[0]))])

/* A line of the scenario, shown when the case fails. Not formatted otherwise, so it costs nothing;
 * when its arguments are costly, ask property_narrating() first. */
void property_note(struct property *property, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool property_narrating(const struct property *property);
/* Says why the claim does not hold; returns false. */
bool property_fail(struct property *property, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define PROPERTY_REQUIRE(property, condition, ...)                                                 \
    do {                                                                                           \
        if (!(condition)) return property_fail((property), __VA_ARGS__);                           \
    } while (0)

/* Runs the property; on a failing case shrinks it, prints the scenario to stderr and fails the
 * cmocka test that it is called from. `runs` is the usual number of cases. */
void property_check(const char *claim, property_body *body, void *context, size_t runs);

/* The same without cmocka, for tests of the harness and for other programs: true when the claim
 * held in all cases. Otherwise the smallest failing case stands in *report. */
struct property_report {
    uint64_t seed;       /* of the case as found */
    size_t case_number;  /* counting from 1 */
    size_t choice_count; /* after shrinking */
    size_t shrink_runs;
    char message[1024];
};
bool property_run(property_body *body, void *context, size_t runs, uint64_t seed,
                  struct property_report *report);

#endif
