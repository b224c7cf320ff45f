#include "formats/csv.h"

#include "base/environment.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 256 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* The rows as one text: [a][b] for a row, !message; for a bad one. */
static void show_event(struct buffer *shown, enum csv_event event, const struct csv_row *row,
                       const struct error *error)
{
    if (event != CSV_ROW) {
        buffer_append_format(shown, "!%s;", error->message);
        return;
    }
    for (size_t i = 0; i < row->count; i++)
        buffer_append_format(shown, "[%.*s]", STR_ARGS(row->fields[i]));
    buffer_append_char(shown, ';');
}

/* Reads `text` in pieces of `piece` bytes, each in memory of its own size. */
static struct str read_all(struct csv_options options, struct str text, size_t piece)
{
    struct buffer shown = {.arena = &arena};
    struct csv_reader reader;
    struct arena reader_arena, row_arena;
    struct csv_row row;
    struct error error = {0};
    enum csv_event event;
    arena_init(&reader_arena, 64 << 20);
    arena_init(&row_arena, 16 << 20);
    csv_reader_init(&reader, options, &reader_arena);
    do {
        event = csv_reader_next(&reader, &row_arena, &row, &error);
        if (event == CSV_MORE && text.len == 0) {
            csv_reader_finish(&reader);
        } else if (event == CSV_MORE) {
            size_t size = piece < text.len ? piece : text.len;
            char *exact = malloc(size);
            memcpy(exact, text.ptr, size);
            assert_int_equal(csv_reader_feed(&reader, str_of(exact, size)), STATUS_OK);
            free(exact);
            text = str_skip(text, size);
        } else if (event != CSV_END) {
            show_event(&shown, event, &row, &error);
        }
        arena_reset(&row_arena);
    } while (event != CSV_END && event != CSV_FAILED);
    arena_release(&reader_arena);
    arena_release(&row_arena);
    return buffer_str(&shown);
}

struct example {
    const char *why;
    struct str text;
    const char *rows;
    struct csv_options options;
};

static const struct example examples[] = {
    {"nothing", STR(""), "", {0}},
    {"only line breaks", STR("\n\r\n\n"), "", {0}},
    {"a row", STR("a,b,c\n"), "[a][b][c];", {0}},
    {"the last line may lack its end", STR("a,b\nc,d"), "[a][b];[c][d];", {0}},
    {"CRLF", STR("a,b\r\nc,d\r\n"), "[a][b];[c][d];", {0}},
    {"CRLF and LF mixed", STR("a\r\nb\nc\r\n"), "[a];[b];[c];", {0}},
    {"a lone CR is content", STR("a\rb,c\n"), "[a\rb][c];", {0}},
    {"empty fields", STR(",,\n,x,\n"), "[][][];[][x][];", {0}},
    {"empty lines are no rows", STR("a\n\n\r\nb\n"), "[a];[b];", {0}},
    {"spaces are content", STR(" a , b \n"), "[ a ][ b ];", {0}},
    {"a row of one empty field in quotes", STR("\"\"\n"), "[];", {0}},
    {"quotes", STR("\"a\",\"b\"\n"), "[a][b];", {0}},
    {"a separator in quotes", STR("\"a,b\",c\n"), "[a,b][c];", {0}},
    {"line breaks in quotes", STR("\"a\nb\r\nc\",d\ne,f\n"), "[a\nb\r\nc][d];[e][f];", {0}},
    {"doubled quotes", STR("\"a\"\"b\",\"\"\"\",\"\"\"x\"\"\"\n"), "[a\"b][\"][\"x\"];", {0}},
    {"a quote in an open field is content", STR("5\" pipe,x\"\"y\n"), "[5\" pipe][x\"\"y];", {0}},
    {"a quote after a space is content", STR(" \"a\",b\n"), "[ \"a\"][b];", {0}},
    {"quotes at the very end", STR("a,\"b\""), "[a][b];", {0}},
    {"an empty last field at the very end", STR("a,"), "[a][];", {0}},
    /* bad rows */
    {"text behind a closing quote costs its row",
     STR("a,b\n\"x\"y,z\nc,d\n"),
     "[a][b];!row 2, line 2, column 1: text behind a closing quote;[c][d];",
     {0}},
    {"a space behind a closing quote is text too",
     STR("a,\"x\" ,z\nc,d\n"),
     "!row 1, line 1, column 2: text behind a closing quote;[c][d];",
     {0}},
    {"a bad row over several lines is left at its end",
     STR("a,b\n\"x\n1\"y,z\nc,d\n"),
     "[a][b];!row 2, line 2, column 1: text behind a closing quote;[c][d];",
     {0}},
    {"a quote never closed costs one line",
     STR("a,b\nc,\"d\ne,f\ng,h\n"),
     "[a][b];!row 2, line 2: a quote is not closed;[e][f];[g][h];",
     {0}},
    {"a quote never closed in the last line",
     STR("a\n\"b"),
     "[a];!row 2, line 2: a quote is not closed;",
     {0}},
    {"lines are counted through quotes and empty lines",
     STR("\"a\nb\"\n\nc\n\"d\"x\n"),
     "[a\nb];[c];!row 3, line 5, column 1: text behind a closing quote;",
     {0}},
    {"NUL", STR("a\nb\0c\nd\n"), "[a];!row 2, line 2: a NUL byte;[d];", {0}},
    {"uneven rows are fine by default", STR("a,b\nc\nd,e,f\n"), "[a][b];[c];[d][e][f];", {0}},
    {"uneven rows are bad when asked",
     STR("a,b\nc\nd,e\n"),
     "[a][b];!row 2, line 2: 1 fields where the first row has 2;[d][e];",
     {.same_width = true}},
    /* limits */
    {"a field as long as allowed", STR("abcd,x\n"), "[abcd][x];", {.field_max_bytes = 4}},
    {"a field longer than allowed",
     STR("a,abcde\nb,c\n"),
     "!row 1, line 1, column 2: a field longer than allowed;[b][c];",
     {.field_max_bytes = 4}},
    {"more columns than allowed",
     STR("a,b\na,b,c\na\n"),
     "[a][b];!row 2, line 2, column 3: more columns than allowed;[a];",
     {.columns_max = 2}},
    {"a row as long as allowed", STR("abcdefgh\r\nx\r\n"), "[abcdefgh];[x];", {.row_max_bytes = 8}},
    {"a row longer than allowed",
     STR("abcdefghi\nx\nabcdefghijklmnopqrst\ny"),
     "!row 1, line 1: the row is longer than allowed;[x];"
     "!row 3, line 3: the row is longer than allowed;[y];",
     {.row_max_bytes = 8}},
    {"a row too long for its quotes costs its first line",
     STR("\"abc\ndef\nghi\"\nx\n"),
     "!row 1, line 1: the row is longer than allowed;[def];[ghi\"];[x];",
     {.row_max_bytes = 8}},
    {"a last line too long",
     STR("a\nbcdefghijklm"),
     "[a];!row 2, line 2: the row is longer than allowed;",
     {.row_max_bytes = 8}},
    /* separators */
    {"semicolons, with decimal commas", STR("a;b\n1,5;2,5\n"), "[a][b];[1,5][2,5];", {0}},
    {"tabs", STR("a\tb\n1\t2\n"), "[a][b];[1][2];", {0}},
    {"bars", STR("a|b\n1|2\n"), "[a][b];[1][2];", {0}},
    {"commas in quotes do not count", STR("\"x,y,z\";b\n1;2\n"), "[x,y,z][b];[1][2];", {0}},
    {"one column falls to the comma", STR("a\nb\n"), "[a];[b];", {0}},
    {"the evenly dividing one wins", STR("a;b,c\n1;2\n3;4\n"), "[a][b,c];[1][2];[3][4];", {0}},
    {"a given one is not doubted", STR("a;b,c\n"), "[a;b][c];", {.separator = ','}},
    {"a spreadsheet's own line", STR("sep=;\r\na;b,c\r\n"), "[a][b,c];", {0}},
    {"which is no row but a line",
     STR("sep=;\n\"a\"b\n"),
     "!row 1, line 2, column 1: text behind a closing quote;",
     {0}},
    {"what only looks like it", STR("sep=,a\n"), "[sep=][a];", {0}},
    /* encodings */
    {"a byte order mark is dropped",
     STR("\xEF\xBB\xBF"
         "a,b\n"),
     "[a][b];",
     {0}},
    {"a byte order mark before quotes", STR("\xEF\xBB\xBF\"a\",b\n"), "[a][b];", {0}},
    {"a byte order mark alone", STR("\xEF\xBB\xBF"), "", {0}},
    {"a byte order mark and a separator line", STR("\xEF\xBB\xBFsep=|\na|b\n"), "[a][b];", {0}},
    {"UTF-8", STR("M\xC3\xBCller,\xE2\x82\xAC\n"), "[M\xC3\xBCller][\xE2\x82\xAC];", {0}},
    {"Latin-1", STR("M\xFCller,\xDF\n"), "[M\xC3\xBCller][\xC3\x9F];", {0}},
    {"Windows-1252",
     STR("\x80 5,\x84q\x93\n"),
     "[\xE2\x82\xAC 5][\xE2\x80\x9Eq\xE2\x80\x9C];",
     {0}},
    {"Windows-1252 in quotes", STR("\"\xFC\"\"\",b\n"), "[\xC3\xBC\"][b];", {0}},
    {"what is no character in Windows-1252",
     STR("\xFC\n\x81\nc\n"),
     "[\xC3\xBC];!row 2, line 2: a byte that is no Windows-1252 character;[c];",
     {0}},
    {"once UTF-8, other bytes are a fault",
     STR("\xC3\xBC\n\xFC\nc\n"),
     "[\xC3\xBC];!row 2, line 2: not UTF-8;[c];",
     {0}},
    {"a byte in front that is none costs its row alone",
     STR("\xFC\n\xC3\xBC\n\xC3\xA4\n"),
     "!row 1, line 1: not UTF-8;[\xC3\xBC];[\xC3\xA4];",
     {0}},
    {"a given encoding is not doubted",
     STR("\xC3\xBC\n"),
     "[\xC3\x83\xC2\xBC];",
     {.encoding = CSV_ENCODING_WINDOWS_1252}},
    {"UTF-16, the small end first",
     STR("\xFF\xFE"
         "a\0;\0\xFC\0\r\0\n\0"
         "b\0;\0=\xD8\x00\xDE\n\0"),
     "[a][\xC3\xBC];[b][\xF0\x9F\x98\x80];",
     {0}},
    {"UTF-16, the big end first, cut off in a character",
     STR("\xFE\xFF\0a\0\t\0b\0\n\0c\0\t\0"),
     "[a][b];[c][\xEF\xBF\xBD];",
     {0}},
    {"UTF-16 with half a pair",
     STR("\xFF\xFE"
         "\x00\xD8x\0\n\0"),
     "[\xEF\xBF\xBDx];",
     {0}},
    {"one byte is no mark", STR("\xFF"), "[\xC3\xBF];", {0}},
    /* what else is met */
    {"CR ends lines where no LF does", STR("a,b\rc,\"d\re\"\r"), "[a][b];[c][d\ne];", {0}},
    {"apostrophes as quotes", STR("'a','b,c'\n'it''s','d\ne'\n"), "[a][b,c];[it's][d\ne];", {0}},
    {"apostrophes in names are none",
     STR("O'Brien,'t Hof\nd'Arc,x\n"),
     "[O'Brien]['t Hof];[d'Arc][x];",
     {0}},
    {"a given quote is not doubted", STR("'a','b'\n"), "['a']['b'];", {.quote = '"'}},
    {"empty fields past the width are none",
     STR("a,b\n1,2,,\n3,4,5\n"),
     "[a][b];[1][2];!row 3, line 3: 3 fields where the first row has 2;",
     {.same_width = true}},
};

static void every_example_reads_the_same_in_pieces_of_any_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(examples); i++) {
        const struct example *example = &examples[i];
        for (size_t piece = 1; piece <= example->text.len + 1; piece++) {
            struct str rows = read_all(example->options, example->text, piece);
            if (!str_equal(rows, str_from_cstr(example->rows)))
                fail_msg("%s, in pieces of %zu: <%.*s>", example->why, piece, STR_ARGS(rows));
        }
    }
}

static void a_row_knows_its_number_line_and_offset(void **state)
{
    (void)state;
    struct csv_reader reader;
    struct csv_row row;
    struct error error;
    csv_reader_init(&reader, (struct csv_options){0}, &arena);
    assert_int_equal(csv_reader_feed(&reader, STR("\xEF\xBB\xBFh,\"1\n2\"\n\nb,c\n")), STATUS_OK);
    csv_reader_finish(&reader);
    assert_int_equal(csv_reader_next(&reader, &arena, &row, &error), CSV_ROW);
    assert_int_equal(row.number, 1);
    assert_int_equal(row.line, 1);
    assert_int_equal(row.offset, 3);
    assert_int_equal(csv_reader_next(&reader, &arena, &row, &error), CSV_ROW);
    assert_int_equal(row.number, 2);
    assert_int_equal(row.line, 4);
    assert_int_equal(row.offset, 12);
    assert_int_equal(reader.options.separator, ',');
    assert_int_equal(reader.options.encoding, CSV_ENCODING_UTF8);
    assert_int_equal(csv_reader_next(&reader, &arena, &row, &error), CSV_END);
    assert_int_equal(csv_reader_next(&reader, &arena, &row, &error), CSV_END);
}

static void a_long_stream_keeps_a_bounded_memory(void **state)
{
    (void)state;
    struct csv_reader reader;
    struct arena reader_arena, row_arena;
    struct csv_row row;
    struct error error;
    size_t rows = 0;
    arena_init(&reader_arena, 256 * 1024);
    arena_init(&row_arena, 64 * 1024);
    csv_reader_init(&reader, (struct csv_options){.row_max_bytes = 1024}, &reader_arena);
    for (int i = 0; i < 2000; i++) {
        enum csv_event event;
        assert_int_equal(csv_reader_feed(&reader, STR("a,b,c\n\"quoted\nfield\",x,y\nz")),
                         STATUS_OK);
        while ((event = csv_reader_next(&reader, &row_arena, &row, &error)) == CSV_ROW) {
            rows++;
            arena_reset(&row_arena);
        }
        assert_int_equal(event, CSV_MORE);
    }
    assert_true(rows > 3900);
    arena_release(&reader_arena);
    arena_release(&row_arena);
}

static void running_out_of_memory_is_a_failure_not_a_bad_row(void **state)
{
    (void)state;
    struct csv_reader reader;
    struct arena none;
    struct csv_row row;
    struct error error;
    arena_init(&none, 0);
    csv_reader_init(&reader, (struct csv_options){0}, &none);
    assert_int_equal(csv_reader_feed(&reader, STR("a")), STATUS_OUT_OF_MEMORY);
    csv_reader_init(&reader, (struct csv_options){0}, &arena);
    assert_int_equal(csv_reader_feed(&reader, STR("a")), STATUS_OK);
    csv_reader_finish(&reader);
    assert_int_equal(csv_reader_next(&reader, &none, &row, &error), CSV_FAILED);
    assert_int_equal(error.status, STATUS_OUT_OF_MEMORY);
}

/* --- writing --- */

static struct str write_row(struct csv_writer writer, const struct str *fields, size_t count)
{
    struct buffer out = {.arena = &arena};
    writer.out = &out;
    csv_write_row(&writer, fields, count);
    assert_false(buffer_failed(&out));
    return buffer_str(&out);
}

static void fields_are_quoted_where_a_reader_needs_it(void **state)
{
    (void)state;
    struct str fields[] = {STR("a"),  STR("b,c"), STR("d\"e"),  STR("f\ng"), STR(" h"),
                           STR("i "), STR(""),    STR("sep=;"), STR_NONE,    STR("\"")};
    struct str text = write_row((struct csv_writer){0}, fields, 10);
    assert_true(str_equal(text, STR("a,\"b,c\",\"d\"\"e\",\"f\ng\",\" h\",\"i \",,\"sep=;\",,"
                                    "\"\"\"\"\r\n")));
    text = write_row((struct csv_writer){.separator = ';'}, fields, 2);
    assert_true(str_equal(text, STR("a;b,c\r\n")));
    text = write_row((struct csv_writer){0}, &fields[6], 1);
    assert_true(str_equal(text, STR("\"\"\r\n")));
}

static void formulas_are_guarded_when_asked(void **state)
{
    (void)state;
    struct str fields[] = {STR("=1+1"),       STR("@x"),       STR("-12.5"),
                           STR("+49 30 (1)"), STR("-1+cmd|x"), STR("=a,b")};
    struct str text = write_row((struct csv_writer){.guard_formulas = true}, fields, 6);
    assert_true(str_equal(text, STR("'=1+1,'@x,-12.5,+49 30 (1),'-1+cmd|x,\"'=a,b\"\r\n")));
}

static void formulas_are_guarded_where_another_separator_begins_a_cell(void **state)
{
    (void)state;
    static const struct {
        struct str field, guarded;
    } cases[] = {
        {STR("Acme;=1+1"), STR("Acme;'=1+1\r\n")},
        {STR("Acme; @x;b"), STR("Acme;' @x;b\r\n")},
        {STR("a;\"=1\";c"), STR("\"a;'\"\"=1\"\";c\"\r\n")},
        {STR("a\n-cmd|x"), STR("\"a\n'-cmd|x\"\r\n")},
        {STR("\t=1"), STR("\t'=1\r\n")},
        {STR("+49 30 1;+49 30 2"), STR("+49 30 1;+49 30 2\r\n")},
        {STR("a, -b"), STR("\"a, -b\"\r\n")}, /* quoted, where a comma ends cells */
        {STR("a@x.example;b@x.example"), STR("a@x.example;b@x.example\r\n")},
        {STR("\xEF\xBC\x9D"
             "1"),
         STR("'\xEF\xBC\x9D"
             "1\r\n")},
        {STR("a;\xEF\xBC\xA0x"), STR("a;'\xEF\xBC\xA0x\r\n")},
        {STR("\xEF\xBC\x8B"
             "49"),
         STR("'\xEF\xBC\x8B"
             "49\r\n")},
        {STR("\xEF\xBC\x8D"
             "1"),
         STR("'\xEF\xBC\x8D"
             "1\r\n")},
        {STR(";"), STR(";\r\n")},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str text =
            write_row((struct csv_writer){.guard_formulas = true}, &cases[i].field, 1);
        if (!str_equal(text, cases[i].guarded)) fail_msg("%zu: %.*s", i, STR_ARGS(text));
    }
}

static size_t pick(struct environment *environment, size_t below)
{
    uint32_t number;
    environment->random(environment, &number, sizeof(number));
    return number % below;
}

/* Whatever fields are written are read back, in any pieces. */
static void written_rows_read_back_the_same(void **state)
{
    (void)state;
    static const char *const atoms[] = {"a",  ",", ";", "\t", "|",    "\"", "\n",       "\r\n",
                                        "\r", " ", "1", "=",  "sep=", "",   "\xC3\xA9", "xyz"};
    struct environment_fixed random;
    environment_fixed_init(&random, 0, 0, 7);
    struct environment *environment = &random.base;
    for (int round = 0; round < 500; round++) {
        struct buffer text = {.arena = &arena}, shown = {.arena = &arena};
        struct csv_writer writer = {.out = &text, .separator = ",;\t|"[pick(environment, 4)]};
        for (size_t rows = 1 + pick(environment, 5); rows > 0; rows--) {
            struct str fields[4];
            size_t count = 1 + pick(environment, 4);
            for (size_t i = 0; i < count; i++) {
                struct buffer field = {.arena = &arena};
                for (size_t n = pick(environment, 5); n > 0; n--)
                    buffer_append(&field, str_from_cstr(atoms[pick(environment, 16)]));
                fields[i] = buffer_str(&field);
            }
            csv_write_row(&writer, fields, count);
            struct csv_row row = {.count = count, .fields = fields};
            show_event(&shown, CSV_ROW, &row, NULL);
        }
        struct csv_options options = {.separator = writer.separator};
        struct str rows = read_all(options, buffer_str(&text), 1 + pick(environment, 20));
        if (!str_equal(rows, buffer_str(&shown)))
            fail_msg("<%.*s> reads as <%.*s>", STR_ARGS(buffer_str(&text)), STR_ARGS(rows));
    }
}

/* The next event, after it the reader's place; without numbers, which depend on what came before.
 */
static struct str next_event(struct csv_reader *reader, struct csv_row *row, enum csv_event *event)
{
    struct buffer shown = {.arena = &arena};
    struct error error = {0};
    *event = csv_reader_next(reader, &arena, row, &error);
    if (*event == CSV_BAD_ROW)
        buffer_append_format(&shown, "!%zu%s", row->column, strchr(error.message, ':'));
    else if (*event == CSV_ROW)
        show_event(&shown, *event, row, NULL);
    return shown.len ? buffer_str(&shown) : STR("");
}

static void open_reader(struct csv_reader *reader, struct csv_options options, struct str text)
{
    csv_reader_init(reader, options, &arena);
    assert_int_equal(csv_reader_feed(reader, text), STATUS_OK);
    csv_reader_finish(reader);
}

/* What was remembered of a row that was refused changes nothing of those that begin inside it. */
static void a_row_is_read_as_if_the_stream_began_with_it(void **state)
{
    (void)state;
    static const char *const atoms[] = {"a", ",", "\"", "\n", "\"\"", "\",\"", "b\n"};
    const struct csv_options options = {.separator = ',', .quote = '"', .row_max_bytes = 12};
    struct environment_fixed random;
    environment_fixed_init(&random, 0, 0, 11);
    for (int round = 0; round < 3000; round++) {
        struct csv_reader reader, fresh;
        struct csv_row row, again;
        enum csv_event event, other;
        struct buffer text = {.arena = &arena};
        arena_reset(&arena);
        for (size_t n = pick(&random.base, 60); n > 0; n--)
            buffer_append(&text, str_from_cstr(atoms[pick(&random.base, 7)]));
        struct str all = text.len ? buffer_str(&text) : STR("");
        open_reader(&reader, options, all);
        for (;;) {
            struct str shown = next_event(&reader, &row, &event);
            if (event == CSV_END) break;
            open_reader(&fresh, options, str_skip(all, row.offset));
            struct str expected = next_event(&fresh, &again, &other);
            size_t line = 1;
            for (size_t i = 0; i < row.offset; i++) line += all.ptr[i] == '\n';
            if (event != other || !str_equal(shown, expected) || row.line != line)
                fail_msg("<%.*s> at %zu: %.*s instead of %.*s", STR_ARGS(all), (size_t)row.offset,
                         STR_ARGS(shown), STR_ARGS(expected));
        }
    }
}

/* Each line leaves a quote open, wherever the reader begins: following each of them for as long as
 * a row may be is an hour for a file of 2 MB. */
static void lines_that_all_open_a_quote_are_not_followed_again_and_again(void **state)
{
    (void)state;
    enum { LINES = 300000 };
    static const char line[] = "b\",\"c\n";
    struct csv_reader reader;
    struct arena row_arena;
    struct csv_row row;
    struct error error;
    size_t bad = 0;
    char *text = malloc(LINES * (sizeof(line) - 1));
    assert_non_null(text);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + i * (sizeof(line) - 1), line, sizeof(line) - 1);
    arena_init(&row_arena, 1 << 20);
    open_reader(&reader, (struct csv_options){.separator = ',', .quote = '"'},
                str_of(text, LINES * (sizeof(line) - 1)));
    while (csv_reader_next(&reader, &row_arena, &row, &error) == CSV_BAD_ROW) bad++;
    assert_int_equal(bad, LINES);
    arena_release(&row_arena);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_reads_the_same_in_pieces_of_any_size),
        cmocka_unit_test(a_row_knows_its_number_line_and_offset),
        cmocka_unit_test(a_long_stream_keeps_a_bounded_memory),
        cmocka_unit_test(running_out_of_memory_is_a_failure_not_a_bad_row),
        cmocka_unit_test(fields_are_quoted_where_a_reader_needs_it),
        cmocka_unit_test(formulas_are_guarded_when_asked),
        cmocka_unit_test(formulas_are_guarded_where_another_separator_begins_a_cell),
        cmocka_unit_test(written_rows_read_back_the_same),
        cmocka_unit_test(a_row_is_read_as_if_the_stream_began_with_it),
        cmocka_unit_test(lines_that_all_open_a_quote_are_not_followed_again_and_again),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
