/* GET /customers with name, email, phone or q: the search. Internal to application/.
 *
 * The index says where customers may be; each is then looked at as it is, merged ones as a part of
 * their survivor, so that a hit is never stale and always says why it is one. Hits are ranked (see
 * search/hits.h); at most the thousand best are reached by following the pages.
 */
#ifndef APPLICATION_SEARCH_CUSTOMERS_H
#define APPLICATION_SEARCH_CUSTOMERS_H

#include "application/list_customers.h"

/* Does the query ask for it? */
bool search_customers_wanted(const struct customer_query *query);
/* Items are profile documents with "score" and "matches":[{"query","field","value","kind"}].
 * `limit` is checked already. STATUS_INVALID_VALUE names the parameter. */
MUST_CHECK enum status search_customers(struct application *application,
                                        const struct caller *caller,
                                        const struct customer_query *query, size_t limit,
                                        struct arena *arena, struct json_page *out,
                                        struct error *error);

#endif
