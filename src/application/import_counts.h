/* How far an import is: what became of its rows, and of which bytes. Recorded with each of its
 * steps (job_step.document), so that it can go on from there.
 */
#ifndef APPLICATION_IMPORT_COUNTS_H
#define APPLICATION_IMPORT_COUNTS_H

#include "formats/json.h"

enum import_outcome {
    IMPORT_CREATED,
    IMPORT_UPDATED,
    IMPORT_UNCHANGED,
    IMPORT_DUPLICATE,
    IMPORT_INVALID,
    IMPORT_OUTCOME_COUNT
};

struct import_counts {
    int64_t rows; /* seen so far, refused ones included */
    int64_t outcomes[IMPORT_OUTCOME_COUNT];
    int64_t bytes;   /* of the stream */
    uint64_t digest; /* of the rows seen so far: the same file has the same one at the same row */
    bool restore;    /* it is an export: rows are its lines, there are no outcomes */
};

/* rows (or lines), one member per outcome, bytes and digest, into an open object. */
void import_counts_write(struct json_writer *writer, const struct import_counts *counts);
/* From such an object; false when it is none. */
bool import_counts_read(const struct json_value *object, struct import_counts *counts);
/* Rows that were not taken. */
int64_t import_counts_refused(const struct import_counts *counts);

#endif
