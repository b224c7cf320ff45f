/* A possible duplicate: two homes that may be one customer, and what has become of the question.
 *
 * Like everything else it is remembered between homes, so that merges move nothing: an item that is
 * about A and B asks about the customers of which A and B are a part today. `state` follows from
 * that (judgement.h); CLAIMED and LATER are an open item's for a time and are never stored.
 */
#ifndef DOMAIN_DUPLICATE_H
#define DOMAIN_DUPLICATE_H

#include "base/instant.h"

/* X(symbol, meaning) */
/* clang-format off */
#define DUPLICATE_STATE_TABLE(X) \
    X(OPEN,          "waits for a decision") \
    X(CLAIMED,       "open, and somebody is at it") \
    X(LATER,         "open, and put off until a time") \
    X(MERGED,        "both are one customer") \
    X(NOT_DUPLICATE, "both were told apart, by a steward or by taking a merge back") \
    X(REPEATED,      "open, and another item asks about the same two customers")
#define DUPLICATE_CAUSE_TABLE(X) \
    X(CREATE, "a customer was created") \
    X(CHANGE, "a customer was changed") \
    X(IMPORT, "a record was imported") \
    X(SCAN,   "the whole base was compared")
#define DUPLICATE_RESOLUTION_TABLE(X) \
    X(NONE,      "not resolved") \
    X(STEWARD,   "decided here") \
    X(AUTOMATIC, "merged by a scan, above its threshold") \
    X(ELSEWHERE, "follows from another decision, a merge or an unmerge")
/* clang-format on */

#define X(symbol, meaning) DUPLICATE_##symbol,
enum duplicate_state { DUPLICATE_STATE_TABLE(X) DUPLICATE_STATE_COUNT };
#undef X
#define X(symbol, meaning) DUPLICATE_BY_##symbol,
enum duplicate_cause { DUPLICATE_CAUSE_TABLE(X) DUPLICATE_CAUSE_COUNT };
#undef X
#define X(symbol, meaning) DUPLICATE_RESOLVED_##symbol,
enum duplicate_resolution { DUPLICATE_RESOLUTION_TABLE(X) DUPLICATE_RESOLUTION_COUNT };
#undef X

/* "NOT_DUPLICATE" and back; false for another text. */
struct str duplicate_state_name(enum duplicate_state state);
bool duplicate_state_parse(struct str name, enum duplicate_state *state);
struct str duplicate_cause_name(enum duplicate_cause cause);
bool duplicate_cause_parse(struct str name, enum duplicate_cause *cause);
/* Absent for NONE, and back. */
struct str duplicate_resolution_name(enum duplicate_resolution resolution);
bool duplicate_resolution_parse(struct str name, enum duplicate_resolution *resolution);

/* "OPEN | CLAIMED | ..." */
extern const struct str duplicate_states_or_all, duplicate_causes_allowed;

struct duplicate_row {
    struct str duplicate_id;
    struct str home_a, home_b;  /* home_a is the lesser */
    enum duplicate_state state; /* OPEN, MERGED, NOT_DUPLICATE or REPEATED */
    bool apart;                 /* these very two were told apart here */
    double probability;
    struct str evidence; /* JSON object: {"reasons":[..],"waterfall":..} */
    struct str model_version;
    enum duplicate_cause cause;
    instant created_at;
    instant refreshed_at; /* when the evidence was found */
    struct str claimed_by;
    instant claimed_until; /* INSTANT_NONE, as for the following */
    instant later_until;
    enum duplicate_resolution resolution;
    struct str resolved_by;
    instant resolved_at;
    struct str note; /* of the last decision; absent: none */
};

/* What shows at a time: an open item may be CLAIMED or LATER. */
enum duplicate_state duplicate_shows(const struct duplicate_row *row, instant now);

/* DUPLICATE_STATE_COUNT and DUPLICATE_CAUSE_COUNT stand for any. */
struct duplicate_filter {
    enum duplicate_state shows; /* at `now` */
    instant now;
    double probability_min;
    enum duplicate_cause cause;
    struct str claimed_by; /* absent: any; who has it at `now` */
};
bool duplicate_passes(const struct duplicate_row *row, const struct duplicate_filter *filter);
/* The order of the queue: by falling probability, then id. For qsort(). */
int duplicate_compare(const void *a, const void *b);

/* A probability as a whole number of thousand-millionths, and back: what is stored and compared. */
int64_t duplicate_rank(double probability);
double duplicate_probability(int64_t rank);

#endif
