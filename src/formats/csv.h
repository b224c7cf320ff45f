/* CSV (RFC 4180) as it is met in the world: a stream of bytes to rows of UTF-8 fields, and rows to
 * text. No I/O: whoever has bytes feeds them, in pieces of any size; the rows do not depend on how
 * the stream was cut.
 *
 *     struct csv_reader reader;
 *     csv_reader_init(&reader, (struct csv_options){0}, import_arena);
 *     while (reading) {
 *         TRY(csv_reader_feed(&reader, chunk));            or csv_reader_finish() at the end
 *         while ((event = csv_reader_next(&reader, row_arena, &row, &error)) == CSV_ROW ||
 *                event == CSV_BAD_ROW) ...
 *     }
 *
 * What is taken:
 * - lines end with LF or CRLF, or with CR in a file without any LF; the last may lack its end;
 * empty lines are no rows;
 * - a field in quotes may hold separators, line breaks and doubled quotes; a quote inside a field
 *   that does not begin with one is an ordinary character (5" pipe); the quote is " or, when fields
 *   are seen to stand in it and none in ", an apostrophe;
 * - the separator is given, or named by a first line "sep=;", or found by how evenly , ; tab and |
 *   divide the first lines;
 * - text is UTF-8, with or without a byte order mark, UTF-16 with one, or Windows-1252 (which holds
 *   Latin-1); when not given, most of the first lines with bytes past ASCII decide, or the first
 * row with one, so that a byte that is none costs its row and not the file;
 * - with same_width, empty fields past the width of the first row are as good as none.
 *
 * A bad row does not end the stream. It is reported, and reading goes on with the line after it;
 * after a row that is too long or whose quote is never closed, with the line after its first line,
 * so that a stray quote costs one line and not the file.
 */
#ifndef FORMATS_CSV_H
#define FORMATS_CSV_H

#include "base/buffer.h"
#include "base/status.h"
#include "formats/utf16.h"

enum csv_encoding { CSV_ENCODING_DETECT, CSV_ENCODING_UTF8, CSV_ENCODING_WINDOWS_1252 };

/* By a name such as utf-8, iso-8859-1 or windows-1252, in any case; false for any other. */
bool csv_encoding_parse(struct str name, enum csv_encoding *encoding);
#define CSV_ENCODINGS_ALLOWED "utf-8 | windows-1252 | iso-8859-1"

/* By its name; false for any other. */
bool csv_separator_parse(struct str name, char *separator);
#define CSV_SEPARATORS_ALLOWED "comma | semicolon | tab | pipe"

/* Zero in a field stands for the default. */
struct csv_options {
    char separator; /* detected */
    char quote;     /* detected */
    enum csv_encoding encoding;
    size_t field_max_bytes; /* 64 KiB */
    size_t row_max_bytes;   /* 1 MiB, line breaks in quotes included */
    size_t columns_max;     /* 1024 */
    bool same_width;        /* a row with more or fewer fields than the first is bad */
};

struct csv_row {
    uint64_t number; /* of the row, from 1; bad ones count, empty lines do not */
    uint64_t line;   /* it begins on, from 1 */
    uint64_t offset; /* in the stream (as UTF-8, when it is UTF-16) of its first byte */
    size_t column;   /* the field to blame in a bad row, from 1; 0 when it is none */
    size_t count;
    struct str *fields; /* none in a bad row */
    struct str raw;     /* of a bad row: its bytes, until the reader is used again */
};

enum csv_event {
    CSV_ROW,
    CSV_BAD_ROW, /* error says why: "row 5, line 7, column 3: ..." (MALFORMED_CSV, LIMIT_EXCEEDED)
                  */
    CSV_MORE,    /* feed more, or finish */
    CSV_END,
    CSV_FAILED, /* nothing more can be read: OUT_OF_MEMORY */
};

/* Members are private but for these, which say what was found once a row has come:
 * options.separator, options.quote, and options.encoding (still DETECT while all was ASCII). */
struct csv_reader {
    struct csv_options options;
    struct arena *arena;
    char *bytes; /* what is fed and not yet read away: [at, len) */
    size_t at, len, capacity;
    size_t line_at;     /* where the line being looked at begins */
    size_t search_at;   /* where to look for its end */
    size_t first_line;  /* the end of the row's first line, past its line break; 0 unknown */
    uint64_t row_lines; /* whole lines that the row has so far */
    bool in_quotes;     /* at line_at */
    /* A row that was refused is in quotes at the line that begins at open_at (0: no such row), and
     * so is each that begins inside it and goes on in quotes behind its first line. */
    size_t open_at, open_search_at;
    uint64_t open_line;
    bool skipping; /* the rest of a line that is too long */
    bool started, finished;
    bool lone_cr; /* CR ends lines, and was made LF */
    struct utf16_reader utf16;
    uint64_t offset, line, rows;
    size_t width;
    struct str *fields;
    size_t fields_room;
};

/* The reader keeps what it was fed and has not given yet in `arena`: at most one row of
 * row_max_bytes and the last piece, about twice over. */
void csv_reader_init(struct csv_reader *reader, struct csv_options options, struct arena *arena);
/* The bytes are copied. STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status csv_reader_feed(struct csv_reader *reader, struct str bytes);
/* There is nothing more to feed. */
void csv_reader_finish(struct csv_reader *reader);
/* The fields live in `arena`, which may be reset between rows. */
MUST_CHECK enum csv_event csv_reader_next(struct csv_reader *reader, struct arena *arena,
                                          struct csv_row *row, struct error *error);

/* Writing: rows end with CRLF, fields are quoted where a reader needs it. */
struct csv_writer {
    struct buffer *out;
    char separator; /* 0 stands for a comma */
    /* For files that people open in a spreadsheet: what it would take for a formula, at the
     * beginning of a field or where it may see the beginning of one, gets a leading apostrophe (and
     * so does not read back as it was). */
    bool guard_formulas;
};

void csv_write_row(struct csv_writer *writer, const struct str *fields, size_t count);

#endif
