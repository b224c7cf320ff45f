/* The outbox of all tenants and the lease of who publishes it: what any store has to do. */
#include <stdio.h>
#include <unistd.h>

#include "contract.h"

struct append {
    struct str id;
    int count;
    struct arena *arena;
};

static enum status append(struct store_session *session, void *context, struct error *error)
{
    struct append *append = context;
    for (int i = 0; i < append->count; i++) {
        const struct event event = {
            .type = EVENT_PROFILE_CREATED,
            .event_id = arena_format(append->arena, "evt-%.*s-%.*s-%d", STR_ARGS(session->tenant),
                                     STR_ARGS(append->id), i),
            .aggregate_id = append->id,
            .timestamp = 1000 + i,
            .payload = STR("{\"customerId\":\"C\"}"),
            .trace = STR("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        };
        TRY(store_event_append(session, &event, error));
    }
    return STATUS_OK;
}

static void append_for(struct contract *c, struct str tenant, const char *id, int count)
{
    struct append work = {str_from_cstr(id), count, &c->arena};
    assert_int_equal(store_write(c->store, tenant, &c->arena, append, &work, &c->error), STATUS_OK);
}

static struct relay_state turn_after(struct contract *c, const char *holder, int64_t lease_ms,
                                     int64_t position, int64_t free_ms)
{
    const struct relay_turn asked = {.relay = c->tenant, /* one of each case */
                                     .holder = str_from_cstr(holder),
                                     .outbox_id = STR("outbox-1"),
                                     .lease_ms = lease_ms,
                                     .free_ms = free_ms,
                                     .position = position};
    struct relay_state state;
    assert_int_equal(store_relay_turn(c->store, &asked, &c->arena, &state, &c->error), STATUS_OK);
    return state;
}

static struct relay_state turn(struct contract *c, const char *holder, int64_t lease_ms,
                               int64_t position)
{
    return turn_after(c, holder, lease_ms, position, 0);
}

static int64_t newest(struct contract *c)
{
    return turn(c, "nobody", 0, -1).newest;
}

/* Waits for the sequencer, where there is one. */
static size_t list(struct contract *c, int64_t after, size_t wanted, struct outbox_event **events)
{
    size_t count = 0;
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(
            store_outbox_list(c->store, after, 100, &c->arena, events, &count, &c->error),
            STATUS_OK);
        if (count >= wanted) break;
        (void)usleep(10000);
    }
    return count;
}

static void events_of_all_tenants_come_in_one_row(struct contract *c)
{
    struct outbox_event *events;
    struct event *feed;
    int64_t before = newest(c);
    append_for(c, c->tenant, "C-1", 2);
    append_for(c, c->other_tenant, "C-1", 1);
    append_for(c, c->tenant, "C-2", 1);
    assert_int_equal(list(c, before, 4, &events), 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(events[i].event.position > (i ? events[i - 1].event.position : before));
        assert_str(events[i].tenant, i == 2 ? c->other_tenant : c->tenant);
        assert_true(events[i].event.trace.len == 55);
    }
    assert_str(events[3].event.aggregate_id, STR("C-2"));
    /* The feed of a tenant has the same positions. */
    assert_int_equal(contract_events(c, before, 10, &c->arena, &feed), 3);
    assert_int_equal(feed[2].position, events[3].event.position);
    assert_int_equal(newest(c), events[3].event.position);
    assert_int_equal(list(c, events[2].event.position, 1, &events), 1);
}

static enum status erase(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    const struct str home = STR("C-1");
    const struct erasure erasure = {.homes = &home, .home_count = 1, .reason = STR("ERASED")};
    struct append again = {STR("C-9"), 1, &c->arena};
    TRY(store_homes_erase(session, &erasure, error));
    return append(session, &again, error);
}

/* Who has read past it would miss what comes after. */
static void a_position_is_not_given_again_after_an_erasure(struct contract *c)
{
    struct outbox_event *events;
    struct profile_row row = contract_profile(STR("C-1"), 1000);
    int64_t before = newest(c);
    contract_insert(c, row);
    append_for(c, c->tenant, "C-1", 1);
    assert_int_equal(list(c, before, 1, &events), 1);
    int64_t last = events[0].event.position;
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, erase, c, &c->error), STATUS_OK);
    assert_true(list(c, last, 1, &events) >= 1);
    assert_true(events[0].event.position > last);
    assert_str(events[0].event.aggregate_id, STR("C-9"));
}

static void one_at_a_time_has_the_lease(struct contract *c)
{
    struct relay_state a = turn(c, "a", 60000, -1);
    assert_true(a.is_ours);
    assert_int_equal(a.position, 0);
    struct relay_state again = turn(c, "a", 60000, 7);
    assert_true(again.is_ours);
    assert_int_equal(again.epoch, a.epoch);
    assert_str(again.outbox_id, STR("outbox-1"));
    assert_int_equal(again.position, 7);
    assert_int_equal(turn(c, "a", 60000, 3).position, 7); /* it does not go back */
    (void)turn(c, "a", 0, -1);                            /* given up */
    struct relay_state b = turn(c, "b", 60000, -1);
    assert_true(b.is_ours);
    assert_true(b.epoch > a.epoch);
    assert_int_equal(b.position, 7);
}

/* The embedded store has one process, which need not wait for others. */
static void one_that_stands_back_leaves_it_to_others(struct contract *c)
{
    bool may_be_embedded = !c->many_write;
    (void)turn(c, "a", 60000, -1);
    (void)turn(c, "a", 0, -1);
    assert_true(may_be_embedded || !turn_after(c, "a", 60000, -1, 60000).is_ours);
    assert_true(turn(c, "b", 60000, -1).is_ours);
    assert_true(may_be_embedded || !turn_after(c, "a", 60000, -1, 1).is_ours);
    (void)turn(c, "b", 0, -1);
    struct relay_state state = {0};
    for (int i = 0; i < 1000 && !state.is_ours; i++) {
        state = turn_after(c, "a", 60000, -1, 20);
        (void)usleep(10000);
    }
    assert_true(state.is_ours); /* nobody wants it */
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(events_of_all_tenants_come_in_one_row),
        CONTRACT(a_position_is_not_given_again_after_an_erasure),
        CONTRACT(one_at_a_time_has_the_lease),
        CONTRACT(one_that_stands_back_leaves_it_to_others),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
