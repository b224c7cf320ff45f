#include "service/publishing.h"

#include "engines/http/client.h"
#include "service/files.h"

enum { SECRET_MAX = 4096, SETTINGS_MAX = 64, OWN_SETTINGS_MAX = 16 };

bool publishing_is_off(const struct config_values *config)
{
    return str_is_empty(config->kafka_brokers);
}

static enum status refuse(struct str key, struct str allowed, const char *why, struct error *error)
{
    return error_set(error, STATUS_CONFIGURATION, key, allowed, "%.*s: %s", STR_ARGS(key), why);
}

/* Absent when no file is configured. */
static enum status read_secret(struct str path, struct arena *arena, struct str *secret,
                               struct error *error)
{
    *secret = STR_NONE;
    if (str_is_empty(path)) return STATUS_OK;
    TRY(files_read(path, SECRET_MAX, arena, secret, error));
    *secret = str_trim(*secret);
    return STATUS_OK;
}

/* --- the client's settings --- */

/* What exactly-once and the order per customer rest on. */
static const struct str reserved[] = {
    STR("bootstrap.servers"),
    STR("metadata.broker.list"),
    STR("transactional.id"),
    STR("enable.idempotence"),
    STR("acks"),
    STR("request.required.acks"),
    STR("transaction.timeout.ms"),
    STR("message.timeout.ms"),
    STR("delivery.timeout.ms"),
    STR("partitioner"),
    STR("isolation.level"),
    STR("enable.auto.commit"),
    STR("enable.auto.offset.store"),
    STR("group.id"),
    STR("auto.offset.reset"),
    STR("partition.assignment.strategy"),
};

struct settings {
    struct kafka_setting *items;
    size_t count;
};

static void add(struct settings *settings, struct str name, struct str value)
{
    if (!str_is_empty(value))
        settings->items[settings->count++] = (struct kafka_setting){name, value};
}

static enum status add_own(const struct config_values *config, struct arena *arena,
                           struct settings *settings, struct error *error)
{
    bool sasl = str_starts_with(config->kafka_security, STR("sasl"));
    struct str password;
    TRY(read_secret(config->kafka_sasl_password_file, arena, &password, error));
    add(settings, STR("bootstrap.servers"), config->kafka_brokers);
    add(settings, STR("client.id"), STR("customer360"));
    add(settings, STR("compression.type"), STR("lz4"));
    add(settings, STR("linger.ms"), STR("1")); /* a commit waits for it */
    add(settings, STR("security.protocol"), config->kafka_security);
    add(settings, STR("ssl.ca.location"), config->kafka_ca);
    add(settings, STR("ssl.certificate.location"), config->kafka_certificate);
    add(settings, STR("ssl.key.location"), config->kafka_key);
    if (!sasl) return STATUS_OK;
    add(settings, STR("sasl.mechanism"), config->kafka_sasl_mechanism);
    add(settings, STR("sasl.username"), config->kafka_sasl_user);
    add(settings, STR("sasl.password"), password);
    return STATUS_OK;
}

static enum status add_further(const struct str_list *further, struct settings *settings,
                               struct error *error)
{
    const struct str key = STR("kafka.settings");
    if (further->count > SETTINGS_MAX) return refuse(key, STR("fewer"), "too many", error);
    for (size_t i = 0; i < further->count; i++) {
        struct str value = further->items[i], name;
        (void)str_split(&value, '=', &name);
        name = str_trim(name);
        if (str_is_none(value) || str_is_empty(name))
            return refuse(key, STR("NAME=VALUE, ..."), "one of them has no = sign", error);
        if (str_is_among(reserved, sizeof(reserved) / sizeof(reserved[0]), name))
            return error_set(error, STATUS_CONFIGURATION, key, STR("other settings"),
                             "kafka.settings: %.*s is set by the service itself", STR_ARGS(name));
        add(settings, name, str_trim(value));
    }
    return STATUS_OK;
}

static enum status make_settings(const struct config_values *config, struct arena *arena,
                                 struct kafka_publisher_options *options, struct error *error)
{
    struct settings settings = {
        ARENA_NEW_ARRAY(arena, struct kafka_setting, OWN_SETTINGS_MAX + SETTINGS_MAX), 0};
    if (!settings.items) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(add_own(config, arena, &settings, error));
    TRY(add_further(&config->kafka_settings, &settings, error));
    options->settings = settings.items;
    options->setting_count = settings.count;
    return STATUS_OK;
}

/* --- the rest --- */

bool publishing_is_topic_name(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '.' && c != '-' && c != '_') return false;
    }
    return text.len <= 128;
}

static struct str without_slash(struct str url)
{
    while (str_ends_with(url, STR("/"))) url.len--;
    return url;
}

static enum status make_registry(const struct config_values *config, struct arena *arena,
                                 struct kafka_publisher_options *options, struct error *error)
{
    struct str password;
    options->format = EVENT_FORMAT_SINGLE_OBJECT;
    if (str_equal(config->kafka_format, STR("json"))) options->format = EVENT_FORMAT_JSON;
    if (str_is_empty(config->kafka_registry)) return STATUS_OK;
    if (!http_client_takes(config->kafka_registry))
        return refuse(STR("kafka.registry"), STR("http://HOST:PORT/PATH, https://..."),
                      "is no URL of a registry", error);
    TRY(read_secret(config->kafka_registry_password_file, arena, &password, error));
    if (options->format != EVENT_FORMAT_JSON) options->format = EVENT_FORMAT_REGISTRY;
    options->registry = (struct schema_registry){
        .url = without_slash(config->kafka_registry),
        .user = str_is_empty(config->kafka_registry_user) ? STR_NONE : config->kafka_registry_user,
        .password = password,
        .ca_file = str_is_empty(config->kafka_registry_ca) ? STR_NONE : config->kafka_registry_ca,
        .timeout_ms = config->kafka_timeout,
    };
    return STATUS_OK;
}

enum status publishing_options(const struct config_values *config, struct arena *arena,
                               struct kafka_publisher_options *options, struct error *error)
{
    *options = (struct kafka_publisher_options){
        .topic_prefix = config->kafka_topic_prefix,
        .create_topics = str_equal(config->kafka_topics, STR("create")),
        .any_partitions = str_equal(config->kafka_topics, STR("any")),
        .replication = config->kafka_replication > 0 ? (int)config->kafka_replication : -1,
        .timeout_ms = config->kafka_timeout,
    };
    if (!publishing_is_topic_name(config->kafka_topic_prefix))
        return refuse(STR("kafka.topic_prefix"), STR("letters, digits, dot, dash, underscore"),
                      "cannot stand before the name of a topic", error);
    TRY(make_registry(config, arena, options, error));
    return make_settings(config, arena, options, error);
}

enum status publishing_open(const struct config_values *config, struct store *store,
                            struct tracer *tracer, struct arena *arena, struct relay **relay,
                            struct error *error)
{
    struct kafka_publisher_options publisher;
    struct relay_options options = {.store = store,
                                    .environment = environment_system(),
                                    .lease_ms = config->kafka_lease,
                                    .batch = (size_t)config->kafka_batch};
    *relay = NULL;
    if (publishing_is_off(config)) return STATUS_OK;
    TRY(publishing_options(config, arena, &publisher, error));
    publisher.tracer = tracer;
    TRY(kafka_publisher_new(&publisher, &options.publisher, error));
    options.name = kafka_publisher_name(options.publisher);
    return relay_new(&options, relay, error);
}
