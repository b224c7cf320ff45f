/* Which key types are worth their pairs. In a large file whose columns are rich, most pairs share
 * one weak key and nothing else, and hardly any of them matches: a type whose pairs no other type
 * finds pass less often than one in a few thousand is not walked. Measured over a sample of the
 * records, type by type, the least worthy first; small files, where every key is affordable, keep
 * all of them.
 */
#ifndef MATCHING_KEY_SELECTION_H
#define MATCHING_KEY_SELECTION_H

#include "matching/blocking.h"

/* What is to be walked of each kind. */
struct key_selection {
    blocking_types types[MODEL_KIND_COUNT];
};

/* Does not depend on the number of threads. */
enum status key_selection_run(const struct blocking *blocking, const struct scorer *scorer,
                              struct scoring_memos *memos, unsigned threads,
                              struct key_selection *selection);

#endif
