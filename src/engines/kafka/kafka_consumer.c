/* A member of a consumer group. rd_kafka_consumer_poll serves everything: messages, rebalances and
 * errors, all in the caller's thread. The batch call is not used: it skips messages around a pause.
 */
#include <stdlib.h>

#include "base/log.h"
#include "engines/kafka/kafka_internal.h"

enum { MORE_MS = 5 }; /* how long a batch that has begun waits for the next message */

struct kafka_consumer {
    struct kafka_client client; /* first: it is the opaque of the callbacks */
    struct kafka_group group;
    rd_kafka_message_t **held;
    struct kafka_message *messages;
    size_t count, room;
    bool topic_was_missing;
};

/* --- what is assigned --- */

static void release(struct kafka_consumer *self)
{
    for (size_t i = 0; i < self->count; i++) rd_kafka_message_destroy(self->held[i]);
    self->count = 0;
}

/* All is taken away and given anew, to be read on from what is committed: so what this poll has
 * got so far is dropped. */
static void on_rebalance(rd_kafka_t *handle, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_consumer *self = opaque;
    bool given = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    log_info("consumer.rebalanced", LOG_CODE("what", given ? STR("assigned") : STR("revoked")),
             LOG_COUNT("partitions", partitions->cnt));
    if (!given) {
        release(self);
        if (self->group.revoked) self->group.revoked(self->group.argument);
    }
    (void)rd_kafka_assign(handle, given ? partitions : NULL);
}

/* --- life --- */

static enum status subscribe(struct kafka_consumer *self, struct error *error)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)self->group.topic_count);
    char name[256];
    for (size_t i = 0; i < self->group.topic_count; i++) {
        (void)snprintf(name, sizeof(name), "%.*s", STR_ARGS(self->group.topics[i]));
        (void)rd_kafka_topic_partition_list_add(list, name, RD_KAFKA_PARTITION_UA);
    }
    rd_kafka_resp_err_t code = rd_kafka_subscribe(self->client.handle, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
    return kafka_client_fail(&self->client, code, "topics cannot be read", rd_kafka_err2str(code),
                             error);
}

static enum status start(struct kafka_consumer *self, const struct kafka_options *options,
                         struct error *error)
{
    static const struct kafka_hooks hooks = {.rebalance = on_rebalance};
    const struct kafka_setting own[] = {
        {STR("group.id"), self->group.name},
        {STR("enable.auto.commit"), STR("false")},
        {STR("enable.auto.offset.store"), STR("false")},
        {STR("auto.offset.reset"), STR("earliest")},
        {STR("isolation.level"), STR("read_committed")},
        {STR("allow.auto.create.topics"), STR("false")},
        {STR("topic.metadata.refresh.interval.ms"), STR("10000")},
        {STR("queued.max.messages.kbytes"), STR("16384")},
        {STR("partition.assignment.strategy"), STR("range,roundrobin")},
        {STR("log.connection.close"), STR("false")},
    };
    TRY(kafka_client_open(&self->client, RD_KAFKA_CONSUMER, options, own,
                          sizeof(own) / sizeof(own[0]), &hooks, error));
    (void)rd_kafka_poll_set_consumer(self->client.handle);
    return subscribe(self, error);
}

enum status kafka_consumer_open(const struct kafka_options *options,
                                const struct kafka_group *group, struct kafka_consumer **consumer,
                                struct error *error)
{
    struct kafka_consumer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->group = *group;
    enum status status = start(self, options, error);
    if (status == STATUS_OK)
        *consumer = self;
    else
        kafka_consumer_free(self);
    return status;
}

void kafka_consumer_free(struct kafka_consumer *self)
{
    if (!self) return;
    release(self);
    if (self->client.handle) (void)rd_kafka_consumer_close(self->client.handle);
    kafka_client_close(&self->client);
    free(self->held);
    free(self->messages);
    free(self);
}

/* --- messages --- */

static bool reserve(struct kafka_consumer *self, size_t max)
{
    if (self->room >= max) return true;
    free(self->held);
    free(self->messages);
    self->held = calloc(max, sizeof(*self->held));
    self->messages = calloc(max, sizeof(*self->messages));
    self->room = self->held && self->messages ? max : 0;
    return self->room > 0;
}

static struct str bytes_of(const void *bytes, size_t length)
{
    return bytes ? str_of(bytes, length) : STR_NONE;
}

static void keep(struct kafka_consumer *self, rd_kafka_message_t *message)
{
    self->held[self->count] = message;
    self->messages[self->count++] =
        (struct kafka_message){.topic = str_from_cstr(rd_kafka_topic_name(message->rkt)),
                               .partition = message->partition,
                               .offset = message->offset,
                               .key = bytes_of(message->key, message->key_len),
                               .value = bytes_of(message->payload, message->len),
                               .timestamp_ms = rd_kafka_message_timestamp(message, NULL),
                               .handle = message};
}

/* Topics of others may come later; what the library mends by itself is no failure. */
static bool is_passing(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC || code == RD_KAFKA_RESP_ERR__PARTITION_EOF ||
           code == RD_KAFKA_RESP_ERR__TRANSPORT || code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN ||
           code == RD_KAFKA_RESP_ERR__TIMED_OUT;
}

static enum status take(struct kafka_consumer *self, rd_kafka_message_t *message,
                        struct error *error)
{
    enum status status = STATUS_OK;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        keep(self, message);
        return STATUS_OK;
    }
    if (!is_passing(message->err))
        status = kafka_client_fail(&self->client, message->err, "topics cannot be read",
                                   rd_kafka_message_errstr(message), error);
    else if (!self->topic_was_missing && message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
        log_warn("consumer.topic_is_missing",
                 LOG_REASON("reason", str_from_cstr(rd_kafka_message_errstr(message))));
    self->topic_was_missing |= message->err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    rd_kafka_message_destroy(message);
    return status;
}

enum status kafka_consumer_poll(struct kafka_consumer *self, size_t max, int64_t wait_ms,
                                struct kafka_message **messages, size_t *count, struct error *error)
{
    release(self);
    *count = 0;
    if (!reserve(self, max)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (self->count < max) {
        rd_kafka_message_t *message =
            rd_kafka_consumer_poll(self->client.handle, self->count == 0 ? (int)wait_ms : MORE_MS);
        if (!message) break;
        TRY(take(self, message, error));
    }
    (void)pthread_mutex_lock(&self->client.mutex);
    bool refused = self->client.is_misconfigured;
    (void)pthread_mutex_unlock(&self->client.mutex);
    if (refused)
        return kafka_client_fail(&self->client, RD_KAFKA_RESP_ERR__TRANSPORT,
                                 "topics cannot be read", "refused", error);
    *messages = self->messages;
    *count = self->count;
    return STATUS_OK;
}

struct str kafka_message_header(const struct kafka_message *message, const char *name)
{
    rd_kafka_headers_t *headers;
    const void *value;
    size_t length;
    if (rd_kafka_message_headers(message->handle, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get(headers, 0, name, &value, &length) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return STR_NONE;
    return bytes_of(value, length);
}

/* --- offsets --- */

void kafka_consumer_commit(struct kafka_consumer *self, const struct kafka_offset *offsets,
                           size_t count, bool wait)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)count);
    char name[256];
    for (size_t i = 0; i < count; i++) {
        (void)snprintf(name, sizeof(name), "%.*s", STR_ARGS(offsets[i].topic));
        rd_kafka_topic_partition_list_add(list, name, offsets[i].partition)->offset =
            offsets[i].offset;
    }
    rd_kafka_resp_err_t code =
        count > 0 ? rd_kafka_commit(self->client.handle, list, !wait) : RD_KAFKA_RESP_ERR_NO_ERROR;
    rd_kafka_topic_partition_list_destroy(list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_debug("consumer.offsets_not_committed",
                  LOG_REASON("reason", str_from_cstr(rd_kafka_err2str(code))));
}

static int64_t lag_of(rd_kafka_t *handle, const rd_kafka_topic_partition_t *at)
{
    int64_t low, high;
    if (rd_kafka_get_watermark_offsets(handle, at->topic, at->partition, &low, &high) !=
            RD_KAFKA_RESP_ERR_NO_ERROR ||
        high < 0)
        return 0;
    int64_t from = at->offset >= 0 ? at->offset : low;
    return high > from && from >= 0 ? high - from : 0;
}

int64_t kafka_consumer_lag(const struct kafka_consumer *self)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    int64_t sum = 0;
    if (rd_kafka_assignment(self->client.handle, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    (void)rd_kafka_position(self->client.handle, list);
    for (int i = 0; i < list->cnt; i++) sum += lag_of(self->client.handle, &list->elems[i]);
    rd_kafka_topic_partition_list_destroy(list);
    return sum;
}

int64_t kafka_consumer_assigned(const struct kafka_consumer *self)
{
    rd_kafka_topic_partition_list_t *list = NULL;
    if (rd_kafka_assignment(self->client.handle, &list) != RD_KAFKA_RESP_ERR_NO_ERROR) return 0;
    int count = list->cnt;
    rd_kafka_topic_partition_list_destroy(list);
    return count;
}
