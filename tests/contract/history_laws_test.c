/* The laws of whole histories on every store: two thousand histories on each, fewer than
 * tests/property/history_test.c takes, for each change is a commit; PROPERTY_RUNS gives any other
 * number per law. */
#include "contract.h"
#include "history_laws.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { RUNS = 40 };
#else
enum { RUNS = 400 };
#endif

static struct history_laws laws = {.steps = 12};

static void check(struct contract *contract, const char *claim, property_body *law)
{
    laws.store = contract->store;
    property_check(claim, law, &laws, RUNS);
}

static void unmerging_gives_what_the_same_edits_give_without_the_merge(struct contract *contract)
{
    check(contract, "unmerge is exact", history_laws_unmerge_is_exact);
}

static void a_merge_never_widens_consent(struct contract *contract)
{
    check(contract, "a merge narrows consent", history_laws_merge_narrows_consent);
}

static void judgements_stand_through_merges_and_none_is_invented(struct contract *contract)
{
    check(contract, "judgements stand", history_laws_judgements_stand);
}

static void the_golden_record_does_not_depend_on_the_order_of_arrival(struct contract *contract)
{
    check(contract, "order of arrival", history_laws_order_of_arrival);
}

static void a_restored_export_is_the_same_state(struct contract *contract)
{
    check(contract, "export restores", history_laws_export_restores);
}

static void the_feed_names_all_that_changed_and_the_past_stays_as_it_was(struct contract *contract)
{
    check(contract, "feed and past", history_laws_feed_and_past);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(unmerging_gives_what_the_same_edits_give_without_the_merge),
        CONTRACT(a_merge_never_widens_consent),
        CONTRACT(judgements_stand_through_merges_and_none_is_invented),
        CONTRACT(the_golden_record_does_not_depend_on_the_order_of_arrival),
        CONTRACT(a_restored_export_is_the_same_state),
        CONTRACT(the_feed_names_all_that_changed_and_the_past_stays_as_it_was)};
    return contract_run(cases, UNIT_COUNT(cases));
}
