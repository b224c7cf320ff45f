/* What comes as JSON, after a letter that says what it is meant to be: profile, patch, contact,
 * relationship, consent, check, policy, mapping, message, export. It is taken, or refused with a
 * message; what was taken is taken again when it is written. */
#include <string.h>

#include "adapters/jobs/record_mapping.h"
#include "application.h"
#include "application/create_customer.h"
#include "application/list_customers.h"
#include "application/restore_records.h"
#include "domain/consent.h"
#include "domain/contact.h"
#include "domain/inbound.h"
#include "domain/policy.h"
#include "domain/profile.h"
#include "domain/relationship.h"

enum { LINES_MAX = 20 };

static const struct caller caller = {.tenant = STR("t"), .user_id = STR("u")};

static void told(enum status status, const struct error *error)
{
    FUZZ_REQUIRE(status == STATUS_OK || error->message[0] != '\0');
}

static struct json_value *written_again(const struct json_value *value, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    struct json_value *again;
    json_write(&writer, value);
    FUZZ_REQUIRE(!buffer_failed(&out));
    FUZZ_REQUIRE(json_parse(buffer_str(&out), arena, &again, NULL) == STATUS_OK);
    return again;
}

static void profile(const struct json_value *body, struct arena *arena)
{
    struct profile_input taken, again;
    struct customer_document made;
    struct error error = {0};
    enum status status = profile_parse_create(body, arena, &taken, &error);
    told(status, &error);
    if (status != STATUS_OK) return;
    FUZZ_REQUIRE(profile_parse_create(written_again(taken.assertion, arena), arena, &again,
                                      &error) == STATUS_OK);
    FUZZ_REQUIRE(json_equal(taken.assertion, again.assertion));
    told(create_customer(fuzz_application(), &caller, body, ON_DUPLICATE_REJECT, arena, &made,
                         &error),
         &error);
}

static void patch(const struct json_value *body, struct arena *arena)
{
    struct json_value current = json_make_object(), *assertion;
    struct error error = {0};
    told(profile_parse_patch(body, &current, arena, &assertion, &error), &error);
}

static void contact(const struct json_value *body, struct arena *arena)
{
    struct json_value *fact, *changed;
    struct str id;
    struct error error = {0};
    enum status status = contact_parse_create(body, STR_NONE, arena, &id, &fact, &error);
    told(status, &error);
    if (status != STATUS_OK) return;
    FUZZ_REQUIRE(str_is_none(id) || id.len <= 64);
    told(contact_parse_patch(body, fact, arena, &changed, &error), &error);
}

static void relationship(const struct json_value *body, struct arena *arena)
{
    struct json_value *fact;
    struct str id, other;
    struct error error = {0};
    told(relationship_parse(body, arena, &id, &other, &fact, &error), &error);
}

static void consent(const struct json_value *body, struct arena *arena)
{
    struct json_value *fact;
    struct error error = {0};
    told(consent_parse(body, 1700000000000000, arena, &fact, &error), &error);
}

static void check(const struct json_value *body, struct arena *arena)
{
    struct consent_question question = {0};
    struct str customer, json;
    struct error error = {0};
    told(consent_parse_check(body, STR("checks[0]"), arena, &customer, &question, &error), &error);
    told(list_customers_lookup(fuzz_application(), &caller, body, arena, &json, &error), &error);
}

static void policy(const struct json_value *body, struct arena *arena)
{
    const struct policy *policy;
    struct error error = {0};
    enum status status = policy_parse(body, arena, &policy, &error);
    told(status, &error);
    if (status == STATUS_OK) (void)policy_trust(policy, STR("crm"));
}

static void mapping(const struct json_value *body, struct arena *arena)
{
    static const struct str columns[] = {STR("ID"), STR("name"), STR("Mail")};
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    struct mapping_rules rules = {.key_column = STR("ID")};
    struct record_mapping *made;
    struct json_value *row;
    struct str key;
    struct error error = {0};
    json_write(&writer, body);
    enum status status = mapping_rules_parse(buffer_str(&out), arena, &rules, &error);
    told(status, &error);
    if (status != STATUS_OK) return;
    status = record_mapping_new(&rules, columns, 3, arena, &made, &error);
    told(status, &error);
    if (status != STATUS_OK) return;
    static const struct str cells[] = {STR("1"), STR("Acme"), STR("a@b.example;c@d.example")};
    told(record_mapping_row(made, cells, 3, arena, &row, &key, &error), &error);
}

static void message(const struct json_value *body, struct arena *arena)
{
    for (int type = 0; type < INBOUND_TYPE_COUNT; type++) {
        struct inbound_event event = {0};
        struct error error = {0};
        inbound_names(body, &event);
        told(inbound_parse((enum inbound_type)type, body, 1700000000000000, arena, &event, &error),
             &error);
    }
}

/* Lines into an empty tenant: all of them, or none. */
static void restore(struct str text, struct arena *arena)
{
    const struct json_value *lines[LINES_MAX];
    struct error error = {0};
    struct str rest = text, line;
    size_t count = 0;
    while (count < LINES_MAX && str_split(&rest, '\n', &line)) {
        struct json_value *value;
        if (json_parse(line, arena, &value, NULL) != STATUS_OK || value->type != JSON_OBJECT)
            return;
        lines[count++] = value;
    }
    if (count)
        told(restore_records(fuzz_application(), &caller, lines, count, arena, &error), &error);
}

static const struct {
    char letter;
    void (*take)(const struct json_value *body, struct arena *arena);
} kinds[] = {{'p', profile}, {'q', patch},  {'c', contact}, {'r', relationship}, {'a', consent},
             {'k', check},   {'s', policy}, {'m', mapping}, {'n', message}};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct arena arena;
    struct json_value *body;
    if (count < 2 || count > 8000) return 0;
    struct str text = str_of((const char *)bytes + 1, count - 1);
    arena_init(&arena, 64 << 20);
    if (bytes[0] == 'x')
        restore(text, &arena);
    else if (json_parse(text, &arena, &body, NULL) == STATUS_OK && body->type == JSON_OBJECT)
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (kinds[i].letter == (char)bytes[0]) kinds[i].take(body, &arena);
    arena_release(&arena);
    return 0;
}
