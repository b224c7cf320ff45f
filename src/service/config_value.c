/* Values: text to the type of a key, with its limits. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/machine.h"
#include "service/config.h"

struct unit {
    struct str name;
    int64_t factor;
};

static const struct unit size_units[] = {
    {STR(""), 1},
    {STR("B"), 1},
    {STR("K"), INT64_C(1) << 10},
    {STR("KiB"), INT64_C(1) << 10},
    {STR("M"), INT64_C(1) << 20},
    {STR("MiB"), INT64_C(1) << 20},
    {STR("G"), INT64_C(1) << 30},
    {STR("GiB"), INT64_C(1) << 30},
};
static const struct unit duration_units[] = {
    {STR("ms"), 1}, {STR("s"), 1000}, {STR("m"), 60000}, {STR("h"), 3600000}, {STR("d"), 86400000},
};

/* A number of digits and one of the units; spaces between them are let pass. */
static bool parse_quantity(struct str text, const struct unit *units, size_t unit_count,
                           int64_t *value)
{
    size_t digits = 0;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9') digits++;
    int64_t number;
    if (!str_to_int64(str_of(text.ptr, digits), &number)) return false;
    struct str unit = str_trim(str_skip(text, digits));
    if (number == 0 && str_is_empty(unit)) {
        *value = 0;
        return true;
    }
    for (size_t i = 0; i < unit_count; i++)
        if (str_equal(unit, units[i].name))
            return !__builtin_mul_overflow(number, units[i].factor, value);
    return false;
}

/* "25%": of the memory that there is. */
static bool parse_share(struct str text, int64_t *bytes)
{
    int64_t percent;
    if (text.len < 2 || text.ptr[text.len - 1] != '%') return false;
    if (!str_to_int64(str_of(text.ptr, text.len - 1), &percent)) return false;
    *bytes = machine_memory_bytes() / 100 * percent;
    return percent >= 0 && percent <= 100;
}

bool config_parse_size(struct str text, int64_t *bytes)
{
    if (parse_share(text, bytes)) return true;
    return parse_quantity(text, size_units, sizeof(size_units) / sizeof(size_units[0]), bytes);
}

bool config_parse_duration(struct str text, int64_t *milliseconds)
{
    return parse_quantity(text, duration_units, sizeof(duration_units) / sizeof(duration_units[0]),
                          milliseconds);
}

bool config_parse_ratio(struct str text, int64_t *millionths)
{
    struct str rest = text, whole;
    int64_t factor = CONFIG_RATIO_ONE;
    (void)str_split(&rest, '.', &whole);
    if (!str_equal(whole, STR("0")) && !str_equal(whole, STR("1"))) return false;
    *millionths = whole.ptr[0] == '1' ? factor : 0;
    if (str_is_none(rest)) return true;
    for (size_t i = 0; i < rest.len; i++) {
        factor /= 10;
        if (rest.ptr[i] < '0' || rest.ptr[i] > '9' || factor == 0) return false;
        *millionths += (rest.ptr[i] - '0') * factor;
    }
    return rest.len > 0 && *millionths <= CONFIG_RATIO_ONE;
}

static bool parse_boolean(struct str text, bool *value)
{
    static const struct {
        struct str word;
        bool value;
    } words[] = {{STR("true"), true},   {STR("yes"), true}, {STR("on"), true},   {STR("1"), true},
                 {STR("false"), false}, {STR("no"), false}, {STR("off"), false}, {STR("0"), false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!str_equal(text, words[i].word)) continue;
        *value = words[i].value;
        return true;
    }
    return false;
}

static bool choice_has(struct str allowed, struct str word)
{
    struct str part;
    while (str_split(&allowed, '|', &part))
        if (str_equal(str_trim(part), word)) return true;
    return false;
}

static bool parse_list(struct str text, struct arena *arena, struct str_list *list)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) count += text.ptr[i] == ',';
    list->count = 0;
    list->items = ARENA_NEW_ARRAY(arena, struct str, count);
    if (!list->items) return false;
    struct str item;
    while (str_split(&text, ',', &item)) {
        item = str_trim(item);
        if (!str_is_empty(item)) list->items[list->count++] = item;
    }
    return true;
}

/* What is allowed, in words: those of the table, or made from the type and its limits. */
static struct str describe_allowed(const struct config_key *key, char *out, size_t size)
{
    static const char *const forms[] = {
        [CONFIG_COUNT] = "a number from %lld to %lld",
        [CONFIG_SIZE] = "a size such as 65536, 64K, 1M or 2G, from %lld to %lld bytes",
        [CONFIG_DURATION] = "a duration such as 500ms, 30s, 5m or 2h, from %lld to %lld ms",
    };
    if (key->type == CONFIG_BOOLEAN) return STR("true | false");
    if (key->type == CONFIG_RATIO) return STR("a number from 0 to 1, with 6 decimals at most");
    if (key->type < CONFIG_COUNT) return key->allowed;
    const char *form = forms[key->type];
    int len = snprintf(out, size, form, (long long)key->min, (long long)key->max);
    return str_of(out, len < 0 ? 0 : (size_t)len);
}

static enum status refuse(const struct config_key *key, struct str value, struct str source,
                          struct error *error)
{
    char text[160];
    struct str allowed = describe_allowed(key, text, sizeof(text));
    if (key->secret) value = STR("(not shown)");
    if (value.len > 60) value.len = 60;
    return error_set(error, STATUS_CONFIGURATION, key->name, allowed,
                     "%.*s (%.*s): \"%.*s\" is not allowed", STR_ARGS(key->name), STR_ARGS(source),
                     STR_ARGS(value));
}

/* True when the text is a value of the key's type within its limits; it is stored then. */
static bool store_value(struct config *config, const struct config_key *key, struct str text)
{
    void *at = (char *)&config->values + key->offset;
    int64_t *number = at;
    switch (key->type) {
    case CONFIG_BOOLEAN:
        return parse_boolean(text, at);
    case CONFIG_CHOICE:
        *(struct str *)at = text;
        return choice_has(key->allowed, text);
    case CONFIG_TEXT:
    case CONFIG_PATH:
        *(struct str *)at = text;
        return str_is_utf8(text) && str_find_char(text, '\0') < 0;
    case CONFIG_LIST:
        return parse_list(text, config->arena, at);
    case CONFIG_COUNT:
        return str_to_int64(text, number) && *number >= key->min && *number <= key->max;
    case CONFIG_SIZE:
        return config_parse_size(text, number) && *number >= key->min && *number <= key->max;
    case CONFIG_DURATION:
        return config_parse_duration(text, number) && *number >= key->min && *number <= key->max;
    case CONFIG_RATIO:
        return config_parse_ratio(text, number);
    }
    return false;
}

/* --- one set of values and another --- */

static size_t size_of(enum config_type type)
{
    if (type == CONFIG_BOOLEAN) return sizeof(bool);
    if (type == CONFIG_LIST) return sizeof(struct str_list);
    return type < CONFIG_BOOLEAN ? sizeof(struct str) : sizeof(int64_t);
}

static bool same_list(const struct str_list *a, const struct str_list *b)
{
    if (a->count != b->count) return false;
    for (size_t i = 0; i < a->count; i++)
        if (!str_equal(a->items[i], b->items[i])) return false;
    return true;
}

static bool same_value(const struct config_key *key, const struct config_values *a,
                       const struct config_values *b)
{
    const void *of_a = (const char *)a + key->offset, *of_b = (const char *)b + key->offset;
    if (key->type == CONFIG_LIST) return same_list(of_a, of_b);
    if (size_of(key->type) == sizeof(struct str))
        return str_equal(*(const struct str *)of_a, *(const struct str *)of_b);
    return memcmp(of_a, of_b, size_of(key->type)) == 0;
}

void config_take_reloadable(struct config_values *values, const struct config_values *fresh)
{
    for (size_t i = 0; i < config_key_count; i++) {
        const struct config_key *key = &config_keys[i];
        if (key->reloads)
            memcpy((char *)values + key->offset, (const char *)fresh + key->offset,
                   size_of(key->type));
    }
}

const struct config_key *config_next_restart(const struct config_values *values,
                                             const struct config_values *fresh, size_t *index)
{
    while (*index < config_key_count) {
        const struct config_key *key = &config_keys[(*index)++];
        if (!key->reloads && !same_value(key, values, fresh)) return key;
    }
    return NULL;
}

void config_apply_log(const struct config_values *values)
{
    enum log_level level = LOG_LEVEL_INFO;
    enum log_form form = LOG_FORM_AUTO;
    (void)log_level_parse(values->log_level, &level);
    if (str_equal(values->log_format, STR("json"))) form = LOG_FORM_JSON;
    if (str_equal(values->log_format, STR("text"))) form = LOG_FORM_TEXT;
    log_configure(level, form, STDERR_FILENO);
}

enum status config_set(struct config *config, const struct config_key *key, struct str value,
                       struct str source, struct error *error)
{
    struct str kept = arena_str(config->arena, value);
    struct str kept_source = arena_str(config->arena, source);
    if (str_is_none(kept) || str_is_none(kept_source))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!store_value(config, key, kept)) return refuse(key, kept, source, error);
    config->sources[config_key_index(key)] = kept_source;
    return STATUS_OK;
}
