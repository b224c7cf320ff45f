/* .../customers/{id}/contacts. A contact lives in the home it was added to; a change of it goes to
 * that home, so that it stays there after an unmerge. */
#ifndef APPLICATION_CONTACTS_H
#define APPLICATION_CONTACTS_H

#include "application/results.h"

/* {"items":[contact...],"next":null}; `role` absent: all, else BILLING | SERVICE | SALES. */
MUST_CHECK enum status contacts_list(struct application *application, const struct caller *caller,
                                     struct str customer_id, struct str role,
                                     const struct page_request *request, struct arena *arena,
                                     struct json_page *page, struct error *error);
/* STATUS_CONTACT_NOT_FOUND. */
MUST_CHECK enum status contacts_get(struct application *application, const struct caller *caller,
                                    struct str customer_id, struct str contact_id,
                                    struct arena *arena, struct customer_part *out,
                                    struct error *error);
/* STATUS_CONTACT_EXISTS when the given contactId is or was used in the tree. */
MUST_CHECK enum status contacts_add(struct application *application, const struct caller *caller,
                                    struct str customer_id, const struct json_value *body,
                                    int64_t if_match, struct arena *arena,
                                    struct customer_part *out, struct error *error);
/* A merge-patch. */
MUST_CHECK enum status contacts_change(struct application *application, const struct caller *caller,
                                       struct str customer_id, struct str contact_id,
                                       const struct json_value *patch, int64_t if_match,
                                       struct arena *arena, struct customer_part *out,
                                       struct error *error);
MUST_CHECK enum status contacts_remove(struct application *application, const struct caller *caller,
                                       struct str customer_id, struct str contact_id,
                                       int64_t if_match, struct arena *arena, int64_t *version,
                                       struct error *error);

#endif
