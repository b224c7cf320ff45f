/* What a dry run shows besides counts: the first few of each outcome, as lines for people or as
 * elements of a JSON array. */
#ifndef SERVICE_IMPORT_SAMPLES_H
#define SERVICE_IMPORT_SAMPLES_H

#include "application/import_records.h"
#include "application/undo_import.h"

enum { IMPORT_SAMPLES_OF_EACH = 3 };

struct import_samples {
    struct buffer out; /* its arena is given */
    bool json;
    int of_import[IMPORT_OUTCOME_COUNT], of_undo[UNDO_OUTCOME_COUNT];
};

/* A row of a file, and what it says. */
void import_samples_row(struct import_samples *samples, int64_t row,
                        const struct import_result *result, const struct json_value *body);
/* A customer of an import that would be taken back; `name` may be absent. */
void import_samples_home(struct import_samples *samples, struct str home, enum undo_outcome outcome,
                         struct str name);
/* Lines, or the elements with commas between. */
struct str import_samples_text(const struct import_samples *samples);

#endif
