#include "application/import_contacts.h"

#include "application/preferred_channel.h"
#include "domain/contact.h"

/* By what a contact is known again, in canonical form; absent what it does not have. */
struct face {
    struct str id;
    struct str email;
    struct str name;
};

/* A contact of the home. */
struct known {
    const struct json_value *said;  /* by the source; NULL: nothing */
    const struct json_value *shown; /* NULL: others have removed it */
    struct face said_face;
    struct face shown_face;
    bool taken;
};

struct matching {
    const struct customer_change *change;
    struct str home;
    struct str source;
    instant observed_at;
    const struct new_customer *record;
    struct known *known;
    size_t known_count;
    struct known **matches; /* of the record's contacts; NULL: none */
};

static bool same(struct str a, struct str b)
{
    return !str_is_none(a) && !str_is_none(b) && str_equal(a, b);
}

static bool same_id(const struct face *wanted, const struct face *known)
{
    return same(wanted->id, known->id);
}

static bool same_email(const struct face *wanted, const struct face *known)
{
    return str_is_none(wanted->id) && same(wanted->email, known->email);
}

static bool same_name(const struct face *wanted, const struct face *known)
{
    return str_is_none(wanted->id) && same(wanted->name, known->name);
}

static bool same_email_and_name(const struct face *wanted, const struct face *known)
{
    return same_email(wanted, known) && same_name(wanted, known);
}

/* In the order of what they are worth. */
static bool (*const comparisons[])(const struct face *, const struct face *) = {
    same_id, same_email_and_name, same_email, same_name};

static struct str id_of(const struct json_value *contact)
{
    return json_text(json_get(contact, STR("contactId")));
}

static enum status make_face(const struct json_value *contact, struct str id, struct arena *arena,
                             struct face *face)
{
    struct str email = json_text(json_get(contact, STR("email")));
    struct str name = json_text(json_get(contact, STR("name")));
    *face = (struct face){id, STR_NONE, STR_NONE};
    if (!str_is_none(email)) face->email = profile_canonical_email(email, arena);
    if (!str_is_none(name)) face->name = profile_canonical_name(name, arena);
    bool complete = str_is_none(email) == str_is_none(face->email) &&
                    str_is_none(name) == str_is_none(face->name);
    return complete ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

/* The home's contact of that id among those that are known, or a new one. */
static struct known *know(struct matching *matching, struct str id)
{
    for (size_t i = 0; i < matching->known_count; i++)
        if (str_equal(matching->known[i].said_face.id, id)) return &matching->known[i];
    struct known *known = &matching->known[matching->known_count++];
    *known = (struct known){.said_face.id = id, .shown_face.id = id};
    return known;
}

static enum status list_known(struct matching *matching, const struct golden *said)
{
    const struct golden *shown = &matching->change->golden;
    struct arena *arena = matching->change->arena;
    int32_t home = tree_find_home(&matching->change->tree, matching->home);
    matching->known =
        ARENA_NEW_ARRAY(arena, struct known, said->contacts->count + shown->contacts->count);
    if (!matching->known) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < said->contacts->count; i++) {
        const struct json_value *contact = &said->contacts->items[i];
        struct known *known = &matching->known[matching->known_count++];
        *known = (struct known){.said = contact};
        TRY(make_face(contact, id_of(contact), arena, &known->said_face));
    }
    for (size_t i = 0; i < shown->contacts->count; i++) {
        const struct json_value *contact = &shown->contacts->items[i];
        if (shown->contact_homes[i] != home) continue;
        struct known *known = know(matching, id_of(contact));
        known->shown = contact;
        TRY(make_face(contact, id_of(contact), arena, &known->shown_face));
    }
    return STATUS_OK;
}

static struct known *find(const struct matching *matching, const struct face *wanted,
                          size_t comparison, bool as_shown)
{
    for (size_t i = 0; i < matching->known_count; i++) {
        struct known *known = &matching->known[i];
        const struct face *face = as_shown ? &known->shown_face : &known->said_face;
        if (!known->taken && comparisons[comparison](wanted, face)) return known;
    }
    return NULL;
}

static enum status match_all(struct matching *matching)
{
    struct arena *arena = matching->change->arena;
    const struct new_customer *record = matching->record;
    size_t count = record->tree.fact_count - 1;
    struct face *faces = ARENA_NEW_ARRAY(arena, struct face, count);
    matching->matches = ARENA_NEW_ARRAY(arena, struct known *, count);
    if (!faces || !matching->matches) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct fact *contact = &record->contacts[i];
        struct str id = record->contact_id_given[i] ? contact->subject : STR_NONE;
        TRY(make_face(contact->body, id, arena, &faces[i]));
    }
    for (size_t pass = 0; pass < 2 * sizeof(comparisons) / sizeof(comparisons[0]); pass++)
        for (size_t i = 0; i < count; i++) {
            if (matching->matches[i]) continue;
            matching->matches[i] = find(matching, &faces[i], pass / 2, pass % 2);
            if (matching->matches[i]) matching->matches[i]->taken = true;
        }
    return STATUS_OK;
}

static bool was_said_since(const struct matching *matching, struct str contact_id)
{
    const struct tree *tree = &matching->change->tree;
    for (size_t i = 0; i < tree->fact_count; i++) {
        const struct fact *fact = &tree->facts[i];
        if (fact->kind == FACT_CONTACT && fact->observed_at > matching->observed_at &&
            str_equal(fact->subject, contact_id) && str_equal(fact->home, matching->home) &&
            str_equal(fact->source, matching->source))
            return true;
    }
    return false;
}

/* What the record says anew of a contact that is known; an empty body: nothing. */
static enum status say_anew(const struct matching *matching, const struct known *known,
                            struct fact *fact, struct error *error)
{
    const struct customer_change *change = matching->change;
    const struct json_value *before = known->said ? known->said : known->shown;
    struct json_value *whole = fact->body;
    fact->subject = id_of(before);
    TRY(contact_parse_patch(whole, before, change->arena, &fact->body, error));
    if (fact->body->count == 0) return STATUS_OK;
    if (known->said && was_said_since(matching, fact->subject)) {
        fact->body->count = 0;
        return STATUS_OK;
    }
    /* Else nothing would be known of what the source said, or of who is there again. */
    if (!known->said || !known->shown) fact->body = whole;
    return preferred_channel_check_contact(change, fact->body, known->shown, STR(""), error);
}

static enum status make_fact(const struct matching *matching, size_t number,
                             struct import_contacts *out, struct error *error)
{
    const struct known *known = matching->matches[number];
    struct fact *fact = &out->facts[out->count];
    *fact = matching->record->contacts[number];
    fact->home = matching->home;
    if (known) {
        TRY(say_anew(matching, known, fact, error));
        if (fact->body->count == 0) return STATUS_OK;
    } else if (contact_set_place(fact, number, matching->change->arena) != STATUS_OK) {
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    out->count++;
    out->added += !known || !known->shown;
    return STATUS_OK;
}

enum status import_contacts(const struct customer_change *change, struct str home,
                            struct str source, instant observed_at, const struct golden *said,
                            const struct new_customer *record, struct import_contacts *out,
                            struct error *error)
{
    struct matching matching = {.change = change,
                                .home = home,
                                .source = source,
                                .observed_at = observed_at,
                                .record = record};
    size_t count = record->tree.fact_count - 1;
    *out = (struct import_contacts){.facts = ARENA_NEW_ARRAY(change->arena, struct fact, count)};
    if (!out->facts || list_known(&matching, said) != STATUS_OK ||
        match_all(&matching) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) TRY(make_fact(&matching, i, out, error));
    return STATUS_OK;
}
