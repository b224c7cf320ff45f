#include "adapters/store/search_plan.h"

struct planned_statement {
    struct planned_statement *next;
    const struct sql_statement *statement;
    struct sql_value *params;
    size_t count;
};

static bool copy_text(struct str *text, struct arena *arena)
{
    *text = arena_str(arena, *text);
    return !str_is_none(*text);
}

static bool copy_array(struct sql_value *value, struct arena *arena)
{
    struct str *texts = ARENA_NEW_ARRAY(arena, struct str, value->array_count);
    for (size_t i = 0; texts && i < value->array_count; i++) {
        texts[i] = value->array[i];
        if (!copy_text(&texts[i], arena)) return false;
    }
    value->array = texts;
    return texts != NULL;
}

static bool copy_value(struct sql_value *value, struct arena *arena)
{
    if (value->type == SQL_TEXT || value->type == SQL_BYTES) return copy_text(&value->text, arena);
    return value->type != SQL_TEXT_ARRAY || copy_array(value, arena);
}

enum status search_plan_add(struct search_plan *plan, const struct sql_statement *statement,
                            const struct sql_value *params, size_t count, struct error *error)
{
    struct planned_statement *added = ARENA_NEW(plan->arena, struct planned_statement);
    struct sql_value *copies = ARENA_NEW_ARRAY(plan->arena, struct sql_value, count);
    if (!added || !copies) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++) {
        copies[i] = params[i];
        if (!copy_value(&copies[i], plan->arena)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    *added = (struct planned_statement){.statement = statement, .params = copies, .count = count};
    if (plan->last)
        plan->last->next = added;
    else
        plan->first = added;
    plan->last = added;
    return STATUS_OK;
}

enum status search_plan_execute(const struct search_plan *plan, struct sql_transaction *transaction,
                                struct error *error)
{
    for (const struct planned_statement *at = plan->first; at; at = at->next)
        TRY(sql_execute(transaction, at->statement, at->params, at->count, error));
    return STATUS_OK;
}
