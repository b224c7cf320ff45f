/* The consumer, one round after the other, over a broker of the test's own (it takes the place of
 * engines/kafka when the program is linked) and a store that may be away. Whatever fails, and
 * whenever partitions are taken away or the process dies:
 *
 *   each message has its effect once, or is a dead letter once, and nothing is skipped;
 *   messages of one topic, tenant and key have theirs in order, and none behind a letter of theirs;
 *   what one tenant sends never parks what another does;
 *   no round is taken but for a message that came or is due.
 */
#include "adapters/events/consumer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/events/dead_letters.h"
#include "application/consume_events.h"
#include "application/create_customer.h"
#include "application_fixture.h"
#include "faulty_store.h"
#include "property.h"
#include "unit.h"

enum {
    TENANTS = 2,
    CUSTOMERS = 3, /* of each tenant: there from the beginning, coming later, never there */
    TOPICS = 2,
    PARTITIONS = 2,
    SENT_MAX = 120,
    ACTIONS_MAX = 60,
    BATCH = 4,
    ROUNDS_MAX = 4000,
    RETRY_MS = 3000,
};

enum kind { GOOD, REFUSED, UNREADABLE, KINDS };

struct sent {
    enum kind kind;
    int topic, partition, tenant, customer;
    int key; /* a number of a customer; -1: none */
    int64_t offset;
    char key_text[8], value[400];
    bool in_topic; /* of dead letters */
};

static const struct str topic_names[TOPICS] = {STR("orders"), STR("contracts")};
static const struct str tenant_names[TENANTS] = {STR("t1"), STR("t2")};
static const enum inbound_type types[TOPICS] = {INBOUND_SERVICE_ORDER_CREATED,
                                                INBOUND_CONTRACT_ACTIVATED};

/* --- the world --- */

static struct world {
    struct property *p;
    struct environment_fixed clock;
    struct application application;
    struct consumer *consumer;
    struct sent sent[SENT_MAX];
    size_t count;
    int64_t ends[TOPICS][PARTITIONS], positions[TOPICS][PARTITIONS], committed[TOPICS][PARTITIONS];
    bool is_there[TENANTS][CUSTOMERS];
    /* The broker. */
    struct kafka_group group;
    bool is_open, is_deaf, is_revoking;
    int letters_fail;
    enum status letters_status;
    bool is_excused; /* letters were refused by their topic */
    int64_t hot, retried;
    const char *broken;
} world;

static struct arena arena, checks;

static void advance(int64_t milliseconds)
{
    world.clock.time += milliseconds * (INSTANT_SECOND / 1000);
}

/* --- what the store has --- */

struct effects {
    struct str home;
    enum fact_kind kind;
    struct fact *facts;
    size_t count;
};

static enum status read_effects(struct store_session *session, void *context, struct error *error)
{
    struct effects *effects = context;
    return store_history_of(session, effects->home, effects->kind, NULL, SENT_MAX, &checks,
                            &effects->facts, &effects->count, error);
}

static struct effects effects_of(int topic, int tenant, int customer)
{
    char name[4];
    struct error error;
    (void)snprintf(name, sizeof(name), "C%d", customer);
    struct effects effects = {.home = str_from_cstr(name),
                              .kind = topic == 0 ? FACT_SERVICE_ORDER : FACT_CONTRACT};
    struct store *inner = ((struct faulty_store *)world.application.store)->inner;
    assert_int_equal(
        store_read(inner, tenant_names[tenant], &checks, read_effects, &effects, &error),
        STATUS_OK);
    return effects;
}

/* The number of the message that an effect is of. */
static size_t number_of(const struct effects *effects, size_t i)
{
    int64_t number = -1;
    struct str name = effects->kind == FACT_CONTRACT ? STR("planId") : STR("priority");
    assert_true(str_to_int64(json_text(json_get(effects->facts[i].body, name)), &number));
    return (size_t)number;
}

static int count_effects(size_t number)
{
    const struct sent *sent = &world.sent[number];
    struct effects effects = effects_of(sent->topic, sent->tenant, sent->customer);
    int count = 0;
    for (size_t i = 0; i < effects.count; i++) count += number_of(&effects, i) == number;
    return count;
}

static bool find_letter(const struct sent *sent, struct dead_letter *letter)
{
    const struct dead_letter before = {.topic = topic_names[sent->topic],
                                       .partition = sent->partition,
                                       .offset = sent->offset - 1};
    struct dead_letter *found;
    struct error error;
    size_t count;
    assert_int_equal(store_dead_letter_list(world.application.store, &before, 1, &checks, &found,
                                            &count, &error),
                     STATUS_OK);
    if (count == 0 || !str_equal(found->topic, before.topic) ||
        found->partition != sent->partition || found->offset != sent->offset)
        return false;
    *letter = *found;
    return true;
}

/* --- the broker --- */

static void check_committed(int topic, int partition, int64_t from, int64_t to)
{
    struct dead_letter letter;
    for (size_t i = 0; i < world.count; i++) {
        const struct sent *sent = &world.sent[i];
        if (sent->topic != topic || sent->partition != partition || sent->offset < from ||
            sent->offset >= to)
            continue;
        if (count_effects(i) == 0 && !find_letter(sent, &letter)) world.broken = "one was skipped";
    }
    arena_reset(&checks);
}

static int topic_of(struct str name)
{
    return str_equal(name, topic_names[0]) ? 0 : 1;
}

enum status kafka_topics_ensure(const struct kafka_options *options,
                                const struct kafka_topics *topics, struct error *error)
{
    (void)options, (void)topics, (void)error;
    return STATUS_OK;
}

enum status kafka_consumer_open(const struct kafka_options *options,
                                const struct kafka_group *group, struct kafka_consumer **consumer,
                                struct error *error)
{
    (void)options, (void)error;
    world.group = *group;
    world.is_open = true;
    world.is_deaf = false;
    memcpy(world.positions, world.committed, sizeof(world.positions));
    *consumer = (struct kafka_consumer *)&world;
    return STATUS_OK;
}

void kafka_consumer_free(struct kafka_consumer *self)
{
    if (self) world.group.revoked(world.group.argument);
    world.is_open = false;
}

static bool next_message(struct kafka_message *message)
{
    for (size_t i = 0; i < world.count; i++) {
        struct sent *sent = &world.sent[i];
        if (sent->offset != world.positions[sent->topic][sent->partition]) continue;
        world.positions[sent->topic][sent->partition]++;
        *message = (struct kafka_message){
            .topic = topic_names[sent->topic],
            .partition = sent->partition,
            .offset = sent->offset,
            .key = sent->key < 0 ? STR_NONE : str_from_cstr(sent->key_text),
            .value = str_from_cstr(sent->value),
        };
        return true;
    }
    return false;
}

enum status kafka_consumer_poll(struct kafka_consumer *self, size_t max, int64_t wait_ms,
                                struct kafka_message **messages, size_t *count, struct error *error)
{
    static struct kafka_message held[BATCH];
    (void)self, (void)error;
    *count = 0;
    if (world.is_revoking) {
        world.group.revoked(world.group.argument);
        memcpy(world.positions, world.committed, sizeof(world.positions));
        world.is_revoking = false;
    }
    while (*count < max && *count < BATCH && next_message(&held[*count])) (*count)++;
    if (*count == 0) world.hot += wait_ms == 0;
    advance(*count == 0 ? wait_ms : 1);
    *messages = held;
    return STATUS_OK;
}

struct str kafka_message_header(const struct kafka_message *message, const char *name)
{
    (void)message, (void)name;
    return STR_NONE;
}

void kafka_consumer_commit(struct kafka_consumer *self, const struct kafka_offset *offsets,
                           size_t count, bool wait)
{
    (void)self, (void)wait;
    for (size_t i = 0; i < count && !world.is_deaf; i++) {
        int topic = topic_of(offsets[i].topic);
        int64_t *at = &world.committed[topic][offsets[i].partition];
        check_committed(topic, offsets[i].partition, *at, offsets[i].offset);
        *at = offsets[i].offset;
    }
}

int64_t kafka_consumer_lag(const struct kafka_consumer *self)
{
    (void)self;
    return 0;
}

int64_t kafka_consumer_assigned(const struct kafka_consumer *self)
{
    (void)self;
    return TOPICS * PARTITIONS;
}

enum status kafka_producer_open(const struct kafka_options *options, struct str transactional_id,
                                struct kafka_producer **producer, struct error *error)
{
    (void)options, (void)transactional_id, (void)error;
    *producer = (struct kafka_producer *)&world;
    return STATUS_OK;
}

void kafka_producer_free(struct kafka_producer *producer)
{
    (void)producer;
}

static int64_t header(const struct kafka_record *record, const char *name)
{
    int64_t number = -1;
    for (size_t i = 0; i < record->header_count; i++)
        if (str_equal(record->headers[i].name, str_from_cstr(name)))
            (void)str_to_int64(record->headers[i].value, &number);
    return number;
}

enum status kafka_producer_send(struct kafka_producer *producer, const struct kafka_record *record,
                                struct error *error)
{
    (void)producer, (void)error;
    for (size_t i = 0; i < world.count; i++) {
        struct sent *sent = &world.sent[i];
        if (str_equal(topic_names[sent->topic], record->headers[0].value) &&
            sent->partition == header(record, "dead_letter_partition") &&
            sent->offset == header(record, "dead_letter_offset"))
            sent->in_topic = true;
    }
    return STATUS_OK;
}

enum status kafka_producer_commit(struct kafka_producer *producer, struct error *error)
{
    (void)producer;
    if (world.letters_fail == 0) return STATUS_OK;
    world.letters_fail--;
    world.is_excused |= world.letters_status == STATUS_CONFIGURATION;
    return error_plain(error, world.letters_status);
}

/* --- what happens --- */

static void create(int tenant, int customer)
{
    struct customer_document document;
    struct json_value *json;
    struct error error;
    char body[64];
    const struct caller caller = {.tenant = tenant_names[tenant], .user_id = STR("u")};
    struct application direct = world.application;
    direct.store = ((struct faulty_store *)world.application.store)->inner;
    (void)snprintf(body, sizeof(body), "{\"customerId\":\"C%d\",\"name\":\"Customer %d\"}",
                   customer, customer);
    assert_int_equal(json_parse(str_from_cstr(body), &checks, &json, &error), STATUS_OK);
    assert_int_equal(
        create_customer(&direct, &caller, json, ON_DUPLICATE_ALLOW, &checks, &document, &error),
        STATUS_OK);
    arena_reset(&checks);
    world.is_there[tenant][customer] = true;
}

static void write_value(struct sent *sent, size_t number)
{
    static const char *const members[TOPICS] = {"serviceOrderId", "contractId"};
    static const char *const marks[TOPICS] = {"priority", "planId"};
    if (sent->kind == UNREADABLE)
        (void)snprintf(sent->value, sizeof(sent->value), "x%zu", number);
    else
        (void)snprintf(sent->value, sizeof(sent->value),
                       "{\"eventId\":\"e%zu\",\"tenantId\":\"%.*s\",\"timestamp\":1000,"
                       "\"customerId\":\"C%d\",\"%s\":%s,\"%s\":\"%zu\"}",
                       number, STR_ARGS(tenant_names[sent->tenant]), sent->customer,
                       members[sent->topic], sent->kind == REFUSED ? "[]" : "\"1\"",
                       marks[sent->topic], number);
}

static void send_one(void)
{
    struct sent *sent = &world.sent[world.count];
    *sent = (struct sent){.topic = (int)property_choice(world.p, TOPICS),
                          .tenant = (int)property_choice(world.p, TENANTS),
                          .customer = (int)property_choice(world.p, CUSTOMERS)};
    sent->kind = property_chance(world.p, 12) ? REFUSED : GOOD;
    if (property_chance(world.p, 3)) sent->kind = UNREADABLE;
    sent->key =
        property_chance(world.p, 25) ? (int)property_choice(world.p, CUSTOMERS) : sent->customer;
    if (property_chance(world.p, 10)) sent->key = -1;
    sent->partition = sent->key < 0 ? 0 : sent->key % PARTITIONS;
    sent->offset = world.ends[sent->topic][sent->partition]++;
    (void)snprintf(sent->key_text, sizeof(sent->key_text), "C%d", sent->key);
    write_value(sent, world.count);
    property_note(world.p, "send %zu: topic %d partition %d offset %d key %d, %s", world.count,
                  sent->topic, sent->partition, (int)sent->offset, sent->key, sent->value);
    world.count++;
}

static void open_consumer(void)
{
    struct error error;
    struct consumer_options options = {.application = &world.application,
                                       .group = STR("g"),
                                       .dead_letters = STR("dead"),
                                       .retry_ms = RETRY_MS};
    for (int i = 0; i < TOPICS; i++) options.topics[types[i]] = topic_names[i];
    assert_int_equal(consumer_new(&options, &world.consumer, &error), STATUS_OK);
    world.consumer->batch = BATCH;
}

/* Without a word to the broker. */
static void die(void)
{
    world.retried += world.consumer->counters[COUNT_RETRIED];
    world.is_deaf = true;
    if (world.is_open) kafka_consumer_free(world.consumer->kafka);
    consumer_free(world.consumer);
}

static void step(void)
{
    advance(consumer_step(world.consumer));
}

enum action { SEND, ROUNDS, COME, REVOKE, DIE, AWAY, LETTERS_FAIL, LETTERS_REFUSED, DEAF, ACTIONS };

static void act(void)
{
    struct property *p = world.p;
    enum action action = (enum action)property_choice(p, ACTIONS);
    int number = (int)property_between(p, 1, 8), tenant = (int)property_choice(p, TENANTS);
    property_note(p, "action %d, %d", (int)action, number);
    switch (action) {
    case SEND:
        for (int i = 0; i < 2 * number && world.count < SENT_MAX; i++) send_one();
        break;
    case ROUNDS:
        for (int i = 0; i < 3 * number; i++) step();
        break;
    case COME:
        if (!world.is_there[tenant][1]) create(tenant, 1);
        break;
    case REVOKE:
        world.is_revoking = true;
        break;
    case DIE:
        die();
        open_consumer();
        break;
    case AWAY:
        faulty_store_go_away((struct faulty_store *)world.application.store, number, number);
        break;
    case LETTERS_FAIL:
    case LETTERS_REFUSED:
        world.letters_fail = number;
        world.letters_status = action == LETTERS_FAIL ? STATUS_UNAVAILABLE : STATUS_CONFIGURATION;
        break;
    case DEAF: /* dies when it fails next, or is closed */
    default:
        world.is_deaf = true;
    }
}

static bool is_quiet(void)
{
    return world.is_open && world.consumer->waiting.count == 0 &&
           memcmp(world.positions, world.ends, sizeof(world.ends)) == 0 && !world.is_revoking;
}

static bool come_to_rest(void)
{
    faulty_store_go_away((struct faulty_store *)world.application.store, 0, 0);
    world.letters_fail = 0;
    for (int i = 0; i < ROUNDS_MAX; i++) {
        if (is_quiet() && world.consumer->failing == STATUS_OK) return true;
        step();
    }
    return false;
}

/* --- the laws --- */

static bool is_behind(const struct sent *before, const struct sent *behind)
{
    return before->topic == behind->topic && before->key >= 0 && before->key == behind->key &&
           before->offset < behind->offset &&
           (before->kind == UNREADABLE || before->tenant == behind->tenant);
}

static bool has_letter_before(const struct sent *sent)
{
    struct dead_letter letter;
    for (size_t i = 0; i < world.count; i++)
        if (is_behind(&world.sent[i], sent) && find_letter(&world.sent[i], &letter)) return true;
    return false;
}

static bool check_letter(size_t number, const struct dead_letter *letter)
{
    const struct sent *sent = &world.sent[number];
    bool is_parked = str_equal(letter->code, DEAD_LETTERS_BEHIND);
    bool is_unknown = str_equal(letter->code, status_code(STATUS_CUSTOMER_NOT_FOUND));
    if (is_parked)
        PROPERTY_REQUIRE(world.p, has_letter_before(sent), "%zu is parked behind nothing", number);
    else if (sent->kind == GOOD)
        PROPERTY_REQUIRE(world.p, is_unknown && sent->customer != 0, "%zu was good: %.*s", number,
                         STR_ARGS(letter->code));
    PROPERTY_REQUIRE(world.p, sent->in_topic || world.is_excused, "%zu is in no topic", number);
    return true;
}

static bool check_fate(size_t number)
{
    const struct sent *sent = &world.sent[number];
    struct dead_letter letter;
    int effects = count_effects(number);
    bool is_dead = find_letter(sent, &letter);
    PROPERTY_REQUIRE(world.p, effects + is_dead == 1, "%zu has %d effects and %d letters", number,
                     effects, is_dead);
    PROPERTY_REQUIRE(world.p, sent->kind == GOOD || is_dead, "%zu is taken", number);
    if (is_dead) return check_letter(number, &letter);
    PROPERTY_REQUIRE(world.p, !has_letter_before(sent), "%zu passed a letter of its key", number);
    return true;
}

static bool check_order(struct effects effects)
{
    for (size_t i = 0; i < effects.count; i++)
        for (size_t j = 0; j < i; j++) {
            const struct sent *first = &world.sent[number_of(&effects, j)];
            const struct sent *then = &world.sent[number_of(&effects, i)];
            PROPERTY_REQUIRE(world.p, !is_behind(then, first), "%zu came before %zu",
                             number_of(&effects, j), number_of(&effects, i));
        }
    return true;
}

static bool check_laws(void)
{
    PROPERTY_REQUIRE(world.p, !world.broken, "%s", world.broken);
    for (size_t i = 0; i < world.count; i++)
        if (!check_fate(i)) return false;
    for (int topic = 0; topic < TOPICS; topic++)
        for (int tenant = 0; tenant < TENANTS; tenant++)
            for (int customer = 0; customer < CUSTOMERS; customer++)
                if (!check_order(effects_of(topic, tenant, customer))) return false;
    PROPERTY_REQUIRE(world.p, world.hot <= world.retried,
                     "%d rounds for nothing, of %d messages that were due", (int)world.hot,
                     (int)world.retried);
    return true;
}

static bool laws_hold(struct property *p, void *context)
{
    bool rests, holds;
    (void)context;
    world = (struct world){.p = p};
    environment_fixed_init(&world.clock, INSTANT_SECOND * 1000000, 1, 7);
    if (application_fixture_open(&world.application, &world.clock.base, &arena) != 0) return false;
    for (int tenant = 0; tenant < TENANTS; tenant++) create(tenant, 0);
    open_consumer();
    for (size_t done = 0; property_more(p, done, 25, ACTIONS_MAX); done++) act();
    rests = come_to_rest();
    world.retried += world.consumer->counters[COUNT_RETRIED];
    holds = rests ? check_laws() : property_fail(p, "it does not come to rest");
    world.is_deaf = true;
    if (world.is_open) kafka_consumer_free(world.consumer->kafka);
    consumer_free(world.consumer);
    arena_reset(&checks);
    (void)application_fixture_close(&world.application, &arena);
    return holds;
}

static void each_message_has_its_effect_or_is_put_aside_once_and_in_order(void **state)
{
    (void)state;
    property_check("consuming keeps its laws", laws_hold, NULL, 300);
}

/* --- bounds --- */

static int open_world(void **state)
{
    (void)state;
    world = (struct world){0};
    environment_fixed_init(&world.clock, INSTANT_SECOND * 1000000, 1, 7);
    if (application_fixture_open(&world.application, &world.clock.base, &arena) != 0) return -1;
    open_consumer();
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    die();
    arena_reset(&checks);
    return application_fixture_close(&world.application, &arena);
}

static void what_waits_is_put_aside_in_time_though_partitions_come_and_go(void **state)
{
    struct sent *sent = &world.sent[0];
    struct dead_letter letter;
    instant until = world.clock.time + (RETRY_MS + 1000) * (INSTANT_SECOND / 1000);
    (void)state;
    *sent = (struct sent){.customer = 1, .key = 1, .key_text = "C1"};
    write_value(sent, world.count++);
    world.ends[0][0] = 1;
    while (world.clock.time < until) {
        step();
        world.is_revoking = true;
    }
    assert_true(find_letter(sent, &letter));
}

static void nobody_joins_the_group_while_the_store_is_away(void **state)
{
    struct faulty_store *store = (struct faulty_store *)world.application.store;
    (void)state;
    faulty_store_fail(store, STATUS_UNAVAILABLE, STATUS_UNAVAILABLE);
    for (int i = 0; i < 20; i++) step();
    assert_false(world.is_open);
    faulty_store_fail(store, STATUS_OK, STATUS_OK);
    step();
    assert_true(world.is_open);
}

static void a_batch_that_was_halved_grows_again(void **state)
{
    (void)state;
    world.consumer->batch = 1;
    for (int i = 0; i < 1000; i++) step();
    assert_int_equal(world.consumer->batch, CONSUME_BATCH_MAX);
}

static size_t fill(struct waiting *waiting, struct item item)
{
    size_t count = 0;
    for (; waiting_has_room(waiting, &item, (struct load){0}); count++)
        assert_true(waiting_add(waiting, &item));
    return count;
}

static void one_tenant_leaves_room_to_wait_for_others(void **state)
{
    static char text[1 << 20];
    struct waiting *waiting = calloc(1, sizeof(*waiting));
    struct item item = {.topic = STR("t"), .tenant = STR("one"), .value = STR("v")};
    (void)state;
    assert_non_null(waiting);
    assert_int_equal(fill(waiting, item), WAITING_MAX / 2);
    item.tenant = STR("two");
    assert_int_equal(fill(waiting, item), WAITING_MAX / 4);
    waiting_forget(waiting);
    item.value = str_of(text, sizeof(text));
    size_t large = fill(waiting, item);
    assert_in_range(large, 16, WAITING_BYTES_MAX / 2 / sizeof(text));
    item.tenant = STR("one");
    assert_in_range(fill(waiting, item), 8, 16);
    assert_in_range(waiting->bytes, 1, WAITING_BYTES_MAX);
    waiting_release(waiting);
    free(waiting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_message_has_its_effect_or_is_put_aside_once_and_in_order),
        cmocka_unit_test_setup_teardown(
            what_waits_is_put_aside_in_time_though_partitions_come_and_go, open_world, close_world),
        cmocka_unit_test_setup_teardown(nobody_joins_the_group_while_the_store_is_away, open_world,
                                        close_world),
        cmocka_unit_test_setup_teardown(a_batch_that_was_halved_grows_again, open_world,
                                        close_world),
        cmocka_unit_test(one_tenant_leaves_room_to_wait_for_others),
    };
    arena_init(&checks, 64 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_release(&checks);
    return failed;
}
