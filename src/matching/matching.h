/* The matching library: who is who among customers. This is the header for other programs and for
 * the rest of this one; everything else in this folder is behind it or behind bulk.h (files).
 * Needs src/base, libc, libm and libpthread. Names that are stored (fields, keys, model text) keep
 * their meaning from version to version.
 *
 * A record is a list of typed values. It is normalised once, to its normal form: bytes that can be
 * stored beside it, less than a hundred for a common person. From these come its blocking keys,
 * which go into an index, and comparisons. To find the candidates of a record: look its keys up,
 * then compare it with each record found.
 *
 * A normal form names the MATCHING_NORMAL_VERSION of the engine that made it. One of another
 * version is refused like any bytes that are none, and is to be made anew from the record.
 *
 *     struct matching_value values[] = {{MATCHING_FIELD_FULL_NAME, STR(""), STR("Ann Lee")},
 *                                       {MATCHING_FIELD_EMAIL, STR(""), STR("ann@x.org")}};
 *     TRY(matching_normalise(values, 2, &arena, &normal, error));
 *     TRY(matching_keys(normal, NULL, keys, &key_count, error));              index or look up
 *     TRY(matching_query_new(matcher, normal, &query, error));
 *     TRY(matching_query_compare(query, candidate, &outcome, error));   for each candidate
 *     if (outcome.decision == MATCHING_MATCH) ...
 *
 * A matcher is read-only after it was made and may be shared between threads; a query belongs to
 * one thread.
 */
#ifndef MATCHING_MATCHING_H
#define MATCHING_MATCHING_H

#include "base/buffer.h"
#include "base/status.h"
#include "matching/field.h"

enum { MATCHING_NORMAL_VERSION = 3, MATCHING_KEYS_MAX = 128, MATCHING_PARTS_MAX = 16 };

struct matching_value {
    enum matching_field field;
    struct str type; /* of an identifier: "vat"; else "" */
    struct str text; /* as it came, any bytes */
};

/* The record in normal form, in the arena. Never fails for what is in the values;
 * STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status matching_normalise(const struct matching_value *values, size_t count,
                                          struct arena *arena, struct str *normal,
                                          struct error *error);

/* Whether the bytes, if they are a normal form, are one of this engine's version. */
bool matching_normal_is_current(struct str normal);
/* Shows each value, whose text is only valid until the visitor returns; false as soon as the
 * visitor answers so, and when the bytes are no normal form. */
typedef bool matching_normal_visitor(void *context, enum matching_field field, struct str text);
bool matching_normal_visit(struct str normal, matching_normal_visitor *visitor, void *context);

struct matching_key {
    uint64_t hash; /* never 0; of the type and the values; equal on every machine */
    uint8_t type;
    bool organisation; /* whose key it is */
};
/* The name of a key type, for reports: "family name + birth date". */
struct str matching_key_name(uint8_t type, bool organisation);

/* Which types of keys are wanted of a person and of an organisation: a bit for each. */
struct matching_key_choice {
    uint32_t person, organisation;
};
/* keys has room for MATCHING_KEYS_MAX; `choice` may be NULL: all. STATUS_INVALID_VALUE when it is
 * no normal form. */
MUST_CHECK enum status matching_keys(struct str normal, const struct matching_key_choice *choice,
                                     struct matching_key *keys, size_t *count, struct error *error);

/* ------------------------------------------------------------------ deciding */

struct matching_settings {
    struct str model_text; /* absent: the shipped models */
    double records;        /* how many there are to match with: the more, the surer one must be */
    double match_from;     /* probability; 0: 0.95 */
    double review_from;    /* probability; 0: 0.5 */
    /* How many records have the value, of those that have any in that field; may be NULL. The field
     * is one of MATCHING_FIELD_GIVEN_NAME, FAMILY_NAME, ORGANISATION, ...; the text is normal. */
    bool (*count)(void *context, enum matching_field field, struct str text, double *having,
                  double *of);
    void *count_context;
};

/* Whether a value is what people type when a form wants one: "n/a", "Pending", "000000",
 * "123456789". Such values are missing in what the engine compares. */
bool matching_says_nothing(struct str value);

struct matching_matcher;
MUST_CHECK enum status matching_matcher_new(const struct matching_settings *settings,
                                            struct matching_matcher **matcher, struct error *error);
void matching_matcher_free(struct matching_matcher *matcher);
/* Names the models: equal for equal numbers. Valid while the matcher is. */
struct str matching_matcher_version(const struct matching_matcher *matcher);

enum matching_decision { MATCHING_NO_MATCH, MATCHING_REVIEW, MATCHING_MATCH };

/* One step of the waterfall. Its texts live for ever. */
struct matching_part {
    struct str comparison; /* "family_name" */
    struct str level;      /* "exact" */
    double weight;         /* bits */
    double frequency;      /* the part of it that is the value's frequency */
};

struct matching_outcome {
    enum matching_decision decision;
    double probability, log_odds;
    double prior, related; /* first and last steps of the waterfall, bits */
    struct matching_part parts[MATCHING_PARTS_MAX];
    size_t part_count;
};

struct matching_query;
/* A record to be compared with many; `normal` is copied. Reuse is cheaper than making anew. */
MUST_CHECK enum status matching_query_new(const struct matching_matcher *matcher, struct str normal,
                                          struct matching_query **query, struct error *error);
/* STATUS_INVALID_VALUE when it is no normal form. */
MUST_CHECK enum status matching_query_compare(struct matching_query *query, struct str normal,
                                              struct matching_outcome *outcome,
                                              struct error *error);
/* The waterfall of the last comparison as a picture (a whole SVG document). */
void matching_query_svg(const struct matching_query *query, struct str title, struct buffer *out);
void matching_query_free(struct matching_query *query);

#endif
