/* The command line: a table of commands (main.c), each a row with its options and a function.
 *
 *     customer360 COMMAND [OPTIONS] [OPERANDS]
 *
 * An option is `--name VALUE`, `--name=VALUE`, or a switch `--name`, `-o` is short for `--output`;
 * what is no option of the command is a configuration key (config.h); anything else is an error
 * that names it. "--" ends options, "-" is an operand. Help is written from the table.
 *
 *     static const struct command_option options[] = {
 *         {STR("errors"), STR("FILE"), STR("write rows that were refused to FILE")},
 *     };
 *     const struct command command_import = {.name = STR("import"), ...};
 *
 * A command returns a status. main() prints its error as one line and exits with 0 (OK), 2 (USAGE,
 * CONFIGURATION: nothing was begun) or 1; a command may set another exit_code.
 */
#ifndef SERVICE_COMMAND_H
#define SERVICE_COMMAND_H

#include "service/config.h"

struct command_option {
    struct str name;
    struct str value; /* what stands for it in the help; absent: a switch */
    struct str help;
};

struct invocation;
struct flags;

struct command {
    struct str name;
    struct str operands; /* "FILE", "" */
    size_t operands_max;
    struct str summary; /* one line of the list of commands */
    struct str text;    /* more lines for its own help; may be absent */
    const struct command_option *options;
    size_t option_count;
    enum status (*run)(struct invocation *, struct error *);
};

struct command_given {
    const struct command_option *option;
    struct str value; /* "" for a switch */
};

struct invocation {
    const struct command *command;
    const struct command *const *commands; /* the whole table, for help */
    size_t command_count;
    struct arena *arena; /* as long as the process */
    struct config config;
    struct str *operands;
    size_t operand_count;
    struct command_given *given;
    size_t given_count;
    struct flags *flags; /* configuration keys of the line */
    char **environment;
    bool help;     /* --help was there */
    int exit_code; /* when not 0: wins over the status */
};

/* Reads the whole command line and the configuration it names; STATUS_USAGE, STATUS_CONFIGURATION.
 * `invocation` has the table and arena set. */
MUST_CHECK enum status command_line_parse(struct invocation *invocation, int count, char **words,
                                          char **environment, struct error *error);

/* The configuration as the same line would find it now. */
MUST_CHECK enum status command_line_reread(const struct invocation *invocation, struct arena *arena,
                                           struct config *config, struct error *error);

/* The last value given for an option; absent when it was not given. */
struct str invocation_option(const struct invocation *invocation, struct str name);
bool invocation_switch(const struct invocation *invocation, struct str name);
/* Walks the values of an option that may be repeated: *index starts at 0. */
bool invocation_each(const struct invocation *invocation, struct str name, size_t *index,
                     struct str *value);
/* A number option within its limits, or `fallback`; STATUS_USAGE. */
MUST_CHECK enum status invocation_number(const struct invocation *invocation, struct str name,
                                         int64_t fallback, int64_t min, int64_t max, int64_t *value,
                                         struct error *error);

/* The line as it was given, each word quoted for a shell where it needs that, without the options
 * that are named in `without`, and with stars for an address that may have a password in it. */
void invocation_write_line(const struct invocation *invocation, const struct str *without,
                           size_t without_count, struct buffer *out);
/* One word of such a line, after a blank. */
void invocation_write_word(struct buffer *out, struct str word);

/* The program's help, or one command's. */
void command_write_help(const struct invocation *invocation, const struct command *command,
                        struct buffer *out);

/* Rows of the table; each command has a file of its own. */
extern const struct command command_backup;
extern const struct command command_digest;
extern const struct command command_restore;
extern const struct command command_dead_letters;
extern const struct command command_dedupe;
extern const struct command command_link;
extern const struct command command_train;
extern const struct command command_evaluate;
extern const struct command command_doctor;
extern const struct command command_export;
extern const struct command command_help;
extern const struct command command_import;
extern const struct command command_migrate;
extern const struct command command_serve;
extern const struct command command_token;
extern const struct command command_version;
extern const struct command command_webhooks;

#endif
