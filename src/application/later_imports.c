#include "application/later_imports.h"

#include <stdlib.h>

#include "base/hash.h"

/* A step may have a thousand homes and as many lines of report. */
enum { JOBS_AT_ONCE = 50, STEPS_AT_ONCE = 4, ROOM_MIN = 1024, ARENA_MAX = 512 << 20 };

struct later_imports {
    uint64_t *hashes; /* 0: none */
    size_t room;      /* a power of two */
    size_t count;
};

static uint64_t hash_of(struct str home)
{
    uint64_t hash = hash_bytes((struct hash_key){7, 8}, home);
    return hash ? hash : 1;
}

static uint64_t *slot_of(const struct later_imports *later, uint64_t hash)
{
    size_t at = hash & (later->room - 1);
    while (later->hashes[at] && later->hashes[at] != hash) at = (at + 1) & (later->room - 1);
    return &later->hashes[at];
}

static bool grow(struct later_imports *later)
{
    struct later_imports larger = {.room = later->room * 2};
    larger.hashes = calloc(larger.room, sizeof(*larger.hashes));
    if (!larger.hashes) return false;
    for (size_t i = 0; i < later->room; i++)
        if (later->hashes[i]) *slot_of(&larger, later->hashes[i]) = later->hashes[i];
    free(later->hashes);
    later->hashes = larger.hashes;
    later->room = larger.room;
    return true;
}

static bool add(struct later_imports *later, struct str noted)
{
    bool marked = noted.len > 0 && noted.ptr[0] == LATER_IMPORTS_UNCHANGED;
    uint64_t hash = hash_of(marked ? str_skip(noted, 1) : noted);
    if (later->count * 4 >= later->room * 3 && !grow(later)) return false;
    uint64_t *slot = slot_of(later, hash);
    later->count += *slot == 0;
    *slot = hash;
    return true;
}

bool later_imports_have(const struct later_imports *later, struct str home)
{
    return later && *slot_of(later, hash_of(home)) != 0;
}

void later_imports_free(struct later_imports *later)
{
    if (!later) return;
    free(later->hashes);
    free(later);
}

/* --- reading, in pages --- */

struct reading {
    struct application *application;
    const struct caller *caller;
    struct str import_id; /* behind which */
    struct later_imports *later;
    struct arena *jobs_arena, *steps_arena;
    struct str before; /* jobs are read newest first */
    struct job_row *jobs;
    size_t job_count;
    struct str job_id; /* whose steps are read */
    int64_t after;
    struct job_step *steps;
    size_t step_count;
};

static enum status steps_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_job_step_list(session, reading->job_id, reading->after, STEPS_AT_ONCE,
                               reading->steps_arena, &reading->steps, &reading->step_count, error);
}

static enum status add_step(const struct reading *reading, const struct job_step *step,
                            struct error *error)
{
    struct json_value *homes;
    if (str_is_none(step->homes)) return STATUS_OK; /* of a job that is no import */
    TRY(json_parse(step->homes, reading->steps_arena, &homes, error));
    for (size_t i = 0; i < homes->count; i++)
        if (!add(reading->later, json_text(&homes->items[i])))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

static enum status add_job(struct reading *reading, struct str job_id, struct error *error)
{
    reading->job_id = job_id;
    reading->after = 0;
    do {
        arena_reset(reading->steps_arena);
        TRY(store_read(reading->application->store, reading->caller->tenant, reading->steps_arena,
                       steps_body, reading, error));
        for (size_t i = 0; i < reading->step_count; i++) {
            TRY(add_step(reading, &reading->steps[i], error));
            reading->after = reading->steps[i].number;
        }
    } while (reading->step_count == STEPS_AT_ONCE);
    return STATUS_OK;
}

static enum status jobs_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_job_list(session, reading->before, JOBS_AT_ONCE, reading->jobs_arena,
                          &reading->jobs, &reading->job_count, error);
}

/* Ids of jobs are in the order in which they were made. */
static enum status read_jobs(struct reading *reading, struct error *error)
{
    do {
        TRY(store_read(reading->application->store, reading->caller->tenant, reading->jobs_arena,
                       jobs_body, reading, error));
        for (size_t i = 0; i < reading->job_count; i++) {
            const struct job_row *job = &reading->jobs[i];
            if (str_compare(job->job_id, reading->import_id) <= 0) return STATUS_OK;
            if (job->state != JOB_UNDONE && str_equal(job->kind, STR("IMPORT")))
                TRY(add_job(reading, job->job_id, error));
            reading->before = job->job_id;
        }
    } while (reading->job_count == JOBS_AT_ONCE);
    return STATUS_OK;
}

enum status later_imports_read(struct application *application, const struct caller *caller,
                               struct str import_id, struct later_imports **out,
                               struct error *error)
{
    struct later_imports *later = calloc(1, sizeof(*later));
    struct arena jobs_arena, steps_arena;
    *out = NULL;
    if (later) later->hashes = calloc(ROOM_MIN, sizeof(*later->hashes));
    if (!later || !later->hashes) {
        later_imports_free(later);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    later->room = ROOM_MIN;
    arena_init(&jobs_arena, ARENA_MAX);
    arena_init(&steps_arena, ARENA_MAX);
    struct reading reading = {.application = application,
                              .caller = caller,
                              .import_id = import_id,
                              .later = later,
                              .jobs_arena = &jobs_arena,
                              .steps_arena = &steps_arena,
                              .before = STR_NONE};
    enum status status = read_jobs(&reading, error);
    arena_release(&jobs_arena);
    arena_release(&steps_arena);
    if (status == STATUS_OK)
        *out = later;
    else
        later_imports_free(later);
    return status;
}
