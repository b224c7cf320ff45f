/* Threads that create or import the same customer at once, on every adapter: one of them succeeds,
 * whether the records share an identifier or only look alike. Also run under the thread sanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "adapters/matcher/matcher.h"
#include "application/create_customer.h"
#include "application/import_records.h"
#include "application_fixture.h"
#include "contract.h"

enum { CREATORS = 6, IMPORTERS = 2, ROUNDS = 10, MEMORY = 16 << 20 };

/* The same customer as its many authors write it: sharing an identifier, or nothing that decides.
 */
static const char *const by_identifier =
    "{\"name\":\"Author %d of %d\",\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE-%d\"}]}";
static const char *const by_weight =
    "{\"kind\":\"PERSON\",\"name\":\"Ambrose %s\",\"dateOfBirth\":\"%d-02-03\","
    "\"addresses\":[{\"line1\":\"12 Elm Street\",\"city\":\"Springfield\",\"postalCode\":"
    "\"%d\"}],\"segment\":\"S%d\"}";
static const char *const families[ROUNDS] = {"Featherstone", "Quibell",   "Thornbury", "Vandermeer",
                                             "Okonkwo",      "Lindqvist", "Moriarty",  "Zapatero",
                                             "Yamaguchi",    "Kowalczyk"};

struct creator {
    struct contract *contract;
    struct application *application;
    bool weighed;
    bool imports;
    int number;
    int round;
    struct arena arena;
    pthread_t thread;
};

static atomic_int created[ROUNDS], refused[ROUNDS];
static pthread_barrier_t round_begins;

static struct json_value *body_of(struct creator *creator)
{
    struct json_value *body;
    int number = creator->number, round = creator->round;
    struct str text = creator->weighed
                          ? arena_format(&creator->arena, by_weight, families[round],
                                         1940 + 7 * round, 10000 + 997 * round, number)
                          : arena_format(&creator->arena, by_identifier, number, round, round);
    return json_parse(text, &creator->arena, &body, NULL) == STATUS_OK ? body : NULL;
}

/* A batch of one. */
static enum status import(struct creator *creator, const struct caller *caller, struct error *error)
{
    const struct import_settings settings = {.source = STR("erp"),
                                             .on_duplicate = ON_DUPLICATE_REJECT};
    const struct import_record record = {
        .source_key = STR_NONE, .observed_at = INSTANT_NONE, .body = body_of(creator)};
    struct import_result result;
    TRY(import_records(creator->application, caller, &settings, &record, 1, &creator->arena,
                       &result, error));
    switch (result.outcome) {
    case IMPORT_CREATED:
        return STATUS_OK;
    case IMPORT_DUPLICATE:
        return STATUS_DUPLICATE_CUSTOMER;
    default:
        return STATUS_INTERNAL;
    }
}

static enum status create(struct creator *creator, const struct caller *caller, struct error *error)
{
    struct customer_document document;
    return create_customer(creator->application, caller, body_of(creator), ON_DUPLICATE_REJECT,
                           &creator->arena, &document, error);
}

/* Nobody begins a round before all have ended the one before. */
static void *creator_main(void *argument)
{
    struct creator *creator = argument;
    const struct caller caller = {.tenant = creator->contract->tenant, .user_id = STR("tester")};
    arena_init(&creator->arena, MEMORY);
    for (creator->round = 0; creator->round < ROUNDS; creator->round++) {
        struct error error;
        (void)pthread_barrier_wait(&round_begins);
        enum status status =
            creator->imports ? import(creator, &caller, &error) : create(creator, &caller, &error);
        if (status == STATUS_OK) atomic_fetch_add(&created[creator->round], 1);
        if (status == STATUS_DUPLICATE_CUSTOMER) atomic_fetch_add(&refused[creator->round], 1);
        arena_reset(&creator->arena);
    }
    arena_release(&creator->arena);
    return NULL;
}

/* How many of a round were created is from 1 to `most`; the others were refused. */
static void write_at_once(struct contract *c, bool weighed, int importers, int most)
{
    const struct matcher_options options = {.match_weight = 8};
    struct application application = application_fixture(environment_system());
    application.store = c->store;
    struct creator creators[CREATORS];
    assert_int_equal(matcher_new(&options, &application.matcher, &c->error), STATUS_OK);
    assert_int_equal(pthread_barrier_init(&round_begins, NULL, CREATORS), 0);
    for (int i = 0; i < ROUNDS; i++) {
        atomic_store(&created[i], 0);
        atomic_store(&refused[i], 0);
    }
    for (int i = 0; i < CREATORS; i++) {
        creators[i] = (struct creator){.contract = c,
                                       .application = &application,
                                       .weighed = weighed,
                                       .imports = i < importers,
                                       .number = i};
        assert_int_equal(pthread_create(&creators[i].thread, NULL, creator_main, &creators[i]), 0);
    }
    for (int i = 0; i < CREATORS; i++) pthread_join(creators[i].thread, NULL);
    for (int i = 0; i < ROUNDS; i++) {
        assert_in_range(atomic_load(&created[i]), 1, most);
        assert_int_equal(atomic_load(&refused[i]), CREATORS - atomic_load(&created[i]));
    }
    pthread_barrier_destroy(&round_begins);
    matcher_free(application.matcher);
}

static void of_many_who_share_an_identifier_one_is_created(struct contract *c)
{
    write_at_once(c, false, 0, 1);
}

static void of_many_who_only_look_alike_one_is_created(struct contract *c)
{
    write_at_once(c, true, 0, 1);
}

static void of_imports_and_creates_that_share_an_identifier_one_is_written(struct contract *c)
{
    write_at_once(c, false, IMPORTERS, 1);
}

static void of_imports_that_only_look_alike_one_is_written(struct contract *c)
{
    write_at_once(c, true, CREATORS, 1);
}

/* Where units of work do not follow each other an import may write what a creation writes at the
 * same moment: docs/decisions/0038-weight-may-refuse.md. */
static void of_imports_and_creates_that_only_look_alike_one_of_each_is_written(struct contract *c)
{
    write_at_once(c, true, IMPORTERS, c->many_write ? 2 : 1);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(of_many_who_share_an_identifier_one_is_created),
        CONTRACT(of_many_who_only_look_alike_one_is_created),
        CONTRACT(of_imports_and_creates_that_share_an_identifier_one_is_written),
        CONTRACT(of_imports_that_only_look_alike_one_is_written),
        CONTRACT(of_imports_and_creates_that_only_look_alike_one_of_each_is_written)};
    return contract_run(cases, UNIT_COUNT(cases));
}
