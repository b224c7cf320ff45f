#include "consent_oracle.h"

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

/* What stands for the contact point itself. */
static const struct act *own_act(const struct acts *acts, const struct consent_question *question,
                                 bool imports_count)
{
    struct latest latest = {0};
    for (size_t i = 0; i < acts->count; i++)
        if (!str_is_none(acts->items[i].point) && covers(&acts->items[i], question))
            take_in(&latest, &acts->items[i], question->as_of);
    const struct act *act = decider(&latest, imports_count);
    bool expired = state_of(act, question->as_of) == CONSENT_EXPIRED;
    return expired && latest.revocation ? latest.revocation : act;
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

/* ---- contact points that are revoked by themselves ---- */

static bool is_lifted(const struct tree *tree, const struct acts *acts, const struct act *revoked,
                      const struct consent_question *question)
{
    const struct act *grant = NULL;
    for (size_t i = 0; i < acts->count; i++) {
        const struct act *act = &acts->items[i];
        if (act->grants && !act->import && str_equal(act->channel, revoked->channel) &&
            str_equal(act->purpose, question->purpose) && str_equal(act->point, revoked->point) &&
            tree_speaks_for(tree, act->home, revoked->home, act->fact->recorded_at))
            replace_if_later(&grant, act);
    }
    return grant && grant->valid_until > question->as_of && is_later(grant, revoked);
}

static enum status is_held(const struct tree *tree, const struct act *act, struct arena *arena,
                           bool *held)
{
    const struct consent_question question = {.channel = act->channel, .contact_point = act->point};
    bool *belongs;
    TRY(find_holders(tree, &question, arena, &belongs));
    *held = false;
    for (size_t i = 0; i < tree->home_count; i++) *held = *held || belongs[i];
    return STATUS_OK;
}

static enum status find_revoked_point(const struct tree *tree, const struct acts *acts,
                                      const struct consent_question *question, struct arena *arena,
                                      const struct act **latest)
{
    *latest = NULL;
    for (size_t i = 0; i < acts->count; i++) {
        const struct act *act = &acts->items[i];
        struct consent_question of_point = *question;
        bool held;
        of_point.contact_point = act->point;
        if (act->grants || str_is_none(act->point) || !covers(act, &of_point)) continue;
        TRY(is_held(tree, act, arena, &held));
        if (held && !is_lifted(tree, acts, act, question)) replace_if_later(latest, act);
    }
    return STATUS_OK;
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
    const struct act *own = with_point ? own_act(acts, question, imports_count) : NULL;
    *answer = conclude_answer(&tally, own, question->as_of);
    if (with_point || !answer->allowed) return STATUS_OK;
    const struct act *revoked;
    TRY(find_revoked_point(tree, acts, question, arena, &revoked));
    if (revoked) *answer = answer_of(false, CONSENT_REVOKED, STR("REVOKED"), revoked);
    return STATUS_OK;
}

enum status consent_oracle_decide(const struct tree *tree, const struct consent_question *question,
                                  struct arena *arena, struct consent_answer *answer)
{
    struct acts acts;
    TRY(read_acts(tree, arena, &acts));
    return decide(tree, &acts, question, arena, answer);
}
