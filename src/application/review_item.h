/* An item of the review queue as the API shows it. Internal to application/. */
#ifndef APPLICATION_REVIEW_ITEM_H
#define APPLICATION_REVIEW_ITEM_H

#include "application/results.h"

struct review_item {
    const struct duplicate_row *row;
    struct profile_row customers[2]; /* of which home_a and home_b are a part now */
};

/* The items with their customers, by a few look-ups for all of them. */
MUST_CHECK enum status review_items_load(struct application *application,
                                         const struct caller *caller,
                                         const struct duplicate_row *rows, size_t count,
                                         struct arena *arena, struct review_item **items,
                                         struct error *error);

/* {"duplicateId","state","probability","cause","reasons":[{"field","reason"}],"modelVersion",
 * "createdAt","refreshedAt","claimedBy","claimedUntil","laterUntil","resolution","resolvedBy",
 * "resolvedAt","customers":[{"customerId","homeId","name","kind","segment"} twice]}. `whole` adds
 * "waterfall", to each customer its "profile", and "differences":[{"field","values":[a,b]}]. */
MUST_CHECK enum status review_item_write(struct json_writer *writer, const struct review_item *item,
                                         instant now, bool whole, struct arena *arena);

/* The item of the id, read and written; `more` (may be absent) is further members, as text. */
MUST_CHECK enum status review_item_show(struct application *application,
                                        const struct caller *caller, struct str duplicate_id,
                                        bool whole, struct str more, struct arena *arena,
                                        struct str *json, struct error *error);

#endif
