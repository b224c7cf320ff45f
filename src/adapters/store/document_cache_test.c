#include "adapters/store/document_cache.h"

#include <string.h>

#include "unit.h"

#define TENANT STR("t")

struct fixture {
    struct document_cache *cache;
    struct arena arena;
};

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.cache = document_cache_new(1 << 20);
    arena_init(&fixture.arena, 64 << 20);
    *state = &fixture;
    return fixture.cache ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    document_cache_free(fixture->cache);
    arena_release(&fixture->arena);
    return 0;
}

static struct profile_row row_of(struct str id, int64_t version)
{
    return (struct profile_row){.customer_id = id,
                                .version = version,
                                .erased_at = INSTANT_NONE,
                                .kind = STR("PERSON"),
                                .status = STR("ACTIVE"),
                                .name = STR(""),
                                .document = STR("{\"a\":1}")};
}

static enum document_cache_result get(struct fixture *f, struct str tenant, struct str id,
                                      struct profile_row *row, uint64_t *ticket)
{
    uint64_t key = document_cache_key(f->cache, tenant, id);
    return document_cache_get(f->cache, key, tenant, id, &f->arena, row, ticket);
}

static void put(struct fixture *f, struct str tenant, struct profile_row row, uint64_t ticket)
{
    document_cache_put(f->cache, document_cache_key(f->cache, tenant, row.customer_id), ticket,
                       tenant, &row);
}

static void a_row_that_was_put_is_a_hit(void **state)
{
    struct fixture *f = *state;
    struct profile_row row;
    uint64_t ticket;
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_MISS);
    put(f, TENANT, row_of(STR("C-1"), 7), ticket);
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_HIT);
    assert_int_equal(row.version, 7);
    assert_str(row.customer_id, STR("C-1"));
    assert_str(row.document, STR("{\"a\":1}"));
    assert_true(str_is_none(row.segment) && str_is_none(row.survivor_id));
    assert_true(row.name.ptr != NULL && row.name.len == 0);
    assert_int_equal(get(f, STR("u"), STR("C-1"), &row, &ticket), DOCUMENT_CACHE_MISS);
}

static void an_invalidated_row_is_gone_and_a_row_read_before_is_refused(void **state)
{
    struct fixture *f = *state;
    struct profile_row row;
    uint64_t old_ticket, ticket;
    uint64_t key = document_cache_key(f->cache, TENANT, STR("C-1"));
    get(f, TENANT, STR("C-1"), &row, &old_ticket);
    put(f, TENANT, row_of(STR("C-1"), 1), old_ticket);
    document_cache_invalidate(f->cache, key);
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_MISS);
    put(f, TENANT, row_of(STR("C-1"), 1), old_ticket); /* read before the change */
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_MISS);
    put(f, TENANT, row_of(STR("C-1"), 2), ticket);
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_HIT);
    assert_int_equal(row.version, 2);
    document_cache_invalidate_all(f->cache);
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_MISS);
}

static void the_capacity_is_kept_and_what_is_used_stays(void **state)
{
    struct fixture *f = *state;
    struct profile_row row;
    uint64_t ticket;
    get(f, TENANT, STR("hot"), &row, &ticket);
    put(f, TENANT, row_of(STR("hot"), 1), ticket);
    for (int i = 0; i < 50000; i++) {
        struct arena_mark mark = arena_mark(&f->arena);
        struct str id = arena_format(&f->arena, "C-%d", i);
        get(f, TENANT, id, &row, &ticket);
        put(f, TENANT, row_of(id, 1), ticket);
        assert_int_equal(get(f, TENANT, STR("hot"), &row, &ticket), DOCUMENT_CACHE_HIT);
        assert_str(row.document, STR("{\"a\":1}")); /* wherever it was moved to */
        assert_str(row.kind, STR("PERSON"));
        arena_rewind(&f->arena, mark);
    }
    assert_true(document_cache_bytes(f->cache) <= 1 << 20);
    assert_true(document_cache_bytes(f->cache) > 1 << 19);
}

/* Rows of all sizes, beside what was put last: a hit is what was put, or there is none. */
static void rows_of_all_sizes_come_back_as_they_were_put(void **state)
{
    struct fixture *f = *state;
    static char letters[4096];
    size_t hits = 0;
    for (int i = 0; i < 20000; i++) {
        struct arena_mark mark = arena_mark(&f->arena);
        struct profile_row row;
        uint64_t ticket;
        struct str id = arena_format(&f->arena, "C-%d", i % 500);
        size_t length = (size_t)(i % 500) * 5;
        memset(letters, 'a' + i % 26, sizeof(letters));
        if (get(f, TENANT, id, &row, &ticket) == DOCUMENT_CACHE_HIT) {
            hits++;
            assert_str(row.customer_id, id);
            assert_int_equal(row.document.len, length);
            assert_int_equal(row.document.ptr ? row.document.ptr[length / 2] : 0,
                             length ? 'a' + (int)(row.version % 26) : 0);
            if (i % 5 == 0)
                document_cache_invalidate(f->cache, document_cache_key(f->cache, TENANT, id));
        } else {
            struct profile_row fresh = row_of(id, i);
            fresh.document = length ? str_of(letters, length) : STR_NONE;
            put(f, TENANT, fresh, ticket);
        }
        arena_rewind(&f->arena, mark);
        if (i % 4000 == 3999) document_cache_invalidate_all(f->cache);
        assert_true(document_cache_bytes(f->cache) <= 1 << 20);
    }
    assert_true(hits > 1000);
}

static void a_row_larger_than_a_segment_is_not_taken(void **state)
{
    struct fixture *f = *state;
    struct profile_row row;
    uint64_t ticket;
    static char large[1 << 20];
    memset(large, 'x', sizeof(large));
    get(f, TENANT, STR("C-1"), &row, &ticket);
    struct profile_row big = row_of(STR("C-1"), 1);
    big.document = str_of(large, sizeof(large));
    put(f, TENANT, big, ticket);
    assert_int_equal(get(f, TENANT, STR("C-1"), &row, &ticket), DOCUMENT_CACHE_MISS);
    assert_int_equal(document_cache_bytes(f->cache), 0);
}

static void a_hit_that_does_not_fit_the_arena_says_so(void **state)
{
    struct fixture *f = *state;
    struct profile_row row;
    struct arena none;
    uint64_t ticket;
    arena_init(&none, 16);
    get(f, TENANT, STR("C-1"), &row, &ticket);
    put(f, TENANT, row_of(STR("C-1"), 1), ticket);
    uint64_t key = document_cache_key(f->cache, TENANT, STR("C-1"));
    assert_int_equal(document_cache_get(f->cache, key, TENANT, STR("C-1"), &none, &row, &ticket),
                     DOCUMENT_CACHE_NO_MEMORY);
    arena_release(&none);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_that_was_put_is_a_hit),
        TEST(an_invalidated_row_is_gone_and_a_row_read_before_is_refused),
        TEST(the_capacity_is_kept_and_what_is_used_stays),
        TEST(rows_of_all_sizes_come_back_as_they_were_put),
        TEST(a_row_larger_than_a_segment_is_not_taken),
        TEST(a_hit_that_does_not_fit_the_arena_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
