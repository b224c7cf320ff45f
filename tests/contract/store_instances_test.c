/* Which instances are live: what any store has to do. The embedded stores have one process. */
#include <time.h>

#include "contract.h"

enum { LONG_MS = 600000 };

static int64_t turn(struct contract *c, const char *instance, int64_t lease_ms)
{
    int64_t live;
    assert_int_equal(store_instance_turn(c->store, str_from_cstr(instance), lease_ms, &c->arena,
                                         &live, &c->error),
                     STATUS_OK);
    return live;
}

static void an_instance_is_live_until_it_leaves_or_its_lease_is_over(struct contract *c)
{
    int many = c->many_write;
    assert_int_equal(turn(c, "a", LONG_MS), 1);
    assert_int_equal(turn(c, "b", LONG_MS), 1 + many);
    assert_int_equal(turn(c, "c", LONG_MS), 1 + 2 * many);
    assert_int_equal(turn(c, "a", LONG_MS), 1 + 2 * many);
    (void)turn(c, "b", 0);
    (void)turn(c, "b", 0);
    assert_int_equal(turn(c, "a", LONG_MS), 1 + many);
    (void)turn(c, "c", 1);
    const struct timespec while_it_ends = {.tv_nsec = 5000000};
    (void)nanosleep(&while_it_ends, NULL);
    assert_int_equal(turn(c, "a", LONG_MS), 1);
    assert_int_equal(turn(c, "c", LONG_MS), 1 + many);
}

int main(void)
{
    static const struct contract_case cases[] = {
        CONTRACT(an_instance_is_live_until_it_leaves_or_its_lease_is_over),
    };
    return contract_run(cases, UNIT_COUNT(cases));
}
