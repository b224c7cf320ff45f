#include "base/identifier.h"

#include <string.h>

enum { ENCODED_CHARS = 26 };

struct str identifier_new(struct environment *environment, struct str prefix, struct arena *arena)
{
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    unsigned char noise[10];
    uint64_t millis = (uint64_t)(environment->now(environment) / 1000);
    environment->random(environment, noise, sizeof(noise));
    char *text = arena_alloc(arena, prefix.len + 1 + ENCODED_CHARS + 1);
    if (!text) return STR_NONE;
    memcpy(text, prefix.ptr, prefix.len);
    char *at = text + prefix.len;
    *at++ = '-';
    for (int shift = 45; shift >= 0; shift -= 5) *at++ = alphabet[millis >> shift & 31];
    uint64_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < sizeof(noise); i++) {
        bits = bits << 8 | noise[i];
        for (have += 8; have >= 5; have -= 5) *at++ = alphabet[bits >> (have - 5) & 31];
    }
    *at = '\0';
    return str_of(text, (size_t)(at - text));
}

static bool is_alphanumeric(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool identifier_is_valid(struct str id)
{
    if (id.len == 0 || id.len > IDENTIFIER_MAX_BYTES || !is_alphanumeric(id.ptr[0])) return false;
    for (size_t i = 1; i < id.len; i++)
        if (!is_alphanumeric(id.ptr[i]) && !memchr("._:-", id.ptr[i], 4)) return false;
    return true;
}
