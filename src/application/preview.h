/* What a merge or an unmerge would change, as JSON: for their previews. Internal to application/.
 */
#ifndef APPLICATION_PREVIEW_H
#define APPLICATION_PREVIEW_H

#include "application/customer.h"

/* "changes":[{"field","before","after"}]; an absent value is null. */
MUST_CHECK enum status preview_changes(struct json_writer *writer, const struct golden *before,
                                       const struct golden *after, struct arena *arena);

struct preview_side {
    struct str name; /* "target", "merged" ... */
    const struct tree *tree;
};
/* "consentChanges":[{"type","purpose","contactPoint","<name>":{"allowed","reason"}...}] for all
 * questions about which the sides do not agree; sides[0] is the tree that holds all acts. */
MUST_CHECK enum status preview_consent_changes(struct json_writer *writer,
                                               const struct preview_side *sides, size_t count,
                                               instant now, struct arena *arena);

#endif
