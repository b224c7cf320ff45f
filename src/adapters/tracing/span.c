#include "adapters/tracing/span.h"

#include <string.h>

static struct str keep(struct span *span, struct str value)
{
    char *at = span->text + span->text_len;
    struct str kept = str_cut(value, SPAN_TEXT_MAX - span->text_len);
    if (kept.len > 0) memcpy(at, kept.ptr, kept.len);
    span->text_len += (uint16_t)kept.len;
    return str_of(at, kept.len);
}

static struct span_attribute *add(struct span *span, struct str name)
{
    if (span->attribute_count == SPAN_ATTRIBUTES_MAX) return NULL;
    struct span_attribute *attribute = &span->attributes[span->attribute_count++];
    attribute->name = name;
    return attribute;
}

void span_init(struct span *span, enum span_kind kind, struct str name, const struct trace *trace,
               struct str parent_id)
{
    span->trace = *trace;
    span->has_parent = parent_id.len == TRACE_SPAN_CHARS;
    if (span->has_parent) memcpy(span->parent_id, parent_id.ptr, TRACE_SPAN_CHARS);
    span->has_failed = false;
    span->kind = kind;
    span->started_ns = span->ended_ns = 0;
    span->text_len = span->attribute_count = 0;
    span->name_len = (uint16_t)keep(span, name).len;
}

void span_text(struct span *span, struct str name, struct str value)
{
    struct span_attribute *attribute = str_is_none(value) ? NULL : add(span, name);
    if (!attribute) return;
    attribute->is_text = true;
    attribute->at = span->text_len;
    attribute->len = (uint16_t)keep(span, value).len;
}

void span_number(struct span *span, struct str name, int64_t value)
{
    struct span_attribute *attribute = add(span, name);
    if (!attribute) return;
    attribute->is_text = false;
    attribute->number = value;
}

void span_fail(struct span *span, struct str type)
{
    span->has_failed = true;
    span_text(span, STR("error.type"), type);
}
