/* What came of a call: one table of codes for the whole program.
 *
 * Every function that can fail returns `enum status`, which must be checked, and puts the detail
 * into a trailing `struct error *` when there is one. A status is for the world (bad input, a full
 * disk); a bug is an assertion. How a code looks over HTTP is known in adapters/api only.
 *
 * The text of a code is a contract with programs: it never changes.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include "base/arena.h"

/* clang-format off */
#define STATUS_TABLE(X) \
    /* general */ \
    X(OK,                     "OK",                      "") \
    X(OUT_OF_MEMORY,          "OUT_OF_MEMORY",           "the request needs more memory than it may use") \
    X(INTERNAL,               "INTERNAL_ERROR",          "an unexpected failure; the log has it under this traceId") \
    X(UNAVAILABLE,            "SERVICE_UNAVAILABLE",     "the service or its store cannot answer now; nothing was changed, try again") \
    X(OVERLOADED,             "SERVICE_OVERLOADED",      "there is more to do than can be done in time; nothing was begun, try again") \
    X(OUTCOME_UNKNOWN,        "OUTCOME_UNKNOWN",         "the connection to the store broke during the commit: the change may or may not have happened") \
    X(WRITE_CONFLICT,         "WRITE_CONFLICT",          "another change came in between too often; nothing was changed, try again") \
    X(STORE_FULL,             "STORE_FULL",              "the store has no room; nothing was changed") \
    X(STORE_CORRUPT,          "STORE_CORRUPT",           "the store's files are damaged") \
    X(STORE_READ_ONLY,        "STORE_READ_ONLY",         "the store's files cannot be written; nothing was changed") \
    X(SCHEMA_MISMATCH,        "SCHEMA_MISMATCH",         "the store's schema is not the one this program needs") \
    X(STORE_IN_USE,           "STORE_IN_USE",            "another process has the embedded store open") \
    X(IO,                     "IO_ERROR",                "a file or connection could not be read or written") \
    X(USAGE,                  "USAGE",                   "the command line is not valid") \
    X(CONFIGURATION,          "CONFIGURATION_INVALID",   "a configuration key or its value is not valid") \
    /* the request as such */ \
    X(ROUTE_NOT_FOUND,        "ROUTE_NOT_FOUND",         "no resource has this path") \
    X(METHOD_NOT_ALLOWED,     "METHOD_NOT_ALLOWED",      "the resource does not take this method") \
    X(NOT_ACCEPTABLE,         "NOT_ACCEPTABLE",          "no representation fits the Accept header") \
    X(UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE",  "the body's Content-Type is not taken here") \
    X(REQUEST_TOO_LARGE,      "REQUEST_TOO_LARGE",       "the request is larger than allowed") \
    X(REQUEST_IN_FLIGHT,      "REQUEST_IN_FLIGHT",       "a request with this Idempotency-Key is under way: ask again") \
    X(KEY_REUSED,             "IDEMPOTENCY_KEY_REUSED",  "this Idempotency-Key was used for another request") \
    X(RATE_LIMITED,           "RATE_LIMITED",            "too many requests") \
    X(UNAUTHENTICATED,        "UNAUTHENTICATED",         "who is asking is not known") \
    X(FORBIDDEN,              "FORBIDDEN",               "the caller lacks the permission") \
    X(MALFORMED_JSON,         "MALFORMED_JSON",          "the body is not well-formed JSON") \
    X(MALFORMED_CSV,          "MALFORMED_CSV",           "the input is not well-formed CSV") \
    X(UNKNOWN_FIELD,          "UNKNOWN_FIELD",           "the field is not known here") \
    X(DUPLICATE_FIELD,        "DUPLICATE_FIELD",         "the field is given twice") \
    X(REQUIRED_FIELD,         "REQUIRED_FIELD",          "the field is required") \
    X(INVALID_VALUE,          "INVALID_VALUE",           "the value is not allowed here") \
    X(LIMIT_EXCEEDED,         "LIMIT_EXCEEDED",          "a limit on size or count is exceeded") \
    X(VERSION_MISMATCH,       "VERSION_MISMATCH",        "the resource is not at the version that If-Match names") \
    /* customers */ \
    X(CUSTOMER_NOT_FOUND,     "CUSTOMER_NOT_FOUND",      "no such customer") \
    X(CUSTOMER_MERGED,        "CUSTOMER_MERGED",         "the customer was merged into another") \
    X(CUSTOMER_ERASED,        "CUSTOMER_ERASED",         "the customer was erased") \
    X(CUSTOMER_EXISTS,        "CUSTOMER_EXISTS",         "the customerId is taken") \
    X(DUPLICATE_CUSTOMER,     "DUPLICATE_CUSTOMER",      "this customer exists already") \
    X(CONSENT_VIOLATION,      "CONSENT_VIOLATION",       "there is no consent for this channel") \
    X(CONSENT_NOT_FOUND,      "CONSENT_NOT_FOUND",       "no such consent record") \
    X(CONTACT_NOT_FOUND,      "CONTACT_NOT_FOUND",       "no such contact") \
    X(CONTACT_EXISTS,         "CONTACT_EXISTS",          "the contactId is taken") \
    X(RELATIONSHIP_EXISTS,    "RELATIONSHIP_EXISTS",     "the customer has that relationship already") \
    X(RELATIONSHIP_NOT_FOUND, "RELATIONSHIP_NOT_FOUND",  "no such relationship") \
    X(HIERARCHY_CYCLE,        "HIERARCHY_CYCLE",         "the relationship would make the hierarchy a cycle") \
    X(MERGE_WITH_SELF,        "MERGE_WITH_SELF",         "a customer cannot be merged with itself") \
    X(MERGE_NOT_FOUND,        "MERGE_NOT_FOUND",         "no such merge") \
    X(MERGE_REVERSED,         "MERGE_ALREADY_REVERSED",  "the merge is reversed already") \
    X(PLAN_CHANGED,           "PLAN_CHANGED",            "something changed since the preview: preview again") \
    X(DUPLICATE_NOT_FOUND,    "DUPLICATE_NOT_FOUND",     "no such item of the review queue") \
    X(DUPLICATE_CLAIMED,      "DUPLICATE_CLAIMED",       "somebody else is at this item") \
    X(DUPLICATE_RESOLVED,     "DUPLICATE_RESOLVED",      "the item is resolved already") \
    X(JOB_NOT_FOUND,          "JOB_NOT_FOUND",           "no such job") \
    X(JOB_ENDED,              "JOB_ENDED",               "the job has ended already") \
    X(JOB_RUNNING,            "JOB_RUNNING",             "the job has not ended: cancel it first") \
    X(JOB_TAKEN,              "JOB_TAKEN",               "another instance has taken the job over") \
    X(RESULT_NOT_FOUND,       "RESULT_NOT_FOUND",        "the job has no result") \
    X(NOT_AN_IMPORT,          "NOT_AN_IMPORT",           "only an import can be undone") \
    X(IMPORT_UNDONE,          "IMPORT_ALREADY_UNDONE",   "the import is undone already") \
    X(WEBHOOK_NOT_FOUND,      "WEBHOOK_NOT_FOUND",       "no such webhook") \
    X(WEBHOOK_DISABLED,       "WEBHOOK_DISABLED",        "the webhook is disabled: set its status to ACTIVE first") \
    X(DELIVERY_NOT_FOUND,     "DELIVERY_NOT_FOUND",      "no such delivery in the log, or its event is gone") \
    X(ROLLED_BACK,            "ROLLED_BACK",             "nothing was written: it was a trial") \
    X(STORE_NOT_EMPTY,        "STORE_NOT_EMPTY",         "the store has data already")
/* clang-format on */

enum status {
#define X(symbol, code, meaning) STATUS_##symbol,
    STATUS_TABLE(X)
#undef X
        STATUS_COUNT
};

#define MUST_CHECK __attribute__((warn_unused_result))

/* What went wrong, where, and what would have been right. Text is cut, never overrun.
 * `details_json`, when present, is a JSON object in the memory of the request: more for a program
 * (the candidates of a duplicate). None of it may hold personal data: errors are logged. */
struct error {
    enum status status;
    char field[128];   /* path in the input: contacts[0].email; "" when no field is to blame */
    char message[256]; /* a sentence */
    char allowed[256]; /* what would be accepted; "" when there is nothing to say */
    struct str details_json;
};

/* "CUSTOMER_NOT_FOUND" */
struct str status_code(enum status status);
/* The sentence from the table. */
struct str status_meaning(enum status status);

/* Fills *error (which may be NULL) and returns `status`, so that a failure is one line:
 *     return error_set(error, STATUS_INVALID_VALUE, STR("status"), STR("ACTIVE | INACTIVE"),
 *                      "is not a known status");
 * An empty format stands for the table's sentence. */
enum status error_set(struct error *error, enum status status, struct str field, struct str allowed,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The table's sentence, no field. */
enum status error_plain(struct error *error, enum status status);

/* if (...) return: for statuses that are handed up as they are. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum status try_status_ = (call);                                                          \
        if (try_status_ != STATUS_OK) return try_status_;                                          \
    } while (0)

#endif
