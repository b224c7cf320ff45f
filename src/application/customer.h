/* What the use cases share about one customer: finding the root, reading the tree, rendering the
 * document, and the keys it is found by. Internal to application/.
 */
#ifndef APPLICATION_CUSTOMER_H
#define APPLICATION_CUSTOMER_H

#include "application/candidates.h"
#include "application/results.h"
#include "domain/golden.h"

/* Follows the pointers from `row` to the root of its tree; the root's row. */
MUST_CHECK enum status customer_root(struct store_session *session, const struct profile_row *row,
                                     struct arena *arena, struct profile_row *root,
                                     struct error *error);
/* Locks the roots of the trees that the homes are parts of, all at once; roots[i] is that of
 * homes[i], with an absent customer_id when there is no such home. STATUS_WRITE_CONFLICT: a merge
 * or an unmerge came in between, and who is the root has to be looked up anew. */
MUST_CHECK enum status customer_lock_roots(struct store_session *session, const struct str *homes,
                                           size_t count, struct arena *arena,
                                           struct profile_row *roots, struct error *error);
/* The same of one; STATUS_CUSTOMER_NOT_FOUND. */
MUST_CHECK enum status customer_lock_root(struct store_session *session, struct str home,
                                          struct arena *arena, struct profile_row *root,
                                          struct error *error);
/* So that those of them that are locked later, one by one, are there to be had in any order. Where
 * nobody else writes meanwhile, nothing. */
MUST_CHECK enum status customer_lock_ahead(struct store_session *session, const struct str *homes,
                                           size_t count, struct arena *arena, struct error *error);
/* The root of a row by look-ups, outside of a unit of work. STATUS_INTERNAL when a pointer leads
 * nowhere. */
MUST_CHECK enum status customer_lookup_root(struct application *application,
                                            const struct caller *caller,
                                            const struct profile_row *row, struct arena *arena,
                                            struct profile_row *root, struct error *error);
/* Nobody speaks of the customer any more: an import was undone. To the world there is none. */
bool customer_is_removed(const struct profile_row *row);
/* The row, which must be that of a root: STATUS_CUSTOMER_NOT_FOUND, _MERGED, _ERASED. */
MUST_CHECK enum status customer_get_root(struct store_session *session, struct str customer_id,
                                         enum store_lock lock, struct arena *arena,
                                         struct profile_row *row, struct error *error);
/* The same of all that is kept: of a removed one as well. */
MUST_CHECK enum status customer_get_kept_root(struct store_session *session, struct str customer_id,
                                              enum store_lock lock, struct arena *arena,
                                              struct profile_row *row, struct error *error);

/* Puts the golden values and the document into the row, for its id, version and times. */
MUST_CHECK enum status customer_render(const struct golden *golden, struct arena *arena,
                                       struct profile_row *row);

/* A golden record in one object: its attributes, and its contacts if it has any. NULL when out of
 * memory. */
const struct json_value *customer_said(const struct golden *golden, struct arena *arena);
/* It in the form that is compared; points into it. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status customer_describe_golden(struct application *application,
                                                const struct golden *golden, struct arena *arena,
                                                struct match_record *record);
/* The same of a document, which has its members.
 * STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status customer_describe(struct application *application,
                                         const struct json_value *attributes, struct arena *arena,
                                         struct match_record *record);

/* The keys a customer is found by, in the order of their use: those that may say alone who he is,
 * then the matcher's that bring together what is worth comparing and those that do so beside
 * another (both need not be kept when too many have them), then the lists' that bring together as
 * well, then those that only lists are found by. */
struct customer_keys {
    struct str *items;
    size_t decisive; /* each of these numbers is where its kind ends */
    size_t telling;
    size_t blocking;
    size_t searched;
    size_t count;
};
enum candidate_key customer_key_kind(const struct customer_keys *keys, size_t key);
/* Those of lists are of the first attributes that the record has. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status customer_make_keys(struct application *application,
                                          const struct match_record *record, struct arena *arena,
                                          struct customer_keys *keys);
/* Writes them for the home, but for the cut ones among the matcher's own; `cut` has one per key up
 * to keys->searched, or is NULL. */
MUST_CHECK enum status customer_put_keys(struct store_session *session, struct str home,
                                         const struct customer_keys *keys, const bool *cut,
                                         struct arena *arena, struct error *error);

/* Reads a text member of a request body: absent when it is not there or null; STATUS_INVALID_VALUE
 * when it is no text. */
MUST_CHECK enum status customer_text_member(const struct json_value *body, struct str name,
                                            struct str *out, struct error *error);
/* Refuses a body that is no object or has a member outside of `known` (absent-terminated). */
MUST_CHECK enum status customer_known_members(const struct json_value *body,
                                              const struct str *known, struct str allowed,
                                              struct error *error);

#endif
