/* Interned values: every distinct normalised text of a domain (names, streets, e-mails ...) is kept
 * once and known by a small number, so that equality is an integer compare and what is known of a
 * value (its sound, its parts) is worked out once.
 *
 * A reference is 0 (missing), the number of a value, or, with VALUES_LIST set, the number of a list
 * of values (a record with two phones). Lists are interned as well: equal sets are equal numbers.
 * Each domain is independent of the others: different domains may be filled by different threads.
 */
#ifndef MATCHING_VALUES_H
#define MATCHING_VALUES_H

#include "base/status.h"

enum domain {
    DOMAIN_NAME,         /* one part of a person's name: a = sound, b = nickname group, and in
                            its high half a second one: Sam is Samuel or Samantha */
    DOMAIN_ORGANISATION, /* a = list of words in DOMAIN_WORD, b = legal form */
    DOMAIN_WORD,         /* a word of an organisation's name: a = sound */
    DOMAIN_DATE,         /* yyyymmdd: a = the number, b = its digits, four bits each */
    DOMAIN_EMAIL,        /* a = bytes before the @, b = 1 when the domain says nothing */
    DOMAIN_PHONE,        /* digits, + in front when the country is known: a = last 7 as number */
    DOMAIN_WEBSITE,      /* host without www */
    DOMAIN_STREET,   /* "number|street words": a = house number, b = sound of the longest word */
    DOMAIN_POSTCODE, /* a, b = its first eight bytes */
    DOMAIN_CITY,     /* a = sound */
    DOMAIN_REGION,
    DOMAIN_IDENTIFIER, /* "type:value": a = hash of the type, b = bytes of the type and colon;
                          letters: of the value alone */
    DOMAIN_PLACE,      /* a = sound */
    DOMAIN_OCCUPATION, /* a = sound */
    DOMAIN_COUNT,
};

#define VALUES_LIST (UINT32_C(1) << 31)

struct value {
    uint64_t offset; /* of the text */
    uint32_t hash;
    uint32_t a, b;    /* what the domain says they are */
    uint32_t letters; /* which letters and digits it has, one bit each modulo 32 */
    uint16_t len;
    char first; /* its first byte */
};

struct values_queue; /* see values_queue_begin() */

struct value_domain {
    struct value *values; /* 1 .. count; 0 is unused */
    uint32_t count, capacity;
    char *text;
    uint64_t text_bytes, text_capacity;
    uint64_t *table; /* hash in the high half, number in the low; 0 is free */
    uint32_t table_mask;
    uint32_t *lists; /* count followed by that many references, at the list's number */
    uint32_t list_words, list_capacity;
    uint32_t *list_table;
    uint32_t list_count, list_mask;
    struct values_queue *queue; /* while there is one */
};

/* What all domains together may take; the values of threads add up in it. */
struct values_budget {
    uint64_t used_bytes; /* atomic */
    uint64_t limit_bytes;
    bool exceeded;
};

struct values {
    struct value_domain domain[DOMAIN_COUNT];
    struct values_budget *budget; /* may be NULL: no limit */
};

void values_init(struct values *values, struct values_budget *budget);
void values_release(struct values *values);

/* The number of the text, which is copied; 0 for an empty text or when memory runs out, which the
 * budget remembers. `describe` fills a and b of a new value and may be NULL. */
uint32_t values_intern(struct values *values, enum domain domain, struct str text,
                       void (*describe)(struct values *, struct str, struct value *));
/* A reference to the set of these references, which are put in order and rid of doubles in place;
 * lists among them are not allowed. */
uint32_t values_intern_list(struct values *values, enum domain domain, uint32_t *references,
                            size_t count);

/* In a large file nearly every look-up waits for memory. With a queue, many texts wait together:
 * until values_queue_settle() values_intern() answers tickets, which are 0 for an empty text, and
 * values_queue_reference() then tells the number that each has come to. Tickets are good until the
 * next settling, and no references: no list can be made of them.
 *
 * values_queue_begin() does nothing when there is no memory: all is interned at once, and tickets
 * are references. */
enum { VALUES_QUEUE_MAX = 1024 }; /* tickets between two settlings */

void values_queue_begin(struct values *values, enum domain domain);
void values_queue_settle(struct values *values, enum domain domain);
uint32_t values_queue_reference(const struct values *values, enum domain domain, uint32_t ticket);
/* After the last settling. */
void values_queue_end(struct values *values, enum domain domain);

static inline const struct value *values_get(const struct values *values, enum domain domain,
                                             uint32_t reference)
{
    return &values->domain[domain].values[reference];
}

static inline struct str values_text(const struct values *values, enum domain domain,
                                     uint32_t reference)
{
    const struct value_domain *d = &values->domain[domain];
    return str_of(d->text + d->values[reference].offset, d->values[reference].len);
}

/* The members of a reference of either form: returns how many, 0 when missing. */
static inline uint32_t values_members(const struct values *values, enum domain domain,
                                      const uint32_t *reference, const uint32_t **members)
{
    if (!(*reference & VALUES_LIST)) {
        *members = reference;
        return *reference != 0;
    }
    const uint32_t *list = &values->domain[domain].lists[*reference & ~VALUES_LIST];
    *members = list + 1;
    return list[0];
}

/* The letters of a text as struct value has them. */
static inline uint32_t values_letters(struct str text)
{
    uint32_t letters = 0;
    for (size_t i = 0; i < text.len; i++) letters |= UINT32_C(1) << (text.ptr[i] & 31);
    return letters;
}

/* A good hash of short bytes, the same on every machine. */
uint64_t values_hash(struct str text);
static inline uint64_t values_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    x ^= x >> 32;
    x *= 0xD6E8FEB86659FD93u;
    return x ^ x >> 32;
}

/* realloc under the budget: NULL, and exceeded, when the limit or the memory is reached. */
void *values_budget_realloc(struct values_budget *budget, void *old, uint64_t old_bytes,
                            uint64_t new_bytes);

#endif
