/* Finding the row for a path: paths of the same number of segments are compared one by one; the few
 * that there are stand in the order of how literal they are. */
#include <stdlib.h>

#include "adapters/api/router.h"
#include "base/buffer.h"

struct str route_method_name(enum route_method method)
{
    static const struct str names[] = {STR("GET"), STR("POST"), STR("PATCH"), STR("DELETE")};
    return names[method];
}

const struct route_parameter *route_query(const struct route *route, struct str name)
{
    for (size_t i = 0; i < ROUTE_QUERY_MAX && route->query[i].name.ptr; i++)
        if (str_equal(route->query[i].name, name)) return &route->query[i];
    return NULL;
}

/* The count, or more than ROUTE_SEGMENTS_MAX when there are too many. "/" has one, empty. */
static size_t split(struct str path, struct str segments[ROUTE_SEGMENTS_MAX])
{
    size_t count = 0;
    struct str rest = str_skip(path, 1), segment;
    while (str_split(&rest, '/', &segment)) {
        if (count == ROUTE_SEGMENTS_MAX) return ROUTE_SEGMENTS_MAX + 1;
        segments[count++] = segment;
    }
    return count;
}

static size_t places(const struct router_entry *entry)
{
    size_t count = 0;
    for (size_t i = 0; i < entry->segment_count; i++) count += str_is_none(entry->segments[i]);
    return count;
}

static int compare_entries(const void *a, const void *b)
{
    const struct router_entry *left = a, *right = b;
    size_t l = left->segment_count * 16 + places(left);
    size_t r = right->segment_count * 16 + places(right);
    return (l > r) - (l < r);
}

static struct router_entry *same_path(struct router *router, const struct route *route)
{
    for (size_t i = 0; i < router->entry_count; i++) {
        struct router_entry *entry = &router->entries[i];
        for (size_t m = 0; m < ROUTE_METHOD_COUNT; m++)
            if (entry->methods[m] && str_equal(entry->methods[m]->path, route->path)) return entry;
    }
    return NULL;
}

enum status router_init(struct router *router, const struct route *table, size_t count,
                        struct arena *arena)
{
    *router = (struct router){.entries = ARENA_NEW_ARRAY(arena, struct router_entry, count)};
    if (!router->entries) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        struct router_entry *entry = same_path(router, &table[i]);
        if (!entry) {
            entry = &router->entries[router->entry_count++];
            entry->segment_count = split(table[i].path, entry->segments);
            for (size_t s = 0; s < entry->segment_count; s++)
                if (str_starts_with(entry->segments[s], STR("{"))) entry->segments[s] = STR_NONE;
        }
        entry->methods[table[i].method] = &table[i];
    }
    qsort(router->entries, router->entry_count, sizeof(*router->entries), compare_entries);
    return STATUS_OK;
}

static bool matches(const struct router_entry *entry, const struct str *segments, size_t count,
                    struct str found[ROUTE_PLACES_MAX])
{
    size_t place = 0;
    if (entry->segment_count != count) return false;
    for (size_t i = count; i-- > 0;)
        if (!str_is_none(entry->segments[i]) && !str_equal(entry->segments[i], segments[i]))
            return false;
    for (size_t i = 0; i < count; i++) {
        if (!str_is_none(entry->segments[i])) continue;
        if (segments[i].len == 0 || place == ROUTE_PLACES_MAX) return false;
        found[place++] = segments[i];
    }
    return true;
}

void router_find(const struct router *router, struct str path, struct router_match *match)
{
    struct str segments[ROUTE_SEGMENTS_MAX];
    size_t count = split(path, segments);
    *match = (struct router_match){0};
    if (!str_starts_with(path, STR("/"))) return; /* "*" */
    for (size_t i = 0; i < router->entry_count; i++) {
        if (!matches(&router->entries[i], segments, count, match->places)) continue;
        match->entry = &router->entries[i];
        return;
    }
}

struct str router_allow(const struct router_entry *entry, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (size_t m = 0; m < ROUTE_METHOD_COUNT; m++) {
        if (!entry->methods[m]) continue;
        buffer_append(&out, route_method_name((enum route_method)m));
        buffer_append(&out, STR(", "));
        if (m == ROUTE_GET) buffer_append(&out, STR("HEAD, "));
    }
    buffer_append(&out, STR("OPTIONS"));
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
