/* Directories: where the blocks of one segment stand, in memory.
 *
 * A block's place (search_place) says which lists it may have, so that a search finds the few
 * blocks it needs without asking the store, and passes over the parts of a long list that have none
 * of the numbers it is after (as skip pointers do: A. Moffat, J. Zobel, "Self-indexing inverted
 * files for fast text retrieval", 1996). 40 bytes a block, that is 2 % of it.
 *
 *     size_t at = search_directory_find(directory, range.from);
 *     for (; at < directory->count && search_directory_is_before(directory, at, range.to); at++)
 *         ...
 */
#ifndef SEARCH_DIRECTORY_H
#define SEARCH_DIRECTORY_H

#include "search/block.h"

struct search_directory {
    size_t count;
    size_t bytes;     /* of memory */
    uint64_t *heads;  /* the first bytes of each place, as a number in their order */
    uint64_t *tops;   /* every 64th of them, which stay in the processor's cache */
    int64_t *numbers; /* the first number of each block; 0: of a list that begins there */
    uint32_t *ends;   /* of the texts */
    char *texts;      /* the places, one behind the other */
};

/* Of places in order. NULL when out of memory. */
struct search_directory *search_directory_new(const struct str *places, size_t count);
void search_directory_free(struct search_directory *directory);

struct str search_directory_place(const struct search_directory *directory, size_t block);
/* The key of the first list of a block. */
struct str search_directory_key(const struct search_directory *directory, size_t block);
/* The block that a place would be in: the last that does not begin behind it, or the first. */
size_t search_directory_find(const struct search_directory *directory, struct str place);
static inline bool search_directory_is_before(const struct search_directory *directory,
                                              size_t block, struct str place)
{
    return str_compare(search_directory_place(directory, block), place) < 0;
}
/* Does the block have nothing but numbers of one list, which goes on in the next? They are then
 * from numbers[block] on and below numbers[block + 1]. */
bool search_directory_is_within_list(const struct search_directory *directory, size_t block);

#endif
