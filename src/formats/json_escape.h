/* The escapes of JSON's strings (RFC 8259 section 7), for the parser of formats/json.h, and for
 * texts that are to be looked through and may have been JSON: a line that was cut parses as
 * nothing.
 *
 *     struct str plain = json_escape_undone(STR("{\"name\":\"M\\u00fcl"), arena);    {"name":"Mül
 */
#ifndef FORMATS_JSON_ESCAPE_H
#define FORMATS_JSON_ESCAPE_H

#include "base/arena.h"

/* Decodes the escape whose backslash *at stands on to *to, which takes no more bytes than the
 * escape has, and moves both behind it. NULL, or what is wrong with it; then both stay. */
const char *json_escape_decode(const char **at, const char *end, char **to);

/* Any text with its escapes decoded; what is none stays as it is. The text itself when it has no
 * backslash; absent when out of memory. */
struct str json_escape_undone(struct str text, struct arena *arena);

#endif
