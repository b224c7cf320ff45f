/* Two relays over one store, and a receiver that fails, answers late, or takes a batch and says
 * that it does not know. Whatever happens, each event is there once, in the order of the outbox. */
#include "adapters/events/relay.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/memory/memory_store.h"
#include "unit.h"

enum { EVENTS = 400, RELAYS = 2, LEASE_MS = 40, STORE_BYTES = 64 << 20 };

/* Where both publish to: keeps what Kafka keeps. */
struct receiver {
    pthread_mutex_t mutex;
    int64_t taken[4 * EVENTS]; /* positions, as they came */
    size_t count;
    int64_t progress;
    char progress_id[32]; /* of the event there */
    int epoch;
    bool fences; /* as it must; the other way shows that the test would see it */
    int failures_left;
    int pauses_left;
    unsigned dice;
};

struct fake {
    struct publisher base;
    struct receiver *receiver;
    int epoch;
    bool is_cut_off; /* nothing can be reached from there */
};

static struct receiver receiver;

static unsigned draw(unsigned limit)
{
    receiver.dice = receiver.dice * 1103515245U + 12345U;
    return receiver.dice / 65536U % limit;
}

static enum status begin(struct publisher *base, struct str outbox_id, struct arena *scratch,
                         struct published *published, struct error *error)
{
    struct fake *self = (struct fake *)base;
    (void)scratch;
    assert_true(outbox_id.len > 0);
    if (self->is_cut_off) return error_plain(error, STATUS_UNAVAILABLE);
    (void)pthread_mutex_lock(&receiver.mutex);
    self->epoch = ++receiver.epoch;
    *published = (struct published){
        .position = receiver.progress,
        .event_id = receiver.progress_id[0] ? str_from_cstr(receiver.progress_id) : STR_NONE};
    (void)pthread_mutex_unlock(&receiver.mutex);
    return STATUS_OK;
}

static void take(const struct outbox_event *events, size_t count)
{
    for (size_t i = 0; i < count && receiver.count < UNIT_COUNT(receiver.taken); i++)
        receiver.taken[receiver.count++] = events[i].event.position;
    receiver.progress = events[count - 1].event.position;
    (void)snprintf(receiver.progress_id, sizeof(receiver.progress_id), "%.*s",
                   STR_ARGS(events[count - 1].event.event_id));
}

/* 0: it works; 1: nothing was taken; 2: all was taken. */
static int mishap(void)
{
    if (receiver.failures_left == 0 || draw(6) != 0) return 0;
    receiver.failures_left--;
    return 1 + (int)draw(2);
}

static bool is_late(void)
{
    (void)pthread_mutex_lock(&receiver.mutex);
    bool late = receiver.pauses_left > 0 && draw(4) == 0;
    receiver.pauses_left -= late;
    (void)pthread_mutex_unlock(&receiver.mutex);
    return late;
}

static enum status publish(struct publisher *base, const struct outbox_event *events, size_t count,
                           struct arena *scratch, struct error *error)
{
    struct fake *self = (struct fake *)base;
    (void)scratch;
    if (is_late()) (void)usleep(4 * LEASE_MS * 1000); /* another has the lease when it goes on */
    (void)pthread_mutex_lock(&receiver.mutex);
    bool fenced = receiver.fences && self->epoch != receiver.epoch;
    int what = fenced ? 0 : mishap();
    if (!fenced && what != 1) take(events, count);
    (void)pthread_mutex_unlock(&receiver.mutex);
    if (fenced) return error_plain(error, STATUS_WRITE_CONFLICT);
    if (what == 1) return error_plain(error, STATUS_UNAVAILABLE);
    return what == 2 ? error_plain(error, STATUS_OUTCOME_UNKNOWN) : STATUS_OK;
}

static void nothing(struct publisher *base)
{
    (void)base;
}

static void fake_free(struct publisher *base)
{
    free(base);
}

static struct relay *start_one(struct store *store, size_t batch, bool is_cut_off)
{
    struct relay *relay;
    struct error error;
    struct fake *fake = calloc(1, sizeof(*fake));
    assert_non_null(fake);
    fake->base = (struct publisher){begin, publish, nothing, nothing, fake_free};
    fake->receiver = &receiver;
    fake->is_cut_off = is_cut_off;
    const struct relay_options options = {.name = STR("test"),
                                          .store = store,
                                          .publisher = &fake->base,
                                          .environment = environment_system(),
                                          .lease_ms = LEASE_MS,
                                          .batch = batch};
    assert_int_equal(relay_new(&options, &relay, &error), STATUS_OK);
    assert_int_equal(relay_start(relay, &error), STATUS_OK);
    return relay;
}

static struct relay *start_relay(struct store *store, size_t batch)
{
    return start_one(store, batch, false);
}

/* --- events --- */

static enum status append(struct store_session *session, void *context, struct error *error)
{
    const struct event event = {.type = EVENT_PROFILE_ERASED,
                                .event_id = *(struct str *)context,
                                .aggregate_id = STR("C"),
                                .timestamp = 1000,
                                .payload = STR("{\"customerId\":\"C\"}")};
    return store_event_append(session, &event, error);
}

static void append_one(struct store *store, int number)
{
    static const struct str tenants[] = {STR("one"), STR("two"), STR("three")};
    struct arena arena;
    struct error error;
    arena_init(&arena, 1 << 20);
    struct str id = arena_format(&arena, "evt-%d", number);
    assert_int_equal(store_write(store, tenants[number % 3], &arena, append, &id, &error),
                     STATUS_OK);
    arena_release(&arena);
}

static void reset(bool fences, int failures, int pauses)
{
    receiver = (struct receiver){.progress = -1,
                                 .fences = fences,
                                 .failures_left = failures,
                                 .pauses_left = pauses,
                                 .dice = 7};
    (void)pthread_mutex_init(&receiver.mutex, NULL);
}

static size_t taken(void)
{
    (void)pthread_mutex_lock(&receiver.mutex);
    size_t count = receiver.count;
    (void)pthread_mutex_unlock(&receiver.mutex);
    return count;
}

/* Each position once, in order. */
static bool is_exact(void)
{
    bool exact = receiver.count == EVENTS;
    for (size_t i = 0; exact && i < EVENTS; i++) exact = receiver.taken[i] == (int64_t)i + 1;
    return exact;
}

static void relay_all(bool fences, int failures, int pauses)
{
    struct store *store;
    struct relay *relays[RELAYS];
    assert_int_equal(memory_store_new(STORE_BYTES, &store), STATUS_OK);
    reset(fences, failures, pauses);
    for (int i = 0; i < RELAYS; i++) relays[i] = start_relay(store, 7);
    for (int n = 0; n < EVENTS; n++) {
        append_one(store, n);
        relay_wake(relays[n % RELAYS]);
        if (n % 10 == 0) (void)usleep(2000);
    }
    for (int i = 0; i < 3000 && taken() < EVENTS; i++) (void)usleep(10000);
    for (int i = 0; i < RELAYS; i++) {
        relay_stop(relays[i], 5000);
        relay_free(relays[i]);
    }
    memory_store_free(store);
}

static void each_event_is_published_once_and_in_order(void **state)
{
    (void)state;
    relay_all(true, 8, 8);
    assert_true(receiver.failures_left < 8 && receiver.pauses_left < 8); /* there were some */
    if (!is_exact()) fail_msg("%zu of %d were taken, or not in order", receiver.count, EVENTS);
}

static void a_receiver_that_fences_nobody_is_found_out(void **state)
{
    (void)state;
    bool found = false;
    for (int i = 0; i < 5 && !found; i++) {
        relay_all(false, 0, 8);
        found = !is_exact();
    }
    assert_true(found);
}

static void what_was_published_before_is_not_published_again(void **state)
{
    (void)state;
    struct store *store;
    assert_int_equal(memory_store_new(STORE_BYTES, &store), STATUS_OK);
    reset(true, 0, 0);
    for (int run = 0; run < 4; run++) {
        for (int n = 0; n < EVENTS / 4; n++) append_one(store, n);
        struct relay *relay = start_relay(store, 1000);
        relay_stop(relay, 5000); /* publishes what is there */
        relay_free(relay);
    }
    assert_true(is_exact());
    memory_store_free(store);
}

static void note_position(struct store *store, int64_t position)
{
    struct arena arena;
    struct error error;
    struct relay_state state;
    arena_init(&arena, 1 << 20);
    const struct relay_turn turn = {.relay = STR("test"),
                                    .holder = STR("before"),
                                    .outbox_id = STR("outbox-1"),
                                    .position = position};
    assert_int_equal(store_relay_turn(store, &turn, &arena, &state, &error), STATUS_OK);
    arena_release(&arena);
}

static void publish_what_is_there(struct store *store)
{
    struct relay *relay = start_relay(store, 1000);
    relay_stop(relay, 5000);
    relay_free(relay);
}

/* A copy of the store as it was after 80 events, when 70 were noted as published. */
static void put_back(struct store **store, int first_new, int count_new)
{
    memory_store_free(*store);
    assert_int_equal(memory_store_new(STORE_BYTES, store), STATUS_OK);
    for (int n = 0; n < 80; n++) append_one(*store, n);
    note_position(*store, 70);
    for (int n = 0; n < count_new; n++) append_one(*store, first_new + n);
}

static void a_store_that_was_put_back_goes_on_from_where_it_knows(void **state)
{
    (void)state;
    /* Fewer events than are published, and more. */
    static const int written_since[] = {10, 60};
    for (size_t i = 0; i < UNIT_COUNT(written_since); i++) {
        struct store *store;
        size_t expected = 100 + 10 + (size_t)written_since[i];
        assert_int_equal(memory_store_new(STORE_BYTES, &store), STATUS_OK);
        reset(true, 0, 0);
        for (int n = 0; n < 100; n++) append_one(store, n);
        publish_what_is_there(store);
        assert_int_equal(receiver.count, 100);
        put_back(&store, 200, written_since[i]);
        publish_what_is_there(store);
        assert_int_equal(receiver.count, expected);
        for (size_t at = 100; at < expected; at++)
            assert_int_equal(receiver.taken[at], 71 + (int64_t)at - 100);
        memory_store_free(store);
    }
}

static bool leads(const struct relay *relay)
{
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct buffer out = {.arena = &arena};
    relay_write_metrics(relay, &out);
    buffer_append_char(&out, '\0');
    bool found = strstr(out.bytes, "\ncustomer360_relay_leads 1\n") != NULL;
    arena_release(&arena);
    return found;
}

static void await_lead(const struct relay *relay)
{
    for (int i = 0; i < 6000 && !leads(relay); i++) (void)usleep(10000);
    assert_true(leads(relay));
}

static void who_cannot_reach_the_receiver_lets_another_publish(void **state)
{
    (void)state;
    struct store *store;
    assert_int_equal(memory_store_new(STORE_BYTES, &store), STATUS_OK);
    reset(true, 0, 0);
    struct relay *cut_off = start_one(store, 7, true);
    await_lead(cut_off);
    struct relay *other = start_relay(store, 7);
    for (int n = 0; n < EVENTS; n++) append_one(store, n);
    for (int i = 0; i < 6000 && taken() < EVENTS; i++) (void)usleep(10000);
    assert_true(is_exact());
    assert_true(leads(other));
    /* When the other one goes it tries again, for there is nobody else. */
    relay_stop(other, 5000);
    await_lead(cut_off);
    relay_stop(cut_off, 0);
    relay_free(cut_off);
    relay_free(other);
    memory_store_free(store);
}

static void metrics_tell_how_far_it_is(void **state)
{
    (void)state;
    struct store *store;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    struct buffer out = {.arena = &arena};
    assert_int_equal(memory_store_new(STORE_BYTES, &store), STATUS_OK);
    reset(true, 0, 0);
    for (int n = 0; n < 5; n++) append_one(store, n);
    struct relay *relay = start_relay(store, 2);
    relay_stop(relay, 5000);
    relay_write_metrics(relay, &out);
    buffer_append_char(&out, '\0');
    assert_non_null(strstr(out.bytes, "\ncustomer360_relay_events_published_total 5\n"));
    assert_non_null(strstr(out.bytes, "\ncustomer360_relay_transactions_total 3\n"));
    assert_non_null(strstr(out.bytes, "\ncustomer360_relay_backlog_events 0\n"));
    assert_non_null(strstr(out.bytes, "\ncustomer360_relay_leads 0\n"));
    relay_free(relay);
    memory_store_free(store);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_event_is_published_once_and_in_order),
        cmocka_unit_test(a_receiver_that_fences_nobody_is_found_out),
        cmocka_unit_test(what_was_published_before_is_not_published_again),
        cmocka_unit_test(a_store_that_was_put_back_goes_on_from_where_it_knows),
        cmocka_unit_test(who_cannot_reach_the_receiver_lets_another_publish),
        cmocka_unit_test(metrics_tell_how_far_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
