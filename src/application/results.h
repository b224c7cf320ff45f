/* What use cases hand back, and what a refused one tells besides its status.
 *
 * Every use case that is addressed to one customer answers
 *   STATUS_CUSTOMER_NOT_FOUND  no such id in the tenant;
 *   STATUS_CUSTOMER_MERGED     it was merged; error->details_json is
 *                              {"survivorId":"CUST-1","mergeId":"MRG-1"}, where survivorId is the
 *                              root of the tree it is in now (not just the next one up) and mergeId
 *                              the merge that made this very customer a part of another;
 *   STATUS_CUSTOMER_ERASED     it was erased.
 * Text lives in the arena that was passed.
 */
#ifndef APPLICATION_RESULTS_H
#define APPLICATION_RESULTS_H

#include "application/application.h"

/* A profile as the API shows it. */
struct customer_document {
    struct str customer_id;
    int64_t version;
    instant updated_at;
    struct str document; /* JSON object */
    struct str outvoted; /* after a change: fields of it that show what other sources say, "name,
                            status"; absent: none */
};

/* One thing of a customer after a change: a contact, a relationship, a consent record. */
struct customer_part {
    struct str id;
    int64_t version; /* of the customer, after the change */
    struct str json; /* JSON object */
};

/* One page of a list. */
struct json_page {
    struct str body; /* {"items":[...],"next":"..."|null} */
    struct str next; /* cursor of the next page; absent on the last */
};

/* Which page is asked for. */
struct page_request {
    struct str cursor; /* `next` of the page before; absent: the first */
    size_t limit;      /* 0: the default of the list */
};

enum { IF_MATCH_ANY = -1 }; /* no version demanded */

/* Makes `status` (STATUS_CUSTOMER_MERGED) with the details above. */
enum status results_merged(struct str survivor_id, struct str merge_id, struct arena *arena,
                           struct error *error);
/* The survivorId out of such an error's details; absent when there is none. */
struct str results_survivor(const struct error *error, struct arena *arena);

/* `wanted` or, if that is 0, 50; STATUS_LIMIT_EXCEEDED past limits.page_max. */
MUST_CHECK enum status results_limit(const struct application *application, size_t wanted,
                                     size_t *limit, struct error *error);
/* STATUS_INVALID_VALUE that names the cursor. */
MUST_CHECK enum status results_bad_cursor(struct error *error);
/* A cursor that is the id of the last item: absent, or an identifier that begins with `prefix`. */
MUST_CHECK enum status results_check_cursor(struct str cursor, const char *prefix,
                                            struct error *error);
/* STATUS_LIMIT_EXCEEDED; `of` is what there may be at most `most` of. */
MUST_CHECK enum status results_exceeded(struct error *error, struct str field, size_t most,
                                        const char *of);
/* A page of a list that is known as a whole, of one customer: the items [begin, end). */
struct results_slice {
    size_t begin;
    size_t end;
    struct str next; /* absent on the last */
};
/* Of `count` items with these keys ([A-Za-z0-9._:-]), behind the one that the cursor names, or
 * behind its place when it is not there any more; at most `limit` of them, limits.page_max by
 * default. STATUS_LIMIT_EXCEEDED, STATUS_INVALID_VALUE (the cursor). */
MUST_CHECK enum status results_slice(const struct application *application,
                                     const struct page_request *request, const struct str *keys,
                                     size_t count, struct arena *arena, struct results_slice *out,
                                     struct error *error);
/* Around the items of a page: {"items":[ ... ],"next":...}. */
void results_page_begin(struct json_writer *writer);
void results_page_end(struct json_writer *writer, struct str next);
/* key + RFC 3339; null for INSTANT_NONE. */
void results_instant(struct json_writer *writer, struct str name, instant when);

#endif
