/* Schemas of senders, from a registry of the test's own (it takes the place of schema_registry.c
 * when the program is linked): whatever it has, the memory for them is bounded, and the next
 * message is read. */
#include "adapters/events/inbound_reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

enum { GOOD = 1, BAD = 2, LARGE = 1000, LARGE_BYTES = 60000 };

#define FIELDS                                                                                     \
    "{\"name\":\"eventId\",\"type\":\"string\"},{\"name\":\"tenantId\",\"type\":\"string\"},"      \
    "{\"name\":\"timestamp\",\"type\":\"long\"},{\"name\":\"customerId\",\"type\":\"string\"}"

static struct inbound_reader reader;
static struct schema_registry registry;
static struct arena arena;
static int asked;

static struct str large_schema(struct arena *out)
{
    char *doc = arena_alloc(out, LARGE_BYTES);
    assert_non_null(doc);
    memset(doc, 'd', LARGE_BYTES);
    return arena_format(
        out, "{\"type\":\"record\",\"name\":\"R\",\"doc\":\"%.*s\",\"fields\":[" FIELDS "]}",
        LARGE_BYTES, doc);
}

enum status schema_registry_fetch(const struct schema_registry *self, uint32_t id,
                                  struct arena *out, struct str *schema, struct error *error)
{
    (void)self, (void)error;
    asked++;
    *schema = STR("{\"type\":\"record\",\"name\":\"R\",\"fields\":[" FIELDS "]}");
    if (id == BAD)
        *schema = STR("{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":"
                      "\"other.Ref\"}]}");
    if (id >= LARGE) *schema = large_schema(out);
    return STATUS_OK;
}

enum status schema_registry_register(const struct schema_registry *self, struct str topic,
                                     struct str schema, struct arena *out, uint32_t *id,
                                     struct error *error)
{
    (void)self, (void)topic, (void)schema, (void)out, (void)id;
    return error_plain(error, STATUS_INTERNAL);
}

enum status schema_registry_check(const struct schema_registry *self, struct arena *out,
                                  struct error *error)
{
    (void)self, (void)out;
    return error_plain(error, STATUS_INTERNAL);
}

/* A block of customer C, of that schema. */
static enum status read_with(uint32_t id, instant now, bool *refused)
{
    char value[] = "\0\0\0\0\0\4e1\4t1\2\2C";
    struct inbound_event event;
    struct error why;
    value[3] = (char)(id >> 8);
    value[4] = (char)id;
    arena_reset(&arena);
    return inbound_reader_read(&reader, INBOUND_CUSTOMER_BLOCKED, str_of(value, sizeof(value) - 1),
                               now, &arena, &event, refused, &why);
}

static int set_up(void **state)
{
    (void)state;
    asked = 0;
    arena_init(&arena, 1 << 20);
    return inbound_reader_init(&reader, &registry, NULL) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    inbound_reader_release(&reader);
    arena_release(&arena);
    return 0;
}

static void a_schema_that_does_not_parse_costs_nothing_but_its_messages(void **state)
{
    const instant now = INSTANT_SECOND;
    bool refused;
    (void)state;
    assert_int_equal(read_with(GOOD, now, &refused), STATUS_OK);
    size_t used = reader.arena.used_bytes;
    for (int i = 0; i < 5000; i++) {
        assert_int_not_equal(read_with(BAD, now, &refused), STATUS_OK);
        assert_true(refused);
    }
    assert_int_equal(reader.arena.used_bytes, used);
    assert_int_equal(asked, 2);
    assert_int_not_equal(read_with(BAD, now + 61 * INSTANT_SECOND, &refused), STATUS_OK);
    assert_int_equal(asked, 3);
    assert_int_equal(read_with(GOOD, now, &refused), STATUS_OK);
    assert_int_equal(asked, 3);
}

static void more_schemas_than_there_is_memory_for_are_all_read_by(void **state)
{
    bool refused;
    (void)state;
    for (uint32_t id = LARGE; id < LARGE + INBOUND_SCHEMAS_MAX + 100; id++) {
        if (read_with(id, INSTANT_SECOND, &refused) != STATUS_OK) fail_msg("schema %u", id);
    }
    assert_int_equal(read_with(GOOD, INSTANT_SECOND, &refused), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_schema_that_does_not_parse_costs_nothing_but_its_messages,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_schemas_than_there_is_memory_for_are_all_read_by,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
