#include "application/timeline.h"

#include <stdlib.h>

#include "domain/profile.h"

static const struct str timeline_types =
    STR("PROFILE | CONTACT | RELATIONSHIP | CONSENT | IMPORT_UNDONE | CREDIT | SERVICE_ORDER | "
        "CONTRACT | MERGE | UNMERGE");

enum { ENTRY_MERGE = FACT_KIND_COUNT, ENTRY_UNMERGE, ENTRY_TYPE_COUNT };

/* The first are those of facts, by their kinds. */
static const struct {
    struct str name;
    enum timeline_part part;
} types[ENTRY_TYPE_COUNT] = {
    [FACT_ASSERTION] = {STR("PROFILE"), TIMELINE_PROFILE},
    [FACT_CONTACT] = {STR("CONTACT"), TIMELINE_PROFILE},
    [FACT_RELATIONSHIP] = {STR("RELATIONSHIP"), TIMELINE_PROFILE},
    [FACT_CONSENT] = {STR("CONSENT"), TIMELINE_CONSENT},
    [FACT_UNDO] = {STR("IMPORT_UNDONE"), TIMELINE_PROFILE},
    [FACT_CREDIT] = {STR("CREDIT"), TIMELINE_CREDIT},
    [FACT_SERVICE_ORDER] = {STR("SERVICE_ORDER"), TIMELINE_SERVICE},
    [FACT_CONTRACT] = {STR("CONTRACT"), TIMELINE_SERVICE},
    [ENTRY_MERGE] = {STR("MERGE"), TIMELINE_PROFILE},
    [ENTRY_UNMERGE] = {STR("UNMERGE"), TIMELINE_PROFILE},
};

bool timeline_part_of(struct str type, enum timeline_part *part)
{
    for (size_t i = 0; i < ENTRY_TYPE_COUNT; i++) {
        if (!str_equal(types[i].name, type)) continue;
        *part = types[i].part;
        return true;
    }
    return false;
}

/* A fact, or a merge and which end of it. */
struct entry {
    struct history_place place;
    size_t type; /* of `types` */
    const struct fact *fact;
    const struct merge *merge;
};

/* Of one time: what others tell, what was said here, unmerges, merges. */
enum { RANK_HISTORY, RANK_FACT, RANK_UNMERGE, RANK_MERGE };

struct timeline {
    struct str customer_id;
    const struct timeline_view *view;
    struct history_place after;
    size_t limit;
    struct arena *arena;
    struct history_owner owner;
    struct fact *history; /* of the page */
    size_t history_count;
    struct merge *merges; /* in which a home of the tree is or was source or target */
    size_t merge_count;
    struct entry *entries;
    size_t count;
};

static bool is_shown(const struct timeline_view *view, size_t type)
{
    if (!view->shows[types[type].part]) return false;
    return str_is_none(view->type) || str_equal(types[type].name, view->type);
}

/* ---- reading ---- */

/* What the page may have of history: it is the only part that there may be very much of. */
static enum status load_history(struct store_session *session, struct timeline *timeline,
                                struct error *error)
{
    enum fact_kind kinds[FACT_KIND_COUNT];
    size_t kind_count = 0;
    const struct history_place *after = &timeline->after;
    struct fact behind = {.observed_at = after->at, .home = after->id, .number = after->number};
    /* All history of that time came before it. */
    if (after->rank > RANK_HISTORY)
        behind = (struct fact){.observed_at = after->at - 1, .home = STR("")};
    for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
        if (fact_kind_is_history((enum fact_kind)kind) && is_shown(timeline->view, (size_t)kind))
            kinds[kind_count++] = (enum fact_kind)kind;
    const struct history_query query = {.homes = timeline->owner.homes,
                                        .home_count = timeline->owner.tree.home_count,
                                        .kinds = kinds,
                                        .kind_count = kind_count,
                                        .behind = str_is_none(after->id) ? NULL : &behind,
                                        .limit = timeline->limit + 1};
    timeline->history_count = 0;
    if (kind_count == 0) return STATUS_OK;
    return store_history_list(session, &query, timeline->arena, &timeline->history,
                              &timeline->history_count, error);
}

static enum status timeline_body(struct store_session *session, void *context, struct error *error)
{
    struct timeline *timeline = context;
    struct history_owner *owner = &timeline->owner;
    TRY(history_owner_load(session, timeline->customer_id, INSTANT_FUTURE, timeline->arena, owner,
                           error));
    TRY(load_history(session, timeline, error));
    return store_merge_list(session, owner->homes, owner->tree.home_count, timeline->arena,
                            &timeline->merges, &timeline->merge_count, error);
}

/* ---- what the page has ---- */

static void add(struct timeline *timeline, struct entry entry)
{
    const struct history_place *after = &timeline->after;
    if (!is_shown(timeline->view, entry.type)) return;
    if (!str_is_none(after->id) && history_place_compare(after, &entry.place) >= 0) return;
    timeline->entries[timeline->count++] = entry;
}

static void add_fact(struct timeline *timeline, const struct fact *fact, int rank)
{
    const struct history_place place = {fact->observed_at, rank, fact->home, fact->number};
    add(timeline, (struct entry){place, fact->kind, fact, NULL});
}

static void add_merge(struct timeline *timeline, const struct merge *merge)
{
    const struct history_place merged = {merge->merged_at, RANK_MERGE, merge->merge_id, 0},
                               reversed = {merge->reversed_at, RANK_UNMERGE, merge->merge_id, 0};
    add(timeline, (struct entry){merged, ENTRY_MERGE, NULL, merge});
    if (merge->reversed_at != INSTANT_NONE)
        add(timeline, (struct entry){reversed, ENTRY_UNMERGE, NULL, merge});
}

static int compare_entries(const void *a, const void *b)
{
    return history_place_compare(&((const struct entry *)a)->place,
                                 &((const struct entry *)b)->place);
}

static enum status list_entries(struct timeline *timeline)
{
    const struct tree *tree = &timeline->owner.tree;
    size_t told = tree->fact_count + tree->undone_count;
    timeline->entries = ARENA_NEW_ARRAY(timeline->arena, struct entry,
                                        told + timeline->history_count + 2 * timeline->merge_count);
    if (!timeline->entries) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < told; i++) add_fact(timeline, &tree->facts[i], RANK_FACT);
    for (size_t i = 0; i < timeline->history_count; i++)
        add_fact(timeline, &timeline->history[i], RANK_HISTORY);
    for (size_t i = 0; i < timeline->merge_count; i++) add_merge(timeline, &timeline->merges[i]);
    if (timeline->count > 1)
        qsort(timeline->entries, timeline->count, sizeof(*timeline->entries), compare_entries);
    return STATUS_OK;
}

/* ---- writing ---- */

/* Of a profile the names of what was said; of anything else what was said. */
static void write_details(struct json_writer *writer, const struct fact *fact)
{
    if (fact->kind != FACT_ASSERTION) {
        json_write(writer, fact->body);
        return;
    }
    json_object_begin(writer);
    json_key(writer, STR("fields"));
    json_array_begin(writer);
    for (size_t i = 0; i < fact->body->count; i++)
        if (profile_field_find(fact->body->members[i].name))
            json_string(writer, fact->body->members[i].name);
    const struct json_value *retracted = json_get(fact->body, STR("retract"));
    for (size_t i = 0; retracted && i < retracted->count; i++)
        if (!json_get(fact->body, retracted->members[i].name))
            json_string(writer, retracted->members[i].name);
    json_array_end(writer);
    json_object_end(writer);
}

static void write_fact(struct json_writer *writer, const struct fact *fact)
{
    json_member_string(writer, STR("customerId"), fact->home);
    json_member_nullable(writer, STR("subject"), fact->subject);
    json_member_string(writer, STR("source"), fact->source);
    json_member_nullable(writer, STR("actor"), fact->actor);
    results_instant(writer, STR("recordedAt"), fact->recorded_at);
    json_key(writer, STR("details"));
    write_details(writer, fact);
}

static void write_merge(struct json_writer *writer, const struct entry *entry)
{
    const struct merge *merge = entry->merge;
    bool reversed = entry->type == ENTRY_UNMERGE;
    json_member_string(writer, STR("customerId"), merge->target_id);
    json_member_string(writer, STR("subject"), merge->merge_id);
    json_member_string(writer, STR("source"), SOURCE_CRM);
    json_member_nullable(writer, STR("actor"), reversed ? merge->reverse_actor : merge->actor);
    results_instant(writer, STR("recordedAt"), entry->place.at);
    json_key(writer, STR("details"));
    json_object_begin(writer);
    json_member_string(writer, STR("sourceCustomerId"), merge->source_id);
    json_member_string(writer, STR("mergeReason"), merge->reason);
    json_object_end(writer);
}

static void write_entry(struct json_writer *writer, const struct entry *entry)
{
    json_object_begin(writer);
    results_instant(writer, STR("at"), entry->place.at);
    json_member_string(writer, STR("type"), types[entry->type].name);
    if (entry->fact)
        write_fact(writer, entry->fact);
    else
        write_merge(writer, entry);
    json_object_end(writer);
}

static enum status write_page(const struct timeline *timeline, struct json_page *out)
{
    struct buffer text = {.arena = timeline->arena};
    struct json_writer writer = {.out = &text};
    bool is_last = timeline->count <= timeline->limit;
    size_t shown = is_last ? timeline->count : timeline->limit;
    out->next = STR_NONE;
    if (!is_last) {
        out->next = history_place_text(&timeline->entries[shown - 1].place, timeline->arena);
        if (str_is_none(out->next)) return STATUS_OUT_OF_MEMORY;
    }
    results_page_begin(&writer);
    for (size_t i = 0; i < shown; i++) write_entry(&writer, &timeline->entries[i]);
    results_page_end(&writer, out->next);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

enum status timeline_read(struct application *application, const struct caller *caller,
                          struct str customer_id, const struct timeline_view *view,
                          struct str cursor, size_t limit, struct arena *arena,
                          struct json_page *out, struct error *error)
{
    struct timeline timeline = {.customer_id = customer_id, .view = view, .arena = arena};
    enum timeline_part part;
    if (!str_is_none(view->type) && !timeline_part_of(view->type, &part))
        return error_set(error, STATUS_INVALID_VALUE, STR("type"), timeline_types,
                         "is not a type of entry");
    TRY(history_place_parse(cursor, &timeline.after, error));
    TRY(results_limit(application, limit, &timeline.limit, error));
    TRY(store_read(application->store, caller->tenant, arena, timeline_body, &timeline, error));
    if (list_entries(&timeline) != STATUS_OK || write_page(&timeline, out) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}
