#include "application/review_list.h"

#include <stdlib.h>

#include "application/customer.h"
#include "application/review_item.h"

/* Rows that one page may look at when a filter is not the store's. */
enum { LOOKED_AT_MAX = 5000, PAGE_ROWS_MIN = 100 };

struct listing {
    struct application *application;
    const struct caller *caller;
    const struct review_query *query;
    struct duplicate_filter filter;
    struct duplicate_row after;
    bool has_after;
    size_t limit;
    struct arena *arena;
    struct duplicate_row *rows; /* the next ones */
    size_t count;
    size_t wanted;
};

/* --- what was asked --- */

static enum status parse_probability(struct str text, struct arena *arena, double *value,
                                     struct error *error)
{
    char *end = NULL, *number = arena_cstr(arena, text);
    *value = 0;
    if (str_is_none(text)) return STATUS_OK;
    if (!number) return error_plain(error, STATUS_OUT_OF_MEMORY);
    bool digits = text.len > 0 && number[0] >= '0' && number[0] <= '9';
    *value = digits ? strtod(number, &end) : 0;
    if (digits && end == number + text.len && *value >= 0 && *value <= 1) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("minProbability"),
                     STR("a number from 0 to 1, such as 0.9"), "is not a probability");
}

/* "990000000.DUP-1": rank and id of the last one seen. */
static enum status parse_cursor(struct listing *listing, struct error *error)
{
    struct str rest = listing->query->cursor, rank_text;
    int64_t rank;
    listing->has_after = !str_is_none(rest);
    if (!listing->has_after) return STATUS_OK;
    if (str_split(&rest, '.', &rank_text) && !str_is_empty(rest) &&
        str_to_int64(rank_text, &rank) && rank >= 0) {
        listing->after.probability = duplicate_probability(rank);
        listing->after.duplicate_id = rest;
        return STATUS_OK;
    }
    return results_bad_cursor(error);
}

static enum status parse(struct listing *listing, struct error *error)
{
    const struct review_query *query = listing->query;
    struct duplicate_filter *filter = &listing->filter;
    struct environment *environment = listing->application->environment;
    bool of_somebody = !str_is_none(query->claimed_by);
    *filter = (struct duplicate_filter){.shows = of_somebody ? DUPLICATE_CLAIMED : DUPLICATE_OPEN,
                                        .now = environment->now(environment),
                                        .cause = DUPLICATE_CAUSE_COUNT,
                                        .claimed_by = query->claimed_by};
    if (str_equal(query->state, STR("ALL")))
        filter->shows = DUPLICATE_STATE_COUNT;
    else if (!str_is_none(query->state) && !duplicate_state_parse(query->state, &filter->shows))
        return error_set(error, STATUS_INVALID_VALUE, STR("state"), duplicate_states_or_all,
                         "is not a state of an item");
    if (!str_is_none(query->cause) && !duplicate_cause_parse(query->cause, &filter->cause))
        return error_set(error, STATUS_INVALID_VALUE, STR("cause"), duplicate_causes_allowed,
                         "is not a cause of an item");
    TRY(parse_probability(query->probability_min, listing->arena, &filter->probability_min, error));
    TRY(parse_cursor(listing, error));
    return results_limit(listing->application, query->limit, &listing->limit, error);
}

/* --- reading --- */

static enum status list_of_customer(struct listing *listing, struct store_session *session,
                                    struct error *error)
{
    struct arena *arena = listing->arena;
    struct profile_row row, root;
    struct tree tree;
    size_t kept = 0;
    TRY(store_profile_get(session, listing->query->customer_id, STORE_NO_LOCK, arena, &row, error));
    TRY(customer_root(session, &row, arena, &root, error));
    TRY(store_tree_load(session, root.customer_id, INSTANT_FUTURE, arena, &tree, error));
    struct str *homes = ARENA_NEW_ARRAY(arena, struct str, tree.home_count);
    if (!homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < tree.home_count; i++) homes[i] = tree.homes[i].customer_id;
    TRY(store_duplicate_list_of(session, homes, tree.home_count, STORE_NO_LOCK, arena,
                                &listing->rows, &listing->count, error));
    for (size_t i = 0; i < listing->count; i++) {
        struct duplicate_row *item = &listing->rows[i];
        bool before = listing->has_after && duplicate_compare(&listing->after, item) >= 0;
        if (!before && duplicate_passes(item, &listing->filter)) listing->rows[kept++] = *item;
    }
    if (kept > 1) qsort(listing->rows, kept, sizeof(*listing->rows), duplicate_compare);
    listing->count = kept < listing->wanted ? kept : listing->wanted;
    return STATUS_OK;
}

static enum status list_body(struct store_session *session, void *context, struct error *error)
{
    struct listing *listing = context;
    if (!str_is_none(listing->query->customer_id)) return list_of_customer(listing, session, error);
    return store_duplicate_list(session, &listing->filter,
                                listing->has_after ? &listing->after : NULL, listing->wanted,
                                listing->arena, &listing->rows, &listing->count, error);
}

static bool is_shown(const struct listing *listing, const struct review_item *item)
{
    struct str segment = listing->query->segment;
    if (str_is_none(segment)) return true;
    return str_equal(segment, item->customers[0].segment) ||
           str_equal(segment, item->customers[1].segment);
}

/* Writes those of the rows that are shown, up to the limit; `after` is the last one looked at. */
static enum status write_rows(struct listing *listing, struct json_writer *writer, size_t *shown,
                              size_t *looked_at, struct error *error)
{
    struct review_item *items = NULL;
    TRY(review_items_load(listing->application, listing->caller, listing->rows, listing->count,
                          listing->arena, &items, error));
    for (*looked_at = 0; *looked_at < listing->count && *shown < listing->limit; (*looked_at)++) {
        const struct review_item *item = &items[*looked_at];
        listing->after = *item->row;
        listing->has_after = true;
        if (!is_shown(listing, item)) continue;
        (*shown)++;
        if (review_item_write(writer, item, listing->filter.now, false, listing->arena) !=
            STATUS_OK)
            return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

enum status review_list(struct application *application, const struct caller *caller,
                        const struct review_query *query, struct arena *arena,
                        struct json_page *out, struct error *error)
{
    struct listing listing = {
        .application = application, .caller = caller, .query = query, .arena = arena};
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    size_t shown = 0, looked_at = 0, total = 0;
    bool more = true;
    TRY(parse(&listing, error));
    bool filtered = !str_is_none(query->segment) && listing.limit < PAGE_ROWS_MIN;
    listing.wanted = (filtered ? (size_t)PAGE_ROWS_MIN : listing.limit) + 1;
    results_page_begin(&writer);
    while (more && shown < listing.limit && total < LOOKED_AT_MAX) {
        TRY(store_read(application->store, caller->tenant, arena, list_body, &listing, error));
        TRY(write_rows(&listing, &writer, &shown, &looked_at, error));
        total += looked_at;
        more = looked_at < listing.count || listing.count == listing.wanted;
    }
    out->next = STR_NONE;
    if (more) {
        out->next =
            arena_format(arena, "%lld.%.*s", (long long)duplicate_rank(listing.after.probability),
                         STR_ARGS(listing.after.duplicate_id));
        if (str_is_none(out->next)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    results_page_end(&writer, out->next);
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

enum status review_get(struct application *application, const struct caller *caller,
                       struct str duplicate_id, struct arena *arena, struct str *json,
                       struct error *error)
{
    return review_item_show(application, caller, duplicate_id, true, STR_NONE, arena, json, error);
}
