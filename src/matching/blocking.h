/* Blocks: the records that share a key, per key type. Keys are radix-sorted type by type; blocks of
 * one record vanish at once, blocks too large for the budget of pairs are cut and counted, and
 * what remains is walked record by record without ever holding the pairs. A pair that several keys
 * bring together is handed out once. */
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
    uint32_t first_block; /* its blocks' numbers among all, kind by kind and type by type */
};

struct blocking {
    const struct record *records;
    uint32_t record_count;
    uint32_t *record_starts; /* record_count + 1 offsets into record_blocks */
    uint32_t *record_blocks; /* record after record, the numbers of its blocks, ascending */
    uint64_t memberships;
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

struct blocking_partners {
    uint32_t *record;
    size_t count, capacity;
    uint32_t *table; /* room to find doubles with */
};
void blocking_partners_release(struct blocking_partners *partners);
/* The records above this one that share a block of one of the types (a bit each) with it, each
 * once. False: out of memory. */
bool blocking_find_partners(const struct blocking *blocking, uint32_t record, uint32_t types,
                            struct blocking_partners *partners);
/* To be called before, record after record: asks for the memory that a later record will need. */
void blocking_prefetch(const struct blocking *blocking, uint32_t record, uint32_t types);

/* A bit per key type of which the two, which must be of one kind, share a block. */
uint32_t blocking_shared_types(const struct blocking *blocking, uint32_t a, uint32_t b);

#endif
