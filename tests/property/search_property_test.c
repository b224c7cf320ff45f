/* Laws of searching: what the blocks of any segments answer is what looking at every key of every
 * entry would. */
#include <stdio.h>
#include <string.h>

#include "base/environment.h"
#include "property.h"
#include "search/hits.h"
#include "unit.h"

/* So many that the lists of common words go on through several blocks. */
enum { ENTRIES = 12000, SEGMENTS = 3, KEPT = 50, BLOCKS_MAX = 4096 };
/* What was met on the way is no matter of the request's memory, but for hits before a page. */
enum { USED_MAX = 96 * 1024 };

static struct arena arena, scratch;

/* --- a base: entries, the last of which are in no segment --- */

struct kept_segment {
    struct str places[BLOCKS_MAX], bodies[BLOCKS_MAX];
    size_t count;
    struct search_directory *directory;
};

/* What was found in a segment: the last that came to its place. */
struct finding {
    size_t segment, key_len, len;
    char key[64], value[2 * ENTRIES];
};

static struct finding findings[16];
static struct kept_segment segments[SEGMENTS];
static struct search_entry entries[ENTRIES];
static struct search_view view;
static struct arena_mark base_end;

/* Few letters, so that words are often equal, beginnings of others, or common to most. */
static struct str word_of(uint64_t chance, char *out)
{
    static const char *const common[] = {"gmbh", "gmbh", "ab", "abc", "acme"};
    if (chance % 2 == 0) return str_from_cstr(common[chance / 2 % 5]);
    size_t len = 2 + chance / 2 % 5;
    chance /= 10;
    for (size_t i = 0; i < len; i++, chance /= 3) out[i] = (char)('a' + chance % 3);
    return str_of(out, len);
}

static struct str some_body(struct environment *environment)
{
    static const enum search_field fields[] = {SEARCH_NAME, SEARCH_CONTACT, SEARCH_ADDRESS};
    struct search_keys keys = {.arena = &arena};
    uint32_t chances[5];
    environment->random(environment, chances, sizeof(chances));
    for (size_t i = 0; i <= chances[4] % 4; i++) {
        char room[8];
        search_keys_add(&keys, fields[chances[i] / 40000 % 3], word_of(chances[i] % 40000, room));
    }
    search_keys_settle(&keys);
    return search_keys_entry(&keys);
}

static enum status keep_block(void *context, struct str place, struct str body, struct error *error)
{
    struct kept_segment *segment = context;
    (void)error;
    assert_true(segment->count < BLOCKS_MAX);
    segment->places[segment->count] = arena_str(&arena, place);
    segment->bodies[segment->count++] = arena_str(&arena, body);
    return STATUS_OK;
}

/* Entries are dealt out, so that no segment has a range of numbers of its own; most to the first.
 */
static void build_segment(size_t at, size_t in_segments)
{
    static struct search_entry own[ENTRIES];
    const struct search_sink sink = {keep_block, &segments[at]};
    size_t count = 0;
    for (size_t i = 0; i < in_segments; i++)
        if ((i % 16 < SEGMENTS ? i % 16 : 0) == at) own[count++] = entries[i];
    segments[at].count = 0;
    assert_int_equal(search_segment_build(own, count, &arena, &sink, NULL), STATUS_OK);
    segments[at].directory = search_directory_new(segments[at].places, segments[at].count);
    assert_non_null(segments[at].directory);
}

static enum status read_blocks(void *context, const struct search_block_id *blocks, size_t count,
                               struct arena *to, struct str *bodies, struct error *error)
{
    (void)context, (void)to, (void)error;
    for (size_t i = 0; i < count; i++)
        bodies[i] = segments[blocks[i].segment].bodies[blocks[i].block];
    return STATUS_OK;
}

/* --- the slow way --- */

static bool naive(const struct search_entry *entry, const struct search_ask *ask,
                  struct search_hit *hit)
{
    size_t lacking = 0, lacking_max = ask->may_lack && ask->reading->count >= 3 ? 1 : 0;
    int sum = 0;
    for (size_t t = 0; t < ask->reading->count; t++) {
        struct search_reader reader = search_reader_of(entry->body);
        int best = 0;
        while (search_reader_list(&reader)) {
            struct search_match match =
                search_match_key(&ask->reading->tokens[t], search_reader_key(&reader), true);
            if (match.weight > best) best = match.weight;
        }
        lacking += best == 0;
        sum += best;
    }
    int class = lacking > 0 ? 0 : SEARCH_RANK_CLOSE;
    *hit = (struct search_hit){.rank = class + sum / (int)ask->reading->count * 999 / 1000,
                               .number = entry->number};
    return lacking <= lacking_max;
}

static struct search_ranking answer_slowly(const struct search_ask *ask,
                                           const struct search_hit *after)
{
    struct search_ranking ranking;
    search_ranking_init(&ranking, after, KEPT, &arena);
    for (size_t i = 0; i < ENTRIES; i++) {
        struct search_hit hit;
        if (naive(&entries[i], ask, &hit)) search_ranking_offer(&ranking, hit);
    }
    assert_true(search_ranking_settle(&ranking));
    return ranking;
}

/* --- the law --- */

/* An entry may come again with a lesser rank: the first time counts. */
static void drop_again(struct search_ranking *ranking)
{
    size_t kept = 0;
    for (size_t i = 0; i < ranking->count; i++) {
        size_t j = 0;
        while (j < kept && ranking->items[j].number != ranking->items[i].number) j++;
        if (j == kept) ranking->items[kept++] = ranking->items[i];
    }
    ranking->count = kept;
}

static bool check_ask(struct property *p, const struct search_ask *ask,
                      const struct search_hit *after)
{
    struct search_ranking fast, slow = answer_slowly(ask, after);
    search_ranking_init(&fast, after, 4 * KEPT, &arena);
    const size_t used = arena.used_bytes;
    PROPERTY_REQUIRE(p, search_hits_find(&view, ask, &arena, &scratch, &fast, NULL) == STATUS_OK,
                     "it fails");
    PROPERTY_REQUIRE(p, after || arena.used_bytes - used < USED_MAX, "%zu bytes are kept",
                     arena.used_bytes - used);
    PROPERTY_REQUIRE(p, search_ranking_settle(&fast), "it has no memory");
    drop_again(&fast);
    PROPERTY_REQUIRE(p, fast.count >= slow.count, "%zu of %zu", fast.count, slow.count);
    for (size_t i = 0; i < slow.count; i++)
        PROPERTY_REQUIRE(p, search_hit_compare(&fast.items[i], &slow.items[i]) == 0,
                         "hit %zu is %lld at %d, not %lld at %d", i,
                         (long long)fast.items[i].number, fast.items[i].rank,
                         (long long)slow.items[i].number, slow.items[i].rank);
    return true;
}

static struct finding *place_of(size_t segment, struct str key)
{
    size_t sum = segment;
    for (size_t i = 0; i < key.len; i++) sum = sum * 31 + (unsigned char)key.ptr[i];
    return &findings[sum % 16];
}

static struct str recall(void *context, size_t segment, struct str key)
{
    const struct finding *finding = place_of(segment, key);
    (void)context;
    if (finding->segment != segment || !str_equal(str_of(finding->key, finding->key_len), key))
        return STR_NONE;
    return arena_str(&arena, str_of(finding->value, finding->len));
}

static void remember(void *context, size_t segment, struct str key, struct str value)
{
    struct finding *finding = place_of(segment, key);
    (void)context;
    if (key.len > sizeof(finding->key) || value.len > sizeof(finding->value)) return;
    *finding = (struct finding){.segment = segment, .key_len = key.len, .len = value.len};
    memcpy(finding->key, key.ptr, key.len);
    memcpy(finding->value, value.ptr, value.len);
}

static bool check_reading(struct property *p, const struct search_reading *reading)
{
    struct search_ranges ranges[SEARCH_TOKENS_MAX] = {{0}};
    for (size_t t = 0; t < reading->count; t++) {
        ranges[t].arena = &arena;
        search_ranges_close(&ranges[t], &reading->tokens[t]);
    }
    const struct search_ask ask = {.reading = reading,
                                   .ranges = ranges,
                                   .close_only = true,
                                   .may_lack = property_chance(p, 50)};
    const struct search_hit after = {.rank = (int)property_between(p, 600, 2999),
                                     .number = property_between(p, 0, ENTRIES)};
    bool first = check_ask(p, &ask, NULL), from_what_was_kept = check_ask(p, &ask, NULL);
    return first && from_what_was_kept && check_ask(p, &ask, &after);
}

static bool answers_alike(struct property *p, void *context)
{
    static struct search_query query;
    char text[64];
    size_t len = 0, words = 0;
    (void)context;
    arena_rewind(&arena, base_end);
    do {
        char room[8];
        struct str word = word_of(property_choice(p, 40000), room);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s ", STR_ARGS(word));
    } while (property_more(p, ++words, 2, 4));
    property_note(p, "search for %.*s", (int)len, text);
    const struct search_input input = {.any = str_of(text, len)};
    PROPERTY_REQUIRE(p, search_query_parse(&input, &arena, &query, NULL) == STATUS_OK, "refused");
    for (size_t r = 0; r < query.count; r++)
        if (!check_reading(p, &query.readings[r])) return false;
    return true;
}

static void segments_answer_what_looking_at_every_entry_would(void **state)
{
    (void)state;
    property_check("segments answer what looking at every entry would", answers_alike, NULL, 60);
}

static int build(void **state)
{
    struct environment_fixed environment;
    static const struct search_directory *directories[SEGMENTS];
    size_t in_segments = ENTRIES - ENTRIES / 20;
    (void)state;
    environment_fixed_init(&environment, 0, 1, 7);
    for (size_t i = 0; i < ENTRIES; i++)
        entries[i] = (struct search_entry){(int64_t)i + 1, some_body(&environment.base)};
    for (size_t s = 0; s < SEGMENTS; s++) {
        build_segment(s, in_segments);
        directories[s] = segments[s].directory;
    }
    view = (struct search_view){.entries = entries + in_segments,
                                .entry_count = ENTRIES - in_segments,
                                .segments = directories,
                                .segment_count = SEGMENTS,
                                .read = read_blocks,
                                .recall = recall,
                                .remember = remember,
                                .list_from = 2};
    base_end = arena_mark(&arena);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    for (size_t s = 0; s < SEGMENTS; s++) search_directory_free(segments[s].directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_answer_what_looking_at_every_entry_would),
    };
    arena_init(&arena, 256 << 20);
    arena_init(&scratch, 16 << 20);
    int failed = cmocka_run_group_tests(tests, build, take_down);
    arena_release(&arena);
    arena_release(&scratch);
    return failed;
}
