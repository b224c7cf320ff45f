/* One change of one customer within a unit of work: lock and load, append facts, then write what
 * follows from them. Internal to application/.
 *
 *     struct customer_change change = {application, caller, policy, session, arena};
 *     TRY(customer_change_open(&change, id, if_match, error));
 *     TRY(customer_change_append(&change, &fact, error));          any number of times
 *     TRY(customer_change_close(&change, STR("UPDATED"), STR_NONE, error));
 *
 * Nothing is written at the end when nothing was appended.
 */
#ifndef APPLICATION_CUSTOMER_CHANGE_H
#define APPLICATION_CUSTOMER_CHANGE_H

#include "application/customer.h"

struct customer_change {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy; /* got before the unit of work began */
    struct store_session *session;
    struct arena *arena;
    struct str import_id;     /* of the import that it is a part of; absent: none */
    struct str undone_import; /* the one that it takes back; absent: none */
    bool imported;            /* and not changed by somebody */
    /* Set by open, kept up by append and close. */
    struct profile_row row;
    struct tree tree;
    size_t fact_room;
    size_t stored; /* facts of the tree, those that were taken back included */
    size_t appended;
    struct str *homes; /* that facts were given to, each once */
    size_t home_count;
    struct golden golden;
    instant now; /* recorded_at of everything in this change */
};

/* Locks the root, checks `if_match`, loads the tree. Statuses of customer_get_root, and
 * STATUS_VERSION_MISMATCH. */
MUST_CHECK enum status customer_change_open(struct customer_change *change, struct str customer_id,
                                            int64_t if_match, struct error *error);
/* The same for a row that is locked already. */
MUST_CHECK enum status customer_change_load(struct customer_change *change,
                                            const struct profile_row *row, struct error *error);
/* Fills in what is absent: home (the root), source (crm), observed_at (0: now), actor; recorded_at
 * is always now. STATUS_LIMIT_EXCEEDED. */
MUST_CHECK enum status customer_change_append(struct customer_change *change,
                                              const struct fact *fact, struct error *error);
/* Whether the golden record would stay as it is with the fact. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status customer_change_shows_nothing(const struct customer_change *change,
                                                     const struct fact *fact, bool *nothing);
/* New golden record, document, keys, version row, and an event: that the profile was updated, or
 * that it is there again, or not any more, for somebody speaks of it, or nobody does. Whom the
 * customer may be one with now goes to the review queue. What changed
 * is the difference between the golden records, and `extra_field` if that is not absent. */
MUST_CHECK enum status customer_change_close(struct customer_change *change, struct str cause,
                                             struct str extra_field, struct error *error);
/* The same with another event; an absent `payload` is one that ran out of memory. */
MUST_CHECK enum status customer_change_close_with(struct customer_change *change, struct str cause,
                                                  struct str extra_field, enum event_type type,
                                                  struct str payload, struct error *error);

/* The next version of a row: version and time advance, document and golden values follow the
 * golden record, the version row and new keys are written. `before` may be NULL (all keys are
 * new). The row is updated in the store. */
MUST_CHECK enum status customer_change_advance(const struct customer_change *change,
                                               struct profile_row *row, const struct golden *before,
                                               const struct golden *after, struct str cause,
                                               struct str changed_fields, struct error *error);
/* Appends an event of the application at `when`. */
MUST_CHECK enum status customer_change_event(const struct customer_change *change,
                                             enum event_type type, struct str aggregate_id,
                                             struct str payload, struct error *error);
/* Names of the changed top-level members, `extra` (may be absent) last; and the same joined by
 * commas. */
MUST_CHECK enum status customer_change_fields(const struct customer_change *change,
                                              const struct golden *before,
                                              const struct golden *after, struct str extra,
                                              struct str **fields, size_t *count,
                                              struct str *joined);
/* Appends a consent record; a revocation speaks for every home, and stays with each after an
 * unmerge: it is appended to each of them (consent_propagate). */
MUST_CHECK enum status customer_change_append_consent(struct customer_change *change,
                                                      const struct fact *fact, struct error *error);

#endif
