/* What the use cases share about one customer: finding the root, reading the tree, rendering the
 * document, and the keys it is found by. Internal to application/.
 */
#ifndef APPLICATION_CUSTOMER_H
#define APPLICATION_CUSTOMER_H

#include "application/results.h"

/* Follows the pointers from `row` to the root of its tree; the root's row. */
MUST_CHECK enum status customer_root(struct store_session *session, const struct profile_row *row,
                                     struct arena *arena, struct profile_row *root,
                                     struct error *error);
/* The same by look-ups, outside of a unit of work. STATUS_INTERNAL when a pointer leads nowhere. */
MUST_CHECK enum status customer_lookup_root(struct application *application,
                                            const struct caller *caller,
                                            const struct profile_row *row, struct arena *arena,
                                            struct profile_row *root, struct error *error);
/* The row, which must be that of a root: STATUS_CUSTOMER_NOT_FOUND, _MERGED, _ERASED. */
MUST_CHECK enum status customer_get_root(struct store_session *session, struct str customer_id,
                                         enum store_lock lock, struct arena *arena,
                                         struct profile_row *row, struct error *error);

/* The tree of `target` with that of `source` hung under its root at `when`. Neither is changed. */
MUST_CHECK enum status customer_join(const struct tree *target, const struct tree *source,
                                     instant when, struct arena *arena, struct tree *joined);
/* The tree cut in two above home `cut`. */
MUST_CHECK enum status customer_split(const struct tree *tree, int32_t cut, struct arena *arena,
                                      struct tree *remaining, struct tree *restored);
/* Only what was given to homes[0]: the customer alone, without what was merged into it. */
MUST_CHECK enum status customer_alone(const struct tree *tree, struct arena *arena,
                                      struct tree *alone);

/* Puts the golden values and the document into the row, for its id, version and times. */
MUST_CHECK enum status customer_render(const struct golden *golden, struct arena *arena,
                                       struct profile_row *row);

/* Keys by which he is recognised: the matcher's. */
MUST_CHECK enum status customer_keys(struct application *application, const struct golden *golden,
                                     struct arena *arena, struct str **keys, size_t *count);

/* Reads a text member of a request body: absent when it is not there or null; STATUS_INVALID_VALUE
 * when it is no text. */
MUST_CHECK enum status customer_text_member(const struct json_value *body, struct str name,
                                            struct str *out, struct error *error);
/* Refuses a body that is no object or has a member outside of `known` (absent-terminated). */
MUST_CHECK enum status customer_known_members(const struct json_value *body,
                                              const struct str *known, struct str allowed,
                                              struct error *error);

#endif
