/* Topics: what is there, what is missing, and making it. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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

struct making {
    struct kafka_client *client;
    const struct kafka_options *options;
    const struct kafka_topics *topics;
    rd_kafka_NewTopic_t **wanted; /* room for all */
    size_t count;
};

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

static enum status fail_making(const struct making *making, rd_kafka_resp_err_t code,
                               const char *topic, const char *why, struct error *error)
{
    char what[TOPIC_NAME_MAX + 40];
    (void)snprintf(what, sizeof(what), "topic %s was not made", topic);
    return kafka_client_fail(making->client, code, what, why ? why : rd_kafka_err2str(code), error);
}

/* What the broker said of each. Another instance may have been first. */
static enum status outcome(const struct making *making, rd_kafka_event_t *event,
                           struct error *error)
{
    size_t count = 0;
    if (!event)
        return fail_making(making, RD_KAFKA_RESP_ERR__TIMED_OUT, "(any)", "no answer", error);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return fail_making(making, rd_kafka_event_error(event), "(any)",
                           rd_kafka_event_error_string(event), error);
    const rd_kafka_topic_result_t **results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count; i++) {
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[i]);
        if (code != RD_KAFKA_RESP_ERR_NO_ERROR && code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
            return fail_making(making, code, rd_kafka_topic_result_name(results[i]),
                               rd_kafka_topic_result_error_string(results[i]), error);
    }
    return STATUS_OK;
}

static enum status make_wanted(const struct making *making, struct error *error)
{
    rd_kafka_queue_t *answers = rd_kafka_queue_new(making->client->handle);
    rd_kafka_CreateTopics(making->client->handle, making->wanted, making->count, NULL, answers);
    rd_kafka_event_t *event = rd_kafka_queue_poll(answers, (int)making->options->timeout_ms);
    enum status status = outcome(making, event, error);
    if (event) rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(answers);
    return status;
}

/* --- all together --- */

static enum status compare(const struct kafka_topics *topics, const struct kafka_topic *topic,
                           int partitions, struct error *error)
{
    if (partitions == topic->partitions || !(topics->exact || topic->compacted)) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("kafka.topics"),
                     topic->compacted ? STR("the agreed number")
                                      : STR("the agreed number, or kafka.topics = any"),
                     "topic %.*s has %d partitions, agreed are %d", STR_ARGS(topic->name),
                     partitions, topic->partitions);
}

/* Those that are there are as they must be; the others are wanted. */
static enum status find_missing(struct making *making, struct error *error)
{
    const struct kafka_topics *topics = making->topics;
    instant deadline = kafka_client_deadline(making->options);
    for (size_t i = 0; i < topics->count; i++) {
        const struct kafka_topic *topic = &topics->items[i];
        int partitions = 0;
        TRY(look(making->client, making->options, topic, deadline, &partitions, error));
        if (partitions > 0) {
            TRY(compare(topics, topic, partitions, error));
            continue;
        }
        if (!topics->create)
            return error_set(error, STATUS_CONFIGURATION, STR("kafka.topics"),
                             STR("a topic of that name, or kafka.topics = create"),
                             "topic %.*s is not there", STR_ARGS(topic->name));
        rd_kafka_NewTopic_t *wanted = describe(topic, topics->replication);
        if (!wanted)
            return error_set(error, STATUS_CONFIGURATION, STR("kafka.topic_prefix"), STR_NONE,
                             "%.*s cannot be the name of a topic", STR_ARGS(topic->name));
        making->wanted[making->count++] = wanted;
    }
    return STATUS_OK;
}

/* All brokers learn of a topic by and by. */
static enum status await_all(const struct making *making, struct error *error)
{
    instant deadline = kafka_client_deadline(making->options);
    for (size_t i = 0; i < making->topics->count;) {
        const struct kafka_topic *topic = &making->topics->items[i];
        int partitions = 0;
        TRY(look(making->client, making->options, topic, deadline, &partitions, error));
        if (partitions > 0)
            i++;
        else if (kafka_client_may_wait(making->client, making->options, deadline))
            (void)usleep(NEWS_PAUSE_US);
        else
            return error_set(error, STATUS_UNAVAILABLE, STR("kafka.topics"), STR_NONE,
                             "topic %.*s was made and is not there yet", STR_ARGS(topic->name));
    }
    return STATUS_OK;
}

static enum status ensure(struct making *making, struct error *error)
{
    enum status status = find_missing(making, error);
    if (status == STATUS_OK && making->count > 0) status = make_wanted(making, error);
    if (status == STATUS_OK && making->count > 0) status = await_all(making, error);
    for (size_t i = 0; i < making->count; i++) rd_kafka_NewTopic_destroy(making->wanted[i]);
    return status;
}

enum status kafka_topics_ensure(const struct kafka_options *options,
                                const struct kafka_topics *topics, struct error *error)
{
    struct kafka_client client;
    struct making making = {.client = &client, .options = options, .topics = topics};
    making.wanted = calloc(topics->count, sizeof(*making.wanted));
    if (!making.wanted) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status =
        kafka_client_open(&client, RD_KAFKA_PRODUCER, options, NULL, 0, NULL, error);
    if (status == STATUS_OK) {
        status = ensure(&making, error);
        kafka_client_close(&client);
    }
    free(making.wanted);
    return status;
}
