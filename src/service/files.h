/* Small files of the operator: read whole, made anew. Failures are STATUS_IO with the file's name
 * and the system's reason. */
#ifndef SERVICE_FILES_H
#define SERVICE_FILES_H

#include "base/status.h"

/* STATUS_LIMIT_EXCEEDED past max_bytes. The text lives in the arena, NUL-terminated past its end.
 */
MUST_CHECK enum status files_read(struct str path, size_t max_bytes, struct arena *arena,
                                  struct str *text, struct error *error);
/* Makes a file that must not exist, written through to the disk. */
MUST_CHECK enum status files_create(struct str path, int mode, struct str text, struct arena *arena,
                                    struct error *error);
/* The same in the place of one that may be there: the old or the new is found, never half of one.
 */
MUST_CHECK enum status files_replace(struct str path, int mode, struct str text,
                                     struct arena *arena, struct error *error);
/* What was made or renamed in it is on the disk. */
MUST_CHECK enum status files_sync_directory(struct str path, struct arena *arena,
                                            struct error *error);
bool files_exists(struct str path, struct arena *arena);
/* Makes a directory and those above it; one that is there is fine. */
MUST_CHECK enum status files_make_directory(struct str path, int mode, struct arena *arena,
                                            struct error *error);
/* What stands before the last slash; "." when there is none. */
struct str files_directory_of(struct str path);

#endif
