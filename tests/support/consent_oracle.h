/* The rules of consent.h one by one and for one question, with every act looked at for every home:
 * too slow for a customer with many of both, and plain enough to be compared with. */
#ifndef SUPPORT_CONSENT_ORACLE_H
#define SUPPORT_CONSENT_ORACLE_H

#include "domain/consent.h"

MUST_CHECK enum status consent_oracle_decide(const struct tree *tree,
                                             const struct consent_question *question,
                                             struct arena *arena, struct consent_answer *answer);

#endif
