/* Shared by the parts of the job service. */
#ifndef ADAPTERS_JOBS_JOB_INTERNAL_H
#define ADAPTERS_JOBS_JOB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "adapters/jobs/importer.h"
#include "adapters/jobs/job_service.h"

enum job_kind { JOB_KIND_IMPORT, JOB_KIND_UNDO, JOB_KIND_EXPORT, JOB_KIND_SCAN, JOB_KIND_COUNT };
/* Imports and their undoing share one. */
enum { JOB_WORKERS = 3 };

/* One job to do, with copies of all it needs; what it is stands in its record. */
struct job_task {
    struct job_task *next;
    struct arena arena;
    enum job_kind kind;
    struct str job_id;
    struct caller caller;
    char *upload_path; /* the upload of an import, or the file that stands for another job */
    double merge_from; /* of a scan */
};

struct job_service;

/* A worker thread and what waits for it. */
struct job_worker {
    struct job_service *service;
    pthread_t thread;
    bool started;
    struct job_task *first, *last;
};

struct job_service {
    struct job_runner base;
    struct application *application;
    struct str directory;
    struct arena arena;
    size_t batch;
    size_t memory_bytes;
    int64_t keep_ms;
    uint64_t scan_memory_bytes;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job_worker workers[JOB_WORKERS];
    _Atomic bool stopping;
    int lock_file;
};

/* --- files --- */
/* DIRECTORY/TENANT/NAME.suffix, NUL-terminated; NULL when out of memory. */
char *job_path(const struct job_service *service, struct str tenant, struct str name,
               const char *suffix, struct arena *arena);
/* Makes DIRECTORY/TENANT. */
MUST_CHECK enum status job_make_directory(const struct job_service *service, struct str tenant,
                                          struct arena *arena, struct error *error);
/* What was made and renamed in DIRECTORY/TENANT outlives a loss of power. */
MUST_CHECK enum status job_sync_directory(const struct job_service *service, struct str tenant,
                                          struct arena *arena, struct error *error);
/* Nobody else may have the directory: a lock that goes with the process. STATUS_CONFIGURATION. */
MUST_CHECK enum status job_lock_directory(struct job_service *service, struct error *error);
/* STATUS_STORE_FULL or STATUS_IO, from errno. */
enum status job_file_failed(const char *what, struct error *error);
/* Goes on with jobs whose file is still there, and removes files that are too old. */
void job_clean_directory(struct job_service *service);
/* The results that were kept long enough; while others are made and read. */
void job_remove_results(struct job_service *service);
struct stat;
bool job_file_is_old(const struct job_service *service, const struct stat *file);
/* --- tasks --- */
/* NULL when out of memory. */
struct job_task *job_task_new(enum job_kind kind, const struct caller *caller, struct str job_id);
void job_task_free(struct job_task *task);
/* Takes the task. */
void job_enqueue(struct job_service *service, struct job_task *task);

/* --- running --- */
void job_run_import(struct job_service *service, struct job_task *task);
void job_run_undo(struct job_service *service, struct job_task *task);
void job_run_export(struct job_service *service, struct job_task *task);
void job_run_scan(struct job_service *service, struct job_task *task);
/* A file says of a scan that it has not ended, for whom it is and from when it merges: what a task
 * needs besides tenant and job. Reading gives false when it is not such a file. */
MUST_CHECK enum status job_scan_mark(const struct job_service *service, struct job_task *task,
                                     struct error *error);
bool job_scan_read_mark(const struct job_service *service, struct job_task *task);
/* How fast and how long still. */
struct job_pace {
    instant begun_at;
    instant told_at; /* of the last progress that was recorded */
};
instant job_now(const struct job_service *service);
/* True when half a second has passed since the last time. */
bool job_pace_is_due(struct job_pace *pace, instant now);
/* {"ratePerSecond":..,"etaSeconds":..} as members of an open object; total 0: no estimate. */
void job_pace_write(struct json_writer *writer, const struct job_pace *pace, instant now,
                    int64_t done, int64_t total, int64_t items);
/* Whether a failure is one that passes, and the service goes on. */
bool job_passes(struct job_service *service, enum status status);
/* Records the state, trying for a while when the store does not answer. STATUS_JOB_ENDED when it
 * was cancelled; STATUS_JOB_NOT_FOUND when the process ended before it was made: nothing is to be
 * done then. */
MUST_CHECK enum status job_record(struct job_service *service, const struct job_task *task,
                                  enum job_state state, struct str progress);

#endif
