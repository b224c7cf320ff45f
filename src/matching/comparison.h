/* Comparisons: what of two records is held against each other, and in which level of agreement
 * the two come out. Level 0 is always "missing" and 1 always "exact"; the rest are in the table. */
#ifndef MATCHING_COMPARISON_H
#define MATCHING_COMPARISON_H

#include "matching/record.h"

enum { LEVEL_MISSING = 0, LEVEL_EXACT = 1, LEVEL_MAX = 8, LEVEL_OPEN = -1 };

/* X(symbol, name, levels from 1 on) */
/* clang-format off */
#define COMPARISON_TABLE(X) \
    X(GIVEN_NAME,   "given_name",   "exact,variant,near,initial,similar,different,swapped") \
    X(FAMILY_NAME,  "family_name",  "exact,near,part,similar,different") \
    X(ORGANISATION, "organisation", "exact,near,contained,acronym,similar,weak,different") \
    X(BIRTH_DATE,   "birth_date",   "exact,swapped,near,two_parts,year,different,generation") \
    X(EMAIL,        "email",        "exact,mailbox,near,host,different") \
    X(PHONE,        "phone",        "exact,tail,near,different") \
    X(WEBSITE,      "website",      "exact,near,different") \
    X(STREET,       "street",       "exact,near,number_missing,number_near,number_differs,different") \
    X(LOCALITY,     "locality",     "exact,postcode_near,city,area,region,different") \
    X(IDENTIFIER,   "identifier",   "exact,near,series,different") \
    X(GENDER,       "gender",       "exact,different") \
    X(GENERATION,   "generation",   "exact,different") \
    X(PLACE,        "place",        "exact,similar,different") \
    X(OCCUPATION,   "occupation",   "exact,similar,different")
/* clang-format on */

enum comparison {
#define X(symbol, name, levels) COMPARISON_##symbol,
    COMPARISON_TABLE(X)
#undef X
        COMPARISON_COUNT
};

enum {
    GIVEN_VARIANT = 2,
    GIVEN_NEAR,
    GIVEN_INITIAL,
    GIVEN_SIMILAR,
    GIVEN_DIFFERENT,
    GIVEN_SWAPPED
};
enum { FAMILY_NEAR = 2, FAMILY_PART, FAMILY_SIMILAR, FAMILY_DIFFERENT };
enum {
    ORGANISATION_NEAR = 2,
    ORGANISATION_CONTAINED,
    ORGANISATION_ACRONYM,
    ORGANISATION_SIMILAR,
    ORGANISATION_WEAK,
    ORGANISATION_DIFFERENT
};
enum { DATE_SWAPPED = 2, DATE_NEAR, DATE_TWO_PARTS, DATE_YEAR, DATE_DIFFERENT, DATE_GENERATION };
enum { EMAIL_MAILBOX = 2, EMAIL_NEAR, EMAIL_HOST, EMAIL_DIFFERENT };
enum { PHONE_TAIL = 2, PHONE_NEAR, PHONE_DIFFERENT };
enum { WEBSITE_NEAR = 2, WEBSITE_DIFFERENT };
enum {
    STREET_NEAR = 2,
    STREET_NUMBER_MISSING,
    STREET_NUMBER_NEAR,
    STREET_NUMBER_DIFFERS,
    STREET_DIFFERENT
};
enum {
    LOCALITY_POSTCODE_NEAR = 2,
    LOCALITY_CITY,
    LOCALITY_AREA,
    LOCALITY_REGION,
    LOCALITY_DIFFERENT
};
enum { IDENTIFIER_NEAR = 2, IDENTIFIER_SERIES, IDENTIFIER_DIFFERENT };
enum { PLAIN_DIFFERENT = 2 };
enum { WORDS_SIMILAR = 2, WORDS_DIFFERENT };

const char *comparison_name(enum comparison comparison);
/* "near"; "missing" for 0. Valid for ever; the text is not NUL-terminated. */
struct str comparison_level_name(enum comparison comparison, int level);
/* Levels of the comparison, missing included. */
int comparison_level_count(enum comparison comparison);
/* The slot that decides most of the comparison (SLOT_POSTCODE for locality). */
enum slot comparison_slot(enum comparison comparison);

/* How much a word of an organisation's name tells, in bits, by its number in DOMAIN_WORD. NULL:
 * all the same. */
typedef const float comparison_word_bits;

/* The level of one value against another of the same domain, neither missing. Symmetric; values
 * that are the same give LEVEL_EXACT. */
int comparison_given_name(const struct values *values, uint32_t a, uint32_t b);
int comparison_family_name(const struct values *values, uint32_t a, uint32_t b);
int comparison_organisation(const struct values *values, comparison_word_bits *bits, uint32_t a,
                            uint32_t b);
int comparison_date(const struct values *values, uint32_t a, uint32_t b);
int comparison_email(const struct values *values, uint32_t a, uint32_t b);
int comparison_phone(const struct values *values, uint32_t a, uint32_t b);
int comparison_website(const struct values *values, uint32_t a, uint32_t b);
int comparison_street(const struct values *values, uint32_t a, uint32_t b);
int comparison_postcode(const struct values *values, uint32_t a,
                        uint32_t b);                                      /* exact, near, area */
int comparison_city(const struct values *values, uint32_t a, uint32_t b); /* exact, near */
/* 0 when the two are of different types and say nothing of each other. */
int comparison_identifier(const struct values *values, uint32_t a, uint32_t b);
int comparison_place(const struct values *values, uint32_t a, uint32_t b);
int comparison_occupation(const struct values *values, uint32_t a, uint32_t b);

/* The same level where it can be told without reading the texts, else LEVEL_OPEN. */
int comparison_given_name_quick(const struct values *values, uint32_t a, uint32_t b);
int comparison_family_name_quick(const struct values *values, uint32_t a, uint32_t b);
int comparison_street_quick(const struct values *values, uint32_t a, uint32_t b);
int comparison_city_quick(const struct values *values, uint32_t a, uint32_t b);
int comparison_place_quick(const struct values *values, uint32_t a, uint32_t b);
int comparison_occupation_quick(const struct values *values, uint32_t a, uint32_t b);

#endif
