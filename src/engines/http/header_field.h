/* Of what the name and the value of a header field may consist (RFC 9110, 5.6.2 and 5.5). */
#ifndef ENGINES_HTTP_HEADER_FIELD_H
#define ENGINES_HTTP_HEADER_FIELD_H

#include "base/str.h"

/* A token: a header's name, a method. */
bool header_field_is_token(struct str name);
/* Visible characters, space and tab; bytes above ASCII are opaque. */
bool header_field_is_value(struct str value);
/* Below space, tab included, or 0x7F. */
bool header_field_has_control(struct str text);

#endif
