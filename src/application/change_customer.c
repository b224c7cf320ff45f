#include "application/change_customer.h"

#include "application/get_customer.h"
#include "application/preferred_channel.h"
#include "application/suppressed_points.h"
#include "domain/profile.h"

struct patching {
    struct customer_change change;
    struct str customer_id;
    const struct json_value *patch;
    int64_t if_match;
};

/* A primary contact must be one of the customer's. */
static enum status check_primary_contact(const struct golden *golden,
                                         const struct json_value *assertion, struct error *error)
{
    struct str contact_id = json_text(json_get(assertion, STR("primaryContactId")));
    if (str_is_none(contact_id) || golden_find_contact(golden, contact_id) >= 0) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("primaryContactId"),
                     STR("the contactId of a contact of this customer"),
                     "is no contact of this customer");
}

static enum status patch_body(struct store_session *session, void *context, struct error *error)
{
    struct patching *patching = context;
    struct customer_change *change = &patching->change;
    struct fact fact = {.kind = FACT_ASSERTION};
    change->session = session;
    TRY(customer_change_open(change, patching->customer_id, patching->if_match, error));
    TRY(profile_parse_patch(patching->patch, change->golden.attributes, change->arena, &fact.body,
                            error));
    if (profile_assertion_is_empty(fact.body)) return STATUS_OK;
    TRY(check_primary_contact(&change->golden, fact.body, error));
    TRY(preferred_channel_check(change, fact.body, error));
    TRY(customer_change_append(change, &fact, error));
    TRY(suppressed_points_apply(change, error));
    return customer_change_close(change, STR("UPDATED"), STR_NONE, error);
}

enum status change_customer(struct application *application, const struct caller *caller,
                            struct str customer_id, const struct json_value *patch,
                            int64_t if_match, struct arena *arena, struct customer_document *out,
                            struct error *error)
{
    struct patching patching = {
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = arena},
        .customer_id = customer_id,
        .patch = patch,
        .if_match = if_match};
    TRY(store_write(application->store, caller->tenant, arena, patch_body, &patching, error));
    const struct profile_row *row = &patching.change.row;
    *out = (struct customer_document){.customer_id = row->customer_id,
                                      .version = row->version,
                                      .updated_at = row->updated_at,
                                      .document = row->document};
    return STATUS_OK;
}

static enum status preferences_of(const struct customer_document *customer, struct arena *arena,
                                  struct str *json, struct error *error)
{
    struct json_value *document;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    TRY(json_parse(customer->document, arena, &document, error));
    const struct json_value *preferences = json_get(document, STR("preferences"));
    if (preferences)
        json_write(&writer, preferences);
    else
        json_raw(&writer, STR("{}"));
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status change_customer_get_preferences(struct application *application,
                                            const struct caller *caller, struct str customer_id,
                                            struct arena *arena, int64_t *version, struct str *json,
                                            struct error *error)
{
    struct customer_document customer;
    TRY(get_customer(application, caller, customer_id, arena, &customer, error));
    *version = customer.version;
    return preferences_of(&customer, arena, json, error);
}

enum status change_customer_preferences(struct application *application,
                                        const struct caller *caller, struct str customer_id,
                                        const struct json_value *patch, int64_t if_match,
                                        struct arena *arena, int64_t *version, struct str *json,
                                        struct error *error)
{
    struct json_value whole = json_make_object();
    struct customer_document customer;
    if (!patch || patch->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("an object"),
                         "the body is not a JSON object");
    if (!json_object_set(&whole, STR("preferences"), *patch, arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(change_customer(application, caller, customer_id, &whole, if_match, arena, &customer,
                        error));
    *version = customer.version;
    return preferences_of(&customer, arena, json, error);
}
