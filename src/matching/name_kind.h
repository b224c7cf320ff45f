/* Whose name it is, where only the name can tell: a person's or an organisation's. */
#ifndef MATCHING_NAME_KIND_H
#define MATCHING_NAME_KIND_H

#include "base/str.h"

/* Log-odds in bits, of an organisation against a person, that the name's words and their places add
 * up to; 0 for a name that says nothing. */
int name_kind_bits(struct str name);

/* What a file of mostly organisations, or of persons, adds to each of its names, or takes from it.
 */
enum { NAME_KIND_PRIOR_BITS = 3 };

#endif
