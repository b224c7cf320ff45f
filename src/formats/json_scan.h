/* Looking for the end of a run of string content, eight bytes at a time: shared by the parser and
 * the writer of formats/json.h, and of no use elsewhere. */
#ifndef FORMATS_JSON_SCAN_H
#define FORMATS_JSON_SCAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A byte that cannot stand in a JSON string as itself: quote, backslash, control character. */
static inline bool json_scan_is_special(unsigned char c)
{
    return c < 0x20 || c == '"' || c == '\\';
}

/* The high bit of each byte of `word` that is zero; what lies above the lowest set bit may be
 * wrong, which is enough to find the first. */
static inline uint64_t json_scan_zero_bytes(uint64_t word)
{
    return (word - 0x0101010101010101u) & ~word & 0x8080808080808080u;
}

/* The first special byte in [at, end), or end. */
static inline const char *json_scan_special(const char *at, const char *end)
{
    while (end - at >= 8) {
        uint64_t word;
        memcpy(&word, at, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        word = __builtin_bswap64(word);
#endif
        uint64_t control = (word - 0x2020202020202020u) & ~word & 0x8080808080808080u;
        uint64_t hits = control | json_scan_zero_bytes(word ^ 0x2222222222222222u) |
                        json_scan_zero_bytes(word ^ 0x5C5C5C5C5C5C5C5Cu);
        if (hits) return at + __builtin_ctzll(hits) / 8;
        at += 8;
    }
    while (at < end && !json_scan_is_special((unsigned char)*at)) at++;
    return at;
}

#endif
