/* Webhooks behind the port: subscriptions, what is held of them, and the log. */
#include "application/ports/webhook_store.h"
#include "contract.h"

static struct webhook_row webhook(struct str id)
{
    return (struct webhook_row){
        .webhook_id = id,
        .url = STR("https://hooks.example.com/in"),
        .event_types = STR("CustomerMergedEvent"),
        .state = WEBHOOK_ACTIVE,
        .disabled_at = INSTANT_NONE,
        .version = 1,
        .created_by = STR("ann"),
        .created_at = 1000,
        .updated_at = 1000,
        .key_id = STR("k1"),
        .salt = STR("s1"),
        .previous_until = INSTANT_NONE,
        .progress = {.position = 7, .failing_since = INSTANT_NONE, .delivered_at = INSTANT_NONE}};
}

struct work {
    enum { INSERT, UPDATE, GET, LIST, REMOVE, HOLD, LET_GO, HELD, APPEND, TRIM, READ, LOG } kind;
    struct arena *arena;
    struct str id;
    struct webhook_row row;
    struct webhook_held held;
    struct webhook_delivery delivery;
    struct webhook_filter filter;
    int64_t after;
    instant before;
    size_t limit, count;
    struct webhook_row *rows;
    struct webhook_held *held_rows;
    struct webhook_delivery *deliveries;
    int64_t held_count;
};

static enum status change(struct store_session *session, struct work *work, struct error *error)
{
    switch (work->kind) {
    case INSERT:
        return webhook_insert(session, &work->row, error);
    case UPDATE:
        TRY(webhook_get(session, work->row.webhook_id, STORE_LOCK, work->arena,
                        &(struct webhook_row){0}, error));
        return webhook_update(session, &work->row, error);
    case REMOVE:
        return webhook_remove(session, work->id, error);
    case HOLD:
        return webhook_held_put(session, work->id, &work->held, error);
    case LET_GO:
        return webhook_held_remove(session, work->id, work->held.position, error);
    case APPEND:
        return webhook_delivery_append(session, work->id, &work->delivery, error);
    default:
        return webhook_delivery_trim(session, work->id, work->after, work->before, error);
    }
}

static enum status look(struct store_session *session, struct work *work, struct error *error)
{
    switch (work->kind) {
    case GET:
        return webhook_get(session, work->id, STORE_NO_LOCK, work->arena, &work->row, error);
    case LIST:
        return webhook_list(session, work->id, work->limit, work->arena, &work->rows, &work->count,
                            error);
    case HELD:
        TRY(webhook_held_count(session, work->id, &work->held_count, error));
        return webhook_held_list(session, work->id, work->after, work->limit, work->arena,
                                 &work->held_rows, &work->count, error);
    case READ:
        return webhook_delivery_get(session, work->id, work->delivery.number, work->arena,
                                    &work->delivery, error);
    default:
        return webhook_delivery_list(session, work->id, &work->filter, work->limit, work->arena,
                                     &work->deliveries, &work->count, error);
    }
}

static enum status write_body(struct store_session *session, void *context, struct error *error)
{
    return change(session, context, error);
}

static enum status read_body(struct store_session *session, void *context, struct error *error)
{
    return look(session, context, error);
}

static enum status run_for(struct contract *c, struct str tenant, struct work *work)
{
    bool reads = work->kind == GET || work->kind == LIST || work->kind == HELD ||
                 work->kind == READ || work->kind == LOG;
    work->arena = &c->arena;
    return reads ? store_read(c->store, tenant, &c->arena, read_body, work, &c->error)
                 : store_write(c->store, tenant, &c->arena, write_body, work, &c->error);
}

static void must(struct contract *c, struct work *work)
{
    assert_int_equal(run_for(c, c->tenant, work), STATUS_OK);
}

static void put(struct contract *c, struct webhook_row row)
{
    must(c, &(struct work){.kind = INSERT, .row = row});
}

static void hold(struct contract *c, struct str id, int64_t position, int64_t attempts)
{
    must(c, &(struct work){.kind = HOLD,
                           .id = id,
                           .held = {.position = position,
                                    .event_id = STR("evt-1"),
                                    .customer_id = STR("CUST-1"),
                                    .attempts = attempts,
                                    .next_at = 5000 + attempts}});
}

static void append(struct contract *c, struct str id, int64_t number, enum webhook_outcome outcome)
{
    must(c, &(struct work){.kind = APPEND,
                           .id = id,
                           .delivery = {.number = number,
                                        .position = 100 + number,
                                        .event_id = STR("evt-1"),
                                        .event_type = STR("CustomerMergedEvent"),
                                        .customer_id = STR("CUST-1"),
                                        .at = 1000 * number,
                                        .attempt = 2,
                                        .outcome = outcome,
                                        .reason = WEBHOOK_TIMED_OUT,
                                        .http_status = 503,
                                        .took_ms = 12}});
}

static void a_webhook_is_read_as_it_was_written(struct contract *c)
{
    put(c, webhook(STR("W1")));
    struct work work = {.kind = GET, .id = STR("W1")};
    must(c, &work);
    assert_str(work.row.url, STR("https://hooks.example.com/in"));
    assert_str(work.row.event_types, STR("CustomerMergedEvent"));
    assert_true(str_is_none(work.row.description) && str_is_none(work.row.previous_salt));
    assert_int_equal(work.row.progress.position, 7);
    assert_int_equal(work.row.progress.failing_since, INSTANT_NONE);

    struct webhook_row row = work.row;
    row.state = WEBHOOK_DISABLED;
    row.cause = WEBHOOK_GONE;
    row.disabled_at = 4000;
    row.event_types = STR("");
    row.description = STR("the sales desk");
    row.previous_salt = STR("s0");
    row.previous_until = 9000;
    row.version = 2;
    row.progress = (struct webhook_progress){8, 2, 3, 4, 5, 6, 7000, 8000, 9};
    must(c, &(struct work){.kind = UPDATE, .row = row});
    must(c, &work);
    assert_int_equal(work.row.state, WEBHOOK_DISABLED);
    assert_int_equal(work.row.cause, WEBHOOK_GONE);
    assert_int_equal(work.row.disabled_at, 4000);
    assert_str(work.row.event_types, STR(""));
    assert_str(work.row.description, STR("the sales desk"));
    assert_str(work.row.previous_salt, STR("s0"));
    assert_int_equal(work.row.previous_until, 9000);
    const struct webhook_progress *progress = &work.row.progress;
    assert_int_equal(progress->position, 8);
    assert_int_equal(progress->epoch, 2);
    assert_int_equal(progress->turn, 3);
    assert_int_equal(progress->delivered, 4);
    assert_int_equal(progress->given_up, 5);
    assert_int_equal(progress->failures, 6);
    assert_int_equal(progress->failing_since, 7000);
    assert_int_equal(progress->delivered_at, 8000);
    assert_int_equal(progress->log_number, 9);
}

static void webhooks_are_listed_by_id(struct contract *c)
{
    put(c, webhook(STR("W2")));
    put(c, webhook(STR("W1")));
    put(c, webhook(STR("W3")));
    struct work work = {.kind = LIST, .limit = 2};
    must(c, &work);
    assert_int_equal(work.count, 2);
    assert_str(work.rows[0].webhook_id, STR("W1"));
    work.id = STR("W2");
    must(c, &work);
    assert_int_equal(work.count, 1);
    assert_str(work.rows[0].webhook_id, STR("W3"));
}

static void a_tenant_sees_its_own(struct contract *c)
{
    put(c, webhook(STR("W1")));
    struct work work = {.kind = GET, .id = STR("W1")};
    assert_int_equal(run_for(c, c->other_tenant, &work), STATUS_WEBHOOK_NOT_FOUND);
    work = (struct work){.kind = LIST, .limit = 5};
    assert_int_equal(run_for(c, c->other_tenant, &work), STATUS_OK);
    assert_int_equal(work.count, 0);
}

static void who_delivers_sees_all(struct contract *c)
{
    struct webhook_row *rows;
    size_t count, found = 0;
    put(c, webhook(STR("W1")));
    struct work other = {.kind = INSERT, .row = webhook(STR("W1"))};
    assert_int_equal(run_for(c, c->other_tenant, &other), STATUS_OK);
    assert_int_equal(webhook_list_all(c->store, &c->arena, &rows, &count, &c->error), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        found += str_equal(rows[i].tenant, c->tenant) || str_equal(rows[i].tenant, c->other_tenant);
    assert_int_equal(found, 2);
}

static void held_events_come_in_the_order_of_the_feed(struct contract *c)
{
    put(c, webhook(STR("W1")));
    put(c, webhook(STR("W2")));
    hold(c, STR("W1"), 30, 1);
    hold(c, STR("W1"), 10, 1);
    hold(c, STR("W1"), 0, 0);
    hold(c, STR("W2"), 20, 1);
    hold(c, STR("W1"), 10, 4);
    struct work work = {.kind = HELD, .id = STR("W1"), .after = -1, .limit = 10};
    must(c, &work);
    assert_int_equal(work.held_count, 3);
    assert_int_equal(work.count, 3);
    assert_int_equal(work.held_rows[0].position, 0);
    assert_int_equal(work.held_rows[1].attempts, 4);
    assert_int_equal(work.held_rows[1].next_at, 5004);
    assert_str(work.held_rows[2].customer_id, STR("CUST-1"));
    must(c, &(struct work){.kind = LET_GO, .id = STR("W1"), .held = {.position = 10}});
    must(c, &(struct work){.kind = LET_GO, .id = STR("W1"), .held = {.position = 11}});
    work.after = 0;
    work.limit = 1;
    must(c, &work);
    assert_int_equal(work.held_count, 2);
    assert_int_equal(work.count, 1);
    assert_int_equal(work.held_rows[0].position, 30);
}

static void the_log_is_read_newest_first_and_bounded(struct contract *c)
{
    put(c, webhook(STR("W1")));
    for (int64_t number = 1; number <= 5; number++)
        append(c, STR("W1"), number, number == 2 ? WEBHOOK_TO_RETRY : WEBHOOK_DELIVERED);
    struct work work = {.kind = LOG, .id = STR("W1"), .filter.before = INT64_MAX, .limit = 2};
    must(c, &work);
    assert_int_equal(work.count, 2);
    assert_int_equal(work.deliveries[0].number, 5);
    work.filter = (struct webhook_filter){.before = 5, .failed = true};
    must(c, &work);
    assert_int_equal(work.count, 1);
    assert_int_equal(work.deliveries[0].number, 2);
    assert_int_equal(work.deliveries[0].reason, WEBHOOK_TIMED_OUT);
    assert_int_equal(work.deliveries[0].http_status, 503);

    must(c, &(struct work){.kind = TRIM, .id = STR("W1"), .after = 2, .before = INSTANT_NONE});
    work = (struct work){.kind = READ, .id = STR("W1"), .delivery.number = 2};
    assert_int_equal(run_for(c, c->tenant, &work), STATUS_DELIVERY_NOT_FOUND);
    must(c, &(struct work){.kind = TRIM, .id = STR("W1"), .after = 0, .before = 4000});
    work.delivery.number = 3;
    assert_int_equal(run_for(c, c->tenant, &work), STATUS_DELIVERY_NOT_FOUND);
    work.delivery.number = 4;
    must(c, &work);
    assert_int_equal(work.delivery.position, 104);
}

static void removing_takes_all_with_it(struct contract *c)
{
    put(c, webhook(STR("W1")));
    put(c, webhook(STR("W2")));
    hold(c, STR("W1"), 1, 1);
    append(c, STR("W1"), 1, WEBHOOK_DELIVERED);
    must(c, &(struct work){.kind = REMOVE, .id = STR("W1")});
    struct work work = {.kind = GET, .id = STR("W1")};
    assert_int_equal(run_for(c, c->tenant, &work), STATUS_WEBHOOK_NOT_FOUND);
    work = (struct work){.kind = HELD, .id = STR("W1"), .after = -1, .limit = 9};
    must(c, &work);
    assert_int_equal(work.count, 0);
    work = (struct work){.kind = LOG, .id = STR("W1"), .filter.before = INT64_MAX, .limit = 9};
    must(c, &work);
    assert_int_equal(work.count, 0);
    work = (struct work){.kind = LIST, .limit = 9};
    must(c, &work);
    assert_int_equal(work.count, 1);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_webhook_is_read_as_it_was_written),
        CONTRACT(webhooks_are_listed_by_id),
        CONTRACT(a_tenant_sees_its_own),
        CONTRACT(who_delivers_sees_all),
        CONTRACT(held_events_come_in_the_order_of_the_feed),
        CONTRACT(the_log_is_read_newest_first_and_bounded),
        CONTRACT(removing_takes_all_with_it),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
