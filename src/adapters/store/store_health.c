#include "adapters/store/store_health.h"

#include <stdio.h>
#include <string.h>

#include "adapters/store/sql_store_internal.h"
#include "base/identifier.h"

enum { SAMPLE = 200, PAGE = 200 };
#define ARENA_MAX ((size_t)1 << 30)

struct asking {
    const struct sql_statement *statement;
    const struct sql_value *params;
    size_t param_count;
    struct sql_rows rows;
};

static enum status ask_body(struct store_session *base, void *context, struct error *error)
{
    struct sql_session *session = sql_session_of(base);
    struct asking *asking = context;
    return sql_query(session->transaction, asking->statement, asking->params, asking->param_count,
                     session->arena, &asking->rows, error);
}

static enum status ask(struct store *store, const struct sql_statement *statement,
                       const struct sql_value *params, size_t count, struct arena *arena,
                       struct sql_rows *rows, struct error *error)
{
    struct asking asking = {.statement = statement, .params = params, .param_count = count};
    TRY(store_read(store, SQL_STORE_WHOLE, arena, ask_body, &asking, error));
    *rows = asking.rows;
    return rows->row_count > 0 ? STATUS_OK : error_plain(error, STATUS_INTERNAL);
}

enum status store_health_read(struct store *store, instant now, struct store_health *health,
                              struct error *error)
{
    const struct sql_value by = SQL_PARAM_INT64(now);
    struct arena arena;
    struct sql_rows rows;
    arena_init(&arena, 1 << 20);
    enum status status = ask(store, SQL_STORE_HEALTH, &by, 1, &arena, &rows, error);
    if (status == STATUS_OK)
        *health = (struct store_health){.newest = sql_cell_int64(&rows, 0, 0, INSTANT_NONE),
                                        .unfinished_jobs = sql_cell_int64(&rows, 0, 1, 0),
                                        .unnumbered = sql_cell_int64(&rows, 0, 2, 0),
                                        .stale_claims = sql_cell_int64(&rows, 0, 3, 0),
                                        .unindexed = sql_cell_int64(&rows, 0, 4, 0),
                                        .search_tail = sql_cell_int64(&rows, 0, 5, 0),
                                        .stale_answers = sql_cell_int64(&rows, 0, 6, 0)};
    arena_release(&arena);
    return status;
}

static void copy(struct str from, char *to, size_t size)
{
    (void)snprintf(to, size, "%.*s", STR_ARGS(from));
}

enum status store_health_role(struct store *store, struct role_health *health, struct error *error)
{
    struct arena arena;
    struct sql_rows rows;
    arena_init(&arena, 1 << 20);
    *health = (struct role_health){.now = INSTANT_NONE};
    enum status status = ask(store, SQL_ROLE_HEALTH, NULL, 0, &arena, &rows, error);
    if (status == STATUS_OK) {
        copy(sql_cell(&rows, 0, 0), health->name, sizeof(health->name));
        health->is_unbound = str_equal(sql_cell(&rows, 0, 1), STR("t"));
        health->is_owner = str_equal(sql_cell(&rows, 0, 2), STR("t"));
        copy(sql_cell(&rows, 0, 3), health->unforced, sizeof(health->unforced));
        copy(sql_cell(&rows, 0, 4), health->unseen, sizeof(health->unseen));
        health->now = sql_cell_int64(&rows, 0, 5, INSTANT_NONE);
    }
    arena_release(&arena);
    return status;
}

enum status store_health_require_owner(struct store *store, struct error *error)
{
    struct role_health role;
    TRY(store_health_role(store, &role, error));
    if (!role.is_owner)
        return error_set(error, STATUS_CONFIGURATION, STR("store.migration_url"),
                         STR("the role that owns the schema"),
                         "role %s sees one tenant at a time: store.migration_url is needed",
                         role.name);
    if (role.unseen[0])
        return error_set(
            error, STATUS_CONFIGURATION, STR("store.migration_url"), STR("customer360 migrate"),
            "table %s was made by a program that knew no backup: run migrate once", role.unseen);
    return STATUS_OK;
}

enum status store_health_pages(struct store *store, char *said, size_t size, struct error *error)
{
    struct arena arena;
    struct sql_rows rows;
    arena_init(&arena, 1 << 20);
    enum status status = ask(store, SQL_INTEGRITY_CHECK, NULL, 0, &arena, &rows, error);
    if (status == STATUS_OK) copy(sql_cell(&rows, 0, 0), said, size);
    arena_release(&arena);
    return status;
}

/* --- replicas --- */

size_t store_health_replica_count(struct store *store)
{
    const struct sql_store *self = (const struct sql_store *)store;
    return self->replicas ? replicas_count(self->replicas) : 0;
}

static enum status ask_position(struct sql_driver *driver, const struct sql_statement *statement,
                                int64_t *position, int64_t *timeline, struct error *error)
{
    struct arena arena;
    struct sql_rows rows;
    arena_init(&arena, 1 << 20);
    enum status status =
        driver->query_one(driver, NO_TENANT, statement, NULL, 0, &arena, &rows, error);
    if (status == STATUS_OK && rows.row_count != 1)
        status =
            error_set(error, STATUS_UNAVAILABLE, STR_NONE, STR_NONE, "it follows no other server");
    if (status == STATUS_OK) {
        *position = sql_cell_int64(&rows, 0, 0, 0);
        *timeline = sql_cell_int64(&rows, 0, 1, 0);
    }
    arena_release(&arena);
    return status;
}

enum status store_health_replica(struct store *store, size_t index, struct replica_health *health,
                                 struct error *error)
{
    struct sql_store *self = (struct sql_store *)store;
    int64_t primary, primary_timeline, replica, timeline;
    TRY(ask_position(self->driver, SQL_PRIMARY_POSITION, &primary, &primary_timeline, error));
    TRY(ask_position(replicas_driver(self->replicas, index), SQL_REPLICA_POSITION, &replica,
                     &timeline, error));
    *health = (struct replica_health){.behind_bytes = primary > replica ? primary - replica : 0,
                                      .follows = timeline == primary_timeline};
    return STATUS_OK;
}

/* --- customers --- */

struct looking {
    bool all;
    store_health_look *look;
    void *context;
};

static enum status look_at_page(const struct looking *looking, struct sql_session *session,
                                const struct profile_row *rows, size_t count, struct error *error)
{
    for (size_t i = 0; i < count; i++) {
        struct arena_mark mark = arena_mark(session->arena);
        TRY(looking->look(&session->base, rows[i].customer_id, session->arena, looking->context,
                          error));
        arena_rewind(session->arena, mark);
    }
    return STATUS_OK;
}

static enum status look_at_tenant(const struct looking *looking, struct sql_session *session,
                                  struct error *error)
{
    static const struct profile_filter all = {.include_merged = true};
    struct arena_mark mark = arena_mark(session->arena);
    struct str after = STR_NONE;
    char last[IDENTIFIER_MAX_BYTES + 1];
    size_t count;
    do {
        struct profile_row *rows;
        arena_rewind(session->arena, mark);
        TRY(store_profile_list(&session->base, &all, after, PAGE, session->arena, &rows, &count,
                               error));
        TRY(look_at_page(looking, session, rows, count, error));
        if (count == 0) break;
        after = str_of(last, rows[count - 1].customer_id.len);
        if (after.len > IDENTIFIER_MAX_BYTES) return error_plain(error, STATUS_STORE_CORRUPT);
        memcpy(last, rows[count - 1].customer_id.ptr, after.len);
    } while (count == PAGE);
    return STATUS_OK;
}

static enum status look_body(struct store_session *base, void *context, struct error *error)
{
    const struct looking *looking = context;
    struct sql_session session = *sql_session_of(base);
    const struct sql_value sample = SQL_PARAM_INT64(SAMPLE);
    struct sql_rows rows;
    TRY(sql_query(session.transaction, looking->all ? SQL_TENANT_LIST : SQL_PROFILE_SAMPLE, &sample,
                  looking->all ? 0 : 1, session.arena, &rows, error));
    for (size_t i = 0; i < rows.row_count; i++) {
        session.base.tenant = sql_cell(&rows, i, 0);
        const struct profile_row one = {.customer_id =
                                            looking->all ? STR_NONE : sql_cell(&rows, i, 1)};
        TRY(looking->all ? look_at_tenant(looking, &session, error)
                         : look_at_page(looking, &session, &one, 1, error));
    }
    return STATUS_OK;
}

enum status store_health_each(struct store *store, bool all, store_health_look *look, void *context,
                              struct error *error)
{
    struct arena arena;
    struct looking looking = {all, look, context};
    arena_init(&arena, ARENA_MAX);
    enum status status = store_read(store, SQL_STORE_WHOLE, &arena, look_body, &looking, error);
    arena_release(&arena);
    return status;
}
