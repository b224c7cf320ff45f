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

/* --- what a spreadsheet would take for a formula (OWASP, "CSV injection") --- */

/* As an input method of East Asian scripts writes the signs. */
static bool has_wide_sign(struct str text)
{
    static const char *const signs[] = {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D",
                                        "\xEF\xBC\xA0"};
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
        if (str_starts_with(text, str_from_cstr(signs[i]))) return true;
    return false;
}

/* A number is none, nor is a telephone number. */
static bool is_formula(struct str part)
{
    while (part.len > 0 && (part.ptr[0] == ' ' || part.ptr[0] == '"')) part = str_skip(part, 1);
    if (has_wide_sign(part)) return true;
    if (part.len == 0 || !memchr("=+-@", part.ptr[0], 4)) return false;
    if (part.ptr[0] != '+' && part.ptr[0] != '-') return true;
    for (size_t i = 1; i < part.len; i++)
        if (!memchr("0123456789 .,/()", part.ptr[i], 16)) return true;
    return false;
}

/* A spreadsheet may have another separator than the file, the one of its country, and then knows
 * none of our quotes: a cell of it begins within a field. */
static bool may_end_cell(char c, char separator)
{
    return c != separator && memchr(";,\t\r\n", c, 5);
}

/* The next part of a field that may be a cell, without what ends it; false behind the last. */
static bool next_part(struct str field, char separator, size_t *at, struct str *part)
{
    size_t begin = *at, end = begin;
    if (begin > field.len) return false;
    while (end < field.len && !may_end_cell(field.ptr[end], separator)) end++;
    *part = str_of(field.ptr + begin, end - begin);
    *at = end + 1;
    return true;
}

static bool has_formula(struct str field, char separator)
{
    struct str part;
    for (size_t at = 0; next_part(field, separator, &at, &part);)
        if (is_formula(part)) return true;
    return false;
}

static void guard(struct str field, char separator, struct buffer *out)
{
    struct str part;
    for (size_t at = 0; next_part(field, separator, &at, &part);) {
        if (is_formula(part)) buffer_append_char(out, '\'');
        buffer_append(out, part);
        if (at <= field.len) buffer_append_char(out, field.ptr[at - 1]);
    }
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
    if (writer->guard_formulas && has_formula(field, separator)) {
        struct buffer guarded = {.arena = writer->out->arena};
        guard(field, separator, &guarded);
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
