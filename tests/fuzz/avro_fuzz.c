/* Any schema and any bytes: what is read is JSON that can be written and parsed again, and memory
 * stays bounded. The first line is the schema, the rest the value. */
#include "formats/avro_read.h"

#include "fuzz.h"

enum { ARENA_MAX = 64 << 20 };

static void check(const struct json_value *value, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    struct json_value *again;
    json_write(&writer, value);
    if (buffer_failed(&out)) return;
    enum status status = json_parse(buffer_str(&out), arena, &again, NULL);
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_OUT_OF_MEMORY ||
                 status == STATUS_LIMIT_EXCEEDED || status == STATUS_DUPLICATE_FIELD);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_of((const char *)data, size), line;
    const struct avro_schema *schema;
    struct json_value *json, value;
    struct arena arena;
    uint32_t id;
    uint64_t fingerprint;
    arena_init(&arena, ARENA_MAX);
    if (size > 0 && str_split(&bytes, '\n', &line) &&
        json_parse(line, &arena, &json, NULL) == STATUS_OK &&
        avro_read_schema(json, &arena, &schema, NULL) == STATUS_OK) {
        struct str rest = str_is_none(bytes) ? str_of("", 0) : bytes, head = rest;
        if (avro_read_json(schema, rest, &arena, &value, NULL) == STATUS_OK) check(&value, &arena);
        (void)avro_take_registry_head(&head, &id);
        head = rest;
        (void)avro_take_single_object_head(&head, &fingerprint);
    }
    arena_release(&arena);
    return 0;
}
