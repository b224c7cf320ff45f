/* Bulk matching: files to clusters. This is the whole pipeline in order; each step is a file.
 *
 *     struct bulk *bulk;
 *     TRY(bulk_new(&options, &bulk, error));
 *     TRY(bulk_read(bulk, "people.csv", &request, error));       bulk_read, columns, record
 *     TRY(bulk_match(bulk, error));     rarity, blocking, training, scoring, clustering
 *     for (uint32_t row = 0; row < bulk_row_count(bulk); row++) ... bulk_cluster(bulk, row) ...
 *     bulk_free(bulk);
 *
 * The result depends on the rows' content alone, not on their order or the number of threads: rows
 * are put into an order that only their normalised content sets, equal ones taken together, before
 * anything is counted, sampled or compared.
 */
#ifndef MATCHING_BULK_H
#define MATCHING_BULK_H

#include "matching/blocking.h"
#include "matching/clustering.h"
#include "matching/columns.h"
#include "matching/training.h"

struct bulk;

struct bulk_options {
    unsigned threads;                    /* 0: as many as there are processors */
    uint64_t memory_bytes;               /* 0: no limit */
    const struct model_set *models;      /* NULL: as shipped */
    bool train;                          /* adapt the model to the records */
    const struct training_label *labels; /* for that; see training.h */
    size_t label_count;
    bool link; /* pairs across two files only, one to one */
    /* More pairs, down to less likely ones, and no clusters: for somebody else to judge. */
    bool pairs_only;
    double threshold; /* probability from which records are joined; 0: the usual one */
    /* Told now and then how far a step is (0 to 1); may be NULL. */
    void (*progress)(void *context, const char *step, double done);
    void *progress_context;
    /* Asked now and then whether to give up; may be NULL. What was asked to do so answers
     * STATUS_UNAVAILABLE, and all that is left is bulk_free(). */
    bool (*stopped)(void *context);
};

enum status bulk_new(const struct bulk_options *options, struct bulk **bulk, struct error *error);
void bulk_free(struct bulk *bulk);

/* Reads a file; twice for linking. */
enum status bulk_read(struct bulk *bulk, const char *path, const struct columns_request *request,
                      struct error *error);
/* Or records that are in normal form (matching.h) already, one by one. STATUS_INVALID_VALUE when it
 * is no normal form. */
enum status bulk_read_record(struct bulk *bulk, struct str id, struct str normal,
                             struct error *error);
/* Everything from normalised records to clusters. */
enum status bulk_match(struct bulk *bulk, struct error *error);

uint32_t bulk_row_count(const struct bulk *bulk);
/* The id of the row in its file, or its number (from 1) where the file has none. */
struct str bulk_row_id(const struct bulk *bulk, uint32_t row, char room[24]);
/* Which file the row came from, 0 or 1. */
unsigned bulk_row_file(const struct bulk *bulk, uint32_t row);
/* The row that names the row's cluster: a row of it that its content sets, whatever the order. */
uint32_t bulk_cluster(const struct bulk *bulk, uint32_t row);
uint32_t bulk_cluster_count(const struct bulk *bulk);
/* How many threads it works with. */
unsigned bulk_threads(const struct bulk *bulk);
/* The row's partner in the other file, itself when it has none: for linking. */
uint32_t bulk_partner(const struct bulk *bulk, uint32_t row);
/* The first row of a record. */
uint32_t bulk_first_row(const struct bulk *bulk, uint32_t record);
/* That the row belongs with its cluster: of its best pair in it; 1 for a row that is alone. */
double bulk_probability(const struct bulk *bulk, uint32_t row);
/* The columns of the file last read. */
const struct columns *bulk_columns(const struct bulk *bulk);
struct str bulk_column_name(const struct bulk *bulk, size_t column);

const struct model_set *bulk_models(const struct bulk *bulk);
const struct blocking *bulk_blocking(const struct bulk *bulk);
const struct scorer *bulk_scorer(const struct bulk *bulk);
const struct record *bulk_record(const struct bulk *bulk, uint32_t row);
/* The pairs found, best first; a and b are records (see bulk_row_record), not rows. */
const struct edge *bulk_edges(const struct bulk *bulk, size_t *count);
uint32_t bulk_row_record(const struct bulk *bulk, uint32_t row);
/* Pairs that were scored. */
uint64_t bulk_pairs_scored(const struct bulk *bulk);
/* Normalised rows with the same content are one record: how many there are. */
uint32_t bulk_record_count(const struct bulk *bulk);
uint64_t bulk_uneven_rows(const struct bulk *bulk);
/* Seconds each step took, for reports: name NULL ends the list. */
struct bulk_step {
    const char *name;
    double seconds, cpu_seconds; /* cpu: of all threads */
};
const struct bulk_step *bulk_steps(const struct bulk *bulk);

#endif
