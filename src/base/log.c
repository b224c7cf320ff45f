/* A line is built in a buffer on the stack and written at once; a field that does not fit is left
 * out and the line says that it was cut. */
#include "base/log.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"

static _Atomic int log_level_now = LOG_LEVEL_INFO;
static _Atomic int log_form_now = LOG_FORM_AUTO;
static _Atomic int log_descriptor = STDERR_FILENO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_colours[] = {"\033[2m", "", "\033[33m", "\033[31m"};

void log_configure(enum log_level level, enum log_form form, int descriptor)
{
    if (form == LOG_FORM_AUTO) form = isatty(descriptor) ? LOG_FORM_TEXT : LOG_FORM_JSON;
    atomic_store(&log_level_now, level);
    atomic_store(&log_form_now, form);
    atomic_store(&log_descriptor, descriptor);
}

bool log_level_parse(struct str name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (!str_equal(name, str_from_cstr(level_names[i]))) continue;
        *level = (enum log_level)i;
        return true;
    }
    return false;
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&log_level_now, memory_order_relaxed);
}

/* Room is kept for the end of the line: ,"cut":true}\n */
enum { LINE_TAIL = 16 };

struct line {
    size_t len;
    bool cut;
    char bytes[LOG_LINE_MAX];
};

static void put(struct line *line, const char *bytes, size_t len)
{
    if (line->len + len > LOG_LINE_MAX - LINE_TAIL) {
        line->cut = true;
        return;
    }
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void put_cstr(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void put_integer(struct line *line, int64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, value);
    put(line, digits, (size_t)len);
}

static bool identifier_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._:-/", c));
}

/* Free text keeps its UTF-8 but no control characters, quotes or backslashes: every line stays one
 * line and needs no escapes. */
static char free_character(char c)
{
    unsigned char byte = (unsigned char)c;
    if (byte < 0x20 || byte == 0x7f) return ' ';
    if (c == '"') return '\'';
    return c == '\\' ? '/' : c;
}

static void put_text(struct line *line, enum log_kind kind, struct str text)
{
    bool strict = kind == LOG_KIND_ID || kind == LOG_KIND_CODE;
    if (!strict && !str_is_utf8(text)) strict = true;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        c = strict ? (identifier_character(c) ? c : '?') : free_character(c);
        put(line, &c, 1);
    }
}

/* Puts the field whole, or marks the line as cut and leaves it as before. */
static void put_field(struct line *line, const struct log_field *field, bool json)
{
    size_t before = line->len;
    bool quoted = json && field->kind != LOG_KIND_COUNT;
    put_cstr(line, json ? ",\"" : " ");
    put_cstr(line, field->name);
    put_cstr(line, json ? "\":" : "=");
    if (field->kind == LOG_KIND_COUNT) {
        put_integer(line, field->integer);
    } else if (str_is_none(field->text)) {
        put_cstr(line, json ? "null" : "-");
    } else {
        if (quoted) put_cstr(line, "\"");
        put_text(line, field->kind, field->text);
        if (quoted) put_cstr(line, "\"");
    }
    if (line->cut) line->len = before;
}

static instant wall_clock(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (instant)now.tv_sec * INSTANT_SECOND + now.tv_nsec / 1000;
}

static void put_head(struct line *line, enum log_level level, const char *event, bool json)
{
    char text[INSTANT_TEXT_MAX];
    struct str time = instant_format(wall_clock(), text);
    if (json) {
        put_cstr(line, "{\"time\":\"");
        put(line, time.ptr, time.len);
        put_cstr(line, "\",\"level\":\"");
        put_cstr(line, level_names[level]);
        put_cstr(line, "\",\"event\":\"");
        put_cstr(line, event);
        put_cstr(line, "\"");
        return;
    }
    struct str clock = str_skip(time, sizeof("2026-02-02T") - 1);
    if (clock.len > 8) clock.len = 8;
    put_cstr(line, level_colours[level]);
    put(line, clock.ptr, clock.len);
    put_cstr(line, " ");
    put_cstr(line, event);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count)
{
    if (!log_enabled(level)) return;
    int descriptor = atomic_load(&log_descriptor);
    int form = atomic_load(&log_form_now);
    if (form == LOG_FORM_AUTO) form = isatty(descriptor) ? LOG_FORM_TEXT : LOG_FORM_JSON;
    bool json = form == LOG_FORM_JSON;

    struct line line;
    line.len = 0;
    line.cut = false;
    put_head(&line, level, event, json);
    for (size_t i = 0; i < count && !line.cut; i++) put_field(&line, &fields[i], json);
    const char *end = "\033[0m\n";
    if (json) end = line.cut ? ",\"cut\":true}\n" : "}\n";
    memcpy(line.bytes + line.len, end, strlen(end));
    line.len += strlen(end);
    if (write(descriptor, line.bytes, line.len) < 0) return;
}
