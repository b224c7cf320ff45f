#include "domain/contact.h"

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct error error;

static const char current[] = "{\"contactId\":\"C-1\",\"name\":\"Jane\",\"email\":\"j@x.example\","
                              "\"roles\":[\"SALES\"]}";

static enum status patch(const char *body, struct json_value **changes)
{
    return contact_parse_patch(tree_builder_json(&builder, body),
                               tree_builder_json(&builder, current), &builder.arena, changes,
                               &error);
}

static void assert_patched(const char *body, const char *expected)
{
    struct json_value *changes;
    assert_int_equal(patch(body, &changes), STATUS_OK);
    assert_string_equal(tree_builder_text(&builder, changes), expected);
}

static void a_patch_gives_the_members_that_change(void **state)
{
    (void)state;
    assert_patched("{\"name\":\"Jane\",\"email\":null,\"phone\":null,\"communicationPreference\":"
                   "\"SMS\",\"contactId\":\"C-1\"}",
                   "{\"email\":null,\"communicationPreference\":\"SMS\"}");
    assert_patched("{\"roles\":[\"SALES\"]}", "{}");
    assert_patched("{\"roles\":[]}", "{\"roles\":null}");
    assert_patched("{\"role\":\"BILLING\"}", "{\"roles\":[\"BILLING\"]}");
    assert_patched("{}", "{}");
}

static void a_patch_that_is_not_allowed_names_the_member(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        enum status status;
        const char *field;
    } cases[] = {
        {"7", STATUS_INVALID_VALUE, ""},
        {"{\"name\":null}", STATUS_INVALID_VALUE, "name"},
        {"{\"contactId\":\"C-2\"}", STATUS_INVALID_VALUE, "contactId"},
        {"{\"mail\":\"x\"}", STATUS_UNKNOWN_FIELD, "mail"},
        {"{\"role\":\"SALES\",\"roles\":[\"SALES\"]}", STATUS_DUPLICATE_FIELD, "role"},
        {"{\"role\":5}", STATUS_INVALID_VALUE, "role"},
        {"{\"email\":\"nobody\"}", STATUS_INVALID_VALUE, "email"},
    };
    struct json_value *changes;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(patch(cases[i].body, &changes), cases[i].status);
        assert_string_equal(error.field, cases[i].field);
    }
}

static void a_contact_is_created_with_an_id_or_without(void **state)
{
    (void)state;
    struct str id;
    struct json_value *body;
    assert_int_equal(contact_parse_create(tree_builder_json(&builder, current), STR(""),
                                          &builder.arena, &id, &body, &error),
                     STATUS_OK);
    assert_true(str_equal(id, STR("C-1")));
    assert_null(json_get(body, STR("contactId")));
    assert_int_equal(contact_parse_create(tree_builder_json(&builder, "{\"name\":\"Joe\"}"),
                                          STR(""), &builder.arena, &id, &body, &error),
                     STATUS_OK);
    assert_true(str_is_none(id));
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, tree_builder_set_up, tree_builder_tear_down,    \
                                             &builder)
    const struct CMUnitTest tests[] = {
        TEST(a_patch_gives_the_members_that_change),
        TEST(a_patch_that_is_not_allowed_names_the_member),
        TEST(a_contact_is_created_with_an_id_or_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
