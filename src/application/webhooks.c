#include "application/webhooks.h"

#include <stdio.h>

#include "application/customer.h"
#include "application/ports/webhook_signer.h"
#include "base/hex.h"
#include "base/identifier.h"
#include "domain/field.h"

enum { SALT_BYTES = 16, OVERLAP_SECONDS = 24 * 3600, OVERLAP_SECONDS_MAX = 30 * 24 * 3600 };

/* --- showing --- */

static void write_types(struct json_writer *writer, struct str names)
{
    struct str rest = names, name;
    json_key(writer, STR("eventTypes"));
    if (str_is_empty(names)) {
        json_null(writer);
        return;
    }
    json_array_begin(writer);
    while (str_split(&rest, ',', &name)) json_string(writer, name);
    json_array_end(writer);
}

static void write_number(struct json_writer *writer, struct str name, int64_t number)
{
    json_key(writer, name);
    json_int64(writer, number);
}

static void write_progress(struct json_writer *writer, const struct webhook_progress *progress,
                           int64_t held)
{
    json_key(writer, STR("delivery"));
    json_object_begin(writer);
    write_number(writer, STR("position"), progress->position);
    if (held >= 0) write_number(writer, STR("held"), held);
    write_number(writer, STR("delivered"), progress->delivered);
    write_number(writer, STR("givenUp"), progress->given_up);
    write_number(writer, STR("failuresInARow"), progress->failures);
    results_instant(writer, STR("failingSince"), progress->failing_since);
    results_instant(writer, STR("lastDeliveredAt"), progress->delivered_at);
    json_object_end(writer);
}

/* `held` below 0: it is not known. */
static void write_webhook(struct json_writer *writer, const struct webhook_row *row, int64_t held)
{
    bool disabled = row->state == WEBHOOK_DISABLED;
    json_object_begin(writer);
    json_member_string(writer, STR("webhookId"), row->webhook_id);
    json_member_string(writer, STR("url"), row->url);
    write_types(writer, row->event_types);
    json_member_nullable(writer, STR("description"), row->description);
    json_member_string(writer, STR("status"), webhook_state_name(row->state));
    json_member_nullable(writer, STR("disabledBecause"),
                         disabled ? webhook_cause_name(row->cause) : STR_NONE);
    results_instant(writer, STR("disabledAt"), row->disabled_at);
    write_number(writer, STR("version"), row->version);
    json_member_string(writer, STR("createdBy"), row->created_by);
    results_instant(writer, STR("createdAt"), row->created_at);
    results_instant(writer, STR("updatedAt"), row->updated_at);
    results_instant(writer, STR("previousSecretUntil"), row->previous_until);
    write_progress(writer, &row->progress, held);
    json_object_end(writer);
}

enum status webhooks_view(struct webhook_work *work, struct webhook_view *view, struct error *error)
{
    struct buffer out = {.arena = work->arena};
    struct json_writer writer = {.out = &out};
    write_webhook(&writer, &work->row, work->held);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *view = (struct webhook_view){
        .webhook_id = work->row.webhook_id, .version = work->row.version, .json = buffer_str(&out)};
    return STATUS_OK;
}

/* --- input --- */

static enum status refuse(struct error *error, struct str field, struct str allowed,
                          const char *message)
{
    return error_set(error, STATUS_INVALID_VALUE, field, allowed, "%s", message);
}

enum status webhooks_position(const struct json_value *body, struct str name, int64_t newest,
                              int64_t *position, struct error *error)
{
    const struct json_value *value = json_get(body, name);
    char allowed[64];
    if (!value || value->type == JSON_NULL) return STATUS_OK;
    if (json_to_int64(value, position) && *position >= 0 && *position <= newest) return STATUS_OK;
    int length =
        snprintf(allowed, sizeof(allowed), "a position of the feed, 0 to %lld", (long long)newest);
    return refuse(error, name, str_of(allowed, (size_t)length), "is no position of the feed");
}

static enum status read_url(struct webhook_work *work, struct error *error)
{
    struct webhook_signer *signer = work->application->webhooks;
    const struct json_value *value = json_get(work->body, STR("url"));
    struct str url = json_text(value);
    if (!value) return STATUS_OK;
    if (str_is_none(url) || url.len > WEBHOOK_URL_MAX || field_has_control(url))
        return refuse(error, STR("url"), STR("https://HOST[:PORT][/PATH], at most 2000 bytes"),
                      "is no such URL");
    TRY(signer->check_url(signer, url, work->arena, error));
    work->row.url = url;
    return STATUS_OK;
}

static struct str all_type_names(struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (int type = 0; type < EVENT_TYPE_COUNT; type++) {
        if (type > 0) buffer_append(&out, STR(" | "));
        buffer_append(&out, event_types[type].name);
    }
    return buffer_str(&out);
}

/* null is all of them, those that will be there later, too. */
static enum status read_types(struct webhook_work *work, struct error *error)
{
    const struct json_value *value = json_get(work->body, STR("eventTypes"));
    uint32_t types = 0;
    if (!value) return STATUS_OK;
    if (value->type == JSON_NULL) {
        work->row.event_types = STR("");
        return STATUS_OK;
    }
    bool fine = value->type == JSON_ARRAY && value->count > 0;
    for (size_t i = 0; fine && i < value->count; i++) {
        uint32_t bit = webhook_type_bit(json_text(&value->items[i]));
        types |= bit;
        fine = bit != 0;
    }
    if (!fine)
        return refuse(error, STR("eventTypes"), all_type_names(work->arena),
                      "is no list of event types");
    work->row.event_types = webhook_types_format(types, work->arena);
    return str_is_none(work->row.event_types) ? error_plain(error, STATUS_OUT_OF_MEMORY)
                                              : STATUS_OK;
}

static enum status read_description(struct webhook_work *work, struct error *error)
{
    struct str text;
    if (!json_get(work->body, STR("description"))) return STATUS_OK;
    TRY(customer_text_member(work->body, STR("description"), &text, error));
    if (!str_is_none(text) && (field_text_length(text) > WEBHOOK_DESCRIPTION_MAX ||
                               field_has_control(text) || str_is_empty(str_trim(text))))
        return refuse(error, STR("description"),
                      STR("1 to 200 characters, no control characters; null takes it away"),
                      "is no such text");
    work->row.description = text;
    return STATUS_OK;
}

static enum status read_state(struct webhook_work *work, struct error *error)
{
    const struct json_value *value = json_get(work->body, STR("status"));
    enum webhook_state state;
    if (!value) return STATUS_OK;
    if (!webhook_state_parse(json_text(value), &state))
        return refuse(error, STR("status"), STR("ACTIVE | DISABLED"), "is not a known status");
    if (state == work->row.state) return STATUS_OK;
    work->row.state = state;
    work->row.cause = WEBHOOK_BY_OWNER;
    work->row.disabled_at = state == WEBHOOK_DISABLED ? work->now : INSTANT_NONE;
    if (state == WEBHOOK_ACTIVE) { /* a new chance */
        work->row.progress.failures = 0;
        work->row.progress.failing_since = INSTANT_NONE;
        work->row.progress.turn++;
    }
    return STATUS_OK;
}

static enum status require_key(const struct application *application, struct error *error)
{
    if (application->webhooks) return STATUS_OK;
    return error_set(error, STATUS_UNAVAILABLE, STR(""), STR_NONE,
                     "webhooks are off: webhooks.key_file is not configured");
}

/* --- secrets --- */

static struct str new_salt(struct application *application, struct arena *arena)
{
    unsigned char bytes[SALT_BYTES];
    char *text = arena_alloc(arena, 2 * SALT_BYTES);
    application->environment->random(application->environment, bytes, sizeof(bytes));
    if (!text) return STR_NONE;
    hex_put_bytes(bytes, SALT_BYTES, text);
    return str_of(text, 2 * SALT_BYTES);
}

static enum status show_secret(const struct webhook_work *work, struct webhook_view *view,
                               struct error *error)
{
    struct webhook_signer *signer = work->application->webhooks;
    view->secret = signer->secret(signer, work->caller->tenant, work->row.webhook_id,
                                  work->row.salt, work->arena);
    return str_is_none(view->secret) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- units of work --- */

enum status webhooks_take(struct store_session *session, struct webhook_work *work,
                          struct error *error)
{
    TRY(webhook_get(session, work->webhook_id, STORE_LOCK, work->arena, &work->row, error));
    if (work->if_match != IF_MATCH_ANY && work->if_match != work->row.version)
        return error_plain(error, STATUS_VERSION_MISMATCH);
    return webhook_held_count(session, work->webhook_id, &work->held, error);
}

enum status webhooks_turn(struct store_session *session, struct webhook_work *work,
                          struct error *error)
{
    work->row.progress.turn++;
    return webhook_update(session, &work->row, error);
}

void webhooks_wake(struct application *application)
{
    if (application->webhooks) application->webhooks->wake(application->webhooks);
}

static struct webhook_work work_of(struct application *application, const struct caller *caller,
                                   struct str webhook_id, struct arena *arena)
{
    return (struct webhook_work){.application = application,
                                 .caller = caller,
                                 .arena = arena,
                                 .webhook_id = webhook_id,
                                 .if_match = IF_MATCH_ANY,
                                 .now = application->environment->now(application->environment)};
}

static enum status check_count(struct store_session *session, const struct webhook_work *work,
                               struct error *error)
{
    size_t most = work->application->limits.webhooks_max, count;
    struct webhook_row *rows;
    TRY(webhook_list(session, STR_NONE, most, work->arena, &rows, &count, error));
    if (count < most) return STATUS_OK;
    return results_exceeded(error, STR(""), most, "webhooks (limits.webhooks_max)");
}

static enum status create_body(struct store_session *session, void *context, struct error *error)
{
    struct webhook_work *work = context;
    int64_t newest;
    TRY(check_count(session, work, error));
    TRY(store_event_newest(session, &newest, error));
    work->row.progress.position = newest;
    TRY(webhooks_position(work->body, STR("after"), newest, &work->row.progress.position, error));
    return webhook_insert(session, &work->row, error);
}

enum status webhooks_create(struct application *application, const struct caller *caller,
                            const struct json_value *body, struct arena *arena,
                            struct webhook_view *view, struct error *error)
{
    static const struct str known[] = {STR("url"), STR("eventTypes"), STR("description"),
                                       STR("after"), STR_NONE};
    struct webhook_work work = work_of(application, caller, STR_NONE, arena);
    TRY(require_key(application, error));
    TRY(customer_known_members(body, known, STR("url, eventTypes, description, after"), error));
    work.body = body;
    work.row = (struct webhook_row){
        .webhook_id = identifier_new(application->environment, STR("WHK"), arena),
        .event_types = STR(""),
        .disabled_at = INSTANT_NONE,
        .version = 1,
        .created_by = caller->user_id,
        .created_at = work.now,
        .updated_at = work.now,
        .key_id = application->webhooks->key_id,
        .salt = new_salt(application, arena),
        .previous_until = INSTANT_NONE,
        .progress = {.failing_since = INSTANT_NONE, .delivered_at = INSTANT_NONE}};
    if (str_is_none(work.row.webhook_id) || str_is_none(work.row.salt))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(read_url(&work, error));
    if (str_is_none(work.row.url))
        return error_set(error, STATUS_REQUIRED_FIELD, STR("url"),
                         STR("https://HOST[:PORT][/PATH]"), "the field is required");
    TRY(read_types(&work, error));
    TRY(read_description(&work, error));
    TRY(store_write(application->store, caller->tenant, arena, create_body, &work, error));
    webhooks_wake(application);
    TRY(webhooks_view(&work, view, error));
    return show_secret(&work, view, error);
}

static enum status get_body(struct store_session *session, void *context, struct error *error)
{
    struct webhook_work *work = context;
    TRY(webhook_get(session, work->webhook_id, STORE_NO_LOCK, work->arena, &work->row, error));
    return webhook_held_count(session, work->webhook_id, &work->held, error);
}

enum status webhooks_get(struct application *application, const struct caller *caller,
                         struct str webhook_id, struct arena *arena, struct webhook_view *view,
                         struct error *error)
{
    struct webhook_work work = work_of(application, caller, webhook_id, arena);
    TRY(store_read(application->store, caller->tenant, arena, get_body, &work, error));
    return webhooks_view(&work, view, error);
}

struct listing {
    struct str cursor;
    size_t limit;
    struct arena *arena;
    struct webhook_row *rows;
    size_t count;
};

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct listing *listing = context;
    return webhook_list(session, listing->cursor, listing->limit + 1, listing->arena,
                        &listing->rows, &listing->count, error);
}

enum status webhooks_list(struct application *application, const struct caller *caller,
                          struct str cursor, size_t limit, struct arena *arena,
                          struct json_page *page, struct error *error)
{
    enum { NOT_COUNTED = -1 };
    struct listing listing = {.cursor = cursor, .arena = arena};
    TRY(results_limit(application, limit, &listing.limit, error));
    TRY(results_check_cursor(cursor, "WHK-", error));
    TRY(store_read(application->store, caller->tenant, arena, list_body, &listing, error));
    size_t shown = listing.count > listing.limit ? listing.limit : listing.count;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    page->next = listing.count > shown ? listing.rows[shown - 1].webhook_id : STR_NONE;
    results_page_begin(&writer);
    for (size_t i = 0; i < shown; i++) write_webhook(&writer, &listing.rows[i], NOT_COUNTED);
    results_page_end(&writer, page->next);
    page->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

static enum status change_body(struct store_session *session, void *context, struct error *error)
{
    struct webhook_work *work = context;
    TRY(webhooks_take(session, work, error));
    TRY(read_url(work, error));
    TRY(read_types(work, error));
    TRY(read_description(work, error));
    TRY(read_state(work, error));
    work->row.version++;
    work->row.updated_at = work->now;
    return webhook_update(session, &work->row, error);
}

enum status webhooks_change(struct application *application, const struct caller *caller,
                            struct str webhook_id, const struct json_value *patch, int64_t if_match,
                            struct arena *arena, struct webhook_view *view, struct error *error)
{
    static const struct str known[] = {STR("url"), STR("eventTypes"), STR("description"),
                                       STR("status"), STR_NONE};
    struct webhook_work work = work_of(application, caller, webhook_id, arena);
    TRY(require_key(application, error));
    TRY(customer_known_members(patch, known, STR("url, eventTypes, description, status"), error));
    work.body = patch;
    work.if_match = if_match;
    TRY(store_write(application->store, caller->tenant, arena, change_body, &work, error));
    webhooks_wake(application);
    return webhooks_view(&work, view, error);
}

static enum status remove_body(struct store_session *session, void *context, struct error *error)
{
    struct webhook_work *work = context;
    TRY(webhooks_take(session, work, error));
    return webhook_remove(session, work->webhook_id, error);
}

enum status webhooks_remove(struct application *application, const struct caller *caller,
                            struct str webhook_id, struct arena *arena, struct error *error)
{
    struct webhook_work work = work_of(application, caller, webhook_id, arena);
    TRY(store_write(application->store, caller->tenant, arena, remove_body, &work, error));
    webhooks_wake(application);
    return STATUS_OK;
}

static enum status read_overlap(const struct json_value *body, int64_t *seconds,
                                struct error *error)
{
    static const struct str known[] = {STR("overlapSeconds"), STR_NONE};
    const struct json_value *value = json_get(body, STR("overlapSeconds"));
    TRY(customer_known_members(body, known, STR("overlapSeconds"), error));
    *seconds = OVERLAP_SECONDS;
    if (!value || value->type == JSON_NULL) return STATUS_OK;
    if (json_to_int64(value, seconds) && *seconds >= 0 && *seconds <= OVERLAP_SECONDS_MAX)
        return STATUS_OK;
    return refuse(error, STR("overlapSeconds"), STR("0 to 2592000"), "is no such number");
}

struct rotation {
    struct webhook_work work;
    struct str salt;
    int64_t overlap_seconds;
};

/* A secret of another key cannot be made any more, so there is nothing to overlap with. */
static enum status rotate_body(struct store_session *session, void *context, struct error *error)
{
    struct rotation *rotation = context;
    struct webhook_work *work = &rotation->work;
    struct webhook_row *row = &work->row;
    TRY(webhooks_take(session, work, error));
    bool overlaps = rotation->overlap_seconds > 0 &&
                    str_equal(row->key_id, work->application->webhooks->key_id);
    row->previous_salt = overlaps ? row->salt : STR_NONE;
    row->previous_until =
        overlaps ? work->now + rotation->overlap_seconds * INSTANT_SECOND : INSTANT_NONE;
    row->salt = rotation->salt;
    row->key_id = work->application->webhooks->key_id;
    row->version++;
    row->updated_at = work->now;
    return webhook_update(session, row, error);
}

enum status webhooks_rotate(struct application *application, const struct caller *caller,
                            struct str webhook_id, const struct json_value *body,
                            struct arena *arena, struct webhook_view *view, struct error *error)
{
    struct rotation rotation = {.work = work_of(application, caller, webhook_id, arena),
                                .salt = new_salt(application, arena)};
    TRY(require_key(application, error));
    TRY(read_overlap(body, &rotation.overlap_seconds, error));
    if (str_is_none(rotation.salt)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_write(application->store, caller->tenant, arena, rotate_body, &rotation, error));
    webhooks_wake(application);
    TRY(webhooks_view(&rotation.work, view, error));
    return show_secret(&rotation.work, view, error);
}
