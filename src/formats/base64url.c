#include "formats/base64url.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

struct str base64url_encode(struct str bytes, struct arena *arena)
{
    if (bytes.len > SIZE_MAX / 2) return STR_NONE;
    size_t len = (bytes.len * 4 + 2) / 3;
    char *out = arena_alloc(arena, len + 1);
    if (!out) return STR_NONE;
    uint32_t bits = 0;
    int pending = 0;
    size_t at = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.ptr[i];
        for (pending += 8; pending >= 6; pending -= 6)
            out[at++] = alphabet[bits >> (pending - 6) & 63];
    }
    if (pending > 0) out[at++] = alphabet[bits << (6 - pending) & 63];
    out[at] = '\0';
    return str_of(out, at);
}

/* The six bits of a character, or -1. */
static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-') return 62;
    return c == '_' ? 63 : -1;
}

bool base64url_decode(struct str text, struct arena *arena, struct str *bytes)
{
    if (text.len % 4 == 1) return false;
    char *out = arena_alloc(arena, text.len / 4 * 3 + 3);
    if (!out) return false;
    uint32_t bits = 0;
    int pending = 0;
    size_t at = 0;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0) return false;
        bits = bits << 6 | (uint32_t)value;
        pending += 6;
        if (pending < 8) continue;
        pending -= 8;
        out[at++] = (char)(bits >> pending & 0xff);
    }
    if ((bits & ((1u << pending) - 1)) != 0) return false;
    *bytes = str_of(out, at);
    return true;
}
