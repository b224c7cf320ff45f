/* A store of the configured kind with the application over it: what serve and the commands share.
 */
#ifndef SERVICE_INSTANCE_H
#define SERVICE_INSTANCE_H

#include "adapters/webhooks/signer.h"
#include "application/once.h"
#include "service/config.h"
#include "service/policies.h"

enum store_kind { STORE_KIND_MEMORY, STORE_KIND_SQLITE, STORE_KIND_POSTGRES };

struct instance {
    enum store_kind kind;
    struct str store_path; /* of the embedded store's file; absent for others */
    bool restores;         /* nobody but a restore opens a store that one has begun */
    struct store *store;
    struct policies *policies;
    struct matcher *matcher;
    struct application application;
    _Atomic uint64_t matching[MATCHING_COUNTERS];
    struct once_flights flights;
    struct signer signer; /* of webhooks; used when the application has it */
};

/* As traces name it (db.system.name). */
struct str instance_store_system(enum store_kind kind);
enum store_kind instance_store_kind(const struct config_values *config);
/* The file of an embedded store; absent for others. */
struct str instance_store_path(const struct config_values *config);

/* Opens the store (the embedded one is made and migrated when needed) and fills in the application.
 * STATUS_STORE_IN_USE, STATUS_SCHEMA_MISMATCH (PostgreSQL must be migrated first),
 * STATUS_CONFIGURATION. `arena` lives as long as the instance. Outside of any loop. */
MUST_CHECK enum status instance_open(const struct config_values *config, struct arena *arena,
                                     struct instance *instance, struct error *error);
/* Opens a whole store, all tenants, as backup and digest need it: the embedded one for reading,
 * beside the service that may have it open; PostgreSQL as the role that owns the schema. The
 * application is there but for the suppression key. STATUS_SCHEMA_MISMATCH. */
MUST_CHECK enum status instance_open_aside(const struct config_values *config, struct arena *arena,
                                           struct instance *instance, struct error *error);
/* The same, alone and for writing, with the application: for restore, which may find what one
 * before it has left. */
MUST_CHECK enum status instance_open_whole(const struct config_values *config, struct arena *arena,
                                           struct instance *instance, struct error *error);
/* The file that holds the key of the suppression list; absent: there is none, the key is zero. */
struct str instance_key_path(const struct config_values *config, struct arena *arena);
/* 32 digits of the key in that file, or of the zero key. */
MUST_CHECK enum status instance_key_text(const struct config_values *config, struct arena *arena,
                                         struct str *text, struct error *error);
void instance_close(struct instance *instance);

#endif
