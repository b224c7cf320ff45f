/* Credit holds: what the accounts (finance) say of a customer's homes.
 *
 * A home is blocked while the latest CREDIT fact about it says so, by the time at the accounts
 * (observed_at). That is a condition beside the acts on its status, not one of them: a block makes
 * the whole customer ON_HOLD (golden.h), the end of the block gives back what the acts say, be it
 * ACTIVE, INACTIVE, or a hold that somebody else has put. Nobody but the accounts ends it. A fact
 * speaks for its own home alone: a merge takes the hold along, an unmerge gives it back.
 */
#ifndef DOMAIN_CREDIT_H
#define DOMAIN_CREDIT_H

#include "domain/tree.h"

bool credit_blocks(const struct fact *fact);
/* The latest CREDIT fact of each home, by index, NULL where there is none; `*latest` is NULL when
 * there is none at all. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status credit_latest(const struct tree *tree, struct arena *arena,
                                     const struct fact ***latest);

#endif
