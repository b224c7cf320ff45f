#include "domain/webhook.h"

static const struct str states[WEBHOOK_STATE_COUNT] = {STR("ACTIVE"), STR("DISABLED")};
static const struct str causes[WEBHOOK_CAUSE_COUNT] = {STR("OWNER"), STR("GONE"), STR("FAILING")};
static const struct str outcomes[WEBHOOK_OUTCOME_COUNT] = {STR("DELIVERED"), STR("RETRY"),
                                                           STR("GIVEN_UP"), STR("ERASED")};
static const struct str reasons[WEBHOOK_REASON_COUNT] = {
    [WEBHOOK_ANSWERED] = STR("ANSWERED"),
    [WEBHOOK_TIMED_OUT] = STR("TIMED_OUT"),
    [WEBHOOK_NOT_RESOLVED] = STR("NAME_NOT_RESOLVED"),
    [WEBHOOK_NOT_CONNECTED] = STR("NOT_CONNECTED"),
    [WEBHOOK_NOT_ALLOWED] = STR("ADDRESS_NOT_ALLOWED"),
    [WEBHOOK_NOT_TRUSTED] = STR("CERTIFICATE_NOT_TRUSTED"),
    [WEBHOOK_BROKEN] = STR("NO_HTTP_ANSWER"),
    [WEBHOOK_NOT_THERE] = STR("EVENT_ERASED"),
};

static struct str name_of(const struct str *names, size_t count, unsigned index)
{
    return index < count ? names[index] : STR_NONE;
}

static bool parse(const struct str *names, size_t count, struct str name, unsigned *index)
{
    for (unsigned i = 0; i < count; i++) {
        if (!str_equal(names[i], name)) continue;
        *index = i;
        return true;
    }
    return false;
}

struct str webhook_state_name(enum webhook_state state)
{
    return name_of(states, WEBHOOK_STATE_COUNT, state);
}

struct str webhook_cause_name(enum webhook_cause cause)
{
    return name_of(causes, WEBHOOK_CAUSE_COUNT, cause);
}

struct str webhook_outcome_name(enum webhook_outcome outcome)
{
    return name_of(outcomes, WEBHOOK_OUTCOME_COUNT, outcome);
}

struct str webhook_reason_name(enum webhook_reason reason)
{
    return name_of(reasons, WEBHOOK_REASON_COUNT, reason);
}

bool webhook_state_parse(struct str name, enum webhook_state *state)
{
    unsigned index;
    if (!parse(states, WEBHOOK_STATE_COUNT, name, &index)) return false;
    *state = (enum webhook_state)index;
    return true;
}

bool webhook_cause_parse(struct str name, enum webhook_cause *cause)
{
    unsigned index;
    if (!parse(causes, WEBHOOK_CAUSE_COUNT, name, &index)) return false;
    *cause = (enum webhook_cause)index;
    return true;
}

bool webhook_outcome_parse(struct str name, enum webhook_outcome *outcome)
{
    unsigned index;
    if (!parse(outcomes, WEBHOOK_OUTCOME_COUNT, name, &index)) return false;
    *outcome = (enum webhook_outcome)index;
    return true;
}

bool webhook_reason_parse(struct str name, enum webhook_reason *reason)
{
    unsigned index;
    if (!parse(reasons, WEBHOOK_REASON_COUNT, name, &index)) return false;
    *reason = (enum webhook_reason)index;
    return true;
}

/* --- which events --- */

uint32_t webhook_type_bit(struct str name)
{
    for (unsigned type = 0; type < EVENT_TYPE_COUNT; type++)
        if (str_equal(event_types[type].name, name)) return WEBHOOK_TYPE_BIT(type);
    return 0;
}

bool webhook_types_parse(struct str text, uint32_t *types)
{
    struct str name;
    *types = 0;
    if (str_is_empty(text)) *types = WEBHOOK_TYPES_ALL;
    while (!str_is_empty(text) && str_split(&text, ',', &name)) {
        uint32_t bit = webhook_type_bit(name);
        if (bit == 0) return false;
        *types |= bit;
    }
    return true;
}

struct str webhook_types_format(uint32_t types, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (unsigned type = 0; types != WEBHOOK_TYPES_ALL && type < EVENT_TYPE_COUNT; type++) {
        if (!(types & WEBHOOK_TYPE_BIT(type))) continue;
        if (out.len > 0) buffer_append_char(&out, ',');
        buffer_append(&out, event_types[type].name);
    }
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

/* --- when --- */

enum { JITTER_STEPS = 2001 };

int64_t webhook_delay_ms(int64_t attempts, uint64_t random)
{
    static const int64_t seconds[WEBHOOK_ATTEMPTS_MAX] = {
        0, 5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600};
    if (attempts < 0) attempts = 0;
    if (attempts >= WEBHOOK_ATTEMPTS_MAX) attempts = WEBHOOK_ATTEMPTS_MAX - 1;
    int64_t permyriad = 9000 + (int64_t)(random % JITTER_STEPS);
    return seconds[attempts] * permyriad / 10;
}

/* --- answers --- */

bool webhook_is_success(int http_status)
{
    return http_status >= 200 && http_status <= 299;
}

bool webhook_is_throttle(int http_status)
{
    return http_status == 429 || (http_status >= 502 && http_status <= 504);
}

int64_t webhook_retry_after_ms(int64_t seconds)
{
    if (seconds <= 0) return 0;
    return (seconds < 86400 ? seconds : 86400) * 1000;
}
