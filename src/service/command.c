/* From words to an invocation. Options and configuration flags share one syntax; a command's own
 * options come first. */
#include "service/command.h"

#include <stdio.h>
#include <string.h>

static enum status usage(struct str what, const char *why, struct str allowed, struct error *error)
{
    if (!str_is_utf8(what)) what = STR("(not UTF-8)");
    return error_set(error, STATUS_USAGE, what, allowed, "%.*s %s", STR_ARGS(what), why);
}

/* An option is shown as it was written. */
static enum status usage_of_option(struct str name, const char *why, struct str allowed,
                                   struct error *error)
{
    char shown[64];
    int length = snprintf(shown, sizeof(shown), "--%.*s", STR_ARGS(name));
    if (length > 0 && (size_t)length < sizeof(shown)) name = str_of(shown, (size_t)length);
    return usage(name, why, allowed, error);
}

static const struct command *find_command(const struct invocation *invocation, struct str name)
{
    for (size_t i = 0; i < invocation->command_count; i++)
        if (str_equal(invocation->commands[i]->name, name)) return invocation->commands[i];
    return NULL;
}

static const struct command_option *find_option(const struct command *command, struct str name)
{
    for (size_t i = 0; i < command->option_count; i++)
        if (str_equal(command->options[i].name, name)) return &command->options[i];
    return NULL;
}

/* The words of the line, read one after the other. */
struct words {
    char **words;
    int count;
    int next;
};

static bool next_word(struct words *words, struct str *word)
{
    if (words->next >= words->count) return false;
    *word = str_from_cstr(words->words[words->next++]);
    return true;
}

/* The value of --name VALUE, or what stood after the = sign. */
static enum status take_value(struct words *words, struct str name, struct str inline_value,
                              struct str *value, struct error *error)
{
    if (!str_is_none(inline_value)) {
        *value = inline_value;
        return STATUS_OK;
    }
    if (next_word(words, value)) return STATUS_OK;
    return usage_of_option(name, "needs a value", STR("--NAME VALUE or --NAME=VALUE"), error);
}

static enum status take_own_option(struct invocation *invocation,
                                   const struct command_option *option, struct words *words,
                                   struct str inline_value, struct error *error)
{
    struct str value = STR("");
    if (!str_is_none(option->value))
        TRY(take_value(words, option->name, inline_value, &value, error));
    else if (!str_is_none(inline_value))
        return usage_of_option(option->name, "takes no value", STR("the option alone"), error);
    invocation->given[invocation->given_count++] = (struct command_given){option, value};
    return STATUS_OK;
}

/* A configuration flag of the line, kept until file and environment have been read. */
struct flag {
    struct str name, value;
};
struct flags {
    struct flag *items;
    size_t count;
    struct str file; /* of --config */
};

static enum status take_flag(struct flags *flags, struct words *words, struct str name,
                             struct str inline_value, struct error *error)
{
    if (str_equal(name, STR("config")))
        return take_value(words, name, inline_value, &flags->file, error);
    const struct config_key *key = config_key_by_flag(name);
    if (!key)
        return usage_of_option(name, "is not an option of this command", STR("see --help"), error);
    struct str value = STR("true");
    if (key->type != CONFIG_BOOLEAN || !str_is_none(inline_value))
        TRY(take_value(words, name, inline_value, &value, error));
    flags->items[flags->count++] = (struct flag){name, value};
    return STATUS_OK;
}

static enum status take_option(struct invocation *invocation, struct flags *flags,
                               struct words *words, struct str word, struct error *error)
{
    struct str inline_value = str_skip(word, 2), name;
    (void)str_split(&inline_value, '=', &name);
    if (str_equal(name, STR("help"))) {
        invocation->help = true;
        return STATUS_OK;
    }
    const struct command_option *option = find_option(invocation->command, name);
    if (option) return take_own_option(invocation, option, words, inline_value, error);
    return take_flag(flags, words, name, inline_value, error);
}

static enum status take_words(struct invocation *invocation, struct flags *flags,
                              struct words *words, struct error *error)
{
    struct str word;
    bool options = true;
    while (next_word(words, &word)) {
        if (options && str_equal(word, STR("--"))) {
            options = false;
        } else if (options && str_equal(word, STR("-h"))) {
            invocation->help = true;
        } else if (options && str_starts_with(word, STR("--"))) {
            TRY(take_option(invocation, flags, words, word, error));
        } else if (options && str_equal(word, STR("-o")) &&
                   find_option(invocation->command, STR("output"))) {
            TRY(take_own_option(invocation, find_option(invocation->command, STR("output")), words,
                                STR_NONE, error));
        } else if (options && word.len > 1 && word.ptr[0] == '-') {
            return usage(word, "is not an option", STR("options begin with --"), error);
        } else if (invocation->operand_count == invocation->command->operands_max) {
            return usage(word, "is one operand too many", invocation->command->operands, error);
        } else {
            invocation->operands[invocation->operand_count++] = word;
        }
    }
    return STATUS_OK;
}

/* `customer360`, `customer360 --help` and `--version` are commands, too. */
static enum status choose_command(struct invocation *invocation, struct words *words,
                                  struct error *error)
{
    struct str word;
    if (!next_word(words, &word)) word = STR("help");
    if (str_equal(word, STR("--help")) || str_equal(word, STR("-h"))) word = STR("help");
    if (str_equal(word, STR("--version"))) word = STR("version");
    invocation->command = find_command(invocation, word);
    if (invocation->command) return STATUS_OK;
    return usage(word, "is not a command", STR("see customer360 --help"), error);
}

static enum status read_configuration(const struct invocation *invocation, struct config *config,
                                      struct error *error)
{
    const struct flags *flags = invocation->flags;
    struct str file = flags->file;
    if (str_is_none(file)) file = config_environment_file(invocation->environment);
    if (!str_is_none(file)) TRY(config_read_file(config, file, error));
    TRY(config_read_environment(config, invocation->environment, error));
    for (size_t i = 0; i < flags->count; i++)
        TRY(config_set_flag(config, flags->items[i].name, flags->items[i].value, error));
    return config_check(config, error);
}

enum status command_line_parse(struct invocation *invocation, int count, char **line,
                               char **environment, struct error *error)
{
    struct words words = {line, count, 1};
    struct flags *flags = ARENA_NEW(invocation->arena, struct flags);
    size_t most = (size_t)count + 1;
    invocation->operands = ARENA_NEW_ARRAY(invocation->arena, struct str, most);
    invocation->given = ARENA_NEW_ARRAY(invocation->arena, struct command_given, most);
    struct flag *items = ARENA_NEW_ARRAY(invocation->arena, struct flag, most);
    if (!flags || !items || !invocation->operands || !invocation->given)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    *flags = (struct flags){.items = items, .file = STR_NONE};
    invocation->flags = flags;
    invocation->environment = environment;
    TRY(config_init(&invocation->config, invocation->arena, error));
    TRY(choose_command(invocation, &words, error));
    TRY(take_words(invocation, flags, &words, error));
    if (invocation->help) return STATUS_OK;
    return read_configuration(invocation, &invocation->config, error);
}

enum status command_line_reread(const struct invocation *invocation, struct arena *arena,
                                struct config *config, struct error *error)
{
    TRY(config_init(config, arena, error));
    return read_configuration(invocation, config, error);
}

struct str invocation_option(const struct invocation *invocation, struct str name)
{
    struct str found = STR_NONE;
    for (size_t i = 0; i < invocation->given_count; i++)
        if (str_equal(invocation->given[i].option->name, name)) found = invocation->given[i].value;
    return found;
}

bool invocation_switch(const struct invocation *invocation, struct str name)
{
    return !str_is_none(invocation_option(invocation, name));
}

bool invocation_each(const struct invocation *invocation, struct str name, size_t *index,
                     struct str *value)
{
    while (*index < invocation->given_count) {
        const struct command_given *given = &invocation->given[(*index)++];
        if (!str_equal(given->option->name, name)) continue;
        *value = given->value;
        return true;
    }
    return false;
}

/* --- the line again --- */

static bool is_plain(struct str word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                     memchr("-_./:=,@%+", c, 10);
        if (!plain) return false;
    }
    return word.len > 0;
}

void invocation_write_word(struct buffer *out, struct str word)
{
    buffer_append_char(out, ' ');
    if (is_plain(word)) {
        buffer_append(out, word);
        return;
    }
    buffer_append_char(out, '\'');
    for (size_t i = 0; i < word.len; i++)
        if (word.ptr[i] == '\'')
            buffer_append(out, STR("'\\''"));
        else
            buffer_append_char(out, word.ptr[i]);
    buffer_append_char(out, '\'');
}

static void write_option(struct buffer *out, struct str name, struct str value)
{
    buffer_append_format(out, " --%.*s", STR_ARGS(name));
    invocation_write_word(out, value);
}

static void write_operand(struct buffer *out, struct str operand)
{
    bool is_option = operand.len > 1 && operand.ptr[0] == '-';
    struct str path = arena_format(out->arena, "%s%.*s", is_option ? "./" : "", STR_ARGS(operand));
    out->failed |= str_is_none(path);
    invocation_write_word(out, path);
}

/* Of a secret key only such values are shown as cannot hold one. */
static bool hides(const struct flag *flag)
{
    bool is_file = str_starts_with(flag->value, STR("sqlite:")) ||
                   str_starts_with(flag->value, STR("memory:"));
    return config_key_by_flag(flag->name)->secret && !is_file;
}

void invocation_write_line(const struct invocation *invocation, const struct str *without,
                           size_t without_count, struct buffer *out)
{
    const struct flags *flags = invocation->flags;
    buffer_append_format(out, "customer360 %.*s", STR_ARGS(invocation->command->name));
    for (size_t i = 0; i < invocation->operand_count; i++)
        write_operand(out, invocation->operands[i]);
    if (!str_is_none(flags->file)) write_option(out, STR("config"), flags->file);
    for (size_t i = 0; i < flags->count; i++) {
        const struct flag *flag = &flags->items[i];
        write_option(out, flag->name, hides(flag) ? STR("***") : flag->value);
    }
    for (size_t i = 0; i < invocation->given_count; i++) {
        const struct command_given *given = &invocation->given[i];
        if (str_is_among(without, without_count, given->option->name)) continue;
        if (str_is_none(given->option->value))
            buffer_append_format(out, " --%.*s", STR_ARGS(given->option->name));
        else
            write_option(out, given->option->name, given->value);
    }
}

enum status invocation_number(const struct invocation *invocation, struct str name,
                              int64_t fallback, int64_t min, int64_t max, int64_t *value,
                              struct error *error)
{
    struct str text = invocation_option(invocation, name);
    *value = fallback;
    if (str_is_none(text)) return STATUS_OK;
    if (str_to_int64(text, value) && *value >= min && *value <= max) return STATUS_OK;
    char allowed[80];
    int len = snprintf(allowed, sizeof(allowed), "a number from %lld to %lld", (long long)min,
                       (long long)max);
    return error_set(error, STATUS_USAGE, name, str_of(allowed, (size_t)len),
                     "--%.*s is out of range", STR_ARGS(name));
}

/* --- help --- */

static void write_overview(const struct invocation *invocation, struct buffer *out)
{
    buffer_append(out, STR("Customer 360: the single customer profile that a whole ERP reads.\n\n"
                           "  customer360 COMMAND [OPTIONS]\n\n"));
    for (size_t i = 0; i < invocation->command_count; i++) {
        const struct command *command = invocation->commands[i];
        buffer_append_format(out, "  %-10.*s %.*s\n", STR_ARGS(command->name),
                             STR_ARGS(command->summary));
    }
    buffer_append(out, STR("\n  customer360 COMMAND --help         its options\n"
                           "  customer360 help configuration     every key, as file, environment "
                           "variable and flag\n"));
}

void command_write_help(const struct invocation *invocation, const struct command *command,
                        struct buffer *out)
{
    if (!command) {
        write_overview(invocation, out);
        return;
    }
    buffer_append_format(out, "customer360 %.*s [OPTIONS]%s%.*s\n\n%.*s\n", STR_ARGS(command->name),
                         str_is_empty(command->operands) ? "" : " ", STR_ARGS(command->operands),
                         STR_ARGS(command->summary));
    if (!str_is_none(command->text)) buffer_append_format(out, "\n%.*s\n", STR_ARGS(command->text));
    if (command->option_count > 0) buffer_append(out, STR("\nOptions:\n"));
    for (size_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        buffer_append_format(out, "  --%.*s", STR_ARGS(option->name));
        if (!str_is_none(option->value))
            buffer_append_format(out, " %.*s", STR_ARGS(option->value));
        buffer_append_format(out, "\n      %.*s\n", STR_ARGS(option->help));
    }
    buffer_append(out, STR("\nEvery configuration key is an option, too, and --config FILE names "
                           "a file of them:\n  customer360 help configuration\n"));
}
