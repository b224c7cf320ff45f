/* What several ask of a store in one transaction, asked at once: one statement for all questions of
 * a kind, and to each the rows that are his, as if he had asked alone.
 *
 *     sql_joint_ask(transaction, tenant, questions, count, arena, &answers, error);
 *     sql_settle(transaction, error);
 *     sql_joint_give(answers, error);
 */
#ifndef ADAPTERS_STORE_SQL_JOINT_H
#define ADAPTERS_STORE_SQL_JOINT_H

#include "engines/sql/sql.h"

struct sql_question {
    const struct sql_statement *statement;
    const struct sql_value *params;
    size_t count;
    struct arena *arena; /* of the rows */
    struct sql_rows *rows;
    bool is_answered;
};

/* Whether this is something that can be asked with others. */
bool sql_joint_can(const struct sql_statement *statement, size_t param_count);
struct sql_joint_answers;
/* What differs in more than its texts from the first of its kind is not asked. The questions, the
 * arena and what they point to last until the answers are given. */
MUST_CHECK enum status sql_joint_ask(struct sql_transaction *transaction, struct str tenant,
                                     struct sql_question *const *questions, size_t count,
                                     struct arena *arena, struct sql_joint_answers **answers,
                                     struct error *error);
/* A question without room for its rows is left without an answer. */
MUST_CHECK enum status sql_joint_give(struct sql_joint_answers *answers, struct error *error);

#endif
