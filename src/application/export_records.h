/* Everything of a tenant as lines of JSON. restore_records() reads them back and gives the same
 * state: ids, homes, facts with their times, merges in force and reversed, versions, keys.
 *
 * Each line is an object with "record": HEADER (first), PROFILE (a customer's row, versions and the
 * facts whose home it is, service orders and contracts among them), MERGE, DUPLICATE (an item of
 * the review queue), END (last, with the counts). Of erased customers it has that they were erased,
 * so that their ids are not given again. Events and jobs are not part of it; neither is the
 * suppression list, whose hashes mean nothing under another key.
 */
#ifndef APPLICATION_EXPORT_RECORDS_H
#define APPLICATION_EXPORT_RECORDS_H

#include "application/results.h"

/* Where an export stands; zero-initialise it. */
struct export_cursor {
    enum { EXPORT_START, EXPORT_PROFILES, EXPORT_LINKS, EXPORT_DONE } phase;
    char after[65];
    size_t after_len;
    int64_t profiles;
    int64_t merges;
    int64_t duplicates;
};

/* Appends the next lines to `out`, `limit` profiles' worth, and moves the cursor; done when
 * cursor->phase is EXPORT_DONE. `arena` is working memory for this page: reset it between pages
 * (`out` must live elsewhere). Pages are separate snapshots: a change made meanwhile is in or not,
 * per customer as a whole. */
MUST_CHECK enum status export_records(struct application *application, const struct caller *caller,
                                      struct export_cursor *cursor, size_t limit,
                                      struct arena *arena, struct buffer *out, struct error *error);

#endif
