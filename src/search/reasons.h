/* Why a customer is a hit: for each token the value that meets it best.
 *
 *     struct search_reasons reasons = {.reading = &reading};
 *     search_values_of_profile(document, search_reasons_value, &reasons);
 *     if (search_reasons_lacking(&reasons) == 0) ...
 */
#ifndef SEARCH_REASONS_H
#define SEARCH_REASONS_H

#include "search/query.h"

struct search_reason {
    struct search_match match; /* weight 0: no value meets the token */
    enum search_field field;
    struct str value; /* as the customer has it */
    bool is_transliterated;
};

struct search_reasons {
    const struct search_reading *reading;
    struct search_reason of[SEARCH_TOKENS_MAX];
    bool close_only;
};

/* Takes a value into account; fits search_visit with the reasons as context. */
void search_reasons_value(void *context, enum search_field field, struct str value);
/* Tokens that nothing meets. */
size_t search_reasons_lacking(const struct search_reasons *reasons);
/* "exact", "transliterated", ... */
struct str search_reason_kind(const struct search_reason *reason);

#endif
