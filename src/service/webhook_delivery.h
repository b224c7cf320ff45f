/* Delivering to webhooks as it is configured (the keys webhooks.*). */
#ifndef SERVICE_WEBHOOK_DELIVERY_H
#define SERVICE_WEBHOOK_DELIVERY_H

#include "adapters/webhooks/deliverer.h"
#include "service/instance.h"

/* *deliverer is NULL when there are no webhooks. The instance must live as long. */
MUST_CHECK enum status webhook_delivery_open(const struct config_values *config,
                                             struct instance *instance, struct tracer *tracer,
                                             struct deliverer **deliverer, struct error *error);
/* Stopped, or NULL. */
void webhook_delivery_close(struct instance *instance, struct deliverer *deliverer);

#endif
