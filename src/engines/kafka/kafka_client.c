/* A client of librdkafka: its settings, its log, and its codes as this program's. */
#include <stdio.h>
#include <string.h>

#include "base/environment.h"
#include "base/log.h"
#include "engines/kafka/kafka_internal.h"

/* --- what it says in its own threads --- */

static void on_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle;
    (void)level;
    log_debug("kafka.client", LOG_CODE("facility", str_from_cstr(facility)),
              LOG_REASON("reason", str_from_cstr(text)));
}

static bool is_refusal(int code)
{
    switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
    case RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR:
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
        return true;
    default:
        return false;
    }
}

static void on_error(rd_kafka_t *handle, int code, const char *reason, void *opaque)
{
    struct kafka_client *client = opaque;
    (void)handle;
    (void)pthread_mutex_lock(&client->mutex);
    /* "All brokers are down" says less than what came before it. */
    if (code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || !client->reason[0])
        (void)snprintf(client->reason, sizeof(client->reason), "%s", reason);
    client->is_misconfigured |= is_refusal(code);
    (void)pthread_mutex_unlock(&client->mutex);
}

/* --- settings --- */

static enum status set(rd_kafka_conf_t *configuration, const struct kafka_setting *setting,
                       struct error *error)
{
    char name[128], value[4096], why[KAFKA_REASON_MAX];
    if (setting->name.len >= sizeof(name) || setting->value.len >= sizeof(value))
        return error_set(error, STATUS_CONFIGURATION, setting->name, STR("a shorter value"),
                         "the setting %.*s is too long", STR_ARGS(setting->name));
    (void)snprintf(name, sizeof(name), "%.*s", STR_ARGS(setting->name));
    (void)snprintf(value, sizeof(value), "%.*s", STR_ARGS(setting->value));
    rd_kafka_conf_res_t result = rd_kafka_conf_set(configuration, name, value, why, sizeof(why));
    explicit_bzero(value, sizeof(value));
    if (result == RD_KAFKA_CONF_OK) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, setting->name,
                     STR("the settings of librdkafka, CONFIGURATION.md"), "the setting %s: %s",
                     name, why);
}

static enum status set_all(rd_kafka_conf_t *configuration, const struct kafka_setting *settings,
                           size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) TRY(set(configuration, &settings[i], error));
    return STATUS_OK;
}

static enum status configure(const struct kafka_options *options, const struct kafka_setting *own,
                             size_t own_count, rd_kafka_conf_t **out, struct error *error)
{
    rd_kafka_conf_t *configuration = rd_kafka_conf_new();
    enum status status = set_all(configuration, options->settings, options->setting_count, error);
    if (status == STATUS_OK) status = set_all(configuration, own, own_count, error);
    if (status == STATUS_OK)
        *out = configuration;
    else
        rd_kafka_conf_destroy(configuration);
    return status;
}

enum status kafka_settings_check(const struct kafka_options *options, struct error *error)
{
    rd_kafka_conf_t *configuration = NULL;
    TRY(configure(options, NULL, 0, &configuration, error));
    rd_kafka_conf_destroy(configuration);
    return STATUS_OK;
}

/* --- life --- */

enum status kafka_client_open(struct kafka_client *client, rd_kafka_type_t type,
                              const struct kafka_options *options, const struct kafka_setting *own,
                              size_t own_count, const struct kafka_hooks *hooks,
                              struct error *error)
{
    rd_kafka_conf_t *configuration = NULL;
    char why[KAFKA_REASON_MAX];
    *client = (struct kafka_client){0};
    TRY(configure(options, own, own_count, &configuration, error));
    (void)pthread_mutex_init(&client->mutex, NULL);
    rd_kafka_conf_set_opaque(configuration, client);
    rd_kafka_conf_set_log_cb(configuration, on_log);
    rd_kafka_conf_set_error_cb(configuration, on_error);
    if (hooks && hooks->rebalance) rd_kafka_conf_set_rebalance_cb(configuration, hooks->rebalance);
    if (hooks && hooks->delivered) rd_kafka_conf_set_dr_msg_cb(configuration, hooks->delivered);
    client->handle = rd_kafka_new(type, configuration, why, sizeof(why));
    if (client->handle) return STATUS_OK;
    rd_kafka_conf_destroy(configuration);
    (void)pthread_mutex_destroy(&client->mutex);
    return error_set(error, STATUS_CONFIGURATION, STR("kafka"), STR_NONE,
                     "the Kafka client does not start: %s", why);
}

void kafka_client_close(struct kafka_client *client)
{
    if (!client->handle) return;
    rd_kafka_destroy(client->handle);
    (void)pthread_mutex_destroy(&client->mutex);
    client->handle = NULL;
}

/* --- failing --- */

static bool is_time_out(rd_kafka_resp_err_t code)
{
    return code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT ||
           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN || code == RD_KAFKA_RESP_ERR__RESOLVE;
}

enum status kafka_client_fail(struct kafka_client *client, rd_kafka_resp_err_t code,
                              const char *what, const char *why, struct error *error)
{
    char reason[KAFKA_REASON_MAX];
    (void)rd_kafka_poll(client->handle, 0); /* what its threads have to say */
    (void)pthread_mutex_lock(&client->mutex);
    (void)snprintf(reason, sizeof(reason), "%s", client->reason);
    bool refused = client->is_misconfigured || is_refusal((int)code);
    (void)pthread_mutex_unlock(&client->mutex);
    enum status status = STATUS_UNAVAILABLE;
    if (refused) status = STATUS_CONFIGURATION;
    if (code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
        code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH)
        status = STATUS_WRITE_CONFLICT;
    bool tell = reason[0] && (is_time_out(code) || refused);
    return error_set(error, status, STR("kafka"), STR_NONE, "%s: %s%s%s", what, why,
                     tell ? "; " : "", tell ? reason : "");
}

instant kafka_client_deadline(const struct kafka_options *options)
{
    struct environment *environment = environment_system();
    return environment->now(environment) + options->timeout_ms * (INSTANT_SECOND / 1000);
}

static int64_t left_ms(instant deadline)
{
    struct environment *environment = environment_system();
    return (deadline - environment->now(environment)) / (INSTANT_SECOND / 1000);
}

bool kafka_client_may_wait(struct kafka_client *client, const struct kafka_options *options,
                           instant deadline)
{
    (void)rd_kafka_poll(client->handle, 0);
    (void)pthread_mutex_lock(&client->mutex);
    bool refused = client->is_misconfigured;
    (void)pthread_mutex_unlock(&client->mutex);
    return !refused && left_ms(deadline) > 0 && !(options->stop && atomic_load(options->stop));
}

int kafka_client_slice_ms(instant deadline)
{
    int64_t left = left_ms(deadline);
    if (left > KAFKA_SLICE_MS) return KAFKA_SLICE_MS;
    return left < 1 ? 1 : (int)left;
}
