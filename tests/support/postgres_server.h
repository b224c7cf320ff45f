/* A PostgreSQL server for one test program: tests/servers/postgres.py in a child process, which
 * ends with us however we end.
 *
 *     static struct postgres_server server;
 *     assert_true(postgres_server_start(&server));
 *     ... postgres_server_url(&server, "customer360_app", "one") ...
 *     postgres_server_stop(&server);
 */
#ifndef TESTS_SUPPORT_POSTGRES_SERVER_H
#define TESTS_SUPPORT_POSTGRES_SERVER_H

#include <sys/types.h>

#include "engines/sql/sql.h"

#define POSTGRES_MIGRATOR "customer360_migrator"
#define POSTGRES_RUNTIME  "customer360_app"
#define POSTGRES_ADMIN    "postgres"

struct postgres_server {
    pid_t pid;
    int port;
    int database_count;
};

/* Must be called from the root of the checkout. False, and a line on stderr, when it does not
 * start. */
bool postgres_server_start(struct postgres_server *server);
/* With fsync, which tests do without: for measurements. */
bool postgres_server_start_durable(struct postgres_server *server);
void postgres_server_stop(struct postgres_server *server);
/* Overwritten by the fourth call after. */
struct str postgres_server_url(const struct postgres_server *server, const char *role,
                               const char *database);
/* A fresh database with the schema in it; its name, overwritten by the next call; NULL on failure.
 */
const char *postgres_server_database(struct postgres_server *server);
/* Runs statements as a superuser. False, and a line on stderr, on failure. The first cell of the
 * last result goes to `cell` when it is not NULL. */
bool postgres_server_run(const struct postgres_server *server, const char *database,
                         const char *text, char *cell, size_t cell_size);

#endif
