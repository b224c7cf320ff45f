#include "history_worlds.h"

#include <inttypes.h>
#include <stdio.h>

void history_worlds_open(struct history_worlds *worlds, struct history_laws *laws)
{
    if (laws->reset) laws->reset(laws->store);
    laws->cases++;
    (void)snprintf(worlds->names[0], sizeof(worlds->names[0]), "first-%" PRIu64, laws->cases);
    (void)snprintf(worlds->names[1], sizeof(worlds->names[1]), "second-%" PRIu64, laws->cases);
    arena_init(&worlds->arena, 1 << 20);
    history_world_init(&worlds->first, laws->store, str_from_cstr(worlds->names[0]));
    history_world_init(&worlds->second, laws->store, str_from_cstr(worlds->names[1]));
}

void history_worlds_close(struct history_worlds *worlds)
{
    history_world_release(&worlds->first);
    history_world_release(&worlds->second);
    arena_release(&worlds->arena);
}

bool history_worlds_create(struct history_world *world, struct property *property, size_t count)
{
    for (size_t i = 0; i < count; i++)
        PROPERTY_REQUIRE(property, history_create(world, property, i) == STATUS_OK,
                         "C%zu could not be created", i);
    return true;
}

struct told {
    struct arena *arena;
    struct str ids[HISTORY_CUSTOMERS_MAX];
    size_t customers;
    struct fact *facts;
    size_t count;
};

static enum status told_body(struct store_session *session, void *context, struct error *error)
{
    struct told *told = context;
    static const enum fact_kind kinds[] = {FACT_SERVICE_ORDER, FACT_CONTRACT};
    const struct history_query query = {.homes = told->ids,
                                        .home_count = told->customers,
                                        .kinds = kinds,
                                        .kind_count = 2,
                                        .limit = 100000};
    return store_history_list(session, &query, told->arena, &told->facts, &told->count, error);
}

static bool load_told(struct history_world *world, size_t customers, struct told *told)
{
    arena_reset(&world->arena);
    *told = (struct told){.arena = &world->arena, .customers = customers};
    for (size_t c = 0; c < customers; c++) told->ids[c] = arena_format(told->arena, "C%zu", c);
    return store_read(world->application.store, world->caller.tenant, told->arena, told_body, told,
                      NULL) == STATUS_OK;
}

bool history_worlds_were_told_the_same(struct history_worlds *worlds, struct property *property,
                                       size_t customers)
{
    struct told first, second;
    PROPERTY_REQUIRE(property,
                     load_told(&worlds->first, customers, &first) &&
                         load_told(&worlds->second, customers, &second),
                     "the history cannot be read");
    PROPERTY_REQUIRE(property, first.count == second.count, "%zu things were told, %zu are left",
                     first.count, second.count);
    for (size_t i = 0; i < first.count; i++)
        PROPERTY_REQUIRE(property, fact_compare(&first.facts[i], &second.facts[i]) == 0,
                         "what was told of %.*s differs", STR_ARGS(first.facts[i].home));
    return true;
}
