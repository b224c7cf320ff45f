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
    int64_t letters_keep_ms;
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

/* --- running: job_run.c --- */
/* How fast and how long still. */
struct job_pace {
    instant begun_at;
    instant told_at; /* of the last progress that was recorded */
};
/* What every kind's run begins with. */
struct job_run {
    struct job_service *service;
    struct job_task *task;
    struct job_pace pace;
    struct arena page; /* the kind's, for its work */
    struct arena text; /* of its progress */
};
/* How far it is, for what a progress says of its pace; total 0: no estimate. */
struct job_measure {
    int64_t done, total, items;
};
/* A kind of job: what job_run() cannot know. `run` is the kind's own struct, of `size` bytes, which
 * begins with a struct job_run and is zeroed behind it. */
struct job_kind {
    struct str name;
    size_t size;
    size_t arena_max_bytes;
    /* Once, before the first go; may be NULL. */
    enum status (*prepare)(struct job_run *run, struct error *error);
    /* All that is to do, from wherever it stands; it may be called again. */
    enum status (*go)(struct job_run *run, struct error *error);
    /* How far it is: it grows, or begins anew. */
    int64_t (*place)(const struct job_run *run);
    /* The members of its progress. */
    struct job_measure (*write)(const struct job_run *run, struct json_writer *writer);
    /* What the log says of its end: one thing or two. */
    struct {
        const char *name;
        int64_t (*count)(const struct job_run *run);
    } counted[2];
};
/* The job until it ends, or cannot go on. True: its end is recorded. False: it is to be given up,
 * for this instance stops, has lost it, cannot reach the store, or is too old to know the kind. */
bool job_run(struct job_service *service, struct job_task *task);

extern const struct job_kind job_import_kind, job_undo_kind, job_export_kind, job_scan_kind,
    job_recompute_kind;

/* --- telling: job_progress.c --- */
instant job_now(const struct job_service *service);
/* The progress of a run as JSON, in its text arena, with why it failed unless `why` is NULL. */
struct str job_progress(const struct job_kind *kind, struct job_run *run, const struct error *why);
/* The first thing that a go does: records that it is under way. As job_record(). */
MUST_CHECK enum status job_begin(const struct job_kind *kind, struct job_run *run,
                                 struct error *error);
/* Between two steps: records how far it is when half a second has passed since the last time. Not
 * STATUS_OK when it shall not go on: the service stops, it was cancelled, or another instance has
 * it. A progress that cannot be recorded is no reason to stop. */
MUST_CHECK enum status job_tell(const struct job_kind *kind, struct job_run *run,
                                struct error *error);
/* Records the state, trying for a while when the store does not answer. STATUS_JOB_ENDED when it
 * was cancelled, STATUS_JOB_TAKEN when another instance has it: nothing is to be done then. */
MUST_CHECK enum status job_record(struct job_service *service, const struct job_task *task,
                                  enum job_state state, struct str progress);

#endif
