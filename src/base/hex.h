/* Numbers as hexadecimal digits. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stddef.h>
#include <stdint.h>

enum { HEX_DIGITS = 16 };
static const char hex_digits[] = "0123456789abcdef";

/* All sixteen, in small letters. */
static inline void hex_put(uint64_t number, char digits[HEX_DIGITS])
{
    for (int i = HEX_DIGITS - 1; i >= 0; i--, number >>= 4) digits[i] = hex_digits[number & 15];
}

/* Bytes in their order: twice as many digits. */
static inline void hex_put_bytes(const unsigned char *bytes, size_t count, char *digits)
{
    for (size_t i = 0; i < count; i++) {
        digits[2 * i] = hex_digits[bytes[i] >> 4];
        digits[2 * i + 1] = hex_digits[bytes[i] & 15];
    }
}

#endif
