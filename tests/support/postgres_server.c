#include "postgres_server.h"

#include <postgresql/libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sql_statements.h"

static void run_child(int write_end, const char *fsync_setting)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    (void)dup2(write_end, STDOUT_FILENO);
    /* A crash of the machine is not what these tests are about; fsync would only make them slow. */
    execlp("python3", "python3", "tests/servers/postgres.py", fsync_setting,
           "deadlock_timeout=100ms", NULL);
    _exit(127);
}

static bool read_port(struct postgres_server *server, int read_end)
{
    char line[512];
    FILE *output = fdopen(read_end, "r");
    const char *port =
        output && fgets(line, sizeof(line), output) ? strstr(line, "127.0.0.1:") : NULL;
    if (port) server->port = (int)strtol(port + strlen("127.0.0.1:"), NULL, 10);
    /* The second line as well: a closed pipe would end the server. */
    if (port) port = fgets(line, sizeof(line), output);
    if (output) (void)fclose(output);
    return port && server->port > 0;
}

static bool start(struct postgres_server *server, const char *fsync_setting)
{
    int ends[2];
    *server = (struct postgres_server){0};
    if (pipe(ends) != 0) return false;
    server->pid = fork();
    if (server->pid == 0) {
        (void)close(ends[0]);
        run_child(ends[1], fsync_setting);
    }
    (void)close(ends[1]);
    if (server->pid > 0 && read_port(server, ends[0])) return true;
    fprintf(stderr, "postgres_server: it does not start\n");
    postgres_server_stop(server);
    return false;
}

bool postgres_server_start(struct postgres_server *server)
{
    return start(server, "fsync=off");
}

bool postgres_server_start_durable(struct postgres_server *server)
{
    return start(server, "fsync=on");
}

void postgres_server_stop(struct postgres_server *server)
{
    if (server->pid <= 0) return;
    (void)kill(server->pid, SIGTERM);
    (void)waitpid(server->pid, NULL, 0);
    server->pid = 0;
}

struct str postgres_server_url(const struct postgres_server *server, const char *role,
                               const char *database)
{
    static char urls[4][160];
    static unsigned next;
    char *url = urls[next++ % 4];
    int length = snprintf(url, sizeof(urls[0]), "postgresql://%s@127.0.0.1:%d/%s", role,
                          server->port, database);
    return str_of(url, (size_t)length);
}

bool postgres_server_run(const struct postgres_server *server, const char *database,
                         const char *text, char *cell, size_t cell_size)
{
    PGconn *libpq = PQconnectdb(postgres_server_url(server, POSTGRES_ADMIN, database).ptr);
    PGresult *result = PQexec(libpq, text);
    ExecStatusType status = PQresultStatus(result);
    bool fine = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    if (!fine) fprintf(stderr, "postgres_server: %s", PQerrorMessage(libpq));
    if (fine && cell) {
        const char *value = PQntuples(result) ? PQgetvalue(result, 0, 0) : "";
        snprintf(cell, cell_size, "%s", value);
    }
    PQclear(result);
    PQfinish(libpq);
    return fine;
}

const char *postgres_server_database(struct postgres_server *server)
{
    static char name[32];
    char text[96];
    struct error error = {0};
    int applied;
    snprintf(name, sizeof(name), "test_%d", ++server->database_count);
    snprintf(text, sizeof(text), "create database %s owner " POSTGRES_MIGRATOR, name);
    if (!postgres_server_run(server, "postgres", text, NULL, 0)) return NULL;
    if (postgres_migrate(postgres_server_url(server, POSTGRES_MIGRATOR, name),
                         STR(POSTGRES_RUNTIME), sql_migrations_postgres,
                         sql_migrations_postgres_count, &applied, &error) == STATUS_OK)
        return name;
    fprintf(stderr, "postgres_server: migrate: %s\n", error.message);
    return NULL;
}
