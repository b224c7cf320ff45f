#include "adapters/jobs/undoer.h"

#include <time.h>

enum { TRIES_MAX = 8, STEP_ARENA_MAX = 512 << 20 };

static bool may_succeed_later(enum status status)
{
    return status == STATUS_WRITE_CONFLICT || status == STATUS_UNAVAILABLE ||
           status == STATUS_OUTCOME_UNKNOWN;
}

struct undoer {
    const struct undoer_options *options;
    struct later_imports *later; /* NULL: not read yet */
    struct arena arena;          /* of a step */
    int64_t total;
    bool done;
};

/* A step without an answer shows when it is looked at again: either it is there, or it is next. */
static enum status try_step(struct undoer *self, struct undo_counts *counts, struct error *error)
{
    const struct undoer_options *options = self->options;
    struct str import_id;
    arena_reset(&self->arena);
    TRY(undo_import_open(options->application, &options->caller, options->undo_id, &self->arena,
                         &import_id, &self->total, counts, error));
    if (!self->later)
        TRY(later_imports_read(options->application, &options->caller, import_id, &self->later,
                               error));
    return undo_import_step(options->application, &options->caller, options->undo_id,
                            options->epoch, import_id, self->later, &self->arena, counts,
                            &self->done, error);
}

enum status undoer_run(const struct undoer_options *options, struct undo_counts *counts,
                       struct error *error)
{
    struct undoer self = {.options = options};
    int tries = 0;
    enum status status = STATUS_OK;
    *counts = (struct undo_counts){.homes = 0};
    arena_init(&self.arena, STEP_ARENA_MAX);
    while (!self.done) {
        status = try_step(&self, counts, error);
        if (may_succeed_later(status) && ++tries < TRIES_MAX) {
            struct timespec delay = {.tv_sec = tries / 4, .tv_nsec = 50000000};
            (void)nanosleep(&delay, NULL);
            continue;
        }
        if (status != STATUS_OK) break;
        tries = 0;
        status = options->progress(options->context, counts, self.total);
        if (status != STATUS_OK) {
            (void)error_plain(error, status);
            break;
        }
    }
    later_imports_free(self.later);
    arena_release(&self.arena);
    return status;
}
