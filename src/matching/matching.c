/* The public face: see matching.h. Normal form is one line per value, "slot<tab>text", and a last
 * line of traits; reading it interns the texts into the query's own values, so that one record
 * against many is compared by the very code that files are. */
#include "matching/matching.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matching/explain.h"
#include "matching/keys.h"
#include "matching/rarity.h"

enum { VALUES_LIMIT = 64 << 20, MEMBERS_MAX = 24, VERSION_ARENA = 1 << 20 };

/* What each slot is called in normal form and which field the caller knows it as. */
static const struct {
    char letter;
    enum matching_field field;
    normalise_describer *describe;
} slots[SLOT_COUNT] = {
    [SLOT_GIVEN] = {'g', MATCHING_FIELD_GIVEN_NAME, normalise_name_describe},
    [SLOT_FAMILY] = {'f', MATCHING_FIELD_FAMILY_NAME, normalise_name_describe},
    [SLOT_OTHER_NAMES] = {'n', MATCHING_FIELD_MIDDLE_NAME, normalise_name_describe},
    [SLOT_ORGANISATION] = {'o', MATCHING_FIELD_ORGANISATION, normalise_organisation_describe},
    [SLOT_DATE] = {'d', MATCHING_FIELD_BIRTH_DATE, normalise_fact_describe_date},
    [SLOT_EMAIL] = {'e', MATCHING_FIELD_EMAIL, normalise_contact_describe_email},
    [SLOT_PHONE] = {'p', MATCHING_FIELD_PHONE, normalise_contact_describe_phone},
    [SLOT_WEBSITE] = {'w', MATCHING_FIELD_WEBSITE, NULL},
    [SLOT_STREET] = {'s', MATCHING_FIELD_STREET, normalise_address_describe_street},
    [SLOT_POSTCODE] = {'z', MATCHING_FIELD_POSTCODE, normalise_address_describe_postcode},
    [SLOT_CITY] = {'c', MATCHING_FIELD_CITY, normalise_address_describe_city},
    [SLOT_REGION] = {'r', MATCHING_FIELD_REGION, NULL},
    [SLOT_IDENTIFIER] = {'i', MATCHING_FIELD_IDENTIFIER, normalise_fact_describe_identifier},
    [SLOT_PLACE] = {'b', MATCHING_FIELD_PLACE, normalise_fact_describe_words},
    [SLOT_OCCUPATION] = {'j', MATCHING_FIELD_OCCUPATION, normalise_fact_describe_words},
    [SLOT_TRAITS] = {'t', MATCHING_FIELD_NONE, NULL},
};

/* ------------------------------------------------------------------ normal form */

static void write_normal(const struct values *values, const struct record *record,
                         struct buffer *out)
{
    for (int slot = 0; slot < SLOT_TRAITS; slot++) {
        const uint32_t *members;
        enum domain domain = record_slot_domain[slot];
        uint32_t count = values_members(values, domain, &record->slot[slot], &members);
        for (uint32_t i = 0; i < count; i++) {
            buffer_append_char(out, slots[slot].letter);
            buffer_append_char(out, '\t');
            buffer_append(out, values_text(values, domain, members[i]));
            buffer_append_char(out, '\n');
        }
    }
    buffer_append_format(out, "t\t%u\n", record->slot[SLOT_TRAITS]);
}

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
        record_fill(&interned, (enum record_group)group, &rules, fields, count, NULL, &record);
    write_normal(&interned, &record, &out);
    values_release(&interned);
    if (budget.exceeded || buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *normal = buffer_str(&out);
    return STATUS_OK;
}

static int slot_of(char letter)
{
    for (int slot = 0; slot < SLOT_COUNT; slot++)
        if (slots[slot].letter == letter) return slot;
    return -1;
}

bool matching_normal_next(struct str *rest, enum matching_field *field, struct str *text)
{
    struct str line;
    while (rest->len > 0 && str_split(rest, '\n', &line)) {
        int slot = line.len > 2 ? slot_of(line.ptr[0]) : -1;
        if (slot < 0 || slot == SLOT_TRAITS) continue;
        *field = slots[slot].field;
        *text = str_skip(line, 2);
        return true;
    }
    return false;
}

struct members {
    uint32_t reference[SLOT_COUNT][MEMBERS_MAX];
    size_t count[SLOT_COUNT];
};

static bool read_line(struct values *values, struct str line, struct members *members,
                      struct record *record)
{
    int slot = line.len >= 2 && line.ptr[1] == '\t' ? slot_of(line.ptr[0]) : -1;
    struct str text = str_skip(line, 2);
    int64_t traits = 0;
    if (slot < 0 || text.len == 0) return false;
    if (slot == SLOT_TRAITS) {
        if (!str_to_int64(text, &traits) || traits < 0 || traits > 0xFFFF) return false;
        record->slot[SLOT_TRAITS] = (uint32_t)traits;
        return true;
    }
    if (slot == SLOT_STREET && str_find_char(text, '|') < 0) return false;
    if (slot == SLOT_IDENTIFIER && str_find_char(text, ':') < 0) return false;
    if (members->count[slot] == MEMBERS_MAX) return true;
    members->reference[slot][members->count[slot]++] =
        values_intern(values, record_slot_domain[slot], text, slots[slot].describe);
    return true;
}

static enum status read_normal(struct values *values, struct str normal, struct record *record,
                               struct error *error)
{
    struct members members = {.count = {0}};
    struct str rest = normal, line;
    *record = (struct record){{0}};
    while (rest.len > 0 && str_split(&rest, '\n', &line))
        if (!read_line(values, line, &members, record))
            return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                             "the record is not in normal form");
    for (int slot = 0; slot < SLOT_TRAITS; slot++)
        record->slot[slot] = values_intern_list(values, record_slot_domain[slot],
                                                members.reference[slot], members.count[slot]);
    return STATUS_OK;
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
    enum status status = read_normal(&values, normal, &record, error);
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
    double match_rate[MODEL_KIND_COUNT];
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
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        double each = 2 * (*matcher)->models.kind[kind].duplicates_per_record;
        (*matcher)->match_rate[kind] = fmin(each / fmax(settings->records, 10), 0.2);
    }
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
    const struct matching_matcher *matcher;
    struct values values;
    struct rarities rarities;
    uint32_t capacity[SLOT_COUNT];
    struct scorer scorer;
    struct record record;
    struct evidence last;
};

static float bits_of_text(const struct matching_settings *settings, enum slot slot, struct str text)
{
    double having = 0, of = 0;
    if (!settings->count ||
        !settings->count(settings->count_context, slots[slot].field, text, &having, &of))
        return scoring_default_bits(slot);
    return rarity_bits(slot, having, of);
}

/* The rarities of values that came with the last record. */
static enum status add_rarities(struct matching_query *query, struct error *error)
{
    for (int slot = 0; slot < SLOT_TRAITS; slot++) {
        enum domain domain = record_slot_domain[slot];
        uint32_t count = query->values.domain[domain].count + 1;
        if (count > query->capacity[slot]) {
            uint32_t capacity = count * 2 + 16;
            float *grown = realloc(query->rarities.slot[slot], capacity * sizeof *grown);
            if (!grown) return error_plain(error, STATUS_OUT_OF_MEMORY);
            query->rarities.slot[slot] = grown;
            query->capacity[slot] = capacity;
        }
        for (uint32_t i = query->rarities.count[slot]; i < count; i++)
            query->rarities.slot[slot][i] =
                i == 0 ? 0
                       : bits_of_text(&query->matcher->settings, (enum slot)slot,
                                      values_text(&query->values, domain, i));
        query->rarities.count[slot] = count;
    }
    return STATUS_OK;
}

enum status matching_query_new(const struct matching_matcher *matcher, struct str normal,
                               struct matching_query **query, struct error *error)
{
    *query = calloc(1, sizeof **query);
    if (!*query) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (*query)->matcher = matcher;
    values_init(&(*query)->values, NULL);
    enum status status = read_normal(&(*query)->values, normal, &(*query)->record, error);
    if (status == STATUS_OK) status = add_rarities(*query, error);
    if (status == STATUS_OK) {
        scoring_init(&(*query)->scorer, &(*query)->values, &(*query)->rarities, &matcher->models,
                     matcher->match_rate);
        return STATUS_OK;
    }
    matching_query_free(*query);
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
    TRY(read_normal(&query->values, normal, &candidate, error));
    TRY(add_rarities(query, error));
    if (!scoring_evidence(&query->scorer, NULL, &query->record, &candidate, &query->last))
        return STATUS_OK; /* a person and an organisation */
    fill_outcome(&query->last, outcome);
    outcome->decision = decide(&query->matcher->settings, outcome->probability);
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
    for (int slot = 0; slot < SLOT_COUNT; slot++) free(query->rarities.slot[slot]);
    free(query);
}
