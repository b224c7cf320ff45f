/* The reader of formats/csv.h.
 *
 * A row is found first and divided afterwards. Finding goes line by line: a line without a quote
 * (nearly all are) is a row as soon as memchr finds its end; in others the quotes are followed to
 * see whether the row goes on. What was found is kept between calls, so that no byte is looked at
 * again because the stream came in small pieces. The row is then checked, turned into UTF-8 in the
 * caller's arena and divided in place.
 */
#include "formats/csv.h"

#include <stdio.h>
#include <string.h>

enum {
    DEFAULT_FIELD_MAX = 64 * 1024,
    DEFAULT_ROW_MAX = 1024 * 1024,
    DEFAULT_COLUMNS_MAX = 1024,
    SAMPLE_BYTES = 16 * 1024,
    SAMPLE_LINES = 16,
    SAMPLE_MAX = SAMPLE_BYTES - 16, /* what remains behind a mark and a separator line */
};

#define BYTE_ORDER_MARK STR("\xEF\xBB\xBF")

static const char separators[] = ",;\t|";

bool csv_encoding_parse(struct str name, enum csv_encoding *encoding)
{
    static const struct {
        struct str name;
        enum csv_encoding encoding;
    } known[] = {{STR("utf-8"), CSV_ENCODING_UTF8},
                 {STR("us-ascii"), CSV_ENCODING_UTF8},
                 {STR("windows-1252"), CSV_ENCODING_WINDOWS_1252},
                 {STR("iso-8859-1"), CSV_ENCODING_WINDOWS_1252}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!str_equal_ignore_case(name, known[i].name)) continue;
        *encoding = known[i].encoding;
        return true;
    }
    return false;
}

bool csv_separator_parse(struct str name, char *separator)
{
    static const struct {
        struct str name;
        char separator;
    } known[] = {
        {STR("comma"), ','}, {STR("semicolon"), ';'}, {STR("tab"), '\t'}, {STR("pipe"), '|'}};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (!str_equal(name, known[i].name)) continue;
        *separator = known[i].separator;
        return true;
    }
    return false;
}

void csv_reader_init(struct csv_reader *reader, struct csv_options options, struct arena *arena)
{
    if (!options.field_max_bytes) options.field_max_bytes = DEFAULT_FIELD_MAX;
    if (!options.row_max_bytes) options.row_max_bytes = DEFAULT_ROW_MAX;
    if (!options.columns_max) options.columns_max = DEFAULT_COLUMNS_MAX;
    *reader = (struct csv_reader){.options = options, .arena = arena, .line = 1};
}

static bool is_ascii(struct str text)
{
    uint64_t high = 0, chunk;
    for (; text.len >= sizeof(chunk); text = str_skip(text, sizeof(chunk))) {
        memcpy(&chunk, text.ptr, sizeof(chunk));
        high |= chunk;
    }
    for (size_t i = 0; i < text.len; i++) high |= (unsigned char)text.ptr[i];
    return (high & 0x8080808080808080u) == 0;
}

static bool make_room(struct csv_reader *reader, size_t need)
{
    size_t capacity = reader->capacity ? reader->capacity : SAMPLE_BYTES;
    while (capacity < need)
        if (__builtin_mul_overflow(capacity, 2, &capacity)) return false;
    if (capacity == reader->capacity) return true;
    char *bytes = arena_realloc(reader->arena, reader->bytes, reader->capacity, capacity);
    if (!bytes) return false;
    reader->bytes = bytes;
    reader->capacity = capacity;
    return true;
}

/* Forgets what is read away. */
static void compact(struct csv_reader *reader)
{
    size_t gone = reader->at;
    if (gone == 0) return;
    memmove(reader->bytes, reader->bytes + gone, reader->len - gone);
    reader->len -= gone;
    reader->at = 0;
    reader->line_at -= gone;
    reader->search_at -= gone;
    if (reader->first_line) reader->first_line -= gone;
    bool passed = reader->open_at <= gone;
    reader->open_at = passed ? 0 : reader->open_at - gone;
    reader->open_search_at = passed ? 0 : reader->open_search_at - gone;
}

static void end_lines_with_lf(struct csv_reader *reader, size_t from)
{
    for (size_t i = from; i < reader->len; i++)
        if (reader->bytes[i] == '\r') reader->bytes[i] = '\n';
}

enum status csv_reader_feed(struct csv_reader *reader, struct str bytes)
{
    size_t need, from;
    compact(reader);
    from = reader->len;
    if (__builtin_add_overflow(reader->len, utf16_room(bytes.len), &need) ||
        __builtin_add_overflow(need, utf16_room(0), &need) || !make_room(reader, need))
        return STATUS_OUT_OF_MEMORY;
    reader->len += utf16_read(&reader->utf16, bytes, reader->bytes + reader->len);
    if (reader->lone_cr) end_lines_with_lf(reader, from);
    return STATUS_OK;
}

void csv_reader_finish(struct csv_reader *reader)
{
    reader->finished = true;
    /* There is room for it behind what was fed. */
    if (reader->bytes) reader->len += utf16_finish(&reader->utf16, reader->bytes + reader->len);
}

static struct str between(const struct csv_reader *reader, size_t from, size_t to)
{
    return str_of(reader->bytes ? reader->bytes + from : "", to - from);
}

/* --- the start of the stream: byte order mark, separator --- */

static void skip_bytes(struct csv_reader *reader, size_t count)
{
    reader->at += count;
    reader->offset += count;
    reader->line_at = reader->search_at = reader->at;
}

/* How many of the lines are divided by `separator` as often as the first is; 0 when the first is
 * not divided. Separators in quotes do not count; a quoted line break counts as one all the same,
 * which costs a line of evidence. */
static size_t even_lines(struct str sample, char quote, char separator, size_t *per_line)
{
    size_t even = 0, lines = 0;
    struct str line;
    *per_line = 0;
    while (lines < SAMPLE_LINES && str_split(&sample, '\n', &line)) {
        size_t count = 0;
        bool in_quotes = false;
        for (size_t i = 0; i < line.len; i++) {
            if (line.ptr[i] == quote) in_quotes = !in_quotes;
            count += line.ptr[i] == separator && !in_quotes;
        }
        if (str_trim(line).len == 0) continue;
        if (lines++ == 0) *per_line = count;
        even += count == *per_line;
    }
    return *per_line ? even : 0;
}

static char detect_separator(struct str sample, char quote)
{
    char best = ',';
    size_t best_even = 0, best_per_line = 0;
    for (const char *candidate = separators; *candidate; candidate++) {
        size_t per_line, even = even_lines(sample, quote, *candidate, &per_line);
        if (even > best_even || (even == best_even && per_line > best_per_line)) {
            best = *candidate;
            best_even = even;
            best_per_line = per_line;
        }
    }
    return best;
}

/* The line by which a spreadsheet names its separator. */
static bool take_separator_line(struct csv_reader *reader)
{
    struct str rest = between(reader, reader->at, reader->len);
    if (rest.len < 5 || !str_starts_with(rest, STR("sep="))) return false;
    if (!memchr(separators, rest.ptr[4], sizeof(separators) - 1)) return false;
    struct str end = str_skip(rest, 5);
    size_t length = str_starts_with(end, STR("\r\n")) ? 7 : str_starts_with(end, STR("\n")) ? 6 : 0;
    if (length == 0) return false;
    if (!reader->options.separator) reader->options.separator = rest.ptr[4];
    skip_bytes(reader, length);
    reader->line++;
    return true;
}

static bool is_edge(char c)
{
    return c == '\n' || c == '\r' || memchr(separators, c, sizeof(separators) - 1);
}

/* How many fields seem to begin, and how many to end, with the quote. */
static void count_quoted(struct str sample, char quote, size_t *begins, size_t *ends)
{
    *begins = *ends = 0;
    for (size_t i = 0; i < sample.len; i++) {
        if (sample.ptr[i] != quote) continue;
        *begins += i == 0 || is_edge(sample.ptr[i - 1]);
        *ends += i + 1 == sample.len || is_edge(sample.ptr[i + 1]);
    }
}

static char detect_quote(struct str sample)
{
    size_t double_begins, begins, ends;
    count_quoted(sample, '"', &double_begins, &ends);
    count_quoted(sample, '\'', &begins, &ends);
    return double_begins == 0 && begins > 1 && begins == ends ? '\'' : '"';
}

/* False until there is enough to judge by; always the same amount, whatever the pieces. */
static bool has_sample(const struct csv_reader *reader)
{
    return reader->finished || reader->len - reader->at >= SAMPLE_BYTES;
}

/* Always the same, whatever the pieces. */
static struct str sample_of(const struct csv_reader *reader)
{
    struct str sample = between(reader, reader->at, reader->len);
    if (sample.len > SAMPLE_MAX) sample.len = SAMPLE_MAX;
    return sample;
}

/* What most of the lines with bytes past ASCII are in; hardly any text in Windows-1252 is UTF-8 by
 * chance. */
static enum csv_encoding detect_encoding(struct str sample)
{
    size_t utf8 = 0, other = 0;
    struct str line;
    while (str_split(&sample, '\n', &line)) {
        if (is_ascii(line)) continue;
        if (str_is_utf8(line))
            utf8++;
        else
            other++;
    }
    return utf8 + other == 0 ? CSV_ENCODING_DETECT
           : utf8 >= other   ? CSV_ENCODING_UTF8
                             : CSV_ENCODING_WINDOWS_1252;
}

static void start(struct csv_reader *reader)
{
    reader->started = true;
    if (str_starts_with(between(reader, reader->at, reader->len), BYTE_ORDER_MARK)) {
        skip_bytes(reader, BYTE_ORDER_MARK.len);
        reader->options.encoding = CSV_ENCODING_UTF8;
    }
    if (reader->utf16.form == UTF16_LITTLE || reader->utf16.form == UTF16_BIG)
        reader->options.encoding = CSV_ENCODING_UTF8;
    struct str sample = sample_of(reader);
    if (memchr(sample.ptr, '\r', sample.len) && !memchr(sample.ptr, '\n', sample.len)) {
        reader->lone_cr = true;
        end_lines_with_lf(reader, reader->at);
    }
    (void)take_separator_line(reader);
    sample = sample_of(reader);
    const char *last = memrchr(sample.ptr, '\n', sample.len);
    if (last && sample.len == SAMPLE_MAX) sample.len = (size_t)(last - sample.ptr);
    if (!reader->options.quote) reader->options.quote = detect_quote(sample);
    if (reader->options.encoding == CSV_ENCODING_DETECT && (last || sample.len < SAMPLE_MAX))
        reader->options.encoding = detect_encoding(sample);
    if (!reader->options.separator)
        reader->options.separator = detect_separator(sample, reader->options.quote);
}

/* --- finding a row --- */

/* Past the quote that closes the field whose content begins at `at`, or NULL when none does. */
static const char *closing_quote(const char *at, const char *end, char quote)
{
    while ((at = memchr(at, quote, (size_t)(end - at))) != NULL) {
        if (at + 1 == end || at[1] != quote) return at + 1;
        at += 2;
    }
    return NULL;
}

/* Follows the quotes of one line: does the row go on behind it? What is wrong with the line is for
 * divide() to say. */
static bool leaves_quote_open(struct str line, const struct csv_options *options, bool in_quotes)
{
    char separator = options->separator;
    const char *at = line.ptr, *end = line.ptr + line.len;
    for (;;) {
        if (in_quotes) {
            at = closing_quote(at, end, options->quote);
            if (!at) return true;
            if (at == end || *at != separator) return false;
            at++;
        }
        in_quotes = at < end && *at == options->quote;
        if (in_quotes) {
            at++;
            continue;
        }
        at = at < end ? memchr(at, separator, (size_t)(end - at)) : NULL;
        if (!at) return false;
        at++;
    }
}

static struct str without_line_break(struct str line)
{
    if (str_ends_with(line, STR("\n"))) line.len--;
    if (str_ends_with(line, STR("\r"))) line.len--;
    return line;
}

/* The end of the line at line_at, past its line break; 0 when it is not there yet. */
static size_t find_line_end(struct csv_reader *reader)
{
    struct str rest = between(reader, reader->search_at, reader->len);
    ptrdiff_t at = str_find_char(rest, '\n');
    if (at >= 0) return reader->search_at + (size_t)at + 1;
    reader->search_at = reader->len;
    return reader->finished ? reader->len : 0;
}

/* Goes on with the row (or the next one) at `to`. */
static void move_to(struct csv_reader *reader, size_t to, uint64_t lines)
{
    reader->offset += to - reader->at;
    reader->line += lines;
    reader->at = reader->line_at = reader->search_at = to;
    reader->first_line = 0;
    reader->row_lines = 0;
    reader->in_quotes = false;
}

enum found { FOUND_ROW, FOUND_NOTHING, FOUND_TOO_LONG, FOUND_OPEN };

/* Keeps how far a row was followed that is refused while it is in quotes. */
static void remember_open(struct csv_reader *reader)
{
    if (!reader->in_quotes) return;
    reader->open_at = reader->line_at;
    reader->open_search_at = reader->search_at;
    reader->open_line = reader->line + reader->row_lines;
}

/* A row in quotes behind its first line is in the state of the refused row that it begins inside:
 * it is followed from where that one was left, not line by line once more. Otherwise each line of
 * a hostile file could cost row_max_bytes. */
static void skip_to_open(struct csv_reader *reader, size_t *end)
{
    if (!reader->in_quotes || reader->row_lines != 1 || reader->open_at <= *end) return;
    *end = reader->line_at = reader->open_at;
    reader->search_at = reader->open_search_at;
    reader->row_lines = reader->open_line - reader->line;
}

/* Looks for the row at reader->at; *end is past its line break. */
static enum found find_row(struct csv_reader *reader, size_t *end)
{
    for (;;) {
        bool at_end = reader->finished && reader->line_at == reader->len;
        if (at_end) return reader->in_quotes ? FOUND_OPEN : FOUND_NOTHING;
        *end = find_line_end(reader);
        size_t so_far = (*end ? *end : reader->len) - reader->at;
        if (*end) {
            struct str line = without_line_break(between(reader, reader->line_at, *end));
            if (reader->in_quotes || str_find_char(line, reader->options.quote) >= 0)
                reader->in_quotes = leaves_quote_open(line, &reader->options, reader->in_quotes);
            reader->row_lines++;
            if (!reader->first_line) reader->first_line = *end;
            reader->line_at = reader->search_at = *end;
            skip_to_open(reader, end);
            so_far = without_line_break(between(reader, reader->at, *end)).len;
        }
        if (so_far > reader->options.row_max_bytes + (*end ? 0 : 2)) return FOUND_TOO_LONG;
        if (!*end) return FOUND_NOTHING;
        if (!reader->in_quotes) return FOUND_ROW;
    }
}

/* The rest of a line whose beginning was refused. False when its end is still to come. */
static bool skip_line(struct csv_reader *reader)
{
    size_t end = find_line_end(reader);
    reader->skipping = end == 0;
    move_to(reader, end ? end : reader->len, end ? 1 : 0);
    return end != 0;
}

/* --- a row's text --- */

static enum csv_event bad(struct csv_row *row, struct error *error, enum status status,
                          size_t column, const char *what)
{
    char place[32] = "";
    if (column) (void)snprintf(place, sizeof(place), ", column %zu", column);
    row->column = column;
    row->count = 0;
    row->fields = NULL;
    (void)error_set(error, status, STR(""), STR(""), "row %llu, line %llu%s: %s",
                    (unsigned long long)row->number, (unsigned long long)row->line, place, what);
    return CSV_BAD_ROW;
}

static enum csv_event failed(struct error *error, enum status status)
{
    (void)error_plain(error, status);
    return CSV_FAILED;
}

/* Windows-1252 from 0x80 to 0x9F; from 0xA0 on it is Latin-1, that is Unicode. 0 is no character.
 */
static const uint16_t windows_1252[32] = {
    0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0,      0x017D, 0,      0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178,
};

/* Writes at most three bytes for each; returns the end, or NULL for a byte that is no character. */
static char *put_windows_1252(char *to, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned code = (unsigned char)text.ptr[i];
        if (code >= 0x80 && code < 0xA0) code = windows_1252[code - 0x80];
        if (code == 0) return NULL;
        to = str_put_utf8(to, code);
    }
    return to;
}

/* The row as UTF-8 in the arena. CSV_ROW, CSV_BAD_ROW or CSV_FAILED. */
static enum csv_event decode(struct csv_reader *reader, struct str raw, struct arena *arena,
                             struct str *text, struct csv_row *row, struct error *error)
{
    bool ascii = is_ascii(raw);
    if (raw.len && memchr(raw.ptr, '\0', raw.len))
        return bad(row, error, STATUS_MALFORMED_CSV, 0, "a NUL byte");
    bool utf8 =
        ascii || (reader->options.encoding != CSV_ENCODING_WINDOWS_1252 && str_is_utf8(raw));
    if (reader->options.encoding == CSV_ENCODING_DETECT && !ascii)
        reader->options.encoding = utf8 ? CSV_ENCODING_UTF8 : CSV_ENCODING_WINDOWS_1252;
    if (!utf8 && reader->options.encoding == CSV_ENCODING_UTF8)
        return bad(row, error, STATUS_MALFORMED_CSV, 0, "not UTF-8");
    char *bytes = arena_alloc(arena, utf8 ? raw.len : raw.len * 3);
    if (!bytes) return failed(error, STATUS_OUT_OF_MEMORY);
    if (utf8) {
        memcpy(bytes, raw.ptr, raw.len);
        *text = str_of(bytes, raw.len);
        return CSV_ROW;
    }
    char *end = put_windows_1252(bytes, raw);
    if (!end)
        return bad(row, error, STATUS_MALFORMED_CSV, 0, "a byte that is no Windows-1252 character");
    *text = str_of(bytes, (size_t)(end - bytes));
    return CSV_ROW;
}

/* --- dividing a row --- */

/* Takes a field in quotes off *at, undoubling quotes in place. NULL, or what is wrong. */
static const char *take_quoted(char **at, const char *end, const struct csv_options *options,
                               struct str *field)
{
    char *from = *at + 1, *to = from, *read = from;
    for (;;) {
        char *quote = memchr(read, options->quote, (size_t)(end - read));
        if (!quote) return "a quote is not closed";
        bool doubled = quote + 1 < end && quote[1] == options->quote;
        size_t run = (size_t)(quote - read) + doubled;
        if (to != read) memmove(to, read, run);
        to += run;
        read = quote + 1 + doubled;
        if (!doubled) break;
    }
    if (read < end && *read != options->separator) return "text behind a closing quote";
    *field = str_of(from, (size_t)(to - from));
    *at = read;
    return NULL;
}

static void take_plain(char **at, char *end, char separator, struct str *field)
{
    char *stop = memchr(*at, separator, (size_t)(end - *at));
    if (!stop) stop = end;
    *field = str_of(*at, (size_t)(stop - *at));
    *at = stop;
}

/* Room for the fields of a row, kept from row to row. */
static bool make_field_room(struct csv_reader *reader, size_t need)
{
    if (need <= reader->fields_room) return true;
    size_t room = reader->fields_room ? reader->fields_room * 2 : 32;
    struct str *fields =
        arena_realloc(reader->arena, reader->fields, reader->fields_room * sizeof(*fields),
                      room * sizeof(*fields));
    if (!fields) return false;
    reader->fields = fields;
    reader->fields_room = room;
    return true;
}

/* Divides the row's text into reader->fields. */
static enum csv_event divide(struct csv_reader *reader, struct str text, struct csv_row *row,
                             struct error *error)
{
    const struct csv_options *options = &reader->options;
    char *at = (char *)text.ptr, *end = at + text.len;
    for (row->count = 0;; at++) {
        struct str field;
        size_t column = row->count + 1;
        if (row->count == options->columns_max)
            return bad(row, error, STATUS_LIMIT_EXCEEDED, column, "more columns than allowed");
        if (!make_field_room(reader, column)) return failed(error, STATUS_OUT_OF_MEMORY);
        if (at < end && *at == options->quote) {
            const char *what = take_quoted(&at, end, options, &field);
            if (what) return bad(row, error, STATUS_MALFORMED_CSV, column, what);
        } else {
            take_plain(&at, end, options->separator, &field);
        }
        if (field.len > options->field_max_bytes)
            return bad(row, error, STATUS_LIMIT_EXCEEDED, column, "a field longer than allowed");
        reader->fields[row->count++] = field;
        if (at == end) return CSV_ROW;
    }
}

static enum csv_event check_width(struct csv_reader *reader, struct csv_row *row,
                                  struct error *error)
{
    if (!reader->width) reader->width = row->count;
    while (reader->options.same_width && row->count > reader->width &&
           reader->fields[row->count - 1].len == 0)
        row->count--;
    if (!reader->options.same_width || row->count == reader->width) return CSV_ROW;
    char what[96];
    (void)snprintf(what, sizeof(what), "%zu fields where the first row has %zu", row->count,
                   reader->width);
    return bad(row, error, STATUS_MALFORMED_CSV, 0, what);
}

static enum csv_event read_row(struct csv_reader *reader, struct str raw, struct arena *arena,
                               struct csv_row *row, struct error *error)
{
    struct str text = STR_NONE;
    enum csv_event event = decode(reader, raw, arena, &text, row, error);
    if (event == CSV_ROW) event = divide(reader, text, row, error);
    if (event == CSV_ROW) event = check_width(reader, row, error);
    row->raw = event == CSV_ROW ? STR_NONE : raw;
    if (event != CSV_ROW) return event;
    row->fields = arena_alloc(arena, row->count * sizeof(*row->fields));
    if (!row->fields) return failed(error, STATUS_OUT_OF_MEMORY);
    memcpy(row->fields, reader->fields, row->count * sizeof(*row->fields));
    return CSV_ROW;
}

/* --- the stream --- */

static enum csv_event refuse(struct csv_row *row, struct error *error, enum found found)
{
    return found == FOUND_TOO_LONG
               ? bad(row, error, STATUS_LIMIT_EXCEEDED, 0, "the row is longer than allowed")
               : bad(row, error, STATUS_MALFORMED_CSV, 0, "a quote is not closed");
}

/* Goes on behind the first line of the refused row, or skips it when its end is still to come. */
static void resume_after_first_line(struct csv_reader *reader)
{
    if (reader->first_line) {
        move_to(reader, reader->first_line, 1);
        return;
    }
    move_to(reader, reader->len, 0);
    reader->skipping = true;
}

static enum csv_event begin(struct csv_reader *reader)
{
    if (!has_sample(reader)) return CSV_MORE;
    start(reader);
    return CSV_ROW;
}

enum csv_event csv_reader_next(struct csv_reader *reader, struct arena *arena, struct csv_row *row,
                               struct error *error)
{
    if (!reader->started) {
        enum csv_event event = begin(reader);
        if (event != CSV_ROW) return event;
    }
    enum csv_event nothing = reader->finished ? CSV_END : CSV_MORE;
    if (reader->skipping && !skip_line(reader)) return nothing;
    for (;;) {
        size_t end = 0;
        enum found found = find_row(reader, &end);
        if (found == FOUND_NOTHING) return nothing;
        *row = (struct csv_row){
            .number = reader->rows + 1, .line = reader->line, .offset = reader->offset};
        if (found != FOUND_ROW) {
            size_t first_end = reader->first_line ? reader->first_line : reader->len;
            row->raw = without_line_break(between(reader, reader->at, first_end));
            reader->rows++;
            remember_open(reader);
            resume_after_first_line(reader);
            return refuse(row, error, found);
        }
        struct str raw = without_line_break(between(reader, reader->at, end));
        move_to(reader, end, reader->row_lines);
        if (raw.len == 0) continue;
        reader->rows++;
        return read_row(reader, raw, arena, row, error);
    }
}
