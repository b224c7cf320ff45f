/* components.schemas: what is written from the field tables of the domain, and the shapes that only
 * the API has. */
#include "adapters/api/openapi.h"
#include "domain/consent.h"
#include "domain/contact.h"
#include "domain/relationship.h"

static void write_property(struct json_writer *writer, const struct profile_field *field,
                           bool nullable);
static void write_required(struct json_writer *writer, const struct profile_field *fields,
                           size_t count);

static void write_enum(struct json_writer *writer, struct str allowed)
{
    struct str part;
    json_key(writer, STR("enum"));
    json_array_begin(writer);
    while (str_split(&allowed, '|', &part)) json_string(writer, str_trim(part));
    json_array_end(writer);
}

static void write_format(struct json_writer *writer, enum field_shape shape)
{
    static const struct str formats[SHAPE_OBJECT + 1] = {
        [SHAPE_DATE] = STR("date"),
        [SHAPE_EMAIL] = STR("email"),
        [SHAPE_INSTANT] = STR("date-time"),
    };
    json_member_string(writer, STR("type"), STR("string"));
    if (formats[shape].len) json_member_string(writer, STR("format"), formats[shape]);
    if (shape == SHAPE_COUNTRY) json_member_string(writer, STR("pattern"), STR("^[A-Z]{2}$"));
}

static void write_object(struct json_writer *writer, const struct profile_field *fields,
                         size_t count)
{
    json_member_string(writer, STR("type"), STR("object"));
    json_key(writer, STR("properties"));
    json_object_begin(writer);
    for (size_t i = 0; i < count; i++) write_property(writer, &fields[i], false);
    json_object_end(writer);
    write_required(writer, fields, count);
}

static void write_list(struct json_writer *writer, const struct profile_field *field)
{
    struct profile_field element = *field;
    element.shape = field->element;
    element.length_max = 0;
    json_member_string(writer, STR("type"), STR("array"));
    if (field->length_max) {
        json_key(writer, STR("maxItems"));
        json_int64(writer, (int64_t)field->length_max);
    }
    json_key(writer, STR("items"));
    json_object_begin(writer);
    if (field->shape == SHAPE_OBJECT_LIST) {
        write_object(writer, field->members, field->member_count);
    } else if (element.shape == SHAPE_ENUM) {
        json_member_string(writer, STR("type"), STR("string"));
    } else {
        write_format(writer, element.shape);
    }
    json_object_end(writer);
}

static void write_field(struct json_writer *writer, const struct profile_field *field)
{
    if (field->allowed.len) json_member_string(writer, STR("description"), field->allowed);
    switch (field->shape) {
    case SHAPE_TEXT_LIST:
    case SHAPE_OBJECT_LIST:
        write_list(writer, field);
        return;
    case SHAPE_OBJECT:
        write_object(writer, field->members, field->member_count);
        return;
    case SHAPE_MAP:
        json_member_string(writer, STR("type"), STR("object"));
        json_key(writer, STR("additionalProperties"));
        json_raw(writer, STR("{\"type\":[\"string\",\"number\",\"boolean\"]}"));
        return;
    case SHAPE_ENUM:
        json_member_string(writer, STR("type"), STR("string"));
        write_enum(writer, field->allowed);
        return;
    default:
        write_format(writer, field->shape);
        if (field->length_max) {
            json_key(writer, STR("maxLength"));
            json_int64(writer, (int64_t)field->length_max);
        }
        return;
    }
}

/* In a merge-patch, null takes a value away. */
static void write_property(struct json_writer *writer, const struct profile_field *field,
                           bool nullable)
{
    json_key(writer, field->name);
    json_object_begin(writer);
    if (nullable) {
        json_key(writer, STR("anyOf"));
        json_array_begin(writer);
        json_object_begin(writer);
    }
    write_field(writer, field);
    if (nullable) {
        json_object_end(writer);
        json_raw(writer, STR("{\"type\":\"null\"}"));
        json_array_end(writer);
    }
    json_object_end(writer);
}

static void write_required(struct json_writer *writer, const struct profile_field *fields,
                           size_t count)
{
    size_t needed = 0;
    for (size_t i = 0; i < count; i++) needed += fields[i].required;
    if (needed == 0) return;
    json_key(writer, STR("required"));
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++)
        if (fields[i].required) json_string(writer, fields[i].name);
    json_array_end(writer);
}

static void write_members(struct json_writer *writer, struct str members)
{
    if (members.len == 0) return;
    if (writer->need_comma) buffer_append_char(writer->out, ',');
    buffer_append(writer->out, members);
    writer->need_comma = true;
}

/* One schema from a table; `before` and `after` are further properties, as JSON members. */
static void write_schema(struct json_writer *writer, struct str name, struct str before,
                         const struct profile_field *fields, size_t count, struct str after,
                         bool patch)
{
    json_key(writer, name);
    json_object_begin(writer);
    json_member_string(writer, STR("type"), STR("object"));
    json_key(writer, STR("properties"));
    json_object_begin(writer);
    write_members(writer, before);
    for (size_t i = 0; i < count; i++) write_property(writer, &fields[i], patch);
    write_members(writer, after);
    json_object_end(writer);
    if (!patch) write_required(writer, fields, count);
    json_object_end(writer);
}

/* clang-format off */
#define TEXT       "{\"type\":\"string\"}"
#define TEXT_NULL  "{\"type\":[\"string\",\"null\"]}"
#define NUMBER     "{\"type\":\"integer\"}"
#define TRUTH      "{\"type\":\"boolean\"}"
#define TIME       "{\"type\":\"string\",\"format\":\"date-time\"}"
#define TIME_NULL  "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define REF(name)  "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST(item) "{\"type\":\"array\",\"items\":" item "}"
#define OBJECT(members) "{\"type\":\"object\",\"properties\":{" members "}}"
#define NEEDING(names, members) "{\"type\":\"object\",\"required\":[" names "],\"properties\":{" members "}}"
#define PAGE(name) OBJECT("\"items\":" LIST(REF(name)) ",\"next\":" TEXT_NULL)
#define DECISION   OBJECT("\"allowed\":" TRUTH ",\"reason\":" TEXT)

#define DUPLICATE_MEMBERS \
    "\"duplicateId\":" TEXT ",\"state\":{\"type\":\"string\",\"enum\":[\"OPEN\",\"CLAIMED\",\"LATER\",\"MERGED\",\"NOT_DUPLICATE\",\"REPEATED\"]}" \
    ",\"probability\":{\"type\":\"number\"},\"cause\":{\"type\":\"string\",\"enum\":[\"CREATE\",\"CHANGE\",\"IMPORT\",\"SCAN\"]}" \
    ",\"reasons\":" LIST(OBJECT("\"field\":" TEXT ",\"reason\":" TEXT)) ",\"modelVersion\":" TEXT_NULL ",\"createdAt\":" TIME ",\"refreshedAt\":" TIME \
    ",\"claimedBy\":" TEXT_NULL ",\"claimedUntil\":" TIME_NULL ",\"laterUntil\":" TIME_NULL \
    ",\"resolution\":{\"type\":[\"string\",\"null\"],\"enum\":[\"STEWARD\",\"AUTOMATIC\",\"ELSEWHERE\",null]},\"resolvedBy\":" TEXT_NULL ",\"resolvedAt\":" TIME_NULL \
    ",\"customers\":" LIST(OBJECT("\"customerId\":" TEXT ",\"homeId\":" TEXT ",\"name\":" TEXT_NULL ",\"kind\":" TEXT_NULL ",\"segment\":" TEXT_NULL ",\"profile\":" REF("Profile"))) \
    ",\"merge\":" REF("MergeResult")

static const struct {
    struct str name;
    struct str json;
} plain[] = {
    {STR("Error"), STR(NEEDING("\"error\",\"message\",\"details\",\"timestamp\",\"traceId\"",
        "\"error\":{\"type\":\"string\",\"description\":\"a code that never changes\"},\"message\":" TEXT
        ",\"details\":{\"type\":\"object\",\"description\":\"field and allowed of bad input; candidates of a duplicate\",\"properties\":{\"field\":" TEXT ",\"allowed\":" TEXT
        ",\"candidates\":" LIST(OBJECT("\"customerId\":" TEXT ",\"matchProbability\":{\"type\":\"number\"},\"reasons\":" LIST(TEXT))) "}}"
        ",\"timestamp\":" TIME ",\"traceId\":" TEXT))},
    {STR("Merged"), STR(OBJECT("\"survivorId\":" TEXT ",\"mergeId\":" TEXT))},
    {STR("Empty"), STR("{\"type\":\"object\",\"additionalProperties\":false}")},
    {STR("FoundProfile"), STR("{\"allOf\":[" REF("Profile") "," OBJECT("\"score\":" NUMBER ",\"matches\":" LIST(REF("Match"))) "]}")},
    {STR("Match"), STR(OBJECT("\"query\":" TEXT ",\"field\":" TEXT ",\"value\":" TEXT
        ",\"kind\":{\"type\":\"string\",\"enum\":[\"exact\",\"prefix\",\"suffix\",\"transliterated\",\"typo\",\"phonetic\"]}"))},
    {STR("ProfilePage"), STR(PAGE("FoundProfile"))},
    {STR("Preferences"), STR("{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"]}}")},
    {STR("LookupRequest"), STR(NEEDING("\"ids\"", "\"ids\":" LIST(TEXT)))},
    {STR("LookupResult"), STR(OBJECT("\"items\":" LIST(OBJECT("\"customerId\":" TEXT ",\"result\":{\"type\":\"string\",\"enum\":[\"FOUND\",\"MERGED\",\"ERASED\",\"NOT_FOUND\"]}"
        ",\"survivorId\":" TEXT ",\"mergeId\":" TEXT ",\"profile\":" REF("Profile")))))},
    {STR("Provenance"), STR(OBJECT("\"customerId\":" TEXT ",\"fields\":" LIST(OBJECT("\"path\":" TEXT ",\"value\":{},\"source\":" TEXT_NULL ",\"sourceKey\":" TEXT_NULL
        ",\"home\":" TEXT_NULL ",\"observedAt\":" TIME_NULL ",\"recordedAt\":" TIME_NULL ",\"actor\":" TEXT_NULL))))},
    {STR("Version"), STR(OBJECT("\"version\":" NUMBER ",\"recordedAt\":" TIME ",\"actor\":" TEXT ",\"cause\":" TEXT ",\"changedFields\":" LIST(TEXT)))},
    {STR("VersionPage"), STR(PAGE("Version"))},
    {STR("ContactPage"), STR(PAGE("Contact"))},
    {STR("RelationshipPage"), STR(PAGE("Relationship"))},
    {STR("Relationship"), STR(OBJECT("\"relationshipId\":" TEXT ",\"type\":" TEXT ",\"direction\":{\"type\":\"string\",\"enum\":[\"OUT\",\"IN\"]},\"customerId\":" TEXT
        ",\"givenCustomerId\":" TEXT ",\"from\":" TEXT_NULL ",\"to\":" TEXT_NULL ",\"suspended\":" TRUTH))},
    {STR("Hierarchy"), STR(OBJECT("\"customerId\":" TEXT
        ",\"ancestors\":" LIST(OBJECT("\"customerId\":" TEXT ",\"name\":" TEXT ",\"parentOf\":" TEXT ",\"relationshipId\":" TEXT ",\"depth\":" NUMBER))
        ",\"descendants\":" LIST(OBJECT("\"customerId\":" TEXT ",\"name\":" TEXT ",\"childOf\":" TEXT ",\"relationshipId\":" TEXT ",\"depth\":" NUMBER))
        ",\"suspended\":" LIST(OBJECT("\"parent\":" TEXT ",\"child\":" TEXT ",\"relationshipId\":" TEXT)) ",\"truncated\":" TRUTH))},
    {STR("ConsentMatrix"), STR(OBJECT("\"customerId\":" TEXT ",\"asOf\":" TIME ",\"items\":" LIST(OBJECT("\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL
        ",\"status\":" TEXT ",\"allowed\":" TRUTH ",\"reason\":" TEXT ",\"recordId\":" TEXT_NULL)) ",\"next\":" TEXT_NULL))},
    {STR("ConsentPage"), STR(PAGE("Consent"))},
    {STR("ConsentReceipt"), STR("{\"type\":\"object\",\"description\":\"after ISO/IEC TS 27560\"}")},
    {STR("ConsentCheckRequest"), STR(NEEDING("\"checks\"", "\"checks\":" LIST(NEEDING("\"customerId\",\"type\"", "\"customerId\":" TEXT ",\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT))))},
    {STR("ConsentCheckResult"), STR(OBJECT("\"results\":" LIST(OBJECT("\"customerId\":" TEXT ",\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL
        ",\"allowed\":" TRUTH ",\"reason\":" TEXT ",\"recordId\":" TEXT_NULL ",\"asOf\":" TIME))))},
    {STR("NewSuppression"), STR(NEEDING("\"contactPoint\"", "\"contactPoint\":" TEXT ",\"reason\":" TEXT))},
    {STR("Suppression"), STR(OBJECT("\"suppressed\":" TRUTH))},
    {STR("ErasureRequest"), STR(NEEDING("\"customerId\"", "\"customerId\":" TEXT ",\"suppress\":{\"type\":\"boolean\",\"default\":false,"
                                        "\"description\":\"put every contact point on the suppression list, not only those with a revocation\"}"))},
    {STR("Erasure"), STR(OBJECT("\"customerId\":" TEXT ",\"erasedAt\":" TIME ",\"actor\":" TEXT ",\"erasedCustomerIds\":" LIST(TEXT)
                                ",\"suppressedContactPoints\":{\"type\":\"integer\"}"))},
    {STR("MergeRequest"), STR(NEEDING("\"sourceCustomerId\"", "\"sourceCustomerId\":" TEXT
        ",\"mergeReason\":{\"type\":\"string\",\"default\":\"DUPLICATE\"},\"planToken\":{\"type\":\"string\",\"description\":\"of a preview: that plan, or 409 PLAN_CHANGED\"}"))},
    {STR("MergeResult"), STR(OBJECT("\"mergeId\":" TEXT ",\"targetCustomerId\":" TEXT ",\"sourceCustomerId\":" TEXT ",\"mergeReason\":" TEXT ",\"actor\":" TEXT
        ",\"mergedAt\":" TIME ",\"profile\":" REF("Profile")))},
    {STR("Change"), STR(OBJECT("\"field\":" TEXT ",\"before\":{},\"after\":{}"))},
    {STR("MergePreview"), STR(OBJECT("\"planToken\":" TEXT ",\"profile\":" REF("Profile") ",\"changes\":" LIST(REF("Change"))
        ",\"consentChanges\":" LIST(OBJECT("\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL ",\"target\":" DECISION ",\"source\":" DECISION ",\"merged\":" DECISION))))},
    {STR("Merge"), STR(OBJECT("\"mergeId\":" TEXT ",\"targetCustomerId\":" TEXT ",\"sourceCustomerId\":" TEXT ",\"mergeReason\":" TEXT ",\"actor\":" TEXT
        ",\"mergedAt\":" TIME ",\"reversedAt\":" TIME_NULL ",\"reverseActor\":" TEXT_NULL))},
    {STR("MergePage"), STR(PAGE("Merge"))},
    {STR("UnmergeResult"), STR(OBJECT("\"mergeId\":" TEXT ",\"targetCustomerId\":" TEXT ",\"sourceCustomerId\":" TEXT ",\"reversedAt\":" TIME ",\"actor\":" TEXT
        ",\"profile\":" REF("Profile") ",\"survivor\":" REF("Profile")))},
    {STR("UnmergePreview"), STR(OBJECT("\"mergeId\":" TEXT ",\"remaining\":" REF("Profile") ",\"restored\":" REF("Profile") ",\"changes\":" LIST(REF("Change"))
        ",\"consentChanges\":" LIST(OBJECT("\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL ",\"merged\":" DECISION ",\"remaining\":" DECISION ",\"restored\":" DECISION))))},
    {STR("Duplicate"), STR(OBJECT(DUPLICATE_MEMBERS))},
    {STR("DuplicateView"), STR(OBJECT(DUPLICATE_MEMBERS ",\"waterfall\":{\"description\":\"the evidence, comparison by comparison\"}"
        ",\"differences\":" LIST(OBJECT("\"field\":" TEXT ",\"values\":{\"type\":\"array\",\"minItems\":2,\"maxItems\":2}"))))},
    {STR("DuplicatePage"), STR(PAGE("Duplicate"))},
    {STR("DuplicateDecision"), STR(NEEDING("\"decision\"", "\"decision\":{\"type\":\"string\",\"enum\":[\"MERGE\",\"NOT_A_DUPLICATE\",\"LATER\"]}"
        ",\"survivorId\":{\"type\":\"string\",\"description\":\"MERGE: which of the two customers stays\"},\"mergeReason\":" TEXT
        ",\"planToken\":{\"type\":\"string\",\"description\":\"MERGE: of its preview\"},\"until\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"LATER: when it shows again\"}"))},
    {STR("DuplicateStats"), STR(OBJECT("\"open\":" NUMBER ",\"claimed\":" NUMBER ",\"later\":" NUMBER ",\"oldestOpenAt\":" TIME_NULL ",\"oldestOpenSeconds\":{\"type\":[\"integer\",\"null\"]}"
        ",\"byCause\":{\"type\":\"object\",\"additionalProperties\":" NUMBER "},\"merged\":" NUMBER ",\"notDuplicate\":" NUMBER ",\"automatic\":" NUMBER
        ",\"automaticRate\":{\"type\":[\"number\",\"null\"]},\"perDay\":" LIST(OBJECT("\"date\":{\"type\":\"string\",\"format\":\"date\"},\"merged\":" NUMBER ",\"notDuplicate\":" NUMBER))))},
    {STR("ScanRequest"), STR(OBJECT("\"autoMergeAbove\":{\"type\":\"number\",\"minimum\":0.5,\"maximum\":1,\"description\":\"merges at once from this probability on; absent: never\"}"))},
    {STR("Job"), STR(OBJECT("\"jobId\":" TEXT ",\"kind\":{\"type\":\"string\",\"enum\":[\"IMPORT\",\"EXPORT\",\"SCAN\"]},\"state\":{\"type\":\"string\",\"enum\":[\"QUEUED\",\"RUNNING\",\"DONE\",\"FAILED\",\"CANCELLED\"]}"
        ",\"actor\":" TEXT ",\"createdAt\":" TIME ",\"updatedAt\":" TIME ",\"parameters\":{\"type\":\"object\"},\"progress\":{\"type\":\"object\"}"))},
    {STR("JobPage"), STR(PAGE("Job"))},
    {STR("Health"), STR(OBJECT("\"status\":{\"type\":\"string\",\"enum\":[\"UP\",\"DOWN\"]},\"version\":" TEXT))},
};

#define CUSTOMER_ID "\"customerId\":" TEXT
#define STAMPS      "\"version\":" NUMBER ",\"createdAt\":" TIME ",\"updatedAt\":" TIME
#define CONTACT_ID  "\"contactId\":" TEXT
/* clang-format on */

void openapi_schemas_write(struct json_writer *writer)
{
    struct str one_role = STR("\"role\":{\"type\":\"string\",\"description\":\"one role, the same "
                              "as roles with one element\"}");
    write_schema(writer, STR("Profile"), STR(CUSTOMER_ID), profile_fields, profile_field_count,
                 STR("\"contacts\":" LIST(REF("Contact")) "," STAMPS), false);
    write_schema(writer, STR("NewProfile"), STR(CUSTOMER_ID), profile_fields, profile_field_count,
                 STR("\"contacts\":" LIST(REF("NewContact"))), false);
    write_schema(writer, STR("ProfilePatch"), STR(""), profile_fields, profile_field_count, STR(""),
                 true);
    write_schema(writer, STR("Contact"), STR(CONTACT_ID), contact_fields, contact_field_count,
                 STR(""), false);
    write_schema(writer, STR("NewContact"), STR(CONTACT_ID), contact_fields, contact_field_count,
                 one_role, false);
    write_schema(writer, STR("ContactPatch"), STR(""), contact_fields, contact_field_count,
                 one_role, true);
    write_schema(writer, STR("NewRelationship"), STR(""), relationship_fields,
                 relationship_field_count, STR(""), false);
    write_schema(writer, STR("NewConsent"), STR(""), consent_fields, consent_field_count, STR(""),
                 false);
    write_schema(writer, STR("Consent"), STR("\"recordId\":" TEXT), consent_fields,
                 consent_field_count, STR("\"recordedAt\":" TIME ",\"actor\":" TEXT), false);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        json_key(writer, plain[i].name);
        json_raw(writer, plain[i].json);
    }
}
