#include "application/duplicates.h"

#include <stdlib.h>

#include "application/cut_keys.h"

enum { HOMES_COMPARED_MAX = 32 };

/* A customer that a candidate's home leads to. */
struct suspect {
    struct profile_row root;
    struct str home;
    struct match_record record;
};

struct suspects {
    struct suspect items[CANDIDATES_MAX];
    size_t count;
};

static bool is_suspected(const struct suspects *suspects, struct str root)
{
    for (size_t i = 0; i < suspects->count; i++)
        if (str_equal(suspects->items[i].root.customer_id, root)) return true;
    return false;
}

/* --- who they are --- */

/* As it is shown: the document is the golden record. */
static enum status suspect_customer(const struct duplicate_search *search,
                                    const struct profile_row *customer, struct suspect *suspect,
                                    struct error *error)
{
    struct json_value *document;
    *suspect = (struct suspect){.root = *customer, .home = customer->customer_id};
    TRY(json_parse(customer->document, search->arena, &document, error));
    if (customer_describe(search->application, document, search->arena, &suspect->record) !=
        STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* The rows of the candidates that are not known yet. */
static enum status load_rows(const struct duplicate_search *search,
                             const struct candidates *candidates, struct profile_row *rows,
                             struct error *error)
{
    struct str ids[CANDIDATES_MAX];
    size_t count = 0;
    for (size_t i = 0; i < candidates->count; i++)
        if (!candidates->items[i].known) ids[count++] = candidates->items[i].home;
    if (count == 0) return STATUS_OK;
    return store_profiles_get(search->session, ids, count, STORE_NO_LOCK, search->arena, rows,
                              error);
}

static enum status suspect_row(const struct duplicate_search *search, const struct profile_row *row,
                               struct suspects *suspects, struct error *error)
{
    struct suspect *suspect = &suspects->items[suspects->count];
    struct profile_row root;
    TRY(customer_root(search->session, row, search->arena, &root, error));
    if (root.erased_at != INSTANT_NONE || customer_is_removed(&root) ||
        str_equal(root.customer_id, search->self) || is_suspected(suspects, root.customer_id))
        return STATUS_OK;
    TRY(suspect_customer(search, &root, suspect, error));
    suspect->home = row->customer_id;
    suspects->count++;
    return STATUS_OK;
}

static enum status gather(const struct duplicate_search *search,
                          const struct candidates *candidates, struct suspects *suspects,
                          struct error *error)
{
    struct profile_row rows[CANDIDATES_MAX], *row = rows;
    suspects->count = 0;
    TRY(load_rows(search, candidates, rows, error));
    for (size_t i = 0; i < candidates->count; i++) {
        const struct candidate *candidate = &candidates->items[i];
        if (candidate->known)
            suspects->items[suspects->count++] = (struct suspect){
                .root = {.customer_id = candidate->home, .version = 1},
                .home = candidate->home,
                .record = *candidate->known,
            };
        else if (str_is_none((row++)->customer_id)) /* a key of a home that is not there */
            return error_plain(error, STATUS_INTERNAL);
        else
            TRY(suspect_row(search, row - 1, suspects, error));
    }
    return STATUS_OK;
}

/* --- what they once were --- */

static enum status compare(const struct duplicate_search *search, const struct match_record *others,
                           size_t count, struct match *matches)
{
    struct matcher *matcher = search->application->matcher;
    return matcher->compare(matcher, search->session->tenant, search->record, others, count,
                            search->arena, matches);
}

static bool is_better(const struct match *match, const struct match *than)
{
    return match->decision > than->decision ||
           (match->decision == than->decision && match->probability > than->probability);
}

/* A home without what the others of its tree say. */
static enum status describe_home(const struct duplicate_search *search, const struct tree *tree,
                                 size_t at, struct match_record *record)
{
    struct tree of_home = {.home_count = 1, .facts = tree->facts, .fact_count = tree->fact_count};
    struct tree alone;
    struct golden golden;
    struct home own = tree->homes[at];
    own.parent = -1;
    of_home.homes = &own;
    TRY(tree_alone(&of_home, search->arena, &alone));
    TRY(golden_record(&alone, search->policy, search->arena, &golden));
    return customer_describe_golden(search->application, &golden, search->arena, record);
}

/* Each home, but of very many only the first ones and the one that was hit. */
static enum status compare_homes(const struct duplicate_search *search, const struct tree *tree,
                                 struct str hit, struct match *match)
{
    struct match_record homes[HOMES_COMPARED_MAX + 1];
    struct match matches[HOMES_COMPARED_MAX + 1];
    size_t count = 0;
    if (tree->home_count < 2) return STATUS_OK;
    for (size_t i = 0; i < tree->home_count; i++)
        if (i < HOMES_COMPARED_MAX || str_equal(tree->homes[i].customer_id, hit))
            TRY(describe_home(search, tree, i, &homes[count++]));
    TRY(compare(search, homes, count, matches));
    for (size_t i = 0; i < count; i++)
        if (is_better(&matches[i], match)) *match = matches[i];
    return STATUS_OK;
}

/* Everything ever said; the document first, for it names the kind. */
static enum status describe_past(const struct duplicate_search *search, const struct tree *tree,
                                 const struct match_record *now, struct match_record *past)
{
    struct matcher *matcher = search->application->matcher;
    const struct json_value **said =
        ARENA_NEW_ARRAY(search->arena, const struct json_value *, tree->fact_count + 1);
    size_t count = 0;
    if (!said) return STATUS_OUT_OF_MEMORY;
    said[count++] = now->said[0];
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree->facts[i].kind == FACT_ASSERTION) said[count++] = tree->facts[i].body;
    return matcher->describe(matcher, said, count, search->arena, past);
}

static enum status compare_past(const struct duplicate_search *search, const struct tree *tree,
                                const struct match_record *now, struct match *match)
{
    struct match_record record;
    struct match past;
    TRY(describe_past(search, tree, now, &record));
    TRY(compare(search, &record, 1, &past));
    if (past.decision == MATCH_CERTAIN) past.decision = MATCH_POSSIBLE;
    if (is_better(&past, match)) *match = past;
    return STATUS_OK;
}

static bool has_past(const struct profile_row *root)
{
    return root->version > 1;
}

static enum status load_tree(const struct duplicate_search *search, const struct profile_row *root,
                             struct tree *tree, struct error *error)
{
    return store_tree_load(search->session, root->customer_id, INSTANT_FUTURE, search->arena, tree,
                           error);
}

static enum status compare_tree(const struct duplicate_search *search,
                                const struct suspect *suspect, struct match *match,
                                struct error *error)
{
    struct tree tree;
    TRY(load_tree(search, &suspect->root, &tree, error));
    if (compare_homes(search, &tree, suspect->home, match) != STATUS_OK ||
        compare_past(search, &tree, &suspect->record, match) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* A copy that needs nothing of the memory that the match was made in. */
static enum status keep_match(const struct match *match, struct arena *arena, struct match *kept)
{
    *kept = *match;
    kept->reasons = ARENA_NEW_ARRAY(arena, struct match_reason, match->reason_count);
    kept->waterfall = arena_str(arena, match->waterfall);
    bool fits = kept->reasons && str_is_none(kept->waterfall) == str_is_none(match->waterfall);
    for (size_t i = 0; i < match->reason_count && fits; i++) {
        struct match_reason *reason = &kept->reasons[i];
        reason->field = arena_str(arena, match->reasons[i].field);
        reason->reason = arena_str(arena, match->reasons[i].reason);
        fits = !str_is_none(reason->field) && !str_is_none(reason->reason);
    }
    return fits ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

/* Each may have as many facts as a customer can have: of one at a time they are in memory. */
static enum status look_back(const struct duplicate_search *search, const struct suspect *suspect,
                             struct match *match, struct error *error)
{
    struct duplicate_search beside = *search;
    struct match best = *match;
    struct arena arena;
    if (match->decision == MATCH_CERTAIN || !has_past(&suspect->root)) return STATUS_OK;
    arena_init_beside(&arena, search->arena);
    beside.arena = &arena;
    enum status status = compare_tree(&beside, suspect, &best, error);
    if (status == STATUS_OK && is_better(&best, match) &&
        keep_match(&best, search->arena, match) != STATUS_OK)
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_release(&arena);
    return status;
}

/* --- the verdict --- */

static int compare_duplicates(const void *a, const void *b)
{
    const struct duplicate *left = a, *right = b;
    if (left->match.decision != right->match.decision)
        return left->match.decision > right->match.decision ? -1 : 1;
    if (left->match.probability != right->match.probability)
        return left->match.probability > right->match.probability ? -1 : 1;
    if (left->match.reason_count != right->match.reason_count)
        return left->match.reason_count > right->match.reason_count ? -1 : 1;
    return str_compare(left->customer_id, right->customer_id);
}

static enum status compare_now(const struct duplicate_search *search,
                               const struct suspects *suspects, struct match *matches)
{
    struct match_record *records =
        ARENA_NEW_ARRAY(search->arena, struct match_record, suspects->count);
    if (!records) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < suspects->count; i++) records[i] = suspects->items[i].record;
    return compare(search, records, suspects->count, matches);
}

static void count_cut(const struct duplicate_search *search, const struct customer_keys *keys,
                      const bool *cut)
{
    size_t count = 0;
    for (size_t key = 0; key < keys->searched; key++) count += cut[key];
    application_count_matching(search->application, MATCHING_KEYS_CUT, count);
}

enum status duplicates_judge(const struct duplicate_search *search,
                             const struct customer_keys *keys, const bool *cut,
                             struct candidates *candidates, struct duplicate **duplicates,
                             size_t *count, struct error *error)
{
    struct suspects suspects;
    struct match matches[CANDIDATES_MAX];
    *count = 0;
    *duplicates = NULL;
    count_cut(search, keys, cut);
    if (candidates_choose(candidates) != STATUS_OK) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (candidates->count == 0) return STATUS_OK;
    TRY(gather(search, candidates, &suspects, error));
    *duplicates = ARENA_NEW_ARRAY(search->arena, struct duplicate, suspects.count);
    if (!*duplicates || compare_now(search, &suspects, matches) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < suspects.count; i++) {
        const struct suspect *suspect = &suspects.items[i];
        TRY(look_back(search, suspect, &matches[i], error));
        if (matches[i].decision != MATCH_NONE)
            (*duplicates)[(*count)++] = (struct duplicate){.customer_id = suspect->root.customer_id,
                                                           .home = suspect->home,
                                                           .match = matches[i]};
    }
    if (*count > 1) qsort(*duplicates, *count, sizeof(**duplicates), compare_duplicates);
    application_count_matching(search->application, MATCHING_COMPARED, suspects.count);
    application_count_matching(search->application, MATCHING_POSSIBLE,
                               *count - duplicates_certain(*duplicates, *count));
    application_count_matching(search->application, MATCHING_CERTAIN,
                               duplicates_certain(*duplicates, *count));
    return STATUS_OK;
}

/* --- two customers --- */

enum status duplicates_compare(const struct duplicate_search *search,
                               const struct profile_row customers[2], struct match *match,
                               struct match *as_shown, struct error *error)
{
    struct duplicate_search one = *search;
    struct suspect sides[2];
    for (int side = 0; side < 2; side++)
        TRY(suspect_customer(search, &customers[side], &sides[side], error));
    one.record = &sides[0].record;
    if (compare(&one, &sides[1].record, 1, match) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *as_shown = *match;
    TRY(look_back(&one, &sides[1], match, error));
    one.record = &sides[1].record;
    return look_back(&one, &sides[0], match, error);
}

static enum status describe(const struct duplicate_search *search,
                            const struct profile_row *customer, struct match_record *record,
                            struct error *error)
{
    struct suspect suspect;
    struct tree tree;
    TRY(suspect_customer(search, customer, &suspect, error));
    *record = suspect.record;
    if (!has_past(customer)) return STATUS_OK;
    TRY(load_tree(search, customer, &tree, error));
    if (describe_past(search, &tree, &suspect.record, record) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

enum status duplicates_describe(const struct duplicate_search *search,
                                const struct profile_row *customer, struct str *normal,
                                struct error *error)
{
    struct duplicate_search beside = *search;
    struct match_record record;
    struct arena arena;
    arena_init_beside(&arena, search->arena);
    beside.arena = &arena;
    enum status status = describe(&beside, customer, &record, error);
    if (status == STATUS_OK) {
        *normal = arena_str(search->arena, record.normal);
        if (str_is_none(*normal)) status = error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    arena_release(&arena);
    return status;
}

/* --- looking up --- */

size_t duplicates_certain(const struct duplicate *duplicates, size_t count)
{
    size_t certain = 0;
    while (certain < count && duplicates[certain].match.decision == MATCH_CERTAIN) certain++;
    return certain;
}

bool duplicates_passes_over(const struct application *application, struct str tenant,
                            const struct customer_keys *keys, size_t key)
{
    return key >= keys->decisive && cut_keys_has(application->cut_keys, tenant, keys->items[key]);
}

/* Those of the keys that are worth asking for, as numbers; the others are cut. */
static size_t choose_keys(const struct duplicate_search *search, const struct customer_keys *keys,
                          struct str *asked, size_t *numbers, bool *cut)
{
    size_t count = 0;
    for (size_t key = 0; key < keys->searched; key++) {
        cut[key] = duplicates_passes_over(search->application, search->session->tenant, keys, key);
        if (cut[key]) continue;
        numbers[count] = key;
        asked[count++] = keys->items[key];
    }
    return count;
}

static enum status ask(const struct duplicate_search *search, const struct customer_keys *keys,
                       bool *cut, struct candidates *candidates, struct error *error)
{
    struct str *asked = ARENA_NEW_ARRAY(search->arena, struct str, keys->searched);
    size_t *numbers = ARENA_NEW_ARRAY(search->arena, size_t, keys->searched);
    struct key_hit *hits;
    size_t hit_count, at = 0;
    if (!asked || !numbers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    size_t count = choose_keys(search, keys, asked, numbers, cut);
    TRY(store_keys_find(search->session, asked, count, CANDIDATES_HOMES_MAX + 1, search->arena,
                        &hits, &hit_count, error));
    for (size_t i = 0; i < count; i++) {
        size_t first = at, key = numbers[i];
        enum candidate_key kind = customer_key_kind(keys, key);
        while (at < hit_count && hits[at].key == i) at++;
        cut[key] = candidates_cut(kind, at - first);
        if (cut[key])
            cut_keys_add(search->application->cut_keys, search->session->tenant, asked[i]);
        for (size_t hit = first; hit < at && !cut[key]; hit++)
            candidates_add(candidates, hits[hit].home, NULL, kind, at - first);
    }
    return STATUS_OK;
}

enum status duplicates_find(const struct duplicate_search *search, const struct customer_keys *keys,
                            bool *cut, struct duplicate **duplicates, size_t *count,
                            struct error *error)
{
    struct candidates candidates = {.arena = search->arena};
    TRY(ask(search, keys, cut, &candidates, error));
    return duplicates_judge(search, keys, cut, &candidates, duplicates, count, error);
}

void duplicates_write_match(struct json_writer *writer, const struct match *match,
                            struct arena *arena)
{
    struct str probability = arena_format(arena, "%.6g", match->probability);
    json_key(writer, STR("matchProbability"));
    json_raw(writer, str_is_none(probability) ? STR("null") : probability);
    json_key(writer, STR("reasons"));
    json_array_begin(writer);
    for (size_t i = 0; i < match->reason_count; i++) json_string(writer, match->reasons[i].reason);
    json_array_end(writer);
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
        duplicates_write_match(&writer, &duplicates[i].match, arena);
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    error->details_json = buffer_str(&out);
    return status;
}
