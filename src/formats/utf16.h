/* UTF-16 with a byte order mark as UTF-8, and any other bytes as they are: for readers of text that
 * others wrote. Fed in pieces of any size.
 *
 *     struct utf16_reader reader = {0};
 *     len = utf16_read(&reader, piece, room);          room for utf16_room(piece.len)
 *     len = utf16_finish(&reader, room);               at the end, room for utf16_room(0)
 */
#ifndef FORMATS_UTF16_H
#define FORMATS_UTF16_H

#include "base/str.h"

struct utf16_reader {
    enum { UTF16_UNKNOWN, UTF16_NONE, UTF16_LITTLE, UTF16_BIG } form;
    unsigned char kept[4]; /* bytes that are no whole character yet */
    size_t kept_len;
};

/* The most that a piece of that many bytes becomes. */
size_t utf16_room(size_t len);
/* Returns how many bytes were written. Half a surrogate pair becomes U+FFFD. */
size_t utf16_read(struct utf16_reader *reader, struct str bytes, char *out);
size_t utf16_finish(struct utf16_reader *reader, char *out);

#endif
