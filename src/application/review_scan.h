/* The two ends of a scan of the whole base for duplicates: what is read of it, and what becomes of
 * pairs that look alike. What proposes the pairs lies between and is the caller's; the decision is
 * that of duplicates.h, the same as when a record is written.
 */
#ifndef APPLICATION_REVIEW_SCAN_H
#define APPLICATION_REVIEW_SCAN_H

#include "application/ports/matcher.h"
#include "application/results.h"

/* A customer and all that was ever said of it. */
struct review_scan_record {
    struct str customer_id;
    struct str normal; /* as the matcher has it: match_record.normal */
};

/* Survivors in the order of their ids, behind `after` (absent: from the first). */
MUST_CHECK enum status review_scan_read(struct application *application,
                                        const struct caller *caller, struct str after, size_t limit,
                                        struct arena *arena, struct review_scan_record **records,
                                        size_t *count, struct error *error);

struct review_scan_pair {
    struct str a, b; /* customerIds, of survivors when they were read */
};

struct review_scan_counts {
    int64_t pairs;  /* looked at */
    int64_t alike;  /* for which the matcher says possible or certain: they are in the queue, unless
                       they were judged not to be one */
    int64_t merged; /* of them, at once */
};

struct review_scan_settings {
    /* The probability, by what both say now, from which two that are alike by that are merged at
     * once (the older one survives) unless they were judged or a steward has the item; above 1:
     * never. */
    double merge_from;
    struct str job_id; /* the job that it is; absent: none */
    int64_t epoch;     /* that the job was taken with */
};

enum { REVIEW_SCAN_PAIRS_MAX = 100 };

/* Decides up to REVIEW_SCAN_PAIRS_MAX pairs in one unit of work and adds to the counts. Doing it
 * again changes nothing. STATUS_JOB_ENDED, _TAKEN when the job is not the caller's any more. */
MUST_CHECK enum status review_scan_decide(struct application *application,
                                          const struct caller *caller,
                                          const struct review_scan_settings *settings,
                                          const struct review_scan_pair *pairs, size_t count,
                                          struct arena *arena, struct review_scan_counts *counts,
                                          struct error *error);

#endif
