#include "formats/avro.h"

#include "formats/json.h"

/* --- values --- */

/* Zigzag, then seven bits a byte, the lowest first. */
void avro_write_long(struct buffer *out, int64_t value)
{
    uint64_t rest = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
    char bytes[10];
    size_t len = 0;
    while (rest > 0x7F) {
        bytes[len++] = (char)(rest | 0x80);
        rest >>= 7;
    }
    bytes[len++] = (char)rest;
    buffer_append(out, str_of(bytes, len));
}

void avro_write_string(struct buffer *out, struct str value)
{
    avro_write_long(out, (int64_t)value.len);
    if (value.len > 0) buffer_append(out, value);
}

void avro_write_optional_string(struct buffer *out, struct str value)
{
    avro_write_long(out, str_is_none(value) ? 0 : 1); /* the branch of the union */
    if (!str_is_none(value)) avro_write_string(out, value);
}

/* One block with all items, and the empty one that ends an array. */
void avro_write_strings(struct buffer *out, const struct str *values, size_t count)
{
    if (count > 0) avro_write_long(out, (int64_t)count);
    for (size_t i = 0; i < count; i++) avro_write_string(out, values[i]);
    avro_write_long(out, 0);
}

/* --- schemas --- */

static const struct {
    struct str schema;    /* of the type */
    struct str canonical; /* the same without what does not bear on reading */
    struct str fallback;  /* of the field; absent: none */
} types[] = {
    [AVRO_FIELD_STRING] = {STR("\"string\""), STR("\"string\""), STR_NONE},
    [AVRO_FIELD_OPTIONAL_STRING] = {STR("[\"null\",\"string\"]"), STR("[\"null\",\"string\"]"),
                                    STR("null")},
    [AVRO_FIELD_STRINGS] = {STR("{\"type\":\"array\",\"items\":\"string\"}"),
                            STR("{\"type\":\"array\",\"items\":\"string\"}"), STR_NONE},
    [AVRO_FIELD_TIMESTAMP_MILLIS] =
        {STR("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}"), STR("\"long\""),
         STR_NONE},
};

void avro_write_schema(struct buffer *out, const struct avro_record *record)
{
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("type"), STR("record"));
    json_member_string(&writer, STR("name"), record->name);
    json_member_string(&writer, STR("namespace"), record->space);
    json_key(&writer, STR("fields"));
    json_array_begin(&writer);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct avro_field *field = &record->fields[i];
        json_object_begin(&writer);
        json_member_string(&writer, STR("name"), field->name);
        json_key(&writer, STR("type"));
        json_raw(&writer, types[field->type].schema);
        if (!str_is_none(types[field->type].fallback)) {
            json_key(&writer, STR("default"));
            json_raw(&writer, types[field->type].fallback);
        }
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_object_end(&writer);
}

/* Full name, no other attribute than name, type, fields, in that order, no white space. */
void avro_write_canonical(struct buffer *out, const struct avro_record *record)
{
    buffer_append_format(out, "{\"name\":\"%.*s.%.*s\",\"type\":\"record\",\"fields\":[",
                         STR_ARGS(record->space), STR_ARGS(record->name));
    for (size_t i = 0; i < record->field_count; i++)
        buffer_append_format(out, "%s{\"name\":\"%.*s\",\"type\":%.*s}", i ? "," : "",
                             STR_ARGS(record->fields[i].name),
                             STR_ARGS(types[record->fields[i].type].canonical));
    buffer_append(out, STR("]}"));
}

/* The Rabin fingerprint of the specification, "Schema Fingerprints". */
uint64_t avro_fingerprint(struct str canonical)
{
    const uint64_t empty = UINT64_C(0xc15d213aa4d7a795);
    uint64_t sum = empty;
    for (size_t i = 0; i < canonical.len; i++) {
        uint64_t row = (sum ^ (unsigned char)canonical.ptr[i]) & 0xFF;
        for (int bit = 0; bit < 8; bit++) row = (row >> 1) ^ (empty & -(row & 1));
        sum = (sum >> 8) ^ row;
    }
    return sum;
}

/* --- heads --- */

void avro_write_registry_head(struct buffer *out, uint32_t schema_id)
{
    const char head[] = {0, (char)(schema_id >> 24), (char)(schema_id >> 16),
                         (char)(schema_id >> 8), (char)schema_id};
    buffer_append(out, str_of(head, sizeof(head)));
}

void avro_write_single_object_head(struct buffer *out, uint64_t fingerprint)
{
    char head[10] = {(char)0xC3, 0x01};
    for (size_t i = 0; i < 8; i++) head[2 + i] = (char)(fingerprint >> (8 * i));
    buffer_append(out, str_of(head, sizeof(head)));
}
