/* Runs the undo of an import, step by step, from wherever it stands. Blocking: for a thread of its
 * own or the command line. */
#ifndef ADAPTERS_JOBS_UNDOER_H
#define ADAPTERS_JOBS_UNDOER_H

#include "application/undo_import.h"

struct undoer_options {
    struct application *application;
    struct caller caller;
    struct str undo_id;
    int64_t epoch; /* that it was opened or taken with */
    /* After each step of `total`; anything but STATUS_OK stops it with that status. */
    enum status (*progress)(void *context, const struct undo_counts *counts, int64_t total);
    void *context;
};

/* STATUS_JOB_ENDED when it was cancelled. On failure `counts` tells what was done before. */
MUST_CHECK enum status undoer_run(const struct undoer_options *options, struct undo_counts *counts,
                                  struct error *error);

#endif
