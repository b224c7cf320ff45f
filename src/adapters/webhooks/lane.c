#include "adapters/webhooks/lane.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum {
    BUCKETS = 1024,         /* a power of two */
    FAILING_TO_PAUSE = 5,   /* different events */
    UNTRIED_PAUSES_MAX = 3, /* one that was never sent waits half an hour at most */
    ARENA_BYTES = 1 << 20,
    LOG_ARENA_BYTES = 8 << 20,
    STANDARD_FIRST_MS = 5000,
    BODY_KEPT_MS = 10 * 1000
};

struct lane_chain {
    struct lane_chain *next; /* in the bucket */
    struct lane_item *first, *last;
    size_t bucket;
};

/* --- the heap of heads --- */

static bool comes_before(const struct lane_item *a, const struct lane_item *b)
{
    return a->next_at != b->next_at ? a->next_at < b->next_at : a->position < b->position;
}

static void heap_set(struct lane *lane, size_t index, struct lane_item *item)
{
    lane->heap[index] = item;
    item->heap_index = index;
}

static void heap_up(struct lane *lane, size_t index)
{
    struct lane_item *item = lane->heap[index];
    for (; index > 1 && comes_before(item, lane->heap[index / 2]); index /= 2)
        heap_set(lane, index, lane->heap[index / 2]);
    heap_set(lane, index, item);
}

static void heap_down(struct lane *lane, size_t index)
{
    struct lane_item *item = lane->heap[index];
    for (size_t child; (child = 2 * index) <= lane->heap_count; index = child) {
        if (child < lane->heap_count && comes_before(lane->heap[child + 1], lane->heap[child]))
            child++;
        if (!comes_before(lane->heap[child], item)) break;
        heap_set(lane, index, lane->heap[child]);
    }
    heap_set(lane, index, item);
}

/* There is room for every item since it was added. */
static void heap_push(struct lane *lane, struct lane_item *item)
{
    heap_set(lane, ++lane->heap_count, item);
    heap_up(lane, lane->heap_count);
    lane->untried_count += item->attempts == 0;
}

static void heap_remove(struct lane *lane, struct lane_item *item)
{
    size_t index = item->heap_index;
    struct lane_item *last = lane->heap[lane->heap_count--];
    if (last != item) {
        heap_set(lane, index, last);
        heap_up(lane, index);
        heap_down(lane, last->heap_index);
    }
    item->heap_index = 0;
    lane->untried_count -= item->attempts == 0;
}

static bool heap_reserve(struct lane *lane)
{
    if (lane->count + 2 <= lane->heap_room) return true;
    size_t room = lane->heap_room ? lane->heap_room * 2 : 64;
    struct lane_item **heap = realloc(lane->heap, room * sizeof(*heap));
    if (!heap) return false;
    lane->heap = heap;
    lane->heap_room = room;
    return true;
}

/* --- chains of customers --- */

static struct lane_chain *chain_of(struct lane *lane, struct str customer_id)
{
    size_t bucket = hash_bytes((struct hash_key){0, 0}, customer_id) & (BUCKETS - 1);
    for (struct lane_chain *chain = lane->chains[bucket]; chain; chain = chain->next)
        if (str_equal(chain->first->customer_id, customer_id)) return chain;
    struct lane_chain *chain = calloc(1, sizeof(*chain));
    if (!chain) return NULL;
    chain->bucket = bucket;
    chain->next = lane->chains[bucket];
    lane->chains[bucket] = chain;
    return chain;
}

static void chain_free(struct lane *lane, struct lane_chain *chain)
{
    struct lane_chain **at = &lane->chains[chain->bucket];
    while (*at != chain) at = &(*at)->next;
    *at = chain->next;
    free(chain);
}

/* --- items --- */

static char *put_text(char *at, struct str from, struct str *to)
{
    *to = str_is_none(from) ? STR_NONE : str_of(at, from.len);
    if (from.len) memcpy(at, from.ptr, from.len);
    return at + from.len;
}

static struct lane_item *new_item(const struct lane_event *event, instant now)
{
    size_t ids = event->event_id.len + event->customer_id.len;
    struct lane_item *item = calloc(1, sizeof(*item) + ids + 1);
    if (!item) return NULL;
    char *at = put_text((char *)(item + 1), event->event_id, &item->event_id);
    (void)put_text(at, event->customer_id, &item->customer_id);
    if (!str_is_none(event->body) && !lane_fill(item, event->body, event->trace, event->type_bit)) {
        free(item);
        return NULL;
    }
    item->position = event->position;
    item->attempts = event->attempts;
    item->next_at = event->next_at;
    item->added_at = now;
    item->type_bit = event->type_bit;
    item->is_held = event->is_held;
    item->failed_in = -1;
    return item;
}

/* It is read again before it is sent: what waits for long must not outlive an erasure. */
static void forget_body(struct lane_item *item)
{
    free(item->text);
    item->text = NULL;
    item->body = item->trace = STR_NONE;
}

static void free_item(struct lane_item *item)
{
    free(item->text);
    free(item);
}

/* Each event once, whatever the number of its attempts. */
static void count_failing(struct lane *lane, struct lane_item *item)
{
    lane->failing_events += item->failed_in != lane->streak;
    item->failed_in = lane->streak;
}

/* Of what another process held it is not known when it failed: they cannot have been more than
 * there were failures since the last success. */
static void count_known_failure(struct lane *lane, struct lane_item *item)
{
    if (item->attempts > 0 && (int64_t)lane->failing_events < lane->row.progress.failures)
        count_failing(lane, item);
}

static void link_item(struct lane *lane, struct lane_item *item, struct lane_chain *chain)
{
    item->lane = lane;
    item->chain = chain;
    item->previous = lane->last;
    if (lane->last)
        lane->last->next = item;
    else
        lane->first = item;
    lane->last = item;
    lane->count++;
    lane->held_count += item->is_held;
    count_known_failure(lane, item);
    if (chain->last) {
        chain->last->behind = item;
    } else {
        chain->first = item;
        heap_push(lane, item);
    }
    chain->last = item;
}

bool lane_add(struct lane *lane, const struct lane_event *event, instant now)
{
    struct lane_item *item = heap_reserve(lane) ? new_item(event, now) : NULL;
    if (!item) return false;
    struct lane_chain *chain = chain_of(lane, item->customer_id);
    if (!chain) {
        free_item(item);
        return false;
    }
    link_item(lane, item, chain);
    return true;
}

/* Takes the first of its chain, which is under way, out of everything; the next one may go. */
static void unlink_item(struct lane *lane, struct lane_item *item)
{
    struct lane_chain *chain = item->chain;
    if (item->previous)
        item->previous->next = item->next;
    else
        lane->first = item->next;
    if (item->next)
        item->next->previous = item->previous;
    else
        lane->last = item->previous;
    lane->count--;
    lane->held_count -= item->is_held;
    if (item->behind) {
        chain->first = item->behind;
        heap_push(lane, item->behind);
    } else {
        chain_free(lane, chain);
    }
}

/* --- what may be sent --- */

bool lane_is_failing(const struct lane *lane)
{
    return lane->failing_events >= FAILING_TO_PAUSE;
}

/* While all fails, more is read only when there is nobody left to try with. */
size_t lane_room(const struct lane *lane, instant now)
{
    size_t waiting = lane->count - lane->held_count;
    bool is_failing = lane_is_failing(lane);
    if (lane->is_disabled || lane->held_count >= lane->rules.held_max ||
        waiting >= lane->rules.window || (is_failing && lane->untried_count > 0) ||
        (is_failing ? lane->untried_until : lane->paused_until) > now)
        return 0;
    return lane->rules.window - waiting;
}

/* One that tries for all need not wait for its own time. */
instant lane_due_at(const struct lane *lane)
{
    bool is_failing = lane_is_failing(lane);
    size_t most = is_failing ? 1 : lane->rules.concurrency;
    if (lane->heap_count == 0 || lane->is_disabled || lane->sent_count >= most ||
        lane->log_count + lane->sent_count >= LANE_LOG_MAX)
        return INSTANT_FUTURE;
    if (is_failing) return lane->untried_count > 0 ? lane->untried_until : lane->paused_until;
    instant due = lane->heap[1]->next_at;
    return due > lane->paused_until ? due : lane->paused_until;
}

/* The one that was tried least: so a customer whose event is refused is not the only one tried. */
static struct lane_item *to_try_with(const struct lane *lane)
{
    struct lane_item *best = lane->heap[1];
    for (size_t i = 2; i <= lane->heap_count; i++) {
        struct lane_item *item = lane->heap[i];
        if (item->attempts != best->attempts ? item->attempts < best->attempts
                                             : comes_before(item, best))
            best = item;
    }
    return best;
}

struct lane_item *lane_next(struct lane *lane, instant now)
{
    if (lane_due_at(lane) > now) return NULL;
    struct lane_item *item = lane_is_failing(lane) ? to_try_with(lane) : lane->heap[1];
    heap_remove(lane, item);
    item->is_sent = true;
    item->sent_at = now;
    lane->sent_count++;
    return item;
}

void lane_put_back(struct lane *lane, struct lane_item *item, instant next_at)
{
    item->is_sent = false;
    item->next_at = next_at;
    lane->sent_count--;
    heap_push(lane, item);
}

bool lane_fill(struct lane_item *item, struct str body, struct str trace, uint32_t type_bit)
{
    free(item->text);
    item->text = malloc(body.len + trace.len + 1);
    if (!item->text) return false;
    (void)put_text(put_text(item->text, body, &item->body), trace, &item->trace);
    item->type_bit = type_bit;
    return true;
}

/* --- results --- */

static struct str type_name(const struct lane_item *item)
{
    for (int type = 0; type < EVENT_TYPE_COUNT; type++)
        if (item->type_bit == WEBHOOK_TYPE_BIT(type)) return event_types[type].name;
    return item->position == 0 ? STR("WebhookTestEvent") : STR("unknown");
}

/* There is room: lane_next() sees to it. When memory runs out the row is missing in the log. */
static void note(struct lane *lane, const struct lane_item *item, const struct lane_result *result,
                 enum webhook_outcome outcome, instant now)
{
    struct webhook_delivery *row = &lane->log[lane->log_count];
    *row = (struct webhook_delivery){
        .number = ++lane->row.progress.log_number,
        .position = item->position,
        .event_id = arena_str(&lane->log_arena, item->event_id),
        .event_type = type_name(item),
        .customer_id = arena_str(&lane->log_arena, item->customer_id),
        .at = now,
        .attempt = item->attempts,
        .outcome = outcome,
        .reason = result->reason,
        .http_status = result->http_status,
        .took_ms = result->took_ms,
    };
    if (row->event_id.ptr && row->customer_id.ptr) lane->log_count++;
    lane->is_changed = true;
}

static bool let_go(struct lane *lane, int64_t position)
{
    if (lane->gone_count == lane->gone_room) {
        size_t room = lane->gone_room ? lane->gone_room * 2 : 64;
        int64_t *gone = realloc(lane->gone, room * sizeof(*gone));
        if (!gone) return false;
        lane->gone = gone;
        lane->gone_room = room;
    }
    lane->gone[lane->gone_count++] = position;
    return true;
}

/* A customer has one that fails, whatever the number of those before it. But while everything
 * fails, nothing that goes says that the receiver is back. */
static void count_past_failure(struct lane *lane, const struct lane_item *item)
{
    if (item->failed_in != lane->streak || lane_is_failing(lane)) return;
    lane->failing_events--;
    lane->past_failing_events++;
}

static void be_done(struct lane *lane, struct lane_item *item)
{
    count_past_failure(lane, item);
    /* Without memory the row stays, and its event is delivered again some day. */
    if (item->is_held) (void)let_go(lane, item->position);
    unlink_item(lane, item);
    free_item(item);
}

/* The receiver is back: whoever waited since it was away waits no longer. */
static void go_on(struct lane *lane, instant now)
{
    for (size_t i = 1; i <= lane->heap_count; i++)
        if (lane->heap[i]->next_at > now) lane->heap[i]->next_at = now;
    for (size_t i = lane->heap_count / 2; i >= 1; i--) heap_down(lane, i);
}

static void succeed(struct lane *lane, struct lane_item *item, const struct lane_result *result,
                    instant now)
{
    struct webhook_progress *progress = &lane->row.progress;
    if (lane_is_failing(lane)) go_on(lane, now);
    progress->failures = 0;
    progress->failing_since = INSTANT_NONE;
    progress->delivered_at = now;
    progress->delivered++;
    lane->streak++;
    lane->failing_events = lane->past_failing_events = 0;
    lane->paused_until = lane->untried_until = 0;
    lane->pauses = 0;
    note(lane, item, result, WEBHOOK_DELIVERED, now);
    be_done(lane, item);
}

static int64_t delay_ms(const struct lane *lane, int64_t attempts, uint64_t random)
{
    return webhook_delay_ms(attempts, random) * lane->rules.retry_first_ms / STANDARD_FIRST_MS;
}

static instant in_ms(instant from, int64_t delay)
{
    return from + delay * (INSTANT_SECOND / 1000);
}

static void disable(struct lane *lane, enum webhook_cause cause)
{
    lane->is_disabled = true;
    lane->is_changed = true;
    lane->cause = cause;
}

static void wait_until(struct lane *lane, instant all, instant untried)
{
    if (all > lane->paused_until) lane->paused_until = all;
    if (untried > lane->untried_until) lane->untried_until = untried;
}

/* Waits as a whole: for what the receiver asks for, or since everything fails. Failures of what was
 * under way when it began to wait do not lengthen that. */
static void pause(struct lane *lane, const struct lane_result *result, instant now, uint64_t random)
{
    if (webhook_is_throttle(result->http_status) && result->retry_after_s > 0) {
        instant until = in_ms(now, webhook_retry_after_ms(result->retry_after_s));
        wait_until(lane, until, until);
    }
    if (!lane_is_failing(lane) || lane->untried_until > now) return;
    int64_t pauses = ++lane->pauses;
    int64_t untried = pauses < UNTRIED_PAUSES_MAX ? pauses : UNTRIED_PAUSES_MAX;
    wait_until(lane, in_ms(now, delay_ms(lane, pauses, random)),
               in_ms(now, delay_ms(lane, untried, random)));
}

/* One event alone that is refused says nothing of the receiver, however often it was tried. */
static bool fails_for_long(const struct lane *lane, const struct lane_item *item, instant now)
{
    const struct webhook_progress *progress = &lane->row.progress;
    return progress->failures >= lane->rules.disable_failures &&
           now >= in_ms(progress->failing_since, lane->rules.disable_after_ms) &&
           (lane_is_failing(lane) || (lane->failing_events + lane->past_failing_events > 1 &&
                                      item->attempts >= FAILING_TO_PAUSE));
}

static void fail(struct lane *lane, struct lane_item *item, const struct lane_result *result,
                 instant now, uint64_t random)
{
    struct webhook_progress *progress = &lane->row.progress;
    int64_t delay = delay_ms(lane, item->attempts, random);
    int64_t asked = webhook_retry_after_ms(result->retry_after_s);
    progress->failures++;
    if (progress->failing_since == INSTANT_NONE) progress->failing_since = now;
    count_failing(lane, item);
    pause(lane, result, now, random);
    if (result->http_status == 410) disable(lane, WEBHOOK_GONE);
    if (fails_for_long(lane, item, now)) disable(lane, WEBHOOK_FAILING);
    /* Nothing is given up while everything fails: that is not the event's fault. */
    if (item->attempts >= WEBHOOK_ATTEMPTS_MAX && !lane_is_failing(lane)) {
        progress->given_up++;
        note(lane, item, result, WEBHOOK_GIVEN_UP, now);
        be_done(lane, item);
        return;
    }
    note(lane, item, result, WEBHOOK_TO_RETRY, now);
    item->is_dirty = item->is_held;
    item->next_at = in_ms(now, delay > asked ? delay : asked);
    forget_body(item);
    heap_push(lane, item);
}

void lane_settle(struct lane *lane, struct lane_item *item, const struct lane_result *result,
                 instant now, uint64_t random)
{
    item->is_sent = false;
    lane->sent_count--;
    item->attempts++;
    if (result->reason == WEBHOOK_NOT_THERE) {
        note(lane, item, result, WEBHOOK_ERASED, now);
        be_done(lane, item);
    } else if (result->reason == WEBHOOK_ANSWERED && webhook_is_success(result->http_status)) {
        succeed(lane, item, result, now);
    } else {
        fail(lane, item, result, now, random);
    }
}

/* --- what is written down --- */

static bool is_in_the_way(const struct lane *lane, const struct lane_item *item, instant now)
{
    if (item->is_held || item->attempts > 0) return true; /* all before a held one are */
    if (item->is_sent) return now >= in_ms(item->sent_at, lane->rules.slow_ms);
    const struct lane_item *head = item->chain->first;
    return (head->is_held || head->attempts > 0) &&
           now >= in_ms(item->added_at, lane->rules.slow_ms);
}

/* The last item that must not keep the position. */
static struct lane_item *last_to_hold(const struct lane *lane, instant now)
{
    struct lane_item *item = lane->last;
    while (item && !is_in_the_way(lane, item, now)) item = item->previous;
    return item;
}

static void forget_bodies(struct lane *lane, instant now)
{
    for (struct lane_item *item = lane->first; item; item = item->next)
        if (!item->is_sent && item->text && now >= in_ms(item->added_at, BODY_KEPT_MS))
            forget_body(item);
}

void lane_hold(struct lane *lane, instant now)
{
    const struct lane_item *last = last_to_hold(lane, now);
    forget_bodies(lane, now);
    for (struct lane_item *item = lane->first; last && item; item = item->next) {
        if (!item->is_held && lane->held_count < lane->rules.held_max) {
            item->is_held = item->is_dirty = lane->is_changed = true;
            lane->held_count++;
        }
        if (item == last) return;
    }
}

int64_t lane_position(const struct lane *lane)
{
    const struct lane_item *item = lane->first;
    while (item && item->is_held) item = item->next;
    return item ? item->position - 1 : lane->read_position;
}

bool lane_needs_writing(const struct lane *lane)
{
    return lane->is_changed || lane->gone_count > 0 || lane->log_count > 0;
}

void lane_written(struct lane *lane, instant now)
{
    for (struct lane_item *item = lane->first; item && item->is_held; item = item->next)
        item->is_dirty = false;
    lane->is_changed = false;
    lane->gone_count = 0;
    lane->log_count = 0;
    arena_reset(&lane->log_arena);
    lane->written_at = now;
    lane->written_position = lane_position(lane);
}

/* --- life --- */

bool lane_set_row(struct lane *lane, const struct webhook_row *row)
{
    struct arena fresh;
    struct webhook_row copy = *row;
    struct str *texts[] = {&copy.tenant,      &copy.webhook_id,    &copy.url,
                           &copy.event_types, &copy.created_by,    &copy.key_id,
                           &copy.salt,        &copy.previous_salt, &copy.description};
    arena_init(&fresh, ARENA_BYTES);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct str text = arena_str(&fresh, *texts[i]);
        if (!str_is_none(*texts[i]) && str_is_none(text)) {
            arena_release(&fresh);
            return false;
        }
        *texts[i] = text;
    }
    arena_release(&lane->arena);
    lane->arena = fresh;
    lane->row = copy;
    lane->tenant = copy.tenant;
    if (!webhook_types_parse(copy.event_types, &lane->types)) lane->types = WEBHOOK_TYPES_ALL;
    return true;
}

struct lane *lane_new(const struct webhook_row *row, const struct lane_rules *rules)
{
    struct lane *lane = calloc(1, sizeof(*lane));
    if (!lane) return NULL;
    lane->rules = *rules;
    lane->has_news = true;
    arena_init(&lane->arena, ARENA_BYTES);
    arena_init(&lane->log_arena, LOG_ARENA_BYTES);
    lane->chains = calloc(BUCKETS, sizeof(struct lane_chain *));
    lane->log = calloc(LANE_LOG_MAX, sizeof(*lane->log));
    if (lane->chains && lane->log && lane_set_row(lane, row)) {
        lane->read_position = lane->written_position = row->progress.position;
        return lane;
    }
    lane_free(lane);
    return NULL;
}

void lane_free(struct lane *lane)
{
    if (!lane) return;
    for (struct lane_item *next; lane->first; lane->first = next) {
        next = lane->first->next;
        free_item(lane->first);
    }
    for (size_t i = 0; lane->chains && i < BUCKETS; i++)
        for (struct lane_chain *next; lane->chains[i]; lane->chains[i] = next) {
            next = lane->chains[i]->next;
            free(lane->chains[i]);
        }
    arena_release(&lane->arena);
    arena_release(&lane->log_arena);
    free(lane->chains);
    free(lane->heap);
    free(lane->gone);
    free(lane->log);
    free(lane);
}
