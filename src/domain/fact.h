/* A fact: one thing that was said about one customer, at one time, by somebody. Append-only.
 *
 * Everything the service knows of a customer is a list of facts plus the merge pointers; profile,
 * contacts, consent matrix, provenance and any past state are pure functions of the two. A fact
 * keeps the home (the customerId) that it was given to for ever; merging moves no fact.
 *
 * body by kind (JSON objects, validated before they become facts):
 *   ASSERTION     {"name":"Acme","website":null,"emails":["a@x.example"],
 *                  "preferences":{"theme":"dark"},"retract":{"emails":["old@x.example"]}}
 *                 A member is asserted; null asserts absence; list values are asserted one by one,
 *                 `retract` takes list values back (see golden.h); "order":{"emails":[..]} says in
 *                 which order the list is shown and asserts nothing. subject = source key.
 *                 "whileMerged":true: no news to the home; it speaks as tree_counts() says.
 *   CONTACT       {"name":..,"email":..,"phone":..,"roles":[..],"communicationPreference":..}, only
 *                 the members that were set; {"removed":true} ends it. subject = contactId. "place"
 *                 is its number among those that came at once; absent: the first.
 *   RELATIONSHIP  {"type":"PARENT_OF","from":date|null,"to":date|null}; {"removed":true} ends it.
 *                 subject = relationshipId, object = the other customerId.
 *   CONSENT       the record of consent.h. subject = recordId.
 *   UNDO          {"name":..}: what the import `subject` asserted in this home, and said of its
 *                 contacts, speaks no longer. `name` is the last name that it gave: a profile that
 *                 others go on speaking of has that one when nobody says another. A contact that
 *                 it brought and that others had changed before the undo stays as they know it.
 *   CREDIT        {"blocked":true,"reason":..}: what the accounts say of the home (credit.h).
 *   SERVICE_ORDER {"priority":..,"status":..}, {"slaBreachedAt":..,"sla":..}: members that are
 *                 known from now on. subject = serviceOrderId.
 *   CONTRACT      {"planId":..,"startDate":..,"endDate":..}. subject = contractId.
 *
 * The last two are history (service_history.h): there may be thousands of a customer, nothing of
 * the golden record follows from them, and so they are no part of a tree (tree.h) and are read
 * alone, in pages.
 */
#ifndef DOMAIN_FACT_H
#define DOMAIN_FACT_H

#include "base/instant.h"
#include "formats/json.h"

enum fact_kind {
    FACT_ASSERTION,
    FACT_CONTACT,
    FACT_RELATIONSHIP,
    FACT_CONSENT,
    FACT_UNDO,
    FACT_CREDIT,
    FACT_SERVICE_ORDER,
    FACT_CONTRACT,
    FACT_KIND_COUNT
};

struct fact {
    struct str home;
    enum fact_kind kind;
    struct str subject;
    struct str object;    /* the other customer of a relationship; else absent */
    struct str source;    /* the system that says it: "crm" for the API, else as configured */
    instant observed_at;  /* when it was true at the source */
    instant recorded_at;  /* when we were told; strictly increasing within a home, history aside */
    struct str actor;     /* who did it */
    struct str import_id; /* the import that brought it, which can be undone; absent: none */
    struct json_value *body;
    struct str
        text;       /* the body as it is stored, where that was written ahead; absent: it was not */
    int64_t number; /* the store's, among those of its home: what came later has a greater one, and
                       history another than the rest */
    bool undone;    /* set by tree_sort(): an UNDO speaks of it */
    instant undone_at; /* when the last of those was recorded */
};

#define SOURCE_CRM STR("crm")

/* "ASSERTION" and back; absent / false for an unknown one. */
struct str fact_kind_name(enum fact_kind kind);
bool fact_kind_parse(struct str name, enum fact_kind *kind);
bool fact_kind_is_history(enum fact_kind kind);

/* A total order: recorded_at, home, kind, subject, then everything else, so that only equal facts
 * compare as equal. */
int fact_compare(const struct fact *a, const struct fact *b);

#endif
