#include "search/view.h"

#include <string.h>

enum {
    AT_ONCE = 16,         /* blocks */
    PREPARED_OF_RANGE = 4 /* longer ones are passed over in part, which nobody knows before */
};

static bool is_lacking(const struct search_range *range, size_t segment)
{
    return segment < 64 && (range->lacking >> segment & 1) != 0;
}

size_t search_view_reach(const struct search_view *view, size_t segment,
                         const struct search_range *range)
{
    const struct search_directory *directory = view->segments[segment];
    if (is_lacking(range, segment)) return 0;
    size_t first = search_directory_find(directory, range->from), last;
    if (first >= directory->count || !search_directory_is_before(directory, first, range->to))
        return 0;
    last = search_directory_find(directory, range->to);
    return last - first + 1;
}

static enum status take_some(const struct search_view *view, const struct search_block_id *blocks,
                             size_t count, const struct search_range *range,
                             const struct search_walk *walk, struct arena *scratch,
                             struct error *error)
{
    struct str bodies[AT_ONCE];
    struct arena_mark mark = arena_mark(scratch);
    if (count == 0) return STATUS_OK;
    TRY(view->read(view->context, blocks, count, scratch, bodies, error));
    for (size_t i = 0; i < count; i++) walk->take(walk->context, bodies[i], range);
    arena_rewind(scratch, mark);
    return STATUS_OK;
}

enum status search_view_walk(const struct search_view *view, size_t segment,
                             const struct search_range *range, const struct search_walk *walk,
                             struct arena *scratch, bool *is_cut, struct error *error)
{
    const struct search_directory *directory = view->segments[segment];
    struct search_block_id blocks[AT_ONCE];
    size_t count = 0, read = 0, max = walk->blocks_max ? walk->blocks_max : SEARCH_RANGE_BLOCKS;
    if (is_lacking(range, segment)) return STATUS_OK;
    for (size_t at = search_directory_find(directory, range->from);
         at < directory->count && search_directory_is_before(directory, at, range->to); at++) {
        if (walk->is_wanted && !walk->is_wanted(walk->context, directory, at)) continue;
        if (read++ == max) {
            *is_cut = true;
            break;
        }
        blocks[count++] = (struct search_block_id){(uint32_t)segment, (uint32_t)at};
        if (count < AT_ONCE) continue;
        TRY(take_some(view, blocks, count, range, walk, scratch, error));
        count = 0;
    }
    return take_some(view, blocks, count, range, walk, scratch, error);
}

enum status search_view_prepare(const struct search_view *view, const struct search_ranges *ranges,
                                size_t count, struct arena *arena, struct error *error)
{
    size_t range_count = 0, wanted = 0;
    if (!view->prepare) return STATUS_OK;
    for (size_t i = 0; i < count; i++) range_count += ranges[i].count;
    struct search_block_id *blocks = ARENA_NEW_ARRAY(
        arena, struct search_block_id, range_count * view->segment_count * PREPARED_OF_RANGE);
    if (!blocks) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        for (size_t r = 0; r < ranges[i].count; r++) {
            for (size_t s = 0; s < view->segment_count; s++) {
                const struct search_range *range = &ranges[i].items[r];
                size_t reach = search_view_reach(view, s, range);
                if (reach > PREPARED_OF_RANGE) continue;
                size_t first = search_directory_find(view->segments[s], range->from);
                for (size_t at = first; at < first + reach; at++)
                    blocks[wanted++] = (struct search_block_id){(uint32_t)s, (uint32_t)at};
            }
        }
    }
    return wanted > 0 ? view->prepare(view->context, blocks, wanted, arena, error) : STATUS_OK;
}

/* The key and a blank against a bound: in a place, a blank follows the key. */
static int compare_place(struct str key, struct str bound)
{
    size_t both = key.len < bound.len ? key.len : bound.len;
    int order = memcmp(key.ptr, bound.ptr, both);
    if (order != 0) return order;
    if (key.len >= bound.len) return 1;
    if (bound.ptr[key.len] != ' ') return ' ' - (unsigned char)bound.ptr[key.len];
    return bound.len > key.len + 1 ? -1 : 0;
}

bool search_range_is_behind(const struct search_range *range, struct str key)
{
    return compare_place(key, range->to) >= 0;
}
