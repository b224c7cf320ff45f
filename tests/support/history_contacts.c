#include "history.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct str history_imported_contacts(struct arena *arena, const struct history_step *step,
                                     size_t own)
{
    static const char *const lists[] = {
        "", "{\"contactId\":\"1\",\"name\":\"Contact #\",\"email\":\"e#@x.example\"}",
        "{\"name\":\"Ann\",\"email\":\"e0@x.example\",\"phone\":\"+4930#\"},"
        "{\"name\":\"Bob\",\"email\":\"e0@x.example\",\"phone\":\"+4931#\"}",
        "{\"name\":\"Jane Doe\",\"phone\":\"+4932#\"},"
        "{\"name\":\"Jane Doe\",\"phone\":\"+4933#\"}",
        "{\"name\":\"Bob\",\"email\":\"e#@x.example\"},"
        "{\"name\":\"Ann\",\"email\":\"e#@x.example\"}"};
    struct buffer out = {.arena = arena};
    for (const char *at = lists[step->value % COUNT(lists)]; *at; at++)
        *at == '#' ? buffer_append_int64(&out, (int64_t)step->field)
                   : buffer_append_char(&out, *at);
    if (step->value >= 3)
        buffer_append_format(&out, "%s{\"contactId\":\"K%zu\",\"name\":\"Own %zu\"}",
                             out.len ? "," : "", own, step->field);
    return buffer_str(&out);
}
