/* What the search index holds of customers: for each home the values of all facts that were given
 * to it, and for the root of a tree those of the tree. A fact stays with its home, so a merge or an
 * unmerge makes nothing wrong; and a search looks at the customer as he is before it shows him.
 * Internal to application/, but for the last.
 */
#ifndef APPLICATION_CUSTOMER_INDEX_H
#define APPLICATION_CUSTOMER_INDEX_H

#include "application/customer.h"

/* The entry of the facts of `home` (absent: of all); absent when out of memory. Empty when they say
 * nothing that is searched. */
struct str customer_index_entry(const struct fact *facts, size_t count, struct str home,
                                struct arena *arena);
/* The settled keys of all facts, what was taken back included; failed when out of memory. */
struct search_keys customer_index_keys(const struct tree *tree, struct arena *arena);
/* Calls `visit` for each value that can be searched of a fact. */
void customer_index_values(const struct fact *fact, search_visit *visit, void *context);

/* Puts entries for what the last `appended` facts of the tree say that their homes did not say
 * before. The facts stand as they were appended. */
MUST_CHECK enum status customer_index_appended(struct store_session *session,
                                               const struct tree *tree, size_t appended,
                                               struct arena *arena, struct error *error);
/* Puts the entry of a whole tree for its root; nothing when that is its only home. */
MUST_CHECK enum status customer_index_tree(struct store_session *session, const struct tree *tree,
                                           struct arena *arena, struct error *error);
/* Puts the entry of one home. */
MUST_CHECK enum status customer_index_home(struct store_session *session, const struct tree *tree,
                                           struct str home, struct arena *arena,
                                           struct error *error);

/* Puts entries for some customers of the backlog, of any tenant. *done: none is left. */
MUST_CHECK enum status customer_index_catch_up(struct application *application, struct arena *arena,
                                               bool *done, struct error *error);

#endif
