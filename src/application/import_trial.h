/* What the batches of a dry run would have written, for the batches after them: nothing of it is in
 * the store. Memory is bounded. Whole customers come first, so that a later row is compared with
 * them as with any other; what source records said, member by member; and, when half of the table
 * is full, hashes of whole records and of keys alone. When all of it is, nothing more is
 * remembered, and rows of the file that belong together may be counted as created.
 */
#ifndef APPLICATION_IMPORT_TRIAL_H
#define APPLICATION_IMPORT_TRIAL_H

#include "application/ports/matcher.h"
#include "formats/json.h"

struct import_trial;

/* NULL when out of memory. */
struct import_trial *import_trial_new(size_t memory_bytes);
void import_trial_free(struct import_trial *trial);

/* --- keys by themselves: of ids that are taken, and of values that decide --- */

bool import_trial_has(const struct import_trial *trial, struct str key);
void import_trial_put(struct import_trial *trial, struct str key);

/* --- source records --- */

/* Whether the source record came before; *same: and what `body` says had been said then. */
bool import_trial_said(struct import_trial *trial, struct str source_key,
                       const struct json_value *body, bool *same);
void import_trial_say(struct import_trial *trial, struct str source_key,
                      const struct json_value *body);

/* --- customers --- */

/* False when there is no room. */
bool import_trial_keep(struct import_trial *trial, struct str home,
                       const struct match_record *record, const struct str *keys, size_t count);
/* How many have the key; where many do, not all are counted. */
size_t import_trial_homes(const struct import_trial *trial, struct str key);
/* Those that have the key, one call after the other, from *at = 0 on; false behind the last. What
 * is given lives until import_trial_next_row(). */
bool import_trial_next_home(struct import_trial *trial, struct str key, uint32_t *at,
                            struct str *home, const struct match_record **record);
void import_trial_next_row(struct import_trial *trial);

#endif
