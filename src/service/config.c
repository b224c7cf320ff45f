/* The sources of configuration: defaults, file, environment, flags; and what must hold between
 * values. The file parser takes any bytes: it is fuzzed. */
#include "service/config.h"

#include "service/files.h"

enum { CONFIG_FILE_MAX = 1 << 20 };

#define ENVIRONMENT_PREFIX STR("CUSTOMER360_")
#define ENVIRONMENT_FILE   STR("CUSTOMER360_CONFIG")

const struct config_key *config_key_by_name(struct str name)
{
    for (size_t i = 0; i < config_key_count; i++)
        if (str_equal(config_keys[i].name, name)) return &config_keys[i];
    return NULL;
}

/* "http.body_max" is "http-body-max" as a flag. */
static bool flag_matches(struct str flag, struct str name)
{
    if (flag.len != name.len) return false;
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i] == '.' || name.ptr[i] == '_' ? '-' : name.ptr[i];
        if (flag.ptr[i] != c) return false;
    }
    return true;
}

const struct config_key *config_key_by_flag(struct str flag)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (!str_is_none(key->flag) && str_equal(key->flag, flag)) return key;
        if (flag_matches(flag, key->name)) return key;
    }
    return NULL;
}

size_t config_key_index(const struct config_key *key)
{
    return (size_t)(key - config_keys);
}

struct str config_flag_name(const struct config_key *key, struct arena *arena)
{
    char *name = arena_cstr(arena, key->name);
    if (!name) return STR_NONE;
    for (char *c = name; *c; c++)
        if (*c == '.' || *c == '_') *c = '-';
    return str_of(name, key->name.len);
}

struct str config_environment_name(const struct config_key *key, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    buffer_append(&out, ENVIRONMENT_PREFIX);
    for (size_t i = 0; i < key->name.len; i++) {
        char c = key->name.ptr[i];
        if (c == '.') c = '_';
        if (c >= 'a' && c <= 'z') c = (char)(c - 'a' + 'A');
        buffer_append_char(&out, c);
    }
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status config_init(struct config *config, struct arena *arena, struct error *error)
{
    *config = (struct config){.arena = arena};
    config->sources = ARENA_NEW_ARRAY(arena, struct str, config_key_count);
    if (!config->sources) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < config_key_count; i++)
        TRY(config_set(config, &config_keys[i], config_keys[i].fallback, STR("default"), error));
    return STATUS_OK;
}

/* --- file --- */

struct file_place {
    struct str name;
    int line;
    struct str section;
    bool *seen; /* per key */
};

static enum status refuse_line(const struct file_place *place, const char *why, struct str what,
                               struct error *error)
{
    if (what.len > 60) what.len = 60;
    if (!str_is_utf8(what)) what = STR("(not UTF-8)");
    return error_set(error, STATUS_CONFIGURATION, what,
                     STR("lines: key = value, [section], # comment"), "%.*s:%d: \"%.*s\" %s",
                     STR_ARGS(place->name), place->line, STR_ARGS(what), why);
}

static struct str unquote(struct str value)
{
    if (value.len < 2 || value.ptr[0] != '"' || value.ptr[value.len - 1] != '"') return value;
    return str_of(value.ptr + 1, value.len - 2);
}

static enum status set_from_line(struct config *config, struct file_place *place, struct str name,
                                 struct str value, struct error *error)
{
    struct str full = name;
    if (!str_is_empty(place->section))
        full = arena_format(config->arena, "%.*s.%.*s", STR_ARGS(place->section), STR_ARGS(name));
    struct str source = arena_format(config->arena, "%.*s:%d", STR_ARGS(place->name), place->line);
    if (str_is_none(full) || str_is_none(source)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct config_key *key = config_key_by_name(full);
    if (!key)
        return refuse_line(place, "is not a known key; `customer360 help configuration` lists them",
                           full, error);
    if (place->seen[config_key_index(key)]) return refuse_line(place, "is set twice", full, error);
    place->seen[config_key_index(key)] = true;
    return config_set(config, key, unquote(value), source, error);
}

static enum status parse_line(struct config *config, struct file_place *place, struct str line,
                              struct error *error)
{
    line = str_trim(line);
    if (str_is_empty(line) || line.ptr[0] == '#' || line.ptr[0] == ';') return STATUS_OK;
    if (line.ptr[0] == '[') {
        if (line.ptr[line.len - 1] != ']')
            return refuse_line(place, "begins a section and lacks its ]", line, error);
        place->section = str_trim(str_of(line.ptr + 1, line.len - 2));
        return STATUS_OK;
    }
    ptrdiff_t equals = str_find_char(line, '=');
    if (equals < 0) return refuse_line(place, "has no = sign", line, error);
    return set_from_line(config, place, str_trim(str_of(line.ptr, (size_t)equals)),
                         str_trim(str_skip(line, (size_t)equals + 1)), error);
}

enum status config_parse(struct config *config, struct str text, struct str name,
                         struct error *error)
{
    struct file_place place = {.name = name, .section = STR("")};
    place.seen = ARENA_NEW_ARRAY(config->arena, bool, config_key_count);
    if (!place.seen) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct str line;
    while (str_split(&text, '\n', &line)) {
        place.line++;
        TRY(parse_line(config, &place, line, error));
    }
    return STATUS_OK;
}

enum status config_read_file(struct config *config, struct str path, struct error *error)
{
    struct arena bytes;
    arena_init(&bytes, CONFIG_FILE_MAX + 4096);
    struct str text;
    enum status status = files_read(path, CONFIG_FILE_MAX, &bytes, &text, error);
    if (status == STATUS_IO && error)
        (void)snprintf(error->allowed, sizeof error->allowed,
                       "a configuration that can be read, named by --config or %.*s",
                       STR_ARGS(ENVIRONMENT_FILE));
    if (status == STATUS_OK) status = config_parse(config, text, path, error);
    arena_release(&bytes);
    if (status == STATUS_OK || status == STATUS_OUT_OF_MEMORY) return status;
    if (error) error->status = STATUS_CONFIGURATION;
    return STATUS_CONFIGURATION;
}

/* --- environment and flags --- */

static const struct config_key *key_by_environment(struct str variable, struct arena *arena)
{
    struct arena_mark mark = arena_mark(arena);
    const struct config_key *found = NULL;
    for (size_t i = 0; i < config_key_count && !found; i++) {
        if (str_equal(config_environment_name(&config_keys[i], arena), variable))
            found = &config_keys[i];
        arena_rewind(arena, mark);
    }
    return found;
}

enum status config_read_environment(struct config *config, char **environment, struct error *error)
{
    for (char **entry = environment; *entry; entry++) {
        struct str rest = str_from_cstr(*entry), name;
        if (!str_starts_with(rest, ENVIRONMENT_PREFIX)) continue;
        (void)str_split(&rest, '=', &name);
        if (str_equal(name, ENVIRONMENT_FILE)) continue;
        const struct config_key *key = key_by_environment(name, config->arena);
        if (!key)
            return error_set(error, STATUS_CONFIGURATION, name,
                             STR("the names that `customer360 help configuration` lists"),
                             "the environment variable %.*s is not known", STR_ARGS(name));
        struct str source = arena_format(config->arena, "environment %.*s", STR_ARGS(name));
        if (str_is_none(source)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(config_set(config, key, str_is_none(rest) ? STR("") : rest, source, error));
    }
    return STATUS_OK;
}

struct str config_environment_file(char **environment)
{
    for (char **entry = environment; *entry; entry++) {
        struct str rest = str_from_cstr(*entry), name;
        (void)str_split(&rest, '=', &name);
        if (str_equal(name, ENVIRONMENT_FILE)) return rest;
    }
    return STR_NONE;
}

enum status config_set_flag(struct config *config, struct str flag, struct str value,
                            struct error *error)
{
    const struct config_key *key = config_key_by_flag(flag);
    if (!key)
        return error_set(error, STATUS_USAGE, flag,
                         STR("the flags that `customer360 help configuration` lists"),
                         "--%.*s is not known", STR_ARGS(flag));
    struct str source = arena_format(config->arena, "--%.*s", STR_ARGS(flag));
    if (str_is_none(source)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return config_set(config, key, value, source, error);
}

/* --- between values --- */

static enum status refuse_together(struct str key, struct str allowed, const char *why,
                                   struct error *error)
{
    return error_set(error, STATUS_CONFIGURATION, key, allowed, "%.*s: %s", STR_ARGS(key), why);
}

static bool is_postgres(struct str url)
{
    return str_starts_with(url, STR("postgresql://")) || str_starts_with(url, STR("postgres://"));
}

static bool known_store(struct str url)
{
    return str_starts_with(url, STR("sqlite:")) || is_postgres(url) ||
           str_equal(url, STR("memory:"));
}

enum { LAG_MAX_LEAST_MS = 50 };

enum status config_check(const struct config *config, struct error *error)
{
    const struct config_values *v = &config->values;
    if (!known_store(v->store_url) || str_equal(v->store_url, STR("sqlite:")))
        return refuse_together(STR("store.url"),
                               STR("sqlite:PATH | postgresql://USER@HOST/DATABASE | memory:"),
                               "is not the address of a store", error);
    if (!str_is_empty(v->store_migration_url) && !is_postgres(v->store_migration_url))
        return refuse_together(STR("store.migration_url"), STR("postgresql://USER@HOST/DATABASE"),
                               "is not the address of a PostgreSQL", error);
    if (v->store_replica_lag_max > 0 && v->store_replica_lag_max < LAG_MAX_LEAST_MS)
        return refuse_together(STR("store.replica_lag_max"), STR("0, or 50ms to 30s"),
                               "the primary is asked ten times in it", error);
    if (str_is_empty(v->tls_certificate) != str_is_empty(v->tls_key))
        return refuse_together(STR("tls.key"), STR("both or neither"),
                               "tls.certificate and tls.key belong together", error);
    if (!str_is_empty(v->kafka_brokers) && str_equal(v->store_url, STR("memory:")))
        return refuse_together(STR("kafka.brokers"), STR("a store that keeps what it was given"),
                               "what a store in memory forgets cannot be published once", error);
    return STATUS_OK;
}
