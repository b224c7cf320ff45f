/* The request target's escapes (RFC 3986, 2.1). */
#ifndef ENGINES_HTTP_TARGET_H
#define ENGINES_HTTP_TARGET_H

#include "base/arena.h"

/* Decodes %XX. False when an escape is cut or not hexadecimal, or the result holds a control
 * character or is not UTF-8. Without escapes the result is `raw` itself, else in the arena (absent
 * when out of memory: then false, too). */
bool target_decode(struct str raw, struct arena *arena, struct str *decoded);
/* Whether %2F stands in a path: data that decoding would make a boundary between segments, so that
 * the request is another one to whoever looks at the path undecoded, such as a gateway (RFC 3986,
 * 2.2 and 2.4). */
bool target_escapes_slash(struct str raw);
/* The path of a target in origin form ("/a?b" without its query), absolute form ("http://host/a")
 * or asterisk form ("*"); absent when it is neither. */
struct str target_path(struct str target);

#endif
