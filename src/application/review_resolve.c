#include "application/review_resolve.h"

#include "application/merge_customers.h"
#include "application/review.h"
#include "application/review_item.h"
#include "domain/field.h"

enum { NOTE_MAX = 1000 };

struct resolving {
    struct application *application;
    const struct caller *caller;
    struct str duplicate_id;
    const struct review_request *request;
    struct review review;
    struct duplicate_row row;
    struct profile_row customers[2]; /* the row's, locked */
    struct merge_result merged;
};

/* --- the request --- */

#define DECISIONS "MERGE | NOT_A_DUPLICATE | LATER"

static enum status parse_decision(struct str text, enum review_decision *decision,
                                  struct error *error)
{
    static const struct str names[] = {[REVIEW_MERGE] = STR("MERGE"),
                                       [REVIEW_NOT_A_DUPLICATE] = STR("NOT_A_DUPLICATE"),
                                       [REVIEW_LATER] = STR("LATER")};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!str_equal(text, names[i])) continue;
        *decision = (enum review_decision)i;
        return STATUS_OK;
    }
    if (str_is_none(text))
        return error_set(error, STATUS_REQUIRED_FIELD, STR("decision"), STR(DECISIONS),
                         "the field is required");
    return error_set(error, STATUS_INVALID_VALUE, STR("decision"), STR(DECISIONS),
                     "is not a decision");
}

static enum status require(struct str value, struct str name, struct str allowed,
                           struct error *error)
{
    if (!str_is_empty(value)) return STATUS_OK;
    return error_set(error, STATUS_REQUIRED_FIELD, name, allowed, "the decision needs the field");
}

static enum status parse_merge(const struct json_value *body, struct review_request *out,
                               struct error *error)
{
    static const struct str known[] = {STR("decision"),  STR("survivorId"), STR("mergeReason"),
                                       STR("planToken"), STR("note"),       STR_NONE};
    TRY(customer_known_members(
        body, known, STR("decision, survivorId, mergeReason, planToken, note with MERGE"), error));
    TRY(customer_text_member(body, known[1], &out->survivor_id, error));
    TRY(customer_text_member(body, known[2], &out->merge_reason, error));
    TRY(customer_text_member(body, known[3], &out->plan_token, error));
    TRY(merge_customers_check_reason(out->merge_reason, error));
    return require(out->survivor_id, known[1], STR("the customerId that stays"), error);
}

static enum status parse_later(const struct json_value *body, struct review_request *out,
                               struct error *error)
{
    static const struct str known[] = {STR("decision"), STR("until"), STR("note"), STR_NONE};
    static const struct str allowed = STR("a time to come after RFC 3339");
    struct str until;
    TRY(customer_known_members(body, known, STR("decision, until, note with LATER"), error));
    TRY(customer_text_member(body, known[1], &until, error));
    TRY(require(until, known[1], allowed, error));
    if (instant_parse(until, &out->until)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, known[1], allowed, "is not a time");
}

static enum status parse_note(const struct json_value *body, struct str *note, struct error *error)
{
    TRY(customer_text_member(body, STR("note"), note, error));
    if (str_is_empty(*note)) *note = STR_NONE;
    if (note->len <= NOTE_MAX && !field_has_control(*note)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("note"),
                     STR("up to 1000 bytes, no control characters"),
                     "is too long or holds control characters");
}

enum status review_resolve_parse(const struct json_value *body, struct review_request *out,
                                 struct error *error)
{
    static const struct str known[] = {STR("decision"), STR("note"), STR_NONE};
    static const struct str any[] = {STR("decision"),  STR("survivorId"), STR("mergeReason"),
                                     STR("planToken"), STR("until"),      STR("note"),
                                     STR_NONE};
    struct str decision;
    *out = (struct review_request){.until = INSTANT_NONE};
    TRY(customer_known_members(
        body, any, STR("decision, survivorId, mergeReason, planToken, until, note"), error));
    TRY(parse_note(body, &out->note, error));
    TRY(customer_text_member(body, STR("decision"), &decision, error));
    TRY(parse_decision(decision, &out->decision, error));
    if (out->decision == REVIEW_MERGE) return parse_merge(body, out, error);
    if (out->decision == REVIEW_LATER) return parse_later(body, out, error);
    return customer_known_members(body, known, STR("decision, note with NOT_A_DUPLICATE"), error);
}

/* --- the decision --- */

static enum status lock_customers(struct resolving *resolving, struct error *error)
{
    const struct str homes[] = {resolving->row.home_a, resolving->row.home_b};
    return customer_lock_roots(resolving->review.session, homes, 2, resolving->review.arena,
                               resolving->customers, error);
}

static enum status close_item(struct resolving *resolving, enum duplicate_state state,
                              struct error *error)
{
    struct duplicate_row *row = &resolving->row;
    row->state = state;
    row->apart = state == DUPLICATE_NOT_DUPLICATE;
    row->claimed_by = STR_NONE;
    row->claimed_until = row->later_until = INSTANT_NONE;
    row->resolution = DUPLICATE_RESOLVED_STEWARD;
    row->resolved_by = resolving->review.actor;
    row->resolved_at = resolving->review.now;
    row->note = resolving->request->note;
    return store_duplicate_update(resolving->review.session, row, error);
}

static enum status merge(struct resolving *resolving, struct error *error)
{
    const struct review_request *request = resolving->request;
    const struct profile_row *customers = resolving->customers;
    int survivor = str_equal(request->survivor_id, customers[0].customer_id) ? 0 : 1;
    struct str allowed =
        arena_format(resolving->review.arena, "%.*s | %.*s", STR_ARGS(customers[0].customer_id),
                     STR_ARGS(customers[1].customer_id));
    struct merge_request merge = {.source_id = customers[1 - survivor].customer_id,
                                  .reason = request->merge_reason,
                                  .plan_token = request->plan_token};
    if (!str_equal(request->survivor_id, customers[survivor].customer_id))
        return error_set(error, STATUS_INVALID_VALUE, STR("survivorId"), allowed,
                         "is none of the two customers");
    TRY(close_item(resolving, DUPLICATE_MERGED, error));
    return merge_customers_within(resolving->application, resolving->caller,
                                  resolving->review.session, request->survivor_id, &merge,
                                  resolving->review.arena, &resolving->merged, error);
}

static enum status tell_apart(struct resolving *resolving, struct error *error)
{
    const struct review *review = &resolving->review;
    struct tree tree;
    TRY(close_item(resolving, DUPLICATE_NOT_DUPLICATE, error));
    TRY(store_tree_load(review->session, resolving->customers[0].customer_id, INSTANT_FUTURE,
                        review->arena, &tree, error));
    return review_follow(review, &tree, error);
}

static enum status put_off(struct resolving *resolving, struct error *error)
{
    struct duplicate_row *row = &resolving->row;
    if (resolving->request->until <= resolving->review.now)
        return error_set(error, STATUS_INVALID_VALUE, STR("until"), STR("a time to come"),
                         "is past");
    row->later_until = resolving->request->until;
    row->note = resolving->request->note;
    row->claimed_by = STR_NONE;
    row->claimed_until = INSTANT_NONE;
    return store_duplicate_update(resolving->review.session, row, error);
}

static enum status resolve_body(struct store_session *session, void *context, struct error *error)
{
    static enum status (*const decide[])(struct resolving *, struct error *) = {
        [REVIEW_MERGE] = merge, [REVIEW_NOT_A_DUPLICATE] = tell_apart, [REVIEW_LATER] = put_off};
    struct resolving *resolving = context;
    struct review *review = &resolving->review;
    review->session = session;
    TRY(store_duplicate_get(session, resolving->duplicate_id, STORE_NO_LOCK, review->arena,
                            &resolving->row, error));
    TRY(lock_customers(resolving, error));
    TRY(review_take(review, resolving->duplicate_id, &resolving->row, error));
    return decide[resolving->request->decision](resolving, error);
}

enum status review_resolve(struct application *application, const struct caller *caller,
                           struct str duplicate_id, const struct review_request *request,
                           struct arena *arena, struct str *json, struct error *error)
{
    struct resolving resolving = {
        .application = application,
        .caller = caller,
        .duplicate_id = duplicate_id,
        .request = request,
        .review = {.actor = caller->user_id,
                   .now = application->environment->now(application->environment),
                   .arena = arena}};
    enum status status =
        store_write(application->store, caller->tenant, arena, resolve_body, &resolving, error);
    if (status == STATUS_DUPLICATE_RESOLVED) review_keep(application, caller, duplicate_id, arena);
    TRY(status);
    struct str merged = request->decision == REVIEW_MERGE ? resolving.merged.json : STR_NONE;
    return review_item_show(application, caller, duplicate_id, false, merged, arena, json, error);
}
