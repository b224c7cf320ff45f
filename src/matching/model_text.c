/* The text form of a model: made to be read, kept in version control and diffed.
 *
 *     customer360 matching model 2
 *
 *     kind person
 *     trained_pairs 0
 *     duplicates_per_record 0.3
 *     related 1 ratio 0.5
 *     given_name exact m 0.7 u 0.004 r1 0.02
 *     given_name variant m 0.06 u 0.003 r1 0.01
 *
 * One line per level: m among the same, u among random pairs, r1 and r2 among related ones. '#'
 * begins a comment. Numbers have six significant digits. Version 1, which is read, had fewer
 * levels.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "matching/model.h"

enum { WORDS_MAX = 16, NUMBER_MAX = 32, LATER_LEVELS_VERSION = 2 };

/* Numbers have six digits, and a person may round them further. */
#define SUM_TOLERANCE 0.01

static const char heading[] = "customer360 matching model";

/* ------------------------------------------------------------------ writing */

static void write_kind(const struct model *model, struct buffer *text)
{
    buffer_append_format(text, "\nkind %s\ntrained_pairs %llu\nduplicates_per_record %.6g\n",
                         model_kind_name(model->kind), (unsigned long long)model->trained_pairs,
                         model->duplicates_per_record);
    for (int r = 0; r < model->related_count; r++)
        buffer_append_format(text, "related %d ratio %.6g\n", r + 1, model->related_ratio[r]);
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        if (!model_uses(model->kind, (enum comparison)c)) continue;
        for (int level = 1; level < comparison_level_count((enum comparison)c); level++) {
            struct str name = comparison_level_name((enum comparison)c, level);
            buffer_append_format(text, "%s %.*s m %.6g u %.6g", comparison_name((enum comparison)c),
                                 STR_ARGS(name), model->match.level[c][level],
                                 model->random.level[c][level]);
            for (int r = 0; r < model->related_count; r++)
                buffer_append_format(text, " r%d %.6g", r + 1, model->related[r].level[c][level]);
            buffer_append_char(text, '\n');
        }
    }
}

enum status model_text_write(const struct model_set *models, struct buffer *text)
{
    buffer_append_format(text, "%s %d\n", heading, MODEL_VERSION);
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) write_kind(&models->kind[kind], text);
    return buffer_failed(text) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

/* ------------------------------------------------------------------ reading */

struct reading {
    struct model_set *models;
    struct model *model;                            /* of the kind that was named last */
    bool named[MODEL_KIND_COUNT][COMPARISON_COUNT]; /* some level of it */
    unsigned line;
    struct error *error;
};

static enum status refuse(const struct reading *reading, const char *what)
{
    return error_set(reading->error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                     "model file, line %u: %s", reading->line, what);
}

static bool read_number(struct str word, double low, double high, double *number)
{
    char text[NUMBER_MAX];
    if (word.len == 0 || word.len >= sizeof text) return false;
    memcpy(text, word.ptr, word.len);
    text[word.len] = '\0';
    char *end = text;
    *number = strtod(text, &end);
    return *end == '\0' && isfinite(*number) && *number >= low && *number <= high;
}

static enum status read_kind(struct reading *reading, struct str name)
{
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++)
        if (str_equal(name, str_from_cstr(model_kind_name((enum model_kind)kind)))) {
            reading->model = &reading->models->kind[kind];
            return STATUS_OK;
        }
    return refuse(reading, "the kind is neither person nor organisation");
}

static bool read_comparison(struct str name, struct str level, int *comparison, int *number)
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        if (!str_equal(name, str_from_cstr(comparison_name((enum comparison)c)))) continue;
        for (int l = 1; l < comparison_level_count((enum comparison)c); l++) {
            if (!str_equal(level, comparison_level_name((enum comparison)c, l))) continue;
            *comparison = c;
            *number = l;
            return true;
        }
    }
    return false;
}

static enum status read_level(struct reading *reading, const struct str *word, size_t count)
{
    int c = 0, level = 0;
    if (!read_comparison(word[0], word[1], &c, &level))
        return refuse(reading, "no comparison has this level");
    struct model *model = reading->model;
    reading->named[model->kind][c] = true;
    for (size_t i = 2; i + 1 < count; i += 2) {
        double number = 0;
        if (!read_number(word[i + 1], 0, 1, &number))
            return refuse(reading, "a probability is not between 0 and 1");
        if (str_equal(word[i], STR("m")))
            model->match.level[c][level] = number;
        else if (str_equal(word[i], STR("u")))
            model->random.level[c][level] = number;
        else if (str_equal(word[i], STR("r1")))
            model->related[0].level[c][level] = number;
        else if (str_equal(word[i], STR("r2")) && model->related_count > 1)
            model->related[1].level[c][level] = number;
        else
            return refuse(reading, "m, u, r1 or r2 is expected");
    }
    return count % 2 || count < 4 ? refuse(reading, "a number is missing") : STATUS_OK;
}

static enum status read_related(struct reading *reading, const struct str *word, size_t count)
{
    double which = 0, ratio = 0;
    if (count != 4 || !str_equal(word[2], STR("ratio")) || !read_number(word[1], 1, 2, &which) ||
        which > reading->model->related_count || !read_number(word[3], 1e-6, 1e6, &ratio))
        return refuse(reading, "\"related NUMBER ratio NUMBER\" is expected");
    reading->model->related_ratio[(int)which - 1] = ratio;
    return STATUS_OK;
}

static enum status read_words(struct reading *reading, const struct str *word, size_t count)
{
    double number = 0;
    if (count < 2) return refuse(reading, "a word is alone");
    if (str_equal(word[0], STR("kind"))) return read_kind(reading, word[1]);
    if (!reading->model) return refuse(reading, "a kind is expected first");
    if (str_equal(word[0], STR("related"))) return read_related(reading, word, count);
    if (str_equal(word[0], STR("trained_pairs"))) {
        if (!read_number(word[1], 0, 1e18, &number)) return refuse(reading, "no number of pairs");
        reading->model->trained_pairs = (uint64_t)number;
        return STATUS_OK;
    }
    if (str_equal(word[0], STR("duplicates_per_record"))) {
        if (!read_number(word[1], 1e-6, 1e6, &number)) return refuse(reading, "no such share");
        reading->model->duplicates_per_record = number;
        return STATUS_OK;
    }
    return read_level(reading, word, count);
}

/* Levels that version 1 did not know, and those that stood for them too. */
static const struct {
    enum comparison comparison;
    int level, before;
} later_levels[] = {
    {COMPARISON_BIRTH_DATE, DATE_GENERATION, DATE_DIFFERENT},
    {COMPARISON_IDENTIFIER, IDENTIFIER_SERIES, IDENTIFIER_DIFFERENT},
};

/* As much of it as is the new level's share in what is shipped. */
static void divide(const struct model_class *shipped, enum comparison c, int level, int before,
                   struct model_class *class)
{
    double share =
        shipped->level[c][level] / (shipped->level[c][level] + shipped->level[c][before]);
    class->level[c][level] = share * class->level[c][before];
    class->level[c][before] -= class->level[c][level];
}

static void add_later_levels(struct reading *reading)
{
    struct model_set shipped;
    model_set_default(&shipped);
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++)
        for (size_t i = 0; i < sizeof later_levels / sizeof later_levels[0]; i++) {
            enum comparison c = later_levels[i].comparison;
            int level = later_levels[i].level, before = later_levels[i].before;
            const struct model *from = &shipped.kind[kind];
            struct model *model = &reading->models->kind[kind];
            if (!reading->named[kind][c]) continue;
            divide(&from->match, c, level, before, &model->match);
            divide(&from->random, c, level, before, &model->random);
            for (int r = 0; r < model->related_count; r++)
                divide(&from->related[r], c, level, before, &model->related[r]);
        }
}

/* What a file leaves out is as shipped, so that all rows of a comparison must still add up. */
static bool adds_up(const double level[LEVEL_MAX])
{
    double sum = 0;
    for (int l = 1; l < LEVEL_MAX; l++) sum += level[l];
    return fabs(sum - 1) <= SUM_TOLERANCE;
}

static enum status check_class(const struct reading *reading, enum model_kind kind,
                               const char *name, const struct model_class *class)
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        if (!model_uses(kind, (enum comparison)c) || adds_up(class->level[c])) continue;
        return error_set(reading->error, STATUS_INVALID_VALUE, STR_NONE,
                         STR("probabilities of all levels that sum to 1"),
                         "model file: the numbers \"%s\" of %s of the kind %s do not sum to 1",
                         name, comparison_name((enum comparison)c), model_kind_name(kind));
    }
    return STATUS_OK;
}

static enum status check_sums(const struct reading *reading)
{
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        const struct model *model = &reading->models->kind[kind];
        TRY(check_class(reading, model->kind, "m", &model->match));
        TRY(check_class(reading, model->kind, "u", &model->random));
        for (int r = 0; r < model->related_count; r++)
            TRY(check_class(reading, model->kind, r ? "r2" : "r1", &model->related[r]));
    }
    return STATUS_OK;
}

static enum status read_line(struct reading *reading, struct str line)
{
    struct str word[WORDS_MAX], rest = line, part;
    size_t count = 0;
    ptrdiff_t comment = str_find_char(rest, '#');
    if (comment >= 0) rest.len = (size_t)comment;
    rest = str_trim(rest);
    if (rest.len == 0) return STATUS_OK;
    while (str_split(&rest, ' ', &part)) {
        part = str_trim(part);
        if (part.len == 0) continue;
        if (count == WORDS_MAX) return refuse(reading, "too many words");
        word[count++] = part;
    }
    return read_words(reading, word, count);
}

enum status model_text_read(struct str text, struct model_set *models, struct error *error)
{
    struct reading reading = {.models = models, .line = 1, .error = error};
    struct str rest = text, line;
    double version = 0;
    model_set_default(models);
    if (!str_split(&rest, '\n', &line) || !str_starts_with(line, STR("customer360 matching model")))
        return refuse(&reading, "this is no matching model");
    if (!read_number(str_trim(str_skip(line, sizeof heading - 1)), 1, MODEL_VERSION, &version))
        return refuse(&reading, "this version of the form is not known here");
    while (str_split(&rest, '\n', &line)) {
        reading.line++;
        TRY(read_line(&reading, line));
    }
    if (version < LATER_LEVELS_VERSION) add_later_levels(&reading);
    return check_sums(&reading);
}
