/* Consent records: checking what comes in, writing them out. The decision is in consent_decide.c.
 */
#include "domain/consent.h"

#include "base/identifier.h"
#include "domain/field.h"

#include <arpa/inet.h>
#include <string.h>

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define INSTANT_ALLOWED "an RFC 3339 time such as 2026-02-02T10:30:00Z"

enum { FUTURE_TOLERANCE_SECONDS = 300 };

/* Another channel is another row, and its name in consent_fields. */
static const struct consent_channel consent_channels[] = {
    {STR("EMAIL"), SHAPE_EMAIL, STR("emails"), STR("email")},
    {STR("SMS"), SHAPE_PHONE, STR("phones"), STR("phone")},
    {STR("CALL"), SHAPE_PHONE, STR("phones"), STR("phone")},
};

const struct consent_channel *consent_channel_find(struct str name)
{
    for (size_t i = 0; i < COUNT(consent_channels); i++)
        if (str_equal(consent_channels[i].name, name)) return &consent_channels[i];
    return NULL;
}

#define TEXT_MEMBER(member, size)                                                                  \
    {                                                                                              \
        .name = STR(member), .shape = SHAPE_TEXT, .length_max = (size),                            \
        .allowed = STR("1 to " #size " characters, no control characters")                         \
    }
#define INSTANT_MEMBER(member)                                                                     \
    {                                                                                              \
        .name = STR(member), .shape = SHAPE_INSTANT, .allowed = STR(INSTANT_ALLOWED)               \
    }

static const struct profile_field notice_members[] = {
    TEXT_MEMBER("version", 64),
    {.name = STR("language"),
     .shape = SHAPE_LANGUAGE,
     .allowed = STR("a BCP 47 tag such as de or pt-BR"),
     .length_max = 35},
    TEXT_MEMBER("hash", 128),
};

static const struct profile_field evidence_members[] = {
    TEXT_MEMBER("ip", 45),
    TEXT_MEMBER("userAgent", 512),
    TEXT_MEMBER("form", 256),
    INSTANT_MEMBER("doubleOptInRequestedAt"),
    INSTANT_MEMBER("doubleOptInConfirmedAt"),
};

const struct profile_field consent_fields[] = {
    {.name = STR("type"),
     .shape = SHAPE_ENUM,
     .allowed = STR("EMAIL | SMS | CALL"),
     .required = true},
    {.name = STR("status"),
     .shape = SHAPE_ENUM,
     .allowed = STR("GRANTED | REVOKED"),
     .required = true},
    {.name = STR("purpose"),
     .shape = SHAPE_CODE,
     .allowed = STR("GENERAL, or a code of up to 64 of A-Z 0-9 _"),
     .length_max = 64},
    /* Regulation (EU) 2016/679, article 6(1). */
    {.name = STR("lawfulBasis"),
     .shape = SHAPE_ENUM,
     .allowed = STR("CONSENT | CONTRACT | LEGAL_OBLIGATION | VITAL_INTERESTS | PUBLIC_TASK | "
                    "LEGITIMATE_INTERESTS")},
    TEXT_MEMBER("contactPoint", 254),
    TEXT_MEMBER("source", 64),
    INSTANT_MEMBER("capturedAt"),
    {.name = STR("notice"),
     .shape = SHAPE_OBJECT,
     .allowed = STR("an object {version, language, hash}"),
     .members = notice_members,
     .member_count = COUNT(notice_members)},
    {.name = STR("evidence"),
     .shape = SHAPE_OBJECT,
     .allowed = STR("an object {ip, userAgent, form, doubleOptInRequestedAt, "
                    "doubleOptInConfirmedAt}"),
     .members = evidence_members,
     .member_count = COUNT(evidence_members)},
    INSTANT_MEMBER("validUntil"),
    {.name = STR("previousRecordId"),
     .shape = SHAPE_IDENTIFIER,
     .allowed = STR(IDENTIFIER_ALLOWED),
     .length_max = 64},
};
const size_t consent_field_count = COUNT(consent_fields);

struct str consent_contact_point(struct str channel, struct str raw, struct arena *arena)
{
    const struct consent_channel *row = consent_channel_find(channel);
    if (row && row->point == SHAPE_EMAIL) return profile_canonical_email(raw, arena);
    return profile_canonical_phone(raw, arena);
}

/* ---- checking a record ---- */

static enum status out_of_memory(struct error *error)
{
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

static enum status refuse_read_only(const struct json_value *body, struct error *error)
{
    static const struct str names[] = {STR("recordId"), STR("recordedAt"), STR("actor"),
                                       STR("propagatedFrom")};
    for (size_t i = 0; i < COUNT(names); i++)
        if (json_get(body, names[i]))
            return error_set(error, STATUS_INVALID_VALUE, names[i], STR("leave it out"),
                             "is set by the service");
    return STATUS_OK;
}

static enum status check_point(struct json_value *record, const struct field_path *top,
                               struct arena *arena, struct error *error)
{
    const struct json_value *point = json_get(record, STR("contactPoint"));
    if (!point) return STATUS_OK;
    const struct consent_channel *channel =
        consent_channel_find(json_text(json_get(record, STR("type"))));
    bool email = channel && channel->point == SHAPE_EMAIL;
    struct str text = email ? field_email(point->text, arena) : field_phone(point->text, arena);
    struct field_path path = field_path_member(top, STR("contactPoint"));
    if (str_is_none(text))
        return field_refuse_text(error, point->text, &path,
                                 email ? STR("an address such as jane@acme.example")
                                       : STR("3 to 15 digits, an optional leading +"),
                                 "does not fit the channel", arena);
    return json_object_set(record, STR("contactPoint"), json_make_string(text), arena)
               ? STATUS_OK
               : out_of_memory(error);
}

/* INSTANT_NONE when it is not there. */
static instant time_of(const struct json_value *object, struct str name)
{
    instant when;
    struct str text = json_text(json_get(object, name));
    return !str_is_none(text) && instant_parse(text, &when) ? when : INSTANT_NONE;
}

static enum status check_times(const struct json_value *record, instant now, struct error *error)
{
    instant captured_at = time_of(record, STR("capturedAt"));
    instant valid_until = time_of(record, STR("validUntil"));
    if (captured_at > now + FUTURE_TOLERANCE_SECONDS * INSTANT_SECOND)
        return error_set(error, STATUS_INVALID_VALUE, STR("capturedAt"),
                         STR("a time that is not in the future"), "lies in the future");
    if (valid_until == INSTANT_NONE) return STATUS_OK;
    if (str_equal(json_text(json_get(record, STR("status"))), STR("REVOKED")))
        return error_set(error, STATUS_INVALID_VALUE, STR("validUntil"), STR("leave it out"),
                         "a revocation has no end");
    if (valid_until <= captured_at)
        return error_set(error, STATUS_INVALID_VALUE, STR("validUntil"),
                         STR("a time after capturedAt"), "is not after capturedAt");
    return STATUS_OK;
}

static bool is_ip_address(struct str text)
{
    char address[64];
    unsigned char bytes[16];
    if (text.len >= sizeof(address)) return false;
    memcpy(address, text.ptr, text.len);
    address[text.len] = '\0';
    return inet_pton(AF_INET, address, bytes) == 1 || inet_pton(AF_INET6, address, bytes) == 1;
}

static enum status check_evidence(const struct json_value *record, struct error *error)
{
    const struct json_value *evidence = json_get(record, STR("evidence"));
    struct str ip = json_text(json_get(evidence, STR("ip")));
    instant requested_at = time_of(evidence, STR("doubleOptInRequestedAt"));
    instant confirmed_at = time_of(evidence, STR("doubleOptInConfirmedAt"));
    if (!str_is_none(ip) && !is_ip_address(ip))
        return error_set(error, STATUS_INVALID_VALUE, STR("evidence.ip"),
                         STR("an IPv4 or IPv6 address"), "is not an IP address");
    if (confirmed_at != INSTANT_NONE && requested_at != INSTANT_NONE && confirmed_at < requested_at)
        return error_set(error, STATUS_INVALID_VALUE, STR("evidence.doubleOptInConfirmedAt"),
                         STR("a time not before doubleOptInRequestedAt"),
                         "was confirmed before it was requested");
    return STATUS_OK;
}

/* The record in the order of the table, with what was not said filled in. */
static enum status fill_in(const struct json_value *given, instant now, struct arena *arena,
                           struct json_value *record, struct error *error)
{
    char text[INSTANT_TEXT_MAX];
    const struct {
        struct str name;
        struct str value;
    } defaults[] = {
        {STR("purpose"), STR("GENERAL")},
        {STR("lawfulBasis"), STR("CONSENT")},
        {STR("source"), SOURCE_CRM},
        {STR("capturedAt"), arena_str(arena, instant_format(now, text))},
    };
    *record = json_make_object();
    for (size_t i = 0; i < consent_field_count; i++) {
        const struct json_value *value = json_get(given, consent_fields[i].name);
        struct json_value filled = value ? *value : json_make_null();
        for (size_t d = 0; d < COUNT(defaults) && !value; d++)
            if (str_equal(defaults[d].name, consent_fields[i].name))
                filled = json_make_string(defaults[d].value);
        if (filled.type == JSON_NULL) continue;
        if (filled.type == JSON_STRING && str_is_none(filled.text)) return out_of_memory(error);
        if (!json_object_set(record, consent_fields[i].name, filled, arena))
            return out_of_memory(error);
    }
    return STATUS_OK;
}

enum status consent_parse(const struct json_value *body, instant now, struct arena *arena,
                          struct json_value **fact_body, struct error *error)
{
    struct json_value given;
    if (!body || body->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("a JSON object"),
                         "the body is not a JSON object");
    TRY(refuse_read_only(body, error));
    TRY(field_check_object(consent_fields, consent_field_count, body, NULL, NULL, arena, &given,
                           error));
    TRY(check_point(&given, NULL, arena, error));
    *fact_body = ARENA_NEW(arena, struct json_value);
    if (!*fact_body) return out_of_memory(error);
    TRY(fill_in(&given, now, arena, *fact_body, error));
    TRY(check_times(*fact_body, now, error));
    return check_evidence(*fact_body, error);
}

enum status consent_parse_check(const struct json_value *body, struct str path, struct arena *arena,
                                struct str *customer_id, struct consent_question *question,
                                struct error *error)
{
    static const struct profile_field fields[] = {
        {.name = STR("customerId"),
         .shape = SHAPE_IDENTIFIER,
         .allowed = STR(IDENTIFIER_ALLOWED),
         .required = true},
        {.name = STR("type"),
         .shape = SHAPE_ENUM,
         .allowed = STR("EMAIL | SMS | CALL"),
         .required = true},
        {.name = STR("purpose"),
         .shape = SHAPE_CODE,
         .allowed = STR("GENERAL, or a code of up to 64 of A-Z 0-9 _"),
         .length_max = 64},
        TEXT_MEMBER("contactPoint", 254),
    };
    struct field_path top = field_path_member(NULL, path);
    struct json_value given;
    if (!body)
        return field_refuse(error, STATUS_INVALID_VALUE, &top, STR("an object"), "is missing");
    TRY(field_check_object(fields, COUNT(fields), body, NULL, &top, arena, &given, error));
    TRY(check_point(&given, &top, arena, error));
    struct str purpose = json_text(json_get(&given, STR("purpose")));
    struct str point = json_text(json_get(&given, STR("contactPoint")));
    *customer_id = json_text(json_get(&given, STR("customerId")));
    *question = (struct consent_question){
        .channel = json_text(json_get(&given, STR("type"))),
        .purpose = str_is_none(purpose) ? STR("GENERAL") : purpose,
        .as_of = question->as_of,
    };
    if (str_is_none(point)) return STATUS_OK;
    question->contact_point = consent_contact_point(question->channel, point, arena);
    return str_is_none(question->contact_point) ? out_of_memory(error) : STATUS_OK;
}

/* ---- propagation ---- */

enum status consent_propagate(const struct tree *tree, const struct fact *revocation,
                              struct arena *arena, struct fact **copies, size_t *count)
{
    *count = 0;
    *copies = ARENA_NEW_ARRAY(arena, struct fact, tree->home_count);
    struct json_value *body = json_copy(revocation->body, arena);
    if (!*copies || !body) return STATUS_OUT_OF_MEMORY;
    if (!str_equal(json_text(json_get(body, STR("status"))), STR("REVOKED"))) return STATUS_OK;
    if (!json_object_set(body, STR("propagatedFrom"), json_make_string(revocation->subject), arena))
        return STATUS_OUT_OF_MEMORY;
    int32_t own = tree_find_home(tree, revocation->home);
    for (size_t i = 0; i < tree->home_count && own >= 0; i++) {
        if ((int32_t)i == own || !tree_speaks_for(tree, own, (int32_t)i, INSTANT_FUTURE)) continue;
        struct fact *copy = &(*copies)[(*count)++];
        *copy = *revocation;
        copy->home = tree->homes[i].customer_id;
        copy->subject = STR_NONE;
        copy->body = body;
    }
    return STATUS_OK;
}

static bool names_import(struct str source)
{
    struct str word = STR("import");
    if (source.len < word.len || !str_equal_ignore_case(str_of(source.ptr, word.len), word))
        return false;
    return source.len == word.len || source.ptr[word.len] == ':' || source.ptr[word.len] == '-';
}

bool consent_is_import(const struct fact *fact)
{
    return names_import(fact->source) ||
           names_import(json_text(json_get(fact->body, STR("source"))));
}

struct str consent_state_name(enum consent_state state)
{
    static const struct str names[] = {
        [CONSENT_ABSENT] = STR("ABSENT"),
        [CONSENT_GRANTED] = STR("GRANTED"),
        [CONSENT_REVOKED] = STR("REVOKED"),
        [CONSENT_EXPIRED] = STR("EXPIRED"),
    };
    return names[state];
}

/* ---- writing ---- */

static void put_member(struct json_writer *writer, const struct fact *fact, struct str name)
{
    const struct json_value *value = json_get(fact->body, name);
    if (!value || value->type == JSON_NULL) return;
    json_key(writer, name);
    json_write(writer, value);
}

static void put_instant(struct json_writer *writer, struct str name, instant when)
{
    char text[INSTANT_TEXT_MAX];
    json_member_string(writer, name, instant_format(when, text));
}

void consent_write(struct json_writer *writer, const struct fact *fact)
{
    json_object_begin(writer);
    json_member_string(writer, STR("recordId"), fact->subject);
    json_member_string(writer, STR("customerId"), fact->home);
    for (size_t i = 0; i < consent_field_count; i++) {
        put_member(writer, fact, consent_fields[i].name);
        if (!str_equal(consent_fields[i].name, STR("capturedAt"))) continue;
        put_instant(writer, STR("recordedAt"), fact->recorded_at);
        json_member_string(writer, STR("actor"), fact->actor);
    }
    put_member(writer, fact, STR("propagatedFrom"));
    json_object_end(writer);
}

/* ISO/IEC TS 27560:2023, 6.3.2: what is processed, why, on which ground, after which notice. */
static void put_processing(struct json_writer *writer, const struct fact *fact, struct str tenant)
{
    json_key(writer, STR("piiProcessing"));
    json_object_begin(writer);
    put_member(writer, fact, STR("notice"));
    json_key(writer, STR("piiControllers"));
    json_array_begin(writer);
    json_string(writer, tenant);
    json_array_end(writer);
    json_key(writer, STR("services"));
    json_array_begin(writer);
    json_object_begin(writer);
    put_member(writer, fact, STR("type"));
    json_key(writer, STR("purposes"));
    json_array_begin(writer);
    json_object_begin(writer);
    put_member(writer, fact, STR("purpose"));
    put_member(writer, fact, STR("lawfulBasis"));
    put_member(writer, fact, STR("contactPoint"));
    json_object_end(writer);
    json_array_end(writer);
    json_object_end(writer);
    json_array_end(writer);
    json_member_string(writer, STR("collectionMethod"),
                       json_text(json_get(fact->body, STR("source"))));
    json_object_end(writer);
}

/* 6.3.4: what happened, when, and how long it holds. */
static void put_event(struct json_writer *writer, const struct fact *fact)
{
    bool granted = str_equal(json_text(json_get(fact->body, STR("status"))), STR("GRANTED"));
    json_key(writer, STR("events"));
    json_array_begin(writer);
    json_object_begin(writer);
    json_member_string(writer, STR("eventType"),
                       granted ? STR("EXPLICIT_CONSENT") : STR("CONSENT_WITHDRAWN"));
    json_member_string(writer, STR("eventState"), granted ? STR("GIVEN") : STR("WITHDRAWN"));
    json_member_string(writer, STR("eventTime"),
                       json_text(json_get(fact->body, STR("capturedAt"))));
    put_instant(writer, STR("recordedAt"), fact->recorded_at);
    put_member(writer, fact, STR("validUntil"));
    json_member_string(writer, STR("entityId"), fact->actor);
    put_member(writer, fact, STR("evidence"));
    json_object_end(writer);
    json_array_end(writer);
}

void consent_write_receipt(struct json_writer *writer, const struct fact *fact, struct str tenant,
                           instant now)
{
    json_object_begin(writer);
    json_key(writer, STR("receipt"));
    json_object_begin(writer);
    put_instant(writer, STR("issuedAt"), now);
    json_member_string(writer, STR("issuer"), tenant);
    json_object_end(writer);
    json_key(writer, STR("record"));
    json_object_begin(writer);
    json_member_string(writer, STR("schemaVersion"), STR("ISO/IEC TS 27560:2023"));
    json_member_string(writer, STR("recordId"), fact->subject);
    json_member_string(writer, STR("piiPrincipalId"), fact->home);
    put_processing(writer, fact, tenant);
    put_event(writer, fact);
    put_member(writer, fact, STR("previousRecordId"));
    json_object_end(writer);
    json_object_end(writer);
}
