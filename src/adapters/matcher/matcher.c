/* Keys are those of the exact rules and a choice of the engine's blocking keys: fewer than files
 * are blocked by, for each is written with every profile. See decision 0039 for what the choice
 * finds. */
#include "adapters/matcher/matcher.h"

#include <stdlib.h>

#include "adapters/matcher/evidence.h"
#include "adapters/matcher/exact.h"
#include "adapters/matcher/statistics.h"
#include "base/hex.h"

_Static_assert((int)EXACT_REASONS_MAX >= (int)MATCHING_PARTS_MAX,
               "reasons of either kind have room");

struct weighing_matcher {
    struct matcher base;
    struct matcher_options options;
    struct statistics *statistics;
    struct matching_key_choice telling, supporting, all;
};

static struct weighing_matcher *self_of(struct matcher *base)
{
    return (struct weighing_matcher *)base;
}

/* --- keys --- */

/* Those that share an address alone are neighbours: that key is to stand beside another. */
static const char *const person_keys[] = {"phone",
                                          "names in either order",
                                          "family name + birth date",
                                          "birth date + place",
                                          "given name + postcode",
                                          NULL};
static const char *const organisation_keys[] = {"phone", "website", "two words", "word + postcode",
                                                NULL};
static const char *const person_supporting[] = {"street + family initial", NULL};
static const char *const organisation_supporting[] = {"street", NULL};

static uint32_t types_named(const char *const *names, bool organisation)
{
    uint32_t types = 0;
    for (uint8_t type = 0; !str_is_none(matching_key_name(type, organisation)); type++)
        for (const char *const *name = names; *name; name++)
            if (str_equal(matching_key_name(type, organisation), str_from_cstr(*name)))
                types |= UINT32_C(1) << type;
    return types;
}

static enum status describe(struct matcher *base, const struct json_value *const *said,
                            size_t said_count, struct arena *arena, struct match_record *record)
{
    (void)base;
    *record = (struct match_record){.said = said, .said_count = said_count};
    return evidence_normalise(said, said_count, arena, &record->normal);
}

static bool is_wanted(const struct matching_key *key, const struct matching_key_choice *choice)
{
    uint32_t types = key->organisation ? choice->organisation : choice->person;
    return types >> key->type & 1;
}

static enum status make_keys(struct matcher *base, const struct match_record *record,
                             struct arena *arena, struct match_keys *keys)
{
    const struct matching_key_choice *choices[] = {&self_of(base)->telling,
                                                   &self_of(base)->supporting};
    struct matching_key blocking[MATCHING_KEYS_MAX];
    size_t count, room = exact_keys_max(record) + MATCHING_KEYS_MAX;
    *keys = (struct match_keys){.items = ARENA_NEW_ARRAY(arena, struct str, room)};
    if (!keys->items) return STATUS_OUT_OF_MEMORY;
    TRY(exact_keys(record, arena, keys));
    TRY(matching_keys(record->normal, &self_of(base)->all, blocking, &count, NULL));
    for (size_t c = 0; c < 2; c++) {
        keys->telling = keys->count; /* when it begins with the supporting ones */
        for (size_t i = 0; i < count; i++) {
            if (!is_wanted(&blocking[i], choices[c])) continue;
            char digits[1 + HEX_DIGITS] = "~";
            hex_put(blocking[i].hash, digits + 1);
            struct str key = arena_str(arena, str_of(digits, sizeof(digits)));
            if (str_is_none(key)) return STATUS_OUT_OF_MEMORY;
            keys->items[keys->count++] = key;
        }
    }
    return STATUS_OK;
}

static enum status share_a_key(struct matcher *base, const struct match_record *a,
                               const struct match_record *b, struct arena *arena, bool *shared)
{
    struct match_keys of_a, of_b;
    *shared = false;
    TRY(make_keys(base, a, arena, &of_a));
    TRY(make_keys(base, b, arena, &of_b));
    for (size_t i = 0; i < of_a.count && !*shared; i++)
        *shared = str_is_among(of_b.items, of_b.count, of_a.items[i]);
    return STATUS_OK;
}

/* --- comparing --- */

static enum status decide(struct weighing_matcher *self, const struct match_record *a,
                          const struct match_record *b, const struct matching_outcome *outcome,
                          struct arena *arena, struct match *match)
{
    bool shared = false;
    match->probability = outcome->probability;
    if (match->reason_count > 0) { /* of the exact rules: no others are there yet */
        match->decision = MATCH_CERTAIN;
        match->probability = 1.0;
    } else if (outcome->part_count > 0 && outcome->log_odds >= self->options.review_weight) {
        match->decision = MATCH_POSSIBLE;
        if (self->options.match_weight > 0 && outcome->log_odds >= self->options.match_weight &&
            !evidence_contradicts(outcome))
            TRY(share_a_key(&self->base, a, b, arena, &shared));
        if (shared) match->decision = MATCH_CERTAIN;
    }
    return match->decision == MATCH_NONE ? STATUS_OK : evidence_explain(outcome, arena, match);
}

static enum status compare_one(struct weighing_matcher *self, struct matching_query *query,
                               const struct match_record *a, const struct match_record *b,
                               struct arena *arena, struct match *match)
{
    struct matching_outcome outcome;
    *match =
        (struct match){.reasons = ARENA_NEW_ARRAY(arena, struct match_reason, EXACT_REASONS_MAX),
                       .model_version = self->base.model_version};
    if (!match->reasons) return STATUS_OUT_OF_MEMORY;
    TRY(exact_compare(a, b, arena, match));
    TRY(matching_query_compare(query, b->normal, &outcome, NULL));
    return decide(self, a, b, &outcome, arena, match);
}

static enum status compare(struct matcher *base, struct str tenant,
                           const struct match_record *record, const struct match_record *others,
                           size_t count, struct arena *arena, struct match *matches)
{
    struct weighing_matcher *self = self_of(base);
    struct matching_query *query = NULL;
    if (count == 0) return STATUS_OK;
    struct statistics_engine *engine = statistics_take(self->statistics, tenant);
    enum status status =
        matching_query_new(statistics_matcher(engine), record->normal, &query, NULL);
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = compare_one(self, query, record, &others[i], arena, &matches[i]);
    matching_query_free(query);
    statistics_give(engine);
    return status;
}

/* --- the whole --- */

enum status matcher_new(const struct matcher_options *options, struct matcher **matcher,
                        struct error *error)
{
    struct weighing_matcher *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->options = *options;
    self->options.model_text = STR_NONE; /* is not kept */
    self->telling = (struct matching_key_choice){types_named(person_keys, false),
                                                 types_named(organisation_keys, true)};
    self->supporting = (struct matching_key_choice){types_named(person_supporting, false),
                                                    types_named(organisation_supporting, true)};
    self->all.person = self->telling.person | self->supporting.person;
    self->all.organisation = self->telling.organisation | self->supporting.organisation;
    enum status status =
        statistics_new(options->store, options->model_text, &self->statistics, error);
    if (status != STATUS_OK) {
        free(self);
        return status;
    }
    self->base = (struct matcher){.model_version = statistics_model_version(self->statistics),
                                  .describe = describe,
                                  .keys = make_keys,
                                  .compare = compare};
    *matcher = &self->base;
    return STATUS_OK;
}

void matcher_free(struct matcher *matcher)
{
    if (!matcher) return;
    statistics_free(self_of(matcher)->statistics);
    free(matcher);
}
