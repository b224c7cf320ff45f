#include "adapters/store/search_homes.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLACES = 1 << 16,
    STRIPES = 64,
    HOME_MAX = 54 /* bytes of an id; longer ones are not kept */
};

struct place {
    int64_t number; /* 0: none */
    uint8_t len;
    char home[HOME_MAX];
};

struct search_homes {
    pthread_mutex_t stripes[STRIPES];
    struct place places[PLACES];
};

struct search_homes *search_homes_new(void)
{
    struct search_homes *homes = calloc(1, sizeof(*homes));
    if (!homes) return NULL;
    for (size_t i = 0; i < STRIPES; i++) (void)pthread_mutex_init(&homes->stripes[i], NULL);
    return homes;
}

void search_homes_free(struct search_homes *homes)
{
    if (!homes) return;
    for (size_t i = 0; i < STRIPES; i++) pthread_mutex_destroy(&homes->stripes[i]);
    free(homes);
}

static size_t place_of(int64_t number)
{
    return (uint64_t)number * 0x9E3779B97F4A7C15ULL >> 48 & (PLACES - 1);
}

struct str search_homes_find(struct search_homes *homes, int64_t number, struct arena *arena)
{
    size_t at = place_of(number);
    struct str home = STR_NONE;
    pthread_mutex_lock(&homes->stripes[at % STRIPES]);
    const struct place *place = &homes->places[at];
    if (place->number == number && number > 0)
        home = arena_str(arena, str_of(place->home, place->len));
    pthread_mutex_unlock(&homes->stripes[at % STRIPES]);
    return home;
}

void search_homes_put(struct search_homes *homes, int64_t number, struct str home)
{
    size_t at = place_of(number);
    if (home.len > HOME_MAX || number <= 0) return;
    pthread_mutex_lock(&homes->stripes[at % STRIPES]);
    struct place *place = &homes->places[at];
    place->number = number;
    place->len = (uint8_t)home.len;
    memcpy(place->home, home.ptr, home.len);
    pthread_mutex_unlock(&homes->stripes[at % STRIPES]);
}
