/* The one writer of an SQLite file: a thread that takes what is waiting, runs each unit of work in
 * a savepoint, and commits them all with one sync to the disk (group commit, D. DeWitt et al.,
 * "Implementation techniques for main memory database systems", 1984). While it syncs, the next
 * batch gathers.
 *
 * Nobody is told before the commit has succeeded; when it fails, all of its batch fail. Whoever
 * calls from a coroutine is suspended, others wait on a condition variable.
 */
#ifndef ENGINES_SQL_SQLITE_WRITER_H
#define ENGINES_SQL_SQLITE_WRITER_H

#include <pthread.h>
#include <stdatomic.h>

#include "engines/sql/sql_queue.h"
#include "engines/sql/sqlite_connection.h"

struct sqlite_request;

struct sqlite_writer {
    struct sql_driver *driver;
    struct sqlite_connection connection;
    size_t batch_max;
    void (*committed)(void *argument);
    void *committed_argument;
    sql_maintenance *maintenance[SQL_MAINTENANCE_MAX];
    void *maintenance_argument;
    bool may_maintain;         /* something was committed since there was nothing left to do */
    _Atomic int64_t commit_ns; /* how long a commit usually takes */
    _Atomic int64_t batch_ns;  /* what a batch usually takes besides its units of work */
    struct sql_queue queue;    /* of those who are not threads: jobs wait for themselves */
    int64_t working_ns;        /* of the batch under way: in units of work */
    int wal_frames;            /* in the WAL after the latest commit */
    int wal_frames_tried;      /* those at the latest attempt to bring them into the file */
    bool serves_requests;      /* in the latest batch, not jobs alone */

    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t work;
    struct sqlite_request *first; /* waiting, in order of arrival */
    struct sqlite_request **last;
    bool stopping;
    bool started;
};

/* Opens the connection and starts the thread. `driver` is what transactions are given. */
MUST_CHECK enum status sqlite_writer_start(struct sqlite_writer *writer, struct sql_driver *driver,
                                           const struct sqlite_options *options,
                                           struct error *error);
/* Runs what is waiting, brings the WAL into the file, and closes. */
void sqlite_writer_stop(struct sqlite_writer *writer);

/* One unit of work, durable on return. */
MUST_CHECK enum status sqlite_writer_run(struct sqlite_writer *writer, struct arena *arena,
                                         sql_body *body, void *context, struct error *error);
/* How long one that comes now would wait until it is begun. */
struct queue_wait sqlite_writer_wait(const struct sqlite_writer *writer);

#endif
