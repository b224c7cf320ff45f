/* What a case of a law of histories plays in: two tenants that no other case has. */
#ifndef TESTS_SUPPORT_HISTORY_WORLDS_H
#define TESTS_SUPPORT_HISTORY_WORLDS_H

#include "history.h"
#include "history_laws.h"

struct history_worlds {
    struct history_world first;
    struct history_world second;
    char names[2][32];
    struct arena arena; /* of the whole case */
};

/* Empties the store when the laws say how. */
void history_worlds_open(struct history_worlds *worlds, struct history_laws *laws);
void history_worlds_close(struct history_worlds *worlds);
/* Customers 0 to count - 1; false, and the property has failed, when one could not be created. */
bool history_worlds_create(struct history_world *world, struct property *property, size_t count);
/* What neighbours told of customers 0 to count - 1; two exports that leave it out would be the
 * same.
 */
bool history_worlds_were_told_the_same(struct history_worlds *worlds, struct property *property,
                                       size_t count);
/* The lists that a JSON object has, in a canonical order: they stand in the order of when their
 * elements were said, and the two worlds write at other microseconds. */
void history_sort_lists(struct json_value *value);
/* Relationships, hierarchy and provenance of a customer, who is not merged: the same values, and
 * none that another home said. */
bool history_worlds_show_the_same(struct history_worlds *worlds, struct property *property,
                                  size_t customer);

#endif
