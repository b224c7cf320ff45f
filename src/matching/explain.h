/* Explanations: what a pair came to, comparison by comparison, as text and as a picture (a
 * waterfall, as is usual for match weights: from the prior, each comparison moves the sum up or
 * down, to the log-odds of a match). */
#ifndef MATCHING_EXPLAIN_H
#define MATCHING_EXPLAIN_H

#include "base/buffer.h"
#include "matching/scoring.h"

/* A table of lines; a and b are the names of the two. */
void explain_text(const struct scorer *scorer, const struct record *a, const struct record *b,
                  const struct evidence *evidence, struct buffer *out);
/* A whole SVG document. */
void explain_svg(const struct evidence *evidence, struct str title, struct buffer *out);
/* One JSON object. */
void explain_json(const struct evidence *evidence, struct buffer *out);

#endif
