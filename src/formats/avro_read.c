#include "formats/avro_read.h"

#include <math.h>
#include <string.h>

#include "base/instant.h"
#include "formats/avro_schema.h"

enum { MAP_MAX = 1000 };

struct reader {
    struct str rest;
    struct arena *arena;
    struct error *error;
    size_t values;
};

static enum status read_value(struct reader *reader, const struct avro_schema *schema, int depth,
                              struct json_value *out);

static enum status refuse(struct reader *reader, const char *why)
{
    return error_set(reader->error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE, "the Avro value %s",
                     why);
}

static enum status no_memory(struct reader *reader)
{
    return error_plain(reader->error, STATUS_OUT_OF_MEMORY);
}

/* ---- heads ---- */

bool avro_take_registry_head(struct str *bytes, uint32_t *schema_id)
{
    const unsigned char *head = (const unsigned char *)bytes->ptr;
    if (bytes->len < 5 || head[0] != 0) return false;
    *schema_id =
        (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
    *bytes = str_skip(*bytes, 5);
    return true;
}

bool avro_take_single_object_head(struct str *bytes, uint64_t *fingerprint)
{
    const unsigned char *head = (const unsigned char *)bytes->ptr;
    if (bytes->len < 10 || head[0] != 0xC3 || head[1] != 0x01) return false;
    *fingerprint = 0;
    for (size_t i = 0; i < 8; i++) *fingerprint |= (uint64_t)head[2 + i] << (8 * i);
    *bytes = str_skip(*bytes, 10);
    return true;
}

/* ---- primitives ---- */

static enum status take(struct reader *reader, size_t count, struct str *bytes)
{
    *bytes = STR("");
    if (count > reader->rest.len) return refuse(reader, "ends too early");
    *bytes = str_of(reader->rest.ptr, count);
    reader->rest = str_skip(reader->rest, count);
    return STATUS_OK;
}

static enum status take_long(struct reader *reader, int64_t *value)
{
    uint64_t sum = 0;
    struct str byte = STR("");
    for (int shift = 0; shift < 70; shift += 7) {
        TRY(take(reader, 1, &byte));
        uint64_t bits = (unsigned char)byte.ptr[0];
        if (shift == 63 && bits > 1) break;
        sum |= (bits & 0x7F) << shift;
        if (bits & 0x80) continue;
        *value = (int64_t)(sum >> 1) ^ -(int64_t)(sum & 1);
        return STATUS_OK;
    }
    return refuse(reader, "has a number of more than 64 bits");
}

static enum status take_bytes(struct reader *reader, struct str *bytes)
{
    int64_t length = 0;
    *bytes = STR("");
    TRY(take_long(reader, &length));
    if (length < 0 || (uint64_t)length > reader->rest.len) return refuse(reader, "ends too early");
    return take(reader, (size_t)length, bytes);
}

static bool is_text(struct str bytes)
{
    return str_is_utf8(bytes) && str_find_char(bytes, '\0') < 0;
}

static enum status set_number(struct reader *reader, struct str text, struct json_value *out)
{
    *out = (struct json_value){.type = JSON_NUMBER, .text = text};
    return str_is_none(text) ? no_memory(reader) : STATUS_OK;
}

static enum status set_double(struct reader *reader, double value, struct json_value *out)
{
    *out = json_make_null();
    if (!isfinite(value)) return STATUS_OK;
    return set_number(reader, arena_format(reader->arena, "%.17g", value), out);
}

static enum status read_float(struct reader *reader, struct json_value *out)
{
    struct str bytes = STR("");
    uint32_t bits = 0;
    float value;
    TRY(take(reader, 4, &bytes));
    for (size_t i = 0; i < 4; i++) bits |= (uint32_t)(unsigned char)bytes.ptr[i] << (8 * i);
    memcpy(&value, &bits, sizeof(value));
    return set_double(reader, (double)value, out);
}

static enum status read_double(struct reader *reader, struct json_value *out)
{
    struct str bytes = STR("");
    uint64_t bits = 0;
    double value;
    TRY(take(reader, 8, &bytes));
    for (size_t i = 0; i < 8; i++) bits |= (uint64_t)(unsigned char)bytes.ptr[i] << (8 * i);
    memcpy(&value, &bits, sizeof(value));
    return set_double(reader, value, out);
}

static enum status read_boolean(struct reader *reader, struct json_value *out)
{
    struct str byte = STR("");
    TRY(take(reader, 1, &byte));
    *out = json_make_boolean(byte.ptr[0] != 0);
    return (unsigned char)byte.ptr[0] <= 1 ? STATUS_OK
                                           : refuse(reader, "has a boolean that is none");
}

static enum status set_instant(struct reader *reader, int64_t value, int64_t unit, size_t length,
                               struct json_value *out)
{
    char text[INSTANT_TEXT_MAX];
    int64_t limit = INT64_MAX / unit;
    if (value > limit || value < -limit) return refuse(reader, "has a time that is none");
    struct str written =
        arena_str(reader->arena, str_cut(instant_format(value * unit, text), length));
    *out = json_make_string(written);
    return str_is_none(written) ? no_memory(reader) : STATUS_OK;
}

static enum status read_integer(struct reader *reader, const struct avro_schema *schema,
                                struct json_value *out)
{
    int64_t value;
    TRY(take_long(reader, &value));
    if (schema->kind == AVRO_INT && (value < INT32_MIN || value > INT32_MAX))
        return refuse(reader, "has a number of more than 32 bits");
    switch (schema->logical) {
    case AVRO_DATE:
        return set_instant(reader, value, INSTANT_DAY, sizeof("2026-02-02") - 1, out);
    case AVRO_TIMESTAMP_MILLIS:
        return set_instant(reader, value, INSTANT_SECOND / 1000, INSTANT_TEXT_MAX, out);
    case AVRO_TIMESTAMP_MICROS:
        return set_instant(reader, value, 1, INSTANT_TEXT_MAX, out);
    default:
        return set_number(reader, arena_format(reader->arena, "%lld", (long long)value), out);
    }
}

static enum status read_string(struct reader *reader, struct json_value *out)
{
    struct str text = STR("");
    TRY(take_bytes(reader, &text));
    *out = json_make_string(text);
    return is_text(text) ? STATUS_OK : refuse(reader, "has a string that is not UTF-8 text");
}

static enum status read_bytes(struct reader *reader, const struct avro_schema *schema,
                              struct json_value *out)
{
    struct str bytes = STR("");
    TRY(schema->kind == AVRO_FIXED ? take(reader, schema->size, &bytes)
                                   : take_bytes(reader, &bytes));
    *out = is_text(bytes) ? json_make_string(bytes) : json_make_null();
    return STATUS_OK;
}

/* ---- what has parts ---- */

static enum status read_record(struct reader *reader, const struct avro_schema *schema, int depth,
                               struct json_value *out)
{
    *out = json_make_object();
    out->members = ARENA_NEW_ARRAY(reader->arena, struct json_member, schema->count);
    if (!out->members) return no_memory(reader);
    for (size_t i = 0; i < schema->count; i++) {
        struct json_value value;
        TRY(read_value(reader, schema->parts[i], depth + 1, &value));
        out->members[out->count++] = (struct json_member){schema->names[i], value};
    }
    return STATUS_OK;
}

static enum status read_index(struct reader *reader, size_t count, size_t *index)
{
    int64_t value;
    TRY(take_long(reader, &value));
    if (value < 0 || (uint64_t)value >= count)
        return refuse(reader, "names a branch or symbol that there is not");
    *index = (size_t)value;
    return STATUS_OK;
}

/* The number of items in the next block; 0 at the end. A negative one is followed by its size. */
static enum status read_block(struct reader *reader, int64_t *count)
{
    int64_t size;
    TRY(take_long(reader, count));
    if (*count >= 0) return STATUS_OK;
    if (*count == INT64_MIN) return refuse(reader, "has a block of no possible length");
    *count = -*count;
    return take_long(reader, &size);
}

static enum status read_array(struct reader *reader, const struct avro_schema *schema, int depth,
                              struct json_value *out)
{
    int64_t count;
    *out = json_make_array();
    for (;;) {
        TRY(read_block(reader, &count));
        if (count == 0) return STATUS_OK;
        for (; count > 0; count--) {
            struct json_value item;
            TRY(read_value(reader, schema->parts[0], depth + 1, &item));
            if (!json_array_add(out, item, reader->arena)) return no_memory(reader);
        }
    }
}

static enum status read_map(struct reader *reader, const struct avro_schema *schema, int depth,
                            struct json_value *out)
{
    int64_t count;
    *out = json_make_object();
    for (;;) {
        TRY(read_block(reader, &count));
        if (count == 0) return STATUS_OK;
        for (; count > 0; count--) {
            struct json_value key, value;
            TRY(read_string(reader, &key));
            TRY(read_value(reader, schema->parts[0], depth + 1, &value));
            if (out->count >= MAP_MAX) return refuse(reader, "has a map of too many members");
            if (!json_object_set(out, key.text, value, reader->arena)) return no_memory(reader);
        }
    }
}

static enum status read_value(struct reader *reader, const struct avro_schema *schema, int depth,
                              struct json_value *out)
{
    size_t index = 0;
    if (depth > JSON_DEPTH_MAX || ++reader->values > AVRO_VALUES_MAX)
        return error_set(reader->error, STATUS_LIMIT_EXCEEDED, STR_NONE, STR_NONE,
                         "the Avro value is deeper than %d, or has more than %d values",
                         JSON_DEPTH_MAX, AVRO_VALUES_MAX);
    *out = json_make_null();
    switch (schema->kind) {
    case AVRO_NULL:
        return STATUS_OK;
    case AVRO_BOOLEAN:
        return read_boolean(reader, out);
    case AVRO_INT:
    case AVRO_LONG:
        return read_integer(reader, schema, out);
    case AVRO_FLOAT:
        return read_float(reader, out);
    case AVRO_DOUBLE:
        return read_double(reader, out);
    case AVRO_STRING:
        return read_string(reader, out);
    case AVRO_BYTES:
    case AVRO_FIXED:
        return read_bytes(reader, schema, out);
    case AVRO_RECORD:
        return read_record(reader, schema, depth, out);
    case AVRO_ENUM:
        TRY(read_index(reader, schema->count, &index));
        *out = json_make_string(schema->names[index]);
        return STATUS_OK;
    case AVRO_ARRAY:
        return read_array(reader, schema, depth, out);
    case AVRO_MAP:
        return read_map(reader, schema, depth, out);
    case AVRO_UNION:
        TRY(read_index(reader, schema->count, &index));
        return read_value(reader, schema->parts[index], depth + 1, out);
    }
    return refuse(reader, "is of no kind");
}

enum status avro_read_json(const struct avro_schema *schema, struct str bytes, struct arena *arena,
                           struct json_value *value, struct error *error)
{
    struct reader reader = {.rest = bytes, .arena = arena, .error = error};
    TRY(read_value(&reader, schema, 0, value));
    return reader.rest.len == 0 ? STATUS_OK : refuse(&reader, "has bytes left behind it");
}
