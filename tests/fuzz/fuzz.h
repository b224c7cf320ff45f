/* What a fuzz target includes. A target is a file NAME_fuzz.c with this one function, which must
 * take any bytes; seeds are in corpus/NAME/, words to try may be in NAME.dict. See mk/fuzz.mk.
 *
 * FUZZ_REQUIRE stays in every build, unlike assert().
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_REQUIRE(condition)                                                                    \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);          \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
