/* A producer, transactional or not. Whatever fails, it is freed and a new one opened: beginning
 * anew is what fences what went before, and asks the broker to end what was left open. */
#include <stdlib.h>
#include <unistd.h>

#include "base/environment.h"
#include "engines/kafka/kafka_internal.h"

/* A commit is answered before its markers are written to all partitions. Who begins again before
 * they are is told to come back, and the library waits 20 ms: this short wait spares it that. */
enum { MARKERS_US = 3000 };

struct kafka_producer {
    struct kafka_client client;
    int64_t timeout_ms;
    const atomic_bool *stop;
    instant committed_at;
    bool transactional;
    rd_kafka_resp_err_t lost; /* why a record of a plain one was not written */
};

static void on_delivered(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
    struct kafka_producer *self = opaque; /* begins with the client */
    (void)handle;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) self->lost = message->err;
}

static enum status fail(struct kafka_producer *self, rd_kafka_error_t *failure, const char *what,
                        struct error *error)
{
    enum status status = kafka_client_fail(&self->client, rd_kafka_error_code(failure), what,
                                           rd_kafka_error_string(failure), error);
    rd_kafka_error_destroy(failure);
    return status;
}

/* Both calls go on where they were when they are called again after a time-out. */
static rd_kafka_error_t *in_slices(struct kafka_producer *self,
                                   rd_kafka_error_t *(*call)(rd_kafka_t *, int))
{
    const struct kafka_options options = {.timeout_ms = self->timeout_ms, .stop = self->stop};
    instant deadline = kafka_client_deadline(&options);
    for (;;) {
        rd_kafka_error_t *failure = call(self->client.handle, kafka_client_slice_ms(deadline));
        if (!failure || !rd_kafka_error_is_retriable(failure)) return failure;
        if (!kafka_client_may_wait(&self->client, &options, deadline)) return failure;
        rd_kafka_error_destroy(failure);
    }
}

/* What a reader of committed records waits for at most when the process dies in a transaction and
 * nobody takes over. */
#define TRANSACTION_TIMEOUT STR("15000")

static enum status initialise(struct kafka_producer *self, const struct kafka_options *options,
                              struct str transactional_id, struct error *error)
{
    static const struct kafka_hooks hooks = {.delivered = on_delivered};
    self->transactional = !str_is_none(transactional_id);
    const struct kafka_setting own[] = {
        {STR("message.timeout.ms"), TRANSACTION_TIMEOUT},
        {STR("enable.idempotence"), STR("true")},
        /* As Java's clients place a key, so that topics of several producers join by it. */
        {STR("partitioner"), STR("murmur2_random")},
        {STR("log.connection.close"), STR("false")},
        {STR("transaction.timeout.ms"), TRANSACTION_TIMEOUT},
        {STR("transactional.id"), transactional_id},
    };
    size_t count = sizeof(own) / sizeof(own[0]) - (self->transactional ? 0 : 2);
    TRY(kafka_client_open(&self->client, RD_KAFKA_PRODUCER, options, own, count,
                          self->transactional ? NULL : &hooks, error));
    if (!self->transactional) return STATUS_OK;
    rd_kafka_error_t *failure = in_slices(self, rd_kafka_init_transactions);
    return failure ? fail(self, failure, "no transaction can be begun", error) : STATUS_OK;
}

enum status kafka_producer_open(const struct kafka_options *options, struct str transactional_id,
                                struct kafka_producer **producer, struct error *error)
{
    struct kafka_producer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->timeout_ms = options->timeout_ms;
    self->stop = options->stop;
    enum status status = initialise(self, options, transactional_id, error);
    if (status == STATUS_OK)
        *producer = self;
    else
        kafka_producer_free(self);
    return status;
}

static instant now(void)
{
    return environment_system()->now(environment_system());
}

enum status kafka_producer_begin(struct kafka_producer *self, struct error *error)
{
    if (!self->transactional) return STATUS_OK;
    int64_t since = now() - self->committed_at;
    if (since < MARKERS_US) (void)usleep((useconds_t)(MARKERS_US - since));
    rd_kafka_error_t *failure = rd_kafka_begin_transaction(self->client.handle);
    return failure ? fail(self, failure, "no transaction can be begun", error) : STATUS_OK;
}

static rd_kafka_headers_t *make_headers(const struct kafka_record *record)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
    for (size_t i = 0; headers && i < record->header_count; i++) {
        const struct kafka_header *header = &record->headers[i];
        if (rd_kafka_header_add(headers, header->name.ptr, (ssize_t)header->name.len,
                                header->value.ptr, (ssize_t)header->value.len) == 0)
            continue;
        rd_kafka_headers_destroy(headers);
        return NULL;
    }
    return headers;
}

static rd_kafka_resp_err_t produce(struct kafka_producer *self, const char *topic,
                                   const struct kafka_record *record, rd_kafka_headers_t *headers)
{
    return rd_kafka_producev(
        self->client.handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(record->key.ptr, record->key.len),
        /* The library only reads it, for it was told to copy. */
        RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.ptr, record->value.len),
        RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
}

enum status kafka_producer_send(struct kafka_producer *self, const struct kafka_record *record,
                                struct error *error)
{
    char topic[256];
    rd_kafka_headers_t *headers = make_headers(record);
    if (!headers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)snprintf(topic, sizeof(topic), "%.*s", STR_ARGS(record->topic));
    rd_kafka_resp_err_t code = produce(self, topic, record, headers);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK; /* the headers are the library's */
    rd_kafka_headers_destroy(headers);
    return kafka_client_fail(&self->client, code, "a record could not be sent",
                             rd_kafka_err2str(code), error);
}

static enum status flush(struct kafka_producer *self, struct error *error)
{
    const struct kafka_options options = {.timeout_ms = self->timeout_ms, .stop = self->stop};
    instant deadline = kafka_client_deadline(&options);
    rd_kafka_resp_err_t code;
    do {
        code = rd_kafka_flush(self->client.handle, kafka_client_slice_ms(deadline));
    } while (code != RD_KAFKA_RESP_ERR_NO_ERROR &&
             kafka_client_may_wait(&self->client, &options, deadline));
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = self->lost;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
    return kafka_client_fail(&self->client, code, "a record was not written",
                             rd_kafka_err2str(code), error);
}

enum status kafka_producer_commit(struct kafka_producer *self, struct error *error)
{
    if (!self->transactional) return flush(self, error);
    rd_kafka_error_t *failure = in_slices(self, rd_kafka_commit_transaction);
    if (!failure) {
        self->committed_at = now();
        return STATUS_OK;
    }
    enum status status = fail(self, failure, "the transaction was not committed", error);
    if (status != STATUS_UNAVAILABLE) return status;
    if (error) error->status = STATUS_OUTCOME_UNKNOWN;
    return STATUS_OUTCOME_UNKNOWN;
}

void kafka_producer_free(struct kafka_producer *producer)
{
    if (!producer) return;
    kafka_client_close(&producer->client);
    free(producer);
}
