/* From fields to slots: a table says which normaliser reads a field and where its results go; what
 * a record has more than one of becomes a list. */
#include "matching/record.h"

#include <stdlib.h>
#include <string.h>

const enum domain record_slot_domain[SLOT_COUNT] = {
    [SLOT_GIVEN] = DOMAIN_NAME,
    [SLOT_FAMILY] = DOMAIN_NAME,
    [SLOT_OTHER_NAMES] = DOMAIN_NAME,
    [SLOT_ORGANISATION] = DOMAIN_ORGANISATION,
    [SLOT_DATE] = DOMAIN_DATE,
    [SLOT_EMAIL] = DOMAIN_EMAIL,
    [SLOT_PHONE] = DOMAIN_PHONE,
    [SLOT_WEBSITE] = DOMAIN_WEBSITE,
    [SLOT_STREET] = DOMAIN_STREET,
    [SLOT_POSTCODE] = DOMAIN_POSTCODE,
    [SLOT_CITY] = DOMAIN_CITY,
    [SLOT_REGION] = DOMAIN_REGION,
    [SLOT_IDENTIFIER] = DOMAIN_IDENTIFIER,
    [SLOT_PLACE] = DOMAIN_PLACE,
    [SLOT_OCCUPATION] = DOMAIN_OCCUPATION,
    [SLOT_TRAITS] = DOMAIN_COUNT,
};

/* Where the references of a normaliser go. NOWHERE ends the list. FALLBACK slots are filled only
 * when nothing else fills them: what a whole address says of its city, if there is no city. */
enum { NOWHERE = -1, FALLBACK = 32, NAME_PART = 64 };

static const struct reading {
    normalise_function *read;
    enum record_group group;
    int8_t target[4];
} readings[MATCHING_FIELD_COUNT] = {
    [MATCHING_FIELD_GIVEN_NAME] = {normalise_name_given,
                                   RECORD_GROUP_NAMES,
                                   {SLOT_GIVEN, SLOT_OTHER_NAMES, NOWHERE}},
    [MATCHING_FIELD_MIDDLE_NAME] = {normalise_name_other,
                                    RECORD_GROUP_NAMES,
                                    {SLOT_OTHER_NAMES, NOWHERE}},
    [MATCHING_FIELD_FAMILY_NAME] = {normalise_name_family,
                                    RECORD_GROUP_NAMES,
                                    {SLOT_FAMILY, SLOT_OTHER_NAMES, NOWHERE}},
    [MATCHING_FIELD_FULL_NAME] = {normalise_name_full,
                                  RECORD_GROUP_NAMES,
                                  {SLOT_GIVEN | NAME_PART, SLOT_FAMILY | NAME_PART,
                                   SLOT_OTHER_NAMES, NOWHERE}},
    [MATCHING_FIELD_NAME] = {normalise_organisation_name, RECORD_GROUP_NAMES, {NOWHERE}},
    [MATCHING_FIELD_ORGANISATION] = {normalise_organisation_name,
                                     RECORD_GROUP_NAMES,
                                     {SLOT_ORGANISATION, NOWHERE}},
    [MATCHING_FIELD_GENDER] = {normalise_fact_gender, RECORD_GROUP_NAMES, {NOWHERE}},
    [MATCHING_FIELD_KIND] = {normalise_fact_kind, RECORD_GROUP_NAMES, {NOWHERE}},
    [MATCHING_FIELD_BIRTH_DATE] = {normalise_fact_date, RECORD_GROUP_DATE, {SLOT_DATE, NOWHERE}},
    [MATCHING_FIELD_BIRTH_YEAR] = {normalise_fact_date, RECORD_GROUP_DATE, {SLOT_DATE, NOWHERE}},
    [MATCHING_FIELD_BIRTH_MONTH] = {NULL, RECORD_GROUP_DATE, {NOWHERE}},
    [MATCHING_FIELD_BIRTH_DAY] = {NULL, RECORD_GROUP_DATE, {NOWHERE}},
    [MATCHING_FIELD_IDENTIFIER] = {normalise_fact_identifier,
                                   RECORD_GROUP_IDENTIFIER,
                                   {SLOT_IDENTIFIER, NOWHERE}},
    [MATCHING_FIELD_PLACE] = {normalise_fact_place, RECORD_GROUP_WORDS, {SLOT_PLACE, NOWHERE}},
    [MATCHING_FIELD_OCCUPATION] = {normalise_fact_occupation,
                                   RECORD_GROUP_WORDS,
                                   {SLOT_OCCUPATION, NOWHERE}},
    [MATCHING_FIELD_EMAIL] = {normalise_contact_email, RECORD_GROUP_EMAIL, {SLOT_EMAIL, NOWHERE}},
    [MATCHING_FIELD_PHONE] = {normalise_contact_phone, RECORD_GROUP_PHONE, {SLOT_PHONE, NOWHERE}},
    [MATCHING_FIELD_WEBSITE] = {normalise_contact_website,
                                RECORD_GROUP_WEBSITE,
                                {SLOT_WEBSITE, NOWHERE}},
    [MATCHING_FIELD_STREET] = {normalise_address_full,
                               RECORD_GROUP_ADDRESS,
                               {SLOT_STREET, SLOT_POSTCODE | FALLBACK, SLOT_CITY | FALLBACK,
                                SLOT_REGION | FALLBACK}},
    [MATCHING_FIELD_ADDRESS] = {normalise_address_full,
                                RECORD_GROUP_ADDRESS,
                                {SLOT_STREET, SLOT_POSTCODE | FALLBACK, SLOT_CITY | FALLBACK,
                                 SLOT_REGION | FALLBACK}},
    [MATCHING_FIELD_CITY] = {normalise_address_city, RECORD_GROUP_ADDRESS, {SLOT_CITY, NOWHERE}},
    [MATCHING_FIELD_REGION] = {normalise_address_region,
                               RECORD_GROUP_ADDRESS,
                               {SLOT_REGION, NOWHERE}},
    [MATCHING_FIELD_POSTCODE] = {normalise_address_postcode,
                                 RECORD_GROUP_ADDRESS,
                                 {SLOT_POSTCODE, NOWHERE}},
    [MATCHING_FIELD_STREET_NUMBER] = {NULL, RECORD_GROUP_ADDRESS, {NOWHERE}},
};

enum record_group record_group_of(enum matching_field field)
{
    return field == MATCHING_FIELD_NONE ? RECORD_GROUP_COUNT : readings[field].group;
}

/* ------------------------------------------------------------------ cache */

enum { CACHE_SIZE = 1 << 13, CACHED_TEXT_MAX = 64 };

/* A column that hardly repeats itself is not looked up any more: that would only cost memory. */
enum { TRIES_MAX = 1 << 14, HITS_MIN = TRIES_MAX / 8 };

struct record_cache {
    uint32_t tries, hits;
    struct {
        uint64_t hash;
        struct normalised result;
    } entry[CACHE_SIZE];
};

struct record_cache *record_cache_new(void)
{
    return calloc(1, sizeof(struct record_cache));
}

void record_cache_free(struct record_cache *cache)
{
    free(cache);
}

static void read_cached(struct values *values, normalise_function *read, struct str text,
                        struct record_cache *cache, struct normalised *out)
{
    bool useless = cache && cache->tries == TRIES_MAX && cache->hits < HITS_MIN;
    if (!cache || useless || text.len > CACHED_TEXT_MAX) {
        read(values, text, out);
        return;
    }
    uint64_t hash = values_hash(text) | 1;
    size_t at = hash >> 20 & (CACHE_SIZE - 1);
    if (cache->tries < TRIES_MAX) {
        cache->tries++;
        cache->hits += cache->entry[at].hash == hash;
    }
    if (cache->entry[at].hash != hash) {
        struct normalised result = {0};
        read(values, text, &result);
        cache->entry[at].hash = hash;
        cache->entry[at].result = result;
    }
    *out = cache->entry[at].result;
}

/* ------------------------------------------------------------------ assembly */

enum { MEMBERS_MAX = 24 };

/* The members of a reference, at most `max`: how many. */
static size_t copy_members(const struct values *values, enum domain domain, uint32_t reference,
                           uint32_t *out, size_t max)
{
    if (!(reference & VALUES_LIST)) {
        if (reference && max) out[0] = reference;
        return reference && max;
    }
    const uint32_t *members;
    size_t count = values_members(values, domain, &reference, &members);
    if (count > max) count = max;
    memcpy(out, members, count * sizeof *out);
    return count;
}

/* Adds the reference, or its members, to what the slot has. */
static void slot_add(struct values *values, enum slot slot, struct record *record,
                     uint32_t reference)
{
    enum domain domain = record_slot_domain[slot];
    if (!reference || record->slot[slot] == reference) return;
    if (!record->slot[slot]) {
        record->slot[slot] = reference;
        return;
    }
    uint32_t all[MEMBERS_MAX] = {0};
    size_t count = copy_members(values, domain, record->slot[slot], all, MEMBERS_MAX);
    count += copy_members(values, domain, reference, all + count, MEMBERS_MAX - count);
    record->slot[slot] = values_intern_list(values, domain, all, count);
}

/* A whole name fills the parts that have no column of their own; a part that differs from what is
 * there is one of the other names. */
static void add_name_part(struct values *values, enum slot slot, struct record *record,
                          uint32_t reference)
{
    if (!reference) return;
    if (!record->slot[slot])
        record->slot[slot] = reference;
    else if (record->slot[SLOT_GIVEN] != reference && record->slot[SLOT_FAMILY] != reference)
        slot_add(values, SLOT_OTHER_NAMES, record, reference);
}

static void add_other_names(struct values *values, struct record *record, uint32_t reference)
{
    uint32_t names[MEMBERS_MAX] = {0};
    size_t count = copy_members(values, DOMAIN_NAME, reference, names, MEMBERS_MAX);
    for (size_t i = 0; i < count; i++)
        if (names[i] != record->slot[SLOT_GIVEN] && names[i] != record->slot[SLOT_FAMILY])
            slot_add(values, SLOT_OTHER_NAMES, record, names[i]);
}

static void add_result(struct values *values, const struct reading *reading,
                       const struct normalised *result, struct record *record)
{
    for (int i = 0; i < 4 && reading->target[i] != NOWHERE; i++) {
        enum slot slot = (enum slot)(reading->target[i] & (FALLBACK - 1));
        uint32_t reference = result->reference[i];
        if (reading->target[i] & FALLBACK) {
            if (!record->slot[slot]) record->slot[slot] = reference;
        } else if (reading->target[i] & NAME_PART) {
            add_name_part(values, slot, record, reference);
        } else if (slot == SLOT_OTHER_NAMES) {
            add_other_names(values, record, reference);
        } else {
            slot_add(values, slot, record, reference);
        }
    }
    if (reading->group == RECORD_GROUP_NAMES) record->slot[SLOT_TRAITS] |= result->traits;
}

/* A name that may be either's: an organisation when its words say so. */
static void add_undecided_name(struct values *values, const struct record_rules *rules,
                               const struct record_field *field, struct record *record)
{
    struct normalised organisation = {0}, person = {0};
    uint32_t said = record->slot[SLOT_TRAITS] & (TRAIT_ORGANISATION | TRAIT_PERSON);
    normalise_organisation_name(values, field->text, &organisation);
    bool is_organisation =
        said ? said & TRAIT_ORGANISATION : rules->names_are_organisations || organisation.traits;
    if (is_organisation) {
        slot_add(values, SLOT_ORGANISATION, record, organisation.reference[0]);
        return;
    }
    normalise_name_full(values, field->text, &person);
    add_result(values, &readings[MATCHING_FIELD_FULL_NAME], &person, record);
}

/* The first text of the field, "" when there is none. */
static struct str text_of(const struct record_field *fields, size_t count,
                          enum matching_field field)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].field == field && fields[i].text.len > 0) return fields[i].text;
    return STR("");
}

/* `first`, the separator and `second` in `room`; none when they do not fit. */
static struct str join(struct str first, char separator, struct str second, char *room,
                       size_t room_max)
{
    size_t len = first.len + 1 + second.len;
    if (len > room_max) return STR_NONE;
    if (first.len) memmove(room, first.ptr, first.len);
    room[first.len] = separator;
    if (second.len) memcpy(room + first.len + 1, second.ptr, second.len);
    return str_of(room, len);
}

/* A house number of its own goes in front of the street. */
static struct str join_number(const struct record_field *fields, size_t count, struct str street,
                              char *room, size_t room_max)
{
    struct str number = text_of(fields, count, MATCHING_FIELD_STREET_NUMBER);
    struct str joined = number.len ? join(number, ' ', street, room, room_max) : STR_NONE;
    return str_is_none(joined) ? street : joined;
}

/* Year, month and day in columns of their own become one date; what is missing behind the year
 * makes it a date of which less is known. */
static struct str join_date(const struct record_field *fields, size_t count, struct str year,
                            char *room, size_t room_max)
{
    struct str month = text_of(fields, count, MATCHING_FIELD_BIRTH_MONTH);
    struct str day = text_of(fields, count, MATCHING_FIELD_BIRTH_DAY);
    struct str date = year;
    if (year.len == 2) { /* births lie in the past: see full_year() in normalise_fact.c */
        struct str century = str_compare(year, STR("30")) > 0 ? STR("19") : STR("20");
        memcpy(room, century.ptr, 2);
        memcpy(room + 2, year.ptr, 2);
        date = str_of(room, 4);
    }
    if (month.len) date = join(date, '-', month, room, room_max);
    if (month.len && day.len && date.len) date = join(date, '-', day, room, room_max);
    return date;
}

static void add_field(struct values *values, const struct record_rules *rules,
                      const struct record_field *fields, size_t count, size_t index,
                      struct record_cache *cache, struct record *record)
{
    const struct record_field *field = &fields[index];
    const struct reading *reading = &readings[field->field];
    normalise_function *read = reading->read;
    struct normalised result = {0};
    char room[256];
    struct str text = field->text;
    if (field->field == MATCHING_FIELD_NAME) {
        add_undecided_name(values, rules, field, record);
        return;
    }
    if (field->field == MATCHING_FIELD_STREET)
        text = join_number(fields, count, text, room, sizeof room);
    if (field->field == MATCHING_FIELD_IDENTIFIER)
        text = join(field->type, ':', field->text, room, sizeof room);
    if (field->field == MATCHING_FIELD_BIRTH_YEAR)
        text = join_date(fields, count, text, room, sizeof room);
    if (!read || text.len == 0) return;
    if (field->field == MATCHING_FIELD_BIRTH_DATE && rules->dates_day_first)
        read = normalise_fact_date_day_first;
    read_cached(values, read, text, cache, &result);
    add_result(values, reading, &result, record);
}

/* Columns that say one thing go before those that say several, whatever their order in the file. */
static int fill_order(enum matching_field field)
{
    if (field == MATCHING_FIELD_KIND || field == MATCHING_FIELD_GENDER) return 0;
    if (field == MATCHING_FIELD_MIDDLE_NAME) return 2;
    bool whole = field == MATCHING_FIELD_FULL_NAME || field == MATCHING_FIELD_NAME ||
                 field == MATCHING_FIELD_STREET || field == MATCHING_FIELD_ADDRESS;
    return whole ? 3 : 1;
}

static void settle_kind(struct record *record)
{
    uint32_t traits = record->slot[SLOT_TRAITS];
    bool person_named = record->slot[SLOT_GIVEN] || record->slot[SLOT_FAMILY];
    bool organisation = record->slot[SLOT_ORGANISATION] != 0;
    if ((traits & TRAIT_PERSON) && person_named) organisation = false;
    if (!(traits & TRAIT_ORGANISATION) && person_named) organisation = false;
    if ((traits & TRAIT_ORGANISATION) && !person_named) organisation = true;
    record->slot[SLOT_TRAITS] &= ~(uint32_t)(TRAIT_PERSON | TRAIT_ORGANISATION);
    if (organisation) record->slot[SLOT_TRAITS] |= TRAIT_ORGANISATION;
}

void record_fill(struct values *values, enum record_group group, const struct record_rules *rules,
                 const struct record_field *fields, size_t count, struct record_cache **caches,
                 struct record *record)
{
    for (int pass = 0; pass < 4; pass++)
        for (size_t i = 0; i < count; i++)
            if (fields[i].text.len && readings[fields[i].field].group == group &&
                fields[i].field != MATCHING_FIELD_NONE && fill_order(fields[i].field) == pass)
                add_field(values, rules, fields, count, i, caches ? caches[i] : NULL, record);
    if (group == RECORD_GROUP_NAMES) settle_kind(record);
}

/* Records with names of one sound stand together: what is compared lies near in memory. 20 bits. */
static uint64_t neighbourhood(const struct values *values, const struct record *record)
{
    enum slot slot = record->slot[SLOT_FAMILY] ? SLOT_FAMILY : SLOT_ORGANISATION;
    const uint32_t *members;
    uint32_t count =
        values_members(values, record_slot_domain[slot], &record->slot[slot], &members);
    uint64_t sound = UINT64_MAX; /* of several, the lowest: their order must not matter */
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = values_get(values, record_slot_domain[slot], members[i]);
        uint64_t here = slot == SLOT_FAMILY ? value->a : value->hash;
        if (here < sound) sound = here;
    }
    return values_mix(sound + 1) >> 44 << 44;
}

uint64_t record_hash(const struct values *values, const struct record *record)
{
    uint64_t hash = record->slot[SLOT_TRAITS];
    for (int slot = 0; slot < SLOT_TRAITS; slot++) {
        enum domain domain = record_slot_domain[slot];
        const uint32_t *members;
        uint32_t count = values_members(values, domain, &record->slot[slot], &members);
        uint64_t sum = 0;
        for (uint32_t i = 0; i < count; i++)
            sum += values_mix(values_get(values, domain, members[i])->hash +
                              0x9E3779B97F4A7C15u * (uint64_t)(slot + 1));
        hash = values_mix(hash + sum);
    }
    return neighbourhood(values, record) | hash >> 20;
}
