/* import --propose and --auto-map: what the columns of a file seem to be. */
#ifndef SERVICE_COMMAND_IMPORT_PROPOSE_H
#define SERVICE_COMMAND_IMPORT_PROPOSE_H

#include "adapters/api/job_runner.h"
#include "service/command.h"

/* With --propose it is shown, and *only: nothing is to be imported. With --auto-map what is sure
 * goes into the parameters, under what they say already. */
MUST_CHECK enum status command_import_propose(const struct invocation *invocation, int file,
                                              struct import_parameters *parameters, bool *only,
                                              struct error *error);

#endif
