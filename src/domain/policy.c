/* See policy.h. Both tables are few rows, searched from the front; "*" stands in fields of its own.
 */
#include "domain/policy.h"

#include "base/hash.h"
#include "domain/field.h"

enum { TRUST_MAX = 1000000, TABLE_MAX = 256 };

struct field_rule {
    struct str field;
    enum survivorship_rule rule;
};

struct source_trust {
    struct str source;
    int64_t trust;
};

struct policy {
    struct field_rule *rules;
    size_t rule_count;
    enum survivorship_rule rule_otherwise;
    struct source_trust *trusts;
    size_t trust_count;
    int64_t trust_otherwise;
};

static const struct str rule_names[] = {
    [RULE_MOST_RECENT] = STR("mostRecent"),
    [RULE_MOST_TRUSTED] = STR("mostTrusted"),
    [RULE_MOST_FREQUENT] = STR("mostFrequent"),
    [RULE_LONGEST] = STR("longest"),
};
#define RULES_ALLOWED "mostRecent | mostTrusted | mostFrequent | longest"

const struct policy *policy_default(void)
{
    static const struct policy policy = {.rule_otherwise = RULE_MOST_RECENT};
    return &policy;
}

/* ---- reading ---- */

static enum status refuse(struct error *error, enum status status, const char *table,
                          struct str member, struct str allowed, const char *message)
{
    struct field_path top = field_path_member(NULL, str_from_cstr(table));
    struct field_path path = field_path_member(&top, member);
    return field_refuse(error, status, &path, allowed, message);
}

static bool rule_parse(const struct json_value *value, enum survivorship_rule *rule)
{
    for (size_t i = 0; i < sizeof(rule_names) / sizeof(rule_names[0]); i++) {
        if (!str_equal(rule_names[i], json_text(value))) continue;
        *rule = (enum survivorship_rule)i;
        return true;
    }
    return false;
}

/* "name", or "preferences.theme". */
static bool is_known_field(struct str name)
{
    ptrdiff_t dot = str_find_char(name, '.');
    if (dot < 0) return profile_field_find(name) != NULL;
    const struct profile_field *field = profile_field_find(str_of(name.ptr, (size_t)dot));
    return field && field->shape == SHAPE_MAP && name.len > (size_t)dot + 1;
}

static enum status read_rule(struct policy *policy, const struct json_member *member,
                             struct error *error)
{
    enum survivorship_rule rule;
    if (!rule_parse(&member->value, &rule))
        return refuse(error, STATUS_INVALID_VALUE, "fields", member->name, STR(RULES_ALLOWED),
                      "is not a known survivorship rule");
    if (str_equal(member->name, STR("*"))) {
        policy->rule_otherwise = rule;
        return STATUS_OK;
    }
    if (!is_known_field(member->name))
        return refuse(error, STATUS_UNKNOWN_FIELD, "fields", member->name,
                      STR("a field of the profile, preferences.<key>, or *"),
                      "is not a field of the profile");
    policy->rules[policy->rule_count++] = (struct field_rule){member->name, rule};
    return STATUS_OK;
}

static enum status read_trust(struct policy *policy, const struct json_member *member,
                              struct error *error)
{
    int64_t trust;
    if (!json_to_int64(&member->value, &trust) || trust < 0 || trust > TRUST_MAX)
        return refuse(error, STATUS_INVALID_VALUE, "trust", member->name,
                      STR("a whole number from 0 to 1000000"), "is not a trust");
    if (str_equal(member->name, STR("*")))
        policy->trust_otherwise = trust;
    else
        policy->trusts[policy->trust_count++] = (struct source_trust){member->name, trust};
    return STATUS_OK;
}

static enum status read_rules(struct policy *policy, const struct json_value *table,
                              struct arena *arena, struct error *error)
{
    policy->rules = ARENA_NEW_ARRAY(arena, struct field_rule, table->count);
    if (!policy->rules) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < table->count; i++) TRY(read_rule(policy, &table->members[i], error));
    return STATUS_OK;
}

static enum status read_trusts(struct policy *policy, const struct json_value *table,
                               struct arena *arena, struct error *error)
{
    policy->trusts = ARENA_NEW_ARRAY(arena, struct source_trust, table->count);
    if (!policy->trusts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < table->count; i++) TRY(read_trust(policy, &table->members[i], error));
    return STATUS_OK;
}

static enum status read_table(struct policy *policy, const struct json_member *member,
                              struct arena *arena, struct error *error)
{
    bool trust = str_equal(member->name, STR("trust"));
    if (!trust && !str_equal(member->name, STR("fields")))
        return refuse(error, STATUS_UNKNOWN_FIELD, "", member->name, STR("trust, fields"),
                      "is not a member of a survivorship policy");
    if (member->value.type != JSON_OBJECT)
        return refuse(error, STATUS_INVALID_VALUE, "", member->name, STR("an object"),
                      "is not an object");
    if (member->value.count > TABLE_MAX)
        return refuse(error, STATUS_LIMIT_EXCEEDED, "", member->name, STR("up to 256 members"),
                      "has too many members");
    return trust ? read_trusts(policy, &member->value, arena, error)
                 : read_rules(policy, &member->value, arena, error);
}

enum status policy_parse(const struct json_value *json, struct arena *arena,
                         const struct policy **out, struct error *error)
{
    if (!json || json->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("an object"),
                         "a survivorship policy is a JSON object");
    /* A copy: the policy outlives the configuration text. */
    const struct json_value *own = json_copy(json, arena);
    struct policy *policy = ARENA_NEW(arena, struct policy);
    if (!own || !policy) return error_plain(error, STATUS_OUT_OF_MEMORY);
    policy->rule_otherwise = RULE_MOST_RECENT;
    for (size_t i = 0; i < own->count; i++) TRY(read_table(policy, &own->members[i], arena, error));
    *out = policy;
    return STATUS_OK;
}

/* ---- asking ---- */

static const struct field_rule *find_rule(const struct policy *policy, struct str field)
{
    for (size_t i = 0; i < policy->rule_count; i++)
        if (str_equal(policy->rules[i].field, field)) return &policy->rules[i];
    return NULL;
}

enum survivorship_rule policy_rule(const struct policy *policy, struct str field)
{
    if (policy->rule_count == 0) return policy->rule_otherwise;
    const struct field_rule *row = find_rule(policy, field);
    ptrdiff_t dot = row ? -1 : str_find_char(field, '.');
    /* "preferences.theme" falls back on "preferences". */
    if (dot > 0) row = find_rule(policy, str_of(field.ptr, (size_t)dot));
    return row ? row->rule : policy->rule_otherwise;
}

int64_t policy_trust(const struct policy *policy, struct str source)
{
    for (size_t i = 0; i < policy->trust_count; i++)
        if (str_equal(policy->trusts[i].source, source)) return policy->trusts[i].trust;
    return policy->trust_otherwise;
}

static uint64_t row_hash(struct str name, int64_t value)
{
    struct hash_key key = {(uint64_t)value, 0x706f6c696379u};
    return hash_bytes(key, name);
}

/* A sum over the rows, so that their order in the configuration does not matter. */
uint64_t policy_digest(const struct policy *policy)
{
    uint64_t sum = row_hash(STR("fields.*"), policy->rule_otherwise) +
                   row_hash(STR("trust.*"), policy->trust_otherwise);
    for (size_t i = 0; i < policy->rule_count; i++)
        sum += row_hash(policy->rules[i].field, policy->rules[i].rule) * 3;
    for (size_t i = 0; i < policy->trust_count; i++)
        sum += row_hash(policy->trusts[i].source, policy->trusts[i].trust) * 5;
    return sum;
}
