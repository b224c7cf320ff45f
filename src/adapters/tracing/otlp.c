#include "adapters/tracing/otlp.h"

#include <inttypes.h>
#include <stdio.h>

#include "formats/json.h"

enum { STATUS_CODE_ERROR = 2 };

static struct str number_text(int64_t number, char text[24])
{
    int len = snprintf(text, 24, "%" PRId64, number);
    return str_of(text, (size_t)len);
}

static void put_integer(struct json_writer *writer, struct str name, int64_t number)
{
    char text[24];
    json_member_string(writer, name, number_text(number, text));
}

static void put_attribute(struct json_writer *writer, struct str name, struct str text,
                          int64_t number)
{
    json_object_begin(writer);
    json_member_string(writer, STR("key"), name);
    json_key(writer, STR("value"));
    json_object_begin(writer);
    if (str_is_none(text))
        put_integer(writer, STR("intValue"), number);
    else
        json_member_string(writer, STR("stringValue"), text);
    json_object_end(writer);
    json_object_end(writer);
}

static void put_resource(struct json_writer *writer, const struct otlp_resource *resource)
{
    json_key(writer, STR("resource"));
    json_object_begin(writer);
    json_key(writer, STR("attributes"));
    json_array_begin(writer);
    put_attribute(writer, STR("service.name"), resource->service_name, 0);
    put_attribute(writer, STR("service.version"), resource->service_version, 0);
    put_attribute(writer, STR("service.instance.id"), resource->instance_id, 0);
    json_array_end(writer);
    json_object_end(writer);
}

static void put_attributes(struct json_writer *writer, const struct span *span)
{
    json_key(writer, STR("attributes"));
    json_array_begin(writer);
    for (size_t i = 0; i < span->attribute_count; i++) {
        const struct span_attribute *attribute = &span->attributes[i];
        struct str text = str_of(span->text + attribute->at, attribute->len);
        put_attribute(writer, attribute->name, attribute->is_text ? text : STR_NONE,
                      attribute->number);
    }
    json_array_end(writer);
}

static void put_span(struct json_writer *writer, const struct span *span)
{
    json_object_begin(writer);
    json_member_string(writer, STR("traceId"), trace_id(&span->trace));
    json_member_string(writer, STR("spanId"), trace_span_id(&span->trace));
    if (span->has_parent)
        json_member_string(writer, STR("parentSpanId"), str_of(span->parent_id, TRACE_SPAN_CHARS));
    json_key(writer, STR("flags"));
    json_int64(writer, trace_is_sampled(&span->trace));
    json_member_string(writer, STR("name"), str_of(span->text, span->name_len));
    json_key(writer, STR("kind"));
    json_int64(writer, span->kind);
    put_integer(writer, STR("startTimeUnixNano"), span->started_ns);
    put_integer(writer, STR("endTimeUnixNano"), span->ended_ns);
    put_attributes(writer, span);
    if (span->has_failed) {
        json_key(writer, STR("status"));
        json_object_begin(writer);
        json_key(writer, STR("code"));
        json_int64(writer, STATUS_CODE_ERROR);
        json_object_end(writer);
    }
    json_object_end(writer);
}

static void put_scope(struct json_writer *writer, const struct otlp_resource *resource)
{
    json_key(writer, STR("scope"));
    json_object_begin(writer);
    json_member_string(writer, STR("name"), STR("customer360"));
    json_member_string(writer, STR("version"), resource->service_version);
    json_object_end(writer);
}

void otlp_write(struct buffer *out, const struct otlp_resource *resource, const struct span *spans,
                size_t count)
{
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    json_key(&writer, STR("resourceSpans"));
    json_array_begin(&writer);
    json_object_begin(&writer);
    put_resource(&writer, resource);
    json_key(&writer, STR("scopeSpans"));
    json_array_begin(&writer);
    json_object_begin(&writer);
    put_scope(&writer, resource);
    json_key(&writer, STR("spans"));
    json_array_begin(&writer);
    for (size_t i = 0; i < count; i++) put_span(&writer, &spans[i]);
    json_array_end(&writer);
    json_object_end(&writer);
    json_array_end(&writer);
    json_object_end(&writer);
    json_array_end(&writer);
    json_object_end(&writer);
}

int64_t otlp_rejected(struct str answer, struct arena *arena)
{
    struct json_value *value;
    int64_t rejected = 0;
    if (json_parse(answer, arena, &value, NULL) != STATUS_OK) return 0;
    const struct json_value *count =
        json_get(json_get(value, STR("partialSuccess")), STR("rejectedSpans"));
    if (!count || (count->type != JSON_STRING && count->type != JSON_NUMBER)) return 0;
    return str_to_int64(count->text, &rejected) && rejected > 0 ? rejected : 0;
}
