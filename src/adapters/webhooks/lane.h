/* What is known in memory of one webhook: the events that it is to be told of next, which of them
 * may be sent now, and what has to be written down. No I/O, and time is given.
 *
 * Events of one customer go out one after the other in the order of the feed; those of different
 * customers side by side. One that fails waits for its time and holds back only what is behind it
 * of its customer. When the events of several customers have failed and none was taken since, the
 * receiver is away: the lane as a whole waits and then tries with one, of another customer each
 * time, so that a customer whose events are refused is not what all others wait for.
 *
 *     lane_add(lane, &event, ...);                       in the order of the feed
 *     while ((item = lane_next(lane, now))) send(item);
 *     lane_settle(lane, item, &result, now, random);      frees the item when it is done with it
 *     lane_hold(lane, now); ... write lane_position(), the dirty items, `gone` and the log ...
 *     lane_written(lane);
 *
 * Items that are to be held: all that were added before the last that failed, is slow, or has
 * waited behind one of its customer that is held, so that what is held is never behind the position
 * that is written (webhook_store.h).
 */
#ifndef ADAPTERS_WEBHOOKS_LANE_H
#define ADAPTERS_WEBHOOKS_LANE_H

#include "application/ports/webhook_store.h"
#include "base/trace.h"

struct lane;

struct lane_rules {
    size_t window;          /* most events in memory that are not held */
    size_t held_max;        /* most that are held */
    size_t concurrency;     /* most under way */
    int64_t retry_first_ms; /* the schedule's 5 s; the rest is in proportion */
    int64_t slow_ms; /* one that is under way, or waits behind another of its customer, for so
                        long does not keep the position */
    int64_t disable_failures;
    int64_t disable_after_ms;
};

struct lane_item {
    struct lane_item *next, *previous; /* all of the lane in the order of the feed */
    struct lane_item *behind;          /* the next one of the customer */
    struct lane *lane;
    struct lane_chain *chain;
    size_t heap_index; /* 0: not in the heap */
    int64_t position;
    int64_t attempts;
    int64_t failed_in; /* the streak of failures that it is counted in */
    instant next_at;
    instant added_at;
    instant sent_at;
    uint32_t type_bit; /* 0: not known (held), or a test */
    bool is_held;      /* has a row */
    bool is_dirty;     /* its row is to be written */
    bool is_sent;      /* under way */
    struct str event_id;
    struct str customer_id;
    struct str body;    /* absent: to be read from the feed */
    struct str trace;   /* traceparent; absent: none */
    char *text;         /* of body and trace */
    struct trace place; /* of the span of the attempt under way; "": it is not recorded */
    int64_t begun_ns;
};

enum { LANE_LOG_MAX = 4096 };

struct lane {
    struct lane_rules rules;
    /* of the subscription; the texts are the lane's own */
    struct arena arena;
    struct str tenant;
    struct webhook_row row; /* as it was last read; progress is kept up to date here */
    uint32_t types;

    int64_t read_position; /* the feed was read up to here */
    bool has_news;         /* there may be more */
    struct lane_item *first, *last;
    size_t count, held_count, sent_count;
    struct lane_item **heap; /* from 1 on: heads of chains that are not under way, by next_at */
    size_t heap_count, heap_room;
    size_t untried_count;       /* of these, how many were never sent */
    struct lane_chain **chains; /* buckets */

    int64_t streak;        /* of failures; a success begins another */
    size_t failing_events; /* how many that are not done with failed in it: one of a customer */
    size_t past_failing_events; /* how many more did, that were given up or erased since */
    instant paused_until;       /* the lane as a whole; 0: it is not */
    instant untried_until;      /* the same for one that was never sent, while all fails */
    int64_t pauses;             /* in a row */
    bool is_disabled;           /* to be written down */
    enum webhook_cause cause;

    /* to be written */
    bool is_changed;
    instant written_at;
    int64_t written_position;
    int64_t *gone; /* positions whose rows go */
    size_t gone_count, gone_room;
    struct arena log_arena;
    struct webhook_delivery *log;
    size_t log_count;
};

struct lane_event {
    int64_t position;
    int64_t attempts;
    instant next_at;
    uint32_t type_bit;
    bool is_held;
    struct str event_id, customer_id, body, trace;
};

struct lane_result {
    enum webhook_reason reason;
    int http_status;
    int64_t retry_after_s;
    int64_t took_ms;
};

/* NULL when out of memory. */
struct lane *lane_new(const struct webhook_row *row, const struct lane_rules *rules);
void lane_free(struct lane *lane);
/* What its owner changed; false when out of memory. */
bool lane_set_row(struct lane *lane, const struct webhook_row *row);

/* Behind all that is there. False when out of memory. */
bool lane_add(struct lane *lane, const struct lane_event *event, instant now);
/* How many more events may be read. */
size_t lane_room(const struct lane *lane, instant now);
/* One that may be sent now, which is under way from then on; NULL: there is none. */
struct lane_item *lane_next(struct lane *lane, instant now);
/* It was not sent after all. */
void lane_put_back(struct lane *lane, struct lane_item *item, instant next_at);
/* Body and trace of an item that was held. False when out of memory. */
bool lane_fill(struct lane_item *item, struct str body, struct str trace, uint32_t type_bit);
void lane_settle(struct lane *lane, struct lane_item *item, const struct lane_result *result,
                 instant now, uint64_t random);
/* When the next item may be sent; INSTANT_FUTURE: not before something happens. */
instant lane_due_at(const struct lane *lane);

bool lane_is_failing(const struct lane *lane);
/* Marks what is to be held, and forgets the bodies of what has waited for ten seconds. To be called
 * at least that often. */
void lane_hold(struct lane *lane, instant now);
/* All up to it is settled or held. */
int64_t lane_position(const struct lane *lane);
bool lane_needs_writing(const struct lane *lane);
void lane_written(struct lane *lane, instant now);

#endif
