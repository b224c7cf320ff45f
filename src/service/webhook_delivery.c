#include "service/webhook_delivery.h"

#include "service/version.h"

enum { WINDOW = 1000, SLOW_MS = 2000, ANSWER_MAX_BYTES = 64 * 1024 };

enum status webhook_delivery_open(const struct config_values *config, struct instance *instance,
                                  struct tracer *tracer, struct deliverer **deliverer,
                                  struct error *error)
{
    const struct deliverer_options options = {
        .store = instance->store,
        .environment = environment_system(),
        .signer = &instance->signer,
        .rules = {.window = WINDOW,
                  .held_max = (size_t)config->webhooks_held_max,
                  .concurrency = (size_t)config->webhooks_concurrency,
                  .retry_first_ms = config->webhooks_retry_first,
                  .slow_ms = SLOW_MS,
                  .disable_failures = config->webhooks_disable_failures,
                  .disable_after_ms = config->webhooks_disable_after},
        .lease_ms = config->webhooks_lease,
        .timeout_ms = config->webhooks_timeout,
        .connections = (size_t)config->webhooks_connections,
        .answer_max_bytes = ANSWER_MAX_BYTES,
        .log_max = config->webhooks_log_max,
        .log_keep_ms = config->webhooks_log_keep,
        .ca_file = config->webhooks_ca,
        .user_agent = "customer360/" CUSTOMER360_VERSION,
        .tracer = tracer,
    };
    *deliverer = NULL;
    if (!instance->application.webhooks) return STATUS_OK;
    TRY(deliverer_new(&options, deliverer, error));
    instance->signer.waken_argument = *deliverer;
    instance->signer.waken = deliverer_refresh;
    return STATUS_OK;
}

void webhook_delivery_close(struct instance *instance, struct deliverer *deliverer)
{
    instance->signer.waken = NULL;
    deliverer_free(deliverer);
}
