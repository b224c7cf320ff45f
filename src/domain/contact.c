#include "domain/contact.h"

#include "base/identifier.h"
#include "domain/field.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct profile_field contact_fields[] = {
    {.name = STR("name"),
     .shape = SHAPE_TEXT,
     .allowed = STR("1 to 256 characters, no control characters"),
     .length_max = 256,
     .required = true},
    {.name = STR("email"),
     .shape = SHAPE_EMAIL,
     .allowed = STR("an address such as jane@acme.example"),
     .length_max = 254},
    {.name = STR("phone"),
     .shape = SHAPE_PHONE,
     .allowed = STR("3 to 15 digits, an optional leading +, and spaces ( ) - . / between"),
     .length_max = 64},
    {.name = STR("roles"),
     .shape = SHAPE_TEXT_LIST,
     .element = SHAPE_ENUM,
     .allowed = STR("BILLING | SERVICE | SALES"),
     .length_max = 50},
    {.name = STR("communicationPreference"),
     .shape = SHAPE_ENUM,
     .allowed = STR("EMAIL | SMS | CALL")},
};
const size_t contact_field_count = COUNT(contact_fields);

static const struct str extra_members[] = {STR("contactId"), STR("role"), STR_NONE};

static const struct profile_field *roles_field(void)
{
    return field_find(contact_fields, contact_field_count, STR("roles"));
}

struct str contact_roles(void)
{
    return roles_field()->allowed;
}

/* "role":"BILLING" is taken for "roles":["BILLING"]; absent and null for nothing. */
static enum status check_role(const struct json_value *body, const struct field_path *top,
                              struct arena *arena, struct json_value **roles, struct error *error)
{
    const struct json_value *role = json_get(body, STR("role"));
    const struct field_path path = field_path_member(top, STR("role"));
    *roles = NULL;
    if (!role || role->type == JSON_NULL) return STATUS_OK;
    if (json_get(body, STR("roles")))
        return field_refuse(error, STATUS_DUPLICATE_FIELD, &path, STR("either role or roles"),
                            "role and roles are both given");
    struct json_value *list = ARENA_NEW(arena, struct json_value);
    if (!list) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *list = json_make_array();
    if (role->type != JSON_STRING || !field_is_one_of(contact_roles(), role->text))
        return field_refuse(error, STATUS_INVALID_VALUE, &path, contact_roles(),
                            "is not one of the values known here");
    if (!json_array_add(list, json_make_string(role->text), arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *roles = list;
    return STATUS_OK;
}

static enum status check_contact_id(const struct json_value *value, const struct field_path *top,
                                    struct str *id, struct error *error)
{
    const struct field_path path = field_path_member(top, STR("contactId"));
    *id = STR_NONE;
    if (!value || value->type == JSON_NULL) return STATUS_OK;
    *id = json_text(value);
    if (identifier_is_valid(*id)) return STATUS_OK;
    return field_refuse(error, STATUS_INVALID_VALUE, &path, STR(IDENTIFIER_ALLOWED),
                        "is not an identifier");
}

enum status contact_parse_create(const struct json_value *body, struct str path,
                                 struct arena *arena, struct str *contact_id,
                                 struct json_value **fact_body, struct error *error)
{
    const struct field_path named = field_path_member(NULL, path);
    const struct field_path *top = str_is_empty(path) ? NULL : &named;
    struct json_value *roles;
    if (!body || body->type != JSON_OBJECT)
        return field_refuse(error, STATUS_INVALID_VALUE, top, STR("an object"), "is not an object");
    *fact_body = ARENA_NEW(arena, struct json_value);
    if (!*fact_body) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(field_check_object(contact_fields, contact_field_count, body, extra_members, top, arena,
                           *fact_body, error));
    TRY(check_contact_id(json_get(body, STR("contactId")), top, contact_id, error));
    TRY(check_role(body, top, arena, &roles, error));
    if (roles && !json_object_set(*fact_body, STR("roles"), *roles, arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* ---- patch ---- */

static enum status patch_member(const struct profile_field *field, const struct json_value *value,
                                const struct json_value *current, struct arena *arena,
                                struct json_value *changes, struct error *error)
{
    const struct field_path path = field_path_member(NULL, field->name);
    const struct json_value *before = json_get(current, field->name);
    struct json_value wanted = json_make_null();
    if (value->type == JSON_NULL && field->required)
        return field_refuse(error, STATUS_INVALID_VALUE, &path, field->allowed,
                            "cannot be removed");
    if (value->type != JSON_NULL) TRY(field_check(field, value, &path, arena, &wanted, error));
    /* An empty list and no list are the same. */
    if (wanted.type == JSON_ARRAY && wanted.count == 0) wanted = json_make_null();
    bool absent = !before || (before->type == JSON_ARRAY && before->count == 0);
    if (wanted.type == JSON_NULL ? absent : json_equal(before, &wanted)) return STATUS_OK;
    return json_object_set(changes, field->name, wanted, arena)
               ? STATUS_OK
               : error_plain(error, STATUS_OUT_OF_MEMORY);
}

static enum status refuse_unpatchable(const struct json_value *patch,
                                      const struct json_value *current, struct error *error)
{
    static const struct field_path id_path = {NULL, STR("contactId"), -1};
    if (!patch || patch->type != JSON_OBJECT)
        return field_refuse(error, STATUS_INVALID_VALUE, NULL, STR("a JSON object"),
                            "the body is not a JSON object");
    for (size_t i = 0; i < patch->count; i++) {
        struct str name = patch->members[i].name;
        const struct field_path path = field_path_member(NULL, name);
        if (!field_find(contact_fields, contact_field_count, name) &&
            !str_equal(name, extra_members[0]) && !str_equal(name, extra_members[1]))
            return field_refuse_unknown(error, contact_fields, contact_field_count, extra_members,
                                        &path);
    }
    const struct json_value *id = json_get(patch, STR("contactId"));
    if (id && !json_equal(id, json_get(current, STR("contactId"))))
        return field_refuse(error, STATUS_INVALID_VALUE, &id_path, STR("leave it out"),
                            "cannot be changed");
    return STATUS_OK;
}

enum status contact_parse_patch(const struct json_value *patch, const struct json_value *current,
                                struct arena *arena, struct json_value **fact_body,
                                struct error *error)
{
    struct json_value *role;
    TRY(refuse_unpatchable(patch, current, error));
    TRY(check_role(patch, NULL, arena, &role, error));
    *fact_body = ARENA_NEW(arena, struct json_value);
    if (!*fact_body) return error_plain(error, STATUS_OUT_OF_MEMORY);
    **fact_body = json_make_object();
    for (size_t i = 0; i < contact_field_count; i++) {
        const struct profile_field *field = &contact_fields[i];
        const struct json_value *value = json_get(patch, field->name);
        if (!value && role && field == roles_field()) value = role;
        if (value) TRY(patch_member(field, value, current, arena, *fact_body, error));
    }
    return STATUS_OK;
}

enum status contact_take_id(const struct json_value *contact, struct arena *arena,
                            struct str *contact_id, struct json_value **fact_body)
{
    *contact_id = STR_NONE;
    *fact_body = ARENA_NEW(arena, struct json_value);
    if (!*fact_body) return STATUS_OUT_OF_MEMORY;
    **fact_body = json_make_object();
    for (size_t i = 0; i < contact->count; i++) {
        const struct json_member *member = &contact->members[i];
        if (str_equal(member->name, STR("contactId")))
            *contact_id = member->value.text;
        else if (!json_object_set(*fact_body, member->name, member->value, arena))
            return STATUS_OUT_OF_MEMORY;
    }
    return STATUS_OK;
}

#define PLACE STR("place")

enum status contact_set_place(struct fact *fact, size_t place, struct arena *arena)
{
    struct json_value number = {.type = JSON_NUMBER};
    if (place == 0) return STATUS_OK;
    number.text = arena_format(arena, "%zu", place);
    struct json_value *body = json_copy(fact->body, arena);
    if (str_is_none(number.text) || !body || !json_object_set(body, PLACE, number, arena))
        return STATUS_OUT_OF_MEMORY;
    fact->body = body;
    return STATUS_OK;
}

int64_t contact_place(const struct fact *fact)
{
    int64_t place;
    return json_to_int64(json_get(fact->body, PLACE), &place) ? place : 0;
}

/* --- how a customer is reached --- */

static const struct json_value *list_of(const struct json_value *said, struct str name)
{
    const struct json_value *list = json_get(said, name);
    return list && list->type == JSON_ARRAY ? list : NULL;
}

struct contact_points contact_points_of(const struct json_value *said, enum contact_point_kind kind)
{
    bool email = kind == CONTACT_POINT_EMAIL;
    return (struct contact_points){.own = list_of(said, email ? STR("emails") : STR("phones")),
                                   .contacts = list_of(said, STR("contacts")),
                                   .member = email ? STR("email") : STR("phone")};
}

bool contact_points_next(struct contact_points *points, struct str *point)
{
    size_t own = points->own ? points->own->count : 0;
    size_t all = points->contacts ? points->contacts->count : 0;
    size_t end = own + (all < CONTACT_POINTS_OF ? all : CONTACT_POINTS_OF);
    while (points->index < end) {
        size_t at = points->index++;
        *point = at < own ? json_text(&points->own->items[at])
                          : json_text(json_get(&points->contacts->items[at - own], points->member));
        if (!str_is_none(*point)) return true;
    }
    return false;
}

size_t contact_points_max(const struct json_value *said, enum contact_point_kind kind)
{
    struct contact_points points = contact_points_of(said, kind);
    return (points.own ? points.own->count : 0) + (points.contacts ? CONTACT_POINTS_OF : 0);
}
