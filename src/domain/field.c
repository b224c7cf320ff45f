/* See field.h. One row of `shapes` per shape: how to check it. */
#include "domain/field.h"

#include "base/identifier.h"
#include "base/instant.h"

#include <string.h>

enum { MAP_KEY_MAX = 64, MAP_TEXT_MAX = 1024, MAP_NUMBER_MAX = 32 };
#define MAP_KEYS_ALLOWED   "names of up to 64 of A-Z a-z 0-9 _ . - beginning with a letter"
#define MAP_VALUES_ALLOWED "a text of up to 1024 characters, a number, true, false or null"

/* ---- paths and errors ---- */

static void put_path(struct buffer *out, const struct field_path *path)
{
    if (!path) return;
    put_path(out, path->parent);
    char index[24];
    struct buffer number = {.bytes = index, .capacity = sizeof(index)};
    if (path->index >= 0) {
        buffer_append_char(&number, '[');
        buffer_append_int64(&number, path->index);
        buffer_append_char(&number, ']');
    }
    struct str name = path->index >= 0 ? buffer_str(&number) : path->name;
    bool dot = path->index < 0 && out->len > 0 && name.len > 0;
    if (out->len + dot >= out->capacity) return;
    size_t room = out->capacity - out->len - dot;
    if (name.len > room) name.len = room;
    while (name.len > 0 && !str_is_utf8(name)) name.len--;
    if (dot) buffer_append_char(out, '.');
    buffer_append(out, name);
}

/* "contacts[0].email"; cut between characters when it is too long. Lives in `out`. */
static struct str path_text(const struct field_path *path, char out[FIELD_PATH_MAX])
{
    struct buffer text = {.bytes = out, .capacity = FIELD_PATH_MAX - 1};
    put_path(&text, path);
    return buffer_str(&text);
}

enum status field_refuse(struct error *error, enum status status, const struct field_path *path,
                         struct str allowed, const char *message)
{
    char text[FIELD_PATH_MAX];
    return error_set(error, status, path_text(path, text), allowed, "%s", message);
}

/* Normalising takes no more memory than this; so if there is that much, the text was at fault. */
enum status field_refuse_text(struct error *error, struct str text, const struct field_path *path,
                              struct str allowed, const char *problem, struct arena *arena)
{
    if (!arena_alloc(arena, text.len + INSTANT_TEXT_MAX))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return field_refuse(error, STATUS_INVALID_VALUE, path, allowed, problem);
}

static enum status out_of_memory(struct error *error)
{
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

const struct profile_field *field_find(const struct profile_field *fields, size_t count,
                                       struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(fields[i].name, name)) return &fields[i];
    return NULL;
}

/* "email" was meant to be "emails", "Name" to be "name": the one begins like the other. */
static struct str probably_meant(const struct profile_field *fields, size_t count, struct str name)
{
    for (size_t i = 0; i < count && name.len > 1; i++) {
        struct str field = fields[i].name;
        size_t shorter = field.len < name.len ? field.len : name.len;
        if (str_equal_ignore_case(str_of(field.ptr, shorter), str_of(name.ptr, shorter)))
            return field;
    }
    return STR_NONE;
}

static void put_names(struct buffer *out, const struct str *extra,
                      const struct profile_field *fields, size_t count)
{
    for (; extra && !str_is_none(*extra); extra++) {
        if (out->len) buffer_append(out, STR(", "));
        buffer_append(out, *extra);
    }
    for (size_t i = 0; i < count; i++) {
        if (out->capacity - out->len < fields[i].name.len + 2) return;
        if (out->len) buffer_append(out, STR(", "));
        buffer_append(out, fields[i].name);
    }
}

enum status field_refuse_unknown(struct error *error, const struct profile_field *fields,
                                 size_t count, const struct str *extra,
                                 const struct field_path *path)
{
    char names[sizeof(error->allowed) - 1], field[FIELD_PATH_MAX];
    struct buffer allowed = {.bytes = names, .capacity = sizeof(names)};
    put_names(&allowed, extra, fields, count);
    struct str text = path_text(path, field);
    struct str meant = probably_meant(fields, count, path->name);
    if (str_is_none(meant))
        return error_set(error, STATUS_UNKNOWN_FIELD, text, buffer_str(&allowed), "%s",
                         "the field is not known here");
    return error_set(error, STATUS_UNKNOWN_FIELD, text, buffer_str(&allowed),
                     "the field is not known here; did you mean %.*s?", STR_ARGS(meant));
}

/* ---- single texts ---- */

static struct str check_text(const struct profile_field *field, struct str raw, struct arena *arena)
{
    (void)arena;
    return field_text(raw, field->length_max);
}

static struct str check_enum(const struct profile_field *field, struct str raw, struct arena *arena)
{
    (void)arena;
    struct str name = str_trim(raw);
    return field_is_one_of(field->allowed, name) ? name : STR_NONE;
}

static struct str check_date(const struct profile_field *field, struct str raw, struct arena *arena)
{
    (void)field, (void)arena;
    struct str date = str_trim(raw);
    return instant_is_date(date) ? date : STR_NONE;
}

static struct str check_country(const struct profile_field *field, struct str raw,
                                struct arena *arena)
{
    (void)field;
    return field_country(raw, arena);
}

static struct str check_language(const struct profile_field *field, struct str raw,
                                 struct arena *arena)
{
    (void)field;
    return field_language(raw, arena);
}

static struct str check_email(const struct profile_field *field, struct str raw,
                              struct arena *arena)
{
    (void)field;
    return field_email(raw, arena);
}

static struct str check_phone(const struct profile_field *field, struct str raw,
                              struct arena *arena)
{
    (void)field;
    return field_phone(raw, arena);
}

static struct str check_url(const struct profile_field *field, struct str raw, struct arena *arena)
{
    (void)field, (void)arena;
    return field_url(raw);
}

static struct str check_identifier(const struct profile_field *field, struct str raw,
                                   struct arena *arena)
{
    (void)field, (void)arena;
    struct str id = str_trim(raw);
    return identifier_is_valid(id) ? id : STR_NONE;
}

static struct str check_code(const struct profile_field *field, struct str raw, struct arena *arena)
{
    return field_code(raw, field->length_max, arena);
}

static struct str check_instant(const struct profile_field *field, struct str raw,
                                struct arena *arena)
{
    (void)field;
    instant when;
    char text[INSTANT_TEXT_MAX];
    if (!instant_parse(str_trim(raw), &when)) return STR_NONE;
    return arena_str(arena, instant_format(when, text));
}

static const struct {
    struct str (*check)(const struct profile_field *, struct str raw, struct arena *);
    const char *problem;
} shapes[] = {
    [SHAPE_TEXT] = {check_text, "is empty, too long or holds control characters"},
    [SHAPE_ENUM] = {check_enum, "is not one of the values known here"},
    [SHAPE_DATE] = {check_date, "is not a date"},
    [SHAPE_COUNTRY] = {check_country, "is not a country code"},
    [SHAPE_LANGUAGE] = {check_language, "is not a language tag"},
    [SHAPE_EMAIL] = {check_email, "is not an e-mail address"},
    [SHAPE_PHONE] = {check_phone, "is not a phone number"},
    [SHAPE_URL] = {check_url, "is not a web address"},
    [SHAPE_IDENTIFIER] = {check_identifier, "is not an identifier"},
    [SHAPE_CODE] = {check_code, "is not a code"},
    [SHAPE_INSTANT] = {check_instant, "is not a point in time"},
};

static enum status check_shape(const struct profile_field *field, enum field_shape shape,
                               const struct json_value *value, const struct field_path *path,
                               struct arena *arena, struct json_value *out, struct error *error)
{
    if (value->type != JSON_STRING)
        return field_refuse(error, STATUS_INVALID_VALUE, path, field->allowed, "is not a text");
    struct str text = shapes[shape].check(field, value->text, arena);
    if (str_is_none(text))
        return field_refuse_text(error, value->text, path, field->allowed, shapes[shape].problem,
                                 arena);
    *out = json_make_string(text);
    return STATUS_OK;
}

/* ---- lists, maps, objects ---- */

static enum status check_element(const struct profile_field *field, const struct json_value *value,
                                 const struct field_path *path, struct arena *arena,
                                 struct json_value *out, struct error *error)
{
    if (field->shape == SHAPE_OBJECT_LIST)
        return field_check_object(field->members, field->member_count, value, NULL, path, arena,
                                  out, error);
    return check_shape(field, field->element, value, path, arena, out, error);
}

struct list_builder {
    struct json_value list;
    struct str *keys;
};

/* Equal elements are taken once: the first of them. */
static bool add_once(struct list_builder *builder, const struct profile_field *field,
                     struct json_value element, struct arena *arena)
{
    struct str key = profile_element_key(field, &element, arena);
    if (str_is_none(key)) return false;
    for (size_t i = 0; i < builder->list.count; i++)
        if (str_equal(builder->keys[i], key)) return true;
    builder->keys[builder->list.count] = key;
    builder->list.items[builder->list.count++] = element;
    return true;
}

static enum status check_list(const struct profile_field *field, const struct json_value *value,
                              const struct field_path *path, struct arena *arena,
                              struct json_value *out, struct error *error)
{
    if (value->type != JSON_ARRAY)
        return field_refuse(error, STATUS_INVALID_VALUE, path, field->allowed, "is not a list");
    if (value->count > field->length_max)
        return field_refuse(error, STATUS_LIMIT_EXCEEDED, path, field->allowed,
                            "has too many elements");
    struct list_builder builder = {.list = json_make_array(),
                                   .keys = ARENA_NEW_ARRAY(arena, struct str, value->count)};
    builder.list.items = ARENA_NEW_ARRAY(arena, struct json_value, value->count);
    if (!builder.keys || !builder.list.items) return out_of_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        struct field_path at = field_path_element(path, i);
        struct json_value element;
        TRY(check_element(field, &value->items[i], &at, arena, &element, error));
        if (!add_once(&builder, field, element, arena)) return out_of_memory(error);
    }
    *out = builder.list;
    return STATUS_OK;
}

static bool is_map_key(struct str key)
{
    if (key.len == 0 || key.len > MAP_KEY_MAX) return false;
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        bool other = (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
        if (!letter && !(i > 0 && other)) return false;
    }
    return true;
}

static bool is_map_value(const struct json_value *value)
{
    if (value->type == JSON_STRING)
        return !field_has_control(value->text) &&
               (value->text.len <= MAP_TEXT_MAX || field_text_length(value->text) <= MAP_TEXT_MAX);
    if (value->type == JSON_NUMBER) return value->text.len <= MAP_NUMBER_MAX;
    return value->type == JSON_BOOLEAN || value->type == JSON_NULL;
}

/* A map's `members` are keys whose values are not free, such as preferredChannel. */
static enum status check_entry(const struct profile_field *map, const struct json_member *entry,
                               const struct field_path *path, struct arena *arena,
                               struct json_value *out, struct error *error)
{
    if (!is_map_key(entry->name))
        return field_refuse(error, STATUS_INVALID_VALUE, path, STR(MAP_KEYS_ALLOWED),
                            "is not a name that is allowed here");
    *out = entry->value;
    const struct profile_field *known = field_find(map->members, map->member_count, entry->name);
    if (known && entry->value.type != JSON_NULL)
        return field_check(known, &entry->value, path, arena, out, error);
    if (!is_map_value(&entry->value))
        return field_refuse(error, STATUS_INVALID_VALUE, path, STR(MAP_VALUES_ALLOWED),
                            "is not a value that is allowed here");
    return STATUS_OK;
}

static enum status check_map(const struct profile_field *field, const struct json_value *value,
                             const struct field_path *path, struct arena *arena,
                             struct json_value *out, struct error *error)
{
    if (value->type != JSON_OBJECT)
        return field_refuse(error, STATUS_INVALID_VALUE, path, field->allowed, "is not an object");
    if (value->count > field->length_max)
        return field_refuse(error, STATUS_LIMIT_EXCEEDED, path, field->allowed,
                            "has too many members");
    *out = json_make_object();
    out->members = ARENA_NEW_ARRAY(arena, struct json_member, value->count);
    if (!out->members) return out_of_memory(error);
    for (size_t i = 0; i < value->count; i++) {
        const struct json_member *entry = &value->members[i];
        struct field_path at = field_path_member(path, entry->name);
        struct json_value checked;
        TRY(check_entry(field, entry, &at, arena, &checked, error));
        out->members[out->count++] = (struct json_member){entry->name, checked};
    }
    return STATUS_OK;
}

enum status field_check(const struct profile_field *field, const struct json_value *value,
                        const struct field_path *path, struct arena *arena, struct json_value *out,
                        struct error *error)
{
    switch (field->shape) {
    case SHAPE_TEXT_LIST:
    case SHAPE_OBJECT_LIST:
        return check_list(field, value, path, arena, out, error);
    case SHAPE_MAP:
        return check_map(field, value, path, arena, out, error);
    case SHAPE_OBJECT:
        return field_check_object(field->members, field->member_count, value, NULL, path, arena,
                                  out, error);
    default:
        return check_shape(field, field->shape, value, path, arena, out, error);
    }
}

static bool is_among(const struct str *names, struct str name)
{
    for (; names && !str_is_none(*names); names++)
        if (str_equal(*names, name)) return true;
    return false;
}

static enum status refuse_unknown_members(const struct profile_field *fields, size_t count,
                                          const struct json_value *value, const struct str *extra,
                                          const struct field_path *path, struct error *error)
{
    for (size_t i = 0; i < value->count; i++) {
        struct str name = value->members[i].name;
        if (field_find(fields, count, name) || is_among(extra, name)) continue;
        struct field_path at = field_path_member(path, name);
        return field_refuse_unknown(error, fields, count, extra, &at);
    }
    return STATUS_OK;
}

enum status field_check_object(const struct profile_field *fields, size_t count,
                               const struct json_value *value, const struct str *extra,
                               const struct field_path *path, struct arena *arena,
                               struct json_value *out, struct error *error)
{
    if (value->type != JSON_OBJECT)
        return field_refuse(error, STATUS_INVALID_VALUE, path, STR("an object"),
                            "is not an object");
    TRY(refuse_unknown_members(fields, count, value, extra, path, error));
    *out = json_make_object();
    out->members = ARENA_NEW_ARRAY(arena, struct json_member, value->count);
    if (!out->members) return out_of_memory(error);
    for (size_t i = 0; i < count; i++) {
        const struct json_value *member = json_get(value, fields[i].name);
        struct field_path at = field_path_member(path, fields[i].name);
        if (!member || member->type == JSON_NULL) {
            if (fields[i].required)
                return field_refuse(error, STATUS_REQUIRED_FIELD, &at, fields[i].allowed,
                                    "the field is required");
            continue;
        }
        struct json_value checked;
        TRY(field_check(&fields[i], member, &at, arena, &checked, error));
        out->members[out->count++] = (struct json_member){fields[i].name, checked};
    }
    if (out->count == 0 && path && path->index >= 0)
        return field_refuse(error, STATUS_INVALID_VALUE, path, STR("an object that says something"),
                            "says nothing");
    return STATUS_OK;
}
