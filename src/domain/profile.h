/* What a profile may say: the table of its fields, and the checking of what comes in.
 *
 * The table `profile_fields` is the one place that knows names, shapes, limits and how a value is
 * normalised; parsing, survivorship, differences, OpenAPI and documentation all read it.
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
    SHAPE_MAP          /* text keys, text | boolean | number values; keys survive one by one */
};

struct profile_field {
    struct str name;
    enum field_shape shape;
    enum field_shape element; /* of a SHAPE_TEXT_LIST */
    struct str allowed;       /* for people and programs: "ACTIVE | INACTIVE | ON_HOLD" */
    size_t length_max;        /* characters of a text, count of a list or map */
    const struct profile_field *members; /* of an object list's element */
    size_t member_count;
    bool required; /* at creation, or within the element */
};

extern const struct profile_field profile_fields[];
extern const size_t profile_field_count;
/* NULL when there is none of that name. */
const struct profile_field *profile_field_find(struct str name);

/* A checked request body. `assertion` is the body of a FACT_ASSERTION (normalised values);
 * `contacts` the checked contact objects as given (contactId may be absent). */
struct profile_input {
    struct str customer_id; /* absent when not given */
    struct json_value *assertion;
    struct json_value *contacts; /* array, maybe empty */
};

/* A body of POST /customers. Unknown, missing and malformed fields are named with their path and
 * what is allowed. Read-only members (version, createdAt, updatedAt) are refused. */
MUST_CHECK enum status profile_parse_create(const struct json_value *body, struct arena *arena,
                                            struct profile_input *out, struct error *error);
/* A merge-patch (RFC 7396) against the golden attributes `current`: gives the assertion that brings
 * them to the patched state: changed members only, null for removed ones, new list elements
 * asserted and dropped ones retracted. An empty object when the patch changes nothing. */
MUST_CHECK enum status profile_parse_patch(const struct json_value *patch,
                                           const struct json_value *current, struct arena *arena,
                                           struct json_value **assertion, struct error *error);

/* Canonical forms, used for equality of elements and for exact identifiers: e-mail in lower case,
 * phone as + and digits (a number without country code keeps its digits), identifier without
 * spaces, dots and dashes in upper case. In the arena; absent when out of memory. */
struct str profile_canonical_email(struct str email, struct arena *arena);
struct str profile_canonical_phone(struct str phone, struct arena *arena);
struct str profile_canonical_identifier(struct str value, struct arena *arena);
/* A name for exact comparison: lower case ASCII and Latin letters without accents, punctuation
 * dropped, white space single. */
struct str profile_canonical_name(struct str name, struct arena *arena);

#endif
