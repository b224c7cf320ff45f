#include "faulty_store.h"

#include <string.h>

static bool is_away(struct faulty_store *faulty)
{
    if (atomic_load(&faulty->away) == 0) return false;
    if (atomic_load(&faulty->fine) > 0) {
        atomic_fetch_sub(&faulty->fine, 1);
        return false;
    }
    atomic_fetch_sub(&faulty->away, 1);
    return true;
}

/* --- bodies run again --- */

enum { NONSENSE = 0xa5 };

struct rerun {
    struct arena *arena;
    store_body *body;
    void *context;
    bool is_again;
    size_t used_bytes; /* of the arena behind the first run */
};

/* Where the first run had its memory there is nonsense while the second runs, and none is put
 * there. */
static enum status run_again(const struct rerun *rerun, struct store_session *session,
                             struct error *error)
{
    size_t before = rerun->arena->used_bytes;
    size_t made = rerun->used_bytes > before ? rerun->used_bytes - before : 0;
    unsigned char *memory = made > 0 ? arena_alloc(rerun->arena, made) : NULL;
    if (!memory) made = 0;
    if (made > 0) memset(memory, NONSENSE, made);
    enum status status = rerun->body(session, rerun->context, error);
    for (size_t i = 0; i < made; i++)
        if (memory[i] != NONSENSE)
            return error_set(error, STATUS_INTERNAL, STR_NONE, STR_NONE,
                             "a body wrote into what its first run had made");
    return status;
}

static enum status run_twice(struct store_session *session, void *context, struct error *error)
{
    struct rerun *rerun = context;
    struct error ignored;
    if (rerun->is_again) return run_again(rerun, session, error);
    (void)rerun->body(session, rerun->context, &ignored);
    rerun->used_bytes = rerun->arena->used_bytes;
    rerun->is_again = true;
    return error_plain(error, STATUS_WRITE_CONFLICT);
}

/* --- units of work --- */

static enum status fail_read(struct store *store, struct str tenant, struct arena *arena,
                             store_body *body, void *context, struct error *error)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum status status = atomic_load(&faulty->reads);
    if (status == STATUS_OK && is_away(faulty)) status = STATUS_UNAVAILABLE;
    if (status != STATUS_OK) return error_plain(error, status);
    struct rerun rerun = {.arena = arena, .body = body, .context = context};
    struct arena_mark mark = arena_mark(arena);
    status = store_read(faulty->inner, tenant, arena, run_twice, &rerun, error);
    if (status != STATUS_WRITE_CONFLICT) return status; /* the store has run it again itself */
    arena_rewind(arena, mark);
    return store_read(faulty->inner, tenant, arena, run_twice, &rerun, error);
}

static enum status fail_write(struct store *store, struct str tenant, struct arena *arena,
                              store_body *body, void *context, struct error *error)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum status status = atomic_load(&faulty->writes);
    if (status == STATUS_OK && is_away(faulty)) status = STATUS_UNAVAILABLE;
    if (status != STATUS_OK) return error_plain(error, status);
    struct rerun rerun = {.arena = arena, .body = body, .context = context};
    return store_write(faulty->inner, tenant, arena, run_twice, &rerun, error);
}

static enum status fail_lookup(struct store *store, struct str tenant, const struct str *ids,
                               size_t count, struct arena *arena, struct profile_row *rows,
                               struct error *error)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum status status = atomic_load(&faulty->reads);
    if (status != STATUS_OK) return error_plain(error, status);
    return store_lookup(faulty->inner, tenant, ids, count, arena, rows, error);
}

static enum status fail_ready(struct store *store, struct error *error)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum status status = atomic_load(&faulty->reads);
    return status != STATUS_OK ? error_plain(error, status) : store_ready(faulty->inner, error);
}

static enum status fail_backlog(struct store *store, struct arena *arena, int64_t *waiting,
                                instant *oldest, struct error *error)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum status status = atomic_load(&faulty->reads);
    if (status != STATUS_OK) return error_plain(error, status);
    return store_duplicate_backlog(faulty->inner, arena, waiting, oldest, error);
}

static struct queue_wait told_wait(struct store *store, enum store_use use)
{
    (void)use;
    int64_t wait_us = atomic_load(&((struct faulty_store *)store)->wait_us);
    return (struct queue_wait){.us = wait_us, .stands = wait_us > 0};
}

static enum status claim(struct store *store, const struct job_turn *turn, struct arena *arena,
                         struct job_claim *claim, struct error *error)
{
    return store_job_claim(((struct faulty_store *)store)->inner, turn, arena, claim, error);
}

static enum status purge(struct store *store, instant before, struct arena *arena,
                         struct error *error)
{
    return store_jobs_purge(((struct faulty_store *)store)->inner, before, arena, error);
}

static enum status purge_answers(struct store *store, instant now, size_t most, struct arena *arena,
                                 size_t *purged, struct error *error)
{
    return store_answers_purge(((struct faulty_store *)store)->inner, now, most, arena, purged,
                               error);
}

/* --- dead letters --- */

static enum status find_parked(struct store *store, struct str topic,
                               const struct dead_letter *asked, size_t count, struct arena *arena,
                               bool *parked, struct error *error)
{
    struct faulty_store *faulty = (struct faulty_store *)store;
    enum status status = atomic_load(&faulty->reads);
    if (status == STATUS_OK && is_away(faulty)) status = STATUS_UNAVAILABLE;
    if (status != STATUS_OK) return error_plain(error, status);
    return store_dead_letter_parked(faulty->inner, topic, asked, count, arena, parked, error);
}

static enum status list_letters(struct store *store, const struct dead_letter *after, size_t limit,
                                struct arena *arena, struct dead_letter **letters, size_t *count,
                                struct error *error)
{
    return store_dead_letter_list(((struct faulty_store *)store)->inner, after, limit, arena,
                                  letters, count, error);
}

static enum status count_letters(struct store *store, struct arena *arena,
                                 struct dead_letter_count *count, struct error *error)
{
    return store_dead_letter_count(((struct faulty_store *)store)->inner, arena, count, error);
}

static enum status purge_letters(struct store *store, instant before, size_t most,
                                 struct arena *arena, size_t *purged, struct error *error)
{
    return store_dead_letters_purge(((struct faulty_store *)store)->inner, before, most, arena,
                                    purged, error);
}

void faulty_store_init(struct faulty_store *store, struct store *inner)
{
    *store = (struct faulty_store){.operations = *inner->operations, .inner = inner};
    store->operations.read = fail_read;
    store->operations.write = fail_write;
    store->operations.write_grouped = NULL; /* as write */
    store->operations.lookup = fail_lookup;
    store->operations.ready = fail_ready;
    store->operations.wait = told_wait;
    store->operations.duplicate_backlog = fail_backlog;
    store->operations.job_claim = claim;
    store->operations.jobs_purge = purge;
    store->operations.answers_purge = purge_answers;
    store->operations.dead_letter_parked = find_parked;
    store->operations.dead_letter_list = list_letters;
    store->operations.dead_letter_count = count_letters;
    store->operations.dead_letters_purge = purge_letters;
    store->base.operations = &store->operations;
}

void faulty_store_fail(struct faulty_store *store, enum status reads, enum status writes)
{
    atomic_store(&store->reads, reads);
    atomic_store(&store->writes, writes);
}

void faulty_store_go_away(struct faulty_store *store, int fine, int away)
{
    atomic_store(&store->fine, fine);
    atomic_store(&store->away, away);
}
