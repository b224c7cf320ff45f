/* The decision whether a communication is allowed: see consent.h for the rules.
 *
 * Many questions are answered together, for a customer may have thousands of acts and hundreds of
 * homes, and the work must not be the product of all three. Acts and questions stand in the same
 * order, so that those which cover a question are found without a look at the others; what the acts
 * for the whole profile say, home by home, is worked out once for all contact points of a purpose;
 * and the homes of all contact points are found together (consent_holders.h).
 */
#include "domain/consent.h"

#include <stdlib.h>
#include <string.h>

#include "domain/consent_holders.h"

/* A consent record, read once. */
struct act {
    const struct fact *fact;
    int32_t home;
    struct str channel;
    struct str purpose;
    struct str point; /* canonical; absent for the whole profile */
    bool grants;
    bool import;
    instant captured_at;
    instant valid_until; /* INSTANT_FUTURE without end */
};

/* In the order of the questions that they name. */
struct acts {
    struct act *items;
    size_t count;
};

static int compare_questions(const struct consent_question *a, const struct consent_question *b)
{
    int order = str_compare(a->channel, b->channel);
    if (order == 0) order = str_compare(a->purpose, b->purpose);
    /* To str_compare() an absent one is empty: that would make the act the whole profile's. */
    if (order == 0) order = str_is_none(b->contact_point) - str_is_none(a->contact_point);
    return order ? order : str_compare(a->contact_point, b->contact_point);
}

static struct consent_question named_by(const struct act *act)
{
    return (struct consent_question){
        .channel = act->channel, .purpose = act->purpose, .contact_point = act->point};
}

static int compare_acts(const void *a, const void *b)
{
    struct consent_question left = named_by(a), right = named_by(b);
    return compare_questions(&left, &right);
}

/* ---- reading acts ---- */

struct str consent_point_of(const struct fact *fact)
{
    return json_text(json_get(fact->body, STR("contactPoint")));
}

static instant time_or(const struct json_value *object, struct str name, instant otherwise)
{
    instant when;
    struct str text = json_text(json_get(object, name));
    return !str_is_none(text) && instant_parse(text, &when) ? when : otherwise;
}

static enum status read_act(const struct tree *tree, const struct fact *fact, struct arena *arena,
                            struct act *act)
{
    const struct json_value *body = fact->body;
    struct str point = consent_point_of(fact);
    *act = (struct act){
        .fact = fact,
        .home = tree_find_home(tree, fact->home),
        .channel = json_text(json_get(body, STR("type"))),
        .purpose = json_text(json_get(body, STR("purpose"))),
        .grants = str_equal(json_text(json_get(body, STR("status"))), STR("GRANTED")),
        .import = consent_is_import(fact),
        .captured_at = time_or(body, STR("capturedAt"), fact->observed_at),
        .valid_until = time_or(body, STR("validUntil"), INSTANT_FUTURE),
    };
    /* A clock that runs ahead puts no act behind those that are recorded after it. */
    if (act->captured_at > fact->recorded_at) act->captured_at = fact->recorded_at;
    if (str_is_none(act->purpose)) act->purpose = STR("GENERAL");
    if (str_is_none(point)) return STATUS_OK;
    act->point = consent_contact_point(act->channel, point, arena);
    return str_is_none(act->point) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

static enum status read_acts(const struct tree *tree, struct arena *arena, struct acts *acts)
{
    size_t count = 0;
    for (size_t i = 0; i < tree->fact_count; i++) count += tree->facts[i].kind == FACT_CONSENT;
    *acts = (struct acts){.items = ARENA_NEW_ARRAY(arena, struct act, count)};
    if (!acts->items) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < tree->fact_count; i++) {
        if (tree->facts[i].kind != FACT_CONSENT) continue;
        struct act *act = &acts->items[acts->count];
        TRY(read_act(tree, &tree->facts[i], arena, act));
        acts->count += act->home >= 0;
    }
    if (acts->count > 1) qsort(acts->items, acts->count, sizeof(acts->items[0]), compare_acts);
    return STATUS_OK;
}

/* ---- what an act covers, and for whom ---- */

/* How many acts name an earlier question, or up to and including that one. */
static size_t acts_before(const struct acts *acts, const struct consent_question *question,
                          bool inclusive)
{
    size_t low = 0, high = acts->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct consent_question named = named_by(&acts->items[middle]);
        int order = compare_questions(&named, question);
        if (order < 0 || (order == 0 && inclusive))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Those that name the very question. */
static struct acts acts_naming(const struct acts *acts, const struct consent_question *question)
{
    size_t from = acts_before(acts, question, false), to = acts_before(acts, question, true);
    return (struct acts){.items = acts->items + from, .count = to - from};
}

/* A revocation for GENERAL purposes covers the question as well. */
static struct acts acts_naming_general(const struct acts *acts,
                                       const struct consent_question *question)
{
    struct consent_question general = *question;
    general.purpose = STR("GENERAL");
    return acts_naming(acts, &general);
}

/* Does `a` come after `b`, a revocation after a grant at the same time? A total order. */
static bool is_later(const struct act *a, const struct act *b)
{
    if (a->captured_at != b->captured_at) return a->captured_at > b->captured_at;
    if (a->grants != b->grants) return b->grants;
    return fact_compare(a->fact, b->fact) > 0;
}

/* The latest acts of a set. Grants by import stand apart: one in force may grant, one that has
 * expired only explains, so that a voided import never uncovers what stood before it. */
struct latest {
    const struct act *act;
    const struct act *revocation;
    const struct act *imported;
    const struct act *expired_import;
};

static void replace_if_later(const struct act **latest, const struct act *act)
{
    if (!*latest || is_later(act, *latest)) *latest = act;
}

static void take_in(struct latest *latest, const struct act *act, instant as_of)
{
    if (act->grants && act->import) {
        bool in_force = act->valid_until > as_of;
        replace_if_later(in_force ? &latest->imported : &latest->expired_import, act);
        return;
    }
    replace_if_later(&latest->act, act);
    if (!act->grants) replace_if_later(&latest->revocation, act);
}

static void add_latest(struct latest *latest, const struct latest *other)
{
    if (other->act) replace_if_later(&latest->act, other->act);
    if (other->revocation) replace_if_later(&latest->revocation, other->revocation);
    if (other->imported) replace_if_later(&latest->imported, other->imported);
    if (other->expired_import) replace_if_later(&latest->expired_import, other->expired_import);
}

static const struct act *decider(const struct latest *latest, bool imports_count)
{
    const struct act *act = latest->act, *imported = latest->imported;
    if (imports_count && imported && (!act || is_later(imported, act))) return imported;
    return act ? act : latest->expired_import;
}

static enum consent_state state_of(const struct act *act, instant as_of)
{
    if (!act) return CONSENT_ABSENT;
    if (!act->grants) return CONSENT_REVOKED;
    return act->valid_until <= as_of ? CONSENT_EXPIRED : CONSENT_GRANTED;
}

/* ---- one home, then all of them ---- */

/* What the homes say together. The acts are the latest of their sort, for the answer to name. */
struct tally {
    const struct act *revoked;
    const struct act *granted;
    const struct act *expired;
    bool all_granted;         /* of all homes */
    bool any_holder;          /* the contact point belongs to some home */
    bool all_holders_granted; /* of those */
};

static void count_home(struct tally *tally, const struct latest *latest, bool imports_count,
                       bool holds, instant as_of)
{
    const struct act *act = decider(latest, imports_count && !latest->revocation);
    enum consent_state state = state_of(act, as_of);
    /* An expired grant must not lift a revocation before it: it would by way of another home's. */
    if (state == CONSENT_EXPIRED && latest->revocation)
        replace_if_later(&tally->revoked, latest->revocation);
    if (state == CONSENT_REVOKED) replace_if_later(&tally->revoked, act);
    if (state == CONSENT_GRANTED) replace_if_later(&tally->granted, act);
    if (state == CONSENT_EXPIRED) replace_if_later(&tally->expired, act);
    tally->all_granted &= state == CONSENT_GRANTED;
    tally->any_holder |= holds;
    if (holds) tally->all_holders_granted &= state == CONSENT_GRANTED;
}

/* ---- many questions of one tree ---- */

struct deciding {
    const struct tree *tree;
    const struct acts *acts;
    struct consent_point *points; /* of all questions; see consent_holders.h */
    size_t point_count;
    struct latest *of_points;     /* by point: revocations of it for GENERAL purposes */
    struct consent_question said; /* the question for the whole profile that `whole` is about */
    struct latest *general;       /* by home: revocations for GENERAL purposes of said.channel */
    struct latest *whole;         /* by home: all acts for the whole profile that cover `said` */
};

/* Acts for the whole profile, to the homes that they speak for. */
static void take_in_by_home(const struct tree *tree, struct acts acts, bool only_revocations,
                            instant as_of, struct latest *by_home)
{
    for (size_t i = 0; i < acts.count; i++) {
        const struct act *act = &acts.items[i];
        if (only_revocations && act->grants) continue;
        for (size_t home = 0; home < tree->home_count; home++)
            if (tree_speaks_for(tree, act->home, (int32_t)home, act->fact->recorded_at))
                take_in(&by_home[home], act, as_of);
    }
}

/* The questions come in order, so that this has to be done once for each channel and purpose. */
static void turn_to(struct deciding *deciding, const struct consent_question *question)
{
    const struct tree *tree = deciding->tree;
    size_t size = tree->home_count * sizeof(deciding->whole[0]);
    struct consent_question said = *question;
    said.contact_point = STR_NONE;
    bool same_channel = str_equal(said.channel, deciding->said.channel);
    if (same_channel && str_equal(said.purpose, deciding->said.purpose) &&
        said.as_of == deciding->said.as_of)
        return;
    if (!same_channel) {
        memset(deciding->general, 0, size);
        take_in_by_home(tree, acts_naming_general(deciding->acts, &said), true, said.as_of,
                        deciding->general);
    }
    memcpy(deciding->whole, deciding->general, size);
    take_in_by_home(tree, acts_naming(deciding->acts, &said), false, said.as_of, deciding->whole);
    deciding->said = said;
}

/* Acts for a contact point: whoever recorded them, they speak for all homes. */
static void take_in_all(struct acts acts, bool only_revocations, instant as_of,
                        struct latest *latest)
{
    for (size_t i = 0; i < acts.count; i++)
        if (!only_revocations || !acts.items[i].grants) take_in(latest, &acts.items[i], as_of);
}

/* An act for the whole profile speaks at least for the home that it was given to. */
static bool any_revocation(const struct deciding *deciding, const struct latest *of_point)
{
    bool any = of_point->revocation;
    for (size_t i = 0; i < deciding->tree->home_count && !any; i++)
        any = deciding->whole[i].revocation;
    return any;
}

/* What stands for the contact point itself: its latest act, unless that is a grant that has
 * expired, which lifts no revocation before it. */
static const struct act *own_act(const struct latest *of_point, bool imports_count, instant as_of)
{
    const struct act *act = decider(of_point, imports_count);
    bool expired = state_of(act, as_of) == CONSENT_EXPIRED;
    return expired && of_point->revocation ? of_point->revocation : act;
}

static struct consent_answer answer_of(bool allowed, enum consent_state state, struct str reason,
                                       const struct act *act)
{
    return (struct consent_answer){allowed, state, reason, act ? act->fact : NULL};
}

static struct consent_answer refusal(const struct tally *tally)
{
    if (tally->granted) return answer_of(false, CONSENT_ABSENT, STR("NOT_ALL_GRANTED"), NULL);
    if (tally->expired) return answer_of(false, CONSENT_EXPIRED, STR("EXPIRED"), tally->expired);
    return answer_of(false, CONSENT_ABSENT, STR("NO_CONSENT"), NULL);
}

/* `own`: what stands for the contact point itself; a later grant for the whole profile does not
 * speak of it. */
static struct consent_answer conclude_answer(const struct tally *tally, const struct act *own,
                                             instant as_of)
{
    enum consent_state of_point = state_of(own, as_of);
    if (of_point == CONSENT_REVOKED) return answer_of(false, of_point, STR("REVOKED"), own);
    if (tally->revoked) return answer_of(false, CONSENT_REVOKED, STR("REVOKED"), tally->revoked);
    if (of_point == CONSENT_GRANTED) return answer_of(true, of_point, STR("GRANTED"), own);
    bool allowed = tally->any_holder ? tally->all_holders_granted : tally->all_granted;
    if (allowed) return answer_of(true, CONSENT_GRANTED, STR("GRANTED"), tally->granted);
    return refusal(tally);
}

static struct tally count_homes(const struct deciding *deciding, const struct latest *of_point,
                                const struct consent_point *point, bool imports_count,
                                instant as_of)
{
    struct tally tally = {.all_granted = true, .all_holders_granted = true};
    size_t held = 0;
    for (size_t i = 0; i < deciding->tree->home_count; i++) {
        struct latest latest = deciding->whole[i];
        bool holds = point && held < point->home_count && point->homes[held] == (int32_t)i;
        held += holds;
        add_latest(&latest, of_point);
        count_home(&tally, &latest, imports_count, holds, as_of);
    }
    return tally;
}

/* The latest grant of that contact point that speaks for the home that revoked it lifts the
 * revocation, if it is later and in force; what an import says lifts none. */
static bool is_lifted(const struct deciding *deciding, const struct act *revocation,
                      const struct consent_question *asked)
{
    struct consent_question of_point = *asked;
    const struct act *grant = NULL;
    of_point.contact_point = revocation->point;
    struct acts acts = acts_naming(deciding->acts, &of_point);
    for (size_t i = 0; i < acts.count; i++) {
        const struct act *act = &acts.items[i];
        if (act->grants && !act->import &&
            tree_speaks_for(deciding->tree, act->home, revocation->home, act->fact->recorded_at))
            replace_if_later(&grant, act);
    }
    return grant && grant->valid_until > asked->as_of && is_later(grant, revocation);
}

static bool is_held(const struct deciding *deciding, const struct act *act)
{
    const struct consent_point *point =
        consent_holders_point(deciding->points, deciding->point_count, act->channel, act->point);
    return point && point->home_count > 0;
}

/* For the purpose of the acts, which is that of the question or GENERAL. */
static void find_revoked_points(const struct deciding *deciding, struct str purpose,
                                const struct consent_question *asked, const struct act **latest)
{
    const struct acts *acts = deciding->acts;
    struct consent_question whole = {.channel = asked->channel, .purpose = purpose};
    for (size_t i = acts_before(acts, &whole, true); i < acts->count; i++) {
        const struct act *act = &acts->items[i];
        if (!str_equal(act->channel, whole.channel) || !str_equal(act->purpose, purpose)) return;
        if (!act->grants && is_held(deciding, act) && !is_lifted(deciding, act, asked))
            replace_if_later(latest, act);
    }
}

/* Who does not say where he will write to may write to a contact point that is revoked. */
static void narrow_to_points(const struct deciding *deciding, struct consent_row *row)
{
    const struct act *revoked = NULL;
    find_revoked_points(deciding, row->question.purpose, &row->question, &revoked);
    if (!str_equal(row->question.purpose, STR("GENERAL")))
        find_revoked_points(deciding, STR("GENERAL"), &row->question, &revoked);
    if (revoked) row->answer = answer_of(false, CONSENT_REVOKED, STR("REVOKED"), revoked);
}

static void decide(struct deciding *deciding, struct consent_row *row)
{
    const struct consent_question *question = &row->question;
    const struct consent_point *point = NULL;
    struct latest of_point = {0};
    bool imports_count = true;
    turn_to(deciding, question);
    if (!str_is_none(question->contact_point)) {
        point = consent_holders_point(deciding->points, deciding->point_count, question->channel,
                                      question->contact_point);
        of_point = deciding->of_points[point - deciding->points];
        take_in_all(acts_naming(deciding->acts, question), false, question->as_of, &of_point);
        /* Of a contact point, a revocation by any home speaks against an import by any other. */
        imports_count = !any_revocation(deciding, &of_point);
    }
    struct tally tally = count_homes(deciding, &of_point, point, imports_count, question->as_of);
    const struct act *own = own_act(&of_point, imports_count, question->as_of);
    row->answer = conclude_answer(&tally, own, question->as_of);
    if (!point && row->answer.allowed) narrow_to_points(deciding, row);
}

/* Those that are asked about, and for a question without one those that are revoked. */
static enum status find_points(struct deciding *deciding, struct consent_row *const *rows,
                               size_t count, struct arena *arena)
{
    const struct acts *acts = deciding->acts;
    size_t found = 0;
    bool any_whole = false;
    deciding->points = ARENA_NEW_ARRAY(arena, struct consent_point, count + acts->count);
    if (!deciding->points) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        const struct consent_question *question = &rows[i]->question;
        if (str_is_none(question->contact_point))
            any_whole = true;
        else
            deciding->points[found++] = (struct consent_point){.channel = question->channel,
                                                               .text = question->contact_point};
    }
    for (size_t i = 0; i < acts->count && any_whole; i++)
        if (!acts->items[i].grants && !str_is_none(acts->items[i].point))
            deciding->points[found++] = (struct consent_point){.channel = acts->items[i].channel,
                                                               .text = acts->items[i].point};
    deciding->point_count = consent_holders_sort(deciding->points, found);
    return consent_holders_find(deciding->tree, deciding->points, deciding->point_count, arena);
}

/* Once for all purposes that the point is asked about. A revocation does not expire. */
static enum status revoke_points(struct deciding *deciding, struct arena *arena)
{
    deciding->of_points = ARENA_NEW_ARRAY(arena, struct latest, deciding->point_count);
    if (!deciding->of_points) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < deciding->point_count; i++) {
        struct consent_question question = {.channel = deciding->points[i].channel,
                                            .contact_point = deciding->points[i].text};
        take_in_all(acts_naming_general(deciding->acts, &question), true, INSTANT_NONE,
                    &deciding->of_points[i]);
    }
    return STATUS_OK;
}

static int by_question(const void *a, const void *b)
{
    const struct consent_row *left = *(struct consent_row *const *)a;
    const struct consent_row *right = *(struct consent_row *const *)b;
    return compare_questions(&left->question, &right->question);
}

static enum status decide_all(const struct tree *tree, const struct acts *acts,
                              struct consent_row **rows, size_t count, struct arena *arena)
{
    struct deciding deciding = {.tree = tree,
                                .acts = acts,
                                .general = ARENA_NEW_ARRAY(arena, struct latest, tree->home_count),
                                .whole = ARENA_NEW_ARRAY(arena, struct latest, tree->home_count)};
    if (!deciding.general || !deciding.whole) return STATUS_OUT_OF_MEMORY;
    TRY(find_points(&deciding, rows, count, arena));
    TRY(revoke_points(&deciding, arena));
    if (count > 1) qsort(rows, count, sizeof(rows[0]), by_question);
    for (size_t i = 0; i < count; i++) decide(&deciding, rows[i]);
    return STATUS_OK;
}

static enum status read_and_decide(const struct tree *tree, struct consent_row **rows, size_t count,
                                   struct arena *arena)
{
    struct acts acts;
    TRY(read_acts(tree, arena, &acts));
    return decide_all(tree, &acts, rows, count, arena);
}

enum status consent_decide_all(const struct tree *tree, struct consent_row **rows, size_t count,
                               struct arena *arena)
{
    /* An answer names a fact of the tree: nothing of what was made on the way is needed. */
    struct arena_mark mark = arena_mark(arena);
    enum status status = read_and_decide(tree, rows, count, arena);
    arena_rewind(arena, mark);
    return status;
}

enum status consent_decide(const struct tree *tree, const struct consent_question *question,
                           struct arena *arena, struct consent_answer *answer)
{
    struct consent_row row = {.question = *question}, *rows = &row;
    TRY(consent_decide_all(tree, &rows, 1, arena));
    *answer = row.answer;
    return STATUS_OK;
}

/* ---- revocations that stand ---- */

static bool may_lift(const struct act *act, const struct consent_question *question)
{
    if (!act->grants || !str_equal(act->channel, question->channel)) return false;
    return str_is_none(act->point) || str_is_none(question->contact_point) ||
           str_equal(act->point, question->contact_point);
}

static bool revokes_just_that(const struct act *act, const struct consent_question *question)
{
    return !act->grants && str_equal(act->channel, question->channel) &&
           str_equal(act->purpose, question->purpose) &&
           str_is_none(act->point) == str_is_none(question->contact_point) &&
           str_equal(act->point, question->contact_point);
}

static bool stands_in_all(const struct tree *tree, const struct acts *acts,
                          const struct consent_question *question, bool *has)
{
    instant captured_at = INSTANT_NONE, recorded_at = INSTANT_NONE;
    size_t count = 0;
    memset(has, 0, tree->home_count * sizeof(*has));
    for (size_t i = 0; i < acts->count; i++) {
        const struct act *act = &acts->items[i];
        if (!may_lift(act, question)) continue;
        if (act->captured_at > captured_at) captured_at = act->captured_at;
        if (act->fact->recorded_at > recorded_at) recorded_at = act->fact->recorded_at;
    }
    for (size_t i = 0; i < acts->count; i++) {
        const struct act *act = &acts->items[i];
        bool is_last = act->captured_at >= captured_at && act->fact->recorded_at >= recorded_at;
        if (!is_last || has[act->home] || !revokes_just_that(act, question)) continue;
        has[act->home] = true;
        count++;
    }
    return count == tree->home_count;
}

enum status consent_stands_revoked(const struct tree *tree,
                                   const struct consent_question *questions, size_t count,
                                   struct arena *arena, bool *stands)
{
    struct acts acts;
    bool *has = ARENA_NEW_ARRAY(arena, bool, tree->home_count);
    if (!has) return STATUS_OUT_OF_MEMORY;
    TRY(read_acts(tree, arena, &acts));
    for (size_t i = 0; i < count; i++) stands[i] = stands_in_all(tree, &acts, &questions[i], has);
    return STATUS_OK;
}

/* ---- the matrix ---- */

/* The questions that acts name, each once; with a channel, those for GENERAL purposes of it. */
static size_t distinct_questions(const struct acts *acts, struct str channel, instant as_of,
                                 struct consent_row *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < acts->count; i++) {
        struct consent_question named = named_by(&acts->items[i]);
        bool wanted = str_is_none(channel) || (str_equal(named.channel, channel) &&
                                               str_equal(named.purpose, STR("GENERAL")));
        named.as_of = as_of;
        if (wanted && (count == 0 || compare_questions(&rows[count - 1].question, &named) != 0))
            rows[count++].question = named;
    }
    return count;
}

static enum status decide_rows(const struct tree *tree, const struct acts *acts,
                               struct consent_row *rows, size_t count, struct arena *arena)
{
    struct consent_row **pointers = ARENA_NEW_ARRAY(arena, struct consent_row *, count);
    if (!pointers) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) pointers[i] = &rows[i];
    return decide_all(tree, acts, pointers, count, arena);
}

static enum status rows_of(const struct tree *tree, struct str channel, instant as_of,
                           struct arena *arena, struct consent_row **rows, size_t *count)
{
    struct acts acts; /* the rows' contact points are theirs */
    TRY(read_acts(tree, arena, &acts));
    *rows = ARENA_NEW_ARRAY(arena, struct consent_row, acts.count);
    if (!*rows) return STATUS_OUT_OF_MEMORY;
    *count = distinct_questions(&acts, channel, as_of, *rows);
    struct arena_mark mark = arena_mark(arena);
    enum status status = decide_rows(tree, &acts, *rows, *count, arena);
    arena_rewind(arena, mark);
    return status;
}

enum status consent_matrix(const struct tree *tree, instant as_of, struct arena *arena,
                           struct consent_row **rows, size_t *count)
{
    return rows_of(tree, STR_NONE, as_of, arena, rows, count);
}

/* ---- preferred channels ---- */

static enum status preferred_point(const struct tree *tree, struct str raw,
                                   struct consent_question *question, struct arena *arena,
                                   size_t *count)
{
    struct consent_answer answer;
    question->contact_point = consent_contact_point(question->channel, raw, arena);
    if (str_is_none(question->contact_point)) return STATUS_OUT_OF_MEMORY;
    TRY(consent_decide(tree, question, arena, &answer));
    *count = answer.allowed;
    return STATUS_OK;
}

static enum status preferred_any(const struct tree *tree, const struct consent_question *asked,
                                 struct arena *arena, struct consent_question **allowed,
                                 size_t *count)
{
    struct consent_row *rows;
    size_t row_count;
    TRY(rows_of(tree, asked->channel, asked->as_of, arena, &rows, &row_count));
    *allowed = ARENA_NEW_ARRAY(arena, struct consent_question, row_count);
    if (!*allowed) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].answer.allowed) (*allowed)[(*count)++] = rows[i].question;
    return STATUS_OK;
}

enum status consent_preference(const struct tree *tree, struct str channel,
                               struct str contact_point, instant as_of, struct arena *arena,
                               struct consent_question **allowed, size_t *count)
{
    struct consent_question asked = {channel, STR("GENERAL"), STR_NONE, as_of};
    *count = 0;
    if (str_is_none(contact_point)) return preferred_any(tree, &asked, arena, allowed, count);
    *allowed = ARENA_NEW(arena, struct consent_question);
    if (!*allowed) return STATUS_OUT_OF_MEMORY;
    **allowed = asked;
    return preferred_point(tree, contact_point, *allowed, arena, count);
}
