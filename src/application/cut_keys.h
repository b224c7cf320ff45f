/* Remembers which keys were cut (candidates.h), so that their homes are not read again only to be
 * passed over: a key never has fewer homes than it had. What is forgotten is found out again.
 * Thread-safe, of a fixed size, for the whole process.
 */
#ifndef APPLICATION_CUT_KEYS_H
#define APPLICATION_CUT_KEYS_H

#include "base/str.h"

/* NULL when out of memory; NULL everywhere remembers nothing. */
struct cut_keys *cut_keys_new(void);
void cut_keys_free(struct cut_keys *keys);
void cut_keys_add(struct cut_keys *keys, struct str tenant, struct str key);
bool cut_keys_has(const struct cut_keys *keys, struct str tenant, struct str key);

#endif
