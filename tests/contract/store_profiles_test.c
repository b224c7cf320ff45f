/* Profile rows, versions and look-ups: what any store has to do. */
#include "contract.h"

static void a_profile_comes_back_as_it_was_put(struct contract *c)
{
    struct profile_row put = contract_profile(STR("C-1"), 1000), got;
    put.segment = STR("GOLD");
    put.name = STR("Ac\"me \\ \xc3\xa9");
    contract_insert(c, put);
    assert_int_equal(contract_get(c, c->tenant, STR("C-1"), &got), STATUS_OK);
    assert_str(got.customer_id, STR("C-1"));
    assert_int_equal(got.version, 1);
    assert_true(str_is_none(got.survivor_id) && str_is_none(got.merge_id));
    assert_int_equal(got.created_at, 1000);
    assert_int_equal(got.updated_at, 1000);
    assert_int_equal(got.erased_at, INSTANT_NONE);
    assert_str(got.kind, put.kind);
    assert_str(got.status, put.status);
    assert_str(got.segment, put.segment);
    assert_str(got.name, put.name);
    assert_str(got.document, put.document);
}

static void an_absent_segment_and_document_stay_absent(struct contract *c)
{
    struct profile_row put = contract_profile(STR("C-1"), 1000), got;
    put.document = STR_NONE;
    contract_insert(c, put);
    assert_int_equal(contract_get(c, c->tenant, STR("C-1"), &got), STATUS_OK);
    assert_true(str_is_none(got.segment));
    assert_true(str_is_none(got.document));
}

static void an_unknown_customer_is_not_found(struct contract *c)
{
    struct profile_row got;
    assert_int_equal(contract_get(c, c->tenant, STR("nobody"), &got), STATUS_CUSTOMER_NOT_FOUND);
}

struct existence {
    struct str ids[4];
    bool exist[4];
};

static enum status ask_existence(struct store_session *session, void *context, struct error *error)
{
    struct existence *asked = context;
    struct profile_row row = contract_profile(STR("C-0"), 2000);
    TRY(store_profile_insert(session, &row, error));
    return store_profiles_exist(session, asked->ids, 4, asked->exist, error);
}

static void which_customers_exist_is_told_in_the_order_asked(struct contract *c)
{
    struct existence asked = {.ids = {STR("C-2"), STR("C-0"), STR("nobody"), STR("C-2")}};
    contract_insert(c, contract_profile(STR("C-1"), 1000));
    contract_insert(c, contract_profile(STR("C-2"), 1000));
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, ask_existence, &asked, &c->error),
                     STATUS_OK);
    assert_true(asked.exist[0] && asked.exist[1] && !asked.exist[2] && asked.exist[3]);
}

static enum status insert_taken(struct store_session *session, void *context, struct error *error)
{
    struct profile_row row = contract_profile(*(struct str *)context, 2000);
    return store_profile_insert(session, &row, error);
}

static void a_taken_id_is_refused(struct contract *c)
{
    struct str id = STR("C-1");
    struct profile_row got;
    contract_insert(c, contract_profile(id, 1000));
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, insert_taken, &id, &c->error),
                     STATUS_CUSTOMER_EXISTS);
    assert_int_equal(contract_get(c, c->tenant, id, &got), STATUS_OK);
    assert_int_equal(got.created_at, 1000);
}

static void an_update_replaces_all_but_the_id(struct contract *c)
{
    struct profile_row row = contract_profile(STR("C-1"), 1000), got;
    contract_insert(c, row);
    row.version = 2;
    row.survivor_id = STR("C-2");
    row.merge_id = STR("M-1");
    row.updated_at = 2000;
    row.erased_at = 3000;
    row.status = STR("ON_HOLD");
    row.segment = STR("SILVER");
    row.document = STR_NONE;
    contract_update(c, row);
    assert_int_equal(contract_get(c, c->tenant, STR("C-1"), &got), STATUS_OK);
    assert_int_equal(got.version, 2);
    assert_str(got.survivor_id, STR("C-2"));
    assert_str(got.merge_id, STR("M-1"));
    assert_int_equal(got.created_at, 1000);
    assert_int_equal(got.updated_at, 2000);
    assert_int_equal(got.erased_at, 3000);
    assert_str(got.status, STR("ON_HOLD"));
    assert_str(got.segment, STR("SILVER"));
    assert_true(str_is_none(got.document));
}

/* --- lists --- */

struct listing {
    struct profile_filter filter;
    struct str after;
    size_t limit;
    struct arena *arena;
    struct profile_row *rows;
    size_t count;
};

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct listing *l = context;
    return store_profile_list(session, &l->filter, l->after, l->limit, l->arena, &l->rows,
                              &l->count, error);
}

static void assert_list(struct contract *c, struct listing listing, const char *const *ids,
                        size_t count)
{
    listing.arena = &c->arena;
    if (listing.limit == 0) listing.limit = 100;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_body, &listing, &c->error),
                     STATUS_OK);
    assert_int_equal(listing.count, count);
    for (size_t i = 0; i < count; i++)
        assert_str(listing.rows[i].customer_id, str_from_cstr(ids[i]));
}
#define ASSERT_LIST(c, listing, ...)                                                               \
    assert_list(c, listing, (const char *const[]){__VA_ARGS__},                                    \
                UNIT_COUNT(((const char *const[]){__VA_ARGS__})))

static void put_a_few(struct contract *c)
{
    struct profile_row row = contract_profile(STR("C-3"), 1000);
    row.segment = STR("GOLD");
    contract_insert(c, row);
    row = contract_profile(STR("C-1"), 1000);
    row.status = STR("ON_HOLD");
    row.segment = STR("GOLD");
    contract_insert(c, row);
    row = contract_profile(STR("C-2"), 1000);
    row.kind = STR("PERSON");
    contract_insert(c, row);
    row = contract_profile(STR("C-10"), 1000);
    row.survivor_id = STR("C-1");
    row.document = STR_NONE;
    contract_insert(c, row);
    row = contract_profile(STR("C-0"), 1000);
    row.erased_at = 5000;
    contract_insert(c, row);
    contract_insert(c, contract_profile(STR("a-lower"), 1000));
}

static void a_list_is_in_the_order_of_the_bytes_of_the_ids(struct contract *c)
{
    put_a_few(c);
    ASSERT_LIST(c, ((struct listing){0}), "C-1", "C-2", "C-3", "a-lower");
}

static void a_list_can_show_merged_customers_but_never_erased_ones(struct contract *c)
{
    put_a_few(c);
    ASSERT_LIST(c, ((struct listing){.filter = {.include_merged = true}}), "C-1", "C-10", "C-2",
                "C-3", "a-lower");
}

static void a_list_filters_by_status_segment_and_kind(struct contract *c)
{
    put_a_few(c);
    ASSERT_LIST(c, ((struct listing){.filter = {.status = STR("ACTIVE")}}), "C-2", "C-3",
                "a-lower");
    ASSERT_LIST(c, ((struct listing){.filter = {.segment = STR("GOLD")}}), "C-1", "C-3");
    ASSERT_LIST(c, ((struct listing){.filter = {.kind = STR("PERSON")}}), "C-2");
    ASSERT_LIST(c, ((struct listing){.filter = {.segment = STR("GOLD"), .status = STR("ON_HOLD")}}),
                "C-1");
    assert_list(c, (struct listing){.filter = {.status = STR("INACTIVE")}}, NULL, 0);
}

static void a_list_goes_on_after_an_id(struct contract *c)
{
    put_a_few(c);
    ASSERT_LIST(c, ((struct listing){.limit = 2}), "C-1", "C-2");
    ASSERT_LIST(c, ((struct listing){.limit = 2, .after = STR("C-2")}), "C-3", "a-lower");
    ASSERT_LIST(c, ((struct listing){.after = STR("C-25"), .limit = 1}), "C-3");
    ASSERT_LIST(c, ((struct listing){.after = STR("C-1"), .filter = {.segment = STR("GOLD")}}),
                "C-3");
    assert_list(c, (struct listing){.after = STR("a-lower")}, NULL, 0);
}

/* --- versions --- */

struct versions {
    struct version_row row;
    int64_t before;
    size_t limit;
    struct arena *arena;
    struct version_row *rows;
    size_t count;
};

static enum status append_version(struct store_session *session, void *context, struct error *error)
{
    return store_version_append(session, &((struct versions *)context)->row, error);
}

static enum status list_versions(struct store_session *session, void *context, struct error *error)
{
    struct versions *v = context;
    return store_version_list(session, STR("C-1"), v->before, v->limit, v->arena, &v->rows,
                              &v->count, error);
}

static void versions_are_listed_newest_first(struct contract *c)
{
    contract_insert(c, contract_profile(STR("C-1"), 1000));
    for (int i = 1; i <= 5; i++) {
        struct versions v = {.row = {.customer_id = STR("C-1"),
                                     .version = i,
                                     .recorded_at = 1000 + i,
                                     .actor = STR("user-1"),
                                     .cause = STR("UPDATED"),
                                     .changed_fields = i == 1 ? STR_NONE : STR("name,emails")}};
        assert_int_equal(store_write(c->store, c->tenant, &c->arena, append_version, &v, &c->error),
                         STATUS_OK);
    }
    struct versions v = {.limit = 3, .arena = &c->arena};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_versions, &v, &c->error),
                     STATUS_OK);
    assert_int_equal(v.count, 3);
    assert_int_equal(v.rows[0].version, 5);
    assert_int_equal(v.rows[0].recorded_at, 1005);
    assert_str(v.rows[0].actor, STR("user-1"));
    assert_str(v.rows[0].cause, STR("UPDATED"));
    assert_str(v.rows[0].changed_fields, STR("name,emails"));
    v.before = v.rows[2].version;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, list_versions, &v, &c->error),
                     STATUS_OK);
    assert_int_equal(v.count, 2);
    assert_int_equal(v.rows[0].version, 2);
    assert_true(str_is_none(v.rows[1].changed_fields));
}

/* --- look-ups --- */

static void a_lookup_keeps_the_order_of_the_ids(struct contract *c)
{
    contract_insert(c, contract_profile(STR("C-1"), 1000));
    contract_insert(c, contract_profile(STR("C-2"), 2000));
    const struct str ids[] = {STR("C-2"), STR("nobody"), STR("C-1"), STR("C-2")};
    struct profile_row rows[4];
    for (int again = 0; again < 2; again++) { /* the second time from a cache, if there is one */
        assert_int_equal(store_lookup(c->store, c->tenant, ids, 4, &c->arena, rows, &c->error),
                         STATUS_OK);
        assert_str(rows[0].customer_id, STR("C-2"));
        assert_int_equal(rows[0].created_at, 2000);
        assert_str(rows[0].document, STR("{\"name\":\"Acme\"}"));
        assert_true(str_is_none(rows[1].customer_id));
        assert_str(rows[2].customer_id, STR("C-1"));
        assert_str(rows[3].customer_id, STR("C-2"));
    }
}

static void a_lookup_sees_an_acknowledged_change_at_once(struct contract *c)
{
    struct profile_row row = contract_profile(STR("C-1"), 1000), got;
    contract_insert(c, row);
    for (row.version = 2; row.version < 50; row.version++) {
        contract_update(c, row);
        assert_int_equal(
            store_lookup(c->store, c->tenant, &row.customer_id, 1, &c->arena, &got, &c->error),
            STATUS_OK);
        assert_int_equal(got.version, row.version);
    }
}

static void a_lookup_of_nothing_is_fine(struct contract *c)
{
    assert_int_equal(store_lookup(c->store, c->tenant, NULL, 0, &c->arena, NULL, &c->error),
                     STATUS_OK);
}

static enum status get_many_and_count(struct store_session *session, void *context,
                                      struct error *error)
{
    struct contract *c = context;
    const struct str ids[] = {STR("C-2"), STR("nobody"), STR("C-1"), STR("odd \"id\\")};
    struct profile_row rows[4];
    int64_t count;
    TRY(store_profiles_get(session, ids, 4, STORE_NO_LOCK, &c->arena, rows, error));
    assert_str(rows[0].customer_id, STR("C-2"));
    assert_true(str_is_none(rows[1].customer_id));
    assert_str(rows[2].customer_id, STR("C-1"));
    assert_str(rows[2].name, STR("One"));
    assert_str(rows[3].customer_id, STR("odd \"id\\"));
    TRY(store_profiles_get(session, ids + 1, 1, STORE_NO_LOCK, &c->arena, rows, error));
    assert_true(str_is_none(rows[0].customer_id));
    TRY(store_profile_count(session, 100, &count, error));
    assert_int_equal(count, 3);
    return store_profile_count(session, 2, &count, error) == STATUS_OK && count == 2
               ? STATUS_OK
               : STATUS_INTERNAL;
}

static void many_profiles_come_in_the_order_asked_for_and_are_counted(struct contract *c)
{
    struct profile_row one = contract_profile(STR("C-1"), 1000);
    one.name = STR("One");
    contract_insert(c, one);
    contract_insert(c, contract_profile(STR("C-2"), 1000));
    contract_insert(c, contract_profile(STR("odd \"id\\"), 1000));
    contract_insert_for(c, c->other_tenant, contract_profile(STR("nobody"), 1000));
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, get_many_and_count, c, &c->error),
                     STATUS_OK);
}

static void tenants_do_not_see_each_other(struct contract *c)
{
    struct profile_row got, mine = contract_profile(STR("C-1"), 1000);
    struct profile_row theirs = contract_profile(STR("C-1"), 9000);
    contract_insert(c, mine);
    assert_int_equal(contract_get(c, c->other_tenant, STR("C-1"), &got), STATUS_CUSTOMER_NOT_FOUND);
    contract_insert_for(c, c->other_tenant, theirs); /* the same id is free there */
    assert_int_equal(contract_get(c, c->other_tenant, STR("C-1"), &got), STATUS_OK);
    assert_int_equal(got.created_at, 9000);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(
            store_lookup(c->store, c->tenant, &mine.customer_id, 1, &c->arena, &got, &c->error),
            STATUS_OK);
        assert_int_equal(got.created_at, 1000);
        assert_int_equal(store_lookup(c->store, c->other_tenant, &mine.customer_id, 1, &c->arena,
                                      &got, &c->error),
                         STATUS_OK);
        assert_int_equal(got.created_at, 9000);
    }
    ASSERT_LIST(c, ((struct listing){0}), "C-1");
}

static void a_store_that_was_set_up_is_ready(struct contract *c)
{
    assert_int_equal(store_ready(c->store, &c->error), STATUS_OK);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(a_profile_comes_back_as_it_was_put),
        CONTRACT(an_absent_segment_and_document_stay_absent),
        CONTRACT(an_unknown_customer_is_not_found),
        CONTRACT(which_customers_exist_is_told_in_the_order_asked),
        CONTRACT(a_taken_id_is_refused),
        CONTRACT(an_update_replaces_all_but_the_id),
        CONTRACT(a_list_is_in_the_order_of_the_bytes_of_the_ids),
        CONTRACT(a_list_can_show_merged_customers_but_never_erased_ones),
        CONTRACT(a_list_filters_by_status_segment_and_kind),
        CONTRACT(a_list_goes_on_after_an_id),
        CONTRACT(versions_are_listed_newest_first),
        CONTRACT(a_lookup_keeps_the_order_of_the_ids),
        CONTRACT(a_lookup_sees_an_acknowledged_change_at_once),
        CONTRACT(a_lookup_of_nothing_is_fine),
        CONTRACT(many_profiles_come_in_the_order_asked_for_and_are_counted),
        CONTRACT(tenants_do_not_see_each_other),
        CONTRACT(a_store_that_was_set_up_is_ready),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
