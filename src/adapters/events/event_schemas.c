#include "adapters/events/event_schemas.h"

/* Of the envelope; the same in every event. */
#define ENVELOPE                                                                                   \
    {STR("eventId"), AVRO_FIELD_STRING}, {STR("timestamp"), AVRO_FIELD_TIMESTAMP_MILLIS},          \
    {                                                                                              \
        STR("tenantId"), AVRO_FIELD_STRING                                                         \
    }

static const struct avro_field created[] = {
    ENVELOPE,
    {STR("customerId"), AVRO_FIELD_STRING},
    {STR("name"), AVRO_FIELD_STRING},
    {STR("status"), AVRO_FIELD_STRING},
    {STR("segment"), AVRO_FIELD_STRING},
};
static const struct avro_field updated[] = {
    ENVELOPE,
    {STR("customerId"), AVRO_FIELD_STRING},
    {STR("changedFields"), AVRO_FIELD_STRINGS},
    {STR("updatedBy"), AVRO_FIELD_STRING},
};
static const struct avro_field merged[] = {
    ENVELOPE,
    {STR("targetCustomerId"), AVRO_FIELD_STRING},
    {STR("sourceCustomerId"), AVRO_FIELD_STRING},
    {STR("mergeReason"), AVRO_FIELD_STRING},
};
static const struct avro_field unmerged[] = {
    ENVELOPE,
    {STR("targetCustomerId"), AVRO_FIELD_STRING},
    {STR("sourceCustomerId"), AVRO_FIELD_STRING},
    {STR("mergeId"), AVRO_FIELD_STRING},
};
static const struct avro_field removed[] = {
    ENVELOPE,
    {STR("customerId"), AVRO_FIELD_STRING},
    {STR("importId"), AVRO_FIELD_STRING},
    {STR("removedBy"), AVRO_FIELD_STRING},
};
static const struct avro_field erased[] = {
    ENVELOPE,
    {STR("customerId"), AVRO_FIELD_STRING},
};
static const struct avro_field consent[] = {
    ENVELOPE,
    {STR("customerId"), AVRO_FIELD_STRING},
    {STR("consentType"), AVRO_FIELD_STRING},
    {STR("status"), AVRO_FIELD_STRING},
};

/* clang-format off */
#define RECORD(event_name, list) \
    {.space = STR("com.erp.crm.customer360.events"), .name = STR(event_name), \
     .fields = (list), .field_count = sizeof(list) / sizeof((list)[0])}

const struct avro_record event_schemas[EVENT_TYPE_COUNT] = {
    [EVENT_PROFILE_CREATED] = RECORD("CustomerProfileCreatedEvent", created),
    [EVENT_PROFILE_UPDATED] = RECORD("CustomerProfileUpdatedEvent", updated),
    [EVENT_PROFILE_MERGED] = RECORD("CustomerMergedEvent", merged),
    [EVENT_PROFILE_UNMERGED] = RECORD("CustomerUnmergedEvent", unmerged),
    [EVENT_PROFILE_REMOVED] = RECORD("CustomerProfileRemovedEvent", removed),
    [EVENT_PROFILE_ERASED] = RECORD("CustomerErasedEvent", erased),
    [EVENT_CONSENT_UPDATED] = RECORD("ConsentUpdatedEvent", consent),
};
/* clang-format on */
