/* Runs an import: a descriptor with CSV, NDJSON or an export, into the use cases, batch by batch.
 *
 * Two threads: one reads and parses the next batch while the caller's writes the one before.
 * Batches are written in the order of the file, each in one transaction, so that a row sees all
 * before it. A batch that met a conflict or an unavailable store is tried again a few times; when
 * the outcome of a commit is unknown the import stops and says which rows are in doubt.
 *
 * Blocking: for a thread of its own or the command line.
 */
#ifndef ADAPTERS_JOBS_IMPORTER_H
#define ADAPTERS_JOBS_IMPORTER_H

#include "adapters/jobs/record_reader.h"

struct import_counts {
    int64_t rows; /* seen so far, refused ones included */
    int64_t outcomes[IMPORT_OUTCOME_COUNT];
    int64_t bytes;
    bool restore; /* it is an export: rows are its lines, there are no outcomes */
};

struct importer_options {
    struct application *application;
    struct caller caller;
    enum record_form form;
    struct str source;
    struct mapping_rules rules;
    enum duplicate_choice on_duplicate;
    /* The file of an export is written as it is, with the actors and consent records that it names:
     * for operators only. Without it such a file is STATUS_FORBIDDEN. */
    bool may_restore;
    size_t batch; /* rows per transaction, at most IMPORT_BATCH_MAX */
    /* A row that was not written, with why; customer_id is what a duplicate is of. May be NULL. */
    void (*refused)(void *context, int64_t row, enum import_outcome outcome, struct str customer_id,
                    const struct error *why);
    /* After each batch; anything but STATUS_OK stops the import with that status. May be NULL. */
    enum status (*progress)(void *context, const struct import_counts *counts);
    void *context;
};

/* On failure `counts` tells what was written before. */
MUST_CHECK enum status importer_run(const struct importer_options *options, int descriptor,
                                    struct import_counts *counts, struct error *error);

#endif
