/* The matcher that decides on exact, normalised identifiers and on nothing else.
 *
 * Two records are certainly one customer when they share
 *   - an identifier of the same type (TAX_ID, VAT, DUNS, NATIONAL_ID, another system's own key)
 * and, if both name one, the same country;
 *   - an e-mail address and the name;
 *   - a phone number and the name.
 * Forms are canonical (profile_canonical_*). Contacts' addresses and numbers are not the customer's
 * own and count for nothing. There is no MATCH_POSSIBLE here, and a match has probability 1.
 *
 * Values that say nothing ("-", "n/a", all zeros or nines) are no identifiers.
 */
#ifndef ADAPTERS_MATCHER_EXACT_MATCHER_EXACT_H
#define ADAPTERS_MATCHER_EXACT_MATCHER_EXACT_H

#include "application/ports/matcher.h"

/* Stateless; the same one for everybody, and not to be freed. */
struct matcher *matcher_exact(void);

#endif
