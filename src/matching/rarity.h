/* How rare each value is, learned from the records at hand.
 *
 * For names, dates and places it is how many records have the value. A contact or identifier that
 * many records share may be one customer's, seen often, or a call centre's: so there it is how many
 * different customers (by name) have it. Both are smoothed by what is usual in the world, which is
 * all that counts for values nobody else has.
 */
#ifndef MATCHING_RARITY_H
#define MATCHING_RARITY_H

#include "matching/scoring.h"

/* Fills rarities from the records; memory from the budget. */
enum status rarity_learn(const struct values *values, const struct record *records, uint32_t count,
                         unsigned threads, struct values_budget *budget, struct rarities *rarities);
/* Bits of a value that `having` of `filled` records have, the one in question among them. */
float rarity_bits(enum slot slot, double having, double filled);
void rarity_release(struct rarities *rarities, struct values_budget *budget);

#endif
