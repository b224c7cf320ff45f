/* What the files of this engine share: a client of the library and how it fails. */
#ifndef ENGINES_KAFKA_KAFKA_INTERNAL_H
#define ENGINES_KAFKA_KAFKA_INTERNAL_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "base/instant.h"
#include "engines/kafka/kafka.h"

enum { KAFKA_REASON_MAX = 256, KAFKA_SLICE_MS = 500 };

/* A client and what it said last in its own threads: the reason behind a time-out. */
struct kafka_client {
    rd_kafka_t *handle;
    pthread_mutex_t mutex;
    char reason[KAFKA_REASON_MAX];
    bool is_misconfigured; /* refused by the broker: waiting does not help */
};

/* Called with the client as opaque; NULL where nobody asks. */
struct kafka_hooks {
    void (*rebalance)(rd_kafka_t *, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t *, void *);
    void (*delivered)(rd_kafka_t *, const rd_kafka_message_t *, void *);
};

/* `own` comes after the operator's settings. `hooks` may be NULL. */
enum status kafka_client_open(struct kafka_client *client, rd_kafka_type_t type,
                              const struct kafka_options *options, const struct kafka_setting *own,
                              size_t own_count, const struct kafka_hooks *hooks,
                              struct error *error);
void kafka_client_close(struct kafka_client *client);

/* Fills the error from the library's code; `what` is a clause: "the topics could not be read". */
enum status kafka_client_fail(struct kafka_client *client, rd_kafka_resp_err_t code,
                              const char *what, const char *why, struct error *error);

/* Until when, and whether it is still worth to wait. */
instant kafka_client_deadline(const struct kafka_options *options);
bool kafka_client_may_wait(struct kafka_client *client, const struct kafka_options *options,
                           instant deadline);
/* The next slice of waiting. */
int kafka_client_slice_ms(instant deadline);

#endif
