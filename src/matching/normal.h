/* A record's normal form as bytes, to be stored: see matching.h for what it is for.
 *
 *     version     1 byte, MATCHING_NORMAL_VERSION
 *     traits      1 byte, TRAIT_ bits
 *     value ...   slot << 4 | length; a length of 15 goes on in the next bytes, seven bits each,
 * the lowest first and the top bit set but in the last, and 15 is added to it; then the text, of
 * dates and phone numbers two digits to a byte
 *
 * Values stand in the order of their slots. A common person takes 75 bytes.
 */
#ifndef MATCHING_NORMAL_H
#define MATCHING_NORMAL_H

#include "base/buffer.h"
#include "matching/record.h"

void normal_write(const struct values *values, const struct record *record, struct buffer *out);

enum { NORMAL_DIGITS_MAX = 32 };

struct normal_reader {
    struct str rest;
    enum slot slot;
    bool failed; /* the bytes are no normal form; set by the calls below */
    uint32_t traits;
    char digits[NORMAL_DIGITS_MAX];
};
void normal_reader_init(struct normal_reader *reader, struct str normal);
/* The next value; false at the end, and where it is no normal form. The text is the normal form's
 * or the reader's, until the next call. */
bool normal_reader_next(struct normal_reader *reader, enum slot *slot, struct str *text);

/* Interns its texts. STATUS_INVALID_VALUE when it is no normal form. */
MUST_CHECK enum status normal_read(struct values *values, struct str normal, struct record *record,
                                   struct error *error);

#endif
