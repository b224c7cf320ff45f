#include "base/trace.h"
#include "base/hex.h"

#include <string.h>

enum { ID_AT = 3, SPAN_AT = 36, FLAGS_AT = 53 };

/* G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014. */
uint64_t trace_ids_next(struct trace_ids *ids)
{
    const uint64_t step = 0x9E3779B97F4A7C15u;
    uint64_t z = atomic_fetch_add_explicit(&ids->state, step, memory_order_relaxed) + step;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static bool is_lower_hexadecimal(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) return false;
    }
    return true;
}

static bool is_all_zero(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '0') return false;
    return true;
}

bool trace_parse(struct str header, struct trace *trace)
{
    trace->parent[0] = '\0';
    if (header.len < TRACE_PARENT_CHARS) return false;
    struct str version = str_of(header.ptr, 2), id = str_of(header.ptr + ID_AT, TRACE_ID_CHARS);
    struct str span = str_of(header.ptr + SPAN_AT, TRACE_SPAN_CHARS);
    struct str flags = str_of(header.ptr + FLAGS_AT, 2);
    bool dashes = header.ptr[ID_AT - 1] == '-' && header.ptr[SPAN_AT - 1] == '-' &&
                  header.ptr[FLAGS_AT - 1] == '-';
    if (!dashes || !is_lower_hexadecimal(version) || !is_lower_hexadecimal(id) ||
        !is_lower_hexadecimal(span) || !is_lower_hexadecimal(flags))
        return false;
    if (str_equal(version, STR("ff")) || is_all_zero(id) || is_all_zero(span)) return false;
    /* A later version may append fields; version 00 has none. */
    bool longer = header.len > TRACE_PARENT_CHARS;
    if (longer && (str_equal(version, STR("00")) || header.ptr[TRACE_PARENT_CHARS] != '-'))
        return false;
    memcpy(trace->parent, header.ptr, TRACE_PARENT_CHARS);
    memcpy(trace->parent, "00", 2);
    trace->parent[TRACE_PARENT_CHARS] = '\0';
    return true;
}

/* 16 digits, never all zero. */
static void put_id(char *at, struct trace_ids *ids)
{
    uint64_t id = trace_ids_next(ids);
    if (id == 0) id = 1;
    hex_put(id, at);
}

void trace_begin(struct trace_ids *ids, bool sampled, struct trace *trace)
{
    char *at = trace->parent;
    memcpy(at, "00-", ID_AT);
    put_id(at + ID_AT, ids);
    put_id(at + ID_AT + 16, ids);
    at[SPAN_AT - 1] = '-';
    put_id(at + SPAN_AT, ids);
    memcpy(at + FLAGS_AT - 1, sampled ? "-01" : "-00", 4);
}

void trace_child(const struct trace *of, struct trace_ids *ids, struct trace *child)
{
    *child = *of;
    put_id(child->parent + SPAN_AT, ids);
}

bool trace_is_sampled(const struct trace *trace)
{
    char low = trace->parent[0] ? trace->parent[FLAGS_AT + 1] : '0';
    return ((low <= '9' ? low - '0' : low - 'a' + 10) & 1) != 0;
}

struct str trace_id(const struct trace *trace)
{
    return trace->parent[0] ? str_of(trace->parent + ID_AT, TRACE_ID_CHARS) : STR_NONE;
}

struct str trace_span_id(const struct trace *trace)
{
    return trace->parent[0] ? str_of(trace->parent + SPAN_AT, TRACE_SPAN_CHARS) : STR_NONE;
}

struct str trace_parent(const struct trace *trace)
{
    return trace->parent[0] ? str_of(trace->parent, TRACE_PARENT_CHARS) : STR_NONE;
}
