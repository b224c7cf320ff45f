/* The matcher of the tests: shipped model, default thresholds. */
#ifndef SUPPORT_MATCHING_H
#define SUPPORT_MATCHING_H

#include "application/ports/matcher.h"

/* The same one for everybody, made at the first call; not to be freed. Not thread-safe. */
struct matcher *matching_default(void);

#endif
