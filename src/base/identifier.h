/* Time-ordered identifiers: a prefix and 26 characters of Crockford base 32, that is 48 bits of
 * milliseconds and 80 random bits (the ULID layout), so that new keys land at the end of an index.
 *
 *     CUST-01KA3V5E3K8Q4T0Z6N2M9X7B1C
 */
#ifndef BASE_IDENTIFIER_H
#define BASE_IDENTIFIER_H

#include "base/arena.h"
#include "base/environment.h"

/* prefix without the dash: "CUST". Absent when out of memory. */
struct str identifier_new(struct environment *environment, struct str prefix, struct arena *arena);

/* An identifier that a caller may choose: 1 to 64 of A-Z a-z 0-9 . _ : - , beginning with a letter
 * or digit. The sentence for errors is IDENTIFIER_ALLOWED. */
bool identifier_is_valid(struct str id);
enum { IDENTIFIER_MAX_BYTES = 64 };
#define IDENTIFIER_ALLOWED "1 to 64 of A-Z a-z 0-9 . _ : - beginning with a letter or digit"

#endif
