/* Imports a batch of records in one unit of work.
 *
 * A record with a source key is an upsert: the home that the (source, key) was given to gets a new
 * assertion, else a profile is created. Without one it is created. A record that is to be created
 * and certainly is a customer already (or an earlier record of the batch) is DUPLICATE and is not
 * written. Contacts of an update are matched by contactId.
 *
 * A bad row is reported and skipped; the batch goes on. Memory is bounded by the batch.
 */
#ifndef APPLICATION_IMPORT_RECORDS_H
#define APPLICATION_IMPORT_RECORDS_H

#include "application/create_customer.h"

struct import_record {
    struct str source_key;         /* absent: none */
    instant observed_at;           /* INSTANT_NONE: now */
    const struct json_value *body; /* as profile_parse_create takes it */
};

enum import_outcome {
    IMPORT_CREATED,
    IMPORT_UPDATED,
    IMPORT_UNCHANGED,
    IMPORT_DUPLICATE,
    IMPORT_INVALID,
    IMPORT_OUTCOME_COUNT
};

struct import_result {
    enum import_outcome outcome;
    struct str customer_id; /* of the profile that was written, or that the duplicate is of */
    struct error error;     /* why it is INVALID or DUPLICATE */
};

enum { IMPORT_BATCH_MAX = 1000 };

/* `source` names the system the records come from (an identifier). `results` has room for `count`,
 * at most IMPORT_BATCH_MAX. A status other than OK means that nothing of the batch was written. */
MUST_CHECK enum status import_records(struct application *application, const struct caller *caller,
                                      struct str source, const struct import_record *records,
                                      size_t count, enum duplicate_choice on_duplicate,
                                      struct arena *arena, struct import_result *results,
                                      struct error *error);

/* The same in two steps, so that one batch can be prepared while another is written. The first asks
 * nothing of the store and may run on any thread; the second may be called again when it failed.
 * What the first is given lives until the second is over; `results` is complete only then. */
struct import_batch;
MUST_CHECK enum status import_records_prepare(struct application *application,
                                              const struct caller *caller, struct str source,
                                              const struct import_record *records, size_t count,
                                              enum duplicate_choice on_duplicate,
                                              struct arena *arena, struct import_result *results,
                                              struct import_batch **batch, struct error *error);
MUST_CHECK enum status import_records_write(struct import_batch *batch, struct error *error);

#endif
