/* Blocking keys: hashes that records of one customer are likely to share. Two records are compared
 * only when they share one. Each key type combines parts that are selective together and fail for
 * different reasons, so that a pair must be wrong in many places at once to be missed. */
#ifndef MATCHING_KEYS_H
#define MATCHING_KEYS_H

#include "matching/model.h"
#include "matching/scoring.h"

enum { KEYS_TYPE_MAX = 24, KEYS_PER_TYPE_MAX = 6 };

struct key_type {
    const char *name;
    uint32_t comparisons; /* bit per comparison that sharing the key makes likely: not trained on */
    /* Writes at most KEYS_PER_TYPE_MAX hashes (never 0), answers how many. */
    size_t (*make)(const struct values *, const struct rarities *, const struct record *,
                   uint64_t *);
    /* One part of many: who shares a frequent one shares nothing else. */
    bool is_one_part;
};

/* The key types of a kind, ended by a NULL name; at most KEYS_TYPE_MAX. */
const struct key_type *keys_types(enum model_kind kind);
/* All keys of one type; different for different kinds and types. */
size_t keys_make(enum model_kind kind, int type, const struct values *values,
                 const struct rarities *rarities, const struct record *record, uint64_t *keys);

#endif
