/* From fields to slots: a table says which normaliser reads a field and where its results go; what
 * a record has more than one of becomes a list. */
#include "matching/record.h"

#include "matching/name_kind.h"

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
    uint32_t no_traits; /* what its words say beyond what the column has said */
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
                                     {SLOT_ORGANISATION, NOWHERE},
                                     TRAIT_ORGANISATION},
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

struct cache_entry {
    uint64_t hash; /* 0: free */
    struct normalised result;
};

struct record_cache {
    uint32_t tries, hits;
    struct cache_entry entry[CACHE_SIZE];
};

struct record_cache *record_cache_new(void)
{
    return calloc(1, sizeof(struct record_cache));
}

void record_cache_free(struct record_cache *cache)
{
    free(cache);
}

static bool is_useless(const struct record_cache *cache)
{
    return cache->tries == TRIES_MAX && cache->hits < HITS_MIN;
}

static const struct cache_entry *entry_of(const struct record_cache *cache, uint64_t hash)
{
    return &cache->entry[hash >> 20 & (CACHE_SIZE - 1)];
}

uint64_t record_cache_prefetch(const struct record_cache *cache, struct str text)
{
    if (!cache || is_useless(cache) || text.len == 0 || text.len > CACHED_TEXT_MAX) return 0;
    uint64_t hash = values_hash(text) | 1;
    __builtin_prefetch(entry_of(cache, hash));
    return hash;
}

/* Where the result of the text with the hash is kept, or could be; NULL when it is not worth it. */
static struct cache_entry *look_up(struct record_cache *cache, uint64_t hash)
{
    if (!hash) return NULL;
    struct cache_entry *entry = (struct cache_entry *)entry_of(cache, hash);
    if (cache->tries < TRIES_MAX) {
        cache->tries++;
        cache->hits += entry->hash == hash;
    }
    return entry;
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
    if (reading->group == RECORD_GROUP_NAMES)
        record->slot[SLOT_TRAITS] |= result->traits & ~reading->no_traits;
}

/* ------------------------------------------------------------------ batches */

enum { FIELDS_MAX = 64, REFERENCES = 4, WAITING_MAX = VALUES_QUEUE_MAX / REFERENCES };

/* What was read of many records, in order, while its values are looked up. */
struct record_batch {
    enum record_group group;
    size_t count;
    struct waiting {
        const struct reading *reading;
        struct record *record;
        struct normalised result; /* tickets, unless it came out of the cache */
        bool settled;
        struct cache_entry *entry; /* where it is to be kept; may be NULL */
        uint64_t hash;
    } waiting[WAITING_MAX];
};

static enum domain domain_of(const struct reading *reading, int result)
{
    return record_slot_domain[reading->target[result] & (FALLBACK - 1)];
}

static void for_domains(enum record_group group, struct values *values,
                        void (*act)(struct values *, enum domain))
{
    bool done[DOMAIN_COUNT] = {false};
    for (int field = 0; field < MATCHING_FIELD_COUNT; field++) {
        const struct reading *reading = &readings[field];
        if (field == MATCHING_FIELD_NONE || reading->group != group) continue;
        for (int i = 0; i < 4 && reading->target[i] != NOWHERE; i++) {
            enum domain domain = domain_of(reading, i);
            if (!done[domain]) act(values, domain);
            done[domain] = true;
        }
    }
}

struct record_batch *record_batch_begin(struct values *values, enum record_group group)
{
    /* Names become lists while they are read: they cannot wait. */
    struct record_batch *batch = group == RECORD_GROUP_NAMES ? NULL : malloc(sizeof *batch);
    if (!batch) return NULL;
    batch->group = group;
    batch->count = 0;
    for_domains(group, values, values_queue_begin);
    return batch;
}

static void settle(struct values *values, struct record_batch *batch)
{
    for_domains(batch->group, values, values_queue_settle);
    for (size_t i = 0; i < batch->count; i++) {
        struct waiting *waiting = &batch->waiting[i];
        for (int r = 0; r < 4 && waiting->reading->target[r] != NOWHERE && !waiting->settled; r++)
            waiting->result.reference[r] = values_queue_reference(
                values, domain_of(waiting->reading, r), waiting->result.reference[r]);
        if (waiting->entry) *waiting->entry = (struct cache_entry){waiting->hash, waiting->result};
        add_result(values, waiting->reading, &waiting->result, waiting->record);
    }
    batch->count = 0;
}

void record_batch_end(struct values *values, struct record_batch *batch)
{
    if (!batch) return;
    settle(values, batch);
    for_domains(batch->group, values, values_queue_end);
    free(batch);
}

static void read_text(struct values *values, const struct reading *reading,
                      normalise_function *read, struct str text, struct cache_entry *entry,
                      uint64_t hash, struct record_batch *batch, struct record *record)
{
    struct waiting alone, *waiting = batch ? &batch->waiting[batch->count++] : &alone;
    *waiting = (struct waiting){.reading = reading, .record = record, .hash = hash};
    if (entry && entry->hash == hash) {
        waiting->result = entry->result;
        waiting->settled = true;
    } else {
        read(values, text, &waiting->result);
        waiting->entry = entry;
    }
    if (batch) return;
    if (waiting->entry) *entry = (struct cache_entry){hash, waiting->result};
    add_result(values, reading, &waiting->result, record);
}

/* ------------------------------------------------------------------ fields */

/* A name that may be either's: an organisation when its words, and the file's other names, say so.
 */
static void add_undecided_name(struct values *values, const struct record_rules *rules,
                               const struct record_field *field, struct record *record)
{
    struct normalised organisation = {0}, person = {0};
    uint32_t said = record->slot[SLOT_TRAITS] & (TRAIT_ORGANISATION | TRAIT_PERSON);
    normalise_organisation_name(values, field->text, &organisation);
    int prior = rules->names_are_organisations ? NAME_KIND_PRIOR_BITS : -NAME_KIND_PRIOR_BITS;
    bool is_organisation =
        said ? said & TRAIT_ORGANISATION : prior + name_kind_bits(field->text) > 0;
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
                      struct record_cached cached, struct record_batch *batch,
                      struct record *record)
{
    const struct record_field *field = &fields[index];
    const struct reading *reading = &readings[field->field];
    normalise_function *read = reading->read;
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
    bool joined = text.ptr != field->text.ptr || text.len != field->text.len;
    uint64_t hash =
        cached.hash && !joined ? cached.hash : record_cache_prefetch(cached.cache, text);
    read_text(values, reading, read, text, look_up(cached.cache, hash), hash, batch, record);
}

int record_field_turn(enum matching_field field)
{
    static const int8_t turns[MATCHING_FIELD_COUNT] = {
        [MATCHING_FIELD_KIND] = RECORD_TURN_FIRST,
        [MATCHING_FIELD_GENDER] = RECORD_TURN_FIRST,
        [MATCHING_FIELD_MIDDLE_NAME] = 1,
        [MATCHING_FIELD_FULL_NAME] = RECORD_TURN_LAST,
        [MATCHING_FIELD_NAME] = RECORD_TURN_LAST,
        [MATCHING_FIELD_STREET] = RECORD_TURN_LAST,
        [MATCHING_FIELD_ADDRESS] = RECORD_TURN_LAST,
    };
    return turns[field];
}

static bool stand_in_turn(const struct record_field *fields, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (record_field_turn(fields[i - 1].field) > record_field_turn(fields[i].field))
            return false;
    return true;
}

/* A person with an organisation beside is a person and where he works, whatever legal form that
 * has; in a file of organisations he is whom to ask for there. */
static void settle_kind(const struct record_rules *rules, struct record *record)
{
    uint32_t traits = record->slot[SLOT_TRAITS];
    bool person_named = record->slot[SLOT_GIVEN] || record->slot[SLOT_FAMILY];
    bool organisation = record->slot[SLOT_ORGANISATION] != 0;
    if (person_named && organisation)
        organisation = !(traits & TRAIT_PERSON) &&
                       (traits & TRAIT_ORGANISATION || rules->persons_are_contacts);
    else if (!person_named && (traits & TRAIT_ORGANISATION))
        organisation = true;
    record->slot[SLOT_TRAITS] &= ~(uint32_t)(TRAIT_PERSON | TRAIT_ORGANISATION);
    if (organisation) record->slot[SLOT_TRAITS] |= TRAIT_ORGANISATION;
}

void record_fill(struct values *values, enum record_group group, const struct record_rules *rules,
                 const struct record_field *fields, size_t count,
                 const struct record_cached *cached, struct record_batch *batch,
                 struct record *record)
{
    const struct record_cached none = {NULL, 0};
    bool in_turn = stand_in_turn(fields, count);
    for (int turn = in_turn ? RECORD_TURN_LAST : RECORD_TURN_FIRST; turn <= RECORD_TURN_LAST;
         turn++)
        for (size_t i = 0; i < count; i++)
            if (fields[i].text.len && readings[fields[i].field].group == group &&
                fields[i].field != MATCHING_FIELD_NONE &&
                (in_turn || record_field_turn(fields[i].field) == turn))
                add_field(values, rules, fields, count, i, cached ? cached[i] : none, batch,
                          record);
    if (group == RECORD_GROUP_NAMES) settle_kind(rules, record);
    if (batch && batch->count > WAITING_MAX - FIELDS_MAX) settle(values, batch);
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
