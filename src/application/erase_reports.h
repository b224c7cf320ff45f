/* What the reports of imports still show of a customer that is erased: rows that were refused stand
 * there as they stood in the file. Internal to application/. */
#ifndef APPLICATION_ERASE_REPORTS_H
#define APPLICATION_ERASE_REPORTS_H

#include "application/application.h"

/* Takes the original of every row away that was refused as one of the tree's homes, or has an
 * e-mail address, a phone number, an identifier, a source's key or all words of a name in it that
 * was ever said of one. That a row was refused, which one and why stays. */
MUST_CHECK enum status erase_reports(struct store_session *session, const struct tree *tree,
                                     struct arena *arena, struct error *error);

#endif
