/* Consent: append-only acts, and the decision whether a communication is allowed.
 *
 * A consent record is an act of a subject: GRANTED or REVOKED, for a channel and a purpose, either
 * for one contact point or for the whole profile. Absent is not granted; EXPIRED is derived.
 *
 * An act covers a question (channel, purpose, contact point?) when the channel is the same and
 *   - a grant: has the same purpose, and is for the whole profile or that very contact point;
 *   - a revocation: has the same purpose or GENERAL, and is for the whole profile or that very
 *     contact point.
 * Per home, the latest act (captured_at, but not after recorded_at; then recorded_at: a grant that
 * claims to be of the future loses to the revocation after it) that covers the question and speaks
 * for the home (tree_speaks_for by recorded_at; an act for a contact point speaks for the whole
 * tree, for it is the same mailbox) decides; at the same captured_at a revocation wins; a grant by
 * import (consent_is_import) gives nothing where there is a revocation, nor for a contact point
 * when any home has one; a grant that has expired lifts no revocation before it. Then over the
 * homes of the tree:
 *   1. any home REVOKED, or the latest act for that very contact point a revocation: not allowed
 *      (a grant for the whole profile lifts no revocation of one contact point, a grant for the
 *      point does);
 *   2. with a contact point: allowed when the latest act for it is a grant, or when it belongs to
 *      some home and all homes that it belongs to are GRANTED; if no home knows it, as without. It
 *      belongs to a home that lists it among its e-mails or phones, or has a contact with it;
 *   3. without: allowed when all homes are GRANTED, and no contact point of the channel that some
 *      home has is revoked by itself: for GENERAL purposes or this one, by any home, and not lifted
 *      by the latest grant for the point and the purpose that speaks for that home.
 * So a merge only ever narrows, except that the subject's own later act for the same contact point
 * counts. A revocation recorded on a merged profile is written to every home of the tree
 * (`propagatedFrom` names the original), so it stays with each after an unmerge; a grant is not.
 *
 * The laws, tested as properties: what a merged profile allows for the whole profile, each of the
 * merged ones allows; what it allows for a contact point, at least one of them allows.
 *
 * The record, as the body of its FACT_CONSENT: type status purpose lawfulBasis contactPoint source
 * capturedAt notice{version,language,hash} evidence{ip,userAgent,form,doubleOptInRequestedAt,
 * doubleOptInConfirmedAt} validUntil previousRecordId propagatedFrom. recordId, recordedAt and
 * actor are the fact's own.
 */
#ifndef DOMAIN_CONSENT_H
#define DOMAIN_CONSENT_H

#include "base/status.h"
#include "domain/profile.h"
#include "domain/tree.h"

/* A way to reach somebody. */
struct consent_channel {
    struct str name;           /* EMAIL */
    enum field_shape point;    /* of its contact points: SHAPE_EMAIL | SHAPE_PHONE */
    struct str profile_list;   /* where a profile lists them: emails */
    struct str contact_member; /* where a contact has it: email */
};
/* NULL when there is none of that name. */
const struct consent_channel *consent_channel_find(struct str name);

/* What a client may say in a record. */
extern const struct profile_field consent_fields[];
extern const size_t consent_field_count;

enum consent_state { CONSENT_ABSENT, CONSENT_GRANTED, CONSENT_REVOKED, CONSENT_EXPIRED };

struct consent_question {
    struct str channel;       /* EMAIL | SMS | CALL */
    struct str purpose;       /* GENERAL unless said otherwise */
    struct str contact_point; /* canonical form; absent: the profile as a whole */
    instant as_of;
};

struct consent_answer {
    bool allowed;
    enum consent_state state;
    struct str reason;          /* GRANTED | NO_CONSENT | REVOKED | EXPIRED | NOT_ALL_GRANTED */
    const struct fact *decider; /* the act that decided; NULL when none did */
};

/* A body of POST .../consent: {"type","status"} is enough. Gives the complete record (defaults
 * filled in: purpose GENERAL, lawfulBasis CONSENT, capturedAt = now, source crm) as a fact body.
 * Refused: capturedAt over five minutes in the future, validUntil not after capturedAt or on a
 * revocation (which has no end), a double opt-in confirmed before it was requested, a contact point
 * that does not fit the channel, and recordId, recordedAt, actor, propagatedFrom, which are given
 * by the service. */
MUST_CHECK enum status consent_parse(const struct json_value *body, instant now,
                                     struct arena *arena, struct json_value **fact_body,
                                     struct error *error);

/* One element of POST /consent/check's checks: {"customerId","type","purpose"?,"contactPoint"?}.
 * `path` prefixes field names in errors: "checks[3]". question->as_of is the caller's to set. */
MUST_CHECK enum status consent_parse_check(const struct json_value *body, struct str path,
                                           struct arena *arena, struct str *customer_id,
                                           struct consent_question *question, struct error *error);

/* `tree` is as it was known at as_of (store_tree_load); as_of itself only decides what has expired.
 * STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status consent_decide(const struct tree *tree,
                                      const struct consent_question *question, struct arena *arena,
                                      struct consent_answer *answer);

struct consent_row {
    struct consent_question question;
    struct consent_answer answer;
};
/* Answers many questions as consent_decide would one by one, for little more than the work of one;
 * nothing of the arena is kept. The pointers are put into the order of the questions.
 * STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status consent_decide_all(const struct tree *tree, struct consent_row **rows,
                                          size_t count, struct arena *arena);

/* The current matrix. A row is a (channel, purpose, contact point) that some act names; in order of
 * the three, the whole profile before its contact points. */
MUST_CHECK enum status consent_matrix(const struct tree *tree, instant as_of, struct arena *arena,
                                      struct consent_row **rows, size_t *count);

/* The questions of which one has to be answered with yes for the channel to be set as the preferred
 * one, and that are, by consent: for GENERAL purposes, the whole profile or some contact point that
 * an act names; or, with a contact point (as given), that one. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status consent_preference(const struct tree *tree, struct str channel,
                                          struct str contact_point, instant as_of,
                                          struct arena *arena, struct consent_question **allowed,
                                          size_t *count);

/* The copies of a revocation for all homes but its own that it speaks for now, to be recorded with
 * it. Complete but for subject (the new recordId) and recorded_at. None for a grant. One also for a
 * home that has a revocation like it: a grant that was captured between the two may be told later,
 * or come with another home, and must not hold there when the merge is taken back.
 * STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status consent_propagate(const struct tree *tree, const struct fact *revocation,
                                         struct arena *arena, struct fact **copies, size_t *count);

/* Whether a revocation of just that (channel, purpose, contact point), recorded now for the whole
 * tree, would change nothing: every home has one of its own, and no grant of the channel, neither
 * for the whole profile nor for that point, was captured or recorded after it, whoever's it is and
 * for whatever purpose. More than is needed, so that in doubt one is recorded. `stands` has `count`
 * places. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status consent_stands_revoked(const struct tree *tree,
                                              const struct consent_question *questions,
                                              size_t count, struct arena *arena, bool *stands);

/* The contact point that the act is for, as its subject wrote it; absent: the whole profile. */
struct str consent_point_of(const struct fact *fact);

/* Was it carried over from another system, rather than given to this one? Its fact's source or its
 * own is "import" or begins with "import:" or "import-". */
bool consent_is_import(const struct fact *fact);

/* "GRANTED" */
struct str consent_state_name(enum consent_state state);

/* Writes the record as the API shows it: {recordId, customerId (its home), type, status, purpose,
 * lawfulBasis, contactPoint, ...}; what is not known is left out. */
void consent_write(struct json_writer *writer, const struct fact *fact);
/* The receipt of the record after ISO/IEC TS 27560: schema version, record id, controller
 * (tenant), subject (customer), services, purposes, events with their validity. */
void consent_write_receipt(struct json_writer *writer, const struct fact *fact, struct str tenant,
                           instant now);

/* Canonical form of a contact point by channel: the form to be compared and hashed. */
struct str consent_contact_point(struct str channel, struct str raw, struct arena *arena);

#endif
