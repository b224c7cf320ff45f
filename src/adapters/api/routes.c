/* The table of everything that can be asked: the one place where methods, paths and permissions
 * are.
 *
 * `request` and `response` are names of schemas (openapi_schemas.c), or a media type. FAILS are the
 * failures of the resource, REFUSES what its body may be refused for; what follows from the rest of
 * the row is in failures.c. */
#include "adapters/api/handlers.h"
#include "adapters/api/openapi.h"

/* clang-format off */
#define AT(method_, path_)  .method = ROUTE_##method_, .path = STR(ROUTE_BASE path_)
#define ROOT(path_)         .method = ROUTE_GET, .path = STR(path_), .permission = ROUTE_PUBLIC
#define NEEDS(permission_)  .permission = PERMISSION_##permission_
#define CALLED(name_, text) .name = STR(name_), .summary = STR(text)
#define TAKES(how, schema)  .body = ROUTE_BODY_##how, .request = STR(schema)
#define GIVES(status, schema) .success = (status), .response = STR(schema)
#define GIVES_NOTHING       .success = 204
#define WRITES              .writes = true
#define LAGS                .lags = true
#define SETTLES             .settles = true
#define LOOKS_UP            .looks_up = true
#define UNCONDITIONAL       .unconditional = true
#define FAILS(...)          .failures = {__VA_ARGS__}
#define REFUSES(...)        .refusals = {__VA_ARGS__}
#define TEXT_PARAMETER(name_, text) {STR(name_), STR("{\"type\":\"string\",\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"}"), STR(text)}
#define TIME_PARAMETER(name_, text) {STR(name_), STR("{\"type\":\"string\",\"format\":\"date-time\"}"), STR(text)}
#define ENUM_PARAMETER(name_, values, text) {STR(name_), STR("{\"type\":\"string\",\"enum\":[" values "]}"), STR(text)}
#define SEPARATOR_PARAMETER ENUM_PARAMETER("separator", "\"comma\",\"semicolon\",\"tab\",\"pipe\"", "of CSV; else it is found")
#define CURSOR_PARAMETER(pattern) {STR("cursor"), STR("{\"type\":\"string\",\"pattern\":\"" pattern "\"}"), STR("where to go on: `next` of the page before")}
#define HISTORY_CURSOR      "^-?[0-9]{1,19}[.][0-9][.]-?[0-9]{1,19}[.][A-Za-z0-9._:-]+$"
#define POINT_PARAMETER     {STR("contactPoint"), STR("{\"type\":\"string\",\"pattern\":\"" OPENAPI_POINT_PATTERN "\"}"), STR("an e-mail address or a phone number"), true}
#define LIMIT_PARAMETER_OF(text) {STR("limit"), STR("{\"type\":\"integer\",\"minimum\":1,\"maximum\":500}"), STR(text)}
#define LIMIT_PARAMETER     LIMIT_PARAMETER_OF("items of a page; the most is configuration, 500 by default")
#define SLICE_PARAMETERS    LIMIT_PARAMETER_OF("items of a page; the most, and the default, is configuration, 500 at first"), CURSOR_PARAMETER("^[0-9]{1,9}[.][A-Za-z0-9._:-]+$")
#define PAGE_PARAMETERS     LIMIT_PARAMETER, CURSOR_PARAMETER(OPENAPI_IDENTIFIER_PATTERN)
#define ON_DUPLICATE_SCHEMA "{\"type\":\"string\",\"enum\":[\"reject\",\"review\",\"merge\",\"allow\"],\"default\":\"reject\"}"
#define CUSTOMER_FAILS      STATUS_CUSTOMER_NOT_FOUND, STATUS_CUSTOMER_MERGED, STATUS_CUSTOMER_ERASED

const struct route routes[] = {
    /* profiles */
    {AT(GET, "/customers/{customerId}"), NEEDS(CUSTOMER_READ), .handle = api_customers_get,
     CALLED("getCustomer", "The profile: the golden record of a customer"),
     GIVES(200, "Profile"), LAGS, .versioned = true, LOOKS_UP,
     .query = {TIME_PARAMETER("asOf", "as it was known at that time")},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(PATCH, "/customers/{customerId}"), NEEDS(CUSTOMER_WRITE), .handle = api_customers_change,
     CALLED("changeCustomer", "Changes a profile by a merge-patch (RFC 7396)"),
     TAKES(PATCH, "ProfilePatch"), GIVES(200, "Profile"), .versioned = true, .asserts = true, WRITES,
     FAILS(CUSTOMER_FAILS), REFUSES(STATUS_CONSENT_VIOLATION, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(POST, "/customers"), NEEDS(CUSTOMER_WRITE), .handle = api_customers_create,
     CALLED("createCustomer", "Creates a profile, unless the customer is there already"),
     TAKES(JSON, "NewProfile"), GIVES(201, "Profile"), .versioned = true,
     .query = {{STR("onDuplicate"), STR(ON_DUPLICATE_SCHEMA), STR("what to do when the customer certainly is there already: refuse; create and queue for review; create and merge (needs customer:merge); just create")}}, WRITES, UNCONDITIONAL,
     FAILS(STATUS_DUPLICATE_CUSTOMER, STATUS_CUSTOMER_EXISTS, STATUS_INVALID_VALUE), REFUSES(STATUS_CONSENT_VIOLATION, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_DUPLICATE_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers"), NEEDS(CUSTOMER_READ), .handle = api_customers_list,
     CALLED("listCustomers", "Profiles in the order of their ids, filtered; or a search, best first"),
     GIVES(200, "ProfilePage"), LAGS,
     .query = {ENUM_PARAMETER("status", "\"ACTIVE\",\"INACTIVE\",\"ON_HOLD\"", "only those"), TEXT_PARAMETER("segment", "exactly this segment"),
               ENUM_PARAMETER("kind", "\"ORGANIZATION\",\"PERSON\"", "only those"),
               TEXT_PARAMETER("q", "the search box: names of customers and contacts, e-mail addresses, phone numbers, addresses, identifiers, keys at sources, a customerId"),
               TEXT_PARAMETER("name", "search by the customer's name or a contact's"), TEXT_PARAMETER("email", "search by an e-mail address, or how it begins"),
               TEXT_PARAMETER("phone", "search by a phone number in any format, or how it begins or ends"),
               ENUM_PARAMETER("sort", "\"relevance\",\"name\",\"createdAt\",\"updatedAt\"", "order of a search's hits; default: relevance"),
               LIMIT_PARAMETER, TEXT_PARAMETER("cursor", "where to go on: `next` of the page before")},
     FAILS(STATUS_INVALID_VALUE)},
    {AT(POST, "/customers/lookup"), NEEDS(CUSTOMER_READ), .handle = api_customers_lookup,
     CALLED("lookupCustomers", "Many profiles by their ids, in one call"),
     TAKES(JSON, "LookupRequest"), GIVES(200, "LookupResult"), LAGS, LOOKS_UP,
     REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(POST, "/customers/match"), NEEDS(CUSTOMER_READ), .handle = api_customers_match,
     CALLED("matchCustomers", "Who a record would be that is not there yet: candidates, each with the weights of its evidence"),
     TAKES(JSON, "NewProfile"), GIVES(200, "MatchResult"),
     .query = {{STR("limit"), STR("{\"type\":\"integer\",\"minimum\":1,\"maximum\":32,\"default\":10}"), STR("candidates at most")}},
     FAILS(STATUS_INVALID_VALUE), REFUSES(STATUS_CONSENT_VIOLATION, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_DUPLICATE_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers/{customerId}/preferences"), NEEDS(CUSTOMER_READ), .handle = api_customers_preferences,
     CALLED("getPreferences", "The preferences alone"), GIVES(200, "Preferences"), LAGS, .versioned = true,
     FAILS(CUSTOMER_FAILS)},
    {AT(PATCH, "/customers/{customerId}/preferences"), NEEDS(CUSTOMER_WRITE), .handle = api_customers_change_preferences,
     CALLED("changePreferences", "Changes preferences by a merge-patch; null takes one away"),
     TAKES(PATCH, "Preferences"), GIVES(200, "Preferences"), .versioned = true, .asserts = true, WRITES,
     FAILS(CUSTOMER_FAILS), REFUSES(STATUS_CONSENT_VIOLATION, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers/{customerId}/provenance"), NEEDS(CUSTOMER_READ), .handle = api_customers_provenance,
     CALLED("getProvenance", "Where each value of the profile comes from"), GIVES(200, "Provenance"), LAGS,
     FAILS(CUSTOMER_FAILS)},
    {AT(GET, "/customers/{customerId}/versions"), NEEDS(CUSTOMER_READ), .handle = api_customers_versions,
     CALLED("listVersions", "What changed when and by whom, newest first"), GIVES(200, "VersionPage"), LAGS,
     .query = {LIMIT_PARAMETER, CURSOR_PARAMETER("^[1-9][0-9]{0,17}$")},
     FAILS(STATUS_CUSTOMER_NOT_FOUND, STATUS_CUSTOMER_ERASED, STATUS_INVALID_VALUE)},

    /* what the customer is served and owes */
    {AT(GET, "/customers/{customerId}/timeline"), NEEDS(HISTORY_READ), .handle = api_history_timeline,
     CALLED("getTimeline", "All that was said and done, newest first: service orders and contracts; the rest with customer:read, consent:read, credit:read"), GIVES(200, "TimelinePage"),
     .query = {ENUM_PARAMETER("type", "\"PROFILE\",\"CONTACT\",\"RELATIONSHIP\",\"CONSENT\",\"IMPORT_UNDONE\",\"CREDIT\",\"SERVICE_ORDER\",\"CONTRACT\",\"MERGE\",\"UNMERGE\"", "only those"),
               LIMIT_PARAMETER, CURSOR_PARAMETER(HISTORY_CURSOR)},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(GET, "/customers/{customerId}/service-orders"), NEEDS(HISTORY_READ), .handle = api_history_service_orders,
     CALLED("listServiceOrders", "Service orders, newest first"), GIVES(200, "ServiceOrderPage"), LAGS,
     .query = {LIMIT_PARAMETER, CURSOR_PARAMETER(HISTORY_CURSOR)},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(GET, "/customers/{customerId}/entitlements"), NEEDS(HISTORY_READ), .handle = api_history_entitlements,
     CALLED("getEntitlements", "Contracts, whether they cover a day, and how the service agreements stood at its end"), GIVES(200, "Entitlements"), LAGS,
     .query = {{STR("on"), STR("{\"type\":\"string\",\"format\":\"date\"}"), STR("the day, in UTC; when it is not given that of asOf, or today")}, TIME_PARAMETER("asOf", "by what had been told at that time")},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(GET, "/customers/{customerId}/credit"), NEEDS(CREDIT_READ), .handle = api_history_credit,
     CALLED("getCredit", "Whether the accounts have blocked the customer, and since when"), GIVES(200, "Credit"),
     FAILS(CUSTOMER_FAILS)},

    /* contacts */
    {AT(GET, "/customers/{customerId}/contacts"), NEEDS(CUSTOMER_READ), .handle = api_contacts_list,
     CALLED("listContacts", "Contacts of a customer"), GIVES(200, "ContactPage"), LAGS,
     .query = {ENUM_PARAMETER("role", "\"BILLING\",\"SERVICE\",\"SALES\"", "only those with the role"), SLICE_PARAMETERS},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(POST, "/customers/{customerId}/contacts"), NEEDS(CUSTOMER_WRITE), .handle = api_contacts_add,
     CALLED("addContact", "Adds a contact"), TAKES(JSON, "NewContact"), GIVES(201, "Contact"), .versioned = true, WRITES,
     FAILS(CUSTOMER_FAILS), REFUSES(STATUS_CONTACT_EXISTS, STATUS_CONSENT_VIOLATION, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_DUPLICATE_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers/{customerId}/contacts/{contactId}"), NEEDS(CUSTOMER_READ), .handle = api_contacts_get,
     CALLED("getContact", "One contact"), GIVES(200, "Contact"), LAGS, .versioned = true,
     FAILS(CUSTOMER_FAILS, STATUS_CONTACT_NOT_FOUND)},
    {AT(PATCH, "/customers/{customerId}/contacts/{contactId}"), NEEDS(CUSTOMER_WRITE), .handle = api_contacts_change,
     CALLED("changeContact", "Changes a contact by a merge-patch"), TAKES(PATCH, "ContactPatch"), GIVES(200, "Contact"), .versioned = true, WRITES,
     FAILS(CUSTOMER_FAILS, STATUS_CONTACT_NOT_FOUND), REFUSES(STATUS_CONSENT_VIOLATION, STATUS_UNKNOWN_FIELD, STATUS_DUPLICATE_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(DELETE, "/customers/{customerId}/contacts/{contactId}"), NEEDS(CUSTOMER_WRITE), .handle = api_contacts_remove,
     CALLED("removeContact", "Removes a contact"), GIVES_NOTHING, .versioned = true, WRITES,
     FAILS(CUSTOMER_FAILS, STATUS_CONTACT_NOT_FOUND)},

    /* relationships */
    {AT(GET, "/customers/{customerId}/relationships"), NEEDS(CUSTOMER_READ), .handle = api_relationships_list,
     CALLED("listRelationships", "Relationships with other customers, seen from this one"), GIVES(200, "RelationshipPage"), LAGS,
     .query = {SLICE_PARAMETERS},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(POST, "/customers/{customerId}/relationships"), NEEDS(RELATIONSHIP_WRITE), .handle = api_relationships_add,
     CALLED("addRelationship", "Adds a typed, directed, dated relationship"), TAKES(JSON, "NewRelationship"), GIVES(201, "Relationship"), WRITES, .versioned = true, UNCONDITIONAL,
     FAILS(CUSTOMER_FAILS), REFUSES(STATUS_CUSTOMER_NOT_FOUND, STATUS_CUSTOMER_ERASED, STATUS_RELATIONSHIP_EXISTS, STATUS_HIERARCHY_CYCLE, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers/{customerId}/relationships/{relationshipId}"), NEEDS(CUSTOMER_READ), .handle = api_relationships_get,
     CALLED("getRelationship", "One relationship, seen from this customer"), GIVES(200, "Relationship"), LAGS,
     FAILS(CUSTOMER_FAILS, STATUS_RELATIONSHIP_NOT_FOUND)},
    {AT(DELETE, "/customers/{customerId}/relationships/{relationshipId}"), NEEDS(RELATIONSHIP_WRITE), .handle = api_relationships_end,
     CALLED("endRelationship", "Ends a relationship, from either side"), GIVES_NOTHING, WRITES, .versioned = true, UNCONDITIONAL,
     FAILS(CUSTOMER_FAILS, STATUS_RELATIONSHIP_NOT_FOUND)},
    {AT(GET, "/customers/{customerId}/hierarchy"), NEEDS(CUSTOMER_READ), .handle = api_relationships_hierarchy,
     CALLED("getHierarchy", "Who stands above and below the customer"), GIVES(200, "Hierarchy"), LAGS,
     .query = {{STR("direction"), STR("{\"type\":\"string\",\"enum\":[\"up\",\"down\",\"both\"],\"default\":\"both\"}"), STR("up: ancestors; down: descendants")},
               {STR("depth"), STR("{\"type\":\"integer\",\"minimum\":1,\"maximum\":32,\"default\":32}"), STR("how many steps")}},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},

    /* consent */
    {AT(GET, "/customers/{customerId}/consent"), NEEDS(CONSENT_READ), .handle = api_consents_matrix,
     CALLED("getConsent", "What may be communicated, by channel, purpose and contact point"), GIVES(200, "ConsentMatrix"),
     .query = {TIME_PARAMETER("asOf", "as it was at that time"), SLICE_PARAMETERS},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(POST, "/customers/{customerId}/consent"), NEEDS(CONSENT_WRITE), .handle = api_consents_record,
     CALLED("recordConsent", "Records that consent was granted or revoked"), TAKES(JSON, "NewConsent"), GIVES(201, "Consent"), WRITES, .versioned = true, UNCONDITIONAL,
     FAILS(CUSTOMER_FAILS), REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers/{customerId}/consent/history"), NEEDS(CONSENT_READ), .handle = api_consents_history,
     CALLED("listConsentHistory", "All consent records, oldest first"), GIVES(200, "ConsentPage"),
     .query = {SLICE_PARAMETERS},
     FAILS(CUSTOMER_FAILS, STATUS_INVALID_VALUE)},
    {AT(GET, "/customers/{customerId}/consent/{recordId}/receipt"), NEEDS(CONSENT_READ), .handle = api_consents_receipt,
     CALLED("getConsentReceipt", "The receipt of a consent record, after ISO/IEC TS 27560"), GIVES(200, "ConsentReceipt"),
     FAILS(CUSTOMER_FAILS, STATUS_CONSENT_NOT_FOUND)},
    {AT(POST, "/consent/check"), NEEDS(CONSENT_READ), .handle = api_consents_check,
     CALLED("checkConsent", "May these be contacted? Absent is not granted; without a contact point each that the customer has must not be revoked"), TAKES(JSON, "ConsentCheckRequest"), GIVES(200, "ConsentCheckResult"),
     REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/suppressions"), NEEDS(CONSENT_READ), .handle = api_suppressions_check,
     CALLED("checkSuppression", "Is a contact point on the suppression list?"), GIVES(200, "Suppression"),
     .query = {POINT_PARAMETER},
     FAILS(STATUS_REQUIRED_FIELD, STATUS_INVALID_VALUE)},
    {AT(POST, "/suppressions"), NEEDS(CONSENT_WRITE), .handle = api_suppressions_add,
     CALLED("addSuppression", "Puts a contact point on the suppression list"), TAKES(JSON, "NewSuppression"), GIVES(200, "Suppression"), WRITES,
     REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD)},
    {AT(DELETE, "/suppressions"), NEEDS(CONSENT_WRITE), .handle = api_suppressions_remove,
     CALLED("removeSuppression", "Takes a contact point off the suppression list"), GIVES_NOTHING,
     .query = {POINT_PARAMETER}, WRITES,
     FAILS(STATUS_REQUIRED_FIELD, STATUS_INVALID_VALUE)},

    /* merges */
    {AT(POST, "/customers/{customerId}/merge"), NEEDS(CUSTOMER_MERGE), .handle = api_merges_merge,
     CALLED("mergeCustomers", "Merges another customer into this one"), TAKES(JSON, "MergeRequest"), GIVES(200, "MergeResult"), .versioned = true, WRITES,
     FAILS(CUSTOMER_FAILS, STATUS_PLAN_CHANGED), REFUSES(CUSTOMER_FAILS, STATUS_MERGE_WITH_SELF, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(POST, "/customers/{customerId}/merge/preview"), NEEDS(CUSTOMER_MERGE), .handle = api_merges_preview,
     CALLED("previewMerge", "The exact result of a merge, and a token for exactly that"), TAKES(JSON, "MergeRequest"), GIVES(200, "MergePreview"),
     FAILS(CUSTOMER_FAILS), REFUSES(CUSTOMER_FAILS, STATUS_MERGE_WITH_SELF, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/customers/{customerId}/merges"), NEEDS(CUSTOMER_READ), .handle = api_merges_list,
     CALLED("listMerges", "Merges of the customer, reversed ones too"), GIVES(200, "MergePage"), LAGS,
     .query = {SLICE_PARAMETERS},
     FAILS(STATUS_CUSTOMER_NOT_FOUND, STATUS_CUSTOMER_ERASED, STATUS_INVALID_VALUE)},
    {AT(POST, "/customers/{customerId}/merges/{mergeId}/reverse"), NEEDS(CUSTOMER_MERGE), .handle = api_merges_reverse,
     CALLED("reverseMerge", "Takes a merge apart again"), TAKES(OPTIONAL, "UnmergeRequest"), GIVES(200, "UnmergeResult"), WRITES,
     FAILS(STATUS_CUSTOMER_ERASED, STATUS_MERGE_NOT_FOUND, STATUS_MERGE_REVERSED, STATUS_PLAN_CHANGED)},
    {AT(POST, "/customers/{customerId}/merges/{mergeId}/reverse/preview"), NEEDS(CUSTOMER_MERGE), .handle = api_merges_preview_reverse,
     CALLED("previewReverseMerge", "What taking a merge apart would give, and a token for exactly that"), TAKES(OPTIONAL, "Empty"), GIVES(200, "UnmergePreview"),
     FAILS(STATUS_CUSTOMER_ERASED, STATUS_MERGE_NOT_FOUND, STATUS_MERGE_REVERSED)},

    /* the review queue */
    {AT(GET, "/duplicates"), NEEDS(DUPLICATE_READ), .handle = api_duplicates_list,
     CALLED("listDuplicates", "Possible duplicates, the likeliest first"), GIVES(200, "DuplicatePage"),
     .query = {ENUM_PARAMETER("state", "\"OPEN\",\"CLAIMED\",\"LATER\",\"MERGED\",\"NOT_DUPLICATE\",\"REPEATED\",\"ALL\"", "only those; else OPEN, or CLAIMED with claimedBy"), ENUM_PARAMETER("cause", "\"CREATE\",\"CHANGE\",\"IMPORT\",\"SCAN\"", "only those"),
               {STR("minProbability"), STR("{\"type\":\"number\",\"minimum\":0,\"maximum\":1}"), STR("at least this probability")},
               TEXT_PARAMETER("claimedBy", "whoever has them"), TEXT_PARAMETER("customerId", "about this customer"), TEXT_PARAMETER("segment", "of either customer"),
               PAGE_PARAMETERS},
     FAILS(STATUS_CUSTOMER_NOT_FOUND, STATUS_INVALID_VALUE)},
    {AT(GET, "/duplicates/stats"), NEEDS(DUPLICATE_READ), .handle = api_duplicates_stats,
     CALLED("getDuplicateStats", "How many wait, since when, and what was resolved"), GIVES(200, "DuplicateStats")},
    {AT(POST, "/duplicates/scan"), NEEDS(DUPLICATE_RESOLVE), .handle = api_jobs_scan,
     CALLED("scanDuplicates", "Compares the whole base, as a job; with autoMergeAbove needs customer:merge"), TAKES(JSON, "ScanRequest"), GIVES(202, "Job"), WRITES,
     REFUSES(STATUS_UNKNOWN_FIELD)},
    {AT(GET, "/duplicates/{duplicateId}"), NEEDS(DUPLICATE_READ), .handle = api_duplicates_get,
     CALLED("getDuplicate", "A possible duplicate: both profiles, what differs, and the evidence"), GIVES(200, "DuplicateView"),
     FAILS(STATUS_DUPLICATE_NOT_FOUND)},
    {AT(POST, "/duplicates/{duplicateId}/claim"), NEEDS(DUPLICATE_RESOLVE), .handle = api_duplicates_claim,
     CALLED("claimDuplicate", "Keeps others from deciding for a while"), TAKES(OPTIONAL, "Empty"), GIVES(200, "Duplicate"), WRITES,
     .query = {{STR("minutes"), STR("{\"type\":\"integer\",\"minimum\":1,\"maximum\":480,\"default\":15}"), STR("for how long")}},
     FAILS(STATUS_DUPLICATE_NOT_FOUND, STATUS_DUPLICATE_CLAIMED, STATUS_DUPLICATE_RESOLVED, STATUS_INVALID_VALUE)},
    {AT(POST, "/duplicates/{duplicateId}/release"), NEEDS(DUPLICATE_RESOLVE), .handle = api_duplicates_release,
     CALLED("releaseDuplicate", "Gives a claim back"), TAKES(OPTIONAL, "Empty"), GIVES(200, "Duplicate"), WRITES,
     FAILS(STATUS_DUPLICATE_NOT_FOUND, STATUS_DUPLICATE_CLAIMED, STATUS_DUPLICATE_RESOLVED)},
    {AT(POST, "/duplicates/{duplicateId}/resolve"), NEEDS(DUPLICATE_RESOLVE), .handle = api_duplicates_resolve,
     CALLED("resolveDuplicate", "Merges the two (needs customer:merge), tells them apart, or puts the decision off"), TAKES(JSON, "DuplicateDecision"), GIVES(200, "Duplicate"), WRITES,
     FAILS(STATUS_DUPLICATE_NOT_FOUND, STATUS_DUPLICATE_CLAIMED, STATUS_DUPLICATE_RESOLVED, STATUS_PLAN_CHANGED),
     REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},

    /* privacy */
    {AT(POST, "/privacy/erasures"), NEEDS(CUSTOMER_ERASE), .handle = api_privacy_erase,
     CALLED("eraseCustomer", "Erases a customer: what is kept about it goes for good"), TAKES(JSON, "ErasureRequest"), GIVES(200, "Erasure"), WRITES, SETTLES,
     REFUSES(CUSTOMER_FAILS, STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD)},

    /* events */
    {AT(GET, "/events"), NEEDS(EVENT_READ), .handle = api_events_read,
     CALLED("readEvents", "The change feed: lines of JSON, or server-sent events"), GIVES(200, "application/x-ndjson"),
     .query = {{STR("after"), STR("{\"type\":\"integer\",\"minimum\":0,\"default\":0}"), STR("position of the last event that was seen")},
               {STR("limit"), STR("{\"type\":\"integer\",\"minimum\":1,\"maximum\":10000}"), STR("the answer ends after so many events; default: 500, and no end when it is followed")},
               {STR("follow"), STR("{\"type\":\"boolean\",\"default\":false}"), STR("the answer goes on with what happens next")}},
     FAILS(STATUS_INVALID_VALUE, STATUS_NOT_ACCEPTABLE)},

    {AT(GET, "/webhooks"), NEEDS(WEBHOOK_READ), .handle = api_webhooks_list,
     CALLED("listWebhooks", "Webhooks in the order of their ids"), GIVES(200, "WebhookPage"), .query = {PAGE_PARAMETERS},
     FAILS(STATUS_INVALID_VALUE)},
    {AT(POST, "/webhooks"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_create,
     CALLED("createWebhook", "Makes a webhook: from now on, or from a position on, events are sent to its URL (needs event:read, too). The secret is in this answer alone"),
     TAKES(JSON, "NewWebhook"), GIVES(201, "NewWebhookResult"), .versioned = true, WRITES, UNCONDITIONAL,
     REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD, STATUS_LIMIT_EXCEEDED)},
    {AT(GET, "/webhooks/{webhookId}"), NEEDS(WEBHOOK_READ), .handle = api_webhooks_get,
     CALLED("getWebhook", "A webhook, and how far its receiver has been told"), GIVES(200, "Webhook"),
     FAILS(STATUS_WEBHOOK_NOT_FOUND)},
    {AT(PATCH, "/webhooks/{webhookId}"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_change,
     CALLED("changeWebhook", "Changes a webhook by a merge-patch; status ACTIVE enables one again, which goes on where it was (needs event:read, too)"),
     TAKES(PATCH, "WebhookPatch"), GIVES(200, "Webhook"), .versioned = true, WRITES,
     FAILS(STATUS_WEBHOOK_NOT_FOUND), REFUSES(STATUS_UNKNOWN_FIELD)},
    {AT(DELETE, "/webhooks/{webhookId}"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_remove,
     CALLED("removeWebhook", "Removes a webhook, what is held for it, and its log"), GIVES_NOTHING, WRITES,
     FAILS(STATUS_WEBHOOK_NOT_FOUND)},
    {AT(POST, "/webhooks/{webhookId}/secret"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_rotate,
     CALLED("renewWebhookSecret", "Gives a webhook another secret; for a while deliveries are signed with both (needs event:read, too). The secret is in this answer alone"),
     TAKES(JSON, "WebhookSecretRequest"), GIVES(200, "NewWebhookResult"), WRITES,
     FAILS(STATUS_WEBHOOK_NOT_FOUND), REFUSES(STATUS_UNKNOWN_FIELD)},
    {AT(POST, "/webhooks/{webhookId}/test"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_test,
     CALLED("testWebhook", "Sends an event that tells of nothing; the log of deliveries says what became of it"), TAKES(OPTIONAL, "Empty"), GIVES(200, "WebhookTest"), WRITES,
     FAILS(STATUS_WEBHOOK_NOT_FOUND, STATUS_WEBHOOK_DISABLED)},
    {AT(POST, "/webhooks/{webhookId}/replay"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_replay,
     CALLED("replayWebhook", "Sends everything behind a position of the feed again"), TAKES(JSON, "WebhookReplay"), GIVES(200, "Webhook"), WRITES,
     FAILS(STATUS_WEBHOOK_NOT_FOUND, STATUS_WEBHOOK_DISABLED), REFUSES(STATUS_REQUIRED_FIELD, STATUS_UNKNOWN_FIELD)},
    {AT(GET, "/webhooks/{webhookId}/deliveries"), NEEDS(WEBHOOK_READ), .handle = api_webhooks_deliveries,
     CALLED("listWebhookDeliveries", "The log of attempts, newest first"), GIVES(200, "WebhookAttemptPage"),
     .query = {{STR("failed"), STR("{\"type\":\"boolean\",\"default\":false}"), STR("only those that did not succeed")}, LIMIT_PARAMETER, CURSOR_PARAMETER("^[1-9][0-9]{0,17}$")},
     FAILS(STATUS_WEBHOOK_NOT_FOUND, STATUS_INVALID_VALUE)},
    {AT(POST, "/webhooks/{webhookId}/deliveries/{deliveryId}/replay"), NEEDS(WEBHOOK_WRITE), .handle = api_webhooks_replay_delivery,
     CALLED("replayWebhookDelivery", "Sends the event of one row of the log again"), TAKES(OPTIONAL, "Empty"), GIVES(200, "Webhook"), WRITES,
     FAILS(STATUS_WEBHOOK_NOT_FOUND, STATUS_WEBHOOK_DISABLED, STATUS_DELIVERY_NOT_FOUND)},

    /* long work */
    {AT(POST, "/imports"), NEEDS(JOB_WRITE), .handle = api_jobs_import,
     CALLED("startImport", "Imports customers from CSV or lines of JSON, as a job; needs customer:write, too"), TAKES(UPLOAD, "text/csv"), GIVES(202, "Job"),
     .query = {TEXT_PARAMETER("source", "the system that the records come from; default: import"), TEXT_PARAMETER("keyColumn", "the column with the source's key of a record: makes the import repeatable"),
               TEXT_PARAMETER("mapping", "JSON object {\"column\":\"field\"} for columns that are not named as fields"),
               {STR("onDuplicate"), STR(ON_DUPLICATE_SCHEMA), STR("what to do with a record that certainly is a customer already: report; create and queue for review; create and merge (needs customer:merge); just create")},
               {STR("errorsMax"), STR("{\"type\":\"integer\",\"minimum\":0,\"default\":0}"), STR("the import gives up when more rows than that were refused; 0: no bound")},
               {STR("dryRun"), STR("{\"type\":\"boolean\",\"default\":false}"), STR("counts and reports what would happen, and writes no customer")}, SEPARATOR_PARAMETER}, WRITES,
     FAILS(STATUS_INVALID_VALUE)},
    {AT(POST, "/imports/proposal"), NEEDS(JOB_WRITE), .handle = api_jobs_propose,
     CALLED("proposeMapping", "Looks at the beginning of a file and proposes a field for each column; imports nothing"), TAKES(UPLOAD, "text/csv"), GIVES(200, "MappingProposal"),
     .query = {SEPARATOR_PARAMETER},
     FAILS(STATUS_INVALID_VALUE, STATUS_REQUIRED_FIELD)},
    {AT(POST, "/imports/{jobId}/undo"), NEEDS(JOB_WRITE), .handle = api_jobs_undo,
     CALLED("undoImport", "Takes a whole import back, as a job; goes on with one that was interrupted; needs customer:write, too"), TAKES(OPTIONAL, "Empty"), GIVES(202, "Job"), WRITES,
     FAILS(STATUS_JOB_NOT_FOUND, STATUS_NOT_AN_IMPORT, STATUS_JOB_RUNNING, STATUS_IMPORT_UNDONE)},
    {AT(POST, "/exports"), NEEDS(CUSTOMER_EXPORT), .handle = api_jobs_export,
     CALLED("startExport", "Exports all customers, as a job: all that is known as lines of JSON, or golden profiles as CSV"), TAKES(OPTIONAL, "Empty"), GIVES(202, "Job"), WRITES,
     .query = {{STR("format"), STR("{\"type\":\"string\",\"enum\":[\"ndjson\",\"csv\"],\"default\":\"ndjson\"}"), STR("ndjson: what an operator can restore; csv: a row for each profile, for people and spreadsheets")}},
     FAILS(STATUS_INVALID_VALUE)},
    {AT(POST, "/policy/recompute"), NEEDS(JOB_WRITE), .handle = api_jobs_recompute,
     CALLED("recomputeCustomers", "Brings all profiles to the survivorship policy in force, as a job; needs customer:write, too"), TAKES(OPTIONAL, "Empty"), GIVES(202, "Job"), WRITES},
    {AT(GET, "/jobs"), NEEDS(JOB_READ), .handle = api_jobs_list,
     CALLED("listJobs", "Jobs, newest first"), GIVES(200, "JobPage"),
     .query = {ENUM_PARAMETER("kind", "\"IMPORT\",\"EXPORT\",\"SCAN\",\"UNDO\",\"RECOMPUTE\"", "only those"),
               ENUM_PARAMETER("state", "\"QUEUED\",\"RUNNING\",\"DONE\",\"FAILED\",\"CANCELLED\",\"UNDONE\"", "only those"), PAGE_PARAMETERS},
     FAILS(STATUS_INVALID_VALUE)},
    {AT(GET, "/jobs/{jobId}"), NEEDS(JOB_READ), .handle = api_jobs_get,
     CALLED("getJob", "State and progress of a job"), GIVES(200, "Job"),
     FAILS(STATUS_JOB_NOT_FOUND)},
    {AT(POST, "/jobs/{jobId}/cancel"), NEEDS(JOB_WRITE), .handle = api_jobs_cancel,
     CALLED("cancelJob", "Cancels a job"), TAKES(OPTIONAL, "Empty"), GIVES(200, "Job"), WRITES,
     FAILS(STATUS_JOB_NOT_FOUND, STATUS_JOB_ENDED)},
    {AT(GET, "/jobs/{jobId}/result"), NEEDS(CUSTOMER_EXPORT), .handle = api_jobs_result,
     CALLED("getJobResult", "The records of an export, in the form that was asked for"), GIVES(200, "application/x-ndjson"), .also = STR("text/csv"),
     FAILS(STATUS_JOB_NOT_FOUND, STATUS_RESULT_NOT_FOUND)},
    {AT(GET, "/jobs/{jobId}/errors"), NEEDS(JOB_READ), .handle = api_jobs_errors,
     CALLED("getJobErrors", "The rows of an import that were not taken, and why; the customers of an undo with more to be told. Lines of JSON, or CSV by Accept"), GIVES(200, "application/x-ndjson"), .also = STR("text/csv"),
     FAILS(STATUS_JOB_NOT_FOUND)},

    /* the service itself */
    {ROOT("/livez"), .handle = api_system_live, CALLED("live", "Does the process answer?"), GIVES(200, "Health")},
    {ROOT("/readyz"), .handle = api_system_ready, CALLED("ready", "Can requests be served: is the store there, and no drain under way?"),
     GIVES(200, "Health"), FAILS(STATUS_UNAVAILABLE, STATUS_SCHEMA_MISMATCH)},
    {ROOT("/metrics"), .handle = api_system_metrics, CALLED("metrics", "Counters in Prometheus' text form"), GIVES(200, "text/plain")},
    {ROOT("/asyncapi.json"), .handle = api_system_asyncapi, CALLED("asyncapi", "What is published to Kafka (AsyncAPI 3.0)"), GIVES(200, "application/json")},
    {ROOT("/openapi.json"), .handle = api_system_openapi, CALLED("openapi", "This description"), GIVES(200, "application/json")},
    {ROOT("/"), .handle = api_system_page, CALLED("page", "The first page"), GIVES(200, "text/html")},
    {ROOT("/docs"), .handle = api_system_page, CALLED("docs", "The API reference"), GIVES(200, "text/html")},
    {ROOT("/console/{file}"), .handle = api_system_page, CALLED("console", "Files of the pages"), GIVES(200, "*/*"),
     FAILS(STATUS_ROUTE_NOT_FOUND)},
};
/* clang-format on */

const size_t routes_count = sizeof(routes) / sizeof(routes[0]);
