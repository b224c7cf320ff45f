#include "adapters/api/openapi_shape.h"

static bool is_optional(struct str name)
{
    return str_ends_with(name, STR("?"));
}

static struct str plain_name(struct str name)
{
    return is_optional(name) ? str_of(name.ptr, name.len - 1) : name;
}

static void write_value(struct json_writer *writer, const struct json_value *value, bool closed);

static void write_properties(struct json_writer *writer, const struct json_value *properties,
                             bool closed)
{
    size_t required = 0;
    json_key(writer, STR("properties"));
    json_object_begin(writer);
    for (size_t i = 0; i < properties->count; i++) {
        json_key(writer, plain_name(properties->members[i].name));
        write_value(writer, &properties->members[i].value, closed);
        required += !is_optional(properties->members[i].name);
    }
    json_object_end(writer);
    if (required == 0) return;
    json_key(writer, STR("required"));
    json_array_begin(writer);
    for (size_t i = 0; i < properties->count; i++)
        if (!is_optional(properties->members[i].name))
            json_string(writer, properties->members[i].name);
    json_array_end(writer);
}

static void write_object(struct json_writer *writer, const struct json_value *value, bool closed)
{
    bool has_properties = false;
    json_object_begin(writer);
    for (size_t i = 0; i < value->count; i++) {
        const struct json_member *member = &value->members[i];
        if (str_equal(member->name, STR("properties"))) {
            has_properties = true;
            write_properties(writer, &member->value, closed);
            continue;
        }
        json_key(writer, member->name);
        write_value(writer, &member->value, closed);
    }
    if (closed && has_properties && !json_get(value, STR("additionalProperties"))) {
        json_key(writer, STR("additionalProperties"));
        json_boolean(writer, false);
    }
    json_object_end(writer);
}

static void write_value(struct json_writer *writer, const struct json_value *value, bool closed)
{
    if (value->type == JSON_OBJECT) {
        write_object(writer, value, closed);
    } else if (value->type == JSON_ARRAY) {
        json_array_begin(writer);
        for (size_t i = 0; i < value->count; i++) write_value(writer, &value->items[i], closed);
        json_array_end(writer);
    } else {
        json_write(writer, value);
    }
}

void openapi_shape_write(struct json_writer *writer, struct str name, struct str text, bool closed)
{
    struct json_value *value;
    json_key(writer, name);
    if (json_parse(text, writer->out->arena, &value, NULL) == STATUS_OK)
        write_value(writer, value, closed);
    else
        writer->out->failed = true;
}
