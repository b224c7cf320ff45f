/* From the columns of a file to the fields of a profile.
 *
 * A column goes to a field path:
 *     name                     a field
 *     emails                   a list of texts: the cell is split at ';', several columns add up
 *     emails[1]                one place of it
 *     contacts[0].email        a member of an element; `contacts.email` is the first one
 *     contacts[0].roles        split at ';' as well
 *     identifiers.VAT          an identifier of that type, with the cell as its value
 *     preferences.newsletter   a key of a map
 * Without a mapping a column is named as its field, in any case. An empty cell says nothing.
 *
 * Paths are checked once, at the start, against the tables of the domain; values are checked by
 * whoever takes the record.
 */
#ifndef ADAPTERS_JOBS_RECORD_MAPPING_H
#define ADAPTERS_JOBS_RECORD_MAPPING_H

#include "base/status.h"
#include "formats/csv.h"
#include "formats/json.h"

struct column_map {
    struct str column;
    struct str field; /* empty: the column is passed over */
};

struct mapping_rules {
    const struct column_map *maps; /* by exact name of the column */
    size_t map_count;
    struct str key_column; /* absent: none */
    enum csv_encoding encoding;
    char separator;         /* '\0': it is found */
    bool pass_over_unknown; /* columns that are no field and not mapped; else they are refused */
};

/* Reads {"column":"field","other":null}; "*" with null passes over what is unknown. Absent text is
 * no rule. `rules->key_column` is left alone. */
MUST_CHECK enum status mapping_rules_parse(struct str json, struct arena *arena,
                                           struct mapping_rules *rules, struct error *error);

struct record_mapping;

/* STATUS_UNKNOWN_FIELD / STATUS_INVALID_VALUE name the column or the path; STATUS_REQUIRED_FIELD a
 * mapped or key column that is not there. Everything is copied into the arena. */
MUST_CHECK enum status record_mapping_new(const struct mapping_rules *rules,
                                          const struct str *columns, size_t count,
                                          struct arena *arena, struct record_mapping **mapping,
                                          struct error *error);
/* One row. `source_key` is absent when there is no key column or its cell is empty. The body points
 * into the cells. */
MUST_CHECK enum status record_mapping_row(const struct record_mapping *mapping,
                                          const struct str *cells, size_t count,
                                          struct arena *arena, struct json_value **body,
                                          struct str *source_key, struct error *error);
/* The column that the field of an error came from; absent when it is none. */
struct str record_mapping_column(const struct record_mapping *mapping, struct str field);
/* Can a column be mapped to it? */
bool record_mapping_is_field(struct str path);
/* Is the path that field, or a part of it? */
bool record_mapping_is_under(struct str path, struct str field);
/* One object of NDJSON: members that are mapped are renamed to a top-level field, the key column is
 * taken out; all else stays as it is. */
MUST_CHECK enum status record_mapping_object(const struct mapping_rules *rules,
                                             const struct json_value *object, struct arena *arena,
                                             struct json_value **body, struct str *source_key,
                                             struct error *error);

#endif
