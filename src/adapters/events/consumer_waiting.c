#include "adapters/events/consumer_waiting.h"

#include <stdlib.h>
#include <string.h>

void waiting_clear(struct waiting *self)
{
    for (size_t i = 0; i < self->count; i++) free(self->items[i].memory);
    self->count = 0;
}

void waiting_release(struct waiting *self)
{
    waiting_clear(self);
    free(self->items);
    *self = (struct waiting){0};
}

static struct str moved(struct str text, char **at)
{
    if (str_is_none(text)) return STR_NONE;
    memcpy(*at, text.ptr, text.len);
    struct str copy = str_of(*at, text.len);
    *at += text.len;
    return copy;
}

static bool reserve(struct waiting *self)
{
    if (self->count < self->room) return true;
    size_t room = self->room ? self->room * 2 : 64;
    struct item *items = realloc(self->items, room * sizeof(*items));
    if (!items) return false;
    self->items = items;
    self->room = room;
    return true;
}

bool waiting_add(struct waiting *self, const struct item *item)
{
    size_t size = item->key.len + item->value.len + item->trace.len + 1;
    if (self->count >= WAITING_MAX || !reserve(self)) return false;
    char *at = malloc(size);
    if (!at) return false;
    struct item *copy = &self->items[self->count++];
    *copy = *item;
    copy->memory = at;
    copy->key = moved(item->key, &at);
    copy->value = moved(item->value, &at);
    copy->trace = moved(item->trace, &at);
    return true;
}

static bool same_key(const struct item *item, struct str topic, struct str key)
{
    return !str_is_none(key) && !str_is_none(item->key) && str_equal(item->topic, topic) &&
           str_equal(item->key, key);
}

bool waiting_has_key(const struct waiting *self, struct str topic, struct str key)
{
    for (size_t i = 0; i < self->count; i++)
        if (same_key(&self->items[i], topic, key)) return true;
    return false;
}

static bool is_first(const struct waiting *self, size_t index)
{
    const struct item *item = &self->items[index];
    for (size_t i = 0; i < index; i++)
        if (same_key(&self->items[i], item->topic, item->key)) return false;
    return true;
}

size_t waiting_due(const struct waiting *self, instant now, size_t *indexes, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count && count < max; i++)
        if (self->items[i].due <= now && is_first(self, i)) indexes[count++] = i;
    return count;
}

void waiting_remove(struct waiting *self, const bool *gone)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        if (gone[i])
            free(self->items[i].memory);
        else
            self->items[kept++] = self->items[i];
    }
    self->count = kept;
}

instant waiting_next(const struct waiting *self, instant otherwise)
{
    for (size_t i = 0; i < self->count; i++)
        if (self->items[i].due < otherwise) otherwise = self->items[i].due;
    return otherwise;
}
