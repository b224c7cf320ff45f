/* components.schemas: what is written from the field tables of the domain, and the shapes that only
 * the API has. */
#include "adapters/api/openapi.h"
#include "adapters/api/openapi_shape.h"
#include "adapters/api/router.h"
#include "domain/consent.h"
#include "domain/contact.h"
#include "domain/relationship.h"

/* How a schema is made from a table: one of an answer, of a request, or of a merge-patch. */
enum kind { OF_ANSWER, OF_REQUEST, OF_PATCH };

static void write_property(struct json_writer *writer, const struct profile_field *field,
                           enum kind kind, struct str always);

static void write_enum(struct json_writer *writer, struct str allowed)
{
    struct str part;
    json_key(writer, STR("enum"));
    json_array_begin(writer);
    while (str_split(&allowed, '|', &part)) json_string(writer, str_trim(part));
    json_array_end(writer);
}

/* What JSON Schema can say of a text; the rest is in the description, and 422 tells it. */
static void write_format(struct json_writer *writer, enum field_shape shape)
{
    static const struct {
        struct str format, pattern;
    } shapes[SHAPE_OBJECT + 1] = {
        [SHAPE_TEXT] = {.pattern = STR(OPENAPI_TEXT_PATTERN)},
        [SHAPE_DATE] = {.format = STR("date")},
        [SHAPE_COUNTRY] = {.pattern = STR("^[A-Za-z]{2}$")},
        [SHAPE_LANGUAGE] = {.pattern = STR("^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")},
        [SHAPE_EMAIL] = {.format = STR("email")},
        [SHAPE_PHONE] = {.pattern = STR("^[+]?[0-9 ()./-]+$")},
        [SHAPE_URL] = {.pattern = STR("^(https?://)?[A-Za-z0-9-]+([.][A-Za-z0-9-]+)+(/[!-~]*)?$")},
        [SHAPE_IDENTIFIER] = {.pattern = STR(OPENAPI_IDENTIFIER_PATTERN)},
        [SHAPE_CODE] = {.pattern = STR("^[A-Za-z0-9_]+$")},
        [SHAPE_INSTANT] = {.format = STR("date-time")},
    };
    json_member_string(writer, STR("type"), STR("string"));
    if (shapes[shape].format.len) json_member_string(writer, STR("format"), shapes[shape].format);
    if (shapes[shape].pattern.len)
        json_member_string(writer, STR("pattern"), shapes[shape].pattern);
}

static void write_object(struct json_writer *writer, const struct profile_field *fields,
                         size_t count)
{
    json_member_string(writer, STR("type"), STR("object"));
    json_key(writer, STR("properties"));
    json_object_begin(writer);
    for (size_t i = 0; i < count; i++) write_property(writer, &fields[i], OF_REQUEST, STR(""));
    json_object_end(writer);
}

static void write_list(struct json_writer *writer, const struct profile_field *field)
{
    json_member_string(writer, STR("type"), STR("array"));
    if (field->length_max) {
        json_key(writer, STR("maxItems"));
        json_int64(writer, (int64_t)field->length_max);
    }
    json_key(writer, STR("items"));
    json_object_begin(writer);
    if (field->shape == SHAPE_OBJECT_LIST) {
        write_object(writer, field->members, field->member_count);
    } else {
        write_format(writer, field->element);
        if (field->element == SHAPE_ENUM) write_enum(writer, field->allowed);
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
        json_key(writer, STR("propertyNames"));
        json_raw(writer, STR("{\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"}"));
        json_key(writer, STR("additionalProperties"));
        json_raw(writer, STR("{\"type\":[\"string\",\"number\",\"boolean\"],\"pattern\":"
                             "\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"}"));
        return;
    default:
        write_format(writer, field->shape);
        if (field->shape == SHAPE_ENUM) write_enum(writer, field->allowed);
        if (field->length_max) {
            json_key(writer, STR("maxLength"));
            json_int64(writer, (int64_t)field->length_max);
        }
        return;
    }
}

static bool is_named(struct str names, struct str name)
{
    struct str part;
    while (str_split(&names, ' ', &part))
        if (str_equal(part, name)) return true;
    return false;
}

/* In a merge-patch, null takes a value away, unless it has to be there. */
static void write_property(struct json_writer *writer, const struct profile_field *field,
                           enum kind kind, struct str always)
{
    bool needed = kind != OF_PATCH && (field->required || is_named(always, field->name));
    bool nullable = kind == OF_PATCH && !field->required;
    struct str name =
        arena_format(writer->out->arena, "%.*s%s", STR_ARGS(field->name), needed ? "" : "?");
    json_key(writer, str_is_none(name) ? field->name : name);
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

static void write_members(struct json_writer *writer, struct str members)
{
    if (members.len == 0) return;
    if (writer->need_comma) buffer_append_char(writer->out, ',');
    buffer_append(writer->out, members);
    writer->need_comma = true;
}

/* One schema from a table; `before` and `after` are further properties, as JSON members. */
struct table {
    struct str name;
    enum kind kind;
    struct str before;
    const struct profile_field *fields;
    size_t count;
    struct str after;
    struct str always; /* fields that an answer has without being asked for them */
};

static void write_schema(struct json_writer *writer, const struct table *table)
{
    struct buffer text = {.arena = writer->out->arena};
    struct json_writer shape = {.out = &text};
    json_object_begin(&shape);
    json_member_string(&shape, STR("type"), STR("object"));
    json_key(&shape, STR("properties"));
    json_object_begin(&shape);
    write_members(&shape, table->before);
    for (size_t i = 0; i < table->count; i++)
        write_property(&shape, &table->fields[i], table->kind, table->always);
    write_members(&shape, table->after);
    json_object_end(&shape);
    json_object_end(&shape);
    openapi_shape_write(writer, table->name, buffer_failed(&text) ? STR("") : buffer_str(&text),
                        table->kind != OF_ANSWER);
}

static bool is_request(struct str schema)
{
    for (size_t i = 0; i < routes_count; i++)
        if (str_equal(routes[i].request, schema)) return true;
    return false;
}

/* clang-format off */
#define TEXT       "{\"type\":\"string\"}"
#define TEXT_NULL  "{\"type\":[\"string\",\"null\"]}"
#define ID         "{\"type\":\"string\",\"pattern\":\"" OPENAPI_IDENTIFIER_PATTERN "\",\"maxLength\":64}"
#define SAID       "{\"type\":\"string\",\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"}"
/* Of requests: whatever a store can hold. */
#define WORD       "{\"type\":\"string\",\"pattern\":\"^[^\\\\u0000]*$\"}"
#define NUMBER     "{\"type\":\"integer\"}"
#define TRUTH      "{\"type\":\"boolean\"}"
#define TIME       "{\"type\":\"string\",\"format\":\"date-time\"}"
#define TIME_NULL  "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define REF_NULL(name) "{\"anyOf\":[" REF(name) ",{\"type\":\"null\"}]}"
#define REF(name)  "{\"$ref\":\"#/components/schemas/" name "\"}"
#define LIST(item) "{\"type\":\"array\",\"items\":" item "}"
#define OBJECT(members) "{\"type\":\"object\",\"properties\":{" members "}}"
#define PAGE(name) OBJECT("\"items\":" LIST(REF(name)) ",\"next\":" TEXT_NULL)
#define DECISION   OBJECT("\"allowed\":" TRUTH ",\"reason\":" TEXT)

#define CANDIDATE  OBJECT("\"customerId\":" TEXT ",\"matchProbability\":{\"type\":\"number\"},\"reasons\":" LIST(TEXT))
#define DETAILS    "{\"type\":\"object\",\"description\":\"field and allowed of bad input; candidates of a duplicate; survivor of a merged one; who has claimed an item\",\"properties\":{" \
    "\"field?\":" TEXT ",\"allowed?\":" TEXT ",\"candidates?\":" LIST(CANDIDATE) ",\"survivorId?\":" TEXT ",\"mergeId?\":" TEXT ",\"claimedBy?\":" TEXT ",\"claimedUntil?\":" TIME "}}"
#define ERROR_MEMBERS "\"error\":{\"type\":\"string\",\"description\":\"a code that never changes\"},\"message\":" TEXT \
    ",\"details\":" DETAILS ",\"timestamp\":" TIME ",\"traceId\":" TEXT

#define BREACH_MEMBERS "\"serviceOrderId\":" TEXT ",\"customerId\":" TEXT ",\"sla\":" TEXT_NULL ",\"slaBreachedAt\":" TIME_NULL

#define DUPLICATE_MEMBERS \
    "\"duplicateId\":" TEXT ",\"state\":{\"type\":\"string\",\"enum\":[\"OPEN\",\"CLAIMED\",\"LATER\",\"MERGED\",\"NOT_DUPLICATE\",\"REPEATED\"]}" \
    ",\"probability\":{\"type\":\"number\"},\"cause\":{\"type\":\"string\",\"enum\":[\"CREATE\",\"CHANGE\",\"IMPORT\",\"SCAN\"]}" \
    ",\"reasons\":" LIST(OBJECT("\"field\":" TEXT ",\"reason\":" TEXT)) ",\"modelVersion\":" TEXT_NULL ",\"createdAt\":" TIME ",\"refreshedAt\":" TIME \
    ",\"claimedBy\":" TEXT_NULL ",\"claimedUntil\":" TIME_NULL ",\"laterUntil\":" TIME_NULL \
    ",\"resolution\":{\"type\":[\"string\",\"null\"],\"enum\":[\"STEWARD\",\"AUTOMATIC\",\"ELSEWHERE\",null]},\"resolvedBy\":" TEXT_NULL ",\"resolvedAt\":" TIME_NULL ",\"note\":" TEXT_NULL \
    ",\"customers\":" LIST(OBJECT("\"customerId\":" TEXT ",\"homeId\":" TEXT ",\"name\":" TEXT_NULL ",\"kind\":" TEXT_NULL ",\"segment\":" TEXT_NULL ",\"profile?\":" REF("Profile"))) \
    ",\"merge?\":" REF("MergeResult")

#define EVENT_TYPES "{\"type\":\"string\",\"enum\":[\"CustomerProfileCreatedEvent\",\"CustomerProfileUpdatedEvent\",\"CustomerMergedEvent\",\"CustomerUnmergedEvent\",\"CustomerProfileRemovedEvent\",\"CustomerErasedEvent\",\"ConsentUpdatedEvent\"]}"
#define WEBHOOK_TYPES(optional) \
    "\"eventTypes" optional "\":{\"type\":[\"array\",\"null\"],\"minItems\":1,\"items\":" EVENT_TYPES ",\"description\":\"null: all, those that come later included\"}"
#define WEBHOOK_URL "{\"type\":\"string\",\"pattern\":\"^https?://[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*(:[0-9]{1,5})?(/[!-~]*)?$\",\"maxLength\":2000}"
#define WEBHOOK_TEXT "{\"type\":[\"string\",\"null\"],\"maxLength\":200,\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"}"
#define WEBHOOK_STATUS "{\"type\":\"string\",\"enum\":[\"ACTIVE\",\"DISABLED\"]}"
#define POSITION(name, text) "\"" name "\":{\"type\":\"integer\",\"minimum\":0,\"description\":\"" text "\"}"
#define WEBHOOK_MEMBERS \
    "\"webhookId\":" ID ",\"url\":" TEXT "," WEBHOOK_TYPES("") ",\"description\":" TEXT_NULL ",\"status\":" WEBHOOK_STATUS \
    ",\"disabledBecause\":{\"type\":[\"string\",\"null\"],\"enum\":[\"OWNER\",\"GONE\",\"FAILING\",null]},\"disabledAt\":" TIME_NULL ",\"version\":" NUMBER \
    ",\"createdBy\":" TEXT ",\"createdAt\":" TIME ",\"updatedAt\":" TIME ",\"previousSecretUntil\":" TIME_NULL \
    ",\"delivery\":" OBJECT("\"position\":" NUMBER ",\"held?\":" NUMBER ",\"delivered\":" NUMBER ",\"givenUp\":" NUMBER ",\"failuresInARow\":" NUMBER \
    ",\"failingSince\":" TIME_NULL ",\"lastDeliveredAt\":" TIME_NULL)

static const struct {
    struct str name;
    struct str json;
} plain[] = {
    {STR("Error"), STR(OBJECT(ERROR_MEMBERS))},
    {STR("Problem"), STR(OBJECT("\"type\":" TEXT ",\"title\":" TEXT ",\"status\":" NUMBER ",\"detail\":" TEXT "," ERROR_MEMBERS))},
    {STR("Merged"), STR(OBJECT("\"survivorId\":" TEXT ",\"mergeId\":" TEXT))},
    {STR("Empty"), STR("{\"type\":\"object\",\"additionalProperties\":false}")},
    {STR("Match"), STR(OBJECT("\"query\":" TEXT ",\"field\":" TEXT ",\"value\":" TEXT
        ",\"kind\":{\"type\":\"string\",\"enum\":[\"exact\",\"prefix\",\"suffix\",\"transliterated\",\"typo\",\"phonetic\"]}"))},
    {STR("ProfilePage"), STR(OBJECT("\"items\":" LIST(REF("FoundProfile")) ",\"next\":" TEXT_NULL ",\"complete?\":" TRUTH))},
    {STR("Preferences"), STR("{\"type\":\"object\",\"propertyNames\":{\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"},\"additionalProperties\":{\"type\":[\"string\",\"number\",\"boolean\",\"null\"],\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\"}}")},
    {STR("LookupRequest"), STR(OBJECT("\"ids\":{\"type\":\"array\",\"maxItems\":500,\"items\":" WORD "}"))},
    {STR("LookupResult"), STR(OBJECT("\"items\":" LIST(OBJECT("\"customerId\":" TEXT ",\"result\":{\"type\":\"string\",\"enum\":[\"FOUND\",\"MERGED\",\"ERASED\",\"NOT_FOUND\"]}"
        ",\"survivorId?\":" TEXT ",\"mergeId?\":" TEXT ",\"profile?\":" REF("Profile"))) ",\"next\":" TEXT_NULL))},
    {STR("MatchResult"), STR(OBJECT("\"modelVersion\":" TEXT ",\"candidates\":" LIST(OBJECT("\"customerId\":" TEXT
        ",\"decision\":{\"type\":\"string\",\"enum\":[\"CERTAIN\",\"POSSIBLE\"]},\"matchProbability\":{\"type\":\"number\"},\"reasons\":" LIST(TEXT)
        ",\"waterfall\":" LIST(OBJECT("\"comparison\":" TEXT ",\"level?\":" TEXT ",\"weight\":{\"type\":\"number\",\"description\":\"bits; their sum is the log-odds\"}"
        ",\"frequency\":{\"type\":\"number\",\"description\":\"the part of the weight that is how frequent the value is\"}"))))))},
    {STR("Provenance"), STR(OBJECT("\"customerId\":" TEXT ",\"fields\":" LIST(OBJECT("\"path\":" TEXT ",\"value\":{},\"source\":" TEXT_NULL ",\"sourceKey?\":" TEXT ",\"importId?\":" TEXT
        ",\"home?\":" TEXT ",\"observedAt?\":" TIME ",\"recordedAt?\":" TIME ",\"actor?\":" TEXT))))},
    {STR("Version"), STR(OBJECT("\"version\":" NUMBER ",\"recordedAt\":" TIME ",\"actor\":" TEXT ",\"cause\":" TEXT ",\"changedFields\":" LIST(TEXT)))},
    {STR("VersionPage"), STR(PAGE("Version"))},
    {STR("TimelinePage"), STR(PAGE("TimelineEntry"))},
    {STR("TimelineEntry"), STR(OBJECT("\"at\":" TIME ",\"type\":" TEXT ",\"customerId\":" TEXT ",\"subject\":" TEXT_NULL ",\"source\":" TEXT ",\"actor\":" TEXT_NULL
        ",\"recordedAt\":" TIME ",\"details\":{\"type\":\"object\"}"))},
    {STR("ServiceOrderPage"), STR(PAGE("ServiceOrder"))},
    {STR("ServiceOrder"), STR(OBJECT(BREACH_MEMBERS ",\"source\":" TEXT ",\"priority\":" TEXT_NULL ",\"status\":" TEXT_NULL ",\"createdAt\":" TIME_NULL))},
    {STR("Entitlements"), STR(OBJECT("\"customerId\":" TEXT ",\"on\":{\"type\":\"string\",\"format\":\"date\"},\"covered\":" TRUTH
        ",\"contracts\":" LIST(OBJECT("\"contractId\":" TEXT ",\"customerId\":" TEXT ",\"source\":" TEXT ",\"planId\":" TEXT_NULL ",\"startDate\":" TEXT_NULL ",\"endDate\":" TEXT_NULL
            ",\"state\":{\"type\":\"string\",\"enum\":[\"ACTIVE\",\"UPCOMING\",\"EXPIRED\"]}"))
        ",\"contractCounts\":" OBJECT("\"ACTIVE\":" NUMBER ",\"UPCOMING\":" NUMBER ",\"EXPIRED\":" NUMBER)
        ",\"sla\":" OBJECT("\"status\":{\"type\":\"string\",\"enum\":[\"NOT_COVERED\",\"KEPT\",\"BREACHED\"]},\"openServiceOrders\":" NUMBER ",\"breachedServiceOrders\":" NUMBER ",\"breached\":" LIST(OBJECT(BREACH_MEMBERS)))))},
    {STR("Credit"), STR(OBJECT("\"customerId\":" TEXT ",\"blocked\":" TRUTH ",\"holds\":" LIST(OBJECT("\"customerId\":" TEXT ",\"blocked\":" TRUTH
        ",\"reason\":" TEXT_NULL ",\"since\":" TIME ",\"source\":" TEXT))))},
    {STR("ContactPage"), STR(PAGE("Contact"))},
    {STR("RelationshipPage"), STR(PAGE("Relationship"))},
    {STR("Relationship"), STR(OBJECT("\"relationshipId\":" TEXT ",\"type\":" TEXT ",\"direction\":{\"type\":\"string\",\"enum\":[\"OUT\",\"IN\"]},\"customerId\":" TEXT
        ",\"givenCustomerId?\":" TEXT ",\"from?\":" TEXT ",\"to?\":" TEXT ",\"suspended\":" TRUTH))},
    {STR("Hierarchy"), STR(OBJECT("\"customerId\":" TEXT
        ",\"ancestors\":" LIST(OBJECT("\"customerId\":" TEXT ",\"name\":" TEXT ",\"parentOf\":" TEXT ",\"relationshipId\":" TEXT ",\"depth\":" NUMBER))
        ",\"descendants\":" LIST(OBJECT("\"customerId\":" TEXT ",\"name\":" TEXT ",\"childOf\":" TEXT ",\"relationshipId\":" TEXT ",\"depth\":" NUMBER))
        ",\"suspended\":" LIST(OBJECT("\"parent\":" TEXT ",\"child\":" TEXT ",\"relationshipId\":" TEXT)) ",\"truncated\":" TRUTH))},
    {STR("ConsentMatrix"), STR(OBJECT("\"customerId\":" TEXT ",\"asOf\":" TIME ",\"items\":" LIST(OBJECT("\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL
        ",\"status\":" TEXT ",\"allowed\":" TRUTH ",\"reason\":" TEXT ",\"recordId\":" TEXT_NULL)) ",\"next\":" TEXT_NULL))},
    {STR("ConsentPage"), STR(PAGE("Consent"))},
    {STR("ConsentReceipt"), STR("{\"type\":\"object\",\"description\":\"after ISO/IEC TS 27560\"}")},
    {STR("ConsentCheckRequest"), STR(OBJECT("\"checks\":{\"type\":\"array\",\"maxItems\":500,\"items\":" OBJECT("\"customerId\":" WORD
        ",\"type\":{\"type\":\"string\",\"enum\":[\"EMAIL\",\"SMS\",\"CALL\"]},\"purpose?\":{\"type\":\"string\",\"pattern\":\"^[A-Za-z0-9_]{1,64}$\"},\"contactPoint?\":" SAID) "}"))},
    {STR("ConsentCheckResult"), STR(OBJECT("\"results\":" LIST(OBJECT("\"customerId\":" TEXT ",\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL
        ",\"allowed\":" TRUTH ",\"reason\":" TEXT ",\"recordId\":" TEXT_NULL ",\"asOf\":" TIME))))},
    {STR("NewSuppression"), STR(OBJECT("\"contactPoint\":{\"type\":\"string\",\"pattern\":\"" OPENAPI_POINT_PATTERN "\"},\"reason?\":" SAID))},
    {STR("Suppression"), STR(OBJECT("\"suppressed\":" TRUTH))},
    {STR("ErasureRequest"), STR(OBJECT("\"customerId\":" WORD ",\"suppress?\":{\"type\":\"boolean\",\"default\":false,"
                                        "\"description\":\"put every contact point on the suppression list, not only those with a revocation\"}"))},
    {STR("Erasure"), STR(OBJECT("\"customerId\":" TEXT ",\"erasedAt\":" TIME ",\"actor\":" TEXT ",\"erasedCustomerIds\":" LIST(TEXT)
                                ",\"suppressedContactPoints\":{\"type\":\"integer\"}"))},
    {STR("MergeRequest"), STR(OBJECT("\"sourceCustomerId\":" WORD
        ",\"mergeReason?\":{\"type\":\"string\",\"pattern\":\"^[ -~]{0,200}$\",\"default\":\"DUPLICATE\"},\"planToken?\":{\"type\":\"string\",\"pattern\":\"^[0-9A-Za-z_-]*$\",\"description\":\"of a preview: that plan, or 409 PLAN_CHANGED\"}"))},
    {STR("MergeResult"), STR(OBJECT("\"mergeId\":" TEXT ",\"targetCustomerId\":" TEXT ",\"sourceCustomerId\":" TEXT ",\"mergeReason\":" TEXT ",\"actor\":" TEXT
        ",\"mergedAt\":" TIME ",\"profile\":" REF("Profile")))},
    {STR("Change"), STR(OBJECT("\"field\":" TEXT ",\"before\":{},\"after\":{}"))},
    {STR("MergePreview"), STR(OBJECT("\"planToken\":" TEXT ",\"profile\":" REF("Profile") ",\"changes\":" LIST(REF("Change"))
        ",\"consentChanges\":" LIST(OBJECT("\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL ",\"target\":" DECISION ",\"source\":" DECISION ",\"merged\":" DECISION))))},
    {STR("Merge"), STR(OBJECT("\"mergeId\":" TEXT ",\"targetCustomerId\":" TEXT ",\"sourceCustomerId\":" TEXT ",\"mergeReason\":" TEXT ",\"actor\":" TEXT
        ",\"mergedAt\":" TIME ",\"reversedAt\":" TIME_NULL ",\"reverseActor?\":" TEXT))},
    {STR("MergePage"), STR(PAGE("Merge"))},
    {STR("UnmergeRequest"), STR(OBJECT("\"planToken?\":{\"type\":\"string\",\"pattern\":\"^[0-9A-Za-z_-]*$\",\"description\":\"of a preview: that plan, or 409 PLAN_CHANGED\"}"))},
    {STR("UnmergeResult"), STR(OBJECT("\"mergeId\":" TEXT ",\"targetCustomerId\":" TEXT ",\"sourceCustomerId\":" TEXT ",\"reversedAt\":" TIME ",\"actor\":" TEXT
        ",\"profile\":" REF_NULL("Profile") ",\"survivor\":" REF_NULL("Profile")))},
    {STR("UnmergePreview"), STR(OBJECT("\"mergeId\":" TEXT ",\"planToken\":" TEXT ",\"remaining\":" REF_NULL("Profile") ",\"restored\":" REF_NULL("Profile") ",\"changes\":" LIST(REF("Change"))
        ",\"consentChanges\":" LIST(OBJECT("\"type\":" TEXT ",\"purpose\":" TEXT ",\"contactPoint\":" TEXT_NULL ",\"merged\":" DECISION ",\"remaining\":" DECISION ",\"restored\":" DECISION))))},
    {STR("Duplicate"), STR(OBJECT(DUPLICATE_MEMBERS))},
    {STR("DuplicateView"), STR(OBJECT(DUPLICATE_MEMBERS ",\"waterfall\":{\"description\":\"the evidence, comparison by comparison\"}"
        ",\"differences\":" LIST(OBJECT("\"field\":" TEXT ",\"values\":{\"type\":\"array\",\"minItems\":2,\"maxItems\":2}"))))},
    {STR("DuplicatePage"), STR(PAGE("Duplicate"))},
    {STR("DuplicateDecision"), STR(OBJECT("\"decision\":{\"type\":\"string\",\"enum\":[\"MERGE\",\"NOT_A_DUPLICATE\",\"LATER\"]}"
        ",\"survivorId?\":{\"type\":\"string\",\"pattern\":\"^[^\\\\u0000]*$\",\"description\":\"MERGE: which of the two customers stays\"},\"mergeReason?\":{\"type\":\"string\",\"pattern\":\"^[ -~]{0,200}$\"}"
        ",\"planToken?\":{\"type\":\"string\",\"pattern\":\"^[0-9A-Za-z_-]*$\",\"description\":\"MERGE: of its preview\"},\"until?\":{\"type\":\"string\",\"format\":\"date-time\",\"description\":\"LATER: when it shows again\"}"
        ",\"note?\":{\"type\":\"string\",\"maxLength\":250,\"pattern\":\"" OPENAPI_TEXT_PATTERN_ESCAPED "\",\"description\":\"what others shall know of the decision; kept with the item\"}"))},
    {STR("DuplicateStats"), STR(OBJECT("\"open\":" NUMBER ",\"claimed\":" NUMBER ",\"later\":" NUMBER ",\"oldestOpenAt\":" TIME_NULL ",\"oldestOpenSeconds\":{\"type\":[\"integer\",\"null\"]}"
        ",\"byCause\":{\"type\":\"object\",\"additionalProperties\":" NUMBER "},\"merged\":" NUMBER ",\"notDuplicate\":" NUMBER ",\"automatic\":" NUMBER
        ",\"automaticRate\":{\"type\":[\"number\",\"null\"]},\"perDay\":" LIST(OBJECT("\"date\":{\"type\":\"string\",\"format\":\"date\"},\"merged\":" NUMBER ",\"notDuplicate\":" NUMBER))))},
    {STR("ScanRequest"), STR(OBJECT("\"autoMergeAbove?\":{\"type\":\"number\",\"minimum\":0.5,\"maximum\":1,\"description\":\"merges at once from this probability on; absent: never\"}"))},
    {STR("Job"), STR(OBJECT("\"jobId\":" TEXT ",\"kind\":{\"type\":\"string\",\"enum\":[\"IMPORT\",\"EXPORT\",\"SCAN\",\"UNDO\",\"RECOMPUTE\"]},\"state\":{\"type\":\"string\",\"enum\":[\"QUEUED\",\"RUNNING\",\"DONE\",\"FAILED\",\"CANCELLED\",\"UNDONE\"]}"
        ",\"actor\":" TEXT ",\"createdAt\":" TIME ",\"updatedAt\":" TIME ",\"parameters\":{\"type\":\"object\"},\"progress\":{\"type\":\"object\"},\"traceparent?\":" TEXT ",\"undoneBy?\":" TEXT))},
    {STR("MappingProposal"), STR(OBJECT("\"form\":{\"type\":\"string\",\"enum\":[\"CSV\",\"NDJSON\"]},\"separator?\":" TEXT ",\"encoding?\":" TEXT ",\"rows\":" NUMBER
        ",\"keyColumn\":" TEXT_NULL ",\"mapping\":{\"type\":\"object\",\"description\":\"what is sure: can be given to an import\"},\"columns\":"
        LIST(OBJECT("\"column\":" TEXT ",\"field\":" TEXT_NULL ",\"key\":" TRUTH ",\"confidence\":" NUMBER ",\"by\":" LIST(TEXT) ",\"samples\":" LIST(TEXT)))))},
    {STR("JobPage"), STR(PAGE("Job"))},
    {STR("Webhook"), STR(OBJECT(WEBHOOK_MEMBERS))},
    {STR("NewWebhookResult"), STR(OBJECT(WEBHOOK_MEMBERS ",\"secret?\":{\"type\":\"string\",\"pattern\":\"^whsec_\",\"description\":\"not in an answer that is given again for an Idempotency-Key\"}"))},
    {STR("WebhookPage"), STR(PAGE("Webhook"))},
    {STR("NewWebhook"), STR(OBJECT("\"url\":" WEBHOOK_URL "," WEBHOOK_TYPES("?") ",\"description?\":" WEBHOOK_TEXT "," POSITION("after?", "where in the feed it begins; absent: with what comes from now on")))},
    {STR("WebhookPatch"), STR(OBJECT("\"url?\":" WEBHOOK_URL "," WEBHOOK_TYPES("?") ",\"description?\":" WEBHOOK_TEXT ",\"status?\":" WEBHOOK_STATUS))},
    {STR("WebhookSecretRequest"), STR(OBJECT("\"overlapSeconds?\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":2592000,\"default\":86400,\"description\":\"how long the secret before goes on to sign as well\"}"))},
    {STR("WebhookReplay"), STR(OBJECT(POSITION("after", "of the last event that is not sent again")))},
    {STR("WebhookTest"), STR(OBJECT("\"eventId\":" TEXT))},
    {STR("WebhookAttempt"), STR(OBJECT("\"deliveryId\":" TEXT ",\"position\":" NUMBER ",\"eventId\":" TEXT ",\"eventType\":" TEXT ",\"customerId\":" TEXT ",\"at\":" TIME
        ",\"attempt\":" NUMBER ",\"outcome\":{\"type\":\"string\",\"enum\":[\"DELIVERED\",\"RETRY\",\"GIVEN_UP\",\"ERASED\"]}"
        ",\"reason\":{\"type\":\"string\",\"enum\":[\"ANSWERED\",\"TIMED_OUT\",\"NAME_NOT_RESOLVED\",\"NOT_CONNECTED\",\"ADDRESS_NOT_ALLOWED\",\"CERTIFICATE_NOT_TRUSTED\",\"NO_HTTP_ANSWER\",\"EVENT_ERASED\"]}"
        ",\"httpStatus\":{\"type\":[\"integer\",\"null\"]},\"tookMs\":" NUMBER))},
    {STR("WebhookAttemptPage"), STR(PAGE("WebhookAttempt"))},
    {STR("Health"), STR(OBJECT("\"status\":{\"type\":\"string\",\"enum\":[\"UP\",\"DOWN\"]},\"version\":" TEXT))},
};

#define CUSTOMER_ID "\"customerId\":" ID
#define STAMPS      "\"version\":" NUMBER ",\"createdAt\":" TIME ",\"updatedAt\":" TIME
#define CONTACT_ID  "\"contactId\":" ID
#define GIVEN(id)   "\"" id "?\":" ID
#define ONE_ROLE    "\"role?\":{\"type\":\"string\",\"enum\":[\"BILLING\",\"SERVICE\",\"SALES\"],\"description\":\"one role, the same as roles with one element\"}"
/* clang-format on */

void openapi_schemas_write(struct json_writer *writer)
{
    const struct table tables[] = {
        {STR("Profile"), OF_ANSWER, STR(CUSTOMER_ID), profile_fields, profile_field_count,
         STR("\"contacts\":" LIST(REF("Contact")) "," STAMPS),
         STR("kind status identifiers emails phones addresses preferences")},
        {STR("FoundProfile"), OF_ANSWER, STR(CUSTOMER_ID), profile_fields, profile_field_count,
         STR("\"contacts\":" LIST(REF("Contact")) "," STAMPS ",\"score?\":" NUMBER
                                                  ",\"matches?\":" LIST(REF("Match"))),
         STR("kind status identifiers emails phones addresses preferences")},
        {STR("NewProfile"), OF_REQUEST, STR(GIVEN("customerId")), profile_fields,
         profile_field_count, STR("\"contacts?\":" LIST(REF("NewContact"))), STR("")},
        {STR("ProfilePatch"), OF_PATCH, STR(""), profile_fields, profile_field_count, STR(""),
         STR("")},
        {STR("Contact"), OF_ANSWER, STR(CONTACT_ID), contact_fields, contact_field_count, STR(""),
         STR("")},
        {STR("NewContact"), OF_REQUEST, STR(GIVEN("contactId")), contact_fields,
         contact_field_count, STR(ONE_ROLE), STR("")},
        {STR("ContactPatch"), OF_PATCH, STR(""), contact_fields, contact_field_count, STR(ONE_ROLE),
         STR("")},
        {STR("NewRelationship"), OF_REQUEST, STR(""), relationship_fields, relationship_field_count,
         STR(""), STR("")},
        {STR("NewConsent"), OF_REQUEST, STR(""), consent_fields, consent_field_count, STR(""),
         STR("")},
        {STR("Consent"), OF_ANSWER, STR("\"recordId\":" ID "," CUSTOMER_ID), consent_fields,
         consent_field_count, STR("\"recordedAt\":" TIME ",\"actor\":" TEXT),
         STR("purpose lawfulBasis source capturedAt")},
    };
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
        write_schema(writer, &tables[i]);
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        openapi_shape_write(writer, plain[i].name, plain[i].json, is_request(plain[i].name));
}
