#include "application/consents.h"

#include <inttypes.h>
#include <stdio.h>

#include "application/customer_change.h"
#include "application/suppressed_points.h"
#include "base/hash.h"
#include "base/identifier.h"

struct recording {
    struct customer_change change;
    struct str customer_id;
    struct json_value *record;
    bool captured_now;
    struct fact fact;
};

/* What was not said to be captured at another time is captured when it is recorded: so, of acts on
 * one customer, it counts in the order of the records whatever the clocks of instances say. */
static enum status capture_now(struct recording *recording, struct error *error)
{
    char text[INSTANT_TEXT_MAX];
    struct arena *arena = recording->change.arena;
    if (!recording->captured_now) return STATUS_OK;
    struct str when = arena_str(arena, instant_format(recording->change.now, text));
    recording->fact.observed_at = recording->change.now;
    if (str_is_none(when) ||
        !json_object_set(recording->record, STR("capturedAt"), json_make_string(when), arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

static enum status record_body(struct store_session *session, void *context, struct error *error)
{
    struct recording *recording = context;
    struct customer_change *change = &recording->change;
    struct str status = json_text(json_get(recording->record, STR("status")));
    change->session = session;
    TRY(customer_change_open(change, recording->customer_id, IF_MATCH_ANY, error));
    TRY(capture_now(recording, error));
    size_t at = change->tree.fact_count;
    TRY(customer_change_append_consent(change, &recording->fact, error));
    recording->fact = change->tree.facts[at];
    struct str payload = event_payload_consent(change->row.customer_id,
                                               json_text(json_get(recording->record, STR("type"))),
                                               status, change->arena);
    return customer_change_close_with(change, STR("CONSENT"), STR("consent"), EVENT_CONSENT_UPDATED,
                                      payload, error);
}

enum status consents_record(struct application *application, const struct caller *caller,
                            struct str customer_id, const struct json_value *body,
                            struct arena *arena, struct customer_part *out, struct error *error)
{
    struct recording recording = {
        .change = {.application = application,
                   .caller = caller,
                   .policy = application->policy_for(application, caller->tenant),
                   .arena = arena},
        .customer_id = customer_id,
        .captured_now = str_is_none(json_text(json_get(body, STR("capturedAt"))))};
    instant now = application->environment->now(application->environment);
    TRY(consent_parse(body, now, arena, &recording.record, error));
    struct fact fact = {.kind = FACT_CONSENT,
                        .subject = identifier_new(application->environment, STR("CONS"), arena),
                        .source = json_text(json_get(recording.record, STR("source"))),
                        .body = recording.record};
    if (!instant_parse(json_text(json_get(recording.record, STR("capturedAt"))), &fact.observed_at))
        fact.observed_at = now;
    if (str_is_none(fact.subject)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    recording.fact = fact;
    TRY(store_write(application->store, caller->tenant, arena, record_body, &recording, error));
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    consent_write(&writer, &recording.fact);
    if (buffer_failed(&text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *out = (struct customer_part){.id = recording.fact.subject,
                                  .version = recording.change.row.version,
                                  .json = buffer_str(&text)};
    return STATUS_OK;
}

struct consent_reading {
    struct str customer_id;
    instant as_of;
    struct arena *arena;
    struct tree tree;
};

static enum status tree_body(struct store_session *session, void *context, struct error *error)
{
    struct consent_reading *reading = context;
    struct profile_row row;
    TRY(customer_get_root(session, reading->customer_id, STORE_NO_LOCK, reading->arena, &row,
                          error));
    return store_tree_load(session, row.customer_id, reading->as_of, reading->arena, &reading->tree,
                           error);
}

/* The matrix, and what of it the suppression list forbids. */
struct matrix_reading {
    struct consent_reading reading;
    struct application *application;
    const struct policy *policy;
    instant when;
    struct golden golden;
    struct consent_row *rows;
    struct suppressed_question *asked;
    size_t count;
};

static enum status matrix_body(struct store_session *session, void *context, struct error *error)
{
    struct matrix_reading *matrix = context;
    struct arena *arena = matrix->reading.arena;
    const struct tree *tree = &matrix->reading.tree;
    TRY(tree_body(session, &matrix->reading, error));
    if (consent_matrix(tree, matrix->when, arena, &matrix->rows, &matrix->count) != STATUS_OK ||
        golden_record(tree, matrix->policy, arena, &matrix->golden) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    matrix->asked = ARENA_NEW_ARRAY(arena, struct suppressed_question, matrix->count);
    if (!matrix->asked) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < matrix->count; i++)
        matrix->asked[i] = (struct suppressed_question){.question = &matrix->rows[i].question,
                                                        .golden = &matrix->golden};
    /* Nobody knows what was suppressed in the past. */
    if (matrix->reading.as_of != INSTANT_FUTURE) return STATUS_OK;
    return suppressed_points_ask(matrix->application, session, matrix->asked, matrix->count, arena,
                                 error);
}

static void write_matrix_row(struct json_writer *writer, const struct consent_row *row,
                             bool suppressed)
{
    const struct fact *decider = suppressed ? NULL : row->answer.decider;
    json_object_begin(writer);
    json_member_string(writer, STR("type"), row->question.channel);
    json_member_string(writer, STR("purpose"), row->question.purpose);
    json_member_nullable(writer, STR("contactPoint"), row->question.contact_point);
    json_member_string(writer, STR("status"), consent_state_name(row->answer.state));
    json_key(writer, STR("allowed"));
    json_boolean(writer, row->answer.allowed && !suppressed);
    json_member_string(writer, STR("reason"), suppressed ? STR("SUPPRESSED") : row->answer.reason);
    json_member_nullable(writer, STR("recordId"), decider ? decider->subject : STR_NONE);
    json_object_end(writer);
}

/* Of what a row is about; a contact point itself does not belong into an address. */
static struct str row_key(const struct consent_question *question, struct arena *arena)
{
    static const struct hash_key fixed = {0};
    struct str point = question->contact_point;
    struct str text = arena_format(arena, "%.*s %.*s %.*s", STR_ARGS(question->channel),
                                   STR_ARGS(question->purpose), STR_ARGS(point));
    if (str_is_none(text)) return STR_NONE;
    return arena_format(arena, "%016" PRIx64, hash_bytes(fixed, text));
}

static enum status slice_matrix(const struct matrix_reading *matrix,
                                const struct page_request *request, struct results_slice *slice,
                                struct error *error)
{
    struct arena *arena = matrix->reading.arena;
    struct str *keys = ARENA_NEW_ARRAY(arena, struct str, matrix->count);
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < matrix->count; i++) {
        keys[i] = row_key(&matrix->rows[i].question, arena);
        if (str_is_none(keys[i])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return results_slice(matrix->application, request, keys, matrix->count, arena, slice, error);
}

enum status consents_matrix(struct application *application, const struct caller *caller,
                            struct str customer_id, instant as_of,
                            const struct page_request *request, struct arena *arena,
                            struct json_page *page, struct error *error)
{
    struct results_slice slice = {0};
    instant now = application->environment->now(application->environment);
    struct matrix_reading matrix = {
        .reading = {.customer_id = customer_id,
                    .as_of = as_of == INSTANT_NONE ? INSTANT_FUTURE : as_of,
                    .arena = arena},
        .application = application,
        .policy = application->policy_for(application, caller->tenant),
        .when = as_of == INSTANT_NONE ? now : as_of};
    TRY(store_read(application->store, caller->tenant, arena, matrix_body, &matrix, error));
    TRY(slice_matrix(&matrix, request, &slice, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), customer_id);
    results_instant(&writer, STR("asOf"), matrix.when);
    json_key(&writer, STR("items"));
    json_array_begin(&writer);
    for (size_t i = slice.begin; i < slice.end; i++)
        write_matrix_row(&writer, &matrix.rows[i], matrix.asked[i].suppressed);
    results_page_end(&writer, slice.next);
    *page = (struct json_page){.body = buffer_str(&out), .next = slice.next};
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status consents_history(struct application *application, const struct caller *caller,
                             struct str customer_id, const struct page_request *request,
                             struct arena *arena, struct json_page *page, struct error *error)
{
    struct consent_reading reading = {
        .customer_id = customer_id, .as_of = INSTANT_FUTURE, .arena = arena};
    struct results_slice slice;
    TRY(store_read(application->store, caller->tenant, arena, tree_body, &reading, error));
    const struct fact **acts = ARENA_NEW_ARRAY(arena, const struct fact *, reading.tree.fact_count);
    struct str *keys = ARENA_NEW_ARRAY(arena, struct str, reading.tree.fact_count);
    size_t count = 0;
    if (!acts || !keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < reading.tree.fact_count; i++) {
        if (reading.tree.facts[i].kind != FACT_CONSENT) continue;
        keys[count] = reading.tree.facts[i].subject;
        acts[count++] = &reading.tree.facts[i];
    }
    TRY(results_slice(application, request, keys, count, arena, &slice, error));
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    results_page_begin(&writer);
    for (size_t i = slice.begin; i < slice.end; i++) consent_write(&writer, acts[i]);
    results_page_end(&writer, slice.next);
    *page = (struct json_page){.body = buffer_str(&out), .next = slice.next};
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status consents_receipt(struct application *application, const struct caller *caller,
                             struct str customer_id, struct str record_id, struct arena *arena,
                             struct str *json, struct error *error)
{
    struct consent_reading reading = {
        .customer_id = customer_id, .as_of = INSTANT_FUTURE, .arena = arena};
    TRY(store_read(application->store, caller->tenant, arena, tree_body, &reading, error));
    instant now = application->environment->now(application->environment);
    for (size_t i = 0; i < reading.tree.fact_count; i++) {
        const struct fact *fact = &reading.tree.facts[i];
        if (fact->kind != FACT_CONSENT || !str_equal(fact->subject, record_id)) continue;
        struct buffer out = {.arena = arena};
        struct json_writer writer = {.out = &out};
        consent_write_receipt(&writer, fact, caller->tenant, now);
        *json = buffer_str(&out);
        return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
    }
    return error_plain(error, STATUS_CONSENT_NOT_FOUND);
}

/* ---- the batch check ---- */

/* A customer who is asked about: read once, however many checks name him or who was merged into
 * him. */
struct checked_customer {
    struct str root_id;
    struct tree tree;
    struct golden *golden; /* NULL until a check needs it */
};

struct check {
    struct str customer_id;
    struct consent_row row;
    struct checked_customer *customer; /* NULL: see refusal */
    struct str refusal;
    bool suppressed;
};

struct checking {
    struct application *application;
    const struct policy *policy;
    struct arena *arena;
    struct check *checks;
    size_t count;
    instant now;
};

static enum status parse_check(struct checking *checking, const struct json_value *item,
                               size_t index, struct check *check, struct error *error)
{
    char path[32];
    int length = snprintf(path, sizeof(path), "checks[%zu]", index);
    TRY(consent_parse_check(item, str_of(path, (size_t)length), checking->arena,
                            &check->customer_id, &check->row.question, error));
    check->row.question.as_of = checking->now;
    return STATUS_OK;
}

static enum status parse_checks(struct checking *checking, const struct json_value *body,
                                struct error *error)
{
    static const struct str known[] = {STR("checks"), STR_NONE};
    size_t limit = checking->application->limits.checks_max;
    TRY(customer_known_members(body, known, STR("checks"), error));
    const struct json_value *list = json_get(body, STR("checks"));
    if (!list || list->type != JSON_ARRAY)
        return error_set(error, STATUS_REQUIRED_FIELD, STR("checks"),
                         STR("a list of {customerId, type, purpose, contactPoint}"),
                         "the field is required");
    if (list->count > limit)
        return results_exceeded(error, STR("checks"), limit, "checks in one call");
    checking->checks = ARENA_NEW_ARRAY(checking->arena, struct check, list->count);
    if (!checking->checks) return error_plain(error, STATUS_OUT_OF_MEMORY);
    checking->count = list->count;
    for (size_t i = 0; i < list->count; i++)
        TRY(parse_check(checking, &list->items[i], i, &checking->checks[i], error));
    return STATUS_OK;
}

static struct checked_customer *find_customer(const struct checking *checking, struct str root_id,
                                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct checked_customer *customer = checking->checks[i].customer;
        if (customer && str_equal(customer->root_id, root_id)) return customer;
    }
    return NULL;
}

static enum status read_customer(struct checking *checking, struct store_session *session,
                                 struct str root_id, struct checked_customer **customer,
                                 struct error *error)
{
    *customer = ARENA_NEW(checking->arena, struct checked_customer);
    if (!*customer) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (*customer)->root_id = root_id;
    return store_tree_load(session, root_id, INSTANT_FUTURE, checking->arena, &(*customer)->tree,
                           error);
}

/* The check's customer, or the reason why there is none. */
static enum status load_customer(struct checking *checking, struct store_session *session,
                                 size_t index, struct error *error)
{
    struct check *check = &checking->checks[index];
    struct profile_row row, root;
    enum status status =
        store_profile_get(session, check->customer_id, STORE_NO_LOCK, checking->arena, &row, error);
    if (status == STATUS_CUSTOMER_NOT_FOUND) {
        check->refusal = STR("CUSTOMER_NOT_FOUND");
        return STATUS_OK;
    }
    TRY(status);
    TRY(customer_root(session, &row, checking->arena, &root, error));
    if (root.erased_at != INSTANT_NONE || row.erased_at != INSTANT_NONE) {
        check->refusal = STR("CUSTOMER_ERASED");
        return STATUS_OK;
    }
    if (customer_is_removed(&root)) {
        check->refusal = STR("CUSTOMER_NOT_FOUND");
        return STATUS_OK;
    }
    check->customer = find_customer(checking, root.customer_id, index);
    if (check->customer) return STATUS_OK;
    return read_customer(checking, session, root.customer_id, &check->customer, error);
}

static enum status golden_of(const struct checking *checking, struct checked_customer *customer)
{
    if (customer->golden) return STATUS_OK;
    customer->golden = ARENA_NEW(checking->arena, struct golden);
    if (!customer->golden) return STATUS_OUT_OF_MEMORY;
    return golden_record(&customer->tree, checking->policy, checking->arena, customer->golden);
}

static enum status find_suppressed(struct checking *checking, struct store_session *session,
                                   struct error *error)
{
    struct suppressed_question *asked =
        ARENA_NEW_ARRAY(checking->arena, struct suppressed_question, checking->count);
    if (!asked) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < checking->count; i++) {
        const struct check *check = &checking->checks[i];
        asked[i].question = &check->row.question;
        if (!check->customer || !str_is_none(check->row.question.contact_point)) continue;
        if (golden_of(checking, check->customer) != STATUS_OK)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        asked[i].golden = check->customer->golden;
    }
    TRY(suppressed_points_ask(checking->application, session, asked, checking->count,
                              checking->arena, error));
    for (size_t i = 0; i < checking->count; i++)
        checking->checks[i].suppressed = asked[i].suppressed;
    return STATUS_OK;
}

static enum status check_body(struct store_session *session, void *context, struct error *error)
{
    struct checking *checking = context;
    for (size_t i = 0; i < checking->count; i++) {
        struct check *check = &checking->checks[i];
        size_t same = 0; /* an earlier check of the same customer knows already */
        while (same < i && !str_equal(checking->checks[same].customer_id, check->customer_id))
            same++;
        check->customer = same < i ? checking->checks[same].customer : NULL;
        check->refusal = same < i ? checking->checks[same].refusal : STR_NONE;
        if (same == i) TRY(load_customer(checking, session, i, error));
    }
    return find_suppressed(checking, session, error);
}

/* Decides all checks of the customer together, unless a check before `index` has seen to it. */
static enum status decide_from(struct checking *checking, size_t index, struct consent_row **rows)
{
    const struct checked_customer *customer = checking->checks[index].customer;
    size_t count = 0;
    if (!customer || find_customer(checking, customer->root_id, index)) return STATUS_OK;
    for (size_t i = index; i < checking->count; i++)
        if (checking->checks[i].customer == customer) rows[count++] = &checking->checks[i].row;
    return consent_decide_all(&customer->tree, rows, count, checking->arena);
}

static enum status decide_checks(struct checking *checking)
{
    struct consent_row **rows =
        ARENA_NEW_ARRAY(checking->arena, struct consent_row *, checking->count);
    if (!rows) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < checking->count; i++) TRY(decide_from(checking, i, rows));
    return STATUS_OK;
}

static void write_check(struct json_writer *writer, const struct check *check)
{
    const struct fact *decider = check->customer ? check->row.answer.decider : NULL;
    struct str reason = !check->customer ? check->refusal : check->row.answer.reason;
    json_object_begin(writer);
    json_member_string(writer, STR("customerId"), check->customer_id);
    json_member_string(writer, STR("type"), check->row.question.channel);
    json_member_string(writer, STR("purpose"), check->row.question.purpose);
    json_member_nullable(writer, STR("contactPoint"), check->row.question.contact_point);
    json_key(writer, STR("allowed"));
    json_boolean(writer, check->customer && check->row.answer.allowed && !check->suppressed);
    json_member_string(writer, STR("reason"), check->suppressed ? STR("SUPPRESSED") : reason);
    json_member_nullable(writer, STR("recordId"),
                         decider && !check->suppressed ? decider->subject : STR_NONE);
    results_instant(writer, STR("asOf"), check->row.question.as_of);
    json_object_end(writer);
}

enum status consents_check(struct application *application, const struct caller *caller,
                           const struct json_value *body, struct arena *arena, struct str *json,
                           struct error *error)
{
    struct checking checking = {.application = application,
                                .policy = application->policy_for(application, caller->tenant),
                                .arena = arena,
                                .now = application->environment->now(application->environment)};
    TRY(parse_checks(&checking, body, error));
    TRY(store_read(application->store, caller->tenant, arena, check_body, &checking, error));
    if (decide_checks(&checking) != STATUS_OK) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_key(&writer, STR("results"));
    json_array_begin(&writer);
    for (size_t i = 0; i < checking.count; i++) write_check(&writer, &checking.checks[i]);
    json_array_end(&writer);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
