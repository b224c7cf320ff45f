/* Blocks: how the index lies in a store.
 *
 * A list is a key with ascending numbers (the entries that have the key); a list without numbers
 * says that the key exists. A block is a run of lists in the order of their keys, each key cut to
 * what differs from the one before, numbers as differences: some 10 bytes for a value that one
 * customer has, 1 to 3 for one more customer of a common word. It is text of the bytes 1 to 127 and
 * of the keys' own UTF-8, so that any store takes it.
 *
 *     struct search_writer writer = {.out = {.arena = arena}};
 *     search_writer_list(&writer, STR("Pacme n"));
 *     search_writer_number(&writer, 17);
 *     struct search_reader reader = search_reader_of(search_writer_finish(&writer));
 *     while (search_reader_list(&reader))
 *         while (search_reader_number(&reader, &number)) ...
 */
#ifndef SEARCH_BLOCK_H
#define SEARCH_BLOCK_H

#include "base/buffer.h"

enum {
    SEARCH_KEY_MAX = 96,       /* bytes of a key */
    SEARCH_BLOCK_BYTES = 1750, /* a writer's block is full at: two to a page of SQLite, four to
                                  one of PostgreSQL, which would move longer ones out of line */
    SEARCH_PLACE_MAX = SEARCH_KEY_MAX + 14,
};

struct search_writer {
    struct buffer out;
    char key[SEARCH_KEY_MAX]; /* of the list under way */
    size_t key_len;
    int64_t last; /* of its numbers */
};

/* Begins a list; the key is not below the one before, and equal to it only in a new block. */
void search_writer_list(struct search_writer *writer, struct str key);
/* Above the number before. */
void search_writer_number(struct search_writer *writer, int64_t number);
/* All numbers of the list, as search_reader_copy() gives them. */
void search_writer_copy(struct search_writer *writer, struct str numbers);
static inline bool search_writer_is_full(const struct search_writer *writer)
{
    return writer->out.len >= SEARCH_BLOCK_BYTES;
}
/* The block so far; see buffer_failed(&writer->out). The writer begins the next after
 * search_writer_clear(). */
struct str search_writer_finish(struct search_writer *writer);
void search_writer_clear(struct search_writer *writer);

struct search_reader {
    struct str rest;
    char key[SEARCH_KEY_MAX];
    size_t key_len;
    size_t kept; /* of the key before */
    int64_t number;
    bool in_list; /* numbers are left */
    bool is_damaged;
};

static inline struct search_reader search_reader_of(struct str block)
{
    return (struct search_reader){.rest = block};
}
/* Goes to the next list, whatever is left of this one. False at the end, and where the block is
 * damaged. */
bool search_reader_list(struct search_reader *reader);
/* To the first list, from the next on, whose place is not before one; false when there is none. Of
 * most keys it looks only at how much of the one before they keep. */
bool search_reader_seek(struct search_reader *reader, struct str place);
static inline struct str search_reader_key(const struct search_reader *reader)
{
    return str_of(reader->key, reader->key_len);
}
bool search_reader_number(struct search_reader *reader, int64_t *number);
/* The next numbers of the list; fewer than `max` at its end. */
size_t search_reader_numbers(struct search_reader *reader, int64_t *numbers, size_t max);

/* The numbers of a list as they are written, of which none was read yet, if the list is known to
 * end in this block and they have at most so many bytes; the reader is then behind them. */
bool search_reader_copy(struct search_reader *reader, size_t bytes_max, struct str *numbers);

/* Where a block stands among the blocks of a segment: its first key and number, as a text in whose
 * order they are. `out` has room for SEARCH_PLACE_MAX. */
struct str search_place(struct str key, int64_t number, char out[SEARCH_PLACE_MAX]);

#endif
