/* How columns are called, by field and language: tables for mapping_proposal.c. */
#ifndef ADAPTERS_JOBS_MAPPING_WORDS_H
#define ADAPTERS_JOBS_MAPPING_WORDS_H

#include "base/str.h"

/* What the cells of a field look like; none for those that can be anything. */
enum value_shape {
    VALUE_ANY,
    VALUE_EMAIL,
    VALUE_PHONE,
    VALUE_VAT,
    VALUE_POSTAL_CODE,
    VALUE_DATE,
    VALUE_COUNTRY,
    VALUE_WEBSITE,
    VALUE_LANGUAGE,
    VALUE_SHAPE_COUNT
};

struct mapping_words {
    struct str field; /* "" for the key of the source */
    enum value_shape shape;
    bool many; /* several columns may go there */
    bool part; /* of a name: the parts are one field */
    /* Canonical: lower case, no accents, no punctuation, no spaces; separated by spaces. */
    struct str words;
};

extern const struct mapping_words mapping_words[];
extern const size_t mapping_words_count;

#endif
