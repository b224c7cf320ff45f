/* Hashing of bytes for tables and tokens that an attacker may choose the input of: SipHash-2-4
 * (J.-P. Aumasson, D. J. Bernstein, 2012) with an explicit key. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

struct hash_key {
    uint64_t k0, k1;
};

uint64_t hash_bytes(struct hash_key key, struct str bytes);

#endif
