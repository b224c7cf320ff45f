/* What is put aside while its customer is erased, on every store: nothing of it stays. */
#include <pthread.h>

#include "application/put_aside.h"
#include "application_fixture.h"
#include "contract.h"
#include "faulty_store.h"

static struct application application;
static struct faulty_store twice;

static void begin(struct contract *c)
{
    application = application_fixture(environment_system());
    faulty_store_init(&twice, c->store);
    application.store = &twice.base;
}

/* A topic of the case's own: letters are of all. */
static struct dead_letter letter(struct contract *c, int64_t offset, struct str customer)
{
    return (struct dead_letter){.topic = c->tenant,
                                .offset = offset,
                                .key = customer,
                                .value = STR("{}"),
                                .trace = STR_NONE,
                                .code = STR("INVALID_VALUE"),
                                .reason = STR("why"),
                                .tenant = c->tenant,
                                .customer = customer,
                                .sent_at = 5,
                                .parked_at = 1000000};
}

static size_t list(struct contract *c, struct dead_letter **letters)
{
    struct dead_letter after = letter(c, -1, STR_NONE);
    size_t count;
    after.partition = -1;
    assert_int_equal(
        store_dead_letter_list(c->store, &after, 100, &c->arena, letters, &count, &c->error),
        STATUS_OK);
    while (count > 0 && !str_equal((*letters)[count - 1].topic, c->tenant)) count--;
    return count;
}

static bool put_one(struct contract *c, struct dead_letter one)
{
    bool kept = false;
    assert_int_equal(put_aside(&application, &one, 1, &c->arena, &kept, &c->error), STATUS_OK);
    return kept;
}

static enum status erase_rows(struct store_session *session, struct arena *arena,
                              struct error *error)
{
    const struct str home = STR("C");
    const struct erasure erasure = {.homes = &home, .home_count = 1, .reason = STR("ERASED")};
    struct profile_row row;
    TRY(store_homes_erase(session, &erasure, error));
    TRY(store_profile_get(session, home, STORE_LOCK, arena, &row, error));
    row.erased_at = 2000;
    row.document = STR_NONE;
    return store_profile_update(session, &row, error);
}

/* An erasure that has taken the letters away, and waits before it ends. */
struct erasing {
    struct contract *c;
    atomic_bool has_begun;
};

static enum status erase_slowly(struct store_session *session, void *context, struct error *error)
{
    struct erasing *erasing = context;
    struct profile_row row;
    TRY(store_profile_get(session, STR("C"), STORE_LOCK, &erasing->c->arena, &row, error));
    TRY(erase_rows(session, &erasing->c->arena, error));
    atomic_store(&erasing->has_begun, true);
    if (erasing->c->many_write) contract_await_lock(erasing->c);
    return STATUS_OK;
}

struct putting {
    struct erasing *erasing;
    struct arena arena;
    bool kept;
    enum status status;
};

static void *put_meanwhile(void *argument)
{
    struct putting *putting = argument;
    struct dead_letter one = letter(putting->erasing->c, 1, STR("C"));
    contract_await(&putting->erasing->has_begun);
    putting->status = put_aside(&application, &one, 1, &putting->arena, &putting->kept, NULL);
    return NULL;
}

static void a_letter_that_is_written_during_the_erasure_is_not_kept(struct contract *c)
{
    struct erasing erasing = {.c = c};
    struct putting putting = {.erasing = &erasing, .kept = true};
    struct dead_letter *found;
    pthread_t thread;
    begin(c);
    application.store = c->store;
    contract_insert(c, contract_profile(STR("C"), 1000));
    arena_init(&putting.arena, 1 << 20);
    assert_int_equal(pthread_create(&thread, NULL, put_meanwhile, &putting), 0);
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, erase_slowly, &erasing, &c->error),
                     STATUS_OK);
    (void)pthread_join(thread, NULL);
    arena_release(&putting.arena);
    assert_int_equal(putting.status, STATUS_OK);
    assert_false(putting.kept);
    assert_int_equal(list(c, &found), 0);
}

static enum status erase_body(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    return erase_rows(session, &c->arena, error);
}

static void letters_of_others_are_kept(struct contract *c)
{
    struct dead_letter *found;
    begin(c);
    contract_insert(c, contract_profile(STR("C"), 1000));
    contract_insert(c, contract_profile(STR("D"), 1000));
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, erase_body, c, &c->error),
                     STATUS_OK);
    struct dead_letter all[] = {letter(c, 1, STR("D")), letter(c, 2, STR("C")),
                                letter(c, 3, STR("C")), letter(c, 4, STR("nobody")),
                                letter(c, 5, STR_NONE), letter(c, 6, STR_NONE)};
    bool kept[6];
    all[2].tenant = c->other_tenant;
    all[5].tenant = STR_NONE;
    assert_int_equal(put_aside(&application, all, 6, &c->arena, kept, &c->error), STATUS_OK);
    for (int i = 0; i < 6; i++) assert_int_equal(kept[i], i != 1);
    assert_int_equal(list(c, &found), 5);
    assert_true(put_one(c, all[0])); /* again */
    assert_int_equal(list(c, &found), 5);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_letter_that_is_written_during_the_erasure_is_not_kept),
        CONTRACT(letters_of_others_are_kept),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
