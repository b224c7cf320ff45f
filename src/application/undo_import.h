/* Taking an import back: what it asserted speaks no longer (FACT_UNDO in each home that it
 * touched), and every golden record follows from what is left. So
 *
 *   - a customer that it created and that nobody else speaks of is removed;
 *   - a customer that it changed is what it would be without it, edits made since included;
 *   - a customer that it created and that others have spoken of since stays, with what they said
 * and with its name;
 *   - merges made since stay: a removed customer that others were merged into goes on as theirs.
 *
 * It is a job that runs step by step along the steps of the import, and goes on where it stood when
 * it was interrupted. A customer with more to be told than that it was removed or is as before gets
 * a line in the report:
 *
 *   {"customerId":"C1","result":"KEPT","reasons":["EDITED"],"survivorId":"C2"}
 *
 * result: REMOVED | RESTORED | KEPT | SKIPPED; reasons: EDITED, LATER_IMPORT (another import spoke
 * of it since, or found it as its file has it), MERGED, ERASED.
 */
#ifndef APPLICATION_UNDO_IMPORT_H
#define APPLICATION_UNDO_IMPORT_H

#include "application/import_trial.h"
#include "application/later_imports.h"

enum undo_outcome { UNDO_REMOVED, UNDO_RESTORED, UNDO_KEPT, UNDO_SKIPPED, UNDO_OUTCOME_COUNT };

struct undo_counts {
    int64_t homes;
    int64_t outcomes[UNDO_OUTCOME_COUNT];
    int64_t steps; /* of the import, taken back */
};

/* homes, one member per outcome, and steps, into an open object. */
void undo_counts_write(struct json_writer *writer, const struct undo_counts *counts);

/* Makes the job that takes the import back, with that id for the service to run (absent: a new one
 * for the caller to run), and the import UNDONE; when there is one that did not come to its end,
 * that one. STATUS_JOB_NOT_FOUND, STATUS_NOT_AN_IMPORT, STATUS_JOB_RUNNING, STATUS_IMPORT_UNDONE.
 * `*undo` is filled before the unit of work ends. */
MUST_CHECK enum status undo_import_start(struct application *application,
                                         const struct caller *caller, struct str import_id,
                                         struct str undo_id, struct arena *arena,
                                         struct job_row *undo, struct error *error);
/* How far the job is. `import_id` is of the import that it takes back, `total` the number of its
 * steps. */
MUST_CHECK enum status undo_import_open(struct application *application,
                                        const struct caller *caller, struct str undo_id,
                                        struct arena *arena, struct str *import_id, int64_t *total,
                                        struct undo_counts *counts, struct error *error);
/* The next step, in one unit of work; `*done` when there was none. STATUS_JOB_ENDED when the job
 * was cancelled, STATUS_JOB_TAKEN when it is somebody else's (`epoch` as in jobs_update()).
 * `counts` are as the call before left them; `later` are the imports behind the one that is taken
 * back. */
MUST_CHECK enum status
undo_import_step(struct application *application, const struct caller *caller, struct str undo_id,
                 int64_t epoch, struct str import_id, const struct later_imports *later,
                 struct arena *arena, struct undo_counts *counts, bool *done, struct error *error);

/* What an undo would do, from an open import's steps: nothing is written. */
struct undo_preview {
    struct import_trial *seen; /* homes of the steps before */
    /* Each home, maybe more than once. `name` is what the import said, else the customer's. */
    void (*told)(void *context, struct str home, enum undo_outcome outcome, struct str name);
    void *context;
};

/* That the import can be taken back: the statuses of undo_import_start(). */
MUST_CHECK enum status undo_import_check(struct application *application,
                                         const struct caller *caller, struct str import_id,
                                         struct arena *arena, struct error *error);
/* As undo_import_step(), without a job, and rolled back. `report` has the lines of the step. */
MUST_CHECK enum status undo_import_preview_step(
    struct application *application, const struct caller *caller, struct str import_id,
    const struct later_imports *later, const struct undo_preview *preview, struct arena *arena,
    struct undo_counts *counts, struct str *report, bool *done, struct error *error);

#endif
