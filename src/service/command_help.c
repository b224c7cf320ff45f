/* help [COMMAND | configuration], and version. */
#include <openssl/crypto.h>
#include <sqlite3.h>
#include <stdio.h>

#include "service/pages.h"
#include "service/version.h"

static enum status print(struct buffer *out, struct error *error)
{
    if (buffer_failed(out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (fwrite(out->bytes, 1, out->len, stdout) != out->len || fflush(stdout) != 0)
        return error_plain(error, STATUS_IO);
    return STATUS_OK;
}

static enum status write_topic(const struct invocation *invocation, struct str topic,
                               struct buffer *out, struct error *error)
{
    if (str_equal(topic, STR("configuration"))) {
        config_write_help(out);
        return STATUS_OK;
    }
    for (size_t i = 0; i < invocation->command_count; i++) {
        if (!str_equal(invocation->commands[i]->name, topic)) continue;
        command_write_help(invocation, invocation->commands[i], out);
        return STATUS_OK;
    }
    return error_set(error, STATUS_USAGE, topic, STR("a command, or configuration"),
                     "there is no help on this");
}

static enum status run_help(struct invocation *invocation, struct error *error)
{
    struct buffer out = {.arena = invocation->arena};
    bool of_keys = invocation->operand_count > 0;
    if (invocation_switch(invocation, STR("markdown")))
        config_write_markdown(&out);
    else if (invocation_switch(invocation, STR("completion")))
        pages_write_completion(invocation, &out);
    else if (invocation_switch(invocation, STR("man")) && of_keys)
        pages_write_configuration(&out);
    else if (invocation_switch(invocation, STR("man")))
        pages_write_commands(invocation, &out);
    else if (invocation->operand_count == 0)
        command_write_help(invocation, NULL, &out);
    else
        TRY(write_topic(invocation, invocation->operands[0], &out, error));
    return print(&out, error);
}

static const struct command_option help_options[] = {
    {STR("markdown"), STR_NONE, STR("write docs/configuration.md")},
    {STR("man"), STR_NONE,
     STR("write customer360(1) or, of the configuration, customer360.conf(5)")},
    {STR("completion"), STR_NONE, STR("write the completion of bash")},
};

const struct command command_help = {
    .name = STR("help"),
    .operands = STR("[COMMAND | configuration]"),
    .operands_max = 1,
    .summary = STR("what the commands and configuration keys are"),
    .options = help_options,
    .option_count = sizeof(help_options) / sizeof(help_options[0]),
    .run = run_help,
};

static enum status run_version(struct invocation *invocation, struct error *error)
{
    struct buffer out = {.arena = invocation->arena};
    buffer_append_format(&out, "customer360 %s\nsqlite %s, %s\n", CUSTOMER360_VERSION,
                         sqlite3_libversion(), OpenSSL_version(OPENSSL_VERSION));
    return print(&out, error);
}

const struct command command_version = {
    .name = STR("version"),
    .operands = STR(""),
    .summary = STR("this program's version and those of its libraries"),
    .run = run_version,
};
