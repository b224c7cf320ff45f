#include "application/timeline.h"

#include <stdlib.h>

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
    instant at;
    size_t type; /* of `types` */
    const struct fact *fact;
    const struct merge *merge;
};

static bool is_shown(const struct timeline_view *view, size_t type)
{
    if (!view->shows[types[type].part]) return false;
    return str_is_none(view->type) || str_equal(types[type].name, view->type);
}

static void add(struct entry *entries, size_t *count, const struct timeline_view *view,
                struct entry entry)
{
    if (is_shown(view, entry.type)) entries[(*count)++] = entry;
}

static int compare_entries(const void *a, const void *b)
{
    const struct entry *left = a, *right = b;
    int order = (right->at > left->at) - (right->at < left->at);
    if (order == 0) order = str_compare(types[left->type].name, types[right->type].name);
    if (order == 0 && left->fact) return fact_compare(right->fact, left->fact);
    return order ? order : str_compare(left->merge->merge_id, right->merge->merge_id);
}

static enum status list_entries(const struct history *history, const struct timeline_view *view,
                                struct arena *arena, struct entry **out, size_t *count)
{
    const struct tree *tree = &history->tree;
    size_t told = tree->fact_count + tree->undone_count;
    struct entry *entries =
        ARENA_NEW_ARRAY(arena, struct entry, told + history->fact_count + 2 * history->merge_count);
    if (!entries) return STATUS_OUT_OF_MEMORY;
    *count = 0;
    for (size_t i = 0; i < told + history->fact_count; i++) {
        const struct fact *fact = i < told ? &tree->facts[i] : &history->facts[i - told];
        add(entries, count, view, (struct entry){fact->observed_at, fact->kind, fact, NULL});
    }
    for (size_t i = 0; i < history->merge_count; i++) {
        const struct merge *merge = &history->merges[i];
        add(entries, count, view, (struct entry){merge->merged_at, ENTRY_MERGE, NULL, merge});
        if (merge->reversed_at != INSTANT_NONE)
            add(entries, count, view,
                (struct entry){merge->reversed_at, ENTRY_UNMERGE, NULL, merge});
    }
    if (*count > 1) qsort(entries, *count, sizeof(*entries), compare_entries);
    *out = entries;
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
    for (size_t i = 0; i < fact->body->count; i++) json_string(writer, fact->body->members[i].name);
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
    results_instant(writer, STR("recordedAt"), entry->at);
    json_key(writer, STR("details"));
    json_object_begin(writer);
    json_member_string(writer, STR("sourceCustomerId"), merge->source_id);
    json_member_string(writer, STR("mergeReason"), merge->reason);
    json_object_end(writer);
}

static void write_entry(struct json_writer *writer, const void *entries, size_t index)
{
    const struct entry *entry = (const struct entry *)entries + index;
    json_object_begin(writer);
    results_instant(writer, STR("at"), entry->at);
    json_member_string(writer, STR("type"), types[entry->type].name);
    if (entry->fact)
        write_fact(writer, entry->fact);
    else
        write_merge(writer, entry);
    json_object_end(writer);
}

enum status timeline_read(struct application *application, const struct caller *caller,
                          struct str customer_id, const struct timeline_view *view,
                          struct str cursor, size_t limit, struct arena *arena,
                          struct json_page *out, struct error *error)
{
    struct history history;
    struct history_cursor after;
    struct entry *entries;
    size_t count;
    enum timeline_part part;
    if (!str_is_none(view->type) && !timeline_part_of(view->type, &part))
        return error_set(error, STATUS_INVALID_VALUE, STR("type"), timeline_types,
                         "is not a type of entry");
    TRY(history_cursor_parse(cursor, &after, error));
    TRY(results_limit(application, limit, &limit, error));
    TRY(history_load(application, caller, customer_id, arena, &history, error));
    if (list_entries(&history, view, arena, &entries, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    instant *at = ARENA_NEW_ARRAY(arena, instant, count);
    if (!at) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) at[i] = entries[i].at;
    return history_page(at, count, limit, &after, write_entry, entries, arena, out, error);
}
