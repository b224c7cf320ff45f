/* One open-addressing table over all lists, filled once from lexicon_words.c; in front of it a bit
 * per hash, for most words asked about are in no list. */
#include "matching/lexicon.h"

#include <pthread.h>
#include <string.h>

#include "matching/lexicon_words.h"
#include "matching/values.h"

enum { TABLE_SIZE = 1 << 14, FILTER_BITS = 1 << 17 };

struct entry {
    struct str word; /* absent: free */
    uint8_t list;
    uint8_t group_count;
    uint16_t group[LEXICON_GROUPS_MAX];
};

static struct entry table[TABLE_SIZE];
static uint64_t filter[FILTER_BITS / 64];
static pthread_once_t built = PTHREAD_ONCE_INIT;

static uint64_t hash_of(enum lexicon list, struct str word)
{
    uint64_t hash = values_hash(word) + (uint64_t)list * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

/* The entry of the word, or the free one where it would stand. */
static struct entry *find(enum lexicon list, struct str word, uint64_t hash)
{
    size_t slot = (size_t)hash & (TABLE_SIZE - 1);
    while (!str_is_none(table[slot].word) &&
           (table[slot].list != list || !str_equal(table[slot].word, word)))
        slot = (slot + 1) & (TABLE_SIZE - 1);
    return &table[slot];
}

static void add_row(enum lexicon list, const char *row, uint16_t group)
{
    struct str rest = str_from_cstr(row), word;
    while (str_split(&rest, ' ', &word)) {
        uint64_t hash = hash_of(list, word), bit = hash % FILTER_BITS;
        struct entry *entry = find(list, word, hash);
        filter[bit / 64] |= UINT64_C(1) << (bit % 64);
        entry->word = word;
        entry->list = (uint8_t)list;
        if (entry->group_count < LEXICON_GROUPS_MAX) entry->group[entry->group_count++] = group;
    }
}

static void build(void)
{
    for (int list = 0; list < LEXICON_COUNT; list++)
        for (uint16_t row = 0; lexicon_rows[list][row]; row++)
            add_row((enum lexicon)list, lexicon_rows[list][row], (uint16_t)(row + 1));
}

static const struct entry *look_up(enum lexicon list, struct str word)
{
    pthread_once(&built, build);
    uint64_t hash = hash_of(list, word), bit = hash % FILTER_BITS;
    if (!(filter[bit / 64] >> (bit % 64) & 1)) return NULL;
    const struct entry *entry = find(list, word, hash);
    return str_is_none(entry->word) ? NULL : entry;
}

unsigned lexicon_groups(enum lexicon list, struct str word, uint16_t groups[LEXICON_GROUPS_MAX])
{
    const struct entry *entry = look_up(list, word);
    if (!entry) return 0;
    memcpy(groups, entry->group, sizeof entry->group);
    return entry->group_count;
}

bool lexicon_has(enum lexicon list, struct str word)
{
    return word.len > 0 && look_up(list, word);
}

struct str lexicon_head(enum lexicon list, struct str word)
{
    uint16_t groups[LEXICON_GROUPS_MAX];
    if (!lexicon_groups(list, word, groups)) return word;
    struct str row = str_from_cstr(lexicon_rows[list][groups[0] - 1]), head;
    return str_split(&row, ' ', &head) ? head : word;
}
