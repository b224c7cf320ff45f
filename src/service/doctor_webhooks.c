/* Webhooks: can their secrets be made, and whose receivers do not take what they are sent. */
#include "application/ports/webhook_store.h"
#include "service/doctor.h"
#include "service/files.h"
#include "service/instance.h"
#include "service/webhook_key.h"

struct tally {
    int64_t all, foreign, disabled, failing;
    char first[160]; /* the first of those that are disabled, or fail */
};

static void count_row(const struct webhook_row *row, struct str key_id, struct tally *tally)
{
    bool disabled = row->state == WEBHOOK_DISABLED && row->cause != WEBHOOK_BY_OWNER;
    bool failing = row->state == WEBHOOK_ACTIVE && row->progress.failing_since != INSTANT_NONE;
    tally->all++;
    tally->foreign +=
        row->state == WEBHOOK_ACTIVE && !str_is_none(key_id) && !str_equal(row->key_id, key_id);
    tally->disabled += disabled;
    tally->failing += failing;
    if ((disabled || failing) && !tally->first[0])
        (void)snprintf(tally->first, sizeof(tally->first), "%.*s of tenant %.*s",
                       STR_ARGS(row->webhook_id), STR_ARGS(row->tenant));
}

/* Absent when there is no key, or it is not made yet. */
static enum status find_key_id(struct doctor *doctor, struct signer *signer, struct str *key_id,
                               struct error *error)
{
    const struct config_values *v = &doctor->config->values;
    struct str path = webhook_key_path(v, doctor->arena);
    bool has_key = false;
    *key_id = STR_NONE;
    if (str_is_none(path) ||
        (str_is_empty(v->webhooks_key_file) && !files_exists(path, doctor->arena)))
        return STATUS_OK;
    TRY(webhook_key_signer(v, doctor->arena, signer, &has_key, error));
    if (has_key) *key_id = signer->base.key_id;
    return STATUS_OK;
}

static void tell(struct doctor *doctor, const struct tally *tally, bool has_key)
{
    if (tally->foreign > 0)
        doctor_found(
            doctor, FINDING_FAILURE,
            "restore the webhooks.key_file that they were made with, or give each a new secret",
            "the secrets of %lld webhooks were made with another key: nothing is sent to them",
            (long long)tally->foreign);
    if (tally->all > 0 && !has_key)
        doctor_found(doctor, FINDING_FAILURE,
                     "openssl rand -hex 32 > FILE, the same for all instances",
                     "there are %lld webhooks and no webhooks.key_file: nothing is sent",
                     (long long)tally->all);
    if (tally->disabled > 0 || tally->failing > 0)
        doctor_found(
            doctor, FINDING_WARNING,
            "GET /webhooks/ID/deliveries?failed=true says why; status ACTIVE enables one again",
            "%lld webhooks fail and %lld were disabled for failing, the first %s",
            (long long)tally->failing, (long long)tally->disabled, tally->first);
    else
        doctor_found(doctor, FINDING_OK, "", "%lld webhooks, none of which fails",
                     (long long)tally->all);
}

static bool is_there(const struct doctor *doctor)
{
    const struct config_values *v = &doctor->config->values;
    enum store_kind kind = instance_store_kind(v);
    return kind == STORE_KIND_POSTGRES ||
           (kind == STORE_KIND_SQLITE && files_exists(instance_store_path(v), doctor->arena));
}

/* As the service connects; that there is no store the checks of the store say. */
void doctor_check_webhooks(struct doctor *doctor)
{
    struct config_values runtime = doctor->config->values;
    struct error error = {.status = STATUS_OK};
    struct instance instance;
    struct signer signer;
    struct str key_id;
    struct webhook_row *rows;
    struct tally tally = {0};
    size_t count;
    if (find_key_id(doctor, &signer, &key_id, &error) != STATUS_OK) {
        doctor_found_error(doctor, &error);
        return;
    }
    runtime.store_migration_url = STR("");
    if (!is_there(doctor) ||
        instance_open_aside(&runtime, doctor->arena, &instance, &error) != STATUS_OK)
        return;
    if (webhook_list_all(instance.store, doctor->arena, &rows, &count, &error) == STATUS_OK) {
        for (size_t i = 0; i < count; i++) count_row(&rows[i], key_id, &tally);
        tell(doctor, &tally, !str_is_none(key_id));
    } else {
        doctor_found_error(doctor, &error);
    }
    instance_close(&instance);
}
