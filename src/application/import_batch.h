/* A batch of an import under way. Internal to the import.
 */
#ifndef APPLICATION_IMPORT_BATCH_H
#define APPLICATION_IMPORT_BATCH_H

#include "application/duplicates.h"
#include "application/import_records.h"
#include "application/new_customer.h"

/* A row that this batch has created, in the list of one of its keys. */
struct batch_home {
    size_t row;
    struct batch_home *next;
};

struct batch_key {
    struct str text;
    size_t hit_count; /* of the store's homes that have it */
    const struct key_hit *hits;
    size_t created_count; /* of the homes that this batch has created with it */
    struct batch_home *created;
};

struct batch_row {
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
    struct batch_row *rows;
    size_t count;
    struct import_result *results;
    struct str *keys; /* of all rows, each once */
    bool *asked;      /* whether the store is asked who has the key */
    size_t key_count;
    /* Those of them that may be one customer's only, given ids, and imports' own. */
    struct str *locks;
    size_t lock_count;
    bool any_valid;
    struct arena_mark prepared; /* what the arena holds behind it is the unit of work's */
    struct import_step *step;
    /* Made in the unit of work. */
    struct store_session *session;
    struct buffer homes;     /* JSON array, as in struct job_step */
    struct batch_key *known; /* one per key */
    bool *suppressed;
    size_t point_count;
    int64_t mark; /* of store_creations_await(), before it looks */
};

/* At the end of its unit of work: what creations that it did not see have committed since is looked
 * at as if it had been there. Who would have been refused for it, or merged, makes the batch run
 * again (STATUS_WRITE_CONFLICT), then without creations beside it. */
MUST_CHECK enum status import_batch_look_again(struct import_batch *batch, struct error *error);

#endif
