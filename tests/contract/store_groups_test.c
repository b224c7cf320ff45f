/* Units of work that come at once, in coroutines of two loops, of which a store may carry out
 * several in one transaction: each has the outcome that it would have had alone. Also run under the
 * thread sanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "adapters/matcher/matcher.h"
#include "adapters/store/sql_store.h"
#include "application/create_customer.h"
#include "application_fixture.h"
#include "contract.h"
#include "engines/loop/loop.h"

enum { LOOPS = 2, TASKS = 40, MEMORY = 16 << 20, CUSTOMERS = 8, HOMES = 30, ASKED = 7, MANY = 300 };

struct task {
    struct contract *contract;
    struct crew *crew;
    store_body *body;
    int number;
    struct arena arena;
    struct error error;
    enum status status;
    bool found_wrong;
};

/* The tasks of a loop, begun in one of its turns. */
struct crew {
    struct loop *loop;
    pthread_t thread;
    loop_function *run;
    size_t left, count;
    struct task *tasks;
};

static void end_task(struct task *task)
{
    if (--task->crew->left == 0) loop_stop(task->crew->loop);
}

static void run_body(void *argument)
{
    struct task *task = argument;
    task->status = store_write_grouped(task->contract->store, task->contract->tenant, &task->arena,
                                       task->body, task, &task->error);
    end_task(task);
}

static void *crew_main(void *argument)
{
    struct crew *crew = argument;
    for (size_t i = 0; i < crew->count; i++)
        if (!loop_spawn(crew->loop, crew->run, &crew->tasks[i])) return NULL;
    loop_run(crew->loop);
    return NULL;
}

static struct crew crews[LOOPS];
static struct task tasks[MANY];
/* The stores know them: they are freed when these are closed. */
static struct loop *loops[LOOPS * 32];
static int loop_count;

static struct loop *new_loop(void)
{
    assert_in_range(loop_count, 0, UNIT_COUNT(loops) - 1);
    return loops[loop_count++] = loop_new(0);
}

/* The `count` tasks from number `first` on are its own. */
static void begin_crew(struct contract *c, struct crew *crew, int first, int count,
                       loop_function *run, store_body *body)
{
    *crew = (struct crew){.loop = new_loop(),
                          .run = run,
                          .left = (size_t)count,
                          .count = (size_t)count,
                          .tasks = &tasks[first]};
    for (int t = 0; t < count; t++) {
        crew->tasks[t] =
            (struct task){.contract = c, .crew = crew, .body = body, .number = first + t};
        arena_init(&crew->tasks[t].arena, MEMORY);
    }
    assert_int_equal(pthread_create(&crew->thread, NULL, crew_main, crew), 0);
}

static void begin_crews(struct contract *c, loop_function *run, store_body *body)
{
    for (int i = 0; i < LOOPS; i++) begin_crew(c, &crews[i], i * TASKS, TASKS, run, body);
}

static void await_crews(void)
{
    for (int i = 0; i < LOOPS; i++) pthread_join(crews[i].thread, NULL);
}

static void release_tasks(int count)
{
    for (int i = 0; i < count; i++) arena_release(&tasks[i].arena);
}

static void release_crews(void)
{
    release_tasks(LOOPS * TASKS);
}

/* What was carried out together until now. */
struct grouping {
    long groups, members, left;
};

static long number_behind(struct str text, const char *name)
{
    const char *at = strstr(text.ptr, name);
    assert_non_null(at);
    return strtol(at + strlen(name), NULL, 10);
}

static struct grouping grouping_of(struct contract *c)
{
    struct buffer out = {.arena = &c->arena};
    if (!c->many_write) return (struct grouping){0};
    sql_write_groups_write_metrics(c->store, &out);
    buffer_append_char(&out, '\0');
    return (struct grouping){
        .groups = number_behind(buffer_str(&out), "\ncustomer360_write_group_size_count "),
        .members = number_behind(buffer_str(&out), "\ncustomer360_write_group_size_sum "),
        .left = number_behind(buffer_str(&out), "\ncustomer360_write_group_left_total ")};
}

static struct task *task_at(int number)
{
    return &tasks[number];
}

/* --- creations --- */

static struct application *application;
static atomic_int created[CUSTOMERS], refused[CUSTOMERS];

static void run_creation(void *argument)
{
    struct task *task = argument;
    const struct caller caller = {.tenant = task->contract->tenant, .user_id = STR("tester")};
    struct json_value *body;
    struct customer_document document;
    int customer = task->number % CUSTOMERS;
    struct str text = arena_format(&task->arena,
                                   "{\"name\":\"Author %d\",\"identifiers\":[{\"type\":\"VAT\","
                                   "\"value\":\"DE-%d\"}]}",
                                   task->number, customer);
    if (json_parse(text, &task->arena, &body, NULL) == STATUS_OK)
        task->status = create_customer(application, &caller, body, ON_DUPLICATE_REJECT,
                                       &task->arena, &document, &task->error);
    if (task->status == STATUS_OK) atomic_fetch_add(&created[customer], 1);
    if (task->status == STATUS_DUPLICATE_CUSTOMER) atomic_fetch_add(&refused[customer], 1);
    end_task(task);
}

static void of_those_who_create_one_customer_at_once_one_succeeds(struct contract *c)
{
    const struct matcher_options options = {.match_weight = 8};
    struct application fixture = application_fixture(environment_system());
    struct event *events;
    fixture.store = c->store;
    application = &fixture;
    assert_int_equal(matcher_new(&options, &fixture.matcher, &c->error), STATUS_OK);
    for (int i = 0; i < CUSTOMERS; i++) {
        atomic_store(&created[i], 0);
        atomic_store(&refused[i], 0);
    }
    begin_crews(c, run_creation, NULL);
    await_crews();
    for (int i = 0; i < CUSTOMERS; i++) {
        assert_int_equal(atomic_load(&created[i]), 1);
        assert_int_equal(atomic_load(&refused[i]), LOOPS * TASKS / CUSTOMERS - 1);
    }
    contract_await_events(c, CUSTOMERS);
    assert_int_equal(contract_events(c, 0, 100, &c->arena, &events), CUSTOMERS);
    release_crews();
    matcher_free(fixture.matcher);
}

/* --- each has its own outcome --- */

static struct str id_of(const char *prefix, int number, struct arena *arena)
{
    return arena_format(arena, "%s-%d", prefix, number);
}

static enum status insert(struct task *task, struct store_session *session, struct str id,
                          struct error *error)
{
    struct profile_row row = contract_profile(id, 1000);
    struct fact fact = contract_fact(id, STR("s"), 1000, &task->arena);
    TRY(store_profile_insert(session, &row, error));
    return store_fact_append(session, &fact, error);
}

static bool is_there(struct contract *c, struct str id)
{
    struct profile_row row;
    return contract_get(c, c->tenant, id, &row) == STATUS_OK;
}

static enum status refuse_odd(struct store_session *session, void *context, struct error *error)
{
    struct task *task = context;
    TRY(insert(task, session, id_of("R", task->number, &task->arena), error));
    if (task->number % 2 == 0) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("name"), STR_NONE, "is odd");
}

/* Those who come in one turn of a loop: a few groups, which no refusal breaks up. */
static void one_that_is_refused_refuses_nobody_else(struct contract *c)
{
    struct grouping before = grouping_of(c);
    begin_crews(c, run_body, refuse_odd);
    await_crews();
    struct grouping after = grouping_of(c);
    if (c->many_write) {
        assert_int_equal(after.members - before.members, LOOPS * TASKS);
        assert_in_range(after.groups - before.groups, LOOPS, LOOPS * TASKS / 4);
        assert_int_equal(after.left, before.left);
    }
    for (int i = 0; i < LOOPS * TASKS; i++) {
        assert_int_equal(task_at(i)->status, i % 2 ? STATUS_INVALID_VALUE : STATUS_OK);
        assert_int_equal(is_there(c, id_of("R", i, &c->arena)), i % 2 == 0);
    }
    release_crews();
}

/* The ids of four are one. */
static enum status insert_one_of_four(struct store_session *session, void *context,
                                      struct error *error)
{
    struct task *task = context;
    int number = task->number % 4 == 3 ? -1 : task->number;
    return insert(task, session, id_of("F", number, &task->arena), error);
}

static void one_that_the_store_refuses_refuses_nobody_else(struct contract *c)
{
    int inserted = 0;
    begin_crews(c, run_body, insert_one_of_four);
    await_crews();
    for (int i = 0; i < LOOPS * TASKS; i++) {
        enum status status = task_at(i)->status;
        if (i % 4 != 3) assert_int_equal(status, STATUS_OK);
        if (i % 4 != 3) assert_true(is_there(c, id_of("F", i, &c->arena)));
        if (i % 4 == 3) assert_true(status == STATUS_OK || status == STATUS_CUSTOMER_EXISTS);
        inserted += i % 4 == 3 && status == STATUS_OK;
    }
    assert_int_equal(inserted, 1);
    release_crews();
}

static enum status read_own(struct store_session *session, void *context, struct error *error)
{
    struct task *task = context;
    struct str id = id_of("O", task->number, &task->arena);
    struct profile_row row;
    struct tree tree;
    TRY(insert(task, session, id, error));
    if (task->number % 3 == 0) return STATUS_OK;
    TRY(store_profile_get(session, id, STORE_LOCK, &task->arena, &row, error));
    TRY(store_tree_load(session, id, INSTANT_FUTURE, &task->arena, &tree, error));
    task->found_wrong = !str_equal(row.customer_id, id) || tree.fact_count != 1;
    return STATUS_OK;
}

static void one_that_reads_what_it_wrote_finds_it(struct contract *c)
{
    begin_crews(c, run_body, read_own);
    await_crews();
    for (int i = 0; i < LOOPS * TASKS; i++) {
        assert_int_equal(task_at(i)->status, STATUS_OK);
        assert_false(task_at(i)->found_wrong);
        assert_true(is_there(c, id_of("O", i, &c->arena)));
    }
    release_crews();
}

/* --- each is told what it asked --- */

static enum status put_homes(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    for (int i = 0; i < HOMES; i++) {
        struct profile_row row = contract_profile(id_of("H", i, &c->arena), 1000);
        struct str keys[] = {id_of("own", i, &c->arena), id_of("third", i / 3, &c->arena)};
        TRY(store_profile_insert(session, &row, error));
        TRY(store_keys_put(session, row.customer_id, keys, 2, error));
        if (i % 2 == 0) TRY(store_suppression_put(session, keys[0], STR_NONE, 1000, error));
    }
    return STATUS_OK;
}

/* Some are there twice for others, some not at all. */
static int asked_of(const struct task *task, int i)
{
    return (task->number * 5 + i * 11) % (HOMES + 6);
}

static enum status ask_keys(struct task *task, struct store_session *session, struct error *error)
{
    struct str keys[ASKED];
    struct key_hit *hits;
    size_t count, at = 0;
    for (int i = 0; i < ASKED; i++) keys[i] = id_of("third", asked_of(task, i) / 3, &task->arena);
    TRY(store_keys_find(session, keys, ASKED, 10, &task->arena, &hits, &count, error));
    for (int i = 0; i < ASKED; i++) {
        int first = asked_of(task, i) / 3 * 3;
        size_t begin = at;
        while (at < count && hits[at].key == (size_t)i) at++;
        task->found_wrong |= at - begin != (first < HOMES ? 3 : 0);
        if (at > begin && !task->found_wrong)
            task->found_wrong = !str_equal(hits[begin].home, id_of("H", first, &task->arena)) &&
                                first % 10 < 8; /* 9 sorts behind 10 */
    }
    task->found_wrong |= at != count;
    return STATUS_OK;
}

static enum status ask_all(struct store_session *session, void *context, struct error *error)
{
    struct task *task = context;
    struct str ids[ASKED], hashes[ASKED];
    struct profile_row rows[ASKED];
    bool exist[ASKED], suppressed[ASKED];
    task->found_wrong = false;
    for (int i = 0; i < ASKED; i++) {
        ids[i] = id_of("H", asked_of(task, i), &task->arena);
        hashes[i] = id_of("own", asked_of(task, i), &task->arena);
    }
    TRY(ask_keys(task, session, error));
    if (task->number % 2) TRY(store_profiles_exist(session, ids, ASKED, exist, error));
    TRY(store_suppression_find(session, hashes, ASKED, suppressed, error));
    TRY(store_profiles_get(session, ids, ASKED, STORE_NO_LOCK, &task->arena, rows, error));
    for (int i = 0; i < ASKED; i++) {
        int number = asked_of(task, i);
        bool there = number < HOMES;
        if (task->number % 2) task->found_wrong |= exist[i] != there;
        task->found_wrong |= suppressed[i] != (there && number % 2 == 0);
        task->found_wrong |=
            there ? !str_equal(rows[i].customer_id, ids[i]) : !str_is_none(rows[i].customer_id);
    }
    return STATUS_OK;
}

static void each_is_told_what_it_asked(struct contract *c)
{
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, put_homes, c, &c->error),
                     STATUS_OK);
    begin_crews(c, run_body, ask_all);
    await_crews();
    for (int i = 0; i < LOOPS * TASKS; i++) {
        assert_int_equal(task_at(i)->status, STATUS_OK);
        assert_false(task_at(i)->found_wrong);
    }
    release_crews();
}

/* --- nobody waits for another's lock --- */

static atomic_int unlocked_ended;
static atomic_bool is_held;

static enum status lock_and_insert(struct store_session *session, void *context,
                                   struct error *error)
{
    struct task *task = context;
    int number = task->number % TASKS == 5 ? -1 : task->number;
    struct str key = id_of("lock", number, &task->arena);
    TRY(store_keys_lock(session, &key, 1, error));
    return insert(task, session, id_of("L", task->number, &task->arena), error);
}

static void run_locking(void *argument)
{
    struct task *task = argument;
    task->status = store_write_grouped(task->contract->store, task->contract->tenant, &task->arena,
                                       lock_and_insert, task, &task->error);
    if (task->number % TASKS != 5) atomic_fetch_add(&unlocked_ended, 1);
    task->found_wrong = task->number % TASKS == 5 && atomic_load(&is_held);
    end_task(task);
}

static void pause_a_moment(void)
{
    const struct timespec moment = {.tv_nsec = 2 * 1000 * 1000};
    nanosleep(&moment, NULL);
}

static enum status hold_lock(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    struct str key = id_of("lock", -1, &c->arena);
    TRY(store_keys_lock(session, &key, 1, error));
    TRY(store_profile_insert(session,
                             &(struct profile_row){.customer_id = STR("holder"),
                                                   .version = 1,
                                                   .erased_at = INSTANT_NONE,
                                                   .kind = STR("PERSON"),
                                                   .status = STR("ACTIVE"),
                                                   .name = STR("x")},
                             error));
    bool exists;
    TRY(store_profiles_exist(session, &key, 1, &exists, error)); /* the lock is ours by now */
    atomic_store(&is_held, true);
    begin_crews(c, run_locking, NULL);
    for (int i = 0; i < 30000 && atomic_load(&unlocked_ended) < LOOPS * (TASKS - 1); i++)
        pause_a_moment();
    atomic_store(&is_held, false);
    return STATUS_OK;
}

static void who_wants_a_lock_that_is_held_waits_alone(struct contract *c)
{
    if (!c->many_write) return;
    atomic_store(&unlocked_ended, 0);
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, hold_lock, c, &c->error),
                     STATUS_OK);
    assert_int_equal(atomic_load(&unlocked_ended), LOOPS * (TASKS - 1));
    await_crews();
    for (int i = 0; i < LOOPS * TASKS; i++) {
        assert_int_equal(task_at(i)->status, STATUS_OK);
        assert_false(task_at(i)->found_wrong);
    }
    release_crews();
}

/* --- the server goes away --- */

static enum status insert_gone(struct store_session *session, void *context, struct error *error)
{
    struct task *task = context;
    return insert(task, session, id_of("G", task->number, &task->arena), error);
}

/* All in one loop, so that they wait while the first group asks for a transaction. */
static void run_many(struct contract *c)
{
    begin_crew(c, &crews[0], 0, MANY, run_body, insert_gone);
    pthread_join(crews[0].thread, NULL);
}

static void when_no_transaction_can_be_begun_all_who_wait_are_told(struct contract *c)
{
    if (!c->many_write) return;
    struct grouping before = grouping_of(c);
    contract_set_reachable(c, false);
    run_many(c);
    contract_set_reachable(c, true);
    struct grouping after = grouping_of(c);
    for (int i = 0; i < MANY; i++) assert_int_equal(task_at(i)->status, STATUS_UNAVAILABLE);
    release_tasks(MANY);
    /* There was no group that could be counted. */
    assert_int_equal(after.groups, before.groups);
    assert_int_equal(after.members, before.members);
    run_many(c);
    for (int i = 0; i < MANY; i++) assert_int_equal(task_at(i)->status, STATUS_OK);
    assert_int_equal(grouping_of(c).members, before.members + MANY);
    assert_true(is_there(c, id_of("G", 0, &c->arena)));
    assert_true(is_there(c, id_of("G", MANY - 1, &c->arena)));
    release_tasks(MANY);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(of_those_who_create_one_customer_at_once_one_succeeds),
        CONTRACT(one_that_is_refused_refuses_nobody_else),
        CONTRACT(one_that_the_store_refuses_refuses_nobody_else),
        CONTRACT(one_that_reads_what_it_wrote_finds_it),
        CONTRACT(each_is_told_what_it_asked),
        CONTRACT(who_wants_a_lock_that_is_held_waits_alone),
        CONTRACT(when_no_transaction_can_be_begun_all_who_wait_are_told)};
    int failed = contract_run(cases, UNIT_COUNT(cases));
    for (int i = 0; i < loop_count; i++) loop_free(loops[i]);
    return failed;
}
