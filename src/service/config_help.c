/* The table of keys for people: on a terminal, and as docs/configuration.md. */
#include "service/config.h"

static const struct str type_names[] = {
    [CONFIG_TEXT] = STR("text"),       [CONFIG_CHOICE] = STR("word"),
    [CONFIG_PATH] = STR("path"),       [CONFIG_LIST] = STR("list"),
    [CONFIG_BOOLEAN] = STR("boolean"), [CONFIG_COUNT] = STR("number"),
    [CONFIG_SIZE] = STR("size"),       [CONFIG_DURATION] = STR("duration"),
    [CONFIG_RATIO] = STR("ratio"),
};

static struct str section_of(struct str name)
{
    ptrdiff_t dot = str_find_char(name, '.');
    return dot < 0 ? STR("") : str_of(name.ptr, (size_t)dot);
}

static bool begins_section(size_t index)
{
    return index == 0 ||
           !str_equal(section_of(config_keys[index].name), section_of(config_keys[index - 1].name));
}

void config_write_help(struct buffer *out)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        struct str flag = config_flag_name(key, out->arena);
        if (!str_is_none(key->flag)) flag = key->flag;
        if (begins_section(i) && i > 0) buffer_append_char(out, '\n');
        buffer_append_format(out, "  --%.*s", STR_ARGS(flag));
        if (key->type != CONFIG_BOOLEAN)
            buffer_append_format(out, " <%.*s>", STR_ARGS(type_names[key->type]));
        buffer_append_format(out, "\n      %.*s", STR_ARGS(key->help));
        if (!str_is_empty(key->fallback) && key->type != CONFIG_BOOLEAN)
            buffer_append_format(out, " (%.*s)", STR_ARGS(key->fallback));
        if (key->reloads) buffer_append(out, STR("; reloads"));
        buffer_append_char(out, '\n');
    }
}

static const char introduction[] =
    "# Configuration\n"
    "\n"
    "Written by `customer360 help --markdown` from the table that the program reads\n"
    "(`src/service/config_table.c`); a test holds the two together.\n"
    "\n"
    "A value comes from, in this order, later ones winning:\n"
    "\n"
    "1. the default;\n"
    "2. the file named by `--config FILE` or `CUSTOMER360_CONFIG`;\n"
    "3. the environment: `http.body_max` is `CUSTOMER360_HTTP_BODY_MAX`;\n"
    "4. the command line: `http.body_max` is `--http-body-max VALUE`. A boolean needs no value.\n"
    "\n"
    "An unknown key, in the file, the environment or on the command line, and a value that does\n"
    "not fit are errors that name the key and where it stands; nothing starts (exit code 2).\n"
    "\n"
    "## The file\n"
    "\n"
    "```ini\n"
    "# a comment has a line of its own; so does ; this kind\n"
    "store.url = postgresql://customer360@db.example/chiroerp_crm_customer360\n"
    "\n"
    "[http]\n"
    "listen = 0.0.0.0:9401\n"
    "body_max = 2M\n"
    "\n"
    "[identity]\n"
    "jwks_file = /etc/customer360/jwks.json\n"
    "```\n"
    "\n"
    "`[section]` puts `section.` before the keys that follow it. A value is the rest of its line\n"
    "without spaces around it; double quotes keep them. Every key stands at most once.\n"
    "\n"
    "## A new configuration while it runs\n"
    "\n"
    "SIGHUP (`systemctl reload customer360`) reads the file, and the files that it names, again. "
    "Keys\n"
    "that reload take their new values, all of them or, when anything is not in order, none: a "
    "log\n"
    "line `configuration.refused` says why, and the old values stay. No connection is touched. A\n"
    "new value of another key is named in the log (`configuration.needs_restart`) and waits.\n"
    "\n"
    "## The types\n"
    "\n"
    "| type | written as |\n"
    "|---|---|\n"
    "| size | `65536`, `64K`, `1M`, `2G` (powers of 1024); `25%`: of the memory that the process "
    "may use |\n"
    "| duration | `500ms`, `30s`, `5m`, `2h`, `1d` |\n"
    "| boolean | `true` `yes` `on` `1`, `false` `no` `off` `0` |\n"
    "| list | `one, two, three` |\n"
    "| ratio | `0`, `0.25`, `1` |\n";

static void write_limits(const struct config_key *key, struct buffer *out)
{
    if (!str_is_none(key->allowed)) {
        struct str rest = key->allowed, part;
        for (bool first = true; str_split(&rest, '|', &part); first = false)
            buffer_append_format(out, "%s%.*s", first ? " " : " \\| ", STR_ARGS(str_trim(part)));
    }
    if (key->type == CONFIG_RATIO) buffer_append(out, STR(" 0 to 1"));
    if (key->type == CONFIG_COUNT)
        buffer_append_format(out, " %lld to %lld", (long long)key->min, (long long)key->max);
}

static void write_row(const struct config_key *key, struct buffer *out)
{
    buffer_append_format(out, "| `%.*s`", STR_ARGS(key->name));
    if (!str_is_none(key->flag) && !str_equal(key->flag, key->name))
        buffer_append_format(out, " (`--%.*s`)", STR_ARGS(key->flag));
    buffer_append_format(out, " | %.*s |", STR_ARGS(type_names[key->type]));
    if (!str_is_empty(key->fallback)) buffer_append_format(out, " `%.*s`", STR_ARGS(key->fallback));
    buffer_append_format(out, " | %.*s |", STR_ARGS(key->help));
    write_limits(key, out);
    buffer_append_format(out, " | %s |\n", key->reloads ? "yes" : "");
}

void config_write_markdown(struct buffer *out)
{
    buffer_append(out, str_of(introduction, sizeof(introduction) - 1));
    buffer_append(out, STR("\n## The keys\n"));
    for (size_t i = 0; i < config_key_count; i++) {
        struct str section = section_of(config_keys[i].name);
        if (begins_section(i)) {
            if (!str_is_empty(section))
                buffer_append_format(out, "\n### %.*s\n", STR_ARGS(section));
            buffer_append(out, STR("\n| key | type | default | what | allowed | reloads |\n"
                                   "|---|---|---|---|---|---|\n"));
        }
        write_row(&config_keys[i], out);
    }
}
