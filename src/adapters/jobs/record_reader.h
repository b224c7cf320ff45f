/* From a stream of bytes to batches of records ready to be imported: CSV, NDJSON, or the lines of
 * an export. Knows the form and the mapping; reads a descriptor, blocking.
 *
 * Memory is bounded: one batch, one row of 1 MiB, one piece of the stream.
 */
#ifndef ADAPTERS_JOBS_RECORD_READER_H
#define ADAPTERS_JOBS_RECORD_READER_H

#include "adapters/jobs/record_mapping.h"
#include "application/import_records.h"
#include "formats/csv.h"

enum record_form {
    RECORD_FORM_DETECT, /* from the first byte that is no white space: { is NDJSON, else CSV */
    RECORD_FORM_CSV,
    RECORD_FORM_NDJSON
};

/* The form of a file by how it begins, when it is to be found. STATUS_INVALID_VALUE for what is no
 * text at all, such as a spreadsheet, and for JSON that is not in lines: says what to make of it.
 */
MUST_CHECK enum status record_form_find(struct str head, enum record_form *form,
                                        struct error *error);

/* A row that could not be read. */
struct refused_row {
    int64_t row; /* from 1, as in a spreadsheet: the header of a CSV file is the first */
    struct error error;
    struct str original;
};

/* How a row stood in the stream: cells of CSV, or the text of a line. */
struct record_original {
    const struct str *cells;
    size_t count;
    struct str line;
};

/* Owned by the importer and filled anew by record_reader_fill. */
struct record_batch {
    struct arena arena; /* of all that is in it */
    size_t capacity;
    size_t full_bytes; /* past that, more rows are left for the next one */
    size_t count;
    struct import_record *records; /* room for `capacity`, allocated with the batch */
    const struct json_value **lines;
    int64_t *rows;                     /* the row number of each */
    struct record_original *originals; /* of each */
    struct refused_row *refused;
    size_t refused_count;
    int64_t bytes_read; /* of the stream so far */
    uint64_t digest;    /* of all rows so far */
    bool restore;       /* lines of an export: `lines` is filled, not `records` */
    bool end;           /* nothing comes after it */
};

MUST_CHECK enum status record_batch_init(struct record_batch *batch, size_t capacity,
                                         size_t full_bytes, struct error *error);
void record_batch_release(struct record_batch *batch);

struct record_reader;

/* `rules` lives as long as the reader. NULL when out of memory. */
struct record_reader *record_reader_new(int descriptor, enum record_form form,
                                        const struct mapping_rules *rules);
void record_reader_free(struct record_reader *reader);
/* Before the first fill: passes over that many rows, which must have that digest, for they were
 * read before. */
void record_reader_resume(struct record_reader *reader, int64_t rows, uint64_t digest);
/* The column, or member, that a field of a refused record came from; absent when it is not known.
 * `field` is a path as in an error. */
struct str record_reader_column(const struct record_reader *reader, struct str field);
/* A row as text. */
struct str record_original_text(const struct record_original *original, struct arena *arena);
/* From another thread: a fill that waits for the stream returns STATUS_IO soon. */
void record_reader_stop(struct record_reader *reader);
/* Fails only when the whole stream is lost: it cannot be read, has no header or one that does not
 * fit the mapping, is not the one that was begun with (STATUS_INVALID_VALUE), or memory is out. */
MUST_CHECK enum status record_reader_fill(struct record_reader *reader, struct record_batch *batch,
                                          struct error *error);

#endif
