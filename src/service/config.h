/* Configuration: one table of keys (config_table.c), four sources.
 *
 * A value comes from the default, the file, the environment or the command line; later ones win.
 * Every key has three names that follow from each other:
 *
 *     http.body_max    CUSTOMER360_HTTP_BODY_MAX    --http-body-max
 *
 * An unknown key or a bad value is STATUS_CONFIGURATION (on the command line STATUS_USAGE) with a
 * message that names the key and its source; `allowed` says what would be right. Help and
 * docs/configuration.md are written from the same table (config_help.c).
 *
 *     struct config config;
 *     TRY(config_init(&config, &arena, &error));
 *     TRY(config_read_file(&config, STR("/etc/customer360/customer360.conf"), &error));
 *     TRY(config_read_environment(&config, environ, &error));
 *     TRY(config_set_flag(&config, STR("listen"), STR("0.0.0.0:9401"), &error));
 *     TRY(config_check(&config, &error));
 */
#ifndef SERVICE_CONFIG_H
#define SERVICE_CONFIG_H

#include "base/buffer.h"
#include "base/status.h"

struct str_list {
    struct str *items;
    size_t count;
};

/* The values; what each means stands in the table. Sizes in bytes, durations in milliseconds. */
struct config_values {
    bool dev;
    bool sample;

    struct str http_listen;
    int64_t http_loops;
    int64_t http_body_max;
    int64_t http_upload_max;
    int64_t http_header_max;
    int64_t http_connections_max;
    int64_t http_idle_timeout;
    int64_t http_request_memory;
    int64_t http_rate_limit;
    int64_t http_rate_limit_caller;
    int64_t http_rate_limit_lease;
    int64_t http_read_wait_max;
    int64_t http_write_wait_max;
    int64_t http_idempotency_keep;
    int64_t http_drain_timeout;
    struct str http_public_url;

    struct str tls_certificate;
    struct str tls_key;

    struct str store_url;
    int64_t store_cache;
    int64_t store_search_cache;
    int64_t store_mmap;
    int64_t store_batch_max;
    int64_t store_busy_timeout;
    int64_t store_connections;
    int64_t store_readers;
    int64_t store_connect_timeout;
    int64_t store_statement_timeout;
    struct str store_migration_url;
    struct str store_runtime_role;
    struct str_list store_replica;
    int64_t store_replica_lag_max;
    struct str store_replica_reads;

    struct str identity_jwks_file;
    struct str identity_jwt_issuer;
    struct str identity_jwt_audience;
    int64_t identity_jwt_leeway;
    struct str identity_jwt_tenant_claim;
    struct str identity_jwt_user_claim;
    struct str identity_jwt_permissions_claim;
    int64_t identity_jwt_token_max;
    int64_t identity_jwt_cache;
    struct str_list identity_gateway_peers;

    struct str matching_model_file;
    int64_t matching_match_weight;
    int64_t matching_review_weight;

    struct str policy_file;
    struct str privacy_suppression_key_file;
    struct str jobs_directory;
    int64_t jobs_lease;
    int64_t jobs_batch;
    int64_t jobs_memory;
    int64_t jobs_keep;
    int64_t jobs_scan_memory;

    struct str kafka_brokers;
    struct str kafka_format;
    struct str kafka_registry;
    struct str kafka_registry_user;
    struct str kafka_registry_password_file;
    struct str kafka_registry_ca;
    struct str kafka_topics;
    struct str kafka_topic_prefix;
    int64_t kafka_replication;
    struct str kafka_security;
    struct str kafka_ca;
    struct str kafka_certificate;
    struct str kafka_key;
    struct str kafka_sasl_mechanism;
    struct str kafka_sasl_user;
    struct str kafka_sasl_password_file;
    struct str_list kafka_settings;
    int64_t kafka_batch;
    int64_t kafka_lease;
    int64_t kafka_timeout;
    struct str kafka_consume;
    struct str kafka_group;
    struct str kafka_topic_leads;
    struct str kafka_topic_service_orders;
    struct str kafka_topic_sla_breaches;
    struct str kafka_topic_contracts;
    struct str kafka_topic_master_updates;
    struct str kafka_topic_blocks;
    struct str kafka_topic_dead_letters;
    int64_t kafka_retry_for;
    int64_t kafka_inbox_keep;
    int64_t kafka_letters_keep;

    struct str webhooks_key_file;
    struct str_list webhooks_internal_networks;
    bool webhooks_plain_http;
    struct str webhooks_ca;
    int64_t webhooks_timeout;
    int64_t webhooks_connections;
    int64_t webhooks_concurrency;
    int64_t webhooks_retry_first;
    int64_t webhooks_disable_after;
    int64_t webhooks_disable_failures;
    int64_t webhooks_held_max;
    int64_t webhooks_log_max;
    int64_t webhooks_log_keep;
    int64_t webhooks_lease;

    struct str traces_endpoint;
    int64_t traces_sample_ratio; /* of CONFIG_RATIO_ONE */
    struct str traces_service_name;
    struct str traces_headers_file;
    struct str traces_ca;
    int64_t traces_timeout;
    int64_t traces_queue;

    struct str log_level;
    struct str log_format;

    int64_t limits_contacts_max;
    int64_t limits_facts_max;
    int64_t limits_homes_max;
    int64_t limits_relationships_max;
    int64_t limits_lookup_max;
    int64_t limits_page_max;
    int64_t limits_checks_max;
    int64_t limits_webhooks_max;
    int64_t limits_jobs_max;
};

enum config_type {
    CONFIG_TEXT,
    CONFIG_CHOICE, /* one of the words of `allowed`, separated by " | " */
    CONFIG_PATH,
    CONFIG_LIST, /* texts separated by commas */
    CONFIG_BOOLEAN,
    CONFIG_COUNT,
    CONFIG_SIZE,     /* bytes: 65536, 64K, 1M, 2G, or 25% of the memory */
    CONFIG_DURATION, /* 500ms, 30s, 5m, 2h, 1d */
    CONFIG_RATIO     /* 0.25, in millionths */
};

enum { CONFIG_RATIO_ONE = 1000000 };

struct config_key {
    struct str name; /* "http.listen" */
    struct str flag; /* a well-known short flag besides --http-listen; absent: none */
    enum config_type type;
    size_t offset;       /* of the value in struct config_values */
    struct str fallback; /* the default, as it would be written; "" is none */
    int64_t min, max;    /* of a count, size or duration */
    struct str allowed;  /* the words of a choice, or what a text looks like */
    bool secret;         /* its value is never shown */
    bool reloads;        /* SIGHUP takes a new value; others need a restart */
    struct str help;
};

extern const struct config_key config_keys[];
extern const size_t config_key_count;

struct config {
    struct config_values values;
    struct arena *arena;
    struct str *sources; /* per key: "default", "FILE:12", "environment", "command line" */
};

/* All defaults. The arena lives as long as the configuration. */
MUST_CHECK enum status config_init(struct config *config, struct arena *arena, struct error *error);
MUST_CHECK enum status config_set(struct config *config, const struct config_key *key,
                                  struct str value, struct str source, struct error *error);

/* Lines `key = value`, `[section]` (puts "section." before the keys that follow), comments that
 * begin with # or ;, and empty lines. A value may stand in double quotes to keep spaces at its
 * ends. A key given twice is an error. `name` is the file's name for messages. */
MUST_CHECK enum status config_parse(struct config *config, struct str text, struct str name,
                                    struct error *error);
MUST_CHECK enum status config_read_file(struct config *config, struct str path,
                                        struct error *error);
/* Every CUSTOMER360_ variable must be a key; CUSTOMER360_CONFIG, the file's name, is left to
 * config_environment_file(). */
MUST_CHECK enum status config_read_environment(struct config *config, char **environment,
                                               struct error *error);
/* The value of CUSTOMER360_CONFIG; absent when it is not set. */
struct str config_environment_file(char **environment);
/* `flag` without its dashes: "http-listen", "listen". */
MUST_CHECK enum status config_set_flag(struct config *config, struct str flag, struct str value,
                                       struct error *error);
/* What must hold between values: certificate and key together, an identity unless --dev... */
MUST_CHECK enum status config_check(const struct config *config, struct error *error);

/* Takes from `fresh` the values of all keys that reload. Gives the key of another value that needs
 * a restart, or NULL: *index starts at 0 and walks on. */
void config_take_reloadable(struct config_values *values, const struct config_values *fresh);
const struct config_key *config_next_restart(const struct config_values *values,
                                             const struct config_values *fresh, size_t *index);
/* Level and form of the log as they are configured, to stderr. */
void config_apply_log(const struct config_values *values);

/* NULL when there is none. */
const struct config_key *config_key_by_name(struct str name);
const struct config_key *config_key_by_flag(struct str flag);
/* "CUSTOMER360_HTTP_LISTEN", "http-listen". Absent when out of memory. */
struct str config_environment_name(const struct config_key *key, struct arena *arena);
struct str config_flag_name(const struct config_key *key, struct arena *arena);
/* The key's place among config_keys, to read config->sources. */
size_t config_key_index(const struct config_key *key);

/* "64K", or "25%" of the memory, and "30s" as bytes and milliseconds. False on anything else or
 * overflow. */
bool config_parse_size(struct str text, int64_t *bytes);
bool config_parse_duration(struct str text, int64_t *milliseconds);
/* "0.25" as millionths; false past 1, or with more digits. */
bool config_parse_ratio(struct str text, int64_t *millionths);

/* The table for people: on a terminal, and as docs/configuration.md. */
void config_write_help(struct buffer *out);
void config_write_markdown(struct buffer *out);

#endif
