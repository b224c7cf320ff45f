#include "history_worlds.h"

#include <inttypes.h>

#include "application/export_records.h"
#include "application/import_records.h"
#include "application/jobs.h"
#include "application/merge_customers.h"
#include "application/restore_records.h"
#include "application/undo_import.h"
#include "history_policy.h"
#include "history_search.h"

/* A search for every value takes as long as a hundred histories. */
enum { SEARCHED_PERCENT = 1 };

/* ---- unmerge is exact ---- */

/* The document without what a merge and its reversal may change; lists in a canonical order. */
static struct json_value *comparable(struct history_world *world, struct str document,
                                     const struct str *without)
{
    struct json_value *value;
    if (json_parse(document, &world->arena, &value, NULL) != STATUS_OK) return NULL;
    size_t kept = 0;
    for (size_t i = 0; i < value->count; i++) {
        struct json_member *member = &value->members[i];
        const struct str *at = without;
        while (!str_is_none(*at) && !str_equal(*at, member->name)) at++;
        if (!str_is_none(*at)) continue;
        value->members[kept++] = *member;
    }
    value->count = kept;
    history_sort_lists(value);
    return value;
}

static bool same_documents(struct history_worlds *worlds, struct property *property,
                           size_t customer, const struct str *without)
{
    struct str first, second;
    instant at;
    PROPERTY_REQUIRE(property,
                     history_document(&worlds->first, customer, &first, &at) == STATUS_OK &&
                         history_document(&worlds->second, customer, &second, &at) == STATUS_OK,
                     "C%zu is not there", customer);
    struct json_value *left = comparable(&worlds->first, first, without);
    struct json_value *right = comparable(&worlds->second, second, without);
    PROPERTY_REQUIRE(property, left && right && json_equal(left, right),
                     "C%zu differs:\n%.*s\n%.*s", customer, STR_ARGS(first), STR_ARGS(second));
    return true;
}

static bool decide(struct history_world *world, const struct tree *tree, size_t question)
{
    struct consent_question asked = history_question(question);
    struct consent_answer answer;
    return consent_decide(tree, &asked, &world->arena, &answer) == STATUS_OK && answer.allowed;
}

/* Both worlds allow the same. */
static bool same_consent(struct history_worlds *worlds, struct property *property, size_t customer)
{
    struct tree first, second;
    PROPERTY_REQUIRE(property,
                     history_tree(&worlds->first, customer, &first) == STATUS_OK &&
                         history_tree(&worlds->second, customer, &second) == STATUS_OK,
                     "C%zu has no tree", customer);
    for (size_t q = 0; q < history_question_count(); q++) {
        bool allowed = decide(&worlds->first, &first, q);
        PROPERTY_REQUIRE(property, allowed == decide(&worlds->second, &second, q),
                         "question %zu about C%zu: %s only with the merges", q, customer,
                         allowed ? "allowed" : "refused");
    }
    return true;
}

/* Steps of a history as they are to be taken without merges. */
struct replay {
    struct history_step steps[HISTORY_STEPS_MAX * HISTORY_CUSTOMERS_MAX];
    size_t count;
};

static void add_to_replay(struct replay *replay, const struct history_effect *effect)
{
    enum history_kind kind = effect->step.kind;
    /* What has no meaning without merges, and what changes no customer. */
    if (!effect->changed || kind == HISTORY_MERGE || kind == HISTORY_UNMERGE ||
        kind == HISTORY_SUSPECT || kind == HISTORY_TELL_APART)
        return;
    size_t homes = kind == HISTORY_REVOKE ? effect->home_count : 1;
    for (size_t i = 0; i < homes; i++) {
        struct history_step *step = &replay->steps[replay->count++];
        *step = effect->step;
        if (kind == HISTORY_REVOKE) step->customer = effect->homes[i];
    }
}

/* A preferred channel that only the other one's consent allowed: of whom there are no same edits
 * in what has channels; all else of him, and all of the others, is to be the same. A relationship
 * that closes a circle where nobody is merged is suspended after an unmerge, and without the merge
 * not made: then hierarchies are not compared. */
struct refused {
    bool of[HISTORY_CUSTOMERS_MAX];
    bool relationship;
};

static void note_refused(struct refused *refused, const struct history_step *step,
                         enum status status)
{
    if (status == STATUS_CONSENT_VIOLATION) refused->of[step->customer] = true;
    if (status == STATUS_HIERARCHY_CYCLE) refused->relationship = true;
}

static const struct str *left_out(const struct refused *refused, size_t customer)
{
    static const struct str always[] = {STR("version"), STR("updatedAt"), STR_NONE};
    static const struct str refusing[] = {STR("version"), STR("updatedAt"), STR("preferences"),
                                          STR("contacts"), STR_NONE};
    return refused->of[customer] ? refusing : always;
}

static bool any_refused(const struct refused *refused)
{
    for (size_t c = 0; c < HISTORY_CUSTOMERS_MAX; c++)
        if (refused->of[c]) return true;
    return false;
}

/* Nor is there anything left of the merges for another one to bring to light: all become one in
 * both worlds. */
static bool merges_anew(struct history_worlds *worlds, struct property *property, size_t customers)
{
    struct history_world *both[] = {&worlds->first, &worlds->second};
    if (worlds->first.merge_count + customers > HISTORY_MERGES_MAX) return true;
    property_note(property, "and merged anew:");
    for (size_t c = 1; c < customers; c++)
        for (size_t w = 0; w < 2; w++) {
            const struct history_step step = {
                .kind = HISTORY_MERGE, .number = HISTORY_STEPS_MAX + c, .other = c};
            struct history_effect effect;
            if (!history_take(both[w], property, &step, &effect)) return false;
            PROPERTY_REQUIRE(property, effect.changed, "C%zu cannot be merged anew", c);
        }
    arena_reset(&worlds->first.arena);
    arena_reset(&worlds->second.arena);
    return same_documents(worlds, property, 0,
                          left_out(&(struct refused){.relationship = false}, 0)) &&
           same_consent(worlds, property, 0);
}

static bool unmerge_case(struct history_worlds *worlds, struct property *property, size_t steps)
{
    struct refused refused = {.relationship = false};
    struct history history;
    struct history_options options = {.steps = steps, .merges = true};
    history_draw_policy(property, &worlds->first, &worlds->second, &worlds->arena);
    history_draw(property, &history, &options);
    if (!history_worlds_create(&worlds->first, property, history.customer_count)) return false;
    struct replay replay = {.count = 0};
    for (size_t i = 0; i < history.count; i++) {
        struct history_effect effect;
        if (!history_take(&worlds->first, property, &history.steps[i], &effect)) return false;
        add_to_replay(&replay, &effect);
    }
    bool searched = property_chance(property, SEARCHED_PERCENT);
    if (searched && !history_search_is_whole(&worlds->first, property, history.customer_count))
        return false;
    if (!history_unmerge_all(&worlds->first, property)) return false;
    if (searched && !history_search_is_whole(&worlds->first, property, history.customer_count))
        return false;
    property_note(property, "the same without merges:");
    if (!history_worlds_create(&worlds->second, property, history.customer_count)) return false;
    for (size_t i = 0; i < replay.count; i++) {
        struct history_effect effect;
        if (!history_take(&worlds->second, property, &replay.steps[i], &effect)) return false;
        note_refused(&refused, &effect.step, effect.status);
    }
    for (size_t c = 0; c < history.customer_count; c++) {
        arena_reset(&worlds->first.arena);
        arena_reset(&worlds->second.arena);
        if (!same_documents(worlds, property, c, left_out(&refused, c))) return false;
        if (!same_consent(worlds, property, c)) return false;
        bool is_same = !refused.of[c] && !refused.relationship;
        if (is_same && !history_worlds_show_the_same(worlds, property, c)) return false;
    }
    return any_refused(&refused) || merges_anew(worlds, property, history.customer_count);
}

bool history_laws_unmerge_is_exact(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = unmerge_case(&worlds, property, laws->steps);
    history_worlds_close(&worlds);
    return held;
}

/* ---- merge narrows consent ---- */

struct answers {
    bool known;
    bool allowed[32];
};

static void ask(struct history_world *world, size_t customer, struct answers *answers)
{
    struct tree tree;
    answers->known = history_tree(world, customer, &tree) == STATUS_OK;
    for (size_t q = 0; answers->known && q < history_question_count(); q++)
        answers->allowed[q] = decide(world, &tree, q);
}

static bool narrowed(struct property *property, const struct answers *target,
                     const struct answers *source, const struct answers *merged)
{
    for (size_t q = 0; q < history_question_count(); q++) {
        if (!merged->allowed[q]) continue;
        bool whole = str_is_none(history_question(q).contact_point);
        PROPERTY_REQUIRE(property,
                         whole ? target->allowed[q] && source->allowed[q]
                               : target->allowed[q] || source->allowed[q],
                         "the merged profile allows question %zu, which %s", q,
                         whole ? "not both did" : "neither did");
    }
    return true;
}

static bool narrowing_case(struct history_world *world, struct property *property, size_t steps)
{
    struct history history;
    struct history_options options = {.steps = steps, .merges = true};
    history_draw(property, &history, &options);
    if (!history_worlds_create(world, property, history.customer_count)) return false;
    for (size_t i = 0; i < history.count; i++) {
        const struct history_step *step = &history.steps[i];
        struct answers target = {false}, source = {false}, merged = {false};
        struct history_effect effect;
        bool is_merge = step->kind == HISTORY_MERGE && step->customer != step->other;
        arena_reset(&world->arena);
        if (is_merge) {
            ask(world, step->customer, &target);
            ask(world, step->other, &source);
        }
        if (!history_take(world, property, step, &effect)) return false;
        if (!is_merge || !effect.changed) continue;
        ask(world, step->customer, &merged);
        PROPERTY_REQUIRE(property, target.known && source.known && merged.known,
                         "one of C%zu and C%zu could not be asked", step->customer, step->other);
        if (!narrowed(property, &target, &source, &merged)) return false;
    }
    return true;
}

bool history_laws_merge_narrows_consent(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = narrowing_case(&worlds.first, property, laws->steps);
    history_worlds_close(&worlds);
    return held;
}

/* ---- the order of arrival ---- */

struct arrival {
    const char *body;
    int64_t observed; /* all different, so that nothing is a tie */
};

static void shuffle(struct property *property, size_t *order, size_t from, size_t count)
{
    for (size_t i = count; i > from + 1; i--) {
        size_t other = from + property_choice(property, i - from);
        size_t held = order[i - 1];
        order[i - 1] = order[other];
        order[other] = held;
    }
}

static bool arrive(struct history_world *world, struct property *property,
                   const struct arrival *arrivals, const size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct arrival *arrival = &arrivals[order[i]];
        struct json_value *body;
        struct import_result result;
        struct error error = {0};
        struct import_record record = {.observed_at = arrival->observed * INSTANT_SECOND};
        const struct import_settings settings = {.source = order[i] % 2 ? STR("erp") : STR("shop"),
                                                 .on_duplicate = ON_DUPLICATE_ALLOW};
        arena_reset(&world->arena);
        record.source_key = arena_format(&world->arena, "K%zu", order[i]);
        property_note(property, "  %s observed at %" PRId64, arrival->body, arrival->observed);
        PROPERTY_REQUIRE(property,
                         json_parse(str_from_cstr(arrival->body), &world->arena, &body, &error) ==
                             STATUS_OK,
                         "a mistake of the test");
        record.body = body;
        PROPERTY_REQUIRE(property,
                         import_records(&world->application, &world->caller, &settings, &record, 1,
                                        &world->arena, &result, &error) == STATUS_OK &&
                             result.outcome == IMPORT_CREATED,
                         "a record was refused");
    }
    return true;
}

/* All become one under C0: each is merged into one that stands before it in `order`. */
static bool gather(struct history_world *world, struct property *property, const size_t *order,
                   size_t count)
{
    for (size_t i = count; i-- > 1;) {
        size_t target = order[property_choice(property, i)];
        struct merge_result result;
        struct error error = {0};
        arena_reset(&world->arena);
        struct merge_request request = {.source_id = arena_format(&world->arena, "C%zu", order[i])};
        property_note(property, "  merge C%zu into C%zu", order[i], target);
        PROPERTY_REQUIRE(property,
                         merge_customers(&world->application, &world->caller,
                                         arena_format(&world->arena, "C%zu", target), &request,
                                         &world->arena, &result, &error) == STATUS_OK,
                         "a merge was refused");
    }
    return true;
}

static const char *draw_body(struct property *property, size_t index)
{
    static const char *const extras[] = {"",
                                         ",\"website\":\"https://a.example\"",
                                         ",\"segment\":\"GOLD\"",
                                         ",\"segment\":\"SILVER\",\"language\":\"de\"",
                                         ",\"phones\":[\"+4930123\",\"+4930124\"]",
                                         ",\"preferences\":{\"theme\":\"dark\"}",
                                         ",\"preferences\":{\"theme\":\"light\",\"beta\":true}",
                                         ",\"status\":\"ON_HOLD\"",
                                         ",\"identifiers\":[{\"type\":\"VAT\",\"value\":\"DE1\"}]"};
    size_t mail = property_choice(property, 4), name = property_choice(property, 3);
    struct str body = arena_format(
        property->arena,
        "{\"customerId\":\"C%zu\",\"name\":\"Name %zu\",\"emails\":[\"e%zu@x.example\"]%s}", index,
        name, mail, PROPERTY_PICK(property, extras));
    return body.ptr;
}

static bool arrival_case(struct history_worlds *worlds, struct property *property)
{
    static const struct str without[] = {STR("version"), STR("createdAt"), STR("updatedAt"),
                                         STR_NONE};
    enum { ARRIVALS_MAX = 6 };
    struct arrival arrivals[ARRIVALS_MAX];
    size_t orders[4][ARRIVALS_MAX], count = 2 + property_choice(property, ARRIVALS_MAX - 1);
    for (size_t i = 0; i < count; i++) {
        arrivals[i].body = draw_body(property, i);
        for (size_t o = 0; o < 4; o++) orders[o][i] = i;
        arrivals[i].observed = 1000 + (int64_t)(property_choice(property, 100) * 10 + i);
    }
    shuffle(property, orders[0], 0, count);
    shuffle(property, orders[1], 0, count);
    shuffle(property, orders[2], 1, count); /* C0 stays the root */
    shuffle(property, orders[3], 1, count);
    property_note(property, "first:");
    if (!arrive(&worlds->first, property, arrivals, orders[0], count) ||
        !gather(&worlds->first, property, orders[2], count))
        return false;
    property_note(property, "second:");
    if (!arrive(&worlds->second, property, arrivals, orders[1], count) ||
        !gather(&worlds->second, property, orders[3], count))
        return false;
    arena_reset(&worlds->first.arena);
    arena_reset(&worlds->second.arena);
    return same_documents(worlds, property, 0, without);
}

bool history_laws_order_of_arrival(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = arrival_case(&worlds, property);
    history_worlds_close(&worlds);
    return held;
}

/* ---- import and undo ---- */

enum { NEW_CUSTOMERS = 2 };

struct import_case {
    struct history history;
    size_t imported_before; /* number of the step before which the import comes */
    size_t customers;       /* those that were there before */
    struct str import_id;
    bool imported[HISTORY_CUSTOMERS_MAX + NEW_CUSTOMERS];
};

static bool open_import_job(struct history_worlds *worlds, struct property *property,
                            struct import_case *drawn)
{
    struct history_world *world = &worlds->first;
    struct job_row job;
    struct error error;
    PROPERTY_REQUIRE(property,
                     jobs_create(&world->application, &world->caller, STR_NONE, STR("IMPORT"),
                                 STR("{}"), &world->arena, &job, &error) == STATUS_OK,
                     "the job could not be made");
    drawn->import_id = arena_str(property->arena, job.job_id);
    return true;
}

static bool import_some(struct history_worlds *worlds, struct property *property,
                        struct import_case *drawn)
{
    int64_t step = 0;
    property_note(property, "the import:");
    if (!open_import_job(worlds, property, drawn)) return false;
    for (size_t c = 0; c < drawn->customers + NEW_CUSTOMERS; c++) {
        /* An even one is not of this source: its record is a customer of its own. */
        if (c < drawn->customers && c % 2 == 0) continue;
        drawn->imported[c] = property_chance(property, 80);
        if (drawn->imported[c] && !history_import(&worlds->first, property, drawn->import_id,
                                                  ++step, c, property_choice(property, 3)))
            return false;
    }
    return true;
}

static bool undo(struct history_worlds *worlds, struct property *property, struct str import_id)
{
    struct history_world *world = &worlds->first;
    struct error error = {0};
    struct job_row job;
    struct undo_counts counts;
    struct str same;
    int64_t total;
    bool done = false;
    arena_reset(&world->arena);
    PROPERTY_REQUIRE(property,
                     jobs_update(&world->application, &world->caller, import_id, 0, JOB_DONE,
                                 STR_NONE, &world->arena, &error) == STATUS_OK &&
                         undo_import_start(&world->application, &world->caller, import_id, STR_NONE,
                                           &world->arena, &job, &error) == STATUS_OK,
                     "the undo could not begin: %s", error.message);
    struct str undo_id = arena_str(property->arena, job.job_id);
    while (!done) {
        arena_reset(&world->arena);
        PROPERTY_REQUIRE(
            property,
            undo_import_open(&world->application, &world->caller, undo_id, &world->arena, &same,
                             &total, &counts, &error) == STATUS_OK &&
                undo_import_step(&world->application, &world->caller, undo_id, 0, same, NULL,
                                 &world->arena, &counts, &done, &error) == STATUS_OK,
            "the undo failed: %s", error.message);
    }
    property_note(property, "the undo: %d removed, %d restored, %d kept",
                  (int)counts.outcomes[UNDO_REMOVED], (int)counts.outcomes[UNDO_RESTORED],
                  (int)counts.outcomes[UNDO_KEPT]);
    return true;
}

/* What ends or changes a thing goes to the home of that, which was spoken of already; a suspicion
 * and its judgement are no facts of a customer. */
static bool speaks_of_customer(enum history_kind kind)
{
    static const enum history_kind speaking[] = {
        HISTORY_SET,         HISTORY_ADD_TO_LIST, HISTORY_REMOVE_FROM_LIST, HISTORY_SET_PREFERENCE,
        HISTORY_ADD_CONTACT, HISTORY_RELATE,      HISTORY_IMPORT,           HISTORY_BLOCK,
        HISTORY_GRANT,       HISTORY_REVOKE};
    for (size_t i = 0; i < sizeof(speaking) / sizeof(speaking[0]); i++)
        if (kind == speaking[i]) return true;
    return false;
}

static bool play_with_import(struct history_worlds *worlds, struct property *property,
                             struct import_case *drawn, struct replay *replay, bool *spoken)
{
    for (size_t i = 0; i <= drawn->history.count; i++) {
        struct history_effect effect;
        bool imported = i >= drawn->imported_before;
        if (i == drawn->imported_before && !import_some(worlds, property, drawn)) return false;
        if (i == drawn->history.count) break;
        struct history_step step = drawn->history.steps[i];
        if (imported && step.kind == HISTORY_IMPORT) continue;
        if (!history_take(&worlds->first, property, &step, &effect)) return false;
        if (effect.changed && speaks_of_customer(step.kind)) spoken[effect.step.customer] = true;
        for (size_t h = 0; h < effect.home_count; h++) spoken[effect.homes[h]] = true;
        add_to_replay(replay, &effect);
    }
    return true;
}

/* A step where the import's customers are not: what was added to them is there to be counted, and
 * belongs to nobody. */
static bool take_without_import(struct history_worlds *worlds, struct property *property,
                                const struct import_case *drawn, const struct history_step *given,
                                enum status *status)
{
    enum { NOBODY = 99 };
    struct history_world *world = &worlds->second;
    struct history_step step = *given;
    struct history_effect effect = {.status = STATUS_OK};
    bool relates = step.kind == HISTORY_RELATE, adds = step.kind == HISTORY_ADD_CONTACT;
    if (step.customer >= drawn->customers || (relates && step.other >= drawn->customers)) {
        const struct history_thing nobodys = {step.number, NOBODY};
        if (relates) world->relations[world->relation_count++] = nobodys;
        if (adds) world->contacts[world->contact_count++] = nobodys;
        step.customer = 0;
        if (speaks_of_customer(step.kind)) return true;
    }
    bool held = history_take(world, property, &step, &effect);
    *status = effect.status;
    return held;
}

static bool gone_or_kept(struct history_worlds *worlds, struct property *property, size_t customer,
                         bool spoken)
{
    struct str document;
    instant at;
    enum status status = history_document(&worlds->first, customer, &document, &at);
    PROPERTY_REQUIRE(property, status == (spoken ? STATUS_OK : STATUS_CUSTOMER_NOT_FOUND),
                     "C%zu, of which %s, is %s", customer,
                     spoken ? "others spoke" : "only the import spoke",
                     status == STATUS_OK ? "there" : "gone");
    return true;
}

static bool undo_case(struct history_worlds *worlds, struct property *property, size_t steps)
{
    struct history_options options = {.steps = steps, .merges = true};
    struct refused refused = {.relationship = false};
    struct import_case drawn = {.customers = 0};
    struct replay replay = {.count = 0};
    bool spoken[HISTORY_CUSTOMERS_MAX] = {false};
    history_draw_policy(property, &worlds->first, &worlds->second, &worlds->arena);
    history_draw(property, &drawn.history, &options);
    drawn.customers = drawn.history.customer_count > NEW_CUSTOMERS
                          ? drawn.history.customer_count - NEW_CUSTOMERS
                          : 1;
    drawn.imported_before = property_choice(property, drawn.history.count + 1);
    if (!history_worlds_create(&worlds->first, property, drawn.customers)) return false;
    if (!play_with_import(worlds, property, &drawn, &replay, spoken)) return false;
    bool undo_first = property_chance(property, 50);
    if (undo_first && !undo(worlds, property, drawn.import_id)) return false;
    if (!history_unmerge_all(&worlds->first, property)) return false;
    if (!undo_first && !undo(worlds, property, drawn.import_id)) return false;
    if (property_chance(property, SEARCHED_PERCENT) &&
        !history_search_is_whole(&worlds->first, property, drawn.customers + NEW_CUSTOMERS))
        return false;
    property_note(property, "the same without import and merges:");
    if (!history_worlds_create(&worlds->second, property, drawn.customers)) return false;
    for (size_t i = 0; i < replay.count; i++) {
        enum status status = STATUS_OK;
        if (!take_without_import(worlds, property, &drawn, &replay.steps[i], &status)) return false;
        note_refused(&refused, &replay.steps[i], status);
    }
    for (size_t c = 0; c < drawn.customers + NEW_CUSTOMERS; c++) {
        arena_reset(&worlds->first.arena);
        arena_reset(&worlds->second.arena);
        if (c < drawn.customers) {
            if (!same_documents(worlds, property, c, left_out(&refused, c))) return false;
            if (!same_consent(worlds, property, c)) return false;
        } else if (c < HISTORY_CUSTOMERS_MAX && drawn.imported[c] &&
                   !gone_or_kept(worlds, property, c, spoken[c])) {
            return false;
        }
    }
    return true;
}

bool history_laws_undo_is_identity(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = undo_case(&worlds, property, laws->steps);
    history_worlds_close(&worlds);
    return held;
}

/* ---- export and restore ---- */

static bool export_all(struct history_world *world, struct property *property, struct buffer *out)
{
    struct export_cursor cursor = {0};
    struct error error = {0};
    size_t limit = 1 + property_choice(property, 4);
    while (cursor.phase != EXPORT_DONE) {
        arena_reset(&world->arena);
        PROPERTY_REQUIRE(property,
                         export_records(&world->application, &world->caller, &cursor, limit,
                                        &world->arena, out, &error) == STATUS_OK,
                         "the export failed: %s", error.message);
    }
    return true;
}

enum { LINES_MAX = 4 * HISTORY_STEPS_MAX };

static bool restore_all(struct history_world *world, struct property *property, struct str text)
{
    const struct json_value *lines[LINES_MAX];
    struct str rest = text, line;
    struct error error = {0};
    size_t batch = 1 + property_choice(property, 3), count = 0;
    arena_reset(&world->arena);
    while (str_split(&rest, '\n', &line)) {
        struct json_value *value;
        if (str_is_empty(line)) continue;
        PROPERTY_REQUIRE(property,
                         count < LINES_MAX &&
                             json_parse(line, property->arena, &value, &error) == STATUS_OK,
                         "a line is no JSON: %.*s", STR_ARGS(line));
        lines[count++] = value;
    }
    for (size_t at = 0; at < count; at += batch) {
        size_t size = count - at < batch ? count - at : batch;
        PROPERTY_REQUIRE(property,
                         restore_records(&world->application, &world->caller, lines + at, size,
                                         &world->arena, &error) == STATUS_OK,
                         "the restore failed: %s %s", error.field, error.message);
    }
    return true;
}

/* The header names the tenant; all after it must be the same. */
static struct str without_header(const struct buffer *text)
{
    struct str rest = buffer_str(text), header;
    (void)str_split(&rest, '\n', &header);
    return rest;
}

static bool export_case(struct history_worlds *worlds, struct property *property, size_t steps)
{
    struct history history;
    struct history_options options = {.steps = steps, .merges = true};
    struct buffer first = {.arena = property->arena}, second = {.arena = property->arena};
    history_draw(property, &history, &options);
    if (!history_worlds_create(&worlds->first, property, history.customer_count)) return false;
    for (size_t i = 0; i < history.count; i++) {
        struct history_effect effect;
        if (!history_take(&worlds->first, property, &history.steps[i], &effect)) return false;
    }
    if (!export_all(&worlds->first, property, &first) ||
        !restore_all(&worlds->second, property, buffer_str(&first)) ||
        !export_all(&worlds->second, property, &second))
        return false;
    struct str left = without_header(&first), right = without_header(&second);
    PROPERTY_REQUIRE(property, str_equal(left, right), "the exports differ:\n%.*s\n%.*s",
                     STR_ARGS(left), STR_ARGS(right));
    if (property_chance(property, SEARCHED_PERCENT) &&
        !history_search_is_whole(&worlds->second, property, history.customer_count))
        return false;
    return history_worlds_were_told_the_same(worlds, property, history.customer_count);
}

bool history_laws_export_restores(struct property *property, void *context)
{
    struct history_laws *laws = context;
    struct history_worlds worlds;
    history_worlds_open(&worlds, laws);
    bool held = export_case(&worlds, property, laws->steps);
    history_worlds_close(&worlds);
    return held;
}
