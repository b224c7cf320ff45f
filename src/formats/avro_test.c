/* What is written is read by libavro, with the schema that is written beside it. */
#include "formats/avro.h"

#include <avro/generic.h>
#include <avro/io.h>
#include <avro/schema.h>
#include <avro/value.h>
#include <stdlib.h>
#include <string.h>

#include "property.h"
#include "unit.h"

static struct arena arena;

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

static const struct avro_field fields[] = {
    {STR("id"), AVRO_FIELD_STRING},
    {STR("at"), AVRO_FIELD_TIMESTAMP_MILLIS},
    {STR("note"), AVRO_FIELD_OPTIONAL_STRING},
    {STR("tags"), AVRO_FIELD_STRINGS},
};
static const struct avro_record record = {
    .space = STR("test.events"), .name = STR("Told"), .fields = fields, .field_count = 4};

static void longs_are_as_in_the_specification(void **state)
{
    (void)state;
    static const struct {
        int64_t value;
        struct str bytes;
    } cases[] = {
        {0, STR("\x00")},
        {-1, STR("\x01")},
        {1, STR("\x02")},
        {-64, STR("\x7f")},
        {64, STR("\x80\x01")},
        {INT64_MAX, STR("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
        {INT64_MIN, STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")},
    };
    for (size_t i = 0; i < UNIT_COUNT(cases); i++) {
        struct buffer out = {.arena = &arena};
        avro_write_long(&out, cases[i].value);
        assert_true(str_equal(buffer_str(&out), cases[i].bytes));
    }
}

/* Values of the test suite of Avro itself. */
static void fingerprints_are_as_others_compute_them(void **state)
{
    (void)state;
    assert_true(avro_fingerprint(STR("\"null\"")) == UINT64_C(0x63dd24e7cc258f8a));
    assert_true(avro_fingerprint(STR("\"int\"")) == UINT64_C(0x7275d51a3f395c8f));
    assert_true(avro_fingerprint(STR("\"string\"")) == UINT64_C(0x8f014872634503c7));
}

static void a_schema_has_logical_types_and_defaults_and_its_canonical_form_has_not(void **state)
{
    (void)state;
    struct buffer schema = {.arena = &arena}, canonical = {.arena = &arena};
    avro_write_schema(&schema, &record);
    avro_write_canonical(&canonical, &record);
    assert_true(str_equal(
        buffer_str(&schema),
        STR("{\"type\":\"record\",\"name\":\"Told\",\"namespace\":\"test.events\",\"fields\":["
            "{\"name\":\"id\",\"type\":\"string\"},"
            "{\"name\":\"at\",\"type\":{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}},"
            "{\"name\":\"note\",\"type\":[\"null\",\"string\"],\"default\":null},"
            "{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}")));
    assert_true(
        str_equal(buffer_str(&canonical),
                  STR("{\"name\":\"test.events.Told\",\"type\":\"record\",\"fields\":["
                      "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"at\",\"type\":\"long\"},"
                      "{\"name\":\"note\",\"type\":[\"null\",\"string\"]},"
                      "{\"name\":\"tags\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}")));
}

static void heads_name_the_schema(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    avro_write_registry_head(&out, 0x01020304);
    assert_true(str_equal(buffer_str(&out), STR("\x00\x01\x02\x03\x04")));
    buffer_clear(&out);
    avro_write_single_object_head(&out, UINT64_C(0x0807060504030201));
    assert_true(str_equal(buffer_str(&out), STR("\xc3\x01\x01\x02\x03\x04\x05\x06\x07\x08")));
}

/* --- what is written is read --- */

static struct str draw_text(struct property *p)
{
    char text[64];
    size_t len = 0;
    while (property_more(p, len, 4, 60)) text[len++] = (char)property_between(p, 1, 127);
    return arena_str(&arena, str_of(text, len));
}

static struct str read_text(const avro_value_t *value)
{
    const char *text = NULL;
    size_t size = 0;
    return avro_value_get_string(value, &text, &size) == 0 ? str_of(text, size - 1) : STR_NONE;
}

static avro_value_t member(const avro_value_t *value, const char *name)
{
    avro_value_t found;
    assert_int_equal(avro_value_get_by_name(value, name, &found, NULL), 0);
    return found;
}

static struct str read_optional(const avro_value_t *value)
{
    avro_value_t branch;
    assert_int_equal(avro_value_get_current_branch(value, &branch), 0);
    return avro_value_get_type(&branch) == AVRO_NULL ? STR_NONE : read_text(&branch);
}

struct told {
    struct str id;
    int64_t at;
    struct str note;
    struct str tags[8];
    size_t tag_count;
};

static struct str write_told(const struct told *told)
{
    struct buffer out = {.arena = &arena};
    avro_write_string(&out, told->id);
    avro_write_long(&out, told->at);
    avro_write_optional_string(&out, told->note);
    avro_write_strings(&out, told->tags, told->tag_count);
    return buffer_str(&out);
}

static bool is_read_as(const avro_value_t *value, const struct told *told)
{
    avro_value_t id = member(value, "id"), at = member(value, "at"), note = member(value, "note"),
                 tags = member(value, "tags"), tag;
    size_t count = 0;
    int64_t when = 0;
    struct str noted = read_optional(&note);
    bool same = str_equal(read_text(&id), told->id) && avro_value_get_long(&at, &when) == 0 &&
                when == told->at && str_is_none(noted) == str_is_none(told->note) &&
                str_equal(noted, told->note) && avro_value_get_size(&tags, &count) == 0 &&
                count == told->tag_count;
    for (size_t i = 0; same && i < count; i++)
        same = avro_value_get_by_index(&tags, i, &tag, NULL) == 0 &&
               str_equal(read_text(&tag), told->tags[i]);
    return same;
}

static bool read_back(struct property *p, void *context)
{
    avro_value_iface_t *class = context;
    struct told told = {.id = draw_text(p), .note = STR_NONE};
    told.at = (int64_t)property_choice(p, UINT64_MAX);
    if (property_between(p, 0, 1)) told.note = draw_text(p);
    while (property_more(p, told.tag_count, 2, 8)) told.tags[told.tag_count++] = draw_text(p);
    struct str bytes = write_told(&told);
    avro_value_t value;
    avro_reader_t reader = avro_reader_memory(bytes.ptr, (int64_t)bytes.len);
    assert_int_equal(avro_generic_value_new(class, &value), 0);
    bool same = avro_value_read(reader, &value) == 0 && is_read_as(&value, &told);
    avro_value_decref(&value);
    avro_reader_free(reader);
    arena_reset(&arena);
    PROPERTY_REQUIRE(p, same, "it is read as something else");
    return true;
}

static void what_is_written_is_read_by_another_library(void **state)
{
    (void)state;
    struct buffer text = {.arena = &arena};
    avro_schema_t schema;
    avro_write_schema(&text, &record);
    assert_int_equal(avro_schema_from_json_length(text.bytes, text.len, &schema), 0);
    avro_value_iface_t *class = avro_generic_class_from_schema(schema);
    property_check("what is written is read", read_back, class, 2000);
    avro_value_iface_decref(class);
    avro_schema_decref(schema);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(longs_are_as_in_the_specification),
        TEST(fingerprints_are_as_others_compute_them),
        TEST(a_schema_has_logical_types_and_defaults_and_its_canonical_form_has_not),
        TEST(heads_name_the_schema),
        TEST(what_is_written_is_read_by_another_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
