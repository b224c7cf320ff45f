/* A profile that is about to be: everything that can be computed before the unit of work is, so
 * that the store's writer only checks and inserts. Internal to application/.
 */
#ifndef APPLICATION_NEW_CUSTOMER_H
#define APPLICATION_NEW_CUSTOMER_H

#include "application/customer.h"
#include "domain/event.h"

struct new_customer {
    struct tree tree; /* one home; all facts */
    const struct json_value *assertion;
    const struct fact *contacts;  /* in the order of the body */
    const bool *contact_id_given; /* by the caller, for each */
    struct golden golden;
    struct profile_row row; /* version 1, document and all */
    struct str *keys;       /* customer_keys, then that of the source record */
    size_t key_count;
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
    instant observed_at;
    instant now;
};

/* Checks the body and computes. Statuses of profile_parse_create, STATUS_CONSENT_VIOLATION. */
MUST_CHECK enum status
new_customer_prepare(struct application *application, const struct caller *caller,
                     const struct policy *policy, const struct new_customer_input *input,
                     struct arena *arena, struct new_customer *out, struct error *error);
/* What may be one customer's only, to be locked before it is looked up (store_keys_lock): the keys
 * that decide, and that of its id when the caller chose it. `keys` has room for key_count + 1; they
 * are in no order. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status new_customer_guards(const struct new_customer *customer, struct arena *arena,
                                           struct str *keys, size_t *count);
/* Writes it, with its event. `suppressed[i]` says whether points[i] is on the suppression list;
 * each such point gets REVOKED consent records. */
MUST_CHECK enum status
new_customer_insert(struct application *application, const struct caller *caller,
                    struct store_session *session, const struct new_customer *customer,
                    const bool *suppressed, struct arena *arena, struct error *error);

/* The key by which the home of a source record is found again. */
struct str new_customer_source_key(struct str source, struct str source_key, struct arena *arena);

#endif
