#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Under the address sanitizer, memory that is not handed out may not be touched: use after a reset
 * or a rewind is found like use after free. */
#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define ARENA_POISON
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(ARENA_POISON)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(bytes, size)   ((void)(bytes), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(bytes, size) ((void)(bytes), (void)(size))
#endif

enum { FIRST_BLOCK_BYTES = 16 * 1024, BLOCK_MAX_BYTES = 1024 * 1024 };
enum { ALIGNMENT = alignof(max_align_t) };

struct arena_block {
    struct arena_block *next;
    size_t size;
    size_t used;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *arena, size_t limit_bytes)
{
    *arena = (struct arena){.limit_bytes = limit_bytes};
}

void arena_init_beside(struct arena *arena, const struct arena *other)
{
    arena_init(arena, other->limit_bytes - other->used_bytes);
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        ASAN_UNPOISON_MEMORY_REGION(block->bytes, block->size);
        free(block);
        block = next;
    }
}

static void give_back(struct arena_block *block, size_t used)
{
    ASAN_POISON_MEMORY_REGION(block->bytes + used, block->size - used);
    block->used = used;
}

void arena_reset(struct arena *arena)
{
    if (arena->first) {
        free_blocks(arena->first->next);
        arena->first->next = NULL;
        give_back(arena->first, 0);
    }
    arena->current = arena->first;
    arena->used_bytes = 0;
}

void arena_release(struct arena *arena)
{
    free_blocks(arena->first);
    *arena = (struct arena){.limit_bytes = arena->limit_bytes};
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
    size_t size = arena->current ? arena->current->size * 2 : FIRST_BLOCK_BYTES;
    if (size > BLOCK_MAX_BYTES) size = BLOCK_MAX_BYTES;
    if (size < need) size = need;
    if (size > SIZE_MAX - sizeof(struct arena_block)) return NULL;
    struct arena_block *block = malloc(sizeof(*block) + size);
    if (!block) return NULL;
    *block = (struct arena_block){.size = size};
    give_back(block, 0);
    if (arena->current)
        arena->current->next = block;
    else
        arena->first = block;
    arena->current = block;
    return block;
}

/* What an allocation takes: a multiple of the alignment, never nothing. SIZE_MAX, which no arena
 * has, when that overflows. */
static size_t rounded(size_t size_bytes)
{
    if (size_bytes > SIZE_MAX - ALIGNMENT) return SIZE_MAX;
    return size_bytes ? (size_bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT : ALIGNMENT;
}

void *arena_alloc(struct arena *arena, size_t size_bytes)
{
    size_t need = rounded(size_bytes);
    if (need > arena->limit_bytes - arena->used_bytes) return NULL;
    struct arena_block *block = arena->current;
    if (!block || block->size - block->used < need) block = add_block(arena, need);
    if (!block) return NULL;
    void *memory = block->bytes + block->used;
    ASAN_UNPOISON_MEMORY_REGION(memory, size_bytes);
    block->used += need;
    arena->used_bytes += need;
    return memory;
}

void *arena_calloc(struct arena *arena, size_t count, size_t size_bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, size_bytes, &total)) return NULL;
    void *memory = arena_alloc(arena, total);
    if (memory) memset(memory, 0, total);
    return memory;
}

void *arena_realloc(struct arena *arena, void *old, size_t old_bytes, size_t new_bytes)
{
    struct arena_block *block = arena->current;
    size_t old_need = rounded(old_bytes), new_need = rounded(new_bytes);
    bool is_last = old && block && (char *)old + old_need == block->bytes + block->used;
    if (is_last && new_need >= old_need && block->size - block->used >= new_need - old_need &&
        new_need - old_need <= arena->limit_bytes - arena->used_bytes) {
        ASAN_UNPOISON_MEMORY_REGION(old, new_bytes);
        block->used += new_need - old_need;
        arena->used_bytes += new_need - old_need;
        return old;
    }
    void *fresh = arena_alloc(arena, new_bytes);
    if (fresh && old) memcpy(fresh, old, old_bytes < new_bytes ? old_bytes : new_bytes);
    return fresh;
}

struct arena_mark arena_mark(const struct arena *arena)
{
    return (struct arena_mark){.block = arena->current,
                               .block_used = arena->current ? arena->current->used : 0,
                               .used_bytes = arena->used_bytes};
}

void arena_rewind(struct arena *arena, struct arena_mark mark)
{
    if (!mark.block) {
        arena_reset(arena);
        return;
    }
    free_blocks(mark.block->next);
    mark.block->next = NULL;
    give_back(mark.block, mark.block_used);
    arena->current = mark.block;
    arena->used_bytes = mark.used_bytes;
}

char *arena_cstr(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (!copy) return NULL;
    if (s.len) memcpy(copy, s.ptr, s.len);
    copy[s.len] = '\0';
    return copy;
}

struct str arena_str(struct arena *arena, struct str s)
{
    if (str_is_none(s)) return s;
    char *copy = arena_cstr(arena, s);
    return copy ? str_of(copy, s.len) : STR_NONE;
}

struct str arena_format(struct arena *arena, const char *format, ...)
{
    char small[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    char *text = length >= 0 ? arena_alloc(arena, (size_t)length + 1) : NULL;
    if (text && (size_t)length < sizeof(small))
        memcpy(text, small, (size_t)length + 1);
    else if (text)
        (void)vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text ? str_of(text, (size_t)length) : STR_NONE;
}

struct str arena_join(struct arena *arena, const struct str *parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) length += parts[i].len;
    char *text = arena_alloc(arena, length + 1), *at = text;
    if (!text) return STR_NONE;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) memcpy(at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    *at = '\0';
    return str_of(text, length);
}
