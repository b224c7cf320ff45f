/* No two units of work wait for each other, whatever they lock in whatever order, and nothing is
 * lost by it. What it aims at is PostgreSQL, which counts the circles that it had to break; on the
 * stores with one writer the same has to come out. Also run under the thread sanitizer. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "application_fixture.h"
#include "contract.h"

#include "application/change_customer.h"
#include "application/contacts.h"
#include "application/create_customer.h"
#include "application/erase_customer.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
#include "application/relationships.h"
#include "application/unmerge_customers.h"

static struct application application;

/* --- two that would wait in a circle --- */

enum { PATIENCE_MS = 60000 };

struct wanted {
    enum { KEY, CUSTOMER, ITEM } kind;
    const char *name;
};

struct locker {
    struct contract *contract;
    struct wanted wanted[2];
    atomic_bool has_first;
    struct locker *other;
    int runs;
    enum status status;
    struct arena arena;
    pthread_t thread;
};

static enum status lock_one(struct store_session *session, const struct wanted *wanted,
                            struct arena *arena, struct error *error)
{
    struct str name = str_from_cstr(wanted->name);
    struct profile_row profile;
    struct duplicate_row item;
    if (wanted->kind == KEY) {
        bool exists; /* what is queued is sent with a question */
        TRY(store_keys_lock(session, &name, 1, error));
        return store_profiles_exist(session, &name, 1, &exists, error);
    }
    if (wanted->kind == CUSTOMER)
        return store_profile_get(session, name, STORE_LOCK, arena, &profile, error);
    return store_duplicate_get(session, name, STORE_LOCK, arena, &item, error);
}

/* Both have their first before either asks for its second. */
static enum status locker_body(struct store_session *session, void *context, struct error *error)
{
    struct locker *locker = context;
    locker->runs++;
    TRY(lock_one(session, &locker->wanted[0], &locker->arena, error));
    atomic_store(&locker->has_first, true);
    for (int i = 0; locker->contract->many_write && i < PATIENCE_MS; i++) {
        if (atomic_load(&locker->other->has_first)) break;
        (void)usleep(1000);
    }
    return lock_one(session, &locker->wanted[1], &locker->arena, error);
}

static void *locker_main(void *argument)
{
    struct locker *locker = argument;
    struct error error;
    arena_init(&locker->arena, 1 << 20);
    locker->status = store_write(locker->contract->store, locker->contract->tenant, &locker->arena,
                                 locker_body, locker, &error);
    arena_release(&locker->arena);
    return NULL;
}

static enum status put_item(struct store_session *session, void *context, struct error *error)
{
    struct duplicate_row row = {.duplicate_id = STR("DUP-1"),
                                .home_a = STR("C-1"),
                                .home_b = STR("C-2"),
                                .state = DUPLICATE_OPEN,
                                .evidence = STR("{}"),
                                .model_version = STR("1"),
                                .cause = DUPLICATE_BY_CREATE,
                                .created_at = 1,
                                .refreshed_at = 1,
                                .claimed_until = INSTANT_NONE,
                                .later_until = INSTANT_NONE,
                                .resolved_at = INSTANT_NONE};
    (void)context;
    return store_duplicate_insert(session, &row, error);
}

static void lock_both(struct contract *c, const struct wanted first[2],
                      const struct wanted second[2])
{
    struct locker lockers[2] = {
        {.contract = c, .wanted = {first[0], first[1]}, .other = &lockers[1]},
        {.contract = c, .wanted = {second[0], second[1]}, .other = &lockers[0]}};
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&lockers[i].thread, NULL, locker_main, &lockers[i]), 0);
    for (int i = 0; i < 2; i++) pthread_join(lockers[i].thread, NULL);
    assert_int_equal(lockers[0].status, STATUS_OK);
    assert_int_equal(lockers[1].status, STATUS_OK);
    assert_int_equal(lockers[0].runs + lockers[1].runs, c->many_write ? 3 : 2);
}

static void two_that_lock_in_opposite_order_both_end(struct contract *c)
{
    static const struct wanted circles[][2] = {
        {{KEY, "a"}, {KEY, "b"}},
        {{KEY, "a"}, {CUSTOMER, "C-1"}},
        {{CUSTOMER, "C-1"}, {CUSTOMER, "C-2"}},
        {{CUSTOMER, "C-1"}, {ITEM, "DUP-1"}},
    };
    contract_insert(c, contract_profile(STR("C-1"), 1));
    contract_insert(c, contract_profile(STR("C-2"), 1));
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, put_item, NULL, &c->error),
                     STATUS_OK);
    for (size_t i = 0; i < UNIT_COUNT(circles); i++) {
        const struct wanted back[] = {circles[i][1], circles[i][0]};
        lock_both(c, circles[i], back);
    }
    assert_int_equal(contract_deadlocks(c), 0);
}

/* --- everybody at once --- */

enum { CUSTOMERS = 10, WORKERS = 6, ROUNDS = 60, BATCH = 4, TEXT_MAX = 400 };

struct worker {
    struct contract *contract;
    int number, round;
    uint32_t state;
    int contacts;        /* that were added */
    struct str merge_id; /* the last that it made; absent: none */
    char merge_text[64];
    struct caller caller;
    struct arena arena;
    struct error error;
    pthread_t thread;
};

static atomic_int surprises, done[8];

static uint32_t draw(struct worker *worker, uint32_t below)
{
    worker->state = worker->state * 1664525u + 1013904223u;
    return (worker->state >> 8) % below;
}

static struct json_value *body(struct worker *worker, struct str text)
{
    struct json_value *value = NULL;
    return json_parse(text, &worker->arena, &value, &worker->error) == STATUS_OK ? value : NULL;
}

static struct str draw_customer(struct worker *worker)
{
    return arena_format(&worker->arena, "C-%02u", draw(worker, CUSTOMERS));
}

/* Keys that others get as well. */
static struct str draw_identifiers(struct worker *worker)
{
    return arena_format(&worker->arena,
                        "\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE-%u\"},"
                        "{\"type\":\"DUNS\",\"value\":\"%u\"}]",
                        draw(worker, 6), draw(worker, 6));
}

static enum status change(struct worker *worker)
{
    struct str id = draw_customer(worker), identifiers = draw_identifiers(worker);
    struct customer_document out;
    return change_customer(
        &application, &worker->caller, id,
        body(worker, arena_format(&worker->arena, "{%.*s}", STR_ARGS(identifiers))), IF_MATCH_ANY,
        &worker->arena, &out, &worker->error);
}

static enum status add_contact(struct worker *worker)
{
    struct customer_part out;
    struct str id = draw_customer(worker);
    struct str text = arena_format(
        &worker->arena, "{\"contactId\":\"K-%d-%d\",\"name\":\"P %u\",\"email\":\"p%u@a.example\"}",
        worker->number, worker->round, draw(worker, 6), draw(worker, 6));
    enum status status = contacts_add(&application, &worker->caller, id, body(worker, text),
                                      IF_MATCH_ANY, &worker->arena, &out, &worker->error);
    if (status == STATUS_OK) worker->contacts++;
    return status;
}

static enum status create(struct worker *worker)
{
    struct str identifiers = draw_identifiers(worker);
    struct customer_document out;
    struct str text = arena_format(&worker->arena, "{\"name\":\"New %d of %d\",%.*s}",
                                   worker->round, worker->number, STR_ARGS(identifiers));
    return create_customer(&application, &worker->caller, body(worker, text), ON_DUPLICATE_MERGE,
                           &worker->arena, &out, &worker->error);
}

static enum status import(struct worker *worker)
{
    static const struct import_settings settings = {.source = STR("erp"),
                                                    .on_duplicate = ON_DUPLICATE_MERGE};
    struct import_record records[BATCH];
    struct import_result results[BATCH];
    for (int i = 0; i < BATCH; i++) {
        struct str identifiers = draw_identifiers(worker);
        uint32_t number = draw(worker, 2 * CUSTOMERS);
        struct str text =
            arena_format(&worker->arena, "{\"name\":\"Imported %u\",\"segment\":\"S%u\",%.*s}",
                         number, draw(worker, 1000), STR_ARGS(identifiers));
        records[i] =
            (struct import_record){.source_key = arena_format(&worker->arena, "E%u", number),
                                   .observed_at = INSTANT_NONE,
                                   .body = body(worker, text)};
    }
    return import_records(&application, &worker->caller, &settings, records, BATCH, &worker->arena,
                          results, &worker->error);
}

static enum status merge(struct worker *worker)
{
    struct str target = draw_customer(worker);
    const struct merge_request request = {.source_id = draw_customer(worker)};
    struct merge_result merged;
    enum status status = merge_customers(&application, &worker->caller, target, &request,
                                         &worker->arena, &merged, &worker->error);
    if (status != STATUS_OK) return status;
    int length =
        snprintf(worker->merge_text, sizeof(worker->merge_text), "%.*s", STR_ARGS(merged.merge_id));
    worker->merge_id = str_of(worker->merge_text, (size_t)length);
    return STATUS_OK;
}

static enum status unmerge(struct worker *worker)
{
    struct str json;
    if (str_is_none(worker->merge_id)) return STATUS_MERGE_NOT_FOUND;
    return unmerge_customers(&application, &worker->caller, STR_NONE, worker->merge_id, STR_NONE,
                             &worker->arena, &json, &worker->error);
}

static enum status relate(struct worker *worker)
{
    struct customer_part out;
    struct str id = draw_customer(worker), other = draw_customer(worker);
    struct str text = arena_format(
        &worker->arena, "{\"type\":\"PARENT_OF\",\"customerId\":\"%.*s\"}", STR_ARGS(other));
    return relationships_add(&application, &worker->caller, id, body(worker, text), &worker->arena,
                             &out, &worker->error);
}

/* Somebody new, whose contact points others have as well. */
static enum status erase(struct worker *worker)
{
    struct customer_document out;
    struct str json;
    struct str text = arena_format(
        &worker->arena,
        "{\"name\":\"Gone %d of %d\",\"emails\":[\"q%u@a.example\",\"q%u@a.example\"]}",
        worker->round, worker->number, draw(worker, 6), 6 + draw(worker, 6));
    TRY(create_customer(&application, &worker->caller, body(worker, text), ON_DUPLICATE_ALLOW,
                        &worker->arena, &out, &worker->error));
    const struct erase_request request = {.customer_id = out.customer_id, .suppress = true};
    return erase_customer(&application, &worker->caller, &request, &worker->arena, &json,
                          &worker->error);
}

static enum status (*const acts[])(struct worker *) = {change, add_contact, create, import,
                                                       merge,  unmerge,     relate, erase};

/* What may be answered to the one who came second. */
static bool is_expected(enum status status)
{
    static const enum status expected[] = {STATUS_OK,
                                           STATUS_CUSTOMER_MERGED,
                                           STATUS_MERGE_WITH_SELF,
                                           STATUS_MERGE_NOT_FOUND,
                                           STATUS_MERGE_REVERSED,
                                           STATUS_HIERARCHY_CYCLE,
                                           STATUS_INVALID_VALUE,
                                           STATUS_RELATIONSHIP_EXISTS,
                                           STATUS_CUSTOMER_NOT_FOUND};
    for (size_t i = 0; i < UNIT_COUNT(expected); i++)
        if (status == expected[i]) return true;
    return false;
}

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    arena_init(&worker->arena, 64 << 20);
    for (worker->round = 0; worker->round < ROUNDS; worker->round++) {
        uint32_t act = draw(worker, UNIT_COUNT(acts));
        enum status status = acts[act](worker);
        if (status == STATUS_OK) atomic_fetch_add(&done[act], 1);
        if (!is_expected(status)) {
            atomic_fetch_add(&surprises, 1);
            fprintf(stderr, "act %u: %.*s: %s\n", act, STR_ARGS(status_code(status)),
                    worker->error.message);
        }
        arena_reset(&worker->arena);
    }
    arena_release(&worker->arena);
    return NULL;
}

static void create_them(struct contract *c)
{
    const struct caller caller = {.tenant = c->tenant, .user_id = STR("tester")};
    for (int i = 0; i < CUSTOMERS; i++) {
        struct customer_document out;
        struct json_value *value;
        struct str text = arena_format(
            &c->arena, "{\"customerId\":\"C-%02d\",\"name\":\"Customer number %d\"}", i, i);
        assert_int_equal(json_parse(text, &c->arena, &value, &c->error), STATUS_OK);
        assert_int_equal(create_customer(&application, &caller, value, ON_DUPLICATE_ALLOW,
                                         &c->arena, &out, &c->error),
                         STATUS_OK);
    }
}

/* Contacts of all trees that one of the customers is in, each counted where its home is. */
static int count_contacts(struct contract *c)
{
    int count = 0;
    for (int i = 0; i < CUSTOMERS; i++) {
        struct str id = arena_format(&c->arena, "C-%02d", i);
        struct tree tree;
        assert_int_equal(contract_tree(c, id, INSTANT_FUTURE, &tree), STATUS_OK);
        for (size_t f = 0; f < tree.fact_count; f++)
            count += tree.facts[f].kind == FACT_CONTACT && str_equal(tree.facts[f].home, id);
    }
    return count;
}

static void many_who_lock_what_they_need_lose_nothing(struct contract *c)
{
    static struct worker workers[WORKERS];
    int contacts = 0;
    application = application_fixture(environment_system());
    application.store = c->store;
    atomic_store(&surprises, 0);
    for (size_t i = 0; i < UNIT_COUNT(acts); i++) atomic_store(&done[i], 0);
    create_them(c);
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){.contract = c,
                                     .number = i,
                                     .state = (uint32_t)i * 7919u + 17u,
                                     .caller = {.tenant = c->tenant, .user_id = STR("tester")}};
        assert_int_equal(pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++) pthread_join(workers[i].thread, NULL);
    for (int i = 0; i < WORKERS; i++) contacts += workers[i].contacts;
    assert_int_equal(atomic_load(&surprises), 0);
    for (size_t i = 0; i < UNIT_COUNT(acts); i++) assert_true(atomic_load(&done[i]) > 0);
    assert_int_equal(count_contacts(c), contacts);
    assert_int_equal(contract_deadlocks(c), 0);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(two_that_lock_in_opposite_order_both_end),
        CONTRACT(many_who_lock_what_they_need_lose_nothing)};
    return contract_run(cases, UNIT_COUNT(cases));
}
