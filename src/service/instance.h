/* A store of the configured kind with the application over it: what serve and the commands share.
 */
#ifndef SERVICE_INSTANCE_H
#define SERVICE_INSTANCE_H

#include "application/application.h"
#include "service/config.h"
#include "service/policies.h"

enum store_kind { STORE_KIND_MEMORY, STORE_KIND_SQLITE, STORE_KIND_POSTGRES };

struct instance {
    enum store_kind kind;
    struct str store_path; /* of the embedded store's file; absent for others */
    struct store *store;
    struct policies *policies;
    struct matcher *matcher;
    struct application application;
};

enum store_kind instance_store_kind(const struct config_values *config);
/* The file of an embedded store; absent for others. */
struct str instance_store_path(const struct config_values *config);

/* Opens the store (the embedded one is made and migrated when needed) and fills in the application.
 * STATUS_STORE_IN_USE, STATUS_SCHEMA_MISMATCH (PostgreSQL must be migrated first),
 * STATUS_CONFIGURATION. `arena` lives as long as the instance. Outside of any loop. */
MUST_CHECK enum status instance_open(const struct config_values *config, struct arena *arena,
                                     struct instance *instance, struct error *error);
void instance_close(struct instance *instance);

#endif
