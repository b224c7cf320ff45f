/* Writing everything. See export_records.h; the other direction is restore_records.c. */
#include "application/export_records.h"

#include <string.h>

#include "application/customer.h"
#include "application/history_walk.h"

enum { VERSIONS_PAGE = 500, TOLD_PAGE = 1000 };

/* What neighbours told of the customers of a page of profiles; TOLD_PAGE facts: there is more. */
struct told {
    struct fact *facts;
    size_t count;
};

struct exporting {
    struct export_cursor cursor; /* as it will be, if all goes well */
    size_t limit;
    struct arena *arena;
    struct buffer *out;
    size_t out_len; /* where this page began: a body that runs again starts anew */
};

static void end_line(struct exporting *exporting)
{
    buffer_append_char(exporting->out, '\n');
}

static void write_optional_instant(struct json_writer *writer, struct str name, instant when)
{
    if (when != INSTANT_NONE) results_instant(writer, name, when);
}

static void write_fact(struct json_writer *writer, const struct fact *fact)
{
    json_object_begin(writer);
    json_member_string(writer, STR("kind"), fact_kind_name(fact->kind));
    if (!str_is_empty(fact->subject)) json_member_string(writer, STR("subject"), fact->subject);
    if (!str_is_empty(fact->object)) json_member_string(writer, STR("object"), fact->object);
    json_member_string(writer, STR("source"), fact->source);
    results_instant(writer, STR("observedAt"), fact->observed_at);
    results_instant(writer, STR("recordedAt"), fact->recorded_at);
    json_member_string(writer, STR("actor"), fact->actor);
    json_member_string(writer, STR("importId"), fact->import_id);
    json_key(writer, STR("body"));
    json_write(writer, fact->body);
    json_object_end(writer);
}

/* ---- what neighbours told: as much as there is, in the order of its subjects ---- */

static void begin_subject(void *context, const struct fact *first)
{
    (void)context;
    (void)first;
}

static void write_told(void *context, const struct fact *fact)
{
    write_fact(context, fact);
}

static enum status nothing_kept(void *context)
{
    (void)context;
    return STATUS_OK;
}

static bool may_have_history(const struct told *told, struct str home)
{
    bool found = told->count == TOLD_PAGE;
    for (size_t i = 0; i < told->count && !found; i++) found = str_equal(told->facts[i].home, home);
    return found;
}

static enum status write_history(struct store_session *session, struct json_writer *writer,
                                 struct str home, const struct told *told, struct error *error)
{
    const struct history_fold fold = {begin_subject, write_told, nothing_kept, nothing_kept,
                                      writer};
    if (!may_have_history(told, home)) return STATUS_OK;
    for (int kind = 0; kind < FACT_KIND_COUNT; kind++)
        if (fact_kind_is_history((enum fact_kind)kind))
            TRY(history_walk(session, home, (enum fact_kind)kind, STR_NONE, &fold, error));
    return STATUS_OK;
}

static enum status write_facts(struct exporting *exporting, struct store_session *session,
                               struct json_writer *writer, struct str home, const struct told *told,
                               struct error *error)
{
    struct tree tree;
    TRY(store_tree_load(session, home, INSTANT_FUTURE, exporting->arena, &tree, error));
    json_key(writer, STR("facts"));
    json_array_begin(writer);
    for (size_t i = 0; i < tree.fact_count + tree.undone_count; i++)
        if (str_equal(tree.facts[i].home, home)) write_fact(writer, &tree.facts[i]);
    TRY(write_history(session, writer, home, told, error));
    json_array_end(writer);
    return STATUS_OK;
}

/* Newest first, as the store gives them. */
static enum status write_versions(struct exporting *exporting, struct store_session *session,
                                  struct json_writer *writer, struct str id, struct error *error)
{
    int64_t before = 0;
    size_t count = 0;
    json_key(writer, STR("versions"));
    json_array_begin(writer);
    do {
        struct version_row *rows;
        TRY(store_version_list(session, id, before, VERSIONS_PAGE, exporting->arena, &rows, &count,
                               error));
        for (size_t i = 0; i < count; i++) {
            json_object_begin(writer);
            json_key(writer, STR("version"));
            json_int64(writer, rows[i].version);
            results_instant(writer, STR("recordedAt"), rows[i].recorded_at);
            json_member_string(writer, STR("actor"), rows[i].actor);
            json_member_string(writer, STR("cause"), rows[i].cause);
            json_member_string(writer, STR("changedFields"), rows[i].changed_fields);
            json_object_end(writer);
            before = rows[i].version;
        }
    } while (count == VERSIONS_PAGE && before > 1);
    json_array_end(writer);
    return STATUS_OK;
}

static enum status write_profile(struct exporting *exporting, struct store_session *session,
                                 const struct profile_row *row, const struct told *told,
                                 struct error *error)
{
    struct json_writer writer = {.out = exporting->out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("PROFILE"));
    json_member_string(&writer, STR("customerId"), row->customer_id);
    json_key(&writer, STR("version"));
    json_int64(&writer, row->version);
    results_instant(&writer, STR("createdAt"), row->created_at);
    results_instant(&writer, STR("updatedAt"), row->updated_at);
    write_optional_instant(&writer, STR("erasedAt"), row->erased_at);
    json_member_string(&writer, STR("survivorId"), row->survivor_id);
    json_member_string(&writer, STR("mergeId"), row->merge_id);
    json_member_string(&writer, STR("kind"), row->kind);
    json_member_string(&writer, STR("status"), row->status);
    json_member_string(&writer, STR("segment"), row->segment);
    json_member_string(&writer, STR("name"), row->name);
    if (!str_is_none(row->document)) {
        json_key(&writer, STR("profile"));
        json_raw(&writer, row->document);
    }
    TRY(write_versions(exporting, session, &writer, row->customer_id, error));
    TRY(write_facts(exporting, session, &writer, row->customer_id, told, error));
    json_object_end(&writer);
    end_line(exporting);
    exporting->cursor.profiles++;
    return STATUS_OK;
}

static void write_merge(struct exporting *exporting, const struct merge *merge)
{
    struct json_writer writer = {.out = exporting->out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("MERGE"));
    json_member_string(&writer, STR("mergeId"), merge->merge_id);
    json_member_string(&writer, STR("targetCustomerId"), merge->target_id);
    json_member_string(&writer, STR("sourceCustomerId"), merge->source_id);
    json_member_string(&writer, STR("mergeReason"), merge->reason);
    json_member_string(&writer, STR("actor"), merge->actor);
    results_instant(&writer, STR("mergedAt"), merge->merged_at);
    write_optional_instant(&writer, STR("reversedAt"), merge->reversed_at);
    json_member_string(&writer, STR("reverseActor"), merge->reverse_actor);
    json_object_end(&writer);
    end_line(exporting);
    exporting->cursor.merges++;
}

static void write_duplicate(struct exporting *exporting, const struct duplicate_row *row)
{
    struct json_writer writer = {.out = exporting->out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("DUPLICATE"));
    json_member_string(&writer, STR("duplicateId"), row->duplicate_id);
    json_member_string(&writer, STR("homeA"), row->home_a);
    json_member_string(&writer, STR("homeB"), row->home_b);
    json_member_string(&writer, STR("state"), duplicate_state_name(row->state));
    json_key(&writer, STR("apart"));
    json_boolean(&writer, row->apart);
    json_key(&writer, STR("rank"));
    json_int64(&writer, duplicate_rank(row->probability));
    json_key(&writer, STR("evidence"));
    json_raw(&writer, row->evidence);
    json_member_string(&writer, STR("modelVersion"), row->model_version);
    json_member_string(&writer, STR("cause"), duplicate_cause_name(row->cause));
    results_instant(&writer, STR("createdAt"), row->created_at);
    results_instant(&writer, STR("refreshedAt"), row->refreshed_at);
    json_member_string(&writer, STR("claimedBy"), row->claimed_by);
    write_optional_instant(&writer, STR("claimedUntil"), row->claimed_until);
    write_optional_instant(&writer, STR("laterUntil"), row->later_until);
    json_member_string(&writer, STR("resolution"), duplicate_resolution_name(row->resolution));
    json_member_string(&writer, STR("resolvedBy"), row->resolved_by);
    write_optional_instant(&writer, STR("resolvedAt"), row->resolved_at);
    json_member_string(&writer, STR("note"), row->note);
    json_object_end(&writer);
    end_line(exporting);
    exporting->cursor.duplicates++;
}

static enum status write_profiles(struct exporting *exporting, struct store_session *session,
                                  const struct profile_row *rows, const struct str *ids,
                                  size_t count, struct error *error)
{
    static const enum fact_kind kinds[] = {FACT_SERVICE_ORDER, FACT_CONTRACT};
    const struct history_query query = {.homes = ids,
                                        .home_count = count,
                                        .kinds = kinds,
                                        .kind_count = sizeof(kinds) / sizeof(*kinds),
                                        .limit = TOLD_PAGE};
    struct told told;
    TRY(store_history_list(session, &query, exporting->arena, &told.facts, &told.count, error));
    for (size_t i = 0; i < count; i++)
        TRY(write_profile(exporting, session, &rows[i], &told, error));
    return STATUS_OK;
}

/* The merges whose source, and the items of the review queue whose first home, is on this page of
 * profiles. */
static enum status write_links(struct exporting *exporting, struct store_session *session,
                               const struct str *ids, size_t count, struct error *error)
{
    struct merge *merges;
    struct duplicate_row *items;
    size_t merge_count, item_count;
    TRY(store_merge_list(session, ids, count, exporting->arena, &merges, &merge_count, error));
    TRY(store_duplicate_list_of(session, ids, count, STORE_NO_LOCK, exporting->arena, &items,
                                &item_count, error));
    /* Profile by profile: so the export does not depend on the size of its pages. */
    for (size_t i = 0; i < count; i++) {
        for (size_t m = 0; m < merge_count; m++)
            if (str_equal(ids[i], merges[m].source_id)) write_merge(exporting, &merges[m]);
        for (size_t d = 0; d < item_count; d++)
            if (str_equal(ids[i], items[d].home_a)) write_duplicate(exporting, &items[d]);
    }
    return STATUS_OK;
}

static void write_header(struct exporting *exporting, struct str tenant)
{
    struct json_writer writer = {.out = exporting->out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("HEADER"));
    json_member_string(&writer, STR("format"), STR("customer360-export"));
    json_key(&writer, STR("formatVersion"));
    json_int64(&writer, 1);
    json_member_string(&writer, STR("tenant"), tenant);
    json_object_end(&writer);
    end_line(exporting);
}

static void write_end(struct exporting *exporting)
{
    struct json_writer writer = {.out = exporting->out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("record"), STR("END"));
    json_key(&writer, STR("profiles"));
    json_int64(&writer, exporting->cursor.profiles);
    json_key(&writer, STR("merges"));
    json_int64(&writer, exporting->cursor.merges);
    json_key(&writer, STR("duplicates"));
    json_int64(&writer, exporting->cursor.duplicates);
    json_object_end(&writer);
    end_line(exporting);
}

static enum status write_records(struct exporting *exporting, struct store_session *session,
                                 const struct profile_row *rows, size_t count, struct error *error)
{
    struct str *ids = ARENA_NEW_ARRAY(exporting->arena, struct str, count);
    if (!ids) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) ids[i] = rows[i].customer_id;
    return exporting->cursor.phase == EXPORT_PROFILES
               ? write_profiles(exporting, session, rows, ids, count, error)
               : write_links(exporting, session, ids, count, error);
}

/* One page of profiles, or of what links those of a page. */
static enum status write_page(struct exporting *exporting, struct store_session *session,
                              struct error *error)
{
    struct export_cursor *cursor = &exporting->cursor;
    static const struct profile_filter all = {.include_merged = true, .include_erased = true};
    struct str after = cursor->after_len ? str_of(cursor->after, cursor->after_len) : STR_NONE;
    struct profile_row *rows;
    size_t count;
    TRY(store_profile_list(session, &all, after, exporting->limit, exporting->arena, &rows, &count,
                           error));
    if (count > 0) TRY(write_records(exporting, session, rows, count, error));
    if (count == exporting->limit) {
        struct str last = rows[count - 1].customer_id;
        if (last.len >= sizeof(cursor->after)) return error_plain(error, STATUS_INTERNAL);
        memcpy(cursor->after, last.ptr, last.len);
        cursor->after_len = last.len;
        return STATUS_OK;
    }
    cursor->after_len = 0;
    cursor->phase = cursor->phase == EXPORT_PROFILES ? EXPORT_LINKS : EXPORT_DONE;
    if (cursor->phase == EXPORT_DONE) write_end(exporting);
    return STATUS_OK;
}

struct page {
    struct exporting *exporting;
    const struct export_cursor *start;
};

static enum status export_body(struct store_session *session, void *context, struct error *error)
{
    const struct page *page = context;
    struct exporting *exporting = page->exporting;
    exporting->cursor = *page->start;
    exporting->out->len = exporting->out_len;
    if (exporting->cursor.phase == EXPORT_START) {
        write_header(exporting, session->tenant);
        exporting->cursor.phase = EXPORT_PROFILES;
    }
    TRY(write_page(exporting, session, error));
    return buffer_failed(exporting->out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status export_records(struct application *application, const struct caller *caller,
                           struct export_cursor *cursor, size_t limit, struct arena *arena,
                           struct buffer *out, struct error *error)
{
    struct exporting exporting = {
        .limit = limit ? limit : 1, .arena = arena, .out = out, .out_len = out->len};
    struct page page = {&exporting, cursor};
    if (cursor->phase == EXPORT_DONE) return STATUS_OK;
    TRY(store_read(application->store, caller->tenant, arena, export_body, &page, error));
    *cursor = exporting.cursor;
    return STATUS_OK;
}
