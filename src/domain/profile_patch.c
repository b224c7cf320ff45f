/* Merge-patches (RFC 7396) of a profile: from what is shown and what is wanted to the assertion
 * that leads from the one to the other. See profile_parse_patch() in profile.h. */
#include "domain/field.h"
#include "domain/profile.h"

struct patch {
    const struct json_value *current;
    struct arena *arena;
    struct error *error;
    struct json_value *assertion;
    struct json_value retract; /* per list field, what is taken back */
    struct json_value order;   /* per list field, the order wanted */
};

static enum status out_of_memory(const struct patch *patch)
{
    return error_plain(patch->error, STATUS_OUT_OF_MEMORY);
}

static enum status put(struct patch *patch, struct json_value *object, struct str name,
                       struct json_value value)
{
    return json_object_set(object, name, value, patch->arena) ? STATUS_OK : out_of_memory(patch);
}

/* ---- scalars ---- */

static enum status patch_scalar(struct patch *patch, const struct profile_field *field,
                                const struct json_value *wanted)
{
    if (json_equal(json_get(patch->current, field->name), wanted)) return STATUS_OK;
    return put(patch, patch->assertion, field->name, *wanted);
}

/* ---- maps ---- */

/* The keys that there would be afterwards. */
static size_t patched_key_count(const struct json_value *current, const struct json_value *wanted)
{
    size_t count = current ? current->count : 0;
    for (size_t i = 0; i < wanted->count; i++) {
        bool there = json_get(current, wanted->members[i].name) != NULL;
        bool stays = wanted->members[i].value.type != JSON_NULL;
        count = count + (!there && stays) - (there && !stays);
    }
    return count;
}

static enum status patch_map(struct patch *patch, const struct profile_field *field,
                             const struct json_value *wanted)
{
    const struct json_value *current = json_get(patch->current, field->name);
    const struct field_path path = field_path_member(NULL, field->name);
    struct json_value changed = json_make_object();
    if (patched_key_count(current, wanted) > field->length_max)
        return field_refuse(patch->error, STATUS_LIMIT_EXCEEDED, &path, field->allowed,
                            "would have too many members");
    for (size_t i = 0; i < wanted->count; i++) {
        const struct json_member *entry = &wanted->members[i];
        const struct json_value *before = json_get(current, entry->name);
        bool same = before ? json_equal(before, &entry->value) : entry->value.type == JSON_NULL;
        if (!same) TRY(put(patch, &changed, entry->name, entry->value));
    }
    return changed.count ? put(patch, patch->assertion, field->name, changed) : STATUS_OK;
}

/* A null for the whole map removes each key. */
static enum status remove_map(struct patch *patch, const struct profile_field *field)
{
    const struct json_value *current = json_get(patch->current, field->name);
    struct json_value removed = json_make_object();
    for (size_t i = 0; current && i < current->count; i++)
        TRY(put(patch, &removed, current->members[i].name, json_make_null()));
    return removed.count ? put(patch, patch->assertion, field->name, removed) : STATUS_OK;
}

/* ---- lists ---- */

static bool contains_exactly(const struct json_value *list, const struct json_value *element)
{
    for (size_t i = 0; list && i < list->count; i++)
        if (json_equal(&list->items[i], element)) return true;
    return false;
}

enum { NOT_THERE = -1, NO_MEMORY = -2 };

/* Where the list has the element, whatever its spelling. */
static ptrdiff_t find_element(const struct profile_field *field, const struct json_value *list,
                              const struct json_value *element, struct arena *arena)
{
    struct str key = profile_element_key(field, element, arena);
    if (str_is_none(key)) return NO_MEMORY;
    for (size_t i = 0; list && i < list->count; i++) {
        struct str other = profile_element_key(field, &list->items[i], arena);
        if (str_is_none(other)) return NO_MEMORY;
        if (str_equal(other, key)) return (ptrdiff_t)i;
    }
    return NOT_THERE;
}

static enum status assert_new(struct patch *patch, const struct profile_field *field,
                              const struct json_value *current, const struct json_value *wanted)
{
    struct json_value added = json_make_array();
    for (size_t i = 0; i < wanted->count; i++) {
        if (contains_exactly(current, &wanted->items[i])) continue;
        if (!json_array_add(&added, wanted->items[i], patch->arena)) return out_of_memory(patch);
    }
    return added.count ? put(patch, patch->assertion, field->name, added) : STATUS_OK;
}

static enum status retract_dropped(struct patch *patch, const struct profile_field *field,
                                   const struct json_value *current,
                                   const struct json_value *wanted)
{
    struct json_value dropped = json_make_array();
    for (size_t i = 0; current && i < current->count; i++) {
        ptrdiff_t kept = find_element(field, wanted, &current->items[i], patch->arena);
        if (kept == NO_MEMORY) return out_of_memory(patch);
        if (kept == NOT_THERE && !json_array_add(&dropped, current->items[i], patch->arena))
            return out_of_memory(patch);
    }
    return dropped.count ? put(patch, &patch->retract, field->name, dropped) : STATUS_OK;
}

static enum status patch_list(struct patch *patch, const struct profile_field *field,
                              const struct json_value *wanted)
{
    const struct json_value *current = json_get(patch->current, field->name);
    if (current ? json_equal(current, wanted) : wanted->count == 0) return STATUS_OK;
    TRY(assert_new(patch, field, current, wanted));
    TRY(retract_dropped(patch, field, current, wanted));
    return wanted->count > 1 ? put(patch, &patch->order, field->name, *wanted) : STATUS_OK;
}

/* ---- all of it ---- */

static enum status remove_field(struct patch *patch, const struct profile_field *field,
                                const struct field_path *path)
{
    const struct json_value nothing = json_make_null(), empty = json_make_array();
    if (field->required || str_equal(field->name, STR("kind")) ||
        str_equal(field->name, STR("status")))
        return field_refuse(patch->error, STATUS_INVALID_VALUE, path, field->allowed,
                            "cannot be removed");
    if (field->shape == SHAPE_MAP) return remove_map(patch, field);
    if (field->shape == SHAPE_TEXT_LIST || field->shape == SHAPE_OBJECT_LIST)
        return patch_list(patch, field, &empty);
    if (!json_get(patch->current, field->name)) return STATUS_OK;
    return put(patch, patch->assertion, field->name, nothing);
}

static enum status patch_field(struct patch *patch, const struct profile_field *field,
                               const struct json_value *value)
{
    struct field_path path = field_path_member(NULL, field->name);
    if (value->type == JSON_NULL) return remove_field(patch, field, &path);
    struct json_value wanted;
    TRY(field_check(field, value, &path, patch->arena, &wanted, patch->error));
    switch (field->shape) {
    case SHAPE_MAP:
        return patch_map(patch, field, &wanted);
    case SHAPE_TEXT_LIST:
    case SHAPE_OBJECT_LIST:
        return patch_list(patch, field, &wanted);
    default:
        return patch_scalar(patch, field, &wanted);
    }
}

static enum status patch_fields(struct patch *patch, const struct json_value *body)
{
    for (size_t i = 0; i < body->count; i++) {
        struct field_path path = field_path_member(NULL, body->members[i].name);
        if (!profile_field_find(body->members[i].name))
            return field_refuse_unknown(patch->error, profile_fields, profile_field_count, NULL,
                                        &path);
    }
    for (size_t i = 0; i < profile_field_count; i++) {
        const struct json_value *value = json_get(body, profile_fields[i].name);
        if (value) TRY(patch_field(patch, &profile_fields[i], value));
    }
    return STATUS_OK;
}

enum status profile_parse_patch(const struct json_value *body, const struct json_value *current,
                                struct arena *arena, struct json_value **assertion,
                                struct error *error)
{
    TRY(profile_refuse_unpatchable(body, error));
    *assertion = ARENA_NEW(arena, struct json_value);
    struct patch patch = {.current = current,
                          .arena = arena,
                          .error = error,
                          .assertion = *assertion,
                          .retract = json_make_object(),
                          .order = json_make_object()};
    if (!*assertion) return out_of_memory(&patch);
    **assertion = json_make_object();
    TRY(patch_fields(&patch, body));
    if (patch.retract.count) TRY(put(&patch, *assertion, STR("retract"), patch.retract));
    if (patch.order.count) TRY(put(&patch, *assertion, STR("order"), patch.order));
    return STATUS_OK;
}

/* ---- what of it is news ---- */

struct split {
    const struct json_value *current;
    struct arena *arena;
    struct json_value *parts[2]; /* the rest, and the news */
};

static enum status give(struct split *split, struct json_value *object, struct str name,
                        struct json_value value)
{
    return json_object_set(object, name, value, split->arena) ? STATUS_OK : STATUS_OUT_OF_MEMORY;
}

/* Both, as members of that name, unless they are empty. */
static enum status give_parts(struct split *split, struct str name,
                              const struct json_value values[2], struct json_value *objects[2])
{
    for (size_t i = 0; i < 2; i++)
        if (values[i].count > 0) TRY(give(split, objects[i], name, values[i]));
    return STATUS_OK;
}

static bool is_shown(const struct json_value *shown, const struct json_value *value)
{
    return shown ? json_equal(shown, value) : value->type == JSON_NULL;
}

static enum status split_map(struct split *split, const struct json_member *map)
{
    const struct json_value *shown = json_get(split->current, map->name);
    struct json_value entries[2] = {json_make_object(), json_make_object()};
    for (size_t i = 0; i < map->value.count; i++) {
        const struct json_member *entry = &map->value.members[i];
        bool news = !is_shown(json_get(shown, entry->name), &entry->value);
        TRY(give(split, &entries[news], entry->name, entry->value));
    }
    return give_parts(split, map->name, entries, split->parts);
}

/* What is asserted is news where it is not, what is retracted where it is. */
static enum status split_list(struct split *split, const struct json_member *list, bool retracts,
                              struct json_value *objects[2])
{
    const struct profile_field *field = profile_field_find(list->name);
    const struct json_value *shown = json_get(split->current, list->name);
    struct json_value elements[2] = {json_make_array(), json_make_array()};
    for (size_t i = 0; i < list->value.count; i++) {
        const struct json_value *element = &list->value.items[i];
        ptrdiff_t at = find_element(field, shown, element, split->arena);
        if (at == NO_MEMORY) return STATUS_OUT_OF_MEMORY;
        bool news = retracts ? at != NOT_THERE : !contains_exactly(shown, element);
        if (!json_array_add(&elements[news], *element, split->arena)) return STATUS_OUT_OF_MEMORY;
    }
    return give_parts(split, list->name, elements, objects);
}

/* Whether the elements that are there stand in the order wanted. */
static enum status stands_so(struct split *split, const struct json_member *order, bool *stands)
{
    const struct profile_field *field = profile_field_find(order->name);
    const struct json_value *shown = json_get(split->current, order->name);
    ptrdiff_t last = NOT_THERE;
    *stands = true;
    for (size_t i = 0; i < order->value.count; i++) {
        ptrdiff_t at = find_element(field, shown, &order->value.items[i], split->arena);
        if (at == NO_MEMORY) return STATUS_OUT_OF_MEMORY;
        if (at == NOT_THERE) continue;
        *stands = *stands && at > last;
        last = at;
    }
    return STATUS_OK;
}

static enum status split_orders(struct split *split, const struct json_value *orders)
{
    const struct json_value *news = split->parts[true];
    struct json_value parts[2] = {json_make_object(), json_make_object()};
    for (size_t i = 0; i < orders->count; i++) {
        const struct json_member *order = &orders->members[i];
        bool stands;
        TRY(stands_so(split, order, &stands));
        bool changed = !stands || json_get(news, order->name) ||
                       json_get(json_get(news, STR("retract")), order->name);
        TRY(give(split, &parts[changed], order->name, order->value));
    }
    return give_parts(split, STR("order"), parts, split->parts);
}

static enum status split_retractions(struct split *split, const struct json_value *lists)
{
    struct json_value parts[2] = {json_make_object(), json_make_object()};
    struct json_value *objects[2] = {&parts[0], &parts[1]};
    for (size_t i = 0; i < lists->count; i++)
        TRY(split_list(split, &lists->members[i], true, objects));
    return give_parts(split, STR("retract"), parts, split->parts);
}

static enum status split_member(struct split *split, const struct json_member *member)
{
    if (str_equal(member->name, STR("retract"))) return split_retractions(split, &member->value);
    if (str_equal(member->name, STR("order"))) return split_orders(split, &member->value);
    const struct profile_field *field = profile_field_find(member->name);
    if (field->shape == SHAPE_MAP) return split_map(split, member);
    if (field->shape == SHAPE_TEXT_LIST || field->shape == SHAPE_OBJECT_LIST)
        return split_list(split, member, false, split->parts);
    bool news = !is_shown(json_get(split->current, member->name), &member->value);
    return give(split, split->parts[news], member->name, member->value);
}

enum status profile_split_assertion(const struct json_value *assertion,
                                    const struct json_value *current, struct arena *arena,
                                    struct json_value **news, struct json_value **rest)
{
    struct split split = {.current = current, .arena = arena};
    for (size_t i = 0; i < 2; i++) {
        split.parts[i] = ARENA_NEW(arena, struct json_value);
        if (!split.parts[i]) return STATUS_OUT_OF_MEMORY;
        *split.parts[i] = json_make_object();
    }
    /* An order stands last, and is judged by the lists before it. */
    for (size_t i = 0; i < assertion->count; i++) TRY(split_member(&split, &assertion->members[i]));
    *news = split.parts[true];
    *rest = split.parts[false];
    return STATUS_OK;
}
