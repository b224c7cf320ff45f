#include "adapters/store/sql_joint.h"

#include "sql_statements.h"

/* The first column of their rows is the text that the row is about. */
enum { NAMES_TEXT = -1 };

/* Statements that take the tenant, an array of texts and perhaps a number, and say of each row
 * which text it is about. */
static const struct kind {
    const struct sql_statement *statement;
    size_t param_count;
    int64_t first_number; /* of the texts, in the first column of the rows */
} kinds[] = {
    {SQL_KEYS_FIND, 3, 1},
    {SQL_PROFILES_EXIST, 2, 0},
    {SQL_PROFILE_GET_MANY, 2, NAMES_TEXT},
    {SQL_SUPPRESSION_FIND, 2, 0},
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]), TENANT = 0, TEXTS, NUMBER, PARAMS_MAX };

/* All questions of a kind. */
struct round {
    const struct kind *kind;
    const struct sql_question *first;
    size_t text_count;
    struct sql_rows rows;
    int64_t *numbers; /* of the rows */
};

struct sql_joint_answers {
    struct sql_question *const *questions;
    size_t count;
    struct arena *arena;
    struct round rounds[KINDS];
};

static const struct kind *kind_of(const struct sql_statement *statement)
{
    for (size_t i = 0; i < KINDS; i++)
        if (kinds[i].statement == statement) return &kinds[i];
    return NULL;
}

bool sql_joint_can(const struct sql_statement *statement, size_t param_count)
{
    const struct kind *kind = kind_of(statement);
    return kind && kind->param_count == param_count;
}

static bool is_of(const struct sql_question *question, const struct round *round)
{
    if (question->statement != round->kind->statement) return false;
    return !round->first || question->count <= NUMBER ||
           question->params[NUMBER].integer == round->first->params[NUMBER].integer;
}

/* --- asking --- */

static enum status ask_round(const struct sql_joint_answers *answers, struct round *round,
                             struct sql_transaction *transaction, struct str tenant,
                             struct error *error)
{
    size_t at = 0;
    for (size_t i = 0; i < answers->count; i++) {
        const struct sql_question *question = answers->questions[i];
        if (!is_of(question, round)) continue;
        if (!round->first) round->first = question;
        round->text_count += question->params[TEXTS].array_count;
    }
    if (!round->first) return STATUS_OK;
    struct str *texts = ARENA_NEW_ARRAY(answers->arena, struct str, round->text_count);
    if (!texts) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < answers->count; i++) {
        const struct sql_question *question = answers->questions[i];
        for (size_t t = 0; is_of(question, round) && t < question->params[TEXTS].array_count; t++)
            texts[at++] = question->params[TEXTS].array[t];
    }
    struct sql_value params[PARAMS_MAX] = {SQL_PARAM_TEXT(tenant),
                                           SQL_PARAM_ARRAY(texts, round->text_count)};
    if (round->first->count > NUMBER) params[NUMBER] = round->first->params[NUMBER];
    return sql_ask(transaction, round->kind->statement, params, round->first->count, answers->arena,
                   &round->rows, error);
}

enum status sql_joint_ask(struct sql_transaction *transaction, struct str tenant,
                          struct sql_question *const *questions, size_t count, struct arena *arena,
                          struct sql_joint_answers **out, struct error *error)
{
    struct sql_joint_answers *answers = ARENA_NEW(arena, struct sql_joint_answers);
    if (!answers) return error_plain(error, STATUS_OUT_OF_MEMORY);
    *answers = (struct sql_joint_answers){.questions = questions, .count = count, .arena = arena};
    for (size_t i = 0; i < KINDS; i++) {
        answers->rounds[i].kind = &kinds[i];
        TRY(ask_round(answers, &answers->rounds[i], transaction, tenant, error));
    }
    *out = answers;
    return STATUS_OK;
}

/* --- giving --- */

/* `first`: the number of the question's first text among those of all. */
static bool is_about(const struct round *round, size_t row, const struct sql_question *question,
                     int64_t first)
{
    const struct sql_value *texts = &question->params[TEXTS];
    if (round->kind->first_number != NAMES_TEXT)
        return round->numbers[row] >= first &&
               round->numbers[row] < first + (int64_t)texts->array_count;
    for (size_t i = 0; i < texts->array_count; i++)
        if (str_equal(texts->array[i], sql_cell(&round->rows, row, 0))) return true;
    return false;
}

static struct str copy_cell(const struct round *round, size_t row, size_t column, int64_t first,
                            struct arena *arena)
{
    if (column > 0 || round->kind->first_number == NAMES_TEXT)
        return arena_str(arena, sql_cell(&round->rows, row, column));
    int64_t number = round->numbers[row] - first + round->kind->first_number;
    return arena_format(arena, "%lld", (long long)number);
}

static bool give_row(const struct round *round, size_t row, const struct sql_question *question,
                     int64_t first)
{
    struct sql_rows *rows = question->rows;
    struct str *cells = rows->cells + rows->row_count++ * rows->column_count;
    for (size_t i = 0; i < rows->column_count; i++) {
        cells[i] = copy_cell(round, row, i, first, question->arena);
        if (str_is_none(cells[i]) && !str_is_none(sql_cell(&round->rows, row, i))) return false;
    }
    return true;
}

static bool give_rows(const struct round *round, struct sql_question *question, int64_t first)
{
    size_t columns = round->rows.column_count, count = 0;
    for (size_t row = 0; row < round->rows.row_count; row++)
        count += is_about(round, row, question, first);
    *question->rows = (struct sql_rows){.column_count = columns};
    if (count == 0) return true;
    question->rows->cells = ARENA_NEW_ARRAY(question->arena, struct str, count * columns);
    bool done = question->rows->cells;
    for (size_t row = 0; done && row < round->rows.row_count; row++)
        if (is_about(round, row, question, first)) done = give_row(round, row, question, first);
    return done;
}

static bool read_numbers(struct round *round, struct arena *arena)
{
    if (round->kind->first_number == NAMES_TEXT) return true;
    round->numbers = ARENA_NEW_ARRAY(arena, int64_t, round->rows.row_count);
    for (size_t row = 0; round->numbers && row < round->rows.row_count; row++)
        round->numbers[row] = sql_cell_int64(&round->rows, row, 0, -1);
    return round->numbers;
}

enum status sql_joint_give(struct sql_joint_answers *answers, struct error *error)
{
    for (size_t r = 0; r < KINDS; r++) {
        struct round *round = &answers->rounds[r];
        int64_t first = round->kind->first_number;
        if (!round->first) continue;
        if (!read_numbers(round, answers->arena)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        for (size_t i = 0; i < answers->count; i++) {
            struct sql_question *question = answers->questions[i];
            if (!is_of(question, round)) continue;
            question->is_answered = give_rows(round, question, first);
            first += (int64_t)question->params[TEXTS].array_count;
        }
    }
    return STATUS_OK;
}
