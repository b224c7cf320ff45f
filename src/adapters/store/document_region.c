#include "adapters/store/document_region.h"

#include <stdint.h>
#include <sys/mman.h>

enum { LARGE_PAGE_BYTES = 2 * 1024 * 1024 };

static size_t rounded_up(size_t bytes)
{
    return (bytes + LARGE_PAGE_BYTES - 1) / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES;
}

/* Addresses alone, which a system that counts promised memory does not count. */
bool document_region_init(struct document_region *region, size_t size_bytes)
{
    size_t size = rounded_up(size_bytes), mapping_bytes = size + LARGE_PAGE_BYTES;
    void *mapping = mmap(NULL, mapping_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return false;
    *region = (struct document_region){.base = (char *)rounded_up((uintptr_t)mapping),
                                       .size_bytes = size_bytes,
                                       .mutex = PTHREAD_MUTEX_INITIALIZER,
                                       .mapping = mapping,
                                       .mapping_bytes = mapping_bytes};
    /* A wish: a system without large pages has small ones. */
    (void)madvise(region->base, size, MADV_HUGEPAGE);
    return true;
}

void document_region_release(struct document_region *region)
{
    if (region->mapping) (void)munmap(region->mapping, region->mapping_bytes);
    (void)pthread_mutex_destroy(&region->mutex);
}

static bool make_ready(struct document_region *region, size_t bytes)
{
    if (bytes > region->size_bytes) return false;
    while (region->ready_bytes < bytes) {
        if (mprotect(region->base + region->ready_bytes, LARGE_PAGE_BYTES,
                     PROT_READ | PROT_WRITE) != 0)
            return false;
        region->ready_bytes += LARGE_PAGE_BYTES;
    }
    return true;
}

void *document_region_take(struct document_region *region, size_t bytes)
{
    void *piece = NULL;
    pthread_mutex_lock(&region->mutex);
    if (make_ready(region, region->taken_bytes + bytes)) {
        piece = region->base + region->taken_bytes;
        region->taken_bytes += bytes;
    }
    pthread_mutex_unlock(&region->mutex);
    return piece;
}
