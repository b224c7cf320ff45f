/* Views: the index as one search sees it, in one snapshot.
 *
 * Entries that are in no segment yet, and segments: of each the directory is in memory, and blocks
 * are read as they are wanted. An entry is in one segment only, so that a search goes through them
 * one after the other.
 */
#ifndef SEARCH_VIEW_H
#define SEARCH_VIEW_H

#include "search/directory.h"
#include "search/query.h"
#include "search/segment.h"

struct search_block_id {
    uint32_t segment, block; /* from 0 */
};

struct search_view {
    const struct search_entry *entries;
    size_t entry_count;
    const struct search_directory *const *segments;
    size_t segment_count;
    /* The bodies of some blocks of a segment, in the arena, in that order. */
    enum status (*read)(void *context, const struct search_block_id *blocks, size_t count,
                        struct arena *arena, struct str *bodies, struct error *error);
    /* These will be wanted: where asking for each is a way over a network they are brought at
     * once. NULL: of no use. */
    enum status (*prepare)(void *context, const struct search_block_id *blocks, size_t count,
                           struct arena *arena, struct error *error);
    /* What was found in a segment under a key, for whoever asks the same again: it never changes,
     * and stays as long as the view, aligned for any type. Absent: it is not known (any more).
     * NULL: nothing is kept. */
    struct str (*recall)(void *context, size_t segment, struct str key);
    void (*remember)(void *context, size_t segment, struct str key, struct str value);
    size_t list_from; /* blocks of a token of which a list is worth keeping */
    void *context;
};

enum { SEARCH_RANGE_BLOCKS = 1024 /* of a segment are read for one range; then it is cut */ };

/* What is done with the blocks of a range. */
struct search_walk {
    /* Has the block anything? Asked before it is read. NULL: all have. */
    bool (*is_wanted)(void *context, const struct search_directory *directory, size_t block);
    void (*take)(void *context, struct str body, const struct search_range *range);
    void *context;
    size_t blocks_max; /* 0: SEARCH_RANGE_BLOCKS */
};

/* Blocks that a range may reach into: an upper bound. */
size_t search_view_reach(const struct search_view *view, size_t segment,
                         const struct search_range *range);
/* `scratch` holds bodies for a while. *is_cut is set where there were too many blocks. */
MUST_CHECK enum status search_view_walk(const struct search_view *view, size_t segment,
                                        const struct search_range *range,
                                        const struct search_walk *walk, struct arena *scratch,
                                        bool *is_cut, struct error *error);
/* Prepares what the ranges are sure to want. */
MUST_CHECK enum status search_view_prepare(const struct search_view *view,
                                           const struct search_ranges *ranges, size_t count,
                                           struct arena *arena, struct error *error);

/* Keys from range->from on are found by search_reader_seek(). */
bool search_range_is_behind(const struct search_range *range, struct str key);

#endif
