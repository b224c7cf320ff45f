#include "domain/consent.h"

#include <stdio.h>

#include "tree_builder.h"
#include "unit.h"

static struct tree_builder builder;
static struct error error;
static int record_count;

static int set_up(void **state)
{
    record_count = 0;
    return tree_builder_set_up(state);
}

/* ---- records ---- */

static const instant noon = 1770033600 * INSTANT_SECOND; /* 2026-02-02T12:00:00Z */
static struct json_value *record;

static enum status parse(const char *text)
{
    return consent_parse(tree_builder_json(&builder, text), noon, &builder.arena, &record, &error);
}

static void two_fields_make_a_complete_record(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"type\":\"EMAIL\",\"status\":\"GRANTED\"}"), STATUS_OK);
    assert_string_equal(tree_builder_text(&builder, record),
                        "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"purpose\":\"GENERAL\","
                        "\"lawfulBasis\":\"CONSENT\",\"source\":\"crm\","
                        "\"capturedAt\":\"2026-02-02T12:00:00Z\"}");
}

static const char full[] =
    "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"purpose\":\"NEWSLETTER\",\"lawfulBasis\":"
    "\"CONSENT\",\"contactPoint\":\"Jane@acme.example\",\"source\":\"web-form\",\"capturedAt\":"
    "\"2026-02-02T10:30:00Z\",\"notice\":{\"version\":\"3\",\"language\":\"de\",\"hash\":"
    "\"sha256:abc\"},\"evidence\":{\"ip\":\"2001:db8::1\",\"userAgent\":\"Firefox\",\"form\":"
    "\"signup\",\"doubleOptInRequestedAt\":\"2026-02-02T10:30:00Z\",\"doubleOptInConfirmedAt\":"
    "\"2026-02-02T10:35:00Z\"},\"validUntil\":\"2028-02-02T00:00:00Z\",\"previousRecordId\":"
    "\"CONS-1\"}";

static void a_full_record_is_kept_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(parse(full), STATUS_OK);
    assert_string_equal(tree_builder_text(&builder, record), full);
}

static void mistakes_in_a_record_are_named(void **state)
{
    (void)state;
#define GRANT "{\"type\":\"EMAIL\",\"status\":\"GRANTED\","
    static const struct {
        const char *text;
        enum status status;
        const char *field;
    } cases[] = {
        {"[]", STATUS_INVALID_VALUE, ""},
        {"{\"status\":\"GRANTED\"}", STATUS_REQUIRED_FIELD, "type"},
        {"{\"type\":\"EMAIL\"}", STATUS_REQUIRED_FIELD, "status"},
        {"{\"type\":\"FAX\",\"status\":\"GRANTED\"}", STATUS_INVALID_VALUE, "type"},
        {"{\"type\":\"EMAIL\",\"status\":\"EXPIRED\"}", STATUS_INVALID_VALUE, "status"},
        {GRANT "\"purpose\":\"a b\"}", STATUS_INVALID_VALUE, "purpose"},
        {GRANT "\"lawfulBasis\":\"WISH\"}", STATUS_INVALID_VALUE, "lawfulBasis"},
        {GRANT "\"contactPoint\":\"+4912345\"}", STATUS_INVALID_VALUE, "contactPoint"},
        {"{\"type\":\"SMS\",\"status\":\"GRANTED\",\"contactPoint\":\"a@x.example\"}",
         STATUS_INVALID_VALUE, "contactPoint"},
        {GRANT "\"capturedAt\":\"yesterday\"}", STATUS_INVALID_VALUE, "capturedAt"},
        {GRANT "\"capturedAt\":\"2026-02-02T12:05:01Z\"}", STATUS_INVALID_VALUE, "capturedAt"},
        {GRANT "\"validUntil\":\"2026-02-02T12:00:00Z\"}", STATUS_INVALID_VALUE, "validUntil"},
        {"{\"type\":\"EMAIL\",\"status\":\"REVOKED\",\"validUntil\":\"2027-01-01\"}",
         STATUS_INVALID_VALUE, "validUntil"},
        {GRANT "\"evidence\":{\"ip\":\"1.2.3.4.5\"}}", STATUS_INVALID_VALUE, "evidence.ip"},
        {GRANT "\"evidence\":{\"doubleOptInRequestedAt\":\"2026-02-02T10:00:00Z\","
               "\"doubleOptInConfirmedAt\":\"2026-02-02T09:00:00Z\"}}",
         STATUS_INVALID_VALUE, "evidence.doubleOptInConfirmedAt"},
        {GRANT "\"notice\":{\"text\":\"x\"}}", STATUS_UNKNOWN_FIELD, "notice.text"},
        {GRANT "\"recordId\":\"x\"}", STATUS_INVALID_VALUE, "recordId"},
        {GRANT "\"actor\":\"x\"}", STATUS_INVALID_VALUE, "actor"},
        {GRANT "\"channel\":\"x\"}", STATUS_UNKNOWN_FIELD, "channel"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(cases[i].text), cases[i].status);
        assert_string_equal(error.field, cases[i].field);
    }
    assert_int_equal(parse(GRANT "\"capturedAt\":\"2026-02-02T12:05:00Z\"}"), STATUS_OK);
}

static void a_check_is_read_with_its_defaults(void **state)
{
    (void)state;
    struct str customer;
    struct consent_question question = {.as_of = 7};
    assert_int_equal(
        consent_parse_check(tree_builder_json(&builder, "{\"customerId\":\"A\",\"type\":\"SMS\","
                                                        "\"contactPoint\":\"0049 123\"}"),
                            STR("checks[0]"), &builder.arena, &customer, &question, &error),
        STATUS_OK);
    assert_true(str_equal(customer, STR("A")));
    assert_true(str_equal(question.purpose, STR("GENERAL")));
    assert_true(str_equal(question.contact_point, STR("+49123")));
    assert_int_equal(question.as_of, 7);
    assert_int_equal(consent_parse_check(tree_builder_json(&builder, "{\"customerId\":\"A\"}"),
                                         STR("checks[1]"), &builder.arena, &customer, &question,
                                         &error),
                     STATUS_REQUIRED_FIELD);
    assert_string_equal(error.field, "checks[1].type");
}

/* ---- decisions ---- */

/* An e-mail consent recorded and captured at `when` seconds; `more` are further members. */
static void act(const char *home, const char *status, int when, const char *more)
{
    char body[512], id[16], time[INSTANT_TEXT_MAX];
    struct str captured = instant_format(when * INSTANT_SECOND, time);
    (void)snprintf(id, sizeof(id), "R%d", ++record_count);
    (void)snprintf(body, sizeof(body),
                   "{\"type\":\"EMAIL\",\"status\":\"%s\",\"capturedAt\":\"%.*s\"%s%s}", status,
                   STR_ARGS(captured), more[0] ? "," : "", more);
    tree_builder_fact(&builder, FACT_CONSENT, home, "crm", id, when * INSTANT_SECOND, body);
}

#define FOR_JANE    "\"contactPoint\":\"Jane@x.example\""
#define UNTIL(time) "\"validUntil\":\"1970-01-01T00:" time "Z\""

static struct consent_answer ask_for(const char *purpose, const char *point)
{
    struct consent_question question = {STR("EMAIL"), str_from_cstr(purpose), str_from_cstr(point),
                                        1000 * INSTANT_SECOND};
    struct consent_answer answer;
    assert_int_equal(
        consent_decide(tree_builder_tree(&builder), &question, &builder.arena, &answer), STATUS_OK);
    return answer;
}

static void assert_answer(struct consent_answer answer, const char *reason, const char *decider)
{
    assert_true(str_equal(answer.reason, str_from_cstr(reason)));
    assert_int_equal(answer.allowed, str_equal(answer.reason, STR("GRANTED")));
    assert_true(
        str_equal(answer.decider ? answer.decider->subject : STR(""), str_from_cstr(decider)));
}

static void assert_general(const char *reason, const char *decider)
{
    assert_answer(ask_for("GENERAL", NULL), reason, decider);
}

static void assert_jane(const char *reason, const char *decider)
{
    assert_answer(ask_for("GENERAL", "jane@x.example"), reason, decider);
}

static void alone(void)
{
    tree_builder_home(&builder, "A", NULL, 0);
}

static void merged_at(int when)
{
    tree_builder_home(&builder, "A", NULL, 0);
    tree_builder_home(&builder, "B", "A", when * INSTANT_SECOND);
}

static void absent_is_not_granted(void **state)
{
    (void)state;
    alone();
    assert_general("NO_CONSENT", "");
    act("A", "GRANTED", 10, "\"purpose\":\"NEWSLETTER\"");
    assert_general("NO_CONSENT", "");
    assert_answer(ask_for("NEWSLETTER", NULL), "GRANTED", "R1");
}

static void the_latest_act_decides_by_the_time_it_was_captured(void **state)
{
    (void)state;
    alone();
    act("A", "REVOKED", 30, "");
    act("A", "GRANTED", 20, "");
    assert_general("REVOKED", "R1");
    act("A", "GRANTED", 40, "");
    assert_general("GRANTED", "R3");
}

static void a_grant_of_the_future_loses_to_the_revocation_after_it(void **state)
{
    (void)state;
    alone();
    act("A", "GRANTED", 300, "");
    tree_builder_last(&builder)->recorded_at = 10 * INSTANT_SECOND;
    assert_general("GRANTED", "R1");
    act("A", "REVOKED", 20, "");
    assert_general("REVOKED", "R2");
    act("A", "GRANTED", 30, "");
    assert_general("GRANTED", "R3");
}

static void ties_revoke(void **state)
{
    (void)state;
    alone();
    act("A", "REVOKED", 30, "");
    act("A", "GRANTED", 30, "");
    tree_builder_last(&builder)->recorded_at = 99 * INSTANT_SECOND;
    assert_general("REVOKED", "R1");
}

static void a_general_revocation_covers_every_purpose_a_general_grant_only_its_own(void **state)
{
    (void)state;
    alone();
    act("A", "GRANTED", 10, "\"purpose\":\"NEWSLETTER\"");
    act("A", "GRANTED", 10, "");
    assert_answer(ask_for("SURVEY", NULL), "NO_CONSENT", "");
    act("A", "REVOKED", 20, "");
    assert_answer(ask_for("NEWSLETTER", NULL), "REVOKED", "R3");
    assert_answer(ask_for("SURVEY", NULL), "REVOKED", "R3");
}

static void a_grant_expires(void **state)
{
    (void)state;
    alone();
    act("A", "GRANTED", 10, UNTIL("16:40"));
    assert_general("EXPIRED", "R1");
    act("A", "GRANTED", 20, UNTIL("16:41"));
    assert_general("GRANTED", "R2");
}

static void an_expired_grant_lifts_no_revocation(void **state)
{
    (void)state;
    alone();
    act("A", "REVOKED", 10, "");
    act("A", "GRANTED", 20, UNTIL("00:30"));
    assert_general("REVOKED", "R1");
}

static void a_grant_by_import_never_beats_a_revocation(void **state)
{
    (void)state;
    alone();
    act("A", "GRANTED", 20, "\"source\":\"import:old-crm\"");
    assert_general("GRANTED", "R1");
    act("A", "REVOKED", 10, "");
    assert_general("REVOKED", "R2");
    act("A", "GRANTED", 30, "");
    tree_builder_last(&builder)->source = STR("import");
    assert_general("REVOKED", "R2");
    act("A", "GRANTED", 40, "");
    assert_general("GRANTED", "R4");
}

static void a_contact_point_is_covered_by_its_own_and_by_the_profiles_acts(void **state)
{
    (void)state;
    alone();
    act("A", "GRANTED", 10, "");
    assert_jane("GRANTED", "R1");
    act("A", "REVOKED", 20, FOR_JANE);
    assert_jane("REVOKED", "R2");
    assert_general("GRANTED", "R1");
    act("A", "GRANTED", 30, FOR_JANE);
    assert_jane("GRANTED", "R3");
}

static void a_grant_for_the_profile_lifts_no_revocation_of_a_contact_point(void **state)
{
    (void)state;
    alone();
    act("A", "REVOKED", 10, FOR_JANE);
    act("A", "GRANTED", 20, "");
    assert_jane("REVOKED", "R1");
    assert_general("GRANTED", "R2");
    act("A", "REVOKED", 30, "");
    act("A", "GRANTED", 40, FOR_JANE);
    assert_jane("GRANTED", "R4");
}

static void a_merged_profile_is_granted_only_where_every_home_is(void **state)
{
    (void)state;
    merged_at(50);
    act("A", "GRANTED", 10, "");
    assert_general("NOT_ALL_GRANTED", "");
    act("B", "GRANTED", 20, "");
    assert_general("GRANTED", "R2");
    act("B", "REVOKED", 30, "");
    assert_general("REVOKED", "R3");
}

static void an_act_on_the_merged_profile_speaks_for_all_of_it(void **state)
{
    (void)state;
    merged_at(50);
    act("B", "REVOKED", 30, "");
    act("A", "GRANTED", 40, "");
    assert_general("REVOKED", "R1");
    act("A", "GRANTED", 60, "");
    assert_general("GRANTED", "R3");
}

static void with_a_contact_point_the_homes_that_it_belongs_to_decide(void **state)
{
    (void)state;
    merged_at(50);
    tree_builder_assert(&builder, "A", "crm", 5, "{\"emails\":[\"JANE@x.example\"]}");
    act("A", "GRANTED", 10, "");
    assert_jane("GRANTED", "R1");
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "C", 6,
                      "{\"name\":\"Jane\",\"email\":\"jane@x.example\"}");
    assert_jane("NOT_ALL_GRANTED", "");
    tree_builder_fact(&builder, FACT_CONTACT, "B", "crm", "C", 7, "{\"email\":null}");
    assert_jane("GRANTED", "R1");
    tree_builder_assert(&builder, "A", "crm", 8, "{\"retract\":{\"emails\":[\"jane@x.example\"]}}");
    assert_jane("NOT_ALL_GRANTED", "");
}

static void a_grant_for_the_very_contact_point_holds_in_the_whole_tree(void **state)
{
    (void)state;
    merged_at(50);
    act("B", "GRANTED", 10, FOR_JANE);
    assert_jane("GRANTED", "R1");
    act("A", "REVOKED", 20, "");
    assert_jane("REVOKED", "R2");
    act("B", "GRANTED", 30, FOR_JANE);
    assert_jane("GRANTED", "R3");
}

static void a_revocation_is_copied_to_every_home_under_it_and_a_grant_is_not(void **state)
{
    (void)state;
    merged_at(50);
    tree_builder_home(&builder, "C", "B", 40 * INSTANT_SECOND);
    act("A", "REVOKED", 60, "");
    struct fact *copies;
    size_t count;
    assert_int_equal(consent_propagate(tree_builder_tree(&builder), tree_builder_last(&builder),
                                       &builder.arena, &copies, &count),
                     STATUS_OK);
    assert_int_equal(count, 2);
    assert_true(str_equal(copies[0].home, STR("B")) && str_equal(copies[1].home, STR("C")));
    assert_true(str_equal(json_text(json_get(copies[1].body, STR("propagatedFrom"))), STR("R1")));
    assert_null(json_get(tree_builder_last(&builder)->body, STR("propagatedFrom")));
    act("A", "GRANTED", 70, "");
    assert_int_equal(consent_propagate(tree_builder_tree(&builder), tree_builder_last(&builder),
                                       &builder.arena, &copies, &count),
                     STATUS_OK);
    assert_int_equal(count, 0);
}

static void the_matrix_has_one_row_per_question_that_an_act_names(void **state)
{
    (void)state;
    alone();
    act("A", "GRANTED", 10, FOR_JANE);
    act("A", "REVOKED", 20, FOR_JANE);
    act("A", "GRANTED", 30, "");
    act("A", "GRANTED", 40, "\"purpose\":\"SURVEY\"");
    struct consent_row *rows;
    size_t count;
    assert_int_equal(consent_matrix(tree_builder_tree(&builder), 1000 * INSTANT_SECOND,
                                    &builder.arena, &rows, &count),
                     STATUS_OK);
    assert_int_equal(count, 3);
    assert_true(str_is_none(rows[0].question.contact_point));
    assert_answer(rows[0].answer, "GRANTED", "R3");
    assert_true(str_equal(rows[1].question.contact_point, STR("jane@x.example")));
    assert_answer(rows[1].answer, "REVOKED", "R2");
    assert_answer(rows[2].answer, "GRANTED", "R4");
}

static bool stands(const char *purpose, struct str point)
{
    const struct consent_question question = {.channel = STR("EMAIL"),
                                              .purpose = str_from_cstr(purpose),
                                              .contact_point = point,
                                              .as_of = 1000 * INSTANT_SECOND};
    bool stands;
    assert_int_equal(
        consent_stands_revoked(tree_builder_tree(&builder), &question, 1, &builder.arena, &stands),
        STATUS_OK);
    return stands;
}

static void a_revocation_stands_when_every_home_has_it_and_no_grant_came_after(void **state)
{
    (void)state;
    struct str jane = STR("jane@x.example");
    merged_at(50);
    act("A", "REVOKED", 10, FOR_JANE);
    assert_false(stands("GENERAL", jane));
    act("B", "REVOKED", 20, FOR_JANE);
    assert_true(stands("GENERAL", jane));
    assert_false(stands("GENERAL", STR("joe@x.example")));
    assert_false(stands("GENERAL", STR_NONE));
    assert_false(stands("SURVEY", jane));
    act("A", "GRANTED", 30, "\"contactPoint\":\"joe@x.example\"");
    assert_true(stands("GENERAL", jane));
    act("B", "GRANTED", 40, "\"purpose\":\"SURVEY\""); /* would lift it for that purpose */
    assert_false(stands("GENERAL", jane));
    act("A", "REVOKED", 60, FOR_JANE);
    assert_false(stands("GENERAL", jane));
    act("B", "REVOKED", 60, FOR_JANE);
    assert_true(stands("GENERAL", jane));
    /* Of before, but told only now: it speaks for whom the older revocation does not. */
    act("A", "GRANTED", 15, "");
    tree_builder_last(&builder)->recorded_at = 70 * INSTANT_SECOND;
    assert_false(stands("GENERAL", jane));
}

/* How many answers would let the channel be the preferred one. */
static size_t preference(const char *channel, struct str point)
{
    struct consent_question *allowed;
    size_t count;
    assert_int_equal(consent_preference(tree_builder_tree(&builder), str_from_cstr(channel), point,
                                        1000 * INSTANT_SECOND, &builder.arena, &allowed, &count),
                     STATUS_OK);
    for (size_t i = 0; i < count; i++)
        assert_true(str_equal(allowed[i].purpose, STR("GENERAL")) &&
                    str_equal(allowed[i].channel, str_from_cstr(channel)));
    return count;
}

static void a_preferred_channel_needs_consent(void **state)
{
    (void)state;
    alone();
    assert_int_equal(preference("EMAIL", STR_NONE), 0);
    act("A", "GRANTED", 10, FOR_JANE);
    assert_int_equal(preference("EMAIL", STR_NONE), 1);
    assert_int_equal(preference("EMAIL", STR("Jane@X.example")), 1);
    assert_int_equal(preference("EMAIL", STR("joe@x.example")), 0);
    assert_int_equal(preference("SMS", STR_NONE), 0);
}

/* ---- writing ---- */

static void a_record_and_its_receipt_are_written_whole(void **state)
{
    (void)state;
    alone();
    tree_builder_fact(&builder, FACT_CONSENT, "A", "crm", "CONS-2", noon, full);
    struct buffer out = {.arena = &builder.arena};
    struct json_writer writer = {.out = &out};
    consent_write(&writer, tree_builder_last(&builder));
    buffer_append_char(&out, '\0');
    assert_string_equal(
        out.bytes,
        "{\"recordId\":\"CONS-2\",\"customerId\":\"A\",\"type\":\"EMAIL\",\"status\":\"GRANTED\","
        "\"purpose\":\"NEWSLETTER\",\"lawfulBasis\":\"CONSENT\",\"contactPoint\":"
        "\"Jane@acme.example\",\"source\":\"web-form\",\"capturedAt\":\"2026-02-02T10:30:00Z\","
        "\"recordedAt\":\"2026-02-02T12:00:00Z\",\"actor\":\"tester\",\"notice\":{\"version\":\"3\""
        ",\"language\":\"de\",\"hash\":\"sha256:abc\"},\"evidence\":{\"ip\":\"2001:db8::1\","
        "\"userAgent\":\"Firefox\",\"form\":\"signup\",\"doubleOptInRequestedAt\":"
        "\"2026-02-02T10:30:00Z\",\"doubleOptInConfirmedAt\":\"2026-02-02T10:35:00Z\"},"
        "\"validUntil\":\"2028-02-02T00:00:00Z\",\"previousRecordId\":\"CONS-1\"}");

    buffer_clear(&out);
    writer.need_comma = false;
    consent_write_receipt(&writer, tree_builder_last(&builder), STR("tenant-001"), noon);
    struct json_value *receipt;
    assert_int_equal(json_parse(buffer_str(&out), &builder.arena, &receipt, &error), STATUS_OK);
    const struct json_value *inner = json_get(receipt, STR("record"));
    assert_true(
        str_equal(json_text(json_get(inner, STR("schemaVersion"))), STR("ISO/IEC TS 27560:2023")));
    assert_true(str_equal(json_text(json_get(inner, STR("recordId"))), STR("CONS-2")));
    assert_true(str_equal(json_text(json_get(inner, STR("piiPrincipalId"))), STR("A")));
    assert_int_equal(json_get(inner, STR("events"))->count, 1);
}

static void running_out_of_memory_is_a_status(void **state)
{
    (void)state;
    merged_at(50);
    tree_builder_assert(&builder, "A", "crm", 5, "{\"emails\":[\"JANE@x.example\"]}");
    act("A", "GRANTED", 10, FOR_JANE);
    const struct tree *tree = tree_builder_tree(&builder);
    struct consent_question question = {STR("EMAIL"), STR("GENERAL"), STR("jane@x.example"), 0};
    struct json_value *body = tree_builder_json(&builder, full);
    enum status decided = STATUS_OUT_OF_MEMORY, parsed = STATUS_OUT_OF_MEMORY;
    for (size_t limit = 0; limit < 100000 && (decided || parsed); limit += 16) {
        struct arena small;
        struct consent_answer answer;
        arena_init(&small, limit);
        decided = consent_decide(tree, &question, &small, &answer);
        assert_true(decided == STATUS_OK || decided == STATUS_OUT_OF_MEMORY);
        arena_reset(&small);
        parsed = consent_parse(body, noon, &small, &record, &error);
        assert_true(parsed == STATUS_OK || parsed == STATUS_OUT_OF_MEMORY);
        arena_release(&small);
    }
    assert_int_equal(decided, STATUS_OK);
    assert_int_equal(parsed, STATUS_OK);
}

/* A customer with many contact points and many that speak of them. */
static void many_points(int count)
{
    alone();
    for (int i = 0; i < count; i++) {
        char body[256];
        (void)snprintf(body, sizeof(body),
                       "{\"emails\":[\"a%d@x.example\",\"b%d@x.example\",\"c@x.example\","
                       "\"d@x.example\",\"e@x.example\",\"f@x.example\"]}",
                       i, i);
        tree_builder_assert(&builder, "A", "crm", 1, body);
        (void)snprintf(body, sizeof(body), "\"contactPoint\":\"a%d@x.example\"", i);
        act("A", "GRANTED", 10 + i, body);
    }
}

static void many_questions_take_little_more_memory_than_one(void **state)
{
    (void)state;
    many_points(400);
    const struct tree *tree = tree_builder_tree(&builder);
    struct consent_row *rows;
    struct consent_question *allowed;
    size_t count;
    struct arena small;
    arena_init(&small, 512 * 1024);
    assert_int_equal(consent_matrix(tree, 1000 * INSTANT_SECOND, &small, &rows, &count), STATUS_OK);
    assert_int_equal(count, 400);
    for (size_t i = 0; i < count; i++) assert_true(rows[i].answer.allowed);
    arena_reset(&small);
    assert_int_equal(consent_preference(tree, STR("EMAIL"), STR_NONE, 1000 * INSTANT_SECOND, &small,
                                        &allowed, &count),
                     STATUS_OK);
    assert_int_equal(count, 400);
    arena_reset(&small);
    for (int i = 0; i < 400; i++) {
        struct consent_question question = {STR("EMAIL"), STR("GENERAL"), STR("c@x.example"),
                                            1000 * INSTANT_SECOND};
        struct consent_answer answer;
        assert_int_equal(consent_decide(tree, &question, &small, &answer), STATUS_OK);
    }
    assert_int_equal(small.used_bytes, 0);
    arena_release(&small);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_prestate_setup_teardown(name, set_up, tree_builder_tear_down, &builder)
    const struct CMUnitTest tests[] = {
        TEST(two_fields_make_a_complete_record),
        TEST(a_full_record_is_kept_as_it_is),
        TEST(mistakes_in_a_record_are_named),
        TEST(a_check_is_read_with_its_defaults),
        TEST(absent_is_not_granted),
        TEST(the_latest_act_decides_by_the_time_it_was_captured),
        TEST(a_grant_of_the_future_loses_to_the_revocation_after_it),
        TEST(ties_revoke),
        TEST(a_general_revocation_covers_every_purpose_a_general_grant_only_its_own),
        TEST(a_grant_expires),
        TEST(an_expired_grant_lifts_no_revocation),
        TEST(a_grant_by_import_never_beats_a_revocation),
        TEST(a_contact_point_is_covered_by_its_own_and_by_the_profiles_acts),
        TEST(a_grant_for_the_profile_lifts_no_revocation_of_a_contact_point),
        TEST(a_merged_profile_is_granted_only_where_every_home_is),
        TEST(an_act_on_the_merged_profile_speaks_for_all_of_it),
        TEST(with_a_contact_point_the_homes_that_it_belongs_to_decide),
        TEST(a_grant_for_the_very_contact_point_holds_in_the_whole_tree),
        TEST(a_revocation_is_copied_to_every_home_under_it_and_a_grant_is_not),
        TEST(the_matrix_has_one_row_per_question_that_an_act_names),
        TEST(a_revocation_stands_when_every_home_has_it_and_no_grant_came_after),
        TEST(a_preferred_channel_needs_consent),
        TEST(a_record_and_its_receipt_are_written_whole),
        TEST(running_out_of_memory_is_a_status),
        TEST(many_questions_take_little_more_memory_than_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
