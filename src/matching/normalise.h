/* Normalisers: the text of one field to interned values.
 *
 * One function per field, all of one shape, so that a table can pick them (record.c) and a cache
 * can stand in front of them. Placeholder values ("-", n/a, 99999, 000-0000) give nothing. None
 * fails: what cannot be read is nothing; running out of memory is remembered by the budget.
 */
#ifndef MATCHING_NORMALISE_H
#define MATCHING_NORMALISE_H

#include "matching/values.h"

/* What a field's text came to: references whose meaning depends on the function, and traits. */
struct normalised {
    uint32_t reference[4];
    uint32_t traits;
};

enum {
    TRAIT_FEMALE = 1,
    TRAIT_MALE = 2,
    TRAIT_GENDER = 3,      /* mask */
    TRAIT_JUNIOR = 1 << 2, /* jr, ii */
    TRAIT_SENIOR = 1 << 3, /* sr */
    TRAIT_THIRD = 1 << 4,  /* iii, iv */
    TRAIT_GENERATION = 7 << 2,
    TRAIT_ORGANISATION = 1 << 5, /* the text is an organisation's */
    TRAIT_PERSON = 1 << 6,
};

typedef void normalise_function(struct values *values, struct str text, struct normalised *out);

/* given name, other names */
normalise_function normalise_name_given;
/* family name, other names */
normalise_function normalise_name_family;
/* all words as other names */
normalise_function normalise_name_other;
/* given name, family name, other names; understands "Family, Given" and titles */
normalise_function normalise_name_full;
/* organisation; TRAIT_ORGANISATION when its words say that it is one */
normalise_function normalise_organisation_name;
/* e-mail, phone, website, each alone */
normalise_function normalise_contact_email;
normalise_function normalise_contact_phone;
normalise_function normalise_contact_website;
/* street, postcode, city, region: an address line or a whole address */
normalise_function normalise_address_full;
normalise_function normalise_address_postcode;
normalise_function normalise_address_city;
normalise_function normalise_address_region;
/* date, identifier ("type:value"), place, occupation alone; gender and kind as traits */
normalise_function normalise_fact_date;
normalise_function normalise_fact_date_day_first;
normalise_function normalise_fact_identifier;
normalise_function normalise_fact_place;
normalise_function normalise_fact_occupation;
normalise_function normalise_fact_gender;
normalise_function normalise_fact_kind;

/* Work out what is known of a value from its normalised text (struct value's a and b): what
 * values_intern() takes for the domain. */
typedef void normalise_describer(struct values *values, struct str text, struct value *value);
normalise_describer normalise_name_describe;
normalise_describer normalise_organisation_describe;
normalise_describer normalise_fact_describe_date;
normalise_describer normalise_fact_describe_identifier;
normalise_describer normalise_fact_describe_words;
normalise_describer normalise_contact_describe_email;
normalise_describer normalise_contact_describe_phone;
normalise_describer normalise_address_describe_street;
normalise_describer normalise_address_describe_postcode;
normalise_describer normalise_address_describe_city;

/* True for a text that stands for no value: "-", n/a, unknown, xxx. Takes folded text. */
bool normalise_is_placeholder(struct str folded);
/* True when all characters are the same, or they count up or down (12345678). */
bool normalise_is_filler(struct str text);
/* "10115.0", as tables write what they take for a number, without its ".0". */
struct str normalise_whole_number(struct str text);
/* Day, month and year as yyyymmdd (parts that are not known are 0), 0 when it is not a date. */
uint32_t normalise_date(struct str text, bool day_first);

#endif
