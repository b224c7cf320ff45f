/* A profile that is about to be: everything that can be computed before the unit of work is, so
 * that the store's writer only checks and inserts. Internal to application/.
 */
#ifndef APPLICATION_NEW_CUSTOMER_H
#define APPLICATION_NEW_CUSTOMER_H

#include "application/create_customer.h"
#include "application/duplicates.h"
#include "domain/event.h"

struct new_customer {
    struct tree tree; /* one home; all facts */
    const struct json_value *assertion;
    const struct fact *contacts;  /* in the order of the body */
    const bool *contact_id_given; /* by the caller, for each */
    struct golden golden;
    struct profile_row row; /* version 1, document and all */
    struct match_record record;
    struct customer_keys keys;
    struct str source_key; /* as a key; absent when there is none */
    struct str search_entry;
    bool id_was_given;
    struct str *points; /* suppression hashes of its contact points */
    struct str *point_texts;
    size_t point_count;
    struct event event; /* that it was created */
};

struct new_customer_input {
    const struct json_value *body;
    struct str source;     /* crm, or the system it is imported from */
    struct str source_key; /* absent: none */
    struct str import_id;  /* absent: none */
    instant observed_at;
    instant now;
};

/* Checks the body and computes. Statuses of profile_parse_create, STATUS_CONSENT_VIOLATION. */
MUST_CHECK enum status
new_customer_prepare(struct application *application, const struct caller *caller,
                     const struct policy *policy, const struct new_customer_input *input,
                     struct arena *arena, struct new_customer *out, struct error *error);
/* The key under which a customerId that the caller chose is locked before it is looked up; absent
 * when out of memory. */
struct str new_customer_id_key(const struct new_customer *customer, struct arena *arena);
/* What was found out about it in the unit of work. */
struct new_customer_found {
    const bool *suppressed; /* whether points[i] is on the suppression list */
    const bool *cut;        /* as customer_put_keys takes it */
    struct duplicate *duplicates;
    size_t count;
    enum duplicate_choice on_duplicate;
    enum duplicate_cause cause;
};
/* Writes it, with its event. Each suppressed point gets REVOKED consent records. Then its possible
 * duplicates go to the review queue and, with ON_DUPLICATE_MERGE, it is merged into the first of
 * the certain ones; `shown` is the row of the customer that it is or became a part of. */
MUST_CHECK enum status
new_customer_insert(struct application *application, const struct caller *caller,
                    struct store_session *session, const struct new_customer *customer,
                    const struct new_customer_found *found, struct arena *arena,
                    struct profile_row *shown, struct error *error);

/* The key by which the home of a source record is found again. */
struct str new_customer_source_key(struct str source, struct str source_key, struct arena *arena);

#endif
