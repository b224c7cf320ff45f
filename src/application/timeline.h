/* GET /customers/{id}/timeline: all that was said and done about a customer, newest first, whoever
 * said it: one entry for each fact of the tree and of its history, and each merge of its homes.
 * A page has a page of history, however much of that there is. */
#ifndef APPLICATION_TIMELINE_H
#define APPLICATION_TIMELINE_H

#include "application/customer_history.h"

/* Whose business an entry is: who may read that elsewhere may read it here, and nobody else. */
enum timeline_part {
    TIMELINE_SERVICE, /* service orders, contracts */
    TIMELINE_PROFILE, /* what was said of the profile, contacts and relationships; merges */
    TIMELINE_CONSENT,
    TIMELINE_CREDIT,
    TIMELINE_PART_COUNT
};
/* Of a type of entry, "CONTACT"; false: there is no such type. */
bool timeline_part_of(struct str type, enum timeline_part *part);

struct timeline_view {
    struct str type; /* only entries of that type; absent: all */
    bool shows[TIMELINE_PART_COUNT];
};

/* Items {"at","type","customerId","subject","source","actor","recordedAt","details":{}}: `at` is
 * when it was so at the source. `limit` 0: 50. */
MUST_CHECK enum status timeline_read(struct application *application, const struct caller *caller,
                                     struct str customer_id, const struct timeline_view *view,
                                     struct str cursor, size_t limit, struct arena *arena,
                                     struct json_page *out, struct error *error);

#endif
