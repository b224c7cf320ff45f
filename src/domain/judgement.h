/* What is known of pairs of homes, and what follows for the customers that they are a part of.
 *
 * A pair of homes is told apart for ever when a steward says so, and when a merge of the one into
 * the other is taken back. Two customers are judged not to be one when any home of the one and any
 * home of the other were told apart. So a judgement holds through all merges of either side, and
 * of two customers that a merge brought together and an unmerge parts again it knows just what was
 * known before, and the unmerge. Nothing else tells anybody apart: of two that were cut out of a
 * third one it is not known whether they are one.
 */
#ifndef DOMAIN_JUDGEMENT_H
#define DOMAIN_JUDGEMENT_H

#include "base/status.h"
#include "domain/duplicate.h"

/* Two homes, and the customers (roots of trees) that they are a part of now. */
struct judgement_pair {
    struct str home_a, home_b;
    struct str root_a, root_b;
    bool apart; /* these two homes were told apart */
    bool asked; /* it is an item of the queue; the following order the items of two customers */
    bool taken; /* claimed or put off: it goes on asking when others ask the same */
    double probability;
    enum duplicate_state state; /* of an item: set by judgement_settle */
};

/* Sets the state of each item, one of OPEN, MERGED, NOT_DUPLICATE and REPEATED: of the items that
 * ask about the same two customers the first one is OPEN. For any two customers either all pairs
 * are given or none. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status judgement_settle(struct judgement_pair *pairs, size_t count,
                                        struct arena *arena);
/* Were these two customers judged not to be one? */
bool judgement_parts(const struct judgement_pair *pairs, size_t count, struct str root_a,
                     struct str root_b);

#endif
