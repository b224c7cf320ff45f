/* What pairs of records say of their groups, while a component is clustered: a pair is asked as
 * often as the groups around it grow, and worked out once.
 */
#ifndef MATCHING_CONSENTS_H
#define MATCHING_CONSENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct consents {
    struct consent_entry *table;
    size_t size, used, capacity;
};

/* Forgets all; `edges` is how many pairs are sure to come. */
void consents_begin(struct consents *consents, size_t edges);
/* Where the pair, in either order, has its value, which is not a number (NAN) while it is not
 * known. NULL when there is no room; else valid until the next call. */
float *consents_at(struct consents *consents, uint32_t a, uint32_t b);
void consents_release(struct consents *consents);

#endif
