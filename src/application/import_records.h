/* Imports a batch of records in one unit of work.
 *
 * A record with a source key is an upsert: the home that the (source, key) was given to gets a new
 * assertion, else a profile is created. Without one it is created. A record that is to be created
 * and certainly is a customer already (or an earlier record of the batch) is DUPLICATE and is not
 * written. Contacts of an update are compared with what the source said of them before, see
 * import_contacts.h.
 *
 * A customer that an undo has removed is there again when its source record comes again, or a
 * record that gives its customerId.
 *
 * A bad row is reported and skipped; the batch goes on. Memory is bounded by the batch.
 */
#ifndef APPLICATION_IMPORT_RECORDS_H
#define APPLICATION_IMPORT_RECORDS_H

#include "application/create_customer.h"
#include "application/import_counts.h"

struct import_record {
    struct str source_key;         /* absent: none */
    instant observed_at;           /* INSTANT_NONE: now */
    const struct json_value *body; /* as profile_parse_create takes it */
    struct str trace;              /* absent: the caller's */
};

struct import_result {
    enum import_outcome outcome;
    struct str customer_id; /* of the profile that was written, or that the duplicate is of */
    struct error error;     /* why it is INVALID or DUPLICATE */
};

struct import_trial; /* import_trial.h */

struct import_settings {
    struct str source; /* the system that the records come from (an identifier) */
    enum duplicate_choice on_duplicate;
    struct str import_id; /* the job that it is; absent: none, and it cannot be undone */
    int64_t epoch;        /* that the job was opened or taken with */
    /* Not NULL: everything is done and nothing written. */
    struct import_trial *trial;
};

/* What is written in the same transaction as the rows, so that the import can go on behind them or
 * be taken back: a step of the job. */
struct import_step {
    int64_t number;
    struct import_counts before; /* the batch */
    struct import_counts after;  /* given by conclude() */
    /* Called when the results are there, maybe more than once: gives the counts, and writes a line
     * of JSON for each row that has something to be told. */
    void (*conclude)(struct import_step *step, struct buffer *report);
    void *context;
};

enum { IMPORT_BATCH_MAX = 1000 };

/* Whether a status is about the record; any other is about the batch. */
bool import_records_blames(enum status status);
/* `results` has room for `count`, at most IMPORT_BATCH_MAX. A status other than OK means that
 * nothing of the batch was written. */
MUST_CHECK enum status import_records(struct application *application, const struct caller *caller,
                                      const struct import_settings *settings,
                                      const struct import_record *records, size_t count,
                                      struct arena *arena, struct import_result *results,
                                      struct error *error);

/* The same in two steps, so that one batch can be prepared while another is written. The first asks
 * nothing of the store and may run on any thread; the second may be called again when it failed.
 * What the first is given lives until the second is over; `results` is complete only then. */
struct import_batch;
MUST_CHECK enum status import_records_prepare(struct application *application,
                                              const struct caller *caller,
                                              const struct import_settings *settings,
                                              const struct import_record *records, size_t count,
                                              struct arena *arena, struct import_result *results,
                                              struct import_batch **batch, struct error *error);
/* `step` may be NULL. STATUS_JOB_ENDED when the job was cancelled. */
MUST_CHECK enum status import_records_write(struct import_batch *batch, struct import_step *step,
                                            struct error *error);

#endif
