/* What a round puts aside: as letters in the store, which count, and as records of their topic. */
#include "adapters/events/consumer_internal.h"
#include "adapters/events/dead_letters.h"
#include "application/put_aside.h"
#include "base/fault.h"
#include "base/log.h"

void consumer_letters_put_aside(struct handled *handled, const struct error *why)
{
    handled->fate = FATE_DEAD;
    handled->why = why ? *why : (struct error){.status = STATUS_OK};
    handled->why.details_json = STR_NONE;
}

/* --- parked keys --- */

static enum status park_type(struct consumer *self, struct round *round, enum inbound_type type,
                             struct error *error)
{
    struct dead_letter *asked = ARENA_NEW_ARRAY(&self->arena, struct dead_letter, round->count);
    size_t *indexes = ARENA_NEW_ARRAY(&self->arena, size_t, round->count), count = 0;
    bool *parked = ARENA_NEW_ARRAY(&self->arena, bool, round->count);
    if (!asked || !indexes || !parked) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < round->count; i++) {
        const struct handled *handled = &round->items[i];
        const struct item *item = &handled->item;
        if (handled->fate != FATE_OPEN || item->type != type || str_is_none(item->key)) continue;
        indexes[count] = i;
        asked[count] = (struct dead_letter){.key = dead_letters_text(item->key, &self->arena),
                                            .tenant = item->tenant,
                                            .offset = item->offset};
        if (str_is_none(asked[count++].key)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    if (count == 0) return STATUS_OK;
    TRY(store_dead_letter_parked(self->options.application->store, self->options.topics[type],
                                 asked, count, &self->arena, parked, error));
    for (size_t i = 0; i < count; i++)
        if (parked[i]) consumer_letters_put_aside(&round->items[indexes[i]], NULL);
    return STATUS_OK;
}

static bool is_behind_clean(const struct round *round, size_t index)
{
    const struct item *item = &round->items[index].item;
    for (size_t i = 0; i < index; i++) {
        const struct item *before = &round->items[i].item;
        if (round->items[i].is_clean && before->type == item->type &&
            before->partition == item->partition && before->offset <= item->offset)
            return true;
    }
    return false;
}

/* One without a key comes behind none, and may have a letter itself. Where nothing is read again no
 * letter is ahead, so that one question is enough for a partition. */
static enum status park_keyless(struct consumer *self, struct round *round, size_t index,
                                struct error *error)
{
    struct handled *handled = &round->items[index];
    const struct dead_letter before = {.topic = handled->item.topic,
                                       .partition = handled->item.partition,
                                       .offset = handled->item.offset - 1};
    struct dead_letter *found;
    size_t count;
    handled->is_clean = is_behind_clean(round, index);
    if (handled->is_clean) return STATUS_OK;
    TRY(store_dead_letter_list(self->options.application->store, &before, 1, &self->arena, &found,
                               &count, error));
    handled->is_clean = count == 0 || !str_equal(found->topic, before.topic) ||
                        found->partition != before.partition;
    if (!handled->is_clean && found->offset == handled->item.offset)
        consumer_letters_put_aside(handled, NULL);
    return STATUS_OK;
}

enum status consumer_letters_park(struct consumer *self, struct round *round, struct error *error)
{
    for (int type = 0; type < INBOUND_TYPE_COUNT; type++)
        TRY(park_type(self, round, (enum inbound_type)type, error));
    for (size_t i = 0; i < round->count; i++)
        if (round->items[i].fate == FATE_OPEN && str_is_none(round->items[i].item.key))
            TRY(park_keyless(self, round, i, error));
    return STATUS_OK;
}

/* --- letters --- */

static void drop(struct consumer *self, struct handled *handled)
{
    handled->fate = FATE_DONE;
    consumer_count(self, COUNT_DROPPED, 1);
}

enum status consumer_letters_drop_erased(struct consumer *self, struct handled *handled,
                                         struct error *error)
{
    const struct inbound_event *event = &handled->event;
    struct profile_row row;
    if (str_is_none(event->tenant) || str_is_none(event->customer_id)) return STATUS_OK;
    TRY(store_lookup(self->options.application->store, event->tenant, &event->customer_id, 1,
                     &self->arena, &row, error));
    if (!str_is_none(row.customer_id) && row.erased_at != INSTANT_NONE) drop(self, handled);
    return STATUS_OK;
}

/* What a round puts aside, in its order. */
struct letters {
    struct dead_letter *items;
    struct handled **handled;
    size_t count;
};

static enum status make_letters(struct consumer *self, struct round *round, struct letters *letters,
                                struct error *error)
{
    *letters =
        (struct letters){.items = ARENA_NEW_ARRAY(&self->arena, struct dead_letter, round->count),
                         .handled = ARENA_NEW_ARRAY(&self->arena, struct handled *, round->count)};
    if (!letters->items || !letters->handled) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < round->count; i++) {
        struct handled *handled = &round->items[i];
        if (handled->fate != FATE_DEAD) continue;
        letters->handled[letters->count] = handled;
        TRY(dead_letters_make(&handled->item, &handled->event, &handled->why, consumer_now(self),
                              &self->arena, &letters->items[letters->count++], error));
    }
    return STATUS_OK;
}

/* Those that were kept stay among the letters: the customer of the others was erased meanwhile. */
static enum status put_letters(struct consumer *self, struct letters *letters, struct error *error)
{
    size_t count = 0;
    bool *kept = ARENA_NEW_ARRAY(&self->arena, bool, letters->count);
    if (!kept) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(put_aside(self->options.application, letters->items, letters->count, &self->arena, kept,
                  error));
    for (size_t i = 0; i < letters->count; i++) {
        if (!kept[i]) {
            drop(self, letters->handled[i]);
            continue;
        }
        letters->items[count] = letters->items[i];
        letters->handled[count++] = letters->handled[i];
    }
    letters->count = count;
    return STATUS_OK;
}

/* The topic is a copy for others. One that it never takes is in the store all the same, and must
 * not stop what comes behind it. */
static enum status pass_over(const struct consumer *self, enum status status,
                             const struct error *why, struct error *error)
{
    if (status != STATUS_CONFIGURATION) {
        if (error) *error = *why;
        return status;
    }
    log_error("consumer.letters_not_sent", LOG_PLACE("topic", self->options.dead_letters),
              LOG_REASON("reason", str_from_cstr(why->message)));
    return STATUS_OK;
}

static enum status send_letters(struct consumer *self, const struct letters *letters,
                                struct error *error)
{
    const struct kafka_options client = consumer_client_options(self);
    struct error why = {.status = STATUS_OK};
    if (!self->letters) TRY(kafka_producer_open(&client, STR_NONE, &self->letters, error));
    for (size_t i = 0; i < letters->count; i++) {
        enum status sent =
            dead_letters_send(self->letters, self->options.dead_letters, &letters->handled[i]->item,
                              &letters->items[i], &self->arena, &why);
        if (sent != STATUS_OK) TRY(pass_over(self, sent, &why, error));
    }
    enum status written = kafka_producer_commit(self->letters, &why);
    if (written == STATUS_OK) return STATUS_OK;
    kafka_producer_free(self->letters); /* as any that has failed */
    self->letters = NULL;
    return pass_over(self, written, &why, error);
}

enum status consumer_letters_write(struct consumer *self, struct round *round, struct error *error)
{
    struct letters letters;
    TRY(make_letters(self, round, &letters, error));
    if (letters.count > 0) TRY(put_letters(self, &letters, error));
    if (letters.count == 0) return STATUS_OK;
    FAULT_POINT("consumer.after_letters");
    TRY(send_letters(self, &letters, error));
    const struct dead_letter *first = &letters.items[0];
    log_warn("consumer.puts_aside", LOG_COUNT("messages", (int64_t)letters.count),
             LOG_CODE("code", first->code), LOG_PLACE("topic", first->topic),
             LOG_COUNT("partition", first->partition), LOG_COUNT("offset", first->offset));
    consumer_count(self, COUNT_PARKED, (int64_t)letters.count);
    return STATUS_OK;
}
