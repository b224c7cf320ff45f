/* How far each partition is read, and what of it is told to the broker: nothing that waits lies
 * before a committed offset. */
#include <stdlib.h>

#include "adapters/events/consumer_internal.h"

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

enum status consumer_offsets_note(struct consumer *self, const struct round *round,
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

void consumer_offsets_commit(struct consumer *self, bool wait)
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
