#include "application/customer_history.h"

#include "application/history_walk.h"
#include "base/identifier.h"
#include "domain/credit.h"
#include "domain/service_history.h"

enum status history_owner_load(struct store_session *session, struct str customer_id, instant as_of,
                               struct arena *arena, struct history_owner *owner,
                               struct error *error)
{
    TRY(customer_get_root(session, customer_id, STORE_NO_LOCK, arena, &owner->row, error));
    TRY(store_tree_load(session, owner->row.customer_id, as_of, arena, &owner->tree, error));
    owner->homes = ARENA_NEW_ARRAY(arena, struct str, owner->tree.home_count);
    if (!owner->homes) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < owner->tree.home_count; i++)
        owner->homes[i] = owner->tree.homes[i].customer_id;
    return STATUS_OK;
}

/* ---- places in a list ---- */

int history_place_compare(const struct history_place *a, const struct history_place *b)
{
    int order = (b->at > a->at) - (b->at < a->at);
    if (order == 0) order = a->rank - b->rank;
    if (order == 0) order = str_compare(a->id, b->id);
    return order ? order : (b->number > a->number) - (b->number < a->number);
}

static bool take_number(struct str *rest, int64_t *number)
{
    struct str part;
    return str_split(rest, '.', &part) && str_to_int64(part, number);
}

enum status history_place_parse(struct str text, struct history_place *place, struct error *error)
{
    struct str rest = text;
    int64_t rank;
    *place = (struct history_place){.at = INSTANT_FUTURE};
    if (str_is_none(text)) return STATUS_OK;
    if (take_number(&rest, &place->at) && place->at > INT64_MIN && take_number(&rest, &rank) &&
        rank >= 0 && rank <= 9 && take_number(&rest, &place->number) && identifier_is_valid(rest)) {
        place->rank = (int)rank;
        place->id = rest;
        return STATUS_OK;
    }
    return results_bad_cursor(error);
}

struct str history_place_text(const struct history_place *place, struct arena *arena)
{
    return arena_format(arena, "%lld.%d.%lld.%.*s", (long long)place->at, place->rank,
                        (long long)place->number, STR_ARGS(place->id));
}

/* ---- service orders ---- */

struct listing {
    struct str customer_id;
    struct history_place after;
    size_t limit;
    struct arena *arena;
    struct service_order *orders;
    size_t count;
    struct str next;
};

static void begin_order(void *context, const struct fact *first)
{
    const struct listing *listing = context;
    service_order_begin(&listing->orders[listing->count], first);
}

static void add_to_order(void *context, const struct fact *fact)
{
    const struct listing *listing = context;
    service_order_add(&listing->orders[listing->count], fact);
}

static enum status keep_order(void *context)
{
    const struct listing *listing = context;
    return service_order_keep(&listing->orders[listing->count], listing->arena);
}

static enum status end_order(void *context)
{
    struct listing *listing = context;
    TRY(keep_order(listing));
    listing->count++;
    return STATUS_OK;
}

static enum status fold_orders(struct store_session *session, struct listing *listing,
                               const struct fact *firsts, size_t count, struct error *error)
{
    const struct history_fold fold = {begin_order, add_to_order, end_order, keep_order, listing};
    listing->count = 0;
    listing->orders = ARENA_NEW_ARRAY(listing->arena, struct service_order, count);
    if (!listing->orders) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < count; i++)
        TRY(history_walk(session, firsts[i].home, FACT_SERVICE_ORDER, firsts[i].subject, &fold,
                         error));
    return STATUS_OK;
}

static enum status orders_body(struct store_session *session, void *context, struct error *error)
{
    static const enum fact_kind kinds[] = {FACT_SERVICE_ORDER};
    struct listing *listing = context;
    const struct fact behind = {.observed_at = listing->after.at,
                                .home = listing->after.id,
                                .number = listing->after.number};
    struct history_owner owner;
    struct fact *firsts;
    size_t count;
    TRY(history_owner_load(session, listing->customer_id, INSTANT_FUTURE, listing->arena, &owner,
                           error));
    const struct history_query query = {.homes = owner.homes,
                                        .home_count = owner.tree.home_count,
                                        .kinds = kinds,
                                        .kind_count = 1,
                                        .first_only = true,
                                        .behind = str_is_none(behind.home) ? NULL : &behind,
                                        .limit = listing->limit + 1};
    TRY(store_history_list(session, &query, listing->arena, &firsts, &count, error));
    listing->next = STR_NONE;
    if (count > listing->limit) {
        const struct fact *last = &firsts[--count - 1];
        const struct history_place place = {last->observed_at, 0, last->home, last->number};
        listing->next = history_place_text(&place, listing->arena);
        if (str_is_none(listing->next)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return fold_orders(session, listing, firsts, count, error);
}

void customer_history_write_breach(struct json_writer *writer, const struct service_order *order)
{
    json_member_string(writer, STR("serviceOrderId"), order->service_order_id);
    json_member_string(writer, STR("customerId"), order->home);
    json_member_nullable(writer, STR("sla"), order->sla);
    results_instant(writer, STR("slaBreachedAt"), order->sla_breached_at);
}

static void write_order(struct json_writer *writer, const struct service_order *order)
{
    json_object_begin(writer);
    customer_history_write_breach(writer, order);
    json_member_string(writer, STR("source"), order->source);
    json_member_nullable(writer, STR("priority"), order->priority);
    json_member_nullable(writer, STR("status"), order->status);
    results_instant(writer, STR("createdAt"), order->created_at);
    json_object_end(writer);
}

enum status customer_service_orders(struct application *application, const struct caller *caller,
                                    struct str customer_id, struct str cursor, size_t limit,
                                    struct arena *arena, struct json_page *out, struct error *error)
{
    struct listing listing = {.customer_id = customer_id, .arena = arena};
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    TRY(history_place_parse(cursor, &listing.after, error));
    TRY(results_limit(application, limit, &listing.limit, error));
    TRY(store_read(application->store, caller->tenant, arena, orders_body, &listing, error));
    results_page_begin(&writer);
    for (size_t i = 0; i < listing.count; i++) write_order(&writer, &listing.orders[i]);
    results_page_end(&writer, listing.next);
    out->next = listing.next;
    out->body = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* ---- credit ---- */

struct credit {
    struct str customer_id;
    struct arena *arena;
    struct history_owner owner;
};

/* What the accounts say is part of the tree: no history is read. */
static enum status credit_body(struct store_session *session, void *context, struct error *error)
{
    struct credit *credit = context;
    return history_owner_load(session, credit->customer_id, INSTANT_FUTURE, credit->arena,
                              &credit->owner, error);
}

static void write_hold(struct json_writer *writer, const struct fact *fact)
{
    json_object_begin(writer);
    json_member_string(writer, STR("customerId"), fact->home);
    json_key(writer, STR("blocked"));
    json_boolean(writer, credit_blocks(fact));
    json_member_nullable(writer, STR("reason"), json_text(json_get(fact->body, STR("reason"))));
    results_instant(writer, STR("since"), fact->observed_at);
    json_member_string(writer, STR("source"), fact->source);
    json_object_end(writer);
}

enum status customer_credit(struct application *application, const struct caller *caller,
                            struct str customer_id, struct arena *arena, struct str *json,
                            struct error *error)
{
    struct credit credit = {.customer_id = customer_id, .arena = arena};
    const struct fact **latest;
    struct buffer text = {.arena = arena};
    struct json_writer writer = {.out = &text};
    bool blocked = false;
    TRY(store_read(application->store, caller->tenant, arena, credit_body, &credit, error));
    if (credit_latest(&credit.owner.tree, arena, &latest) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), credit.owner.row.customer_id);
    json_key(&writer, STR("holds"));
    json_array_begin(&writer);
    for (size_t i = 0; latest && i < credit.owner.tree.home_count; i++) {
        if (!latest[i]) continue;
        blocked = blocked || credit_blocks(latest[i]);
        write_hold(&writer, latest[i]);
    }
    json_array_end(&writer);
    json_key(&writer, STR("blocked"));
    json_boolean(&writer, blocked);
    json_object_end(&writer);
    *json = buffer_str(&text);
    return buffer_failed(&text) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
