/* Laws of the matching engine that hold for any input: see each test's name. Files are made with a
 * seed, so a failure can be had again. */
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "matching/bulk.h"
#include "matching/evaluation.h"
#include "matching/normal.h"
#include "text/similarity.h"

enum { ROWS = 1200, ROW_MAX = 256 };

static uint64_t state = 42;

static uint32_t below(uint32_t limit)
{
    state = values_mix(state + 0x9E3779B97F4A7C15u);
    return (uint32_t)((state >> 32) * limit >> 32);
}

static struct str random_word(char *room, uint32_t max)
{
    uint32_t len = below(max + 1);
    for (uint32_t i = 0; i < len; i++) room[i] = (char)('a' + below(5));
    return str_of(room, len);
}

/* ------------------------------------------------------------------ similarities */

static void similarities_are_symmetric_and_bounded(void **unused)
{
    (void)unused;
    char x[80], y[80];
    for (int i = 0; i < 20000; i++) {
        struct str a = random_word(x, i % 2 ? 12 : 70), b = random_word(y, i % 2 ? 12 : 70);
        double jw = similarity_jaro_winkler(a, b);
        assert_true(jw >= 0 && jw <= 1);
        assert_true(fabs(similarity_jaro(a, b) - similarity_jaro(b, a)) < 1e-12);
        assert_true(jw >= similarity_jaro(a, b));
        assert_int_equal(similarity_edits(a, b, 3), similarity_edits(b, a, 3));
        assert_true(similarity_jaro_winkler(a, a) == 1);
        assert_int_equal(similarity_edits(a, a, 2), 0);
        double bigram = similarity_bigram(a, b);
        assert_true(bigram >= 0 && bigram <= 1 && bigram == similarity_bigram(b, a));
    }
}

static void a_lower_limit_on_edits_only_cuts(void **unused)
{
    (void)unused;
    char x[16], y[16];
    for (int i = 0; i < 20000; i++) {
        struct str a = random_word(x, 9), b = random_word(y, 9);
        unsigned whole = similarity_edits(a, b, 20), cut = similarity_edits(a, b, 2);
        assert_int_equal(cut, whole <= 2 ? whole : 3);
    }
}

/* ------------------------------------------------------------------ records */

enum { RECORDS = 60 };

/* Few names, so that given and family names are swapped, shared and in lists. */
static void make_records(struct values *values, struct record *records)
{
    static const char *const names[] = {"anna", "lee", "maria", "franka", "leon", "", "anne"};
    const struct record_rules rules = {0};
    char text[3][40];
    values_init(values, NULL);
    for (int i = 0; i < RECORDS; i++) {
        struct str name[4];
        for (int n = 0; n < 4; n++) name[n] = str_from_cstr(names[below(7)]);
        struct record_field fields[] = {
            {MATCHING_FIELD_GIVEN_NAME, STR(""), name[0]},
            {MATCHING_FIELD_GIVEN_NAME, STR(""), name[1]},
            {MATCHING_FIELD_FAMILY_NAME, STR(""), name[2]},
            {MATCHING_FIELD_FAMILY_NAME, STR(""), name[3]},
            {MATCHING_FIELD_FULL_NAME, STR(""), random_word(text[0], 8)},
            {MATCHING_FIELD_CITY, STR(""), random_word(text[1], 8)},
            {MATCHING_FIELD_IDENTIFIER, STR("x"), random_word(text[2], 9)},
        };
        memset(&records[i], 0, sizeof records[i]);
        for (int group = 0; group < RECORD_GROUP_COUNT; group++)
            record_fill(values, (enum record_group)group, &rules, fields,
                        sizeof fields / sizeof fields[0], NULL, NULL, &records[i]);
    }
}

/* One value in three is too long to wait in a queue, and few are many times there. */
static struct str contact_of(int i, char *room)
{
    uint32_t len = i % 3 ? 1 + below(3) : 100 + below(60);
    for (uint32_t at = 0; at < len; at++) room[at] = (char)('a' + below(3));
    return str_of(room, len);
}

static void records_that_are_filled_together_are_those_that_are_filled_alone(void **unused)
{
    (void)unused;
    enum { MANY = 2000, TEXT = 200 };
    static char rooms[MANY][2][TEXT];
    static struct record alone[MANY], together[MANY];
    const struct record_rules rules = {0};
    struct values of_alone, of_together;
    struct record_cache *cache = record_cache_new();
    const struct record_cached cached[] = {{cache, 0}, {NULL, 0}};
    struct arena arena;
    arena_init(&arena, 4 << 20);
    values_init(&of_alone, NULL);
    values_init(&of_together, NULL);
    struct record_batch *batch = record_batch_begin(&of_together, RECORD_GROUP_WORDS);
    assert_non_null(batch);
    for (int i = 0; i < MANY; i++) {
        const struct record_field fields[] = {
            {MATCHING_FIELD_PLACE, STR(""), contact_of(i, rooms[i][0])},
            {MATCHING_FIELD_OCCUPATION, STR(""), contact_of(i + 1, rooms[i][1])}};
        record_fill(&of_alone, RECORD_GROUP_WORDS, &rules, fields, 2, NULL, NULL, &alone[i]);
        record_fill(&of_together, RECORD_GROUP_WORDS, &rules, fields, 2, cached, batch,
                    &together[i]);
    }
    record_batch_end(&of_together, batch);
    for (int i = 0; i < MANY; i++) {
        struct buffer a = {.arena = &arena}, b = {.arena = &arena};
        normal_write(&of_alone, &alone[i], &a);
        normal_write(&of_together, &together[i], &b);
        assert_str(buffer_str(&b), buffer_str(&a));
    }
    assert_true(of_alone.domain[DOMAIN_PLACE].count == of_together.domain[DOMAIN_PLACE].count);
    record_cache_free(cache);
    values_release(&of_alone);
    values_release(&of_together);
    arena_release(&arena);
}

static void make_scorer(const struct values *values, struct model_set *models,
                        struct scorer *scorer)
{
    const double rate[MODEL_KIND_COUNT] = {0.001, 0.001};
    model_set_default(models);
    scoring_init(scorer, values, NULL, models, rate);
}

static void every_comparison_is_symmetric(void **unused)
{
    (void)unused;
    struct values values;
    static struct record records[RECORDS];
    struct model_set models;
    struct scorer scorer;
    make_records(&values, records);
    make_scorer(&values, &models, &scorer);
    for (int i = 0; i < RECORDS; i++) {
        for (int j = 0; j < RECORDS; j++) {
            struct evidence ab, ba;
            assert_true(scoring_evidence(&scorer, NULL, &records[i], &records[j], &ab));
            assert_true(scoring_evidence(&scorer, NULL, &records[j], &records[i], &ba));
            assert_memory_equal(ab.level, ba.level, sizeof ab.level);
            assert_true(fabsf(ab.log_odds - ba.log_odds) < 1e-3f);
            float score = scoring_score(&scorer, NULL, &records[i], &records[j], -1e6f);
            assert_true(fabsf(score - ab.log_odds) < 1e-3f);
        }
    }
    values_release(&values);
}

static void a_record_that_is_written_and_read_compares_like_itself(void **unused)
{
    (void)unused;
    struct values values, read;
    static struct record records[RECORDS], again[RECORDS];
    struct model_set models;
    struct scorer scorer, of_read;
    struct arena arena;
    arena_init(&arena, 1 << 20);
    values_init(&read, NULL);
    make_records(&values, records);
    for (int i = 0; i < RECORDS; i++) {
        struct buffer out = {.arena = &arena};
        normal_write(&values, &records[i], &out);
        assert_int_equal(normal_read(&read, buffer_str(&out), &again[i], NULL), STATUS_OK);
    }
    make_scorer(&values, &models, &scorer);
    make_scorer(&read, &models, &of_read);
    for (int i = 0; i < RECORDS; i++) {
        for (int j = 0; j < RECORDS; j++) {
            struct evidence before, after;
            assert_true(scoring_evidence(&scorer, NULL, &records[i], &records[j], &before));
            assert_true(scoring_evidence(&of_read, NULL, &again[i], &again[j], &after));
            assert_memory_equal(&before, &after, sizeof before);
        }
    }
    values_release(&values);
    values_release(&read);
    arena_release(&arena);
}

static void one_against_many_scores_like_one_against_one(void **unused)
{
    (void)unused;
    struct values values;
    static struct record records[RECORDS];
    struct model_set models;
    struct scorer scorer;
    struct scoring_memo *memo = scoring_memo_new();
    make_records(&values, records);
    make_scorer(&values, &models, &scorer);
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct scoring_pair pairs[RECORDS];
        float many[RECORDS], floor = (float)below(20) - 12;
        uint32_t together = 1 + below(5); /* pairs of one record */
        for (uint32_t j = 0; j < RECORDS; j++)
            pairs[j] = (struct scoring_pair){(i + j / together) % RECORDS, (i + j) % RECORDS};
        scoring_score_many(&scorer, memo, records, pairs, RECORDS, floor, many);
        for (uint32_t j = 0; j < RECORDS; j++) {
            float one =
                scoring_score(&scorer, NULL, &records[pairs[j].a], &records[pairs[j].b], floor);
            assert_true((one >= floor) == (many[j] >= floor));
            if (one >= floor) assert_true(fabsf(one - many[j]) < 1e-3f);
        }
    }
    scoring_memo_free(memo);
    values_release(&values);
}

static void names_that_are_told_apart_unread_are_different(void **unused)
{
    (void)unused;
    struct values values;
    values_init(&values, NULL);
    char x[16], y[16];
    for (int i = 0; i < 20000; i++) {
        struct str a = random_word(x, 9), b = random_word(y, 9);
        uint32_t in_a = values_intern(&values, DOMAIN_NAME, a, normalise_name_describe);
        uint32_t in_b = values_intern(&values, DOMAIN_NAME, b, normalise_name_describe);
        if (!in_a || !in_b || a.len < 2 || b.len < 2) continue;
        double alike = similarity_jaro_winkler(a, b);
        if (comparison_given_name_quick(&values, in_a, in_b) == GIVEN_DIFFERENT)
            assert_true(alike < 0.82 && similarity_edits(a, b, 1) > 1);
        if (comparison_family_name_quick(&values, in_a, in_b) == FAMILY_DIFFERENT)
            assert_true(alike < 0.84 && similarity_edits(a, b, 1) > 1);
    }
    values_release(&values);
}

static void partners_are_those_above_that_share_a_block_each_once(void **unused)
{
    (void)unused;
    struct values values;
    static struct record records[RECORDS];
    struct blocking blocking;
    struct blocking_partners partners = {0};
    struct blocking_options options = {2, 1000};
    struct error error = {0};
    make_records(&values, records);
    assert_int_equal(
        blocking_build(&blocking, &values, NULL, records, RECORDS, &options, NULL, &error),
        STATUS_OK);
    for (uint32_t i = 0; i < RECORDS; i++) {
        bool found[RECORDS] = {false};
        assert_true(blocking_find_partners(&blocking, i, BLOCKING_ALL, &partners));
        for (size_t p = 0; p < partners.count; p++) {
            assert_false(found[partners.record[p]]);
            found[partners.record[p]] = true;
        }
        for (uint32_t j = 0; j < RECORDS; j++)
            assert_int_equal(found[j], j > i && blocking_shared_types(&blocking, i, j) != 0);
    }
    blocking_partners_release(&partners);
    blocking_release(&blocking);
    values_release(&values);
}

/* ------------------------------------------------------------------ files */

static const char header[] = "id,entity,first_name,surname,dob,city,postcode,phone,email\n";

/* Small families of rows that differ a little: entity e has two to four rows. */
static size_t make_rows(char (*rows)[ROW_MAX])
{
    static const char *const given[] = {"robert", "maria",  "james", "susan", "olga",
                                        "peter",  "fatima", "wei",   "anna",  "thomas"};
    static const char *const family[] = {"smith",  "garcia",    "novak",        "okafor",
                                         "tanaka", "muller",    "featherstone", "jones",
                                         "rossi",  "lindqvist", "dubois"};
    static const char *const city[] = {"leeds", "turin", "osaka", "lagos"};
    size_t count = 0;
    state = 7;
    for (unsigned e = 0; count + 4 < ROWS; e++) {
        const char *g = given[below(10)], *f = family[below(11)];
        unsigned day = 1 + below(28), year = 1940 + below(60), number = below(10000000);
        for (unsigned copy = 0, copies = 1 + below(4); copy < copies; copy++) {
            bool typo = copy > 0 && below(3) == 0;
            (void)snprintf(rows[count], ROW_MAX,
                           "r%zu,e%u,%s%s,%s,%u-%02u-%02u,%s,%u,0171 %07u,%s%u@mail%u.org\n", count,
                           e, g, typo ? "a" : "", f, year, 1 + e % 12, day, city[e % 4],
                           10000 + e % 900, below(4) ? number : below(10000000), f, number, e);
            count++;
        }
    }
    return count;
}

static void write_rows(const char *path, char (*rows)[ROW_MAX], const size_t *order, size_t count)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    (void)fputs(header, file);
    for (size_t i = 0; i < count; i++) (void)fputs(rows[order ? order[i] : i], file);
    assert_int_equal(fclose(file), 0);
}

static struct bulk *match_from(const char *path, unsigned threads, double threshold)
{
    struct bulk *bulk = NULL;
    struct error error = {.status = STATUS_OK};
    struct bulk_options options = {.threads = threads, .train = true, .threshold = threshold};
    struct columns_request request = {0};
    assert_int_equal(bulk_new(&options, &bulk, &error), STATUS_OK);
    assert_int_equal(bulk_read(bulk, path, &request, &error), STATUS_OK);
    assert_int_equal(bulk_match(bulk, &error), STATUS_OK);
    return bulk;
}

static struct bulk *match(const char *path, unsigned threads)
{
    return match_from(path, threads, 0);
}

/* Of each two rows one says less, and what it says another says as well. */
static void a_lower_threshold_joins_more(void **unused)
{
    (void)unused;
    static const double thresholds[] = {0.7, 0.3, 0.1, 0.02};
    char path[] = "/tmp/matching_rows_XXXXXX";
    uint32_t before = UINT32_MAX;
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    (void)fputs("first_name,surname,dob,postcode\n", file);
    state = 7;
    for (unsigned i = 0; i < 300; i++) {
        unsigned name = below(40), year = 1940 + below(60), place = 10000 + below(40);
        (void)fprintf(file, "Anna,Miller%c%c,%u-%02u-%02u,%u\n", 'a' + name % 20, 'a' + name / 20,
                      year, 1 + name % 12, 1 + i % 28, place);
        (void)fprintf(file, "Anna,Miller%c%c,%s,%u\n", 'a' + name % 20, 'a' + name / 20, "",
                      i % 2 ? place : 10000 + below(40));
    }
    assert_int_equal(fclose(file), 0);
    for (size_t i = 0; i < UNIT_COUNT(thresholds); i++) {
        struct bulk *bulk = match_from(path, 1, thresholds[i]);
        assert_true(bulk_cluster_count(bulk) + 20 < before);
        before = bulk_cluster_count(bulk);
        bulk_free(bulk);
    }
    (void)unlink(path);
}

static void same_clusters_whatever_the_threads_and_the_row_order(void **unused)
{
    (void)unused;
    static char rows[ROWS][ROW_MAX];
    static size_t order[ROWS], place[ROWS];
    char path[] = "/tmp/matching_rows_XXXXXX", mixed[] = "/tmp/matching_mixed_XXXXXX";
    assert_true(close(mkstemp(path)) == 0 && close(mkstemp(mixed)) == 0);
    size_t count = make_rows(rows);
    for (size_t i = 0; i < count; i++) order[i] = i;
    for (size_t i = count; i-- > 1;) {
        size_t j = below((uint32_t)i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
    for (size_t i = 0; i < count; i++) place[order[i]] = i;
    write_rows(path, rows, NULL, count);
    write_rows(mixed, rows, order, count);
    struct bulk *one = match(path, 1), *two = match(path, 3), *shuffled = match(mixed, 2);
    uint32_t joined = 0;
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(bulk_cluster(one, i), bulk_cluster(two, i));
        assert_true(bulk_probability(one, i) == bulk_probability(two, i));
        assert_true(bulk_probability(one, i) == bulk_probability(shuffled, (uint32_t)place[i]));
        joined += bulk_cluster(one, i) != i;
    }
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = i + 1; j < count && j < i + 40; j++)
            assert_int_equal(bulk_cluster(one, i) == bulk_cluster(one, j),
                             bulk_cluster(shuffled, (uint32_t)place[i]) ==
                                 bulk_cluster(shuffled, (uint32_t)place[j]));
    assert_true(joined > 200);
    bulk_free(one);
    bulk_free(two);
    bulk_free(shuffled);
    (void)unlink(path);
    (void)unlink(mixed);
}

/* ------------------------------------------------------------------ metamorphic */

static struct record *record_of(struct values *values, const char *given, const char *family,
                                const char *date, const char *phone, const char *street)
{
    static struct record records[2];
    static int which;
    struct record *record = &records[which ^= 1];
    const struct record_rules rules = {0};
    struct record_field fields[] = {
        {MATCHING_FIELD_GIVEN_NAME, STR(""), str_from_cstr(given)},
        {MATCHING_FIELD_FAMILY_NAME, STR(""), str_from_cstr(family)},
        {MATCHING_FIELD_BIRTH_DATE, STR(""), str_from_cstr(date)},
        {MATCHING_FIELD_PHONE, STR(""), str_from_cstr(phone)},
        {MATCHING_FIELD_STREET, STR(""), str_from_cstr(street)},
    };
    memset(record, 0, sizeof *record);
    for (int group = 0; group < RECORD_GROUP_COUNT; group++)
        record_fill(values, (enum record_group)group, &rules, fields, 5, NULL, NULL, record);
    return record;
}

static void a_change_of_form_never_turns_a_right_decision_wrong(void **unused)
{
    (void)unused;
    static const char *const changed[][5] = {
        {"Jose", "Garcia", "1970-05-17", "+34 915 551 234", "12 Main Street"},
        {"JOSÉ", "García", "17 May 1970", "915551234", "12 Main St."},
        {"García", "José", "1970-05-17", "0034 915 551 234", "12 main street, Apt 4"},
        {"Pepe", "Garcia", "5/17/1970", "(915) 551-234", "12 Main Str"},
        {"Jose Luis", "de Garcia", "1970-05-17", "915-551-234", "12, Main Street"},
        {"J", "Garcia", "1970-05-17", "915 551 234", "12 MAIN STREET"},
        {"Jose", "Garcai", "1970-05-17", "", "12 Main Street"},
        {"Jose", "Garcia", "17/05/70", "915551235", ""},
        {"Dr. Jose", "Garcia", "1970-05-07", "915551234", "12 Mian Street"},
    };
    static const char *const others[][5] = {
        {"Maria", "Garcia", "1972-01-03", "+34 915 551 234", "12 Main Street"},
        {"Jose", "Garcia", "1985-11-30", "915559999", "98 Oak Lane"},
        {"Jane", "Miller", "1970-05-17", "", ""},
    };
    struct values values;
    struct model_set models;
    struct scorer scorer;
    const double rate[MODEL_KIND_COUNT] = {1e-5, 1e-5};
    values_init(&values, NULL);
    model_set_default(&models);
    for (size_t i = 0; i < sizeof changed / sizeof changed[0]; i++) {
        struct record *a = record_of(&values, changed[0][0], changed[0][1], changed[0][2],
                                     changed[0][3], changed[0][4]);
        struct record *b = record_of(&values, changed[i][0], changed[i][1], changed[i][2],
                                     changed[i][3], changed[i][4]);
        scoring_init(&scorer, &values, NULL, &models, rate);
        assert_true(scoring_score(&scorer, NULL, a, b, -1e6f) > 0);
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        struct record *a = record_of(&values, changed[0][0], changed[0][1], changed[0][2],
                                     changed[0][3], changed[0][4]);
        struct record *b = record_of(&values, others[i][0], others[i][1], others[i][2],
                                     others[i][3], others[i][4]);
        scoring_init(&scorer, &values, NULL, &models, rate);
        assert_true(scoring_score(&scorer, NULL, a, b, -1e6f) < 0);
    }
    values_release(&values);
}

/* ------------------------------------------------------------------ the rest */

static void a_model_survives_being_written_and_read(void **unused)
{
    (void)unused;
    struct arena arena;
    struct model_set shipped, read;
    struct error error;
    arena_init(&arena, 1 << 20);
    struct buffer first = {.arena = &arena}, second = {.arena = &arena};
    model_set_default(&shipped);
    assert_int_equal(model_text_write(&shipped, &first), STATUS_OK);
    assert_int_equal(model_text_read(buffer_str(&first), &read, &error), STATUS_OK);
    assert_int_equal(model_text_write(&read, &second), STATUS_OK);
    assert_true(str_equal(buffer_str(&first), buffer_str(&second)));
    assert_int_equal(model_text_read(STR("something else\n"), &read, &error), STATUS_INVALID_VALUE);
    assert_int_equal(model_text_read(STR("customer360 matching model 1\nkind person\n"
                                         "given_name exact m 2\n"),
                                     &read, &error),
                     STATUS_INVALID_VALUE);
    assert_non_null(strstr(error.message, "line 3"));
    assert_int_equal(model_text_read(STR("customer360 matching model 1\nkind person\n"
                                         "given_name exact m 0.1\n"),
                                     &read, &error),
                     STATUS_INVALID_VALUE);
    assert_non_null(strstr(error.message, "given_name"));
    arena_release(&arena);
}

static void a_model_of_the_version_before_is_read(void **unused)
{
    (void)unused;
    static const char text[] = "customer360 matching model 1\nkind person\n"
                               "birth_date exact m 0.8 u 0.001 r1 0.01 r2 0.001\n"
                               "birth_date swapped m 0.02 u 0.001 r1 0.001 r2 0.001\n"
                               "birth_date near m 0.04 u 0.001 r1 0.001 r2 0.001\n"
                               "birth_date two_parts m 0.03 u 0.004 r1 0.008 r2 0.008\n"
                               "birth_date year m 0.03 u 0.02 r1 0.03 r2 0.03\n"
                               "birth_date different m 0.08 u 0.973 r1 0.95 r2 0.959\n";
    struct model_set read;
    struct error error;
    assert_int_equal(model_text_read(str_from_cstr(text), &read, &error), STATUS_OK);
    const double *m = read.kind[MODEL_PERSON].match.level[COMPARISON_BIRTH_DATE];
    const double *u = read.kind[MODEL_PERSON].random.level[COMPARISON_BIRTH_DATE];
    assert_true(m[DATE_GENERATION] > 0 && m[DATE_DIFFERENT] > m[DATE_GENERATION]);
    assert_true(fabs(m[DATE_GENERATION] + m[DATE_DIFFERENT] - 0.08) < 1e-9);
    assert_true(fabs(u[DATE_GENERATION] + u[DATE_DIFFERENT] - 0.973) < 1e-9);
}

static void a_bridge_does_not_join_two_groups(void **unused)
{
    (void)unused;
    struct values values;
    struct model_set models;
    struct scorer scorer;
    const struct record_rules rules = {0};
    const double rate[MODEL_KIND_COUNT] = {1e-3, 1e-3};
    static struct record records[9];
    values_init(&values, NULL);
    for (int i = 0; i < 9; i++) {
        const char *family = i < 4 ? "featherstone" : i < 8 ? "okafor" : "";
        const char *date = i < 4 ? "1970-05-17" : i < 8 ? "1988-11-02" : "";
        const char *email = i == 8 || i == 0 || i == 4 ? "bridge@x.org" : "";
        struct record_field fields[] = {
            {MATCHING_FIELD_GIVEN_NAME, STR(""), i < 4 ? STR("robert") : STR("ngozi")},
            {MATCHING_FIELD_FAMILY_NAME, STR(""), str_from_cstr(family)},
            {MATCHING_FIELD_BIRTH_DATE, STR(""), str_from_cstr(date)},
            {MATCHING_FIELD_EMAIL, STR(""), str_from_cstr(email)},
        };
        for (int group = 0; group < RECORD_GROUP_COUNT; group++)
            record_fill(&values, (enum record_group)group, &rules, fields, 4, NULL, NULL,
                        &records[i]);
    }
    model_set_default(&models);
    scoring_init(&scorer, &values, NULL, &models, rate);
    static struct edge edges[36];
    size_t count = 0;
    for (uint32_t i = 0; i < 9; i++)
        for (uint32_t j = i + 1; j < 9; j++) {
            float score = scoring_score(&scorer, NULL, &records[i], &records[j], -50);
            if (score > -1) edges[count++] = (struct edge){i, j, score};
        }
    struct clustering_options options = {.threads = 1, .bound = 8};
    uint32_t cluster[9];
    float best[9];
    struct error error;
    assert_int_equal(
        clustering_run(&scorer, records, 9, edges, count, &options, cluster, best, &error),
        STATUS_OK);
    for (int i = 1; i < 4; i++) assert_int_equal(cluster[i], cluster[0]);
    for (int i = 5; i < 8; i++) assert_int_equal(cluster[i], cluster[4]);
    assert_int_not_equal(cluster[0], cluster[4]);
    /* What must stay apart stays apart. */
    const struct edge apart = {0, 1, 0};
    options.apart = &apart;
    options.apart_count = 1;
    assert_int_equal(
        clustering_run(&scorer, records, 9, edges, count, &options, cluster, best, &error),
        STATUS_OK);
    assert_int_not_equal(cluster[0], cluster[1]);
    values_release(&values);
}

static void names_of_clusters_last(void **unused)
{
    (void)unused;
    const uint32_t cluster[] = {0, 0, 0, 3, 3, 5, 6};
    const uint64_t before[] = {7, 7, 4, 9, 0, 9, 0};
    uint64_t names[7];
    assert_int_equal(clustering_keep_names(cluster, before, 7, 100, names), STATUS_OK);
    assert_int_equal(names[0], 4); /* a merge: the older */
    assert_int_equal(names[3], 9); /* a split: one part keeps it */
    assert_int_equal(names[5], 105);
    assert_int_equal(names[6], 106);
}

static void evaluation_counts_pairs_clusters_and_b_cubed(void **unused)
{
    (void)unused;
    const uint32_t truth[] = {0, 0, 0, 3, 3}, found[] = {0, 0, 2, 3, 3};
    struct evaluation e;
    assert_int_equal(evaluation_run(truth, found, 5, &e), STATUS_OK);
    assert_true(e.true_pairs == 4 && e.found_pairs == 2 && e.right_pairs == 2);
    assert_true(e.pairs.precision == 1 && e.pairs.recall == 0.5);
    assert_true(e.clusters.precision == 0.5 && e.clusters.recall == 0.5);
    assert_true(e.b_cubed.precision == 1 && fabs(e.b_cubed.recall - 0.7333333) < 1e-6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(similarities_are_symmetric_and_bounded),
        cmocka_unit_test(a_lower_limit_on_edits_only_cuts),
        cmocka_unit_test(every_comparison_is_symmetric),
        cmocka_unit_test(a_record_that_is_written_and_read_compares_like_itself),
        cmocka_unit_test(records_that_are_filled_together_are_those_that_are_filled_alone),
        cmocka_unit_test(one_against_many_scores_like_one_against_one),
        cmocka_unit_test(names_that_are_told_apart_unread_are_different),
        cmocka_unit_test(partners_are_those_above_that_share_a_block_each_once),
        cmocka_unit_test(a_lower_threshold_joins_more),
        cmocka_unit_test(same_clusters_whatever_the_threads_and_the_row_order),
        cmocka_unit_test(a_change_of_form_never_turns_a_right_decision_wrong),
        cmocka_unit_test(a_model_survives_being_written_and_read),
        cmocka_unit_test(a_model_of_the_version_before_is_read),
        cmocka_unit_test(a_bridge_does_not_join_two_groups),
        cmocka_unit_test(names_of_clusters_last),
        cmocka_unit_test(evaluation_counts_pairs_clusters_and_b_cubed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
