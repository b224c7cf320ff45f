/* Many questions about consent in one call: answered as each alone, in the memory of a few. */
#include "application_fixture.h"
#include "unit.h"

#include <string.h>

#include "application/consents.h"
#include "application/create_customer.h"
#include "application/merge_customers.h"
#include "application/suppressions.h"

enum { PURPOSES = 60, CHECKS = 240, MEMORY = 512 << 10 };

static struct environment_fixed environment;
static struct application application;
static struct caller caller;
static struct arena arena;
static struct error error;

static struct json_value *json(struct str text)
{
    return application_fixture_json(text, &arena);
}

static void create(const char *id)
{
    struct customer_document customer;
    struct str body =
        arena_format(&arena,
                     "{\"customerId\":\"%s\",\"name\":\"%s\",\"emails\":[\"%s@x.example\","
                     "\"both@x.example\"],\"phones\":[\"+4930%d\"]}",
                     id, id, id, 1000 + id[0]);
    assert_int_equal(create_customer(&application, &caller, json(body), ON_DUPLICATE_ALLOW, &arena,
                                     &customer, &error),
                     STATUS_OK);
}

static void grant(const char *id, struct str body)
{
    struct customer_part part;
    assert_int_equal(consents_record(&application, &caller, str_from_cstr(id), json(body), &arena,
                                     &part, &error),
                     STATUS_OK);
}

/* B is in A; a phone of C's is suppressed. */
static int set_up(void **state)
{
    (void)state;
    environment_fixed_init(&environment, 1700000000 * INSTANT_SECOND, INSTANT_SECOND, 1);
    caller = (struct caller){.tenant = STR("t1"), .user_id = STR("user-1")};
    if (application_fixture_open(&application, &environment.base, &arena)) return 1;
    struct merge_request request = {.source_id = STR("B")};
    struct merge_result merged;
    struct str out;
    create("A");
    create("B");
    create("C");
    for (int i = 0; i < PURPOSES; i++)
        for (const char *id = "A\0B\0C\0"; *id; id += 2)
            grant(id, arena_format(&arena,
                                   "{\"type\":\"EMAIL\",\"status\":\"GRANTED\",\"purpose\":"
                                   "\"P%d\"}",
                                   i));
    grant("B", STR("{\"type\":\"EMAIL\",\"status\":\"REVOKED\",\"purpose\":\"P1\"}"));
    grant("C", STR("{\"type\":\"SMS\",\"status\":\"GRANTED\"}"));
    assert_int_equal(
        merge_customers(&application, &caller, STR("A"), &request, &arena, &merged, &error),
        STATUS_OK);
    assert_int_equal(suppressions_add(&application, &caller,
                                      json(STR("{\"contactPoint\":\"+49301067\"}")), &arena, &out,
                                      &error),
                     STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return application_fixture_close(&application, &arena);
}

/* One of the questions. */
static struct str question(int i)
{
    static const char *const customers[] = {"A", "B", "C", "nobody"};
    static const char *const more[] = {"", ",\"contactPoint\":\"B@x.example\"",
                                       ",\"contactPoint\":\"both@x.example\""};
    const char *customer = customers[i % 4];
    if (i % 5 == 0)
        return arena_format(&arena, "{\"customerId\":\"%s\",\"type\":\"SMS\"}", customer);
    return arena_format(&arena, "{\"customerId\":\"%s\",\"type\":\"EMAIL\",\"purpose\":\"P%d\"%s}",
                        customer, i % 7, more[i % 3]);
}

static struct str check(struct str questions, struct arena *memory)
{
    struct str out;
    struct str body = arena_format(&arena, "{\"checks\":[%.*s]}", STR_ARGS(questions));
    assert_int_equal(consents_check(&application, &caller, json(body), memory, &out, &error),
                     STATUS_OK);
    return out;
}

/* Of a list of results, what stands between the brackets. */
static struct str inner(struct str results)
{
    size_t ends = sizeof("{\"results\":[") - 1;
    return str_of(results.ptr + ends, results.len - ends - 2);
}

static bool has(struct str text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part));
}

static void many_checks_are_answered_as_each_alone(void **state)
{
    (void)state;
    struct buffer questions = {.arena = &arena}, answers = {.arena = &arena};
    environment.step = 0; /* asOf is the same for all */
    for (int i = 0; i < CHECKS; i++) {
        struct str comma = i ? STR(",") : STR("");
        buffer_append(&questions, comma);
        buffer_append(&questions, question(i));
        buffer_append(&answers, comma);
        buffer_append(&answers, inner(check(question(i), &arena)));
    }
    struct str expected = buffer_str(&answers),
               given = inner(check(buffer_str(&questions), &arena));
    assert_true(str_equal(given, expected));
    assert_true(has(given, "SUPPRESSED"));
    assert_true(has(given, "\"GRANTED\""));
    assert_true(has(given, "\"REVOKED\""));
    assert_true(has(given, "NOT_FOUND"));
}

static void many_checks_take_the_memory_of_their_customers(void **state)
{
    (void)state;
    struct buffer questions = {.arena = &arena};
    struct arena small;
    for (int i = 0; i < CHECKS; i++) {
        buffer_append(&questions, i ? STR(",") : STR(""));
        buffer_append(&questions, question(i));
    }
    struct str asked = buffer_str(&questions);
    arena_init(&small, MEMORY);
    (void)check(asked, &small);
    arena_release(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(many_checks_are_answered_as_each_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_checks_take_the_memory_of_their_customers, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
