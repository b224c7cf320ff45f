#include "application/preferred_channel.h"

#include "application/suppressed_points.h"

static enum status check(const struct customer_change *change, struct str channel,
                         struct str contact_point, struct str field, struct error *error)
{
    struct consent_question *allowed;
    size_t count;
    if (consent_preference(&change->tree, channel, contact_point, change->now, change->arena,
                           &allowed, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct str wanted = STR("a channel for which consent is granted");
    if (count == 0)
        return error_set(error, STATUS_CONSENT_VIOLATION, field, wanted,
                         "there is no consent for this channel");
    struct suppressed_question *asked =
        ARENA_NEW_ARRAY(change->arena, struct suppressed_question, count);
    if (!asked) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        asked[i] = (struct suppressed_question){.question = &allowed[i], .golden = &change->golden};
    TRY(suppressed_points_ask(change->application, change->session, asked, count, change->arena,
                              error));
    for (size_t i = 0; i < count; i++)
        if (!asked[i].suppressed) return STATUS_OK;
    return error_set(error, STATUS_CONSENT_VIOLATION, field, wanted,
                     "the contact points of this channel are on the suppression list");
}

enum status preferred_channel_check(const struct customer_change *change,
                                    const struct json_value *assertion, struct error *error)
{
    struct str channel =
        json_text(json_get(json_get(assertion, STR("preferences")), STR("preferredChannel")));
    if (str_is_none(channel)) return STATUS_OK;
    return check(change, channel, STR_NONE, STR("preferences.preferredChannel"), error);
}

enum status preferred_channel_check_contact(const struct customer_change *change,
                                            const struct json_value *contact,
                                            const struct json_value *current, struct str field,
                                            struct error *error)
{
    struct str wanted = json_text(json_get(contact, STR("communicationPreference")));
    const struct consent_channel *channel = consent_channel_find(wanted);
    if (!channel) return STATUS_OK;
    const struct json_value *point = json_get(contact, channel->contact_member);
    if (!point) point = json_get(current, channel->contact_member);
    struct str name = arena_format(change->arena, "%.*scommunicationPreference", STR_ARGS(field));
    if (str_is_none(name)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return check(change, wanted, json_text(point), name, error);
}
