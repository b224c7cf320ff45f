/* Which words of a header mean which field. */
#ifndef MATCHING_COLUMN_HEADER_WORDS_H
#define MATCHING_COLUMN_HEADER_WORDS_H

#include <stddef.h>

#include "matching/field.h"

struct column_header_pattern {
    const char *words;    /* folded; all of these; "=" in front: these and no others */
    const char *excluded; /* none of these */
    enum matching_field field;
    const char *type;
};

/* Who has a name, and what kind of name that is. */
struct column_header_role {
    const char *word;
    enum matching_field field;
};

/* Read from the top: the first that fits decides. Both end with a row of NULL. */
extern const struct column_header_pattern column_header_patterns[];
extern const struct column_header_role column_header_roles[];

#endif
