/* The first rows of a file, before anybody knows what its columns mean. */
#ifndef ADAPTERS_JOBS_RECORD_SAMPLE_H
#define ADAPTERS_JOBS_RECORD_SAMPLE_H

#include "adapters/jobs/record_reader.h"

enum { RECORD_SAMPLE_ROWS = 200 };

struct record_sample {
    enum record_form form;      /* found, when it was not given */
    char separator;             /* of CSV */
    enum csv_encoding encoding; /* of CSV; DETECT while all is ASCII */
    struct str *columns;
    size_t column_count;
    struct str **rows; /* each with a cell, maybe empty, for each column */
    size_t row_count;
};

/* Reads the beginning of the file and leaves the place of the descriptor as it is. STATUS_IO (a
 * pipe cannot be read twice), STATUS_REQUIRED_FIELD when there is not even a header. */
MUST_CHECK enum status record_sample_read(int descriptor, enum record_form form, char separator,
                                          struct arena *arena, struct record_sample *sample,
                                          struct error *error);

#endif
