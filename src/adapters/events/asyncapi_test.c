#include "adapters/events/asyncapi.h"

#include "adapters/events/dead_letters.h"
#include "adapters/events/event_schemas.h"
#include "adapters/events/message_headers.h"
#include "domain/inbound.h"
#include "formats/json.h"
#include "unit.h"

enum { ARENA_BYTES = 4 * 1024 * 1024 };

struct described {
    struct arena arena;
    struct json_value *document;
};

static int describe(void **state)
{
    static struct described described;
    arena_init(&described.arena, ARENA_BYTES);
    struct str text = asyncapi_write(STR("1.2.3"), &described.arena);
    assert_int_equal(json_parse(text, &described.arena, &described.document, NULL), STATUS_OK);
    *state = &described;
    return 0;
}

static int forget(void **state)
{
    struct described *described = *state;
    arena_release(&described->arena);
    return 0;
}

static const struct json_value *message_of(const struct json_value *document, struct str name)
{
    return json_get(json_get(json_get(document, STR("components")), STR("messages")), name);
}

/* Each message has a channel of its topic, and each header of its table. */
static void check(const struct json_value *document, struct str topic, struct str message,
                  const struct message_header *headers, size_t count)
{
    const struct json_value *channel = json_get(json_get(document, STR("channels")), topic);
    const struct json_value *told =
        json_get(json_get(message_of(document, message), STR("headers")), STR("properties"));
    assert_non_null(json_get(json_get(channel, STR("messages")), message));
    assert_int_equal(told->count, count);
    for (size_t i = 0; i < count; i++)
        assert_str(json_text(json_get(json_get(told, headers[i].name), STR("description"))),
                   headers[i].meaning);
}

static void every_topic_is_described_with_its_headers(void **state)
{
    const struct described *described = *state;
    const struct json_value *document = described->document;
    for (int i = 0; i < EVENT_TYPE_COUNT; i++)
        check(document, event_types[i].topic, event_types[i].name, message_headers_event,
              EVENT_HEADER_COUNT);
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++)
        check(document, inbound_types[i].topic, inbound_types[i].name, message_headers_inbound,
              INBOUND_HEADER_COUNT);
    check(document, STR(DEAD_LETTERS_TOPIC), STR("DeadLetter"), message_headers_letter,
          LETTER_HEADER_COUNT);
    size_t topics = EVENT_TYPE_COUNT + INBOUND_TYPE_COUNT + 1;
    assert_int_equal(json_get(document, STR("channels"))->count, topics);
    assert_int_equal(json_get(document, STR("operations"))->count, topics);
}

static void every_operation_goes_to_a_channel_that_is_there(void **state)
{
    const struct described *described = *state;
    const struct json_value *channels = json_get(described->document, STR("channels"));
    const struct json_value *operations = json_get(described->document, STR("operations"));
    struct str prefix = STR("#/channels/");
    for (size_t i = 0; i < operations->count; i++) {
        struct str where = json_text(
            json_get(json_get(&operations->members[i].value, STR("channel")), STR("$ref")));
        assert_true(str_starts_with(where, prefix));
        assert_non_null(json_get(channels, str_skip(where, prefix.len)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_topic_is_described_with_its_headers),
        cmocka_unit_test(every_operation_goes_to_a_channel_that_is_there),
    };
    return cmocka_run_group_tests(tests, describe, forget);
}
