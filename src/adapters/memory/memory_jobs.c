/* Jobs, their steps, who runs them, and their files. */
#include "adapters/memory/memory_internal.h"

enum status memory_jobs_put(struct store_session *session, const struct job_row *job,
                            struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct job_row *copy = ARENA_NEW(&heap->arena, struct job_row);
    if (!copy) return error_plain(error, STATUS_STORE_FULL);
    const struct job_row *before = memory_table_get(&tenant->jobs, job->job_id);
    *copy = *job;
    copy->epoch = before ? before->epoch : 0;
    copy->lane = arena_str(&heap->arena, job->lane);
    copy->job_id = arena_str(&heap->arena, job->job_id);
    copy->kind = arena_str(&heap->arena, job->kind);
    copy->actor = arena_str(&heap->arena, job->actor);
    copy->document = arena_str(&heap->arena, job->document);
    if (!copy->job_id.ptr || !copy->kind.ptr || (job->actor.ptr && !copy->actor.ptr) ||
        (job->document.ptr && !copy->document.ptr) || (job->lane.ptr && !copy->lane.ptr) ||
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

enum status memory_jobs_count(struct store_session *session, int64_t *count, struct error *error)
{
    const struct memory_tenant *tenant = memory_tenant_of(session);
    (void)error;
    *count = 0;
    for (size_t i = 0; i < tenant->jobs_ordered.count; i++) {
        const struct str *id = tenant->jobs_ordered.items[i];
        const struct job_row *job = memory_table_get(&tenant->jobs, *id);
        *count += !str_is_none(job->lane);
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

/* The reports of one job behind a number, as long as there is room. */
static size_t take_reports(const struct memory_tenant *tenant, struct str job_id, int64_t number,
                           struct job_step *out, size_t room)
{
    const struct memory_bucket *bucket = memory_table_get(&tenant->job_steps, job_id);
    size_t count = 0;
    for (size_t i = (size_t)number; bucket && i < bucket->vector.count && count < room; i++) {
        const struct job_step *step = bucket->vector.items[i];
        if (str_is_none(step->report)) continue;
        out[count++] = (struct job_step){
            .job_id = step->job_id, .number = step->number, .report = step->report};
    }
    return count;
}

enum status memory_jobs_report_list(struct store_session *session, const struct job_step *after,
                                    size_t limit, struct arena *arena, struct job_step **steps,
                                    size_t *count, struct error *error)
{
    const struct memory_tenant *tenant = memory_tenant_of(session);
    const struct memory_vector *ids = &tenant->jobs_ordered;
    size_t at = after ? memory_lower_bound(ids, after->job_id) : 0;
    *count = 0;
    *steps = ARENA_NEW_ARRAY(arena, struct job_step, limit);
    if (!*steps) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (; at < ids->count && *count < limit; at++) {
        struct str id = *(const struct str *)ids->items[at];
        int64_t number = after && str_equal(id, after->job_id) ? after->number : 0;
        *count += take_reports(tenant, id, number, *steps + *count, limit - *count);
    }
    return STATUS_OK;
}

/* --- who runs a job: one process has the store, and is running none of the lane that it asks for
 * ---
 */

static bool is_before(const struct job_row *a, const struct job_row *b)
{
    if ((a->state == JOB_RUNNING) != (b->state == JOB_RUNNING)) return a->state == JOB_RUNNING;
    return a->created_at < b->created_at;
}

static struct job_row *first_in_lane(const struct memory_tenant *tenant, struct str lane)
{
    struct job_row *first = NULL;
    for (size_t i = 0; i < tenant->jobs_ordered.count; i++) {
        const struct str *id = tenant->jobs_ordered.items[i];
        struct job_row *job = memory_table_get(&tenant->jobs, *id);
        if (str_is_none(job->lane) || !str_equal(job->lane, lane)) continue;
        if (!first || is_before(job, first)) first = job;
    }
    return first;
}

/* Of the names in order, from behind that one on and round again. */
static bool is_nearer(struct str name, struct str than, struct str after)
{
    bool name_behind = str_compare(name, after) > 0, than_behind = str_compare(than, after) > 0;
    return name_behind == than_behind ? str_compare(name, than) < 0 : name_behind;
}

enum status memory_jobs_claim(struct store *store, const struct job_turn *turn, struct arena *arena,
                              struct job_claim *claim, struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    struct job_row *next = NULL;
    struct str after = str_is_none(turn->after) ? STR("") : turn->after;
    (void)arena, (void)error;
    *claim = (struct job_claim){.tenant = STR_NONE};
    (void)pthread_mutex_lock(&memory->mutex);
    for (size_t i = 0; i < memory->tenants.room; i++) {
        const struct memory_slot *slot = &memory->tenants.slots[i];
        if (!slot->value || (next && !is_nearer(slot->key, claim->tenant, after))) continue;
        struct job_row *first = first_in_lane(slot->value, turn->lane);
        if (!first) continue;
        next = first;
        *claim = (struct job_claim){.tenant = slot->key, .job_id = first->job_id};
    }
    if (next) claim->epoch = ++next->epoch;
    (void)pthread_mutex_unlock(&memory->mutex);
    return STATUS_OK;
}

enum status memory_jobs_keep(struct store_session *session, struct str job_id, int64_t epoch,
                             int64_t lease_ms, struct error *error)
{
    (void)session, (void)job_id, (void)epoch, (void)lease_ms, (void)error;
    return STATUS_OK;
}

/* --- files --- */

enum status memory_jobs_part_put(struct store_session *session, struct str job_id, int64_t number,
                                 instant at, struct str bytes, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    struct memory_bucket *bucket =
        memory_bucket_at(heap, &memory_tenant_of(session)->job_parts, job_id);
    struct memory_part *part = ARENA_NEW(&heap->arena, struct memory_part);
    if (!bucket || !part) return error_plain(error, STATUS_STORE_FULL);
    if ((size_t)number != bucket->vector.count + 1)
        return error_plain(error, STATUS_WRITE_CONFLICT);
    *part = (struct memory_part){at, arena_str(&heap->arena, bytes)};
    if (!part->bytes.ptr || !memory_vector_add(heap, &bucket->vector, part))
        return error_plain(error, STATUS_STORE_FULL);
    return STATUS_OK;
}

enum status memory_jobs_part_get(struct store_session *session, struct str job_id, int64_t number,
                                 struct arena *arena, struct str *bytes, struct error *error)
{
    const struct memory_bucket *bucket =
        memory_table_get(&memory_tenant_of(session)->job_parts, job_id);
    (void)arena, (void)error;
    *bytes = STR_NONE;
    if (!bucket || number < 1 || (size_t)number > bucket->vector.count) return STATUS_OK;
    *bytes = ((const struct memory_part *)bucket->vector.items[number - 1])->bytes;
    return STATUS_OK;
}

/* The memory itself stays until the store goes. */
static enum status remove_parts(struct memory_heap *heap, struct memory_tenant *tenant,
                                struct str job_id, struct error *error)
{
    struct memory_bucket *bucket = memory_table_get(&tenant->job_parts, job_id);
    if (!bucket) return STATUS_OK;
    if (!memory_save(heap, bucket, sizeof(*bucket))) return error_plain(error, STATUS_STORE_FULL);
    bucket->vector = (struct memory_vector){.count = 0};
    return STATUS_OK;
}

enum status memory_jobs_parts_remove(struct store_session *session, struct str job_id,
                                     struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    return remove_parts(heap, memory_tenant_of(session), job_id, error);
}

static bool may_go(const struct memory_tenant *tenant, const struct memory_slot *slot,
                   instant before)
{
    const struct memory_bucket *bucket = slot->value;
    if (!bucket || bucket->vector.count == 0) return false;
    const struct memory_part *first = bucket->vector.items[0];
    const struct job_row *job = memory_table_get(&tenant->jobs, slot->key);
    return first->written_at < before && (!job || str_is_none(job->lane));
}

enum status memory_jobs_exports_erase(struct store_session *session, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    struct memory_tenant *tenant = memory_tenant_of(session);
    if (!heap) return error_plain(error, STATUS_INTERNAL);
    for (size_t i = 0; i < tenant->jobs_ordered.count; i++) {
        const struct str *id = tenant->jobs_ordered.items[i];
        struct job_row *job = memory_table_get(&tenant->jobs, *id);
        if (!str_equal(job->kind, STR("EXPORT"))) continue;
        TRY(remove_parts(heap, tenant, *id, error));
        if (str_is_none(job->lane) || job->epoch == 0) continue;
        if (!memory_save(heap, job, sizeof(*job))) return error_plain(error, STATUS_STORE_FULL);
        job->epoch++;
    }
    return STATUS_OK;
}

static void purge_reports(struct memory_tenant *tenant, instant before)
{
    for (size_t i = 0; i < tenant->jobs_ordered.count; i++) {
        const struct str *id = tenant->jobs_ordered.items[i];
        const struct job_row *job = memory_table_get(&tenant->jobs, *id);
        const struct memory_bucket *bucket = memory_table_get(&tenant->job_steps, *id);
        bool has_ended = job->state != JOB_QUEUED && job->state != JOB_RUNNING;
        if (!bucket || !has_ended || job->updated_at >= before) continue;
        for (size_t j = 0; j < bucket->vector.count; j++)
            ((struct job_step *)bucket->vector.items[j])->report = STR_NONE;
    }
}

static void purge_tenant(struct memory_tenant *tenant, instant before)
{
    purge_reports(tenant, before);
    for (size_t i = 0; i < tenant->job_parts.room; i++) {
        struct memory_bucket *bucket = tenant->job_parts.slots[i].value;
        if (may_go(tenant, &tenant->job_parts.slots[i], before))
            bucket->vector = (struct memory_vector){.count = 0};
    }
}

enum status memory_jobs_purge(struct store *store, instant before, struct arena *arena,
                              struct error *error)
{
    struct memory_store *memory = (struct memory_store *)store;
    (void)arena, (void)error;
    (void)pthread_mutex_lock(&memory->mutex);
    for (size_t i = 0; i < memory->tenants.room; i++)
        if (memory->tenants.slots[i].value) purge_tenant(memory->tenants.slots[i].value, before);
    (void)pthread_mutex_unlock(&memory->mutex);
    return STATUS_OK;
}
