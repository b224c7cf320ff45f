/* What a job tells of single rows or customers: lines of JSON, kept with its steps and so in the
 * same transaction as what they tell of; the same as CSV for people.
 *
 *   an import  {"row":5,"column":"Mail","code":"INVALID_VALUE","field":"emails[0]","message":"...",
 *               "allowed":"...","customerId":"CUST-1","original":"...","matchProbability":0.99,
 *               "reasons":["..."]}    customerId and what follows from a comparison: of a duplicate
 *   an undo    see undo_import.h
 */
#ifndef APPLICATION_JOB_REPORT_H
#define APPLICATION_JOB_REPORT_H

#include "application/application.h"

/* A row that an import did not take. */
struct job_refusal {
    int64_t row;
    struct str column;      /* of the file; absent when it is none alone */
    struct str customer_id; /* whom it is a duplicate of; absent else */
    struct str original;    /* the row as it stood in the file; cut when it is long */
    const struct error *why;
};

void job_report_refusal(struct buffer *out, const struct job_refusal *refusal);

/* The lines of some steps after step `*after`, which is moved on; absent at the end. */
MUST_CHECK enum status job_report_read(struct application *application, const struct caller *caller,
                                       struct str job_id, int64_t *after, struct arena *arena,
                                       struct str *lines, struct error *error);

/* The same as CSV: the row of names for a job of that kind, then a row for each line. */
MUST_CHECK enum status job_report_csv(struct str kind, struct str lines, bool with_names,
                                      struct arena *arena, struct buffer *out, struct error *error);

#endif
