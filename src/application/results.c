#include "application/results.h"

#include <stdio.h>

#include "base/identifier.h"

enum status results_merged(struct str survivor_id, struct str merge_id, struct arena *arena,
                           struct error *error)
{
    enum status status = error_plain(error, STATUS_CUSTOMER_MERGED);
    if (!error) return status;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_object_begin(&writer);
    json_member_string(&writer, STR("survivorId"), survivor_id);
    json_member_string(&writer, STR("mergeId"), merge_id);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    error->details_json = buffer_str(&out);
    return status;
}

struct str results_survivor(const struct error *error, struct arena *arena)
{
    struct json_value *details;
    if (str_is_none(error->details_json) ||
        json_parse(error->details_json, arena, &details, NULL) != STATUS_OK)
        return STR_NONE;
    return json_text(json_get(details, STR("survivorId")));
}

enum { PAGE_DEFAULT = 50 };

enum status results_limit(const struct application *application, size_t wanted, size_t *limit,
                          struct error *error)
{
    *limit = wanted ? wanted : PAGE_DEFAULT;
    if (*limit <= application->limits.page_max) return STATUS_OK;
    char allowed[32];
    int length = snprintf(allowed, sizeof(allowed), "1 to %zu", application->limits.page_max);
    return error_set(error, STATUS_LIMIT_EXCEEDED, STR("limit"), str_of(allowed, (size_t)length),
                     "a page has at most %zu items", application->limits.page_max);
}

enum status results_bad_cursor(struct error *error)
{
    return error_set(error, STATUS_INVALID_VALUE, STR("cursor"), STR("`next` of the page before"),
                     "is not a cursor of this list");
}

enum status results_check_cursor(struct str cursor, const char *prefix, struct error *error)
{
    bool is_one = str_is_none(cursor) ||
                  (identifier_is_valid(cursor) && str_starts_with(cursor, str_from_cstr(prefix)));
    return is_one ? STATUS_OK : results_bad_cursor(error);
}

enum status results_exceeded(struct error *error, struct str field, size_t most, const char *of)
{
    char allowed[96];
    (void)snprintf(allowed, sizeof(allowed), "at most %zu %s", most, of);
    return error_set(error, STATUS_LIMIT_EXCEEDED, field, str_from_cstr(allowed),
                     "there are more: %s are allowed", allowed);
}

void results_page_begin(struct json_writer *writer)
{
    json_object_begin(writer);
    json_key(writer, STR("items"));
    json_array_begin(writer);
}

void results_page_end(struct json_writer *writer, struct str next)
{
    json_array_end(writer);
    json_member_nullable(writer, STR("next"), next);
    json_object_end(writer);
}

void results_instant(struct json_writer *writer, struct str name, instant when)
{
    char text[INSTANT_TEXT_MAX];
    json_key(writer, name);
    if (when == INSTANT_NONE)
        json_null(writer);
    else
        json_string(writer, instant_format(when, text));
}
