/* GET /customers/{id}/entitlements: what a customer's contracts cover on a day, and how the service
 * agreements stand at its end. What the day means is in domain/service_history.h. */
#ifndef APPLICATION_ENTITLEMENTS_H
#define APPLICATION_ENTITLEMENTS_H

#include "application/customer.h"

struct entitlements_request {
    struct str customer_id;
    struct str day; /* YYYY-MM-DD, UTC; absent: that of as_of, or today */
    instant
        as_of; /* what was told, and which homes the customer had, by then; INSTANT_FUTURE: now */
};

enum { ENTITLEMENTS_LISTED_MAX = 100 };

/* {"customerId","on","covered","contracts":[{"contractId","customerId","source","planId",
 * "startDate","endDate","state"}],"contractCounts":{"ACTIVE","UPCOMING","EXPIRED"},"sla":{"status",
 * "openServiceOrders","breachedServiceOrders","breached":[{"serviceOrderId","customerId","sla",
 * "slaBreachedAt"}]}}. Of each state, and of what is breached, ENTITLEMENTS_LISTED_MAX are listed
 * and all are counted. sla.status: NOT_COVERED when no contract covers the day, BREACHED when an
 * open order had its agreement breached by its end, else KEPT. */
MUST_CHECK enum status entitlements_read(struct application *application,
                                         const struct caller *caller,
                                         const struct entitlements_request *request,
                                         struct arena *arena, struct str *json,
                                         struct error *error);

#endif
