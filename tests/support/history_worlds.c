#include "history_worlds.h"

#include <inttypes.h>
#include <stdio.h>

void history_worlds_open(struct history_worlds *worlds, struct history_laws *laws)
{
    if (laws->reset) laws->reset(laws->store);
    laws->cases++;
    (void)snprintf(worlds->names[0], sizeof(worlds->names[0]), "first-%" PRIu64, laws->cases);
    (void)snprintf(worlds->names[1], sizeof(worlds->names[1]), "second-%" PRIu64, laws->cases);
    history_world_init(&worlds->first, laws->store, str_from_cstr(worlds->names[0]));
    history_world_init(&worlds->second, laws->store, str_from_cstr(worlds->names[1]));
}

void history_worlds_close(struct history_worlds *worlds)
{
    history_world_release(&worlds->first);
    history_world_release(&worlds->second);
}

bool history_worlds_create(struct history_world *world, struct property *property, size_t count)
{
    for (size_t i = 0; i < count; i++)
        PROPERTY_REQUIRE(property, history_create(world, property, i) == STATUS_OK,
                         "C%zu could not be created", i);
    return true;
}
