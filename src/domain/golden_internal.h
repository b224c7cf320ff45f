/* The parts that golden.c is made of; nothing else includes this.
 *
 * A claim is one value that one fact asserts or takes back. All claims of a tree stand in one
 * array, sorted by field, key and source record, so that whatever competes is a run of neighbours:
 *
 *     golden_claims.c     facts -> sorted claims
 *     golden_survivor.c   a run of claims -> the one that survives, by the policy's rule
 *     golden_status.c     the claims about status -> the status of the tree
 *     golden_contacts.c   contact facts -> contacts
 *     golden.c            puts them together; differences; the document
 *
 * All of it is O(n log n) in the facts.
 */
#ifndef DOMAIN_GOLDEN_INTERNAL_H
#define DOMAIN_GOLDEN_INTERNAL_H

#include "domain/golden.h"
#include "domain/profile.h"

struct claim {
    const struct profile_field *field;
    struct str key; /* of a map's entry or a list's element; empty for a scalar */
    const struct fact *fact;
    const struct json_value *value;
    uint32_t record;   /* number of the source record (home, source, subject) */
    int32_t home;      /* index into the tree's homes */
    uint32_t position; /* of an element in its list */
    bool retracts;
};

/* The order in which a list is to be shown: the latest that was given. */
struct list_order {
    const struct fact *fact;
    const struct json_value *list;
};

struct claims {
    struct claim *items;
    size_t count;
    struct list_order *orders; /* by number of the field */
};

MUST_CHECK enum status golden_collect(const struct tree *tree, struct arena *arena,
                                      struct claims *claims);
/* The claims of the field are the `count` first of `items`. */
struct claim_run {
    const struct claim *items;
    size_t count;
};
/* Takes the claims about the field off the front of *rest. */
struct claim_run golden_take_field(struct claim_run *rest, const struct profile_field *field);
/* Takes the claims with the key of the first one off the front of *rest, which is not empty. */
struct claim_run golden_take_key(struct claim_run *rest);

/* A claim that competes, with what the rule weighs. */
struct contender {
    const struct claim *claim;
    int64_t weight;
    int64_t trust;
};
/* Does `a` survive against `b`? <0: a, >0: b; 0 only for claims that are equal in everything. */
int golden_compare_contenders(const struct contender *a, const struct contender *b);

/* The contender that survives among claims about one scalar or one entry of a map; claim NULL when
 * there is none. Of one source record only its latest claim counts. */
MUST_CHECK enum status golden_survivor(struct claim_run run, const struct policy *policy,
                                       struct arena *arena, struct contender *survivor);
/* The elements that are in the list, in the order in which they are shown. */
MUST_CHECK enum status golden_elements(struct claim_run run, const struct list_order *order,
                                       const struct policy *policy, struct arena *arena,
                                       struct contender **elements, size_t *count);

/* The act that decides the status; claim NULL when it is the default. */
MUST_CHECK enum status golden_status(const struct tree *tree, struct claim_run run,
                                     const struct policy *policy, struct arena *arena,
                                     struct contender *decider);

/* Sets `contacts` and `contact_homes`. */
MUST_CHECK enum status golden_contacts(const struct tree *tree, struct arena *arena,
                                       struct golden *golden, struct str *default_contact_id);

#endif
