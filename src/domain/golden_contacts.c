/* Contacts: the facts about one contact, folded in order. See golden.h. */
#include "domain/contact.h"
#include "domain/golden_internal.h"

#include <stdlib.h>

enum { CONTACT_FIELDS_MAX = 16 };

struct contact {
    const struct fact *first; /* gives the place in the list */
    int32_t home;
    int64_t place; /* among those of its time */
    bool there;
    const struct json_value *members[CONTACT_FIELDS_MAX];
};

static int by_contact(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = str_compare(left->home, right->home);
    if (order == 0) order = str_compare(left->subject, right->subject);
    /* Facts stand in order in the tree. */
    return order ? order : (left > right) - (left < right);
}

/* As they came: what came at once in the order in which it was said. */
static int by_appearance(const void *a, const void *b)
{
    const struct contact *left = a, *right = b;
    int order = (left->first->recorded_at > right->first->recorded_at) -
                (left->first->recorded_at < right->first->recorded_at);
    if (order == 0) order = str_compare(left->first->home, right->first->home);
    if (order == 0) order = (left->place > right->place) - (left->place < right->place);
    return order ? order : (left->first > right->first) - (left->first < right->first);
}

static enum status contact_facts(const struct tree *tree, struct arena *arena,
                                 const struct fact ***out, size_t *count)
{
    *count = 0;
    for (size_t i = 0; i < tree->fact_count; i++) *count += tree->facts[i].kind == FACT_CONTACT;
    *out = arena_alloc(arena, *count * sizeof(struct fact *));
    if (!*out) return STATUS_OUT_OF_MEMORY;
    size_t at = 0;
    for (size_t i = 0; i < tree->fact_count; i++)
        if (tree->facts[i].kind == FACT_CONTACT) (*out)[at++] = &tree->facts[i];
    if (*count > 1) qsort(*out, *count, sizeof((*out)[0]), by_contact);
    return STATUS_OK;
}

static void fold(struct contact *contact, const struct fact *fact)
{
    contact->there = !json_get(fact->body, STR("removed"));
    for (size_t i = 0; i < contact_field_count; i++) {
        const struct json_value *value = json_get(fact->body, contact_fields[i].name);
        if (value) contact->members[i] = value;
        if (!contact->there || (value && value->type == JSON_NULL)) contact->members[i] = NULL;
    }
}

static size_t fold_all(const struct tree *tree, const struct fact *const *facts, size_t count,
                       struct contact *contacts)
{
    size_t contact_count = 0;
    int32_t home = -1;
    for (size_t i = 0; i < count; i++) {
        bool same_home = i > 0 && str_equal(facts[i - 1]->home, facts[i]->home);
        bool same = same_home && str_equal(facts[i - 1]->subject, facts[i]->subject);
        if (!same_home) home = tree_find_home(tree, facts[i]->home);
        if (!same)
            contacts[contact_count++] =
                (struct contact){.first = facts[i], .home = home, .place = contact_place(facts[i])};
        fold(&contacts[contact_count - 1], facts[i]);
    }
    return contact_count;
}

static enum status add_object(const struct contact *contact, struct arena *arena,
                              struct json_value *list)
{
    struct json_value object = json_make_object();
    object.members = arena_alloc(arena, (1 + contact_field_count) * sizeof(struct json_member));
    if (!object.members) return STATUS_OUT_OF_MEMORY;
    object.members[object.count++] =
        (struct json_member){STR("contactId"), json_make_string(contact->first->subject)};
    for (size_t i = 0; i < contact_field_count; i++)
        if (contact->members[i])
            object.members[object.count++] =
                (struct json_member){contact_fields[i].name, *contact->members[i]};
    list->items[list->count++] = object;
    return STATUS_OK;
}

/* The first contact of the root, else the first of all. */
static struct str default_id(const struct contact *contacts, size_t count)
{
    struct str id = STR_NONE;
    for (size_t i = 0; i < count; i++) {
        if (!contacts[i].there) continue;
        if (contacts[i].home == 0) return contacts[i].first->subject;
        if (str_is_none(id)) id = contacts[i].first->subject;
    }
    return id;
}

enum status golden_contacts(const struct tree *tree, struct arena *arena, struct golden *golden,
                            struct str *default_contact_id)
{
    const struct fact **facts;
    size_t count;
    TRY(contact_facts(tree, arena, &facts, &count));
    struct contact *found = arena_alloc(arena, count * sizeof(struct contact));
    struct json_value *list = ARENA_NEW(arena, struct json_value);
    if (!found || !list) return STATUS_OUT_OF_MEMORY;
    count = fold_all(tree, facts, count, found);
    if (count > 1) qsort(found, count, sizeof(found[0]), by_appearance);

    *list = json_make_array();
    list->items = arena_alloc(arena, count * sizeof(struct json_value));
    int32_t *homes = ARENA_NEW_ARRAY(arena, int32_t, count);
    if (!list->items || !homes) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        if (!found[i].there) continue;
        homes[list->count] = found[i].home;
        TRY(add_object(&found[i], arena, list));
    }
    golden->contacts = list;
    golden->contact_homes = homes;
    *default_contact_id = default_id(found, count);
    return STATUS_OK;
}

ptrdiff_t golden_find_contact(const struct golden *golden, struct str contact_id)
{
    ptrdiff_t found = -1;
    for (size_t i = 0; i < golden->contacts->count; i++) {
        struct str id = json_text(json_get(&golden->contacts->items[i], STR("contactId")));
        if (str_equal(id, contact_id) &&
            (found < 0 || golden->contact_homes[i] < golden->contact_homes[found]))
            found = (ptrdiff_t)i;
    }
    return found;
}
