/* The public face: see matching.h. Reading a normal form interns its texts into the query's own
 * values, so that one record against many is compared by the very code that files are. */
#include "matching/matching.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matching/explain.h"
#include "matching/keys.h"
#include "matching/normal.h"
#include "matching/rarity.h"
#include "text/fold.h"

enum { VALUES_LIMIT = 64 << 20, VERSION_ARENA = 1 << 20 };

/* Which field the caller knows each slot as. */
static const enum matching_field slot_fields[SLOT_TRAITS] = {
    [SLOT_GIVEN] = MATCHING_FIELD_GIVEN_NAME,
    [SLOT_FAMILY] = MATCHING_FIELD_FAMILY_NAME,
    [SLOT_OTHER_NAMES] = MATCHING_FIELD_MIDDLE_NAME,
    [SLOT_ORGANISATION] = MATCHING_FIELD_ORGANISATION,
    [SLOT_DATE] = MATCHING_FIELD_BIRTH_DATE,
    [SLOT_EMAIL] = MATCHING_FIELD_EMAIL,
    [SLOT_PHONE] = MATCHING_FIELD_PHONE,
    [SLOT_WEBSITE] = MATCHING_FIELD_WEBSITE,
    [SLOT_STREET] = MATCHING_FIELD_STREET,
    [SLOT_POSTCODE] = MATCHING_FIELD_POSTCODE,
    [SLOT_CITY] = MATCHING_FIELD_CITY,
    [SLOT_REGION] = MATCHING_FIELD_REGION,
    [SLOT_IDENTIFIER] = MATCHING_FIELD_IDENTIFIER,
    [SLOT_PLACE] = MATCHING_FIELD_PLACE,
    [SLOT_OCCUPATION] = MATCHING_FIELD_OCCUPATION,
};

bool matching_says_nothing(struct str value)
{
    char room[FOLD_MAX], compact[FOLD_MAX];
    struct str folded = fold_text(value, room);
    return normalise_is_placeholder(folded) ||
           normalise_is_filler(fold_compact(folded, compact, sizeof compact));
}

/* ------------------------------------------------------------------ normal form */

/* A kind that is not said, and no organisation's name: a person. */
enum status matching_normalise(const struct matching_value *values, size_t count,
                               struct arena *arena, struct str *normal, struct error *error)
{
    struct record record = {{0}};
    struct values_budget budget = {.limit_bytes = VALUES_LIMIT};
    struct values interned;
    const struct record_rules rules = {0};
    struct record_field *fields = ARENA_NEW_ARRAY(arena, struct record_field, count + 1);
    struct buffer out = {.arena = arena};
    if (!fields) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        fields[i] = (struct record_field){values[i].field, values[i].type, values[i].text};
    values_init(&interned, &budget);
    for (int group = 0; group < RECORD_GROUP_COUNT; group++)
        record_fill(&interned, (enum record_group)group, &rules, fields, count, NULL, NULL,
                    &record);
    normal_write(&interned, &record, &out);
    values_release(&interned);
    if (budget.exceeded || buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *normal = buffer_str(&out);
    return STATUS_OK;
}

bool matching_normal_is_current(struct str normal)
{
    return normal.len > 0 && normal.ptr[0] == MATCHING_NORMAL_VERSION;
}

bool matching_normal_visit(struct str normal, matching_normal_visitor *visitor, void *context)
{
    struct normal_reader reader;
    enum slot slot;
    struct str text;
    normal_reader_init(&reader, normal);
    while (normal_reader_next(&reader, &slot, &text))
        if (!visitor(context, slot_fields[slot], text)) return false;
    return !reader.failed;
}

/* ------------------------------------------------------------------ keys */

struct str matching_key_name(uint8_t type, bool organisation)
{
    const struct key_type *types = keys_types(organisation ? MODEL_ORGANISATION : MODEL_PERSON);
    for (uint8_t i = 0; types[i].name; i++)
        if (i == type) return str_from_cstr(types[i].name);
    return STR_NONE;
}

enum status matching_keys(struct str normal, const struct matching_key_choice *choice,
                          struct matching_key *keys, size_t *count, struct error *error)
{
    struct values values;
    struct record record;
    values_init(&values, NULL);
    enum status status = normal_read(&values, normal, &record, error);
    enum model_kind kind =
        status == STATUS_OK && record_is_organisation(&record) ? MODEL_ORGANISATION : MODEL_PERSON;
    const struct key_type *types = keys_types(kind);
    uint32_t wanted = UINT32_MAX;
    if (choice) wanted = kind == MODEL_ORGANISATION ? choice->organisation : choice->person;
    *count = 0;
    for (int type = 0; status == STATUS_OK && types[type].name; type++) {
        if (!(wanted >> type & 1)) continue;
        uint64_t hashes[KEYS_PER_TYPE_MAX];
        size_t made = keys_make(kind, type, &values, NULL, &record, hashes);
        for (size_t i = 0; i < made && *count < MATCHING_KEYS_MAX; i++)
            keys[(*count)++] =
                (struct matching_key){hashes[i], (uint8_t)type, kind == MODEL_ORGANISATION};
    }
    values_release(&values);
    return status;
}

/* ------------------------------------------------------------------ matcher */

struct matching_matcher {
    struct matching_settings settings;
    struct model_set models;
    struct scorer scorer; /* a query's, but for its values */
    char version[24];
};

static enum status name_version(struct matching_matcher *matcher)
{
    struct arena arena;
    arena_init(&arena, VERSION_ARENA);
    struct buffer text = {.arena = &arena};
    enum status status = model_text_write(&matcher->models, &text);
    (void)snprintf(matcher->version, sizeof matcher->version, "%d-%08x", MODEL_VERSION,
                   (uint32_t)(values_hash(buffer_str(&text)) >> 32));
    arena_release(&arena);
    return status;
}

enum status matching_matcher_new(const struct matching_settings *settings,
                                 struct matching_matcher **matcher, struct error *error)
{
    *matcher = calloc(1, sizeof **matcher);
    if (!*matcher) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (*matcher)->settings = *settings;
    (*matcher)->settings.model_text = STR_NONE; /* is not kept */
    if ((*matcher)->settings.match_from <= 0) (*matcher)->settings.match_from = 0.95;
    if ((*matcher)->settings.review_from <= 0) (*matcher)->settings.review_from = 0.5;
    model_set_default(&(*matcher)->models);
    enum status status = STATUS_OK;
    if (!str_is_none(settings->model_text))
        status = model_text_read(settings->model_text, &(*matcher)->models, error);
    if (status == STATUS_OK && (status = name_version(*matcher)) != STATUS_OK)
        (void)error_plain(error, status);
    if (status != STATUS_OK) {
        matching_matcher_free(*matcher);
        *matcher = NULL;
        return status;
    }
    double match_rate[MODEL_KIND_COUNT];
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        double each = 2 * (*matcher)->models.kind[kind].duplicates_per_record;
        match_rate[kind] = fmin(each / fmax(settings->records, 10), 0.2);
    }
    scoring_init(&(*matcher)->scorer, NULL, NULL, &(*matcher)->models, match_rate);
    return STATUS_OK;
}

void matching_matcher_free(struct matching_matcher *matcher)
{
    free(matcher);
}

struct str matching_matcher_version(const struct matching_matcher *matcher)
{
    return str_from_cstr(matcher->version);
}

/* ------------------------------------------------------------------ query */

struct matching_query {
    struct matching_settings settings;
    struct values values;
    struct rarities rarities;
    struct scorer scorer;
    struct record record;
    struct evidence last;
};

static float bits_of(const void *context, enum slot slot, uint32_t number)
{
    const struct matching_query *query = context;
    const struct matching_settings *settings = &query->settings;
    double having = 0, of = 0;
    struct str text = values_text(&query->values, record_slot_domain[slot], number);
    if (!settings->count ||
        !settings->count(settings->count_context, slot_fields[slot], text, &having, &of))
        return scoring_default_bits(slot);
    return rarity_bits(slot, having, of);
}

enum status matching_query_new(const struct matching_matcher *matcher, struct str normal,
                               struct matching_query **query, struct error *error)
{
    struct matching_query *made = *query = malloc(sizeof *made);
    if (!made) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *made = (struct matching_query){.settings = matcher->settings,
                                    .rarities = {.ask = bits_of, .ask_context = made},
                                    .scorer = matcher->scorer};
    made->scorer.values = &made->values;
    made->scorer.rarities = &made->rarities;
    enum status status = normal_read(&made->values, normal, &made->record, error);
    if (status == STATUS_OK) return STATUS_OK;
    matching_query_free(made);
    *query = NULL;
    return status;
}

static enum matching_decision decide(const struct matching_settings *settings, double probability)
{
    if (probability >= settings->match_from) return MATCHING_MATCH;
    return probability >= settings->review_from ? MATCHING_REVIEW : MATCHING_NO_MATCH;
}

static void fill_outcome(const struct evidence *evidence, struct matching_outcome *outcome)
{
    outcome->prior = evidence->prior;
    outcome->related = evidence->related;
    outcome->log_odds = evidence->log_odds;
    outcome->probability = scoring_probability(evidence->log_odds);
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        if (!evidence->level[c]) continue;
        outcome->parts[outcome->part_count++] =
            (struct matching_part){str_from_cstr(comparison_name((enum comparison)c)),
                                   comparison_level_name((enum comparison)c, evidence->level[c]),
                                   evidence->weight[c], evidence->frequency[c]};
    }
}

enum status matching_query_compare(struct matching_query *query, struct str normal,
                                   struct matching_outcome *outcome, struct error *error)
{
    struct record candidate;
    *outcome = (struct matching_outcome){.decision = MATCHING_NO_MATCH};
    TRY(normal_read(&query->values, normal, &candidate, error));
    if (!scoring_evidence(&query->scorer, NULL, &query->record, &candidate, &query->last))
        return STATUS_OK; /* a person and an organisation */
    fill_outcome(&query->last, outcome);
    outcome->decision = decide(&query->settings, outcome->probability);
    return STATUS_OK;
}

void matching_query_svg(const struct matching_query *query, struct str title, struct buffer *out)
{
    explain_svg(&query->last, title, out);
}

void matching_query_free(struct matching_query *query)
{
    if (!query) return;
    values_release(&query->values);
    free(query);
}
