/* Consent: append-only acts, and the decision whether a communication is allowed.
 *
 * A consent record is an act of a subject: GRANTED or REVOKED, for a channel and a purpose, either
 * for one contact point or for the whole profile. Absent is not granted; EXPIRED is derived.
 *
 * An act covers a question (channel, purpose, contact point?) when the channel is the same and
 *   - a grant: has the same purpose, and is for the whole profile or that very contact point;
 *   - a revocation: has the same purpose or GENERAL, and is for the whole profile or that very
 *     contact point.
 * Per home, the latest act (captured_at, then recorded_at) that covers the question and speaks for
 * the home (tree_speaks_for by recorded_at; an act for a contact point speaks for the whole tree,
 * for it is the same mailbox) decides; at the same captured_at a revocation wins; a grant by import
 * never beats a revocation. Then over the homes of the tree:
 *   1. any home REVOKED: not allowed;
 *   2. with a contact point: allowed when a grant for it exists, or when it belongs to some home
 *      and all homes that it belongs to are GRANTED; if no home knows it, as without;
 *   3. without: allowed when all homes are GRANTED.
 * So a merge only ever narrows, except that the subject's own later act for the same contact point
 * counts (SPEC 3.4). A revocation recorded on a merged profile is written to every home of the tree
 * (`propagatedFrom` names the original), so it stays with each after an unmerge; a grant is not.
 */
#ifndef DOMAIN_CONSENT_H
#define DOMAIN_CONSENT_H

#include "base/status.h"
#include "domain/tree.h"

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
 * filled in: purpose GENERAL, capturedAt = now, source crm) as a fact body. capturedAt in the
 * future (over five minutes) is refused. */
MUST_CHECK enum status consent_parse(const struct json_value *body, instant now,
                                     struct arena *arena, struct json_value **fact_body,
                                     struct error *error);

MUST_CHECK enum status consent_decide(const struct tree *tree,
                                      const struct consent_question *question, struct arena *arena,
                                      struct consent_answer *answer);

/* One row of the current matrix: a (channel, purpose, contact point) that some act names. */
struct consent_row {
    struct consent_question question;
    struct consent_answer answer;
};
MUST_CHECK enum status consent_matrix(const struct tree *tree, instant as_of, struct arena *arena,
                                      struct consent_row **rows, size_t *count);

/* Writes the record as the API shows it: {recordId, type, status, purpose, contactPoint, ...}. */
void consent_write(struct json_writer *writer, const struct fact *fact);
/* The receipt of the record after ISO/IEC TS 27560: schema version, record id, controller
 * (tenant), subject (customer), services, purposes, events with their validity. */
void consent_write_receipt(struct json_writer *writer, const struct fact *fact, struct str tenant,
                           instant now);

/* Canonical form of a contact point by channel. */
struct str consent_contact_point(struct str channel, struct str raw, struct arena *arena);

#endif
