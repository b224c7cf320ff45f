/* Hits: from lists of the index to ranked entries.
 *
 *     struct search_hits hits;
 *     search_hits_init(&hits, &reading, arena);
 *     search_hits_block(&hits, block, &range, true);       for every block that was read
 *     search_hits_entry(&hits, &entry, true);               for every entry that is in no block yet
 *     TRY(search_hits_rank(&hits, NULL, DEPTH, &list, &count, &more));
 *
 * The rank depends on the query and the entry alone, not on how often a word occurs among all
 * customers: so a page stays where it was while others are written. All tokens close (2000 and
 * more) come before typos (1000 and more) and these before entries that lack a token; within, the
 * mean of the tokens' weights; then the older entry.
 */
#ifndef SEARCH_HITS_H
#define SEARCH_HITS_H

#include "search/query.h"
#include "search/segment.h"

/* The entries that meet one token: number << 12 | close << 11 | weight. */
struct search_postings {
    uint64_t *items;
    size_t count, room;
    bool is_open; /* not all of them were read: it does not restrict */
};

struct search_hits {
    const struct search_reading *reading;
    struct search_postings tokens[SEARCH_TOKENS_MAX];
    struct arena *arena;
    bool failed; /* out of memory */
};

struct search_hit {
    int rank;
    int64_t number;
    bool is_unsure; /* whether a token that is open is met, only the customer itself says */
};

void search_hits_init(struct search_hits *hits, const struct search_reading *reading,
                      struct arena *arena);
/* Lists of the block within the range. */
void search_hits_block(struct search_hits *hits, struct str block, const struct search_range *range,
                       bool close_only);
void search_hits_entry(struct search_hits *hits, const struct search_entry *entry, bool close_only);
/* Remembers that a range of the token was cut. */
void search_hits_open(struct search_hits *hits, size_t token);

/* Best first: all up to `after` (NULL: none), and behind it the best `max`; *more: there are more.
 * STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status search_hits_rank(struct search_hits *hits, const struct search_hit *after,
                                        size_t max, struct search_hit **list, size_t *count,
                                        bool *more);
/* Before (< 0) or behind (> 0) in the ranking. */
int search_hit_compare(const struct search_hit *a, const struct search_hit *b);

/* The words of a dictionary block or an entry that are near one of the reading's tokens, appended.
 */
struct search_near {
    struct arena *arena;
    struct str *words;
    size_t count, room;
    bool failed;
};
void search_near_block(struct search_near *near, const struct search_reading *reading,
                       struct str block, const struct search_range *range);

#endif
