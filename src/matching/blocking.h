/* Blocks: the records that share a key, per key type. Keys are radix-sorted type by type; blocks of
 * one record vanish at once, blocks too large for the budget of pairs are cut and counted, and
 * what remains is walked pair by pair without ever holding the pairs. A pair that several keys
 * bring together is handed out once, for the first of them. */
#ifndef MATCHING_BLOCKING_H
#define MATCHING_BLOCKING_H

#include "matching/keys.h"

struct block_list {
    uint32_t *members; /* block after block, ascending within a block */
    uint32_t *starts;  /* block_count + 1 offsets into members */
    uint32_t block_count;
    uint32_t size_max; /* blocks larger than this were cut */
    uint32_t blocks_cut;
    uint64_t records_cut, pairs_cut;
    uint64_t pairs;
};

struct blocking {
    const struct record *records;
    uint32_t record_count;
    uint32_t (*first_keys)[KEYS_TYPE_MAX]; /* per record and type; 0: none, or cut */
    struct block_list list[MODEL_KIND_COUNT][KEYS_TYPE_MAX];
    struct values_budget *budget;
};

struct blocking_options {
    unsigned threads;
    double pairs_per_record; /* per key type */
};

enum status blocking_build(struct blocking *blocking, const struct values *values,
                           const struct rarities *rarities, const struct record *records,
                           uint32_t record_count, const struct blocking_options *options,
                           struct values_budget *budget, struct error *error);
void blocking_release(struct blocking *blocking);

/* One stretch of a list's blocks, small enough that many make even work for threads. */
struct block_range {
    enum model_kind kind;
    uint8_t type;
    uint32_t first, last; /* blocks first .. last - 1 */
};
/* All blocks in ranges of about `pairs` pairs; *ranges is the caller's to free. */
enum status blocking_ranges(const struct blocking *blocking, uint64_t pairs,
                            struct block_range **ranges, size_t *count);

/* The lowest type whose key both records have and was not cut; KEYS_TYPE_MAX when there is none. */
unsigned blocking_first_shared(const uint32_t *keys_a, const uint32_t *keys_b);
/* The same without vector instructions. */
unsigned blocking_first_shared_scalar(const uint32_t *keys_a, const uint32_t *keys_b);

#endif
