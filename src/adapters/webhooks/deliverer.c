#include "adapters/webhooks/deliverer_internal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "adapters/webhooks/delivery_spans.h"
#include "base/log.h"
#include "formats/metric.h"

enum {
    ARENA_BYTES = 256 * 1024 * 1024,
    BUSY_PAUSE_MS = 25, /* other instances' events wake nobody here: look often while some come */
    IDLE_PAUSE_MS = 250,
    BUSY_FOR_MS = 2000,
    REFRESH_MS = 1000, /* webhooks that were changed at other instances */
    WRITE_MS = 100,    /* so much is sent again after a crash */
    WRITE_ROWS = 500,
    WRITE_IDLE_MS = 5000, /* where nothing but the position changed */
    STORE_RETRY_MS = 1000,
    LOOK_PAGE = 500,
    LEASE_MARGIN_MS = 100,
    SHARE_OF_FREE = 3,
    SHARE_PAUSE_MS = 10,
    UNANSWERED_MIN = 5,                 /* say that this instance may have no way out */
    PATIENCE_MAX_MS = 12 * 3600 * 1000, /* who takes the webhooks up tries each at once */
    HEADERS_MAX = 6
};

static instant now_of(const struct deliverer *self)
{
    return self->options.environment->now(self->options.environment);
}

static instant in_ms(instant from, int64_t delay_ms)
{
    return from + delay_ms * (INSTANT_SECOND / 1000);
}

static uint64_t random_of(const struct deliverer *self)
{
    uint64_t random;
    self->options.environment->random(self->options.environment, &random, sizeof(random));
    return random;
}

void deliverer_wake(void *deliverer)
{
    struct deliverer *self = deliverer;
    if (!atomic_exchange(&self->woken, true)) http_sender_wake(self->sender);
}

void deliverer_refresh(void *deliverer)
{
    struct deliverer *self = deliverer;
    atomic_store(&self->changed, true);
    http_sender_wake(self->sender);
}

/* --- lanes --- */

static bool is_of_lane(const void *context, const void *argument)
{
    return ((const struct lane_item *)context)->lane == argument;
}

/* Whatever is under way is sent again by whoever takes the webhook up. */
static void drop_lane(struct deliverer *self, size_t index)
{
    struct lane *lane = self->lanes[index];
    if (lane->sent_count > 0) http_sender_cancel(self->sender, is_of_lane, lane);
    self->lanes[index] = self->lanes[--self->lane_count];
    lane_free(lane);
}

static void drop_all(struct deliverer *self)
{
    while (self->lane_count > 0) drop_lane(self, self->lane_count - 1);
    self->epoch = 0;
}

static bool add_lane(struct deliverer *self, struct lane *lane)
{
    if (self->lane_count == self->lane_room) {
        size_t room = self->lane_room ? self->lane_room * 2 : 16;
        struct lane **lanes = realloc(self->lanes, room * sizeof(struct lane *));
        if (!lanes) return false;
        self->lanes = lanes;
        self->lane_room = room;
    }
    self->lanes[self->lane_count++] = lane;
    return true;
}

static size_t find_lane(const struct deliverer *self, const struct webhook_row *row)
{
    for (size_t i = 0; i < self->lane_count; i++)
        if (str_equal(self->lanes[i]->row.webhook_id, row->webhook_id) &&
            str_equal(self->lanes[i]->tenant, row->tenant))
            return i;
    return SIZE_MAX;
}

static enum status take_up(struct deliverer *self, const struct webhook_row *row,
                           struct error *error)
{
    struct lane *lane;
    TRY(deliverer_load(self, row->tenant, row->webhook_id, &lane, error));
    if (!lane || add_lane(self, lane)) return STATUS_OK;
    lane_free(lane);
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* What its owner changed of one that is known. */
static enum status take_change(struct lane *lane, const struct webhook_row *row,
                               struct error *error)
{
    struct webhook_row fresh = *row;
    fresh.progress = lane->row.progress;
    if (lane->row.version == row->version || lane_set_row(lane, &fresh)) return STATUS_OK;
    return error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* Secrets can be made with the key that the webhook was made with and no other. */
static bool is_deliverable(const struct deliverer *self, const struct webhook_row *row)
{
    return row->state == WEBHOOK_ACTIVE &&
           str_equal(row->key_id, self->options.signer->base.key_id);
}

static void drop_missing(struct deliverer *self, const struct webhook_row *rows, size_t count)
{
    for (size_t i = self->lane_count; i-- > 0;) {
        const struct lane *lane = self->lanes[i];
        bool stays = false;
        for (size_t r = 0; r < count && !stays; r++)
            stays = str_equal(rows[r].webhook_id, lane->row.webhook_id) &&
                    str_equal(rows[r].tenant, lane->tenant) && is_deliverable(self, &rows[r]) &&
                    rows[r].progress.turn == lane->row.progress.turn;
        if (!stays) drop_lane(self, i);
    }
}

static void count_states(struct deliverer *self, const struct webhook_row *rows, size_t count)
{
    int64_t disabled = 0, foreign = 0;
    for (size_t i = 0; i < count; i++) {
        disabled += rows[i].state == WEBHOOK_DISABLED;
        foreign += rows[i].state == WEBHOOK_ACTIVE && !is_deliverable(self, &rows[i]);
    }
    if (foreign > 0 && atomic_load(&self->counts.foreign) == 0)
        log_error("webhooks.other_key", LOG_COUNT("webhooks", foreign),
                  LOG_REASON("reason", STR("their secrets were made with another "
                                           "webhooks.key_file: nothing is sent to them")));
    atomic_store(&self->counts.disabled, disabled);
    atomic_store(&self->counts.foreign, foreign);
}

static enum status refresh(struct deliverer *self, struct error *error)
{
    struct webhook_row *rows;
    size_t count;
    atomic_store(&self->changed, false);
    TRY(webhook_list_all(self->options.store, &self->arena, &rows, &count, error));
    drop_missing(self, rows, count);
    for (size_t i = 0; i < count; i++) {
        if (!is_deliverable(self, &rows[i])) continue;
        size_t at = find_lane(self, &rows[i]);
        TRY(at == SIZE_MAX ? take_up(self, &rows[i], error)
                           : take_change(self->lanes[at], &rows[i], error));
    }
    count_states(self, rows, count);
    for (size_t i = 0; i < self->lane_count; i++) lane_hold(self->lanes[i], now_of(self));
    self->refresh_at = in_ms(now_of(self), REFRESH_MS);
    return STATUS_OK;
}

/* --- what is new --- */

static void note_news(struct deliverer *self, const struct outbox_event *events, size_t count)
{
    struct str last = STR_NONE;
    for (size_t i = 0; i < count; i++) {
        if (str_equal(events[i].tenant, last)) continue;
        last = events[i].tenant;
        for (size_t k = 0; k < self->lane_count; k++)
            if (str_equal(self->lanes[k]->tenant, last)) self->lanes[k]->has_news = true;
    }
}

/* Whose tenants have new events; each lane then reads its own. */
static enum status look(struct deliverer *self, instant now, struct error *error)
{
    struct arena_mark mark = arena_mark(&self->arena);
    struct outbox_event *events;
    size_t count;
    atomic_store(&self->woken, false);
    do {
        TRY(store_outbox_list(self->options.store, self->head, LOOK_PAGE, &self->arena, &events,
                              &count, error));
        note_news(self, events, count);
        if (count > 0) self->head = events[count - 1].event.position;
        if (count > 0) self->busy_until = in_ms(now, BUSY_FOR_MS);
        arena_rewind(&self->arena, mark);
    } while (count == LOOK_PAGE);
    self->look_at = in_ms(now, self->busy_until > now ? BUSY_PAUSE_MS : IDLE_PAUSE_MS);
    return STATUS_OK;
}

static enum status read_feed(struct deliverer *self, instant now, struct error *error)
{
    if (self->lane_count > 0 && (atomic_load(&self->woken) || self->look_at <= now))
        TRY(look(self, now, error));
    for (size_t i = 0; i < self->lane_count; i++) {
        struct lane *lane = self->lanes[i];
        /* Few at a time would cost a statement each. */
        if (!lane->has_news || lane_room(lane, now) < lane->rules.window / 2) continue;
        struct arena_mark mark = arena_mark(&self->arena);
        TRY(deliverer_read(self, lane, now, error));
        arena_rewind(&self->arena, mark);
    }
    return STATUS_OK;
}

/* --- sending --- */

static size_t make_secrets(const struct deliverer *self, const struct lane *lane, instant now,
                           struct signer_secret secrets[2])
{
    const struct webhook_row *row = &lane->row;
    signer_make_secret(self->options.signer, lane->tenant, row->webhook_id, row->salt, &secrets[0]);
    if (str_is_none(row->previous_salt) || row->previous_until <= now) return 1;
    signer_make_secret(self->options.signer, lane->tenant, row->webhook_id, row->previous_salt,
                       &secrets[1]);
    return 2;
}

static bool send_item(struct deliverer *self, struct lane *lane, struct lane_item *item,
                      int64_t timeout_ms, instant now)
{
    struct arena_mark mark = arena_mark(&self->arena);
    struct signer_secret secrets[2];
    int64_t timestamp = now / INSTANT_SECOND;
    struct str signature = signer_signature(secrets, make_secrets(self, lane, now, secrets),
                                            item->event_id, timestamp, item->body, &self->arena);
    struct str trace = delivery_spans_begin(self->options.tracer, item);
    struct http_client_header headers[HEADERS_MAX] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("webhook-id"), item->event_id},
        {STR("webhook-timestamp"), arena_format(&self->arena, "%" PRId64, timestamp)},
        {STR("webhook-signature"), signature},
        {STR("Expect"), STR("")}, /* no round trip before the body */
        {STR("traceparent"), trace},
    };
    const struct http_sender_request request = {.url = lane->row.url,
                                                .body = item->body,
                                                .headers = headers,
                                                .header_count =
                                                    str_is_none(trace) ? 5 : HEADERS_MAX,
                                                .timeout_ms = timeout_ms};
    bool fine = !str_is_none(signature) && !str_is_none(headers[2].value) &&
                http_sender_send(self->sender, &request, &self->arena, item);
    arena_rewind(&self->arena, mark);
    return fine;
}

static void count_attempt(struct deliverer *self, enum webhook_outcome outcome)
{
    atomic_fetch_add(&self->counts.attempts[outcome], 1);
}

/* The event of one that was held is read; one that was erased is settled. */
static enum status send_next(struct deliverer *self, struct lane *lane, struct lane_item *item,
                             int64_t timeout_ms, instant now, struct error *error)
{
    bool is_there;
    enum status status = deliverer_fill(self, lane, item, now, &is_there, error);
    if (status == STATUS_OK && !is_there) {
        const struct lane_result gone = {.reason = WEBHOOK_NOT_THERE};
        lane_settle(lane, item, &gone, now, 0);
        count_attempt(self, WEBHOOK_ERASED);
        return STATUS_OK;
    }
    if (status == STATUS_OK && !send_item(self, lane, item, timeout_ms, now))
        status = error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status != STATUS_OK) lane_put_back(lane, item, in_ms(now, STORE_RETRY_MS));
    return status;
}

/* Nothing is sent that may still be under way when another has the lease. */
static int64_t request_timeout_ms(const struct deliverer *self, instant now)
{
    int64_t left_ms = (self->lease.held_until - now) / (INSTANT_SECOND / 1000) - LEASE_MARGIN_MS;
    return self->options.timeout_ms < left_ms ? self->options.timeout_ms : left_ms;
}

/* Receivers that take their time with each answer would otherwise hold all connections. A tenant
 * has up to three times as many as are free, so that whoever comes next need not wait for an
 * answer: alone it has three quarters, n have 3 / (3n + 1) each, and who comes when others have
 * what they may have finds what they left, and leaves a quarter of that. */
static size_t share(const struct deliverer *self)
{
    return (self->options.connections - http_sender_under_way(self->sender)) * SHARE_OF_FREE;
}

static bool may_send(const struct deliverer *self, const struct lane *lane)
{
    size_t most = share(self), own = 0;
    if (http_sender_under_way(self->sender) < most) return true;
    for (size_t i = 0; i < self->lane_count && own < most; i++)
        if (str_equal(self->lanes[i]->tenant, lane->tenant)) own += self->lanes[i]->sent_count;
    return own < most;
}

/* One of each lane whose tenant has less than its share. */
static enum status send_round(struct deliverer *self, bool *sent, struct error *error)
{
    *sent = false;
    for (size_t i = 0; i < self->lane_count; i++) {
        struct lane *lane = self->lanes[(i + self->turn_of) % self->lane_count];
        instant now = now_of(self); /* it may have been stopped since */
        int64_t timeout_ms = request_timeout_ms(self, now);
        if (timeout_ms <= 0) return STATUS_OK;
        if (lane_due_at(lane) > now || !may_send(self, lane)) continue;
        *sent = true;
        TRY(send_next(self, lane, lane_next(lane, now), timeout_ms, now, error));
    }
    self->turn_of++;
    return STATUS_OK;
}

static enum status send_some(struct deliverer *self, struct error *error)
{
    bool sent;
    do TRY(send_round(self, &sent, error));
    while (sent);
    return STATUS_OK;
}

/* --- results --- */

static enum webhook_reason reason_of(enum http_sent sent)
{
    static const enum webhook_reason reasons[] = {
        [HTTP_SENT_ANSWERED] = WEBHOOK_ANSWERED,
        [HTTP_SENT_TIMED_OUT] = WEBHOOK_TIMED_OUT,
        [HTTP_SENT_NOT_RESOLVED] = WEBHOOK_NOT_RESOLVED,
        [HTTP_SENT_NOT_CONNECTED] = WEBHOOK_NOT_CONNECTED,
        [HTTP_SENT_NOT_ALLOWED] = WEBHOOK_NOT_ALLOWED,
        [HTTP_SENT_NOT_TRUSTED] = WEBHOOK_NOT_TRUSTED,
        [HTTP_SENT_BROKEN] = WEBHOOK_BROKEN,
    };
    return reasons[sent];
}

/* Any answer, also a refusal, says that there is a way out from here. */
static void note_way_out(struct deliverer *self, enum webhook_reason reason, instant now)
{
    if (reason == WEBHOOK_NOT_ALLOWED) return; /* it was not tried */
    if (reason == WEBHOOK_ANSWERED) {
        self->unanswered = 0;
        lease_worked(&self->lease);
    } else if (self->unanswered++ == 0) {
        self->unanswered_since = now;
    }
}

static void settle(struct deliverer *self, const struct http_sender_result *result, instant now)
{
    struct lane_item *item = result->context;
    struct lane *lane = item->lane;
    const struct lane_result settled = {.reason = reason_of(result->sent),
                                        .http_status = result->status,
                                        .retry_after_s = result->retry_after_s,
                                        .took_ms = result->took_ms};
    delivery_spans_end(self->options.tracer, item, result, &self->arena);
    note_way_out(self, settled.reason, now);
    int64_t given_up = lane->row.progress.given_up;
    bool was_failing = lane_is_failing(lane);
    lane_settle(lane, item, &settled, now, random_of(self));
    bool is_failing = lane_is_failing(lane);
    bool success = webhook_is_success(result->status);
    count_attempt(self, success                                   ? WEBHOOK_DELIVERED
                        : lane->row.progress.given_up != given_up ? WEBHOOK_GIVEN_UP
                                                                  : WEBHOOK_TO_RETRY);
    if (is_failing == was_failing) return;
    if (is_failing)
        log_warn("webhooks.fails", LOG_ID("tenant", lane->tenant),
                 LOG_ID("webhook", lane->row.webhook_id),
                 LOG_CODE("reason", webhook_reason_name(settled.reason)),
                 LOG_COUNT("http_status", result->status));
    else
        log_info("webhooks.succeeds_again", LOG_ID("tenant", lane->tenant),
                 LOG_ID("webhook", lane->row.webhook_id));
}

static void take_results(struct deliverer *self)
{
    struct http_sender_result result;
    instant now = now_of(self);
    while (http_sender_next(self->sender, &result)) settle(self, &result, now);
}

/* --- writing down --- */

static bool is_due(const struct lane *lane, bool all, instant now)
{
    if (!lane_needs_writing(lane)) {
        bool moved = lane_position(lane) != lane->written_position;
        return moved && (all || now >= in_ms(lane->written_at, WRITE_IDLE_MS));
    }
    return all || lane->is_disabled || lane->log_count >= WRITE_ROWS ||
           now >= in_ms(lane->written_at, WRITE_MS);
}

static void log_disabled(const struct lane *lane)
{
    log_warn("webhooks.disabled", LOG_ID("tenant", lane->tenant),
             LOG_ID("webhook", lane->row.webhook_id),
             LOG_CODE("cause", webhook_cause_name(lane->cause)));
}

/* What was written in doubt is not known: the lane is forgotten and read again. */
static enum status write_lane(struct deliverer *self, size_t index, instant now,
                              struct error *error)
{
    struct lane *lane = self->lanes[index];
    struct arena_mark mark = arena_mark(&self->arena);
    bool is_void = false;
    lane_hold(lane, now);
    enum status status = deliverer_write(self, lane, now, &is_void, error);
    arena_rewind(&self->arena, mark);
    if (status == STATUS_OK && !is_void) {
        lane_written(lane, now);
        if (!lane->is_disabled) return STATUS_OK;
        log_disabled(lane);
        drop_lane(self, index);
        return STATUS_OK;
    }
    if (is_void || status == STATUS_OUTCOME_UNKNOWN) {
        drop_lane(self, index);
        self->refresh_at = 0;
    }
    return status;
}

static enum status write_down(struct deliverer *self, bool all, struct error *error)
{
    instant now = now_of(self);
    for (size_t i = self->lane_count; i-- > 0;)
        if (is_due(self->lanes[i], all, now)) TRY(write_lane(self, i, now, error));
    return STATUS_OK;
}

/* --- the thread --- */

static void note_store(struct deliverer *self, enum status status, const struct error *error)
{
    if (status == STATUS_OK) {
        if (self->failing != STATUS_OK) log_info("webhooks.go_on");
        self->failing = STATUS_OK;
        return;
    }
    atomic_fetch_add(&self->counts.store_failures, 1);
    self->store_retry_at = in_ms(now_of(self), STORE_RETRY_MS);
    if (status == self->failing) return;
    self->failing = status;
    log_error("webhooks.cannot_go_on", LOG_CODE("code", status_code(status)),
              LOG_REASON("reason", str_from_cstr(error->message)));
}

static enum status keep_lease(struct deliverer *self, instant now, struct error *error)
{
    TRY(lease_keep(&self->lease, -1, false, &self->arena, error));
    const struct relay_state *state = &self->lease.state;
    bool is_ours = state->is_ours && self->lease.held_until > now;
    if (self->epoch != 0 && (!is_ours || state->epoch != self->epoch)) {
        log_warn("webhooks.lost_their_lease");
        drop_all(self);
    }
    if (is_ours && self->epoch == 0) {
        log_info("webhooks.are_delivered_here", LOG_COUNT("epoch", state->epoch));
        self->epoch = state->epoch;
        self->unanswered = 0;
        self->head = state->newest;
        self->refresh_at = 0;
    }
    atomic_store(&self->counts.is_ours, is_ours);
    return STATUS_OK;
}

/* Nobody answers here. Where that is the network of this instance, another one gets out. */
static enum status let_another_try(struct deliverer *self, struct error *error)
{
    if (self->unanswered < UNANSWERED_MIN ||
        !lease_fails_for_long(&self->lease, self->unanswered_since))
        return STATUS_OK;
    TRY(write_down(self, true, error));
    if (!self->lease.stands_back) log_warn("webhooks.stand_back");
    drop_all(self);
    lease_stand_back(&self->lease, -1, &self->arena);
    atomic_store(&self->counts.is_ours, false);
    return STATUS_OK;
}

static enum status do_round(struct deliverer *self, struct error *error)
{
    instant now = now_of(self);
    TRY(keep_lease(self, now, error));
    if (self->epoch != 0) TRY(let_another_try(self, error));
    if (self->epoch == 0) return STATUS_OK;
    if (self->refresh_at <= now || atomic_load(&self->changed)) TRY(refresh(self, error));
    TRY(read_feed(self, now, error));
    TRY(send_some(self, error));
    return write_down(self, false, error);
}

static void set_counts(struct deliverer *self)
{
    int64_t failing = 0, held = 0, backlog = 0;
    for (size_t i = 0; i < self->lane_count; i++) {
        const struct lane *lane = self->lanes[i];
        failing += lane_is_failing(lane);
        held += (int64_t)lane->held_count;
        /* Of one that has read all its tenant has, and waits for none of it, nothing is behind. */
        bool is_level = !lane->has_news && lane_position(lane) == lane->read_position;
        int64_t behind = is_level ? 0 : self->head - lane_position(lane);
        if (behind > backlog) backlog = behind;
    }
    atomic_store(&self->counts.active, (int64_t)self->lane_count);
    atomic_store(&self->counts.failing, failing);
    atomic_store(&self->counts.held, held);
    atomic_store(&self->counts.backlog, backlog);
    atomic_store(&self->counts.under_way, (int64_t)http_sender_under_way(self->sender));
}

/* When something is to be done without anything happening. */
static int64_t pause_ms(const struct deliverer *self)
{
    instant now = now_of(self), at = in_ms(now, IDLE_PAUSE_MS);
    if (self->epoch == 0) return IDLE_PAUSE_MS;
    if (self->lane_count > 0 && self->look_at < at) at = self->look_at;
    if (self->refresh_at < at) at = self->refresh_at;
    for (size_t i = 0; i < self->lane_count; i++) {
        const struct lane *lane = self->lanes[i];
        instant due = lane_needs_writing(lane) ? in_ms(lane->written_at, WRITE_MS) : INSTANT_FUTURE;
        if (lane_due_at(lane) < due) due = lane_due_at(lane);
        if (lane->has_news && lane_room(lane, now) >= lane->rules.window / 2) due = now;
        if (due < at) at = due;
    }
    /* What is due and was not sent waits for its tenant's share, so for an answer. */
    if (at <= now) return http_sender_under_way(self->sender) >= share(self) ? SHARE_PAUSE_MS : 0;
    return (at - now) / (INSTANT_SECOND / 1000) + 1;
}

static void wait_some(struct deliverer *self)
{
    instant now = now_of(self);
    int64_t pause = pause_ms(self);
    if (self->failing != STATUS_OK && self->store_retry_at > now)
        pause = (self->store_retry_at - now) / (INSTANT_SECOND / 1000) + 1;
    if (atomic_load(&self->woken) && self->lane_count > 0 && self->failing == STATUS_OK) pause = 0;
    http_sender_wait(self->sender, pause);
    take_results(self);
}

/* Waits for what is under way, as long as there is time, and writes all down. */
static void wind_down(struct deliverer *self)
{
    struct error error = {.status = STATUS_OK};
    arena_reset(&self->arena);
    while (http_sender_under_way(self->sender) > 0 && now_of(self) < atomic_load(&self->stop_at)) {
        http_sender_wait(self->sender, 20);
        take_results(self);
    }
    if (write_down(self, true, &error) != STATUS_OK) note_store(self, error.status, &error);
    drop_all(self);
    arena_reset(&self->arena);
    lease_give_up(&self->lease, -1, &self->arena);
    atomic_store(&self->counts.is_ours, false);
}

static void *run(void *argument)
{
    struct deliverer *self = argument;
    while (!atomic_load(&self->stop)) {
        struct error error = {.status = STATUS_OK};
        arena_reset(&self->arena);
        if (self->failing == STATUS_OK || self->store_retry_at <= now_of(self))
            note_store(self, do_round(self, &error), &error);
        wait_some(self);
        set_counts(self);
    }
    wind_down(self);
    return NULL;
}

/* --- life --- */

static bool may_connect(const void *context, const uint8_t address[16])
{
    const struct deliverer *self = context;
    return endpoint_may_connect(&self->options.signer->rules, address);
}

enum status deliverer_new(const struct deliverer_options *options, struct deliverer **deliverer,
                          struct error *error)
{
    struct deliverer *self = calloc(1, sizeof(*self));
    if (!self) return error_plain(error, STATUS_OUT_OF_MEMORY);
    self->options = *options;
    const struct http_sender_options sender = {.may_connect = may_connect,
                                               .context = self,
                                               .ca_file = options->ca_file,
                                               .answer_max_bytes = options->answer_max_bytes,
                                               .user_agent = options->user_agent};
    self->sender = http_sender_new(&sender);
    if (!self->sender) {
        free(self);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    arena_init(&self->arena, ARENA_BYTES);
    lease_init(&self->lease, options->store, options->environment, STR("webhooks"),
               options->lease_ms, PATIENCE_MAX_MS);
    *deliverer = self;
    return STATUS_OK;
}

enum status deliverer_start(struct deliverer *self, struct error *error)
{
    self->started = pthread_create(&self->thread, NULL, run, self) == 0;
    return self->started ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

void deliverer_stop(struct deliverer *self, int64_t patience_ms)
{
    if (!self->started) return;
    atomic_store(&self->stop_at, in_ms(now_of(self), patience_ms));
    atomic_store(&self->stop, true);
    http_sender_wake(self->sender);
    (void)pthread_join(self->thread, NULL);
    self->started = false;
}

void deliverer_free(struct deliverer *self)
{
    if (!self) return;
    drop_all(self);
    http_sender_free(self->sender);
    arena_release(&self->arena);
    free(self->lanes);
    free(self);
}

/* --- metrics --- */

void deliverer_write_metrics(const struct deliverer *self, struct buffer *out)
{
    const struct deliverer_counts *counts = &self->counts;
    const struct {
        const char *name, *help;
        const _Atomic int64_t *value;
    } gauges[] = {
        {"customer360_webhooks_active", "Webhooks that this instance delivers to.",
         &counts->active},
        {"customer360_webhooks_failing", "Of these, how many fail altogether.", &counts->failing},
        {"customer360_webhooks_disabled", "Webhooks that are disabled.", &counts->disabled},
        {"customer360_webhooks_other_key",
         "Webhooks whose secrets were made with another key file; nothing is sent to them.",
         &counts->foreign},
        {"customer360_webhook_held_events", "Events that wait for another attempt, or behind one.",
         &counts->held},
        {"customer360_webhook_backlog_events",
         "How far the webhook that is farthest behind is behind the feed.", &counts->backlog},
        {"customer360_webhook_requests_under_way", "Requests under way.", &counts->under_way},
    };
    metric_head(out, "customer360_webhook_attempts_total", "counter", "Attempts to deliver.");
    for (int i = 0; i < WEBHOOK_OUTCOME_COUNT; i++)
        buffer_append_format(out, "customer360_webhook_attempts_total{outcome=\"%.*s\"} %lld\n",
                             STR_ARGS(webhook_outcome_name((enum webhook_outcome)i)),
                             (long long)atomic_load(&counts->attempts[i]));
    for (size_t i = 0; i < sizeof(gauges) / sizeof(gauges[0]); i++)
        metric_count(out, gauges[i].name, "gauge", gauges[i].help, atomic_load(gauges[i].value));
    metric_count(out, "customer360_webhooks_leads", "gauge", "1: this instance delivers.",
                 atomic_load(&counts->is_ours));
}
