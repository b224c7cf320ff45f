#include "application/customer_change.h"

#include <string.h>

#include "application/customer_index.h"
#include "application/review.h"
#include "base/identifier.h"
#include "domain/consent.h"
#include "domain/credit.h"

enum status customer_change_load(struct customer_change *change, const struct profile_row *row,
                                 struct error *error)
{
    change->row = *row;
    change->appended = change->home_count = 0;
    change->homes = NULL;
    TRY(store_tree_load(change->session, row->customer_id, INSTANT_FUTURE, change->arena,
                        &change->tree, error));
    change->fact_room = change->tree.fact_count;
    change->stored = change->tree.fact_count + change->tree.undone_count;
    instant now = change->application->environment->now(change->application->environment);
    change->now = now > row->updated_at ? now : row->updated_at + 1;
    if (golden_record(&change->tree, change->policy, change->arena, &change->golden) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

enum status customer_change_open(struct customer_change *change, struct str customer_id,
                                 int64_t if_match, struct error *error)
{
    struct profile_row row;
    TRY(customer_get_root(change->session, customer_id, STORE_LOCK, change->arena, &row, error));
    if (if_match != IF_MATCH_ANY && if_match != row.version)
        return results_other_version(error, row.version);
    return customer_change_load(change, &row, error);
}

static bool remember(struct customer_change *change, const struct fact *fact)
{
    struct tree *tree = &change->tree;
    if (tree->fact_count == change->fact_room) {
        size_t room = change->fact_room + 8;
        struct fact *larger = ARENA_NEW_ARRAY(change->arena, struct fact, room);
        if (!larger) return false;
        if (tree->fact_count) memcpy(larger, tree->facts, tree->fact_count * sizeof(*larger));
        tree->facts = larger;
        tree->undone_count = 0; /* what was taken back stays behind */
        change->fact_room = room;
    }
    tree->facts[tree->fact_count++] = *fact;
    return true;
}

static bool remember_home(struct customer_change *change, struct str home)
{
    if (str_is_among(change->homes, change->home_count, home)) return true;
    size_t size = change->home_count * sizeof(home);
    struct str *homes = arena_realloc(change->arena, change->homes, size, size + sizeof(home));
    if (!homes) return false;
    homes[change->home_count++] = home;
    change->homes = homes;
    return true;
}

/* --- how many facts there may be --- */

static bool is_revocation(const struct fact *fact)
{
    return fact->kind == FACT_CONSENT &&
           str_equal(json_text(json_get(fact->body, STR("status"))), STR("REVOKED"));
}

static bool takes_back(const struct fact *fact)
{
    bool ends_block = fact->kind == FACT_CREDIT && !credit_blocks(fact);
    return is_revocation(fact) || ends_block ||
           (fact->kind != FACT_ASSERTION && json_get(fact->body, STR("removed")));
}

/* Whoever takes back is not refused for what was said before: there is half as much room again.
 * Of an import there is one undo at most, and so they are bounded by what is. */
static size_t most_facts(const struct customer_change *change, const struct fact *fact)
{
    size_t most = change->application->limits.facts_max;
    if (fact->kind == FACT_UNDO) return SIZE_MAX;
    return takes_back(fact) ? most + most / 2 : most;
}

/* To withdraw all of a channel from now on is possible always, and more than once only when consent
 * was given in between, for which there was room: so that is bounded as well. */
static enum status withdraws_all_anew(const struct customer_change *change, const struct fact *fact,
                                      bool *anew)
{
    struct consent_question question = {.channel = json_text(json_get(fact->body, STR("type"))),
                                        .purpose = STR("GENERAL"),
                                        .as_of = change->now};
    struct str purpose = json_text(json_get(fact->body, STR("purpose")));
    bool from_now_on = fact->observed_at == 0 || fact->observed_at == change->now;
    bool stands = false;
    *anew = is_revocation(fact) && from_now_on && str_equal(purpose, question.purpose) &&
            !json_get(fact->body, STR("contactPoint"));
    if (!*anew) return STATUS_OK;
    TRY(consent_stands_revoked(&change->tree, &question, 1, change->arena, &stands));
    *anew = !stands;
    return STATUS_OK;
}

static struct fact complete_fact(const struct customer_change *change, const struct fact *fact)
{
    struct fact complete = *fact;
    if (str_is_none(complete.home)) complete.home = change->row.customer_id;
    if (str_is_none(complete.source)) complete.source = SOURCE_CRM;
    if (str_is_none(complete.actor)) complete.actor = change->caller->user_id;
    if (complete.observed_at == 0) complete.observed_at = change->now;
    complete.recorded_at = change->now;
    complete.import_id = change->import_id;
    return complete;
}

enum status customer_change_shows_nothing(const struct customer_change *change,
                                          const struct fact *fact, bool *nothing)
{
    const struct fact complete = complete_fact(change, fact);
    struct tree with = {.facts = (struct fact *)&complete, .fact_count = 1}, joined;
    struct golden after;
    struct change *changes;
    size_t count;
    *nothing = false;
    TRY(tree_join(&change->tree, &with, change->now, change->arena, &joined));
    TRY(golden_record(&joined, change->policy, change->arena, &after));
    TRY(golden_difference(&change->golden, &after, change->arena, &changes, &count));
    *nothing = count == 0;
    return STATUS_OK;
}

static enum status append(struct customer_change *change, const struct fact *fact, size_t most,
                          struct error *error)
{
    const struct fact complete = complete_fact(change, fact);
    if (change->stored >= most)
        return results_exceeded(error, STR(""), most, "facts of a customer");
    if (!remember(change, &complete) || !remember_home(change, complete.home))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    change->appended++;
    change->stored++;
    return store_fact_append(change->session, &complete, error);
}

enum status customer_change_append(struct customer_change *change, const struct fact *fact,
                                   struct error *error)
{
    return append(change, fact, most_facts(change, fact), error);
}

/* The revocation and its copies are written together or not at all. */
static enum status most_with_copies(const struct customer_change *change, const struct fact *fact,
                                    size_t *most, struct error *error)
{
    bool anew = false;
    *most = most_facts(change, fact);
    if (change->stored + change->tree.home_count <= *most) return STATUS_OK;
    if (withdraws_all_anew(change, fact, &anew) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (anew) *most = SIZE_MAX;
    return STATUS_OK;
}

enum status customer_change_append_consent(struct customer_change *change, const struct fact *fact,
                                           struct error *error)
{
    struct fact *copies;
    size_t count, most;
    TRY(most_with_copies(change, fact, &most, error));
    TRY(append(change, fact, most, error));
    const struct fact original = change->tree.facts[change->tree.fact_count - 1];
    if (consent_propagate(&change->tree, &original, change->arena, &copies, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        copies[i].subject =
            identifier_new(change->application->environment, STR("CONS"), change->arena);
        if (str_is_none(copies[i].subject)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(append(change, &copies[i], most, error));
    }
    return STATUS_OK;
}

enum status customer_change_fields(const struct customer_change *change,
                                   const struct golden *before, const struct golden *after,
                                   struct str extra, struct str **fields, size_t *count,
                                   struct str *joined)
{
    struct change *changes;
    size_t change_count;
    TRY(golden_difference(before, after, change->arena, &changes, &change_count));
    *fields = ARENA_NEW_ARRAY(change->arena, struct str, change_count + 1);
    if (!*fields) return STATUS_OUT_OF_MEMORY;
    struct buffer out = {.arena = change->arena};
    *count = 0;
    for (size_t i = 0; i < change_count; i++) (*fields)[(*count)++] = changes[i].field;
    if (!str_is_none(extra)) (*fields)[(*count)++] = extra;
    for (size_t i = 0; i < *count; i++) {
        if (i > 0) buffer_append_char(&out, ',');
        buffer_append(&out, (*fields)[i]);
    }
    *joined = buffer_str(&out);
    return buffer_failed(&out) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

struct keyed {
    struct match_record record;
    struct customer_keys keys;
};

static enum status key_of(const struct customer_change *change, const struct golden *golden,
                          struct keyed *keyed)
{
    TRY(customer_describe_golden(change->application, golden, change->arena, &keyed->record));
    return customer_make_keys(change->application, &keyed->record, change->arena, &keyed->keys);
}

/* What another writer is about to have as well, one of the two finds. An import holds its own. */
static enum status lock_new_keys(const struct customer_change *change, const struct keyed *now,
                                 const struct keyed *old, struct error *error)
{
    struct str *keys = ARENA_NEW_ARRAY(change->arena, struct str, now->keys.blocking + 1);
    size_t count = 0;
    if (change->imported) return STATUS_OK;
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < now->keys.blocking; i++)
        if (!str_is_among(old->keys.items, old->keys.count, now->keys.items[i]) &&
            !duplicates_passes_over(change->application, change->session->tenant, &now->keys, i))
            keys[count++] = now->keys.items[i];
    str_sort(keys, count);
    return count > 0 ? store_keys_lock(change->session, keys, count, error) : STATUS_OK;
}

/* Only keys that `before` did not have: the store keeps the others. */
static enum status put_new_keys(const struct customer_change *change, struct str home,
                                const struct golden *before, const struct golden *after,
                                struct keyed *now, bool *any, struct error *error)
{
    struct keyed old = {.keys = {.count = 0}};
    *any = false;
    if (before && json_equal(before->attributes, after->attributes) &&
        json_equal(before->contacts, after->contacts))
        return STATUS_OK;
    struct str *fresh = NULL;
    size_t count = 0;
    if ((before && key_of(change, before, &old) != STATUS_OK) ||
        key_of(change, after, now) != STATUS_OK ||
        !(fresh = ARENA_NEW_ARRAY(change->arena, struct str, now->keys.count)))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < now->keys.count; i++)
        if (!str_is_among(old.keys.items, old.keys.count, now->keys.items[i]))
            fresh[count++] = now->keys.items[i];
    *any = count > 0;
    TRY(lock_new_keys(change, now, &old, error));
    return *any ? store_keys_put(change->session, home, fresh, count, error) : STATUS_OK;
}

/* The customer as it is now may be one with others: that cannot be refused any more. */
static enum status queue_duplicates(const struct customer_change *change, const struct keyed *now,
                                    struct error *error)
{
    const struct duplicate_search search = {.application = change->application,
                                            .policy = change->policy,
                                            .session = change->session,
                                            .arena = change->arena,
                                            .record = &now->record,
                                            .self = change->row.customer_id};
    const struct review review = {change->session, change->caller->user_id, change->now,
                                  change->arena};
    bool *cut = ARENA_NEW_ARRAY(change->arena, bool, now->keys.searched);
    struct duplicate *found;
    size_t count;
    if (!cut) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(duplicates_find(&search, &now->keys, cut, &found, &count, error));
    return review_queue(change->application, &review, &change->tree, false, found, count,
                        change->imported ? DUPLICATE_BY_IMPORT : DUPLICATE_BY_CHANGE, error);
}

/* customer_change_advance; `now` is filled when there are new keys. */
static enum status advance(const struct customer_change *change, struct profile_row *row,
                           const struct golden *before, const struct golden *after,
                           struct str cause, struct str changed_fields, struct keyed *now,
                           bool *any, struct error *error)
{
    row->version++;
    row->updated_at = change->now;
    if (customer_render(after, change->arena, row) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct version_row version = {.customer_id = row->customer_id,
                                  .version = row->version,
                                  .recorded_at = change->now,
                                  .actor = change->caller->user_id,
                                  .cause = cause,
                                  .changed_fields = changed_fields};
    TRY(store_profile_update(change->session, row, error));
    TRY(store_version_append(change->session, &version, error));
    return put_new_keys(change, row->customer_id, before, after, now, any, error);
}

enum status customer_change_advance(const struct customer_change *change, struct profile_row *row,
                                    const struct golden *before, const struct golden *after,
                                    struct str cause, struct str changed_fields,
                                    struct error *error)
{
    struct keyed now;
    bool any;
    return advance(change, row, before, after, cause, changed_fields, &now, &any, error);
}

enum status customer_change_event(const struct customer_change *change, enum event_type type,
                                  struct str aggregate_id, struct str payload, struct error *error)
{
    struct event event = {.type = type,
                          .aggregate_id = aggregate_id,
                          .timestamp = change->now,
                          .payload = payload,
                          .trace = change->caller->trace};
    event.event_id = identifier_new(change->application->environment, STR("evt"), change->arena);
    if (str_is_none(event.event_id) || str_is_none(payload))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return store_event_append(change->session, &event, error);
}

/* Whether there is such a customer may have changed, too. */
static enum status tell_of_update(struct customer_change *change, const struct golden *after,
                                  bool was_silent, const struct str *fields, size_t count,
                                  struct error *error)
{
    struct str id = change->row.customer_id, actor = change->caller->user_id;
    struct arena *arena = change->arena;
    if (was_silent && after->is_silent) return STATUS_OK;
    if (was_silent)
        return customer_change_event(change, EVENT_PROFILE_CREATED, id,
                                     event_payload_created(id, after->attributes, arena), error);
    if (after->is_silent)
        return customer_change_event(change, EVENT_PROFILE_REMOVED, id,
                                     event_payload_removed(id, change->undone_import, actor, arena),
                                     error);
    return customer_change_event(change, EVENT_PROFILE_UPDATED, id,
                                 event_payload_updated(id, fields, count, actor, arena), error);
}

static enum status close_change(struct customer_change *change, struct str cause,
                                struct str extra_field, const enum event_type *type,
                                struct str payload, struct error *error)
{
    if (change->appended == 0) return STATUS_OK;
    struct golden after;
    struct str *fields, joined;
    size_t count;
    TRY(customer_index_appended(change->session, &change->tree, change->appended, change->arena,
                                error));
    tree_sort(&change->tree);
    if (golden_record(&change->tree, change->policy, change->arena, &after) != STATUS_OK ||
        customer_change_fields(change, &change->golden, &after, extra_field, &fields, &count,
                               &joined) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (after.contacts->count > change->application->limits.contacts_max)
        return results_exceeded(error, STR("contacts"), change->application->limits.contacts_max,
                                "contacts of a customer");
    bool was_silent = change->golden.is_silent;
    struct keyed now;
    bool any = false;
    TRY(advance(change, &change->row, &change->golden, &after, cause, joined, &now, &any, error));
    change->golden = after;
    if (any) TRY(queue_duplicates(change, &now, error));
    if (type) return customer_change_event(change, *type, change->row.customer_id, payload, error);
    return tell_of_update(change, &after, was_silent, fields, count, error);
}

enum status customer_change_close(struct customer_change *change, struct str cause,
                                  struct str extra_field, struct error *error)
{
    return close_change(change, cause, extra_field, NULL, STR_NONE, error);
}

enum status customer_change_close_with(struct customer_change *change, struct str cause,
                                       struct str extra_field, enum event_type type,
                                       struct str payload, struct error *error)
{
    return close_change(change, cause, extra_field, &type, payload, error);
}
