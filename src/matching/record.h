/* A record in the form that is compared: sixteen references to interned values, one cache line. */
#ifndef MATCHING_RECORD_H
#define MATCHING_RECORD_H

#include "matching/field.h"
#include "matching/normalise.h"

enum slot {
    SLOT_GIVEN,
    SLOT_FAMILY,
    SLOT_OTHER_NAMES,
    SLOT_ORGANISATION,
    SLOT_DATE,
    SLOT_EMAIL,
    SLOT_PHONE,
    SLOT_WEBSITE,
    SLOT_STREET,
    SLOT_POSTCODE,
    SLOT_CITY,
    SLOT_REGION,
    SLOT_IDENTIFIER,
    SLOT_PLACE,
    SLOT_OCCUPATION,
    SLOT_TRAITS, /* not a reference: TRAIT_ bits */
    SLOT_COUNT,
};

struct record {
    uint32_t slot[SLOT_COUNT];
};

extern const enum domain record_slot_domain[SLOT_COUNT];

static inline bool record_is_organisation(const struct record *record)
{
    return record->slot[SLOT_TRAITS] & TRAIT_ORGANISATION;
}

/* To be called some time before the record's values are read. */
static inline void record_prefetch(const struct values *values, const struct record *record)
{
    for (int slot = 0; slot < SLOT_TRAITS; slot++) {
        uint32_t reference = record->slot[slot];
        if (reference && !(reference & VALUES_LIST))
            __builtin_prefetch(values_get(values, record_slot_domain[slot], reference));
    }
}

/* One field of a record to be built. `type` tells identifiers apart ("vat"). */
struct record_field {
    enum matching_field field;
    struct str type;
    struct str text;
};

/* Fields fall into groups that touch different domains and slots, so that different threads can
 * fill different groups of one record. What takes longest stands first. */
enum record_group {
    RECORD_GROUP_NAMES,
    RECORD_GROUP_ADDRESS,
    RECORD_GROUP_EMAIL,
    RECORD_GROUP_PHONE,
    RECORD_GROUP_IDENTIFIER,
    RECORD_GROUP_DATE,
    RECORD_GROUP_WEBSITE,
    RECORD_GROUP_WORDS,
    RECORD_GROUP_COUNT,
};
enum record_group record_group_of(enum matching_field field);

/* Fields that say one thing go before those that say several, whatever their order in the file:
 * whose turn is lower, goes first. */
enum { RECORD_TURN_FIRST = -1, RECORD_TURN_LAST = 2 };
int record_field_turn(enum matching_field field);

/* How to read what cannot be told from one value alone. */
struct record_rules {
    bool dates_day_first;
    bool names_are_organisations; /* most of MATCHING_FIELD_NAME; a name may say otherwise */
    bool persons_are_contacts;    /* beside an organisation */
};

/* Remembers what recent texts of a column came to; one per column and thread. */
struct record_cache;
struct record_cache *record_cache_new(void);
void record_cache_free(struct record_cache *cache);
/* To be called some time before the text is read: its hash, 0 when it will not be looked up. */
uint64_t record_cache_prefetch(const struct record_cache *cache, struct str text);

/* A field's cache, and the hash of its text, which may be 0. */
struct record_cached {
    struct record_cache *cache;
    uint64_t hash;
};

/* Records whose group is filled together, so that their values are looked up together: see
 * values_queue_begin(). NULL where that is not done; a record is filled at the end at the latest,
 * and must stay where it is until then. */
struct record_batch *record_batch_begin(struct values *values, enum record_group group);
void record_batch_end(struct values *values, struct record_batch *batch);

/* Fills the group's slots of the record from those of the fields that belong to the group; at most
 * 64 with a batch. `cached` has one per field, or is NULL; `batch` may be NULL. Fields are best in
 * the order of record_field_turn(). */
void record_fill(struct values *values, enum record_group group, const struct record_rules *rules,
                 const struct record_field *fields, size_t count,
                 const struct record_cached *cached, struct record_batch *batch,
                 struct record *record);

/* A hash of the record's content that does not depend on the values' numbers; its high bits are
 * those of the family name's sound, so that ordering by it brings likely pairs together. */
uint64_t record_hash(const struct values *values, const struct record *record);

#endif
