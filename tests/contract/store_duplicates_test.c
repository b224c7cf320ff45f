/* The review queue behind the port: items by pair of homes, in the order of their probability. */
#include <string.h>

#include "contract.h"

static struct duplicate_row item(struct str id, struct str home_a, struct str home_b,
                                 double probability)
{
    return (struct duplicate_row){.duplicate_id = id,
                                  .home_a = home_a,
                                  .home_b = home_b,
                                  .state = DUPLICATE_OPEN,
                                  .probability = probability,
                                  .evidence = STR("{\"reasons\":[]}"),
                                  .model_version = STR("m1"),
                                  .cause = DUPLICATE_BY_IMPORT,
                                  .created_at = 1000,
                                  .refreshed_at = 2000,
                                  .claimed_until = INSTANT_NONE,
                                  .later_until = INSTANT_NONE,
                                  .resolved_at = INSTANT_NONE};
}

struct work {
    enum { PUT, CHANGE, GET, LIST_OF, LIST, COUNT } kind;
    enum store_lock lock;
    struct arena *arena;
    struct duplicate_row row;
    const struct duplicate_row *after;
    struct duplicate_filter filter;
    const struct str *homes;
    size_t home_count, limit, count;
    struct duplicate_row *rows;
    struct duplicate_count *counts;
    instant since;
};

static enum status body(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    switch (work->kind) {
    case PUT:
        return store_duplicate_insert(session, &work->row, error);
    case CHANGE:
        TRY(store_duplicate_get(session, work->row.duplicate_id, STORE_LOCK, work->arena,
                                &(struct duplicate_row){0}, error));
        return store_duplicate_update(session, &work->row, error);
    case GET:
        return store_duplicate_get(session, work->row.duplicate_id, work->lock, work->arena,
                                   &work->row, error);
    case LIST_OF:
        return store_duplicate_list_of(session, work->homes, work->home_count, work->lock,
                                       work->arena, &work->rows, &work->count, error);
    case LIST:
        return store_duplicate_list(session, &work->filter, work->after, work->limit, work->arena,
                                    &work->rows, &work->count, error);
    default:
        return store_duplicate_count(session, work->filter.now, work->since, work->arena,
                                     &work->counts, &work->count, error);
    }
}

static enum status run(struct contract *c, struct work *work, bool write)
{
    work->arena = &c->arena;
    return write ? store_write(c->store, c->tenant, &c->arena, body, work, &c->error)
                 : store_read(c->store, c->tenant, &c->arena, body, work, &c->error);
}

static void put(struct contract *c, struct duplicate_row row)
{
    struct work work = {.kind = PUT, .row = row};
    assert_int_equal(run(c, &work, true), STATUS_OK);
}

static void change(struct contract *c, struct duplicate_row row)
{
    struct work work = {.kind = CHANGE, .row = row};
    assert_int_equal(run(c, &work, true), STATUS_OK);
}

static struct duplicate_row get(struct contract *c, struct str id)
{
    struct work work = {.kind = GET, .row = {.duplicate_id = id}};
    assert_int_equal(run(c, &work, false), STATUS_OK);
    return work.row;
}

static struct duplicate_filter everything(void)
{
    return (struct duplicate_filter){
        .shows = DUPLICATE_STATE_COUNT, .now = 5000, .cause = DUPLICATE_CAUSE_COUNT};
}

/* The ids of a list, one after the other. */
static const char *list(struct contract *c, struct duplicate_filter filter,
                        const struct duplicate_row *after, size_t limit)
{
    struct work work = {.kind = LIST, .filter = filter, .after = after, .limit = limit};
    struct buffer out = {.arena = &c->arena};
    assert_int_equal(run(c, &work, false), STATUS_OK);
    for (size_t i = 0; i < work.count; i++) buffer_append(&out, work.rows[i].duplicate_id);
    return arena_cstr(&c->arena, buffer_str(&out));
}

static void an_item_comes_back_as_it_was_put_and_changed(struct contract *c)
{
    put(c, item(STR("D1"), STR("A"), STR("B"), 0.87));
    struct duplicate_row row = get(c, STR("D1"));
    assert_str(row.home_a, STR("A"));
    assert_str(row.home_b, STR("B"));
    assert_int_equal(row.state, DUPLICATE_OPEN);
    assert_false(row.apart);
    assert_true(row.probability == 0.87);
    assert_str(row.evidence, STR("{\"reasons\":[]}"));
    assert_str(row.model_version, STR("m1"));
    assert_int_equal(row.cause, DUPLICATE_BY_IMPORT);
    assert_int_equal(row.created_at, 1000);
    assert_int_equal(row.refreshed_at, 2000);
    assert_true(str_is_none(row.claimed_by) && str_is_none(row.resolved_by));
    assert_int_equal(row.claimed_until, INSTANT_NONE);
    assert_int_equal(row.later_until, INSTANT_NONE);
    assert_int_equal(row.resolved_at, INSTANT_NONE);
    assert_int_equal(row.resolution, DUPLICATE_RESOLVED_NONE);
    row.state = DUPLICATE_NOT_DUPLICATE;
    row.apart = true;
    row.claimed_by = STR("u1");
    row.claimed_until = 7000;
    row.later_until = 8000;
    row.resolution = DUPLICATE_RESOLVED_STEWARD;
    row.resolved_by = STR("u2");
    row.note = STR("asked");
    row.resolved_at = 9000;
    change(c, row);
    row = get(c, STR("D1"));
    assert_int_equal(row.state, DUPLICATE_NOT_DUPLICATE);
    assert_true(row.apart);
    assert_str(row.claimed_by, STR("u1"));
    assert_int_equal(row.claimed_until, 7000);
    assert_int_equal(row.later_until, 8000);
    assert_int_equal(row.resolution, DUPLICATE_RESOLVED_STEWARD);
    assert_str(row.resolved_by, STR("u2"));
    assert_str(row.note, STR("asked"));
    assert_int_equal(row.resolved_at, 9000);
}

static void an_unknown_item_is_not_found(struct contract *c)
{
    struct work work = {.kind = GET, .row = {.duplicate_id = STR("D0")}};
    assert_int_equal(run(c, &work, false), STATUS_DUPLICATE_NOT_FOUND);
    work.lock = STORE_LOCK;
    assert_int_equal(run(c, &work, true), STATUS_DUPLICATE_NOT_FOUND);
}

static void a_pair_is_there_once_and_takes_newer_evidence_only(struct contract *c)
{
    struct duplicate_row row = item(STR("D1"), STR("A"), STR("B"), 0.5);
    put(c, row);
    row.state = DUPLICATE_NOT_DUPLICATE;
    row.apart = true;
    change(c, row);
    struct duplicate_row newer = item(STR("D2"), STR("A"), STR("B"), 0.9);
    newer.evidence = STR("{}");
    newer.model_version = STR_NONE;
    newer.refreshed_at = 3000;
    newer.cause = DUPLICATE_BY_SCAN;
    put(c, newer);
    assert_string_equal(list(c, everything(), NULL, 10), "D1");
    row = get(c, STR("D1"));
    assert_true(row.probability == 0.9 && row.apart);
    assert_int_equal(row.state, DUPLICATE_NOT_DUPLICATE);
    assert_int_equal(row.cause, DUPLICATE_BY_IMPORT);
    assert_int_equal(row.refreshed_at, 3000);
    assert_str(row.evidence, STR("{}"));
    assert_true(str_is_none(row.model_version));
}

static void items_are_found_from_either_home(struct contract *c)
{
    const struct str homes[] = {STR("B"), STR("C"), STR("nobody")};
    put(c, item(STR("D3"), STR("B"), STR("C"), 0.5));
    put(c, item(STR("D2"), STR("A"), STR("B"), 0.5));
    put(c, item(STR("D1"), STR("A"), STR("X"), 0.5));
    struct work work = {.kind = LIST_OF, .homes = homes, .home_count = 3};
    assert_int_equal(run(c, &work, false), STATUS_OK);
    assert_int_equal(work.count, 2);
    assert_str(work.rows[0].duplicate_id, STR("D2"));
    assert_str(work.rows[1].duplicate_id, STR("D3"));
    work.lock = STORE_LOCK;
    assert_int_equal(run(c, &work, true), STATUS_OK);
    assert_int_equal(work.count, 2);
    work.home_count = 0;
    assert_int_equal(run(c, &work, true), STATUS_OK);
    assert_int_equal(work.count, 0);
}

static void a_list_goes_by_falling_probability_page_by_page(struct contract *c)
{
    put(c, item(STR("D1"), STR("A"), STR("B"), 0.5));
    put(c, item(STR("D4"), STR("A"), STR("C"), 0.9));
    put(c, item(STR("D3"), STR("A"), STR("D"), 0.5));
    put(c, item(STR("D2"), STR("A"), STR("E"), 0.999999999));
    assert_string_equal(list(c, everything(), NULL, 10), "D2D4D1D3");
    assert_string_equal(list(c, everything(), NULL, 3), "D2D4D1");
    struct duplicate_row after = item(STR("D1"), STR_NONE, STR_NONE, 0.5);
    assert_string_equal(list(c, everything(), &after, 3), "D3");
    after.duplicate_id = STR("D3");
    assert_string_equal(list(c, everything(), &after, 3), "");
}

enum { ITEMS = 60, PAGE = 7 };

static struct duplicate_row numbered(struct contract *c, size_t i, double probability)
{
    return item(arena_format(&c->arena, "D%03zu", i), STR("A"),
                arena_format(&c->arena, "B%03zu", i), probability);
}

/* Every third has its evidence found anew, likelier and less likely, and new ones come. */
static void write_between_pages(struct contract *c, size_t page)
{
    for (size_t i = page % 2; i < ITEMS; i += 3 * (1 + page % 2))
        if (i % 3 == 0) put(c, numbered(c, i, (double)((i * 7 + page * 13) % 100) / 100));
    put(c, numbered(c, ITEMS + page, (double)(page * 29 % 100) / 100));
}

static void whose_evidence_stays_comes_once_whatever_is_written_between_pages(struct contract *c)
{
    int seen[2 * ITEMS] = {0};
    struct duplicate_row last;
    struct work work = {.kind = LIST, .filter = everything(), .limit = PAGE};
    for (size_t i = 0; i < ITEMS; i++) put(c, numbered(c, i, (double)(i * 37 % 50) / 50));
    for (size_t page = 0; page == 0 || work.count > 0; page++) {
        assert_int_equal(run(c, &work, false), STATUS_OK);
        for (size_t i = 0; i < work.count; i++) {
            int64_t number;
            assert_true(str_to_int64(str_skip(work.rows[i].duplicate_id, 1), &number));
            seen[number]++;
        }
        if (work.count > 0) last = work.rows[work.count - 1];
        work.after = &last;
        assert_true(page < ITEMS);
        write_between_pages(c, page);
    }
    for (size_t i = 0; i < ITEMS; i++)
        if (i % 3 != 0) assert_int_equal(seen[i], 1);
}

static void a_list_is_filtered_by_what_shows_at_a_time(struct contract *c)
{
    struct duplicate_filter filter = everything();
    struct duplicate_row row = item(STR("D1"), STR("A"), STR("B"), 0.9);
    put(c, row);
    row = item(STR("D2"), STR("A"), STR("C"), 0.8);
    put(c, row);
    row.claimed_by = STR("u1");
    row.claimed_until = 6000;
    change(c, row);
    row = item(STR("D3"), STR("A"), STR("D"), 0.7);
    row.cause = DUPLICATE_BY_SCAN;
    put(c, row);
    row.later_until = 6000;
    change(c, row);
    row = item(STR("D4"), STR("A"), STR("E"), 0.6);
    put(c, row);
    row.state = DUPLICATE_MERGED;
    change(c, row);
    filter.shows = DUPLICATE_OPEN;
    assert_string_equal(list(c, filter, NULL, 10), "D1");
    filter.shows = DUPLICATE_CLAIMED;
    assert_string_equal(list(c, filter, NULL, 10), "D2");
    filter.shows = DUPLICATE_LATER;
    assert_string_equal(list(c, filter, NULL, 10), "D3");
    filter.shows = DUPLICATE_MERGED;
    assert_string_equal(list(c, filter, NULL, 10), "D4");
    filter = everything();
    filter.claimed_by = STR("u1");
    assert_string_equal(list(c, filter, NULL, 10), "D2");
    filter.now = 6000; /* the claim is over, and so is the putting off */
    assert_string_equal(list(c, filter, NULL, 10), "");
    filter = everything();
    filter.now = 6000;
    filter.shows = DUPLICATE_OPEN;
    assert_string_equal(list(c, filter, NULL, 10), "D1D2D3");
    filter.probability_min = 0.8;
    assert_string_equal(list(c, filter, NULL, 10), "D1D2");
    filter.probability_min = 0;
    filter.cause = DUPLICATE_BY_SCAN;
    assert_string_equal(list(c, filter, NULL, 10), "D3");
}

static int64_t count_of(const struct work *work, enum duplicate_state shows, int64_t day)
{
    int64_t count = 0;
    for (size_t i = 0; i < work->count; i++)
        if (work->counts[i].shows == shows && work->counts[i].day == day)
            count += work->counts[i].count;
    return count;
}

static void items_are_counted_by_what_shows_and_when_they_were_resolved(struct contract *c)
{
    put(c, item(STR("D1"), STR("A"), STR("B"), 0.9));
    struct duplicate_row row = item(STR("D2"), STR("A"), STR("C"), 0.8);
    row.created_at = 500;
    put(c, row);
    for (int i = 0; i < 3; i++) {
        row = item(arena_format(&c->arena, "E%d", i), STR("A"), arena_format(&c->arena, "Z%d", i),
                   0.5);
        put(c, row);
        row.state = DUPLICATE_MERGED;
        row.resolution = DUPLICATE_RESOLVED_AUTOMATIC;
        row.resolved_at = (instant)(i + 1) * INSTANT_DAY;
        change(c, row);
    }
    struct work work = {.kind = COUNT, .filter = {.now = 5000}, .since = 2 * INSTANT_DAY};
    assert_int_equal(run(c, &work, false), STATUS_OK);
    assert_int_equal(count_of(&work, DUPLICATE_OPEN, -1), 2);
    assert_int_equal(count_of(&work, DUPLICATE_MERGED, -1), 1);
    assert_int_equal(count_of(&work, DUPLICATE_MERGED, 2), 1);
    assert_int_equal(count_of(&work, DUPLICATE_MERGED, 3), 1);
    for (size_t i = 0; i < work.count; i++) {
        bool open = work.counts[i].shows == DUPLICATE_OPEN;
        assert_int_equal(work.counts[i].oldest, open ? 500 : 1000);
        assert_int_equal(work.counts[i].resolution,
                         open ? DUPLICATE_RESOLVED_NONE : DUPLICATE_RESOLVED_AUTOMATIC);
    }
}

static void queues_of_tenants_are_apart_and_the_backlog_is_of_all(struct contract *c)
{
    int64_t before, waiting;
    instant oldest;
    assert_int_equal(store_duplicate_backlog(c->store, &c->arena, &before, &oldest, &c->error),
                     STATUS_OK);
    struct duplicate_row row = item(STR("D1"), STR("A"), STR("B"), 0.9);
    row.created_at = 7;
    put(c, row);
    struct str mine = c->tenant;
    c->tenant = c->other_tenant;
    assert_string_equal(list(c, everything(), NULL, 10), "");
    put(c, item(STR("D1"), STR("A"), STR("B"), 0.9));
    c->tenant = mine;
    assert_int_equal(store_duplicate_backlog(c->store, &c->arena, &waiting, &oldest, &c->error),
                     STATUS_OK);
    assert_int_equal(waiting, before + 2);
    assert_int_equal(oldest, 7);
    row.state = DUPLICATE_MERGED;
    change(c, row);
    assert_int_equal(store_duplicate_backlog(c->store, &c->arena, &waiting, &oldest, &c->error),
                     STATUS_OK);
    assert_int_equal(waiting, before + 1);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_item_comes_back_as_it_was_put_and_changed),
        CONTRACT(an_unknown_item_is_not_found),
        CONTRACT(a_pair_is_there_once_and_takes_newer_evidence_only),
        CONTRACT(items_are_found_from_either_home),
        CONTRACT(a_list_goes_by_falling_probability_page_by_page),
        CONTRACT(whose_evidence_stays_comes_once_whatever_is_written_between_pages),
        CONTRACT(a_list_is_filtered_by_what_shows_at_a_time),
        CONTRACT(items_are_counted_by_what_shows_and_when_they_were_resolved),
        CONTRACT(queues_of_tenants_are_apart_and_the_backlog_is_of_all),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
