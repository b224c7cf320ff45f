#include "history.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void history_draw(struct property *property, struct history *history,
                  const struct history_options *options)
{
    /* Steps that make the interesting histories come more often. */
    static const enum history_kind kinds[] = {HISTORY_SET,
                                              HISTORY_SET,
                                              HISTORY_ADD_TO_LIST,
                                              HISTORY_ADD_TO_LIST,
                                              HISTORY_SET_PREFERENCE,
                                              HISTORY_REMOVE_FROM_LIST,
                                              HISTORY_ADD_CONTACT,
                                              HISTORY_CHANGE_CONTACT,
                                              HISTORY_REMOVE_CONTACT,
                                              HISTORY_RELATE,
                                              HISTORY_END_RELATION,
                                              HISTORY_IMPORT,
                                              HISTORY_IMPORT,
                                              HISTORY_BLOCK,
                                              HISTORY_BLOCK,
                                              HISTORY_TELL,
                                              HISTORY_TELL,
                                              HISTORY_GRANT,
                                              HISTORY_REVOKE,
                                              HISTORY_SUSPECT,
                                              HISTORY_SUSPECT,
                                              HISTORY_TELL_APART,
                                              HISTORY_MERGE,
                                              HISTORY_MERGE,
                                              HISTORY_MERGE,
                                              HISTORY_UNMERGE,
                                              HISTORY_UNMERGE};
    size_t kind_count = options->merges ? COUNT(kinds) : COUNT(kinds) - 5;
    history->count = 0;
    history->customer_count = 2 + property_choice(property, HISTORY_CUSTOMERS_MAX - 1);
    while (history->count < HISTORY_STEPS_MAX &&
           property_more(property, history->count, options->steps, HISTORY_STEPS_MAX)) {
        struct history_step *step = &history->steps[history->count];
        step->kind = kinds[property_choice(property, kind_count)];
        step->number = history->count++;
        step->customer = property_choice(property, history->customer_count);
        step->other = property_choice(property, history->customer_count);
        step->field = property_choice(property, 6);
        step->value = property_choice(property, 6);
    }
}
