/* Messages that are put aside, as dead letters in the store: each in a unit of work of the tenant
 * that it is of, which locks the customer that it is about. So an erasure that is under way ends
 * first, and takes it away, or finds it and takes it away.
 *
 * Of a message that could not be read to its tenant nobody knows whom it is about; nor can a
 * customer be locked who is not there.
 */
#ifndef APPLICATION_PUT_ASIDE_H
#define APPLICATION_PUT_ASIDE_H

#include "application/application.h"

/* kept[i]: not the letter of a customer who is erased. Those of some tenants may be there when it
 * fails; put again they stay as they are. */
MUST_CHECK enum status put_aside(struct application *application, const struct dead_letter *letters,
                                 size_t count, struct arena *arena, bool *kept,
                                 struct error *error);

#endif
