/* The clusters of a file as text, one line per row: id, cluster_id, probability. */
#ifndef SERVICE_CLUSTERS_TEXT_H
#define SERVICE_CLUSTERS_TEXT_H

#include <stdio.h>

#include "matching/bulk.h"

/* A failure of the file is remembered by it; STATUS_OUT_OF_MEMORY. */
enum status clusters_text_write(const struct bulk *bulk, FILE *out, struct error *error);

#endif
