#include "domain/profile.h"

#include <string.h>

#include "domain/contact.h"
#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct profile_input input;
static struct error error;

static int set_up(void **state)
{
    memset(&error, 0, sizeof(error));
    return tree_builder_set_up(state);
}

static enum status create(const char *body)
{
    return profile_parse_create(tree_builder_json(&builder, body), &builder.arena, &input, &error);
}

static void assert_created(const char *body, const char *assertion)
{
    assert_int_equal(create(body), STATUS_OK);
    assert_string_equal(tree_builder_text(&builder, input.assertion), assertion);
}

static void assert_refused(const char *body, enum status status, const char *field)
{
    assert_int_equal(create(body), status);
    assert_int_equal(error.status, status);
    assert_string_equal(error.field, field);
    assert_string_not_equal(error.message, "");
}

/* ---- creation ---- */

static void the_request_that_clients_send_already_works(void **state)
{
    (void)state;
    assert_created("{\"name\":\"Acme Corp\",\"status\":\"ACTIVE\",\"contacts\":[{\"name\":\"Jane "
                   "Doe\",\"email\":\"jane@acme.com\",\"role\":\"BILLING\"}]}",
                   "{\"name\":\"Acme Corp\",\"status\":\"ACTIVE\"}");
    assert_true(str_is_none(input.customer_id));
    assert_string_equal(
        tree_builder_text(&builder, input.contacts),
        "[{\"name\":\"Jane Doe\",\"email\":\"jane@acme.com\",\"roles\":[\"BILLING\"]}]");
}

static void all_fields_are_taken_in_the_order_of_the_table(void **state)
{
    (void)state;
    assert_created(
        "{\"preferences\":{\"theme\":\"dark\",\"n\":1.50,\"b\":true},\"language\":\"PT-br\","
        "\"dateOfBirth\":\"1980-02-29\",\"website\":\"https://acme.example/x?y=1\","
        "\"addresses\":[{\"country\":\"de\",\"line1\":\" Main St 1 \",\"kind\":\"billing\"}],"
        "\"phones\":[\"+49 (0)30 123-456\"],\"emails\":[\"Jane@ACME.Example\"],"
        "\"identifiers\":[{\"value\":\"DE 1\",\"type\":\"vat\"}],\"primaryContactId\":\"C-1\","
        "\"segment\":\"GOLD\",\"status\":\"ON_HOLD\",\"name\":\"  Ac\\u00e9me "
        "\",\"kind\":\"PERSON\","
        "\"customerId\":\"CUST-1\"}",
        "{\"kind\":\"PERSON\",\"name\":\"Acéme\",\"status\":\"ON_HOLD\",\"segment\":\"GOLD\","
        "\"primaryContactId\":\"C-1\",\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE 1\"}],"
        "\"emails\":[\"Jane@acme.example\"],\"phones\":[\"+4930123456\"],\"addresses\":[{\"line1\":"
        "\"Main St 1\",\"country\":\"DE\",\"kind\":\"BILLING\"}],\"website\":"
        "\"https://acme.example/x?y=1\",\"dateOfBirth\":\"1980-02-29\",\"language\":\"pt-BR\","
        "\"preferences\":{\"theme\":\"dark\",\"n\":1.50,\"b\":true}}");
    assert_true(str_equal(input.customer_id, STR("CUST-1")));
}

static void null_counts_as_not_given(void **state)
{
    (void)state;
    assert_created(
        "{\"name\":\"A\",\"status\":null,\"emails\":null,\"contacts\":null,\"customerId\":null}",
        "{\"name\":\"A\"}");
}

static void equal_elements_are_taken_once(void **state)
{
    (void)state;
    assert_created("{\"name\":\"A\",\"emails\":[\"j@a.example\",\"J@A.example\"],"
                   "\"phones\":[\"0049 (0)30 123\",\"+4930123\"]}",
                   "{\"name\":\"A\",\"emails\":[\"j@a.example\"],\"phones\":[\"004930123\"]}");
}

static void an_unknown_field_is_named_and_the_likely_one_hinted_at(void **state)
{
    (void)state;
    assert_refused("{\"name\":\"A\",\"email\":\"a@x.example\"}", STATUS_UNKNOWN_FIELD, "email");
    assert_non_null(strstr(error.message, "emails"));
    assert_non_null(strstr(error.allowed, "kind, name, status"));
    assert_refused("{\"name\":\"A\",\"phone\":\"1\"}", STATUS_UNKNOWN_FIELD, "phone");
    assert_non_null(strstr(error.message, "phones"));
    assert_refused("{\"name\":\"A\",\"addresses\":[{\"street\":\"x\"}]}", STATUS_UNKNOWN_FIELD,
                   "addresses[0].street");
    assert_refused("{\"name\":\"A\",\"contacts\":[{\"name\":\"B\",\"mail\":\"x\"}]}",
                   STATUS_UNKNOWN_FIELD, "contacts[0].mail");
}

static void a_missing_name_is_a_required_field(void **state)
{
    (void)state;
    assert_refused("{}", STATUS_REQUIRED_FIELD, "name");
    assert_refused("{\"name\":null}", STATUS_REQUIRED_FIELD, "name");
    assert_refused("{\"name\":\"A\",\"contacts\":[{\"email\":\"a@x.example\"}]}",
                   STATUS_REQUIRED_FIELD, "contacts[0].name");
    assert_refused("{\"name\":\"A\",\"identifiers\":[{\"type\":\"VAT\"}]}", STATUS_REQUIRED_FIELD,
                   "identifiers[0].value");
}

static void every_malformed_value_is_named_with_what_is_allowed(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"name\":\"\"}", "name"},
        {"{\"name\":\"a\\u0007b\"}", "name"},
        {"{\"name\":\"a\\u202eb\"}", "name"},
        {"{\"name\":5}", "name"},
        {"{\"name\":\"A\",\"kind\":\"COMPANY\"}", "kind"},
        {"{\"name\":\"A\",\"status\":\"active\"}", "status"},
        {"{\"name\":\"A\",\"customerId\":\"-x\"}", "customerId"},
        {"{\"name\":\"A\",\"primaryContactId\":\"a b\"}", "primaryContactId"},
        {"{\"name\":\"A\",\"emails\":\"a@x.example\"}", "emails"},
        {"{\"name\":\"A\",\"emails\":[\"a@x.example\",\"b\"]}", "emails[1]"},
        {"{\"name\":\"A\",\"emails\":[\"a..b@x.example\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"emails\":[\"a@b@x.example\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"emails\":[\"a@-x.example\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"emails\":[\"a@localhost\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"emails\":[\"a\\u200bb@x.example\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"emails\":[\"ab@x.example\\u2060\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"emails\":[\"a\\u00adb@x.example\"]}", "emails[0]"},
        {"{\"name\":\"A\",\"phones\":[\"12\"]}", "phones[0]"},
        {"{\"name\":\"A\",\"phones\":[\"call me\"]}", "phones[0]"},
        {"{\"name\":\"A\",\"phones\":[\"1234567890123456\"]}", "phones[0]"},
        {"{\"name\":\"A\",\"addresses\":[{}]}", "addresses[0]"},
        {"{\"name\":\"A\",\"addresses\":[{\"country\":\"XX\"}]}", "addresses[0].country"},
        {"{\"name\":\"A\",\"addresses\":[\"Main St\"]}", "addresses[0]"},
        {"{\"name\":\"A\",\"identifiers\":[{\"type\":\"a-b\",\"value\":\"1\"}]}",
         "identifiers[0].type"},
        {"{\"name\":\"A\",\"website\":\"javascript:alert(1)\"}", "website"},
        {"{\"name\":\"A\",\"website\":\"https://acme.example/<b>\"}", "website"},
        {"{\"name\":\"A\",\"dateOfBirth\":\"2023-02-29\"}", "dateOfBirth"},
        {"{\"name\":\"A\",\"language\":\"german\"}", "language"},
        {"{\"name\":\"A\",\"preferences\":{\"9a\":1}}", "preferences.9a"},
        {"{\"name\":\"A\",\"preferences\":{\"a\":[1]}}", "preferences.a"},
        {"{\"name\":\"A\",\"preferences\":{\"preferredChannel\":\"FAX\"}}",
         "preferences.preferredChannel"},
        {"{\"name\":\"A\",\"preferences\":[]}", "preferences"},
        {"{\"name\":\"A\",\"contacts\":{}}", "contacts"},
        {"{\"name\":\"A\",\"contacts\":[7]}", "contacts[0]"},
        {"{\"name\":\"A\",\"contacts\":[{\"name\":\"B\",\"role\":\"BOSS\"}]}", "contacts[0].role"},
        {"{\"name\":\"A\",\"contacts\":[{\"name\":\"B\",\"roles\":[\"SALES\",\"BOSS\"]}]}",
         "contacts[0].roles[1]"},
        {"{\"name\":\"A\",\"version\":1}", "version"},
        {"{\"name\":\"A\",\"createdAt\":\"2026-01-01\"}", "createdAt"},
        {"{\"name\":\"A\",\"updatedAt\":\"2026-01-01\"}", "updatedAt"},
        {"[]", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_refused(cases[i][0], STATUS_INVALID_VALUE, cases[i][1]);
        assert_string_not_equal(error.allowed, "");
    }
}

static void the_longest_name_is_256_characters(void **state)
{
    (void)state;
    char body[600] = "{\"name\":\"";
    for (int i = 0; i < 256; i++) strncat(body, "é", 3);
    size_t length = strlen(body);
    strncat(body, "\"}", 3);
    assert_int_equal(create(body), STATUS_OK);
    memcpy(body + length, "x\"}", 4);
    assert_refused(body, STATUS_INVALID_VALUE, "name");
}

static void a_list_has_at_most_fifty_elements(void **state)
{
    (void)state;
    struct buffer body = {.arena = &builder.arena};
    buffer_append(&body, STR("{\"name\":\"A\",\"phones\":["));
    for (int i = 0; i < 51; i++) buffer_append_format(&body, "%s\"+49%d\"", i ? "," : "", 100 + i);
    buffer_append(&body, STR("]}"));
    buffer_append_char(&body, '\0');
    assert_refused(body.bytes, STATUS_LIMIT_EXCEEDED, "phones");
}

static void a_contact_id_cannot_be_given_twice(void **state)
{
    (void)state;
    assert_refused("{\"name\":\"A\",\"contacts\":[{\"contactId\":\"C\",\"name\":\"B\"},"
                   "{\"contactId\":\"C\",\"name\":\"D\"}]}",
                   STATUS_DUPLICATE_FIELD, "contacts[1].contactId");
}

static void a_long_unknown_name_is_cut_between_characters(void **state)
{
    (void)state;
    struct buffer body = {.arena = &builder.arena};
    buffer_append(&body, STR("{\"x"));
    for (int i = 0; i < 200; i++) buffer_append(&body, STR("é"));
    buffer_append(&body, STR("\":1}"));
    buffer_append_char(&body, '\0');
    assert_int_equal(create(body.bytes), STATUS_UNKNOWN_FIELD);
    assert_true(str_is_utf8(str_from_cstr(error.field)));
    assert_int_equal(strlen(error.field), 127);
}

/* ---- patches ---- */

static enum status patch(const char *current, const char *body, struct json_value **assertion)
{
    return profile_parse_patch(tree_builder_json(&builder, body),
                               tree_builder_json(&builder, current), &builder.arena, assertion,
                               &error);
}

static void assert_patched(const char *current, const char *body, const char *expected)
{
    struct json_value *assertion;
    assert_int_equal(patch(current, body, &assertion), STATUS_OK);
    assert_string_equal(tree_builder_text(&builder, assertion), expected);
}

static void a_patch_asserts_only_what_changes(void **state)
{
    (void)state;
    const char *current = "{\"name\":\"Acme\",\"segment\":\"GOLD\",\"website\":\"acme.example\"}";
    assert_patched(current,
                   "{\"name\":\" Acme \",\"segment\":\"SILVER\",\"website\":null,"
                   "\"language\":null}",
                   "{\"segment\":\"SILVER\",\"website\":null}");
    assert_patched(current, "{\"name\":\"Acme\"}", "{}");
}

static void a_patched_list_asserts_new_elements_and_retracts_dropped_ones(void **state)
{
    (void)state;
    const char *current = "{\"emails\":[\"a@x.example\",\"b@x.example\"]}";
    assert_patched(current, "{\"emails\":[\"a@x.example\",\"c@x.example\"]}",
                   "{\"emails\":[\"c@x.example\"],\"retract\":{\"emails\":[\"b@x.example\"]},"
                   "\"order\":{\"emails\":[\"a@x.example\",\"c@x.example\"]}}");
    assert_patched(current, "{\"emails\":null}",
                   "{\"retract\":{\"emails\":[\"a@x.example\",\"b@x.example\"]}}");
    assert_patched(current, "{\"emails\":[\"b@x.example\",\"a@x.example\"]}",
                   "{\"order\":{\"emails\":[\"b@x.example\",\"a@x.example\"]}}");
    assert_patched(current, "{\"emails\":[\"a@x.example\",\"b@x.example\"]}", "{}");
}

static void a_new_spelling_of_an_element_replaces_the_old_one(void **state)
{
    (void)state;
    assert_patched("{\"emails\":[\"Jane@x.example\"]}", "{\"emails\":[\"jane@x.example\"]}",
                   "{\"emails\":[\"jane@x.example\"]}");
}

static void preferences_are_patched_key_by_key(void **state)
{
    (void)state;
    const char *current = "{\"preferences\":{\"a\":1,\"b\":2}}";
    assert_patched(current, "{\"preferences\":{\"a\":null,\"b\":3,\"c\":null,\"d\":true}}",
                   "{\"preferences\":{\"a\":null,\"b\":3,\"d\":true}}");
    assert_patched(current, "{\"preferences\":null}", "{\"preferences\":{\"a\":null,\"b\":null}}");
}

static void preferences_do_not_grow_past_the_limit(void **state)
{
    (void)state;
    struct json_value *assertion;
    struct buffer body = {.arena = &builder.arena};
    buffer_append(&body, STR("{\"preferences\":{"));
    for (int i = 0; i < 50; i++) buffer_append_format(&body, "%s\"k%d\":1", i ? "," : "", i);
    buffer_append(&body, STR("}}"));
    buffer_append_char(&body, '\0');
    assert_int_equal(patch("{}", body.bytes, &assertion), STATUS_OK);
    assert_int_equal(patch("{\"preferences\":{\"other\":1}}", body.bytes, &assertion),
                     STATUS_LIMIT_EXCEEDED);
}

static void what_must_be_there_cannot_be_removed(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"name\":null}", "name"},           {"{\"kind\":null}", "kind"},
        {"{\"status\":null}", "status"},       {"{\"customerId\":\"x\"}", "customerId"},
        {"{\"contacts\":[]}", "contacts"},     {"{\"version\":2}", "version"},
        {"{\"emails\":[\"x\"]}", "emails[0]"}, {"7", ""},
    };
    struct json_value *assertion;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(patch("{\"name\":\"A\"}", cases[i][0], &assertion), STATUS_INVALID_VALUE);
        assert_string_equal(error.field, cases[i][1]);
    }
    assert_int_equal(patch("{}", "{\"Name\":\"x\"}", &assertion), STATUS_UNKNOWN_FIELD);
}

/* ---- canonical forms ---- */

static void assert_mail(const char *mail, const char *canonical)
{
    struct str got = profile_canonical_email(str_from_cstr(mail), &builder.arena);
    if (!str_equal(got, str_from_cstr(canonical)))
        fail_msg("%s is %.*s, not %s", mail, STR_ARGS(got), canonical);
}

static void assert_name(const char *name, const char *canonical)
{
    struct str got = profile_canonical_name(str_from_cstr(name), &builder.arena);
    assert_true(str_equal(got, str_from_cstr(canonical)));
}

static void names_lose_accents_punctuation_and_case(void **state)
{
    (void)state;
    assert_name("  Müller & Söhne,  GmbH. ", "muller sohne gmbh");
    assert_name("A.C.M.E.", "acme");
    assert_name("O'Neil-Smith", "oneil smith");
    assert_name("O\u2019Neil", "oneil");
    assert_name("Stra\u00dfe \u00c6r\u00f8", "strasse aero");
    assert_name("\u0141\u00f3d\u017a Nguy\u1ec5n \u0218tefan", "lodz nguyen stefan");
    assert_name("Cafe\u0301", "cafe");
    assert_name("\u041c\u043e\u0441\u043a\u0432\u0430", "\u041c\u043e\u0441\u043a\u0432\u0430");
    assert_name("", "");
    assert_name("...", "");
}

static void phones_emails_and_identifiers_have_one_form(void **state)
{
    (void)state;
    struct arena *arena = &builder.arena;
    assert_true(str_equal(profile_canonical_phone(STR("0049 30-12"), arena), STR("+493012")));
    assert_true(str_equal(profile_canonical_email(STR("JÖRG@MÜLLER×.Example"), arena),
                          STR("jörg@müller×.example")));
    assert_mail("ΔЖŁŽ@x.example", "δжłž@x.example");
    assert_mail("ΔЖ\xC3", "δж\xEF\xBF\xBD"); /* a stray byte is U+FFFD */
    assert_mail("Rene\xCC\x81@x.example", "ren\xC3\xA9@x.example");
    assert_mail("ＪＡＮＥ@x.example", "jane@x.example");
    assert_mail("jane@Müller.example", "jane@müller.example");
    assert_mail("jane@MU\xCC\x88LLER.example", "jane@müller.example");
    assert_mail("jane@XN--mller-kva.example", "jane@müller.example");
    assert_mail("jane@xn--.example", "jane@xn--.example");
    assert_mail("straße@x.example", "straße@x.example");
    assert_true(str_equal(profile_canonical_phone(STR("030/12 34"), arena), STR("0301234")));
    assert_true(str_equal(profile_canonical_email(STR(" Jane@ACME.example"), arena),
                          STR("jane@acme.example")));
    assert_true(
        str_equal(profile_canonical_identifier(STR("de 12.345-6"), arena), STR("DE123456")));
}

/* ---- contacts ---- */

static void a_contact_is_taken_apart_into_id_and_body(void **state)
{
    (void)state;
    assert_int_equal(
        create("{\"name\":\"A\",\"contacts\":[{\"name\":\"B\",\"contactId\":\"C-1\","
               "\"roles\":[\"SALES\",\"SALES\"],\"communicationPreference\":\"SMS\"}]}"),
        STATUS_OK);
    struct str id;
    struct json_value *body;
    assert_int_equal(contact_take_id(&input.contacts->items[0], &builder.arena, &id, &body),
                     STATUS_OK);
    assert_true(str_equal(id, STR("C-1")));
    assert_string_equal(
        tree_builder_text(&builder, body),
        "{\"name\":\"B\",\"roles\":[\"SALES\"],\"communicationPreference\":\"SMS\"}");
}

static void running_out_of_memory_is_a_status(void **state)
{
    (void)state;
    struct json_value *body = tree_builder_json(
        &builder, "{\"name\":\"A\",\"emails\":[\"a@X.example\"],\"preferences\":{\"a\":1},"
                  "\"contacts\":[{\"name\":\"B\",\"role\":\"SALES\",\"phone\":\"+49 1\"}]}");
    enum status status = STATUS_OUT_OF_MEMORY;
    for (size_t limit = 0; limit < 100000 && status != STATUS_OK; limit += 16) {
        struct arena small;
        arena_init(&small, limit);
        status = profile_parse_create(body, &small, &input, &error);
        assert_true(status == STATUS_OK || status == STATUS_OUT_OF_MEMORY);
        arena_release(&small);
    }
    assert_int_equal(status, STATUS_OK);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, set_up, tree_builder_tear_down, &builder)
    const struct CMUnitTest tests[] = {
        TEST(the_request_that_clients_send_already_works),
        TEST(all_fields_are_taken_in_the_order_of_the_table),
        TEST(null_counts_as_not_given),
        TEST(equal_elements_are_taken_once),
        TEST(an_unknown_field_is_named_and_the_likely_one_hinted_at),
        TEST(a_missing_name_is_a_required_field),
        TEST(every_malformed_value_is_named_with_what_is_allowed),
        TEST(the_longest_name_is_256_characters),
        TEST(a_list_has_at_most_fifty_elements),
        TEST(a_contact_id_cannot_be_given_twice),
        TEST(a_long_unknown_name_is_cut_between_characters),
        TEST(a_patch_asserts_only_what_changes),
        TEST(a_patched_list_asserts_new_elements_and_retracts_dropped_ones),
        TEST(a_new_spelling_of_an_element_replaces_the_old_one),
        TEST(preferences_are_patched_key_by_key),
        TEST(preferences_do_not_grow_past_the_limit),
        TEST(what_must_be_there_cannot_be_removed),
        TEST(names_lose_accents_punctuation_and_case),
        TEST(phones_emails_and_identifiers_have_one_form),
        TEST(a_contact_is_taken_apart_into_id_and_body),
        TEST(running_out_of_memory_is_a_status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
