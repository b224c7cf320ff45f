/* What a search has to find in a world, whatever became of its customers. */
#ifndef TESTS_SUPPORT_HISTORY_SEARCH_H
#define TESTS_SUPPORT_HISTORY_SEARCH_H

#include "history.h"

/* Of customers 0 to count - 1: each who is there is found by every value that any of his homes ever
 * had, and by the values of any two of its facts together; nobody who is merged or gone is. */
bool history_search_is_whole(struct history_world *world, struct property *property, size_t count);

#endif
