/* The letters of other scripts in plain a-z; used by fold.c only. Data: tools/fold_tables.py. */
#ifndef TEXT_FOLD_TABLES_H
#define TEXT_FOLD_TABLES_H

#include <stddef.h>
#include <stdint.h>

struct fold_block {
    uint32_t first, last; /* code points */
    uint32_t offset;      /* of the first one's letters */
};

/* "?" where nothing is known; "-x" takes an inherent a away first (Indic vowel signs). */
extern const char fold_letters[][8];
extern const struct fold_block fold_blocks[];
extern const size_t fold_block_count;

#endif
