#include "application/search_customers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "application/customer_index.h"
#include "base/hash.h"
#include "search/hits.h"
#include "search/near.h"
#include "search/reasons.h"

enum {
    DEPTH = 1000,     /* entries behind the cursor that are looked at for a page */
    DEPTH_FIRST = 64, /* at first, and four for each hit of the page: mostly they do */
    ROWS_AT_ONCE = 64,
    RANK_ID = SEARCH_RANK_MAX + 1, /* the customerId itself */
    SCRATCH_BYTES = 1024 * 1024,   /* blocks of the index, a few at a time */
};

/* An entry that may be a hit. */
struct proposal {
    struct search_hit hit;
    size_t reading;
};

struct found {
    struct proposal from;
    struct profile_row root;
    struct json_value *document;        /* of the root */
    const struct search_reading *shown; /* which the reasons are of */
    struct search_reason reasons[SEARCH_TOKENS_MAX];
};

/* A candidate before the cursor, by the hash of its customer: a page before this one has it, or it
 * is no hit. Which customer it is, and which of the two, is asked again when it is met once more.
 */
struct passed {
    uint64_t hash; /* 0: a free place */
    size_t candidate;
};

enum order { ORDER_RELEVANCE, ORDER_NAME, ORDER_CREATED, ORDER_UPDATED, ORDER_COUNT };

struct searching {
    const struct customer_query *query;
    const struct search_query *parsed;
    struct store_session *session;
    struct arena *arena;
    size_t limit;
    enum order order;
    struct proposal after; /* of the cursor, by relevance */
    struct search_view view;
    struct arena *scratch;
    struct search_ask asks[SEARCH_READINGS_MAX]; /* without ranges: not asked yet */
    struct proposal *candidates;
    size_t candidate_count;
    size_t depth;           /* so many of those behind the cursor are the candidates */
    bool more;              /* than these: behind them */
    bool is_cut;            /* not all of the index was looked at */
    struct passed *passed;  /* open addressing */
    size_t passed_room;     /* a power of two */
    struct search_hit last; /* that was looked at, for a page that stays short */
    bool is_short;          /* the page ends there, and there is more */
    struct found *found;    /* all up to the end of the page */
    size_t found_count, found_room, shown_from;
};

bool search_customers_wanted(const struct customer_query *query)
{
    return !str_is_none(query->name) || !str_is_none(query->email) || !str_is_none(query->phone) ||
           !str_is_none(query->any);
}

/* --- what was asked --- */

static enum status parse_order(struct str text, enum order *order, struct error *error)
{
    static const struct str names[ORDER_COUNT] = {STR("relevance"), STR("name"), STR("createdAt"),
                                                  STR("updatedAt")};
    *order = ORDER_RELEVANCE;
    for (int i = 0; i < ORDER_COUNT; i++) {
        if (!str_is_none(text) && !str_equal(text, names[i])) continue;
        *order = (enum order)i;
        return STATUS_OK;
    }
    return error_set(error, STATUS_INVALID_VALUE, STR("sort"),
                     STR("relevance | name | createdAt | updatedAt"), "is not one of these");
}

/* "2950.17": rank and entry of the last hit of the page before. */
static enum status parse_cursor(struct searching *searching, struct error *error)
{
    struct str rest = searching->query->cursor, rank_text;
    int64_t rank, number;
    searching->after.hit = (struct search_hit){.rank = RANK_ID + 1};
    if (str_is_none(rest) || searching->order != ORDER_RELEVANCE) return STATUS_OK;
    if (str_split(&rest, '.', &rank_text) && str_to_int64(rank_text, &rank) && rank >= 0 &&
        rank <= RANK_ID && str_to_int64(rest, &number) && number >= 0) {
        searching->after.hit = (struct search_hit){.rank = (int)rank, .number = number};
        return STATUS_OK;
    }
    return results_bad_cursor(error);
}

/* --- reading the index --- */

/* What is close to the tokens of a reading. */
static enum status ask_close(struct searching *searching, size_t reading, struct error *error)
{
    const struct search_reading *asked = &searching->parsed->readings[reading];
    struct search_ranges *ranges =
        ARENA_NEW_ARRAY(searching->arena, struct search_ranges, asked->count + 1);
    if (!ranges) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t t = 0; t < asked->count; t++) {
        ranges[t].arena = searching->arena;
        search_ranges_close(&ranges[t], &asked->tokens[t]);
        if (ranges[t].failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    searching->asks[reading] =
        (struct search_ask){.reading = asked, .ranges = ranges, .close_only = true};
    return STATUS_OK;
}

static enum status ask_near(struct searching *searching, size_t reading, struct error *error)
{
    struct search_ask *ask = &searching->asks[reading];
    if (!ask->ranges) TRY(ask_close(searching, reading, error));
    for (size_t t = 0; t < ask->reading->count; t++)
        TRY(search_near_ranges(&searching->view, &ask->reading->tokens[t], searching->scratch,
                               &ask->ranges[t], error));
    ask->close_only = false;
    return STATUS_OK;
}

/* --- candidates --- */

static int compare_proposals(const void *a, const void *b)
{
    const struct proposal *x = a, *y = b;
    int by_hit = search_hit_compare(&x->hit, &y->hit);
    return by_hit ? by_hit : (x->reading > y->reading) - (x->reading < y->reading);
}

static enum status rank_reading(struct searching *searching, size_t reading,
                                struct search_ranking *ranking, struct error *error)
{
    const struct search_hit *after =
        searching->after.hit.rank <= RANK_ID ? &searching->after.hit : NULL;
    search_ranking_init(ranking, after, searching->depth, searching->arena);
    if (searching->asks[reading].ranges)
        TRY(search_hits_find(&searching->view, &searching->asks[reading], searching->arena,
                             searching->scratch, ranking, error));
    if (!search_ranking_settle(ranking)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    searching->more = searching->more || ranking->more;
    searching->is_cut = searching->is_cut || ranking->is_cut;
    return STATUS_OK;
}

/* Of all readings, best first. */
static enum status rank(struct searching *searching, struct error *error)
{
    struct search_ranking rankings[SEARCH_READINGS_MAX];
    size_t count = searching->parsed->count, all = 0;
    searching->candidate_count = 0;
    searching->more = searching->is_cut = false;
    for (size_t r = 0; r < count; r++) {
        TRY(rank_reading(searching, r, &rankings[r], error));
        all += rankings[r].count;
    }
    searching->candidates = ARENA_NEW_ARRAY(searching->arena, struct proposal, all + 1);
    if (!searching->candidates) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t r = 0; r < count; r++)
        for (size_t i = 0; i < rankings[r].count; i++)
            searching->candidates[searching->candidate_count++] =
                (struct proposal){rankings[r].items[i], r};
    if (count > 1)
        qsort(searching->candidates, searching->candidate_count, sizeof(*searching->candidates),
              compare_proposals);
    return STATUS_OK;
}

/* --- looking at customers --- */

static bool passes_filter(const struct customer_query *query, const struct profile_row *row)
{
    return (str_is_none(query->status) || str_equal(query->status, row->status)) &&
           (str_is_none(query->segment) || str_equal(query->segment, row->segment)) &&
           (str_is_none(query->kind) || str_equal(query->kind, row->kind));
}

static bool is_found(const struct searching *searching, struct str customer_id)
{
    for (size_t i = 0; i < searching->found_count; i++)
        if (str_equal(searching->found[i].root.customer_id, customer_id)) return true;
    return false;
}

/* Why the customer as it is meets a reading; if the profile does not say, by what was ever said of
 * any of its homes. */
static enum status explain_reading(struct searching *searching, const struct proposal *candidate,
                                   const struct search_reading *reading, struct found *found,
                                   bool *meets, struct error *error)
{
    struct search_reasons reasons = {.reading = reading};
    size_t lacking_max = candidate->hit.rank < SEARCH_RANK_NEAR ? 1 : 0;
    reasons.close_only = true;
    search_values_of_profile(found->document, search_reasons_value, &reasons);
    reasons.close_only = candidate->hit.rank >= SEARCH_RANK_CLOSE;
    if (search_reasons_lacking(&reasons) > 0 && !reasons.close_only)
        search_values_of_profile(found->document, search_reasons_value, &reasons);
    if (search_reasons_lacking(&reasons) > lacking_max && !candidate->hit.is_unsure) {
        struct tree tree;
        TRY(store_tree_load(searching->session, found->root.customer_id, INSTANT_FUTURE,
                            searching->arena, &tree, error));
        for (size_t i = 0; i < tree.fact_count; i++)
            customer_index_values(&tree.facts[i], search_reasons_value, &reasons);
    }
    *meets = search_reasons_lacking(&reasons) <= lacking_max;
    if (!*meets) return STATUS_OK;
    found->shown = reading;
    memcpy(found->reasons, reasons.of, sizeof(found->reasons));
    return STATUS_OK;
}

/* One that has just the name that was typed ranks by that, and is explained word by word like those
 * behind it. */
static enum status explain(struct searching *searching, const struct proposal *candidate,
                           struct found *found, bool *meets, struct error *error)
{
    const struct search_reading *readings = searching->parsed->readings;
    const struct search_reading *reading = &readings[candidate->reading];
    bool by_words;
    TRY(json_parse(found->root.document, searching->arena, &found->document, error));
    TRY(explain_reading(searching, candidate, reading, found, meets, error));
    if (!*meets || !reading->is_whole_name) return STATUS_OK;
    return explain_reading(searching, candidate, &readings[SEARCH_READING_WORDS], found, &by_words,
                           error);
}

static bool make_room(struct searching *searching)
{
    if (searching->found_count < searching->found_room) return true;
    size_t room = searching->found_room ? 2 * searching->found_room : 16;
    struct found *larger =
        arena_realloc(searching->arena, searching->found, searching->found_room * sizeof(*larger),
                      room * sizeof(*larger));
    if (!larger) return false;
    searching->found = larger;
    searching->found_room = room;
    return true;
}

static uint64_t passed_hash(struct str customer_id)
{
    return hash_bytes((struct hash_key){0, 0}, customer_id) | 1;
}

/* The place of the hash, from `place` on: taken by it, or free. */
static size_t passed_place(const struct searching *searching, uint64_t hash, size_t place)
{
    while (searching->passed[place].hash != 0 && searching->passed[place].hash != hash)
        place = (place + 1) & (searching->passed_room - 1);
    return place;
}

static bool make_passed(struct searching *searching)
{
    size_t room = 64;
    while (room < 2 * searching->candidate_count) room *= 2;
    searching->passed = ARENA_NEW_ARRAY(searching->arena, struct passed, room);
    searching->passed_room = room;
    return searching->passed != NULL;
}

/* Remembers the customer of a candidate before the cursor. */
static enum status pass(struct searching *searching, size_t candidate,
                        const struct profile_row *row, struct error *error)
{
    struct profile_row root;
    if (str_is_none(row->customer_id)) return STATUS_OK;
    TRY(customer_root(searching->session, row, searching->arena, &root, error));
    uint64_t hash = passed_hash(root.customer_id);
    size_t place = hash & (searching->passed_room - 1);
    while (searching->passed[place].hash != 0) place = (place + 1) & (searching->passed_room - 1);
    searching->passed[place] = (struct passed){hash, candidate};
    return STATUS_OK;
}

/* Was the customer a hit by an entry before the cursor? */
static enum status was_shown(struct searching *searching, const struct profile_row *root,
                             bool *shown, struct error *error)
{
    uint64_t hash = passed_hash(root->customer_id);
    *shown = false;
    if (!searching->passed) return STATUS_OK;
    size_t place = passed_place(searching, hash, hash & (searching->passed_room - 1));
    while (searching->passed[place].hash == hash && !*shown) {
        const struct proposal *earlier = &searching->candidates[searching->passed[place].candidate];
        struct profile_row row;
        struct found found = {.from = *earlier};
        TRY(store_search_profiles(searching->session, &earlier->hit.number, 1, searching->arena,
                                  &row, error));
        if (!str_is_none(row.customer_id))
            TRY(customer_root(searching->session, &row, searching->arena, &found.root, error));
        if (str_equal(found.root.customer_id, root->customer_id))
            TRY(explain(searching, earlier, &found, shown, error));
        place = passed_place(searching, hash, (place + 1) & (searching->passed_room - 1));
    }
    return STATUS_OK;
}

/* Adds the customer of a candidate, if it is a hit and was not found by a better one. */
static enum status look_at(struct searching *searching, const struct proposal *candidate,
                           const struct profile_row *row, struct error *error)
{
    bool meets = true, shown = false;
    if (!make_room(searching)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct found *found = &searching->found[searching->found_count];
    *found = (struct found){.from = *candidate};
    if (str_is_none(row->customer_id)) return STATUS_OK;
    TRY(customer_root(searching->session, row, searching->arena, &found->root, error));
    if (found->root.erased_at != INSTANT_NONE || str_is_none(found->root.document) ||
        !passes_filter(searching->query, &found->root) ||
        is_found(searching, found->root.customer_id))
        return STATUS_OK;
    TRY(was_shown(searching, &found->root, &shown, error));
    if (shown) return STATUS_OK;
    if (candidate->hit.rank < RANK_ID) TRY(explain(searching, candidate, found, &meets, error));
    if (meets) searching->found_count++;
    return STATUS_OK;
}

/* Behind the cursor? */
static bool is_shown(const struct searching *searching, const struct proposal *candidate)
{
    return search_hit_compare(&searching->after.hit, &candidate->hit) < 0;
}

static bool page_is_full(const struct searching *searching)
{
    return searching->order == ORDER_RELEVANCE &&
           searching->found_count - searching->shown_from > searching->limit;
}

static void note_shown(struct searching *searching)
{
    if (searching->found_count > 0 &&
        !is_shown(searching, &searching->found[searching->found_count - 1].from))
        searching->shown_from = searching->found_count;
}

/* Somebody typed a customerId. */
static enum status look_at_id(struct searching *searching, struct error *error)
{
    const struct proposal candidate = {.hit = {.rank = RANK_ID}};
    struct profile_row row;
    if (str_is_none(searching->query->any)) return STATUS_OK;
    enum status status = store_profile_get(searching->session, str_trim(searching->query->any),
                                           STORE_NO_LOCK, searching->arena, &row, error);
    if (status == STATUS_CUSTOMER_NOT_FOUND) return STATUS_OK;
    TRY(status);
    TRY(look_at(searching, &candidate, &row, error));
    note_shown(searching);
    return STATUS_OK;
}

/* How many of the candidates from `at` on are looked at together, all on one side of the cursor. */
static size_t next_few(const struct searching *searching, size_t at, size_t behind,
                       int64_t *numbers)
{
    size_t most = searching->limit + 2 < ROWS_AT_ONCE ? searching->limit + 2 : ROWS_AT_ONCE;
    size_t count = 0;
    const struct proposal *first = searching->candidates + at;
    if (at == searching->candidate_count) return 0;
    bool shown = is_shown(searching, first);
    if (!shown)
        most = ROWS_AT_ONCE;
    else if (behind + most > searching->depth)
        most = searching->depth - behind;
    while (count < most && at + count < searching->candidate_count &&
           is_shown(searching, &first[count]) == shown) {
        numbers[count] = first[count].hit.number;
        count++;
    }
    return count;
}

/* Until the page is full; of those before the cursor the best one is looked at, as it says whether
 * the search is answered, and of the others it is kept who they are. */
static enum status look_at_few(struct searching *searching, size_t at, size_t count,
                               const struct profile_row *rows, struct error *error)
{
    for (size_t i = 0; i < count && !page_is_full(searching); i++) {
        const struct proposal *candidate = &searching->candidates[at + i];
        if (searching->found_count > 0 && !is_shown(searching, candidate)) {
            TRY(pass(searching, at + i, &rows[i], error));
            continue;
        }
        TRY(look_at(searching, candidate, &rows[i], error));
        note_shown(searching);
        searching->last = candidate->hit;
    }
    return STATUS_OK;
}

/* Looks at candidates until the page is full. */
static enum status look(struct searching *searching, struct error *error)
{
    struct profile_row rows[ROWS_AT_ONCE];
    int64_t numbers[ROWS_AT_ONCE];
    size_t at = 0, behind = 0, count;
    searching->found_count = searching->shown_from = 0;
    searching->passed = NULL;
    searching->is_short = false;
    TRY(look_at_id(searching, error));
    if (searching->after.hit.rank <= RANK_ID && !make_passed(searching))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (; (count = next_few(searching, at, behind, numbers)) > 0; at += count) {
        bool passes =
            searching->found_count > 0 && !is_shown(searching, &searching->candidates[at]);
        struct arena_mark mark = arena_mark(searching->arena);
        TRY(store_search_profiles(searching->session, numbers, count, searching->arena, rows,
                                  error));
        TRY(look_at_few(searching, at, count, rows, error));
        if (passes) arena_rewind(searching->arena, mark);
        if (page_is_full(searching)) return STATUS_OK;
        if (is_shown(searching, &searching->candidates[at])) behind += count;
    }
    searching->is_short =
        behind == searching->depth && (searching->more || at < searching->candidate_count);
    return STATUS_OK;
}

/* Ranks and looks: at few, and at all when they do not fill the page. */
static enum status rank_and_look(struct searching *searching, struct error *error)
{
    size_t few = DEPTH_FIRST + 4 * searching->limit;
    searching->depth = searching->order == ORDER_RELEVANCE && few < DEPTH ? few : DEPTH;
    TRY(rank(searching, error));
    TRY(look(searching, error));
    bool all = searching->depth == DEPTH || !(searching->more || searching->is_short);
    if (all || page_is_full(searching)) return STATUS_OK;
    searching->depth = DEPTH;
    TRY(rank(searching, error));
    return look(searching, error);
}

/* Did somebody get what was asked for? Then what is spelled like it is not looked for: when all of
 * several words, or a whole number or address, are just so in one customer. */
static bool is_answered(const struct searching *searching)
{
    if (searching->found_count == 0) return false;
    const struct found *best = &searching->found[0];
    if (best->from.hit.rank == RANK_ID || searching->order != ORDER_RELEVANCE) return true;
    const struct search_reading *reading = best->shown;
    bool whole = true, exact = true;
    for (size_t t = 0; t < reading->count; t++) {
        whole = whole && str_is_empty(reading->tokens[t].word);
        exact = exact && best->reasons[t].match.kind == SEARCH_EXACT;
    }
    return exact && (whole || reading->count > 1);
}

static enum status search_view(struct searching *searching, struct error *error)
{
    const struct search_query *parsed = searching->parsed;
    TRY(store_search_view(searching->session, searching->arena, &searching->view, error));
    for (size_t r = 0; r < parsed->count; r++)
        if (!parsed->readings[r].is_loose) TRY(ask_close(searching, r, error));
    TRY(rank_and_look(searching, error));
    if (page_is_full(searching) || searching->is_short || is_answered(searching)) return STATUS_OK;
    for (size_t r = 0; r < parsed->count; r++) TRY(ask_near(searching, r, error));
    TRY(rank_and_look(searching, error));
    if (searching->found_count > 0 || searching->is_short) return STATUS_OK;
    for (size_t r = 0; r < parsed->count; r++) searching->asks[r].may_lack = true;
    return rank_and_look(searching, error);
}

/* What a run before this one made was in the arena, and is gone. */
static void forget(struct searching *searching)
{
    memset(searching->asks, 0, sizeof(searching->asks));
    searching->candidates = NULL;
    searching->passed = NULL;
    searching->found = NULL;
    searching->candidate_count = searching->passed_room = 0;
    searching->found_count = searching->found_room = searching->shown_from = 0;
    searching->more = searching->is_cut = searching->is_short = false;
    searching->last = (struct search_hit){0};
}

static enum status search_body(struct store_session *session, void *context, struct error *error)
{
    struct searching *searching = context;
    struct arena scratch;
    arena_init(&scratch, SCRATCH_BYTES);
    searching->session = session;
    searching->scratch = &scratch;
    forget(searching);
    enum status status = search_view(searching, error);
    arena_release(&scratch);
    return status;
}

/* --- another order than that of relevance --- */

static int compare_by(enum order order, const struct profile_row *a, const struct profile_row *b)
{
    int by_value = 0;
    if (order == ORDER_NAME) by_value = str_compare(a->name, b->name);
    /* The newest first. */
    if (order == ORDER_CREATED)
        by_value = (a->created_at < b->created_at) - (a->created_at > b->created_at);
    if (order == ORDER_UPDATED)
        by_value = (a->updated_at < b->updated_at) - (a->updated_at > b->updated_at);
    return by_value ? by_value : str_compare(a->customer_id, b->customer_id);
}

static int compare_names(const void *a, const void *b)
{
    return compare_by(ORDER_NAME, &((const struct found *)a)->root,
                      &((const struct found *)b)->root);
}

static int compare_created(const void *a, const void *b)
{
    return compare_by(ORDER_CREATED, &((const struct found *)a)->root,
                      &((const struct found *)b)->root);
}

static int compare_updated(const void *a, const void *b)
{
    return compare_by(ORDER_UPDATED, &((const struct found *)a)->root,
                      &((const struct found *)b)->root);
}

/* Sorts what was found and goes on behind the cursor, "value|customerId". */
static enum status put_in_order(struct searching *searching, struct error *error)
{
    static int (*const compare[ORDER_COUNT])(const void *, const void *) = {
        [ORDER_NAME] = compare_names,
        [ORDER_CREATED] = compare_created,
        [ORDER_UPDATED] = compare_updated,
    };
    struct str cursor = searching->query->cursor;
    if (searching->found_count > 1)
        qsort(searching->found, searching->found_count, sizeof(*searching->found),
              compare[searching->order]);
    searching->shown_from = 0;
    if (str_is_none(cursor)) return STATUS_OK;
    size_t bar = cursor.len;
    while (bar > 0 && cursor.ptr[bar - 1] != '|') bar--;
    struct profile_row last = {.customer_id = str_skip(cursor, bar)};
    last.name = str_of(cursor.ptr, bar > 0 ? bar - 1 : 0);
    int64_t when = 0;
    if (bar == 0 || (searching->order != ORDER_NAME && !str_to_int64(last.name, &when)))
        return results_bad_cursor(error);
    last.created_at = last.updated_at = when;
    while (searching->shown_from < searching->found_count &&
           compare_by(searching->order, &searching->found[searching->shown_from].root, &last) <= 0)
        searching->shown_from++;
    return STATUS_OK;
}

static struct str cursor_at(const struct searching *searching, const struct search_hit *hit)
{
    return arena_format(searching->arena, "%d.%lld", hit->rank, (long long)hit->number);
}

static struct str cursor_of(const struct searching *searching, const struct found *found)
{
    if (searching->order == ORDER_RELEVANCE) return cursor_at(searching, &found->from.hit);
    if (searching->order == ORDER_NAME)
        return arena_format(searching->arena, "%.*s|%.*s", STR_ARGS(found->root.name),
                            STR_ARGS(found->root.customer_id));
    instant when =
        searching->order == ORDER_CREATED ? found->root.created_at : found->root.updated_at;
    return arena_format(searching->arena, "%lld|%.*s", (long long)when,
                        STR_ARGS(found->root.customer_id));
}

/* --- the answer --- */

static void write_reason(struct json_writer *writer, struct str query, struct str field,
                         struct str value, struct str kind)
{
    json_object_begin(writer);
    json_member_string(writer, STR("query"), query);
    json_member_string(writer, STR("field"), field);
    json_member_string(writer, STR("value"), value);
    json_member_string(writer, STR("kind"), kind);
    json_object_end(writer);
}

static void write_found(struct json_writer *writer, const struct searching *searching,
                        const struct found *found, struct arena *arena)
{
    const struct search_reading *reading = found->shown;
    struct buffer item = {.arena = arena};
    struct json_writer members = {.out = &item, .need_comma = true};
    /* The document as it is stored, with two members more before its closing brace. */
    buffer_append(&item, str_of(found->root.document.ptr, found->root.document.len - 1));
    json_key(&members, STR("score"));
    json_int64(&members, found->from.hit.rank);
    json_key(&members, STR("matches"));
    json_array_begin(&members);
    if (found->from.hit.rank == RANK_ID)
        write_reason(&members, searching->query->any, STR("customerId"), searching->query->any,
                     STR("exact"));
    for (size_t t = 0; reading && t < reading->count; t++)
        if (found->reasons[t].match.weight > 0)
            write_reason(&members, reading->tokens[t].raw,
                         search_fields[found->reasons[t].field].name, found->reasons[t].value,
                         search_reason_kind(&found->reasons[t]));
    json_array_end(&members);
    json_object_end(&members);
    if (buffer_failed(&item)) writer->out->failed = true;
    json_raw(writer, buffer_str(&item));
}

/* Do the pages have all that there is? Of short beginnings not all is looked at, and another order
 * is that of the best ones only. */
static bool is_complete(const struct searching *searching)
{
    bool sorted_part =
        searching->order != ORDER_RELEVANCE && (searching->more || searching->is_short);
    return !searching->is_cut && !sorted_part;
}

enum status search_customers(struct application *application, const struct caller *caller,
                             const struct customer_query *query, size_t limit, struct arena *arena,
                             struct json_page *out, struct error *error)
{
    struct search_query *parsed = ARENA_NEW(arena, struct search_query);
    struct searching *searching = ARENA_NEW(arena, struct searching);
    if (!parsed || !searching) return error_plain(error, STATUS_OUT_OF_MEMORY);
    const struct search_input input = {query->name, query->email, query->phone, query->any};
    *searching =
        (struct searching){.query = query, .parsed = parsed, .arena = arena, .limit = limit};
    TRY(parse_order(query->sort, &searching->order, error));
    TRY(parse_cursor(searching, error));
    TRY(search_query_parse(&input, arena, parsed, error));
    TRY(store_read(application->store, caller->tenant, arena, search_body, searching, error));
    if (searching->order != ORDER_RELEVANCE) TRY(put_in_order(searching, error));
    size_t left = searching->found_count - searching->shown_from;
    size_t shown = left < limit ? left : limit;
    const struct found *page = left > 0 ? searching->found + searching->shown_from : NULL;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    bool goes_on = searching->is_short && searching->order == ORDER_RELEVANCE;
    out->next = STR_NONE;
    if (left > shown)
        out->next = cursor_of(searching, &page[shown - 1]);
    else if (goes_on)
        out->next = cursor_at(searching, &searching->last);
    if ((left > shown || goes_on) && str_is_none(out->next))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    results_page_begin(&writer);
    for (size_t i = 0; i < shown; i++) write_found(&writer, searching, &page[i], arena);
    json_array_end(&writer);
    json_member_nullable(&writer, STR("next"), out->next);
    json_key(&writer, STR("complete"));
    json_boolean(&writer, is_complete(searching));
    json_object_end(&writer);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
