/* A list is: bytes kept of the key before, bytes added, the bytes, then each number as difference
 * to the one before plus one (numbers are above 0), and 0 at the end.
 *
 * An integer is written in bytes that a text may hold: the last is 1 + 0..62, those before it are
 * 64
 * + 0..63, the low digits first. Each step takes 63 off, so that every integer has one form. */
#include "search/block.h"

#include <stdio.h>
#include <string.h>

enum {
    LAST_DIGITS = 63,
    DIGIT_BITS = 6,
    DIGIT_MASK = 63,
    MORE = 64,
    SHIFT_MAX = 54,
    SHORT_LIST = 8
};

static void put_integer(struct buffer *out, uint64_t value)
{
    while (value >= LAST_DIGITS) {
        value -= LAST_DIGITS;
        buffer_append_char(out, (char)(MORE | (value & DIGIT_MASK)));
        value >>= DIGIT_BITS;
    }
    buffer_append_char(out, (char)(1 + value));
}

static bool take_long_integer(struct str *rest, uint64_t *value)
{
    uint64_t sum = 0;
    for (unsigned shift = 0; rest->len > 0 && shift <= SHIFT_MAX; shift += DIGIT_BITS) {
        unsigned char byte = (unsigned char)rest->ptr[0];
        rest->ptr++;
        rest->len--;
        if (byte == 0 || byte > 127) return false;
        if (byte < MORE) {
            *value = sum + ((uint64_t)(byte - 1) << shift);
            return true;
        }
        sum += (uint64_t)((byte & DIGIT_MASK) + LAST_DIGITS) << shift;
    }
    return false;
}

/* Most have one digit. */
static inline bool take_integer(struct str *rest, uint64_t *value)
{
    if (rest->len == 0 || rest->ptr[0] <= 0 || rest->ptr[0] >= MORE)
        return take_long_integer(rest, value);
    *value = (uint64_t)rest->ptr[0] - 1;
    rest->ptr++;
    rest->len--;
    return true;
}

/* Never in the middle of a character: the block as a whole has to be UTF-8. */
static size_t shared_with(const struct search_writer *writer, struct str key)
{
    size_t max = writer->key_len < key.len ? writer->key_len : key.len, shared = 0;
    while (shared < max && writer->key[shared] == key.ptr[shared]) shared++;
    while (shared > 0 && shared < key.len && ((unsigned char)key.ptr[shared] & 0xC0) == 0x80)
        shared--;
    return shared;
}

static void end_list(struct search_writer *writer)
{
    if (writer->key_len > 0) put_integer(&writer->out, 0);
}

void search_writer_list(struct search_writer *writer, struct str key)
{
    if (key.len > SEARCH_KEY_MAX) key.len = SEARCH_KEY_MAX;
    end_list(writer);
    size_t shared = shared_with(writer, key);
    put_integer(&writer->out, shared);
    put_integer(&writer->out, key.len - shared);
    buffer_append(&writer->out, str_skip(key, shared));
    memcpy(writer->key, key.ptr, key.len);
    writer->key_len = key.len;
    writer->last = 0;
}

void search_writer_number(struct search_writer *writer, int64_t number)
{
    put_integer(&writer->out, (uint64_t)(number - writer->last));
    writer->last = number;
}

void search_writer_copy(struct search_writer *writer, struct str numbers)
{
    buffer_append(&writer->out, numbers);
}

struct str search_writer_finish(struct search_writer *writer)
{
    end_list(writer);
    writer->key_len = 0;
    return buffer_str(&writer->out);
}

void search_writer_clear(struct search_writer *writer)
{
    buffer_clear(&writer->out);
    writer->key_len = 0;
}

/* One or two digits, as most have; *at stays where there are more, or the list ends. */
static inline unsigned short_step(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *p = *at;
    if (end - p < 2 || *p < 2 || *p > 127) return 0;
    if (*p < MORE) {
        *at = p + 1;
        return p[0] - 1U;
    }
    if (p[1] == 0 || p[1] >= MORE) return 0;
    *at = p + 2;
    return (p[0] & DIGIT_MASK) + LAST_DIGITS + ((p[1] - 1U) << DIGIT_BITS);
}

size_t search_reader_numbers(struct search_reader *reader, int64_t *numbers, size_t max)
{
    size_t count = 0;
    while (count < max && reader->in_list) {
        const unsigned char *begin = (const unsigned char *)reader->rest.ptr, *at = begin;
        const unsigned char *end = begin + reader->rest.len;
        int64_t number = reader->number;
        for (unsigned step; count < max && (step = short_step(&at, end)) > 0; count++)
            numbers[count] = number = (int64_t)((uint64_t)number + step);
        reader->number = number;
        reader->rest = str_skip(reader->rest, (size_t)(at - begin));
        if (count < max && search_reader_number(reader, &numbers[count])) count++;
    }
    return count;
}

bool search_reader_number(struct search_reader *reader, int64_t *number)
{
    uint64_t step;
    if (!reader->in_list) return false;
    reader->in_list = take_integer(&reader->rest, &step) && step > 0 &&
                      step <= (uint64_t)(INT64_MAX - reader->number);
    if (!reader->in_list) return false;
    reader->number += (int64_t)step;
    *number = reader->number;
    return true;
}

/* Behind the 0 that ends the numbers, which is its own last digit only where none stands before. */
static void skip_numbers(struct search_reader *reader)
{
    const char *begin = reader->rest.ptr, *end = begin + reader->rest.len, *at = begin;
    /* Most lists are short. */
    for (int i = 0; i < SHORT_LIST && at < end && *at != 1; i++) at++;
    while ((at = memchr(at, 1, (size_t)(end - at))) && at > begin && (unsigned char)at[-1] >= MORE)
        at++;
    reader->rest = at ? str_of(at + 1, (size_t)(end - at - 1)) : str_of(end, 0);
    reader->in_list = false;
}

/* The last list of a block may go on in the next. */
bool search_reader_copy(struct search_reader *reader, size_t bytes_max, struct str *numbers)
{
    struct search_reader behind = *reader;
    if (!reader->in_list || reader->number != 0) return false;
    skip_numbers(&behind);
    if (behind.rest.len == 0) return false;
    *numbers = str_of(reader->rest.ptr, (size_t)(behind.rest.ptr - reader->rest.ptr) - 1);
    if (numbers->len > bytes_max) return false;
    reader->rest = behind.rest;
    reader->in_list = false;
    return true;
}

/* Of a key that keeps more than `wanted` bytes of the one before none is copied. */
static bool take_key(struct search_reader *reader, size_t wanted)
{
    uint64_t shared, added;
    if (!take_integer(&reader->rest, &shared) || !take_integer(&reader->rest, &added)) return false;
    if (shared > reader->key_len || added > SEARCH_KEY_MAX - shared || added > reader->rest.len)
        return false;
    if (shared <= wanted) memcpy(reader->key + shared, reader->rest.ptr, added);
    reader->key_len = shared + added;
    reader->kept = shared;
    reader->rest = str_skip(reader->rest, added);
    return true;
}

static bool next_list(struct search_reader *reader, size_t wanted)
{
    if (reader->in_list) skip_numbers(reader);
    if (reader->rest.len == 0 || reader->is_damaged) return false;
    reader->is_damaged = !take_key(reader, wanted);
    reader->number = 0;
    reader->in_list = !reader->is_damaged;
    return !reader->is_damaged;
}

bool search_reader_list(struct search_reader *reader)
{
    return next_list(reader, SEARCH_KEY_MAX);
}

/* Is the key, whose first `same` bytes are those of the place, not before it? A blank follows it
 * there. *same becomes all that they have in common. */
static bool is_reached(const struct search_reader *reader, struct str place, size_t *same)
{
    size_t at = *same;
    while (at < place.len && at < reader->key_len && reader->key[at] == place.ptr[at]) at++;
    *same = at;
    if (at == place.len) return true;
    if (at < reader->key_len) return (unsigned char)reader->key[at] > (unsigned char)place.ptr[at];
    return place.ptr[at] == ' ' && place.len == at + 1;
}

/* A key that keeps more of the one before than that had in common with the place is before it, too,
 * and no key behind those needs what it has more. One that keeps less may still have as much in
 * common: see shared_with(). */
bool search_reader_seek(struct search_reader *reader, struct str place)
{
    size_t same = 0;
    bool first = true;
    while (next_list(reader, first ? SEARCH_KEY_MAX : same)) {
        if (!first && reader->kept > same) continue;
        if (reader->kept < same) same = reader->kept;
        if (is_reached(reader, place, &same)) return true;
        first = false;
    }
    return false;
}

struct str search_place(struct str key, int64_t number, char out[SEARCH_PLACE_MAX])
{
    memcpy(out, key.ptr, key.len);
    (void)snprintf(out + key.len, SEARCH_PLACE_MAX - key.len, " %012llx",
                   (unsigned long long)number);
    return str_of(out, key.len + 13);
}
