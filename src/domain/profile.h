/* What a profile may say: the table of its fields, and the checking of what comes in.
 *
 * The table `profile_fields` is the one place that knows names, shapes, limits and how a value is
 * normalised; parsing, survivorship, differences, OpenAPI and documentation all read it.
 *
 * Values are kept as they were written but for this: white space around them goes; the domain of an
 * e-mail address, a country, a language tag and a code get their customary case; of a phone number
 * the digits and the leading + stay (and the "(0)" of "+49 (0)30 ..." goes, which is not dialled).
 * Equal elements of a list are taken once. No text holds control characters.
 *
 * kind and status are not filled in: what nobody asserted is a default of golden.h, so that an
 * imported record without a status never speaks against one that has it.
 */
#ifndef DOMAIN_PROFILE_H
#define DOMAIN_PROFILE_H

#include "base/status.h"
#include "formats/json.h"

enum field_shape {
    SHAPE_TEXT,
    SHAPE_ENUM,
    SHAPE_DATE,
    SHAPE_COUNTRY,  /* ISO 3166-1 alpha-2 */
    SHAPE_LANGUAGE, /* BCP 47 */
    SHAPE_EMAIL,
    SHAPE_PHONE,
    SHAPE_URL,
    SHAPE_IDENTIFIER,  /* of another thing of ours */
    SHAPE_TEXT_LIST,   /* of `element` shape; elements survive one by one */
    SHAPE_OBJECT_LIST, /* elements survive as a whole */
    SHAPE_MAP,         /* text keys, text | boolean | number values; keys survive one by one */
    SHAPE_CODE,        /* 1 to length_max of A-Z 0-9 _ ; lower case is taken and raised */
    SHAPE_INSTANT,     /* RFC 3339; kept in UTC */
    SHAPE_OBJECT       /* of `members`, as a whole */
};

struct profile_field {
    struct str name;
    enum field_shape shape;
    enum field_shape element; /* of a SHAPE_TEXT_LIST */
    struct str allowed;       /* for people and programs: "ACTIVE | INACTIVE | ON_HOLD" */
    size_t length_max;        /* characters of a text, count of a list or map */
    const struct profile_field *members; /* of an object, or of an object list's element */
    size_t member_count;
    bool required; /* at creation, or within the element */
};

extern const struct profile_field profile_fields[];
extern const size_t profile_field_count;
/* NULL when there is none of that name. */
const struct profile_field *profile_field_find(struct str name);

/* A checked request body. `assertion` is the body of a FACT_ASSERTION (normalised values) in the
 * order of profile_fields; `contacts` the checked contact objects, each the body of a FACT_CONTACT
 * with a first member contactId if it was given: contact_take_id() (contact.h) takes it out. No
 * contactId is given twice. */
struct profile_input {
    struct str customer_id; /* absent when not given */
    struct json_value *assertion;
    struct json_value *contacts; /* array, maybe empty */
};

/* A body of POST /customers, or one record of an import. Unknown, missing and malformed fields are
 * named with their path and what is allowed. Read-only members (version, createdAt, updatedAt) are
 * refused. A null counts as not given.
 * STATUS_UNKNOWN_FIELD, STATUS_REQUIRED_FIELD, STATUS_INVALID_VALUE, STATUS_LIMIT_EXCEEDED,
 * STATUS_DUPLICATE_FIELD (a contactId). */
MUST_CHECK enum status profile_parse_create(const struct json_value *body, struct arena *arena,
                                            struct profile_input *out, struct error *error);
/* A merge-patch (RFC 7396) against the golden attributes `current`: gives the assertion that brings
 * them to the patched state: changed members only, null for removed ones, new list elements
 * asserted and dropped ones retracted, and the order of a list that changed. Elements that stay are
 * not asserted again: they remain their own home's word, and leave with it at an unmerge. An empty
 * object when the patch changes nothing. name, kind and status cannot be removed. */
MUST_CHECK enum status profile_parse_patch(const struct json_value *body,
                                           const struct json_value *current, struct arena *arena,
                                           struct json_value **assertion, struct error *error);

/* Divides an assertion of profile_parse_patch, which was made against what a merged customer shows,
 * by what one home alone shows (`current`): `news` is what changes that, `rest` what says it again
 * or takes back what is not there. Each member, entry and element is in one of them; an order is
 * news unless the elements that are there stand in it already. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status profile_split_assertion(const struct json_value *assertion,
                                               const struct json_value *current,
                                               struct arena *arena, struct json_value **news,
                                               struct json_value **rest);

/* The part of it that looks at members which are no attributes: refuses what is not an object, and
 * customerId, contacts, version, createdAt and updatedAt. */
MUST_CHECK enum status profile_refuse_unpatchable(const struct json_value *patch,
                                                  struct error *error);
/* Does an assertion assert, retract or order nothing at all? */
bool profile_assertion_is_empty(const struct json_value *assertion);

/* Canonical forms, used for equality of elements and for exact identifiers: e-mail in lower case,
 * beyond ASCII in the form NFKC, its domain in letters also when it was given in code (xn--...),
 * phone as + and digits (00 in front becomes +; a number without country code keeps its digits),
 * identifier without spaces, dots and dashes in upper case. In the arena; absent when out of
 * memory. */
struct str profile_canonical_email(struct str email, struct arena *arena);
struct str profile_canonical_phone(struct str phone, struct arena *arena);
struct str profile_canonical_identifier(struct str value, struct arena *arena);
/* A name for exact comparison: lower case ASCII and Latin letters without accents (ß is ss, æ ae,
 * ø o); full stops, apostrophes and combining marks dropped, other punctuation a space, white space
 * single. Letters of other scripts stay as they are. */
struct str profile_canonical_name(struct str name, struct arena *arena);
/* What makes two elements of a list field the same one, as a text: "VAT|DE123456789". */
struct str profile_element_key(const struct profile_field *field, const struct json_value *element,
                               struct arena *arena);

#endif
