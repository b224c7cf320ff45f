#include "adapters/api/openapi.h"

#include "adapters/api/errors.h"
#include "adapters/api/failures.h"
#include "adapters/api/lagging.h"

static void write_text(struct json_writer *writer, struct str name, struct str text)
{
    json_member_string(writer, name, text);
}

static void write_reference(struct json_writer *writer, const char *section, struct str name)
{
    buffer_append_format(writer->out, "%s{\"$ref\":\"#/components/%s/%.*s\"}",
                         writer->need_comma ? "," : "", section, STR_ARGS(name));
    writer->need_comma = true;
}

static bool is_media_type(struct str name)
{
    return str_find_char(name, '/') >= 0;
}

/* "application/json":{"schema":{"$ref":...}} */
static void write_media(struct json_writer *writer, struct str media_type, struct str schema)
{
    json_key(writer, media_type);
    json_object_begin(writer);
    json_key(writer, STR("schema"));
    if (is_media_type(schema))
        json_raw(writer, str_equal(schema, STR("application/json")) ? STR("{\"type\":\"object\"}")
                                                                    : STR("{\"type\":\"string\"}"));
    else
        write_reference(writer, "schemas", schema);
    json_object_end(writer);
}

static void write_content(struct json_writer *writer, struct str media_type, struct str schema)
{
    json_key(writer, STR("content"));
    json_object_begin(writer);
    write_media(writer, media_type, schema);
    json_object_end(writer);
}

static void write_parameter(struct json_writer *writer, struct str name, const char *where,
                            bool required, struct str schema, struct str meaning)
{
    json_object_begin(writer);
    write_text(writer, STR("name"), name);
    write_text(writer, STR("in"), str_from_cstr(where));
    if (required) {
        json_key(writer, STR("required"));
        json_boolean(writer, true);
    }
    if (meaning.len) write_text(writer, STR("description"), meaning);
    json_key(writer, STR("schema"));
    json_raw(writer, schema);
    json_object_end(writer);
}

static void write_parameters(struct json_writer *writer, const struct route *route)
{
    struct str rest = route->path, segment;
    json_key(writer, STR("parameters"));
    json_array_begin(writer);
    while (str_split(&rest, '/', &segment))
        if (str_starts_with(segment, STR("{")))
            write_parameter(writer, str_of(segment.ptr + 1, segment.len - 2), "path", true,
                            STR("{\"type\":\"string\",\"pattern\":\"" OPENAPI_IDENTIFIER_PATTERN
                                "\",\"maxLength\":64}"),
                            STR(""));
    for (size_t i = 0; i < ROUTE_QUERY_MAX && route->query[i].name.ptr; i++)
        write_parameter(writer, route->query[i].name, "query", route->query[i].required,
                        route->query[i].schema, route->query[i].meaning);
    if (route->versioned && route->method == ROUTE_GET)
        write_parameter(writer, STR("If-None-Match"), "header", false, STR("{\"type\":\"string\"}"),
                        STR("304 when the ETag is this one"));
    else if (failures_if_match(route))
        write_parameter(writer, STR("If-Match"), "header", false,
                        STR("{\"type\":\"string\",\"pattern\":\"^(\\\"[0-9]{1,18}\\\"|[*])$\"}"),
                        STR("412 when the ETag is another one"));
    if (route->lags)
        write_parameter(writer, LAGGING_HEADER, "header", false,
                        STR("{\"type\":\"string\",\"pattern\":\"" LAGGING_PATTERN "\"}"),
                        STR("what the answer to a write had in this header, or 0: that write is "
                            "shown; what others wrote may be missing for a moment"));
    if (route->writes)
        write_parameter(writer, STR("Idempotency-Key"), "header", false,
                        STR("{\"type\":\"string\",\"minLength\":1,\"maxLength\":255,"
                            "\"pattern\":\"^[!#-\\\\[\\\\]-~]+$\"}"),
                        STR("names this request: asked again with it, the same answer is given and "
                            "nothing is changed again"));
    json_array_end(writer);
}

static void write_request(struct json_writer *writer, const struct route *route)
{
    if (route->body == ROUTE_BODY_NONE) return;
    json_key(writer, STR("requestBody"));
    json_object_begin(writer);
    json_key(writer, STR("required"));
    json_boolean(writer, route->body != ROUTE_BODY_OPTIONAL);
    struct str type = route->body == ROUTE_BODY_PATCH ? STR("application/merge-patch+json")
                                                      : STR("application/json");
    if (route->body != ROUTE_BODY_UPLOAD) {
        write_content(writer, type, route->request);
    } else {
        json_key(writer, STR("content"));
        json_raw(writer, STR("{\"text/csv\":{\"schema\":{\"type\":\"string\"}},"
                             "\"application/x-ndjson\":{\"schema\":{\"type\":\"string\"}}}"));
    }
    json_object_end(writer);
}

/* For people the description, for programs x-error-codes. */
static void write_codes(struct json_writer *writer, const struct route_failure *failures,
                        size_t count)
{
    struct buffer *out = writer->out;
    buffer_append_format(out, "%s\"description\":\"", writer->need_comma ? "," : "");
    for (size_t i = 0; i < count; i++) {
        if (i) buffer_append(out, STR(", "));
        buffer_append(out, status_code(failures[i].status));
    }
    buffer_append(out, STR("\""));
    writer->need_comma = true;
    json_key(writer, STR("x-error-codes"));
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++) json_string(writer, status_code(failures[i].status));
    json_array_end(writer);
}

static void open_response(struct json_writer *writer, int http)
{
    char key[] = {(char)('0' + http / 100), (char)('0' + http / 10 % 10), (char)('0' + http % 10),
                  '\0'};
    json_key(writer, str_from_cstr(key));
    json_object_begin(writer);
}

static void write_failures(struct json_writer *writer, const struct route *route)
{
    struct route_failure all[FAILURES_MAX];
    size_t count = failures_of(route, all), last;
    for (size_t first = 0; first < count; first = last) {
        for (last = first; last < count && all[last].http == all[first].http;) last++;
        open_response(writer, all[first].http);
        write_codes(writer, &all[first], last - first);
        json_key(writer, STR("content"));
        json_object_begin(writer);
        write_media(writer, STR("application/json"),
                    all[first].http == 307 ? STR("Merged") : STR("Error"));
        if (all[first].http != 307)
            write_media(writer, STR("application/problem+json"), STR("Problem"));
        json_object_end(writer);
        json_object_end(writer);
    }
}

/* Where what was made can be asked for: every route with the id of the answer in its path, and no
 * other place that this route has not. */
static const struct {
    struct str schema, id;
} made[] = {
    {STR("Profile"), STR("customerId")},
    {STR("Contact"), STR("contactId")},
    {STR("Consent"), STR("recordId")},
    {STR("MergeResult"), STR("mergeId")},
    {STR("Relationship"), STR("relationshipId")},
    {STR("Job"), STR("jobId")},
    {STR("NewWebhookResult"), STR("webhookId")},
};

static bool has_place(struct str path, struct str name)
{
    struct str segment;
    while (str_split(&path, '/', &segment))
        if (segment.len == name.len + 2 && str_equal(str_of(segment.ptr + 1, name.len), name))
            return segment.ptr[0] == '{';
    return false;
}

static bool can_follow(const struct route *from, const struct route *to, struct str id)
{
    struct str rest = to->path, segment;
    if (!has_place(to->path, id)) return false;
    while (str_split(&rest, '/', &segment)) {
        if (!str_starts_with(segment, STR("{"))) continue;
        struct str place = str_of(segment.ptr + 1, segment.len - 2);
        if (!str_equal(place, id) && !has_place(from->path, place)) return false;
    }
    return true;
}

static void write_link(struct json_writer *writer, const struct route *to, struct str id)
{
    struct str rest = to->path, segment;
    json_key(writer, to->name);
    json_object_begin(writer);
    write_text(writer, STR("operationId"), to->name);
    json_key(writer, STR("parameters"));
    json_object_begin(writer);
    while (str_split(&rest, '/', &segment)) {
        if (!str_starts_with(segment, STR("{"))) continue;
        struct str place = str_of(segment.ptr + 1, segment.len - 2);
        const char *from = str_equal(place, id) ? "$response.body#/" : "$request.path.";
        json_key(writer, place);
        json_string(writer, arena_format(writer->out->arena, "%s%.*s", from, STR_ARGS(place)));
    }
    json_object_end(writer);
    json_object_end(writer);
}

static void write_links(struct json_writer *writer, const struct route *route)
{
    for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
        if (route->method != ROUTE_POST || !str_equal(route->response, made[i].schema) ||
            has_place(route->path, made[i].id))
            continue;
        json_key(writer, STR("links"));
        json_object_begin(writer);
        for (size_t k = 0; k < routes_count; k++)
            if (can_follow(route, &routes[k], made[i].id))
                write_link(writer, &routes[k], made[i].id);
        json_object_end(writer);
    }
}

static void write_not_modified(struct json_writer *writer, const struct route *route)
{
    if (!route->versioned || route->method != ROUTE_GET) return;
    open_response(writer, 304);
    write_text(writer, STR("description"), http_phrase(304));
    json_object_end(writer);
}

static void write_header(struct json_writer *writer, struct str name, struct str meaning,
                         bool required)
{
    json_key(writer, name);
    json_object_begin(writer);
    write_text(writer, STR("description"), meaning);
    if (required) {
        json_key(writer, STR("required"));
        json_boolean(writer, true);
    }
    json_key(writer, STR("schema"));
    json_raw(writer, STR("{\"type\":\"string\"}"));
    json_object_end(writer);
}

static void write_headers(struct json_writer *writer, const struct route *route)
{
    if (!route->versioned && !route->writes) return;
    json_key(writer, STR("headers"));
    json_object_begin(writer);
    if (route->versioned) write_header(writer, STR("ETag"), STR("the version"), true);
    if (route->asserts)
        write_header(writer, ANSWER_OUTVOTED,
                     STR("fields of the change that still show what other sources say, by the "
                         "survivorship policy: \"name, status\""),
                     false);
    if (route->writes)
        write_header(writer, LAGGING_HEADER,
                     STR("for reads that may lag and must show this write; where there are "
                         "replicas"),
                     false);
    json_object_end(writer);
}

static void write_success(struct json_writer *writer, const struct route *route)
{
    open_response(writer, route->success);
    write_text(writer, STR("description"), http_phrase(route->success));
    write_headers(writer, route);
    if (route->response.len) {
        bool other = is_media_type(route->response);
        json_key(writer, STR("content"));
        json_object_begin(writer);
        write_media(writer, other ? route->response : STR("application/json"), route->response);
        if (route->also.len) write_media(writer, route->also, route->also);
        json_object_end(writer);
    }
    write_links(writer, route);
    json_object_end(writer);
}

/* The first segment after the base groups the operations. */
static struct str tag_of(const struct route *route)
{
    static const struct str names[][2] = {
        {STR("/merge"), STR("merges")},
        {STR("/contacts"), STR("contacts")},
        {STR("/relationships"), STR("relationships")},
        {STR("/hierarchy"), STR("relationships")},
        {STR("/consent"), STR("consent")},
        {STR("/suppressions"), STR("consent")},
        {STR("/privacy"), STR("privacy")},
        {STR("/events"), STR("events")},
        {STR("/webhooks"), STR("webhooks")},
        {STR("/imports"), STR("jobs")},
        {STR("/exports"), STR("jobs")},
        {STR("/jobs"), STR("jobs")},
    };
    if (!str_starts_with(route->path, STR(ROUTE_BASE))) return STR("service");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (size_t at = 0; at + names[i][0].len <= route->path.len; at++)
            if (str_starts_with(str_skip(route->path, at), names[i][0])) return names[i][1];
    return STR("customers");
}

static void write_operation(struct json_writer *writer, const struct route *route)
{
    static const struct str keys[] = {STR("get"), STR("post"), STR("patch"), STR("delete")};
    json_key(writer, keys[route->method]);
    json_object_begin(writer);
    write_text(writer, STR("operationId"), route->name);
    write_text(writer, STR("summary"), route->summary);
    json_key(writer, STR("tags"));
    json_array_begin(writer);
    json_string(writer, tag_of(route));
    json_array_end(writer);
    if (route->permission == ROUTE_PUBLIC) {
        json_key(writer, STR("security"));
        json_raw(writer, STR("[]"));
    } else {
        write_text(writer, STR("x-permission"),
                   permission_name((enum permission)route->permission));
    }
    write_parameters(writer, route);
    write_request(writer, route);
    json_key(writer, STR("responses"));
    json_object_begin(writer);
    write_success(writer, route);
    write_not_modified(writer, route);
    write_failures(writer, route);
    json_object_end(writer);
    json_object_end(writer);
}

static bool is_first_of_path(size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(routes[i].path, routes[index].path)) return false;
    return true;
}

static void write_paths(struct json_writer *writer)
{
    json_key(writer, STR("paths"));
    json_object_begin(writer);
    for (size_t i = 0; i < routes_count; i++) {
        if (!is_first_of_path(i)) continue;
        json_key(writer, routes[i].path);
        json_object_begin(writer);
        for (size_t k = i; k < routes_count; k++)
            if (str_equal(routes[k].path, routes[i].path)) write_operation(writer, &routes[k]);
        json_object_end(writer);
    }
    json_object_end(writer);
}

static void write_info(struct json_writer *writer, const struct api_options *options)
{
    write_text(writer, STR("openapi"), STR("3.1.0"));
    json_key(writer, STR("info"));
    json_object_begin(writer);
    write_text(writer, STR("title"), STR("Customer 360"));
    write_text(writer, STR("version"), str_is_none(options->version) ? STR("0") : options->version);
    write_text(writer, STR("summary"), STR("The single customer profile of the ERP"));
    write_text(
        writer, STR("description"),
        STR("One profile per customer with contacts, relationships, preferences and consent; "
            "merges that can be taken back; every change as an event.\n\nErrors have one "
            "form (schema Error) and a code that a program can act on. A customer that was "
            "merged answers 307 with the survivor; one that was erased answers 410."));
    json_object_end(writer);
    if (!options->public_url.len) return;
    json_key(writer, STR("servers"));
    json_array_begin(writer);
    json_object_begin(writer);
    write_text(writer, STR("url"), options->public_url);
    json_object_end(writer);
    json_array_end(writer);
}

struct str openapi_write(const struct api_options *options, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    write_info(&writer, options);
    json_key(&writer, STR("security"));
    json_raw(&writer, STR("[{\"bearer\":[]},{\"gateway\":[]}]"));
    write_paths(&writer);
    json_key(&writer, STR("components"));
    json_object_begin(&writer);
    json_key(&writer, STR("securitySchemes"));
    json_raw(&writer,
             STR("{\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"bearerFormat\":\"JWT\"},"
                 "\"gateway\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-Tenant-ID\","
                 "\"description\":\"with X-User-Id and X-User-Permissions, from the platform's "
                 "gateway only\"}}"));
    json_key(&writer, STR("schemas"));
    json_object_begin(&writer);
    openapi_schemas_write(&writer);
    json_object_end(&writer);
    json_object_end(&writer);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
