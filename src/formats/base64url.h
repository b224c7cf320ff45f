/* Base64 in the alphabet for URLs, without padding (RFC 4648, section 5).
 *
 * Decoding is strict: no padding, no white space, no other character, and the bits past the last
 * byte must be zero, so that a value has exactly one text. */
#ifndef FORMATS_BASE64URL_H
#define FORMATS_BASE64URL_H

#include "base/arena.h"

/* Absent when out of memory. */
struct str base64url_encode(struct str bytes, struct arena *arena);
/* False when the text is not such a text, or memory is out. */
bool base64url_decode(struct str text, struct arena *arena, struct str *bytes);

#endif
