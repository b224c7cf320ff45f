#include "application/import_update.h"

#include "application/suppressed_points.h"
#include "domain/contact.h"
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

/* The golden record of the record's own assertions, as observed up to that time. */
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
        if (is_of(fact, now->home, now->source, now->subject) &&
            fact->observed_at <= now->observed_at)
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

enum status import_update_assert(const struct customer_change *change,
                                 const struct json_value *said, struct fact *fact,
                                 struct error *error)
{
    struct golden before;
    struct json_value current = json_make_object();
    current.members = ARENA_NEW_ARRAY(change->arena, struct json_member, said->count);
    if (!current.members || said_before(change, fact, &before) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < said->count; i++)
        if (!was_said_since(change, fact, said->members[i].name))
            current.members[current.count++] = said->members[i];
    return profile_parse_patch(&current, before.attributes, change->arena, &fact->body, error);
}

static bool same_text(const struct json_value *a, const struct json_value *b, const char *member,
                      struct str (*canonical)(struct str, struct arena *), struct arena *arena)
{
    struct str left = json_text(json_get(a, str_from_cstr(member)));
    struct str right = json_text(json_get(b, str_from_cstr(member)));
    if (str_is_none(left) || str_is_none(right)) return false;
    return str_equal(canonical(left, arena), canonical(right, arena));
}

/* The contact that a contact of the record is about; NULL when it is new. */
static const struct json_value *known_contact(const struct customer_change *change,
                                              const struct fact *contact, bool id_was_given)
{
    const struct json_value *contacts = change->golden.contacts, *by_name = NULL;
    for (size_t i = 0; i < contacts->count; i++) {
        const struct json_value *item = &contacts->items[i];
        if (id_was_given) {
            if (str_equal(json_text(json_get(item, STR("contactId"))), contact->subject))
                return item;
            continue;
        }
        if (same_text(item, contact->body, "email", profile_canonical_email, change->arena))
            return item;
        if (!by_name &&
            same_text(item, contact->body, "name", profile_canonical_name, change->arena))
            by_name = item;
    }
    return by_name;
}

/* The fact that brings the contact of that number to what the record says; an empty body when
 * nothing changes. */
static enum status contact_fact(struct customer_change *change, struct str home,
                                const struct new_customer *record, size_t number, struct fact *fact,
                                struct error *error)
{
    const struct fact *contact = &record->contacts[number];
    const struct json_value *known =
        known_contact(change, contact, record->contact_id_given[number]);
    *fact = *contact;
    fact->home = home;
    if (!known)
        return contact_set_place(fact, number, change->arena) == STATUS_OK
                   ? STATUS_OK
                   : error_plain(error, STATUS_OUT_OF_MEMORY);
    fact->subject = json_text(json_get(known, STR("contactId")));
    int32_t at = contact_find(&change->tree, fact->subject);
    if (at >= 0) fact->home = change->tree.homes[at].customer_id;
    TRY(contact_parse_patch(contact->body, known, change->arena, &fact->body, error));
    return customer_change_check_contact(&change->tree, fact->body, known, STR(""), change->now,
                                         change->arena, error);
}

static enum status check_room(const struct customer_change *change,
                              const struct new_customer *record, struct error *error)
{
    const struct application_limits *limits = &change->application->limits;
    size_t contacts = record->tree.fact_count - 1;
    size_t facts = change->tree.fact_count + record->tree.fact_count + 2 * record->point_count;
    if (facts > limits->facts_max)
        return results_exceeded(error, STR(""), limits->facts_max, "facts of a customer");
    if (change->golden.contacts->count + contacts > limits->contacts_max)
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
    size_t contact_count = record->tree.fact_count - 1;
    struct fact *contacts = ARENA_NEW_ARRAY(change->arena, struct fact, contact_count);
    *changed = false;
    if (!contacts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(check_room(change, record, error));
    TRY(import_update_assert(change, record->assertion, &assertion, error));
    TRY(customer_change_check_channel(&change->tree, assertion.body, change->now, change->arena,
                                      error));
    for (size_t i = 0; i < contact_count; i++)
        TRY(contact_fact(change, home, record, i, &contacts[i], error));
    if (!profile_assertion_is_empty(assertion.body))
        TRY(customer_change_append(change, &assertion, error));
    for (size_t i = 0; i < contact_count; i++)
        if (contacts[i].body->count > 0) TRY(customer_change_append(change, &contacts[i], error));
    if (change->appended == 0) return STATUS_OK;
    *changed = true;
    TRY(suppressed_points_apply(change, home, error));
    return customer_change_close(change, change->golden.is_silent ? STR("CREATED") : STR("UPDATED"),
                                 STR_NONE, error);
}
