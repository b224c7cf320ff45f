#include "matching/table_reader.h"

#include "unit.h"

#include <stdio.h>
#include <unistd.h>

static enum status open_text(struct str text, struct table_reader **reader)
{
    char path[] = "/tmp/table_reader_XXXXXX";
    struct error error;
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text.ptr, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
    enum status status = table_reader_open(path, reader, &error);
    (void)unlink(path);
    return status;
}

static void what_stands_before_the_header_is_skipped(void **state)
{
    (void)state;
    static const struct str files[] = {
        STR("id;name\n1;Ann\n2;Bob\n"),
        STR("\xEF\xBB\xBFid;name\r\n1;Ann\r\n2;Bob\r\n"),
        STR("sep=;\r\nid;name\r\n1;Ann\r\n2;Bob"),
        STR("\n\r\nid;name\n1;Ann\n\n2;Bob\n"),
        STR("id;name\r1;Ann\r2;Bob\r"),
    };
    for (size_t i = 0; i < UNIT_COUNT(files); i++) {
        struct table_reader *reader;
        struct table_chunk chunk = {0};
        struct error error;
        assert_int_equal(open_text(files[i], &reader), STATUS_OK);
        assert_int_equal(table_reader_column_count(reader), 2);
        assert_str(table_reader_column(reader, 0), STR("id"));
        assert_str(table_reader_column(reader, 1), STR("name"));
        assert_int_equal(table_reader_next(reader, &chunk, &error), STATUS_OK);
        assert_int_equal(chunk.row_count, 2);
        assert_str(chunk.fields[1], STR("Ann"));
        assert_str(chunk.fields[2], STR("2"));
        assert_str(chunk.fields[3], STR("Bob"));
        table_chunk_release(&chunk);
        table_reader_close(reader);
    }
}

static void a_file_that_is_not_utf8_text_is_refused(void **state)
{
    (void)state;
    static const struct str files[] = {STR("\xFF\xFEi\0d\0\n\0"), STR("\xFE\xFF\0i\0d\0\n"),
                                       STR(""), STR("\n\n")};
    struct table_reader *reader;
    for (size_t i = 0; i < UNIT_COUNT(files); i++)
        assert_int_equal(open_text(files[i], &reader), STATUS_MALFORMED_CSV);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_stands_before_the_header_is_skipped),
        cmocka_unit_test(a_file_that_is_not_utf8_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
