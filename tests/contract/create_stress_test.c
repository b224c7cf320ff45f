/* Threads that create or import the same customer at once, on every adapter: one of them succeeds,
 * whether the records share an identifier or only look alike. Also run under the thread sanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>

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

static void of_imports_and_creates_that_only_look_alike_one_is_written(struct contract *c)
{
    write_at_once(c, true, IMPORTERS, 1);
}

/* --- a creation in the middle of an import, and the other way round --- */

/* One customer, written by an import and by a creation. */
struct meeting {
    struct creator importer, creator;
    struct matcher *matcher;      /* what the application would have */
    struct matcher slow;          /* what the creation has: it begins to compare and waits */
    enum duplicate_choice choice; /* of the import */
    enum status created;
    bool has_begun; /* the creation has */
    atomic_bool has_looked;
    pthread_t thread;
};

static enum status create_now(struct meeting *meeting)
{
    struct creator *creator = &meeting->creator;
    const struct caller caller = {.tenant = creator->contract->tenant, .user_id = STR("tester")};
    struct error error;
    return create(creator, &caller, &error);
}

static void *create_slowly(void *argument)
{
    struct meeting *meeting = argument;
    meeting->created = create_now(meeting);
    return NULL;
}

static void begin_slowly(struct meeting *meeting)
{
    meeting->has_begun = true;
    assert_int_equal(pthread_create(&meeting->thread, NULL, create_slowly, meeting), 0);
    contract_await(&meeting->has_looked);
}

static void conclude(struct import_step *step, struct buffer *report)
{
    struct meeting *meeting = step->context;
    (void)report;
    if (meeting->has_begun) return;
    if (meeting->slow.compare) {
        begin_slowly(meeting);
    } else {
        meeting->has_begun = true;
        meeting->created = create_now(meeting);
    }
}

static enum import_outcome import_one(struct meeting *meeting)
{
    struct creator *importer = &meeting->importer;
    struct contract *c = importer->contract;
    const struct caller caller = {.tenant = c->tenant, .user_id = STR("tester")};
    const struct import_settings settings = {.source = STR("erp"), .on_duplicate = meeting->choice};
    const struct import_record record = {
        .source_key = STR_NONE, .observed_at = INSTANT_NONE, .body = body_of(importer)};
    struct import_result result;
    struct import_batch *batch;
    struct import_step step = {.conclude = conclude, .context = meeting};
    assert_int_equal(import_records_prepare(importer->application, &caller, &settings, &record, 1,
                                            &importer->arena, &result, &batch, &c->error),
                     STATUS_OK);
    assert_int_equal(import_records_write(batch, &step, &c->error), STATUS_OK);
    return result.outcome;
}

static void begin_meeting(struct contract *c, struct application *application, int round,
                          struct meeting *meeting)
{
    *meeting = (struct meeting){.matcher = application->matcher};
    meeting->importer = (struct creator){
        .contract = c, .application = application, .weighed = true, .round = round};
    meeting->creator = meeting->importer;
    meeting->creator.number = 1;
    arena_init(&meeting->importer.arena, MEMORY);
    arena_init(&meeting->creator.arena, MEMORY);
}

static void end_meeting(struct meeting *meeting)
{
    arena_release(&meeting->importer.arena);
    arena_release(&meeting->creator.arena);
}

static struct application new_application(struct contract *c)
{
    const struct matcher_options options = {.match_weight = 8};
    struct application application = application_fixture(environment_system());
    application.store = c->store;
    assert_int_equal(matcher_new(&options, &application.matcher, &c->error), STATUS_OK);
    return application;
}

/* What is there. */
struct tally {
    struct contract *contract;
    size_t customers, queued;
};

static enum status tally_body(struct store_session *session, void *context, struct error *error)
{
    static const struct profile_filter current = {0};
    struct tally *tally = context;
    struct arena *arena = &tally->contract->arena;
    struct profile_row *rows;
    struct duplicate_count *counts;
    size_t count;
    TRY(store_profile_list(session, &current, STR_NONE, 100, arena, &rows, &tally->customers,
                           error));
    TRY(store_duplicate_count(session, 0, 0, arena, &counts, &count, error));
    tally->queued = 0;
    for (size_t i = 0; i < count; i++) tally->queued += (size_t)counts[i].count;
    return STATUS_OK;
}

static struct tally tally_of(struct contract *c)
{
    struct tally tally = {.contract = c};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, tally_body, &tally, &c->error),
                     STATUS_OK);
    return tally;
}

/* As if the creation had been there from the start. */
static void an_import_finds_who_was_created_in_the_middle_of_it(struct contract *c)
{
    static const struct {
        enum duplicate_choice choice;
        enum import_outcome outcome;
        size_t customers, queued; /* more */
    } cases[] = {{ON_DUPLICATE_REJECT, IMPORT_DUPLICATE, 1, 0},
                 {ON_DUPLICATE_REVIEW, IMPORT_CREATED, 2, 1},
                 {ON_DUPLICATE_MERGE, IMPORT_CREATED, 1, 0},
                 {ON_DUPLICATE_ALLOW, IMPORT_CREATED, 2, 0}};
    struct application application = new_application(c);
    for (int round = 0; c->many_write && round < (int)UNIT_COUNT(cases); round++) {
        struct tally before = tally_of(c);
        struct meeting meeting;
        begin_meeting(c, &application, round, &meeting);
        meeting.choice = cases[round].choice;
        assert_int_equal(import_one(&meeting), cases[round].outcome);
        assert_int_equal(meeting.created, STATUS_OK);
        struct tally after = tally_of(c);
        assert_int_equal(after.customers - before.customers, cases[round].customers);
        assert_int_equal(after.queued - before.queued, cases[round].queued);
        end_meeting(&meeting);
    }
    matcher_free(application.matcher);
}

static struct meeting *of_matcher(struct matcher *matcher)
{
    return (struct meeting *)((char *)matcher - offsetof(struct meeting, slow));
}

static enum status describe_slowly(struct matcher *slow, const struct json_value *const *said,
                                   size_t count, struct arena *arena, struct match_record *out)
{
    struct matcher *matcher = of_matcher(slow)->matcher;
    return matcher->describe(matcher, said, count, arena, out);
}

static enum status keys_slowly(struct matcher *slow, const struct match_record *record,
                               struct arena *arena, struct match_keys *keys)
{
    struct matcher *matcher = of_matcher(slow)->matcher;
    return matcher->keys(matcher, record, arena, keys);
}

/* Until the import has done what it can without waiting. */
static enum status compare_slowly(struct matcher *slow, struct str tenant,
                                  const struct match_record *record,
                                  const struct match_record *others, size_t count,
                                  struct arena *arena, struct match *matches)
{
    struct meeting *meeting = of_matcher(slow);
    atomic_store(&meeting->has_looked, true);
    contract_await_lock(meeting->creator.contract);
    return meeting->matcher->compare(meeting->matcher, tenant, record, others, count, arena,
                                     matches);
}

/* Somebody to compare with: another one of that name. */
static void create_namesake(struct contract *c, struct meeting *meeting)
{
    struct creator *creator = &meeting->creator;
    struct caller caller = {.tenant = c->tenant, .user_id = STR("tester")};
    struct customer_document document;
    struct json_value *body;
    struct str text = arena_format(&c->arena,
                                   "{\"kind\":\"PERSON\",\"name\":\"Ambrose %s\","
                                   "\"dateOfBirth\":\"2001-10-11\"}",
                                   families[creator->round]);
    assert_int_equal(json_parse(text, &c->arena, &body, NULL), STATUS_OK);
    assert_int_equal(create_customer(creator->application, &caller, body, ON_DUPLICATE_ALLOW,
                                     &c->arena, &document, &c->error),
                     STATUS_OK);
}

static void meet_a_slow_creation(struct contract *c, bool is_first)
{
    struct application application = new_application(c), slow = application;
    struct meeting meeting;
    begin_meeting(c, &application, is_first, &meeting);
    create_namesake(c, &meeting);
    meeting.slow = (struct matcher){.model_version = application.matcher->model_version,
                                    .describe = describe_slowly,
                                    .keys = keys_slowly,
                                    .compare = compare_slowly};
    meeting.creator.application = &slow;
    slow.matcher = &meeting.slow;
    if (is_first) begin_slowly(&meeting);
    assert_int_equal(import_one(&meeting), IMPORT_DUPLICATE);
    pthread_join(meeting.thread, NULL);
    assert_int_equal(meeting.created, STATUS_OK);
    assert_int_equal(contract_deadlocks(c), 0);
    end_meeting(&meeting);
    matcher_free(application.matcher);
}

static void an_import_waits_for_a_creation_that_has_looked(struct contract *c)
{
    for (int i = 0; c->many_write && i < 2; i++) meet_a_slow_creation(c, i == 0);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(of_many_who_share_an_identifier_one_is_created),
        CONTRACT(of_many_who_only_look_alike_one_is_created),
        CONTRACT(of_imports_and_creates_that_share_an_identifier_one_is_written),
        CONTRACT(of_imports_that_only_look_alike_one_is_written),
        CONTRACT(of_imports_and_creates_that_only_look_alike_one_is_written),
        CONTRACT(an_import_finds_who_was_created_in_the_middle_of_it),
        CONTRACT(an_import_waits_for_a_creation_that_has_looked)};
    return contract_run(cases, UNIT_COUNT(cases));
}
