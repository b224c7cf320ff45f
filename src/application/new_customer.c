#include "application/new_customer.h"

#include <string.h>

#include "application/customer_change.h"
#include "application/customer_index.h"
#include "application/merge_customers.h"
#include "application/preferred_channel.h"
#include "application/review.h"
#include "application/suppressed_points.h"
#include "base/identifier.h"
#include "domain/contact.h"
#include "domain/profile.h"

struct str new_customer_source_key(struct str source, struct str source_key, struct arena *arena)
{
    return ARENA_JOIN(arena, STR("source|"), source, STR("|"), source_key);
}

/* One contact object out of profile_parse_create, with an id of its own if none was given. */
static enum status take_contact(struct application *application, const struct json_value *contact,
                                struct arena *arena, struct fact *fact, bool *given)
{
    fact->kind = FACT_CONTACT;
    TRY(contact_take_id(contact, arena, &fact->subject, &fact->body));
    *given = !str_is_none(fact->subject);
    if (!*given) fact->subject = identifier_new(application->environment, STR("CONT"), arena);
    return str_is_none(fact->subject) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

static enum status make_facts(struct application *application, const struct caller *caller,
                              const struct new_customer_input *input,
                              const struct profile_input *parsed, struct arena *arena,
                              struct new_customer *out)
{
    struct fact common = {.home = out->row.customer_id,
                          .source = input->source,
                          .observed_at = input->observed_at,
                          .recorded_at = input->now,
                          .actor = caller->user_id,
                          .import_id = input->import_id};
    size_t count = parsed->contacts->count;
    struct fact *facts = out->tree.facts;
    struct fact *contacts = ARENA_NEW_ARRAY(arena, struct fact, count);
    bool *given = ARENA_NEW_ARRAY(arena, bool, count);
    if (!contacts || !given) return STATUS_OUT_OF_MEMORY;
    facts[0] = common;
    facts[0].kind = FACT_ASSERTION;
    facts[0].subject = input->source_key;
    facts[0].body = parsed->assertion;
    for (size_t i = 0; i < count; i++) {
        contacts[i] = common;
        TRY(take_contact(application, &parsed->contacts->items[i], arena, &contacts[i], &given[i]));
        facts[i + 1] = contacts[i];
        TRY(contact_set_place(&facts[i + 1], i, arena));
    }
    for (size_t i = 0; i <= count; i++) {
        facts[i].text = json_written(facts[i].body, arena);
        if (str_is_none(facts[i].text)) return STATUS_OUT_OF_MEMORY;
    }
    out->tree.fact_count = count + 1;
    out->assertion = parsed->assertion;
    out->contacts = contacts;
    out->contact_id_given = given;
    return STATUS_OK;
}

static enum status make_keys(struct application *application,
                             const struct new_customer_input *input, struct arena *arena,
                             struct new_customer *out)
{
    TRY(customer_describe_golden(application, &out->golden, arena, &out->record));
    TRY(customer_make_keys(application, &out->record, arena, &out->keys));
    if (str_is_none(input->source_key)) return STATUS_OK;
    out->source_key = new_customer_source_key(input->source, input->source_key, arena);
    return str_is_none(out->source_key) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

static enum status make_event(struct application *application, const struct caller *caller,
                              struct arena *arena, struct new_customer *out)
{
    out->event = (struct event){
        .type = EVENT_PROFILE_CREATED,
        .aggregate_id = out->row.customer_id,
        .timestamp = out->row.created_at,
        .trace = caller->trace,
        .event_id = identifier_new(application->environment, STR("evt"), arena),
        .payload = event_payload_created(out->row.customer_id, out->golden.attributes, arena)};
    bool complete = !str_is_none(out->event.event_id) && !str_is_none(out->event.payload);
    return complete ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

static enum status prepare(struct application *application, const struct caller *caller,
                           const struct policy *policy, const struct new_customer_input *input,
                           const struct profile_input *parsed, struct arena *arena,
                           struct new_customer *out)
{
    size_t contact_count = parsed->contacts->count;
    struct home *home = ARENA_NEW(arena, struct home);
    out->tree.facts = ARENA_NEW_ARRAY(arena, struct fact, contact_count + 1);
    if (!home || !out->tree.facts) return STATUS_OUT_OF_MEMORY;
    out->id_was_given = !str_is_none(parsed->customer_id);
    out->row = (struct profile_row){.customer_id = parsed->customer_id,
                                    .version = 1,
                                    .created_at = input->now,
                                    .updated_at = input->now,
                                    .erased_at = INSTANT_NONE};
    if (!out->id_was_given)
        out->row.customer_id = identifier_new(application->environment, STR("CUST"), arena);
    if (str_is_none(out->row.customer_id)) return STATUS_OUT_OF_MEMORY;
    *home = (struct home){.customer_id = out->row.customer_id,
                          .parent = -1,
                          .joined_at = INSTANT_NONE,
                          .created_at = input->now};
    out->tree.homes = home;
    out->tree.home_count = 1;
    TRY(make_facts(application, caller, input, parsed, arena, out));
    tree_sort(&out->tree);
    TRY(golden_record(&out->tree, policy, arena, &out->golden));
    TRY(customer_render(&out->golden, arena, &out->row));
    TRY(make_keys(application, input, arena, out));
    TRY(make_event(application, caller, arena, out));
    out->search_entry =
        customer_index_entry(out->tree.facts, out->tree.fact_count, STR_NONE, arena);
    if (str_is_none(out->search_entry)) return STATUS_OUT_OF_MEMORY;
    return suppressed_points_of(application, &out->golden, arena, &out->points, &out->point_texts,
                                &out->point_count);
}

enum status new_customer_prepare(struct application *application, const struct caller *caller,
                                 const struct policy *policy,
                                 const struct new_customer_input *input, struct arena *arena,
                                 struct new_customer *out, struct error *error)
{
    struct profile_input parsed;
    *out = (struct new_customer){0};
    TRY(profile_parse_create(input->body, arena, &parsed, error));
    if (parsed.contacts->count > application->limits.contacts_max)
        return results_exceeded(error, STR("contacts"), application->limits.contacts_max,
                                "contacts of a customer");
    if (prepare(application, caller, policy, input, &parsed, arena, out) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    /* He has consented to nothing yet. */
    const struct customer_change change = {.application = application,
                                           .tree = out->tree,
                                           .golden = out->golden,
                                           .arena = arena,
                                           .now = input->now};
    TRY(preferred_channel_check(&change, parsed.assertion, error));
    for (size_t i = 0; i < parsed.contacts->count; i++) {
        struct str field = arena_format(arena, "contacts[%zu].", i);
        if (str_is_none(field)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(preferred_channel_check_contact(&change, &parsed.contacts->items[i], NULL, field,
                                            error));
    }
    return STATUS_OK;
}

struct str new_customer_id_key(const struct new_customer *customer, struct arena *arena)
{
    return ARENA_JOIN(arena, STR("customer|"), customer->row.customer_id);
}

static enum status append_revocations(struct application *application, const struct caller *caller,
                                      struct store_session *session,
                                      const struct new_customer *customer, const bool *suppressed,
                                      struct arena *arena, struct error *error)
{
    for (size_t i = 0; i < customer->point_count; i++) {
        bool is_again = str_is_among(customer->points, i, customer->points[i]);
        if (!suppressed[i] || is_again) continue;
        struct fact facts[SUPPRESSED_CHANNELS_MAX];
        size_t count;
        TRY(suppressed_points_revoke(application, customer->point_texts[i],
                                     customer->row.created_at, arena, facts, &count, error));
        for (size_t f = 0; f < count; f++) {
            facts[f].home = customer->row.customer_id;
            facts[f].observed_at = facts[f].recorded_at = customer->row.created_at;
            facts[f].actor = caller->user_id;
            facts[f].import_id = customer->tree.facts[0].import_id;
            TRY(store_fact_append(session, &facts[f], error));
        }
    }
    return STATUS_OK;
}

static enum status write(struct application *application, const struct caller *caller,
                         struct store_session *session, const struct new_customer *customer,
                         const struct new_customer_found *found, struct arena *arena,
                         struct error *error)
{
    struct version_row version = {.customer_id = customer->row.customer_id,
                                  .version = 1,
                                  .recorded_at = customer->row.created_at,
                                  .actor = caller->user_id,
                                  .cause = STR("CREATED"),
                                  .changed_fields = STR("")};
    TRY(store_profile_insert(session, &customer->row, error));
    TRY(store_version_append(session, &version, error));
    for (size_t i = 0; i < customer->tree.fact_count; i++)
        TRY(store_fact_append(session, &customer->tree.facts[i], error));
    TRY(append_revocations(application, caller, session, customer, found->suppressed, arena,
                           error));
    TRY(customer_put_keys(session, customer->row.customer_id, &customer->keys, found->cut, arena,
                          error));
    if (!str_is_none(customer->source_key))
        TRY(store_keys_put(session, customer->row.customer_id, &customer->source_key, 1, error));
    TRY(store_search_put(session, customer->row.customer_id, customer->search_entry, error));
    return store_event_append(session, &customer->event, error);
}

/* A customer that was merged into another one since it was found: found again, it is that one. */
static enum status try_again_if_merged(enum status status, struct error *error)
{
    return status == STATUS_CUSTOMER_MERGED ? error_plain(error, STATUS_WRITE_CONFLICT) : status;
}

static enum status merge_into(struct application *application, const struct caller *caller,
                              struct store_session *session, const struct new_customer *customer,
                              struct str target_id, struct arena *arena, struct profile_row *shown,
                              struct error *error)
{
    const struct merge_request request = {.source_id = customer->row.customer_id};
    struct merge_result merged;
    TRY(try_again_if_merged(merge_customers_within(application, caller, session, target_id,
                                                   &request, arena, &merged, error),
                            error));
    return store_profile_get(session, target_id, STORE_NO_LOCK, arena, shown, error);
}

enum status new_customer_insert(struct application *application, const struct caller *caller,
                                struct store_session *session, const struct new_customer *customer,
                                const struct new_customer_found *found, struct arena *arena,
                                struct profile_row *shown, struct error *error)
{
    const struct review review = {session, caller->user_id, customer->row.created_at, arena};
    bool merges = found->on_duplicate == ON_DUPLICATE_MERGE &&
                  duplicates_certain(found->duplicates, found->count) > 0;
    size_t queued = found->on_duplicate == ON_DUPLICATE_ALLOW ? 0 : found->count;
    if (merges)
        TRY(customer_lock_ahead(session, &found->duplicates[0].customer_id, 1, arena, error));
    TRY(write(application, caller, session, customer, found, arena, error));
    *shown = customer->row;
    /* The others first: a merge brings what it means for the queue with it. */
    TRY(review_queue(application, &review, &customer->tree, true,
                     merges ? &found->duplicates[1] : found->duplicates,
                     queued > 0 ? queued - merges : 0, found->cause, error));
    if (!merges) return STATUS_OK;
    return merge_into(application, caller, session, customer, found->duplicates[0].customer_id,
                      arena, shown, error);
}
