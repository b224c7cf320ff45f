/* The values of formats/json.h: looking things up, comparing, copying, building by hand. */
#include "formats/json.h"

#include <stdlib.h>
#include <string.h>

static struct json_member *find_member(const struct json_value *object, struct str name)
{
    for (size_t i = 0; i < object->count; i++)
        if (str_equal(object->members[i].name, name)) return &object->members[i];
    return NULL;
}

const struct json_value *json_get(const struct json_value *object, struct str name)
{
    if (!object || object->type != JSON_OBJECT) return NULL;
    const struct json_member *member = find_member(object, name);
    return member ? &member->value : NULL;
}

struct str json_text(const struct json_value *value)
{
    return value && value->type == JSON_STRING ? value->text : STR_NONE;
}

bool json_to_int64(const struct json_value *value, int64_t *out)
{
    return value && value->type == JSON_NUMBER && str_to_int64(value->text, out);
}

/* --- comparing --- */

/* The members of an object in the order of their names. Few are selected one after the other,
 * many are sorted; when the system has no memory for that, they are selected as well. */
struct ordered_members {
    const struct json_value *object;
    const struct json_member **sorted;
    size_t next;
    const struct json_member *last;
};

enum { SELECT_MEMBERS_MAX = 32 };

static int compare_names(const void *a, const void *b)
{
    return str_compare((*(const struct json_member *const *)a)->name,
                       (*(const struct json_member *const *)b)->name);
}

static void ordered_init(struct ordered_members *ordered, const struct json_value *object)
{
    *ordered = (struct ordered_members){.object = object};
    if (object->count <= SELECT_MEMBERS_MAX) return;
    ordered->sorted = malloc(object->count * sizeof(struct json_member *));
    if (!ordered->sorted) return;
    for (size_t i = 0; i < object->count; i++) ordered->sorted[i] = &object->members[i];
    qsort(ordered->sorted, object->count, sizeof(struct json_member *), compare_names);
}

static void ordered_release(struct ordered_members *ordered)
{
    free(ordered->sorted);
}

/* To be called at most object->count times. */
static const struct json_member *ordered_next(struct ordered_members *ordered)
{
    if (ordered->sorted) return ordered->sorted[ordered->next++];
    const struct json_member *least = NULL;
    for (size_t i = 0; i < ordered->object->count; i++) {
        const struct json_member *member = &ordered->object->members[i];
        if (ordered->last && str_compare(member->name, ordered->last->name) <= 0) continue;
        if (!least || str_compare(member->name, least->name) < 0) least = member;
    }
    ordered->last = least;
    return least;
}

static int compare_sizes(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int compare_objects(const struct json_value *a, const struct json_value *b)
{
    struct ordered_members left, right;
    int order = compare_sizes(a->count, b->count);
    if (order != 0 || a->count == 0) return order;
    ordered_init(&left, a);
    ordered_init(&right, b);
    for (size_t i = 0; i < a->count && order == 0; i++) {
        const struct json_member *l = ordered_next(&left), *r = ordered_next(&right);
        order = str_compare(l->name, r->name);
        if (order == 0) order = json_compare(&l->value, &r->value);
    }
    ordered_release(&left);
    ordered_release(&right);
    return order;
}

static int compare_arrays(const struct json_value *a, const struct json_value *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        int order = json_compare(&a->items[i], &b->items[i]);
        if (order != 0) return order;
    }
    return compare_sizes(a->count, b->count);
}

int json_compare(const struct json_value *a, const struct json_value *b)
{
    if (!a || !b) return (a != NULL) - (b != NULL);
    if (a->type != b->type) return a->type < b->type ? -1 : 1;
    switch (a->type) {
    case JSON_BOOLEAN:
        return a->boolean - b->boolean;
    case JSON_NUMBER:
    case JSON_STRING:
        return str_compare(a->text, b->text);
    case JSON_ARRAY:
        return compare_arrays(a, b);
    case JSON_OBJECT:
        return compare_objects(a, b);
    case JSON_NULL:
        break;
    }
    return 0;
}

/* Nearly always the members stand in the same order, which needs no sorting to see. */
static bool same_members_in_order(const struct json_value *a, const struct json_value *b)
{
    for (size_t i = 0; i < a->count; i++)
        if (!str_equal(a->members[i].name, b->members[i].name)) return false;
    return true;
}

bool json_equal(const struct json_value *a, const struct json_value *b)
{
    if (!a || !b || a->type != b->type || a->count != b->count) return !a && !b;
    if (a->type != JSON_OBJECT || !same_members_in_order(a, b)) return json_compare(a, b) == 0;
    for (size_t i = 0; i < a->count; i++)
        if (!json_equal(&a->members[i].value, &b->members[i].value)) return false;
    return true;
}

/* --- copying --- */

static bool copy_into(struct json_value *copy, const struct json_value *value, struct arena *arena);

static bool copy_text(struct str *copy, struct str text, struct arena *arena)
{
    *copy = arena_str(arena, text);
    return str_is_none(text) || !str_is_none(*copy);
}

static bool copy_items(struct json_value *copy, const struct json_value *value, struct arena *arena)
{
    copy->items = ARENA_NEW_ARRAY(arena, struct json_value, value->count);
    if (!copy->items) return false;
    for (size_t i = 0; i < value->count; i++)
        if (!copy_into(&copy->items[i], &value->items[i], arena)) return false;
    return true;
}

static bool copy_members(struct json_value *copy, const struct json_value *value,
                         struct arena *arena)
{
    copy->members = ARENA_NEW_ARRAY(arena, struct json_member, value->count);
    if (!copy->members) return false;
    for (size_t i = 0; i < value->count; i++)
        if (!copy_text(&copy->members[i].name, value->members[i].name, arena) ||
            !copy_into(&copy->members[i].value, &value->members[i].value, arena))
            return false;
    return true;
}

static bool copy_into(struct json_value *copy, const struct json_value *value, struct arena *arena)
{
    *copy =
        (struct json_value){.type = value->type, .boolean = value->boolean, .count = value->count};
    if (!copy_text(&copy->text, value->text, arena)) return false;
    if (value->count == 0) return true;
    return value->type == JSON_ARRAY ? copy_items(copy, value, arena)
                                     : copy_members(copy, value, arena);
}

struct json_value *json_copy(const struct json_value *value, struct arena *arena)
{
    struct json_value *copy = ARENA_NEW(arena, struct json_value);
    return copy && copy_into(copy, value, arena) ? copy : NULL;
}

/* --- building --- */

struct json_value json_make_null(void)
{
    return (struct json_value){.type = JSON_NULL};
}

struct json_value json_make_boolean(bool value)
{
    return (struct json_value){.type = JSON_BOOLEAN, .boolean = value};
}

struct json_value json_make_string(struct str text)
{
    return (struct json_value){.type = JSON_STRING, .text = text};
}

struct json_value json_make_object(void)
{
    return (struct json_value){.type = JSON_OBJECT};
}

struct json_value json_make_array(void)
{
    return (struct json_value){.type = JSON_ARRAY};
}

/* Room for one element more in the array of an object or array. An array that has not grown yet
 * has exactly `count` places; one that has, 1 << room_log2. Returns the array; NULL when out of
 * memory. */
static void *grow(struct json_value *value, void *elements, size_t element_bytes,
                  struct arena *arena)
{
    size_t room = value->room_log2 ? (size_t)1 << value->room_log2 : value->count;
    if (value->count < room) return elements;
    unsigned char log2 = 2;
    while (((size_t)1 << log2) <= value->count) log2++;
    void *grown = arena_realloc(arena, elements, room * element_bytes, element_bytes << log2);
    if (grown) value->room_log2 = log2;
    return grown;
}

bool json_object_set(struct json_value *object, struct str name, struct json_value value,
                     struct arena *arena)
{
    struct json_member *member = find_member(object, name);
    if (member) {
        member->value = value;
        return true;
    }
    struct json_member *members = grow(object, object->members, sizeof(*members), arena);
    if (!members) return false;
    object->members = members;
    members[object->count++] = (struct json_member){name, value};
    return true;
}

bool json_array_add(struct json_value *array, struct json_value value, struct arena *arena)
{
    struct json_value *items = grow(array, array->items, sizeof(*items), arena);
    if (!items) return false;
    array->items = items;
    items[array->count++] = value;
    return true;
}
