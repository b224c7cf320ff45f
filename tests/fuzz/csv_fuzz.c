/* The rows do not depend on how the stream was cut; they are UTF-8; written they read the same. The
 * first byte chooses options and the size of the pieces. */
#include "formats/csv.h"

#include "fuzz.h"

static struct csv_options options_of(uint8_t choice)
{
    struct csv_options options = {.same_width = choice & 1};
    if (choice & 2) options.separator = ';';
    if (choice & 4) options.row_max_bytes = 24;
    if (choice & 8) options.field_max_bytes = 8;
    if (choice & 16) options.columns_max = 3;
    if (choice & 32) options.encoding = CSV_ENCODING_WINDOWS_1252;
    return options;
}

/* All events, told as text. */
static void tell(struct buffer *out, enum csv_event event, const struct csv_row *row,
                 const struct error *error)
{
    if (event == CSV_ROW) {
        struct csv_writer writer = {.out = out};
        for (size_t i = 0; i < row->count; i++) FUZZ_REQUIRE(str_is_utf8(row->fields[i]));
        csv_write_row(&writer, row->fields, row->count);
    } else {
        buffer_append_format(out, "%s\n", error->message);
    }
}

static struct str read_in_pieces(struct csv_options options, struct str text, size_t piece,
                                 struct arena *arena, bool *all_good)
{
    struct csv_reader reader;
    struct buffer out = {.arena = arena};
    struct csv_row row;
    struct error error = {0};
    enum csv_event event;
    *all_good = true;
    csv_reader_init(&reader, options, arena);
    while ((event = csv_reader_next(&reader, arena, &row, &error)) != CSV_END) {
        if (event != CSV_MORE) {
            *all_good &= event == CSV_ROW;
            tell(&out, event, &row, &error);
            if (event == CSV_FAILED) break;
        } else if (text.len == 0) {
            csv_reader_finish(&reader);
        } else {
            size_t size = piece < text.len ? piece : text.len;
            FUZZ_REQUIRE(csv_reader_feed(&reader, str_of(text.ptr, size)) == STATUS_OK);
            text = str_skip(text, size);
        }
    }
    FUZZ_REQUIRE(!buffer_failed(&out));
    return buffer_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    bool good;
    if (size == 0) return 0;
    arena_init(&arena, 256 << 20);
    struct str text = str_of((const char *)data + 1, size - 1);
    struct csv_options options = options_of(data[0]);
    struct str whole = read_in_pieces(options, text, size, &arena, &good);
    size_t piece = data[0] & 64 ? 1 : 1 + data[0] % 13;
    struct str pieces = read_in_pieces(options, text, piece, &arena, &(bool){false});
    FUZZ_REQUIRE(str_equal(whole, pieces));
    if (good) {
        struct csv_options plain = {.separator = ',', .quote = '"', .encoding = CSV_ENCODING_UTF8};
        struct str again = read_in_pieces(plain, whole, size, &arena, &good);
        FUZZ_REQUIRE(good);
        FUZZ_REQUIRE(str_equal(again, whole));
    }
    arena_release(&arena);
    return 0;
}
