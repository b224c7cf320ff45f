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
    struct str outvoted;
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

/* The last that anybody said of the member. */
static const struct fact *said_last(const struct tree *tree, struct str map, struct str member,
                                    const struct json_value **value)
{
    for (size_t i = tree->fact_count; i-- > 0;) {
        const struct fact *fact = &tree->facts[i];
        if (fact->kind != FACT_ASSERTION || !tree_counts(tree, fact)) continue;
        *value = json_get(str_is_none(map) ? fact->body : json_get(fact->body, map), member);
        if (*value) return fact;
    }
    return NULL;
}

/* Was it crm, in this home, and for all that are of the tree today? */
static bool is_own_word(const struct customer_change *change, const struct fact *fact)
{
    const struct tree *tree = &change->tree;
    for (size_t i = 1; i < tree->home_count; i++)
        if (tree->homes[i].joined_at > fact->recorded_at) return false;
    return str_equal(fact->home, change->row.customer_id) && str_equal(fact->source, SOURCE_CRM);
}

/* Whether crm said all of it last. Not of lists, where what is said again is news. */
static bool was_said(const struct customer_change *change, const struct json_value *assertion,
                     struct str map)
{
    for (size_t i = 0; i < assertion->count; i++) {
        struct str name = assertion->members[i].name;
        const struct json_value *value = &assertion->members[i].value, *last = NULL;
        const struct profile_field *field = profile_field_find(name);
        if (str_is_none(map) && field && field->shape == SHAPE_MAP) {
            if (!was_said(change, value, name)) return false;
            continue;
        }
        if (value->type == JSON_ARRAY || value->type == JSON_OBJECT) return false;
        const struct fact *fact = said_last(&change->tree, map, name, &last);
        if (!fact || !json_equal(last, value) || !is_own_word(change, fact)) return false;
    }
    return true;
}

static bool name_once(struct buffer *out, struct str name)
{
    struct str rest = buffer_str(out), part;
    while (out->len > 0 && str_split(&rest, ',', &part))
        if (str_equal(str_trim(part), name)) return true;
    if (out->len > 0) buffer_append(out, STR(", "));
    buffer_append(out, name);
    return !buffer_failed(out);
}

/* What is left of the patch now that it was made: there others' word counts for more. */
static enum status note_outvoted(struct patching *patching, struct error *error)
{
    struct customer_change *change = &patching->change;
    struct buffer out = {.arena = change->arena};
    struct json_value *left;
    TRY(profile_parse_patch(patching->patch, change->golden.attributes, change->arena, &left,
                            error));
    bool fits = true;
    for (size_t i = 0; i < left->count; i++) {
        struct str name = left->members[i].name;
        const struct json_value *value = &left->members[i].value;
        if (profile_field_find(name)) fits = fits && name_once(&out, name);
        if (!str_equal(name, STR("retract"))) continue;
        for (size_t k = 0; k < value->count; k++)
            fits = fits && name_once(&out, value->members[k].name);
    }
    patching->outvoted = out.len > 0 ? buffer_str(&out) : STR_NONE;
    return fits ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* Whether it is said again what crm said last, and still shows nothing. */
static enum status is_said_again(const struct customer_change *change, const struct fact *fact,
                                 bool *again)
{
    *again = false;
    if (!was_said(change, fact->body, STR_NONE)) return STATUS_OK;
    return customer_change_shows_nothing(change, fact, again);
}

/* Divides the fact by what the home alone would take of it. */
static enum status split_by_home(const struct customer_change *change, const struct fact *fact,
                                 struct fact *news, struct fact *rest)
{
    struct customer_change alone = *change;
    bool again = false;
    *news = *rest = *fact;
    TRY(tree_alone(&change->tree, change->arena, &alone.tree));
    TRY(golden_record(&alone.tree, change->policy, change->arena, &alone.golden));
    TRY(profile_split_assertion(fact->body, alone.golden.attributes, change->arena, &news->body,
                                &rest->body));
    if (profile_assertion_is_empty(news->body)) return STATUS_OK;
    TRY(is_said_again(&alone, news, &again));
    if (!again) return STATUS_OK;
    news->body = NULL;
    rest->body = fact->body;
    return STATUS_OK;
}

/* What is no news to the home itself is said about those merged into it, and goes with them: else
 * an edit that is none without the merge would speak after it. */
static enum status append_by_home(struct customer_change *change, const struct fact *fact,
                                  struct error *error)
{
    struct fact news, rest;
    if (change->tree.home_count < 2) return customer_change_append(change, fact, error);
    if (split_by_home(change, fact, &news, &rest) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!profile_assertion_is_empty(news.body)) TRY(customer_change_append(change, &news, error));
    if (profile_assertion_is_empty(rest.body)) return STATUS_OK;
    if (!json_object_set(rest.body, STR("whileMerged"), json_make_boolean(true), change->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return customer_change_append(change, &rest, error);
}

static enum status patch_body(struct store_session *session, void *context, struct error *error)
{
    struct patching *patching = context;
    struct customer_change *change = &patching->change;
    struct fact fact = {.kind = FACT_ASSERTION};
    bool again = false;
    change->session = session;
    patching->outvoted = STR_NONE;
    TRY(customer_change_open(change, patching->customer_id, patching->if_match, error));
    TRY(profile_parse_patch(patching->patch, change->golden.attributes, change->arena, &fact.body,
                            error));
    if (profile_assertion_is_empty(fact.body)) return STATUS_OK;
    TRY(check_primary_contact(&change->golden, fact.body, error));
    TRY(preferred_channel_check(change, fact.body, error));
    if (is_said_again(change, &fact, &again) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (again) return note_outvoted(patching, error);
    TRY(append_by_home(change, &fact, error));
    TRY(suppressed_points_apply(change, error));
    TRY(customer_change_close(change, STR("UPDATED"), STR_NONE, error));
    return note_outvoted(patching, error);
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
                                      .document = row->document,
                                      .outvoted = patching.outvoted};
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
                                        struct arena *arena, struct customer_document *out,
                                        struct str *json, struct error *error)
{
    struct json_value whole = json_make_object();
    if (!patch || patch->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("an object"),
                         "the body is not a JSON object");
    if (!json_object_set(&whole, STR("preferences"), *patch, arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(change_customer(application, caller, customer_id, &whole, if_match, arena, out, error));
    return preferences_of(out, arena, json, error);
}
