/* The writer of formats/json.h. Only what RFC 8259 says must be escaped is; all else is written as
 * it is, so that text in any script stays readable and short. */
#include "base/hex.h"
#include "formats/json.h"
#include "formats/json_scan.h"

static void put_comma(struct json_writer *writer)
{
    if (writer->need_comma) buffer_append_char(writer->out, ',');
    writer->need_comma = true;
}

static void put_escape(struct buffer *out, unsigned char c)
{
    static const char meanings[] = "\"\\\b\f\n\r\t", names[] = "\"\\bfnrt";
    const char *hit = memchr(meanings, c, sizeof(meanings) - 1);
    if (hit) {
        buffer_append_char(out, '\\');
        buffer_append_char(out, names[hit - meanings]);
        return;
    }
    char text[] = {'\\', 'u', '0', '0', hex_digits[c >> 4], hex_digits[c & 15]};
    buffer_append(out, str_of(text, sizeof(text)));
}

/* The rest of a string, from its first byte that must be escaped. */
static void put_escaped(struct buffer *out, const char *at, const char *end)
{
    while (at < end) {
        const char *special = json_scan_special(at, end);
        buffer_append(out, str_of(at, (size_t)(special - at)));
        if (special == end) return;
        put_escape(out, (unsigned char)*special);
        at = special + 1;
    }
}

static void put_quoted(struct buffer *out, struct str text)
{
    if (str_is_none(text)) text = STR("");
    const char *end = text.ptr + text.len;
    const char *special = json_scan_special(text.ptr, end);
    size_t plain = (size_t)(special - text.ptr);
    char *room = buffer_reserve(out, plain + 2);
    if (!room) return;
    room[0] = '"';
    memcpy(room + 1, text.ptr, plain);
    out->len += plain + 1;
    if (special != end) put_escaped(out, special, end);
    buffer_append_char(out, '"');
}

void json_object_begin(struct json_writer *writer)
{
    put_comma(writer);
    buffer_append_char(writer->out, '{');
    writer->need_comma = false;
}

void json_object_end(struct json_writer *writer)
{
    buffer_append_char(writer->out, '}');
    writer->need_comma = true;
}

void json_array_begin(struct json_writer *writer)
{
    put_comma(writer);
    buffer_append_char(writer->out, '[');
    writer->need_comma = false;
}

void json_array_end(struct json_writer *writer)
{
    buffer_append_char(writer->out, ']');
    writer->need_comma = true;
}

void json_key(struct json_writer *writer, struct str name)
{
    put_comma(writer);
    put_quoted(writer->out, name);
    buffer_append_char(writer->out, ':');
    writer->need_comma = false;
}

void json_string(struct json_writer *writer, struct str text)
{
    put_comma(writer);
    put_quoted(writer->out, text);
}

void json_int64(struct json_writer *writer, int64_t value)
{
    put_comma(writer);
    buffer_append_int64(writer->out, value);
}

void json_boolean(struct json_writer *writer, bool value)
{
    json_raw(writer, value ? STR("true") : STR("false"));
}

void json_null(struct json_writer *writer)
{
    json_raw(writer, STR("null"));
}

void json_raw(struct json_writer *writer, struct str text)
{
    put_comma(writer);
    buffer_append(writer->out, text);
}

static void write_array(struct json_writer *writer, const struct json_value *array)
{
    json_array_begin(writer);
    for (size_t i = 0; i < array->count; i++) json_write(writer, &array->items[i]);
    json_array_end(writer);
}

static void write_object(struct json_writer *writer, const struct json_value *object)
{
    json_object_begin(writer);
    for (size_t i = 0; i < object->count; i++) {
        json_key(writer, object->members[i].name);
        json_write(writer, &object->members[i].value);
    }
    json_object_end(writer);
}

void json_write(struct json_writer *writer, const struct json_value *value)
{
    switch (value->type) {
    case JSON_NULL:
        json_null(writer);
        break;
    case JSON_BOOLEAN:
        json_boolean(writer, value->boolean);
        break;
    case JSON_NUMBER:
        json_raw(writer, value->text);
        break;
    case JSON_STRING:
        json_string(writer, value->text);
        break;
    case JSON_ARRAY:
        write_array(writer, value);
        break;
    case JSON_OBJECT:
        write_object(writer, value);
        break;
    }
}

void json_member_string(struct json_writer *writer, struct str name, struct str text)
{
    if (str_is_none(text)) return;
    json_key(writer, name);
    json_string(writer, text);
}

void json_member_nullable(struct json_writer *writer, struct str name, struct str text)
{
    json_key(writer, name);
    if (str_is_none(text))
        json_null(writer);
    else
        json_string(writer, text);
}

struct str json_written(const struct json_value *value, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, value);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
