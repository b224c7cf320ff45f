/* What stewards decided, read out of an export and learned. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "matching/bulk.h"
#include "service/labels.h"

static struct arena arena;
static struct error error;
static char path[64];

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    (void)snprintf(path, sizeof(path), "/tmp/customer360-labels-XXXXXX");
    int file = mkstemp(path);
    return file >= 0 ? close(file) : -1;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return unlink(path);
}

static void write_file(const char *text)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static enum status read_labels(struct training_label **labels, size_t *count)
{
    return labels_read(str_from_cstr(path), &arena, labels, count, &error);
}

#define HEADER_LINE "{\"record\":\"HEADER\",\"formatVersion\":1}\n"
#define ITEM(state, apart, resolution, waterfall)                                                  \
    "{\"record\":\"DUPLICATE\",\"state\":\"" state "\",\"apart\":" apart                           \
    ",\"evidence\":{\"reasons\":[],\"waterfall\":" waterfall "},\"resolution\":\"" resolution      \
    "\"}\n"
#define PERSON                                                                                     \
    "[{\"comparison\":\"prior\",\"weight\":-9.1},{\"comparison\":\"family_name\",\"level\":"       \
    "\"exact\",\"weight\":8},{\"comparison\":\"phone\",\"level\":\"different\"}]"
#define COMPANY "[{\"comparison\":\"organisation\",\"level\":\"near\"}]"

static void decisions_are_read_with_the_evidence_that_was_shown(void **state)
{
    (void)state;
    struct training_label *labels;
    size_t count;
    write_file(HEADER_LINE ITEM("MERGED", "false", "STEWARD", PERSON) ITEM(
        "NOT_DUPLICATE", "true", "STEWARD", COMPANY) ITEM("MERGED", "false", "AUTOMATIC", PERSON)
                   ITEM("NOT_DUPLICATE", "false", "ELSEWHERE", PERSON)
                       ITEM("OPEN", "false", "", PERSON) ITEM("MERGED", "false", "STEWARD", "null")
                           ITEM("MERGED", "false", "ELSEWHERE", COMPANY));
    assert_int_equal(read_labels(&labels, &count), STATUS_OK);
    assert_int_equal(count, 3);
    assert_true(labels[0].match && labels[0].kind == MODEL_PERSON);
    assert_int_equal(labels[0].level[COMPARISON_FAMILY_NAME], LEVEL_EXACT);
    assert_int_equal(labels[0].level[COMPARISON_PHONE], PHONE_DIFFERENT);
    assert_int_equal(labels[0].level[COMPARISON_EMAIL], LEVEL_MISSING);
    assert_true(!labels[1].match && labels[1].kind == MODEL_ORGANISATION);
    assert_int_equal(labels[1].level[COMPARISON_ORGANISATION], ORGANISATION_NEAR);
    assert_true(labels[2].match && labels[2].kind == MODEL_ORGANISATION);
}

static void a_file_without_decisions_is_refused(void **state)
{
    (void)state;
    struct training_label *labels;
    size_t count;
    write_file("id,name\n1,Ann\n");
    assert_int_equal(read_labels(&labels, &count), STATUS_INVALID_VALUE);
    assert_non_null(strstr(error.message, "no export"));
    write_file(HEADER_LINE ITEM("OPEN", "false", "", PERSON));
    assert_int_equal(read_labels(&labels, &count), STATUS_INVALID_VALUE);
    assert_non_null(strstr(error.message, "no decision"));
    write_file(HEADER_LINE "{\"record\":\"DUPLICATE\",\"state\":\n");
    assert_int_equal(read_labels(&labels, &count), STATUS_MALFORMED_JSON);
    assert_int_equal(labels_read(STR("/nowhere/at/all"), &arena, &labels, &count, &error),
                     STATUS_IO);
}

/* People with an e-mail address and a phone number; every fourth one is there twice. */
static void write_people(void)
{
    static const char *const given[] = {"Ann", "Bert", "Clara", "Dirk", "Eva", "Finn", "Gerda"};
    static const char *const family[] = {"Abel", "Brandt", "Conrad", "Dorn", "Engel"};
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_true(fputs("id,given name,family name,email,phone\n", file) >= 0);
    for (int i = 0; i < 200; i++)
        for (int copy = 0; copy <= (i % 4 == 0); copy++)
            assert_true(fprintf(file, "%d-%d,%s,%s%d,m%d@x.example,+49301%06d\n", i, copy,
                                given[i % 7], family[i % 5], i / 5, i, i * 37) > 0);
    assert_int_equal(fclose(file), 0);
}

static struct model train(const struct training_label *labels, size_t count)
{
    struct bulk_options options = {
        .threads = 1, .train = true, .labels = labels, .label_count = count};
    struct columns_request request = {.id = "id"};
    struct bulk *bulk;
    assert_int_equal(bulk_new(&options, &bulk, &error), STATUS_OK);
    assert_int_equal(bulk_read(bulk, path, &request, &error), STATUS_OK);
    assert_int_equal(bulk_match(bulk, &error), STATUS_OK);
    struct model model = bulk_models(bulk)->kind[MODEL_PERSON];
    bulk_free(bulk);
    return model;
}

static double related(const struct model *model)
{
    double sum = 0;
    for (int i = 0; i < model->related_count; i++) sum += model->related_ratio[i];
    return sum;
}

static void matches_teach_what_agrees_and_the_others_what_is_related_only(void **state)
{
    (void)state;
    struct training_label labels[40];
    for (int i = 0; i < 40; i++) {
        labels[i] = (struct training_label){.kind = MODEL_PERSON, .match = true};
        assert_true(training_label_set(&labels[i], STR("family_name"), STR("exact")));
        assert_true(training_label_set(&labels[i], STR("phone"), STR("different")));
    }
    assert_false(training_label_set(&labels[0], STR("phone"), STR("blue")));
    assert_false(training_label_set(&labels[0], STR("colour"), STR("exact")));
    write_people();
    struct model without = train(NULL, 0), with = train(labels, 40);
    assert_true(with.match.level[COMPARISON_PHONE][PHONE_DIFFERENT] >
                without.match.level[COMPARISON_PHONE][PHONE_DIFFERENT] + 0.05);
    for (int i = 0; i < 40; i++) labels[i].match = false;
    with = train(labels, 40);
    assert_true(related(&with) > related(&without));
    for (int i = 0; i < 40; i++) labels[i].kind = MODEL_ORGANISATION; /* says nothing of persons */
    with = train(labels, 40);
    assert_true(related(&with) == related(&without));
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(decisions_are_read_with_the_evidence_that_was_shown),
        CASE(a_file_without_decisions_is_refused),
        CASE(matches_teach_what_agrees_and_the_others_what_is_related_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
