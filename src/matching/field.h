/* What the fields of a record are. The numbers are stable: they are stored. */
#ifndef MATCHING_FIELD_H
#define MATCHING_FIELD_H

/* X(symbol, name on the command line, meaning) */
/* clang-format off */
#define MATCHING_FIELD_TABLE(X) \
    X(NONE,          "none",          "not used") \
    X(GIVEN_NAME,    "given-name",    "a person's first name") \
    X(MIDDLE_NAME,   "middle-name",   "further given names or initials") \
    X(FAMILY_NAME,   "family-name",   "a person's last name") \
    X(FULL_NAME,     "full-name",     "a person's whole name, in either order") \
    X(NAME,          "name",          "a name, of a person or an organisation") \
    X(ORGANISATION,  "organisation",  "an organisation's name or trade name") \
    X(BIRTH_DATE,    "birth-date",    "date of birth, or of foundation") \
    X(EMAIL,         "email",         "e-mail address") \
    X(PHONE,         "phone",         "phone number") \
    X(WEBSITE,       "website",       "website or internet domain") \
    X(STREET_NUMBER, "street-number", "house number, where it has a column of its own") \
    X(STREET,        "street",        "street and house number, or an address line") \
    X(ADDRESS,       "address",       "a whole address") \
    X(CITY,          "city",          "town or suburb") \
    X(REGION,        "region",        "state, province, county") \
    X(POSTCODE,      "postcode",      "postal code") \
    X(IDENTIFIER,    "identifier",    "tax, social security, passport or similar number") \
    X(GENDER,        "gender",        "gender") \
    X(PLACE,         "place",         "place of birth") \
    X(OCCUPATION,    "occupation",    "occupation, employer, industry") \
    X(KIND,          "kind",          "tells persons from organisations") \
    X(BIRTH_YEAR,    "birth-year",    "year of birth, where it has a column of its own") \
    X(BIRTH_MONTH,   "birth-month",   "month of birth, beside a year of birth") \
    X(BIRTH_DAY,     "birth-day",     "day of the month of birth, beside a year of birth")
/* clang-format on */

enum matching_field {
#define X(symbol, name, meaning) MATCHING_FIELD_##symbol,
    MATCHING_FIELD_TABLE(X)
#undef X
        MATCHING_FIELD_COUNT
};

#endif
