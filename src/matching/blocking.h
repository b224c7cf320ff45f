/* Blocks: the records that share a key, per key type. Keys are radix-sorted type by type; blocks of
 * one record vanish at once, and what remains is walked record by record without ever holding the
 * pairs. A pair that several keys bring together is handed out once.
 *
 * Blocks too large for the budget of pairs are walked by neighbours: each record with the next few,
 * which in the order of record_hash() are those of like names (the sorted neighbourhood method:
 * Hernandez and Stolfo, 1995). That is linear in the block, and it reaches all records of a
 * customer who has very many, for clustering joins what a chain of neighbours links. Blocks of the
 * types that are one common part alone are cut instead. */
#ifndef MATCHING_BLOCKING_H
#define MATCHING_BLOCKING_H

#include "matching/keys.h"

struct block_list {
    uint32_t *members; /* block after block, ascending within a block */
    uint32_t *starts;  /* block_count + 1 offsets into members */
    uint32_t block_count;
    uint32_t size_max; /* blocks larger than this are walked by neighbours, or were cut */
    uint32_t blocks_over;
    bool cut;             /* they were cut */
    uint64_t pairs;       /* that are walked */
    uint32_t first_block; /* its blocks' numbers among all, kind by kind and type by type */
};

/* With how many of the next members the one at the place is walked, in a block of that size. */
uint32_t blocking_reach(const struct block_list *list, uint32_t size, uint32_t place);

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

/* Which blocks are walked: a bit per key type for its blocks within the budget of pairs, and that
 * bit BLOCKING_OVER higher for those over it, whose neighbours are worth as much or as little by
 * themselves. */
typedef uint64_t blocking_types;
enum { BLOCKING_OVER = 32 };
#define BLOCKING_ALL UINT64_MAX

struct blocking_partners {
    uint32_t *record;
    size_t count, capacity;
    uint32_t *table; /* room to find doubles with */
};
void blocking_partners_release(struct blocking_partners *partners);
/* The records above this one that are walked with it by one of the types, each once. False: out of
 * memory. */
bool blocking_find_partners(const struct blocking *blocking, uint32_t record, blocking_types types,
                            struct blocking_partners *partners);
/* To be called before, record after record: asks for the memory that a later record will need. */
void blocking_prefetch(const struct blocking *blocking, uint32_t record, blocking_types types);

/* By which types the two, which must be of one kind, are walked together. */
blocking_types blocking_shared_types(const struct blocking *blocking, uint32_t a, uint32_t b);

/* The same whether or not the blocks are within the budget: a bit per key type. */
static inline uint32_t blocking_either(blocking_types types)
{
    return (uint32_t)(types | types >> BLOCKING_OVER);
}

#endif
