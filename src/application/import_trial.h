/* What the batches of a dry run would have written, for the batches after them: nothing of it is in
 * the store. Hashes of keys and records, so that memory is 16 bytes to a key and bounded; past the
 * bound it remembers nothing more, and duplicates within the file may be counted as created.
 */
#ifndef APPLICATION_IMPORT_TRIAL_H
#define APPLICATION_IMPORT_TRIAL_H

#include "base/hash.h"

struct import_trial;

/* NULL when out of memory. */
struct import_trial *import_trial_new(size_t memory_bytes);
void import_trial_free(struct import_trial *trial);
/* The record that a key came with last; false when the key is new. */
bool import_trial_find(const struct import_trial *trial, struct str key, uint64_t *record);
void import_trial_put(struct import_trial *trial, struct str key, uint64_t record);

#endif
