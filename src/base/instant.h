/* Points in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
 *
 * Text form is RFC 3339 in UTC; written with as many of 0, 3 or 6 fraction digits as are needed.
 * Calendar arithmetic is the proleptic Gregorian one (H. Hinnant, "chrono-compatible low-level
 * date algorithms").
 */
#ifndef BASE_INSTANT_H
#define BASE_INSTANT_H

#include "base/str.h"

typedef int64_t instant;

#define INSTANT_NONE   INT64_MIN /* no such time */
#define INSTANT_FUTURE INT64_MAX /* after everything */
#define INSTANT_SECOND ((instant)1000000)
#define INSTANT_DAY    (86400 * INSTANT_SECOND)

enum { INSTANT_TEXT_MAX = 32 };

/* Writes e.g. 2026-02-02T10:30:00Z; years 0000 to 9999, others are clamped. Returns `out`. */
struct str instant_format(instant when, char out[INSTANT_TEXT_MAX]);
/* RFC 3339 with any offset ("Z", "+02:00") and up to 9 fraction digits (past 6 are cut). A plain
 * date means its midnight in UTC. False on anything else, a day that does not exist, or a time that
 * is not in the years 0000 to 9999 in UTC. */
bool instant_parse(struct str text, instant *when);
/* YYYY-MM-DD, an existing day. */
bool instant_is_date(struct str text);

#endif
