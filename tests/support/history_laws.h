/* The laws of whole histories, over any store. Each is a property for property_check(); its context
 * is a struct history_laws. docs/decisions/0002 says why they hold.
 */
#ifndef TESTS_SUPPORT_HISTORY_LAWS_H
#define TESTS_SUPPORT_HISTORY_LAWS_H

#include "application/ports/store.h"
#include "property.h"

struct history_laws {
    struct store *store;
    /* Called before every case, to empty the store; may be NULL, for every case has tenants of its
     * own. */
    void (*reset)(struct store *store);
    size_t steps;   /* on average, in a history */
    uint64_t cases; /* counts; gives the tenants' names */
};

/* Taking back all merges, in any order, gives what the same edits give without any merge: the same
 * documents but for version and updatedAt, relationships, hierarchies and provenance but for who
 * said a value when, which names no other home, and the same answer to every question about
 * consent; where a revocation on a merged profile is, without the merge, one revocation for each of
 * its homes. Lists have the same elements; the order of one that was edited while merged may stay
 * as it was edited. And all of them merged anew are the same customer. */
bool history_laws_unmerge_is_exact(struct property *property, void *context);
/* What a merged profile allows as a whole, each of the two allowed; what it allows for a contact
 * point, one of them allowed. */
bool history_laws_merge_narrows_consent(struct property *property, void *context);
/* Of two customers the review queue says NOT_DUPLICATE exactly when a home of the one and a home of
 * the other were told apart, by a steward or by taking a merge back, whatever was merged and
 * unmerged since; MERGED exactly when they are one; and of the items about two others exactly one
 * is open. */
bool history_laws_judgements_stand(struct property *property, void *context);
/* The same source records give the same golden record, in whatever order they arrive and are
 * merged. */
bool history_laws_order_of_arrival(struct property *property, void *context);
/* A restored export is, exported, the same bytes; its documents are the same. */
bool history_laws_export_restores(struct property *property, void *context);
/* Undoing an import, whatever was edited and merged since, gives what the same edits give without
 * the import: the same documents but for version and updatedAt, no customer that only the import
 * spoke of, and the edits of those that others spoke of. */
bool history_laws_undo_is_identity(struct property *property, void *context);
/* A replica that reads again only what events name ends equal, and ?asOf= an acknowledged change
 * gives the bytes that were acknowledged. */
bool history_laws_feed_and_past(struct property *property, void *context);

#endif
