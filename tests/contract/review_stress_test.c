/* Threads that merge, unmerge, suspect and decide at once: whatever item can be claimed afterwards
 * is open, and each one shows what follows from the merges and judgements there are, as if all had
 * happened one by one. On every adapter; what it aims at is PostgreSQL, where a question's two ends
 * can change in two transactions. Also run under the thread sanitizer. */
#include <pthread.h>
#include <stdatomic.h>

#include "application_fixture.h"
#include "contract.h"

#include "application/create_customer.h"
#include "application/merge_customers.h"
#include "application/review.h"
#include "application/review_list.h"
#include "application/review_resolve.h"
#include "application/unmerge_customers.h"

enum { CUSTOMERS = 8, WORKERS = 4, ROUNDS = 40, ACTS = 6 };

static struct application application;
static atomic_int surprises;
static atomic_int done[4];

struct worker {
    struct contract *contract;
    uint32_t state;
    pthread_t thread;
    struct caller caller;
    struct arena arena;
    struct error error;
    struct str customer, other;
};

static uint32_t draw(struct worker *worker, uint32_t below)
{
    worker->state = worker->state * 1664525u + 1013904223u;
    return (worker->state >> 8) % below;
}

static struct str id_of(uint32_t customer, struct arena *arena)
{
    return arena_format(arena, "C%u", (unsigned)customer);
}

static enum status suspect_body(struct store_session *session, void *context, struct error *error)
{
    struct worker *worker = context;
    struct environment *environment = application.environment;
    struct review review = {session, worker->caller.user_id, environment->now(environment),
                            &worker->arena};
    struct profile_row row, other;
    struct tree tree;
    struct duplicate found = {.match = {.decision = MATCH_POSSIBLE, .probability = 0.7}};
    TRY(customer_get_root(session, worker->customer, STORE_LOCK, &worker->arena, &row, error));
    TRY(store_profile_get(session, worker->other, STORE_NO_LOCK, &worker->arena, &other, error));
    TRY(customer_root(session, &other, &worker->arena, &other, error));
    found.customer_id = other.customer_id;
    TRY(store_tree_load(session, row.customer_id, INSTANT_FUTURE, &worker->arena, &tree, error));
    return review_queue(&application, &review, &tree, false, &found, 1, DUPLICATE_BY_CHANGE, error);
}

static enum status suspect(struct worker *worker)
{
    return store_write(worker->contract->store, worker->contract->tenant, &worker->arena,
                       suspect_body, worker, &worker->error);
}

static enum status merge(struct worker *worker)
{
    struct merge_request request = {.source_id = worker->other};
    struct merge_result result;
    return merge_customers(&application, &worker->caller, worker->customer, &request,
                           &worker->arena, &result, &worker->error);
}

/* The newest merge of the customer. */
static enum status unmerge(struct worker *worker)
{
    struct json_page page;
    struct str json;
    struct json_value *body;
    TRY(merge_customers_list(&application, &worker->caller, worker->customer,
                             &(struct page_request){0}, &worker->arena, &page, &worker->error));
    TRY(json_parse(page.body, &worker->arena, &body, &worker->error));
    const struct json_value *items = json_get(body, STR("items"));
    if (items->count == 0) return STATUS_MERGE_NOT_FOUND;
    struct str id = json_text(json_get(&items->items[items->count - 1], STR("mergeId")));
    return unmerge_customers(&application, &worker->caller, STR_NONE, id, STR_NONE, &worker->arena,
                             &json, &worker->error);
}

static enum status tell_apart(struct worker *worker)
{
    struct review_query query = {.state = STR("OPEN"), .customer_id = worker->customer};
    struct review_request request = {.decision = REVIEW_NOT_A_DUPLICATE, .until = INSTANT_NONE};
    struct json_page page;
    struct str json;
    struct json_value *body;
    TRY(review_list(&application, &worker->caller, &query, &worker->arena, &page, &worker->error));
    TRY(json_parse(page.body, &worker->arena, &body, &worker->error));
    const struct json_value *items = json_get(body, STR("items"));
    if (items->count == 0) return STATUS_DUPLICATE_NOT_FOUND;
    return review_resolve(&application, &worker->caller,
                          json_text(json_get(&items->items[0], STR("duplicateId"))), &request,
                          &worker->arena, &json, &worker->error);
}

/* Refusals that others cause; anything else is a surprise. */
static bool may_happen(enum status status)
{
    static const enum status expected[] = {STATUS_OK,
                                           STATUS_CUSTOMER_MERGED,
                                           STATUS_MERGE_WITH_SELF,
                                           STATUS_MERGE_REVERSED,
                                           STATUS_MERGE_NOT_FOUND,
                                           STATUS_DUPLICATE_NOT_FOUND,
                                           STATUS_DUPLICATE_RESOLVED};
    for (size_t i = 0; i < UNIT_COUNT(expected); i++)
        if (status == expected[i]) return true;
    return false;
}

static void *worker_main(void *argument)
{
    static enum status (*const acts[])(struct worker *) = {suspect, merge, unmerge, tell_apart};
    static const uint32_t chosen[] = {0, 0, 0, 0, 1, 1, 2, 2, 3};
    struct worker *worker = argument;
    arena_init(&worker->arena, 16 << 20);
    for (int i = 0; i < ACTS; i++) {
        uint32_t act = chosen[draw(worker, UNIT_COUNT(chosen))];
        worker->customer = id_of(draw(worker, CUSTOMERS), &worker->arena);
        worker->other = id_of(draw(worker, CUSTOMERS), &worker->arena);
        enum status status = acts[act](worker);
        if (status == STATUS_OK) atomic_fetch_add(&done[act], 1);
        if (!may_happen(status)) {
            print_error("act %u: %s\n", (unsigned)act, worker->error.message);
            atomic_fetch_add(&surprises, 1);
        }
        arena_reset(&worker->arena);
    }
    arena_release(&worker->arena);
    return NULL;
}

static void create_all(struct contract *c, const struct caller *caller)
{
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        struct customer_document customer;
        struct json_value *body;
        struct str text = arena_format(&c->arena, "{\"customerId\":\"C%u\",\"name\":\"N%u\"}",
                                       (unsigned)i, (unsigned)i);
        assert_int_equal(json_parse(text, &c->arena, &body, &c->error), STATUS_OK);
        assert_int_equal(create_customer(&application, caller, body, ON_DUPLICATE_ALLOW, &c->arena,
                                         &customer, &c->error),
                         STATUS_OK);
    }
}

/* Ids and states of all items. */
static struct str states(struct contract *c, const struct caller *caller)
{
    struct review_query query = {.state = STR("ALL"), .limit = 500};
    struct json_page page;
    struct json_value *body;
    struct buffer out = {.arena = &c->arena};
    assert_int_equal(review_list(&application, caller, &query, &c->arena, &page, &c->error),
                     STATUS_OK);
    assert_int_equal(json_parse(page.body, &c->arena, &body, &c->error), STATUS_OK);
    const struct json_value *items = json_get(body, STR("items"));
    for (size_t i = 0; i < items->count; i++)
        buffer_append_format(&out, "%.*s %.*s\n",
                             STR_ARGS(json_text(json_get(&items->items[i], STR("duplicateId")))),
                             STR_ARGS(json_text(json_get(&items->items[i], STR("state")))));
    return out.len > 0 ? buffer_str(&out) : STR("");
}

/* Tries to claim what seems to be open: that is when an item is looked at again. */
static void claim_all(struct contract *c, const struct caller *caller)
{
    struct review_query query = {.state = STR("OPEN"), .limit = 500};
    struct json_page page;
    struct json_value *body;
    assert_int_equal(review_list(&application, caller, &query, &c->arena, &page, &c->error),
                     STATUS_OK);
    assert_int_equal(json_parse(page.body, &c->arena, &body, &c->error), STATUS_OK);
    const struct json_value *items = json_get(body, STR("items"));
    for (size_t i = 0; i < items->count; i++) {
        struct str json, id = json_text(json_get(&items->items[i], STR("duplicateId")));
        enum status status = review_claim(&application, caller, id, 1, &c->arena, &json, &c->error);
        assert_true(status == STATUS_OK || status == STATUS_DUPLICATE_RESOLVED);
        if (status != STATUS_OK) continue;
        assert_int_equal(review_release(&application, caller, id, &c->arena, &json, &c->error),
                         STATUS_OK);
    }
}

static enum status settle_body(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    struct environment *environment = application.environment;
    struct review review = {session, STR("nobody"), environment->now(environment), &c->arena};
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        struct profile_row row;
        struct tree tree;
        struct str id = id_of(i, &c->arena);
        TRY(store_profile_get(session, id, STORE_LOCK, &c->arena, &row, error));
        if (!str_is_none(row.survivor_id)) continue;
        TRY(store_tree_load(session, id, INSTANT_FUTURE, &c->arena, &tree, error));
        TRY(review_follow(&review, &tree, error));
    }
    return STATUS_OK;
}

static void run_round(struct contract *c, const struct caller *caller, int round)
{
    struct worker workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.contract = c,
                                     .state = (uint32_t)(round * WORKERS + i) * 7919u + 1u,
                                     .caller = *caller};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) pthread_join(workers[i].thread, NULL);
}

static void the_queue_follows_whoever_changes_what_it_asks_about(struct contract *c)
{
    struct caller caller = {.tenant = c->tenant, .user_id = STR("u")};
    application = application_fixture(environment_system());
    application.store = c->store;
    atomic_store(&surprises, 0);
    for (size_t i = 0; i < UNIT_COUNT(done); i++) atomic_store(&done[i], 0);
    create_all(c, &caller);
    for (int round = 0; round < ROUNDS; round++) {
        run_round(c, &caller, round);
        claim_all(c, &caller);
        struct str before = states(c, &caller);
        assert_int_equal(store_write(c->store, c->tenant, &c->arena, settle_body, c, &c->error),
                         STATUS_OK);
        assert_str(before, states(c, &caller));
    }
    assert_int_equal(atomic_load(&surprises), 0);
    for (size_t i = 0; i < UNIT_COUNT(done); i++) assert_true(atomic_load(&done[i]) > 0);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(the_queue_follows_whoever_changes_what_it_asks_about)};
    return contract_run(cases, UNIT_COUNT(cases));
}
