/* Segments: immutable runs of blocks over all lists of some entries.
 *
 * A new entry is appended as it is. Entries become a segment when there are enough of them, and
 * segments of like size become one, so that a search has few of them to ask (P. O'Neil et al., "The
 * log-structured merge-tree", 1996). Nothing here knows where blocks are kept.
 */
#ifndef SEARCH_SEGMENT_H
#define SEARCH_SEGMENT_H

#include "base/status.h"
#include "search/block.h"

/* Keys of one customer, as a block without numbers (search_keys_entry), and its number. */
struct search_entry {
    int64_t number;
    struct str body;
};

enum { SEARCH_SOURCES_MAX = 8 };

/* Takes a finished block, in the order of their places. */
struct search_sink {
    enum status (*put)(void *context, struct str place, struct str body, struct error *error);
    void *context;
};

/* The blocks of a segment of these entries, which stand in the order of their numbers. */
MUST_CHECK enum status search_segment_build(const struct search_entry *entries, size_t count,
                                            struct arena *arena, const struct search_sink *sink,
                                            struct error *error);

/* A segment that is read from some place on. `next` gives its next block, absent at the end; it is
 * valid until the call after. */
struct search_source {
    enum status (*next)(void *context, struct str *block, struct error *error);
    void *context;
    struct search_reader reader; /* private, zero at first, like what follows */
    bool ended;
};

/* Merges lists with keys above `after` (absent: all) until about `blocks_max` blocks are out;
 * *reached is then the last key, to go on after, in the arena, and absent when all is merged.
 * STATUS_STORE_CORRUPT. */
MUST_CHECK enum status search_segment_merge(struct search_source *sources, size_t count,
                                            struct str after, size_t blocks_max,
                                            struct arena *arena, const struct search_sink *sink,
                                            struct str *reached, struct error *error);

/* What of a block stays without some numbers (in order), the keys that then have none, and some
 * keys of words. *place and *rest are in the arena; *rest is empty when nothing stays. *changed:
 * whether anything went. STATUS_STORE_CORRUPT, STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status search_segment_without(struct str block, const int64_t *numbers,
                                              size_t count, const struct str *keys,
                                              size_t key_count, struct arena *arena,
                                              struct str *place, struct str *rest, bool *changed);

#endif
