#include "formats/json.h"

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

/* The text is copied to memory of exactly its size, so that a sanitizer sees an overrun. */
static enum status parse(struct str text, struct json_value **out, struct error *error)
{
    char *exact = malloc(text.len ? text.len : 1);
    memcpy(exact, text.ptr, text.len);
    enum status status = json_parse(str_of(exact, text.len), &arena, out, error);
    if (status == STATUS_OK) *out = json_copy(*out, &arena);
    free(exact);
    return status;
}

static struct json_value *parsed(const char *text)
{
    struct json_value *value = NULL;
    struct error error = {0};
    if (parse(str_from_cstr(text), &value, &error) != STATUS_OK)
        fail_msg("%s: %s", text, error.message);
    return value;
}

static struct str written(const struct json_value *value)
{
    struct buffer out = {.arena = &arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, value);
    assert_false(buffer_failed(&out));
    return buffer_str(&out);
}

/* --- what is taken --- */

struct accepted {
    const char *why;
    struct str text;
    struct str written; /* what writing the tree gives; absent: the text itself */
};

#define SAME STR_NONE

static const struct accepted accepted[] = {
    {"null alone is a document", STR("null"), SAME},
    {"true alone is a document", STR("true"), SAME},
    {"false alone is a document", STR("false"), SAME},
    {"a string alone is a document", STR("\"a\""), SAME},
    {"the empty string", STR("\"\""), SAME},
    {"the empty object", STR("{}"), SAME},
    {"the empty array", STR("[]"), SAME},
    {"the empty name is a name", STR("{\"\":1}"), SAME},
    {"all four kinds of white space are dropped", STR(" \t\r\n[ 1 ,\n2 ]\r\n"), STR("[1,2]")},
    {"space inside empty containers", STR("[ { } , [ ] ]"), STR("[{},[]]")},
    {"zero", STR("0"), SAME},
    {"minus zero keeps its sign", STR("-0"), SAME},
    {"a number longer than any type is kept", STR("123456789012345678901234567890"), SAME},
    {"trailing zeros of a fraction are kept", STR("1.500"), SAME},
    {"an exponent is kept as written", STR("[1e5,1E+5,1.5e-05]"), SAME},
    {"an exponent past any type is text here", STR("1e999999"), SAME},
    {"members keep their order", STR("{\"b\":1,\"a\":2}"), SAME},
    {"the short escapes", STR("\"\\\"\\\\\\b\\f\\n\\r\\t\""), SAME},
    {"an escaped slash is a slash", STR("\"\\/\""), STR("\"/\"")},
    {"an escaped letter is the letter", STR("\"\\u0041\\u007a\""), STR("\"Az\"")},
    {"hexadecimal digits in either case", STR("\"\\u00e9\\u00E9\""), STR("\"\xC3\xA9\xC3\xA9\"")},
    {"a three-byte character by escape", STR("\"\\u20AC\""), STR("\"\xE2\x82\xAC\"")},
    {"a surrogate pair is one character", STR("\"\\uD83D\\uDE00\""), STR("\"\xF0\x9F\x98\x80\"")},
    {"the last code point", STR("\"\\uDBFF\\uDFFF\""), STR("\"\xF4\x8F\xBF\xBF\"")},
    {"noncharacters are characters in JSON", STR("\"\\uFFFF\""), STR("\"\xEF\xBF\xBF\"")},
    {"control characters by escape stay escaped", STR("\"\\u0001\\u001f\""), SAME},
    {"DEL needs no escape", STR("\"\x7F\""), SAME},
    {"text in any script is kept", STR("\"\xE6\x97\xA5\xD0\x9C\xF0\x9D\x84\x9E\""), SAME},
    {"a name may have escapes", STR("{\"\\u0061\\n\":1}"), STR("{\"a\\n\":1}")},
    {"an escape behind eight plain bytes", STR("\"12345678\\n12345678\""), SAME},
    {"names that differ in case differ", STR("{\"a\":1,\"A\":2}"), SAME},
    {"the same name in different objects", STR("{\"a\":{\"a\":[{\"a\":1},{\"a\":2}]}}"), SAME},
    {"as deep as allowed", STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
     SAME},
};

static void well_formed_documents_are_read_and_written_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(accepted); i++) {
        const struct accepted *row = &accepted[i];
        struct str expected = str_is_none(row->written) ? row->text : row->written;
        struct json_value *value, *again;
        struct error error = {0};
        if (parse(row->text, &value, &error) != STATUS_OK)
            fail_msg("%s: %s", row->why, error.message);
        struct str text = written(value);
        if (!str_equal(text, expected)) fail_msg("%s: <%.*s>", row->why, STR_ARGS(text));
        assert_int_equal(parse(text, &again, &error), STATUS_OK);
        if (!json_equal(value, again)) fail_msg("%s: changes by writing", row->why);
    }
}

/* --- what is refused --- */

struct refused {
    struct str text;
    enum status status;
    const char *field;
    const char *message;
};

#define MALFORMED STATUS_MALFORMED_JSON

static const struct refused refused[] = {
    {STR(""), MALFORMED, "", "line 1, column 1: expected a value, not the end"},
    {STR(" \n "), MALFORMED, "", "line 2, column 2: expected a value, not the end"},
    {STR("\xEF\xBB\xBF{}"), MALFORMED, "",
     "line 1, column 1: begins with a byte order mark, which JSON does not allow"},
    /* literals */
    {STR("nul"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("True"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("NaN"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("Infinity"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("truer"), MALFORMED, "", "line 1, column 5: expected nothing more after the value"},
    {STR("'a'"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("\v1"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("\xC2\xA0"
         "1"),
     MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("/*c*/1"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("1 2"), MALFORMED, "", "line 1, column 3: expected nothing more after the value"},
    {STR("{}\0"), MALFORMED, "", "line 1, column 3: expected nothing more after the value"},
    /* numbers */
    {STR("-"), MALFORMED, "", "line 1, column 2: expected a digit"},
    {STR("+1"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("-a"), MALFORMED, "", "line 1, column 2: expected a digit"},
    {STR("01"), MALFORMED, "", "line 1, column 2: a number cannot begin with 0"},
    {STR("-00"), MALFORMED, "", "line 1, column 3: a number cannot begin with 0"},
    {STR("1."), MALFORMED, "", "line 1, column 3: expected a digit"},
    {STR(".5"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("1e"), MALFORMED, "", "line 1, column 3: expected a digit"},
    {STR("1e+"), MALFORMED, "", "line 1, column 4: expected a digit"},
    {STR("1.e1"), MALFORMED, "", "line 1, column 3: expected a digit"},
    {STR("0x1"), MALFORMED, "", "line 1, column 2: expected nothing more after the value"},
    {STR("[1 000]"), MALFORMED, "[0]", "line 1, column 4: expected , or ]"},
    /* strings */
    {STR("\"a"), MALFORMED, "", "line 1, column 3: the string is not closed"},
    {STR("\""), MALFORMED, "", "line 1, column 2: the string is not closed"},
    {STR("\"a\\"), MALFORMED, "", "line 1, column 4: the string is not closed"},
    {STR("\"a\\\""), MALFORMED, "", "line 1, column 5: the string is not closed"},
    {STR("\"a\nb\""), MALFORMED, "",
     "line 1, column 3: a control character in a string must be escaped"},
    {STR("\"a\0b\""), MALFORMED, "",
     "line 1, column 3: a control character in a string must be escaped"},
    {STR("\"\\n\x1F\""), MALFORMED, "",
     "line 1, column 4: a control character in a string must be escaped"},
    {STR("\"\\x41\""), MALFORMED, "", "line 1, column 2: an unknown escape"},
    {STR("\"\\U0041\""), MALFORMED, "", "line 1, column 2: an unknown escape"},
    {STR("\"\\\0\""), MALFORMED, "", "line 1, column 2: an unknown escape"},
    {STR("\"\\u12\""), MALFORMED, "", "line 1, column 2: \\u needs four hexadecimal digits"},
    {STR("\"\\u12G4\""), MALFORMED, "", "line 1, column 2: \\u needs four hexadecimal digits"},
    {STR("\"\\u\""), MALFORMED, "", "line 1, column 2: \\u needs four hexadecimal digits"},
    {STR("\"a\\u0000\""), MALFORMED, "",
     "line 1, column 3: \\u0000 is not allowed: no text can hold it"},
    {STR("\"\\uD83D\""), MALFORMED, "", "line 1, column 2: half of a surrogate pair"},
    {STR("\"\\uD83Dxxxxxx\""), MALFORMED, "", "line 1, column 2: half of a surrogate pair"},
    {STR("\"\\uD83D\\n12345\""), MALFORMED, "", "line 1, column 2: half of a surrogate pair"},
    {STR("\"\\uD83D\\uD83D\""), MALFORMED, "", "line 1, column 2: half of a surrogate pair"},
    {STR("\"\\uDE00\\uD83D\""), MALFORMED, "", "line 1, column 2: half of a surrogate pair"},
    /* UTF-8 */
    {STR("\"\xFF\""), MALFORMED, "", "line 1, column 2: not UTF-8"},
    {STR("\"\xC3\xA9\xC3\""), MALFORMED, "", "line 1, column 3: not UTF-8"},
    {STR("\"\xC0\x80\""), MALFORMED, "", "line 1, column 2: not UTF-8"},
    {STR("\"\xED\xA0\x80\""), MALFORMED, "", "line 1, column 2: not UTF-8"},
    {STR("\"\xF4\x90\x80\x80\""), MALFORMED, "", "line 1, column 2: not UTF-8"},
    {STR("\"12345678\xE2\x82"), MALFORMED, "", "line 1, column 10: not UTF-8"},
    /* containers */
    {STR("["), MALFORMED, "[0]", "line 1, column 2: expected a value, not the end"},
    {STR("[1"), MALFORMED, "[0]", "line 1, column 3: expected , or ]"},
    {STR("[1,]"), MALFORMED, "[1]", "line 1, column 4: expected a value"},
    {STR("[,1]"), MALFORMED, "[0]", "line 1, column 2: expected a value"},
    {STR("[1}"), MALFORMED, "[0]", "line 1, column 3: expected , or ]"},
    {STR("]"), MALFORMED, "", "line 1, column 1: expected a value"},
    {STR("{"), MALFORMED, "", "line 1, column 2: expected a name in quotes"},
    {STR("{a:1}"), MALFORMED, "", "line 1, column 2: expected a name in quotes"},
    {STR("{\"a\"}"), MALFORMED, "a", "line 1, column 5: expected :"},
    {STR("{\"a\":}"), MALFORMED, "a", "line 1, column 6: expected a value"},
    {STR("{\"a\":1,}"), MALFORMED, "", "line 1, column 8: expected a name in quotes"},
    {STR("{\"a\":1 \"b\":2}"), MALFORMED, "", "line 1, column 8: expected , or }"},
    {STR("{\"a\":1]"), MALFORMED, "", "line 1, column 7: expected , or }"},
    {STR("{\"a\":1}}"), MALFORMED, "", "line 1, column 8: expected nothing more after the value"},
    /* places */
    {STR("{\n  \"contacts\": [\n    {\"email\": x}\n  ]\n}"), MALFORMED, "contacts[0].email",
     "line 3, column 15: expected a value"},
    {STR("{\"a\":[[1],[2,x]]}"), MALFORMED, "a[1][1]", "line 1, column 14: expected a value"},
    {STR("{\"\xC3\xA9\":\"\xC3\xA9\",\"b\":x}"), MALFORMED, "b",
     "line 1, column 14: expected a value"},
    /* duplicates and depth */
    {STR("{\"a\":1,\"a\":1}"), STATUS_DUPLICATE_FIELD, "a", "the field is given twice"},
    {STR("{\"a\":1,\"\\u0061\":1}"), STATUS_DUPLICATE_FIELD, "a", "the field is given twice"},
    {STR("{\"\":1,\"\":1}"), STATUS_DUPLICATE_FIELD, "", "the field is given twice"},
    {STR("{\"c\":[{},{\"x\":1,\"name\":1,\"name\":2}]}"), STATUS_DUPLICATE_FIELD, "c[1].name",
     "the field is given twice"},
    {STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
     STATUS_LIMIT_EXCEEDED,
     "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]"
     "["
     "0]",
     "line 1, column 33: nested too deeply"},
};

static void malformed_documents_are_refused_with_their_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < UNIT_COUNT(refused); i++) {
        const struct refused *row = &refused[i];
        struct json_value *value;
        struct error error = {0};
        enum status status = parse(row->text, &value, &error);
        if (status != row->status || error.status != row->status ||
            strcmp(error.field, row->field) != 0 || strcmp(error.message, row->message) != 0)
            fail_msg("row %zu <%.*s>: %d at <%s>: %s", i, STR_ARGS(row->text), status, error.field,
                     error.message);
    }
}

static void every_truncation_of_a_document_is_refused(void **state)
{
    (void)state;
    static const char text[] =
        "{\"a\":[1.5e3,true,null,\"x\\u00e9\\ud83d\\ude00\"],\"\xC3\xA9\":{\"b\":{}}}";
    struct json_value *value;
    for (size_t length = 0; length < sizeof(text) - 1; length++)
        assert_int_equal(parse(str_of(text, length), &value, NULL), STATUS_MALFORMED_JSON);
    assert_int_equal(parse(str_of(text, sizeof(text) - 1), &value, NULL), STATUS_OK);
}

static void long_paths_and_names_are_cut(void **state)
{
    (void)state;
    struct buffer text = {.arena = &arena};
    buffer_append(&text, STR("{\"a\":{\""));
    for (int i = 0; i < 1000; i++) buffer_append_char(&text, 'n');
    buffer_append(&text, STR("\":x}}"));
    struct json_value *value;
    struct error error = {0};
    assert_int_equal(parse(buffer_str(&text), &value, &error), STATUS_MALFORMED_JSON);
    assert_int_equal(strlen(error.field), sizeof(error.field) - 1);
}

/* --- limits --- */

static struct str many_members(size_t count, bool with_duplicate)
{
    struct buffer text = {.arena = &arena};
    buffer_append_char(&text, '{');
    for (size_t i = 0; i < count; i++) {
        /* Names of one length with a long common prefix: the worst to tell apart. */
        buffer_append_format(&text, "%s\"the_same_prefix_for_all_%07zu\":0", i ? "," : "",
                             with_duplicate && i == count - 1 ? (count - 1) / 2 : i);
    }
    buffer_append_char(&text, '}');
    assert_false(buffer_failed(&text));
    return buffer_str(&text);
}

static void an_object_of_100000_members_takes_no_quadratic_time(void **state)
{
    (void)state;
    struct json_value *a, *b;
    struct error error;
    struct str text = many_members(100000, false);
    assert_int_equal(json_parse(text, &arena, &a, &error), STATUS_OK);
    assert_int_equal(a->count, 100000);
    b = json_copy(a, &arena);
    struct json_member first = b->members[0];
    b->members[0] = b->members[99999];
    b->members[99999] = first;
    assert_true(json_equal(a, b));
    b->members[5].value = json_make_boolean(true);
    assert_false(json_equal(a, b));
}

static void a_duplicate_among_100000_members_is_found(void **state)
{
    (void)state;
    struct json_value *value;
    struct error error;
    assert_int_equal(json_parse(many_members(100000, true), &arena, &value, &error),
                     STATUS_DUPLICATE_FIELD);
    assert_string_equal(error.field, "the_same_prefix_for_all_0049999");
}

static void duplicates_are_found_at_every_count_of_members(void **state)
{
    (void)state;
    struct json_value *value;
    for (size_t count = 2; count < 90; count++) {
        assert_int_equal(json_parse(many_members(count, true), &arena, &value, NULL),
                         STATUS_DUPLICATE_FIELD);
        assert_int_equal(json_parse(many_members(count, false), &arena, &value, NULL), STATUS_OK);
        assert_int_equal(value->count, count);
    }
}

static void running_out_of_arena_is_a_status_at_every_limit(void **state)
{
    (void)state;
    struct str text = many_members(120, false);
    size_t limit = 0;
    enum status status;
    do {
        struct arena small;
        struct json_value *value;
        struct error error = {0};
        arena_init(&small, limit);
        status = json_parse(text, &small, &value, &error);
        if (status == STATUS_OK && !json_copy(value, &arena)) fail();
        if (status != STATUS_OK) assert_int_equal(error.status, STATUS_OUT_OF_MEMORY);
        arena_release(&small);
        limit += 64;
    } while (status == STATUS_OUT_OF_MEMORY);
    assert_int_equal(status, STATUS_OK);
}

static void copying_out_of_memory_gives_null(void **state)
{
    (void)state;
    struct json_value *value = parsed("{\"a\":[1,{\"b\":\"text\"}],\"c\":\"\\n\"}"), *copy;
    size_t limit = 0;
    do {
        struct arena small;
        arena_init(&small, limit++);
        copy = json_copy(value, &small);
        arena_release(&small);
    } while (!copy);
    assert_true(limit > 100);
}

static void strings_without_escapes_point_into_the_source(void **state)
{
    (void)state;
    static const char text[] = "[\"plain\",\"esc\\n\"]";
    struct json_value *value;
    assert_int_equal(json_parse(str_of(text, sizeof(text) - 1), &arena, &value, NULL), STATUS_OK);
    assert_ptr_equal(value->items[0].text.ptr, text + 2);
    assert_str(value->items[1].text, STR("esc\n"));
}

/* --- values --- */

static void members_are_found_by_name(void **state)
{
    (void)state;
    struct json_value *value = parsed("{\"name\":\"Acme\",\"n\":1,\"none\":null}");
    assert_str(json_text(json_get(value, STR("name"))), STR("Acme"));
    assert_null(json_get(value, STR("nam")));
    assert_null(json_get(NULL, STR("name")));
    assert_null(json_get(json_get(value, STR("n")), STR("name")));
    assert_true(str_is_none(json_text(json_get(value, STR("n")))));
    assert_true(str_is_none(json_text(NULL)));
}

static void whole_numbers_that_fit_are_integers(void **state)
{
    (void)state;
    struct json_value *value = parsed("[0,-0,9223372036854775807,-9223372036854775808,"
                                      "9223372036854775808,1.0,1e2,\"1\"]");
    static const int64_t expected[] = {0, 0, INT64_MAX, INT64_MIN};
    int64_t number;
    for (size_t i = 0; i < value->count; i++) {
        bool fits = json_to_int64(&value->items[i], &number);
        assert_int_equal(fits, i < 4);
        if (fits) assert_true(number == expected[i]);
    }
    assert_false(json_to_int64(NULL, &number));
}

/* In ascending order: by type, then content. */
static const char *const ordered[] = {
    "null",
    "false",
    "true",
    "-1",
    "1",
    "1.0",
    "10",
    "2",
    "\"\"",
    "\"a\"",
    "\"b\"",
    "[]",
    "[1]",
    "[1,1]",
    "[2]",
    "{}",
    "{\"a\":1}",
    "{\"a\":2}",
    "{\"b\":1}",
    "{\"a\":1,\"b\":2}",
    "{\"b\":1,\"a\":2}",
};

static void values_have_a_total_order(void **state)
{
    (void)state;
    size_t count = UNIT_COUNT(ordered);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count; k++) {
            struct json_value *a = parsed(ordered[i]), *b = parsed(ordered[k]);
            int order = json_compare(a, b);
            if ((order > 0) - (order < 0) != (i > k) - (i < k))
                fail_msg("%s against %s: %d", ordered[i], ordered[k], order);
            assert_int_equal(json_equal(a, b), i == k);
        }
    }
}

static void objects_are_equal_whatever_the_order_of_members(void **state)
{
    (void)state;
    struct json_value *a = parsed("{\"x\":{\"p\":1,\"q\":[2]},\"y\":null}");
    struct json_value *b = parsed("{\"y\":null,\"x\":{\"q\":[2],\"p\":1}}");
    assert_true(json_equal(a, b));
    assert_int_equal(json_compare(a, b), 0);
    assert_false(json_equal(a, parsed("{\"y\":null,\"x\":{\"q\":[2],\"p\":2}}")));
    assert_false(json_equal(a, NULL));
    assert_true(json_equal(NULL, NULL));
    assert_true(json_compare(NULL, a) < 0);
}

static void a_copy_shares_nothing_with_the_source(void **state)
{
    (void)state;
    char text[] = "{\"name\":[\"Acme\",true,null,12]}";
    struct json_value *value;
    struct str source = str_of(text, sizeof(text) - 1);
    assert_int_equal(json_parse(source, &arena, &value, NULL), STATUS_OK);
    struct json_value *copy = json_copy(value, &arena);
    memset(text, 'x', sizeof(text) - 1);
    assert_str(written(copy), STR("{\"name\":[\"Acme\",true,null,12]}"));
}

static void trees_are_built_by_hand(void **state)
{
    (void)state;
    struct json_value object = json_make_object(), array = json_make_array();
    for (int i = 0; i < 100; i++)
        assert_true(json_array_add(&array, json_make_boolean(i % 2), &arena));
    assert_true(json_object_set(&object, STR("a"), json_make_string(STR("1")), &arena));
    assert_true(json_object_set(&object, STR("b"), json_make_null(), &arena));
    assert_true(json_object_set(&object, STR("a"), json_make_string(STR("2")), &arena));
    assert_int_equal(array.count, 100);
    assert_true(array.items[99].boolean);
    assert_str(written(&object), STR("{\"a\":\"2\",\"b\":null}"));
}

static void parsed_trees_can_grow(void **state)
{
    (void)state;
    struct json_value *value = parsed("{\"a\":1,\"list\":[1,2,3]}");
    struct json_value *list = &value->members[1].value;
    for (int i = 0; i < 9; i++) {
        assert_true(json_array_add(list, json_make_null(), &arena));
        char *name = arena_cstr(&arena, STR("k0"));
        name[1] = (char)('0' + i);
        assert_true(json_object_set(value, str_of(name, 2), json_make_null(), &arena));
        list = &value->members[1].value; /* the members may have moved */
    }
    assert_str(written(value),
               STR("{\"a\":1,\"list\":[1,2,3,null,null,null,null,null,null,null,null,null],"
                   "\"k0\":null,\"k1\":null,\"k2\":null,\"k3\":null,\"k4\":null,\"k5\":null,"
                   "\"k6\":null,\"k7\":null,\"k8\":null}"));
}

static void growing_out_of_memory_leaves_the_value_as_it_was(void **state)
{
    (void)state;
    struct arena none;
    arena_init(&none, 0);
    struct json_value *value = parsed("{\"a\":[1]}");
    assert_false(json_object_set(value, STR("b"), json_make_null(), &none));
    assert_false(json_array_add(&value->members[0].value, json_make_null(), &none));
    assert_str(written(value), STR("{\"a\":[1]}"));
    arena_release(&none);
}

/* --- writing --- */

static void the_writer_puts_the_commas(void **state)
{
    (void)state;
    struct buffer out = {.arena = &arena};
    struct json_writer w = {.out = &out};
    json_object_begin(&w);
    json_key(&w, STR("a"));
    json_array_begin(&w);
    json_int64(&w, INT64_MIN);
    json_boolean(&w, false);
    json_null(&w);
    json_object_begin(&w);
    json_object_end(&w);
    json_raw(&w, STR("{\"raw\":1}"));
    json_array_end(&w);
    json_member_string(&w, STR("left out"), STR_NONE);
    json_member_string(&w, STR("empty"), STR(""));
    json_member_nullable(&w, STR("none"), STR_NONE);
    json_member_nullable(&w, STR("some"), STR("x"));
    json_key(&w, STR("k\"ey"));
    json_string(&w, STR("va\\lue"));
    json_object_end(&w);
    assert_str(buffer_str(&out),
               STR("{\"a\":[-9223372036854775808,false,null,{},{\"raw\":1}],\"empty\":\"\","
                   "\"none\":null,\"some\":\"x\",\"k\\\"ey\":\"va\\\\lue\"}"));
}

static void every_byte_below_0x80_survives_writing_and_reading(void **state)
{
    (void)state;
    for (char c = 1; c < 0x7F; c++) {
        /* At each place in and across the eight-byte steps of the scan. */
        for (size_t at = 0; at < 20; at++) {
            char text[20];
            memset(text, 'x', sizeof(text));
            text[at] = c;
            struct json_value value = json_make_string(str_of(text, sizeof(text))), *again;
            assert_int_equal(parse(written(&value), &again, NULL), STATUS_OK);
            assert_true(json_equal(&value, again));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_documents_are_read_and_written_back),
        cmocka_unit_test(malformed_documents_are_refused_with_their_place),
        cmocka_unit_test(every_truncation_of_a_document_is_refused),
        cmocka_unit_test(long_paths_and_names_are_cut),
        cmocka_unit_test(an_object_of_100000_members_takes_no_quadratic_time),
        cmocka_unit_test(a_duplicate_among_100000_members_is_found),
        cmocka_unit_test(duplicates_are_found_at_every_count_of_members),
        cmocka_unit_test(running_out_of_arena_is_a_status_at_every_limit),
        cmocka_unit_test(copying_out_of_memory_gives_null),
        cmocka_unit_test(strings_without_escapes_point_into_the_source),
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(whole_numbers_that_fit_are_integers),
        cmocka_unit_test(values_have_a_total_order),
        cmocka_unit_test(objects_are_equal_whatever_the_order_of_members),
        cmocka_unit_test(a_copy_shares_nothing_with_the_source),
        cmocka_unit_test(trees_are_built_by_hand),
        cmocka_unit_test(parsed_trees_can_grow),
        cmocka_unit_test(growing_out_of_memory_leaves_the_value_as_it_was),
        cmocka_unit_test(the_writer_puts_the_commas),
        cmocka_unit_test(every_byte_below_0x80_survives_writing_and_reading),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
