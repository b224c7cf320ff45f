/* One open-addressing table over all lists, filled once from lexicon_words.c. */
#include "matching/lexicon.h"

#include <pthread.h>
#include <string.h>

#include "matching/lexicon_words.h"
#include "matching/values.h"

enum { TABLE_SIZE = 1 << 14 };

struct entry {
    struct str word; /* absent: free */
    uint8_t list;
    uint8_t group_count;
    uint16_t group[LEXICON_GROUPS_MAX];
};

static struct entry table[TABLE_SIZE];
static pthread_once_t built = PTHREAD_ONCE_INIT;

static size_t slot_of(enum lexicon list, struct str word)
{
    uint64_t hash = values_hash(word) + (uint64_t)list * 0x9E3779B97F4A7C15u;
    return (size_t)(hash ^ hash >> 29) & (TABLE_SIZE - 1);
}

/* The entry of the word, or the free one where it would stand. */
static struct entry *find(enum lexicon list, struct str word)
{
    size_t slot = slot_of(list, word);
    while (!str_is_none(table[slot].word) &&
           (table[slot].list != list || !str_equal(table[slot].word, word)))
        slot = (slot + 1) & (TABLE_SIZE - 1);
    return &table[slot];
}

static void add_row(enum lexicon list, const char *row, uint16_t group)
{
    struct str rest = str_from_cstr(row), word;
    while (str_split(&rest, ' ', &word)) {
        struct entry *entry = find(list, word);
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

unsigned lexicon_groups(enum lexicon list, struct str word, uint16_t groups[LEXICON_GROUPS_MAX])
{
    pthread_once(&built, build);
    const struct entry *entry = find(list, word);
    if (str_is_none(entry->word)) return 0;
    memcpy(groups, entry->group, sizeof entry->group);
    return entry->group_count;
}

bool lexicon_has(enum lexicon list, struct str word)
{
    pthread_once(&built, build);
    return word.len > 0 && !str_is_none(find(list, word)->word);
}

struct str lexicon_head(enum lexicon list, struct str word)
{
    uint16_t groups[LEXICON_GROUPS_MAX];
    if (!lexicon_groups(list, word, groups)) return word;
    struct str row = str_from_cstr(lexicon_rows[list][groups[0] - 1]), head;
    return str_split(&row, ' ', &head) ? head : word;
}
