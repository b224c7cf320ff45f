#include "application/import_trial.h"

#include <stdlib.h>

enum { ROOM_MIN = 1024 };

struct entry {
    uint64_t key; /* 0: none */
    uint64_t record;
};

struct import_trial {
    struct entry *entries;
    size_t room; /* a power of two */
    size_t count;
    size_t room_max;
};

struct import_trial *import_trial_new(size_t memory_bytes)
{
    struct import_trial *trial = calloc(1, sizeof(*trial));
    if (!trial) return NULL;
    trial->room = trial->room_max = ROOM_MIN;
    while (trial->room_max * 4 * sizeof(struct entry) <= memory_bytes) trial->room_max *= 2;
    trial->entries = calloc(trial->room, sizeof(*trial->entries));
    if (trial->entries) return trial;
    free(trial);
    return NULL;
}

void import_trial_free(struct import_trial *trial)
{
    if (!trial) return;
    free(trial->entries);
    free(trial);
}

static uint64_t hash_of(struct str key)
{
    uint64_t hash = hash_bytes((struct hash_key){3, 4}, key);
    return hash ? hash : 1;
}

/* Where the key is, or would be. */
static struct entry *slot_of(struct entry *entries, size_t room, uint64_t key)
{
    size_t at = key & (room - 1);
    while (entries[at].key && entries[at].key != key) at = (at + 1) & (room - 1);
    return &entries[at];
}

bool import_trial_find(const struct import_trial *trial, struct str key, uint64_t *record)
{
    const struct entry *entry = slot_of(trial->entries, trial->room, hash_of(key));
    *record = entry->record;
    return entry->key != 0;
}

/* False when it may not grow. */
static bool grow(struct import_trial *trial)
{
    size_t room = trial->room * 2;
    struct entry *entries = room <= trial->room_max ? calloc(room, sizeof(*entries)) : NULL;
    if (!entries) return false;
    for (size_t i = 0; i < trial->room; i++)
        if (trial->entries[i].key)
            *slot_of(entries, room, trial->entries[i].key) = trial->entries[i];
    free(trial->entries);
    trial->entries = entries;
    trial->room = room;
    return true;
}

void import_trial_put(struct import_trial *trial, struct str key, uint64_t record)
{
    uint64_t hash = hash_of(key);
    struct entry *entry = slot_of(trial->entries, trial->room, hash);
    if (!entry->key && trial->count * 4 >= trial->room * 3) {
        if (!grow(trial)) return;
        entry = slot_of(trial->entries, trial->room, hash);
    }
    trial->count += entry->key == 0;
    *entry = (struct entry){hash, record};
}
