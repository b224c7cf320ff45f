#include "service/pages.h"

#include "service/version.h"

/* --- roff: groff_man(7) --- */

static void put_character(struct buffer *out, char c, bool line_begins)
{
    if (line_begins && (c == '.' || c == '\'')) buffer_append(out, STR("\\&"));
    if (c == '\\')
        buffer_append(out, STR("\\e"));
    else if (c == '-')
        buffer_append(out, STR("\\-"));
    else
        buffer_append_char(out, c);
}

static void put_text(struct buffer *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        put_character(out, text.ptr[i], i == 0 || text.ptr[i - 1] == '\n');
}

static void put_line(struct buffer *out, const char *macro, struct str text)
{
    buffer_append(out, str_from_cstr(macro));
    put_text(out, text);
    buffer_append_char(out, '\n');
}

/* Lines as they stand, for they hold examples. */
static void put_lines(struct buffer *out, struct str text)
{
    if (str_is_empty(text)) return;
    buffer_append(out, STR(".PP\n.nf\n"));
    put_line(out, "", text);
    buffer_append(out, STR(".fi\n"));
}

static void put_head(struct buffer *out, const char *name, int section, struct str what)
{
    buffer_append_format(out, ".TH %s %d \"\" \"customer360 %s\"\n.SH NAME\n", name, section,
                         CUSTOMER360_VERSION);
    put_line(out, "customer360 \\- ", what);
}

static void put_tag(struct buffer *out, struct str flag, struct str value)
{
    buffer_append(out, STR(".TP\n.B \\-\\-"));
    put_text(out, flag);
    if (!str_is_empty(value)) {
        buffer_append(out, STR("\\fR \\fI"));
        put_text(out, value);
        buffer_append(out, STR("\\fR"));
    }
    buffer_append_char(out, '\n');
}

static void put_command(struct buffer *out, const struct command *command)
{
    put_line(out, ".SS ", command->name);
    buffer_append(out, STR(".B customer360 "));
    put_text(out, command->name);
    buffer_append(out, STR("\\fR [OPTIONS] "));
    put_line(out, "", command->operands);
    put_line(out, ".PP\n", command->summary);
    put_lines(out, command->text);
    for (size_t i = 0; i < command->option_count; i++) {
        put_tag(out, command->options[i].name, command->options[i].value);
        put_line(out, "", command->options[i].help);
    }
}

void pages_write_commands(const struct invocation *invocation, struct buffer *out)
{
    put_head(out, "CUSTOMER360", 1, STR("the single customer profile that a whole ERP reads"));
    buffer_append(out, STR(".SH SYNOPSIS\n.B customer360 \\fICOMMAND\\fR [OPTIONS] [OPERANDS]\n"
                           ".SH COMMANDS\n"));
    for (size_t i = 0; i < invocation->command_count; i++)
        put_command(out, invocation->commands[i]);
    buffer_append(out,
                  STR(".SH CONFIGURATION\nEvery key of customer360.conf(5) is an option of every "
                      "command, too; \\fB\\-\\-config\\fR \\fIFILE\\fR names a file of them.\n"
                      ".SH EXIT STATUS\n0: done. 1: it failed. 2: nothing was begun, for the "
                      "command line or the configuration is not in order, or, with serve, the "
                      "store or the port. 3 (import): some rows were invalid and all others "
                      "are in.\n"
                      ".SH FILES\n.TP\n/etc/customer360/customer360.conf\nthe service's "
                      "configuration\n.TP\n/var/lib/customer360\nthe embedded store\n"
                      ".SH SEE ALSO\ncustomer360.conf(5), /usr/share/doc/customer360\n"));
}

static void put_key(struct buffer *out, const struct config_key *key)
{
    struct str flag = config_flag_name(key, out->arena);
    struct str variable = config_environment_name(key, out->arena);
    put_line(out, ".TP\n.B ", key->name);
    put_line(out, "", key->help);
    buffer_append(out, STR(".br\n\\-\\-"));
    put_text(out, flag);
    if (!str_is_none(key->flag) && !str_equal(key->flag, flag)) {
        buffer_append(out, STR(", \\-\\-"));
        put_text(out, key->flag);
    }
    buffer_append(out, STR(", "));
    put_line(out, "", variable);
    if (!str_is_empty(key->fallback)) put_line(out, ".br\nDefault: ", key->fallback);
    if (!str_is_none(key->allowed)) put_line(out, ".br\nAllowed: ", key->allowed);
    if (key->reloads) buffer_append(out, STR(".br\nA new value is taken on SIGHUP.\n"));
}

void pages_write_configuration(struct buffer *out)
{
    put_head(out, "CUSTOMER360.CONF", 5, STR("its configuration"));
    buffer_append(out,
                  STR(".SH DESCRIPTION\nLines \\(lqkey = value\\(rq; \\(lq[section]\\(rq puts "
                      "\\(lqsection.\\(rq before the keys that follow. The environment wins over "
                      "the file, and the command line over both.\n.SH KEYS\n"));
    for (size_t i = 0; i < config_key_count; i++) put_key(out, &config_keys[i]);
    buffer_append(out, STR(".SH SEE ALSO\ncustomer360(1)\n"));
}

/* --- bash --- */

static void put_flag(struct buffer *out, struct str flag)
{
    buffer_append_format(out, " --%.*s", STR_ARGS(flag));
}

static void put_key_flags(struct buffer *out, const struct config_key *key)
{
    struct str flag = config_flag_name(key, out->arena);
    put_flag(out, flag);
    if (!str_is_none(key->flag) && !str_equal(key->flag, flag)) put_flag(out, key->flag);
}

/* The words of a choice: "a | b". */
static void put_choice(struct buffer *out, struct str flag, struct str words)
{
    struct str part;
    buffer_append_format(out, "        --%.*s) words=\"", STR_ARGS(flag));
    while (str_split(&words, '|', &part))
        buffer_append_format(out, "%.*s ", STR_ARGS(str_trim(part)));
    buffer_append(out, STR("\" ;;\n"));
}

/* What follows an option: a word of a choice, else a file. */
static void put_values(const struct invocation *invocation, struct buffer *out)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (config_keys[i].type == CONFIG_CHOICE)
            put_choice(out, config_flag_name(&config_keys[i], out->arena), config_keys[i].allowed);
    for (size_t c = 0; c < invocation->command_count; c++) {
        const struct command *command = invocation->commands[c];
        for (size_t i = 0; i < command->option_count; i++)
            if (str_find_char(command->options[i].value, '|') >= 0)
                put_choice(out, command->options[i].name, command->options[i].value);
    }
}

void pages_write_completion(const struct invocation *invocation, struct buffer *out)
{
    buffer_append(out, STR("# bash completion of customer360, written by `customer360 help "
                           "--completion`\n_customer360()\n{\n"
                           "    local current=${COMP_WORDS[COMP_CWORD]} words=\"\" commands=\""));
    for (size_t i = 0; i < invocation->command_count; i++)
        buffer_append_format(out, "%.*s ", STR_ARGS(invocation->commands[i]->name));
    buffer_append(out, STR("\"\n    local keys=\"--config --help"));
    for (size_t i = 0; i < config_key_count; i++) put_key_flags(out, &config_keys[i]);
    buffer_append(out, STR("\"\n    case ${COMP_WORDS[COMP_CWORD - 1]} in\n"));
    put_values(invocation, out);
    buffer_append(out, STR("    esac\n    [ -n \"$words\" ] || case $COMP_CWORD:$current in\n"
                           "        1:*) words=$commands ;;\n"
                           "        *:-*) case ${COMP_WORDS[1]} in\n"));
    for (size_t i = 0; i < invocation->command_count; i++) {
        const struct command *command = invocation->commands[i];
        buffer_append_format(out, "            %.*s) words=\"", STR_ARGS(command->name));
        for (size_t o = 0; o < command->option_count; o++) put_flag(out, command->options[o].name);
        buffer_append(out, STR("\" ;;\n"));
    }
    buffer_append(out,
                  STR("            esac\n            words=\"$words $keys\" ;;\n"
                      "        2:*) [ \"${COMP_WORDS[1]}\" != help ] || "
                      "words=\"$commands configuration\" ;;\n"
                      "    esac\n    if [ -n \"$words\" ]; then\n"
                      "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                      "    else\n"
                      "        mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                      "    fi\n}\ncomplete -o filenames -F _customer360 customer360\n"));
}
