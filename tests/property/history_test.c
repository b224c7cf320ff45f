/* The laws of whole histories on the store in memory: 100,000 histories in a test run. Sanitizer
 * builds take a tenth; PROPERTY_RUNS gives any other number. */
#include "unit.h"

#include "adapters/memory/memory_store.h"
#include "history_laws.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOWER = 10 };
#else
enum { SLOWER = 1 };
#endif

static struct history_laws laws = {.reset = memory_store_reset, .steps = 15};

static void unmerging_gives_what_the_same_edits_give_without_the_merge(void **state)
{
    (void)state;
    property_check("unmerge is exact", history_laws_unmerge_is_exact, &laws, 35000 / SLOWER);
}

static void a_merge_never_widens_consent(void **state)
{
    (void)state;
    property_check("a merge narrows consent", history_laws_merge_narrows_consent, &laws,
                   20000 / SLOWER);
}

static void judgements_stand_through_merges_and_none_is_invented(void **state)
{
    (void)state;
    property_check("judgements stand", history_laws_judgements_stand, &laws, 20000 / SLOWER);
}

static void the_golden_record_does_not_depend_on_the_order_of_arrival(void **state)
{
    (void)state;
    property_check("order of arrival", history_laws_order_of_arrival, &laws, 15000 / SLOWER);
}

static void a_restored_export_is_the_same_state(void **state)
{
    (void)state;
    property_check("export restores", history_laws_export_restores, &laws, 15000 / SLOWER);
}

static void the_feed_names_all_that_changed_and_the_past_stays_as_it_was(void **state)
{
    (void)state;
    property_check("feed and past", history_laws_feed_and_past, &laws, 15000 / SLOWER);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(unmerging_gives_what_the_same_edits_give_without_the_merge),
        cmocka_unit_test(a_merge_never_widens_consent),
        cmocka_unit_test(judgements_stand_through_merges_and_none_is_invented),
        cmocka_unit_test(the_golden_record_does_not_depend_on_the_order_of_arrival),
        cmocka_unit_test(a_restored_export_is_the_same_state),
        cmocka_unit_test(the_feed_names_all_that_changed_and_the_past_stays_as_it_was)};
    if (memory_store_new((size_t)1 << 30, &laws.store) != STATUS_OK) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    memory_store_free(laws.store);
    return failed;
}
