/* Kafka, as far as this program needs it: records written in transactions, topics made or checked,
 * and the last record of a key read back. Knows bytes, topics and offsets, no customers.
 *
 * All calls block, so they belong in a thread of their own; none waits much longer than
 * options->timeout_ms, and each looks at options->stop twice a second.
 *
 *     struct kafka_producer *producer;
 *     TRY(kafka_producer_open(&options, STR("relay"), &producer, error));    fences older ones
 *     TRY(kafka_producer_begin(producer, error));
 *     TRY(kafka_producer_send(producer, &record, error));
 *     TRY(kafka_producer_commit(producer, error));
 *     kafka_producer_free(producer);
 *
 * Failures: STATUS_UNAVAILABLE (no broker answers in time, or not yet), STATUS_CONFIGURATION (a
 * setting, right or topic is not as it must be: it will not mend itself), STATUS_WRITE_CONFLICT
 * (another producer of this transactional id has begun: this one is fenced),
 * STATUS_OUTCOME_UNKNOWN (a commit was sent and no answer came). After any failure of a producer it
 * must be freed; a new one is opened, and what was committed is read back. The library's own ways
 * to go on (abort, retry) are not used: one way of recovery, which is the one that a crash takes.
 */
#ifndef ENGINES_KAFKA_KAFKA_H
#define ENGINES_KAFKA_KAFKA_H

#include <stdatomic.h>

#include "base/status.h"

/* A setting by the library's name, as in "sasl.username". */
struct kafka_setting {
    struct str name;
    struct str value;
};

struct kafka_options {
    const struct kafka_setting *settings; /* the last one of a name counts */
    size_t setting_count;
    int64_t timeout_ms;      /* of each call */
    const atomic_bool *stop; /* true: give up; may be NULL */
};

/* STATUS_CONFIGURATION names the setting that the library does not take. Connects to nobody. */
MUST_CHECK enum status kafka_settings_check(const struct kafka_options *options,
                                            struct error *error);

/* --- topics --- */

struct kafka_topic {
    struct str name;
    int partitions;
    bool compacted; /* the last record of each key stays; `exact` is true of it in any case, for
                       kafka_last_record() looks in one partition */
};

struct kafka_topics {
    const struct kafka_topic *items;
    size_t count;
    int replication; /* -1: as the broker has it */
    bool create;     /* those that are missing */
    bool exact;      /* another number of partitions is an error */
};
/* Two instances may do it at once. STATUS_CONFIGURATION says which topic is missing or differs. */
MUST_CHECK enum status kafka_topics_ensure(const struct kafka_options *options,
                                           const struct kafka_topics *topics, struct error *error);

/* --- writing --- */

struct kafka_header {
    struct str name;
    struct str value;
};

struct kafka_record {
    struct str topic;
    struct str key;
    struct str value;
    int64_t timestamp_ms;
    const struct kafka_header *headers;
    size_t header_count;
};

struct kafka_producer;

/* When it returns, no older producer of this id can commit any more, and what one had begun is
 * committed or aborted. Without an id (absent) there are no transactions: a commit only waits until
 * all that was sent is written. */
MUST_CHECK enum status kafka_producer_open(const struct kafka_options *options,
                                           struct str transactional_id,
                                           struct kafka_producer **producer, struct error *error);
MUST_CHECK enum status kafka_producer_begin(struct kafka_producer *producer, struct error *error);
/* Copies the record. */
MUST_CHECK enum status kafka_producer_send(struct kafka_producer *producer,
                                           const struct kafka_record *record, struct error *error);
MUST_CHECK enum status kafka_producer_commit(struct kafka_producer *producer, struct error *error);
/* NULL is nothing. What was begun is left to be aborted. */
void kafka_producer_free(struct kafka_producer *producer);

/* --- reading, as one of a group --- */

struct kafka_message {
    struct str topic;
    int32_t partition;
    int64_t offset;
    struct str key;   /* absent: none */
    struct str value; /* absent: none (a tombstone) */
    int64_t timestamp_ms;
    const void *handle; /* for its headers */
};

struct kafka_group {
    struct str name;
    const struct str *topics; /* one that is not there yet is looked for again */
    size_t topic_count;
    /* In poll() or free(): what was assigned is about to go to others, so that offsets can still be
     * committed. */
    void (*revoked)(void *argument);
    void *argument;
};

struct kafka_offset {
    struct str topic;
    int32_t partition;
    int64_t offset; /* to go on from */
};

struct kafka_consumer;

/* Offsets are the caller's to commit; where none is there, a partition is read from its beginning.
 * Only committed records are read. */
MUST_CHECK enum status kafka_consumer_open(const struct kafka_options *options,
                                           const struct kafka_group *group,
                                           struct kafka_consumer **consumer, struct error *error);
/* Waits up to `wait_ms` for the first of up to `max` messages, which live until the next call. */
MUST_CHECK enum status kafka_consumer_poll(struct kafka_consumer *self, size_t max, int64_t wait_ms,
                                           struct kafka_message **messages, size_t *count,
                                           struct error *error);
/* `wait`: until it is done. What is not committed is read again, by whoever has the partition then:
 * so a failure is none of the caller's. */
void kafka_consumer_commit(struct kafka_consumer *self, const struct kafka_offset *offsets,
                           size_t count, bool wait);
/* How many records of what is assigned lie behind the positions read, as far as is known. */
int64_t kafka_consumer_lag(const struct kafka_consumer *self);
/* Partitions that are assigned. */
int64_t kafka_consumer_assigned(const struct kafka_consumer *self);
/* The value of the first header of that name; absent: there is none. */
struct str kafka_message_header(const struct kafka_message *message, const char *name);
/* Leaves the group. NULL is nothing. */
void kafka_consumer_free(struct kafka_consumer *self);

/* --- reading back --- */

/* The value of the last committed record with this key in a topic of one partition; absent when
 * there is none. Read backwards in growing steps, so that a long topic costs little. */
MUST_CHECK enum status kafka_last_record(const struct kafka_options *options, struct str topic,
                                         struct str key, struct arena *arena, struct str *value,
                                         struct error *error);

#endif
