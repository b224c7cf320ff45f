/* customer360: which command, then run it. Everything a command may do is in its own file. */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "service/command.h"

static const struct command *const commands[] = {
    &command_serve,  &command_migrate, &command_import,  &command_export,
    &command_dedupe, &command_link,    &command_train,   &command_evaluate,
    &command_token,  &command_doctor,  &command_version, &command_help,
};

enum { PROCESS_ARENA_MAX = 64 << 20 };

static int exit_code_of(enum status status)
{
    if (status == STATUS_OK) return 0;
    return status == STATUS_USAGE || status == STATUS_CONFIGURATION ? 2 : 1;
}

static int fail(const struct error *error)
{
    (void)fprintf(stderr, "customer360: %s", error->message);
    if (error->allowed[0]) (void)fprintf(stderr, " (allowed: %s)", error->allowed);
    (void)fprintf(stderr, "\n");
    return exit_code_of(error->status);
}

static void configure_log(const struct config_values *values)
{
    enum log_level level = LOG_LEVEL_INFO;
    enum log_form form = LOG_FORM_AUTO;
    (void)log_level_parse(values->log_level, &level);
    if (str_equal(values->log_format, STR("json"))) form = LOG_FORM_JSON;
    if (str_equal(values->log_format, STR("text"))) form = LOG_FORM_TEXT;
    log_configure(level, form, STDERR_FILENO);
}

static enum status run(struct invocation *invocation, struct error *error)
{
    if (!invocation->help) return invocation->command->run(invocation, error);
    struct buffer out = {.arena = invocation->arena};
    command_write_help(invocation,
                       invocation->command == &command_help ? NULL : invocation->command, &out);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return fwrite(out.bytes, 1, out.len, stdout) == out.len ? STATUS_OK
                                                            : error_plain(error, STATUS_IO);
}

int main(int count, char **words)
{
    struct arena arena;
    arena_init(&arena, PROCESS_ARENA_MAX);
    struct invocation invocation = {.commands = commands,
                                    .command_count = sizeof(commands) / sizeof(commands[0]),
                                    .arena = &arena};
    struct error error = {.status = STATUS_OK};
    enum status status = command_line_parse(&invocation, count, words, environ, &error);
    if (status == STATUS_OK) {
        configure_log(&invocation.config.values);
        status = run(&invocation, &error);
    }
    int code = invocation.exit_code;
    if (status != STATUS_OK) {
        error.status = status;
        int usual = fail(&error);
        if (code == 0) code = usual;
    }
    arena_release(&arena);
    return code;
}
