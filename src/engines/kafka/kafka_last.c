/* The last record of a key. A window at the end of the topic is read to its end; when the key is
 * not in it, a larger one. */
#include <stdio.h>

#include "engines/kafka/kafka_internal.h"

enum { FIRST_WINDOW = 64, WINDOW_GROWS = 16, POLL_MS = 100 };

struct search {
    struct kafka_client client;
    const struct kafka_options *options;
    char topic[256];
    struct str key;
    struct arena *arena;
    struct str *value;
    instant deadline;
    int64_t low, high; /* of the topic */
};

static enum status give_up(struct search *search, const char *why, struct error *error)
{
    char what[300];
    (void)snprintf(what, sizeof(what), "topic %s cannot be read", search->topic);
    return kafka_client_fail(&search->client, RD_KAFKA_RESP_ERR__TIMED_OUT, what, why, error);
}

static enum status find_ends(struct search *search, struct error *error)
{
    rd_kafka_resp_err_t code;
    do {
        code = rd_kafka_query_watermark_offsets(search->client.handle, search->topic, 0,
                                                &search->low, &search->high,
                                                kafka_client_slice_ms(search->deadline));
        if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return STATUS_OK;
    } while (kafka_client_may_wait(&search->client, search->options, search->deadline));
    return give_up(search, rd_kafka_err2str(code), error);
}

static enum status take(struct search *search, const rd_kafka_message_t *message,
                        struct arena_mark mark, struct error *error)
{
    struct str key = str_of(message->key, message->key_len);
    if (!message->key || !str_equal(key, search->key)) return STATUS_OK;
    arena_rewind(search->arena, mark);
    *search->value =
        arena_str(search->arena, str_of(message->payload ? message->payload : "", message->len));
    return str_is_none(*search->value) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* Until the end that the topic had when it was asked: an end before it is that of what is
 * committed, behind which a transaction is open. */
static enum status read_to_end(struct search *search, rd_kafka_topic_t *handle, struct error *error)
{
    struct arena_mark mark = arena_mark(search->arena);
    enum status status = STATUS_OK;
    bool at_end = false;
    while (status == STATUS_OK && !at_end) {
        rd_kafka_message_t *message = rd_kafka_consume(handle, 0, POLL_MS);
        if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            at_end = message->offset >= search->high;
        else if (message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            status = take(search, message, mark, error);
        bool moved = message && message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
        if (message) rd_kafka_message_destroy(message);
        if (!moved && !at_end &&
            !kafka_client_may_wait(&search->client, search->options, search->deadline))
            status = give_up(search, "its end is not reached", error);
    }
    return status;
}

/* The library's simple consumer: it is of no group, so it asks for no right on one. */
static enum status read_from(struct search *search, int64_t offset, struct error *error)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(search->client.handle, search->topic, NULL);
    if (!handle) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = STATUS_OK;
    if (rd_kafka_consume_start(handle, 0, offset) == 0) {
        status = read_to_end(search, handle, error);
        (void)rd_kafka_consume_stop(handle, 0);
    } else {
        status = give_up(search, rd_kafka_err2str(rd_kafka_last_error()), error);
    }
    rd_kafka_topic_destroy(handle);
    return status;
}

static enum status find(struct search *search, struct error *error)
{
    int64_t window = FIRST_WINDOW;
    TRY(find_ends(search, error));
    for (;;) {
        int64_t from = search->high - window > search->low ? search->high - window : search->low;
        if (search->high <= search->low) return STATUS_OK;
        TRY(read_from(search, from, error));
        if (!str_is_none(*search->value) || from == search->low) return STATUS_OK;
        window *= WINDOW_GROWS;
    }
}

enum status kafka_last_record(const struct kafka_options *options, struct str topic, struct str key,
                              struct arena *arena, struct str *value, struct error *error)
{
    static const struct kafka_setting own[] = {
        {STR("isolation.level"), STR("read_committed")}, {STR("enable.partition.eof"), STR("true")},
        {STR("auto.offset.reset"), STR("earliest")},     {STR("fetch.wait.max.ms"), STR("10")},
        {STR("log.connection.close"), STR("false")},
    };
    struct search search = {.options = options,
                            .key = key,
                            .arena = arena,
                            .value = value,
                            .deadline = kafka_client_deadline(options)};
    *value = STR_NONE;
    (void)snprintf(search.topic, sizeof(search.topic), "%.*s", STR_ARGS(topic));
    TRY(kafka_client_open(&search.client, RD_KAFKA_CONSUMER, options, own,
                          sizeof(own) / sizeof(own[0]), NULL, error));
    enum status status = find(&search, error);
    kafka_client_close(&search.client);
    return status;
}
