/* See phonetic.h. A row of `clusters` rewrites a letter group before single letters are classed;
 * the longest stands first. */
#include "text/phonetic.h"

#include <string.h>

enum { CODES_MAX = 6, CODE_BITS = 5 };

static const struct {
    const char *letters;
    char sound; /* '-' is silent */
} clusters[] = {
    {"tsch", 'x'}, {"sch", 'x'}, {"tch", 'x'}, {"cz", 'x'}, {"sz", 'x'}, {"sh", 'x'}, {"ch", 'x'},
    {"zh", 'x'},   {"ph", 'f'},  {"ght", 't'}, {"gh", '-'}, {"kn", 'n'}, {"gn", 'n'}, {"wr", 'r'},
    {"ck", 'k'},   {"cq", 'k'},  {"dt", 't'},  {"th", 't'}, {"dg", 'j'}, {"ce", 's'}, {"ci", 's'},
    {"cy", 's'},   {"ks", 'c'},  {"kh", 'k'},  {"wh", 'f'}, {"rh", 'r'},
};

static const char letter_sound[26] = {'-', 'p', 'k', 't', '-', 'f', 'k', '-', '-',
                                      'j', 'k', 'l', 'm', 'n', '-', 'p', 'k', 'r',
                                      's', 't', '-', 'f', 'f', 'c', '-', 's'};

static char sound_at(struct str s, size_t *used)
{
    for (size_t i = 0; i < sizeof clusters / sizeof clusters[0]; i++) {
        if (s.ptr[0] != clusters[i].letters[0]) continue;
        size_t len = strlen(clusters[i].letters);
        if (s.len < len || memcmp(s.ptr, clusters[i].letters, len) != 0) continue;
        bool soft_c = clusters[i].sound == 's';
        *used = soft_c ? 1 : len;
        return clusters[i].sound;
    }
    *used = 1;
    unsigned char c = (unsigned char)s.ptr[0];
    if (c >= 'a' && c <= 'z') return letter_sound[c - 'a'];
    return c >= 128 || (c >= '0' && c <= '9') ? (char)(c & 31) : '-';
}

uint32_t phonetic_code(struct str folded)
{
    uint32_t code = 0;
    unsigned count = 0;
    char before = 0;
    if (folded.len > 0 && memchr("aeiouyh", folded.ptr[0], 7)) {
        code = 1; /* any vowel in front sounds alike for our purpose */
        count = 1;
    }
    for (size_t i = 0; i < folded.len && count < CODES_MAX;) {
        size_t used = 1;
        char sound = sound_at(str_skip(folded, i), &used);
        i += used;
        if (sound != '-' && sound != before) {
            code = code << CODE_BITS | ((uint32_t)sound & 31);
            count++;
        }
        before = sound;
    }
    return code;
}
