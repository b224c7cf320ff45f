/* Dead letters, in the order in which they are listed. One that was removed keeps its place,
 * without its topic. */
#include <pthread.h>

#include "adapters/memory/memory_internal.h"

static struct memory_store *of(struct store *store)
{
    return (struct memory_store *)store;
}

static int compare(const struct dead_letter *a, const struct dead_letter *b)
{
    int order = str_compare(a->topic, b->topic);
    if (order == 0) order = (a->partition > b->partition) - (a->partition < b->partition);
    return order ? order : (a->offset > b->offset) - (a->offset < b->offset);
}

static bool is_there(const struct dead_letter *letter)
{
    return !str_is_none(letter->topic);
}

static struct str kept(struct arena *arena, struct str text)
{
    return str_is_none(text) ? STR_NONE : arena_str(arena, text);
}

static struct dead_letter copy_of(struct arena *arena, const struct dead_letter *letter)
{
    struct dead_letter copy = *letter;
    copy.topic = kept(arena, letter->topic);
    copy.key = kept(arena, letter->key);
    copy.value = kept(arena, letter->value);
    copy.trace = kept(arena, letter->trace);
    copy.code = kept(arena, letter->code);
    copy.reason = kept(arena, letter->reason);
    copy.tenant = kept(arena, letter->tenant);
    copy.customer = kept(arena, letter->customer);
    return copy;
}

static enum status put(struct memory_heap *heap, struct memory_vector *all,
                       const struct dead_letter *letter)
{
    size_t at = all->count;
    for (size_t i = 0; i < all->count; i++) {
        int order = is_there(all->items[i]) ? compare(all->items[i], letter) : -1;
        if (order == 0) return STATUS_OK;
        if (order > 0 && at == all->count) at = i;
    }
    struct dead_letter *copy = ARENA_NEW(&heap->arena, struct dead_letter);
    if (!copy) return STATUS_STORE_FULL;
    *copy = copy_of(&heap->arena, letter);
    bool added = !str_is_none(copy->topic) && memory_vector_insert(heap, all, at, copy);
    return added ? STATUS_OK : STATUS_STORE_FULL;
}

enum status memory_dead_letter_put(struct store_session *session, const struct dead_letter *letters,
                                   size_t count, struct error *error)
{
    struct memory_heap *heap = memory_heap_of(session);
    enum status status = heap ? STATUS_OK : STATUS_INTERNAL;
    for (size_t i = 0; i < count && status == STATUS_OK; i++)
        status = put(heap, &of(session->store)->letters, &letters[i]);
    return status == STATUS_OK ? STATUS_OK : error_plain(error, status);
}

static bool parks(const struct dead_letter *letter, struct str topic,
                  const struct dead_letter *asked)
{
    return is_there(letter) && str_equal(letter->topic, topic) && !str_is_none(letter->key) &&
           str_equal(letter->key, asked->key) && letter->offset <= asked->offset &&
           (str_is_none(letter->tenant) || str_equal(letter->tenant, asked->tenant));
}

enum status memory_dead_letter_parked(struct store *store, struct str topic,
                                      const struct dead_letter *asked, size_t count,
                                      struct arena *arena, bool *parked, struct error *error)
{
    struct memory_store *self = of(store);
    (void)arena, (void)error;
    (void)pthread_mutex_lock(&self->mutex);
    for (size_t k = 0; k < count; k++) {
        parked[k] = false;
        for (size_t i = 0; i < self->letters.count && !parked[k]; i++)
            parked[k] = parks(self->letters.items[i], topic, &asked[k]);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return STATUS_OK;
}

enum status memory_dead_letter_list(struct store *store, const struct dead_letter *after,
                                    size_t limit, struct arena *arena, struct dead_letter **out,
                                    size_t *count, struct error *error)
{
    struct memory_store *self = of(store);
    (void)pthread_mutex_lock(&self->mutex);
    *out = ARENA_NEW_ARRAY(arena, struct dead_letter, self->letters.count);
    *count = 0;
    for (size_t i = 0; *out && i < self->letters.count && *count < limit; i++) {
        const struct dead_letter *letter = self->letters.items[i];
        if (is_there(letter) && (!after || compare(letter, after) > 0))
            (*out)[(*count)++] = copy_of(arena, letter);
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return *out ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

enum status memory_dead_letter_remove(struct store *store, const struct dead_letter *letter,
                                      struct arena *arena, struct error *error)
{
    struct memory_store *self = of(store);
    (void)arena, (void)error;
    (void)pthread_mutex_lock(&self->mutex);
    for (size_t i = 0; i < self->letters.count; i++) {
        struct dead_letter *kept_letter = self->letters.items[i];
        if (is_there(kept_letter) && compare(kept_letter, letter) == 0)
            kept_letter->topic = STR_NONE;
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return STATUS_OK;
}

static bool is_first_of_key(const struct memory_vector *letters, size_t index)
{
    const struct dead_letter *letter = letters->items[index];
    if (str_is_none(letter->key)) return false;
    for (size_t i = 0; i < index; i++) {
        const struct dead_letter *other = letters->items[i];
        if (is_there(other) && str_equal(other->topic, letter->topic) && !str_is_none(other->key) &&
            str_equal(other->key, letter->key) && str_equal(other->tenant, letter->tenant))
            return false;
    }
    return true;
}

enum status memory_dead_letter_count(struct store *store, struct arena *arena,
                                     struct dead_letter_count *count, struct error *error)
{
    struct memory_store *self = of(store);
    (void)arena, (void)error;
    *count = (struct dead_letter_count){.oldest = INSTANT_NONE};
    (void)pthread_mutex_lock(&self->mutex);
    for (size_t i = 0; i < self->letters.count; i++) {
        const struct dead_letter *letter = self->letters.items[i];
        if (!is_there(letter)) continue;
        count->letters++;
        count->keys += is_first_of_key(&self->letters, i);
        if (count->oldest == INSTANT_NONE || letter->parked_at < count->oldest)
            count->oldest = letter->parked_at;
    }
    (void)pthread_mutex_unlock(&self->mutex);
    return STATUS_OK;
}

/* Few, and seldom: the oldest of all each time. */
static struct dead_letter *oldest_before(const struct memory_vector *letters, instant before)
{
    struct dead_letter *oldest = NULL;
    for (size_t i = 0; i < letters->count; i++) {
        struct dead_letter *letter = letters->items[i];
        if (is_there(letter) && letter->parked_at < before &&
            (!oldest || letter->parked_at < oldest->parked_at))
            oldest = letter;
    }
    return oldest;
}

enum status memory_dead_letters_purge(struct store *store, instant before, size_t most,
                                      struct arena *arena, size_t *purged, struct error *error)
{
    struct memory_store *self = of(store);
    struct dead_letter *letter;
    (void)arena, (void)error;
    (void)pthread_mutex_lock(&self->mutex);
    for (*purged = 0; *purged < most && (letter = oldest_before(&self->letters, before));
         (*purged)++)
        letter->topic = STR_NONE;
    (void)pthread_mutex_unlock(&self->mutex);
    return STATUS_OK;
}

/* Of one that cannot be read only the key says whom it is about: customers are what senders key
 * by. */
static bool is_about(const struct dead_letter *letter, struct str tenant,
                     const struct erasure *erasure)
{
    struct str name = str_is_none(letter->tenant) ? letter->key : letter->customer;
    return !str_is_none(name) &&
           (str_is_none(letter->tenant) || str_equal(letter->tenant, tenant)) &&
           str_is_among(erasure->homes, erasure->home_count, name);
}

bool memory_letters_erase(struct memory_heap *heap, struct store_session *session,
                          const struct erasure *erasure)
{
    const struct memory_vector *letters = &of(session->store)->letters;
    for (size_t i = 0; i < letters->count; i++) {
        struct dead_letter *letter = letters->items[i];
        if (!is_about(letter, session->tenant, erasure)) continue;
        if (!memory_save(heap, letter, sizeof(*letter))) return false;
        letter->topic = STR_NONE;
    }
    return true;
}
