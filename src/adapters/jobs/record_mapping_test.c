#include "adapters/jobs/record_mapping.h"

#include <string.h>

#include "unit.h"

static struct arena arena;
static struct error error;
static struct str key;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 4 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static size_t split(const char *line, struct str *out)
{
    struct str rest = str_from_cstr(line);
    size_t count = 0;
    while (str_split(&rest, ',', &out[count])) count++;
    return count;
}

static enum status make(const char *columns, const char *mapping, struct str key_column,
                        struct record_mapping **out)
{
    struct str names[32];
    struct mapping_rules rules = {.key_column = key_column};
    assert_int_equal(mapping_rules_parse(str_from_cstr(mapping), &arena, &rules, &error),
                     STATUS_OK);
    return record_mapping_new(&rules, names, split(columns, names), &arena, out, &error);
}

static const char *row(const struct record_mapping *mapping, const char *cells)
{
    struct str fields[32];
    struct json_value *body;
    size_t count = split(cells, fields);
    assert_int_equal(record_mapping_row(mapping, fields, count, &arena, &body, &key, &error),
                     STATUS_OK);
    struct buffer out = {.arena = &arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, body);
    return arena_cstr(&arena, buffer_str(&out));
}

static void columns_named_as_fields_need_no_mapping(void **state)
{
    (void)state;
    struct record_mapping *mapping;
    assert_int_equal(make("Name,emails,EMAILS,addresses.city,contacts[1].email,contacts.name,"
                          "identifiers.VAT,preferences.theme,contacts[1].name,phones[1]",
                          NULL, STR_NONE, &mapping),
                     STATUS_OK);
    assert_string_equal(row(mapping, "Acme,a@x.example; b@x.example,c@x.example,Bern,j@x.example,"
                                     "Jo,CHE-1,dark,Jane,+41 1"),
                        "{\"name\":\"Acme\",\"emails\":[\"a@x.example\",\"b@x.example\","
                        "\"c@x.example\"],\"addresses\":[{\"city\":\"Bern\"}],\"contacts\":[{"
                        "\"name\":\"Jo\"},{\"email\":\"j@x.example\",\"name\":\"Jane\"}],"
                        "\"identifiers\":[{\"type\":\"VAT\",\"value\":\"CHE-1\"}],"
                        "\"preferences\":{\"theme\":\"dark\"},\"phones\":[\"+41 1\"]}");
}

static void empty_cells_say_nothing_and_leave_no_gap(void **state)
{
    (void)state;
    struct record_mapping *mapping;
    assert_int_equal(
        make("name,contacts[0].name,contacts[1].name,emails,ID", NULL, STR("ID"), &mapping),
        STATUS_OK);
    assert_string_equal(row(mapping, "Acme,,Jane, ,7"),
                        "{\"name\":\"Acme\",\"contacts\":[{\"name\":\"Jane\"}]}");
    assert_true(str_equal(key, STR("7")));
    assert_string_equal(row(mapping, "Acme"), "{\"name\":\"Acme\"}");
    assert_true(str_is_none(key));
}

static void a_key_is_one_whatever_else_its_column_is(void **state)
{
    (void)state;
    struct record_mapping *mapping;
    const char *mappings[] = {NULL, "{\"ID\":null}", "{\"ID\":\"customerId\"}", "{\"*\":null}"};
    const char *bodies[] = {"{\"name\":\"Acme\"}", "{\"name\":\"Acme\"}",
                            "{\"customerId\":\"7\",\"name\":\"Acme\"}", "{\"name\":\"Acme\"}"};
    for (size_t i = 0; i < UNIT_COUNT(mappings); i++) {
        assert_int_equal(make("ID,name", mappings[i], STR("ID"), &mapping), STATUS_OK);
        assert_string_equal(row(mapping, "7,Acme"), bodies[i]);
        assert_true(str_equal(key, STR("7")));
    }
}

static void a_mapping_renames_and_passes_over(void **state)
{
    (void)state;
    struct record_mapping *mapping;
    assert_int_equal(make("Company,Mail,Secret,Whatever",
                          "{\"Company\":\"name\",\"Mail\":\"emails\",\"Secret\":null,\"*\":null}",
                          STR_NONE, &mapping),
                     STATUS_OK);
    assert_string_equal(row(mapping, "Acme,a@x.example,s,w"),
                        "{\"name\":\"Acme\",\"emails\":[\"a@x.example\"]}");
}

static void a_name_may_stand_in_several_columns(void **state)
{
    (void)state;
    struct record_mapping *mapping;
    assert_int_equal(make("given,birth,family",
                          "{\"given\":\"name\",\"family\":\"name\",\"birth\":\"dateOfBirth\"}",
                          STR_NONE, &mapping),
                     STATUS_OK);
    assert_string_equal(row(mapping, "Ann,1970-05-17,Lee"),
                        "{\"name\":\"Ann Lee\",\"dateOfBirth\":\"1970-05-17\"}");
    assert_string_equal(row(mapping, ",,Lee"), "{\"name\":\"Lee\"}");
    assert_string_equal(row(mapping, "Ann,,"), "{\"name\":\"Ann\"}");
    assert_int_equal(make("a,b", "{\"a\":\"website\",\"b\":\"website\"}", STR_NONE, &mapping),
                     STATUS_DUPLICATE_FIELD);
    assert_int_equal(make("name,b", "{\"b\":\"name\"}", STR_NONE, &mapping),
                     STATUS_DUPLICATE_FIELD);
}

static void what_does_not_fit_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *columns, *mapping, *says;
        enum status status;
    } cases[] = {
        {"name,Umsatz", NULL, "column Umsatz is neither", STATUS_UNKNOWN_FIELD},
        {"name,x", "{\"x\":\"nam\"}", "column nam is what", STATUS_UNKNOWN_FIELD},
        {"name,NAME", NULL, "column NAME goes to a field", STATUS_DUPLICATE_FIELD},
        {"name", "{\"x\":\"emails\"}", "column x is mapped and not", STATUS_REQUIRED_FIELD},
        {"contacts", NULL, "column contacts is neither", STATUS_UNKNOWN_FIELD},
        {"contacts[99].name", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"contacts[0]", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"contacts[0].shoe", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"addresses", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"preferences", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"name.first", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"emails[0].x", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"[0]", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"a.b.c.d.e", NULL, "is neither", STATUS_UNKNOWN_FIELD},
        {"name,", NULL, "is neither", STATUS_UNKNOWN_FIELD},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct record_mapping *mapping;
        assert_int_equal(make(cases[i].columns, cases[i].mapping, STR_NONE, &mapping),
                         cases[i].status);
        if (!strstr(error.message, cases[i].says)) fail_msg("%s", error.message);
    }
    struct record_mapping *mapping;
    assert_int_equal(make("name", NULL, STR("ID"), &mapping), STATUS_REQUIRED_FIELD);
    struct mapping_rules rules;
    assert_int_equal(mapping_rules_parse(STR("[]"), &arena, &rules, &error), STATUS_INVALID_VALUE);
    assert_int_equal(mapping_rules_parse(STR("{\"a\":1}"), &arena, &rules, &error),
                     STATUS_INVALID_VALUE);
}

static void an_object_keeps_what_is_not_mapped(void **state)
{
    (void)state;
    struct mapping_rules rules = {.key_column = STR("id")};
    assert_int_equal(
        mapping_rules_parse(STR("{\"company\":\"name\",\"x\":null}"), &arena, &rules, &error),
        STATUS_OK);
    struct json_value *object, *body;
    assert_int_equal(json_parse(STR("{\"id\":7,\"company\":\"Acme\",\"x\":1,\"emails\":[]}"),
                                &arena, &object, &error),
                     STATUS_OK);
    assert_int_equal(record_mapping_object(&rules, object, &arena, &body, &key, &error), STATUS_OK);
    struct buffer out = {.arena = &arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, body);
    assert_true(str_equal(buffer_str(&out), STR("{\"name\":\"Acme\",\"emails\":[]}")));
    assert_true(str_equal(key, STR("7")));
    assert_int_equal(json_parse(STR("{\"shoe\":1,\"name\":\"A\"}"), &arena, &object, &error),
                     STATUS_OK);
    rules.pass_over_unknown = true;
    assert_int_equal(record_mapping_object(&rules, object, &arena, &body, &key, &error), STATUS_OK);
    assert_int_equal(body->count, 1);
    assert_int_equal(json_parse(STR("[1]"), &arena, &object, &error), STATUS_OK);
    assert_int_equal(record_mapping_object(&rules, object, &arena, &body, &key, &error),
                     STATUS_INVALID_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_named_as_fields_need_no_mapping),
        cmocka_unit_test(empty_cells_say_nothing_and_leave_no_gap),
        cmocka_unit_test(a_key_is_one_whatever_else_its_column_is),
        cmocka_unit_test(a_mapping_renames_and_passes_over),
        cmocka_unit_test(a_name_may_stand_in_several_columns),
        cmocka_unit_test(what_does_not_fit_is_named),
        cmocka_unit_test(an_object_keeps_what_is_not_mapped),
    };
    return cmocka_run_group_tests_name("record_mapping", tests, setup, teardown);
}
