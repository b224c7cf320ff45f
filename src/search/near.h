/* Words of the dictionary that are near what was typed: a typo or two away, or alike in sound. A
 * segment never changes, so that what of its words is near one is kept (search_view.remember). */
#ifndef SEARCH_NEAR_H
#define SEARCH_NEAR_H

#include "search/view.h"

enum { SEARCH_NEAR_WORDS_MAX = 96 /* of a token, that are followed */ };

/* Adds to a token's ranges where entries are that are near it. `scratch`: for a while. */
MUST_CHECK enum status search_near_ranges(const struct search_view *view,
                                          const struct search_token *token, struct arena *scratch,
                                          struct search_ranges *ranges, struct error *error);

#endif
