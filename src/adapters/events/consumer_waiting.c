#include "adapters/events/consumer_waiting.h"

#include <stdlib.h>
#include <string.h>

static const struct tried *find_tried(const struct waiting *self, const struct item *item)
{
    for (size_t i = 0; i < self->tried_count && i < WAITING_MAX; i++) {
        const struct tried *tried = &self->tried[i];
        if (tried->offset == item->offset && tried->partition == item->partition &&
            str_equal(tried->topic, item->topic))
            return tried;
    }
    return NULL;
}

instant waiting_first_at(const struct waiting *self, const struct item *item, instant now)
{
    const struct tried *tried = find_tried(self, item);
    return tried ? tried->first_at : now;
}

void waiting_forget(struct waiting *self)
{
    for (size_t i = 0; i < self->count; i++) {
        const struct item *item = &self->items[i];
        if (!find_tried(self, item))
            self->tried[self->tried_count++ % WAITING_MAX] =
                (struct tried){item->topic, item->partition, item->offset, item->first_at};
        free(item->memory);
    }
    self->count = self->bytes = 0;
}

void waiting_release(struct waiting *self)
{
    waiting_forget(self);
    free(self->items);
    *self = (struct waiting){0};
}

bool waiting_is_before(const struct item *before, const struct item *behind)
{
    return !str_is_none(before->key) && !str_is_none(behind->key) && before->type == behind->type &&
           str_equal(before->key, behind->key) &&
           (str_is_none(before->tenant) || str_equal(before->tenant, behind->tenant));
}

size_t waiting_bytes(const struct item *item)
{
    return item->key.len + item->value.len + item->trace.len + item->tenant.len;
}

bool waiting_has_room(const struct waiting *self, const struct item *item, struct load more)
{
    struct load own = {more.count, more.bytes + waiting_bytes(item)};
    struct load all = {self->count + more.count, self->bytes + more.bytes};
    for (size_t i = 0; i < self->count; i++) {
        if (!str_equal(self->items[i].tenant, item->tenant)) continue;
        own.count++;
        own.bytes += waiting_bytes(&self->items[i]);
    }
    return own.count + all.count < WAITING_MAX && own.bytes + all.bytes <= WAITING_BYTES_MAX;
}

static struct str moved(struct str text, char **at)
{
    if (str_is_none(text)) return STR_NONE;
    if (text.len > 0) memcpy(*at, text.ptr, text.len);
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

bool waiting_holds(const struct waiting *self, const struct item *item)
{
    for (size_t i = 0; i < self->count; i++)
        if (waiting_is_before(&self->items[i], item)) return true;
    return false;
}

bool waiting_add(struct waiting *self, const struct item *item)
{
    if (!reserve(self)) return false;
    char *at = malloc(waiting_bytes(item) + 1);
    if (!at) return false;
    bool is_behind = waiting_holds(self, item);
    struct item *copy = &self->items[self->count++];
    *copy = *item;
    copy->is_behind = is_behind;
    self->bytes += waiting_bytes(item);
    copy->memory = at;
    copy->key = moved(item->key, &at);
    copy->value = moved(item->value, &at);
    copy->trace = moved(item->trace, &at);
    copy->tenant = moved(item->tenant, &at);
    return true;
}

size_t waiting_due(const struct waiting *self, instant now, size_t *indexes, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < self->count && count < max; i++)
        if (!self->items[i].is_behind && self->items[i].due <= now) indexes[count++] = i;
    return count;
}

static void release_next(struct waiting *self, const bool *gone, size_t first)
{
    for (size_t i = first + 1; i < self->count; i++) {
        if (gone[i] || !waiting_is_before(&self->items[first], &self->items[i])) continue;
        self->items[i].is_behind = false;
        return;
    }
}

void waiting_remove(struct waiting *self, const bool *gone)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++)
        if (gone[i]) release_next(self, gone, i);
    for (size_t i = 0; i < self->count; i++) {
        if (gone[i]) {
            self->bytes -= waiting_bytes(&self->items[i]);
            free(self->items[i].memory);
        } else {
            self->items[kept++] = self->items[i];
        }
    }
    self->count = kept;
}

instant waiting_next(const struct waiting *self, instant otherwise)
{
    for (size_t i = 0; i < self->count; i++)
        if (!self->items[i].is_behind && self->items[i].due < otherwise)
            otherwise = self->items[i].due;
    return otherwise;
}
