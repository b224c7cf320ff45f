/* The suppression list: contact points that are never to be used again, kept as keyed hashes only,
 * so that an entry outlives the erasure of the person and tells nobody who it was.
 *
 * An e-mail address is hashed with its class, EMAIL; a phone number with PHONE (it stands for SMS
 * and CALL alike); each in canonical form, 128 bits of SipHash-2-4 under
 * application->suppression_key.
 */
#ifndef APPLICATION_SUPPRESSIONS_H
#define APPLICATION_SUPPRESSIONS_H

#include "application/results.h"

/* Body {"contactPoint":"a@x.example","reason"?}. A value with '@' is an e-mail address, else it is
 * a phone number. Answers {"suppressed":true}. Adding twice is no error. */
MUST_CHECK enum status suppressions_add(struct application *application,
                                        const struct caller *caller, const struct json_value *body,
                                        struct arena *arena, struct str *json, struct error *error);
MUST_CHECK enum status suppressions_remove(struct application *application,
                                           const struct caller *caller, struct str contact_point,
                                           struct arena *arena, struct error *error);
/* {"suppressed":true|false} */
MUST_CHECK enum status suppressions_check(struct application *application,
                                          const struct caller *caller, struct str contact_point,
                                          struct arena *arena, struct str *json,
                                          struct error *error);

/* 32 hexadecimal digits; absent when out of memory. */
struct str suppressions_hash(const struct application *application, struct str contact_point,
                             struct arena *arena);

#endif
