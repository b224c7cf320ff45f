/* Which column of a file is which field: by the words of its header, by its content where the
 * header says nothing, or as the caller says. */
#ifndef MATCHING_COLUMNS_H
#define MATCHING_COLUMNS_H

#include "matching/record.h"
#include "matching/table_reader.h"

enum { COLUMNS_TYPE_MAX = 32 };

struct column {
    enum matching_field field;
    char type[COLUMNS_TYPE_MAX]; /* of an identifier: "vat" */
};

struct columns {
    struct column *column;
    size_t count;
    ptrdiff_t id; /* the column with the rows' ids, -1: their numbers are the ids */
    struct record_rules rules;
};

/* What the caller says, in place of what would be recognised. All by the column's header. */
struct columns_request {
    const char *const *maps; /* "header=field" or "header=identifier:vat" */
    size_t map_count;
    const char *const *ignored;
    size_t ignored_count;
    const char *id; /* NULL: recognise */
};

/* Recognises the columns from the header and the rows of the first chunk. Fails when the request
 * names a column or field that is not there, or when no column can be used. Free with
 * columns_release(). */
enum status columns_recognise(const struct table_reader *reader, const struct table_chunk *sample,
                              const struct columns_request *request, struct columns *columns,
                              struct error *error);
void columns_release(struct columns *columns);

/* "given-name"; the names of MATCHING_FIELD_TABLE. */
const char *columns_field_name(enum matching_field field);

#endif
