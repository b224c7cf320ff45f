/* An import as a job, wherever it runs: what its record says it is, and how far it is.
 *
 *     import_job_check(&parameters, ...)                    before anything is made
 *     import_job_create(application, caller, &parameters, ...) -> job
 *     import_job_open(application, caller, job_id, ...) -> struct import_job
 *     importer_run(&import_job.options, file, &import_job.at, ...)
 */
#ifndef ADAPTERS_JOBS_IMPORT_JOB_H
#define ADAPTERS_JOBS_IMPORT_JOB_H

#include "adapters/api/job_runner.h"
#include "adapters/jobs/importer.h"

/* STATUS_INVALID_VALUE names the parameter. `rules` point into the parameters and the arena. */
MUST_CHECK enum status import_job_check(const struct import_parameters *parameters,
                                        struct arena *arena, struct mapping_rules *rules,
                                        struct error *error);
MUST_CHECK enum status import_job_create(struct application *application,
                                         const struct caller *caller, struct str job_id,
                                         const struct import_parameters *parameters,
                                         struct arena *arena, struct job_row *job,
                                         struct error *error);

enum record_form import_job_form(enum import_form form);
/* '\0': it is to be found. */
char import_job_separator(const struct import_parameters *parameters);

struct import_job {
    struct job_row row;
    struct importer_options options; /* as the record says; batch, callbacks and the like are not */
    struct import_position at;
};

/* An import without a record: a dry run at the command line. */
MUST_CHECK enum status import_job_without(struct application *application,
                                          const struct caller *caller,
                                          const struct import_parameters *parameters,
                                          struct arena *arena, struct import_job *out,
                                          struct error *error);
/* STATUS_JOB_NOT_FOUND, STATUS_NOT_AN_IMPORT, and STATUS_JOB_ENDED when it is neither queued nor
 * running. */
MUST_CHECK enum status import_job_open(struct application *application, const struct caller *caller,
                                       struct str job_id, struct arena *arena,
                                       struct import_job *out, struct error *error);

/* {"rows":..,..} and "error" when there is one. Absent when out of memory. */
struct str import_job_progress(const struct import_counts *counts, const struct error *why,
                               struct arena *arena);
/* "error":{"code","message"} as a member of an open object. */
void import_job_write_error(struct json_writer *writer, const struct error *error);

#endif
