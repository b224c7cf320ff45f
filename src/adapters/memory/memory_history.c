/* History in pages: what is asked for is gathered, sorted and cut. */
#include <stdlib.h>

#include "adapters/memory/memory_internal.h"

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Newest first. */
static int compare_newest(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = compare_numbers(right->observed_at, left->observed_at);
    if (order == 0) order = str_compare(left->home, right->home);
    return order ? order : compare_numbers(right->number, left->number);
}

/* Of one home: by kind and subject, each as time goes. */
static int compare_subjects(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = (int)left->kind - (int)right->kind;
    if (order == 0) order = str_compare(left->subject, right->subject);
    if (order == 0) order = compare_numbers(left->observed_at, right->observed_at);
    return order ? order : compare_numbers(left->number, right->number);
}

static bool is_asked_for(const struct history_query *query, const struct fact *fact)
{
    if (query->behind && compare_newest(&query->behind, &fact) >= 0) return false;
    for (size_t i = 0; i < query->kind_count; i++)
        if (query->kinds[i] == fact->kind) return true;
    return false;
}

/* In compare_subjects: whether nothing of its subject comes before. */
static bool is_first(const struct fact *const *facts, size_t index)
{
    return index == 0 || facts[index - 1]->kind != facts[index]->kind ||
           !str_equal(facts[index - 1]->subject, facts[index]->subject);
}

static bool add_home(const struct memory_profile *home, const struct history_query *query,
                     struct arena *arena, const struct fact **found, size_t *count)
{
    size_t told = home->history.count;
    const struct fact **sorted = ARENA_NEW_ARRAY(arena, const struct fact *, told);
    if (!sorted) return false;
    for (size_t i = 0; i < told; i++) sorted[i] = home->history.items[i];
    if (told > 1) qsort(sorted, told, sizeof(*sorted), compare_subjects);
    for (size_t i = 0; i < told; i++)
        if (is_asked_for(query, sorted[i]) && (!query->first_only || is_first(sorted, i)))
            found[(*count)++] = sorted[i];
    return true;
}

static enum status give(const struct fact *const *found, size_t count, size_t limit,
                        struct arena *arena, struct fact **out, size_t *given, struct error *error)
{
    *given = count < limit ? count : limit;
    *out = ARENA_NEW_ARRAY(arena, struct fact, *given);
    if (!*out) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < *given; i++) (*out)[i] = *found[i];
    return STATUS_OK;
}

enum status memory_history_list(struct store_session *session, const struct history_query *query,
                                struct arena *arena, struct fact **out, size_t *count,
                                struct error *error)
{
    const struct memory_table *profiles = &memory_tenant_of(session)->profiles;
    size_t total = 0, taken = 0;
    for (size_t i = 0; i < query->home_count; i++) {
        const struct memory_profile *home = memory_table_get(profiles, query->homes[i]);
        total += home ? home->history.count : 0;
    }
    const struct fact **found = ARENA_NEW_ARRAY(arena, const struct fact *, total);
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < query->home_count; i++) {
        const struct memory_profile *home = memory_table_get(profiles, query->homes[i]);
        if (home && !add_home(home, query, arena, found, &taken))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    if (taken > 1) qsort(found, taken, sizeof(*found), compare_newest);
    return give(found, taken, query->limit, arena, out, count, error);
}

enum status memory_history_of(struct store_session *session, struct str home_id,
                              enum fact_kind kind, const struct fact *after, size_t limit,
                              struct arena *arena, struct fact **out, size_t *count,
                              struct error *error)
{
    const struct memory_profile *home =
        memory_table_get(&memory_tenant_of(session)->profiles, home_id);
    size_t total = home ? home->history.count : 0, taken = 0;
    const struct fact **found = ARENA_NEW_ARRAY(arena, const struct fact *, total);
    struct fact behind = after ? *after : (struct fact){0};
    const struct fact *place = &behind;
    behind.kind = kind;
    if (!found) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < total; i++) {
        const struct fact *fact = home->history.items[i];
        if (fact->kind == kind && (!after || compare_subjects(&fact, &place) > 0))
            found[taken++] = fact;
    }
    if (taken > 1) qsort(found, taken, sizeof(*found), compare_subjects);
    return give(found, taken, limit, arena, out, count, error);
}
