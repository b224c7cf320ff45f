#include "adapters/jobs/undoer.h"

#include <time.h>

enum { TRIES_MAX = 8, STEP_ARENA_MAX = 512 << 20 };

static bool may_succeed_later(enum status status)
{
    return status == STATUS_WRITE_CONFLICT || status == STATUS_UNAVAILABLE ||
           status == STATUS_OUTCOME_UNKNOWN;
}

/* A step without an answer shows when it is looked at again: either it is there, or it is next. */
static enum status try_step(const struct undoer_options *options, struct arena *arena,
                            struct str *import_id, int64_t *total, struct undo_counts *counts,
                            bool *done, struct error *error)
{
    arena_reset(arena);
    TRY(undo_import_open(options->application, &options->caller, options->undo_id, arena, import_id,
                         total, counts, error));
    return undo_import_step(options->application, &options->caller, options->undo_id,
                            options->epoch, *import_id, arena, counts, done, error);
}

enum status undoer_run(const struct undoer_options *options, struct undo_counts *counts,
                       struct error *error)
{
    struct arena arena;
    struct str import_id;
    int64_t total = 0;
    bool done = false;
    int tries = 0;
    enum status status = STATUS_OK;
    *counts = (struct undo_counts){.homes = 0};
    arena_init(&arena, STEP_ARENA_MAX);
    while (!done) {
        status = try_step(options, &arena, &import_id, &total, counts, &done, error);
        if (may_succeed_later(status) && ++tries < TRIES_MAX) {
            struct timespec delay = {.tv_sec = tries / 4, .tv_nsec = 50000000};
            (void)nanosleep(&delay, NULL);
            continue;
        }
        if (status != STATUS_OK) break;
        tries = 0;
        status = options->progress(options->context, counts, total);
        if (status != STATUS_OK) {
            (void)error_plain(error, status);
            break;
        }
    }
    arena_release(&arena);
    return status;
}
