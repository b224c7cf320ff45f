/* The golden record: see golden.h for the rules, golden_internal.h for the parts. */
#include "domain/golden.h"

#include "domain/golden_internal.h"

#include <string.h>

struct build {
    const struct tree *tree;
    const struct policy *policy;
    struct arena *arena;
    struct golden *golden;
};

/* ---- adding values ---- */

static void add_provenance(struct build *build, struct str path, const struct fact *fact)
{
    struct golden *golden = build->golden;
    golden->provenance[golden->provenance_count++] = (struct provenance){path, fact};
}

static void add_attribute(struct build *build, const struct profile_field *field,
                          struct json_value value)
{
    struct json_value *attributes = build->golden->attributes;
    attributes->members[attributes->count++] = (struct json_member){field->name, value};
}

static void add_scalar(struct build *build, const struct profile_field *field,
                       struct json_value value, const struct fact *fact)
{
    add_attribute(build, field, value);
    add_provenance(build, field->name, fact);
}

/* name + separator + rest + end: "emails[0]", "preferences.theme". */
static struct str path_of(struct build *build, struct str name, char separator, struct str rest,
                          struct str end)
{
    char *path = arena_alloc(build->arena, name.len + rest.len + end.len + 1);
    if (!path) return STR_NONE;
    memcpy(path, name.ptr, name.len);
    path[name.len] = separator;
    memcpy(path + name.len + 1, rest.ptr, rest.len);
    if (end.len) memcpy(path + name.len + 1 + rest.len, end.ptr, end.len);
    return str_of(path, name.len + 1 + rest.len + end.len);
}

static enum status add_path(struct build *build, struct str path, const struct fact *fact)
{
    if (str_is_none(path)) return STATUS_OUT_OF_MEMORY;
    add_provenance(build, path, fact);
    return STATUS_OK;
}

/* ---- one field ---- */

static enum status build_list(struct build *build, const struct profile_field *field,
                              struct claim_run run, const struct list_order *order)
{
    struct contender *elements;
    size_t count;
    TRY(golden_elements(run, order, build->policy, build->arena, &elements, &count));
    struct json_value list = json_make_array();
    list.items = arena_alloc(build->arena, count * sizeof(struct json_value));
    if (!list.items) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        char digits[24];
        struct buffer index = {.bytes = digits, .capacity = sizeof(digits)};
        buffer_append_int64(&index, (int64_t)i);
        struct str path = path_of(build, field->name, '[', buffer_str(&index), STR("]"));
        TRY(add_path(build, path, elements[i].claim->fact));
        list.items[list.count++] = *elements[i].claim->value;
    }
    add_attribute(build, field, list);
    return STATUS_OK;
}

static size_t key_count(struct claim_run run)
{
    size_t count = 0;
    for (; run.count > 0; count++) (void)golden_take_key(&run);
    return count;
}

static enum status build_map(struct build *build, const struct profile_field *field,
                             struct claim_run run)
{
    struct json_value map = json_make_object();
    map.members = arena_alloc(build->arena, key_count(run) * sizeof(struct json_member));
    if (!map.members) return STATUS_OUT_OF_MEMORY;
    while (run.count > 0) {
        struct contender survivor;
        TRY(golden_survivor(golden_take_key(&run), build->policy, build->arena, &survivor));
        const struct claim *claim = survivor.claim;
        if (claim->value->type == JSON_NULL) continue;
        map.members[map.count++] = (struct json_member){claim->key, *claim->value};
        TRY(add_path(build, path_of(build, field->name, '.', claim->key, STR("")), claim->fact));
    }
    add_attribute(build, field, map);
    return STATUS_OK;
}

/* The last name that an undone import gave. */
static struct json_value undone_name(const struct tree *tree)
{
    const struct json_value *name = NULL;
    for (size_t i = 0; i < tree->fact_count; i++) {
        const struct fact *fact = &tree->facts[i];
        const struct json_value *given =
            fact->kind == FACT_UNDO ? json_get(fact->body, STR("name")) : NULL;
        if (given) name = given;
    }
    return name ? *name : json_make_null();
}

static struct json_value default_of(const struct build *build, const struct profile_field *field,
                                    struct str contact_id)
{
    if (str_equal(field->name, STR("name"))) return undone_name(build->tree);
    if (str_equal(field->name, STR("kind"))) return json_make_string(STR("ORGANIZATION"));
    if (str_equal(field->name, STR("status"))) return json_make_string(STR("ACTIVE"));
    if (str_equal(field->name, STR("primaryContactId")) && !str_is_none(contact_id))
        return json_make_string(contact_id);
    return json_make_null();
}

static bool has_contact(const struct golden *golden, const struct json_value *id)
{
    for (size_t i = 0; i < golden->contacts->count; i++)
        if (json_equal(&golden->contacts->items[i].members[0].value, id)) return true;
    return false;
}

static enum status build_scalar(struct build *build, const struct profile_field *field,
                                struct claim_run run, struct str default_contact_id)
{
    struct contender contender;
    if (str_equal(field->name, STR("status")))
        TRY(golden_status(build->tree, run, build->policy, build->arena, &contender));
    else
        TRY(golden_survivor(run, build->policy, build->arena, &contender));
    bool stands = contender.claim && contender.claim->value->type != JSON_NULL;
    if (stands && str_equal(field->name, STR("primaryContactId")))
        stands = has_contact(build->golden, contender.claim->value);
    struct json_value otherwise = default_of(build, field, default_contact_id);
    if (stands)
        add_scalar(build, field, *contender.claim->value, contender.claim->fact);
    else if (otherwise.type != JSON_NULL)
        add_scalar(build, field, otherwise, NULL);
    return STATUS_OK;
}

static enum status build_field(struct build *build, const struct profile_field *field,
                               struct claim_run run, const struct list_order *order,
                               struct str default_contact_id)
{
    switch (field->shape) {
    case SHAPE_TEXT_LIST:
    case SHAPE_OBJECT_LIST:
        return build_list(build, field, run, order);
    case SHAPE_MAP:
        return build_map(build, field, run);
    default:
        return build_scalar(build, field, run, default_contact_id);
    }
}

enum status golden_record(const struct tree *tree, const struct policy *policy, struct arena *arena,
                          struct golden *out)
{
    struct claims claims;
    struct str default_contact_id;
    *out = (struct golden){.is_silent = tree_is_silent(tree)};
    TRY(golden_collect(tree, arena, &claims));
    TRY(golden_contacts(tree, arena, out, &default_contact_id));
    out->attributes = ARENA_NEW(arena, struct json_value);
    out->provenance =
        arena_alloc(arena, (claims.count + profile_field_count) * sizeof(struct provenance));
    if (!out->attributes || !out->provenance) return STATUS_OUT_OF_MEMORY;
    *out->attributes = json_make_object();
    out->attributes->members = arena_alloc(arena, profile_field_count * sizeof(struct json_member));
    if (!out->attributes->members) return STATUS_OUT_OF_MEMORY;

    struct build build = {tree, policy, arena, out};
    struct claim_run rest = {claims.items, claims.count};
    for (size_t i = 0; i < profile_field_count; i++) {
        struct claim_run run = golden_take_field(&rest, &profile_fields[i]);
        TRY(build_field(&build, &profile_fields[i], run, &claims.orders[i], default_contact_id));
    }
    return STATUS_OK;
}

/* ---- the document ---- */

static void put_instant(struct json_writer *writer, struct str name, instant when)
{
    char text[INSTANT_TEXT_MAX];
    json_member_string(writer, name, instant_format(when, text));
}

void golden_write(const struct golden *golden, const struct profile_stamp *stamp,
                  struct buffer *out)
{
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), stamp->customer_id);
    for (size_t i = 0; i < golden->attributes->count; i++) {
        json_key(&writer, golden->attributes->members[i].name);
        json_write(&writer, &golden->attributes->members[i].value);
    }
    json_key(&writer, STR("contacts"));
    json_write(&writer, golden->contacts);
    json_key(&writer, STR("version"));
    json_int64(&writer, stamp->version);
    put_instant(&writer, STR("createdAt"), stamp->created_at);
    put_instant(&writer, STR("updatedAt"), stamp->updated_at);
    json_object_end(&writer);
}

struct golden_summary golden_summarise(const struct golden *golden)
{
    const struct json_value *attributes = golden->attributes;
    return (struct golden_summary){
        .kind = json_text(json_get(attributes, STR("kind"))),
        .status = json_text(json_get(attributes, STR("status"))),
        .segment = json_text(json_get(attributes, STR("segment"))),
        .name = json_text(json_get(attributes, STR("name"))),
    };
}

/* ---- differences ---- */

static void note_change(struct str field, const struct json_value *before,
                        const struct json_value *after, struct change *changes, size_t *count)
{
    if (before ? json_equal(before, after) : !after) return;
    changes[(*count)++] = (struct change){field, before, after};
}

enum status golden_difference(const struct golden *before, const struct golden *after,
                              struct arena *arena, struct change **changes, size_t *count)
{
    *count = 0;
    *changes = arena_alloc(arena, (profile_field_count + 1) * sizeof(struct change));
    if (!*changes) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < profile_field_count; i++) {
        struct str name = profile_fields[i].name;
        note_change(name, before ? json_get(before->attributes, name) : NULL,
                    json_get(after->attributes, name), *changes, count);
    }
    note_change(STR("contacts"), before ? before->contacts : NULL, after->contacts, *changes,
                count);
    return STATUS_OK;
}
