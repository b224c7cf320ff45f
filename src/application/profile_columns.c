#include "application/profile_columns.h"

/* A cell is found by steps: a member, then maybe an element, then maybe its member. */
struct column {
    struct str name;   /* of the column */
    struct str member; /* of the profile */
    int element;       /* -1: the value itself */
    struct str inner;  /* of the element; absent: none */
};

#define PLAIN(field)                                                                               \
    {                                                                                              \
        STR(field), STR(field), -1,                                                                \
        {                                                                                          \
            NULL, 0                                                                                \
        }                                                                                          \
    }
#define INNER(list, index, field)                                                                  \
    {                                                                                              \
        STR(list "[" #index "]." field), STR(list), index, STR(field)                              \
    }
#define IDENTIFIER(index)                                                                          \
    INNER("identifiers", index, "type"), INNER("identifiers", index, "value"),                     \
        INNER("identifiers", index, "country")
#define CONTACT(index)                                                                             \
    INNER("contacts", index, "contactId"), INNER("contacts", index, "name"),                       \
        INNER("contacts", index, "email"), INNER("contacts", index, "phone"),                      \
        INNER("contacts", index, "roles")

static const struct column columns[] = {
    PLAIN("customerId"),
    PLAIN("kind"),
    PLAIN("name"),
    PLAIN("status"),
    PLAIN("segment"),
    PLAIN("emails"),
    PLAIN("phones"),
    PLAIN("website"),
    PLAIN("dateOfBirth"),
    PLAIN("language"),
    IDENTIFIER(0),
    IDENTIFIER(1),
    IDENTIFIER(2),
    INNER("addresses", 0, "line1"),
    INNER("addresses", 0, "line2"),
    INNER("addresses", 0, "city"),
    INNER("addresses", 0, "region"),
    INNER("addresses", 0, "postalCode"),
    INNER("addresses", 0, "country"),
    INNER("addresses", 0, "kind"),
    CONTACT(0),
    CONTACT(1),
    CONTACT(2),
};
enum { COLUMN_COUNT = sizeof(columns) / sizeof(columns[0]) };

static const struct json_value *find_value(const struct json_value *profile,
                                           const struct column *column)
{
    const struct json_value *value = json_get(profile, column->member);
    if (!value || column->element < 0) return value;
    if (value->type != JSON_ARRAY || (size_t)column->element >= value->count) return NULL;
    return json_get(&value->items[column->element], column->inner);
}

/* Texts as they are, lists of texts joined by ';'. Absent when out of memory. */
static struct str cell_text(const struct json_value *value, struct arena *arena)
{
    if (!value) return STR("");
    if (value->type == JSON_STRING || value->type == JSON_NUMBER) return value->text;
    if (value->type == JSON_BOOLEAN) return value->boolean ? STR("true") : STR("false");
    struct buffer out = {.arena = arena};
    for (size_t i = 0; value->type == JSON_ARRAY && i < value->count; i++) {
        if (i > 0) buffer_append_char(&out, ';');
        buffer_append(&out, value->items[i].text);
    }
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

void profile_columns_write_header(struct csv_writer *writer)
{
    struct str names[COLUMN_COUNT];
    for (int i = 0; i < COLUMN_COUNT; i++) names[i] = columns[i].name;
    csv_write_row(writer, names, COLUMN_COUNT);
}

void profile_columns_write_row(struct csv_writer *writer, const struct json_value *profile,
                               struct arena *arena)
{
    struct str cells[COLUMN_COUNT];
    for (int i = 0; i < COLUMN_COUNT; i++) {
        cells[i] = cell_text(find_value(profile, &columns[i]), arena);
        writer->out->failed |= str_is_none(cells[i]);
    }
    csv_write_row(writer, cells, COLUMN_COUNT);
}
