/* What the commands that work on a store without a service have in common: who acts, and opening.
 */
#ifndef SERVICE_STORE_COMMAND_H
#define SERVICE_STORE_COMMAND_H

#include "service/command.h"
#include "service/instance.h"

/* Rows for --tenant and --user, to be put into a command's options. */
#define STORE_COMMAND_OPTIONS                                                                      \
    {STR("tenant"), STR("TENANT"), STR("whose customers (default)")},                              \
    {                                                                                              \
        STR("user"), STR("USER"), STR("recorded as the actor (customer360)")                       \
    }

/* From --tenant and --user; STATUS_USAGE. */
MUST_CHECK enum status store_command_caller(const struct invocation *invocation,
                                            struct caller *caller, struct error *error);
/* instance_open, and nothing but errors in the log. When the embedded store is open elsewhere,
 * `instead` (may be absent) is told: what to do while the service runs. */
MUST_CHECK enum status store_command_open(const struct invocation *invocation, struct str instead,
                                          struct instance *instance, struct error *error);
/* STATUS_USAGE when the store would have to be made first: nothing is to be had from it, and its
 * path is a mistake. */
MUST_CHECK enum status store_command_require_store(const struct invocation *invocation,
                                                   struct error *error);
/* Says so when the store is about to be made. */
void store_command_tell_new(const struct invocation *invocation);
/* For who only tries: where there is no store, an empty one that is in no file. */
void store_command_spare_new(struct invocation *invocation);
/* "http://127.0.0.1:9401/api/v1/crm" and the headers that a curl line needs, as text. */
struct str store_command_url(const struct invocation *invocation);
struct str store_command_headers(const struct invocation *invocation, const struct caller *caller);
/* A text as it stands in a query string. Absent when out of memory. */
struct str store_command_escape(struct str text, struct arena *arena);

#endif
