/* The writer of formats/csv.h. */
#include "formats/csv.h"

#include <string.h>

static bool needs_quotes(struct str field, char separator)
{
    for (size_t i = 0; i < field.len; i++) {
        char c = field.ptr[i];
        if (c == separator || c == '"' || c == '\n' || c == '\r') return true;
    }
    /* What some readers trim, and what a reader would take for a mark at the start of a file. */
    return field.len &&
           (field.ptr[0] == ' ' || field.ptr[field.len - 1] == ' ' ||
            str_starts_with(field, STR("sep=")) || str_starts_with(field, STR("\xEF\xBB\xBF")));
}

/* OWASP, "CSV injection". A number is none, nor is a telephone number. */
static bool is_formula(struct str field)
{
    if (field.len == 0 || !memchr("=+-@\t\r", field.ptr[0], 6)) return false;
    if (field.ptr[0] != '+' && field.ptr[0] != '-') return true;
    for (size_t i = 1; i < field.len; i++)
        if (!memchr("0123456789 .,/()", field.ptr[i], 16)) return true;
    return false;
}

static void put_quoted(struct buffer *out, struct str field)
{
    buffer_append_char(out, '"');
    ptrdiff_t quote;
    while ((quote = str_find_char(field, '"')) >= 0) {
        buffer_append(out, str_of(field.ptr, (size_t)quote + 1));
        buffer_append_char(out, '"');
        field = str_skip(field, (size_t)quote + 1);
    }
    buffer_append(out, field);
    buffer_append_char(out, '"');
}

static void put_field(struct csv_writer *writer, struct str field, char separator)
{
    if (writer->guard_formulas && is_formula(field)) {
        struct buffer guarded = {.arena = writer->out->arena};
        buffer_append_char(&guarded, '\'');
        buffer_append(&guarded, field);
        writer->out->failed |= guarded.failed;
        field = buffer_str(&guarded);
    }
    if (needs_quotes(field, separator))
        put_quoted(writer->out, field);
    else
        buffer_append(writer->out, field);
}

void csv_write_row(struct csv_writer *writer, const struct str *fields, size_t count)
{
    char separator = writer->separator ? writer->separator : ',';
    for (size_t i = 0; i < count; i++) {
        if (i) buffer_append_char(writer->out, separator);
        put_field(writer, fields[i], separator);
    }
    /* One empty field alone would be an empty line, which is no row. */
    if (count == 1 && fields[0].len == 0) buffer_append(writer->out, STR("\"\""));
    buffer_append(writer->out, STR("\r\n"));
}
