/* A step at the search index that was worked out in a read, and is written by the store's one
 * writer later: the statements, in their order. */
#ifndef ADAPTERS_STORE_SEARCH_PLAN_H
#define ADAPTERS_STORE_SEARCH_PLAN_H

#include "engines/sql/sql.h"

struct search_plan {
    struct arena *arena; /* outlives it */
    struct planned_statement *first, *last;
    /* For search_index.c. */
    struct str tenant;
    uint64_t erasures; /* before the read began */
    size_t put, taken, left;
    bool idle, more, has_counted;
};

/* Copies the parameters; STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status search_plan_add(struct search_plan *plan,
                                       const struct sql_statement *statement,
                                       const struct sql_value *params, size_t count,
                                       struct error *error);
MUST_CHECK enum status search_plan_execute(const struct search_plan *plan,
                                           struct sql_transaction *transaction,
                                           struct error *error);

#endif
