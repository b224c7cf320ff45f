#include "application/import_trial.h"

#include <stdlib.h>

#include "application/candidates.h"
#include "base/hash.h"

enum { ROOM_MIN = 1024, DIGEST_BYTES_MAX = 256 << 20 /* more than a record has */ };

/* What an entry is of: so that no key is taken for one of another kind. */
enum entry_kind { OF_KEY = 4, OF_SOURCE, OF_MEMBER, OF_HOMES };

struct entry {
    uint64_t key; /* 0: none */
    uint64_t value;
};

/* A customer, as text: a tree of JSON is several times as large. */
struct kept {
    struct str home, said, normal;
    struct match_record *record; /* of this row; NULL: not read yet */
    uint64_t row;
};

/* A customer that has a key, and the next one that has it. Numbers begin with 1. */
struct link {
    uint32_t kept, next;
};

struct import_trial {
    struct entry *entries;
    size_t room; /* a power of two */
    size_t count;
    size_t room_max;
    struct arena memory; /* of texts */
    struct kept *kept;
    uint32_t kept_count, kept_room;
    struct link *links;
    uint32_t link_count, link_room;
    struct arena of_row; /* what was read for one row */
    struct arena digests;
    uint64_t row;
};

struct import_trial *import_trial_new(size_t memory_bytes)
{
    struct import_trial *trial = calloc(1, sizeof(*trial));
    if (!trial) return NULL;
    trial->room = trial->room_max = ROOM_MIN;
    while (trial->room_max * 4 * sizeof(struct entry) <= memory_bytes) trial->room_max *= 2;
    trial->entries = calloc(trial->room, sizeof(*trial->entries));
    arena_init(&trial->memory, memory_bytes / 2);
    arena_init(&trial->of_row, memory_bytes / 2);
    arena_init(&trial->digests, DIGEST_BYTES_MAX);
    if (trial->entries) return trial;
    free(trial);
    return NULL;
}

void import_trial_free(struct import_trial *trial)
{
    if (!trial) return;
    arena_release(&trial->memory);
    arena_release(&trial->of_row);
    arena_release(&trial->digests);
    free(trial->kept);
    free(trial->links);
    free(trial->entries);
    free(trial);
}

/* --- the table --- */

static uint64_t hash_of(enum entry_kind kind, struct str key)
{
    uint64_t hash = hash_bytes((struct hash_key){3, kind}, key);
    return hash ? hash : 1;
}

/* Where the key is, or would be. */
static struct entry *slot_of(struct entry *entries, size_t room, uint64_t key)
{
    size_t at = key & (room - 1);
    while (entries[at].key && entries[at].key != key) at = (at + 1) & (room - 1);
    return &entries[at];
}

static const struct entry *find(const struct import_trial *trial, uint64_t key)
{
    const struct entry *entry = slot_of(trial->entries, trial->room, key);
    return entry->key ? entry : NULL;
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

static void put(struct import_trial *trial, uint64_t key, uint64_t value)
{
    struct entry *entry = slot_of(trial->entries, trial->room, key);
    if (!entry->key && trial->count * 4 >= trial->room * 3) {
        if (!grow(trial)) return;
        entry = slot_of(trial->entries, trial->room, key);
    }
    trial->count += entry->key == 0;
    *entry = (struct entry){key, value};
}

/* From here on only what most depends on. */
static bool is_half_full(const struct import_trial *trial)
{
    return trial->count * 8 >= trial->room_max * 3;
}

bool import_trial_has(const struct import_trial *trial, struct str key)
{
    return find(trial, hash_of(OF_KEY, key)) != NULL;
}

void import_trial_put(struct import_trial *trial, struct str key)
{
    put(trial, hash_of(OF_KEY, key), 1);
}

/* --- source records --- */

/* What a record says in one place: a member, or one of its contacts. */
struct saying {
    uint64_t key, digest;
};

static uint64_t digest_of(struct import_trial *trial, const struct json_value *value)
{
    struct buffer text = {.arena = &trial->digests};
    struct json_writer writer = {.out = &text};
    arena_reset(&trial->digests);
    json_write(&writer, value);
    return hash_bytes((struct hash_key){5, 6}, buffer_str(&text));
}

static struct saying saying_of(struct import_trial *trial, struct str source_key, struct str member,
                               struct str place, const struct json_value *value)
{
    struct saying saying = {.digest = digest_of(trial, value)};
    struct str key = arena_format(&trial->digests, "%.*s\x1f%.*s\x1f%.*s", STR_ARGS(source_key),
                                  STR_ARGS(member), STR_ARGS(place));
    saying.key = hash_of(OF_MEMBER, str_is_none(key) ? source_key : key);
    return saying;
}

/* As an import knows it again. */
static struct str place_of(const struct json_value *contact)
{
    static const struct str names[] = {STR("contactId"), STR("email"), STR("name")};
    struct str place = STR_NONE;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && str_is_none(place); i++)
        place = json_text(json_get(contact, names[i]));
    return str_is_none(place) ? STR("") : place;
}

typedef bool saying_visit(struct import_trial *trial, struct saying saying);

/* Each contact by itself, for an import adds them to those that are there; its id says nothing of a
 * customer who is there. False when `visit` is. */
static bool each_saying(struct import_trial *trial, struct str source_key,
                        const struct json_value *body, saying_visit *visit)
{
    for (size_t i = 0; i < body->count; i++) {
        struct str name = body->members[i].name;
        const struct json_value *value = &body->members[i].value;
        if (str_equal(name, STR("customerId"))) continue;
        bool apart = value->type == JSON_ARRAY && str_equal(name, STR("contacts"));
        if (!apart && !visit(trial, saying_of(trial, source_key, name, STR(""), value)))
            return false;
        for (size_t c = 0; apart && c < value->count; c++)
            if (!visit(trial, saying_of(trial, source_key, name, place_of(&value->items[c]),
                                        &value->items[c])))
                return false;
    }
    return true;
}

static bool was_said(struct import_trial *trial, struct saying saying)
{
    const struct entry *entry = find(trial, saying.key);
    return entry && entry->value == saying.digest;
}

static bool say(struct import_trial *trial, struct saying saying)
{
    put(trial, saying.key, saying.digest);
    return true;
}

bool import_trial_said(struct import_trial *trial, struct str source_key,
                       const struct json_value *body, bool *same)
{
    const struct entry *entry = find(trial, hash_of(OF_SOURCE, source_key));
    if (!entry) return false;
    *same =
        entry->value == digest_of(trial, body) || each_saying(trial, source_key, body, was_said);
    return true;
}

void import_trial_say(struct import_trial *trial, struct str source_key,
                      const struct json_value *body)
{
    put(trial, hash_of(OF_SOURCE, source_key), digest_of(trial, body));
    if (!is_half_full(trial)) (void)each_saying(trial, source_key, body, say);
}

/* --- customers --- */

static bool grow_array(void **array, uint32_t *room, uint32_t count, size_t size)
{
    if (count < *room) return true;
    uint32_t larger_room = *room ? 2 * *room : ROOM_MIN;
    void *larger = realloc(*array, larger_room * size);
    if (!larger) return false;
    *array = larger;
    *room = larger_room;
    return true;
}

/* The first of its links, and how many there are. */
struct homes {
    uint32_t first, count;
};

static struct homes homes_of(const struct import_trial *trial, struct str key)
{
    const struct entry *entry = find(trial, hash_of(OF_HOMES, key));
    return entry ? (struct homes){(uint32_t)(entry->value >> 32), (uint32_t)entry->value}
                 : (struct homes){0, 0};
}

/* A key that more have is cut, whoever they are. */
static bool link_key(struct import_trial *trial, struct str key)
{
    struct homes homes = homes_of(trial, key);
    if (homes.count > CANDIDATES_HOMES_MAX) return true;
    if (!grow_array((void **)&trial->links, &trial->link_room, trial->link_count,
                    sizeof(*trial->links)))
        return false;
    trial->links[trial->link_count++] = (struct link){trial->kept_count, homes.first};
    put(trial, hash_of(OF_HOMES, key),
        (uint64_t)trial->link_count << 32 | (uint64_t)(homes.count + 1));
    return true;
}

bool import_trial_keep(struct import_trial *trial, struct str home,
                       const struct match_record *record, const struct str *keys, size_t count)
{
    struct buffer said = {.arena = &trial->memory};
    struct json_writer writer = {.out = &said};
    if (is_half_full(trial) || record->said_count != 1 ||
        !grow_array((void **)&trial->kept, &trial->kept_room, trial->kept_count,
                    sizeof(*trial->kept)))
        return false;
    json_write(&writer, record->said[0]);
    struct kept kept = {.home = arena_str(&trial->memory, home),
                        .said = buffer_str(&said),
                        .normal = arena_str(&trial->memory, record->normal)};
    if (buffer_failed(&said) || str_is_none(kept.home) || str_is_none(kept.normal)) return false;
    trial->kept[trial->kept_count++] = kept;
    for (size_t i = 0; i < count; i++)
        if (!link_key(trial, keys[i])) return false;
    return true;
}

size_t import_trial_homes(const struct import_trial *trial, struct str key)
{
    return homes_of(trial, key).count;
}

static struct match_record *read_kept(struct import_trial *trial, struct kept *kept)
{
    struct match_record *record = ARENA_NEW(&trial->of_row, struct match_record);
    const struct json_value **said = ARENA_NEW(&trial->of_row, const struct json_value *);
    struct json_value *value;
    if (!record || !said || json_parse(kept->said, &trial->of_row, &value, NULL) != STATUS_OK)
        return NULL;
    said[0] = value;
    *record = (struct match_record){.said = said, .said_count = 1, .normal = kept->normal};
    return record;
}

bool import_trial_next_home(struct import_trial *trial, struct str key, uint32_t *at,
                            struct str *home, const struct match_record **record)
{
    *at = *at == 0 ? homes_of(trial, key).first : trial->links[*at - 1].next;
    if (*at == 0) return false;
    struct kept *kept = &trial->kept[trial->links[*at - 1].kept - 1];
    if (!kept->record || kept->row != trial->row) kept->record = read_kept(trial, kept);
    kept->row = trial->row;
    *home = kept->home;
    *record = kept->record;
    return kept->record != NULL;
}

void import_trial_next_row(struct import_trial *trial)
{
    trial->row++;
    arena_reset(&trial->of_row);
}
