/* A tree: the homes that make up one customer at one time, and all their facts.
 *
 * (History, fact_kind_is_history, is left out.)
 *
 * homes[0] is the root (the surviving profile). A merge is one edge: child -> parent, in force from
 * joined_at until it is reversed. The edges in force at a time form a forest.
 */
#ifndef DOMAIN_TREE_H
#define DOMAIN_TREE_H

#include "domain/fact.h"

struct home {
    struct str customer_id;
    int32_t parent;     /* index into homes; -1 for the root */
    instant joined_at;  /* when its edge to the parent was made; INSTANT_NONE for the root */
    instant created_at; /* of the home's own profile */
};

struct tree {
    struct home *homes;
    size_t home_count;
    struct fact *facts; /* in order of (recorded_at, home, kind, subject); see tree_sort() */
    size_t fact_count;
    /* Facts behind those: they were said, and an undo has taken them back. Only who shows all that
     * was ever said looks at them. */
    size_t undone_count;
};

/* Puts facts into their canonical order, so that nothing depends on how a store returned them, and
 * behind them those that an undo has taken back. */
void tree_sort(struct tree *tree);
/* Whether nobody says anything of the customer (any more): there is none. What an import revoked
 * for the sake of the suppression list says nothing of that kind. */
bool tree_is_silent(const struct tree *tree);
/* Index of the home, or -1. */
int32_t tree_find_home(const struct tree *tree, struct str customer_id);
/* True when what was recorded at `when` on home `speaker` speaks for home `listener` as well:
 * speaker is listener itself, or an ancestor under which the listener already was at that time
 * (every edge on the path joined at or before `when`). The one rule behind status, consent and
 * restriction in a merged profile: an act on the merged profile is an act on all of it, but only
 * from the merge on, and only while it lasts. */
bool tree_speaks_for(const struct tree *tree, int32_t speaker, int32_t listener, instant when);

/* Whether the fact says anything in the tree. What was no news to its own home ("whileMerged") was
 * said about a merge, and speaks as long as one of the other homes that it spoke for is there: it
 * would not have been said without them. */
bool tree_counts(const struct tree *tree, const struct fact *fact);

/* The tree of `target` with that of `source` hung under its root at `when`. Neither is changed. */
MUST_CHECK enum status tree_join(const struct tree *target, const struct tree *source, instant when,
                                 struct arena *arena, struct tree *joined);
/* The tree cut in two above home `cut`. */
MUST_CHECK enum status tree_split(const struct tree *tree, int32_t cut, struct arena *arena,
                                  struct tree *remaining, struct tree *restored);
/* Only what was given to homes[0]: the customer alone, without what was merged into it. Takes room
 * for no more than that. */
MUST_CHECK enum status tree_alone(const struct tree *tree, struct arena *arena, struct tree *alone);

/* One merge, for ever; reversed_at == INSTANT_NONE while it is in force. */
struct merge {
    struct str merge_id;
    struct str source_id; /* became the child */
    struct str target_id; /* became its parent: the root of its tree at that time */
    struct str reason;    /* DUPLICATE unless said otherwise */
    struct str actor;
    instant merged_at;
    instant reversed_at;
    struct str reverse_actor;
};

#endif
