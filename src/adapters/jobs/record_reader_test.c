/* What a file is, by how it begins. What is read of it is tested with the importer. */
#include "adapters/jobs/record_reader.h"

#include <string.h>

#include "unit.h"

static void a_form_is_found_by_how_a_file_begins(void **state)
{
    static const struct {
        struct str head;
        enum record_form asked, found;
    } heads[] = {
        {STR("name,emails\n"), RECORD_FORM_DETECT, RECORD_FORM_CSV},
        {STR(" {\"name\":\"A\"}\n"), RECORD_FORM_DETECT, RECORD_FORM_NDJSON},
        {STR("[ID];[Name]\n"), RECORD_FORM_DETECT, RECORD_FORM_CSV},
        {STR("{\"name\":\"A\"}\n"), RECORD_FORM_CSV, RECORD_FORM_CSV},
        {STR("P,K\n"), RECORD_FORM_DETECT, RECORD_FORM_CSV},
        {STR(""), RECORD_FORM_DETECT, RECORD_FORM_CSV},
    };
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(heads); i++) {
        enum record_form form = heads[i].asked;
        assert_int_equal(record_form_find(heads[i].head, &form, NULL), STATUS_OK);
        assert_int_equal(form, heads[i].found);
    }
}

static void what_is_no_table_is_named_with_what_to_make_of_it(void **state)
{
    static const struct {
        struct str head;
        enum record_form form;
        const char *what, *instead;
    } heads[] = {
        {STR("PK\003\004\024"), RECORD_FORM_CSV, "xlsx", "CSV"},
        {STR("\xd0\xcf\x11\xe0\xa1"), RECORD_FORM_DETECT, ".xls", "CSV"},
        {STR("%PDF-1.7"), RECORD_FORM_CSV, "PDF", "CSV"},
        {STR("\x1f\x8b\x08"), RECORD_FORM_NDJSON, "gzip", "gunzip"},
        {STR("[\n {\"name\":\"A\"}]"), RECORD_FORM_DETECT, "JSON array", "jq"},
        {STR("[1]"), RECORD_FORM_NDJSON, "JSON array", "jq"},
    };
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(heads); i++) {
        struct error error;
        enum record_form form = heads[i].form;
        assert_int_equal(record_form_find(heads[i].head, &form, &error), STATUS_INVALID_VALUE);
        assert_non_null(strstr(error.message, heads[i].what));
        assert_non_null(strstr(error.allowed, heads[i].instead));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_is_found_by_how_a_file_begins),
        cmocka_unit_test(what_is_no_table_is_named_with_what_to_make_of_it),
    };
    return cmocka_run_group_tests_name("record reader", tests, NULL, NULL);
}
