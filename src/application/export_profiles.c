#include "application/export_profiles.h"

#include <string.h>

#include "application/list_customers.h"
#include "application/profile_columns.h"

static enum status write_rows(struct csv_writer *writer, const struct json_page *page,
                              struct arena *arena, int64_t *profiles, struct error *error)
{
    struct json_value *body;
    TRY(json_parse(page->body, arena, &body, error));
    const struct json_value *items = json_get(body, STR("items"));
    for (size_t i = 0; items && i < items->count; i++) {
        profile_columns_write_row(writer, &items->items[i], arena);
        (*profiles)++;
    }
    return STATUS_OK;
}

static enum status move_to(struct profile_export *cursor, struct str next, struct error *error)
{
    cursor->done = str_is_none(next);
    if (cursor->done) return STATUS_OK;
    if (next.len > sizeof(cursor->after)) return error_plain(error, STATUS_INTERNAL);
    memcpy(cursor->after, next.ptr, next.len);
    cursor->after_len = next.len;
    return STATUS_OK;
}

enum status export_profiles(struct application *application, const struct caller *caller,
                            struct profile_export *cursor, size_t limit, struct arena *arena,
                            struct buffer *out, struct error *error)
{
    struct csv_writer writer = {.out = out, .guard_formulas = true};
    size_t page_max = application->limits.page_max;
    struct customer_query query = {.limit = limit < page_max ? limit : page_max};
    struct json_page page;
    if (cursor->begun && cursor->after_len > 0)
        query.cursor = str_of(cursor->after, cursor->after_len);
    TRY(list_customers(application, caller, &query, arena, &page, error));
    if (!cursor->begun) profile_columns_write_header(&writer);
    cursor->begun = true;
    TRY(write_rows(&writer, &page, arena, &cursor->profiles, error));
    TRY(move_to(cursor, page.next, error));
    return buffer_failed(out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
