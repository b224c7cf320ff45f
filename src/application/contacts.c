#include "application/contacts.h"

#include "application/get_customer.h"
#include "application/preferred_channel.h"
#include "application/suppressed_points.h"
#include "base/identifier.h"
#include "domain/contact.h"
#include "domain/field.h"

struct contact_work {
    struct customer_change change;
    struct str customer_id;
    struct str contact_id;
    struct json_value *fact_body;
    const struct json_value *patch;
    int64_t if_match;
};

static struct contact_work work_of(struct application *application, const struct caller *caller,
                                   struct str customer_id, struct str contact_id, int64_t if_match,
                                   struct arena *arena)
{
    return (struct contact_work){
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = arena},
        .customer_id = customer_id,
        .contact_id = contact_id,
        .if_match = if_match};
}

/* NULL when it is not there. */
static const struct json_value *find_contact(const struct golden *golden, struct str contact_id)
{
    ptrdiff_t at = golden_find_contact(golden, contact_id);
    return at < 0 ? NULL : &golden->contacts->items[at];
}

static enum status write_contact(const struct json_value *contact, struct arena *arena,
                                 struct str *json, struct error *error)
{
    if (!contact) return error_plain(error, STATUS_CONTACT_NOT_FOUND);
    *json = json_written(contact, arena);
    return str_is_none(*json) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

static enum status part_out(const struct contact_work *work, struct customer_part *out,
                            struct error *error)
{
    out->id = work->contact_id;
    out->version = work->change.row.version;
    return write_contact(find_contact(&work->change.golden, work->contact_id), work->change.arena,
                         &out->json, error);
}

static enum status load_contacts(struct application *application, const struct caller *caller,
                                 struct str customer_id, struct arena *arena, int64_t *version,
                                 const struct json_value **contacts, struct error *error)
{
    struct customer_document customer;
    struct json_value *document;
    TRY(get_customer(application, caller, customer_id, arena, &customer, error));
    TRY(json_parse(customer.document, arena, &document, error));
    *version = customer.version;
    *contacts = json_get(document, STR("contacts"));
    return STATUS_OK;
}

static bool has_role(const struct json_value *contact, struct str role)
{
    const struct json_value *roles = json_get(contact, STR("roles"));
    for (size_t i = 0; roles && i < roles->count; i++)
        if (str_equal(json_text(&roles->items[i]), role)) return true;
    return false;
}

static enum status write_contacts(const struct application *application,
                                  const struct json_value *contacts, struct str role,
                                  const struct page_request *request, struct arena *arena,
                                  struct json_page *page, struct error *error)
{
    size_t all = contacts ? contacts->count : 0, count = 0;
    const struct json_value **shown = ARENA_NEW_ARRAY(arena, const struct json_value *, all);
    struct str *keys = ARENA_NEW_ARRAY(arena, struct str, all);
    struct results_slice slice;
    if (!shown || !keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < all; i++) {
        if (!str_is_none(role) && !has_role(&contacts->items[i], role)) continue;
        keys[count] = json_text(json_get(&contacts->items[i], STR("contactId")));
        shown[count++] = &contacts->items[i];
    }
    TRY(results_slice(application, request, keys, count, arena, &slice, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    results_page_begin(&writer);
    for (size_t i = slice.begin; i < slice.end; i++) json_write(&writer, shown[i]);
    results_page_end(&writer, slice.next);
    *page = (struct json_page){.body = buffer_str(&out), .next = slice.next};
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status contacts_list(struct application *application, const struct caller *caller,
                          struct str customer_id, struct str role,
                          const struct page_request *request, struct arena *arena,
                          struct json_page *page, struct error *error)
{
    const struct json_value *contacts;
    int64_t version;
    if (!str_is_none(role) && !field_is_one_of(contact_roles(), role))
        return error_set(error, STATUS_INVALID_VALUE, STR("role"), contact_roles(),
                         "is not a known role");
    TRY(load_contacts(application, caller, customer_id, arena, &version, &contacts, error));
    return write_contacts(application, contacts, role, request, arena, page, error);
}

/* The contact of the document that has the id; *shared when a second one has it. */
static const struct json_value *find_shown(const struct json_value *contacts, struct str contact_id,
                                           bool *shared)
{
    const struct json_value *found = NULL;
    *shared = false;
    for (size_t i = 0; contacts && i < contacts->count && !*shared; i++) {
        const struct json_value *contact = &contacts->items[i];
        if (!str_equal(json_text(json_get(contact, STR("contactId"))), contact_id)) continue;
        *shared = found != NULL;
        if (!found) found = contact;
    }
    return found;
}

static enum status meant_body(struct store_session *session, void *context, struct error *error)
{
    struct contact_work *work = context;
    struct customer_change *change = &work->change;
    TRY(customer_get_root(session, work->customer_id, STORE_NO_LOCK, change->arena, &change->row,
                          error));
    TRY(store_tree_load(session, work->customer_id, INSTANT_FUTURE, change->arena, &change->tree,
                        error));
    if (golden_record(&change->tree, change->policy, change->arena, &change->golden) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* A document does not say which home each contact is of. */
static enum status get_meant(struct application *application, const struct caller *caller,
                             struct str customer_id, struct str contact_id, struct arena *arena,
                             struct customer_part *out, struct error *error)
{
    struct contact_work work =
        work_of(application, caller, customer_id, contact_id, IF_MATCH_ANY, arena);
    TRY(store_read(application->store, caller->tenant, arena, meant_body, &work, error));
    return part_out(&work, out, error);
}

enum status contacts_get(struct application *application, const struct caller *caller,
                         struct str customer_id, struct str contact_id, struct arena *arena,
                         struct customer_part *out, struct error *error)
{
    const struct json_value *contacts;
    bool shared;
    TRY(load_contacts(application, caller, customer_id, arena, &out->version, &contacts, error));
    const struct json_value *contact = find_shown(contacts, contact_id, &shared);
    if (shared) return get_meant(application, caller, customer_id, contact_id, arena, out, error);
    out->id = contact_id;
    return write_contact(contact, arena, &out->json, error);
}

/* Whether a contact of that id is, or ever was, in the tree. */
static bool was_used(const struct tree *tree, struct str contact_id)
{
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree->facts[i].kind == FACT_CONTACT && str_equal(tree->facts[i].subject, contact_id))
            return true;
    return false;
}

static enum status add_body(struct store_session *session, void *context, struct error *error)
{
    struct contact_work *work = context;
    struct customer_change *change = &work->change;
    struct fact fact = {.kind = FACT_CONTACT, .subject = work->contact_id, .body = work->fact_body};
    change->session = session;
    TRY(customer_change_open(change, work->customer_id, work->if_match, error));
    if (was_used(&change->tree, work->contact_id))
        return error_set(error, STATUS_CONTACT_EXISTS, STR("contactId"), STR_NONE,
                         "the contactId is taken");
    TRY(preferred_channel_check_contact(change, fact.body, NULL, STR(""), error));
    TRY(customer_change_append(change, &fact, error));
    TRY(suppressed_points_apply(change, error));
    return customer_change_close(change, STR("CONTACT"), STR_NONE, error);
}

enum status contacts_add(struct application *application, const struct caller *caller,
                         struct str customer_id, const struct json_value *body, int64_t if_match,
                         struct arena *arena, struct customer_part *out, struct error *error)
{
    struct contact_work work = work_of(application, caller, customer_id, STR_NONE, if_match, arena);
    TRY(contact_parse_create(body, STR(""), arena, &work.contact_id, &work.fact_body, error));
    if (str_is_none(work.contact_id))
        work.contact_id = identifier_new(application->environment, STR("CONT"), arena);
    if (str_is_none(work.contact_id)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(store_write(application->store, caller->tenant, arena, add_body, &work, error));
    return part_out(&work, out, error);
}

/* Opens the change and finds the contact and its home. */
static enum status open_contact(struct contact_work *work, struct store_session *session,
                                struct str *home, const struct json_value **contact,
                                struct error *error)
{
    struct customer_change *change = &work->change;
    change->session = session;
    TRY(customer_change_open(change, work->customer_id, work->if_match, error));
    ptrdiff_t at = golden_find_contact(&change->golden, work->contact_id);
    if (at < 0) return error_plain(error, STATUS_CONTACT_NOT_FOUND);
    *home = change->tree.homes[change->golden.contact_homes[at]].customer_id;
    *contact = &change->golden.contacts->items[at];
    return STATUS_OK;
}

static enum status change_body(struct store_session *session, void *context, struct error *error)
{
    struct contact_work *work = context;
    struct customer_change *change = &work->change;
    struct fact fact = {.kind = FACT_CONTACT, .subject = work->contact_id};
    const struct json_value *current = NULL;
    TRY(open_contact(work, session, &fact.home, &current, error));
    TRY(contact_parse_patch(work->patch, current, change->arena, &fact.body, error));
    if (fact.body->count == 0) return STATUS_OK;
    TRY(preferred_channel_check_contact(change, fact.body, current, STR(""), error));
    TRY(customer_change_append(change, &fact, error));
    TRY(suppressed_points_apply(change, error));
    return customer_change_close(change, STR("CONTACT"), STR_NONE, error);
}

enum status contacts_change(struct application *application, const struct caller *caller,
                            struct str customer_id, struct str contact_id,
                            const struct json_value *patch, int64_t if_match, struct arena *arena,
                            struct customer_part *out, struct error *error)
{
    struct contact_work work =
        work_of(application, caller, customer_id, contact_id, if_match, arena);
    work.patch = patch;
    TRY(store_write(application->store, caller->tenant, arena, change_body, &work, error));
    return part_out(&work, out, error);
}

static enum status remove_body(struct store_session *session, void *context, struct error *error)
{
    struct contact_work *work = context;
    struct customer_change *change = &work->change;
    struct json_value body = json_make_object();
    struct fact fact = {.kind = FACT_CONTACT, .subject = work->contact_id, .body = &body};
    const struct json_value *current;
    TRY(open_contact(work, session, &fact.home, &current, error));
    if (!json_object_set(&body, STR("removed"), json_make_boolean(true), change->arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(customer_change_append(change, &fact, error));
    return customer_change_close(change, STR("CONTACT"), STR_NONE, error);
}

enum status contacts_remove(struct application *application, const struct caller *caller,
                            struct str customer_id, struct str contact_id, int64_t if_match,
                            struct arena *arena, int64_t *version, struct error *error)
{
    struct contact_work work =
        work_of(application, caller, customer_id, contact_id, if_match, arena);
    TRY(store_write(application->store, caller->tenant, arena, remove_body, &work, error));
    *version = work.change.row.version;
    return STATUS_OK;
}
