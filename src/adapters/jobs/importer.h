/* Runs an import: a descriptor with CSV, NDJSON or an export, into the use cases, batch by batch.
 *
 * Two threads: one reads and parses the next batch while the caller's writes the one before.
 * Batches are written in the order of the file, each in one transaction, so that a row sees all
 * before it. A batch that met a conflict or an unavailable store is tried again a few times. With a
 * job each batch is a step of it, written by the same transaction: so an import that was
 * interrupted anywhere goes on behind its last step, and whether a commit without an answer
 * happened is seen by whether its step is there. Without a job the import stops there and says
 * which rows are in doubt.
 *
 * Blocking: for a thread of its own or the command line.
 */
#ifndef ADAPTERS_JOBS_IMPORTER_H
#define ADAPTERS_JOBS_IMPORTER_H

#include "adapters/jobs/record_reader.h"

struct importer_options {
    struct application *application;
    struct caller caller;
    enum record_form form;
    struct import_settings settings; /* without its trial */
    bool dry_run;
    struct mapping_rules rules;
    /* The file of an export is written as it is, with the actors and consent records that it names:
     * for operators only. Without it such a file is STATUS_FORBIDDEN. */
    bool may_restore;
    size_t batch;        /* rows per transaction, at most IMPORT_BATCH_MAX */
    size_t memory_bytes; /* that it may use, roughly */
    int64_t errors_max;  /* it gives up when more rows than that were refused; 0: no bound */
    /* Lines of job_report.h about rows of a batch that was written. May be NULL. */
    void (*told)(void *context, struct str lines);
    /* Each row that was read, when its batch is over, with what it says. May be NULL. */
    void (*sampled)(void *context, int64_t row, const struct import_result *result,
                    const struct json_value *body);
    /* After each batch; anything but STATUS_OK stops the import with that status. May be NULL. */
    enum status (*progress)(void *context, const struct import_counts *counts);
    void *context;
};

/* Where an import begins: all zero, or behind its last step. */
struct import_position {
    int64_t step;
    struct import_counts counts;
};

/* `at` is moved on; on failure it tells what was written before. */
MUST_CHECK enum status importer_run(const struct importer_options *options, int descriptor,
                                    struct import_position *at, struct error *error);

#endif
