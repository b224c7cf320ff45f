#include "application/put_aside.h"

#include <stdlib.h>

#include "application/customer.h"

/* Letters of one tenant, in a unit of work. */
struct putting {
    struct dead_letter *letters;
    size_t *places; /* among all */
    size_t count;
    struct arena *arena;
    bool *kept; /* of all */
};

/* The customers that they are about, in order and each once. */
static size_t name_customers(const struct putting *putting, struct str *ids)
{
    size_t count = 0, once = 0;
    for (size_t i = 0; i < putting->count; i++)
        if (!str_is_none(putting->letters[i].customer)) ids[count++] = putting->letters[i].customer;
    str_sort(ids, count);
    for (size_t i = 0; i < count; i++)
        if (once == 0 || !str_equal(ids[once - 1], ids[i])) ids[once++] = ids[i];
    return once;
}

static int compare(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static bool is_about_erased(const struct dead_letter *letter, const struct str *ids,
                            const struct profile_row *roots, size_t count)
{
    if (str_is_none(letter->customer)) return false;
    const struct str *found = bsearch(&letter->customer, ids, count, sizeof(*ids), compare);
    return found && roots[found - ids].erased_at != INSTANT_NONE;
}

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    struct putting *putting = context;
    struct arena *arena = putting->arena;
    struct str *ids = ARENA_NEW_ARRAY(arena, struct str, putting->count);
    struct profile_row *roots = ARENA_NEW_ARRAY(arena, struct profile_row, putting->count);
    if (!ids || !roots) return error_plain(error, STATUS_OUT_OF_MEMORY);
    size_t customers = name_customers(putting, ids);
    TRY(customer_lock_roots(session, ids, customers, arena, roots, error));
    for (size_t i = 0; i < putting->count; i++) {
        const struct dead_letter *letter = &putting->letters[i];
        bool keep = !is_about_erased(letter, ids, roots, customers);
        putting->kept[putting->places[i]] = keep;
        if (keep) TRY(store_dead_letter_put(session, letter, 1, error));
    }
    return STATUS_OK;
}

/* Those of the tenant of the one at `first`, from there on. */
static void collect(const struct dead_letter *letters, size_t count, size_t first,
                    struct putting *putting)
{
    putting->count = 0;
    for (size_t i = first; i < count; i++) {
        if (!str_equal(letters[i].tenant, letters[first].tenant)) continue;
        putting->places[putting->count] = i;
        putting->letters[putting->count++] = letters[i];
    }
}

static bool is_first_of_tenant(const struct dead_letter *letters, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(letters[i].tenant, letters[index].tenant)) return false;
    return true;
}

enum status put_aside(struct application *application, const struct dead_letter *letters,
                      size_t count, struct arena *arena, bool *kept, struct error *error)
{
    struct putting putting = {.letters = ARENA_NEW_ARRAY(arena, struct dead_letter, count),
                              .places = ARENA_NEW_ARRAY(arena, size_t, count),
                              .arena = arena,
                              .kept = kept};
    if (!putting.letters || !putting.places) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_tenant(letters, i)) continue;
        collect(letters, count, i, &putting);
        struct str tenant = str_is_none(letters[i].tenant) ? STORE_NO_TENANT : letters[i].tenant;
        TRY(store_write(application->store, tenant, arena, put_body, &putting, error));
    }
    return STATUS_OK;
}
