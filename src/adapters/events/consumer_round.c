/* A round of the consumer: messages that are due and new ones, read, put in order, applied.
 *
 * All are read first, for a key is a tenant's own. Then each is applied unless one before it with
 * its key waits or was put aside, in this round or before it. */
#include "adapters/events/consumer_internal.h"
#include "adapters/events/dead_letters.h"
#include "adapters/events/message_headers.h"
#include "base/fault.h"

enum {
    IDLE_WAIT_MS = 100,
    FIRST_BACKOFF_MS = 100, /* of a message that waits; doubled up to the last */
    LAST_BACKOFF_MS = 5000,
};

/* --- what is at hand --- */

static bool type_of_topic(const struct consumer *self, struct str topic, enum inbound_type *type,
                          struct str *kept)
{
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++) {
        if (!str_equal(self->options.topics[i], topic)) continue;
        *type = (enum inbound_type)i;
        *kept = self->options.topics[i];
        return true;
    }
    return false;
}

static enum status add_due(struct consumer *self, struct round *round, struct error *error)
{
    size_t *due = ARENA_NEW_ARRAY(&self->arena, size_t, self->batch);
    if (!due) return error_plain(error, STATUS_OUT_OF_MEMORY);
    size_t found = waiting_due(&self->waiting, consumer_now(self), due, self->batch);
    for (size_t i = 0; i < found; i++)
        round->items[round->count++] = (struct handled){
            .item = self->waiting.items[due[i]], .was_waiting = true, .place = due[i]};
    consumer_count(self, COUNT_RETRIED, (int64_t)found);
    return STATUS_OK;
}

/* A header may be anything, and as long as a record. */
static struct str trace_of(struct consumer *self, const struct kafka_message *message)
{
    struct trace trace;
    struct str header =
        kafka_message_header(message, message_headers_inbound[INBOUND_HEADER_TRACE].name.ptr);
    if (str_is_none(header) || !trace_parse(header, &trace)) return STR_NONE;
    return arena_str(&self->arena, trace_parent(&trace));
}

static void add_message(struct consumer *self, struct round *round,
                        const struct kafka_message *message)
{
    struct handled *handled = &round->items[round->count];
    *handled = (struct handled){.item = {.partition = message->partition,
                                         .offset = message->offset,
                                         .key = message->key,
                                         .value = message->value,
                                         .trace = trace_of(self, message),
                                         .timestamp_ms = message->timestamp_ms}};
    if (!type_of_topic(self, message->topic, &handled->item.type, &handled->item.topic)) return;
    handled->item.first_at = waiting_first_at(&self->waiting, &handled->item, consumer_now(self));
    round->count++;
}

/* Until a message comes, or one that waits is due. */
static int64_t wait_ms(const struct consumer *self)
{
    const instant millisecond = INSTANT_SECOND / 1000;
    instant wake = waiting_next(&self->waiting, consumer_after_ms(self, IDLE_WAIT_MS));
    int64_t left = (wake - consumer_now(self) + millisecond - 1) / millisecond;
    return left > 0 ? left : 0;
}

static enum status gather(struct consumer *self, struct round *round, struct error *error)
{
    struct kafka_message *messages = NULL;
    size_t polled = 0;
    TRY(kafka_consumer_poll(self->kafka, self->batch, wait_ms(self), &messages, &polled, error));
    round->items = ARENA_NEW_ARRAY(&self->arena, struct handled, polled + self->batch);
    if (!round->items) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(add_due(self, round, error));
    for (size_t i = 0; i < polled; i++) add_message(self, round, &messages[i]);
    return STATUS_OK;
}

/* --- reading --- */

static enum status read_one(struct consumer *self, struct handled *handled, struct error *error)
{
    struct error why = {.status = STATUS_OK};
    bool refused;
    enum status status =
        inbound_reader_read(&self->reader, handled->item.type, handled->item.value,
                            consumer_now(self), &self->arena, &handled->event, &refused, &why);
    if (status != STATUS_OK && !refused) {
        if (error) *error = why;
        return status;
    }
    handled->item.tenant = handled->event.tenant;
    if (!refused) return STATUS_OK;
    consumer_letters_put_aside(handled, &why);
    return consumer_letters_drop_erased(self, handled, error);
}

static enum status read_all(struct consumer *self, struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->count; i++) {
        struct handled *handled = &round->items[i];
        struct str trace =
            consume_spans_begin(self->options.tracer, handled->item.trace, &handled->span);
        TRY(read_one(self, handled, error));
        handled->event.trace = trace;
        handled->event.key = handled->item.key;
    }
    return STATUS_OK;
}

/* --- order --- */

/* What waits too long, or finds no room to wait, is put aside. */
static void wait_or_put_aside(struct consumer *self, struct round *round, struct handled *handled,
                              const struct error *why)
{
    bool too_long = consumer_now(self) - handled->item.first_at >=
                    self->options.retry_ms * (INSTANT_SECOND / 1000);
    bool full =
        !handled->was_waiting && !waiting_has_room(&self->waiting, &handled->item, round->later);
    if (too_long || full) {
        consumer_letters_put_aside(handled, why);
        return;
    }
    handled->fate = FATE_LATER;
    handled->was_tried = why != NULL;
    if (handled->was_waiting) return;
    round->later.count++;
    round->later.bytes += waiting_bytes(&handled->item);
}

static void hold_behind_waiting(struct consumer *self, struct round *round)
{
    for (size_t i = 0; i < round->count && self->waiting.count > 0; i++) {
        struct handled *handled = &round->items[i];
        if (handled->fate == FATE_OPEN && !handled->was_waiting &&
            waiting_holds(&self->waiting, &handled->item))
            wait_or_put_aside(self, round, handled, NULL);
    }
}

/* Behind one of its key that waits, or that this round has put aside. */
static void follow(struct consumer *self, struct round *round, size_t index)
{
    struct handled *handled = &round->items[index];
    for (size_t i = index; i-- > 0 && handled->fate == FATE_OPEN;) {
        enum fate before = round->items[i].fate;
        if ((before != FATE_DEAD && before != FATE_LATER) ||
            !waiting_is_before(&round->items[i].item, &handled->item))
            continue;
        if (before == FATE_DEAD)
            consumer_letters_put_aside(handled, NULL);
        else
            wait_or_put_aside(self, round, handled, NULL);
    }
}

/* --- applying --- */

static void take_result(struct consumer *self, struct round *round, struct handled *handled,
                        const struct consumed *result)
{
    switch (result->outcome) {
    case CONSUMED_APPLIED:
        consumer_count(self, COUNT_APPLIED, 1);
        break;
    case CONSUMED_REPEATED:
        consumer_count(self, COUNT_REPEATED, 1);
        break;
    case CONSUMED_DROPPED:
        consumer_count(self, COUNT_DROPPED, 1);
        break;
    case CONSUMED_HELD:
        return; /* follows what it was held for */
    case CONSUMED_REFUSED:
        if (consume_events_may_come(result))
            wait_or_put_aside(self, round, handled, &result->error);
        else
            consumer_letters_put_aside(handled, &result->error);
        return;
    }
    handled->fate = FATE_DONE;
}

struct batch {
    struct inbound_event *events;
    struct consumed *results;
    size_t *indexes;
    size_t count;
};

/* The open ones of the type and tenant of the one at `first`, in their order. One that is behind
 * one of an earlier batch follows it. */
static void collect(struct consumer *self, struct round *round, size_t first, struct batch *batch)
{
    const struct inbound_event *like = &round->items[first].event;
    for (size_t i = first; i < round->count && batch->count < self->batch; i++) {
        const struct handled *handled = &round->items[i];
        if (handled->fate != FATE_OPEN || handled->event.type != like->type ||
            !str_equal(handled->event.tenant, like->tenant))
            continue;
        follow(self, round, i);
        if (handled->fate != FATE_OPEN) continue;
        batch->indexes[batch->count] = i;
        batch->events[batch->count++] = handled->event;
    }
}

static enum status apply_like(struct consumer *self, struct round *round, size_t first,
                              struct error *error)
{
    size_t room = round->count - first;
    struct batch batch = {.events = ARENA_NEW_ARRAY(&self->arena, struct inbound_event, room),
                          .results = ARENA_NEW_ARRAY(&self->arena, struct consumed, room),
                          .indexes = ARENA_NEW_ARRAY(&self->arena, size_t, room)};
    if (!batch.events || !batch.results || !batch.indexes)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    collect(self, round, first, &batch);
    TRY(consume_events(self->options.application, batch.events, batch.count, &self->arena,
                       batch.results, error));
    for (size_t i = 0; i < batch.count; i++)
        take_result(self, round, &round->items[batch.indexes[i]], &batch.results[i]);
    for (size_t i = 0; i < batch.count; i++) follow(self, round, batch.indexes[i]);
    return STATUS_OK;
}

static enum status apply_all(struct consumer *self, struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->items[i].fate == FATE_OPEN) TRY(apply_like(self, round, i, error));
    return STATUS_OK;
}

/* --- what became of them --- */

/* Of those that are dealt with. */
static void tell_spans(struct consumer *self, const struct round *round)
{
    for (size_t i = 0; self->options.tracer && i < round->count; i++) {
        const struct handled *handled = &round->items[i];
        bool is_dead = handled->fate == FATE_DEAD;
        if (!is_dead && handled->fate != FATE_DONE) continue;
        bool is_behind = handled->why.status == STATUS_OK;
        struct str code = is_behind ? DEAD_LETTERS_BEHIND : status_code(handled->why.status);
        consume_spans_end(self->options.tracer, &handled->span, &handled->item, self->options.group,
                          is_dead ? code : STR_NONE);
    }
}

static instant next_try(const struct consumer *self, int attempts)
{
    int64_t delay = FIRST_BACKOFF_MS;
    while (attempts-- > 1 && delay < LAST_BACKOFF_MS) delay *= 2;
    return consumer_after_ms(self, delay < LAST_BACKOFF_MS ? delay : LAST_BACKOFF_MS);
}

/* One that was not tried is, as soon as it is the first of its key. */
static bool wait_for(struct consumer *self, const struct handled *handled)
{
    struct item item = handled->item;
    item.attempts = handled->was_tried;
    item.due = handled->was_tried ? next_try(self, item.attempts) : 0;
    return waiting_add(&self->waiting, &item);
}

static enum status update_waiting(struct consumer *self, const struct round *round,
                                  struct error *error)
{
    bool *gone = ARENA_NEW_ARRAY(&self->arena, bool, self->waiting.count + 1);
    if (!gone) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < round->count; i++) {
        const struct handled *handled = &round->items[i];
        if (!handled->was_waiting) continue;
        struct item *item = &self->waiting.items[handled->place];
        gone[handled->place] = handled->fate != FATE_LATER;
        item->due = next_try(self, ++item->attempts);
    }
    waiting_remove(&self->waiting, gone);
    for (size_t i = 0; i < round->count; i++) {
        struct handled *handled = &round->items[i];
        if (!handled->was_waiting && handled->fate == FATE_LATER && !wait_for(self, handled))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    atomic_store(&self->waits, (int64_t)self->waiting.count);
    return STATUS_OK;
}

enum status consumer_round_take(struct consumer *self, struct error *error)
{
    struct round round = {0};
    TRY(gather(self, &round, error));
    if (round.count == 0) return STATUS_OK;
    TRY(read_all(self, &round, error));
    TRY(consumer_letters_park(self, &round, error));
    hold_behind_waiting(self, &round);
    FAULT_POINT("consumer.before_apply");
    TRY(apply_all(self, &round, error));
    FAULT_POINT("consumer.after_apply");
    TRY(consumer_letters_write(self, &round, error));
    TRY(update_waiting(self, &round, error)); /* first: it holds offsets back */
    TRY(consumer_offsets_note(self, &round, error));
    tell_spans(self, &round);
    FAULT_POINT("consumer.before_offsets");
    consumer_offsets_commit(self, false);
    FAULT_POINT("consumer.after_offsets");
    return STATUS_OK;
}
