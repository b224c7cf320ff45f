/* One range of addresses that memory comes into as it is needed, in large pages where the system
 * has them: a look-up in a million documents otherwise waits for the page table as long as for the
 * document. Pieces are of one size, taken one after the other, and never given back. Thread-safe.
 */
#ifndef ADAPTERS_STORE_DOCUMENT_REGION_H
#define ADAPTERS_STORE_DOCUMENT_REGION_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

struct document_region {
    char *base; /* aligned to a large page */
    size_t size_bytes;
    pthread_mutex_t mutex;
    size_t taken_bytes;
    size_t ready_bytes; /* of them and those behind them: may be written to */
    void *mapping;
    size_t mapping_bytes;
};

/* False when there are not as many addresses. */
bool document_region_init(struct document_region *region, size_t size_bytes);
void document_region_release(struct document_region *region);
/* NULL: there is no more. */
void *document_region_take(struct document_region *region, size_t bytes);

#endif
