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

/* "PLACE.KEY" of the last item before: the place is where to look first, for a key may be there
 * twice, and where to go on when the item is gone. */
static bool read_slice_cursor(struct str cursor, int64_t *place, struct str *key)
{
    struct str rest = cursor, number;
    if (!str_split(&rest, '.', &number) || !str_to_int64(number, place)) return false;
    *key = rest;
    return *place >= 0 && *place < INT32_MAX && !str_is_none(rest) && rest.len > 0;
}

static bool slice_begin(struct str cursor, const struct str *keys, size_t count, size_t *begin)
{
    int64_t place;
    struct str key;
    *begin = 0;
    if (str_is_none(cursor)) return true;
    if (!read_slice_cursor(cursor, &place, &key)) return false;
    *begin = (size_t)place < count ? (size_t)place : count;
    if (*begin < count && str_equal(keys[*begin], key)) {
        (*begin)++;
        return true;
    }
    for (size_t i = 0; i < count; i++) {
        if (!str_equal(keys[i], key)) continue;
        *begin = i + 1;
        break;
    }
    return true;
}

enum status results_slice(const struct application *application, const struct page_request *request,
                          const struct str *keys, size_t count, struct arena *arena,
                          struct results_slice *out, struct error *error)
{
    size_t limit, page_max = application->limits.page_max;
    TRY(results_limit(application, request->limit ? request->limit : page_max, &limit, error));
    *out = (struct results_slice){.next = STR_NONE};
    if (!slice_begin(request->cursor, keys, count, &out->begin)) return results_bad_cursor(error);
    out->end = count - out->begin > limit ? out->begin + limit : count;
    if (out->end == count) return STATUS_OK;
    out->next = arena_format(arena, "%zu.%.*s", out->end - 1, STR_ARGS(keys[out->end - 1]));
    return str_is_none(out->next) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
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
