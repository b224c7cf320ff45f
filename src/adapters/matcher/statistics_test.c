#include "adapters/matcher/statistics.h"

#include "unit.h"

#include <stdatomic.h>
#include <time.h>

#include "adapters/memory/memory_store.h"

static struct arena arena;
static struct store *store;
static const struct store_operations *real_operations;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    return memory_store_new(64 << 20, &store) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    memory_store_free(store);
    arena_release(&arena);
    return 0;
}

/* Every second one is a Miller; all others have a family name of their own. */
static enum status fill_body(struct store_session *session, void *context, struct error *error)
{
    for (int i = 0; i < *(int *)context; i++) {
        char family[8] = "Xaaaaaa";
        for (int at = 1, rest = i; at < 7; at++, rest /= 20)
            family[at] = at % 2 ? "aeiou"[rest % 5] : "bdfgklmnprstvz"[rest % 14];
        struct profile_row row = {
            .customer_id = arena_format(&arena, "C-%05d", i),
            .version = 1,
            .erased_at = INSTANT_NONE,
            .kind = STR("PERSON"),
            .status = STR("ACTIVE"),
            .name = STR(""),
            .document = arena_format(&arena, "{\"kind\":\"PERSON\",\"name\":\"Ann %s\"}",
                                     i % 2 ? "Miller" : family)};
        TRY(store_profile_insert(session, &row, error));
    }
    return STATUS_OK;
}

static void fill(int count)
{
    struct error error;
    assert_int_equal(store_write(store, STR("t"), &arena, fill_body, &count, &error), STATUS_OK);
}

static double weight_of_miller(struct statistics *statistics, struct str tenant)
{
    static const struct matching_value values[] = {
        {MATCHING_FIELD_KIND, STR(""), STR("person")},
        {MATCHING_FIELD_FULL_NAME, STR(""), STR("Ambrose Miller")}};
    struct statistics_engine *engine = statistics_take(statistics, tenant);
    struct matching_query *query;
    struct matching_outcome outcome;
    struct str normal;
    double weight = 0;
    assert_int_equal(matching_normalise(values, 2, &arena, &normal, NULL), STATUS_OK);
    assert_int_equal(matching_query_new(statistics_matcher(engine), normal, &query, NULL),
                     STATUS_OK);
    assert_int_equal(matching_query_compare(query, normal, &outcome, NULL), STATUS_OK);
    for (size_t i = 0; i < outcome.part_count; i++)
        if (str_equal(outcome.parts[i].comparison, STR("family_name")))
            weight = outcome.parts[i].weight;
    matching_query_free(query);
    statistics_give(engine);
    return weight;
}

/* As long as it takes the other thread to learn; a test that hangs is ended from outside. */
static double weight_once_it_changed(struct statistics *statistics, double before)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    double weight = before;
    while (weight == before) {
        weight = weight_of_miller(statistics, STR("t"));
        (void)nanosleep(&pause, NULL);
    }
    return weight;
}

static void a_frequent_name_weighs_less_once_the_store_is_known(void **state)
{
    (void)state;
    struct statistics *statistics;
    fill(2000);
    assert_int_equal(statistics_new(store, STR_NONE, &statistics, NULL), STATUS_OK);
    double before = weight_of_miller(statistics, STR("t"));
    double after = weight_once_it_changed(statistics, before);
    assert_true(before > 8);
    assert_true(after < 2);
    assert_true(weight_of_miller(statistics, STR("other")) == before);
    statistics_free(statistics);
}

static atomic_int looks;

static enum status count_read(struct store *base, struct str tenant, struct arena *memory,
                              store_body *body, void *context, struct error *error)
{
    enum status status = real_operations->read(base, tenant, memory, body, context, error);
    atomic_fetch_add(&looks, 1);
    return status;
}

static void a_small_store_says_nothing_of_frequencies(void **state)
{
    (void)state;
    struct statistics *statistics;
    fill(900);
    real_operations = store->operations;
    struct store_operations counting = *real_operations;
    counting.read = count_read;
    store->operations = &counting;
    assert_int_equal(statistics_new(store, STR_NONE, &statistics, NULL), STATUS_OK);
    double before = weight_of_miller(statistics, STR("t"));
    for (int i = 0, since = 0; since < 20; i++) {
        const struct timespec pause = {.tv_nsec = 1000000};
        assert_true(weight_of_miller(statistics, STR("t")) == before);
        assert_true(i < 60000);
        since += atomic_load(&looks) > 0; /* some more after the other thread has looked */
        (void)nanosleep(&pause, NULL);
    }
    statistics_free(statistics);
    store->operations = real_operations;
}

static void without_a_store_nothing_is_learned(void **state)
{
    (void)state;
    struct statistics *statistics;
    assert_int_equal(statistics_new(NULL, STR_NONE, &statistics, NULL), STATUS_OK);
    assert_true(weight_of_miller(statistics, STR("t")) > 8);
    assert_true(statistics_model_version(statistics).len > 2);
    statistics_free(statistics);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(a_frequent_name_weighs_less_once_the_store_is_known),
        TEST(a_small_store_says_nothing_of_frequencies),
        TEST(without_a_store_nothing_is_learned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
