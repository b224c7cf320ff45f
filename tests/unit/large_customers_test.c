/* Customers of many homes and many facts: whoever meets several of them needs memory for one. */
#include "application_fixture.h"
#include "unit.h"

#include "application/create_customer.h"
#include "application/match_customers.h"
#include "application/merge_customers.h"
#include "application/review_scan.h"

enum {
    LARGE = 6,
    HOMES = 40, /* each; more than are compared */
    FACTS = 3000,
    TREE_BYTES = FACTS * (int)sizeof(struct fact),
    ROOM_BYTES = 10 * TREE_BYTES
};

static struct application application;
static struct arena arena, room;
static struct error error;
static const struct caller caller = {.tenant = STR("t"), .user_id = STR("u")};

static void create(struct str body)
{
    struct customer_document customer;
    assert_int_equal(create_customer(&application, &caller, application_fixture_json(body, &arena),
                                     ON_DUPLICATE_ALLOW, &arena, &customer, &error),
                     STATUS_OK);
}

static struct str root_of(int large)
{
    return arena_format(&arena, "L%d", large);
}

/* --- large customers --- */

/* One home is somebody whom the customer does not show. */
static void create_homes(int large)
{
    create(arena_format(&arena,
                        "{\"customerId\":\"L%d-0\",\"kind\":\"PERSON\",\"name\":\"Ann Lee\","
                        "\"emails\":[\"ann.lee@old.example\"]}",
                        large));
    for (int i = 1; i < HOMES - 1; i++)
        create(arena_format(&arena,
                            "{\"customerId\":\"L%d-%d\",\"kind\":\"PERSON\","
                            "\"name\":\"Ida Kvist\",\"emails\":[\"h%d@l%d.example\"]}",
                            large, i, i, large));
    create(arena_format(&arena,
                        "{\"customerId\":\"L%d\",\"kind\":\"PERSON\",\"name\":\"Bo Ek\","
                        "\"phones\":[\"+4687%d11240\"]}",
                        large, large));
}

static void merge_homes(int large)
{
    struct merge_result merged;
    for (int i = 0; i < HOMES - 1; i++) {
        struct arena_mark mark = arena_mark(&arena);
        struct merge_request request = {.source_id = arena_format(&arena, "L%d-%d", large, i)};
        assert_int_equal(merge_customers(&application, &caller, root_of(large), &request, &arena,
                                         &merged, &error),
                         STATUS_OK);
        arena_rewind(&arena, mark);
    }
}

static enum status fill_body(struct store_session *session, void *context, struct error *why)
{
    const struct str *root = context;
    for (int i = 0; i < FACTS; i++) {
        const instant when = (instant)(1600000000 + i) * INSTANT_SECOND;
        struct fact fact = {.kind = FACT_ASSERTION,
                            .home = *root,
                            .source = STR("erp"),
                            .subject = STR("K"),
                            .actor = STR("u"),
                            .observed_at = when,
                            .recorded_at = when};
        TRY(json_parse(STR("{\"segment\":\"SMB\"}"), &arena, &fact.body, why));
        TRY(store_fact_append(session, &fact, why));
    }
    return STATUS_OK;
}

static int set_up(void **state)
{
    (void)state;
    if (application_fixture_open(&application, environment_system(), &arena) != 0) return -1;
    arena_init(&room, ROOM_BYTES);
    for (int large = 0; large < LARGE; large++) {
        struct arena_mark mark = arena_mark(&arena);
        struct str root = root_of(large);
        create_homes(large);
        merge_homes(large);
        assert_int_equal(
            store_write(application.store, caller.tenant, &arena, fill_body, &root, &error),
            STATUS_OK);
        arena_rewind(&arena, mark);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&room);
    return application_fixture_close(&application, &arena);
}

/* --- who meets them --- */

static const char *const ann = "{\"customerId\":\"N\",\"kind\":\"PERSON\",\"name\":\"Ann Lee\","
                               "\"emails\":[\"ann.lee@old.example\"]}";

static void a_create_that_meets_them_has_room_for_one(void **state)
{
    (void)state;
    struct customer_document customer;
    assert_int_equal(create_customer(&application, &caller,
                                     application_fixture_json(str_from_cstr(ann), &room),
                                     ON_DUPLICATE_ALLOW, &room, &customer, &error),
                     STATUS_OK);
}

static void what_is_said_of_each_of_them_outlives_its_facts(void **state)
{
    (void)state;
    struct str answer;
    assert_int_equal(match_customers(&application, &caller,
                                     application_fixture_json(str_from_cstr(ann), &room),
                                     MATCH_CUSTOMERS_MAX, &room, &answer, &error),
                     STATUS_OK);
    const struct json_value *found =
        json_get(application_fixture_json(answer, &arena), STR("candidates"));
    assert_int_equal(found->count, LARGE);
    for (size_t i = 0; i < found->count; i++) {
        const struct json_value *one = &found->items[i];
        const struct json_value *reasons = json_get(one, STR("reasons"));
        assert_str(json_text(json_get(one, STR("decision"))), STR("CERTAIN"));
        assert_int_equal(reasons->count, 1);
        assert_str(json_text(&reasons->items[0]), STR("SAME_EMAIL_AND_NAME"));
        assert_true(json_get(one, STR("waterfall"))->count > 0);
    }
}

static void a_scan_reads_them_with_room_for_one(void **state)
{
    (void)state;
    struct review_scan_record *records;
    size_t count;
    assert_int_equal(
        review_scan_read(&application, &caller, STR_NONE, 100, &room, &records, &count, &error),
        STATUS_OK);
    assert_int_equal(count, LARGE);
    for (int i = 0; i < LARGE; i++) {
        assert_str(records[i].customer_id, root_of(i));
        assert_false(str_is_empty(records[i].normal));
    }
}

static void a_scan_decides_about_all_of_them_with_room_for_one_pair(void **state)
{
    (void)state;
    const struct review_scan_settings settings = {.merge_from = SCAN_NEVER_MERGES};
    struct review_scan_pair pairs[LARGE * (LARGE - 1) / 2];
    struct review_scan_counts counts = {0};
    size_t count = 0;
    for (int a = 0; a < LARGE; a++)
        for (int b = a + 1; b < LARGE; b++)
            pairs[count++] = (struct review_scan_pair){root_of(a), root_of(b)};
    assert_int_equal(
        review_scan_decide(&application, &caller, &settings, pairs, count, &room, &counts, &error),
        STATUS_OK);
    assert_int_equal(counts.pairs, count);
    assert_int_equal(counts.alike, count);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(a_create_that_meets_them_has_room_for_one),
        CASE(what_is_said_of_each_of_them_outlives_its_facts),
        CASE(a_scan_reads_them_with_room_for_one),
        CASE(a_scan_decides_about_all_of_them_with_room_for_one_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
