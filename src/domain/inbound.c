#include "domain/inbound.h"

#include "base/identifier.h"
#include "domain/field.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define IDENTIFIER_FIELD(name_)                                                                    \
    {                                                                                              \
        .name = STR(name_), .shape = SHAPE_IDENTIFIER,                                             \
        .allowed = STR("1 to 64 of A-Z a-z 0-9 . _ : -"), .required = true                         \
    }
#define TEXT_FIELD(name_)                                                                          \
    {                                                                                              \
        .name = STR(name_), .shape = SHAPE_TEXT,                                                   \
        .allowed = STR("1 to 256 characters, no control characters"), .length_max = 256            \
    }
#define DAY_FIELD(name_)                                                                           \
    {                                                                                              \
        .name = STR(name_), .shape = SHAPE_TEXT, .length_max = 40,                                 \
        .allowed = STR("a date or time such as 2026-02-02 or 2026-02-02T10:30:00Z")                \
    }

static const struct profile_field lead_fields[] = {
    IDENTIFIER_FIELD("leadId"),
    {.name = STR("name"),
     .shape = SHAPE_TEXT,
     .allowed = STR("1 to 256 characters, no control characters"),
     .length_max = 256,
     .required = true},
    TEXT_FIELD("contactName"),
    {.name = STR("email"),
     .shape = SHAPE_EMAIL,
     .allowed = STR("an address such as jane@acme.example"),
     .length_max = 254},
    {.name = STR("phone"),
     .shape = SHAPE_PHONE,
     .allowed = STR("3 to 15 digits, an optional leading +, and spaces ( ) - . / between"),
     .length_max = 64},
    TEXT_FIELD("source"),
};

static const struct profile_field service_order_fields[] = {
    IDENTIFIER_FIELD("serviceOrderId"),
    IDENTIFIER_FIELD("customerId"),
    TEXT_FIELD("priority"),
    TEXT_FIELD("status"),
};

static const struct profile_field sla_fields[] = {
    IDENTIFIER_FIELD("serviceOrderId"),
    IDENTIFIER_FIELD("customerId"),
    TEXT_FIELD("sla"),
    {.name = STR("breachedAt"),
     .shape = SHAPE_INSTANT,
     .allowed = STR("a time such as 2026-02-02T10:30:00Z")},
};

static const struct profile_field contract_fields[] = {
    IDENTIFIER_FIELD("contractId"), IDENTIFIER_FIELD("customerId"), TEXT_FIELD("planId"),
    DAY_FIELD("startDate"),         DAY_FIELD("endDate"),
};

static const struct profile_field master_fields[] = {
    IDENTIFIER_FIELD("customerId"),
    TEXT_FIELD("masterId"),
};

static const struct profile_field blocked_fields[] = {
    IDENTIFIER_FIELD("customerId"),
    {.name = STR("status"), .shape = SHAPE_ENUM, .allowed = STR("BLOCKED | UNBLOCKED")},
    TEXT_FIELD("reason"),
};

#define FIELDS(array) .fields = (array), .field_count = COUNT(array)

const struct inbound_type_row inbound_types[INBOUND_TYPE_COUNT] = {
    [INBOUND_LEAD_CREATED] = {.name = STR("LeadCreatedEvent"),
                              .topic = STR("sales.core.lead.created"),
                              .source = STR("sales"),
                              .effect = STR("an initial profile; merged when it certainly is a "
                                            "customer already"),
                              FIELDS(lead_fields)},
    [INBOUND_SERVICE_ORDER_CREATED] = {.name = STR("ServiceOrderCreatedEvent"),
                                       .topic = STR("crm.serviceorders.created"),
                                       .source = STR("serviceorders"),
                                       .effect = STR("service history"),
                                       FIELDS(service_order_fields)},
    [INBOUND_SLA_BREACHED] = {.name = STR("ServiceOrderSlaBreachedEvent"),
                              .topic = STR("crm.serviceorders.sla.breached"),
                              .source = STR("serviceorders"),
                              .effect = STR("service history"),
                              FIELDS(sla_fields)},
    [INBOUND_CONTRACT_ACTIVATED] = {.name = STR("ContractActivatedEvent"),
                                    .topic = STR("crm.contracts.activated"),
                                    .source = STR("contracts"),
                                    .effect = STR("entitlements"),
                                    FIELDS(contract_fields)},
    [INBOUND_MASTER_UPDATED] = {.name = STR("CustomerMasterUpdatedEvent"),
                                .topic = STR("mdm.customer.master.updated"),
                                .source = STR("mdm"),
                                .effect = STR("a source record, through the survivorship policy"),
                                FIELDS(master_fields),
                                .has_attributes = true},
    [INBOUND_CUSTOMER_BLOCKED] = {.name = STR("CustomerBlockedEvent"),
                                  .topic = STR("finance.ar.customer.blocked"),
                                  .source = STR("finance"),
                                  .effect =
                                      STR("a credit hold, or its end: ON_HOLD while it lasts"),
                                  FIELDS(blocked_fields)},
};

/* ---- what surrounds the payload ---- */

static enum status take_identifier(const struct json_value *envelope, struct str name,
                                   struct arena *arena, struct str *out, struct error *error)
{
    const struct profile_field field = {
        .name = name, .shape = SHAPE_IDENTIFIER, .allowed = STR("1 to 64 of A-Z a-z 0-9 . _ : -")};
    const struct field_path path = field_path_member(NULL, name);
    const struct json_value *member = json_get(envelope, name);
    struct json_value checked;
    if (!member || member->type == JSON_NULL)
        return field_refuse(error, STATUS_REQUIRED_FIELD, &path, field.allowed,
                            "the field is required");
    TRY(field_check(&field, member, &path, arena, &checked, error));
    *out = checked.text;
    return STATUS_OK;
}

static bool read_timestamp(const struct json_value *member, instant *out)
{
    const int64_t millis_max = INT64_MAX / (INSTANT_SECOND / 1000);
    int64_t millis;
    if (!json_to_int64(member, &millis))
        return !str_is_none(json_text(member)) && instant_parse(member->text, out);
    if (millis < 0 || millis >= millis_max) return false;
    *out = millis * (INSTANT_SECOND / 1000);
    return true;
}

/* What is said later counts. So nobody speaks from the future, where nobody could correct him; and
 * 0 is what senders write who have no time. */
static enum status take_timestamp(const struct json_value *envelope, instant now, instant *out,
                                  struct error *error)
{
    static const struct str allowed =
        STR("RFC 3339, or milliseconds since 1970; after 1970-01-01T00:00:00Z and at most an hour "
            "ahead of the clock here");
    const struct field_path path = field_path_member(NULL, STR("timestamp"));
    const struct json_value *member = json_get(envelope, STR("timestamp"));
    if (!member)
        return field_refuse(error, STATUS_REQUIRED_FIELD, &path, allowed, "the field is required");
    if (!read_timestamp(member, out))
        return field_refuse(error, STATUS_INVALID_VALUE, &path, allowed, "is not a time");
    if (*out <= 0)
        return field_refuse(error, STATUS_INVALID_VALUE, &path, allowed, "is not after 1970");
    if (*out > now + INBOUND_AHEAD_MAX)
        return field_refuse(error, STATUS_INVALID_VALUE, &path, allowed, "lies in the future");
    return STATUS_OK;
}

static enum status check_type(enum inbound_type type, const struct json_value *envelope,
                              struct error *error)
{
    const struct field_path path = field_path_member(NULL, STR("eventType"));
    struct str given = json_text(json_get(envelope, STR("eventType")));
    if (str_is_none(given) || str_equal(given, inbound_types[type].name)) return STATUS_OK;
    return field_refuse(error, STATUS_INVALID_VALUE, &path, inbound_types[type].name,
                        "is not what this topic is for");
}

/* ---- the payload ---- */

static bool is_given(const struct json_value *value)
{
    if (value->type == JSON_STRING) return !str_is_empty(value->text);
    return value->type != JSON_NULL;
}

/* The members that are given and that `fields` knows. */
static bool select_members(const struct json_value *payload, const struct profile_field *fields,
                           size_t count, struct arena *arena, struct json_value *out)
{
    *out = json_make_object();
    out->members = ARENA_NEW_ARRAY(arena, struct json_member, payload->count);
    if (!out->members) return false;
    for (size_t i = 0; i < payload->count; i++)
        if (field_find(fields, count, payload->members[i].name) &&
            is_given(&payload->members[i].value))
            out->members[out->count++] = payload->members[i];
    return true;
}

/* A time counts as its day in UTC. */
static enum status to_day(struct json_value *body, struct str name, struct arena *arena,
                          struct error *error)
{
    const struct field_path path = field_path_member(NULL, name);
    struct str text = json_text(json_get(body, name));
    char written[INSTANT_TEXT_MAX];
    instant when;
    if (str_is_none(text)) return STATUS_OK;
    if (!instant_parse(text, &when))
        return field_refuse(error, STATUS_INVALID_VALUE, &path,
                            STR("a date or time such as 2026-02-02 or 2026-02-02T10:30:00Z"),
                            "is neither");
    struct str day = arena_str(arena, str_cut(instant_format(when, written), 10));
    if (str_is_none(day) || !json_object_set(body, name, json_make_string(day), arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

static enum status check_contract(struct json_value *body, struct arena *arena, struct error *error)
{
    const struct field_path path = field_path_member(NULL, STR("endDate"));
    TRY(to_day(body, STR("startDate"), arena, error));
    TRY(to_day(body, STR("endDate"), arena, error));
    struct str start = json_text(json_get(body, STR("startDate")));
    struct str end = json_text(json_get(body, STR("endDate")));
    if (str_is_none(start) || str_is_none(end) || str_compare(start, end) <= 0) return STATUS_OK;
    return field_refuse(error, STATUS_INVALID_VALUE, &path, STR("startDate or later"),
                        "is before startDate");
}

static enum status take_payload(const struct json_value *payload, struct arena *arena,
                                struct inbound_event *out, struct error *error)
{
    const struct inbound_type_row *type = &inbound_types[out->type];
    struct json_value given, attributes;
    out->body = ARENA_NEW(arena, struct json_value);
    if (!out->body || !select_members(payload, type->fields, type->field_count, arena, &given) ||
        !select_members(payload, profile_fields, profile_field_count, arena, &attributes))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(field_check_object(type->fields, type->field_count, &given, NULL, NULL, arena, out->body,
                           error));
    if (out->type == INBOUND_CONTRACT_ACTIVATED) TRY(check_contract(out->body, arena, error));
    out->customer_id = json_text(json_get(out->body, STR("customerId")));
    if (!type->has_attributes) return STATUS_OK;
    out->attributes = ARENA_NEW(arena, struct json_value);
    if (!out->attributes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *out->attributes = attributes;
    return STATUS_OK;
}

static struct str identifier_of(const struct json_value *object, struct str name)
{
    struct str text = str_trim(json_text(json_get(object, name)));
    return identifier_is_valid(text) ? text : STR_NONE;
}

void inbound_names(const struct json_value *value, struct inbound_event *out)
{
    const struct json_value *payload = json_get(value, STR("payload"));
    out->tenant = identifier_of(value, STR("tenantId"));
    out->customer_id = identifier_of(payload ? payload : value, STR("customerId"));
}

enum status inbound_parse(enum inbound_type type, const struct json_value *value, instant now,
                          struct arena *arena, struct inbound_event *out, struct error *error)
{
    const struct json_value *payload = json_get(value, STR("payload"));
    *out = (struct inbound_event){.type = type};
    if (!payload) payload = value;
    if (value->type != JSON_OBJECT || payload->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, value == payload ? STR("") : STR("payload"),
                         STR("an object"), "the event is not an object");
    TRY(check_type(type, value, error));
    TRY(take_identifier(value, STR("eventId"), arena, &out->event_id, error));
    TRY(take_identifier(value, STR("tenantId"), arena, &out->tenant, error));
    TRY(take_timestamp(value, now, &out->timestamp, error));
    return take_payload(payload, arena, out, error);
}
