/* What is sent when, and what is written down: without a network, with a clock that is told. */
#include "adapters/webhooks/lane.h"

#include <stdio.h>

#include "property.h"
#include "unit.h"

#define SECOND INSTANT_SECOND

static const struct lane_rules rules = {.window = 100,
                                        .held_max = 50,
                                        .concurrency = 8,
                                        .retry_first_ms = 5000,
                                        .slow_ms = 2000,
                                        .disable_failures = 10,
                                        .disable_after_ms = INT64_C(5) * 86400 * 1000};
static const struct lane_result good = {.reason = WEBHOOK_ANSWERED, .http_status = 204};
static const struct lane_result bad = {.reason = WEBHOOK_ANSWERED, .http_status = 500};

static struct lane *new_lane(void)
{
    const struct webhook_row row = {
        .tenant = STR("t1"),
        .webhook_id = STR("WHK-1"),
        .event_types = STR(""),
        .progress = {.failing_since = INSTANT_NONE, .delivered_at = INSTANT_NONE}};
    struct lane *lane = lane_new(&row, &rules);
    assert_non_null(lane);
    return lane;
}

static void add(struct lane *lane, int64_t position, const char *customer)
{
    const struct lane_event event = {.position = position,
                                     .type_bit = 1,
                                     .event_id = STR("evt-1"),
                                     .customer_id = str_from_cstr(customer),
                                     .body = STR("{}")};
    assert_true(lane_add(lane, &event, 0));
    lane->read_position = position;
}

static void add_some(struct lane *lane, int64_t count)
{
    static const char *const customers[] = {"C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8"};
    for (int64_t i = 0; i < count; i++) add(lane, i + 1, customers[i]);
}

/* The next one fails, whenever it is tried; the time of that. */
static instant fail_next(struct lane *lane, instant now)
{
    if (lane_due_at(lane) > now) now = lane_due_at(lane);
    struct lane_item *item = lane_next(lane, now);
    assert_non_null(item);
    lane_settle(lane, item, &bad, now, 1000);
    return now;
}

static int64_t next_position(struct lane *lane, instant now, struct lane_item **item)
{
    *item = lane_next(lane, now);
    return *item ? (*item)->position : -1;
}

static void a_customer_has_one_under_way_and_in_order(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *a1, *b2, *other;
    (void)state;
    add(lane, 1, "A");
    add(lane, 2, "B");
    add(lane, 3, "A");
    assert_int_equal(next_position(lane, 0, &a1), 1);
    assert_int_equal(next_position(lane, 0, &b2), 2);
    assert_int_equal(next_position(lane, 0, &other), -1);
    assert_int_equal(lane_position(lane), 0);
    lane_settle(lane, b2, &good, 0, 0);
    assert_int_equal(next_position(lane, 0, &other), -1);
    assert_int_equal(lane_position(lane), 0); /* 1 is under way */
    lane_settle(lane, a1, &good, 0, 0);
    assert_int_equal(next_position(lane, 0, &other), 3);
    assert_int_equal(lane_position(lane), 2);
    lane_settle(lane, other, &good, 0, 0);
    assert_int_equal(lane_position(lane), 3);
    assert_int_equal(lane->log_count, 3);
    lane_free(lane);
}

static void a_failure_holds_back_its_customer_alone(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *a1, *item;
    (void)state;
    add(lane, 1, "A");
    add(lane, 2, "B");
    add(lane, 3, "A");
    assert_int_equal(next_position(lane, 0, &a1), 1);
    lane_settle(lane, a1, &bad, 0, 1000);
    assert_int_equal(next_position(lane, 0, &item), 2);
    lane_settle(lane, item, &good, 0, 0);
    assert_int_equal(next_position(lane, SECOND, &item), -1);
    assert_int_equal(lane_due_at(lane), 5 * SECOND);
    lane_hold(lane, SECOND);
    assert_int_equal(lane_position(lane), 2); /* 3 may still be sent soon */
    assert_int_equal(lane->held_count, 1);
    lane_hold(lane, 2 * SECOND);
    assert_int_equal(lane_position(lane), 3);
    assert_int_equal(lane->held_count, 2);
    assert_int_equal(next_position(lane, 5 * SECOND, &item), 1);
    lane_settle(lane, item, &good, 5 * SECOND, 0);
    assert_int_equal(lane->gone_count, 1);
    assert_int_equal(next_position(lane, 5 * SECOND, &item), 3);
    lane_free(lane);
}

static void when_everything_fails_one_tries_for_all(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *items[8], *item;
    (void)state;
    add_some(lane, 8);
    for (size_t i = 0; i < 8; i++) assert_non_null(items[i] = lane_next(lane, 0));
    for (size_t i = 0; i < 8; i++) lane_settle(lane, items[i], &bad, 0, 1000);
    assert_true(lane_is_failing(lane));
    assert_int_equal(lane_room(lane, 0), 0);
    assert_int_equal(lane_due_at(lane), 5 * SECOND);
    assert_non_null(item = lane_next(lane, 5 * SECOND));
    assert_null(lane_next(lane, 5 * SECOND));
    lane_settle(lane, item, &bad, 5 * SECOND, 1000);
    assert_int_equal(lane_due_at(lane), 305 * SECOND);
    assert_non_null(item = lane_next(lane, 305 * SECOND));
    lane_settle(lane, item, &good, 305 * SECOND, 0);
    assert_false(lane_is_failing(lane));
    for (size_t i = 0; i < 7; i++) assert_non_null(lane_next(lane, 305 * SECOND)); /* all at once */
    lane_free(lane);
}

static void one_that_fails_for_ever_is_given_up(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *item;
    instant now = 0;
    (void)state;
    add(lane, 1, "A");
    add(lane, 2, "A");
    for (int attempt = 1; attempt <= WEBHOOK_ATTEMPTS_MAX; attempt++) {
        struct lane_item *other;
        now = lane_due_at(lane) > now ? lane_due_at(lane) : now;
        assert_int_equal(next_position(lane, now, &item), 1);
        lane_settle(lane, item, &bad, now, 1000);
        add(lane, 100 + attempt, "B"); /* the receiver takes others */
        int64_t expected = attempt < WEBHOOK_ATTEMPTS_MAX ? 100 + attempt : 2;
        assert_int_equal(next_position(lane, now, &other), expected);
        lane_settle(lane, other, &good, now, 0);
    }
    assert_int_equal(lane->row.progress.given_up, 1);
    assert_int_equal(now / SECOND, 75 * 3600 + 35 * 60 + 5); /* as Standard Webhooks has it */
    lane_free(lane);
}

static void gone_disables_and_so_does_failing_for_long(void **state)
{
    const struct lane_result gone = {.reason = WEBHOOK_ANSWERED, .http_status = 410};
    struct lane *lane = new_lane();
    (void)state;
    add(lane, 1, "A");
    lane_settle(lane, lane_next(lane, 0), &gone, 0, 0);
    assert_true(lane->is_disabled);
    assert_int_equal(lane->cause, WEBHOOK_GONE);
    assert_null(lane_next(lane, INSTANT_FUTURE - 1));
    lane_free(lane);

    lane = new_lane();
    add_some(lane, 5);
    instant now = 0;
    for (int attempts = 0; !lane->is_disabled; attempts++) {
        now = fail_next(lane, now);
        assert_true(attempts < 30);
    }
    assert_int_equal(lane->cause, WEBHOOK_FAILING);
    assert_true(now >= 5 * INSTANT_DAY && now < 7 * INSTANT_DAY);
    assert_int_equal(lane->row.progress.given_up,
                     0); /* it goes on where it was, when it is enabled */
    lane_free(lane);
}

static void one_event_that_is_refused_stops_nobody_and_disables_nothing(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *item;
    instant now = 0;
    (void)state;
    add(lane, 1, "A");
    for (int attempt = 1; attempt <= 5; attempt++) now = fail_next(lane, now);
    assert_false(lane_is_failing(lane));
    now += 3600 * SECOND;
    assert_int_equal(lane_room(lane, now), rules.window - 1);
    add(lane, 2, "B");
    assert_int_equal(next_position(lane, now, &item), 2);
    lane_settle(lane, item, &good, now, 0);
    while (lane->count > 0) now = fail_next(lane, now);
    assert_int_equal(lane->row.progress.given_up, 1);
    assert_false(lane->is_disabled);
    lane_free(lane);
}

/* An event is given up after three days, the next one comes when five are over: its first failure
 * is not yet the end. When it is never taken, it is. */
static void two_events_that_fail_for_long_disable(void **state)
{
    struct lane *lane = new_lane();
    (void)state;
    add(lane, 1, "A");
    instant now = 0;
    while (lane->count > 0) now = fail_next(lane, now);
    assert_int_equal(lane->row.progress.given_up, 1);
    add(lane, 2, "A");
    now = 6 * INSTANT_DAY;
    for (int attempt = 1; attempt <= 5; attempt++) {
        assert_false(lane->is_disabled);
        now = fail_next(lane, now);
    }
    assert_true(lane->is_disabled);
    lane_free(lane);
}

/* However many of its events were given up, it is one customer. */
static void one_customer_alone_is_not_everything(void **state)
{
    struct lane *lane = new_lane();
    (void)state;
    lane->rules.disable_failures = INT64_MAX;
    for (int64_t position = 1; position <= 7; position++) add(lane, position, "A");
    instant now = 0;
    while (lane->count > 0) {
        assert_false(lane_is_failing(lane));
        now = fail_next(lane, now);
    }
    assert_int_equal(lane->row.progress.given_up, 7);
    assert_int_equal(lane->failing_events, 0);
    lane_free(lane);
}

/* An event that is gone says nothing of the receiver: the others are tried as before. */
static void an_erasure_does_not_end_a_failure_of_everything(void **state)
{
    const struct lane_result gone = {.reason = WEBHOOK_NOT_THERE};
    struct lane *lane = new_lane();
    (void)state;
    add_some(lane, 5);
    instant now = 0;
    for (int i = 0; i < 5; i++) now = fail_next(lane, now);
    assert_true(lane_is_failing(lane));
    now = lane_due_at(lane);
    lane_settle(lane, lane_next(lane, now), &gone, now, 0);
    assert_true(lane_is_failing(lane));
    lane_free(lane);

    lane = new_lane();
    add_some(lane, 4);
    now = 0;
    for (int i = 0; i < 4; i++) now = fail_next(lane, now);
    now = lane_due_at(lane);
    lane_settle(lane, lane_next(lane, now), &gone, now, 0);
    add(lane, 9, "C1"); /* of the same customer: that it was erased, say */
    now = fail_next(lane, now);
    assert_false(lane_is_failing(lane));
    lane_free(lane);
}

static void while_all_fails_another_customer_is_tried_each_time(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *item;
    (void)state;
    add_some(lane, 8);
    instant now = 0;
    for (int i = 0; i < 5; i++) now = fail_next(lane, now);
    assert_true(lane_is_failing(lane));
    for (int64_t position = 6; position <= 8; position++) {
        now = lane_due_at(lane);
        assert_int_equal(lane_room(lane, now), 0); /* there are some to try with */
        assert_int_equal(next_position(lane, now, &item), position);
        lane_settle(lane, item, &bad, now, 1000);
    }
    assert_int_equal(now / SECOND, 5 + 300 + 1800);
    assert_int_equal((lane_due_at(lane) - now) / SECOND, 2 * 3600);
    now += 1800 * SECOND; /* who was never tried waits for less */
    assert_int_equal(next_position(lane, now, &item), -1);
    assert_int_equal(lane_room(lane, now), rules.window - 8);
    add(lane, 9, "D");
    assert_int_equal(next_position(lane, now, &item), 9);
    lane_settle(lane, item, &good, now, 0);
    assert_false(lane_is_failing(lane));
    lane_free(lane);
}

static void retry_after_is_honoured(void **state)
{
    const struct lane_result later = {
        .reason = WEBHOOK_ANSWERED, .http_status = 500, .retry_after_s = 60};
    const struct lane_result busy = {
        .reason = WEBHOOK_ANSWERED, .http_status = 429, .retry_after_s = 30};
    struct lane *lane = new_lane();
    struct lane_item *item;
    (void)state;
    add(lane, 1, "A");
    add(lane, 2, "B");
    lane_settle(lane, lane_next(lane, 0), &later, 0, 0);
    assert_int_equal(next_position(lane, 0, &item), 2); /* that was about 1 alone */
    lane_settle(lane, item, &busy, 0, 0);
    assert_int_equal(lane_room(lane, 0), 0); /* this is about all */
    assert_int_equal(next_position(lane, 29 * SECOND, &item), -1);
    assert_int_equal(next_position(lane, 30 * SECOND, &item), 2);
    assert_int_equal(next_position(lane, 59 * SECOND, &item), -1);
    assert_int_equal(next_position(lane, 60 * SECOND, &item), 1);
    lane_free(lane);
}

static void what_is_slow_does_not_keep_the_position(void **state)
{
    struct lane *lane = new_lane();
    struct lane_item *slow, *item;
    (void)state;
    add(lane, 1, "A");
    add(lane, 2, "B");
    assert_int_equal(next_position(lane, 0, &slow), 1);
    assert_int_equal(next_position(lane, 0, &item), 2);
    lane_settle(lane, item, &good, 0, 0);
    lane_hold(lane, SECOND);
    assert_int_equal(lane_position(lane), 0);
    lane_hold(lane, 2 * SECOND);
    assert_int_equal(lane_position(lane), 2);
    lane_written(lane, 2 * SECOND);
    lane_settle(lane, slow, &good, 3 * SECOND, 0);
    assert_int_equal(lane->gone_count, 1);
    lane_free(lane);
}

static void what_waits_for_long_is_read_again(void **state)
{
    struct lane *lane = new_lane();
    (void)state;
    add(lane, 1, "A");
    add(lane, 2, "A");
    lane_settle(lane, lane_next(lane, 0), &bad, 0, 1000);
    assert_true(str_is_none(lane->first->body));
    lane_hold(lane, 9 * SECOND);
    assert_str(lane->last->body, STR("{}"));
    lane_hold(lane, 10 * SECOND);
    assert_true(str_is_none(lane->last->body));
    lane_free(lane);
}

/* --- a law: whatever fails and whenever the process ends, a receiver gets every event, those of a
 * customer in their order but for repetitions, and no more is held than may be --- */

enum { EVENTS = 200, CUSTOMERS = 7, UNDER_WAY = 8 };

static const char *const names[CUSTOMERS] = {"A", "B", "C", "D", "E", "F", "G"};

struct world {
    struct property *property;
    struct lane *lane;
    instant now;
    int64_t position; /* what the store has */
    struct webhook_held held[EVENTS];
    size_t held_count;
    int64_t failures; /* the same */
    instant failing_since;
    struct lane_item *under_way[UNDER_WAY];
    size_t under_way_count;
    int64_t last[CUSTOMERS]; /* highest delivered */
    bool delivered[EVENTS + 1];
};

static size_t customer_of(int64_t position)
{
    return (size_t)(position * 7919 % 31 % CUSTOMERS);
}

/* What is in the store into a lane of its own: as after the start of a process. */
static void load(struct world *world)
{
    struct webhook_row row = {.tenant = STR("t"),
                              .webhook_id = STR("W"),
                              .event_types = STR(""),
                              .progress = {.position = world->position,
                                           .failures = world->failures,
                                           .failing_since = world->failing_since,
                                           .delivered_at = INSTANT_NONE}};
    lane_free(world->lane);
    world->lane = lane_new(&row, &rules);
    world->under_way_count = 0;
    assert_non_null(world->lane);
    for (size_t i = 0; i < world->held_count; i++) {
        const struct webhook_held *held = &world->held[i];
        const struct lane_event event = {.position = held->position,
                                         .attempts = held->attempts,
                                         .next_at = held->next_at,
                                         .is_held = true,
                                         .event_id = STR("e"),
                                         .customer_id =
                                             str_from_cstr(names[customer_of(held->position)])};
        assert_true(lane_add(world->lane, &event, world->now));
    }
}

static void read_some(struct world *world)
{
    size_t room = lane_room(world->lane, world->now);
    for (; room > 0 && world->lane->read_position < EVENTS; room--) {
        int64_t position = world->lane->read_position + 1;
        add(world->lane, position, names[customer_of(position)]);
    }
}

static bool write_down(struct world *world)
{
    struct lane *lane = world->lane;
    lane_hold(lane, world->now);
    PROPERTY_REQUIRE(world->property, lane->held_count <= rules.held_max, "too many are held");
    world->held_count = 0;
    for (const struct lane_item *item = lane->first; item && item->is_held; item = item->next)
        world->held[world->held_count++] = (struct webhook_held){
            .position = item->position, .attempts = item->attempts, .next_at = item->next_at};
    PROPERTY_REQUIRE(world->property, lane_position(lane) >= world->position, "it went back");
    world->position = lane_position(lane);
    world->failures = lane->row.progress.failures;
    world->failing_since = lane->row.progress.failing_since;
    for (size_t i = 0; i < world->held_count; i++)
        PROPERTY_REQUIRE(world->property, world->held[i].position <= world->position,
                         "%d is held and will be read as well", (int)world->held[i].position);
    lane_written(lane, world->now);
    return true;
}

/* One that comes first must be the next of its customer, or one that came before. */
static bool receive(struct world *world, int64_t position)
{
    size_t customer = customer_of(position);
    for (int64_t p = world->last[customer] + 1; p < position; p++)
        PROPERTY_REQUIRE(world->property, customer_of(p) != customer, "%d came before %d",
                         (int)position, (int)p);
    if (position > world->last[customer]) world->last[customer] = position;
    world->delivered[position] = true;
    return true;
}

static bool settle_one(struct world *world, size_t at, bool works)
{
    struct lane_item *item = world->under_way[at];
    world->under_way[at] = world->under_way[--world->under_way_count];
    works = works || item->attempts >= WEBHOOK_ATTEMPTS_MAX - 2; /* none is given up */
    if (works && !receive(world, item->position)) return false;
    lane_settle(world->lane, item, works ? &good : &bad, world->now, 1000);
    return true;
}

static void send_one(struct world *world)
{
    struct lane_item *item =
        world->under_way_count < UNDER_WAY ? lane_next(world->lane, world->now) : NULL;
    if (item) world->under_way[world->under_way_count++] = item;
}

static bool step(struct world *world)
{
    struct property *property = world->property;
    size_t count = world->under_way_count;
    switch (property_choice(property, 10)) {
    case 0:
        send_one(world);
        return true;
    case 1:
        return count == 0 || settle_one(world, (size_t)property_choice(property, count), true);
    case 2:
        return count == 0 || settle_one(world, (size_t)property_choice(property, count), false);
    case 3:
        read_some(world);
        return true;
    case 4:
        return write_down(world);
    case 5:
        world->now += property_between(property, 1, 4000) * SECOND;
        return true;
    case 6:
        if (property_chance(property, 20)) load(world); /* it was killed */
        return true;
    default:
        send_one(world);
        return count == 0 || settle_one(world, 0, !property_chance(property, 20));
    }
}

/* From now on everything works. */
static bool finish(struct world *world)
{
    for (int i = 0; i < 100000 && (world->position < EVENTS || world->held_count > 0); i++) {
        read_some(world);
        send_one(world);
        if (world->under_way_count > 0 && !settle_one(world, 0, true)) return false;
        if (world->lane->heap_count == 0 || lane_due_at(world->lane) > world->now)
            world->now += 60 * SECOND;
        if (i % 10 == 0 && !write_down(world)) return false;
    }
    for (int64_t p = 1; p <= EVENTS; p++)
        PROPERTY_REQUIRE(world->property, world->delivered[p], "%d never came", (int)p);
    return true;
}

static bool all_comes_in_order(struct property *property, void *context)
{
    struct world world = {.property = property, .failing_since = INSTANT_NONE};
    bool holds = true;
    (void)context;
    load(&world);
    for (size_t done = 0; holds && property_more(property, done, 300, 2000); done++)
        holds = step(&world);
    holds = holds && finish(&world);
    lane_free(world.lane);
    return holds;
}

static void all_comes_in_order_whenever_it_is_killed(void **state)
{
    (void)state;
    property_check("all events come, in order", all_comes_in_order, NULL, 500);
}

/* --- a law: those whose events are refused hold up nobody else, and do not disable --- */

enum { REFUSED_MAX = 9, PAUSE_MAX_S = 33 * 60 };

struct town {
    struct world world;       /* what the store has */
    size_t refused;           /* so many of the customers, the first */
    instant came[EVENTS + 1]; /* when each event was committed */
    size_t events;
};

static const char *const town_names[] = {"A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K"};

static size_t town_customer(const struct town *town, int64_t position)
{
    return (size_t)(position * 7919 % 31) % (town->refused + 2);
}

/* One answer at once to all that may be sent. */
static bool answer_all(struct town *town)
{
    struct world *world = &town->world;
    struct lane_item *item;
    while ((item = lane_next(world->lane, world->now))) {
        int64_t position = item->position;
        bool is_refused = town_customer(town, position) < town->refused;
        int64_t waited_s = (world->now - town->came[position]) / SECOND;
        lane_settle(world->lane, item, is_refused ? &bad : &good, world->now, 1000);
        if (is_refused) continue;
        world->delivered[position] = true;
        int64_t most_s = town->refused < 5 ? 0 : (int64_t)(town->refused + 1) * PAUSE_MAX_S;
        PROPERTY_REQUIRE(world->property, waited_s <= most_s, "%d waited for %d s", (int)position,
                         (int)waited_s);
    }
    return true;
}

static void town_read(struct town *town)
{
    struct world *world = &town->world;
    size_t room = lane_room(world->lane, world->now);
    for (; room > 0 && world->lane->read_position < (int64_t)town->events; room--) {
        int64_t position = world->lane->read_position + 1;
        const struct lane_event event = {
            .position = position,
            .next_at = world->now,
            .type_bit = 1,
            .event_id = STR("e"),
            .customer_id = str_from_cstr(town_names[town_customer(town, position)]),
            .body = STR("{}")};
        assert_true(lane_add(world->lane, &event, world->now));
        world->lane->read_position = position;
    }
}

/* All that is to be done up to that time, when it is to be done. */
static bool live_until(struct town *town, instant until)
{
    struct world *world = &town->world;
    for (;;) {
        town_read(town);
        if (!answer_all(town) || !write_down(world)) return false;
        PROPERTY_REQUIRE(world->property, !world->lane->is_disabled, "it was disabled");
        instant next = lane_due_at(world->lane);
        bool is_unread = world->lane->read_position < (int64_t)town->events;
        if (is_unread && world->lane->untried_until > world->now &&
            world->lane->untried_until < next)
            next = world->lane->untried_until;
        if (next > until) break;
        world->now = next > world->now ? next : world->now + 1;
    }
    world->now = until;
    return true;
}

static bool refused_ones_hold_up_nobody(struct property *property, void *context)
{
    struct town town = {.world = {.property = property, .failing_since = INSTANT_NONE}};
    bool holds = true;
    (void)context;
    town.refused = (size_t)property_choice(property, REFUSED_MAX + 1);
    load(&town.world);
    while (holds && town.events < EVENTS / 4 && property_more(property, town.events, 30, 60)) {
        int64_t pause_s = property_between(property, 0, property_chance(property, 50) ? 60 : 14400);
        holds = live_until(&town, town.world.now + pause_s * SECOND);
        town.came[++town.events] = town.world.now;
    }
    holds = holds && live_until(&town, town.world.now + 12 * 3600 * SECOND);
    for (int64_t p = 1; holds && p <= (int64_t)town.events; p++)
        if (town_customer(&town, p) >= town.refused && !town.world.delivered[p])
            holds = property_fail(property, "%d never came", (int)p);
    lane_free(town.world.lane);
    return holds;
}

static void who_is_refused_holds_up_nobody_else(void **state)
{
    (void)state;
    property_check("who is refused holds up nobody", refused_ones_hold_up_nobody, NULL, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_customer_has_one_under_way_and_in_order),
        cmocka_unit_test(a_failure_holds_back_its_customer_alone),
        cmocka_unit_test(when_everything_fails_one_tries_for_all),
        cmocka_unit_test(one_that_fails_for_ever_is_given_up),
        cmocka_unit_test(gone_disables_and_so_does_failing_for_long),
        cmocka_unit_test(one_event_that_is_refused_stops_nobody_and_disables_nothing),
        cmocka_unit_test(two_events_that_fail_for_long_disable),
        cmocka_unit_test(one_customer_alone_is_not_everything),
        cmocka_unit_test(an_erasure_does_not_end_a_failure_of_everything),
        cmocka_unit_test(while_all_fails_another_customer_is_tried_each_time),
        cmocka_unit_test(retry_after_is_honoured),
        cmocka_unit_test(what_is_slow_does_not_keep_the_position),
        cmocka_unit_test(what_waits_for_long_is_read_again),
        cmocka_unit_test(all_comes_in_order_whenever_it_is_killed),
        cmocka_unit_test(who_is_refused_holds_up_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
