/* Which instances are live: see store_instance_turn. The embedded store has one process, and no
 * statements for it. */
#include "adapters/store/sql_store_internal.h"

struct turn {
    struct str instance;
    int64_t lease_ms;
    struct arena *arena;
    int64_t live;
};

static enum status run_turn(struct sql_transaction *transaction, void *context, struct error *error)
{
    struct turn *turn = context;
    const struct sql_value params[] = {SQL_PARAM_TEXT(turn->instance),
                                       SQL_PARAM_INT64(turn->lease_ms * (INSTANT_SECOND / 1000))};
    struct sql_rows rows;
    if (turn->lease_ms == 0) return sql_execute(transaction, SQL_INSTANCE_LEAVE, params, 1, error);
    TRY(sql_query(transaction, SQL_INSTANCE_TURN, params, SQL_COUNT(params), turn->arena, &rows,
                  error));
    turn->live = 1 + sql_cell_int64(&rows, 0, 0, 0);
    return STATUS_OK;
}

enum status sql_instances_turn(struct store *base, struct str instance, int64_t lease_ms,
                               struct arena *arena, int64_t *live, struct error *error)
{
    struct sql_store *self = (struct sql_store *)base;
    struct turn turn = {instance, lease_ms, arena, 1};
    enum status status = self->keys ? STATUS_OK
                                    : self->driver->transact(self->driver, SQL_WRITE, NO_TENANT,
                                                             arena, run_turn, &turn, error);
    *live = turn.live;
    return status;
}
