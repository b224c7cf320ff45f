/* The homes that imports behind a given one spoke of, or found as their files have them: whoever
 * takes the given one back says so of these. Imports that are undone do not count. Eight bytes a
 * home; a home is told by its hash. Internal to undoing.
 */
#ifndef APPLICATION_LATER_IMPORTS_H
#define APPLICATION_LATER_IMPORTS_H

#include "application/application.h"

struct later_imports;

MUST_CHECK enum status later_imports_read(struct application *application,
                                          const struct caller *caller, struct str import_id,
                                          struct later_imports **out, struct error *error);
void later_imports_free(struct later_imports *later);
/* `later` may be NULL: then there are none. */
bool later_imports_have(const struct later_imports *later, struct str home);

/* How a step of an import notes a home that it found as its file has it; and back. */
#define LATER_IMPORTS_UNCHANGED '='

#endif
