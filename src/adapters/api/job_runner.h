/* The port to whoever does long work: takes uploads, runs imports and exports, keeps their files.
 *
 * The record of a job (state, progress) is in the store and is read through application/jobs.h;
 * this port starts work and hands out what it left behind. What starts a job puts its file into the
 * store first and then its record, in one unit of work on the store that is given; *job is filled
 * before that ends, so that an answer may be kept in it. Whichever instance takes the job runs it.
 * What concerns uploads and results runs in a thread for that, so it may block; the other functions
 * in the coroutine of a request, on any loop.
 *
 *     upload = import_open(parameters)       a file without a name
 *     import_write(upload, chunk) ...        as the body arrives
 *     import_start(upload, store) -> job     the file is complete: the job is QUEUED
 *     import_propose(upload) -> JSON         instead: what its columns seem to be; then import_drop
 *     import_drop(upload)                    instead of import_start: nothing is left
 */
#ifndef ADAPTERS_API_JOB_RUNNER_H
#define ADAPTERS_API_JOB_RUNNER_H

#include "application/create_customer.h"
#include "application/jobs.h"

enum import_form { IMPORT_DETECT, IMPORT_CSV, IMPORT_NDJSON };

struct import_parameters {
    enum import_form form;
    struct str source;     /* the system that the records come from; never empty */
    struct str key_column; /* the column or member that is the source key; absent: none */
    struct str encoding;   /* of CSV, as csv_encoding_parse() takes it; absent: it is found */
    struct str separator;  /* the same, as csv_separator_parse() takes it */
    struct str mapping;    /* JSON object {"column":"field"}; absent: columns are named as fields */
    enum duplicate_choice on_duplicate;
    int64_t errors_max; /* it gives up when more rows than that were refused; 0: no bound */
    bool dry_run;       /* tells what would happen, and writes nothing */
};

/* All that is known, as lines of JSON; or golden profiles, as CSV. */
enum export_form { EXPORT_NDJSON, EXPORT_CSV };

#define SCAN_NEVER_MERGES 2.0 /* no probability is as high */

struct import_upload;
struct job_file_reader;

struct job_runner {
    /* STATUS_INVALID_VALUE names a parameter that is not in order; STATUS_STORE_FULL. */
    enum status (*import_open)(struct job_runner *runner, const struct caller *caller,
                               const struct import_parameters *parameters, struct arena *arena,
                               struct import_upload **upload, struct error *error);
    enum status (*import_write)(struct import_upload *upload, struct str chunk,
                                struct error *error);
    /* What the columns seem to be (adapters/jobs/mapping_proposal.h), as JSON; instead of
     * import_start, and before import_drop. */
    enum status (*import_propose)(struct import_upload *upload, struct arena *arena,
                                  struct str *json, struct error *error);
    /* Takes the upload in any case. */
    enum status (*import_start)(struct import_upload *upload, struct store *store,
                                struct arena *arena, struct job_row *job, struct error *error);
    void (*import_drop)(struct import_upload *upload);

    /* Takes an import back, or goes on with it: application/undo_import.h. */
    enum status (*undo_start)(struct job_runner *runner, struct store *store,
                              const struct caller *caller, struct str import_id,
                              struct arena *arena, struct job_row *job, struct error *error);
    enum status (*export_start)(struct job_runner *runner, struct store *store,
                                const struct caller *caller, enum export_form form,
                                struct arena *arena, struct job_row *job, struct error *error);

    /* Compares all customers with each other; what is alike goes into the review queue, and is
     * merged at once from the probability `merge_from` on. */
    enum status (*scan_start)(struct job_runner *runner, struct store *store,
                              const struct caller *caller, double merge_from, struct arena *arena,
                              struct job_row *job, struct error *error);

    /* Brings what is kept of all customers to the survivorship policy in force:
     * application/recompute_customers.h. */
    enum status (*recompute_start)(struct job_runner *runner, struct store *store,
                                   const struct caller *caller, struct arena *arena,
                                   struct job_row *job, struct error *error);

    /* The bytes of an export, in the form that its parameters name. STATUS_RESULT_NOT_FOUND when
     * the job has none (yet, or any more). The caller has checked that the job is its tenant's. */
    enum status (*file_open)(struct job_runner *runner, const struct caller *caller,
                             struct str job_id, struct arena *arena,
                             struct job_file_reader **reader, struct error *error);
    /* Up to `size` bytes; `*count` is 0 at the end. */
    enum status (*file_read)(struct job_file_reader *reader, char *bytes, size_t size,
                             size_t *count, struct error *error);
    void (*file_close)(struct job_file_reader *reader);
};

#endif
