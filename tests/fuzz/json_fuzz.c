/* What is read can be written, and what was written reads as the same; an error says where. */
#include "formats/json.h"

#include "fuzz.h"

static struct str written(const struct json_value *value, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, value);
    FUZZ_REQUIRE(!buffer_failed(&out));
    return buffer_str(&out);
}

static void check_value(const struct json_value *value, struct arena *arena)
{
    struct json_value *again;
    struct str text = written(value, arena);
    FUZZ_REQUIRE(str_is_utf8(text));
    FUZZ_REQUIRE(json_parse(text, arena, &again, NULL) == STATUS_OK);
    FUZZ_REQUIRE(json_equal(value, again));
    FUZZ_REQUIRE(json_compare(value, again) == 0);
    FUZZ_REQUIRE(str_equal(written(again, arena), text));
    struct json_value *copy = json_copy(value, arena);
    FUZZ_REQUIRE(copy && json_equal(copy, value));
}

static void check_error(enum status status, const struct error *error)
{
    FUZZ_REQUIRE(error->status == status);
    FUZZ_REQUIRE(status == STATUS_MALFORMED_JSON || status == STATUS_DUPLICATE_FIELD ||
                 status == STATUS_LIMIT_EXCEEDED);
    FUZZ_REQUIRE(error->message[0] != '\0');
    FUZZ_REQUIRE(str_is_utf8(str_from_cstr(error->field)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct json_value *value;
    struct error error;
    arena_init(&arena, 256 << 20);
    enum status status = json_parse(str_of((const char *)data, size), &arena, &value, &error);
    if (status == STATUS_OK)
        check_value(value, &arena);
    else
        check_error(status, &error);
    arena_release(&arena);
    return 0;
}
