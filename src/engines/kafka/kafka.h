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
    bool compacted; /* the last record of each key stays */
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
 * committed or aborted. */
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

/* --- reading back --- */

/* The value of the last committed record with this key in a topic of one partition; absent when
 * there is none. Read backwards in growing steps, so that a long topic costs little. */
MUST_CHECK enum status kafka_last_record(const struct kafka_options *options, struct str topic,
                                         struct str key, struct arena *arena, struct str *value,
                                         struct error *error);

#endif
