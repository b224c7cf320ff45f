/* What was consumed, and what was put aside: what any store has to do. */
#include "contract.h"

struct work {
    const struct str *ids;
    size_t count;
    instant now, forget;
    bool fresh[4];
    enum status give;
};

static enum status put(struct store_session *session, void *context, struct error *error)
{
    struct work *work = context;
    TRY(store_inbox_put(session, work->ids, work->count, work->now, work->forget, work->fresh,
                        error));
    return work->give == STATUS_OK ? STATUS_OK : error_plain(error, work->give);
}

static struct work put_for(struct contract *c, struct str tenant, const struct str *ids,
                           size_t count, enum status give)
{
    struct work work = {.ids = ids, .count = count, .now = 1000, .give = give};
    assert_int_equal(store_write(c->store, tenant, &c->arena, put, &work, &c->error), give);
    return work;
}

static void an_id_is_fresh_once_in_its_tenant(struct contract *c)
{
    const struct str first[] = {STR("a"), STR("b \"\\")}, second[] = {STR("a"), STR("c")};
    struct work work = put_for(c, c->tenant, first, 2, STATUS_OK);
    assert_true(work.fresh[0] && work.fresh[1]);
    work = put_for(c, c->tenant, second, 2, STATUS_OK);
    assert_true(!work.fresh[0] && work.fresh[1]);
    work = put_for(c, c->tenant, first, 2, STATUS_OK);
    assert_false(work.fresh[1]);
    work = put_for(c, c->other_tenant, first, 1, STATUS_OK);
    assert_true(work.fresh[0]);
    (void)put_for(c, c->tenant, NULL, 0, STATUS_OK);
}

static void what_is_rolled_back_is_fresh_again(struct contract *c)
{
    const struct str id = STR("a");
    (void)put_for(c, c->tenant, &id, 1, STATUS_ROLLED_BACK);
    struct work work = put_for(c, c->tenant, &id, 1, STATUS_OK);
    assert_true(work.fresh[0]);
}

/* --- dead letters: of no tenant, so each case has a topic of its own --- */

static struct dead_letter letter(struct contract *c, int64_t offset, const char *key)
{
    return (struct dead_letter){.topic = c->tenant,
                                .partition = 1,
                                .offset = offset,
                                .key = key ? str_from_cstr(key) : STR_NONE,
                                .value = STR("{}"),
                                .code = STR("CUSTOMER_NOT_FOUND"),
                                .reason = STR("why"),
                                .tenant = c->tenant,
                                .customer = STR("C"),
                                .sent_at = 5,
                                .parked_at = 7};
}

struct letters {
    const struct dead_letter *items;
    size_t count;
    enum status give;
};

static enum status put_letters(struct store_session *session, void *context, struct error *error)
{
    const struct letters *letters = context;
    TRY(store_dead_letter_put(session, letters->items, letters->count, error));
    return letters->give == STATUS_OK ? STATUS_OK : error_plain(error, letters->give);
}

static void put_aside(struct contract *c, const struct dead_letter *items, size_t count)
{
    struct letters letters = {items, count, STATUS_OK};
    struct str tenant = str_is_none(items->tenant) ? STORE_NO_TENANT : items->tenant;
    assert_int_equal(store_write(c->store, tenant, &c->arena, put_letters, &letters, &c->error),
                     STATUS_OK);
}

static bool is_parked(struct contract *c, struct str tenant, struct str key, int64_t offset)
{
    const struct dead_letter asked[] = {
        {.key = STR("nobody"), .tenant = tenant, .offset = offset},
        {.key = key, .tenant = tenant, .offset = offset},
    };
    bool parked[2];
    assert_int_equal(
        store_dead_letter_parked(c->store, c->tenant, asked, 2, &c->arena, parked, &c->error),
        STATUS_OK);
    assert_false(parked[0]);
    return parked[1];
}

static void expect_parked_since(struct contract *c, const char *key, int64_t since)
{
    assert_true(is_parked(c, c->tenant, str_from_cstr(key), since));
    assert_false(is_parked(c, c->tenant, str_from_cstr(key), since - 1));
}

static size_t list(struct contract *c, struct dead_letter after, size_t limit,
                   struct dead_letter **letters)
{
    size_t count;
    assert_int_equal(
        store_dead_letter_list(c->store, &after, limit, &c->arena, letters, &count, &c->error),
        STATUS_OK);
    while (count > 0 && !str_equal((*letters)[count - 1].topic, c->tenant)) count--;
    return count;
}

static void letters_are_kept_in_order_once_and_park_their_keys(struct contract *c)
{
    struct dead_letter all[] = {letter(c, 9, "k"), letter(c, 4, "k"), letter(c, 5, NULL)}, *found;
    struct dead_letter again = letter(c, 4, "other"), before = letter(c, -1, NULL);
    put_aside(c, all, 3);
    put_aside(c, &again, 1);
    assert_int_equal(list(c, before, 2, &found), 2);
    assert_int_equal(found[0].offset, 4);
    assert_str(found[0].key, STR("k"));
    assert_str(found[0].reason, STR("why"));
    assert_int_equal(found[1].offset, 5);
    assert_true(str_is_none(found[1].key) && str_is_none(found[1].trace));
    assert_int_equal(list(c, found[1], 100, &found), 1);
    assert_int_equal(found[0].offset, 9);
    expect_parked_since(c, "k", 4);
    assert_false(is_parked(c, c->tenant, STR("other"), 100));
}

static void a_key_is_parked_for_its_tenant_or_for_all_when_that_is_not_known(struct contract *c)
{
    struct dead_letter own = letter(c, 3, "k"), nobodys = letter(c, 5, "k");
    struct dead_letter_count before, after;
    nobodys.tenant = nobodys.customer = STR_NONE;
    assert_int_equal(store_dead_letter_count(c->store, &c->arena, &before, &c->error), STATUS_OK);
    put_aside(c, &own, 1);
    assert_false(is_parked(c, c->other_tenant, STR("k"), 100));
    put_aside(c, &nobodys, 1);
    assert_true(is_parked(c, c->other_tenant, STR("k"), 5));
    assert_false(is_parked(c, c->other_tenant, STR("k"), 4));
    expect_parked_since(c, "k", 3);
    assert_int_equal(store_dead_letter_count(c->store, &c->arena, &after, &c->error), STATUS_OK);
    assert_int_equal(after.keys, before.keys + 2);
}

/* Of digits that no store makes shorter, and all with the same beginning. */
static struct str long_key(struct contract *c, size_t len, unsigned seed)
{
    char *text = arena_alloc(&c->arena, len);
    assert_non_null(text);
    for (size_t i = 0; i < len; i++) {
        if (i == 250) seed = seed * 2654435761U + 1;
        seed = seed * 1103515245U + 12345U;
        text[i] = i < 250 ? 'k' : (char)('0' + seed / 65536U % 75);
    }
    return str_of(text, len);
}

static void a_key_may_be_as_long_as_a_record(struct contract *c)
{
    static const size_t lengths[] = {3000, 160000, 1000001};
    for (size_t i = 0; i < UNIT_COUNT(lengths); i++) {
        const struct str keys[] = {long_key(c, lengths[i], 1), long_key(c, lengths[i], 2)};
        struct dead_letter first = letter(c, (int64_t)i, NULL), *found;
        first.key = keys[0];
        put_aside(c, &first, 1);
        assert_true(is_parked(c, c->tenant, keys[0], (int64_t)i));
        assert_false(is_parked(c, c->tenant, keys[1], (int64_t)i));
        assert_int_equal(list(c, letter(c, (int64_t)i - 1, NULL), 1, &found), 1);
        assert_str(found[0].key, keys[0]);
    }
}

static void what_is_removed_parks_nothing(struct contract *c)
{
    struct dead_letter_count before, with, after;
    struct dead_letter all[] = {letter(c, 1, "k"), letter(c, 2, "k")};
    assert_int_equal(store_dead_letter_count(c->store, &c->arena, &before, &c->error), STATUS_OK);
    put_aside(c, all, 2);
    assert_int_equal(store_dead_letter_count(c->store, &c->arena, &with, &c->error), STATUS_OK);
    assert_int_equal(with.letters, before.letters + 2);
    assert_int_equal(with.keys, before.keys + 1);
    assert_int_equal(with.oldest, 7);
    assert_int_equal(store_dead_letter_remove(c->store, &all[0], &c->arena, &c->error), STATUS_OK);
    expect_parked_since(c, "k", 2);
    assert_int_equal(store_dead_letter_remove(c->store, &all[1], &c->arena, &c->error), STATUS_OK);
    assert_int_equal(store_dead_letter_remove(c->store, &all[1], &c->arena, &c->error), STATUS_OK);
    assert_false(is_parked(c, c->tenant, STR("k"), 100));
    assert_int_equal(store_dead_letter_count(c->store, &c->arena, &after, &c->error), STATUS_OK);
    assert_int_equal(after.letters, before.letters);
}

static void letters_of_a_unit_of_work_that_is_rolled_back_are_not_there(struct contract *c)
{
    struct dead_letter one = letter(c, 1, "k"), *found;
    struct letters letters = {&one, 1, STATUS_ROLLED_BACK};
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, put_letters, &letters, &c->error),
                     STATUS_ROLLED_BACK);
    assert_int_equal(list(c, letter(c, -1, NULL), 100, &found), 0);
}

static size_t purge(struct contract *c, instant before, size_t most)
{
    size_t purged;
    assert_int_equal(
        store_dead_letters_purge(c->store, before, most, &c->arena, &purged, &c->error), STATUS_OK);
    return purged;
}

/* Those of the other cases are younger. */
static void the_oldest_go_first_and_no_more_than_are_asked_for(struct contract *c)
{
    struct dead_letter all[] = {letter(c, 1, "k"), letter(c, 2, "k"), letter(c, 3, "l")}, *found;
    all[0].parked_at = 3;
    all[1].parked_at = 1;
    all[2].parked_at = 2;
    put_aside(c, all, 3);
    assert_int_equal(purge(c, 1, 100), 0);
    assert_int_equal(purge(c, 4, 2), 2);
    assert_int_equal(list(c, letter(c, -1, NULL), 100, &found), 1);
    assert_int_equal(found[0].offset, 1);
    assert_false(is_parked(c, c->tenant, STR("l"), 100));
    assert_int_equal(purge(c, 4, 2), 1);
    assert_false(is_parked(c, c->tenant, STR("k"), 100));
}

static enum status erase(struct store_session *session, void *context, struct error *error)
{
    const struct str home = STR("C");
    const struct erasure erasure = {.homes = &home, .home_count = 1, .reason = STR("ERASED")};
    (void)context;
    return store_homes_erase(session, &erasure, error);
}

/* Of one that could not be read the key is all there is. */
static void an_erasure_takes_the_letters_about_the_customer(struct contract *c)
{
    struct dead_letter about = letter(c, 1, "k"), other = letter(c, 2, "k"), *found;
    struct dead_letter nobodys = letter(c, 3, "C");
    nobodys.tenant = nobodys.customer = STR_NONE;
    other.customer = STR("D");
    put_aside(c, &nobodys, 1);
    contract_insert(c, contract_profile(STR("C"), 1000));
    put_aside(c, &about, 1);
    put_aside(c, &other, 1);
    assert_int_equal(store_write(c->store, c->tenant, &c->arena, erase, NULL, &c->error),
                     STATUS_OK);
    assert_int_equal(list(c, letter(c, -1, NULL), 100, &found), 1);
    assert_str(found[0].customer, STR("D"));
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_id_is_fresh_once_in_its_tenant),
        CONTRACT(what_is_rolled_back_is_fresh_again),
        CONTRACT(letters_are_kept_in_order_once_and_park_their_keys),
        CONTRACT(a_key_is_parked_for_its_tenant_or_for_all_when_that_is_not_known),
        CONTRACT(a_key_may_be_as_long_as_a_record),
        CONTRACT(what_is_removed_parks_nothing),
        CONTRACT(letters_of_a_unit_of_work_that_is_rolled_back_are_not_there),
        CONTRACT(the_oldest_go_first_and_no_more_than_are_asked_for),
        CONTRACT(an_erasure_takes_the_letters_about_the_customer),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
