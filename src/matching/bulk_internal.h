/* What the files of bulk matching share: bulk.c, which has the steps, and bulk_read.c. */
#ifndef MATCHING_BULK_INTERNAL_H
#define MATCHING_BULK_INTERNAL_H

#include "matching/bulk.h"
#include "matching/rarity.h"

/* The trait of a record of the second file. */
enum { BULK_STEPS_MAX = 12, BULK_SOURCE_BIT = 1 << 30 };

struct bulk {
    struct bulk_options options;
    struct values values;
    struct values_budget budget;
    struct record *records; /* one per row while reading; one per distinct content after */
    uint32_t row_count, row_capacity, record_count;
    uint32_t *row_record; /* of each row, its record; after bulk_match() */
    uint32_t *first_row;  /* of each record, its first row */
    uint32_t file_start[3];
    unsigned file_count;
    char *ids;
    uint64_t *id_offset; /* row_count + 1 */
    uint64_t ids_bytes, ids_capacity;
    struct columns columns;
    struct table_reader *reader; /* of the last file: its header */
    uint64_t uneven_rows;
    struct rarities rarities;
    struct model_set models;
    struct scorer scorer;
    struct scoring_memos memos;
    struct blocking blocking;
    struct edge *edges;
    size_t edge_count;
    uint64_t pairs_scored;
    uint32_t *cluster; /* per record */
    float *best;       /* per record */
    uint32_t *partner; /* per record: when linking, the other of its cluster, else itself */
    bool *alike;       /* per record: its equal rows are the same customer */
    struct bulk_step steps[BULK_STEPS_MAX];
    int step_count;
    double step_start, step_start_cpu;
};

void bulk_step_begin(struct bulk *bulk, const char *name);
void bulk_step_end(struct bulk *bulk);
void bulk_progress(struct bulk *bulk, const char *step, double done);
/* STATUS_UNAVAILABLE once somebody wants it to stop. */
MUST_CHECK enum status bulk_go_on(const struct bulk *bulk, struct error *error);

/* Memory within the budget, as values_budget_realloc() has it. */
void *bulk_take(struct bulk *bulk, void *old, uint64_t old_bytes, uint64_t new_bytes);
enum status bulk_out_of_memory(const struct bulk *bulk, struct error *error);

#endif
