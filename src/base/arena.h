/* A bounded arena: memory with one lifetime, freed all at once.
 *
 * There are three lifetimes in the service: process, worker and request; each is an arena that is
 * passed explicitly. An arena never grows past the limit it was given; an allocation that would,
 * or that the system refuses, returns NULL and the caller answers STATUS_OUT_OF_MEMORY.
 *
 *     struct arena arena;
 *     arena_init(&arena, 1 << 20);
 *     struct item *items = ARENA_NEW_ARRAY(&arena, struct item, count);
 *     if (!items) return STATUS_OUT_OF_MEMORY;
 *     ...
 *     arena_release(&arena);
 *
 * Not thread-safe. A reset keeps the first block (16 KiB), so that small requests never call
 * malloc.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"

struct arena_block;

struct arena {
    struct arena_block *first;
    struct arena_block *current;
    size_t used_bytes;
    size_t limit_bytes;
};

/* Where an arena stood, to give back everything taken since: see arena_rewind(). */
struct arena_mark {
    struct arena_block *block;
    size_t block_used;
    size_t used_bytes;
};

void arena_init(struct arena *arena, size_t limit_bytes);
/* For what is not needed as long: as much as the other has left, and none of it is taken from
 * there. */
void arena_init_beside(struct arena *arena, const struct arena *other);
/* Forgets the content; keeps the first block for the next use. */
void arena_reset(struct arena *arena);
void arena_release(struct arena *arena);

/* Uninitialised, aligned for any type. NULL when the limit or the system's memory is reached. */
void *arena_alloc(struct arena *arena, size_t size_bytes);
/* Zeroed; count * size is checked for overflow. */
void *arena_calloc(struct arena *arena, size_t count, size_t size_bytes);
/* Grows the most recent allocation in place where it can, else copies. */
void *arena_realloc(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes);

struct arena_mark arena_mark(const struct arena *arena);
void arena_rewind(struct arena *arena, struct arena_mark mark);

/* A copy whose bytes live in the arena, NUL-terminated past its end; absent when out of memory
 * (and for an absent string). */
struct str arena_str(struct arena *arena, struct str s);
/* The same as a C string; NULL when out of memory. */
char *arena_cstr(struct arena *arena, struct str s);
/* printf into the arena; absent when out of memory. */
struct str arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The parts one after the other; absent when out of memory. */
struct str arena_join(struct arena *arena, const struct str *parts, size_t count);
#define ARENA_JOIN(arena, ...)                                                                     \
    arena_join((arena), (const struct str[]){__VA_ARGS__},                                         \
               sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

#define ARENA_NEW(arena, type)              ((type *)arena_calloc((arena), 1, sizeof(type)))
#define ARENA_NEW_ARRAY(arena, type, count) ((type *)arena_calloc((arena), (count), sizeof(type)))

#endif
