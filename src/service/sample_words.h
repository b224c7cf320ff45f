/* Words that sample customers are made of. Ours; no real person or company is meant. E-mail domains
 * are under .example (RFC 2606); telephone numbers are of ranges that are set aside for fiction. */
#ifndef SERVICE_SAMPLE_WORDS_H
#define SERVICE_SAMPLE_WORDS_H

#include "base/str.h"

enum { SAMPLE_COUNTRIES = 5 };

struct sample_city {
    const char *name;
    const char *postal_code; /* of one of its districts */
};

struct sample_country {
    const char *code;
    const char *language;
    const char *vat_form;   /* printf with a number of up to 9 digits */
    const char *phone_form; /* printf with a number under phone_numbers */
    size_t phone_numbers;
    const struct sample_city *cities;
    size_t city_count;
    const char *const *streets; /* printf with a house number */
    size_t street_count;
    const char *const *given_names;
    size_t given_name_count;
    const char *const *family_names;
    size_t family_name_count;
    const char *const *legal_forms; /* pairs: as registered, as others write it */
    size_t legal_form_count;        /* of pairs */
};
extern const struct sample_country sample_countries[SAMPLE_COUNTRIES];

extern const char *const sample_stems[]; /* what companies are called */
extern const size_t sample_stem_count;
extern const char *const sample_trades[]; /* what they do */
extern const size_t sample_trade_count;
/* Pairs: a given name and its short form. */
extern const char *const sample_nicknames[];
extern const size_t sample_nickname_count;

#endif
