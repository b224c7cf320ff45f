/* Who is this record, of those that are there? Internal to application/.
 *
 *     struct duplicate_search search = {application, policy, session, arena, &record};
 *     TRY(duplicates_find(&search, &keys, cut, &duplicates, &count, error));
 */
#ifndef APPLICATION_DUPLICATES_H
#define APPLICATION_DUPLICATES_H

#include "application/candidates.h"
#include "application/customer.h"

struct duplicate {
    struct str customer_id; /* a survivor */
    struct str home;        /* the one whose keys led there; may be the same */
    struct match match;     /* MATCH_POSSIBLE or MATCH_CERTAIN */
};

struct duplicate_search {
    struct application *application;
    const struct policy *policy;
    struct store_session *session;
    struct arena *arena;
    const struct match_record *record;
    struct str self; /* a root that is not looked for: the customer itself; may be absent */
};

/* The key is known to be cut: it leads to nobody. */
bool duplicates_passes_over(const struct application *application, struct str tenant,
                            const struct customer_keys *keys, size_t key);
/* Looks up the keys (up to keys->searched) and compares with those who have them. `cut[i]`, of
 * keys->searched, says that key i has so many homes that it was not followed. Certain ones first,
 * then by probability. */
MUST_CHECK enum status duplicates_find(const struct duplicate_search *search,
                                       const struct customer_keys *keys, bool *cut,
                                       struct duplicate **duplicates, size_t *count,
                                       struct error *error);
/* The same for candidates whom the keys that are not cut led to. A customer is compared as it
 * stands; one that was changed or merged also as each home alone says it stands, and as everything
 * that was ever said of it: but what is no longer said makes it possible at most.
 * docs/decisions/0130-a-scan-and-a-write-ask-one-function.md */
MUST_CHECK enum status duplicates_judge(const struct duplicate_search *search,
                                        const struct customer_keys *keys, const bool *cut,
                                        struct candidates *candidates,
                                        struct duplicate **duplicates, size_t *count,
                                        struct error *error);
/* Two customers, the one against the other as a candidate and the other way about, as
 * duplicates_judge does; `search` without a record. `as_shown`: by what both say now. */
MUST_CHECK enum status duplicates_compare(const struct duplicate_search *search,
                                          const struct profile_row customers[2],
                                          struct match *match, struct match *as_shown,
                                          struct error *error);
/* All that was ever said of a customer, in the form that is compared (match_record.normal): nobody
 * is found by more. Nothing else stays in the arena. */
MUST_CHECK enum status duplicates_describe(const struct duplicate_search *search,
                                           const struct profile_row *customer, struct str *normal,
                                           struct error *error);
/* How many of them are certain: the first ones. */
size_t duplicates_certain(const struct duplicate *duplicates, size_t count);

/* The members matchProbability and reasons. */
void duplicates_write_match(struct json_writer *writer, const struct match *match,
                            struct arena *arena);
/* Makes STATUS_DUPLICATE_CUSTOMER with the candidates as details. */
enum status duplicates_refuse(const struct duplicate *duplicates, size_t count, struct arena *arena,
                              struct error *error);

#endif
