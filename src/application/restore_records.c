#include "application/restore_records.h"

#include <string.h>

#include "application/customer_index.h"
#include "application/record_keys.h"
#include "base/identifier.h"

/* More changes than a customer can see, and far from the end of the numbers. */
#define VERSION_MAX (INT64_C(1) << 53)

struct restoring {
    struct application *application;
    const struct json_value *const *lines;
    size_t count;
    struct store_session *session;
    struct arena *arena;
};

static struct str text_of(const struct json_value *line, struct str name)
{
    return json_text(json_get(line, name));
}

static enum status refuse(struct str name, struct error *error)
{
    return error_set(error, STATUS_INVALID_VALUE, name, STR("a line of an export"),
                     "is missing or is not what an export has there");
}

static enum status read_text(const struct json_value *line, struct str name, struct str *out,
                             struct error *error)
{
    *out = text_of(line, name);
    return str_is_none(*out) ? refuse(name, error) : STATUS_OK;
}

/* It comes to stand in paths and headers. */
static enum status check_id(struct str id, struct str name, struct error *error)
{
    return str_is_none(id) || identifier_is_valid(id) ? STATUS_OK : refuse(name, error);
}

static enum status read_instant(const struct json_value *line, struct str name, instant *out,
                                struct error *error)
{
    return instant_parse(text_of(line, name), out) ? STATUS_OK : refuse(name, error);
}

static enum status restore_header(struct restoring *restoring, const struct json_value *line,
                                  struct error *error)
{
    static const struct profile_filter all = {.include_merged = true, .include_erased = true};
    struct profile_row *rows;
    size_t count;
    int64_t version;
    if (!json_to_int64(json_get(line, STR("formatVersion")), &version) || version != 1)
        return refuse(STR("formatVersion"), error);
    TRY(store_profile_list(restoring->session, &all, STR_NONE, 1, restoring->arena, &rows, &count,
                           error));
    return count == 0 ? STATUS_OK : error_plain(error, STATUS_STORE_NOT_EMPTY);
}

static enum status read_row(struct restoring *restoring, const struct json_value *line,
                            struct profile_row *row, struct error *error)
{
    *row = (struct profile_row){.survivor_id = text_of(line, STR("survivorId")),
                                .merge_id = text_of(line, STR("mergeId")),
                                .erased_at = INSTANT_NONE,
                                .kind = text_of(line, STR("kind")),
                                .status = text_of(line, STR("status")),
                                .segment = text_of(line, STR("segment")),
                                .name = text_of(line, STR("name"))};
    TRY(read_text(line, STR("customerId"), &row->customer_id, error));
    TRY(check_id(row->customer_id, STR("customerId"), error));
    TRY(check_id(row->survivor_id, STR("survivorId"), error));
    TRY(check_id(row->merge_id, STR("mergeId"), error));
    if (str_equal(row->customer_id, row->survivor_id)) return refuse(STR("survivorId"), error);
    TRY(read_instant(line, STR("createdAt"), &row->created_at, error));
    TRY(read_instant(line, STR("updatedAt"), &row->updated_at, error));
    if (!json_to_int64(json_get(line, STR("version")), &row->version) || row->version < 1 ||
        row->version > VERSION_MAX)
        return refuse(STR("version"), error);
    if (json_get(line, STR("erasedAt")))
        TRY(read_instant(line, STR("erasedAt"), &row->erased_at, error));
    bool gone = row->erased_at != INSTANT_NONE || !str_is_none(row->survivor_id);
    const struct json_value *document = json_get(line, STR("profile"));
    if (document && gone) return refuse(STR("profile"), error);
    if (!document) return STATUS_OK;
    row->document = json_written(document, restoring->arena);
    return str_is_none(row->document) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* They stand newest first in the line and are written oldest first. */
static enum status restore_versions(struct restoring *restoring, const struct json_value *line,
                                    struct str customer_id, struct error *error)
{
    const struct json_value *versions = json_get(line, STR("versions"));
    if (!versions || versions->type != JSON_ARRAY) return refuse(STR("versions"), error);
    for (size_t i = versions->count; i-- > 0;) {
        const struct json_value *item = &versions->items[i];
        struct version_row row = {.customer_id = customer_id,
                                  .actor = text_of(item, STR("actor")),
                                  .changed_fields = text_of(item, STR("changedFields"))};
        if (!json_to_int64(json_get(item, STR("version")), &row.version))
            return refuse(STR("versions.version"), error);
        TRY(read_text(item, STR("cause"), &row.cause, error));
        TRY(read_instant(item, STR("recordedAt"), &row.recorded_at, error));
        TRY(store_version_append(restoring->session, &row, error));
    }
    return STATUS_OK;
}

static enum status read_fact(struct restoring *restoring, const struct json_value *item,
                             struct str home, struct fact *fact, struct error *error)
{
    const struct json_value *body = json_get(item, STR("body"));
    *fact = (struct fact){.home = home,
                          .subject = text_of(item, STR("subject")),
                          .object = text_of(item, STR("object")),
                          .actor = text_of(item, STR("actor")),
                          .import_id = text_of(item, STR("importId"))};
    if (!fact_kind_parse(text_of(item, STR("kind")), &fact->kind))
        return refuse(STR("facts.kind"), error);
    TRY(read_text(item, STR("source"), &fact->source, error));
    TRY(read_instant(item, STR("observedAt"), &fact->observed_at, error));
    TRY(read_instant(item, STR("recordedAt"), &fact->recorded_at, error));
    if (!body || body->type != JSON_OBJECT) return refuse(STR("facts.body"), error);
    fact->body = json_copy(body, restoring->arena);
    return fact->body ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* What neighbours told is no part of the tree. */
static enum status restore_facts(struct restoring *restoring, const struct json_value *facts,
                                 struct tree *tree, struct error *error)
{
    for (size_t i = 0; i < facts->count; i++) {
        struct fact *fact = &tree->facts[tree->fact_count];
        TRY(read_fact(restoring, &facts->items[i], tree->homes[0].customer_id, fact, error));
        TRY(store_fact_append(restoring->session, fact, error));
        if (!fact_kind_is_history(fact->kind)) tree->fact_count++;
    }
    return STATUS_OK;
}

static enum status restore_profile(struct restoring *restoring, const struct json_value *line,
                                   struct error *error)
{
    struct profile_row row, there;
    const struct json_value *facts = json_get(line, STR("facts"));
    TRY(read_row(restoring, line, &row, error));
    enum status status = store_profile_get(restoring->session, row.customer_id, STORE_NO_LOCK,
                                           restoring->arena, &there, error);
    if (status == STATUS_OK) return error_plain(error, STATUS_STORE_NOT_EMPTY);
    if (status != STATUS_CUSTOMER_NOT_FOUND) return status;
    if (!facts || facts->type != JSON_ARRAY) return refuse(STR("facts"), error);
    TRY(store_profile_insert(restoring->session, &row, error));
    TRY(restore_versions(restoring, line, row.customer_id, error));
    struct home home = {.customer_id = row.customer_id,
                        .parent = -1,
                        .joined_at = INSTANT_NONE,
                        .created_at = row.created_at};
    struct tree tree = {.homes = &home,
                        .home_count = 1,
                        .facts = ARENA_NEW_ARRAY(restoring->arena, struct fact, facts->count)};
    if (!tree.facts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(restore_facts(restoring, facts, &tree, error));
    tree_sort(&tree);
    if (row.erased_at != INSTANT_NONE) return STATUS_OK;
    if (!json_get(line, STR("profile")) && str_is_none(row.survivor_id) && !tree_is_silent(&tree))
        return refuse(STR("profile"), error);
    TRY(customer_index_home(restoring->session, &tree, row.customer_id, restoring->arena, error));
    return record_keys_put(restoring->application, restoring->session, &tree,
                           json_get(line, STR("profile")), restoring->arena, error);
}

/* Whom the target of a merge in force has become. If that were the source again, it would be walked
 * for ever. */
static enum status find_root(struct restoring *restoring, const struct merge *merge,
                             struct str *root, struct error *error)
{
    struct profile_row row = {.survivor_id = merge->target_id};
    while (!str_is_none(row.survivor_id)) {
        if (str_equal(row.survivor_id, merge->source_id))
            return refuse(STR("targetCustomerId"), error);
        TRY(store_profile_get(restoring->session, row.survivor_id, STORE_NO_LOCK, restoring->arena,
                              &row, error));
    }
    *root = row.customer_id;
    return STATUS_OK;
}

/* Words of several homes find a customer by the entry of its tree; the last merge of it that comes
 * sees it whole. */
static enum status restore_edge(struct restoring *restoring, const struct merge *merge,
                                struct error *error)
{
    struct arena_mark mark = arena_mark(restoring->arena);
    struct str root = STR_NONE;
    struct tree tree;
    TRY(find_root(restoring, merge, &root, error));
    TRY(store_merge_insert(restoring->session, merge, error));
    TRY(store_tree_load(restoring->session, root, INSTANT_FUTURE, restoring->arena, &tree, error));
    TRY(customer_index_tree(restoring->session, &tree, restoring->arena, error));
    arena_rewind(restoring->arena, mark);
    return STATUS_OK;
}

static enum status restore_merge(struct restoring *restoring, const struct json_value *line,
                                 struct error *error)
{
    struct merge merge = {.reason = text_of(line, STR("mergeReason")),
                          .actor = text_of(line, STR("actor")),
                          .reversed_at = INSTANT_NONE};
    TRY(read_text(line, STR("mergeId"), &merge.merge_id, error));
    TRY(read_text(line, STR("targetCustomerId"), &merge.target_id, error));
    TRY(read_text(line, STR("sourceCustomerId"), &merge.source_id, error));
    TRY(read_instant(line, STR("mergedAt"), &merge.merged_at, error));
    TRY(check_id(merge.merge_id, STR("mergeId"), error));
    if (!json_get(line, STR("reversedAt"))) return restore_edge(restoring, &merge, error);
    TRY(store_merge_insert(restoring->session, &merge, error));
    TRY(read_instant(line, STR("reversedAt"), &merge.reversed_at, error));
    merge.reverse_actor = text_of(line, STR("reverseActor"));
    return store_merge_reverse(restoring->session, &merge, error);
}

static enum status read_optional_instant(const struct json_value *line, struct str name,
                                         instant *out, struct error *error)
{
    *out = INSTANT_NONE;
    return json_get(line, name) ? read_instant(line, name, out, error) : STATUS_OK;
}

/* A home of an item is a customer that came before it. */
static enum status read_home(struct restoring *restoring, const struct json_value *line,
                             struct str name, struct str *out, struct error *error)
{
    struct profile_row row;
    TRY(read_text(line, name, out, error));
    enum status status =
        store_profile_get(restoring->session, *out, STORE_NO_LOCK, restoring->arena, &row, error);
    return status == STATUS_CUSTOMER_NOT_FOUND ? refuse(name, error) : status;
}

static enum status read_evidence(struct restoring *restoring, const struct json_value *line,
                                 struct str *out, struct error *error)
{
    const struct json_value *evidence = json_get(line, STR("evidence"));
    if (!evidence || evidence->type != JSON_OBJECT) return refuse(STR("evidence"), error);
    *out = json_written(evidence, restoring->arena);
    return str_is_none(*out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

static enum status read_words(const struct json_value *line, struct duplicate_row *row,
                              struct error *error)
{
    const struct json_value *apart = json_get(line, STR("apart"));
    int64_t rank;
    bool stored = duplicate_state_parse(text_of(line, STR("state")), &row->state) &&
                  row->state != DUPLICATE_CLAIMED && row->state != DUPLICATE_LATER;
    if (!stored) return refuse(STR("state"), error);
    if (!duplicate_cause_parse(text_of(line, STR("cause")), &row->cause))
        return refuse(STR("cause"), error);
    if (!duplicate_resolution_parse(text_of(line, STR("resolution")), &row->resolution))
        return refuse(STR("resolution"), error);
    if (!apart || apart->type != JSON_BOOLEAN) return refuse(STR("apart"), error);
    if (!json_to_int64(json_get(line, STR("rank")), &rank) || rank < 0 ||
        duplicate_probability(rank) > 1)
        return refuse(STR("rank"), error);
    row->apart = apart->boolean;
    row->probability = duplicate_probability(rank);
    return STATUS_OK;
}

static enum status restore_duplicate(struct restoring *restoring, const struct json_value *line,
                                     struct error *error)
{
    struct duplicate_row row = {.model_version = text_of(line, STR("modelVersion")),
                                .claimed_by = text_of(line, STR("claimedBy")),
                                .resolved_by = text_of(line, STR("resolvedBy")),
                                .note = text_of(line, STR("note"))};
    TRY(read_text(line, STR("duplicateId"), &row.duplicate_id, error));
    TRY(check_id(row.duplicate_id, STR("duplicateId"), error));
    TRY(read_home(restoring, line, STR("homeA"), &row.home_a, error));
    TRY(read_home(restoring, line, STR("homeB"), &row.home_b, error));
    if (str_compare(row.home_a, row.home_b) >= 0) return refuse(STR("homeB"), error);
    TRY(read_words(line, &row, error));
    TRY(read_evidence(restoring, line, &row.evidence, error));
    TRY(read_instant(line, STR("createdAt"), &row.created_at, error));
    TRY(read_instant(line, STR("refreshedAt"), &row.refreshed_at, error));
    TRY(read_optional_instant(line, STR("claimedUntil"), &row.claimed_until, error));
    TRY(read_optional_instant(line, STR("laterUntil"), &row.later_until, error));
    TRY(read_optional_instant(line, STR("resolvedAt"), &row.resolved_at, error));
    return store_duplicate_insert(restoring->session, &row, error);
}

static enum status restore_body(struct store_session *session, void *context, struct error *error)
{
    struct restoring *restoring = context;
    restoring->session = session;
    for (size_t i = 0; i < restoring->count; i++) {
        const struct json_value *line = restoring->lines[i];
        struct str record = text_of(line, STR("record"));
        if (str_equal(record, STR("PROFILE")))
            TRY(restore_profile(restoring, line, error));
        else if (str_equal(record, STR("MERGE")))
            TRY(restore_merge(restoring, line, error));
        else if (str_equal(record, STR("DUPLICATE")))
            TRY(restore_duplicate(restoring, line, error));
        else if (str_equal(record, STR("HEADER")))
            TRY(restore_header(restoring, line, error));
        else if (!str_equal(record, STR("END")))
            return refuse(STR("record"), error);
    }
    return STATUS_OK;
}

enum status restore_records(struct application *application, const struct caller *caller,
                            const struct json_value *const *lines, size_t count,
                            struct arena *arena, struct error *error)
{
    struct restoring restoring = {
        .application = application, .lines = lines, .count = count, .arena = arena};
    return store_write(application->store, caller->tenant, arena, restore_body, &restoring, error);
}
