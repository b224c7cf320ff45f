#include "matching.h"

#include <stdlib.h>

#include "adapters/matcher/matcher.h"

struct matcher *matching_default(void)
{
    static struct matcher *matcher;
    const struct matcher_options options = MATCHER_OPTIONS_DEFAULT;
    if (!matcher && matcher_new(&options, &matcher, NULL) != STATUS_OK) abort();
    return matcher;
}
