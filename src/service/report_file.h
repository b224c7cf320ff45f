/* What an import or undo tells of single rows: into the file of --errors, else the first few to
 * stderr. */
#ifndef SERVICE_REPORT_FILE_H
#define SERVICE_REPORT_FILE_H

#include <stdio.h>

#include "service/command.h"

struct report_file {
    struct str kind; /* IMPORT | UNDO */
    FILE *file;      /* NULL: to stderr */
    bool csv;
    bool failed;
    bool quiet;
    bool named; /* the row of names is written */
    int64_t told;
    struct arena arena;
};

/* The file of --errors, when it was given: CSV if its name ends so. STATUS_IO. */
MUST_CHECK enum status report_file_open(const struct invocation *invocation, struct str kind,
                                        bool quiet, struct report_file *report,
                                        struct error *error);
/* Lines as of job_report.h. */
void report_file_tell(struct report_file *report, struct str lines);
/* `status`, or that the file could not be written. */
enum status report_file_close(struct report_file *report, enum status status, struct error *error);

#endif
