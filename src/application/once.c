#include "application/once.h"

#include "application/joined_store.h"

enum { PROBES = 8 };

struct once {
    struct application *application;
    const struct caller *caller;
    const struct once_key *key;
    once_body *perform, *tell;
    void *context;
    struct arena *arena;
    struct once_answer *answer;
    struct str *asked_before; /* the fingerprint of an answer that was kept, when ours is absent */
};

/* --- keys under way in this process --- */

void once_flights_init(struct once_flights *flights, struct environment *environment)
{
    *flights = (struct once_flights){0};
    environment->random(environment, &flights->key, sizeof(flights->key));
}

/* The slot that is ours now. False when another has the key; a NULL slot when all are taken. */
static bool take_off(struct once_flights *flights, struct str name, _Atomic uint64_t **slot)
{
    uint64_t hash = hash_bytes(flights->key, name) | 1;
    *slot = NULL;
    for (uint64_t i = 0; i < PROBES; i++) {
        _Atomic uint64_t *at = &flights->slots[(hash + i * 2) / 2 % ONCE_FLIGHTS];
        uint64_t found = 0;
        if (atomic_compare_exchange_strong(at, &found, hash)) {
            *slot = at;
            return true;
        }
        if (found == hash) return false;
    }
    return true;
}

/* --- the unit of work --- */

static enum status keep(const struct once *once, struct store_session *session, instant now,
                        struct error *error)
{
    const struct answer_row row = {
        .caller = once->caller->user_id,
        .key = once->key->key,
        .fingerprint = once->key->fingerprint,
        .status = once->answer->status,
        .headers = once->answer->headers,
        .body = once->answer->body,
        .expires_at = now + once->application->limits.answers_keep_ms * 1000,
    };
    return store_answer_put(session, &row, now, error);
}

/* *known: what was answered is in the answer; else the key is ours while the session lasts. */
static enum status claim(const struct once *once, struct store_session *session, instant now,
                         bool *known, struct error *error)
{
    struct answer_row kept;
    TRY(store_answer_claim(session, once->caller->user_id, once->key->key, now, once->arena, &kept,
                           error));
    *known = !str_is_none(kept.key);
    if (!*known) return STATUS_OK;
    if (str_is_none(once->key->fingerprint))
        *once->asked_before = kept.fingerprint;
    else if (!str_equal(kept.fingerprint, once->key->fingerprint))
        return error_plain(error, STATUS_KEY_REUSED);
    *once->answer = (struct once_answer){kept.status, kept.headers, kept.body, true};
    return STATUS_OK;
}

static instant now_of(const struct once *once)
{
    struct environment *environment = once->application->environment;
    return environment->now(environment);
}

static enum status perform_body(struct store_session *session, void *context, struct error *error)
{
    const struct once *once = context;
    struct joined_store joined;
    struct application inner = *once->application;
    instant now = now_of(once);
    bool known;
    TRY(claim(once, session, now, &known, error));
    if (known) return STATUS_OK;
    joined_store_init(&joined, session);
    inner.store = &joined.store;
    *once->answer = (struct once_answer){0};
    TRY(once->perform(&inner, once->context, once->answer, error));
    if (joined_store_status(&joined) != STATUS_OK)
        return error_plain(error, joined_store_status(&joined));
    return keep(once, session, now, error);
}

static enum status recall_body(struct store_session *session, void *context, struct error *error)
{
    bool known;
    return claim(context, session, now_of(context), &known, error);
}

static enum status keep_body(struct store_session *session, void *context, struct error *error)
{
    const struct once *once = context;
    struct once_answer answer = *once->answer;
    instant now = now_of(once);
    bool known;
    TRY(claim(once, session, now, &known, error));
    if (known) return STATUS_OK;
    *once->answer = answer;
    return keep(once, session, now, error);
}

static enum status write(const struct once *once, store_body *body, struct error *error)
{
    return store_write(once->application->store, once->caller->tenant, once->arena, body,
                       (void *)(uintptr_t)once, error);
}

static enum status perform_in_one(const struct once *once, struct error *error)
{
    return write(once, perform_body, error);
}

/* --- a unit of work that is opened elsewhere --- */

/* A store of which the first unit of work is that of the key. */
struct once_store {
    struct store store;
    const struct once *once;
    bool is_begun;
    store_body *body; /* of that unit of work */
    void *context;
};

static enum status begin_body(struct store_session *session, void *context, struct error *error)
{
    struct once_store *begun = context;
    const struct once *once = begun->once;
    instant now = now_of(once);
    bool known;
    TRY(claim(once, session, now, &known, error));
    if (known) return error_plain(error, STATUS_REQUEST_IN_FLIGHT);
    TRY(begun->body(session, begun->context, error));
    *once->answer = (struct once_answer){0};
    TRY(once->tell(once->application, once->context, once->answer, error));
    return keep(once, session, now, error);
}

static enum status write_once(struct store *store, struct str tenant, struct arena *arena,
                              store_body *body, void *context, struct error *error)
{
    struct once_store *begun = (struct once_store *)store;
    struct store *inner = begun->once->application->store;
    if (begun->is_begun) return store_write(inner, tenant, arena, body, context, error);
    begun->is_begun = true;
    begun->body = body;
    begun->context = context;
    return store_write(inner, tenant, arena, begin_body, begun, error);
}

static enum status read_through(struct store *store, struct str tenant, struct arena *arena,
                                store_body *body, void *context, struct error *error)
{
    const struct once_store *begun = (const struct once_store *)store;
    return store_read(begun->once->application->store, tenant, arena, body, context, error);
}

/* An answer was kept; is it to what is asked now? */
static enum status check_asked(const struct once *once, struct error *error)
{
    if (!str_is_none(once->key->fingerprint)) return STATUS_OK;
    TRY(once->key->read_all(once->context, error));
    return str_equal(*once->asked_before, once->key->fingerprint)
               ? STATUS_OK
               : error_plain(error, STATUS_KEY_REUSED);
}

static enum status start_once(const struct once *once, struct error *error)
{
    static const struct store_operations operations = {.read = read_through, .write = write_once};
    struct once_store begun = {.store = {.operations = &operations}, .once = once};
    struct application inner = *once->application;
    inner.store = &begun.store;
    *once->answer = (struct once_answer){0};
    TRY(write(once, recall_body, error));
    if (once->answer->replayed) return check_asked(once, error);
    struct once_answer answer = {0};
    enum status status = once->perform(&inner, once->context, &answer, error);
    if (once->answer->replayed) return STATUS_OK;
    TRY(status);
    if (begun.is_begun) return STATUS_OK;
    *once->answer = answer;
    return write(once, keep_body, error);
}

static enum status in_flight(const struct once *once,
                             enum status (*run)(const struct once *, struct error *),
                             struct error *error)
{
    _Atomic uint64_t *slot = NULL;
    struct once_flights *flights = once->application->flights;
    struct str name =
        arena_format(once->arena, "%.*s\x1f%.*s\x1f%.*s", STR_ARGS(once->caller->tenant),
                     STR_ARGS(once->caller->user_id), STR_ARGS(once->key->key));
    if (str_is_none(name)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (flights && !take_off(flights, name, &slot))
        return error_plain(error, STATUS_REQUEST_IN_FLIGHT);
    enum status status = run(once, error);
    if (slot) atomic_store(slot, 0);
    return status;
}

enum status once_perform(struct application *application, const struct caller *caller,
                         const struct once_key *key, once_body *perform, void *context,
                         struct arena *arena, struct once_answer *answer, struct error *error)
{
    const struct once once = {application, caller, key,    perform, NULL,
                              context,     arena,  answer, NULL};
    return in_flight(&once, perform_in_one, error);
}

enum status once_start(struct application *application, const struct caller *caller,
                       const struct once_key *key, once_body *perform, once_body *tell,
                       void *context, struct arena *arena, struct once_answer *answer,
                       struct error *error)
{
    struct str asked_before = STR_NONE;
    const struct once once = {application, caller, key,    perform,      tell,
                              context,     arena,  answer, &asked_before};
    return in_flight(&once, start_once, error);
}
