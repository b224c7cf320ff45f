#include "application/recompute_customers.h"

#include "application/customer_change.h"
#include "application/jobs.h"
#include "domain/profile.h"

struct recomputing {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy;
    const struct recompute_page *page;
    struct arena *arena;
    struct profile_row *rows; /* survivors, in the order of their ids */
    size_t row_count;
    struct str *stale; /* of them, those that show something else than they should */
    size_t stale_count;
    int64_t changed;
};

static bool same_row(const struct profile_row *a, const struct profile_row *b)
{
    return str_equal(a->document, b->document) && str_equal(a->kind, b->kind) &&
           str_equal(a->status, b->status) && str_equal(a->segment, b->segment) &&
           str_equal(a->name, b->name);
}

static enum status is_stale(const struct recomputing *recomputing, struct store_session *session,
                            const struct profile_row *row, bool *stale, struct error *error)
{
    struct arena_mark mark = arena_mark(recomputing->arena);
    struct profile_row fresh = *row;
    struct golden golden;
    struct tree tree;
    TRY(store_tree_load(session, row->customer_id, INSTANT_FUTURE, recomputing->arena, &tree,
                        error));
    if (golden_record(&tree, recomputing->policy, recomputing->arena, &golden) != STATUS_OK ||
        customer_render(&golden, recomputing->arena, &fresh) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *stale = !same_row(row, &fresh);
    arena_rewind(recomputing->arena, mark);
    return STATUS_OK;
}

static enum status look_body(struct store_session *session, void *context, struct error *error)
{
    static const struct profile_filter survivors = {.include_merged = false};
    struct recomputing *recomputing = context;
    recomputing->stale_count = 0;
    TRY(store_profile_list(session, &survivors, recomputing->page->after, recomputing->page->limit,
                           recomputing->arena, &recomputing->rows, &recomputing->row_count, error));
    recomputing->stale = ARENA_NEW_ARRAY(recomputing->arena, struct str, recomputing->row_count);
    if (!recomputing->stale) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < recomputing->row_count; i++) {
        const struct profile_row *row = &recomputing->rows[i];
        bool stale;
        if (customer_is_removed(row)) continue;
        TRY(is_stale(recomputing, session, row, &stale, error));
        if (stale) recomputing->stale[recomputing->stale_count++] = row->customer_id;
    }
    return STATUS_OK;
}

/* What the document says, as a golden record: enough to say what differs. */
static enum status read_document(const struct profile_row *row, struct arena *arena,
                                 struct golden *golden, struct error *error)
{
    static const struct json_value no_contacts = {.type = JSON_ARRAY};
    struct json_value *document;
    TRY(json_parse(row->document, arena, &document, error));
    const struct json_value *contacts = json_get(document, STR("contacts"));
    *golden = (struct golden){.attributes = ARENA_NEW(arena, struct json_value),
                              .contacts = json_copy(contacts ? contacts : &no_contacts, arena)};
    if (!golden->attributes || !golden->contacts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *golden->attributes = json_make_object();
    for (size_t i = 0; i < document->count; i++) {
        const struct json_member *member = &document->members[i];
        if (profile_field_find(member->name) &&
            !json_object_set(golden->attributes, member->name, member->value, arena))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

static enum status write_anew(struct customer_change *change, struct error *error)
{
    struct golden before;
    struct str *fields, joined, id = change->row.customer_id;
    size_t count;
    TRY(read_document(&change->row, change->arena, &before, error));
    if (customer_change_fields(change, &before, &change->golden, STR_NONE, &fields, &count,
                               &joined) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(customer_change_advance(change, &change->row, &before, &change->golden, STR("POLICY"),
                                joined, error));
    return customer_change_event(
        change, EVENT_PROFILE_UPDATED, id,
        event_payload_updated(id, fields, count, change->caller->user_id, change->arena), error);
}

/* It may have been written, merged or erased since it was looked at. */
static enum status recompute(struct recomputing *recomputing, struct store_session *session,
                             struct str customer_id, struct error *error)
{
    struct customer_change change = {.application = recomputing->application,
                                     .caller = recomputing->caller,
                                     .policy = recomputing->policy,
                                     .session = session,
                                     .arena = recomputing->arena};
    struct profile_row row, fresh;
    enum status status =
        customer_get_root(session, customer_id, STORE_LOCK, recomputing->arena, &row, error);
    if (status == STATUS_CUSTOMER_MERGED || status == STATUS_CUSTOMER_ERASED ||
        status == STATUS_CUSTOMER_NOT_FOUND)
        return STATUS_OK;
    TRY(status);
    TRY(customer_change_load(&change, &row, error));
    fresh = row;
    if (customer_render(&change.golden, recomputing->arena, &fresh) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (same_row(&row, &fresh)) return STATUS_OK;
    TRY(write_anew(&change, error));
    recomputing->changed++;
    return STATUS_OK;
}

static enum status write_body(struct store_session *session, void *context, struct error *error)
{
    struct recomputing *recomputing = context;
    recomputing->changed = 0;
    if (!str_is_none(recomputing->page->job_id))
        TRY(jobs_hold(session, recomputing->page->job_id, recomputing->page->epoch,
                      recomputing->arena, error));
    for (size_t i = 0; i < recomputing->stale_count; i++)
        TRY(recompute(recomputing, session, recomputing->stale[i], error));
    return STATUS_OK;
}

enum status recompute_customers(struct application *application, const struct caller *caller,
                                const struct recompute_page *page, struct arena *arena,
                                struct recompute_counts *counts, struct str *next,
                                struct error *error)
{
    struct recomputing recomputing = {.application = application,
                                      .caller = caller,
                                      .policy =
                                          application->policy_for(application, caller->tenant),
                                      .page = page,
                                      .arena = arena};
    TRY(store_read(application->store, caller->tenant, arena, look_body, &recomputing, error));
    if (recomputing.stale_count > 0)
        TRY(store_write(application->store, caller->tenant, arena, write_body, &recomputing,
                        error));
    counts->customers += (int64_t)recomputing.row_count;
    counts->changed += recomputing.changed;
    *next = recomputing.row_count < page->limit
                ? STR_NONE
                : recomputing.rows[recomputing.row_count - 1].customer_id;
    return STATUS_OK;
}
