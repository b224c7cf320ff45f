/* The key types. Names enter by sound or nickname group, so that their order, spelling and short
 * forms do not matter; dates and postcodes enter exactly in some types and by parts in others. */
#include "matching/keys.h"

#include <string.h>

#include "text/fold.h"

#define BIT(c) (UINT32_C(1) << COMPARISON_##c)

static uint64_t mix2(uint64_t a, uint64_t b)
{
    return values_mix(a * 0x9E3779B97F4A7C15u + values_mix(b + 0x7F4A7C15u));
}

/* The slot's value; lists are taken apart by keys_make(). */
static const struct value *get(const struct values *values, const struct record *record,
                               enum slot slot)
{
    const uint32_t *members;
    if (values_members(values, record_slot_domain[slot], &record->slot[slot], &members) == 0)
        return NULL;
    return values_get(values, record_slot_domain[slot], members[0]);
}

/* Members of a list, the first few in an order that only their content sets: their numbers are
 * those of their first appearance. */
enum { MEMBERS_MAX = KEYS_PER_TYPE_MAX };
struct members {
    enum slot slot;
    uint32_t count, at, reference[MEMBERS_MAX];
};

static void list_members(const struct values *values, enum slot slot, uint32_t list,
                         struct members *out)
{
    const uint32_t *all;
    enum domain domain = record_slot_domain[slot];
    uint32_t count = values_members(values, domain, &list, &all);
    *out = (struct members){.slot = slot};
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hash = values_get(values, domain, all[i])->hash;
        uint32_t at = out->count;
        for (; at > 0 && values_get(values, domain, out->reference[at - 1])->hash > hash; at--)
            if (at < MEMBERS_MAX) out->reference[at] = out->reference[at - 1];
        if (at < MEMBERS_MAX) out->reference[at] = all[i];
        if (out->count < MEMBERS_MAX) out->count++;
    }
}

enum { GIVEN_MAX = 2 };

/* A person's first name as people write it in turns: its nickname groups, else its sound. How many,
 * at least one, which is 0 for none. */
static size_t givens_of(const struct values *values, const struct record *record,
                        uint64_t out[GIVEN_MAX])
{
    const struct value *given = get(values, record, SLOT_GIVEN);
    out[0] = out[1] = 0;
    if (!given) return 1;
    out[0] = given->b ? UINT64_C(1) << 40 | (given->b & UINT16_MAX) : given->a;
    if (!(given->b >> 16)) return 1;
    out[1] = UINT64_C(1) << 40 | given->b >> 16;
    return 2;
}

/* The first of them. */
static uint64_t given_of(const struct values *values, const struct record *record)
{
    uint64_t given[GIVEN_MAX];
    (void)givens_of(values, record, given);
    return given[0];
}

static uint64_t family_of(const struct values *values, const struct record *record)
{
    const struct value *family = get(values, record, SLOT_FAMILY);
    return family ? family->a : 0;
}

static char initial_of(const struct values *values, const struct record *record, enum slot slot)
{
    const struct value *value = get(values, record, slot);
    return value ? value->first : 0;
}

static uint32_t date_of(const struct values *values, const struct record *record)
{
    const struct value *date = get(values, record, SLOT_DATE);
    return date ? date->a : 0;
}

static uint64_t hash_of(const struct values *values, const struct record *record, enum slot slot)
{
    const struct value *value = get(values, record, slot);
    return value ? value->hash | UINT64_C(1) << 33 : 0;
}

static uint64_t place_of(const struct values *values, const struct record *record)
{
    const struct value *city = get(values, record, SLOT_CITY);
    if (!city) city = get(values, record, SLOT_PLACE);
    return city ? city->a | UINT64_C(1) << 34 : 0;
}

static uint64_t street_of(const struct values *values, const struct record *record)
{
    const struct value *street = get(values, record, SLOT_STREET);
    return street && street->a ? mix2(street->a, street->b) | 1 : 0;
}

static size_t one(uint64_t *keys, uint64_t a, uint64_t b)
{
    if (!a || !b) return 0;
    keys[0] = mix2(a, b) | 1;
    return 1;
}

/* Each of the first name's forms with another part. */
static size_t given_with(const struct values *values, const struct record *record, uint64_t other,
                         uint64_t *keys)
{
    uint64_t given[GIVEN_MAX];
    size_t count = givens_of(values, record, given), made = 0;
    for (size_t i = 0; i < count; i++) made += one(keys + made, given[i], other);
    return made;
}

static size_t three(uint64_t *keys, uint64_t a, uint64_t b, uint64_t c)
{
    return a && b && c ? one(keys, mix2(a, b) | 1, c) : 0;
}

/* Every value of the slot by itself. */
static size_t each_value(const struct values *values, const struct record *record, enum slot slot,
                         uint64_t *keys)
{
    struct members members;
    list_members(values, slot, record->slot[slot], &members);
    for (uint32_t i = 0; i < members.count; i++)
        keys[i] = values_get(values, record_slot_domain[slot], members.reference[i])->hash |
                  UINT64_C(1) << 32;
    return members.count;
}

#define KEY(name)                                                                                  \
    static size_t key_##name(const struct values *v, const struct rarities *rarities,              \
                             const struct record *r, uint64_t *keys)

KEY(identifier)
{
    (void)rarities;
    return each_value(v, r, SLOT_IDENTIFIER, keys);
}
KEY(email)
{
    (void)rarities;
    return each_value(v, r, SLOT_EMAIL, keys);
}
KEY(phone)
{
    (void)rarities;
    struct members phones;
    list_members(v, SLOT_PHONE, r->slot[SLOT_PHONE], &phones);
    for (uint32_t i = 0; i < phones.count; i++)
        keys[i] = values_get(v, DOMAIN_PHONE, phones.reference[i])->a | UINT64_C(1) << 32;
    return phones.count;
}
KEY(website)
{
    (void)rarities;
    return each_value(v, r, SLOT_WEBSITE, keys);
}
KEY(mailbox)
{
    (void)rarities;
    const struct value *email = get(v, r, SLOT_EMAIL);
    if (!email || email->a < 4 || (email->b & 2)) return 0;
    struct str text = str_of(v->domain[DOMAIN_EMAIL].text + email->offset, email->a);
    keys[0] = values_hash(text) | 1;
    return 1;
}
/* Both names, in either order. */
KEY(names)
{
    (void)rarities;
    const struct value *given = get(v, r, SLOT_GIVEN);
    uint64_t f = family_of(v, r);
    if (!given || !f) return 0;
    if (given->b) return given_with(v, r, f, keys);
    keys[0] = (mix2(given->a, 7) + mix2(f, 7)) | 1;
    return given->a ? 1 : 0;
}
KEY(swapped_names)
{
    (void)rarities;
    const struct value *given = get(v, r, SLOT_GIVEN), *family = get(v, r, SLOT_FAMILY);
    if (!given || !family) return 0;
    keys[0] = (mix2(given->a, 7) + mix2(family->a, 7)) | 1;
    return 1;
}
KEY(family_date)
{
    (void)rarities;
    return one(keys, family_of(v, r), date_of(v, r));
}
KEY(given_date)
{
    (void)rarities;
    return given_with(v, r, date_of(v, r), keys);
}
KEY(family_postcode)
{
    (void)rarities;
    return one(keys, family_of(v, r), hash_of(v, r, SLOT_POSTCODE));
}
KEY(given_postcode)
{
    (void)rarities;
    return given_with(v, r, hash_of(v, r, SLOT_POSTCODE), keys);
}
KEY(date_postcode)
{
    (void)rarities;
    return one(keys, date_of(v, r), hash_of(v, r, SLOT_POSTCODE));
}
KEY(date_place)
{
    (void)rarities;
    return one(keys, date_of(v, r), place_of(v, r));
}
KEY(street_family)
{
    (void)rarities;
    return one(keys, street_of(v, r), (uint64_t)(unsigned char)initial_of(v, r, SLOT_FAMILY));
}
KEY(street_given)
{
    (void)rarities;
    return one(keys, street_of(v, r), (uint64_t)(unsigned char)initial_of(v, r, SLOT_GIVEN));
}
/* Names by their beginning, and the year: what a mistyped end and a wrong day leave. */
KEY(names_year)
{
    (void)rarities;
    return three(keys, family_of(v, r), (uint64_t)(unsigned char)initial_of(v, r, SLOT_GIVEN),
                 date_of(v, r) / 10000);
}
KEY(given_year_place)
{
    (void)rarities;
    return three(keys, given_of(v, r), date_of(v, r) / 10000, place_of(v, r));
}
/* One part alone: only small files, and rare values of large ones, have blocks that are kept. */
KEY(single)
{
    (void)rarities;
    size_t count = one(keys, family_of(v, r), 11);
    count += one(keys + count, given_of(v, r), 12);
    count += one(keys + count, date_of(v, r), 13);
    return count + one(keys + count, hash_of(v, r, SLOT_POSTCODE), 14);
}
/* Two parts of the date and an initial: what one wrong part of the date leaves. */
KEY(date_parts)
{
    (void)rarities;
    uint32_t date = date_of(v, r), year = date / 10000, month = date / 100 % 100, day = date % 100;
    uint64_t given = (uint64_t)(unsigned char)initial_of(v, r, SLOT_GIVEN);
    uint64_t family = (uint64_t)(unsigned char)initial_of(v, r, SLOT_FAMILY);
    if (!date || !month || !day) return 0;
    size_t count = three(keys, given * 256 + family, year * 16 + month, 1);
    count += three(keys + count, given * 256 + family, year * 32 + day, 2);
    return count + three(keys + count, given * 256 + family, month * 32 + day, 3);
}
/* Every name with the year of birth, and with the postcode. */
KEY(any_name_year)
{
    (void)rarities;
    struct members names;
    uint32_t year = date_of(v, r) / 10000;
    size_t made = three(keys, family_of(v, r), year, 5);
    list_members(v, SLOT_OTHER_NAMES, r->slot[SLOT_OTHER_NAMES], &names);
    for (uint32_t i = 0; i < names.count && made < KEYS_PER_TYPE_MAX; i++)
        made += three(keys + made, values_get(v, DOMAIN_NAME, names.reference[i])->a, year, 5);
    return made;
}

static const struct key_type person_types[] = {
    {"identifier", BIT(IDENTIFIER), key_identifier, false},
    {"email", BIT(EMAIL), key_email, false},
    {"phone", BIT(PHONE), key_phone, false},
    {"mailbox", BIT(EMAIL), key_mailbox, false},
    {"family name + birth date", BIT(FAMILY_NAME) | BIT(BIRTH_DATE), key_family_date, false},
    {"given name + birth date", BIT(GIVEN_NAME) | BIT(BIRTH_DATE), key_given_date, false},
    {"given name + family name", BIT(GIVEN_NAME) | BIT(FAMILY_NAME), key_names, false},
    {"family name + postcode", BIT(FAMILY_NAME) | BIT(LOCALITY), key_family_postcode, false},
    {"birth date + postcode", BIT(BIRTH_DATE) | BIT(LOCALITY), key_date_postcode, false},
    {"given name + postcode", BIT(GIVEN_NAME) | BIT(LOCALITY), key_given_postcode, false},
    {"birth date + place", BIT(BIRTH_DATE) | BIT(LOCALITY) | BIT(PLACE), key_date_place, false},
    {"street + family initial", BIT(STREET) | BIT(FAMILY_NAME), key_street_family, false},
    {"street + given initial", BIT(STREET) | BIT(GIVEN_NAME), key_street_given, false},
    {"family name + initial + birth year", BIT(GIVEN_NAME) | BIT(FAMILY_NAME) | BIT(BIRTH_DATE),
     key_names_year, false},
    {"given name + birth year + place",
     BIT(GIVEN_NAME) | BIT(BIRTH_DATE) | BIT(LOCALITY) | BIT(PLACE), key_given_year_place, false},
    {"family name + birth date parts", BIT(GIVEN_NAME) | BIT(FAMILY_NAME) | BIT(BIRTH_DATE),
     key_date_parts, false},
    {"any name + birth year", BIT(FAMILY_NAME) | BIT(BIRTH_DATE), key_any_name_year, false},
    {"one name, date or postcode",
     BIT(GIVEN_NAME) | BIT(FAMILY_NAME) | BIT(BIRTH_DATE) | BIT(LOCALITY), key_single, true},
    {"names in either order", BIT(GIVEN_NAME) | BIT(FAMILY_NAME), key_swapped_names, false},
    {NULL, 0, NULL, false},
};

/* ------------------------------------------------------------------ organisations */

enum { RARE_WORDS = 3 };

/* Words by sound, the rarest first. */
struct rare_words {
    size_t count;
    uint64_t sound[RARE_WORDS];
    float bits[RARE_WORDS];
};

/* Of words of one sound the rarest counts. */
static void add_word(struct rare_words *rare, uint64_t sound, float bits)
{
    size_t at = 0;
    while (at < rare->count && rare->sound[at] != sound) at++;
    if (at < rare->count && rare->bits[at] >= bits) return;
    if (at == rare->count && rare->count < RARE_WORDS) rare->count++;
    if (at == RARE_WORDS && rare->bits[--at] >= bits) return;
    for (; at > 0 && rare->bits[at - 1] < bits; at--) {
        rare->bits[at] = rare->bits[at - 1];
        rare->sound[at] = rare->sound[at - 1];
    }
    rare->bits[at] = bits;
    rare->sound[at] = sound;
}

/* The rarest words of all the names. */
static size_t rare_words(const struct values *v, const struct rarities *rarities,
                         const struct record *r, uint64_t sound[RARE_WORDS])
{
    struct rare_words rare = {.count = 0};
    const uint32_t *names, *words;
    uint32_t name_count =
        values_members(v, DOMAIN_ORGANISATION, &r->slot[SLOT_ORGANISATION], &names);
    for (uint32_t n = 0; n < name_count; n++) {
        const uint32_t *list = &values_get(v, DOMAIN_ORGANISATION, names[n])->a;
        uint32_t word_count = values_members(v, DOMAIN_WORD, list, &words);
        for (uint32_t w = 0; w < word_count; w++) {
            const struct value *word = values_get(v, DOMAIN_WORD, words[w]);
            float bits = rarities && rarities->word ? rarities->word[words[w]] : word->len;
            /* Ties go by content. */
            add_word(&rare, word->a ? word->a : word->hash,
                     bits + (float)(word->hash & 1023) * 1e-6f);
        }
    }
    memcpy(sound, rare.sound, sizeof rare.sound);
    return rare.count;
}

KEY(word_pair)
{
    uint64_t sound[RARE_WORDS];
    size_t count = rare_words(v, rarities, r, sound), made = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++)
            keys[made++] = (mix2(sound[i], 3) + mix2(sound[j], 3)) | 1;
    return made;
}

static size_t words_with(const struct values *v, const struct rarities *rarities,
                         const struct record *r, uint64_t other, uint64_t *keys)
{
    uint64_t sound[RARE_WORDS];
    if (!other) return 0;
    size_t count = rare_words(v, rarities, r, sound);
    for (size_t i = 0; i < count; i++) keys[i] = mix2(sound[i], other) | 1;
    return count;
}

KEY(word_number)
{
    const struct value *street = get(v, r, SLOT_STREET);
    return words_with(v, rarities, r, street ? street->a : 0, keys);
}
KEY(word_postcode)
{
    return words_with(v, rarities, r, hash_of(v, r, SLOT_POSTCODE), keys);
}
KEY(word_city)
{
    const struct value *city = get(v, r, SLOT_CITY);
    return words_with(v, rarities, r, city ? city->a : 0, keys);
}
KEY(rarest_word)
{
    return words_with(v, rarities, r, 1, keys) ? 1 : 0;
}
KEY(street)
{
    (void)rarities;
    return one(keys, street_of(v, r), 1);
}
KEY(number_postcode)
{
    (void)rarities;
    const struct value *street = get(v, r, SLOT_STREET);
    return one(keys, street ? street->a : 0, hash_of(v, r, SLOT_POSTCODE));
}
KEY(street_name_postcode)
{
    (void)rarities;
    const struct value *street = get(v, r, SLOT_STREET);
    return one(keys, street ? street->b : 0, hash_of(v, r, SLOT_POSTCODE));
}
/* The initials of the name, or the name itself when it is as short as initials. */
static struct str acronym_of(struct str text, char initials[KEYS_TYPE_MAX])
{
    struct str word[KEYS_TYPE_MAX];
    size_t count = fold_words(text, word, KEYS_TYPE_MAX);
    for (size_t i = 0; i < count; i++) initials[i] = word[i].ptr[0];
    return count == 1 && text.len <= 6 ? text : str_of(initials, count);
}

KEY(acronym_city)
{
    (void)rarities;
    const struct value *city = get(v, r, SLOT_CITY);
    char initials[KEYS_TYPE_MAX];
    struct members names;
    size_t made = 0;
    list_members(v, SLOT_ORGANISATION, r->slot[SLOT_ORGANISATION], &names);
    for (uint32_t i = 0; i < names.count; i++) {
        struct str acronym =
            acronym_of(values_text(v, DOMAIN_ORGANISATION, names.reference[i]), initials);
        if (acronym.len >= 2) made += one(keys + made, values_hash(acronym), city ? city->a : 1);
    }
    return made;
}

static const struct key_type organisation_types[] = {
    {"identifier", BIT(IDENTIFIER), key_identifier, false},
    {"email", BIT(EMAIL), key_email, false},
    {"phone", BIT(PHONE), key_phone, false},
    {"website", BIT(WEBSITE), key_website, false},
    {"street", BIT(STREET), key_street, false},
    {"two words", BIT(ORGANISATION), key_word_pair, false},
    {"word + house number", BIT(ORGANISATION) | BIT(STREET), key_word_number, false},
    {"word + postcode", BIT(ORGANISATION) | BIT(LOCALITY), key_word_postcode, false},
    {"word + city", BIT(ORGANISATION) | BIT(LOCALITY), key_word_city, false},
    {"rarest word", BIT(ORGANISATION), key_rarest_word, false},
    {"house number + postcode", BIT(STREET) | BIT(LOCALITY), key_number_postcode, false},
    {"street name + postcode", BIT(STREET) | BIT(LOCALITY), key_street_name_postcode, false},
    {"initials + city", BIT(ORGANISATION) | BIT(LOCALITY), key_acronym_city, false},
    {NULL, 0, NULL, false},
};

const struct key_type *keys_types(enum model_kind kind)
{
    return kind == MODEL_PERSON ? person_types : organisation_types;
}

/* ------------------------------------------------------------------ whole */

/* The slots of which a key function reads one value: by the comparisons of its type. Functions that
 * read all values of their slot by themselves find them all in each of the records below. */
static const struct {
    uint32_t comparison;
    uint8_t slot;
} single_valued[] = {
    {BIT(GIVEN_NAME), SLOT_GIVEN}, {BIT(FAMILY_NAME), SLOT_FAMILY}, {BIT(BIRTH_DATE), SLOT_DATE},
    {BIT(EMAIL), SLOT_EMAIL},      {BIT(STREET), SLOT_STREET},      {BIT(LOCALITY), SLOT_POSTCODE},
    {BIT(LOCALITY), SLOT_CITY},    {BIT(PLACE), SLOT_PLACE},
};
enum { SINGLE_VALUED = sizeof single_valued / sizeof single_valued[0] };

static size_t list_lists(const struct key_type *type, const struct values *values,
                         const struct record *record, struct members lists[SINGLE_VALUED])
{
    size_t count = 0;
    for (size_t i = 0; i < SINGLE_VALUED; i++) {
        enum slot slot = (enum slot)single_valued[i].slot;
        if ((type->comparisons & single_valued[i].comparison) && record->slot[slot] & VALUES_LIST)
            list_members(values, slot, record->slot[slot], &lists[count++]);
    }
    return count;
}

static size_t add_new_keys(uint64_t *keys, size_t count, const uint64_t *more, size_t more_count)
{
    for (size_t i = 0; i < more_count && count < KEYS_PER_TYPE_MAX; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++) known = known || keys[k] == more[i];
        if (!known) keys[count++] = more[i];
    }
    return count;
}

/* The next choice of one member each; false after the last. */
static bool next_choice(struct members *lists, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (++lists[i].at < lists[i].count) return true;
        lists[i].at = 0;
    }
    return false;
}

/* As many records as there are choices of one value each: who has two addresses is found by both.
 */
static size_t make_of_each(const struct key_type *type, const struct values *values,
                           const struct rarities *rarities, const struct record *record,
                           struct members *lists, size_t list_count, uint64_t *keys)
{
    struct record chosen = *record;
    uint64_t more[KEYS_PER_TYPE_MAX];
    size_t count = 0;
    do {
        for (size_t i = 0; i < list_count; i++)
            chosen.slot[lists[i].slot] = lists[i].reference[lists[i].at];
        count = add_new_keys(keys, count, more, type->make(values, rarities, &chosen, more));
    } while (count < KEYS_PER_TYPE_MAX && next_choice(lists, list_count));
    return count;
}

static bool has_list(const struct record *record)
{
    uint32_t any = 0;
    for (size_t i = 0; i < SINGLE_VALUED; i++) any |= record->slot[single_valued[i].slot];
    return any & VALUES_LIST;
}

size_t keys_make(enum model_kind kind, int type, const struct values *values,
                 const struct rarities *rarities, const struct record *record, uint64_t *keys)
{
    const struct key_type *of = &keys_types(kind)[type];
    struct members lists[SINGLE_VALUED];
    size_t list_count = has_list(record) ? list_lists(of, values, record, lists) : 0;
    size_t count = list_count ? make_of_each(of, values, rarities, record, lists, list_count, keys)
                              : of->make(values, rarities, record, keys);
    uint64_t salt = (uint64_t)type * 2 + kind + 1;
    for (size_t i = 0; i < count; i++) keys[i] = mix2(keys[i], salt) | 1;
    return count;
}
