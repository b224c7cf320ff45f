#include "service/consuming.h"

#include "service/publishing.h"

static bool is_off(const struct config_values *config)
{
    return publishing_is_off(config) || !str_equal(config->kafka_consume, STR("on"));
}

void consuming_topics(const struct config_values *config, struct str topics[INBOUND_TYPE_COUNT])
{
    topics[INBOUND_LEAD_CREATED] = config->kafka_topic_leads;
    topics[INBOUND_SERVICE_ORDER_CREATED] = config->kafka_topic_service_orders;
    topics[INBOUND_SLA_BREACHED] = config->kafka_topic_sla_breaches;
    topics[INBOUND_CONTRACT_ACTIVATED] = config->kafka_topic_contracts;
    topics[INBOUND_MASTER_UPDATED] = config->kafka_topic_master_updates;
    topics[INBOUND_CUSTOMER_BLOCKED] = config->kafka_topic_blocks;
}

enum status consuming_registry(const struct config_values *config, struct arena *arena,
                               const struct schema_registry **registry, struct error *error)
{
    struct kafka_publisher_options *publisher = ARENA_NEW(arena, struct kafka_publisher_options);
    if (!publisher) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(publishing_options(config, arena, publisher, error));
    *registry = str_is_none(publisher->registry.url) ? NULL : &publisher->registry;
    return STATUS_OK;
}

static enum status refuse(struct str key, struct str allowed, const char *why, struct error *error)
{
    return error_set(error, STATUS_CONFIGURATION, key, allowed, "%.*s: %s", STR_ARGS(key), why);
}

/* One topic has messages of one type: by it they are told apart. */
static enum status check_topics(const struct str topics[INBOUND_TYPE_COUNT], struct error *error)
{
    bool any = false;
    for (size_t i = 0; i < INBOUND_TYPE_COUNT; i++) {
        any = any || !str_is_empty(topics[i]);
        if (!publishing_is_topic_name(topics[i]))
            return refuse(STR("kafka.topic_*"), STR("letters, digits, dot, dash, underscore"),
                          "one of them is no name of a topic", error);
        if (!str_is_empty(topics[i]) && str_is_among(topics, i, topics[i]))
            return refuse(STR("kafka.topic_*"), STR("a topic of its own for each type"),
                          "two of them are the same", error);
    }
    return any ? STATUS_OK
               : refuse(STR("kafka.consume"), STR("off, or one of kafka.topic_*"),
                        "no topic is left to be read", error);
}

static enum status name_own(const struct config_values *config, struct arena *arena,
                            struct consumer_options *options, struct error *error)
{
    if (str_is_empty(config->kafka_group) || !publishing_is_topic_name(config->kafka_group))
        return refuse(STR("kafka.group"), STR("letters, digits, dot, dash, underscore"),
                      "is no name of a group", error);
    if (str_is_empty(config->kafka_topic_dead_letters) ||
        !publishing_is_topic_name(config->kafka_topic_dead_letters))
        return refuse(STR("kafka.topic_dead_letters"),
                      STR("letters, digits, dot, dash, underscore"), "is no name of a topic",
                      error);
    options->group = arena_format(arena, "%.*s%.*s", STR_ARGS(config->kafka_topic_prefix),
                                  STR_ARGS(config->kafka_group));
    options->dead_letters = arena_format(arena, "%.*s%.*s", STR_ARGS(config->kafka_topic_prefix),
                                         STR_ARGS(config->kafka_topic_dead_letters));
    bool lost = str_is_none(options->group) || str_is_none(options->dead_letters);
    return lost ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status consuming_open(const struct config_values *config, struct application *application,
                           struct tracer *tracer, struct arena *arena, struct consumer **consumer,
                           struct error *error)
{
    struct kafka_publisher_options publisher;
    struct consumer_options options = {.application = application,
                                       .tracer = tracer,
                                       .timeout_ms = config->kafka_timeout,
                                       .retry_ms = config->kafka_retry_for};
    *consumer = NULL;
    if (is_off(config)) return STATUS_OK;
    TRY(publishing_options(config, arena, &publisher, error));
    options.settings = publisher.settings;
    options.setting_count = publisher.setting_count;
    options.create_topic = publisher.create_topics;
    options.replication = publisher.replication;
    consuming_topics(config, options.topics);
    TRY(check_topics(options.topics, error));
    TRY(name_own(config, arena, &options, error));
    TRY(consuming_registry(config, arena, &options.registry, error));
    return consumer_new(&options, consumer, error);
}
