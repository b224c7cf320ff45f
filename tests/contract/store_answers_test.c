/* Answers kept for retries: what any store has to do. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "contract.h"

struct work {
    struct contract *contract;
    struct answer_row row; /* to put, or that was found */
    instant now;
    bool put;
    enum status outcome; /* of the claim */
    enum status give;    /* what the unit of work comes to */
    void (*claimed)(void *argument);
    void *argument;
};

static struct answer_row answer(const char *key, const char *fingerprint)
{
    return (struct answer_row){.caller = STR("user-1"),
                               .key = str_from_cstr(key),
                               .fingerprint = str_from_cstr(fingerprint),
                               .status = 201,
                               .headers = STR("ETag: \"1\"\nLocation: /x\n"),
                               .body = STR("{\"name\":\"Acme\"}"),
                               .expires_at = 5000};
}

static enum status claim_and_put(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    struct answer_row found;
    work->outcome = store_answer_claim(session, work->row.caller, work->row.key, work->now,
                                       &work->contract->arena, &found, error);
    if (work->outcome != STATUS_OK) return work->outcome;
    if (work->claimed) work->claimed(work->argument);
    if (work->put && str_is_none(found.key)) {
        TRY(store_answer_put(session, &work->row, work->now, error));
    } else {
        work->row = found;
    }
    return work->give == STATUS_OK ? STATUS_OK : error_plain(error, work->give);
}

static enum status work_for(struct contract *c, struct str tenant, struct work *work)
{
    work->contract = c;
    return store_write(c->store, tenant, &c->arena, claim_and_put, work, &c->error);
}

static void put(struct contract *c, struct answer_row row, instant now)
{
    struct work work = {.row = row, .now = now, .put = true};
    assert_int_equal(work_for(c, c->tenant, &work), STATUS_OK);
}

static struct answer_row find(struct contract *c, struct str tenant, struct answer_row wanted,
                              instant now)
{
    struct work work = {.row = wanted, .now = now};
    assert_int_equal(work_for(c, tenant, &work), STATUS_OK);
    return work.row;
}

static void an_answer_is_found_as_it_was_put(struct contract *c)
{
    struct answer_row row = answer("k-1", "f-1");
    assert_true(str_is_none(find(c, c->tenant, row, 1000).key));
    put(c, row, 1000);
    struct answer_row found = find(c, c->tenant, row, 1001);
    assert_str(found.key, row.key);
    assert_str(found.caller, row.caller);
    assert_str(found.fingerprint, row.fingerprint);
    assert_int_equal(found.status, 201);
    assert_str(found.headers, row.headers);
    assert_str(found.body, row.body);
    row = answer("k-2", "f-2");
    row.body = STR_NONE;
    put(c, row, 1000);
    assert_true(str_is_none(find(c, c->tenant, row, 1000).body));
}

static void callers_and_tenants_have_keys_of_their_own(struct contract *c)
{
    struct answer_row row = answer("k-1", "f-1"), other = row;
    other.caller = STR("user-2");
    put(c, row, 1000);
    assert_true(str_is_none(find(c, c->tenant, other, 1000).key));
    assert_true(str_is_none(find(c, c->other_tenant, row, 1000).key));
    assert_str(find(c, c->tenant, row, 1000).key, row.key);
}

static void an_answer_that_was_rolled_back_is_not_there(struct contract *c)
{
    struct answer_row row = answer("k-1", "f-1");
    struct work work = {.row = row, .now = 1000, .put = true, .give = STATUS_DUPLICATE_CUSTOMER};
    assert_int_equal(work_for(c, c->tenant, &work), STATUS_DUPLICATE_CUSTOMER);
    assert_true(str_is_none(find(c, c->tenant, row, 1000).key));
    put(c, row, 1000);
}

static void an_expired_answer_makes_room(struct contract *c)
{
    struct answer_row row = answer("k-1", "f-1");
    put(c, row, 1000);
    assert_str(find(c, c->tenant, row, 4999).fingerprint, STR("f-1"));
    assert_true(str_is_none(find(c, c->tenant, row, 5000).key));
    row.fingerprint = STR("f-2");
    row.expires_at = 9000;
    put(c, row, 5000);
    assert_str(find(c, c->tenant, row, 5001).fingerprint, STR("f-2"));
    /* Others go as new ones come. */
    for (int i = 0; i < 10; i++) {
        char key[16];
        snprintf(key, sizeof(key), "n-%d", i);
        put(c, answer(key, "f"), 1000);
    }
    row.key = STR("k-2");
    put(c, row, 6000);
    assert_str(find(c, c->tenant, row, 6001).fingerprint, STR("f-2"));
}

/* The store is shared by the cases: others' answers may be taken along. */
static void what_expired_goes_for_tenants_that_ask_no_more(struct contract *c)
{
    struct answer_row old = answer("k-1", "f-1"), fresh = answer("k-2", "f-2");
    const struct str tenants[] = {c->tenant, c->other_tenant};
    size_t purged = 0;
    fresh.expires_at = 9000;
    while (true) {
        assert_int_equal(store_answers_purge(c->store, 6000, 100, &c->arena, &purged, &c->error),
                         STATUS_OK);
        if (purged == 0) break;
    }
    for (size_t i = 0; i < 2; i++) {
        struct work work = {.row = old, .now = 1000, .put = true};
        assert_int_equal(work_for(c, tenants[i], &work), STATUS_OK);
        work = (struct work){.row = fresh, .now = 1000, .put = true};
        assert_int_equal(work_for(c, tenants[i], &work), STATUS_OK);
    }
    const size_t expected[] = {1, 1, 0};
    for (size_t i = 0; i < UNIT_COUNT(expected); i++) {
        assert_int_equal(store_answers_purge(c->store, 5000, 1, &c->arena, &purged, &c->error),
                         STATUS_OK);
        assert_int_equal(purged, expected[i]);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_true(str_is_none(find(c, tenants[i], old, 1000).key));
        assert_str(find(c, tenants[i], fresh, 1000).key, fresh.key);
    }
}

static enum status erase(struct store_session *session, void *context, struct error *error)
{
    const struct str homes[] = {STR("CUST-1"), STR("CUST-2")};
    const struct erasure erasure = {
        .homes = homes, .home_count = 1, .kin_count = 1, .reason = STR("ERASED")};
    (void)context;
    return store_homes_erase(session, &erasure, error);
}

static void what_is_said_of_an_erased_customer_goes(struct contract *c)
{
    const struct str jane = STR("{\"name\":\"Jane\"}");
    struct answer_row his[] = {answer("k-1", "f-1"), answer("k-2", "f-2"), answer("k-3", "f-3")};
    struct answer_row other = answer("k-4", "f-4");
    his[0].body = STR("{\"customerId\":\"CUST-1\",\"name\":\"Jane\"}");
    his[1].headers = STR("Request: /customers/CUST-1/preferences/\n");
    his[1].body = jane;
    his[2].headers = STR("Request: /customers/CUST-2/\n"); /* with whom he was merged */
    his[2].body = jane;
    other.headers = STR("Request: /customers/CUST-10/\n");
    other.body = STR("{\"customerId\":\"CUST-10\",\"name\":\"John\"}");
    contract_insert(c, contract_profile(STR("CUST-1"), 1000));
    for (size_t i = 0; i < 3; i++) put(c, his[i], 1000);
    put(c, other, 1000);
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, erase, NULL, &c->error),
                     STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        struct answer_row found = find(c, c->tenant, his[i], 1001);
        assert_str(found.key, his[i].key);
        assert_str(found.fingerprint, STR(""));
        assert_true(str_is_none(found.body));
    }
    assert_str(find(c, c->tenant, other, 1001).body, other.body);
}

/* --- two at once --- */

struct rival {
    struct work work;
    struct contract contract;
    atomic_bool is_at_it, is_done;
    pthread_t thread;
};

static void *rival_main(void *argument)
{
    struct rival *rival = argument;
    atomic_store(&rival->is_at_it, true);
    (void)!work_for(&rival->contract, rival->contract.tenant, &rival->work);
    atomic_store(&rival->is_done, true);
    return NULL;
}

static void let_the_rival_try(void *argument)
{
    struct rival *rival = argument;
    assert_int_equal(pthread_create(&rival->thread, NULL, rival_main, rival), 0);
    contract_await(rival->contract.many_write ? &rival->is_done : &rival->is_at_it);
}

/* A store with one writer lets the second wait and shows it the answer; another says that it is
 * under way. None lets both do it. */
static void of_two_with_one_key_one_acts(struct contract *c)
{
    struct rival rival = {.work = {.row = answer("k-1", "f-1"), .now = 1000, .put = true},
                          .contract = *c};
    struct work work = {.row = answer("k-1", "f-1"),
                        .now = 1000,
                        .put = true,
                        .claimed = let_the_rival_try,
                        .argument = &rival};
    arena_init(&rival.contract.arena, 1 << 20);
    assert_int_equal(work_for(c, c->tenant, &work), STATUS_OK);
    pthread_join(rival.thread, NULL);
    assert_int_equal(rival.work.outcome, c->many_write ? STATUS_REQUEST_IN_FLIGHT : STATUS_OK);
    assert_str(rival.work.row.fingerprint, STR("f-1"));
    assert_int_equal(rival.work.row.status, 201);
    arena_release(&rival.contract.arena);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_answer_is_found_as_it_was_put),
        CONTRACT(callers_and_tenants_have_keys_of_their_own),
        CONTRACT(an_answer_that_was_rolled_back_is_not_there),
        CONTRACT(an_expired_answer_makes_room),
        CONTRACT(what_expired_goes_for_tenants_that_ask_no_more),
        CONTRACT(what_is_said_of_an_erased_customer_goes),
        CONTRACT(of_two_with_one_key_one_acts),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
