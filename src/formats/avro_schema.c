/* Schemas of values that are read: see avro_read.h. Names are looked up from the last one that was
 * declared: schemas have few. */
#include "formats/avro_schema.h"

enum { PARTS_MAX = 1000, FIXED_MAX = 1 << 20 };

struct declared {
    struct str name; /* with its namespace */
    const struct avro_schema *schema;
    struct declared *before;
};

struct parser {
    struct arena *arena;
    struct error *error;
    struct declared *declared;
};

static enum status parse(struct parser *parser, const struct json_value *json, struct str space,
                         int depth, const struct avro_schema **out);

static enum status refuse(struct parser *parser, const char *why)
{
    return error_set(parser->error, STATUS_INVALID_VALUE, STR("schema"), STR("a schema of Avro"),
                     "the Avro schema %s", why);
}

static enum status no_memory(struct parser *parser)
{
    return error_plain(parser->error, STATUS_OUT_OF_MEMORY);
}

static const struct {
    struct str name;
    enum avro_kind kind;
} kinds[] = {
    {STR("null"), AVRO_NULL},    {STR("boolean"), AVRO_BOOLEAN}, {STR("int"), AVRO_INT},
    {STR("long"), AVRO_LONG},    {STR("float"), AVRO_FLOAT},     {STR("double"), AVRO_DOUBLE},
    {STR("bytes"), AVRO_BYTES},  {STR("string"), AVRO_STRING},   {STR("record"), AVRO_RECORD},
    {STR("error"), AVRO_RECORD}, {STR("enum"), AVRO_ENUM},       {STR("array"), AVRO_ARRAY},
    {STR("map"), AVRO_MAP},      {STR("fixed"), AVRO_FIXED},
};

static bool find_kind(struct str name, enum avro_kind *kind)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!str_equal(kinds[i].name, name)) continue;
        *kind = kinds[i].kind;
        return true;
    }
    return false;
}

/* ---- names ---- */

static struct str full_name(struct parser *parser, struct str name, struct str space)
{
    if (str_is_empty(space) || str_find_char(name, '.') >= 0) return name;
    return arena_format(parser->arena, "%.*s.%.*s", STR_ARGS(space), STR_ARGS(name));
}

static struct str space_of(struct str full)
{
    size_t end = full.len;
    while (end > 0 && full.ptr[end - 1] != '.') end--;
    return str_of(full.ptr, end > 0 ? end - 1 : 0);
}

static const struct avro_schema *find_declared(const struct parser *parser, struct str name)
{
    for (const struct declared *at = parser->declared; at; at = at->before)
        if (str_equal(at->name, name)) return at->schema;
    return NULL;
}

/* Before its parts, which may name it. */
static enum status declare(struct parser *parser, const struct json_value *json, struct str *space,
                           const struct avro_schema *schema)
{
    struct str given = json_text(json_get(json, STR("namespace")));
    struct str name = json_text(json_get(json, STR("name")));
    struct declared *declared = ARENA_NEW(parser->arena, struct declared);
    if (!declared) return no_memory(parser);
    if (str_is_none(name) || str_is_empty(name)) return refuse(parser, "has a type without a name");
    name = full_name(parser, name, str_is_none(given) ? *space : given);
    if (str_is_none(name)) return no_memory(parser);
    if (find_declared(parser, name)) return refuse(parser, "declares a name twice");
    *declared = (struct declared){name, schema, parser->declared};
    parser->declared = declared;
    *space = space_of(name);
    return STATUS_OK;
}

/* ---- parts ---- */

static enum status make_room(struct parser *parser, struct avro_schema *schema, size_t count)
{
    if (count > PARTS_MAX)
        return error_set(parser->error, STATUS_LIMIT_EXCEEDED, STR("schema"), STR_NONE,
                         "the Avro schema has a type with more than %d parts", PARTS_MAX);
    schema->count = count;
    schema->names = ARENA_NEW_ARRAY(parser->arena, struct str, count);
    schema->parts = ARENA_NEW_ARRAY(parser->arena, const struct avro_schema *, count);
    return schema->names && schema->parts ? STATUS_OK : no_memory(parser);
}

static enum status take_fields(struct parser *parser, const struct json_value *json,
                               struct str space, int depth, struct avro_schema *schema)
{
    const struct json_value *fields = json_get(json, STR("fields"));
    if (!fields || fields->type != JSON_ARRAY) return refuse(parser, "has a record without fields");
    TRY(make_room(parser, schema, fields->count));
    for (size_t i = 0; i < fields->count; i++) {
        const struct json_value *type = json_get(&fields->items[i], STR("type"));
        struct str name = json_text(json_get(&fields->items[i], STR("name")));
        if (!type || str_is_none(name) || str_is_among(schema->names, i, name))
            return refuse(parser, "has a field without a name of its own, or without a type");
        schema->names[i] = name;
        TRY(parse(parser, type, space, depth + 1, &schema->parts[i]));
    }
    return STATUS_OK;
}

static enum status take_symbols(struct parser *parser, const struct json_value *json,
                                struct avro_schema *schema)
{
    const struct json_value *symbols = json_get(json, STR("symbols"));
    if (!symbols || symbols->type != JSON_ARRAY) return refuse(parser, "has an enum of nothing");
    TRY(make_room(parser, schema, symbols->count));
    for (size_t i = 0; i < symbols->count; i++) {
        schema->names[i] = json_text(&symbols->items[i]);
        if (str_is_none(schema->names[i])) return refuse(parser, "has a symbol that is no text");
    }
    return STATUS_OK;
}

static enum status take_part(struct parser *parser, const struct json_value *json,
                             struct str member, struct str space, int depth,
                             struct avro_schema *schema)
{
    const struct json_value *part = json_get(json, member);
    if (!part) return refuse(parser, "has an array or map of nothing");
    TRY(make_room(parser, schema, 1));
    return parse(parser, part, space, depth + 1, &schema->parts[0]);
}

static enum status take_size(struct parser *parser, const struct json_value *json,
                             struct avro_schema *schema)
{
    int64_t size;
    if (!json_to_int64(json_get(json, STR("size")), &size) || size < 0 || size > FIXED_MAX)
        return refuse(parser, "has a fixed of no possible size");
    schema->size = (size_t)size;
    return STATUS_OK;
}

static enum avro_logical logical_of(const struct json_value *json, enum avro_kind kind)
{
    struct str name = json_text(json_get(json, STR("logicalType")));
    if (kind == AVRO_INT && str_equal(name, STR("date"))) return AVRO_DATE;
    if (kind == AVRO_LONG && str_equal(name, STR("timestamp-millis"))) return AVRO_TIMESTAMP_MILLIS;
    if (kind == AVRO_LONG && str_equal(name, STR("timestamp-micros"))) return AVRO_TIMESTAMP_MICROS;
    return AVRO_PLAIN;
}

/* ---- types ---- */

static enum status parse_name(struct parser *parser, struct str name, struct str space,
                              const struct avro_schema **out)
{
    enum avro_kind kind;
    if (find_kind(name, &kind) && kind <= AVRO_STRING) {
        struct avro_schema *schema = ARENA_NEW(parser->arena, struct avro_schema);
        if (!schema) return no_memory(parser);
        schema->kind = kind;
        *out = schema;
        return STATUS_OK;
    }
    struct str full = full_name(parser, name, space);
    if (str_is_none(full)) return no_memory(parser);
    *out = find_declared(parser, full);
    return *out ? STATUS_OK : refuse(parser, "names a type that it does not declare");
}

static enum status parse_union(struct parser *parser, const struct json_value *json,
                               struct str space, int depth, struct avro_schema *schema)
{
    schema->kind = AVRO_UNION;
    TRY(make_room(parser, schema, json->count));
    for (size_t i = 0; i < json->count; i++)
        TRY(parse(parser, &json->items[i], space, depth + 1, &schema->parts[i]));
    return STATUS_OK;
}

static enum status parse_object(struct parser *parser, const struct json_value *json,
                                struct str space, int depth, struct avro_schema *schema)
{
    if (!find_kind(json_text(json_get(json, STR("type"))), &schema->kind))
        return refuse(parser, "has a type that there is not");
    schema->logical = logical_of(json, schema->kind);
    if (schema->kind == AVRO_RECORD || schema->kind == AVRO_ENUM || schema->kind == AVRO_FIXED)
        TRY(declare(parser, json, &space, schema));
    switch (schema->kind) {
    case AVRO_RECORD:
        return take_fields(parser, json, space, depth, schema);
    case AVRO_ENUM:
        return take_symbols(parser, json, schema);
    case AVRO_ARRAY:
        return take_part(parser, json, STR("items"), space, depth, schema);
    case AVRO_MAP:
        return take_part(parser, json, STR("values"), space, depth, schema);
    case AVRO_FIXED:
        return take_size(parser, json, schema);
    default:
        return STATUS_OK;
    }
}

static enum status parse(struct parser *parser, const struct json_value *json, struct str space,
                         int depth, const struct avro_schema **out)
{
    const struct json_value *type = json_get(json, STR("type"));
    enum avro_kind kind;
    if (depth > JSON_DEPTH_MAX)
        return error_set(parser->error, STATUS_LIMIT_EXCEEDED, STR("schema"), STR_NONE,
                         "the Avro schema is deeper than %d", JSON_DEPTH_MAX);
    if (json->type == JSON_STRING) return parse_name(parser, json->text, space, out);
    /* {"type": {...}} and {"type": "a.Name"} are what stands in them. */
    if (type && (type->type != JSON_STRING || !find_kind(type->text, &kind)))
        return parse(parser, type, space, depth + 1, out);
    struct avro_schema *schema = ARENA_NEW(parser->arena, struct avro_schema);
    if (!schema) return no_memory(parser);
    *out = schema;
    if (json->type == JSON_ARRAY) return parse_union(parser, json, space, depth, schema);
    if (json->type == JSON_OBJECT) return parse_object(parser, json, space, depth, schema);
    return refuse(parser, "is none");
}

enum status avro_read_schema(const struct json_value *json, struct arena *arena,
                             const struct avro_schema **schema, struct error *error)
{
    struct parser parser = {.arena = arena, .error = error};
    return parse(&parser, json, STR(""), 0, schema);
}
