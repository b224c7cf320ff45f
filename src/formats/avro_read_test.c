#include "formats/avro_read.h"

#include "formats/avro.h"
#include "unit.h"

static struct arena arena;
static struct error error;
static struct json_value value;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static enum status schema_of(const char *text, const struct avro_schema **schema)
{
    struct json_value *json;
    assert_int_equal(json_parse(str_from_cstr(text), &arena, &json, &error), STATUS_OK);
    return avro_read_schema(json, &arena, schema, &error);
}

static enum status read_as(const char *text, const char *bytes, size_t count)
{
    const struct avro_schema *schema;
    assert_int_equal(schema_of(text, &schema), STATUS_OK);
    return avro_read_json(schema, str_of(bytes, count), &arena, &value, &error);
}

static struct str written(void)
{
    struct buffer out = {.arena = &arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, &value);
    return buffer_str(&out);
}

#define READS(schema, bytes, json)                                                                 \
    do {                                                                                           \
        assert_int_equal(read_as(schema, bytes, sizeof(bytes) - 1), STATUS_OK);                    \
        assert_str(written(), STR(json));                                                          \
    } while (0)
#define REFUSES(schema, bytes)                                                                     \
    assert_int_equal(read_as(schema, bytes, sizeof(bytes) - 1), STATUS_INVALID_VALUE)

/* The examples of the specification, and what each kind becomes. */
static void each_kind_becomes_json(void **state)
{
    (void)state;
    READS("\"null\"", "", "null");
    READS("\"boolean\"", "\1", "true");
    READS("\"int\"", "\x7F", "-64");
    READS("\"long\"", "\x80\x01", "64");
    READS("\"long\"", "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", "9223372036854775807");
    READS("\"float\"", "\0\0\xC0\x3F", "1.5");
    READS("\"double\"", "\0\0\0\0\0\0\xF0\x7F", "null");
    READS("\"string\"", "\6foo", "\"foo\"");
    READS("\"bytes\"", "\4\xFF\xFE", "null");
    READS("{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", "ab", "\"ab\"");
    READS("{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", "\2", "\"B\"");
    READS("{\"type\":\"array\",\"items\":\"long\"}", "\4\6\x36\0", "[3,27]");
    READS("{\"type\":\"array\",\"items\":\"long\"}", "\3\4\6\x36\0", "[3,27]");
    READS("{\"type\":\"map\",\"values\":\"int\"}", "\2\2a\2\0", "{\"a\":1}");
    READS("[\"null\",\"string\"]", "\2\2a", "\"a\"");
    READS("{\"type\":\"int\",\"logicalType\":\"date\"}", "\2", "\"1970-01-02\"");
    READS("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", "\xD0\x0F",
          "\"1970-01-01T00:00:01Z\"");
}

static void names_are_known_in_their_namespace(void **state)
{
    (void)state;
    READS("{\"type\":\"record\",\"name\":\"R\",\"namespace\":\"a\",\"fields\":[{\"name\":\"v\","
          "\"type\":\"int\"},{\"name\":\"next\",\"type\":[\"null\",\"a.R\"]},{\"name\":\"last\","
          "\"type\":[\"null\",\"R\"]}]}",
          "\2\2\4\0\0\0", "{\"v\":1,\"next\":{\"v\":2,\"next\":null,\"last\":null},\"last\":null}");
}

static void what_is_cut_or_longer_or_out_of_range_is_refused(void **state)
{
    (void)state;
    REFUSES("\"string\"", "\6fo");
    REFUSES("\"string\"", "\1");
    REFUSES("\"string\"", "\2\xFF");
    REFUSES("\"string\"", "\2\0");
    REFUSES("\"long\"", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1");
    REFUSES("\"int\"", "\x80\x80\x80\x80\x10");
    REFUSES("\"boolean\"", "\2");
    REFUSES("\"null\"", "x");
    REFUSES("[\"null\"]", "\2");
    REFUSES("{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}",
            "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01");
    assert_int_equal(read_as("{\"type\":\"array\",\"items\":\"null\"}",
                             "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 10),
                     STATUS_LIMIT_EXCEEDED);
}

static void a_value_without_end_is_refused(void **state)
{
    char bytes[100];
    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++) bytes[i] = 2;
    assert_int_equal(read_as("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"next\","
                             "\"type\":[\"null\",\"R\"]}]}",
                             bytes, sizeof(bytes)),
                     STATUS_LIMIT_EXCEEDED);
}

static void schemas_that_are_none_are_refused(void **state)
{
    static const char *const texts[] = {
        "3",
        "{}",
        "\"text\"",
        "{\"type\":\"record\"}",
        "{\"type\":\"record\",\"name\":\"R\"}",
        "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[1]}",
        "{\"type\":\"array\"}",
        "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}",
        "[{\"type\":\"enum\",\"name\":\"F\",\"symbols\":[]},{\"type\":\"enum\",\"name\":\"F\"}]"};
    const struct avro_schema *schema;
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(texts); i++)
        assert_int_equal(schema_of(texts[i], &schema), STATUS_INVALID_VALUE);
}

static void heads_are_taken_off(void **state)
{
    struct buffer out = {.arena = &arena};
    uint32_t id;
    uint64_t fingerprint;
    (void)state;
    avro_write_registry_head(&out, 0x01020304);
    struct str bytes = buffer_str(&out);
    assert_true(avro_take_registry_head(&bytes, &id));
    assert_int_equal(id, 0x01020304);
    assert_int_equal(bytes.len, 0);
    assert_false(avro_take_registry_head(&bytes, &id));
    out = (struct buffer){.arena = &arena};
    avro_write_single_object_head(&out, UINT64_C(0x0102030405060708));
    bytes = buffer_str(&out);
    assert_false(avro_take_registry_head(&bytes, &id));
    assert_true(avro_take_single_object_head(&bytes, &fingerprint));
    assert_true(fingerprint == UINT64_C(0x0102030405060708));
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_kind_becomes_json),
        TEST(names_are_known_in_their_namespace),
        TEST(what_is_cut_or_longer_or_out_of_range_is_refused),
        TEST(a_value_without_end_is_refused),
        TEST(schemas_that_are_none_are_refused),
        TEST(heads_are_taken_off),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
