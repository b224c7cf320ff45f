#include "application/erase_reports.h"

#include <string.h>

#include "application/customer_index.h"
#include "base/buffer.h"
#include "base/identifier.h"
#include "formats/json.h"
#include "formats/json_escape.h"
#include "search/folded.h"

enum { STEPS_PAGE = 2, TEXT_MIN = 3, DIGITS_MIN = 6 };

/* How a value is looked for in a row: as it is, its digits alone, or each of its words. */
enum sought { SOUGHT_NOT, SOUGHT_TEXT, SOUGHT_DIGITS, SOUGHT_WORDS };
static const enum sought how[SEARCH_FIELD_COUNT] = {
    [SEARCH_NAME] = SOUGHT_WORDS,      [SEARCH_CONTACT] = SOUGHT_WORDS,
    [SEARCH_EMAIL] = SOUGHT_TEXT,      [SEARCH_PHONE] = SOUGHT_DIGITS,
    [SEARCH_IDENTIFIER] = SOUGHT_TEXT, [SEARCH_SOURCE_KEY] = SOUGHT_WORDS,
    [SEARCH_WEBSITE] = SOUGHT_TEXT,
};

struct value {
    enum sought how;
    struct str text; /* folded; of numbers the last digits */
};

struct erasing_reports {
    struct store_session *session;
    const struct tree *tree;
    struct arena *arena;
    struct value *values;
    size_t count, room;
    bool failed; /* out of memory */
};

static struct str digits_of(struct str text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.len + 1);
    size_t count = 0;
    if (!out) return STR_NONE;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') out[count++] = text.ptr[i];
    return str_of(out, count);
}

static bool contains(struct str text, struct str part)
{
    return part.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len) != NULL;
}

static void add_value(void *context, enum search_field field, struct str text)
{
    struct erasing_reports *erasing = context;
    struct value value = {.how = how[field]};
    if (value.how == SOUGHT_NOT || erasing->failed) return;
    value.text = value.how == SOUGHT_DIGITS ? digits_of(text, erasing->arena)
                                            : search_folded(text, erasing->arena);
    erasing->failed = str_is_none(value.text);
    /* However it is written, with the country or without: the end of a number is the same. */
    if (value.how == SOUGHT_DIGITS && value.text.len > DIGITS_MIN)
        value.text = str_skip(value.text, value.text.len - DIGITS_MIN);
    if (value.text.len < (value.how == SOUGHT_DIGITS ? DIGITS_MIN : TEXT_MIN)) return;
    if (erasing->count == erasing->room) {
        size_t room = erasing->room ? 2 * erasing->room : 32;
        struct value *larger =
            arena_realloc(erasing->arena, erasing->values, erasing->room * sizeof(*larger),
                          room * sizeof(*larger));
        erasing->failed = !larger;
        if (!larger) return;
        erasing->values = larger;
        erasing->room = room;
    }
    erasing->values[erasing->count++] = value;
}

static bool has_words(struct str row, struct str words)
{
    struct str word;
    while (str_split(&words, ' ', &word))
        if (word.len > 0 && !contains(row, word)) return false;
    return true;
}

static bool is_in(const struct value *value, struct str row, struct str digits)
{
    if (value->how == SOUGHT_WORDS) return has_words(row, value->text);
    return contains(value->how == SOUGHT_DIGITS ? digits : row, value->text);
}

/* As it is, and where it has escapes also as JSON means them, for a row may be a line of either
 * form. Absent when out of memory. */
static struct str folded_row(struct str row, struct arena *arena)
{
    struct str plain = json_escape_undone(row, arena);
    if (str_is_none(plain)) return STR_NONE;
    if (plain.ptr != row.ptr) row = ARENA_JOIN(arena, row, STR(" "), plain);
    return str_is_none(row) ? STR_NONE : search_folded(row, arena);
}

static enum status row_speaks(const struct erasing_reports *erasing, struct str row, bool *speaks,
                              struct error *error)
{
    struct arena_mark mark = arena_mark(erasing->arena);
    struct str folded = folded_row(row, erasing->arena);
    struct str digits = str_is_none(folded) ? STR_NONE : digits_of(folded, erasing->arena);
    if (str_is_none(digits)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < erasing->count && !*speaks; i++)
        *speaks = is_in(&erasing->values[i], folded, digits);
    arena_rewind(erasing->arena, mark);
    return STATUS_OK;
}

static enum status speaks_of(const struct erasing_reports *erasing, const struct json_value *line,
                             bool *speaks, struct error *error)
{
    struct str row = json_text(json_get(line, STR("original")));
    struct str customer = json_text(json_get(line, STR("customerId")));
    *speaks = false;
    if (str_is_none(row)) return STATUS_OK; /* taken away before, or of an undo */
    for (size_t i = 0; i < erasing->tree->home_count && !str_is_none(customer); i++)
        *speaks = *speaks || str_equal(erasing->tree->homes[i].customer_id, customer);
    return *speaks ? STATUS_OK : row_speaks(erasing, row, speaks, error);
}

/* All members but the row. */
static void write_rest(struct buffer *out, const struct json_value *line)
{
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    for (size_t i = 0; i < line->count; i++) {
        if (str_equal(line->members[i].name, STR("original"))) continue;
        json_key(&writer, line->members[i].name);
        json_write(&writer, &line->members[i].value);
    }
    json_object_end(&writer);
    buffer_append_char(out, '\n');
}

static enum status erase_step(const struct erasing_reports *erasing, const struct job_step *step,
                              struct error *error)
{
    struct buffer out = {.arena = erasing->arena};
    struct str rest = step->report, line;
    bool changed = false;
    while (str_split(&rest, '\n', &line)) {
        struct json_value *object;
        bool speaks;
        if (str_is_empty(line)) continue;
        TRY(json_parse(line, erasing->arena, &object, error));
        TRY(speaks_of(erasing, object, &speaks, error));
        changed = changed || speaks;
        if (speaks)
            write_rest(&out, object);
        else
            buffer_append_format(&out, "%.*s\n", STR_ARGS(line));
    }
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!changed) return STATUS_OK;
    return store_job_step_report(erasing->session, step->job_id, step->number, buffer_str(&out),
                                 error);
}

/* Where the reading stands, in memory of its own. */
struct place {
    char job_id[IDENTIFIER_MAX_BYTES];
    struct job_step step;
};

static void move_to(struct place *place, const struct job_step *step)
{
    struct str job_id = str_cut(step->job_id, sizeof(place->job_id));
    memcpy(place->job_id, job_id.ptr, job_id.len);
    place->step =
        (struct job_step){.job_id = str_of(place->job_id, job_id.len), .number = step->number};
}

/* Few at a time, for each may be long; what they took is given back before the next. */
static enum status erase_steps(const struct erasing_reports *erasing, struct error *error)
{
    struct arena_mark mark = arena_mark(erasing->arena);
    struct place at;
    struct job_step *steps;
    const struct job_step *after = NULL;
    size_t count;
    do {
        TRY(store_job_report_list(erasing->session, after, STEPS_PAGE, erasing->arena, &steps,
                                  &count, error));
        for (size_t i = 0; i < count; i++) {
            TRY(erase_step(erasing, &steps[i], error));
            move_to(&at, &steps[i]);
            after = &at.step;
        }
        arena_rewind(erasing->arena, mark);
    } while (count == STEPS_PAGE);
    return STATUS_OK;
}

enum status erase_reports(struct store_session *session, const struct tree *tree,
                          struct arena *arena, struct error *error)
{
    struct erasing_reports erasing = {.session = session, .tree = tree, .arena = arena};
    for (size_t i = 0; i < tree->fact_count + tree->undone_count; i++)
        customer_index_values(&tree->facts[i], add_value, &erasing);
    if (erasing.failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return erase_steps(&erasing, error);
}
