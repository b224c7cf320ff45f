/* The golden profiles of a tenant as CSV, for people and spreadsheets (profile_columns.h); what is
 * to come back as it was is exported by export_records.h.
 *
 * UTF-8 without a mark, a header, rows that end in CR LF. A cell that a spreadsheet would take for
 * a formula has an apostrophe in front (csv_writer.guard_formulas).
 */
#ifndef APPLICATION_EXPORT_PROFILES_H
#define APPLICATION_EXPORT_PROFILES_H

#include "application/results.h"

/* Where an export stands; zero-initialise it. */
struct profile_export {
    bool begun; /* the header is written */
    bool done;
    char after[256];
    size_t after_len;
    int64_t profiles;
};

/* Appends the next rows to `out`, at most `limit` and limits.page_max, in order of customerId, and
 * moves the cursor. `arena` is working memory for this page: reset it between pages (`out` must
 * live elsewhere). Pages are separate snapshots. */
MUST_CHECK enum status export_profiles(struct application *application, const struct caller *caller,
                                       struct profile_export *cursor, size_t limit,
                                       struct arena *arena, struct buffer *out,
                                       struct error *error);

#endif
