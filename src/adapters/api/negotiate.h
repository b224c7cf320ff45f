/* Reading of the request headers that negotiate: Accept, Accept-Encoding, Content-Type, If-Match,
 * If-None-Match (RFC 9110, sections 8.3, 12.5.1, 12.5.3 and 13.1). */
#ifndef ADAPTERS_API_NEGOTIATE_H
#define ADAPTERS_API_NEGOTIATE_H

#include "base/str.h"

/* Quality in thousandths that an Accept header gives a media type ("application/json"): 0 to 1000.
 * An absent or empty header takes everything. Of several ranges the most specific one counts. */
int negotiate_accept(struct str header, struct str media_type);
/* Does the header name `media_type` itself, with at least the quality that it gives `other`? */
bool negotiate_prefers(struct str header, struct str media_type, struct str other);
/* Does an Accept-Encoding header take gzip, and like it no less than the text as it is? An absent
 * one does not. */
bool negotiate_gzip(struct str header);
/* Is a Content-Type of that media type? Parameters other than charset=utf-8 do not matter. */
bool negotiate_is_type(struct str header, struct str media_type);
/* The same, whatever its charset. */
bool negotiate_is_type_in_any_charset(struct str header, struct str media_type);
/* The charset that a Content-Type names, without quotes; absent when it names none. */
struct str negotiate_charset(struct str header);

enum if_match { IF_MATCH_NONE, IF_MATCH_STAR, IF_MATCH_VERSION, IF_MATCH_INVALID };
/* One strong entity tag that is a version: "7", or "7-gzip" of an answer that was coded; a bare 7
 * is taken for it. A tag that none of ours is gives version 0, which nothing has. A weak tag never
 * matches; a list of several is IF_MATCH_INVALID. */
enum if_match negotiate_if_match(struct str header, int64_t *version);
#define NEGOTIATE_GZIP_SUFFIX "-gzip"
/* Does a list of tags (or *) name this one? Compared weakly. */
bool negotiate_none_match(struct str header, struct str tag);

#endif
