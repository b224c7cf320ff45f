#include "application/review_item.h"

#include "domain/golden.h"

/* --- loading --- */

/* A place that waits for the row of a customer. */
struct wanted {
    struct str id;
    struct profile_row *to;
};

/* Looks all up, and those again that were merged, until all stand at a survivor. */
static enum status look_up(struct application *application, const struct caller *caller,
                           struct wanted *wanted, size_t count, struct arena *arena,
                           struct error *error)
{
    struct str *ids = ARENA_NEW_ARRAY(arena, struct str, count);
    struct profile_row *rows = ARENA_NEW_ARRAY(arena, struct profile_row, count);
    if (!ids || !rows) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (count > 0) {
        size_t left = 0;
        for (size_t i = 0; i < count; i++) ids[i] = wanted[i].id;
        TRY(store_lookup(application->store, caller->tenant, ids, count, arena, rows, error));
        for (size_t i = 0; i < count; i++) {
            if (str_is_none(rows[i].customer_id)) return error_plain(error, STATUS_INTERNAL);
            *wanted[i].to = rows[i];
            if (str_is_none(rows[i].survivor_id)) continue;
            wanted[left++] = (struct wanted){rows[i].survivor_id, wanted[i].to};
        }
        count = left;
    }
    return STATUS_OK;
}

enum status review_items_load(struct application *application, const struct caller *caller,
                              const struct duplicate_row *rows, size_t count, struct arena *arena,
                              struct review_item **items, struct error *error)
{
    struct wanted *wanted = ARENA_NEW_ARRAY(arena, struct wanted, 2 * count);
    *items = ARENA_NEW_ARRAY(arena, struct review_item, count);
    if (!wanted || !*items) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        struct review_item *item = &(*items)[i];
        item->row = &rows[i];
        wanted[2 * i] = (struct wanted){rows[i].home_a, &item->customers[0]};
        wanted[2 * i + 1] = (struct wanted){rows[i].home_b, &item->customers[1]};
    }
    return look_up(application, caller, wanted, 2 * count, arena, error);
}

/* --- writing --- */

static void write_state(struct json_writer *writer, const struct duplicate_row *row, instant now)
{
    enum duplicate_state shows = duplicate_shows(row, now);
    bool claimed = shows == DUPLICATE_CLAIMED, later = shows == DUPLICATE_LATER;
    json_member_nullable(writer, STR("claimedBy"), claimed ? row->claimed_by : STR_NONE);
    results_instant(writer, STR("claimedUntil"), claimed ? row->claimed_until : INSTANT_NONE);
    results_instant(writer, STR("laterUntil"), later ? row->later_until : INSTANT_NONE);
    json_member_nullable(writer, STR("resolution"), duplicate_resolution_name(row->resolution));
    json_member_nullable(writer, STR("resolvedBy"), row->resolved_by);
    results_instant(writer, STR("resolvedAt"), row->resolved_at);
    json_member_nullable(writer, STR("note"), row->note);
}

static void write_value(struct json_writer *writer, const struct json_value *value)
{
    if (value)
        json_write(writer, value);
    else
        json_null(writer);
}

static void write_customers(struct json_writer *writer, const struct review_item *item, bool whole)
{
    json_key(writer, STR("customers"));
    json_array_begin(writer);
    for (int i = 0; i < 2; i++) {
        const struct profile_row *customer = &item->customers[i];
        json_object_begin(writer);
        json_member_string(writer, STR("customerId"), customer->customer_id);
        json_member_string(writer, STR("homeId"), i == 0 ? item->row->home_a : item->row->home_b);
        json_member_nullable(writer, STR("name"), customer->name);
        json_member_nullable(writer, STR("kind"), customer->kind);
        json_member_nullable(writer, STR("segment"), customer->segment);
        if (whole && !str_is_none(customer->document)) {
            json_key(writer, STR("profile"));
            json_raw(writer, customer->document);
        }
        json_object_end(writer);
    }
    json_array_end(writer);
}

static bool is_stamp(struct str name)
{
    static const struct str stamps[] = {STR("customerId"), STR("version"), STR("createdAt"),
                                        STR("updatedAt")};
    return str_is_among(stamps, sizeof(stamps) / sizeof(stamps[0]), name);
}

static void write_difference(struct json_writer *writer, struct str field,
                             const struct json_value *a, const struct json_value *b)
{
    json_object_begin(writer);
    json_member_string(writer, STR("field"), field);
    json_key(writer, STR("values"));
    json_array_begin(writer);
    write_value(writer, a);
    write_value(writer, b);
    json_array_end(writer);
    json_object_end(writer);
}

/* Field by field, in the order of the profiles. */
static enum status write_differences(struct json_writer *writer, const struct review_item *item,
                                     struct arena *arena)
{
    struct json_value *sides[2] = {NULL, NULL};
    for (int i = 0; i < 2; i++) {
        struct str document = item->customers[i].document;
        if (!str_is_none(document)) TRY(json_parse(document, arena, &sides[i], NULL));
    }
    json_key(writer, STR("differences"));
    json_array_begin(writer);
    for (size_t i = 0; sides[0] && sides[1] && i < sides[0]->count; i++) {
        const struct json_member *member = &sides[0]->members[i];
        const struct json_value *other = json_get(sides[1], member->name);
        if (!is_stamp(member->name) && !(other && json_equal(&member->value, other)))
            write_difference(writer, member->name, &member->value, other);
    }
    for (size_t i = 0; sides[0] && sides[1] && i < sides[1]->count; i++) {
        const struct json_member *member = &sides[1]->members[i];
        if (!is_stamp(member->name) && !json_get(sides[0], member->name))
            write_difference(writer, member->name, NULL, &member->value);
    }
    json_array_end(writer);
    return STATUS_OK;
}

static enum status write_members(struct json_writer *writer, const struct review_item *item,
                                 instant now, bool whole, struct arena *arena)
{
    const struct duplicate_row *row = item->row;
    struct json_value *evidence;
    TRY(json_parse(row->evidence, arena, &evidence, NULL));
    struct str probability = arena_format(arena, "%.9g", row->probability);
    if (str_is_none(probability)) return STATUS_OUT_OF_MEMORY;
    json_member_string(writer, STR("duplicateId"), row->duplicate_id);
    json_member_string(writer, STR("state"), duplicate_state_name(duplicate_shows(row, now)));
    json_key(writer, STR("probability"));
    json_raw(writer, probability);
    json_member_string(writer, STR("cause"), duplicate_cause_name(row->cause));
    json_key(writer, STR("reasons"));
    write_value(writer, json_get(evidence, STR("reasons")));
    json_member_nullable(writer, STR("modelVersion"), row->model_version);
    results_instant(writer, STR("createdAt"), row->created_at);
    results_instant(writer, STR("refreshedAt"), row->refreshed_at);
    write_state(writer, row, now);
    write_customers(writer, item, whole);
    if (!whole) return STATUS_OK;
    json_key(writer, STR("waterfall"));
    write_value(writer, json_get(evidence, STR("waterfall")));
    return write_differences(writer, item, arena);
}

enum status review_item_write(struct json_writer *writer, const struct review_item *item,
                              instant now, bool whole, struct arena *arena)
{
    json_object_begin(writer);
    TRY(write_members(writer, item, now, whole, arena));
    json_object_end(writer);
    return STATUS_OK;
}

/* --- one by its id --- */

struct reading {
    struct str duplicate_id;
    struct arena *arena;
    struct duplicate_row row;
};

static enum status read_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_duplicate_get(session, reading->duplicate_id, STORE_NO_LOCK, reading->arena,
                               &reading->row, error);
}

enum status review_item_show(struct application *application, const struct caller *caller,
                             struct str duplicate_id, bool whole, struct str more,
                             struct arena *arena, struct str *json, struct error *error)
{
    struct reading reading = {.duplicate_id = duplicate_id, .arena = arena};
    struct review_item *items = NULL;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    instant now = application->environment->now(application->environment);
    TRY(store_read(application->store, caller->tenant, arena, read_body, &reading, error));
    TRY(review_items_load(application, caller, &reading.row, 1, arena, &items, error));
    json_object_begin(&writer);
    if (write_members(&writer, items, now, whole, arena) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!str_is_none(more)) {
        json_key(&writer, STR("merge"));
        json_raw(&writer, more);
    }
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
