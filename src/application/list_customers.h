/* GET /customers and POST /customers/lookup: many profiles. */
#ifndef APPLICATION_LIST_CUSTOMERS_H
#define APPLICATION_LIST_CUSTOMERS_H

#include "application/results.h"

/* Members that are absent do not restrict. With email, phone, name or `any` it is a search: see
 * search/query.h for what they find. */
struct customer_query {
    struct str status;
    struct str segment;
    struct str kind;
    struct str email;
    struct str phone;
    struct str name;
    struct str any;    /* the search box */
    struct str sort;   /* of a search: relevance | name | createdAt | updatedAt */
    struct str cursor; /* `next` of the page before */
    size_t limit;      /* 0: the default, 50; more than limits.page_max is STATUS_LIMIT_EXCEEDED */
};

/* Items are profile documents of survivors, in order of customerId; of a search, best first, with
 * why each is a hit (search_customers.h). STATUS_INVALID_VALUE names a parameter that is not
 * allowed. */
MUST_CHECK enum status list_customers(struct application *application, const struct caller *caller,
                                      const struct customer_query *query, struct arena *arena,
                                      struct json_page *out, struct error *error);

/* Many ids at once: {"items":[{"customerId":"CUST-1","result":"FOUND","profile":{..}},
 * {"customerId":..,"result":"MERGED","survivorId":..,"mergeId":..,"profile":{of the survivor}},
 * {..,"result":"ERASED"},{..,"result":"NOT_FOUND"}]} in the order asked for.
 * `body` is {"ids":["CUST-1",...]} (customerIds is taken too), at most limits.lookup_max. */
MUST_CHECK enum status list_customers_lookup(struct application *application,
                                             const struct caller *caller,
                                             const struct json_value *body, struct arena *arena,
                                             struct str *json, struct error *error);

#endif
