#include "service/instance.h"

#include <string.h>
#include <sys/stat.h>

#include "adapters/matcher/matcher.h"
#include "adapters/memory/memory_store.h"
#include "adapters/store/postgres_store.h"
#include "adapters/store/sqlite_store.h"
#include "application/cut_keys.h"
#include "base/hex.h"
#include "base/log.h"
#include "service/files.h"
#include "service/webhook_key.h"
#include "sql_statements.h"

enum { MEMORY_STORE_MAX = 1 << 30, KEY_DIGITS = 32, MODEL_FILE_MAX = 1 << 20 };

struct str instance_store_system(enum store_kind kind)
{
    static const struct str names[] = {[STORE_KIND_MEMORY] = STR("memory"),
                                       [STORE_KIND_SQLITE] = STR("sqlite"),
                                       [STORE_KIND_POSTGRES] = STR("postgresql")};
    return names[kind];
}

enum store_kind instance_store_kind(const struct config_values *config)
{
    if (str_starts_with(config->store_url, STR("sqlite:"))) return STORE_KIND_SQLITE;
    return str_equal(config->store_url, STR("memory:")) ? STORE_KIND_MEMORY : STORE_KIND_POSTGRES;
}

struct str instance_store_path(const struct config_values *config)
{
    if (instance_store_kind(config) != STORE_KIND_SQLITE) return STR_NONE;
    return str_skip(config->store_url, sizeof("sqlite:") - 1);
}

/* --- stores --- */

/* Says which file it is. */
static enum status name_damage(enum status status, struct str path, struct error *error)
{
    if (status != STATUS_STORE_CORRUPT) return status;
    return error_set(error, status, STR("store.url"), STR_NONE,
                     "%.*s is damaged, or is no store of this program", STR_ARGS(path));
}

static enum status open_sqlite(const struct config_values *config, struct arena *arena,
                               struct instance *instance, struct error *error)
{
    struct str path = instance->store_path;
    int applied = 0;
    TRY(files_make_directory(files_directory_of(path), 0750, arena, error));
    enum status status = instance->restores ? sqlite_mark_new(path, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = sqlite_migrate(path, sql_migrations_sqlite, sql_migrations_sqlite_count, &applied,
                                error);
    if (status == STATUS_STORE_IN_USE)
        return error_set(error, status, STR("store.url"), STR("one process at a time"),
                         "%.*s is open in another process", STR_ARGS(path));
    if (status != STATUS_OK) return name_damage(status, path, error);
    const struct sqlite_options options = {
        .path = path,
        .busy_timeout_ms = config->store_busy_timeout,
        .batch_max = (size_t)config->store_batch_max,
        .mmap_bytes = (size_t)config->store_mmap,
        .create = true,
    };
    status = sqlite_store_open(&options, (size_t)config->store_cache,
                               (size_t)config->store_search_cache, &instance->store, error);
    if (status != STATUS_OK) return name_damage(status, path, error);
    log_info("store.opened", LOG_CODE("kind", STR("sqlite")), LOG_PLACE("path", path),
             LOG_COUNT("migrations", applied));
    return STATUS_OK;
}

/* A database that cannot be reached now may come; one with an old schema will not change by itself.
 */
static enum status check_postgres(struct instance *instance, struct error *error)
{
    struct error reason = {.status = STATUS_OK};
    enum status status = instance->restores ? sql_store_check_exact(instance->store, &reason)
                                            : store_ready(instance->store, &reason);
    if (status == STATUS_SCHEMA_MISMATCH)
        return error_set(error, status, STR("store.url"),
                         str_from_cstr(reason.allowed[0] ? reason.allowed : "customer360 migrate"),
                         "the database's schema is not the one this program needs: %s",
                         reason.message);
    if (status != STATUS_OK)
        log_warn("store.not_ready", LOG_CODE("code", status_code(status)),
                 LOG_REASON("reason", str_from_cstr(reason.message)));
    return STATUS_OK;
}

static int64_t lag_max_of(const struct config_values *config)
{
    enum { LAG_MAX_MS = 1000 };
    if (config->store_replica_lag_max > 0 || config->store_replica.count == 0)
        return config->store_replica_lag_max;
    return LAG_MAX_MS;
}

static enum status open_postgres(const struct config_values *config, struct instance *instance,
                                 struct error *error)
{
    const struct postgres_options options = {
        .url = config->store_url,
        .connections_per_loop = (size_t)config->store_connections,
        .readers_per_loop = (size_t)config->store_readers,
        .connect_timeout_ms = config->store_connect_timeout,
        .statement_timeout_ms = config->store_statement_timeout,
    };
    const struct replica_options replicas = {.urls = config->store_replica.items,
                                             .count = config->store_replica.count,
                                             .lag_max_ms = lag_max_of(config)};
    TRY(postgres_store_open(&options, (size_t)config->store_search_cache, &instance->store, error));
    if (replicas.lag_max_ms > 0)
        TRY(postgres_store_add_replicas(instance->store, &replicas, &options, error));
    TRY(check_postgres(instance, error));
    log_info("store.opened", LOG_CODE("kind", STR("postgres")));
    return STATUS_OK;
}

static enum status open_store(const struct config_values *config, struct arena *arena,
                              struct instance *instance, struct error *error)
{
    if (config->store_replica.count > 0 && instance->kind != STORE_KIND_POSTGRES)
        return error_set(error, STATUS_CONFIGURATION, STR("store.replica"),
                         STR("store.url = postgresql://..."), "only PostgreSQL has replicas");
    switch (instance->kind) {
    case STORE_KIND_SQLITE:
        return open_sqlite(config, arena, instance, error);
    case STORE_KIND_POSTGRES:
        return open_postgres(config, instance, error);
    default:
        if (memory_store_new(MEMORY_STORE_MAX, &instance->store) != STATUS_OK)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
        return STATUS_OK;
    }
}

/* --- the key of the suppression list --- */

static bool parse_key(struct str text, struct hash_key *key)
{
    uint64_t halves[2] = {0, 0};
    text = str_trim(text);
    if (text.len != KEY_DIGITS) return false;
    for (size_t i = 0; i < KEY_DIGITS; i++) {
        char c = text.ptr[i];
        if (c >= 'A' && c <= 'F') c = (char)(c - 'A' + 'a');
        const char *digit = c ? strchr(hex_digits, c) : NULL;
        if (!digit) return false;
        halves[i / 16] = halves[i / 16] << 4 | (uint64_t)(digit - hex_digits);
    }
    *key = (struct hash_key){halves[0], halves[1]};
    return true;
}

static enum status read_key(struct str path, struct arena *arena, struct hash_key *key,
                            struct error *error)
{
    struct str text;
    TRY(files_read(path, 1024, arena, &text, error));
    if (parse_key(text, key)) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("privacy.suppression_key_file"),
                     STR("32 hexadecimal digits"), "%.*s does not hold a key", STR_ARGS(path));
}

struct str instance_key_path(const struct config_values *config, struct arena *arena)
{
    struct str store = instance_store_path(config);
    if (!str_is_empty(config->privacy_suppression_key_file))
        return config->privacy_suppression_key_file;
    return str_is_none(store) ? STR_NONE
                              : arena_format(arena, "%.*s.suppression-key", STR_ARGS(store));
}

static struct str format_key(const struct hash_key *key, struct arena *arena)
{
    return arena_format(arena, "%016llx%016llx\n", (unsigned long long)key->k0,
                        (unsigned long long)key->k1);
}

enum status instance_key_text(const struct config_values *config, struct arena *arena,
                              struct str *text, struct error *error)
{
    struct hash_key key = {0, 0};
    struct str path = instance_key_path(config, arena);
    if (!str_is_none(path)) TRY(read_key(path, arena, &key, error));
    *text = str_trim(format_key(&key, arena));
    return str_is_none(*text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* Beside the embedded store, made at the first start: it belongs to that data. */
static enum status own_key(struct str path, struct arena *arena, struct hash_key *key,
                           struct error *error)
{
    if (files_exists(path, arena)) return read_key(path, arena, key, error);
    struct environment *environment = environment_system();
    environment->random(environment, key, sizeof(*key));
    struct str text = format_key(key, arena);
    if (str_is_none(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return files_create(path, 0600, text, arena, error);
}

static enum status load_key(const struct config_values *config, struct arena *arena,
                            struct instance *instance, struct error *error)
{
    struct hash_key *key = &instance->application.suppression_key;
    struct str path = instance_key_path(config, arena);
    if (!str_is_empty(config->privacy_suppression_key_file))
        return read_key(path, arena, key, error);
    if (instance->kind == STORE_KIND_SQLITE && str_is_none(path))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (instance->kind == STORE_KIND_SQLITE) return own_key(path, arena, key, error);
    if (instance->kind == STORE_KIND_POSTGRES && !config->dev)
        return error_set(error, STATUS_CONFIGURATION, STR("privacy.suppression_key_file"),
                         STR("a file with 32 hexadecimal digits, the same for all instances: "
                             "openssl rand -hex 16"),
                         "privacy.suppression_key_file is needed with PostgreSQL");
    *key = (struct hash_key){0, 0}; /* development, or a store that forgets anyway */
    return STATUS_OK;
}

/* --- matching --- */

static enum status make_matcher(const struct config_values *config, struct arena *arena,
                                struct instance *instance, struct error *error)
{
    struct matcher_options options = {.store = instance->store,
                                      .match_weight = (double)config->matching_match_weight,
                                      .review_weight = (double)config->matching_review_weight};
    if (!str_is_empty(config->matching_model_file))
        TRY(files_read(config->matching_model_file, MODEL_FILE_MAX, arena, &options.model_text,
                       error));
    struct error why = {0};
    enum status status = matcher_new(&options, &instance->matcher, &why);
    if (status != STATUS_INVALID_VALUE)
        return status == STATUS_OK ? status : error_plain(error, status);
    return error_set(error, STATUS_CONFIGURATION, STR("matching.model_file"),
                     STR("a model that train wrote"), "matching.model_file: %s", why.message);
}

/* --- all together --- */

static const struct policy *policy_of_tenant(struct application *application, struct str tenant)
{
    return policies_for(application->policies, tenant);
}

/* What one fact may take of the memory of a request that loads and writes all; measured, with some
 * to spare: tests/contract/many_facts_test.c. */
enum { FACT_BYTES = 6 << 10 };

/* A customer that a request has no room for could not be written any more. */
static size_t facts_max(const struct config_values *config)
{
    int64_t room = config->http_request_memory / FACT_BYTES;
    int64_t most = config->limits_facts_max;
    return (size_t)(most < room ? most : room);
}

static void fill_application(const struct config_values *config, struct instance *instance)
{
    struct application *application = &instance->application;
    application->store = instance->store;
    application->matcher = instance->matcher;
    application->matching = instance->matching;
    application->cut_keys = cut_keys_new(); /* without them it is only slower */
    application->environment = environment_system();
    application->policy_for = policy_of_tenant;
    application->policies = instance->policies;
    application->limits = (struct application_limits){
        .contacts_max = (size_t)config->limits_contacts_max,
        .facts_max = facts_max(config),
        .homes_max = (size_t)config->limits_homes_max,
        .relationships_max = (size_t)config->limits_relationships_max,
        .lookup_max = (size_t)config->limits_lookup_max,
        .page_max = (size_t)config->limits_page_max,
        .checks_max = (size_t)config->limits_checks_max,
        .webhooks_max = (size_t)config->limits_webhooks_max,
        .jobs_max = (size_t)config->limits_jobs_max,
        .answers_keep_ms = config->http_idempotency_keep,
        .inbox_keep_ms = config->kafka_inbox_keep,
    };
    once_flights_init(&instance->flights, application->environment);
    application->flights = &instance->flights;
}

/* --- the whole store, for an operator's commands --- */

enum { WHOLE_STATEMENT_MS = 3600 * 1000 };

/* As the role that owns the schema, which alone sees all tenants. */
static struct config_values owners_config(const struct config_values *config)
{
    struct config_values owners = *config;
    if (instance_store_kind(config) != STORE_KIND_POSTGRES) return owners;
    if (!str_is_empty(config->store_migration_url)) owners.store_url = config->store_migration_url;
    owners.store_statement_timeout = WHOLE_STATEMENT_MS;
    return owners;
}

static enum status open_beside(const struct config_values *config, struct instance *instance,
                               struct error *error)
{
    const struct sqlite_options options = {
        .path = instance->store_path,
        .busy_timeout_ms = config->store_busy_timeout,
        .read_only = true,
    };
    enum status status = sqlite_store_open(&options, 0, 0, &instance->store, error);
    return status == STATUS_OK ? status : name_damage(status, instance->store_path, error);
}

enum status instance_open_aside(const struct config_values *config, struct arena *arena,
                                struct instance *instance, struct error *error)
{
    struct config_values owners = owners_config(config);
    *instance = (struct instance){.kind = instance_store_kind(&owners),
                                  .store_path = instance_store_path(&owners)};
    if (instance->kind == STORE_KIND_MEMORY)
        return error_set(error, STATUS_USAGE, STR("store.url"), STR("sqlite: or postgresql:"),
                         "a store in memory is gone with its process");
    enum status status = policies_new(config->policy_file, &instance->policies, error);
    if (status == STATUS_OK)
        status = instance->kind == STORE_KIND_SQLITE ? open_beside(&owners, instance, error)
                                                     : open_store(&owners, arena, instance, error);
    if (status == STATUS_OK) status = store_ready(instance->store, error);
    if (status != STATUS_OK)
        instance_close(instance);
    else
        fill_application(config, instance);
    return status;
}

static enum status open_for(const struct config_values *config, struct arena *arena,
                            struct instance *instance, struct error *error)
{
    (void)umask(0027); /* customers' data is not for other users of the machine */
    instance->kind = instance_store_kind(config);
    instance->store_path = instance_store_path(config);
    enum status status = policies_new(config->policy_file, &instance->policies, error);
    if (status == STATUS_OK) status = open_store(config, arena, instance, error);
    if (status == STATUS_OK) status = load_key(config, arena, instance, error);
    if (status == STATUS_OK) status = make_matcher(config, arena, instance, error);
    bool has_key = false;
    if (status == STATUS_OK)
        status = webhook_key_signer(config, arena, &instance->signer, &has_key, error);
    if (status != STATUS_OK) {
        instance_close(instance);
        return status;
    }
    fill_application(config, instance);
    if (has_key) instance->application.webhooks = &instance->signer.base;
    return STATUS_OK;
}

enum status instance_open_whole(const struct config_values *config, struct arena *arena,
                                struct instance *instance, struct error *error)
{
    struct config_values owners = owners_config(config);
    if (instance_store_kind(&owners) == STORE_KIND_MEMORY)
        return error_set(error, STATUS_USAGE, STR("store.url"), STR("sqlite: or postgresql:"),
                         "a store in memory is gone with its process");
    *instance = (struct instance){.restores = true};
    TRY(open_for(&owners, arena, instance, error));
    enum status status = sql_store_check_exact(instance->store, error);
    if (status != STATUS_OK) instance_close(instance);
    return status;
}

enum status instance_open(const struct config_values *config, struct arena *arena,
                          struct instance *instance, struct error *error)
{
    *instance = (struct instance){.restores = false};
    TRY(open_for(config, arena, instance, error));
    if (instance->kind != STORE_KIND_SQLITE) return STATUS_OK;
    enum status status = store_ready(instance->store, error);
    if (status != STATUS_OK) instance_close(instance);
    return status;
}

void instance_close(struct instance *instance)
{
    matcher_free(instance->matcher); /* learns from the store */
    if (instance->store && instance->kind == STORE_KIND_MEMORY)
        memory_store_free(instance->store);
    else
        sql_store_free(instance->store);
    policies_free(instance->policies);
    cut_keys_free(instance->application.cut_keys);
    memset(instance, 0, sizeof(*instance));
}
