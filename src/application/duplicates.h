/* Is this record a customer already? Internal to application/. */
#ifndef APPLICATION_DUPLICATES_H
#define APPLICATION_DUPLICATES_H

#include "application/customer.h"

struct duplicate {
    struct str customer_id; /* a survivor */
    struct match match;     /* MATCH_CERTAIN */
};

/* Loads the customers that the hits lead to and keeps those that certainly are `golden`. A home
 * that was merged is compared as its survivor and, for a merge can hide its name, alone. */
MUST_CHECK enum status duplicates_judge(struct application *application,
                                        const struct policy *policy, struct store_session *session,
                                        const struct golden *golden, const struct key_hit *hits,
                                        size_t hit_count, struct arena *arena,
                                        struct duplicate **duplicates, size_t *count,
                                        struct error *error);

/* Makes STATUS_DUPLICATE_CUSTOMER with the candidates as details. */
enum status duplicates_refuse(const struct duplicate *duplicates, size_t count, struct arena *arena,
                              struct error *error);

#endif
