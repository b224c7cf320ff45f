/* The log: what happened, as typed events, one line each, to stderr.
 *
 *     log_info("store.opened", LOG_CODE("engine", STR("sqlite")), LOG_DURATION("took_us",
 * took_us));
 *
 * On a terminal a line is for people; else it is one JSON object:
 *     {"time":"2026-02-02T10:30:00.123456Z","level":"info","event":"store.opened",...}
 *
 * No personal data by design: there is no format string. A field is an id, a code, a count, a
 * duration, a place (a path or address of the operator's own) or a reason (a sentence of this
 * program or of the system, as in struct error). In ids and codes every character that no
 * identifier has is replaced by '?', so that a name or an e-mail address cannot slip in.
 *
 * Thread-safe: a line is written by one write(2), cut at LOG_LINE_MAX (then "cut":true).
 * A failure to write is ignored: there is nowhere to report it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/str.h"

enum { LOG_LINE_MAX = 2048 };

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };
enum log_form { LOG_FORM_AUTO, LOG_FORM_JSON, LOG_FORM_TEXT };
enum log_kind { LOG_KIND_ID, LOG_KIND_CODE, LOG_KIND_COUNT, LOG_KIND_PLACE, LOG_KIND_REASON };

struct log_field {
    const char *name;
    enum log_kind kind;
    struct str text;
    int64_t integer;
};

#define LOG_ID(name, value)    ((struct log_field){(name), LOG_KIND_ID, (value), 0})
#define LOG_CODE(name, value)  ((struct log_field){(name), LOG_KIND_CODE, (value), 0})
#define LOG_COUNT(name, value) ((struct log_field){(name), LOG_KIND_COUNT, STR_NONE, (value)})
/* The unit belongs to the name: "took_us". */
#define LOG_DURATION(name, value) LOG_COUNT(name, value)
#define LOG_PLACE(name, value)    ((struct log_field){(name), LOG_KIND_PLACE, (value), 0})
#define LOG_REASON(name, value)   ((struct log_field){(name), LOG_KIND_REASON, (value), 0})

/* What is below `level` is dropped; LOG_FORM_AUTO asks whether the descriptor is a terminal.
 * Before this is called: info and above, automatic form, stderr. May be called at any time. */
void log_configure(enum log_level level, enum log_form form, int descriptor);
/* "debug" | "info" | "warn" | "error"; false for another word. */
bool log_level_parse(struct str name, enum log_level *level);
bool log_enabled(enum log_level level);

void log_write(enum log_level level, const char *event, const struct log_field *fields,
               size_t count);

/* A field list may be empty; the first, unused element keeps the array from being so. */
#define LOG_AT(level, event, ...)                                                                  \
    do {                                                                                           \
        const struct log_field log_fields_[] = {{0}, ##__VA_ARGS__};                               \
        log_write((level), (event), log_fields_ + 1,                                               \
                  sizeof(log_fields_) / sizeof(log_fields_[0]) - 1);                               \
    } while (0)
#define log_debug(event, ...) LOG_AT(LOG_LEVEL_DEBUG, event, ##__VA_ARGS__)
#define log_info(event, ...)  LOG_AT(LOG_LEVEL_INFO, event, ##__VA_ARGS__)
#define log_warn(event, ...)  LOG_AT(LOG_LEVEL_WARN, event, ##__VA_ARGS__)
#define log_error(event, ...) LOG_AT(LOG_LEVEL_ERROR, event, ##__VA_ARGS__)

#endif
