/* The port to whatever decides who is who while a record is written: adapters/matcher.
 *
 * All functions are pure but for what the adapter has learned of how frequent values are; the store
 * looks the keys up and the use case loads the candidates. They may be called on any thread.
 *
 *     TRY(matcher->describe(matcher, &attributes, 1, arena, &record));
 *     TRY(matcher->keys(matcher, &record, arena, &keys));                 store or look up
 *     TRY(matcher->compare(matcher, tenant, &record, others, 3, arena, matches));
 */
#ifndef APPLICATION_PORTS_MATCHER_H
#define APPLICATION_PORTS_MATCHER_H

#include "base/status.h"
#include "formats/json.h"

enum match_decision { MATCH_NONE, MATCH_POSSIBLE, MATCH_CERTAIN };

struct match_reason {
    struct str field;  /* of the profile: "identifiers", "emails" */
    struct str reason; /* SAME_TAX_ID, SAME_EMAIL_AND_NAME, SIMILAR_NAME, ... */
};

struct match {
    enum match_decision decision;
    double probability;
    struct match_reason *reasons;
    size_t reason_count;
    struct str waterfall; /* JSON: the evidence, comparison by comparison; absent for MATCH_NONE */
    struct str model_version; /* of what weighed it */
};

/* What is said of one customer, in the form that is compared. */
struct match_record {
    const struct json_value *const *said; /* attributes and contacts as in a golden record */
    size_t said_count;
    struct str normal; /* the adapter's */
};

struct match_keys {
    struct str *items;
    size_t decisive; /* of the first ones each may say alone that two are the same */
    size_t telling;  /* those up to here bring together what is worth comparing, */
    size_t count;    /* and the rest do so only beside another: whoever lives at one address */
};

struct matcher {
    struct str model_version; /* of what weighs; valid while the matcher is */
    /* `said` has the attributes of one record, or of several that are known to be one customer; it
     * must outlive the result. */
    enum status (*describe)(struct matcher *, const struct json_value *const *said,
                            size_t said_count, struct arena *, struct match_record *);
    /* The keys under which a record is found again; every two records for which compare() says
     * MATCH_CERTAIN share at least one. */
    enum status (*keys)(struct matcher *, const struct match_record *, struct arena *,
                        struct match_keys *);
    /* One record against many. Symmetric. */
    enum status (*compare)(struct matcher *, struct str tenant, const struct match_record *,
                           const struct match_record *others, size_t count, struct arena *,
                           struct match *matches);
};

#endif
