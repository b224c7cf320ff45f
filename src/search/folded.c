#include "search/folded.h"

#include "text/fold.h"

struct str search_folded(struct str text, struct arena *arena)
{
    /* One more, for an empty text is not an absent one. */
    char *out = arena_alloc(arena, FOLD_GROWTH * text.len + 1);
    return out ? fold_within(text, out) : STR_NONE;
}
