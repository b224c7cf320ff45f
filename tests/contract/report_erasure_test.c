/* Rows that an import refused, as its report shows them, and an erasure, on every store: the row of
 * who is erased loses its text however the file wrote it, the others keep theirs. */
#include "application_fixture.h"
#include "contract.h"

#include <string.h>

#include "application/create_customer.h"
#include "application/erase_customer.h"
#include "application/job_report.h"

static struct application application;
static struct caller caller;

static void use(struct contract *c)
{
    application = application_fixture(environment_system());
    application.store = c->store;
    caller = (struct caller){.tenant = c->tenant, .user_id = STR("u")};
}

static struct str create(struct contract *c, struct str body)
{
    struct customer_document customer;
    struct json_value *json;
    assert_int_equal(json_parse(body, &c->arena, &json, &c->error), STATUS_OK);
    assert_int_equal(create_customer(&application, &caller, json, ON_DUPLICATE_ALLOW, &c->arena,
                                     &customer, &c->error),
                     STATUS_OK);
    return customer.customer_id;
}

static void erase(struct contract *c, struct str id)
{
    const struct erase_request request = {.customer_id = id};
    struct str json;
    assert_int_equal(erase_customer(&application, &caller, &request, &c->arena, &json, &c->error),
                     STATUS_OK);
}

/* An import all of whose rows were refused. */
static struct str import(struct contract *c, const struct str *rows, size_t count)
{
    static const struct error why = {.status = STATUS_INVALID_VALUE, .message = "nonsense"};
    struct buffer report = {.arena = &c->arena};
    struct job_row job;
    assert_int_equal(jobs_create(&application, &caller, STR_NONE, STR("IMPORT"), STR("{}"),
                                 &c->arena, &job, &c->error),
                     STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        const struct job_refusal refusal = {
            .row = (int64_t)i + 1, .original = rows[i], .why = &why};
        job_report_refusal(&report, &refusal);
    }
    const struct job_step step = {
        .job_id = job.job_id, .number = 1, .document = STR("{}"), .report = buffer_str(&report)};
    assert_int_equal(
        jobs_append_step(&application, &caller, &step, job.epoch, &c->arena, &c->error), STATUS_OK);
    return job.job_id;
}

/* Of each row whether the report still shows it. */
static void read_shown(struct contract *c, struct str job_id, bool *shown, size_t count)
{
    struct str lines, line;
    int64_t after = 0;
    size_t at = 0;
    assert_int_equal(
        job_report_read(&application, &caller, job_id, &after, &c->arena, &lines, &c->error),
        STATUS_OK);
    while (str_split(&lines, '\n', &line)) {
        struct json_value *object;
        if (str_is_empty(line)) continue;
        assert_true(at < count);
        assert_int_equal(json_parse(line, &c->arena, &object, &c->error), STATUS_OK);
        assert_str(json_text(json_get(object, STR("code"))), STR("INVALID_VALUE"));
        shown[at++] = json_get(object, STR("original")) != NULL;
    }
    assert_int_equal(at, count);
}

enum { ROWS_MAX = 16 };

/* Erases the customer, and says of each row that it is shown, or is not. */
static void check(struct contract *c, struct str customer, const struct str *rows, size_t count,
                  bool expected)
{
    bool shown[ROWS_MAX];
    use(c);
    struct str id = create(c, customer), job_id = import(c, rows, count);
    erase(c, id);
    read_shown(c, job_id, shown, count);
    for (size_t i = 0; i < count; i++)
        if (shown[i] != expected)
            fail_msg("%s: %.*s", shown[i] ? "stayed" : "went", STR_ARGS(str_cut(rows[i], 120)));
}

static const struct str juergen =
    STR("{\"kind\":\"PERSON\",\"name\":\"Jürgen Müller\",\"emails\":[\"jürgen@müller.example\"],"
        "\"phones\":[\"+49 30 123456\"]}");

static void a_name_goes_whatever_its_case_accents_and_escapes(struct contract *c)
{
    static const struct str rows[] = {
        STR("7,Jürgen Müller,nonsense"),
        STR("7,MÜLLER,JÜRGEN,nonsense"),
        STR("7,Jurgen Muller,nonsense"),
        STR("7,Ju\xCC\x88rgen Mu\xCC\x88ller,nonsense"),
        STR("7,\"Müller,\tJürgen\",nonsense"),
        STR("7,HQ\\jürgen müller,nonsense"),
        STR("{\"name\":\"J\\u00fcrgen M\\u00FCller\",\"emails\":[\"nonsense\"]}"),
        STR("{\"name\":\"\\tJ\\u0075\\u0308rgen\\nM\\u00fcller\",\"emails\":[\"nonsense\"]}"),
        /* No JSON: it was cut, or never was. */
        STR("{\"name\":\"M\\u00dcLLER, J\\u00dcRGEN\",\"emails\":[\"non"),
        STR("{\"name\":\"J\\u00fcrgen M\\u00fcller\",\"notes\":\"\\x\",\"more\":\"\\ud83d\\u00f"),
    };
    check(c, juergen, rows, UNIT_COUNT(rows), false);
}

static void an_address_and_a_number_go_too(struct contract *c)
{
    static const struct str rows[] = {
        STR("7,,JÜRGEN@MÜLLER.EXAMPLE"),
        STR("{\"emails\":[\"j\\u00fcrgen\\u0040m\\u00fcller.example\"]}"),
        STR("{\"emails\":[\"j\\u00fcrgen@m\\u00fcller.example\"],\"status\":\"\\"),
        STR("7,,030 / 12 34 56"),
        STR("{\"phones\":[\"030\\u00a0123\\u00a0456\"]}"),
    };
    check(c, juergen, rows, UNIT_COUNT(rows), false);
}

static void names_of_other_scripts_go_wherever_they_stand(struct contract *c)
{
    static const struct str korean[] = {
        STR("김철수,nonsense"),
        STR("7,김철수,nonsense"),
        STR("{\"name\":\"\\uae40\\ucca0\\uc218\",\"emails\":[\"nonsense\"]}"),
    };
    static const struct str chinese[] = {
        STR("7,王小明,nonsense"),
        STR("{\"name\":\"\\u738b\\u5c0f\\u660e\"}"),
    };
    check(c, STR("{\"kind\":\"PERSON\",\"name\":\"김철수\"}"), korean, UNIT_COUNT(korean), false);
    check(c, STR("{\"kind\":\"PERSON\",\"name\":\"王小明\"}"), chinese, UNIT_COUNT(chinese), false);
}

static void a_name_goes_from_far_behind_in_a_row(struct contract *c)
{
    static char row[4000];
    memset(row, 'x', sizeof(row));
    static const char name[] = ",MÜLLER;JÜRGEN";
    memcpy(row + sizeof(row) - sizeof(name), name, sizeof(name) - 1);
    const struct str rows[] = {str_of(row, sizeof(row))};
    check(c, juergen, rows, UNIT_COUNT(rows), false);
}

static void rows_go_from_every_report(struct contract *c)
{
    static const struct str his[] = {STR("7,Jürgen Müller"), STR("8,Jürgen Müller")},
                            mixed[] = {STR("7,Sabine Schmidt"), STR("8,Jürgen Müller")};
    enum { IMPORTS = 5 };
    struct str jobs[IMPORTS];
    bool shown[2];
    use(c);
    struct str id = create(c, juergen);
    for (size_t i = 0; i < IMPORTS; i++) jobs[i] = import(c, i % 2 == 0 ? his : mixed, 2);
    erase(c, id);
    for (size_t i = 0; i < IMPORTS; i++) {
        read_shown(c, jobs[i], shown, 2);
        assert_int_equal(shown[0], i % 2 != 0);
        assert_false(shown[1]);
    }
}

static void rows_of_others_keep_their_text(struct contract *c)
{
    static const struct str rows[] = {
        STR("7,Jürgen Schmidt,nonsense"),
        STR("7,Sabine Müller,sabine@müller.example"),
        STR("{\"name\":\"J\\u00fcrgen Schmidt\",\"phones\":[\"+49 30 123457\"]}"),
        STR("{\"name\":\"\\u4e2d\\u6587\",\"emails\":[\"nonsense\"]}"),
    };
    check(c, juergen, rows, UNIT_COUNT(rows), true);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_name_goes_whatever_its_case_accents_and_escapes),
        CONTRACT(an_address_and_a_number_go_too),
        CONTRACT(names_of_other_scripts_go_wherever_they_stand),
        CONTRACT(a_name_goes_from_far_behind_in_a_row),
        CONTRACT(rows_go_from_every_report),
        CONTRACT(rows_of_others_keep_their_text),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
