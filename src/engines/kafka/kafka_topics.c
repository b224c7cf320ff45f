/* Topics: what is there, what is missing, and making it. */
#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "engines/kafka/kafka_internal.h"

enum { TOPIC_NAME_MAX = 250, NEWS_PAUSE_US = 100000 };

/* --- looking --- */

/* *partitions: 0 when there is no such topic. */
static enum status count_partitions(struct kafka_client *client, const struct kafka_topic *topic,
                                    int timeout_ms, int *partitions, struct error *error)
{
    const struct rd_kafka_metadata *metadata = NULL;
    char name[TOPIC_NAME_MAX];
    (void)snprintf(name, sizeof(name), "%.*s", STR_ARGS(topic->name));
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client->handle, name, NULL);
    if (!handle) return error_plain(error, STATUS_OUT_OF_MEMORY);
    rd_kafka_resp_err_t code = rd_kafka_metadata(client->handle, 0, handle, &metadata, timeout_ms);
    *partitions = 0;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        if (metadata->topic_cnt == 1) code = metadata->topics[0].err;
        if (metadata->topic_cnt == 1 && code == RD_KAFKA_RESP_ERR_NO_ERROR)
            *partitions = metadata->topics[0].partition_cnt;
        rd_kafka_metadata_destroy(metadata);
    }
    rd_kafka_topic_destroy(handle);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
        code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC)
        return STATUS_OK;
    return kafka_client_fail(client, code, "the topics cannot be read", rd_kafka_err2str(code),
                             error);
}

static enum status look(struct kafka_client *client, const struct kafka_options *options,
                        const struct kafka_topic *topic, instant deadline, int *partitions,
                        struct error *error)
{
    for (;;) {
        enum status status =
            count_partitions(client, topic, kafka_client_slice_ms(deadline), partitions, error);
        if (status != STATUS_UNAVAILABLE || !kafka_client_may_wait(client, options, deadline))
            return status;
    }
}

/* --- making --- */

static rd_kafka_NewTopic_t *describe(const struct kafka_topic *topic, int replication)
{
    char name[TOPIC_NAME_MAX], why[KAFKA_REASON_MAX];
    (void)snprintf(name, sizeof(name), "%.*s", STR_ARGS(topic->name));
    rd_kafka_NewTopic_t *made =
        rd_kafka_NewTopic_new(name, topic->partitions, replication, why, sizeof(why));
    if (made && topic->compacted &&
        rd_kafka_NewTopic_set_config(made, "cleanup.policy", "compact") != 0) {
        rd_kafka_NewTopic_destroy(made);
        return NULL;
    }
    return made;
}

/* What the broker said of it. */
static enum status outcome(struct kafka_client *client, rd_kafka_event_t *event,
                           const struct kafka_topic *topic, struct error *error)
{
    size_t count = 0;
    if (!event)
        return kafka_client_fail(client, RD_KAFKA_RESP_ERR__TIMED_OUT, "a topic was not made",
                                 "no answer", error);
    rd_kafka_resp_err_t code = rd_kafka_event_error(event);
    const char *why = rd_kafka_event_error_string(event);
    const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
    const rd_kafka_topic_result_t **topics =
        result ? rd_kafka_CreateTopics_result_topics(result, &count) : NULL;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && count == 1) {
        code = rd_kafka_topic_result_error(topics[0]);
        why = rd_kafka_topic_result_error_string(topics[0]);
    }
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
        return STATUS_OK;
    char what[TOPIC_NAME_MAX + 40];
    (void)snprintf(what, sizeof(what), "topic %.*s was not made", STR_ARGS(topic->name));
    return kafka_client_fail(client, code, what, why ? why : rd_kafka_err2str(code), error);
}

static enum status make(struct kafka_client *client, const struct kafka_options *options,
                        const struct kafka_topic *topic, int replication, struct error *error)
{
    rd_kafka_NewTopic_t *wanted = describe(topic, replication);
    if (!wanted)
        return error_set(error, STATUS_CONFIGURATION, STR("kafka.topic_prefix"), STR_NONE,
                         "%.*s cannot be the name of a topic", STR_ARGS(topic->name));
    rd_kafka_queue_t *answers = rd_kafka_queue_new(client->handle);
    rd_kafka_CreateTopics(client->handle, &wanted, 1, NULL, answers);
    rd_kafka_event_t *event = rd_kafka_queue_poll(answers, (int)options->timeout_ms);
    enum status status = outcome(client, event, topic, error);
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(answers);
    rd_kafka_NewTopic_destroy(wanted);
    return status;
}

/* --- all together --- */

static enum status ensure(struct kafka_client *client, const struct kafka_options *options,
                          const struct kafka_topics *topics, const struct kafka_topic *topic,
                          struct error *error)
{
    instant deadline = kafka_client_deadline(options);
    int partitions = 0;
    bool made = false;
    TRY(look(client, options, topic, deadline, &partitions, error));
    if (partitions == 0 && topics->create) {
        TRY(make(client, options, topic, topics->replication, error));
        made = true;
    }
    while (partitions == 0 && made && kafka_client_may_wait(client, options, deadline)) {
        (void)usleep(NEWS_PAUSE_US); /* all brokers learn of it by and by */
        TRY(look(client, options, topic, deadline, &partitions, error));
    }
    if (partitions == 0)
        return error_set(error, made ? STATUS_UNAVAILABLE : STATUS_CONFIGURATION,
                         STR("kafka.topics"), STR("a topic of that name, or kafka.topics = create"),
                         "topic %.*s is not there", STR_ARGS(topic->name));
    if (partitions == topic->partitions || !topics->exact) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("kafka.topics"),
                     STR("the agreed number, or kafka.topics = any"),
                     "topic %.*s has %d partitions, agreed are %d", STR_ARGS(topic->name),
                     partitions, topic->partitions);
}

enum status kafka_topics_ensure(const struct kafka_options *options,
                                const struct kafka_topics *topics, struct error *error)
{
    struct kafka_client client;
    TRY(kafka_client_open(&client, RD_KAFKA_PRODUCER, options, NULL, 0, error));
    enum status status = STATUS_OK;
    for (size_t i = 0; i < topics->count && status == STATUS_OK; i++)
        status = ensure(&client, options, topics, &topics->items[i], error);
    kafka_client_close(&client);
    return status;
}
