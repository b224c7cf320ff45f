/* The port to whoever knows the callers: given the headers of a request and its peer, who asks, for
 * which tenant, and what may they do? Behind it stand the adapters of adapters/identity (gateway
 * headers, signed tokens, development mode); which of them serves is configuration.
 *
 * It is asked once per request, before anything of the request but its head is looked at, in the
 * coroutine of the request: an adapter may wait (a key set that is being fetched), but a known
 * caller must cost microseconds and no allocation outside the request's arena.
 *
 *     struct api_caller caller;
 *     enum status status = identity->resolve(identity, request, &caller, &error);
 */
#ifndef ADAPTERS_API_IDENTITY_H
#define ADAPTERS_API_IDENTITY_H

#include "application/application.h"
#include "engines/http/http.h"

/* Permissions are `resource:action` and few; a set of them is a mask. A row here is a constant
 * PERMISSION_X, a text, and what it opens, for the documentation. */
/* clang-format off */
#define PERMISSION_TABLE(X) \
    X(CUSTOMER_READ,      "customer:read",      "read profiles, contacts, hierarchies, provenance, versions, merges") \
    X(CUSTOMER_WRITE,     "customer:write",     "create and change profiles, contacts and preferences") \
    X(CUSTOMER_MERGE,     "customer:merge",     "merge, unmerge and their previews") \
    X(CUSTOMER_ERASE,     "customer:erase",     "erase customers") \
    X(HISTORY_READ,       "history:read",       "read service orders and entitlements; timelines, and in them what other permissions show") \
    X(CREDIT_READ,        "credit:read",        "read credit holds, in timelines too") \
    X(RELATIONSHIP_WRITE, "relationship:write", "create and end relationships") \
    X(CONSENT_READ,       "consent:read",       "read consent, its history and receipts; check it") \
    X(CONSENT_WRITE,      "consent:write",      "record consent; keep the suppression list") \
    X(EVENT_READ,         "event:read",         "read the event feed") \
    X(DUPLICATE_READ,     "duplicates:read",    "see the review queue, both profiles of an item, and its figures") \
    X(DUPLICATE_RESOLVE,  "duplicates:resolve", "claim and resolve items of the review queue (to merge beside customer:merge); scan for duplicates") \
    X(JOB_READ,           "job:read",           "see jobs and fetch their results") \
    X(JOB_WRITE,          "job:write",          "start imports, and recompute profiles (both beside customer:write); cancel jobs") \
    X(WEBHOOK_READ,       "webhook:read",       "see webhooks and the log of their deliveries") \
    X(WEBHOOK_WRITE,      "webhook:write",      "make, change and remove webhooks, renew their secrets (with event:read); test and replay") \
    X(CUSTOMER_EXPORT,    "customer:export",    "export all customers")
/* clang-format on */

enum permission {
#define X(symbol, text, meaning) PERMISSION_##symbol,
    PERMISSION_TABLE(X)
#undef X
        PERMISSION_COUNT
};

#define PERMISSION_BIT(permission) (UINT64_C(1) << (permission))
#define PERMISSIONS_ALL            (PERMISSION_BIT(PERMISSION_COUNT) - 1)

/* "customer:read" */
struct str permission_name(enum permission permission);
/* The mask that a text grants: one permission by its name; every action of a resource by
 * "customer:*"; all by "*" or "*:*". 0 for a permission of somebody else, which is no error. */
uint64_t permission_parse(struct str text);
/* The union over a list separated by commas or white space, as in the header X-User-Permissions or
 * the claim "scope". */
uint64_t permissions_parse_list(struct str list);

/* Who asks. The strings live as long as the request. */
struct api_caller {
    struct str tenant;  /* never empty */
    struct str user_id; /* never empty; what is recorded as the actor */
    uint64_t permissions;
    instant expires_at; /* until then it is known who he is; INSTANT_NONE: for this request */
};

struct identity {
    /* STATUS_UNAUTHENTICATED when it is not known who asks: the message is shown to the caller and
     * says what was wrong without quoting a secret. STATUS_FORBIDDEN when it is known and he may
     * not enter at all (no such tenant). STATUS_UNAVAILABLE when it cannot be told now. */
    enum status (*resolve)(struct identity *identity, struct http_request *request,
                           struct api_caller *caller, struct error *error);
    /* What stands in WWW-Authenticate of a 401 (RFC 9110, 11.6.1): `Bearer realm="customer360"`. */
    struct str challenge;
    void (*free)(struct identity *identity);
};

#endif
