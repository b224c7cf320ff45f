#include "application/ports/store_locks.h"

#include <stdlib.h>
#include <string.h>

enum { MEMORY_MAX_BYTES = 16 << 20 };

void store_locks_init(struct store_locks *locks)
{
    *locks = (struct store_locks){.count = 0};
    arena_init(&locks->arena, MEMORY_MAX_BYTES);
}

void store_locks_release(struct store_locks *locks)
{
    arena_release(&locks->arena);
}

static int compare(const struct store_locked *a, const struct store_locked *b)
{
    if (a->place != b->place) return a->place < b->place ? -1 : 1;
    return str_compare(a->name, b->name);
}

static int compare_locked(const void *a, const void *b)
{
    return compare(a, b);
}

static bool holds(const struct store_locks *locks, const struct store_locked *wanted)
{
    for (size_t i = locks->count; i-- > 0;)
        if (compare(&locks->names[i], wanted) == 0) return true;
    return false;
}

static bool is_behind_all(const struct store_locks *locks, const struct store_locked *wanted)
{
    return str_is_none(locks->highest.name) || compare(&locks->highest, wanted) < 0;
}

void store_locks_raise(struct store_locks *locks, enum store_place place, struct str name)
{
    struct store_locked made = {place, name};
    if (!locks || !is_behind_all(locks, &made)) return;
    made.name = arena_str(&locks->arena, name);
    if (!str_is_none(made.name)) locks->highest = made;
}

static bool make_room(struct store_locks *locks)
{
    if (locks->count < locks->room) return true;
    size_t room = locks->room ? 2 * locks->room : 32;
    struct store_locked *larger = arena_realloc(
        &locks->arena, locks->names, locks->room * sizeof(*larger), room * sizeof(*larger));
    if (!larger) return false;
    locks->names = larger;
    locks->room = room;
    return true;
}

enum status store_locks_note(struct store_locks *locks, enum store_place place, struct str name,
                             struct error *error)
{
    struct store_locked locked = {place, name};
    if (!locks) return STATUS_OK;
    bool is_behind = is_behind_all(locks, &locked);
    if (!is_behind && holds(locks, &locked)) return STATUS_OK;
    locked.name = arena_str(&locks->arena, name);
    if (str_is_none(locked.name) || !make_room(locks))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (is_behind) locks->highest = locked;
    locks->names[locks->count++] = locked;
    return STATUS_OK;
}

enum status store_locks_ask(struct store_locks *locks, enum store_place place,
                            const struct str *names, size_t count, enum store_lock *how,
                            struct error *error)
{
    *how = STORE_LOCK;
    if (!locks) return STATUS_OK;
    for (size_t i = 0; i < count && *how == STORE_LOCK; i++) {
        const struct store_locked wanted = {place, names[i]};
        if (!is_behind_all(locks, &wanted) && !holds(locks, &wanted)) *how = STORE_TRY_LOCK;
    }
    for (size_t i = 0; i < count; i++) TRY(store_locks_note(locks, place, names[i], error));
    return STATUS_OK;
}

enum store_lock store_locks_ask_some(const struct store_locks *locks, enum store_place place)
{
    bool waits = !locks || str_is_none(locks->highest.name) || locks->highest.place < place;
    return waits ? STORE_LOCK : STORE_TRY_LOCK;
}

/* --- the run after --- */

static enum status take_names(struct store_session *session, enum store_place place,
                              const struct str *names, size_t count, struct arena *arena,
                              struct error *error)
{
    const struct store_operations *operations = session->store->operations;
    if (place == STORE_PLACE_KEY || place == STORE_PLACE_LAST)
        return operations->keys_lock(session, names, count, STORE_LOCK, error);
    if (place == STORE_PLACE_CUSTOMER) {
        struct profile_row *rows = ARENA_NEW_ARRAY(arena, struct profile_row, count);
        if (!rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
        return operations->profiles_get(session, names, count, STORE_LOCK, arena, rows, error);
    }
    for (size_t i = 0; i < count; i++) {
        struct duplicate_row row;
        enum status status =
            operations->duplicate_get(session, names[i], STORE_LOCK, arena, &row, error);
        if (status != STATUS_DUPLICATE_NOT_FOUND) TRY(status);
    }
    return STATUS_OK;
}

enum status store_locks_take(struct store_session *session, struct arena *arena,
                             struct error *error)
{
    struct store_locks *locks = session->locks;
    locks->highest = (struct store_locked){.name = STR_NONE};
    if (locks->count == 0) return STATUS_OK;
    struct arena_mark mark = arena_mark(arena);
    struct str *names = ARENA_NEW_ARRAY(arena, struct str, locks->count);
    if (!names) return error_plain(error, STATUS_OUT_OF_MEMORY);
    qsort(locks->names, locks->count, sizeof(*locks->names), compare_locked);
    for (size_t i = 0; i < locks->count; i++) names[i] = locks->names[i].name;
    locks->highest = locks->names[locks->count - 1];
    for (size_t at = 0, end; at < locks->count; at = end) {
        enum store_place place = locks->names[at].place;
        for (end = at + 1; end < locks->count && locks->names[end].place == place;) end++;
        TRY(take_names(session, place, names + at, end - at, arena, error));
    }
    arena_rewind(arena, mark);
    return STATUS_OK;
}
