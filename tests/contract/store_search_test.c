/* The search index behind the store port: whatever a store does with entries in the background,
 * every reader finds all of them and nothing else. */
#include <stdio.h>
#include <string.h>

#include "contract.h"
#include "search/terms.h"

enum { WORDS = 97, HOMES = 2600, AT_ONCE = 100, WORDS_EACH = 5 };

/* The words of a home: some common, one its own. */
static size_t word_of(size_t home, size_t at)
{
    return at == 0 ? home % 7 : (home * (2 * at + 1) + at * at) % WORDS;
}

static struct str entry_of(size_t home, struct arena *arena)
{
    struct search_keys keys = {.arena = arena};
    char text[64];
    for (size_t i = 0; i < WORDS_EACH; i++) {
        (void)snprintf(text, sizeof(text), "word%zu", word_of(home, i));
        search_keys_add(&keys, SEARCH_NAME, str_from_cstr(text));
    }
    (void)snprintf(text, sizeof(text), "own%zu@x.example", home);
    search_keys_add(&keys, SEARCH_EMAIL, str_from_cstr(text));
    search_keys_settle(&keys);
    return search_keys_entry(&keys);
}

struct putting {
    size_t from, count;
    struct arena *arena;
    enum status result;
};

static enum status put_body(struct store_session *session, void *context, struct error *error)
{
    const struct putting *putting = context;
    for (size_t i = putting->from; i < putting->from + putting->count; i++) {
        struct str id = arena_format(putting->arena, "H-%05zu", i);
        struct profile_row row = contract_profile(id, 1000);
        TRY(store_profile_insert(session, &row, error));
        TRY(store_search_put(session, id, entry_of(i, putting->arena), error));
    }
    return putting->result;
}

static void put(struct contract *c, struct str tenant, size_t from, size_t count)
{
    struct putting putting = {from, count, &c->arena, STATUS_OK};
    assert_int_equal(store_write(c->store, tenant, &c->arena, put_body, &putting, &c->error),
                     STATUS_OK);
}

/* The numbers of the entries that have a key, in one snapshot. */
struct finding {
    struct str key, from, to;
    struct arena *arena;
    int64_t numbers[2 * HOMES];
    struct profile_row rows[2 * HOMES];
    size_t count, entry_count;
};

static void take_entries(struct finding *finding, const struct search_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct search_reader reader = search_reader_of(entries[i].body);
        while (search_reader_list(&reader))
            if (str_equal(search_reader_key(&reader), finding->key))
                finding->numbers[finding->count++] = entries[i].number;
    }
}

static void take_block(void *context, struct str body, const struct search_range *range)
{
    struct finding *finding = context;
    struct search_reader reader = search_reader_of(body);
    int64_t number;
    (void)range;
    while (search_reader_list(&reader))
        while (str_equal(search_reader_key(&reader), finding->key) &&
               search_reader_number(&reader, &number))
            finding->numbers[finding->count++] = number;
}

static enum status find_body(struct store_session *session, void *context, struct error *error)
{
    struct finding *finding = context;
    const struct search_range range = {.from = finding->from, .to = finding->to};
    const struct search_walk walk = {.take = take_block, .context = finding};
    struct search_ranges ranges = {.arena = finding->arena};
    struct search_view view;
    bool is_cut = false;
    finding->count = 0;
    TRY(store_search_view(session, finding->arena, &view, error));
    finding->entry_count = view.entry_count;
    take_entries(finding, view.entries, view.entry_count);
    search_ranges_add(&ranges, range);
    TRY(search_view_prepare(&view, &ranges, 1, finding->arena, error));
    for (size_t i = 0; i < view.segment_count; i++)
        TRY(search_view_walk(&view, i, &range, &walk, finding->arena, &is_cut, error));
    return store_search_profiles(session, finding->numbers, finding->count, finding->arena,
                                 finding->rows, error);
}

static struct finding finding;

static void find(struct contract *c, struct str tenant, const char *key)
{
    finding.key = str_from_cstr(key);
    finding.arena = &c->arena;
    finding.from = arena_format(&c->arena, "%s ", key);
    finding.to = arena_format(&c->arena, "%s!", key);
    assert_int_equal(store_read(c->store, tenant, &c->arena, find_body, &finding, &c->error),
                     STATUS_OK);
}

static size_t homes_with(size_t word, size_t homes, bool has[HOMES])
{
    size_t count = 0;
    for (size_t h = 0; h < homes; h++) {
        has[h] = false;
        for (size_t i = 0; i < WORDS_EACH; i++) has[h] = has[h] || word_of(h, i) == word;
        count += has[h];
    }
    return count;
}

/* All homes that have the word, each once, and no other. */
static void check_word(struct contract *c, size_t word, size_t homes)
{
    bool has[HOMES];
    char key[32];
    (void)snprintf(key, sizeof(key), "Pword%zu n", word);
    size_t expected = homes_with(word, homes, has);
    find(c, c->tenant, key);
    assert_int_equal(finding.count, expected);
    for (size_t i = 0; i < finding.count; i++) {
        int64_t home;
        assert_true(str_to_int64(str_skip(finding.rows[i].customer_id, 2), &home));
        assert_true(has[home]);
        has[home] = false;
    }
}

static void every_entry_is_found_while_the_index_is_worked_at(struct contract *c)
{
    for (size_t homes = 0; homes < HOMES; homes += AT_ONCE) {
        struct arena_mark mark = arena_mark(&c->arena);
        put(c, c->tenant, homes, AT_ONCE);
        check_word(c, homes / AT_ONCE % 7, homes + AT_ONCE);
        check_word(c, homes / AT_ONCE * 31 % WORDS, homes + AT_ONCE);
        arena_rewind(&c->arena, mark);
    }
    for (size_t word = 0; word < WORDS; word++) {
        struct arena_mark mark = arena_mark(&c->arena);
        check_word(c, word, HOMES);
        arena_rewind(&c->arena, mark);
    }
    find(c, c->tenant, "Veown77@x.example");
    assert_int_equal(finding.count, 1);
    assert_str(finding.rows[0].customer_id, STR("H-00077"));
}

static void an_entry_is_found_at_once_and_by_its_tenant_alone(struct contract *c)
{
    put(c, c->tenant, 0, 1);
    find(c, c->tenant, "Pword0 n");
    assert_int_equal(finding.count, 1);
    assert_str(finding.rows[0].customer_id, STR("H-00000"));
    find(c, c->other_tenant, "Pword0 n");
    assert_int_equal(finding.count, 0);
}

static void what_is_rolled_back_is_not_found(struct contract *c)
{
    struct putting putting = {0, 3, &c->arena, STATUS_INVALID_VALUE};
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, put_body, &putting, &c->error),
                     STATUS_INVALID_VALUE);
    find(c, c->tenant, "Pword0 n");
    assert_int_equal(finding.count, 0);
    put(c, c->tenant, 0, 3);
    find(c, c->tenant, "Pword0 n");
    assert_int_equal(finding.count, 1);
}

/* More than a large import puts while nothing is made of them. */
enum { LONG_TAIL = 21000 };

static enum status put_long_body(struct store_session *session, void *context, struct error *error)
{
    struct putting *putting = context;
    struct arena_mark mark = arena_mark(putting->arena);
    struct profile_row row = contract_profile(STR("H-00000"), 1000);
    TRY(store_profile_insert(session, &row, error));
    for (size_t i = 0; i < LONG_TAIL; i++) {
        struct search_keys keys = {.arena = putting->arena};
        search_keys_add(&keys, SEARCH_NAME, i + 1 < LONG_TAIL ? STR("common") : STR("newest"));
        search_keys_settle(&keys);
        TRY(store_search_put(session, STR("H-00000"), search_keys_entry(&keys), error));
        arena_rewind(putting->arena, mark);
    }
    return find_body(session, &finding, error);
}

/* Within the unit of work nobody has made a segment of them yet. */
static void the_newest_entry_is_found_however_many_wait(struct contract *c)
{
    struct putting putting = {.arena = &c->arena};
    finding.key = STR("Pnewest n");
    finding.arena = &c->arena;
    finding.from = STR("Pnewest ");
    finding.to = STR("Pnewest!");
    assert_int_equal(
        store_write(c->store, c->tenant, &c->arena, put_long_body, &putting, &c->error), STATUS_OK);
    assert_int_equal(finding.count, 1);
    if (!c->many_write) return; /* one writer makes segments before it takes much more */
    find(c, c->tenant, "Pnewest n");
    assert_int_equal(finding.count, 1);
    assert_true(finding.entry_count < LONG_TAIL / 2);
}

static enum status profiles_body(struct store_session *session, void *context, struct error *error)
{
    struct finding *asked = context;
    return store_search_profiles(session, asked->numbers, asked->count, asked->arena, asked->rows,
                                 error);
}

static void a_number_that_nobody_has_gives_no_row(struct contract *c)
{
    put(c, c->tenant, 0, 1);
    find(c, c->tenant, "Pword0 n");
    int64_t number = finding.numbers[0];
    finding.numbers[0] = INT64_C(1) << 40;
    finding.numbers[1] = number;
    finding.count = 2;
    assert_int_equal(store_read(c->store, c->tenant, &c->arena, profiles_body, &finding, &c->error),
                     STATUS_OK);
    assert_true(str_is_none(finding.rows[0].customer_id));
    assert_str(finding.rows[1].customer_id, STR("H-00000"));
}

/* Two readings of a search propose one entry. */
static void a_number_that_is_asked_for_twice_gives_its_row_twice(struct contract *c)
{
    put(c, c->tenant, 0, 3);
    find(c, c->tenant, "Pword0 n");
    int64_t number = finding.numbers[0];
    find(c, c->tenant, "Pword2 n");
    const int64_t asked[] = {number, finding.numbers[0], number};
    memcpy(finding.numbers, asked, sizeof(asked));
    finding.count = UNIT_COUNT(asked);
    for (size_t again = 0; again < 2; again++) { /* the second time they may come from memory */
        assert_int_equal(
            store_read(c->store, c->tenant, &c->arena, profiles_body, &finding, &c->error),
            STATUS_OK);
        assert_str(finding.rows[0].customer_id, STR("H-00000"));
        assert_str(finding.rows[1].customer_id, STR("H-00002"));
        assert_str(finding.rows[2].customer_id, STR("H-00000"));
    }
}

static enum status backlog_body(struct store_session *session, void *context, struct error *error)
{
    struct contract *c = context;
    struct str *homes;
    size_t count;
    struct str nobody = STR("H-1");
    TRY(store_search_backlog(session, 10, &c->arena, &homes, &count, error));
    assert_int_equal(count, 0);
    return store_search_backlog_done(session, &nobody, 1, error);
}

static void a_new_store_has_no_backlog(struct contract *c)
{
    struct str tenant = STR("anything");
    contract_insert(c, contract_profile(STR("H-1"), 1000));
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, backlog_body, c, &c->error),
                     STATUS_OK);
    assert_int_equal(store_search_backlog_tenant(c->store, &c->arena, &tenant, &c->error),
                     STATUS_OK);
    assert_true(str_is_none(tenant));
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_entry_is_found_at_once_and_by_its_tenant_alone),
        CONTRACT(what_is_rolled_back_is_not_found),
        CONTRACT(a_number_that_nobody_has_gives_no_row),
        CONTRACT(a_number_that_is_asked_for_twice_gives_its_row_twice),
        CONTRACT(every_entry_is_found_while_the_index_is_worked_at),
        CONTRACT(a_new_store_has_no_backlog),
        CONTRACT(the_newest_entry_is_found_however_many_wait),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
