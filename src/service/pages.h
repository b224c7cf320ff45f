/* Manual pages and the shell's completion, from the tables that the program reads: what --help says
 * cannot be different from what they say. */
#ifndef SERVICE_PAGES_H
#define SERVICE_PAGES_H

#include "service/command.h"

/* customer360(1): every command with its options. */
void pages_write_commands(const struct invocation *invocation, struct buffer *out);
/* customer360.conf(5): every key. */
void pages_write_configuration(struct buffer *out);
/* For bash. */
void pages_write_completion(const struct invocation *invocation, struct buffer *out);

#endif
