/* `customer360 import --undo JOB`. */
#ifndef SERVICE_COMMAND_IMPORT_UNDO_H
#define SERVICE_COMMAND_IMPORT_UNDO_H

#include "service/command.h"

MUST_CHECK enum status command_import_undo(struct invocation *invocation, struct str import_id,
                                           struct error *error);

#endif
