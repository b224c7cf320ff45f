/* serve: the service itself. */
#include <stdio.h>

#include "base/log.h"
#include "service/command.h"
#include "service/server.h"

static void greet(const struct server *server, struct arena *arena)
{
    struct str url = server_url(server, arena);
    if (server->config->dev)
        (void)fprintf(
            stderr,
            "*** DEVELOPMENT MODE: nobody is asked who they are, everybody may do everything. "
            "***\n*** It serves loopback only. Never put a proxy in front of it. ***\n");
    if (printf("listening on %.*s\n", STR_ARGS(url)) < 0 || fflush(stdout) != 0)
        log_warn("service.stdout_is_closed");
    log_info("service.listening", LOG_PLACE("url", url),
             LOG_COUNT("loops", (int64_t)server->loop_count),
             LOG_CODE("identity", server->config->dev ? STR("development") : STR("required")));
}

static enum status reread(const void *context, struct arena *arena, struct config *config,
                          struct error *error)
{
    return command_line_reread(context, arena, config, error);
}

static enum status run_serve(struct invocation *invocation, struct error *error)
{
    struct server server;
    const struct server_source source = {reread, invocation};
    enum status status =
        server_open(&invocation->config.values, &source, invocation->arena, &server, error);
    if (status == STATUS_OK) {
        greet(&server, invocation->arena);
        server_run(&server);
    } else {
        invocation->exit_code = 2; /* nothing was begun */
    }
    server_close(&server);
    return status;
}

const struct command command_serve = {
    .name = STR("serve"),
    .operands = STR(""),
    .summary = STR("runs the service"),
    .text = STR(
        "  customer360 serve --dev --sample            try it: loopback, nobody is asked\n"
        "  customer360 serve --config /etc/customer360/customer360.conf\n\n"
        "SIGTERM and SIGINT end it after the requests under way; SIGHUP reads the configuration,\n"
        "certificate, key set and policies again."),
    .run = run_serve,
};
