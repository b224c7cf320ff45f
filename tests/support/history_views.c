/* What is shown of a customer beside its document: relationships, hierarchy, provenance. */
#include <stdlib.h>

#include "application/get_customer.h"
#include "application/relationships.h"
#include "history_worlds.h"

static int compare_values(const void *a, const void *b)
{
    return json_compare(a, b);
}

void history_sort_lists(struct json_value *value)
{
    for (size_t i = 0; i < value->count; i++) {
        struct json_value *list = &value->members[i].value;
        if (list->type == JSON_ARRAY && list->count > 1)
            qsort(list->items, list->count, sizeof(*list->items), compare_values);
    }
}

static enum status show_relationships(struct history_world *world, struct str id, struct str *json)
{
    struct json_page page;
    enum status status = relationships_list(&world->application, &world->caller, id,
                                            &(struct page_request){0}, &world->arena, &page, NULL);
    *json = page.body;
    return status;
}

static enum status show_hierarchy(struct history_world *world, struct str id, struct str *json)
{
    return relationships_hierarchy(&world->application, &world->caller, id, HIERARCHY_BOTH,
                                   HIERARCHY_DEPTH_MAX, &world->arena, json, NULL);
}

static enum status show_provenance(struct history_world *world, struct str id, struct str *json)
{
    return get_customer_provenance(&world->application, &world->caller, id, &world->arena, json,
                                   NULL);
}

/* Who said a value, and when: what changes nothing where there are no merges (the default is said)
 * was said where there are. */
static bool is_of_saying(struct str member)
{
    static const struct str names[] = {STR("source"),     STR("sourceKey"),  STR("home"),
                                       STR("observedAt"), STR("recordedAt"), STR("actor")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (str_equal(names[i], member)) return true;
    return false;
}

/* emails[1] is emails[]: the order of a list that was edited while merged may stay as edited. */
static void forget_place(struct json_value *path)
{
    int64_t open = path->type == JSON_STRING ? str_find_char(path->text, '[') : -1;
    if (open >= 0) path->text.len = (size_t)open;
}

/* False when something of another home is in it. */
static bool forget_sayings(struct json_value *value, struct str id)
{
    size_t kept = 0;
    bool own = str_is_none(json_text(json_get(value, STR("home")))) ||
               str_equal(json_text(json_get(value, STR("home"))), id);
    for (size_t i = 0; value->type == JSON_ARRAY && i < value->count; i++)
        own = forget_sayings(&value->items[i], id) && own;
    if (value->type != JSON_OBJECT) return own;
    for (size_t i = 0; i < value->count; i++) {
        struct json_member *member = &value->members[i];
        if (is_of_saying(member->name)) continue;
        if (str_equal(member->name, STR("path"))) forget_place(&member->value);
        own = forget_sayings(&member->value, id) && own;
        value->members[kept++] = *member;
    }
    value->count = kept;
    return own;
}

static const struct {
    const char *name;
    enum status (*show)(struct history_world *world, struct str id, struct str *json);
} views[] = {{"relationships", show_relationships},
             {"hierarchy", show_hierarchy},
             {"provenance", show_provenance}};

static struct json_value *shown(struct history_world *world, struct str json, struct str id)
{
    struct json_value *value;
    if (json_parse(json, &world->arena, &value, NULL) != STATUS_OK || !forget_sayings(value, id))
        return NULL;
    history_sort_lists(value);
    return value;
}

bool history_worlds_show_the_same(struct history_worlds *worlds, struct property *property,
                                  size_t customer)
{
    struct history_id text = history_id(customer);
    struct str id = str_from_cstr(text.text);
    for (size_t i = 0; i < sizeof(views) / sizeof(views[0]); i++) {
        struct str first, second;
        PROPERTY_REQUIRE(property,
                         views[i].show(&worlds->first, id, &first) == STATUS_OK &&
                             views[i].show(&worlds->second, id, &second) == STATUS_OK,
                         "the %s of C%zu cannot be shown", views[i].name, customer);
        struct json_value *left = shown(&worlds->first, first, id);
        struct json_value *right = shown(&worlds->second, second, id);
        PROPERTY_REQUIRE(property, left && right && json_equal(left, right),
                         "the %s of C%zu differ:\n%.*s\n%.*s", views[i].name, customer,
                         STR_ARGS(first), STR_ARGS(second));
    }
    return true;
}
