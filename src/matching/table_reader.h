/* Reads a delimited file (RFC 4180) in chunks of whole rows, for a program that lives on speed:
 * fields point into the chunk's own buffer, quoted fields are unescaped in place, and while one
 * chunk is worked on the next can be read by another thread.
 *
 *     struct table_reader *reader;
 *     TRY(table_reader_open("people.csv", &reader, error));
 *     struct table_chunk chunk = {0};
 *     while (table_reader_next(reader, &chunk, error) == STATUS_OK && chunk.row_count > 0) ...
 *     table_chunk_release(&chunk);
 *     table_reader_close(reader);
 *
 * The delimiter (comma, semicolon, tab, bar) is found from the header. What may stand before it is
 * skipped: a byte order mark, "sep=;", empty lines. Line ends are LF, CRLF or CR; UTF-16 is
 * refused. A row with too few fields has empty ones, surplus fields are dropped; both are counted.
 * A quote that never closes, or a row of more than 64 MB, is an error that names the line.
 */
#ifndef MATCHING_TABLE_READER_H
#define MATCHING_TABLE_READER_H

#include "base/status.h"

struct table_reader;

struct table_chunk {
    struct str *fields; /* row by row, column_count each */
    size_t row_count;
    char *bytes;
    size_t byte_count, byte_capacity;
    size_t field_capacity;
};

enum status table_reader_open(const char *path, struct table_reader **reader, struct error *error);
void table_reader_close(struct table_reader *reader);

size_t table_reader_column_count(const struct table_reader *reader);
/* The header's names; valid until the reader is closed. */
struct str table_reader_column(const struct table_reader *reader, size_t column);
/* The next rows, none at the end of the file. The chunk's former content is overwritten. */
enum status table_reader_next(struct table_reader *reader, struct table_chunk *chunk,
                              struct error *error);
void table_chunk_release(struct table_chunk *chunk);

/* Rows whose number of fields was not the header's. */
uint64_t table_reader_uneven_rows(const struct table_reader *reader);
/* How much of the file has been read, and its size (0 when it is not a plain file). */
uint64_t table_reader_bytes_read(const struct table_reader *reader);
uint64_t table_reader_size_bytes(const struct table_reader *reader);

#endif
