#include "service/sample.h"

#include <string.h>

#include "adapters/memory/memory_store.h"
#include "application/create_customer.h"
#include "application/erase_customer.h"
#include "application/get_customer.h"
#include "application_fixture.h"
#include "domain/profile.h"
#include "service/sample_records.h"
#include "unit.h"

static struct arena arena;
static struct error error;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 64 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

static void every_record_is_a_valid_customer_and_always_the_same(void **state)
{
    (void)state;
    for (int i = 0; i < SAMPLE_RECORDS; i++) {
        struct sample_record record, again;
        struct json_value *body;
        struct profile_input input;
        arena_reset(&arena);
        assert_true(sample_record_make(i, &arena, &record));
        assert_true(sample_record_make(i, &arena, &again));
        assert_true(str_equal(record.body, again.body));
        assert_int_equal(json_parse(record.body, &arena, &body, &error), STATUS_OK);
        if (profile_parse_create(body, &arena, &input, &error) != STATUS_OK)
            fail_msg("record %d: %s: %s", i, error.field, error.message);
        assert_int_equal(record.original >= 0, i >= SAMPLE_ORIGINALS);
        assert_true(record.original < SAMPLE_ORIGINALS);
    }
}

static void it_is_loaded_once_and_never_over_data(void **state)
{
    (void)state;
    _Atomic bool stop = false;
    int64_t loaded;
    struct application application = application_fixture(environment_system());
    assert_int_equal(memory_store_new(512 << 20, &application.store), STATUS_OK);
    assert_int_equal(sample_load(&application, &stop, &loaded, &error), STATUS_OK);
    assert_int_equal(loaded, SAMPLE_RECORDS);
    assert_int_equal(sample_load(&application, &stop, &loaded, &error), STATUS_OK);
    assert_int_equal(loaded, 0);

    struct caller caller = {.tenant = STR("default"), .user_id = STR("test")};
    struct customer_document document;
    assert_int_equal(
        get_customer(&application, &caller, STR("CUST-1003"), &arena, &document, &error),
        STATUS_OK);
    /* The first duplicate was merged. */
    assert_int_equal(
        get_customer(&application, &caller, STR("CUST-1865"), &arena, &document, &error),
        STATUS_CUSTOMER_MERGED);
    memory_store_free(application.store);
}

static void it_is_not_loaded_where_there_were_customers(void **state)
{
    (void)state;
    _Atomic bool stop = false;
    int64_t loaded;
    struct customer_document document;
    struct json_value *body;
    struct str out;
    struct caller caller = {.tenant = STR("default"), .user_id = STR("test")};
    const struct erase_request request = {.customer_id = STR("A")};
    struct application application = application_fixture(environment_system());
    assert_int_equal(memory_store_new(64 << 20, &application.store), STATUS_OK);
    assert_int_equal(
        json_parse(STR("{\"customerId\":\"A\",\"name\":\"A\"}"), &arena, &body, &error), STATUS_OK);
    assert_int_equal(
        create_customer(&application, &caller, body, ON_DUPLICATE_ALLOW, &arena, &document, &error),
        STATUS_OK);
    assert_int_equal(erase_customer(&application, &caller, &request, &arena, &out, &error),
                     STATUS_OK);
    assert_int_equal(sample_load(&application, &stop, &loaded, &error), STATUS_OK);
    assert_int_equal(loaded, 0);
    memory_store_free(application.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_record_is_a_valid_customer_and_always_the_same),
        cmocka_unit_test(it_is_loaded_once_and_never_over_data),
        cmocka_unit_test(it_is_not_loaded_where_there_were_customers),
    };
    return cmocka_run_group_tests_name("sample", tests, setup, teardown);
}
