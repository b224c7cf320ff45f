#include "application/consume_events.h"

#include <stdlib.h>

#include "application/import_records.h"
#include "application/import_update.h"
#include "application/joined_store.h"
#include "application/preferred_channel.h"
#include "application/suppressed_points.h"

/* The customer that messages name, the root of its tree locked. */
struct named {
    struct str id;
    bool is_there;
    bool is_erased;
    instant told_at; /* of what is recorded of it now */
};

struct consumption {
    struct application *application;
    const struct inbound_event *events;
    size_t count;
    const struct policy *policy;
    struct arena *arena;
    struct consumed *results;
    struct store_session *session;
    struct named *named; /* by id */
    size_t named_count;
};

static const struct inbound_type_row *type_of(const struct consumption *consumption)
{
    return &inbound_types[consumption->events[0].type];
}

static struct caller caller_of(const struct inbound_event *event)
{
    return (struct caller){.tenant = event->tenant,
                           .user_id = inbound_types[event->type].source,
                           .trace = event->trace};
}

bool consume_events_may_come(const struct consumed *result)
{
    return result->outcome == CONSUMED_REFUSED && result->error.status == STATUS_CUSTOMER_NOT_FOUND;
}

static bool blames_event(enum status status)
{
    return status == STATUS_CUSTOMER_NOT_FOUND || import_records_blames(status);
}

/* ---- the customers that are named ---- */

static enum status lock_named(struct consumption *consumption, struct str *ids, size_t count,
                              struct error *error)
{
    struct profile_row *roots = ARENA_NEW_ARRAY(consumption->arena, struct profile_row, count);
    if (!roots) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(customer_lock_roots(consumption->session, ids, count, consumption->arena, roots, error));
    struct environment *environment = consumption->application->environment;
    instant now = environment->now(environment);
    for (size_t i = 0; i < count; i++) {
        const struct profile_row *root = &roots[i];
        consumption->named[i] = (struct named){
            .id = ids[i],
            .is_there = !str_is_none(root->customer_id) && !customer_is_removed(root),
            .is_erased = root->erased_at != INSTANT_NONE,
            .told_at = now > root->updated_at ? now : root->updated_at};
    }
    return STATUS_OK;
}

static enum status find_named(struct consumption *consumption, struct error *error)
{
    size_t count = 0, once = 0;
    struct str *ids = ARENA_NEW_ARRAY(consumption->arena, struct str, consumption->count);
    consumption->named = ARENA_NEW_ARRAY(consumption->arena, struct named, consumption->count);
    if (!ids || !consumption->named) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < consumption->count; i++)
        if (!str_is_none(consumption->events[i].customer_id))
            ids[count++] = consumption->events[i].customer_id;
    str_sort(ids, count);
    for (size_t i = 0; i < count; i++)
        if (once == 0 || !str_equal(ids[once - 1], ids[i])) ids[once++] = ids[i];
    consumption->named_count = once;
    return once > 0 ? lock_named(consumption, ids, once, error) : STATUS_OK;
}

static int compare_named(const void *id, const void *named)
{
    return str_compare(*(const struct str *)id, ((const struct named *)named)->id);
}

static const struct named *named_by(const struct consumption *consumption,
                                    const struct inbound_event *event)
{
    return bsearch(&event->customer_id, consumption->named, consumption->named_count,
                   sizeof(struct named), compare_named);
}

static void judge_named(const struct consumption *consumption)
{
    for (size_t i = 0; i < consumption->count; i++) {
        struct consumed *result = &consumption->results[i];
        const struct named *named = named_by(consumption, &consumption->events[i]);
        *result = (struct consumed){.outcome = CONSUMED_APPLIED};
        if (!named) continue;
        if (!named->is_there) {
            result->outcome = CONSUMED_REFUSED;
            (void)error_set(&result->error, STATUS_CUSTOMER_NOT_FOUND, STR("customerId"), STR_NONE,
                            "there is no such customer");
        } else if (named->is_erased) {
            result->outcome = CONSUMED_DROPPED;
        }
    }
}

/* ---- in order ---- */

/* Keys of which a message was refused. */
struct stopped {
    struct str *keys;
    size_t count;
};

static bool make_stopped(size_t count, struct arena *arena, struct stopped *stopped)
{
    *stopped = (struct stopped){.keys = ARENA_NEW_ARRAY(arena, struct str, count)};
    return stopped->keys != NULL;
}

static bool is_stopped(const struct stopped *stopped, const struct inbound_event *event)
{
    return !str_is_none(event->key) && str_is_among(stopped->keys, stopped->count, event->key);
}

static void stop_behind(struct stopped *stopped, const struct inbound_event *event,
                        const struct consumed *result)
{
    if (result->outcome == CONSUMED_REFUSED && !str_is_none(event->key))
        stopped->keys[stopped->count++] = event->key;
}

static enum status hold_behind(const struct consumption *consumption, struct error *error)
{
    struct stopped stopped;
    if (!make_stopped(consumption->count, consumption->arena, &stopped))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < consumption->count; i++) {
        if (is_stopped(&stopped, &consumption->events[i]))
            consumption->results[i].outcome = CONSUMED_HELD;
        stop_behind(&stopped, &consumption->events[i], &consumption->results[i]);
    }
    return STATUS_OK;
}

/* ---- each once ---- */

struct noted {
    struct str id;
    size_t index;
};

static int compare_noted(const void *a, const void *b)
{
    const struct noted *left = a, *right = b;
    int order = str_compare(left->id, right->id);
    return order ? order : (left->index > right->index) - (left->index < right->index);
}

/* Senders give ids of their own, each its own kind. */
static enum status ids_of(const struct consumption *consumption, struct noted *noted, size_t *count,
                          struct error *error)
{
    *count = 0;
    for (size_t i = 0; i < consumption->count; i++) {
        if (consumption->results[i].outcome != CONSUMED_APPLIED) continue;
        struct str id =
            arena_format(consumption->arena, "%.*s|%.*s", STR_ARGS(type_of(consumption)->name),
                         STR_ARGS(consumption->events[i].event_id));
        if (str_is_none(id)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        noted[(*count)++] = (struct noted){id, i};
    }
    if (*count > 1) qsort(noted, *count, sizeof(*noted), compare_noted);
    return STATUS_OK;
}

static enum status put_inbox(const struct consumption *consumption, struct error *error)
{
    struct application *application = consumption->application;
    struct noted *noted = ARENA_NEW_ARRAY(consumption->arena, struct noted, consumption->count);
    struct str *ids = ARENA_NEW_ARRAY(consumption->arena, struct str, consumption->count);
    bool *fresh = ARENA_NEW_ARRAY(consumption->arena, bool, consumption->count);
    instant now = application->environment->now(application->environment);
    size_t count, once = 0;
    if (!noted || !ids || !fresh) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(ids_of(consumption, noted, &count, error));
    for (size_t i = 0; i < count; i++)
        if (once == 0 || !str_equal(ids[once - 1], noted[i].id)) ids[once++] = noted[i].id;
    TRY(store_inbox_put(consumption->session, ids, once, now,
                        now - application->limits.inbox_keep_ms * (INSTANT_SECOND / 1000), fresh,
                        error));
    once = 0;
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && str_equal(noted[i - 1].id, noted[i].id);
        if (again || !fresh[once++])
            consumption->results[noted[i].index].outcome = CONSUMED_REPEATED;
    }
    return STATUS_OK;
}

/* ---- what each type does ---- */

static enum status append_history(const struct consumption *consumption,
                                  const struct inbound_event *event, enum fact_kind kind,
                                  struct str subject, struct json_value *body, struct error *error)
{
    const struct named *named = named_by(consumption, event);
    const struct fact fact = {.home = named->id,
                              .kind = kind,
                              .subject = subject,
                              .source = type_of(consumption)->source,
                              .observed_at = event->timestamp,
                              .recorded_at = named->told_at,
                              .actor = type_of(consumption)->source,
                              .body = body};
    return store_fact_append(consumption->session, &fact, error);
}

/* The members of the event that the fact has, without the ids. */
static enum status body_of(const struct consumption *consumption, const struct inbound_event *event,
                           const struct str *members, struct json_value *body, struct error *error)
{
    *body = json_make_object();
    for (; !str_is_none(*members); members++) {
        const struct json_value *member = json_get(event->body, *members);
        if (member && !json_object_set(body, *members, *member, consumption->arena))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

static enum status apply_service_order(struct consumption *consumption,
                                       const struct inbound_event *event, struct error *error)
{
    static const struct str members[] = {STR("priority"), STR("status"), STR_NONE};
    struct json_value body;
    TRY(body_of(consumption, event, members, &body, error));
    return append_history(consumption, event, FACT_SERVICE_ORDER,
                          json_text(json_get(event->body, STR("serviceOrderId"))), &body, error);
}

static enum status apply_sla(struct consumption *consumption, const struct inbound_event *event,
                             struct error *error)
{
    static const struct str members[] = {STR("sla"), STR_NONE};
    char written[INSTANT_TEXT_MAX];
    struct json_value body;
    struct str at = json_text(json_get(event->body, STR("breachedAt")));
    if (str_is_none(at)) at = instant_format(event->timestamp, written);
    TRY(body_of(consumption, event, members, &body, error));
    if (!json_object_set(&body, STR("slaBreachedAt"), json_make_string(at), consumption->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct json_value *kept = json_copy(&body, consumption->arena);
    if (!kept) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return append_history(consumption, event, FACT_SERVICE_ORDER,
                          json_text(json_get(event->body, STR("serviceOrderId"))), kept, error);
}

static enum status apply_contract(struct consumption *consumption,
                                  const struct inbound_event *event, struct error *error)
{
    static const struct str members[] = {STR("planId"), STR("startDate"), STR("endDate"), STR_NONE};
    struct json_value body;
    TRY(body_of(consumption, event, members, &body, error));
    return append_history(consumption, event, FACT_CONTRACT,
                          json_text(json_get(event->body, STR("contractId"))), &body, error);
}

static enum status open_change(struct consumption *consumption, const struct inbound_event *event,
                               const struct caller *caller, struct customer_change *change,
                               struct error *error)
{
    *change = (struct customer_change){.application = consumption->application,
                                       .caller = caller,
                                       .policy = consumption->policy,
                                       .session = consumption->session,
                                       .arena = consumption->arena};
    return import_update_open(change, event->customer_id, error);
}

static enum status apply_master(struct consumption *consumption, const struct inbound_event *event,
                                struct error *error)
{
    struct caller caller = caller_of(event);
    struct customer_change change;
    struct str key = json_text(json_get(event->body, STR("masterId")));
    if (str_is_none(key)) key = event->customer_id;
    struct fact assertion = {.home = event->customer_id,
                             .kind = FACT_ASSERTION,
                             .subject = key,
                             .source = type_of(consumption)->source,
                             .observed_at = event->timestamp};
    TRY(open_change(consumption, event, &caller, &change, error));
    TRY(import_update_assert(&change, event->attributes, &assertion, error));
    if (profile_assertion_is_empty(assertion.body)) return STATUS_OK;
    TRY(preferred_channel_check(&change, assertion.body, error));
    TRY(customer_change_append(&change, &assertion, error));
    TRY(suppressed_points_apply(&change, error));
    return customer_change_close(&change, STR("UPDATED"), STR_NONE, error);
}

static enum status apply_block(struct consumption *consumption, const struct inbound_event *event,
                               struct error *error)
{
    static const struct str members[] = {STR("reason"), STR_NONE};
    struct caller caller = caller_of(event);
    struct customer_change change;
    struct json_value body;
    bool blocked = !str_equal(json_text(json_get(event->body, STR("status"))), STR("UNBLOCKED"));
    TRY(open_change(consumption, event, &caller, &change, error));
    TRY(body_of(consumption, event, members, &body, error));
    struct json_value *kept = ARENA_NEW(consumption->arena, struct json_value);
    if (!kept ||
        !json_object_set(&body, STR("blocked"), json_make_boolean(blocked), consumption->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *kept = body;
    const struct fact fact = {.home = event->customer_id,
                              .kind = FACT_CREDIT,
                              .source = type_of(consumption)->source,
                              .observed_at = event->timestamp,
                              .body = kept};
    TRY(customer_change_append(&change, &fact, error));
    return customer_change_close(&change, STR("CREDIT"), STR("credit"), error);
}

/* ---- leads ---- */

static bool set_text(struct json_value *object, const char *name, struct str text,
                     struct arena *arena)
{
    return str_is_none(text) ||
           json_object_set(object, str_from_cstr(name), json_make_string(text), arena);
}

static bool set_list(struct json_value *object, const char *name, struct json_value element,
                     struct arena *arena)
{
    struct json_value list = json_make_array();
    return json_array_add(&list, element, arena) &&
           json_object_set(object, str_from_cstr(name), list, arena);
}

/* The e-mail address and phone number are the customer's as well as the contact's: a lead has no
 * others to be known by. */
static bool lead_body(const struct inbound_event *event, struct arena *arena,
                      struct json_value *body)
{
    struct str email = json_text(json_get(event->body, STR("email")));
    struct str phone = json_text(json_get(event->body, STR("phone")));
    struct str person = json_text(json_get(event->body, STR("contactName")));
    struct json_value contact = json_make_object();
    *body = json_make_object();
    if (!set_text(body, "name", json_text(json_get(event->body, STR("name"))), arena) ||
        (email.ptr && !set_list(body, "emails", json_make_string(email), arena)) ||
        (phone.ptr && !set_list(body, "phones", json_make_string(phone), arena)))
        return false;
    if (str_is_none(person)) return true;
    return set_text(&contact, "name", person, arena) && set_text(&contact, "email", email, arena) &&
           set_text(&contact, "phone", phone, arena) &&
           set_list(&contact, "roles", json_make_string(STR("SALES")), arena) &&
           set_list(body, "contacts", contact, arena);
}

static enum status import_leads(const struct consumption *consumption,
                                const struct import_record *records, size_t count,
                                struct error *error)
{
    const struct import_settings settings = {.source = type_of(consumption)->source,
                                             .on_duplicate = ON_DUPLICATE_MERGE};
    struct import_result *results =
        ARENA_NEW_ARRAY(consumption->arena, struct import_result, count);
    struct application inner = *consumption->application;
    struct caller caller = caller_of(&consumption->events[0]);
    struct joined_store joined;
    if (!results) return error_plain(error, STATUS_OUT_OF_MEMORY);
    caller.trace = STR_NONE;
    joined_store_init(&joined, consumption->session);
    inner.store = &joined.store;
    TRY(import_records(&inner, &caller, &settings, records, count, consumption->arena, results,
                       error));
    if (joined_store_status(&joined) != STATUS_OK)
        return error_plain(error, joined_store_status(&joined));
    for (size_t i = 0; i < count; i++) {
        if (results[i].outcome != IMPORT_INVALID) continue;
        if (error) *error = results[i].error;
        return results[i].error.status;
    }
    return STATUS_OK;
}

static enum status apply_leads(struct consumption *consumption, struct error *error)
{
    struct import_record *records =
        ARENA_NEW_ARRAY(consumption->arena, struct import_record, consumption->count);
    struct json_value *bodies =
        ARENA_NEW_ARRAY(consumption->arena, struct json_value, consumption->count);
    size_t count = 0;
    if (!records || !bodies) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < consumption->count; i++) {
        const struct inbound_event *event = &consumption->events[i];
        if (consumption->results[i].outcome != CONSUMED_APPLIED) continue;
        if (!lead_body(event, consumption->arena, &bodies[count]))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        records[count] =
            (struct import_record){.source_key = json_text(json_get(event->body, STR("leadId"))),
                                   .observed_at = event->timestamp,
                                   .body = &bodies[count],
                                   .trace = event->trace};
        count++;
    }
    return count > 0 ? import_leads(consumption, records, count, error) : STATUS_OK;
}

/* ---- the unit of work ---- */

typedef enum status apply_one(struct consumption *, const struct inbound_event *, struct error *);

/* Leads are none of these: they are taken together. */
static apply_one *const appliers[INBOUND_TYPE_COUNT] = {
    [INBOUND_SERVICE_ORDER_CREATED] = apply_service_order,
    [INBOUND_SLA_BREACHED] = apply_sla,
    [INBOUND_CONTRACT_ACTIVATED] = apply_contract,
    [INBOUND_MASTER_UPDATED] = apply_master,
    [INBOUND_CUSTOMER_BLOCKED] = apply_block,
};

static enum status consume_body(struct store_session *session, void *context, struct error *error)
{
    struct consumption *consumption = context;
    apply_one *apply = appliers[consumption->events[0].type];
    consumption->session = session;
    TRY(find_named(consumption, error));
    judge_named(consumption);
    TRY(hold_behind(consumption, error));
    TRY(put_inbox(consumption, error));
    if (!apply) return apply_leads(consumption, error);
    for (size_t i = 0; i < consumption->count; i++)
        if (consumption->results[i].outcome == CONSUMED_APPLIED)
            TRY(apply(consumption, &consumption->events[i], error));
    return STATUS_OK;
}

static enum status consume_together(struct application *application,
                                    const struct inbound_event *events, size_t count,
                                    struct arena *arena, struct consumed *results,
                                    struct error *error)
{
    struct consumption consumption = {.application = application,
                                      .events = events,
                                      .count = count,
                                      .policy =
                                          application->policy_for(application, events[0].tenant),
                                      .arena = arena,
                                      .results = results};
    return store_write(application->store, events[0].tenant, arena, consume_body, &consumption,
                       error);
}

static enum status consume_alone(struct application *application, const struct inbound_event *event,
                                 struct arena *arena, struct consumed *result, struct error *error)
{
    struct arena_mark mark = arena_mark(arena);
    struct error refusal = {0};
    enum status status = consume_together(application, event, 1, arena, result, &refusal);
    refusal.details_json = STR_NONE; /* of the memory that is given back */
    arena_rewind(arena, mark);
    if (status == STATUS_OK) return STATUS_OK;
    if (!blames_event(status)) {
        if (error) *error = refusal;
        return status;
    }
    *result = (struct consumed){.outcome = CONSUMED_REFUSED, .error = refusal};
    return STATUS_OK;
}

enum status consume_events(struct application *application, const struct inbound_event *events,
                           size_t count, struct arena *arena, struct consumed *results,
                           struct error *error)
{
    if (count == 0) return STATUS_OK;
    if (count > 1) {
        enum status status = consume_together(application, events, count, arena, results, error);
        if (!blames_event(status)) return status;
    }
    /* What one wrote before it was refused is undone with the whole only. */
    struct stopped stopped;
    if (!make_stopped(count, arena, &stopped)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        results[i] = (struct consumed){.outcome = CONSUMED_HELD};
        if (is_stopped(&stopped, &events[i])) continue;
        TRY(consume_alone(application, &events[i], arena, &results[i], error));
        stop_behind(&stopped, &events[i], &results[i]);
    }
    return STATUS_OK;
}
