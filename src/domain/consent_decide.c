/* The decision whether a communication is allowed: see consent.h for the rules. */
#include "domain/consent.h"

#include <stdlib.h>
#include <string.h>

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

struct acts {
    struct act *items;
    size_t count;
};

/* ---- reading acts ---- */

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
    struct str point = json_text(json_get(body, STR("contactPoint")));
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
    return STATUS_OK;
}

/* ---- what an act covers, and for whom ---- */

static bool covers(const struct act *act, const struct consent_question *question)
{
    if (!str_equal(act->channel, question->channel)) return false;
    if (!str_is_none(act->point) &&
        (str_is_none(question->contact_point) || !str_equal(act->point, question->contact_point)))
        return false;
    return str_equal(act->purpose, question->purpose) ||
           (!act->grants && str_equal(act->purpose, STR("GENERAL")));
}

static bool speaks_for(const struct tree *tree, const struct act *act, int32_t home)
{
    return !str_is_none(act->point) ||
           tree_speaks_for(tree, act->home, home, act->fact->recorded_at);
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

/* ---- to which homes a contact point belongs ---- */

/* The latest that one home says about the point in its list. */
struct listing {
    const struct fact *asserted;
    const struct fact *retracted;
};

struct holders {
    bool *belongs; /* by home */
    struct listing *listings;
    const struct fact **contacts; /* the fact that gave a contact the point */
    size_t contact_count;
};

static bool is_later_fact(const struct fact *a, const struct fact *b)
{
    if (!b || a->observed_at != b->observed_at) return !b || a->observed_at > b->observed_at;
    return a->recorded_at > b->recorded_at;
}

static enum status list_has(const struct json_value *list, const struct consent_question *question,
                            struct arena *arena, bool *has)
{
    *has = false;
    for (size_t i = 0; list && list->type == JSON_ARRAY && i < list->count && !*has; i++) {
        struct str point =
            consent_contact_point(question->channel, json_text(&list->items[i]), arena);
        if (str_is_none(point)) return STATUS_OUT_OF_MEMORY;
        *has = str_equal(point, question->contact_point);
    }
    return STATUS_OK;
}

static enum status note_assertion(struct listing *listing, const struct fact *fact,
                                  const struct consent_channel *channel,
                                  const struct consent_question *question, struct arena *arena)
{
    bool asserts, retracts;
    TRY(list_has(json_get(fact->body, channel->profile_list), question, arena, &asserts));
    TRY(list_has(json_get(json_get(fact->body, STR("retract")), channel->profile_list), question,
                 arena, &retracts));
    if (asserts && is_later_fact(fact, listing->asserted)) listing->asserted = fact;
    if (retracts && is_later_fact(fact, listing->retracted)) listing->retracted = fact;
    return STATUS_OK;
}

static void forget_contact(struct holders *holders, const struct fact *fact)
{
    for (size_t i = 0; i < holders->contact_count; i++) {
        const struct fact *known = holders->contacts[i];
        if (!str_equal(known->subject, fact->subject) || !str_equal(known->home, fact->home))
            continue;
        holders->contacts[i] = holders->contacts[--holders->contact_count];
        return;
    }
}

/* Facts come in order, so a later one about the same contact replaces what is known of it. */
static enum status note_contact(struct holders *holders, const struct fact *fact,
                                const struct consent_channel *channel,
                                const struct consent_question *question, struct arena *arena)
{
    const struct json_value *value = json_get(fact->body, channel->contact_member);
    if (!value && !json_get(fact->body, STR("removed"))) return STATUS_OK;
    forget_contact(holders, fact);
    struct str text = json_text(value);
    if (str_is_none(text)) return STATUS_OK;
    struct str point = consent_contact_point(question->channel, text, arena);
    if (str_is_none(point)) return STATUS_OUT_OF_MEMORY;
    if (str_equal(point, question->contact_point))
        holders->contacts[holders->contact_count++] = fact;
    return STATUS_OK;
}

static enum status note_fact(struct holders *holders, const struct tree *tree,
                             const struct fact *fact, const struct consent_channel *channel,
                             const struct consent_question *question, struct arena *arena)
{
    if (fact->kind == FACT_CONTACT) return note_contact(holders, fact, channel, question, arena);
    if (fact->kind != FACT_ASSERTION) return STATUS_OK;
    int32_t home = tree_find_home(tree, fact->home);
    if (home < 0) return STATUS_OK;
    return note_assertion(&holders->listings[home], fact, channel, question, arena);
}

static void conclude(struct holders *holders, const struct tree *tree)
{
    for (size_t i = 0; i < tree->home_count; i++) {
        const struct listing *listing = &holders->listings[i];
        holders->belongs[i] =
            listing->asserted &&
            (!listing->retracted || is_later_fact(listing->asserted, listing->retracted));
    }
    for (size_t i = 0; i < holders->contact_count; i++) {
        int32_t home = tree_find_home(tree, holders->contacts[i]->home);
        if (home >= 0) holders->belongs[home] = true;
    }
}

static enum status find_holders(const struct tree *tree, const struct consent_question *question,
                                struct arena *arena, bool **belongs)
{
    const struct consent_channel *channel = consent_channel_find(question->channel);
    struct holders holders = {
        .belongs = ARENA_NEW_ARRAY(arena, bool, tree->home_count),
        .listings = ARENA_NEW_ARRAY(arena, struct listing, tree->home_count),
        .contacts = ARENA_NEW_ARRAY(arena, const struct fact *, tree->fact_count),
    };
    if (!holders.belongs || !holders.listings || !holders.contacts) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; channel && i < tree->fact_count; i++)
        TRY(note_fact(&holders, tree, &tree->facts[i], channel, question, arena));
    conclude(&holders, tree);
    *belongs = holders.belongs;
    return STATUS_OK;
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

static struct latest latest_for(const struct tree *tree, const struct acts *acts, int32_t home,
                                const struct consent_question *question)
{
    struct latest latest = {0};
    for (size_t i = 0; i < acts->count; i++)
        if (covers(&acts->items[i], question) && speaks_for(tree, &acts->items[i], home))
            take_in(&latest, &acts->items[i], question->as_of);
    return latest;
}

/* The latest act for the contact point itself, if it is a grant in force. */
static const struct act *own_grant(const struct acts *acts, const struct consent_question *question,
                                   bool imports_count)
{
    struct latest latest = {0};
    for (size_t i = 0; i < acts->count; i++)
        if (!str_is_none(acts->items[i].point) && covers(&acts->items[i], question))
            take_in(&latest, &acts->items[i], question->as_of);
    const struct act *act = decider(&latest, imports_count);
    return state_of(act, question->as_of) == CONSENT_GRANTED ? act : NULL;
}

static bool any_revocation(const struct acts *acts, const struct consent_question *question)
{
    for (size_t i = 0; i < acts->count; i++)
        if (!acts->items[i].grants && covers(&acts->items[i], question)) return true;
    return false;
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

static struct consent_answer conclude_answer(const struct tally *tally, const struct act *own)
{
    if (tally->revoked) return answer_of(false, CONSENT_REVOKED, STR("REVOKED"), tally->revoked);
    if (own) return answer_of(true, CONSENT_GRANTED, STR("GRANTED"), own);
    bool allowed = tally->any_holder ? tally->all_holders_granted : tally->all_granted;
    if (allowed) return answer_of(true, CONSENT_GRANTED, STR("GRANTED"), tally->granted);
    return refusal(tally);
}

static enum status decide(const struct tree *tree, const struct acts *acts,
                          const struct consent_question *question, struct arena *arena,
                          struct consent_answer *answer)
{
    struct tally tally = {.all_granted = true, .all_holders_granted = true};
    bool with_point = !str_is_none(question->contact_point);
    /* Of a contact point, a revocation by any home speaks against an import by any other. */
    bool imports_count = !with_point || !any_revocation(acts, question);
    bool *belongs = NULL;
    if (with_point) TRY(find_holders(tree, question, arena, &belongs));
    for (size_t i = 0; i < tree->home_count; i++) {
        struct latest latest = latest_for(tree, acts, (int32_t)i, question);
        count_home(&tally, &latest, imports_count, belongs && belongs[i], question->as_of);
    }
    *answer = conclude_answer(&tally, with_point ? own_grant(acts, question, imports_count) : NULL);
    return STATUS_OK;
}

enum status consent_decide(const struct tree *tree, const struct consent_question *question,
                           struct arena *arena, struct consent_answer *answer)
{
    struct acts acts;
    TRY(read_acts(tree, arena, &acts));
    return decide(tree, &acts, question, arena, answer);
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

static int compare_questions(const struct consent_question *a, const struct consent_question *b)
{
    int order = str_compare(a->channel, b->channel);
    if (order == 0) order = str_compare(a->purpose, b->purpose);
    return order ? order : str_compare(a->contact_point, b->contact_point);
}

static int by_question(const void *a, const void *b)
{
    const struct consent_row *left = a, *right = b;
    return compare_questions(&left->question, &right->question);
}

static size_t distinct_questions(const struct acts *acts, instant as_of, struct consent_row *rows)
{
    size_t count = 0;
    for (size_t i = 0; i < acts->count; i++) {
        const struct act *act = &acts->items[i];
        rows[i].question = (struct consent_question){act->channel, act->purpose, act->point, as_of};
    }
    qsort(rows, acts->count, sizeof(rows[0]), by_question);
    for (size_t i = 0; i < acts->count; i++)
        if (i == 0 || by_question(&rows[count - 1], &rows[i]) != 0) rows[count++] = rows[i];
    return count;
}

enum status consent_matrix(const struct tree *tree, instant as_of, struct arena *arena,
                           struct consent_row **rows, size_t *count)
{
    struct acts acts;
    TRY(read_acts(tree, arena, &acts));
    *rows = ARENA_NEW_ARRAY(arena, struct consent_row, acts.count);
    if (!*rows) return STATUS_OUT_OF_MEMORY;
    *count = distinct_questions(&acts, as_of, *rows);
    for (size_t i = 0; i < *count; i++)
        TRY(decide(tree, &acts, &(*rows)[i].question, arena, &(*rows)[i].answer));
    return STATUS_OK;
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

enum status consent_preference(const struct tree *tree, struct str channel,
                               struct str contact_point, instant as_of, struct arena *arena,
                               struct consent_question **allowed, size_t *count)
{
    struct consent_row *rows;
    size_t row_count;
    TRY(consent_matrix(tree, as_of, arena, &rows, &row_count));
    *allowed = ARENA_NEW_ARRAY(arena, struct consent_question, row_count + 1);
    *count = 0;
    if (!*allowed) return STATUS_OUT_OF_MEMORY;
    **allowed = (struct consent_question){channel, STR("GENERAL"), STR_NONE, as_of};
    if (!str_is_none(contact_point))
        return preferred_point(tree, contact_point, *allowed, arena, count);
    for (size_t i = 0; i < row_count; i++)
        if (rows[i].answer.allowed && str_equal(rows[i].question.channel, channel) &&
            str_equal(rows[i].question.purpose, STR("GENERAL")))
            (*allowed)[(*count)++] = rows[i].question;
    return STATUS_OK;
}
