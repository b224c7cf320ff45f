/* The port to whatever decides who is who while a record is written: adapters/matcher_exact, which
 * decides on exact, normalised identifiers. Weighing evidence is for whole files and people: see
 * src/matching.
 *
 * Both functions are pure: the store looks the keys up, the use case loads the candidates.
 */
#ifndef APPLICATION_PORTS_MATCHER_H
#define APPLICATION_PORTS_MATCHER_H

#include "base/status.h"
#include "domain/golden.h"

enum match_decision { MATCH_NONE, MATCH_POSSIBLE, MATCH_CERTAIN };

struct match_reason {
    struct str field;  /* "identifiers", "emails" */
    struct str reason; /* SAME_TAX_ID, SAME_VAT, SAME_DUNS, SAME_EMAIL_AND_NAME, ... */
};

struct match {
    enum match_decision decision;
    double probability;
    struct match_reason *reasons;
    size_t reason_count;
    struct str waterfall;     /* JSON: the evidence, comparison by comparison; may be absent */
    struct str model_version; /* of what weighed it; absent when nothing was weighed */
};

struct matcher {
    /* The keys under which a record is found again; every two records for which compare() says
     * MATCH_CERTAIN share at least one. */
    enum status (*keys)(struct matcher *, const struct golden *, struct arena *, struct str **keys,
                        size_t *count);
    enum status (*compare)(struct matcher *, const struct golden *a, const struct golden *b,
                           struct arena *, struct match *);
};

#endif
