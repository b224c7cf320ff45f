#include "search/hits.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "search/list.h"

enum {
    OPEN_WEIGHT = 500,
    LACKING_FROM = 3,
    NUMBERS_AT_ONCE = 256,
    SHORT_BELOW = 3,   /* bytes of a beginning */
    SHORT_BLOCKS = 64, /* that are read for it, of a segment */
    KEPT_WORD_MAX = 4, /* bytes of a beginning whose best hits are kept, and of longer ones */
    KEPT_FROM = 4,     /* those that so many blocks have */
    KEPT_HITS_MAX = 512,
    KEPT_RANK_SHIFT = 48, /* above a number */
    LIST_ARENA_BYTES = 1 << 30,
    TABLE_FROM = 64,        /* blocks */
    LIST_AT_ONCE_FROM = 16, /* blocks */
};

/* An entry that some tokens were met by. */
struct candidate {
    int64_t number;
    int sum; /* of the weights */
    uint8_t lacking;
    bool is_near, is_unsure;
};

struct candidates {
    struct candidate *items;
    size_t count;
};

/* Which numbers may be those of candidates: by their last bits. */
struct sieve {
    uint64_t *bits;
    uint64_t mask; /* 0: all may */
};

struct finding {
    const struct search_view *view;
    const struct search_ask *ask;
    struct arena *arena; /* of the segment under way: two frequent words are megabytes in each */
    struct arena *scratch;
    struct search_ranking *ranking;
    /* of the segment and the token under way */
    const struct search_token *token;
    size_t reach[SEARCH_TOKENS_MAX];     /* blocks of each token */
    struct search_list_builder *builder; /* NULL: what is gathered are postings */
    struct candidates candidates;
    struct sieve sieve;
    struct search_postings postings;
};

static size_t token_count(const struct finding *finding)
{
    return finding->ask->reading->count;
}

static size_t lacking_max(const struct finding *finding)
{
    return finding->ask->may_lack && token_count(finding) >= LACKING_FROM ? 1 : 0;
}

/* What is read loosely was not typed so. */
static int class_of(const struct finding *finding, bool is_close)
{
    return is_close && !finding->ask->reading->is_loose ? SEARCH_RANK_CLOSE : SEARCH_RANK_NEAR;
}

static void offer(struct finding *finding, const struct candidate *candidate)
{
    int class = candidate->lacking > 0 ? 0 : class_of(finding, !candidate->is_near);
    search_ranking_offer(
        finding->ranking,
        (struct search_hit){.rank = class + candidate->sum / (int)token_count(finding) * 999 / 1000,
                            .number = candidate->number,
                            .is_unsure = candidate->is_unsure});
}

static void add_match(struct candidate *candidate, int weight, bool is_close)
{
    candidate->sum += weight;
    candidate->is_near = candidate->is_near || !is_close;
}

/* Stays it one when a token that is open, or not, does not meet it? */
static bool may_go_without(struct candidate *candidate, bool is_open, size_t lacking_max)
{
    if (!is_open) return ++candidate->lacking <= lacking_max && !candidate->is_unsure;
    candidate->is_unsure = true;
    candidate->sum += OPEN_WEIGHT;
    return candidate->lacking == 0;
}

/* --- entries that are in no segment --- */

static void judge_entry(struct finding *finding, const struct search_entry *entry)
{
    const struct search_reading *reading = finding->ask->reading;
    struct search_reader reader = search_reader_of(entry->body);
    struct search_match best[SEARCH_TOKENS_MAX] = {{0}};
    struct candidate candidate = {.number = entry->number};
    while (search_reader_list(&reader)) {
        for (size_t t = 0; t < reading->count; t++) {
            struct search_match match = search_match_key(
                &reading->tokens[t], search_reader_key(&reader), finding->ask->close_only);
            bool better = match.is_close > best[t].is_close ||
                          (match.is_close == best[t].is_close && match.weight > best[t].weight);
            if (match.weight > 0 && (best[t].weight == 0 || better)) best[t] = match;
        }
    }
    for (size_t t = 0; t < reading->count; t++) {
        if (best[t].weight > 0)
            add_match(&candidate, best[t].weight, best[t].is_close);
        else if (!may_go_without(&candidate, false, lacking_max(finding)))
            return;
    }
    offer(finding, &candidate);
}

/* --- a reading of one token: straight to the ranking --- */

static int rank_of(const struct finding *finding, const struct search_match *match)
{
    return class_of(finding, match->is_close) + match->weight * 999 / 1000;
}

static bool is_good_enough(void *context, const struct search_directory *directory, size_t block)
{
    struct finding *finding = context;
    if (!search_directory_is_within_list(directory, block)) return true;
    struct search_match match = search_match_key(
        finding->token, search_directory_key(directory, block), finding->ask->close_only);
    if (match.weight == 0) return false;
    bool bad = search_ranking_is_too_bad(finding->ranking, rank_of(finding, &match),
                                         directory->numbers[block]);
    finding->ranking->more = finding->ranking->more || bad;
    return !bad;
}

static void offer_list(struct finding *finding, struct search_reader *reader, int rank)
{
    int64_t number = 0;
    while (!search_ranking_is_too_bad(finding->ranking, rank, number)) {
        if (!search_reader_number(reader, &number)) return;
        search_ranking_offer(finding->ranking, (struct search_hit){.rank = rank, .number = number});
    }
    finding->ranking->more = true;
}

static void offer_block(void *context, struct str body, const struct search_range *range)
{
    struct finding *finding = context;
    struct search_reader reader = search_reader_of(body);
    for (bool found = search_reader_seek(&reader, range->from); found;
         found = search_reader_list(&reader)) {
        struct str key = search_reader_key(&reader);
        if (search_range_is_behind(range, key)) return;
        struct search_match match = search_match_key(finding->token, key, finding->ask->close_only);
        if (match.weight > 0) offer_list(finding, &reader, rank_of(finding, &match));
    }
}

static size_t reach_of(const struct finding *finding, size_t segment, size_t token)
{
    const struct search_ranges *ranges = &finding->ask->ranges[token];
    size_t reach = 0;
    for (size_t r = 0; r < ranges->count; r++)
        reach += search_view_reach(finding->view, segment, &ranges->items[r]);
    return reach;
}

/* Of a letter or two begins a good part of all words; the word itself comes first. */
static bool is_short(const struct search_token *token)
{
    return token->word.len > 0 && token->word.len < SHORT_BELOW;
}

static enum status find_one_token(struct finding *finding, size_t segment, struct error *error)
{
    const struct search_ranges *ranges = &finding->ask->ranges[0];
    const struct search_token *token = &finding->ask->reading->tokens[0];
    const struct search_walk walk = {is_good_enough, offer_block, finding,
                                     is_short(token) ? SHORT_BLOCKS : 0};
    bool is_cut = false;
    finding->token = token;
    for (size_t r = 0; r < ranges->count; r++)
        TRY(search_view_walk(finding->view, segment, &ranges->items[r], &walk, finding->scratch,
                             &is_cut, error));
    finding->ranking->is_cut = finding->ranking->is_cut || is_cut;
    return STATUS_OK;
}

/* --- the best hits of a segment for a short beginning, kept --- */

/* Many words begin so and many people type it, while the segment stays as it is. Absent: for the
 * reading nothing is kept. */
static struct str kept_key(const struct finding *finding, size_t segment)
{
    const struct search_ask *ask = finding->ask;
    const struct search_token *token = &ask->reading->tokens[0];
    const struct search_ranking *ranking = finding->ranking;
    if (!finding->view->recall || !ask->close_only || ask->reading->is_loose || ranking->after ||
        ranking->max > KEPT_HITS_MAX || str_is_empty(token->word) || !str_is_empty(token->phone) ||
        (token->word.len > KEPT_WORD_MAX && reach_of(finding, segment, 0) < KEPT_FROM))
        return STR_NONE;
    return arena_format(finding->arena, "%zu %u %d %.*s", ranking->max, token->fields,
                        token->is_last, STR_ARGS(token->word));
}

enum { KEPT_MORE = 1, KEPT_CUT = 2 };

/* Whether there are more, and the hits: each a number below its rank. */
static void keep(const struct finding *finding, size_t segment, struct str key,
                 const struct search_ranking *best)
{
    uint64_t words[KEPT_HITS_MAX + 1] = {(best->more ? KEPT_MORE : 0) |
                                         (best->is_cut ? KEPT_CUT : 0)};
    for (size_t i = 0; i < best->count; i++)
        words[i + 1] =
            (uint64_t)best->items[i].rank << KEPT_RANK_SHIFT | (uint64_t)best->items[i].number;
    finding->view->remember(finding->view->context, segment, key,
                            str_of((const char *)words, (best->count + 1) * sizeof(*words)));
}

static void offer_kept(struct finding *finding, struct str kept)
{
    uint64_t word = 0;
    memcpy(&word, kept.ptr, sizeof(word));
    finding->ranking->more = finding->ranking->more || (word & KEPT_MORE) != 0;
    finding->ranking->is_cut = finding->ranking->is_cut || (word & KEPT_CUT) != 0;
    for (size_t at = sizeof(word); at < kept.len; at += sizeof(word)) {
        memcpy(&word, kept.ptr + at, sizeof(word));
        search_ranking_offer(
            finding->ranking,
            (struct search_hit){.rank = (int)(word >> KEPT_RANK_SHIFT),
                                .number = (int64_t)(word & ((1ULL << KEPT_RANK_SHIFT) - 1))});
    }
}

/* The best of the segment alone, and of them the best of all. */
static enum status find_to_keep(struct finding *finding, size_t segment, struct str key,
                                struct error *error)
{
    struct search_ranking best, *all = finding->ranking;
    search_ranking_init(&best, NULL, all->max, finding->arena);
    finding->ranking = &best;
    enum status status = find_one_token(finding, segment, error);
    finding->ranking = all;
    TRY(status);
    if (!search_ranking_settle(&best)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    keep(finding, segment, key, &best);
    all->more = all->more || best.more;
    all->is_cut = all->is_cut || best.is_cut;
    for (size_t i = 0; i < best.count; i++) search_ranking_offer(all, best.items[i]);
    return STATUS_OK;
}

static enum status find_beginning(struct finding *finding, size_t segment, struct error *error)
{
    struct str key = kept_key(finding, segment);
    if (str_is_none(key)) return find_one_token(finding, segment, error);
    struct str kept = finding->view->recall(finding->view->context, segment, key);
    if (str_is_none(kept)) return find_to_keep(finding, segment, key, error);
    offer_kept(finding, kept);
    return STATUS_OK;
}

/* --- the lists of one token, as far as they may have candidates --- */

static bool make_sieve(struct finding *finding)
{
    const struct candidates *candidates = &finding->candidates;
    size_t bits = 1024;
    while (bits < 16 * candidates->count) bits *= 2;
    finding->sieve.bits = ARENA_NEW_ARRAY(finding->arena, uint64_t, bits / 64);
    finding->sieve.mask = bits - 1;
    if (!finding->sieve.bits) return false;
    for (size_t i = 0; i < candidates->count; i++) {
        uint64_t bit = (uint64_t)candidates->items[i].number & finding->sieve.mask;
        finding->sieve.bits[bit / 64] |= 1ULL << bit % 64;
    }
    return true;
}

static size_t sift(const struct sieve *sieve, int64_t *numbers, size_t count)
{
    size_t kept = 0;
    if (sieve->mask == 0) return count;
    for (size_t i = 0; i < count; i++) {
        uint64_t bit = (uint64_t)numbers[i] & sieve->mask;
        numbers[kept] = numbers[i];
        kept += sieve->bits[bit / 64] >> bit % 64 & 1;
    }
    return kept;
}

/* Is a candidate among the numbers that the block may have? */
static bool may_have_candidate(void *context, const struct search_directory *directory,
                               size_t block)
{
    const struct finding *finding = context;
    const struct candidates *candidates = &finding->candidates;
    if (finding->sieve.mask == 0 || !search_directory_is_within_list(directory, block)) return true;
    size_t low = 0, high = candidates->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (candidates->items[middle].number < directory->numbers[block])
            low = middle + 1;
        else
            high = middle;
    }
    return low < candidates->count && candidates->items[low].number < directory->numbers[block + 1];
}

static void take_numbers(struct finding *finding, int64_t *numbers, size_t count,
                         struct search_match match)
{
    if (finding->builder)
        search_list_add(finding->builder, numbers, count, match);
    else
        search_postings_add(&finding->postings, numbers, sift(&finding->sieve, numbers, count),
                            match);
}

static void gather_block(void *context, struct str body, const struct search_range *range)
{
    struct finding *finding = context;
    struct search_reader reader = search_reader_of(body);
    int64_t numbers[NUMBERS_AT_ONCE];
    for (bool found = search_reader_seek(&reader, range->from); found;
         found = search_reader_list(&reader)) {
        struct str key = search_reader_key(&reader);
        if (search_range_is_behind(range, key)) return;
        struct search_match match = search_match_key(finding->token, key, finding->ask->close_only);
        size_t count = match.weight > 0 ? NUMBERS_AT_ONCE : 0;
        while (count == NUMBERS_AT_ONCE) {
            count = search_reader_numbers(&reader, numbers, NUMBERS_AT_ONCE);
            take_numbers(finding, numbers, count, match);
        }
    }
}

static enum status walk_token(struct finding *finding, size_t segment, size_t token, bool *is_cut,
                              struct error *error)
{
    const struct search_ranges *ranges = &finding->ask->ranges[token];
    const struct search_walk walk = {may_have_candidate, gather_block, finding, 0};
    finding->token = &finding->ask->reading->tokens[token];
    *is_cut = false;
    for (size_t r = 0; r < ranges->count; r++)
        TRY(search_view_walk(finding->view, segment, &ranges->items[r], &walk, finding->scratch,
                             is_cut, error));
    return STATUS_OK;
}

static enum status gather(struct finding *finding, size_t segment, size_t token,
                          struct arena *arena, bool *is_cut, struct error *error)
{
    finding->postings = (struct search_postings){.arena = arena};
    TRY(walk_token(finding, segment, token, is_cut, error));
    search_postings_settle(&finding->postings);
    return finding->postings.failed ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* --- the list of a frequent token, kept --- */

/* What typos are forgiven depends on which words there are. */
static uint64_t hash_of_ranges(const struct search_ranges *ranges)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < ranges->count; i++)
        hash = hash_bytes((struct hash_key){hash, i}, ranges->items[i].from);
    return hash;
}

/* Absent: of the token no list is kept. What else it has follows from these. */
static struct str list_key(const struct finding *finding, size_t token)
{
    const struct search_ask *ask = finding->ask;
    const struct search_token *asked = &ask->reading->tokens[token];
    if (!finding->view->recall || str_is_empty(asked->word) || !str_is_empty(asked->phone) ||
        finding->reach[token] < finding->view->list_from)
        return STR_NONE;
    if (ask->close_only)
        return arena_format(finding->arena, "L%u %d %.*s", asked->fields, asked->is_last,
                            STR_ARGS(asked->word));
    return arena_format(finding->arena, "M%u %d %016llx %.*s", asked->fields, asked->is_last,
                        (unsigned long long)hash_of_ranges(&ask->ranges[token]),
                        STR_ARGS(asked->word));
}

/* Of very many postings a table is filled, which need not be sorted; those of words that are near
 * are few of each. */
static enum status fill_table(struct finding *finding, size_t segment, size_t token,
                              struct arena *arena, struct str *bytes, struct error *error)
{
    bool is_cut;
    finding->builder = ARENA_NEW(arena, struct search_list_builder);
    if (!finding->builder) return error_plain(error, STATUS_OUT_OF_MEMORY);
    finding->builder->arena = arena;
    enum status status = walk_token(finding, segment, token, &is_cut, error);
    if (status == STATUS_OK) *bytes = search_list_finish(finding->builder, is_cut);
    finding->builder = NULL;
    return status;
}

static enum status build_list(struct finding *finding, size_t segment, size_t token,
                              struct arena *arena, struct str *bytes, struct error *error)
{
    const struct sieve sieve = finding->sieve;
    bool is_cut;
    enum status status;
    finding->sieve = (struct sieve){0};
    if (finding->reach[token] > TABLE_FROM && finding->ask->close_only) {
        status = fill_table(finding, segment, token, arena, bytes, error);
    } else {
        status = gather(finding, segment, token, arena, &is_cut, error);
        if (status == STATUS_OK) *bytes = search_list_pack(&finding->postings, is_cut, arena);
    }
    finding->sieve = sieve;
    return status;
}

/* A list of what is near, or of a word that is not very frequent, is made for who asks again: most
 * typos are made once, the words that stand beside them are typed every day. */
static bool is_worth_a_list(const struct finding *finding, size_t segment, size_t token,
                            struct str key)
{
    const struct search_view *view = finding->view;
    if (finding->ask->close_only && finding->reach[token] >= LIST_AT_ONCE_FROM) return true;
    struct str mark = arena_format(finding->arena, "A%.*s", STR_ARGS(key));
    if (str_is_none(mark) || !str_is_none(view->recall(view->context, segment, mark))) return true;
    view->remember(view->context, segment, mark, STR(""));
    return false;
}

/* *bytes stays absent where no list is kept: of rare tokens, and where there is no room for it. */
static enum status find_list(struct finding *finding, size_t segment, size_t token,
                             struct str *bytes, struct error *error)
{
    const struct search_view *view = finding->view;
    struct str key = list_key(finding, token), built = STR_NONE;
    struct arena arena;
    *bytes = STR_NONE;
    if (str_is_none(key)) return STATUS_OK;
    *bytes = view->recall(view->context, segment, key);
    if (!str_is_none(*bytes) || !is_worth_a_list(finding, segment, token, key)) return STATUS_OK;
    arena_init(&arena, LIST_ARENA_BYTES);
    enum status status = build_list(finding, segment, token, &arena, &built, error);
    if (!str_is_none(built)) view->remember(view->context, segment, key, built);
    arena_release(&arena);
    if (!str_is_none(built)) *bytes = view->recall(view->context, segment, key);
    return status;
}

/* --- candidates --- */

/* `match`: the bits of a posting below its number. */
static struct candidate with_match(struct candidate candidate, uint64_t match)
{
    add_match(&candidate, (int)(match & SEARCH_POSTING_WEIGHT),
              (match & SEARCH_POSTING_CLOSE) != 0);
    return candidate;
}

static struct candidate with_posting(struct candidate candidate, uint64_t posting)
{
    candidate.number = (int64_t)(posting >> SEARCH_POSTING_BITS);
    return with_match(candidate, posting);
}

/* Candidates and the postings of a token become the candidates of both; `fresh`: an entry that was
 * none is one now, which lacks the tokens before. */
static bool join(struct finding *finding, bool is_open, const struct candidate *fresh)
{
    const struct candidates *from = &finding->candidates;
    const struct search_postings *postings = &finding->postings;
    size_t room = from->count + (fresh ? postings->count : 0), i = 0, p = 0, count = 0;
    struct candidate *joined = ARENA_NEW_ARRAY(finding->arena, struct candidate, room + 1);
    if (!joined) return false;
    while (i < from->count || (fresh && p < postings->count)) {
        int64_t number =
            p < postings->count ? (int64_t)(postings->items[p] >> SEARCH_POSTING_BITS) : INT64_MAX;
        struct candidate candidate = i < from->count ? from->items[i] : (struct candidate){0};
        if (i < from->count && candidate.number < number) {
            i++;
            if (may_go_without(&candidate, is_open, lacking_max(finding)))
                joined[count++] = candidate;
        } else if (i < from->count && candidate.number == number) {
            joined[count++] = with_posting(candidate, postings->items[p++]);
            i++;
        } else if (fresh) {
            joined[count++] = with_posting(*fresh, postings->items[p++]);
        } else {
            p++;
        }
    }
    finding->candidates = (struct candidates){joined, count};
    return true;
}

/* The same by the token's list, where no entry becomes one. */
static void look_up(struct finding *finding, const struct search_list *list)
{
    struct candidates *candidates = &finding->candidates;
    size_t kept = 0, at = 0;
    for (size_t i = 0; i < candidates->count; i++) {
        struct candidate candidate = candidates->items[i];
        uint16_t match = search_list_find(list, candidate.number, &at);
        if (match != 0)
            candidate = with_match(candidate, match);
        else if (!may_go_without(&candidate, list->is_cut, lacking_max(finding)))
            continue;
        candidates->items[kept++] = candidate;
    }
    candidates->count = kept;
}

/* The tokens, the one with the least to read first. */
static void order_tokens(struct finding *finding, size_t segment, size_t *order)
{
    size_t *reach = finding->reach, count = token_count(finding);
    for (size_t t = 0; t < count; t++) {
        reach[t] = reach_of(finding, segment, t);
        size_t at = t;
        for (; at > 0 && reach[order[at - 1]] > reach[t]; at--) order[at] = order[at - 1];
        order[at] = t;
    }
}

/* Who meets the token is a candidate, or stays one; `fresh`: see join(). */
static enum status meet_token(struct finding *finding, size_t segment, size_t token,
                              const struct candidate *fresh, struct error *error)
{
    struct str bytes;
    struct search_list list = {0};
    bool is_open = false;
    TRY(find_list(finding, segment, token, &bytes, error));
    if (!str_is_none(bytes)) list = search_list_of(bytes);
    if (!str_is_none(bytes) && !fresh) {
        look_up(finding, &list);
        return STATUS_OK;
    }
    if (!str_is_none(bytes)) {
        finding->postings = (struct search_postings){.arena = finding->arena};
        search_list_unpack(&list, &finding->postings);
        is_open = list.is_cut;
    } else {
        if (!fresh && !make_sieve(finding)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(gather(finding, segment, token, finding->arena, &is_open, error));
    }
    finding->ranking->is_cut = finding->ranking->is_cut || (is_open && fresh);
    if (finding->postings.failed || !join(finding, is_open, fresh))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

/* One that may lack a token has one of the first two. */
static enum status find_all_tokens(struct finding *finding, size_t segment, struct error *error)
{
    size_t order[SEARCH_TOKENS_MAX] = {0}, may_lack = lacking_max(finding);
    order_tokens(finding, segment, order);
    finding->candidates = (struct candidates){0};
    finding->sieve = (struct sieve){0};
    for (size_t i = 0; i < token_count(finding); i++) {
        bool begins = i <= may_lack;
        const struct candidate fresh = {.lacking = (uint8_t)i};
        if (!begins && finding->candidates.count == 0) return STATUS_OK;
        TRY(meet_token(finding, segment, order[i], begins ? &fresh : NULL, error));
    }
    for (size_t i = 0; i < finding->candidates.count; i++)
        offer(finding, &finding->candidates.items[i]);
    return STATUS_OK;
}

enum status search_hits_find(const struct search_view *view, const struct search_ask *ask,
                             struct arena *arena, struct arena *scratch,
                             struct search_ranking *ranking, struct error *error)
{
    struct arena working;
    struct finding finding = {
        .view = view, .ask = ask, .arena = &working, .scratch = scratch, .ranking = ranking};
    size_t count = ask->reading->count;
    if (count == 0) return STATUS_OK;
    TRY(search_view_prepare(view, ask->ranges, count, arena, error));
    for (size_t i = 0; i < view->entry_count; i++) judge_entry(&finding, &view->entries[i]);
    arena_init(&working, arena->limit_bytes - arena->used_bytes);
    enum status status = STATUS_OK;
    for (size_t s = 0; s < view->segment_count && status == STATUS_OK; s++) {
        arena_reset(&working);
        status = (count == 1 ? find_beginning : find_all_tokens)(&finding, s, error);
    }
    arena_release(&working);
    if (status == STATUS_OK && ranking->failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return status;
}
