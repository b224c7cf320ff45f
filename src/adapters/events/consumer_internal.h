/* The consumer, as its parts share it: the thread (consumer.c), a round (consumer_round.c), what a
 * round puts aside (consumer_letters.c), and how far it has come (consumer_offsets.c). */
#ifndef ADAPTERS_EVENTS_CONSUMER_INTERNAL_H
#define ADAPTERS_EVENTS_CONSUMER_INTERNAL_H

#include <pthread.h>

#include "adapters/events/consume_spans.h"
#include "adapters/events/consumer.h"
#include "adapters/events/consumer_waiting.h"

enum fate {
    FATE_OPEN,
    FATE_DONE,
    FATE_LATER, /* it waits, or goes on waiting */
    FATE_DEAD   /* it is put aside */
};

/* A message of a round. */
struct handled {
    struct item item;
    struct inbound_event event; /* of one that is refused, what is known of it */
    bool was_waiting, was_tried;
    bool is_clean; /* no letter is from it on in its partition */
    size_t place;  /* among those that wait */
    enum fate fate;
    struct error why;
    struct consume_span span;
};

struct round {
    struct handled *items; /* those that were waiting first */
    size_t count;
    struct load later; /* new ones that are to wait */
};

/* How far a partition is read. */
struct place {
    struct str topic;
    int32_t partition;
    int64_t next;      /* behind the last that was taken */
    int64_t committed; /* last told to the broker */
};

enum counter {
    COUNT_APPLIED,
    COUNT_REPEATED,
    COUNT_DROPPED,
    COUNT_PARKED,
    COUNT_RETRIED,
    COUNT_FAILURES,
    COUNTERS
};

struct consumer {
    struct consumer_options options;
    struct inbound_reader reader;
    struct kafka_consumer *kafka;   /* NULL: to be opened */
    struct kafka_producer *letters; /* the same */
    struct arena arena;             /* of one round */
    struct waiting waiting;
    struct place *places;
    size_t place_count, place_room;
    size_t batch;
    int good_rounds; /* since it was changed */
    bool topic_is_there;
    int64_t pause_ms;
    enum status failing;
    instant look_at;

    pthread_t thread;
    bool started;
    atomic_bool stop;
    _Atomic int64_t counters[COUNTERS];
    _Atomic int64_t lag, assigned, waits, parked_keys, parked_letters;
    _Atomic bool is_failing;
};

/* One round, in the caller's thread: all that the consumer's own does. Returns how long it is to
 * wait before the next: 0 unless it failed. */
int64_t consumer_step(struct consumer *self);

instant consumer_now(const struct consumer *self);
instant consumer_after_ms(const struct consumer *self, int64_t delay_ms);
void consumer_count(struct consumer *self, enum counter counter, int64_t by);
struct kafka_options consumer_client_options(const struct consumer *self);

/* Takes what there is, with the client open. After a failure it has to be opened again. */
MUST_CHECK enum status consumer_round_take(struct consumer *self, struct error *error);

/* A `why` of NULL is that it comes behind one of its key that was. */
void consumer_letters_put_aside(struct handled *handled, const struct error *why);
/* Nothing is kept of what is about an erased customer, though it cannot be taken. */
MUST_CHECK enum status consumer_letters_drop_erased(struct consumer *self, struct handled *handled,
                                                    struct error *error);
/* Puts aside what comes behind a letter of its key, or has one itself: it was read before. */
MUST_CHECK enum status consumer_letters_park(struct consumer *self, struct round *round,
                                             struct error *error);
/* Writes down those that are put aside. */
MUST_CHECK enum status consumer_letters_write(struct consumer *self, struct round *round,
                                              struct error *error);

/* Of what the round has taken. */
MUST_CHECK enum status consumer_offsets_note(struct consumer *self, const struct round *round,
                                             struct error *error);
/* Up to what waits. */
void consumer_offsets_commit(struct consumer *self, bool wait);

#endif
