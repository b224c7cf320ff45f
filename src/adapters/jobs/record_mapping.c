#include "adapters/jobs/record_mapping.h"

#include "domain/contact.h"
#include "domain/profile.h"

enum { STEPS_MAX = 4, INDEX_MAX = 49 };

/* One step of a path: a member's name, or an element's index. */
struct step {
    struct str name; /* absent: an index */
    size_t index;
};

struct target {
    enum { TARGET_SKIP, TARGET_TEXT, TARGET_TEXT_LIST, TARGET_IDENTIFIER } kind;
    struct step steps[STEPS_MAX];
    size_t step_count;
    struct str identifier_type;
    struct str column;
    struct str path; /* as it stands in errors: contacts[0].email */
};

struct record_mapping {
    struct target *targets; /* per column */
    size_t count;
    size_t key; /* the column with the source's key, whatever else it is; `count`: none has it */
};

/* --- paths --- */

static bool parse_index(struct str *rest, struct step *step)
{
    struct str inside = str_skip(*rest, 1), digits;
    int64_t index;
    if (!str_split(&inside, ']', &digits) || str_is_none(inside)) return false;
    if (!str_to_int64(digits, &index) || index < 0 || index > INDEX_MAX) return false;
    *step = (struct step){.index = (size_t)index};
    *rest = inside;
    return true;
}

static bool parse_name(struct str *rest, struct step *step)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != '.' && rest->ptr[len] != '[') len++;
    *step = (struct step){.name = str_of(rest->ptr, len)};
    *rest = str_skip(*rest, len);
    return len > 0;
}

/* "contacts[0].email" to steps. */
static bool parse_path(struct str path, struct target *target)
{
    struct str rest = path;
    target->step_count = 0;
    while (target->step_count < STEPS_MAX) {
        struct step *step = &target->steps[target->step_count++];
        bool fine =
            rest.len > 0 && rest.ptr[0] == '[' ? parse_index(&rest, step) : parse_name(&rest, step);
        if (!fine) return false;
        if (rest.len == 0) return true;
        if (rest.ptr[0] == '.') rest = str_skip(rest, 1);
    }
    return false;
}

static const struct profile_field *find_member(const struct profile_field *fields, size_t count,
                                               struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_ignore_case(fields[i].name, name)) return &fields[i];
    return NULL;
}

/* Puts an index after the first step: `contacts.email` is `contacts[0].email`. */
static bool insert_first_index(struct target *target)
{
    if (target->step_count < 2 || str_is_none(target->steps[1].name)) return true;
    if (target->step_count == STEPS_MAX) return false;
    for (size_t i = target->step_count; i > 1; i--) target->steps[i] = target->steps[i - 1];
    target->steps[1] = (struct step){.index = 0};
    target->step_count++;
    return true;
}

/* A text, or a list of texts with or without a place, from step `at` on. */
static bool end_at_field(struct target *target, const struct profile_field *field, size_t at)
{
    target->steps[at].name = field->name;
    bool list = field->shape == SHAPE_TEXT_LIST;
    bool last = target->step_count == at + 1;
    target->kind = list && last ? TARGET_TEXT_LIST : TARGET_TEXT;
    if (last) return field->shape != SHAPE_OBJECT_LIST && field->shape != SHAPE_MAP;
    return list && target->step_count == at + 2 && str_is_none(target->steps[at + 1].name);
}

static bool resolve_element(struct target *target, const struct profile_field *members,
                            size_t count)
{
    if (!insert_first_index(target) || target->step_count < 3) return false;
    const struct profile_field *member = find_member(members, count, target->steps[2].name);
    return member && end_at_field(target, member, 2);
}

static bool resolve_contact(struct target *target)
{
    static const struct profile_field extra[] = {
        {.name = STR("contactId"), .shape = SHAPE_IDENTIFIER},
        {.name = STR("role"), .shape = SHAPE_ENUM},
    };
    target->steps[0].name = STR("contacts");
    if (!insert_first_index(target) || target->step_count < 3) return false;
    const struct profile_field *member = find_member(extra, 2, target->steps[2].name);
    if (member) return end_at_field(target, member, 2);
    return resolve_element(target, contact_fields, contact_field_count);
}

/* identifiers.VAT: the second step is no member, so it is a type. */
static bool resolve_identifier_type(struct target *target, const struct profile_field *field)
{
    if (!str_equal(field->name, STR("identifiers")) || target->step_count != 2) return false;
    struct str type = target->steps[1].name;
    if (str_is_none(type) || find_member(field->members, field->member_count, type)) return false;
    target->kind = TARGET_IDENTIFIER;
    target->identifier_type = type;
    return true;
}

/* Checks the steps against the tables, and spells names as they do. */
static bool resolve(struct target *target)
{
    struct str first = target->steps[0].name;
    if (str_is_none(first)) return false;
    if (str_equal_ignore_case(first, STR("contacts"))) return resolve_contact(target);
    target->kind = TARGET_TEXT;
    if (str_equal_ignore_case(first, STR("customerId"))) {
        target->steps[0].name = STR("customerId");
        return target->step_count == 1;
    }
    const struct profile_field *field = find_member(profile_fields, profile_field_count, first);
    if (!field) return false;
    target->steps[0].name = field->name;
    if (field->shape == SHAPE_MAP)
        return target->step_count == 2 && !str_is_none(target->steps[1].name);
    if (field->shape != SHAPE_OBJECT_LIST) return end_at_field(target, field, 0);
    return resolve_identifier_type(target, field) ||
           resolve_element(target, field->members, field->member_count);
}

/* --- rules --- */

#define FIELDS_ALLOWED                                                                             \
    "a field such as name, emails, addresses.city, contacts[0].email, identifiers.VAT, "           \
    "preferences.theme; see docs/api.md"

static enum status bad_column(enum status status, struct str column, struct str allowed,
                              const char *why, struct error *error)
{
    struct str shown = column;
    if (shown.len > 100) shown.len = 100;
    if (!str_is_utf8(shown)) shown = STR("(cut)");
    return error_set(error, status, shown, allowed, "column %.*s %s", STR_ARGS(shown), why);
}

enum status mapping_rules_parse(struct str json, struct arena *arena, struct mapping_rules *rules,
                                struct error *error)
{
    rules->maps = NULL;
    rules->map_count = 0;
    rules->pass_over_unknown = false;
    if (str_is_none(json)) return STATUS_OK;
    struct json_value *root;
    TRY(json_parse(json, arena, &root, error));
    if (root->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR("mapping"),
                         STR("{\"column\":\"field\",\"other\":null}"), "is no object");
    struct column_map *maps = ARENA_NEW_ARRAY(arena, struct column_map, root->count + 1);
    if (!maps) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < root->count; i++) {
        const struct json_member *member = &root->members[i];
        bool skip = member->value.type == JSON_NULL;
        if (!skip && member->value.type != JSON_STRING)
            return bad_column(STATUS_INVALID_VALUE, member->name, STR(FIELDS_ALLOWED),
                              "is mapped to something that is no text", error);
        if (skip && str_equal(member->name, STR("*")))
            rules->pass_over_unknown = true;
        else
            maps[rules->map_count++] =
                (struct column_map){member->name, skip ? STR("") : member->value.text};
    }
    rules->maps = maps;
    return STATUS_OK;
}

static const struct column_map *find_map(const struct mapping_rules *rules, struct str column)
{
    for (size_t i = 0; i < rules->map_count; i++)
        if (str_equal(rules->maps[i].column, column)) return &rules->maps[i];
    return NULL;
}

static bool column_is_there(struct str name, const struct str *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(columns[i], name)) return true;
    return false;
}

static enum status check_columns_are_there(const struct mapping_rules *rules,
                                           const struct str *columns, size_t count,
                                           struct error *error)
{
    for (size_t i = 0; i < rules->map_count; i++)
        if (!column_is_there(rules->maps[i].column, columns, count))
            return bad_column(STATUS_REQUIRED_FIELD, rules->maps[i].column,
                              STR("a column of the file"), "is mapped and not in the file", error);
    if (!str_is_none(rules->key_column) && !column_is_there(rules->key_column, columns, count))
        return bad_column(STATUS_REQUIRED_FIELD, rules->key_column, STR("a column of the file"),
                          "is the key and not in the file", error);
    return STATUS_OK;
}

static bool is_key(const struct mapping_rules *rules, struct str name)
{
    return !str_is_none(rules->key_column) && str_equal(name, rules->key_column);
}

static enum status choose_target(const struct mapping_rules *rules, struct str column,
                                 struct arena *arena, struct target *target, struct error *error)
{
    const struct column_map *map = find_map(rules, column);
    *target = (struct target){.kind = TARGET_SKIP};
    if (map ? str_is_empty(map->field) : is_key(rules, column)) return STATUS_OK;
    struct str path = arena_str(arena, map ? map->field : str_trim(column));
    if (str_is_none(path)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (parse_path(path, target) && resolve(target)) return STATUS_OK;
    *target = (struct target){.kind = TARGET_SKIP};
    if (map)
        return bad_column(STATUS_UNKNOWN_FIELD, map->field, STR(FIELDS_ALLOWED),
                          "is what a column is mapped to, and no field", error);
    if (rules->pass_over_unknown) return STATUS_OK;
    return bad_column(
        STATUS_UNKNOWN_FIELD, column,
        STR("a field's name; else --map, --auto-map, --ignore or --ignore-unknown, over HTTP "
            "the parameter mapping"),
        "is neither a field nor mapped", error);
}

static bool same_place(const struct target *a, const struct target *b)
{
    if (a->kind != TARGET_TEXT || b->kind != TARGET_TEXT || a->step_count != b->step_count)
        return false;
    for (size_t i = 0; i < a->step_count; i++)
        if (a->steps[i].index != b->steps[i].index ||
            !str_equal(a->steps[i].name, b->steps[i].name))
            return false;
    return true;
}

/* A name may stand in several columns, when each is mapped: given and family name. */
static bool is_shared(const struct mapping_rules *rules, const struct target *target,
                      struct str column)
{
    return target->step_count == 1 && str_equal(target->steps[0].name, STR("name")) &&
           find_map(rules, column);
}

static enum status name_target(struct target *target, struct str column, struct arena *arena,
                               struct error *error)
{
    struct buffer path = {.arena = arena};
    for (size_t i = 0; i < target->step_count; i++) {
        const struct step *step = &target->steps[i];
        if (str_is_none(step->name)) {
            buffer_append_format(&path, "[%zu]", step->index);
        } else {
            if (i > 0) buffer_append_char(&path, '.');
            buffer_append(&path, step->name);
        }
    }
    target->column = arena_str(arena, column);
    target->path = target->kind == TARGET_IDENTIFIER ? STR("identifiers") : buffer_str(&path);
    return buffer_failed(&path) || str_is_none(target->column)
               ? error_plain(error, STATUS_OUT_OF_MEMORY)
               : STATUS_OK;
}

enum status record_mapping_new(const struct mapping_rules *rules, const struct str *columns,
                               size_t count, struct arena *arena, struct record_mapping **out,
                               struct error *error)
{
    struct record_mapping *mapping = ARENA_NEW(arena, struct record_mapping);
    if (!mapping) return error_plain(error, STATUS_OUT_OF_MEMORY);
    mapping->count = mapping->key = count;
    mapping->targets = ARENA_NEW_ARRAY(arena, struct target, count + 1);
    if (!mapping->targets) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(check_columns_are_there(rules, columns, count, error));
    for (size_t i = 0; i < count; i++) {
        TRY(choose_target(rules, columns[i], arena, &mapping->targets[i], error));
        TRY(name_target(&mapping->targets[i], columns[i], arena, error));
        if (is_key(rules, columns[i])) mapping->key = i;
        for (size_t k = 0; k < i; k++)
            if (same_place(&mapping->targets[i], &mapping->targets[k]) &&
                !(is_shared(rules, &mapping->targets[i], columns[i]) &&
                  is_shared(rules, &mapping->targets[k], columns[k])))
                return bad_column(STATUS_DUPLICATE_FIELD, columns[i],
                                  STR("one column per field; for name several, each mapped"),
                                  "goes to a field that another column goes to", error);
    }
    *out = mapping;
    return STATUS_OK;
}

bool record_mapping_is_field(struct str path)
{
    struct target target = {.kind = TARGET_SKIP};
    return parse_path(path, &target) && resolve(&target);
}

bool record_mapping_is_under(struct str path, struct str field)
{
    if (field.len == 0 || !str_starts_with(path, field)) return false;
    char next = path.len > field.len ? path.ptr[field.len] : '\0';
    return next == '\0' || next == '.' || next == '[';
}

struct str record_mapping_column(const struct record_mapping *mapping, struct str field)
{
    const struct target *best = NULL;
    for (size_t i = 0; i < mapping->count; i++) {
        const struct target *target = &mapping->targets[i];
        if (target->kind == TARGET_SKIP) continue;
        if (!record_mapping_is_under(field, target->path)) continue;
        if (!best || target->path.len > best->path.len) best = target;
    }
    return best ? best->column : STR_NONE;
}

/* --- building a record --- */

/* The member of that name, made (as null) when it is not there. NULL when out of memory. */
static struct json_value *member_slot(struct json_value *object, struct str name,
                                      struct arena *arena)
{
    if (object->type != JSON_OBJECT) *object = json_make_object();
    for (size_t i = 0; i < object->count; i++)
        if (str_equal(object->members[i].name, name)) return &object->members[i].value;
    if (!json_object_set(object, name, json_make_null(), arena)) return NULL;
    return &object->members[object->count - 1].value;
}

static struct json_value *element_slot(struct json_value *array, size_t index, struct arena *arena)
{
    if (array->type != JSON_ARRAY) *array = json_make_array();
    while (array->count <= index)
        if (!json_array_add(array, json_make_null(), arena)) return NULL;
    return &array->items[index];
}

static struct json_value *slot(struct json_value *root, const struct target *target,
                               struct arena *arena)
{
    struct json_value *at = root;
    for (size_t i = 0; at && i < target->step_count; i++) {
        const struct step *step = &target->steps[i];
        at = str_is_none(step->name) ? element_slot(at, step->index, arena)
                                     : member_slot(at, step->name, arena);
    }
    return at;
}

static bool add_texts(struct json_value *list, struct str cell, struct arena *arena)
{
    if (!list) return false;
    if (list->type != JSON_ARRAY) *list = json_make_array();
    struct str part;
    while (str_split(&cell, ';', &part)) {
        part = str_trim(part);
        if (part.len > 0 && !json_array_add(list, json_make_string(part), arena)) return false;
    }
    return true;
}

static bool add_identifier(struct json_value *root, struct str type, struct str value,
                           struct arena *arena)
{
    struct json_value *list = member_slot(root, STR("identifiers"), arena);
    struct json_value element = json_make_object();
    if (!list) return false;
    if (list->type != JSON_ARRAY) *list = json_make_array();
    return json_object_set(&element, STR("type"), json_make_string(type), arena) &&
           json_object_set(&element, STR("value"), json_make_string(value), arena) &&
           json_array_add(list, element, arena);
}

/* The parts of a name, in the order of the columns, a blank between. */
static bool add_part(struct json_value *value, struct str part, struct arena *arena)
{
    struct buffer whole = {.arena = arena};
    buffer_append(&whole, value->text);
    buffer_append_char(&whole, ' ');
    buffer_append(&whole, part);
    *value = json_make_string(buffer_str(&whole));
    return !buffer_failed(&whole);
}

static bool put_cell(struct json_value *root, const struct target *target, struct str cell,
                     struct arena *arena)
{
    if (target->kind == TARGET_IDENTIFIER)
        return add_identifier(root, target->identifier_type, cell, arena);
    struct json_value *value = slot(root, target, arena);
    if (!value) return false;
    if (target->kind == TARGET_TEXT_LIST) return add_texts(value, cell, arena);
    if (value->type == JSON_STRING) return add_part(value, cell, arena);
    *value = json_make_string(cell);
    return true;
}

/* Places of lists that no cell filled are closed up. */
static void close_gaps(struct json_value *value)
{
    for (size_t i = 0; value->type == JSON_OBJECT && i < value->count; i++)
        close_gaps(&value->members[i].value);
    if (value->type != JSON_ARRAY) return;
    size_t kept = 0;
    for (size_t i = 0; i < value->count; i++)
        if (value->items[i].type != JSON_NULL) value->items[kept++] = value->items[i];
    value->count = kept;
    for (size_t i = 0; i < kept; i++) close_gaps(&value->items[i]);
}

enum status record_mapping_row(const struct record_mapping *mapping, const struct str *cells,
                               size_t count, struct arena *arena, struct json_value **body,
                               struct str *source_key, struct error *error)
{
    struct json_value *root = ARENA_NEW(arena, struct json_value);
    if (!root) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *root = json_make_object();
    *source_key = STR_NONE;
    for (size_t i = 0; i < count && i < mapping->count; i++) {
        const struct target *target = &mapping->targets[i];
        struct str cell = str_trim(cells[i]);
        if (cell.len == 0) continue;
        if (i == mapping->key) *source_key = cell;
        if (target->kind != TARGET_SKIP && !put_cell(root, target, cell, arena))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    close_gaps(root);
    *body = root;
    return STATUS_OK;
}

/* A key may be a text or a number. */
static struct str key_text(const struct json_value *value)
{
    if (value->type != JSON_STRING && value->type != JSON_NUMBER) return STR_NONE;
    return str_is_empty(value->text) ? STR_NONE : value->text;
}

static bool is_top_level(struct str name)
{
    return profile_field_find(name) || str_equal(name, STR("contacts")) ||
           str_equal(name, STR("customerId"));
}

enum status record_mapping_object(const struct mapping_rules *rules,
                                  const struct json_value *object, struct arena *arena,
                                  struct json_value **body, struct str *source_key,
                                  struct error *error)
{
    *source_key = STR_NONE;
    if (object->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("one JSON object per line"),
                         "the line is no object");
    struct json_value *root = ARENA_NEW(arena, struct json_value);
    if (!root) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *root = json_make_object();
    for (size_t i = 0; i < object->count; i++) {
        const struct json_member *member = &object->members[i];
        const struct column_map *map = find_map(rules, member->name);
        bool key = is_key(rules, member->name);
        if (key) *source_key = key_text(&member->value);
        if ((key && !map) || (map && str_is_empty(map->field))) continue;
        if (rules->pass_over_unknown && !map && !is_top_level(member->name)) continue;
        if (!json_object_set(root, map ? map->field : member->name, member->value, arena))
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    *body = root;
    return STATUS_OK;
}
