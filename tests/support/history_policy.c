#include "history_policy.h"

#include <assert.h>

#include "domain/policy.h"

/* Of the world that a case plays in: cases follow each other. */
static const struct policy *drawn;

static const struct policy *drawn_policy(struct application *application, struct str tenant)
{
    (void)application, (void)tenant;
    return drawn;
}

static void write_trust(struct property *property, struct buffer *out)
{
    static const char *const sources[] = {"crm", "erp", "*"};
    static const int trusts[] = {10, 50, 90};
    buffer_append(out, STR("\"trust\":{"));
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
        buffer_append_format(out, "%s\"%s\":%d", i ? "," : "", sources[i],
                             PROPERTY_PICK(property, trusts));
    buffer_append_char(out, '}');
}

static void write_fields(struct property *property, struct buffer *out)
{
    static const char *const fields[] = {"name",     "segment",     "website",     "status",
                                         "language", "dateOfBirth", "preferences", "*"};
    static const char *const rules[] = {"mostRecent", "mostTrusted", "mostFrequent", "longest"};
    buffer_append(out, STR("\"fields\":{"));
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        buffer_append_format(out, "%s\"%s\":\"%s\"", i ? "," : "", fields[i],
                             PROPERTY_PICK(property, rules));
    buffer_append_char(out, '}');
}

void history_set_policy(struct history_world *first, struct history_world *second)
{
    drawn = policy_default();
    first->application.policy_for = second->application.policy_for = drawn_policy;
}

void history_draw_policy(struct property *property, struct history_world *first,
                         struct history_world *second, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_value *json = NULL;
    struct error error;
    history_set_policy(first, second);
    if (property_chance(property, 50)) return;
    buffer_append_char(&out, '{');
    write_trust(property, &out);
    buffer_append_char(&out, ',');
    write_fields(property, &out);
    buffer_append_char(&out, '}');
    property_note(property, "policy %.*s", STR_ARGS(buffer_str(&out)));
    enum status status = json_parse(buffer_str(&out), arena, &json, &error);
    if (status == STATUS_OK) status = policy_parse(json, arena, &drawn, &error);
    assert(status == STATUS_OK);
    (void)status;
}
