#include "application/preferred_channel.h"

#include "application/suppressed_points.h"

#define PREFERENCE STR("communicationPreference")

static enum status check(const struct customer_change *change, struct str channel,
                         struct str contact_point, struct str field, struct error *error)
{
    struct consent_question *allowed;
    size_t count;
    if (consent_preference(&change->tree, channel, contact_point, change->now, change->arena,
                           &allowed, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct str wanted = STR("a channel and contact point for which consent is granted");
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

/* What the fact says of a member, else what is shown of it. */
static struct str text_of(const struct json_value *contact, const struct json_value *current,
                          struct str member)
{
    const struct json_value *value = json_get(contact, member);
    return json_text(value ? value : json_get(current, member));
}

/* The member of the fact that makes a preference for a point of what was none; absent: it has
 * none. A point that is taken away is no longer written to, and what else the fact says has
 * nothing to do with the preference. */
static struct str cause(const struct json_value *contact, const struct json_value *current,
                        const struct consent_channel *channel)
{
    struct str point = json_text(json_get(contact, channel->contact_member));
    if (json_get(contact, PREFERENCE)) return PREFERENCE;
    if (str_is_none(point)) return STR_NONE;
    bool moves = !str_equal(point, json_text(json_get(current, channel->contact_member)));
    return moves ? channel->contact_member : STR_NONE;
}

enum status preferred_channel_check_contact(const struct customer_change *change,
                                            const struct json_value *contact,
                                            const struct json_value *current, struct str field,
                                            struct error *error)
{
    struct str wanted = text_of(contact, current, PREFERENCE);
    const struct consent_channel *channel = consent_channel_find(wanted);
    if (!channel) return STATUS_OK;
    struct str member = cause(contact, current, channel);
    if (str_is_none(member)) return STATUS_OK;
    struct str name = arena_format(change->arena, "%.*s%.*s", STR_ARGS(field), STR_ARGS(member));
    if (str_is_none(name)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return check(change, wanted, text_of(contact, current, channel->contact_member), name, error);
}
