#include "application/import_update.h"

#include "application/import_contacts.h"
#include "application/preferred_channel.h"
#include "application/suppressed_points.h"
#include "domain/profile.h"

enum status import_update_open(struct customer_change *change, struct str home, struct error *error)
{
    struct profile_row row;
    TRY(customer_lock_root(change->session, home, change->arena, &row, error));
    if (row.erased_at != INSTANT_NONE) return error_plain(error, STATUS_CUSTOMER_ERASED);
    return customer_change_load(change, &row, error);
}

static bool is_of(const struct fact *fact, struct str home, struct str source,
                  struct str source_key)
{
    return fact->kind == FACT_ASSERTION && str_equal(fact->home, home) &&
           str_equal(fact->source, source) && str_equal(fact->subject, source_key);
}

bool import_update_has(const struct customer_change *change, struct str home, struct str source,
                       struct str source_key)
{
    const struct tree *tree = &change->tree;
    for (size_t i = 0; i < tree->fact_count + tree->undone_count; i++)
        if (is_of(&tree->facts[i], home, source, source_key)) return true;
    return false;
}

static bool is_contact_of(const struct fact *fact, struct str home, struct str source)
{
    return fact->kind == FACT_CONTACT && str_equal(fact->home, home) &&
           str_equal(fact->source, source);
}

/* The golden record of the record's own assertions, as observed up to that time, and of what its
 * source said of contacts of the home. */
static enum status said_before(const struct customer_change *change, const struct fact *now,
                               struct golden *golden)
{
    struct home only = {.customer_id = now->home, .parent = -1, .joined_at = INSTANT_NONE};
    struct tree own = {.homes = &only,
                       .home_count = 1,
                       .facts =
                           ARENA_NEW_ARRAY(change->arena, struct fact, change->tree.fact_count)};
    if (!own.facts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < change->tree.fact_count; i++) {
        const struct fact *fact = &change->tree.facts[i];
        bool is_own = is_of(fact, now->home, now->source, now->subject) &&
                      fact->observed_at <= now->observed_at;
        if (is_own || is_contact_of(fact, now->home, now->source))
            own.facts[own.fact_count++] = *fact;
    }
    return golden_record(&own, change->policy, change->arena, golden);
}

static bool was_said_since(const struct customer_change *change, const struct fact *now,
                           struct str member)
{
    for (size_t i = 0; i < change->tree.fact_count; i++) {
        const struct fact *fact = &change->tree.facts[i];
        if (fact->observed_at > now->observed_at &&
            is_of(fact, now->home, now->source, now->subject) &&
            (json_get(fact->body, member) ||
             json_get(json_get(fact->body, STR("retract")), member)))
            return true;
    }
    return false;
}

static enum status assert_since(const struct customer_change *change, const struct json_value *said,
                                const struct golden *before, struct fact *fact, struct error *error)
{
    struct json_value current = json_make_object();
    current.members = ARENA_NEW_ARRAY(change->arena, struct json_member, said->count);
    if (!current.members) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < said->count; i++)
        if (!was_said_since(change, fact, said->members[i].name))
            current.members[current.count++] = said->members[i];
    return profile_parse_patch(&current, before->attributes, change->arena, &fact->body, error);
}

enum status import_update_assert(const struct customer_change *change,
                                 const struct json_value *said, struct fact *fact,
                                 struct error *error)
{
    struct golden before;
    if (said_before(change, fact, &before) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return assert_since(change, said, &before, fact, error);
}

static enum status check_room(const struct customer_change *change,
                              const struct import_contacts *contacts, struct error *error)
{
    const struct application_limits *limits = &change->application->limits;
    size_t facts = change->stored + 1 + contacts->count;
    if (facts > limits->facts_max)
        return results_exceeded(error, STR(""), limits->facts_max, "facts of a customer");
    if (change->golden.contacts->count + contacts->added > limits->contacts_max)
        return results_exceeded(error, STR("contacts"), limits->contacts_max,
                                "contacts of a customer");
    return STATUS_OK;
}

enum status import_update(struct customer_change *change, struct str home,
                          const struct new_customer *record, struct str source_key,
                          struct str source, instant observed_at, bool *changed,
                          struct error *error)
{
    struct fact assertion = {.home = home,
                             .kind = FACT_ASSERTION,
                             .subject = source_key,
                             .source = source,
                             .observed_at = observed_at};
    struct golden before;
    struct import_contacts contacts;
    *changed = false;
    if (said_before(change, &assertion, &before) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(assert_since(change, record->assertion, &before, &assertion, error));
    TRY(preferred_channel_check(change, assertion.body, error));
    TRY(import_contacts(change, home, source, observed_at, &before, record, &contacts, error));
    *changed = !profile_assertion_is_empty(assertion.body) || contacts.count > 0;
    if (!*changed) return STATUS_OK;
    TRY(check_room(change, &contacts, error));
    if (!profile_assertion_is_empty(assertion.body))
        TRY(customer_change_append(change, &assertion, error));
    for (size_t i = 0; i < contacts.count; i++)
        TRY(customer_change_append(change, &contacts.facts[i], error));
    TRY(suppressed_points_apply(change, error));
    return customer_change_close(change, change->golden.is_silent ? STR("CREATED") : STR("UPDATED"),
                                 STR_NONE, error);
}
