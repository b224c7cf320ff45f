/* migrate: brings a store's schema up to this program. */
#include <stdio.h>

#include "service/command.h"
#include "service/files.h"
#include "service/instance.h"
#include "sql_statements.h"

#include "engines/sql/sql.h"

static enum status migrate_postgres(const struct config_values *config, struct str url,
                                    int *applied, struct error *error)
{
    return postgres_migrate(url, config->store_runtime_role, sql_migrations_postgres,
                            sql_migrations_postgres_count, applied, error);
}

/* A migration URL is that of a PostgreSQL, and says so whatever store.url is. */
static enum status migrate(const struct invocation *invocation, int *applied, struct error *error)
{
    const struct config_values *config = &invocation->config.values;
    struct str path = instance_store_path(config);
    if (!str_is_empty(config->store_migration_url))
        return migrate_postgres(config, config->store_migration_url, applied, error);
    switch (instance_store_kind(config)) {
    case STORE_KIND_POSTGRES:
        return migrate_postgres(config, config->store_url, applied, error);
    case STORE_KIND_SQLITE:
        TRY(files_make_directory(files_directory_of(path), 0750, invocation->arena, error));
        return sqlite_migrate(path, sql_migrations_sqlite, sql_migrations_sqlite_count, applied,
                              error);
    default:
        return error_set(error, STATUS_USAGE, STR("store.url"), STR("sqlite: or postgresql:"),
                         "a store in memory has no schema");
    }
}

static enum status run_migrate(struct invocation *invocation, struct error *error)
{
    int applied = 0;
    enum status status = migrate(invocation, &applied, error);
    if (status != STATUS_OK) return status;
    (void)printf(applied == 0 ? "the schema is up to date\n" : "%d migrations applied\n", applied);
    return STATUS_OK;
}

const struct command command_migrate = {
    .name = STR("migrate"),
    .operands = STR(""),
    .summary = STR("brings the store's schema up to this program"),
    .text = STR("The embedded store does this by itself at start. For PostgreSQL run it with the\n"
                "role that owns the schema, before the new program is started; instances of the\n"
                "old one may go on serving meanwhile:\n\n"
                "  customer360 migrate --store-migration-url postgresql://owner@db/customer360 \\\n"
                "      --store-runtime-role customer360"),
    .run = run_migrate,
};
