/* POST /customers/match: who would a record be that is not there yet? */
#ifndef APPLICATION_MATCH_CUSTOMERS_H
#define APPLICATION_MATCH_CUSTOMERS_H

#include "application/results.h"

enum { MATCH_CUSTOMERS_MAX = 32, MATCH_CUSTOMERS_USUAL = 10 };

/* `body` as profile_parse_create takes it; nothing is written. {"modelVersion":"1-5ac1e2f0",
 * "candidates":[{"customerId","decision":"CERTAIN"|"POSSIBLE","matchProbability","reasons":[..],
 * "waterfall":[{"comparison","level","weight","frequency"}]}]}, at most `limit`, survivors only,
 * certain ones first, then by probability. */
MUST_CHECK enum status match_customers(struct application *application, const struct caller *caller,
                                       const struct json_value *body, size_t limit,
                                       struct arena *arena, struct str *json, struct error *error);

#endif
