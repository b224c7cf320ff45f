#include "domain/event.h"

const struct event_type_row event_types[EVENT_TYPE_COUNT] = {
    [EVENT_PROFILE_CREATED] = {STR("CustomerProfileCreatedEvent"),
                               STR("crm.customer360.profile.created"), 6},
    [EVENT_PROFILE_UPDATED] = {STR("CustomerProfileUpdatedEvent"),
                               STR("crm.customer360.profile.updated"), 6},
    [EVENT_PROFILE_MERGED] = {STR("CustomerMergedEvent"), STR("crm.customer360.profile.merged"), 6},
    [EVENT_PROFILE_UNMERGED] = {STR("CustomerUnmergedEvent"),
                                STR("crm.customer360.profile.unmerged"), 6},
    [EVENT_PROFILE_ERASED] = {STR("CustomerErasedEvent"), STR("crm.customer360.profile.erased"), 6},
    [EVENT_CONSENT_UPDATED] = {STR("ConsentUpdatedEvent"), STR("crm.customer360.consent.updated"),
                               3},
};

struct member {
    struct str name;
    struct str value; /* absent: null */
};

static struct str finished(const struct buffer *out)
{
    return buffer_failed(out) ? STR_NONE : buffer_str(out);
}

static struct str payload_of(const struct member *members, size_t count, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    for (size_t i = 0; i < count; i++)
        json_member_nullable(&writer, members[i].name, members[i].value);
    json_object_end(&writer);
    return finished(&out);
}

struct str event_payload_created(struct str customer_id, const struct json_value *attributes,
                                 struct arena *arena)
{
    static const struct str taken[] = {STR("name"), STR("status"), STR("primaryContactId"),
                                       STR("segment")};
    enum { TAKEN = sizeof(taken) / sizeof(taken[0]) };
    struct member members[1 + TAKEN] = {{STR("customerId"), customer_id}};
    for (size_t i = 0; i < TAKEN; i++)
        members[i + 1] = (struct member){taken[i], json_text(json_get(attributes, taken[i]))};
    return payload_of(members, 1 + TAKEN, arena);
}

struct str event_payload_updated(struct str customer_id, const struct str *changed_fields,
                                 size_t count, struct str updated_by, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_nullable(&writer, STR("customerId"), customer_id);
    json_key(&writer, STR("changedFields"));
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++) json_string(&writer, changed_fields[i]);
    json_array_end(&writer);
    json_member_nullable(&writer, STR("updatedBy"), updated_by);
    json_object_end(&writer);
    return finished(&out);
}

struct str event_payload_merged(struct str target, struct str source, struct str reason,
                                struct arena *arena)
{
    struct member members[] = {{STR("targetCustomerId"), target},
                               {STR("sourceCustomerId"), source},
                               {STR("mergeReason"), reason}};
    return payload_of(members, 3, arena);
}

struct str event_payload_unmerged(struct str target, struct str source, struct str merge_id,
                                  struct arena *arena)
{
    struct member members[] = {{STR("targetCustomerId"), target},
                               {STR("sourceCustomerId"), source},
                               {STR("mergeId"), merge_id}};
    return payload_of(members, 3, arena);
}

struct str event_payload_erased(struct str customer_id, struct arena *arena)
{
    const struct member member = {STR("customerId"), customer_id};
    return payload_of(&member, 1, arena);
}

struct str event_payload_consent(struct str customer_id, struct str channel, struct str status,
                                 struct arena *arena)
{
    struct member members[] = {
        {STR("customerId"), customer_id}, {STR("consentType"), channel}, {STR("status"), status}};
    return payload_of(members, 3, arena);
}

void event_write(struct json_writer *writer, const struct event *event, struct str tenant)
{
    char time[INSTANT_TEXT_MAX];
    json_object_begin(writer);
    if (event->position != 0) {
        json_key(writer, STR("position"));
        json_int64(writer, event->position);
    }
    json_member_string(writer, STR("eventType"), event_types[event->type].name);
    json_member_string(writer, STR("eventId"), event->event_id);
    json_member_string(writer, STR("timestamp"), instant_format(event->timestamp, time));
    json_member_string(writer, STR("aggregateId"), event->aggregate_id);
    json_member_string(writer, STR("tenantId"), tenant);
    json_key(writer, STR("payload"));
    json_raw(writer, event->payload);
    json_object_end(writer);
}
