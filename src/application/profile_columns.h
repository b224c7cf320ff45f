/* Golden profiles as rows of CSV, for people and spreadsheets. The columns are named so that
 * `import` reads them back; of lists of objects the first ones are there. */
#ifndef APPLICATION_PROFILE_COLUMNS_H
#define APPLICATION_PROFILE_COLUMNS_H

#include "formats/csv.h"
#include "formats/json.h"

void profile_columns_write_header(struct csv_writer *writer);
/* `profile` as the API shows it; `arena` is working memory. */
void profile_columns_write_row(struct csv_writer *writer, const struct json_value *profile,
                               struct arena *arena);

#endif
