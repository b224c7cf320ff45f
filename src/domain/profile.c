/* See profile.h. What is known of a field stands in the tables; the code knows shapes only. */
#include "domain/profile.h"

#include "base/identifier.h"
#include "domain/contact.h"
#include "domain/field.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { LIST_MAX = 50, CONTACTS_MAX = 50 };

#define CODE_ALLOWED       "a code of up to 32 of A-Z 0-9 _"
#define COUNTRY_ALLOWED    "an ISO 3166-1 alpha-2 code such as DE"
#define EMAIL_ALLOWED      "an address such as jane@acme.example"
#define PHONE_ALLOWED      "3 to 15 digits, an optional leading +, and spaces ( ) - . / between"
#define TEXT_ALLOWED(size) "1 to " #size " characters, no control characters"

static const struct profile_field identifier_members[] = {
    {.name = STR("type"),
     .shape = SHAPE_CODE,
     .allowed = STR("TAX_ID, VAT, DUNS, NATIONAL_ID, or the name of another system's key: up to 32 "
                    "of A-Z 0-9 _"),
     .length_max = 32,
     .required = true},
    {.name = STR("value"),
     .shape = SHAPE_TEXT,
     .allowed = STR(TEXT_ALLOWED(128)),
     .length_max = 128,
     .required = true},
    {.name = STR("country"), .shape = SHAPE_COUNTRY, .allowed = STR(COUNTRY_ALLOWED)},
};

#define TEXT_MEMBER(member, size)                                                                  \
    {                                                                                              \
        .name = STR(member), .shape = SHAPE_TEXT, .allowed = STR(TEXT_ALLOWED(size)),              \
        .length_max = (size)                                                                       \
    }

static const struct profile_field address_members[] = {
    TEXT_MEMBER("line1", 256),
    TEXT_MEMBER("line2", 256),
    TEXT_MEMBER("city", 128),
    TEXT_MEMBER("region", 128),
    TEXT_MEMBER("postalCode", 32),
    {.name = STR("country"), .shape = SHAPE_COUNTRY, .allowed = STR(COUNTRY_ALLOWED)},
    {.name = STR("kind"), .shape = SHAPE_CODE, .allowed = STR(CODE_ALLOWED), .length_max = 32},
};

static const struct profile_field preference_members[] = {
    {.name = STR("preferredChannel"), .shape = SHAPE_ENUM, .allowed = STR("EMAIL | SMS | CALL")},
};

const struct profile_field profile_fields[] = {
    {.name = STR("kind"), .shape = SHAPE_ENUM, .allowed = STR("ORGANIZATION | PERSON")},
    {.name = STR("name"),
     .shape = SHAPE_TEXT,
     .allowed = STR(TEXT_ALLOWED(256)),
     .length_max = 256,
     .required = true},
    {.name = STR("status"), .shape = SHAPE_ENUM, .allowed = STR("ACTIVE | INACTIVE | ON_HOLD")},
    TEXT_MEMBER("segment", 64),
    {.name = STR("primaryContactId"),
     .shape = SHAPE_IDENTIFIER,
     .allowed = STR(IDENTIFIER_ALLOWED),
     .length_max = 64},
    {.name = STR("identifiers"),
     .shape = SHAPE_OBJECT_LIST,
     .allowed = STR("a list of up to 50 {type, value, country}"),
     .length_max = LIST_MAX,
     .members = identifier_members,
     .member_count = COUNT(identifier_members)},
    {.name = STR("emails"),
     .shape = SHAPE_TEXT_LIST,
     .element = SHAPE_EMAIL,
     .allowed = STR("a list of up to 50, each " EMAIL_ALLOWED),
     .length_max = LIST_MAX},
    {.name = STR("phones"),
     .shape = SHAPE_TEXT_LIST,
     .element = SHAPE_PHONE,
     .allowed = STR("a list of up to 50, each " PHONE_ALLOWED),
     .length_max = LIST_MAX},
    {.name = STR("addresses"),
     .shape = SHAPE_OBJECT_LIST,
     .allowed = STR("a list of up to 50 {line1, line2, city, region, postalCode, country, kind}"),
     .length_max = LIST_MAX,
     .members = address_members,
     .member_count = COUNT(address_members)},
    {.name = STR("website"),
     .shape = SHAPE_URL,
     .allowed = STR("an http or https address, or a host such as www.acme.example"),
     .length_max = 2048},
    {.name = STR("dateOfBirth"), .shape = SHAPE_DATE, .allowed = STR("a day as YYYY-MM-DD")},
    {.name = STR("language"),
     .shape = SHAPE_LANGUAGE,
     .allowed = STR("a BCP 47 tag such as de or pt-BR"),
     .length_max = 35},
    {.name = STR("preferences"),
     .shape = SHAPE_MAP,
     .allowed = STR("an object of up to 50 texts, numbers or booleans"),
     .length_max = LIST_MAX,
     .members = preference_members,
     .member_count = COUNT(preference_members)},
};
const size_t profile_field_count = COUNT(profile_fields);

const struct profile_field *profile_field_find(struct str name)
{
    return field_find(profile_fields, profile_field_count, name);
}

/* ---- members that are not attributes ---- */

static const struct {
    struct str name;
    bool at_creation;
    const char *message;
    struct str allowed;
} other_members[] = {
    {STR("customerId"), true, "cannot be changed", STR("leave it out")},
    {STR("contacts"), true, "is changed one contact at a time",
     STR("POST, PATCH and DELETE under /customers/{customerId}/contacts")},
    {STR("version"), false, "is set by the service", STR("leave it out")},
    {STR("createdAt"), false, "is set by the service", STR("leave it out")},
    {STR("updatedAt"), false, "is set by the service", STR("leave it out")},
};

static enum status refuse_read_only(const struct json_value *body, bool creation,
                                    struct error *error)
{
    for (size_t i = 0; i < COUNT(other_members); i++) {
        if (creation && other_members[i].at_creation) continue;
        if (!json_get(body, other_members[i].name)) continue;
        return error_set(error, STATUS_INVALID_VALUE, other_members[i].name,
                         other_members[i].allowed, "%s", other_members[i].message);
    }
    return STATUS_OK;
}

static enum status refuse_no_object(const struct json_value *body, struct error *error)
{
    if (body && body->type == JSON_OBJECT) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("a JSON object"),
                     "the body is not a JSON object");
}

static enum status out_of_memory(struct error *error)
{
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

enum status profile_refuse_unpatchable(const struct json_value *patch, struct error *error)
{
    TRY(refuse_no_object(patch, error));
    return refuse_read_only(patch, false, error);
}

/* ---- creation ---- */

static enum status check_customer_id(const struct json_value *value, struct str *id,
                                     struct error *error)
{
    *id = STR_NONE;
    if (!value || value->type == JSON_NULL) return STATUS_OK;
    *id = json_text(value);
    if (identifier_is_valid(*id)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("customerId"), STR(IDENTIFIER_ALLOWED),
                     "is not an identifier");
}

static bool has_contact(const struct json_value *contacts, struct str id)
{
    for (size_t i = 0; i < contacts->count; i++)
        if (str_equal(json_text(json_get(&contacts->items[i], STR("contactId"))), id)) return true;
    return false;
}

static enum status check_contact(const struct json_value *value, size_t index, struct arena *arena,
                                 struct json_value *contacts, struct error *error)
{
    char path[32];
    struct buffer at = {.bytes = path, .capacity = sizeof(path)};
    buffer_append(&at, STR("contacts["));
    buffer_append_int64(&at, (int64_t)index);
    buffer_append_char(&at, ']');

    struct str id;
    struct json_value *body;
    TRY(contact_parse_create(value, buffer_str(&at), arena, &id, &body, error));
    if (!str_is_none(id) && has_contact(contacts, id)) {
        buffer_append(&at, STR(".contactId"));
        return error_set(error, STATUS_DUPLICATE_FIELD, buffer_str(&at), STR("each contactId once"),
                         "the contactId is given twice");
    }
    struct json_value contact = json_make_object();
    if (!str_is_none(id) &&
        !json_object_set(&contact, STR("contactId"), json_make_string(id), arena))
        return out_of_memory(error);
    for (size_t i = 0; i < body->count; i++)
        if (!json_object_set(&contact, body->members[i].name, body->members[i].value, arena))
            return out_of_memory(error);
    return json_array_add(contacts, contact, arena) ? STATUS_OK : out_of_memory(error);
}

static enum status check_contacts(const struct json_value *value, struct arena *arena,
                                  struct json_value *contacts, struct error *error)
{
    if (!value || value->type == JSON_NULL) return STATUS_OK;
    if (value->type != JSON_ARRAY)
        return error_set(error, STATUS_INVALID_VALUE, STR("contacts"), STR("a list of contacts"),
                         "is not a list");
    if (value->count > CONTACTS_MAX)
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR("contacts"),
                         STR("up to 50 contacts; more can be added afterwards"),
                         "has too many elements");
    for (size_t i = 0; i < value->count; i++)
        TRY(check_contact(&value->items[i], i, arena, contacts, error));
    return STATUS_OK;
}

enum status profile_parse_create(const struct json_value *body, struct arena *arena,
                                 struct profile_input *out, struct error *error)
{
    static const struct str extra[] = {STR("customerId"), STR("contacts"), STR_NONE};
    TRY(refuse_no_object(body, error));
    TRY(refuse_read_only(body, true, error));
    *out = (struct profile_input){.assertion = ARENA_NEW(arena, struct json_value),
                                  .contacts = ARENA_NEW(arena, struct json_value)};
    if (!out->assertion || !out->contacts) return out_of_memory(error);
    *out->contacts = json_make_array();
    TRY(check_customer_id(json_get(body, STR("customerId")), &out->customer_id, error));
    TRY(field_check_object(profile_fields, profile_field_count, body, extra, NULL, arena,
                           out->assertion, error));
    return check_contacts(json_get(body, STR("contacts")), arena, out->contacts, error);
}

bool profile_assertion_is_empty(const struct json_value *assertion)
{
    return !assertion || assertion->count == 0;
}
