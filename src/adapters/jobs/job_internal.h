/* Shared by the parts of the job service. */
#ifndef ADAPTERS_JOBS_JOB_INTERNAL_H
#define ADAPTERS_JOBS_JOB_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "adapters/jobs/importer.h"
#include "adapters/jobs/job_service.h"
#include "base/identifier.h"
#include "base/log.h"

enum { JOB_WORKERS = 3, JOB_HOLDER_MAX = 24 };

/* One job that this instance has taken, with copies of all it needs. */
struct job_task {
    struct arena arena;
    struct str job_id;
    struct caller caller; /* its tenant, and who asked for it */
    int64_t epoch;        /* with which it was taken: all that it writes is held to that */
    struct job_row row;   /* as it was then */
};

struct job_service;

/* A thread and the job that it runs, which others look at under the lock. */
struct job_worker {
    struct job_service *service;
    struct str lane;
    pthread_t thread;
    bool started;
    struct str before; /* the tenant whose job it had last; the thread's own */
    char room[IDENTIFIER_MAX_BYTES];
    struct job_task *task;
};

struct job_service {
    struct job_runner base;
    struct application *application;
    struct str directory;
    struct arena arena;
    size_t batch;
    size_t memory_bytes;
    int64_t keep_ms;
    int64_t lease_ms;
    uint64_t scan_memory_bytes;
    char holder[JOB_HOLDER_MAX]; /* of leases: this process */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t asked; /* jobs that were made here */
    struct job_worker workers[JOB_WORKERS];
    pthread_t keeper;
    bool keeping;
    _Atomic bool stopping;
};

/* --- files --- */
/* A file without a name in the directory, which is gone with its descriptor. */
MUST_CHECK enum status job_scratch_open(const struct job_service *service, int *file,
                                        struct error *error);
/* The same as a stream; NULL when it cannot be had, with the reason in `error`. */
MUST_CHECK enum status job_scratch_stream(const struct job_service *service, FILE **file,
                                          struct error *error);
/* All of the file into the store, as that of the job. `epoch` as in application/job_parts.h. */
MUST_CHECK enum status job_file_put(const struct job_service *service, const struct caller *caller,
                                    struct str job_id, int64_t epoch, int file,
                                    struct error *error);
/* And back, into a file of our own that stands at its begin. STATUS_JOB_NOT_FOUND when it is not
 * there or not whole. */
MUST_CHECK enum status job_file_fetch(const struct job_service *service,
                                      const struct job_task *task, int *file, struct error *error);
/* STATUS_STORE_FULL or STATUS_IO, from errno. */
enum status job_file_failed(const char *what, struct error *error);
/* For the port. */
enum status job_result_open(struct job_runner *runner, const struct caller *caller,
                            struct str job_id, struct arena *arena, struct job_file_reader **out,
                            struct error *error);
enum status job_result_read(struct job_file_reader *reader, char *bytes, size_t size, size_t *count,
                            struct error *error);
void job_result_close(struct job_file_reader *reader);

/* --- running --- */
/* The job until it ends, or cannot go on. True: its end is recorded. False: it is to be given up,
 * for this instance stops, has lost it, or cannot reach the store. */
bool job_run_import(struct job_service *service, struct job_task *task);
bool job_run_undo(struct job_service *service, struct job_task *task);
bool job_run_export(struct job_service *service, struct job_task *task);
bool job_run_scan(struct job_service *service, struct job_task *task);
bool job_run_recompute(struct job_service *service, struct job_task *task);
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
/* One run of a job from wherever it stands, and how far it is then: it grows, or begins anew. */
typedef enum status job_go(void *job, struct error *error);
typedef int64_t job_place(const void *job);
/* Runs a job of whatever kind until it ends. What is no fault of the job passes, such as a store
 * that is away, or another process that was killed and whose transaction the database has not given
 * up yet: the job goes on then, and fails when it does not get on for long. */
MUST_CHECK enum status job_go_on(struct job_service *service, job_go *go, job_place *place,
                                 void *job, struct error *error);
/* The first thing that a run does: records that it is under way. As job_record(). */
MUST_CHECK enum status job_begin(struct job_service *service, const struct job_task *task,
                                 struct str progress, struct error *error);
/* Records the state, trying for a while when the store does not answer. STATUS_JOB_ENDED when it
 * was cancelled, STATUS_JOB_TAKEN when another instance has it: nothing is to be done then. */
MUST_CHECK enum status job_record(struct job_service *service, const struct job_task *task,
                                  enum job_state state, struct str progress);
/* Whether whoever runs it is to record how it ended: not when it was told to stop, or the job is
 * somebody else's. */
bool job_ends(const struct job_service *service, const struct job_task *task, enum status status);
/* Records the end with `progress`, unless it was cancelled. True: it is recorded. */
bool job_record_end(struct job_service *service, const struct job_task *task, enum status status,
                    struct str progress);
/* The same, and says in the log how it ended and how many it was about. */
bool job_end(struct job_service *service, const struct job_task *task, enum status status,
             struct str progress, struct log_field count);

#endif
