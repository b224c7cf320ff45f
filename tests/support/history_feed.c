/* The law of the feed and of the past: see history_laws.h. */
#include <time.h>

#include "application/get_customer.h"
#include "application/read_events.h"
#include "history_worlds.h"

/* What somebody who only follows events believes of each customer: a document, or nothing while it
 * is merged. */
struct replica {
    struct str documents[HISTORY_CUSTOMERS_MAX];
    int64_t position;
};

static struct str current(struct history_world *world, size_t customer)
{
    struct str document = STR_NONE;
    instant at;
    return history_document(world, customer, &document, &at) == STATUS_OK ? document : STR_NONE;
}

static bool read_again(struct history_world *world, struct property *property,
                       struct replica *replica, struct str id, size_t customers)
{
    int64_t index;
    if (str_is_none(id)) return true;
    PROPERTY_REQUIRE(property, str_to_int64(str_skip(id, 1), &index) && (size_t)index < customers,
                     "an event names %.*s", STR_ARGS(id));
    replica->documents[index] = arena_str(property->arena, current(world, (size_t)index));
    return true;
}

static bool follow(struct history_world *world, struct property *property, struct replica *replica,
                   size_t customers)
{
    static const struct str named[] = {STR("customerId"), STR("targetCustomerId"),
                                       STR("sourceCustomerId")};
    struct event *events;
    struct error error;
    size_t count;
    PROPERTY_REQUIRE(property,
                     read_events(&world->application, &world->caller, replica->position, 500,
                                 &world->arena, &events, &count, &error) == STATUS_OK,
                     "the feed cannot be read");
    for (size_t i = 0; i < count; i++) {
        struct json_value *payload;
        PROPERTY_REQUIRE(property, events[i].position > replica->position, "positions do not grow");
        replica->position = events[i].position;
        PROPERTY_REQUIRE(property,
                         json_parse(events[i].payload, &world->arena, &payload, NULL) == STATUS_OK,
                         "a payload is no JSON");
        if (!read_again(world, property, replica, events[i].aggregate_id, customers)) return false;
        for (size_t n = 0; n < 3; n++)
            if (!read_again(world, property, replica, json_text(json_get(payload, named[n])),
                            customers))
                return false;
    }
    return true;
}

static bool is_equal(struct history_world *world, const struct replica *replica, size_t customers)
{
    for (size_t c = 0; c < customers; c++)
        if (!str_equal(current(world, c), replica->documents[c])) return false;
    return true;
}

/* A store may number events a little after their commit: then the replica gets a second for it. */
static bool catch_up(struct history_world *world, struct property *property,
                     struct replica *replica, size_t customers)
{
    static const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 200; i++) {
        arena_reset(&world->arena);
        if (!follow(world, property, replica, customers)) return false;
        if (is_equal(world, replica, customers)) return true;
        (void)nanosleep(&pause, NULL);
    }
    for (size_t c = 0; c < customers; c++) {
        struct str document = current(world, c);
        PROPERTY_REQUIRE(property, str_equal(document, replica->documents[c]),
                         "the replica has another C%zu:\n%.*s\n%.*s", c, STR_ARGS(document),
                         STR_ARGS(replica->documents[c]));
    }
    return true;
}

/* All documents as they were acknowledged, with their times. */
struct past {
    struct str document;
    size_t customer;
    instant at;
};

static void remember(struct history_world *world, struct property *property, struct past *past,
                     size_t *count, size_t customers)
{
    for (size_t c = 0; c < customers; c++) {
        struct str document;
        instant at;
        if (history_document(world, c, &document, &at) != STATUS_OK) continue;
        size_t i = 0;
        while (i < *count && (past[i].customer != c || past[i].at != at)) i++;
        if (i < *count) continue;
        past[(*count)++] = (struct past){arena_str(property->arena, document), c, at};
    }
}

static bool check_past(struct history_world *world, struct property *property,
                       const struct past *past, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct customer_document then = {0};
        struct error error;
        arena_reset(&world->arena);
        struct str id = arena_format(&world->arena, "C%zu", past[i].customer);
        enum status status = get_customer_as_of(&world->application, &world->caller, id, past[i].at,
                                                &world->arena, &then, &error);
        struct str code = status_code(status);
        PROPERTY_REQUIRE(property,
                         status == STATUS_OK && str_equal(then.document, past[i].document),
                         "C%zu as of a past version is %.*s\n%.*s\nbut was\n%.*s", past[i].customer,
                         STR_ARGS(code), STR_ARGS(then.document), STR_ARGS(past[i].document));
    }
    return true;
}

static bool feed_case(struct history_world *world, struct property *property, size_t steps)
{
    struct history history;
    struct history_options options = {.steps = steps, .merges = true};
    struct replica replica = {0};
    struct past *past = ARENA_NEW_ARRAY(property->arena, struct past,
                                        (HISTORY_STEPS_MAX + 1) * HISTORY_CUSTOMERS_MAX);
    size_t past_count = 0;
    world->clock_stands = property_chance(property, 30);
    history_draw(property, &history, &options);
    if (!history_worlds_create(world, property, history.customer_count)) return false;
    remember(world, property, past, &past_count, history.customer_count);
    for (size_t i = 0; i < history.count; i++) {
        struct history_effect effect;
        if (!history_take(world, property, &history.steps[i], &effect)) return false;
        remember(world, property, past, &past_count, history.customer_count);
        if (i % 4 == 3 && !follow(world, property, &replica, history.customer_count)) return false;
    }
    if (!catch_up(world, property, &replica, history.customer_count)) return false;
    return check_past(world, property, past, past_count);
}

bool history_laws_feed_and_past(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = feed_case(&worlds.first, property, laws->steps);
    history_worlds_close(&worlds);
    return held;
}
