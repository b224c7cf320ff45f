/* What a column's header says the column is. */
#ifndef MATCHING_COLUMN_HEADER_H
#define MATCHING_COLUMN_HEADER_H

#include "matching/columns.h"

/* Sets field and type; leaves the column as it is when the header is not known. */
void column_header_recognise(struct str name, struct column *column);
/* "id", "record_id", "customerId" */
bool column_header_is_id(struct str name);
/* A header that says nothing: "", "3", "col3", "field_3", "f3", "x". */
bool column_header_is_mute(struct str name);

#endif
