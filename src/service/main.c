/* customer360: which command, then run it. Everything a command may do is in its own file. */
#include <stdio.h>
#include <unistd.h>

#include "service/command.h"

static const struct command *const commands[] = {
    &command_serve,    &command_migrate, &command_import,       &command_export,   &command_backup,
    &command_restore,  &command_digest,  &command_dedupe,       &command_link,     &command_train,
    &command_evaluate, &command_token,   &command_dead_letters, &command_webhooks, &command_doctor,
    &command_version,  &command_help,
};

enum { PROCESS_ARENA_MAX = 64 << 20 };

static int exit_code_of(enum status status)
{
    if (status == STATUS_OK) return 0;
    return status == STATUS_USAGE || status == STATUS_CONFIGURATION ? 2 : 1;
}

/* A message may quote a file or the command line: what would command the terminal is shown as '?'.
 */
static void put_plain(const char *text)
{
    bool utf8 = str_is_utf8(str_from_cstr(text));
    for (const char *c = text; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        bool c1 = byte == 0xC2 && (unsigned char)c[1] < 0xA0; /* U+0080 to U+009F */
        bool plain = byte >= ' ' && byte != 0x7F && (byte < 0x80 || utf8) && !c1;
        if (c1 && utf8) c++;
        (void)fputc(plain || byte == '\n' ? byte : '?', stderr);
    }
}

static int fail(const struct error *error)
{
    (void)fputs("customer360: ", stderr);
    put_plain(error->message);
    if (error->allowed[0]) {
        (void)fputs(" (allowed: ", stderr);
        put_plain(error->allowed);
        (void)fputc(')', stderr);
    }
    (void)fputc('\n', stderr);
    return exit_code_of(error->status);
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
        config_apply_log(&invocation.config.values);
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
