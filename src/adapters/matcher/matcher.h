/* Who is who at write time: exact identifiers, and the weighing of evidence by src/matching.
 *
 * Two records are certainly one customer when they share
 *   - an identifier of the same type (TAX_ID, VAT, DUNS, NATIONAL_ID, another system's own key)
 *     and, if both name one, the same country;
 *   - an e-mail address and the name;
 *   - a phone number and the name;
 * or when the weight of everything else is at least `match_weight`, nothing contradicts it (no
 * comparison takes away CONTRADICTION_BITS or more) and they share a blocking key. From
 * `review_weight` on they possibly are. A match by identifiers has probability 1.
 *
 * Forms are canonical (profile_canonical_*). Contacts' addresses and numbers are not the customer's
 * own and count for nothing. Values that say nothing ("-", "n/a", all zeros or nines) are no
 * identifiers.
 */
#ifndef ADAPTERS_MATCHER_MATCHER_H
#define ADAPTERS_MATCHER_MATCHER_H

#include "application/ports/matcher.h"
#include "application/ports/store.h"

struct matcher_options {
    struct store *store;   /* to learn from how frequent values are; NULL: the model says it */
    struct str model_text; /* of a model that `train` wrote; absent: as shipped */
    double match_weight;   /* log-odds in bits; 0: weight alone is never certain */
    double review_weight;  /* log-odds in bits */
};

#define MATCHER_OPTIONS_DEFAULT ((struct matcher_options){.match_weight = 13, .review_weight = 0})

/* STATUS_INVALID_VALUE: the model's text; the message has the line. */
MUST_CHECK enum status matcher_new(const struct matcher_options *options, struct matcher **matcher,
                                   struct error *error);
/* Before the store. */
void matcher_free(struct matcher *matcher);

#endif
