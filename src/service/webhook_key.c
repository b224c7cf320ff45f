#include "service/webhook_key.h"

#include <string.h>

#include "base/environment.h"
#include "service/files.h"
#include "service/instance.h"

enum { DIGITS = 2 * SIGNER_KEY_BYTES };

static bool parse_key(struct str text, unsigned char key[SIGNER_KEY_BYTES])
{
    text = str_trim(text);
    if (text.len != DIGITS) return false;
    for (size_t i = 0; i < SIGNER_KEY_BYTES; i++) {
        int high = str_hexadecimal(text.ptr[2 * i]), low = str_hexadecimal(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        key[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

static enum status read_key(struct str path, struct arena *arena,
                            unsigned char key[SIGNER_KEY_BYTES], struct error *error)
{
    struct str text;
    TRY(files_read(path, 1024, arena, &text, error));
    if (parse_key(text, key)) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("webhooks.key_file"),
                     STR("64 hexadecimal digits: openssl rand -hex 32"), "%.*s does not hold a key",
                     STR_ARGS(path));
}

static enum status create_key(struct str path, struct arena *arena,
                              const unsigned char key[SIGNER_KEY_BYTES], struct error *error)
{
    char text[DIGITS + 2];
    for (size_t i = 0; i < SIGNER_KEY_BYTES; i++) (void)snprintf(text + 2 * i, 3, "%02x", key[i]);
    text[DIGITS] = '\n';
    return files_create(path, 0600, str_of(text, DIGITS + 1), arena, error);
}

struct str webhook_key_path(const struct config_values *config, struct arena *arena)
{
    struct str store = instance_store_path(config);
    if (!str_is_empty(config->webhooks_key_file)) return config->webhooks_key_file;
    return str_is_none(store) ? STR_NONE : arena_format(arena, "%.*s.webhook-key", STR_ARGS(store));
}

static enum status find_key(const struct config_values *config, struct arena *arena,
                            unsigned char key[SIGNER_KEY_BYTES], bool *has_key, struct error *error)
{
    struct environment *environment = environment_system();
    struct str path = webhook_key_path(config, arena);
    bool own = str_is_empty(config->webhooks_key_file);
    *has_key = !own || instance_store_kind(config) != STORE_KIND_POSTGRES;
    if (!*has_key) return STATUS_OK;
    if (!str_is_none(path) && (!own || files_exists(path, arena)))
        return read_key(path, arena, key, error);
    environment->random(environment, key, SIGNER_KEY_BYTES);
    return str_is_none(path) ? STATUS_OK : create_key(path, arena, key, error);
}

static enum status read_networks(const struct str_list *list, struct arena *arena,
                                 struct endpoint_rules *rules, struct error *error)
{
    struct network *networks = ARENA_NEW_ARRAY(arena, struct network, list->count + 1);
    if (!networks) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < list->count; i++)
        if (!network_parse(list->items[i], &networks[i]))
            return error_set(error, STATUS_CONFIGURATION, STR("webhooks.internal_networks"),
                             STR("10.1.0.0/16, ::1"),
                             "webhooks.internal_networks: %.*s is no address and no network",
                             STR_ARGS(list->items[i]));
    rules->internal = networks;
    rules->internal_count = list->count;
    return STATUS_OK;
}

enum status webhook_key_signer(const struct config_values *config, struct arena *arena,
                               struct signer *signer, bool *has_key, struct error *error)
{
    unsigned char key[SIGNER_KEY_BYTES] = {0};
    struct endpoint_rules rules = {.plain_http = config->webhooks_plain_http};
    TRY(read_networks(&config->webhooks_internal_networks, arena, &rules, error));
    TRY(find_key(config, arena, key, has_key, error));
    signer_init(signer, key, &rules);
    return STATUS_OK;
}
