/* Who a row of a batch may be: customers of the store, rows that the batch has created, and in a
 * dry run what earlier batches would have. Internal to application/import_*.c. */
#ifndef APPLICATION_IMPORT_CANDIDATES_H
#define APPLICATION_IMPORT_CANDIDATES_H

#include "application/duplicates.h"
#include "application/import_batch.h"

/* How a row of the batch is compared with others. */
struct duplicate_search import_candidates_search(const struct import_batch *batch,
                                                 const struct import_batch_row *row);
MUST_CHECK enum status import_candidates_find(const struct import_batch *batch,
                                              const struct import_batch_row *row,
                                              struct new_customer_found *found,
                                              struct error *error);
/* The row was created: rows behind it are compared with it. False when out of memory. */
bool import_candidates_note(struct import_batch *batch, size_t index);
/* Of a dry run in which it matters who was there before: where a duplicate is refused. */
struct import_trial *import_candidates_trial(const struct import_batch *batch);

#endif
