/* Postings: the entries that meet one token, and how well. */
#ifndef SEARCH_POSTINGS_H
#define SEARCH_POSTINGS_H

#include "search/query.h"

/* number << 12 | close << 11 | weight */
enum {
    SEARCH_POSTING_BITS = 12,
    SEARCH_POSTING_CLOSE = 1 << 11,
    SEARCH_POSTING_WEIGHT = SEARCH_POSTING_CLOSE - 1
};

struct search_postings {
    uint64_t *items;
    size_t count, room;
    struct arena *arena;
    bool failed; /* out of memory */
};

void search_postings_add(struct search_postings *postings, const int64_t *numbers, size_t count,
                         struct search_match match);
/* In the order of the numbers, and of one number the greatest weight. */
void search_postings_settle(struct search_postings *postings);

#endif
