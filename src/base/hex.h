/* Numbers as hexadecimal digits. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <stdint.h>

enum { HEX_DIGITS = 16 };

/* All sixteen, in small letters. */
static inline void hex_put(uint64_t number, char digits[HEX_DIGITS])
{
    for (int i = HEX_DIGITS - 1; i >= 0; i--, number >>= 4)
        digits[i] = "0123456789abcdef"[number & 15];
}

#endif
