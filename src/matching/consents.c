#include "matching/consents.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matching/values.h"

enum { SIZE_MIN = 64, SIZE_MAX_ENTRIES = 1 << 22 };

struct consent_entry {
    uint64_t pair; /* 0: free; the lower record is never the higher */
    float value;
};

/* Makes the table that large, at least, and empty. */
static bool empty_table(struct consents *consents, size_t size)
{
    if (size > consents->capacity) {
        free(consents->table);
        consents->table = malloc(size * sizeof *consents->table);
        consents->capacity = consents->table ? size : 0;
    }
    consents->size = consents->table ? size : 0;
    consents->used = 0;
    if (consents->size) memset(consents->table, 0, size * sizeof *consents->table);
    return consents->size > 0;
}

void consents_begin(struct consents *consents, size_t edges)
{
    size_t size = SIZE_MIN;
    while (size < 4 * edges && size < SIZE_MAX_ENTRIES) size *= 2;
    (void)empty_table(consents, size);
}

static struct consent_entry *find(const struct consents *consents, uint64_t pair)
{
    size_t at = values_mix(pair) & (consents->size - 1);
    while (consents->table[at].pair && consents->table[at].pair != pair)
        at = (at + 1) & (consents->size - 1);
    return &consents->table[at];
}

static bool grow(struct consents *consents)
{
    struct consents grown = {NULL, 0, 0, 0};
    if (consents->used * 2 < consents->size) return true;
    if (consents->size >= SIZE_MAX_ENTRIES || !empty_table(&grown, consents->size * 2))
        return false;
    for (size_t i = 0; i < consents->size; i++)
        if (consents->table[i].pair) *find(&grown, consents->table[i].pair) = consents->table[i];
    grown.used = consents->used;
    free(consents->table);
    *consents = grown;
    return true;
}

float *consents_at(struct consents *consents, uint32_t a, uint32_t b)
{
    uint64_t pair = a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a;
    if (!consents->size) return NULL;
    struct consent_entry *entry = find(consents, pair);
    if (entry->pair) return &entry->value;
    if (!grow(consents)) return NULL;
    entry = find(consents, pair);
    *entry = (struct consent_entry){pair, NAN};
    consents->used++;
    return &entry->value;
}

void consents_release(struct consents *consents)
{
    free(consents->table);
    *consents = (struct consents){NULL, 0, 0, 0};
}
