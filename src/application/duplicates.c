#include "application/duplicates.h"

#include <stdlib.h>

enum { CANDIDATES_MAX = 100 };

struct judgement {
    struct application *application;
    const struct policy *policy;
    struct store_session *session;
    const struct golden *golden;
    struct arena *arena;
};

static enum status compare_tree(const struct judgement *with, const struct tree *tree,
                                struct match *match)
{
    struct golden other;
    struct matcher *matcher = with->application->matcher;
    TRY(golden_record(tree, with->policy, with->arena, &other));
    return matcher->compare(matcher, with->golden, &other, with->arena, match);
}

/* Compares with the survivor and, if that says no, with the home that was hit. */
static enum status judge_home(const struct judgement *with, struct str root, struct str home,
                              struct match *match, struct error *error)
{
    struct tree tree, alone;
    TRY(store_tree_load(with->session, root, INSTANT_FUTURE, with->arena, &tree, error));
    if (compare_tree(with, &tree, match) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (match->decision == MATCH_CERTAIN || tree.home_count == 1) return STATUS_OK;
    int32_t at = tree_find_home(&tree, home);
    if (at < 0) return STATUS_OK;
    struct home own = tree.homes[at];
    struct tree of_home = {
        .homes = &own, .home_count = 1, .facts = tree.facts, .fact_count = tree.fact_count};
    own.parent = -1;
    if (customer_alone(&of_home, with->arena, &alone) != STATUS_OK ||
        compare_tree(with, &alone, match) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

static bool is_listed(const struct duplicate *duplicates, size_t count, struct str customer_id)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(duplicates[i].customer_id, customer_id)) return true;
    return false;
}

static int compare_duplicates(const void *a, const void *b)
{
    const struct duplicate *left = a, *right = b;
    if (left->match.probability != right->match.probability)
        return left->match.probability > right->match.probability ? -1 : 1;
    if (left->match.reason_count != right->match.reason_count)
        return left->match.reason_count > right->match.reason_count ? -1 : 1;
    return str_compare(left->customer_id, right->customer_id);
}

enum status duplicates_judge(struct application *application, const struct policy *policy,
                             struct store_session *session, const struct golden *golden,
                             const struct key_hit *hits, size_t hit_count, struct arena *arena,
                             struct duplicate **duplicates, size_t *count, struct error *error)
{
    struct judgement with = {application, policy, session, golden, arena};
    *count = 0;
    *duplicates = NULL;
    if (hit_count == 0) return STATUS_OK;
    *duplicates = ARENA_NEW_ARRAY(arena, struct duplicate, CANDIDATES_MAX);
    struct str *seen = ARENA_NEW_ARRAY(arena, struct str, hit_count);
    if (!*duplicates || !seen) return error_plain(error, STATUS_OUT_OF_MEMORY);
    size_t seen_count = 0;
    for (size_t i = 0; i < hit_count && *count < CANDIDATES_MAX; i++) {
        struct profile_row row, root;
        size_t before = 0;
        while (before < seen_count && !str_equal(seen[before], hits[i].home)) before++;
        if (before < seen_count) continue;
        seen[seen_count++] = hits[i].home;
        TRY(store_profile_get(session, hits[i].home, STORE_NO_LOCK, arena, &row, error));
        TRY(customer_root(session, &row, arena, &root, error));
        if (root.erased_at != INSTANT_NONE || is_listed(*duplicates, *count, root.customer_id))
            continue;
        struct duplicate found = {.customer_id = root.customer_id};
        TRY(judge_home(&with, root.customer_id, row.customer_id, &found.match, error));
        if (found.match.decision == MATCH_CERTAIN) (*duplicates)[(*count)++] = found;
    }
    if (*count > 1) qsort(*duplicates, *count, sizeof(**duplicates), compare_duplicates);
    return STATUS_OK;
}

enum status duplicates_refuse(const struct duplicate *duplicates, size_t count, struct arena *arena,
                              struct error *error)
{
    enum status status = error_plain(error, STATUS_DUPLICATE_CUSTOMER);
    if (!error) return status;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_key(&writer, STR("candidates"));
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++) {
        json_object_begin(&writer);
        json_member_string(&writer, STR("customerId"), duplicates[i].customer_id);
        json_key(&writer, STR("matchProbability"));
        struct str probability = arena_format(arena, "%.4g", duplicates[i].match.probability);
        json_raw(&writer, str_is_none(probability) ? STR("null") : probability);
        json_key(&writer, STR("reasons"));
        json_array_begin(&writer);
        for (size_t r = 0; r < duplicates[i].match.reason_count; r++)
            json_string(&writer, duplicates[i].match.reasons[r].reason);
        json_array_end(&writer);
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    error->details_json = buffer_str(&out);
    return status;
}
