/* What stewards decided, for training: out of the file of an export, whose lines DUPLICATE are the
 * items of the review queue with the evidence that was shown. */
#ifndef SERVICE_LABELS_H
#define SERVICE_LABELS_H

#include "matching/training.h"

/* Two that were merged, not by a scan at once, are a match; two that a steward told apart are none.
 * Items without evidence comparison by comparison, and undecided ones, are passed over.
 * STATUS_IO; STATUS_INVALID_VALUE when the file is no export or has no decision in it. */
MUST_CHECK enum status labels_read(struct str path, struct arena *arena,
                                   struct training_label **labels, size_t *count,
                                   struct error *error);

#endif
