/* Jobs and their steps. */
#include "adapters/memory/memory_internal.h"

enum status memory_jobs_put(struct store_session *session, const struct job_row *job,
                            struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct job_row *copy = ARENA_NEW(&heap->arena, struct job_row);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    *copy = *job;
    copy->job_id = arena_str(&heap->arena, job->job_id);
    copy->kind = arena_str(&heap->arena, job->kind);
    copy->actor = arena_str(&heap->arena, job->actor);
    copy->document = arena_str(&heap->arena, job->document);
    if (!copy->job_id.ptr || !copy->kind.ptr || (job->actor.ptr && !copy->actor.ptr) ||
        (job->document.ptr && !copy->document.ptr) ||
        !memory_table_put(heap, &tenant->jobs, job->job_id, copy) ||
        !memory_add_ordered(heap, &tenant->jobs_ordered, job->job_id))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

/* Every unit of work is alone: there is nothing to be locked. */
enum status memory_jobs_get(struct store_session *session, struct str job_id, enum store_lock lock,
                            struct arena *arena, struct job_row *job, struct error *error)
{
    (void)arena;
    (void)lock;
    struct job_row *found = memory_table_get(&memory_tenant_of(session)->jobs, job_id);
    if (!found) return error_plain(error, STATUS_JOB_NOT_FOUND);
    *job = *found;
    return STATUS_OK;
}

enum status memory_jobs_list(struct store_session *session, struct str after_id, size_t limit,
                             struct arena *arena, struct job_row **jobs, size_t *count,
                             struct error *error)
{
    const struct memory_tenant *tenant = memory_tenant_of(session);
    size_t at = str_is_none(after_id) ? tenant->jobs_ordered.count
                                      : memory_lower_bound(&tenant->jobs_ordered, after_id);
    *count = 0;
    *jobs = NULL;
    size_t room = at < limit ? at : limit;
    if (room == 0) return STATUS_OK;
    *jobs = ARENA_NEW_ARRAY(arena, struct job_row, room);
    if (!*jobs) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (*count < room) {
        const struct str *id = tenant->jobs_ordered.items[--at];
        (*jobs)[(*count)++] = *(struct job_row *)memory_table_get(&tenant->jobs, *id);
    }
    return STATUS_OK;
}

enum status memory_jobs_step_append(struct store_session *session, const struct job_step *step,
                                    struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_bucket *bucket =
        memory_bucket_at(heap, &memory_tenant_of(session)->job_steps, step->job_id);
    struct job_step *copy = ARENA_NEW(&heap->arena, struct job_step);
    if (!bucket || !copy) return error_plain(error, STATUS_STORE_FULL);
    if ((size_t)step->number != bucket->vector.count + 1)
        return error_plain(error, STATUS_WRITE_CONFLICT);
    *copy = (struct job_step){.number = step->number,
                              .job_id = arena_str(&heap->arena, step->job_id),
                              .document = arena_str(&heap->arena, step->document),
                              .homes = arena_str(&heap->arena, step->homes),
                              .report = arena_str(&heap->arena, step->report)};
    if (!copy->job_id.ptr || !copy->document.ptr || (step->homes.ptr && !copy->homes.ptr) ||
        (step->report.ptr && !copy->report.ptr) || !memory_vector_add(heap, &bucket->vector, copy))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_jobs_step_list(struct store_session *session, struct str job_id, int64_t after,
                                  size_t limit, struct arena *arena, struct job_step **steps,
                                  size_t *count, struct error *error)
{
    const struct memory_bucket *bucket =
        memory_table_get(&memory_tenant_of(session)->job_steps, job_id);
    size_t there = bucket ? bucket->vector.count : 0, at = (size_t)after;
    *count = 0;
    *steps = ARENA_NEW_ARRAY(arena, struct job_step, limit);
    if (!*steps) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (at < there && *count < limit)
        (*steps)[(*count)++] = *(struct job_step *)bucket->vector.items[at++];
    return STATUS_OK;
}

enum status memory_jobs_step_last(struct store_session *session, struct str job_id,
                                  struct arena *arena, struct job_step *step, struct error *error)
{
    const struct memory_bucket *bucket =
        memory_table_get(&memory_tenant_of(session)->job_steps, job_id);
    (void)arena;
    (void)error;
    *step = (struct job_step){.job_id = job_id};
    if (!bucket || bucket->vector.count == 0) return STATUS_OK;
    const struct job_step *last = bucket->vector.items[bucket->vector.count - 1];
    step->number = last->number;
    step->document = last->document;
    return STATUS_OK;
}

enum status memory_jobs_step_report(struct store_session *session, struct str job_id,
                                    int64_t number, struct str report, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    const struct memory_bucket *bucket =
        memory_table_get(&memory_tenant_of(session)->job_steps, job_id);
    if (!heap || !bucket || number < 1 || (size_t)number > bucket->vector.count)
        return error_plain(error, STATUS_INTERNAL);
    struct job_step *step = bucket->vector.items[number - 1];
    struct str copy = arena_str(&heap->arena, report);
    if (str_is_none(copy) || !memory_save(heap, step, sizeof(*step)))
        return error_plain(error, STATUS_STORE_FULL);
    step->report = copy;
    return STATUS_OK;
}
