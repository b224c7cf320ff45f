/* What the store says of a batch before its rows are decided, in a few questions: who has its keys,
 * which of the ids that were given are there, which contact points are on the suppression list.
 * Internal to application/import_*.c. */
#ifndef APPLICATION_IMPORT_KNOWN_H
#define APPLICATION_IMPORT_KNOWN_H

#include "application/import_batch.h"

/* In the batch's session; locks the customers that its source records were given to. */
MUST_CHECK enum status import_known_read(struct import_batch *batch, struct error *error);

#endif
