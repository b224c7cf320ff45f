#include "adapters/events/consumer.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "adapters/events/consume_spans.h"
#include "adapters/events/dead_letters.h"
#include "adapters/events/message_headers.h"
#include "base/fault.h"
#include "base/log.h"
#include "formats/metric.h"

enum {
    BATCH = CONSUME_BATCH_MAX,
    ARENA_BYTES = 512 << 20,
    IDLE_WAIT_MS = 100,
    FIRST_PAUSE_MS = 200, /* after a failure; doubled up to the last */
    LAST_PAUSE_MS = 5000,
    FIRST_BACKOFF_MS = 100, /* of a message that waits; doubled up to the last */
    LAST_BACKOFF_MS = 5000,
    LOOK_EVERY_MS = 1000, /* at the lag, and at what is put aside */
};

enum fate {
    FATE_OPEN,
    FATE_DONE,
    FATE_LATER, /* it waits, or goes on waiting */
    FATE_DEAD   /* it is put aside */
};

/* A message of a round. */
struct handled {
    struct item item;
    struct inbound_event event;
    bool is_read; /* the event is there, or what is known of one that is refused */
    bool was_waiting;
    size_t place; /* among those that wait */
    enum fate fate;
    struct error why;
    struct consume_span span;
};

struct round {
    struct handled *items; /* those that were waiting first */
    size_t count;
    size_t later; /* new ones that are to wait */
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
    struct kafka_consumer *kafka; /* NULL: to be opened */
    struct kafka_producer *letters;
    struct arena arena; /* of one round */
    struct waiting waiting;
    struct place *places;
    size_t place_count, place_room;
    size_t batch;
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

static instant now(const struct consumer *self)
{
    struct environment *environment = self->options.application->environment;
    return environment->now(environment);
}

static instant after_ms(const struct consumer *self, int64_t delay_ms)
{
    return now(self) + delay_ms * (INSTANT_SECOND / 1000);
}

static void count(struct consumer *self, enum counter counter, int64_t by)
{
    atomic_fetch_add_explicit(&self->counters[counter], by, memory_order_relaxed);
}

/* --- offsets --- */

static struct place *place_of(struct consumer *self, const struct item *item)
{
    for (size_t i = 0; i < self->place_count; i++)
        if (self->places[i].partition == item->partition &&
            str_equal(self->places[i].topic, item->topic))
            return &self->places[i];
    if (self->place_count == self->place_room) {
        size_t room = self->place_room ? self->place_room * 2 : 32;
        struct place *places = realloc(self->places, room * sizeof(*places));
        if (!places) return NULL;
        self->places = places;
        self->place_room = room;
    }
    self->places[self->place_count] =
        (struct place){item->topic, item->partition, item->offset, item->offset};
    return &self->places[self->place_count++];
}

/* Nothing that waits lies before it. */
static int64_t safe_offset(const struct consumer *self, const struct place *place)
{
    int64_t safe = place->next;
    for (size_t i = 0; i < self->waiting.count; i++) {
        const struct item *item = &self->waiting.items[i];
        if (item->partition == place->partition && str_equal(item->topic, place->topic) &&
            item->offset < safe)
            safe = item->offset;
    }
    return safe;
}

static void commit(struct consumer *self, bool wait)
{
    struct kafka_offset *offsets = calloc(self->place_count + 1, sizeof(*offsets));
    size_t moved = 0;
    for (size_t i = 0; offsets && i < self->place_count; i++) {
        struct place *place = &self->places[i];
        int64_t safe = safe_offset(self, place);
        if (safe <= place->committed && !wait) continue;
        place->committed = safe;
        offsets[moved++] = (struct kafka_offset){place->topic, place->partition, safe};
    }
    if (moved > 0) kafka_consumer_commit(self->kafka, offsets, moved, wait);
    free(offsets);
}

/* The partitions go to others, or come back to be read from what is committed. */
static void on_revoked(void *argument)
{
    struct consumer *self = argument;
    if (self->kafka) commit(self, true);
    waiting_clear(&self->waiting);
    self->place_count = 0;
}

/* --- opening --- */

static struct kafka_options client_options(const struct consumer *self)
{
    return (struct kafka_options){.settings = self->options.settings,
                                  .setting_count = self->options.setting_count,
                                  .timeout_ms = self->options.timeout_ms,
                                  .stop = &self->stop};
}

static enum status ensure_topic(struct consumer *self, struct error *error)
{
    const struct kafka_options client = client_options(self);
    const struct kafka_topic topic = {self->options.dead_letters, 1, false};
    const struct kafka_topics topics = {.items = &topic,
                                        .count = 1,
                                        .replication = self->options.replication,
                                        .create = self->options.create_topic,
                                        .exact = false};
    if (self->topic_is_there) return STATUS_OK;
    TRY(kafka_topics_ensure(&client, &topics, error));
    self->topic_is_there = true;
    return STATUS_OK;
}

static enum status open_client(struct consumer *self, struct error *error)
{
    const struct kafka_options client = client_options(self);
    struct str topics[INBOUND_TYPE_COUNT];
    struct kafka_group group = {
        .name = self->options.group, .topics = topics, .revoked = on_revoked, .argument = self};
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++)
        if (!str_is_empty(self->options.topics[i]))
            topics[group.topic_count++] = self->options.topics[i];
    TRY(ensure_topic(self, error));
    return kafka_consumer_open(&client, &group, &self->kafka, error);
}

static void close_client(struct consumer *self)
{
    struct kafka_consumer *kafka = self->kafka;
    kafka_consumer_free(kafka); /* commits what is done, by on_revoked */
    self->kafka = NULL;
    kafka_producer_free(self->letters);
    self->letters = NULL;
    waiting_clear(&self->waiting);
    self->place_count = 0;
}

/* --- a round: what is at hand --- */

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

static void add_due(struct consumer *self, struct round *round)
{
    size_t due[BATCH];
    size_t found = waiting_due(&self->waiting, now(self), due, self->batch);
    for (size_t i = 0; i < found; i++)
        round->items[round->count++] = (struct handled){
            .item = self->waiting.items[due[i]], .was_waiting = true, .place = due[i]};
    count(self, COUNT_RETRIED, (int64_t)found);
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
                                         .timestamp_ms = message->timestamp_ms,
                                         .first_at = now(self)}};
    if (type_of_topic(self, message->topic, &handled->item.type, &handled->item.topic))
        round->count++;
}

static enum status gather(struct consumer *self, struct round *round, struct error *error)
{
    struct kafka_message *messages = NULL;
    size_t polled = 0;
    instant wake = waiting_next(&self->waiting, after_ms(self, IDLE_WAIT_MS));
    int64_t wait_ms = (wake - now(self)) / (INSTANT_SECOND / 1000);
    TRY(kafka_consumer_poll(self->kafka, self->batch, wait_ms > 0 ? wait_ms : 0, &messages, &polled,
                            error));
    round->items = ARENA_NEW_ARRAY(&self->arena, struct handled, polled + self->batch);
    if (!round->items) return error_plain(error, STATUS_OUT_OF_MEMORY);
    add_due(self, round);
    for (size_t i = 0; i < polled; i++) add_message(self, round, &messages[i]);
    return STATUS_OK;
}

/* --- a round: what may be tried --- */

static bool same_key(const struct handled *a, const struct handled *b)
{
    return a->item.type == b->item.type && !str_is_none(a->item.key) && !str_is_none(b->item.key) &&
           str_equal(a->item.key, b->item.key);
}

static void put_aside(struct handled *handled, const struct error *why)
{
    handled->fate = FATE_DEAD;
    handled->why = why ? *why : (struct error){.status = STATUS_OK};
    handled->why.details_json = STR_NONE;
}

/* What waits too long, or finds no room to wait, is put aside. */
static void wait_or_put_aside(struct consumer *self, struct round *round, struct handled *handled,
                              const struct error *why)
{
    bool too_long =
        now(self) - handled->item.first_at >= self->options.retry_ms * (INSTANT_SECOND / 1000);
    bool full = !handled->was_waiting && self->waiting.count + round->later >= WAITING_MAX;
    if (too_long || full) {
        put_aside(handled, why);
        return;
    }
    handled->fate = FATE_LATER;
    round->later += !handled->was_waiting;
}

/* Behind one of its key that waits, or that this round has put aside. */
static void follow(struct consumer *self, struct round *round, size_t index)
{
    struct handled *handled = &round->items[index];
    if (str_is_none(handled->item.key)) return;
    for (size_t i = index; i-- > 0 && handled->fate == FATE_OPEN;) {
        if (!same_key(&round->items[i], handled)) continue;
        if (round->items[i].fate == FATE_DEAD) put_aside(handled, NULL);
        if (round->items[i].fate == FATE_LATER) wait_or_put_aside(self, round, handled, NULL);
    }
}

static void hold_behind_waiting(struct consumer *self, struct round *round)
{
    for (size_t i = 0; i < round->count && self->waiting.count > 0; i++) {
        struct handled *handled = &round->items[i];
        if (!handled->was_waiting &&
            waiting_has_key(&self->waiting, handled->item.topic, handled->item.key)) {
            wait_or_put_aside(self, round, handled, NULL);
            handled->item.due = 0; /* as soon as it is the first of its key */
        }
    }
}

static enum status check_parked_of(struct consumer *self, struct round *round,
                                   enum inbound_type type, struct error *error)
{
    struct str *keys = ARENA_NEW_ARRAY(&self->arena, struct str, round->count);
    size_t *indexes = ARENA_NEW_ARRAY(&self->arena, size_t, round->count);
    int64_t *since = ARENA_NEW_ARRAY(&self->arena, int64_t, round->count);
    size_t asked = 0;
    if (!keys || !indexes || !since) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < round->count; i++) {
        const struct item *item = &round->items[i].item;
        if (item->type != type || str_is_none(item->key)) continue;
        indexes[asked] = i;
        keys[asked] = dead_letters_text(item->key, &self->arena);
        if (str_is_none(keys[asked++])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    if (asked == 0) return STATUS_OK;
    TRY(store_dead_letter_parked(self->options.application->store, self->options.topics[type], keys,
                                 asked, &self->arena, since, error));
    /* What came before the one that was put aside is read again after a crash: it was taken. */
    for (size_t i = 0; i < asked; i++)
        if (since[i] >= 0 && round->items[indexes[i]].item.offset > since[i])
            put_aside(&round->items[indexes[i]], NULL);
    return STATUS_OK;
}

static enum status check_parked(struct consumer *self, struct round *round, struct error *error)
{
    for (int type = 0; type < INBOUND_TYPE_COUNT; type++)
        TRY(check_parked_of(self, round, (enum inbound_type)type, error));
    return STATUS_OK;
}

static enum status read_item(struct consumer *self, struct handled *handled, bool *refused,
                             struct error *why, struct error *error)
{
    *refused = false;
    enum status status =
        inbound_reader_read(&self->reader, handled->item.type, handled->item.value, now(self),
                            &self->arena, &handled->event, refused, why);
    if (status != STATUS_OK && !*refused) {
        if (error) *error = *why;
        return status;
    }
    handled->is_read = true;
    return STATUS_OK;
}

/* Nothing is kept of what is about an erased customer, though it cannot be taken. */
static enum status drop_erased(struct consumer *self, struct handled *handled, struct error *error)
{
    const struct inbound_event *event = &handled->event;
    struct profile_row row;
    if (str_is_none(event->tenant) || str_is_none(event->customer_id)) return STATUS_OK;
    TRY(store_lookup(self->options.application->store, event->tenant, &event->customer_id, 1,
                     &self->arena, &row, error));
    if (str_is_none(row.customer_id) || row.erased_at == INSTANT_NONE) return STATUS_OK;
    handled->fate = FATE_DONE;
    count(self, COUNT_DROPPED, 1);
    return STATUS_OK;
}

static enum status read_all(struct consumer *self, struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->count; i++) {
        struct handled *handled = &round->items[i];
        struct error why = {.status = STATUS_OK};
        bool refused;
        struct str trace =
            consume_spans_begin(self->options.tracer, handled->item.trace, &handled->span);
        follow(self, round, i);
        if (handled->fate != FATE_OPEN) continue;
        TRY(read_item(self, handled, &refused, &why, error));
        if (refused) {
            put_aside(handled, &why);
            TRY(drop_erased(self, handled, error));
            continue;
        }
        handled->event.trace = trace;
        handled->event.key = handled->item.key;
    }
    return STATUS_OK;
}

/* --- a round: applying --- */

static void take_result(struct consumer *self, struct round *round, struct handled *handled,
                        const struct consumed *result)
{
    switch (result->outcome) {
    case CONSUMED_APPLIED:
        count(self, COUNT_APPLIED, 1);
        break;
    case CONSUMED_REPEATED:
        count(self, COUNT_REPEATED, 1);
        break;
    case CONSUMED_DROPPED:
        count(self, COUNT_DROPPED, 1);
        break;
    case CONSUMED_HELD:
        return; /* follows what it was held for */
    case CONSUMED_REFUSED:
        if (consume_events_may_come(result))
            wait_or_put_aside(self, round, handled, &result->error);
        else
            put_aside(handled, &result->error);
        return;
    }
    handled->fate = FATE_DONE;
}

/* All open ones of the type and tenant of the one at `first`, in their order. */
static enum status apply_like(struct consumer *self, struct round *round, size_t first,
                              struct error *error)
{
    const struct inbound_event *like = &round->items[first].event;
    size_t room = round->count - first, taken = 0;
    struct inbound_event *events = ARENA_NEW_ARRAY(&self->arena, struct inbound_event, room);
    struct consumed *results = ARENA_NEW_ARRAY(&self->arena, struct consumed, room);
    size_t *indexes = ARENA_NEW_ARRAY(&self->arena, size_t, room);
    if (!events || !results || !indexes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = first; i < round->count && taken < CONSUME_BATCH_MAX; i++) {
        const struct handled *handled = &round->items[i];
        if (handled->fate != FATE_OPEN || handled->event.type != like->type ||
            !str_equal(handled->event.tenant, like->tenant))
            continue;
        indexes[taken] = i;
        events[taken++] = handled->event;
    }
    TRY(consume_events(self->options.application, events, taken, &self->arena, results, error));
    for (size_t i = 0; i < taken; i++)
        take_result(self, round, &round->items[indexes[i]], &results[i]);
    for (size_t i = 0; i < taken; i++) follow(self, round, indexes[i]);
    return STATUS_OK;
}

static enum status apply_all(struct consumer *self, struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->count; i++)
        if (round->items[i].fate == FATE_OPEN) TRY(apply_like(self, round, i, error));
    return STATUS_OK;
}

/* --- a round: what became of them --- */

/* Those behind a parked key were not looked at yet: a letter says whom it is about, and goes when
 * he is erased. */
static enum status name_letters(struct consumer *self, struct round *round, struct error *error)
{
    for (size_t i = 0; i < round->count; i++) {
        struct handled *handled = &round->items[i];
        struct error why = {.status = STATUS_OK};
        bool refused;
        if (handled->fate != FATE_DEAD || handled->is_read) continue;
        TRY(read_item(self, handled, &refused, &why, error));
        TRY(drop_erased(self, handled, error));
    }
    return STATUS_OK;
}

/* The topic is a copy for others. One that it never takes is in the store all the same, and must
 * not stop what comes behind it. */
static enum status passes_over(struct consumer *self, enum status status, const struct error *why,
                               struct error *error)
{
    if (status != STATUS_CONFIGURATION) {
        if (error) *error = *why;
        return status;
    }
    log_error("consumer.letters_not_sent", LOG_PLACE("topic", self->options.dead_letters),
              LOG_REASON("reason", str_from_cstr(why->message)));
    return STATUS_OK;
}

static enum status send_letters(struct consumer *self, const struct round *round,
                                const struct dead_letter *letters, struct error *error)
{
    const struct kafka_options client = client_options(self);
    struct error why = {.status = STATUS_OK};
    if (!self->letters) TRY(kafka_producer_open(&client, STR_NONE, &self->letters, error));
    for (size_t i = 0; i < round->count; i++) {
        if (round->items[i].fate != FATE_DEAD) continue;
        enum status sent = dead_letters_send(self->letters, self->options.dead_letters,
                                             &round->items[i].item, letters++, &self->arena, &why);
        if (sent != STATUS_OK) TRY(passes_over(self, sent, &why, error));
    }
    enum status written = kafka_producer_commit(self->letters, &why);
    if (written == STATUS_OK) return STATUS_OK;
    kafka_producer_free(self->letters); /* as any that has failed */
    self->letters = NULL;
    return passes_over(self, written, &why, error);
}

static enum status write_letters(struct consumer *self, const struct round *round,
                                 struct error *error)
{
    struct dead_letter *letters = ARENA_NEW_ARRAY(&self->arena, struct dead_letter, round->count);
    size_t made = 0;
    if (!letters) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < round->count; i++) {
        const struct handled *handled = &round->items[i];
        if (handled->fate == FATE_DEAD)
            TRY(dead_letters_make(&handled->item, &handled->event, &handled->why, now(self),
                                  &self->arena, &letters[made++], error));
    }
    if (made == 0) return STATUS_OK;
    TRY(store_dead_letter_put(self->options.application->store, letters, made, &self->arena,
                              error));
    FAULT_POINT("consumer.after_letters");
    TRY(send_letters(self, round, letters, error));
    log_warn("consumer.puts_aside", LOG_COUNT("messages", (int64_t)made),
             LOG_CODE("code", letters[0].code), LOG_PLACE("topic", letters[0].topic),
             LOG_COUNT("partition", letters[0].partition), LOG_COUNT("offset", letters[0].offset));
    count(self, COUNT_PARKED, (int64_t)made);
    return STATUS_OK;
}

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

static int64_t backoff_ms(int attempts)
{
    int64_t delay = FIRST_BACKOFF_MS;
    while (attempts-- > 1 && delay < LAST_BACKOFF_MS) delay *= 2;
    return delay < LAST_BACKOFF_MS ? delay : LAST_BACKOFF_MS;
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
        item->due = after_ms(self, backoff_ms(++item->attempts));
    }
    waiting_remove(&self->waiting, gone);
    for (size_t i = 0; i < round->count; i++) {
        struct handled *handled = &round->items[i];
        if (handled->was_waiting || handled->fate != FATE_LATER) continue;
        if (!waiting_add(&self->waiting, &handled->item))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    atomic_store(&self->waits, (int64_t)self->waiting.count);
    return STATUS_OK;
}

static enum status note_places(struct consumer *self, const struct round *round,
                               struct error *error)
{
    for (size_t i = 0; i < round->count; i++) {
        const struct item *item = &round->items[i].item;
        if (round->items[i].was_waiting) continue;
        struct place *place = place_of(self, item);
        if (!place) return error_plain(error, STATUS_OUT_OF_MEMORY);
        if (item->offset >= place->next) place->next = item->offset + 1;
    }
    return STATUS_OK;
}

static void look_around(struct consumer *self)
{
    struct dead_letter_count letters;
    if (now(self) < self->look_at) return;
    self->look_at = after_ms(self, LOOK_EVERY_MS);
    atomic_store(&self->lag, kafka_consumer_lag(self->kafka));
    atomic_store(&self->assigned, kafka_consumer_assigned(self->kafka));
    if (store_dead_letter_count(self->options.application->store, &self->arena, &letters, NULL) !=
        STATUS_OK)
        return;
    atomic_store(&self->parked_letters, letters.letters);
    atomic_store(&self->parked_keys, letters.keys);
}

static enum status take_round(struct consumer *self, struct error *error)
{
    struct round round = {0};
    if (!self->kafka) TRY(open_client(self, error));
    TRY(gather(self, &round, error));
    if (round.count > 0) {
        hold_behind_waiting(self, &round);
        TRY(check_parked(self, &round, error));
        TRY(read_all(self, &round, error));
        FAULT_POINT("consumer.before_apply");
        TRY(apply_all(self, &round, error));
        FAULT_POINT("consumer.after_apply");
        TRY(name_letters(self, &round, error));
        TRY(write_letters(self, &round, error));
        TRY(update_waiting(self, &round, error)); /* first: it holds offsets back */
        TRY(note_places(self, &round, error));
        tell_spans(self, &round);
        FAULT_POINT("consumer.before_offsets");
        commit(self, false);
        FAULT_POINT("consumer.after_offsets");
    }
    look_around(self);
    return STATUS_OK;
}

/* --- the thread --- */

static void pause_for(struct consumer *self, int64_t delay_ms)
{
    const struct timespec slice = {.tv_nsec = 20 * 1000 * 1000};
    for (instant until = after_ms(self, delay_ms); now(self) < until && !atomic_load(&self->stop);)
        (void)nanosleep(&slice, NULL);
}

static void note_failure(struct consumer *self, enum status status, const struct error *error)
{
    count(self, COUNT_FAILURES, 1);
    atomic_store(&self->is_failing, true);
    self->pause_ms = self->pause_ms ? self->pause_ms * 2 : FIRST_PAUSE_MS;
    if (self->pause_ms > LAST_PAUSE_MS) self->pause_ms = LAST_PAUSE_MS;
    if (status == STATUS_OUT_OF_MEMORY && self->batch > 1) self->batch /= 2;
    if (status == self->failing) return;
    self->failing = status;
    log_error("consumer.fails", LOG_CODE("code", status_code(status)),
              LOG_REASON("reason", str_from_cstr(error->message)));
}

static void note_success(struct consumer *self)
{
    if (self->failing != STATUS_OK) log_info("consumer.reads_again");
    self->failing = STATUS_OK;
    self->pause_ms = 0;
    atomic_store(&self->is_failing, false);
}

static void *run(void *argument)
{
    struct consumer *self = argument;
    while (!atomic_load(&self->stop)) {
        struct error error = {.status = STATUS_OK};
        arena_reset(&self->arena);
        enum status status = take_round(self, &error);
        if (status == STATUS_OK) {
            note_success(self);
            continue;
        }
        if (atomic_load(&self->stop)) break;
        note_failure(self, status, &error);
        close_client(self);
        pause_for(self, self->pause_ms);
    }
    close_client(self);
    return NULL;
}

/* --- life --- */

enum status consumer_new(const struct consumer_options *options, struct consumer **consumer,
                         struct error *error)
{
    struct consumer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->options = *options;
    self->batch = BATCH;
    arena_init(&self->arena, ARENA_BYTES);
    const struct kafka_options client = client_options(self);
    enum status status = inbound_reader_init(&self->reader, options->registry, error);
    if (status == STATUS_OK) status = kafka_settings_check(&client, error);
    if (status == STATUS_OK)
        *consumer = self;
    else
        consumer_free(self);
    return status;
}

enum status consumer_start(struct consumer *self, struct error *error)
{
    self->started = pthread_create(&self->thread, NULL, run, self) == 0;
    return self->started ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

void consumer_stop(struct consumer *self)
{
    if (!self->started) return;
    atomic_store(&self->stop, true);
    (void)pthread_join(self->thread, NULL);
    self->started = false;
}

void consumer_free(struct consumer *self)
{
    if (!self) return;
    inbound_reader_release(&self->reader);
    arena_release(&self->arena);
    waiting_release(&self->waiting);
    free(self->places);
    free(self);
}

/* --- metrics --- */

void consumer_write_metrics(const struct consumer *self, struct buffer *out)
{
    const struct {
        const char *name, *type, *help;
        int64_t value;
    } rows[] = {
        {"customer360_consumer_applied_total", "counter",
         "Messages of neighbouring systems that "
         "took effect.",
         atomic_load(&self->counters[COUNT_APPLIED])},
        {"customer360_consumer_repeated_total", "counter", "Messages that had taken effect before.",
         atomic_load(&self->counters[COUNT_REPEATED])},
        {"customer360_consumer_dropped_total", "counter", "Messages about erased customers.",
         atomic_load(&self->counters[COUNT_DROPPED])},
        {"customer360_consumer_parked_total", "counter",
         "Messages that this instance has put aside.", atomic_load(&self->counters[COUNT_PARKED])},
        {"customer360_consumer_retries_total", "counter", "Times that a message was tried again.",
         atomic_load(&self->counters[COUNT_RETRIED])},
        {"customer360_consumer_failures_total", "counter", "Failures of broker, registry or store.",
         atomic_load(&self->counters[COUNT_FAILURES])},
        {"customer360_consumer_lag_messages", "gauge",
         "Messages not read yet, of the partitions of "
         "this instance.",
         atomic_load(&self->lag)},
        {"customer360_consumer_partitions", "gauge", "Partitions that this instance reads.",
         atomic_load(&self->assigned)},
        {"customer360_consumer_waiting_messages", "gauge", "Messages that wait to be tried again.",
         atomic_load(&self->waits)},
        {"customer360_dead_letters", "gauge", "Messages that are put aside, of all instances.",
         atomic_load(&self->parked_letters)},
        {"customer360_parked_keys", "gauge",
         "Keys that they have: what comes with one is put aside, "
         "too.",
         atomic_load(&self->parked_keys)},
        {"customer360_consumer_failing", "gauge", "1: it cannot read; the log says why.",
         atomic_load(&self->is_failing)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        metric_count(out, rows[i].name, rows[i].type, rows[i].help, rows[i].value);
}
