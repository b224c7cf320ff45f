#include "adapters/store/replicas.h"

#include "unit.h"

enum { TIMELINE = 1 };

static const struct store_party ann = {STR("t1"), STR("ann")}, bob = {STR("t1"), STR("bob")};

/* One, which is never connected to. */
static struct replicas *make(void)
{
    static const struct str url = STR("postgresql://nobody@127.0.0.1:1/none");
    const struct replica_options options = {.urls = &url, .count = 1, .lag_max_ms = 60000};
    const struct postgres_options engine = {.connections_per_loop = 1, .readers_per_loop = 1};
    struct replicas *replicas;
    struct error error;
    assert_int_equal(replicas_new(&options, &engine, &replicas, &error), STATUS_OK);
    return replicas;
}

static void primary_says(struct replicas *replicas, int64_t position)
{
    int64_t asked_ms = replicas_ask_primary(replicas);
    replicas_note_primary(replicas, asked_ms, (struct replica_answer){position, TIMELINE});
}

static void replica_says(struct replicas *replicas, int64_t position)
{
    replicas_ask(replicas, 0);
    replicas_note(replicas, 0, (struct replica_answer){position, TIMELINE});
}

static bool may_read(struct replicas *replicas, const struct store_party *party, int64_t after)
{
    return replicas_choose(replicas, party, &after) != NULL;
}

static void none_is_read_of_before_the_primary_has_answered(void **state)
{
    (void)state;
    struct replicas *replicas = make();
    assert_false(may_read(replicas, &ann, 0));
    primary_says(replicas, 100);
    replica_says(replicas, 99);
    assert_false(may_read(replicas, &ann, 0));
    replica_says(replicas, 100);
    assert_true(may_read(replicas, &ann, 0));
    assert_false(may_read(replicas, &ann, 101));
    replicas_free(replicas);
}

static void who_wrote_reads_what_he_wrote(void **state)
{
    (void)state;
    struct replicas *replicas = make();
    primary_says(replicas, 100);
    replica_says(replicas, 110);
    replicas_note_write(replicas, &ann, 120);
    assert_false(may_read(replicas, &ann, 0));
    assert_true(may_read(replicas, &bob, 0));
    replica_says(replicas, 120);
    assert_true(may_read(replicas, &ann, 0));
    replicas_free(replicas);
}

static void a_write_during_a_question_is_not_taken_for_one_before_it(void **state)
{
    (void)state;
    struct replicas *replicas = make();
    primary_says(replicas, 100);
    replicas_note_unknown(replicas, &ann);
    int64_t asked_ms = replicas_ask_primary(replicas);
    replicas_note_write(replicas, &ann, 150);
    replicas_note_primary(replicas, asked_ms, (struct replica_answer){120, TIMELINE});
    replica_says(replicas, 130);
    assert_false(may_read(replicas, &ann, 0));
    primary_says(replicas, 160);
    replica_says(replicas, 160);
    assert_true(may_read(replicas, &ann, 0));
    replicas_free(replicas);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_read_of_before_the_primary_has_answered),
        cmocka_unit_test(who_wrote_reads_what_he_wrote),
        cmocka_unit_test(a_write_during_a_question_is_not_taken_for_one_before_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
