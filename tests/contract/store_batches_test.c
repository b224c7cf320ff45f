/* Units of work that write many rows, as an import does: what any store has to do. */
#include "contract.h"

enum { FACTS = 3, KEYS = 4, MANY = 700 };

struct batch {
    struct contract *contract;
    int first, count;
    bool again; /* another version, facts and an event of customers that are there */
    struct arena rows;
};

static struct str name_of(struct arena *arena, const char *prefix, int number)
{
    return arena_format(arena, "%s-%05d", prefix, number);
}

static enum status write_customer(struct store_session *session, struct batch *batch, int number,
                                  struct error *error)
{
    struct arena *arena = &batch->rows;
    struct str id = name_of(arena, "C", number), keys[KEYS];
    instant at = 1000 + number + (batch->again ? 100000 : 0);
    struct profile_row row = contract_profile(id, at);
    const struct version_row version = {.customer_id = id,
                                        .version = batch->again ? 2 : 1,
                                        .recorded_at = at,
                                        .actor = number % 2 ? STR("u") : STR_NONE,
                                        .cause = batch->again ? STR("UPDATED") : STR("CREATED"),
                                        .changed_fields = STR("")};
    const struct event event = {.type = EVENT_PROFILE_CREATED,
                                .event_id = arena_format(arena, "evt-%d-%d", number, batch->again),
                                .aggregate_id = id,
                                .timestamp = at,
                                .payload = STR("{}")};
    if (!batch->again) TRY(store_profile_insert(session, &row, error));
    TRY(store_version_append(session, &version, error));
    for (int i = 0; i < FACTS; i++) {
        struct fact fact = contract_fact(id, name_of(arena, "s", i), at, arena);
        if (i == 0) fact.subject = fact.actor = STR_NONE;
        fact.observed_at = i;
        TRY(store_fact_append(session, &fact, error));
    }
    for (int i = 0; i < KEYS; i++) keys[i] = arena_format(arena, "k%d|%d", i, number);
    TRY(store_keys_put(session, id, keys, KEYS, error));
    return store_event_append(session, &event, error);
}

static enum status write_customers(struct store_session *session, void *context,
                                   struct error *error)
{
    struct batch *batch = context;
    for (int number = batch->first; number < batch->first + batch->count; number++) {
        arena_reset(&batch->rows); /* what was given is the store's */
        TRY(write_customer(session, batch, number, error));
    }
    return STATUS_OK;
}

static void write_batch(struct contract *c, int first, int count, bool again)
{
    struct batch batch = {.contract = c, .first = first, .count = count, .again = again};
    arena_init(&batch.rows, 1 << 20);
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, write_customers, &batch, &c->error), STATUS_OK);
    arena_release(&batch.rows);
}

struct check {
    struct contract *contract;
    int number;
    size_t times;
};

static enum status check_body(struct store_session *session, void *context, struct error *error)
{
    struct check *check = context;
    struct arena *arena = &check->contract->arena;
    struct str id = name_of(arena, "C", check->number), keys[KEYS];
    struct version_row *versions;
    struct key_hit *hits;
    struct tree tree;
    size_t count;
    TRY(store_tree_load(session, id, INSTANT_FUTURE, arena, &tree, error));
    assert_int_equal(tree.fact_count, FACTS * check->times);
    for (size_t i = 0; i < tree.fact_count; i++) {
        const struct fact *fact = &tree.facts[i];
        assert_int_equal(fact->observed_at, i % FACTS);
        assert_int_equal(fact->recorded_at, 1000 + check->number + (i < FACTS ? 0 : 100000));
        assert_true(str_is_none(fact->subject) == (i % FACTS == 0));
        assert_str(json_text(json_get(fact->body, STR("name"))), STR("Acme"));
    }
    TRY(store_version_list(session, id, 0, 10, arena, &versions, &count, error));
    assert_int_equal(count, check->times);
    assert_true(str_is_none(versions[count - 1].actor) == (check->number % 2 == 0));
    assert_str(versions[count - 1].cause, STR("CREATED"));
    for (int i = 0; i < KEYS; i++) keys[i] = arena_format(arena, "k%d|%d", i, check->number);
    TRY(store_keys_find(session, keys, KEYS, 10, arena, &hits, &count, error));
    assert_int_equal(count, KEYS);
    for (size_t i = 0; i < count; i++) assert_str(hits[i].home, id);
    return STATUS_OK;
}

static void check_customers(struct contract *c, int count, size_t times)
{
    for (int number = 0; number < count; number += 13) {
        struct check check = {.contract = c, .number = number, .times = times};
        struct arena_mark mark = arena_mark(&c->arena);
        assert_int_equal(store_read(c->store, c->tenant, &c->arena, check_body, &check, &c->error),
                         STATUS_OK);
        arena_rewind(&c->arena, mark);
    }
}

static void many_rows_of_a_unit_of_work_come_back_each_as_itself(struct contract *c)
{
    struct event *events;
    write_batch(c, 0, MANY, false);
    check_customers(c, MANY, 1);
    contract_await_events(c, MANY);
    assert_int_equal(contract_events(c, 0, 2 * MANY, &c->arena, &events), MANY);
    for (int i = 0; i < MANY; i++) assert_int_equal(events[i].timestamp, 1000 + i);
}

static void what_is_added_to_many_goes_on_from_what_they_had(struct contract *c)
{
    write_batch(c, 0, 40, false);
    write_batch(c, 0, 40, true);
    check_customers(c, 40, 2);
}

static void one_new_customer_comes_back_as_itself(struct contract *c)
{
    write_batch(c, 0, 1, false);
    check_customers(c, 1, 1);
    write_batch(c, 0, 1, true);
    check_customers(c, 1, 2);
}

static void of_many_of_which_one_is_taken_none_is_written(struct contract *c)
{
    struct batch batch = {.contract = c, .first = 0, .count = 20};
    struct profile_row row;
    write_batch(c, 10, 1, false);
    arena_init(&batch.rows, 1 << 20);
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, write_customers, &batch, &c->error),
        STATUS_CUSTOMER_EXISTS);
    arena_release(&batch.rows);
    assert_int_equal(contract_get(c, c->tenant, STR("C-00000"), &row), STATUS_CUSTOMER_NOT_FOUND);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(many_rows_of_a_unit_of_work_come_back_each_as_itself),
        CONTRACT(what_is_added_to_many_goes_on_from_what_they_had),
        CONTRACT(one_new_customer_comes_back_as_itself),
        CONTRACT(of_many_of_which_one_is_taken_none_is_written),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
