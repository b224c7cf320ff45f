#include "adapters/jobs/mapping_proposal.h"

#include <string.h>

#include "adapters/jobs/mapping_words.h"
#include "domain/profile.h"

enum {
    NAME_EXACT = 90,   /* percent, for a column that is called exactly so */
    NAME_PART = 60,    /* for one whose name has such a word in it */
    FITS_PERCENT = 80, /* of the cells, for the cells to speak for themselves */
    WORD_MIN = 4       /* shorter words are too often parts of others */
};

/* --- what cells look like --- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static size_t count_digits(struct str cell)
{
    size_t count = 0;
    for (size_t i = 0; i < cell.len; i++) count += is_digit(cell.ptr[i]);
    return count;
}

static bool is_email(struct str cell)
{
    struct str rest = cell, local;
    if (!str_split(&rest, '@', &local) || str_is_none(rest) || local.len == 0) return false;
    ptrdiff_t dot = str_find_char(rest, '.');
    return dot > 0 && (size_t)dot + 1 < rest.len && str_find_char(rest, '@') < 0 &&
           str_find_char(cell, ' ') < 0;
}

static bool is_phone(struct str cell)
{
    size_t digits = count_digits(cell);
    bool marked = false;
    for (size_t i = 0; i < cell.len; i++) {
        if (is_digit(cell.ptr[i])) continue;
        if (!memchr("+-/() .", cell.ptr[i], 7)) return false;
        marked = true;
    }
    return digits >= 6 && digits <= 15 && (marked || cell.ptr[0] == '0');
}

/* Two letters of a country and 8 to 12 characters, most of them digits. */
static bool is_vat(struct str cell)
{
    size_t digits = count_digits(cell), others = 0;
    if (cell.len < 9 || !is_upper(cell.ptr[0]) || !is_upper(cell.ptr[1])) return false;
    for (size_t i = 2; i < cell.len; i++) {
        char c = cell.ptr[i];
        if (!is_digit(c) && !is_upper(c) && c != ' ' && c != '.' && c != '-') return false;
        others += is_upper(c);
    }
    return digits + others >= 7 && digits + others <= 12 && others <= 2;
}

static bool is_postal_code(struct str cell)
{
    size_t digits = count_digits(cell);
    if (cell.len < 3 || cell.len > 10 || digits < 2) return false;
    for (size_t i = 0; i < cell.len; i++)
        if (!is_digit(cell.ptr[i]) && !is_upper(cell.ptr[i]) && cell.ptr[i] != ' ' &&
            cell.ptr[i] != '-')
            return false;
    return true;
}

/* As it is taken: 2026-02-28. */
static bool is_date(struct str cell)
{
    return cell.len == 10 && cell.ptr[4] == '-' && cell.ptr[7] == '-' && count_digits(cell) == 8;
}

static bool is_country(struct str cell)
{
    return cell.len == 2 && is_upper(cell.ptr[0]) && is_upper(cell.ptr[1]);
}

static bool is_website(struct str cell)
{
    return str_starts_with(cell, STR("http://")) || str_starts_with(cell, STR("https://")) ||
           str_starts_with(cell, STR("www."));
}

static bool is_language(struct str cell)
{
    bool letters = cell.len >= 2 && cell.ptr[0] >= 'a' && cell.ptr[0] <= 'z' &&
                   cell.ptr[1] >= 'a' && cell.ptr[1] <= 'z';
    return letters && (cell.len == 2 || (cell.len == 5 && (cell.ptr[2] == '-')));
}

/* How sure a column is by its cells alone; 0: never. */
static const struct {
    bool (*fits)(struct str cell);
    int alone;
} shapes[VALUE_SHAPE_COUNT] = {
    [VALUE_EMAIL] = {is_email, 85},     [VALUE_PHONE] = {is_phone, 60},
    [VALUE_VAT] = {is_vat, 80},         [VALUE_POSTAL_CODE] = {is_postal_code, 0},
    [VALUE_DATE] = {is_date, 0},        [VALUE_COUNTRY] = {is_country, 50},
    [VALUE_WEBSITE] = {is_website, 85}, [VALUE_LANGUAGE] = {is_language, 0},
};

/* --- one column and one field --- */

struct column {
    struct str name;                /* canonical, without spaces */
    size_t filled;                  /* cells that are not empty */
    int fitting[VALUE_SHAPE_COUNT]; /* percent of those */
    bool unique;
};

struct score {
    int percent;
    bool by_name, by_values;
};

static int name_percent(struct str name, struct str words)
{
    struct str word;
    int best = 0;
    while (str_split(&words, ' ', &word)) {
        if (str_equal(word, name)) return NAME_EXACT;
        bool part = word.len >= WORD_MIN && name.len > word.len &&
                    memmem(name.ptr, name.len, word.ptr, word.len);
        if (part) best = NAME_PART;
    }
    return best;
}

static struct score score_of(const struct column *column, const struct mapping_words *field)
{
    int named = name_percent(column->name, field->words);
    if (field->shape == VALUE_ANY || column->filled == 0)
        return (struct score){.percent = named, .by_name = named > 0};
    int fitting = column->fitting[field->shape];
    bool fits = fitting >= FITS_PERCENT;
    int alone = fits ? shapes[field->shape].alone * fitting / 100 : 0;
    int together = named * (40 + fitting * 7 / 10) / 100;
    if (together > 100) together = 100;
    return together >= alone ? (struct score){together, named > 0, named > 0 && fits}
                             : (struct score){alone, false, true};
}

/* A key is there in every row, and never twice. */
static struct score score_of_key(const struct column *column, const struct mapping_words *field,
                                 size_t rows)
{
    int named = name_percent(column->name, field->words);
    bool whole = rows > 0 && column->filled == rows && column->unique;
    if (named < NAME_EXACT || !whole) return (struct score){0, false, false};
    return (struct score){named, true, true};
}

static bool is_unique(const struct record_sample *sample, size_t at, struct arena *arena)
{
    struct str *cells = ARENA_NEW_ARRAY(arena, struct str, sample->row_count + 1);
    if (!cells) return false;
    for (size_t r = 0; r < sample->row_count; r++) cells[r] = sample->rows[r][at];
    str_sort(cells, sample->row_count);
    for (size_t r = 1; r < sample->row_count; r++)
        if (str_equal(cells[r - 1], cells[r])) return false;
    return true;
}

static struct str without_spaces(struct str text, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != ' ') buffer_append_char(&out, text.ptr[i]);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status look_at_column(const struct record_sample *sample, size_t at,
                                  struct arena *arena, struct column *column,
                                  struct column_proposal *proposal)
{
    struct str name = profile_canonical_name(sample->columns[at], arena);
    *column = (struct column){.unique = is_unique(sample, at, arena)};
    if (str_is_none(name)) return STATUS_OUT_OF_MEMORY;
    column->name = without_spaces(name, arena);
    if (str_is_none(column->name)) return STATUS_OUT_OF_MEMORY;
    for (size_t r = 0; r < sample->row_count; r++) {
        struct str cell = sample->rows[r][at];
        if (cell.len == 0) continue;
        column->filled++;
        for (int s = 0; s < VALUE_SHAPE_COUNT; s++)
            column->fitting[s] += shapes[s].fits && shapes[s].fits(cell);
        bool shown = str_is_among(proposal->samples, proposal->sample_count, cell);
        if (!shown && proposal->sample_count < PROPOSAL_SAMPLES)
            proposal->samples[proposal->sample_count++] = cell;
    }
    for (int s = 0; s < VALUE_SHAPE_COUNT && column->filled > 0; s++)
        column->fitting[s] = column->fitting[s] * 100 / (int)column->filled;
    return STATUS_OK;
}

/* --- all of them --- */

/* Words for a whole name that stand for the family's, or a person's own, where the other has a
 * column. */
static bool is_any_name(struct str name)
{
    static const struct str words[] = {STR("name"), STR("nom"),  STR("nombre"), STR("nome"),
                                       STR("naam"), STR("namn"), STR("navn"),   STR("nimi")};
    return str_is_among(words, sizeof(words) / sizeof(words[0]), name);
}

/* How many of the rows have a column that is called exactly so; *any: by a word for any name. */
static size_t count_named(const struct column *columns, size_t count, bool part, bool *any)
{
    size_t named = 0;
    for (size_t f = 0; f < mapping_words_count; f++) {
        const struct mapping_words *field = &mapping_words[f];
        bool found = false;
        if (!str_equal(field->field, STR("name")) || field->part != part) continue;
        for (size_t c = 0; c < count; c++) {
            if (name_percent(columns[c].name, field->words) != NAME_EXACT) continue;
            found = true;
            *any = *any || is_any_name(columns[c].name);
        }
        named += found;
    }
    return named;
}

/* A name is one column, or its parts are; parts beside a whole name are somebody else's. An object
 * has one member for a field. */
static void choose_names(const struct mapping_proposal *proposal, const struct column *columns,
                         bool *taken)
{
    bool any = false, ignored = false;
    size_t parts = count_named(columns, proposal->count, true, &ignored);
    bool whole = count_named(columns, proposal->count, false, &any) > 0;
    bool by_parts = parts > 0 && proposal->sample->form == RECORD_FORM_CSV && !whole;
    bool both = parts == 1 && proposal->sample->form == RECORD_FORM_CSV && any;
    for (size_t f = 0; f < mapping_words_count && !both; f++)
        if (str_equal(mapping_words[f].field, STR("name")))
            taken[f] = mapping_words[f].part != by_parts;
}

/* The best pair of a column without a field and a field that may still be taken. */
static bool take_best(struct mapping_proposal *proposal, const struct column *columns, bool *taken)
{
    struct score best = {.percent = 0};
    size_t best_column = 0, best_field = 0;
    for (size_t c = 0; c < proposal->count; c++) {
        if (!str_is_none(proposal->columns[c].field) || proposal->columns[c].is_key) continue;
        for (size_t f = 0; f < mapping_words_count; f++) {
            const struct mapping_words *field = &mapping_words[f];
            bool key = str_is_empty(field->field);
            if (taken[f] && !field->many) continue;
            struct score score = key ? score_of_key(&columns[c], field, proposal->sample->row_count)
                                     : score_of(&columns[c], field);
            if (score.percent <= best.percent) continue;
            best = score;
            best_column = c;
            best_field = f;
        }
    }
    if (best.percent == 0) return false;
    struct column_proposal *column = &proposal->columns[best_column];
    column->percent = best.percent;
    column->by_name = best.by_name;
    column->by_values = best.by_values;
    column->is_key = str_is_empty(mapping_words[best_field].field);
    if (!column->is_key) column->field = mapping_words[best_field].field;
    taken[best_field] = true;
    return true;
}

enum status mapping_propose(const struct record_sample *sample, struct arena *arena,
                            struct mapping_proposal *proposal, struct error *error)
{
    size_t count = sample->column_count;
    struct column *columns = ARENA_NEW_ARRAY(arena, struct column, count + 1);
    bool *taken = ARENA_NEW_ARRAY(arena, bool, mapping_words_count);
    *proposal = (struct mapping_proposal){
        .columns = ARENA_NEW_ARRAY(arena, struct column_proposal, count + 1),
        .count = count,
        .sample = sample};
    if (!columns || !taken || !proposal->columns) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t c = 0; c < count; c++) {
        proposal->columns[c].column = sample->columns[c];
        if (look_at_column(sample, c, arena, &columns[c], &proposal->columns[c]) != STATUS_OK)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    choose_names(proposal, columns, taken);
    while (take_best(proposal, columns, taken)) {
    }
    return STATUS_OK;
}

/* --- as JSON --- */

static bool is_sure(const struct column_proposal *column)
{
    return column->percent >= PROPOSAL_SURE_PERCENT;
}

/* What was said before counts; what is not sure is left to who knows, or, when the mapping is to be
 * `whole`, out. */
static void write_mapping(struct json_writer *writer, const struct mapping_proposal *proposal,
                          const struct json_value *given, bool whole)
{
    json_object_begin(writer);
    for (size_t i = 0; given && given->type == JSON_OBJECT && i < given->count; i++) {
        json_key(writer, given->members[i].name);
        json_write(writer, &given->members[i].value);
    }
    for (size_t c = 0; c < proposal->count; c++) {
        const struct column_proposal *column = &proposal->columns[c];
        bool is_known = is_sure(column) && !str_is_none(column->field);
        if (json_get(given, column->column) || column->is_key || (!is_known && !whole)) continue;
        json_member_nullable(writer, column->column, is_known ? column->field : STR_NONE);
    }
    json_object_end(writer);
}

struct str mapping_proposal_mapping(const struct mapping_proposal *proposal, struct str given,
                                    struct arena *arena)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    struct json_value *rules = NULL;
    if (!str_is_none(given) && json_parse(given, arena, &rules, NULL) != STATUS_OK) return given;
    write_mapping(&writer, proposal, rules, false);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static void write_column(struct json_writer *writer, const struct column_proposal *column)
{
    json_object_begin(writer);
    json_member_string(writer, STR("column"), column->column);
    json_member_nullable(writer, STR("field"), column->field);
    json_key(writer, STR("key"));
    json_boolean(writer, column->is_key);
    json_key(writer, STR("confidence"));
    json_int64(writer, column->percent);
    json_key(writer, STR("by"));
    json_array_begin(writer);
    if (column->by_name) json_string(writer, STR("NAME"));
    if (column->by_values) json_string(writer, STR("VALUES"));
    json_array_end(writer);
    json_key(writer, STR("samples"));
    json_array_begin(writer);
    for (size_t i = 0; i < column->sample_count; i++) json_string(writer, column->samples[i]);
    json_array_end(writer);
    json_object_end(writer);
}

static struct str encoding_name(enum csv_encoding encoding)
{
    return encoding == CSV_ENCODING_WINDOWS_1252 ? STR("windows-1252") : STR("utf-8");
}

struct str mapping_proposal_json(const struct mapping_proposal *proposal, struct arena *arena)
{
    const struct record_sample *sample = proposal->sample;
    bool csv = sample->form == RECORD_FORM_CSV;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    struct str key = STR_NONE;
    for (size_t c = 0; c < proposal->count; c++)
        if (proposal->columns[c].is_key) key = proposal->columns[c].column;
    json_object_begin(&writer);
    json_member_string(&writer, STR("form"), csv ? STR("CSV") : STR("NDJSON"));
    if (csv) json_member_string(&writer, STR("separator"), str_of(&sample->separator, 1));
    if (csv) json_member_string(&writer, STR("encoding"), encoding_name(sample->encoding));
    json_key(&writer, STR("rows"));
    json_int64(&writer, (int64_t)sample->row_count);
    json_member_nullable(&writer, STR("keyColumn"), key);
    json_key(&writer, STR("mapping"));
    write_mapping(&writer, proposal, NULL, true);
    json_key(&writer, STR("columns"));
    json_array_begin(&writer);
    for (size_t c = 0; c < proposal->count; c++) write_column(&writer, &proposal->columns[c]);
    json_array_end(&writer);
    json_object_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}
