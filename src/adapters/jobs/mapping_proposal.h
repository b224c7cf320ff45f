/* Which field is each column of a file? Proposed from how the column is called, in several
 * languages, and from what its cells look like; a person looks at it, or a program takes what is
 * sure enough.
 *
 *     TRY(record_sample_read(file, form, separator, arena, &sample, error));
 *     TRY(mapping_propose(&sample, arena, &proposal, error));
 *     struct str json = mapping_proposal_json(&proposal, arena);
 */
#ifndef ADAPTERS_JOBS_MAPPING_PROPOSAL_H
#define ADAPTERS_JOBS_MAPPING_PROPOSAL_H

#include "adapters/jobs/record_sample.h"

enum { PROPOSAL_SAMPLES = 3, PROPOSAL_SURE_PERCENT = 80 };

struct column_proposal {
    struct str column;
    struct str field;                     /* absent: none */
    int percent;                          /* how sure, of 100 */
    bool by_name;                         /* the column is called like it */
    bool by_values;                       /* its cells look like it */
    bool is_key;                          /* the source's key of a record */
    struct str samples[PROPOSAL_SAMPLES]; /* cells */
    size_t sample_count;
};

struct mapping_proposal {
    struct column_proposal *columns;
    size_t count;
    const struct record_sample *sample;
};

/* STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status mapping_propose(const struct record_sample *sample, struct arena *arena,
                                       struct mapping_proposal *proposal, struct error *error);
/* {"form","separator","encoding","rows","keyColumn","mapping":{..},"columns":[{"column","field",
 * "confidence","by":["NAME","VALUES"],"samples":[..]}]}; `mapping` and `keyColumn` have what is
 * sure, null for the other columns, and can be given to an import as they are. Absent when out of
 * memory. */
struct str mapping_proposal_json(const struct mapping_proposal *proposal, struct arena *arena);
/* The mapping alone: what is sure, over what `given` says already (absent: nothing). */
struct str mapping_proposal_mapping(const struct mapping_proposal *proposal, struct str given,
                                    struct arena *arena);

#endif
