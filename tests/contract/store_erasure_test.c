/* Erasing: what any store has to do. */
#include "contract.h"

struct work {
    struct arena *arena;
    struct erasure erasure;
    struct version_row version;
    struct event event;
    const struct str *keys;
    size_t key_count;
    struct key_hit *hits;
    size_t hit_count;
    struct version_row *versions;
    size_t version_count;
    struct fact *facts;
    size_t fact_count;
    struct merge merge;
    bool fail;
};

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    TRY(store_version_append(session, &work->version, error));
    return store_event_append(session, &work->event, error);
}

static enum status erase_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    TRY(store_homes_erase(session, &work->erasure, error));
    TRY(store_keys_erase(session, work->erasure.homes, work->erasure.home_count, error));
    return work->fail ? error_plain(error, STATUS_INVALID_VALUE) : STATUS_OK;
}

static enum status look_body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    TRY(store_keys_find(session, work->keys, work->key_count, 10, work->arena, &work->hits,
                        &work->hit_count, error));
    TRY(store_version_list(session, STR("A"), 0, 10, work->arena, &work->versions,
                           &work->version_count, error));
    TRY(store_facts_about(session, &STR("C"), 1, work->arena, &work->facts, &work->fact_count,
                          error));
    return store_merge_get(session, STR("M-1"), work->arena, &work->merge, error);
}

static void tell(struct contract *c, struct str id, int64_t version, instant at)
{
    struct work work = {
        .version = {.customer_id = id,
                    .version = version,
                    .recorded_at = at,
                    .actor = STR("user-1"),
                    .cause = STR("UPDATED"),
                    .changed_fields = STR("name")},
        .event = {.type = EVENT_PROFILE_UPDATED,
                  .event_id = arena_format(&c->arena, "evt-%.*s-%lld", STR_ARGS(id), (long long)at),
                  .aggregate_id = id,
                  .timestamp = at,
                  .payload = STR("{}")}};
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, put_body, &work, &c->error),
                     STATUS_OK);
}

/* A and B, each with a key, a fact, a version and an event; A is related to C; B was merged into A
 * and taken out again, which an event of A told. */
static void put_two(struct contract *c)
{
    const struct str ids[] = {STR("A"), STR("B"), STR("C")};
    const struct str keys[] = {STR("email|shared"), STR("email|own")};
    for (size_t i = 0; i < 3; i++) {
        contract_insert(c, contract_profile(ids[i], 1000));
        contract_append_fact(c, contract_fact(ids[i], STR("crm"), 1100, &c->arena));
        contract_put_keys(c, ids[i], keys, i == 0 ? 2 : 1);
        tell(c, ids[i], 1, 1100 + (instant)i);
    }
    struct fact related = contract_fact(STR("A"), STR("R-1"), 1200, &c->arena);
    related.kind = FACT_RELATIONSHIP;
    related.object = STR("C");
    contract_append_fact(c, related);
    contract_merge(c, (struct merge){.merge_id = STR("M-1"),
                                     .source_id = STR("B"),
                                     .target_id = STR("A"),
                                     .reason = STR("both are Jane"),
                                     .merged_at = 2000,
                                     .reversed_at = INSTANT_NONE});
    tell(c, STR("A"), 2, 2000);
    tell(c, STR("A"), 3, 3000);
    contract_await_events(c, 5);
}

static struct work look(struct contract *c)
{
    static const struct str keys[] = {STR("email|shared"), STR("email|own")};
    struct work work = {.arena = &c->arena, .keys = keys, .key_count = 2};
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, look_body, &work, &c->error),
                     STATUS_OK);
    return work;
}

static enum status erase(struct contract *c, const struct str *homes, const struct merge *merge,
                         bool fail)
{
    struct work work = {.erasure = {.homes = homes,
                                    .home_count = 1,
                                    .merges = merge,
                                    .merge_count = merge ? 1 : 0,
                                    .reason = STR("ERASED")},
                        .fail = fail};
    return store_write(c->store, c->tenant, &c->arena, erase_body, &work, &c->error);
}

static void an_erased_home_has_no_facts_versions_keys_or_events(struct contract *c)
{
    const struct str home = STR("A");
    struct event *events;
    struct tree tree;
    put_two(c);
    assert_int_equal(erase(c, &home, NULL, false), STATUS_OK);
    struct work after = look(c);
    assert_int_equal(after.hit_count, 2); /* of B and C */
    assert_str(after.hits[0].home, STR("B"));
    assert_str(after.hits[1].home, STR("C"));
    assert_int_equal(after.version_count, 0);
    assert_int_equal(after.fact_count, 0);
    assert_int_equal(contract_tree(c, STR("C"), INSTANT_FUTURE, &tree), STATUS_OK);
    assert_int_equal(tree.fact_count, 1);
    assert_int_equal(contract_tree(c, STR("A"), 1500, &tree), STATUS_OK);
    assert_int_equal(tree.fact_count, 0);
    size_t count = contract_events(c, 0, 10, &c->arena, &events);
    assert_int_equal(count, 2);
    assert_str(events[0].aggregate_id, STR("B"));
    assert_str(events[1].aggregate_id, STR("C"));
    tell(c, STR("A"), 4, 4000);
    contract_await_events(c, 3);
    count = contract_events(c, events[1].position, 10, &c->arena, &events);
    assert_int_equal(count, 1);
    assert_str(events[0].aggregate_id, STR("A"));
}

static void a_merge_loses_its_reason_and_the_event_that_told_it(struct contract *c)
{
    const struct str home = STR("B");
    struct event *events;
    put_two(c);
    struct work before = look(c);
    assert_int_equal(erase(c, &home, &before.merge, false), STATUS_OK);
    assert_str(look(c).merge.reason, STR("ERASED"));
    assert_int_equal(contract_events(c, 0, 10, &c->arena, &events), 3);
    assert_int_equal(events[2].timestamp, 3000);
}

static void an_erasure_that_is_rolled_back_leaves_all_as_it_was(struct contract *c)
{
    const struct str home = STR("A");
    struct event *events;
    put_two(c);
    struct work before = look(c);
    assert_int_equal(erase(c, &home, &before.merge, true), STATUS_INVALID_VALUE);
    struct work after = look(c);
    assert_int_equal(after.hit_count, 4);
    assert_int_equal(after.version_count, 3);
    assert_int_equal(after.fact_count, 1);
    assert_str(after.merge.reason, STR("both are Jane"));
    assert_int_equal(contract_events(c, 0, 10, &c->arena, &events), 5);
}

static void another_tenant_keeps_what_has_the_same_ids(struct contract *c)
{
    const struct str home = STR("A");
    struct contract other = *c;
    other.tenant = c->other_tenant;
    arena_init(&other.arena, 64 * 1024);
    put_two(&other);
    put_two(c);
    assert_int_equal(erase(c, &home, NULL, false), STATUS_OK);
    struct work theirs = look(&other);
    assert_int_equal(theirs.hit_count, 4);
    assert_int_equal(theirs.version_count, 3);
    assert_int_equal(theirs.fact_count, 1);
    arena_release(&other.arena);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_erased_home_has_no_facts_versions_keys_or_events),
        CONTRACT(a_merge_loses_its_reason_and_the_event_that_told_it),
        CONTRACT(an_erasure_that_is_rolled_back_leaves_all_as_it_was),
        CONTRACT(another_tenant_keeps_what_has_the_same_ids),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
