/* The parser of formats/json.h: one pass of recursive descent, as deep as JSON_DEPTH_MAX.
 *
 * The members of the containers that are still open lie on one stack; when a container closes, its
 * part is copied to an array of the right size in the arena. The stack begins inside the parser and
 * moves to the arena when it is outgrown. UTF-8 is checked for the whole text at the start, so that
 * strings need only be searched for what ends them.
 *
 * Names are compared for duplicates when an object closes: all pairs while they are few, after
 * sorting when they are many, so that a hostile object costs n log n.
 */
#include "formats/json.h"
#include "formats/json_escape.h"
#include "formats/json_scan.h"

#include <stdio.h>
#include <stdlib.h>

enum { INLINE_MEMBERS = 48, LINEAR_MEMBERS_MAX = 40, PATH_MAX_BYTES = 160 };

/* An open container: which child is being read. */
struct frame {
    bool is_array;
    struct str name; /* absent between members */
    size_t index;
};

struct parser {
    const char *start, *at, *end;
    struct arena *arena;
    struct error *error;
    struct json_member *stack;
    size_t stack_count, stack_capacity;
    int depth;
    struct frame frames[JSON_DEPTH_MAX];
    struct json_member inline_stack[INLINE_MEMBERS];
};

static enum status parse_value(struct parser *parser, struct json_value *out);

/* --- errors: where it is, what is wrong --- */

static void put_path(char *path, size_t *len, struct str part)
{
    size_t room = PATH_MAX_BYTES - *len;
    if (part.len > room) part.len = room;
    if (part.len) memcpy(path + *len, part.ptr, part.len);
    *len += part.len;
}

/* The path of the child being read: contacts[0].email. */
static struct str current_path(const struct parser *parser, char path[PATH_MAX_BYTES])
{
    size_t len = 0;
    for (int i = 0; i < parser->depth; i++) {
        const struct frame *frame = &parser->frames[i];
        if (frame->is_array) {
            char index[24];
            int digits = snprintf(index, sizeof(index), "[%zu]", frame->index);
            put_path(path, &len, str_of(index, (size_t)digits));
        } else if (!str_is_none(frame->name)) {
            if (len) put_path(path, &len, STR("."));
            put_path(path, &len, frame->name);
        }
    }
    return str_of(path, len);
}

/* Lines and columns count from 1; a column is a character, not a byte. */
__attribute__((cold, noinline)) static enum status fail_with(const struct parser *parser,
                                                             enum status status, const char *what)
{
    size_t line = 1, column = 1;
    for (const char *c = parser->start; c < parser->at; c++) {
        if (*c == '\n')
            line++, column = 1;
        else if (((unsigned char)*c & 0xC0) != 0x80)
            column++;
    }
    char path[PATH_MAX_BYTES];
    return error_set(parser->error, status, current_path(parser, path), STR(""),
                     "line %zu, column %zu: %s", line, column, what);
}

__attribute__((cold, noinline)) static enum status fail(const struct parser *parser,
                                                        const char *what)
{
    return fail_with(parser, STATUS_MALFORMED_JSON, what);
}

/* The length of the well-formed sequence at the front, 0 when there is none. */
static size_t utf8_length(const char *at, const char *end)
{
    for (size_t length = 1; length <= 4 && length <= (size_t)(end - at); length++)
        if (str_is_utf8(str_of(at, length))) return length;
    return 0;
}

__attribute__((cold, noinline)) static enum status fail_utf8(struct parser *parser)
{
    size_t length;
    while ((length = utf8_length(parser->at, parser->end)) != 0) parser->at += length;
    return fail(parser, "not UTF-8");
}

/* --- the stack of members --- */

static bool grow_stack(struct parser *parser)
{
    size_t old_bytes = parser->stack_capacity * sizeof(*parser->stack);
    bool is_inline = parser->stack == parser->inline_stack;
    struct json_member *fresh =
        is_inline ? arena_alloc(parser->arena, old_bytes * 2)
                  : arena_realloc(parser->arena, parser->stack, old_bytes, old_bytes * 2);
    if (!fresh) return false;
    if (is_inline) memcpy(fresh, parser->stack, old_bytes);
    parser->stack = fresh;
    parser->stack_capacity *= 2;
    return true;
}

static enum status push(struct parser *parser, struct str name, const struct json_value *value)
{
    if (parser->stack_count == parser->stack_capacity && !grow_stack(parser))
        return error_plain(parser->error, STATUS_OUT_OF_MEMORY);
    struct json_member *member = &parser->stack[parser->stack_count++];
    member->name = name;
    member->value = *value;
    return STATUS_OK;
}

/* --- scalars --- */

static void skip_space(struct parser *parser)
{
    const char *at = parser->at;
    while (at < parser->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    parser->at = at;
}

static bool at_char(const struct parser *parser, char c)
{
    return parser->at < parser->end && *parser->at == c;
}

static bool at_digit(const struct parser *parser)
{
    return parser->at < parser->end && *parser->at >= '0' && *parser->at <= '9';
}

static bool skip_digits(struct parser *parser)
{
    const char *from = parser->at;
    while (at_digit(parser)) parser->at++;
    return parser->at > from;
}

static enum status parse_literal(struct parser *parser, struct str literal)
{
    struct str rest = str_of(parser->at, (size_t)(parser->end - parser->at));
    if (!str_starts_with(rest, literal)) return fail(parser, "expected a value");
    parser->at += literal.len;
    return STATUS_OK;
}

static enum status parse_boolean(struct parser *parser, struct json_value *out)
{
    out->type = JSON_BOOLEAN;
    out->boolean = *parser->at == 't';
    return parse_literal(parser, out->boolean ? STR("true") : STR("false"));
}

/* RFC 8259 section 6: [ minus ] int [ frac ] [ exp ] */
static enum status parse_number(struct parser *parser, struct json_value *out)
{
    const char *from = parser->at;
    if (at_char(parser, '-')) parser->at++;
    if (at_char(parser, '0')) {
        parser->at++;
        if (at_digit(parser)) return fail(parser, "a number cannot begin with 0");
    } else if (!skip_digits(parser)) {
        return fail(parser, parser->at > from ? "expected a digit" : "expected a value");
    }
    if (at_char(parser, '.')) {
        parser->at++;
        if (!skip_digits(parser)) return fail(parser, "expected a digit");
    }
    if (at_char(parser, 'e') || at_char(parser, 'E')) {
        parser->at++;
        if (at_char(parser, '+') || at_char(parser, '-')) parser->at++;
        if (!skip_digits(parser)) return fail(parser, "expected a digit");
    }
    out->type = JSON_NUMBER;
    out->text = str_of(from, (size_t)(parser->at - from));
    return STATUS_OK;
}

/* --- strings --- */

static enum status fail_in_string(struct parser *parser, const char *at)
{
    parser->at = at;
    if (at == parser->end) return fail(parser, "the string is not closed");
    return fail(parser, "a control character in a string must be escaped");
}

/* The closing quote, or the byte that makes it impossible. */
static const char *find_close(const char *at, const char *end)
{
    while ((at = json_scan_special(at, end)) < end && *at == '\\') {
        if (end - at < 2) return end;
        at += 2;
    }
    return at;
}

/* A string that has an escape: its content is decoded into the arena, where it can only shrink. */
static enum status parse_escaped(struct parser *parser, const char *from, struct str *out)
{
    const char *close = find_close(from, parser->end);
    if (close == parser->end || *close != '"') return fail_in_string(parser, close);
    char *content = arena_alloc(parser->arena, (size_t)(close - from));
    if (!content) return error_plain(parser->error, STATUS_OUT_OF_MEMORY);
    char *to = content;
    for (const char *at = from; at < close;) {
        const char *special = json_scan_special(at, close);
        memcpy(to, at, (size_t)(special - at));
        to += special - at;
        at = special;
        const char *wrong = at < close ? json_escape_decode(&at, close, &to) : NULL;
        if (wrong) {
            parser->at = at;
            return fail(parser, wrong);
        }
    }
    parser->at = close + 1;
    *out = str_of(content, (size_t)(to - content));
    return STATUS_OK;
}

static enum status parse_string(struct parser *parser, struct str *out)
{
    const char *from = parser->at + 1;
    const char *at = json_scan_special(from, parser->end);
    if (at == parser->end) return fail_in_string(parser, at);
    if (*at == '\\') return parse_escaped(parser, from, out);
    if (*at != '"') return fail_in_string(parser, at);
    parser->at = at + 1;
    *out = str_of(from, (size_t)(at - from));
    return STATUS_OK;
}

/* --- containers --- */

static enum status enter(struct parser *parser, bool is_array, struct frame **frame)
{
    if (parser->depth == JSON_DEPTH_MAX)
        return fail_with(parser, STATUS_LIMIT_EXCEEDED, "nested too deeply");
    parser->at++;
    *frame = &parser->frames[parser->depth++];
    **frame = (struct frame){.is_array = is_array};
    skip_space(parser);
    return STATUS_OK;
}

/* After a child: true when there is another, false when the container ends here. */
static enum status next_child(struct parser *parser, char closing, bool *more)
{
    skip_space(parser);
    *more = at_char(parser, ',');
    if (!*more && !at_char(parser, closing))
        return fail(parser, closing == ']' ? "expected , or ]" : "expected , or }");
    parser->at++;
    return STATUS_OK;
}

static enum status parse_items(struct parser *parser, struct frame *frame)
{
    bool more = true;
    while (more) {
        struct json_value item;
        TRY(parse_value(parser, &item));
        TRY(push(parser, STR_NONE, &item));
        TRY(next_child(parser, ']', &more));
        frame->index++;
    }
    return STATUS_OK;
}

static enum status parse_array(struct parser *parser, struct json_value *out)
{
    struct frame *frame = NULL;
    size_t base = parser->stack_count;
    TRY(enter(parser, true, &frame));
    if (at_char(parser, ']'))
        parser->at++;
    else
        TRY(parse_items(parser, frame));
    parser->depth--;
    out->type = JSON_ARRAY;
    out->count = parser->stack_count - base;
    parser->stack_count = base;
    if (out->count == 0) return STATUS_OK;
    out->items = arena_alloc(parser->arena, out->count * sizeof(*out->items));
    if (!out->items) return error_plain(parser->error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < out->count; i++) out->items[i] = parser->stack[base + i].value;
    return STATUS_OK;
}

static enum status parse_member(struct parser *parser, struct frame *frame)
{
    struct json_value value;
    struct str name;
    skip_space(parser);
    if (!at_char(parser, '"')) return fail(parser, "expected a name in quotes");
    TRY(parse_string(parser, &name));
    frame->name = name;
    skip_space(parser);
    if (!at_char(parser, ':')) return fail(parser, "expected :");
    parser->at++;
    TRY(parse_value(parser, &value));
    frame->name = STR_NONE;
    return push(parser, name, &value);
}

static int compare_names(const void *a, const void *b)
{
    const struct json_member *left = *(const struct json_member *const *)a;
    const struct json_member *right = *(const struct json_member *const *)b;
    if (left->name.len != right->name.len) return left->name.len < right->name.len ? -1 : 1;
    return left->name.len ? memcmp(left->name.ptr, right->name.ptr, left->name.len) : 0;
}

static enum status find_duplicate_sorted(struct parser *parser, const struct json_member *members,
                                         size_t count, const struct json_member **duplicate)
{
    struct arena_mark mark = arena_mark(parser->arena);
    const struct json_member **sorted = arena_alloc(parser->arena, count * sizeof(*sorted));
    if (!sorted) return error_plain(parser->error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) sorted[i] = &members[i];
    qsort(sorted, count, sizeof(*sorted), compare_names);
    *duplicate = NULL;
    for (size_t i = 1; i < count && !*duplicate; i++)
        if (str_equal(sorted[i - 1]->name, sorted[i]->name)) *duplicate = sorted[i];
    arena_rewind(parser->arena, mark);
    return STATUS_OK;
}

/* Names are first told apart by length and outer bytes, which nearly always is enough. */
static const struct json_member *find_duplicate(const struct json_member *members, size_t count)
{
    size_t marks[LINEAR_MEMBERS_MAX];
    for (size_t i = 0; i < count; i++) {
        struct str name = members[i].name;
        marks[i] = name.len << 16;
        if (name.len)
            marks[i] |=
                (size_t)(unsigned char)name.ptr[0] << 8 | (unsigned char)name.ptr[name.len - 1];
        for (size_t k = 0; k < i; k++)
            if (marks[i] == marks[k] && str_equal(name, members[k].name)) return &members[i];
    }
    return NULL;
}

static enum status refuse_duplicates(struct parser *parser, struct frame *frame,
                                     const struct json_member *members, size_t count)
{
    const struct json_member *duplicate = NULL;
    if (count <= LINEAR_MEMBERS_MAX)
        duplicate = find_duplicate(members, count);
    else
        TRY(find_duplicate_sorted(parser, members, count, &duplicate));
    if (!duplicate) return STATUS_OK;
    frame->name = duplicate->name;
    char path[PATH_MAX_BYTES];
    return error_set(parser->error, STATUS_DUPLICATE_FIELD, current_path(parser, path),
                     STR("each name once"), "%.*s",
                     STR_ARGS(status_meaning(STATUS_DUPLICATE_FIELD)));
}

static enum status parse_object(struct parser *parser, struct json_value *out)
{
    struct frame *frame = NULL;
    size_t base = parser->stack_count;
    bool more = true;
    TRY(enter(parser, false, &frame));
    if (at_char(parser, '}')) {
        parser->at++;
        more = false;
    }
    while (more) {
        TRY(parse_member(parser, frame));
        TRY(next_child(parser, '}', &more));
    }
    out->type = JSON_OBJECT;
    out->count = parser->stack_count - base;
    TRY(refuse_duplicates(parser, frame, parser->stack + base, out->count));
    parser->depth--;
    parser->stack_count = base;
    if (out->count == 0) return STATUS_OK;
    out->members = arena_alloc(parser->arena, out->count * sizeof(*out->members));
    if (!out->members) return error_plain(parser->error, STATUS_OUT_OF_MEMORY);
    memcpy(out->members, parser->stack + base, out->count * sizeof(*out->members));
    return STATUS_OK;
}

static enum status parse_value(struct parser *parser, struct json_value *out)
{
    skip_space(parser);
    if (parser->at == parser->end) return fail(parser, "expected a value, not the end");
    *out = (struct json_value){0};
    switch (*parser->at) {
    case '"':
        out->type = JSON_STRING;
        return parse_string(parser, &out->text);
    case '{':
        return parse_object(parser, out);
    case '[':
        return parse_array(parser, out);
    case 't':
    case 'f':
        return parse_boolean(parser, out);
    case 'n':
        out->type = JSON_NULL;
        return parse_literal(parser, STR("null"));
    default:
        return parse_number(parser, out);
    }
}

enum status json_parse(struct str text, struct arena *arena, struct json_value **out,
                       struct error *error)
{
    struct parser parser;
    parser.start = parser.at = text.ptr ? text.ptr : "";
    parser.end = parser.start + text.len;
    parser.arena = arena;
    parser.error = error;
    parser.stack = parser.inline_stack;
    parser.stack_count = 0;
    parser.stack_capacity = INLINE_MEMBERS;
    parser.depth = 0;

    if (!str_is_utf8(text)) return fail_utf8(&parser);
    if (str_starts_with(text, STR("\xEF\xBB\xBF")))
        return fail(&parser, "begins with a byte order mark, which JSON does not allow");
    struct json_value *value = arena_alloc(arena, sizeof(*value));
    if (!value) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(parse_value(&parser, value));
    skip_space(&parser);
    if (parser.at < parser.end) return fail(&parser, "expected nothing more after the value");
    *out = value;
    return STATUS_OK;
}
