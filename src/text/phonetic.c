/* See phonetic.h. Letter groups are rewritten before single letters are classed. */
#include "text/phonetic.h"

enum { CODES_MAX = 6, CODE_BITS = 5, GROUPS_MAX = 8 };

/* Groups by their first letter: the letters behind it, the longest group first. */
static const struct group {
    char rest[4];
    uint8_t len; /* of the rest */
    char sound;  /* '-' is silent; 's' leaves the rest to be read again */
} groups[26][GROUPS_MAX] = {
    ['c' - 'a'] = {{"z", 1, 'x'},
                   {"h", 1, 'x'},
                   {"k", 1, 'k'},
                   {"q", 1, 'k'},
                   {"e", 1, 's'},
                   {"i", 1, 's'},
                   {"y", 1, 's'}},
    ['d' - 'a'] = {{"t", 1, 't'}, {"g", 1, 'j'}},
    ['g' - 'a'] = {{"ht", 2, 't'}, {"h", 1, '-'}, {"n", 1, 'n'}},
    ['k' - 'a'] = {{"n", 1, 'n'}, {"s", 1, 'c'}, {"h", 1, 'k'}},
    ['p' - 'a'] = {{"h", 1, 'f'}},
    ['r' - 'a'] = {{"h", 1, 'r'}},
    ['s' - 'a'] = {{"ch", 2, 'x'}, {"z", 1, 'x'}, {"h", 1, 'x'}},
    ['t' - 'a'] = {{"sch", 3, 'x'}, {"ch", 2, 'x'}, {"h", 1, 't'}},
    ['w' - 'a'] = {{"r", 1, 'r'}, {"h", 1, 'f'}},
    ['z' - 'a'] = {{"h", 1, 'x'}},
};

static const char letter_sound[26] = {'-', 'p', 'k', 't', '-', 'f', 'k', '-', '-',
                                      'j', 'k', 'l', 'm', 'n', '-', 'p', 'k', 'r',
                                      's', 't', '-', 'f', 'f', 'c', '-', 's'};

static bool stands_at(const struct group *group, const char *letters, size_t left)
{
    if (group->len > left) return false;
    for (size_t i = 0; i < group->len; i++)
        if (letters[i] != group->rest[i]) return false;
    return true;
}

static char sound_at(struct str s, size_t *used)
{
    unsigned char c = (unsigned char)s.ptr[0];
    *used = 1;
    if (c < 'a' || c > 'z') return c >= 128 || (c >= '0' && c <= '9') ? (char)(c & 31) : '-';
    for (const struct group *group = groups[c - 'a']; group->len; group++) {
        if (!stands_at(group, s.ptr + 1, s.len - 1)) continue;
        if (group->sound != 's') *used += group->len;
        return group->sound;
    }
    return letter_sound[c - 'a'];
}

static bool is_vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y' || c == 'h';
}

uint32_t phonetic_code(struct str folded)
{
    uint32_t code = 0;
    unsigned count = 0;
    char before = 0;
    if (folded.len > 0 && is_vowel(folded.ptr[0])) {
        code = 1; /* any vowel in front sounds alike for our purpose */
        count = 1;
    }
    for (size_t i = 0; i < folded.len && count < CODES_MAX;) {
        size_t used = 1;
        char sound = sound_at(str_of(folded.ptr + i, folded.len - i), &used);
        i += used;
        if (sound != '-' && sound != before) {
            code = code << CODE_BITS | ((uint32_t)sound & 31);
            count++;
        }
        before = sound;
    }
    return code;
}
