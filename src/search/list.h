/* Lists: all that one token meets in a segment, for looking numbers up.
 *
 * What meets a frequent word, or any word with a short beginning, is in dozens to hundreds of
 * blocks. As a list (a byte for each number that there is, or five for each that meets the token)
 * it tells of a candidate at once. A segment never changes, so that its lists are kept beside it
 * (search_view.remember).
 *
 *     struct search_list_builder builder = {.arena = arena};
 *     search_list_add(&builder, numbers, count, match);                    for each key
 *     struct search_list list = search_list_of(search_list_finish(&builder, false));
 *     for (size_t at = 0; ...) found = search_list_find(&list, number, &at);
 */
#ifndef SEARCH_LIST_H
#define SEARCH_LIST_H

#include "search/postings.h"

enum { SEARCH_LIST_CODES = 256 };

/* Zeroed but for the arena is empty. */
struct search_list_builder {
    struct arena *arena;
    int64_t first, end; /* the number of codes[0], and one above all that came */
    size_t room;
    uint8_t *codes; /* by number */
    size_t used;    /* codes that were given */
    uint8_t code_of[1 << SEARCH_POSTING_BITS];
    uint16_t matches[SEARCH_LIST_CODES];
    bool failed; /* no memory, or no list can be made of it: see search_list_finish() */
};

/* Of a number that comes again the better match stays. */
void search_list_add(struct search_list_builder *builder, const int64_t *numbers, size_t count,
                     struct search_match match);
/* The list as bytes, aligned, in the arena. Absent when there was no memory, and for what no list
 * can be made of: more kinds of matches than a token has, or numbers as far apart as a segment's
 * never are. */
struct str search_list_finish(struct search_list_builder *builder, bool is_cut);
/* The same of settled postings, which few lists are better gathered in. */
struct str search_list_pack(const struct search_postings *postings, bool is_cut,
                            struct arena *arena);

struct search_list {
    int64_t first;           /* number */
    size_t count;            /* of codes */
    bool is_cut;             /* it may lack some */
    const uint16_t *matches; /* by code: the bits of a posting below its number; 0: none */
    const uint32_t *steps;   /* from `first` to the number of each code, ascending; NULL: the place
                                of a code is the step */
    const uint8_t *codes;
};

struct search_list search_list_of(struct str bytes);
/* How a number meets the token; 0: not at all. Numbers ascend, *at is 0 with the first. */
uint16_t search_list_find(const struct search_list *list, int64_t number, size_t *at);
/* All of it, settled; see postings->failed. */
void search_list_unpack(const struct search_list *list, struct search_postings *postings);

#endif
