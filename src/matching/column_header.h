/* What a column's header says the column is. */
#ifndef MATCHING_COLUMN_HEADER_H
#define MATCHING_COLUMN_HEADER_H

#include "matching/columns.h"

/* Sets field and type (NONE: known to be of no use); false when the header is not known, which
 * leaves the column as it is. */
bool column_header_recognise(struct str name, struct column *column);
/* Whose names a header promises that speaks of nobody else and nothing else ("Patient", "Owner's
 * name"): FULL_NAME or NAME, else NONE. Numbers stand under such headers as well: look inside. */
enum matching_field column_header_role(struct str name);
/* "id", "record_id", "customerId" */
bool column_header_is_id(struct str name);
/* A header that says nothing: "", "3", "col3", "field_3", "f3", "x". */
bool column_header_is_mute(struct str name);

#endif
