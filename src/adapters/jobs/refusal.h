/* How an import tells what it did: the counts, and rows that were refused. */
#ifndef ADAPTERS_JOBS_REFUSAL_H
#define ADAPTERS_JOBS_REFUSAL_H

#include "adapters/jobs/importer.h"

/* {"row":5,"code":"INVALID_VALUE","field":"emails[0]","message":"...","allowed":"..."} and a line
 * feed; "customerId" for a duplicate. */
void refusal_write_json(struct buffer *out, int64_t row, struct str customer_id,
                        const struct error *why);
/* The same as a row of CSV; refusal_csv_header names its columns. */
void refusal_write_csv(struct buffer *out, int64_t row, struct str customer_id,
                       const struct error *why);
void refusal_write_csv_header(struct buffer *out);

/* rows, bytes and one member per outcome, into an open object. */
void refusal_write_counts(struct json_writer *writer, const struct import_counts *counts);

#endif
