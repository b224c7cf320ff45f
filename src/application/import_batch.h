/* A batch of records on its way through an import; internal to application/import_*.c.
 *
 *     import_batch.c        what can be said of its rows without the store: the customers that they
 *                           would be, and the keys of all of them, each once: keys have numbers,
 *                           so that texts are compared once, while the batch is prepared
 *     import_known.c        what the store says of those, in a few questions
 *     import_candidates.c   who a row may be
 *     import_records.c      what becomes of each row, and writing it
 *     import_again.c        whom it met meanwhile
 */
#ifndef APPLICATION_IMPORT_BATCH_H
#define APPLICATION_IMPORT_BATCH_H

#include "application/import_records.h"
#include "application/new_customer.h"

/* A row that this batch has created, in the list of one of its keys. */
struct import_batch_home {
    size_t row;
    struct import_batch_home *next;
};

struct import_batch_key {
    size_t hit_count; /* of the store's homes that have it */
    const struct key_hit *hits;
    size_t created_count; /* of the homes that this batch has created with it */
    struct import_batch_home *created;
};

struct import_batch_row {
    struct caller caller;
    struct new_customer customer;
    const struct import_record *record;
    instant observed_at;
    size_t *numbers;    /* of its keys up to searched, then those of its source key and of its id */
    struct str id_key;  /* absent when the id was not given */
    size_t first_point; /* of its contact points among all */
    bool invalid;
    bool updated;   /* by a row behind it: the customer is no longer what it says alone */
    bool id_exists; /* a profile was there that has the id that was given */
    bool created;   /* and is a customer of its own */
};

struct import_batch {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy;
    struct import_settings settings;
    struct arena *arena;
    struct import_batch_row *rows;
    size_t count;
    struct import_result *results;
    struct str *keys; /* of all rows, each once */
    bool *asked;      /* whether the store is asked who has the key */
    size_t key_count;
    struct str *locks; /* those that may be one customer's only, given ids, and imports' own */
    size_t lock_count;
    bool any_valid;
    struct arena_mark prepared; /* what the arena holds behind it is the unit of work's */
    struct import_step *step;
    /* Made in the unit of work. */
    struct store_session *session;
    struct buffer homes;            /* JSON array, as in struct job_step */
    struct import_batch_key *known; /* one per key */
    bool *suppressed;
    size_t point_count;
    int64_t mark; /* of store_creations_await(), before it looks */
};

static inline size_t import_batch_key_count(const struct import_batch_row *row)
{
    if (row->invalid) return 0;
    return row->customer.keys.searched + !str_is_none(row->customer.source_key) +
           row->customer.id_was_given;
}

/* Prepares the rows and numbers their keys. */
MUST_CHECK enum status import_batch_fill(struct import_batch *batch,
                                         const struct import_record *records, struct error *error);
/* What is about the record becomes its result; any other status is the batch's. */
MUST_CHECK enum status import_batch_settle(struct import_result *result, enum status status,
                                           const struct error *row_error, struct error *error);
/* At the end of its unit of work: what creations that it did not see have committed since is looked
 * at as if it had been there. Who would have been refused for it, or merged, makes the batch run
 * again (STATUS_WRITE_CONFLICT), then without creations beside it. */
MUST_CHECK enum status import_batch_look_again(struct import_batch *batch, struct error *error);

#endif
