/* To which homes contact points belong: those that list one, or have a contact with it. Internal
 * to the decision about consent (consent_decide.c).
 *
 * All points are looked for in one pass over the facts of the tree for each channel. What it takes
 * of the arena grows with the places where one of the points stands, not with points times homes.
 */
#ifndef DOMAIN_CONSENT_HOLDERS_H
#define DOMAIN_CONSENT_HOLDERS_H

#include "domain/tree.h"

struct consent_point {
    struct str channel;
    struct str text;      /* canonical */
    const int32_t *homes; /* that it belongs to, in order, each once */
    size_t home_count;
};

/* Puts the points into the order that the other functions want, each once; gives how many. */
size_t consent_holders_sort(struct consent_point *points, size_t count);
/* NULL when it is not among the points. */
struct consent_point *consent_holders_point(struct consent_point *points, size_t count,
                                            struct str channel, struct str text);
/* Finds the homes of all points. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status consent_holders_find(const struct tree *tree, struct consent_point *points,
                                            size_t count, struct arena *arena);

#endif
