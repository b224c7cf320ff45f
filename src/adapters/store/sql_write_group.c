#include "adapters/store/sql_write_group.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "adapters/store/sql_joint.h"
#include "adapters/store/sql_store_internal.h"
#include "base/hash.h"
#include "engines/loop/loop.h"
#include "engines/sql/sql_queue.h"
#include "formats/metric.h"

enum {
    MEMBERS_MAX = 64,
    GROUPS_MAX = 4,   /* of a tenant: while the server works on one, another thinks */
    FEW = 4,          /* under way: another group is begun for whoever comes */
    WORTH = 32,       /* waiting: the same, whatever is under way */
    LOCKS_MAX = 2048, /* keys of a group: the server's table of locks is shared by all */
    LOCK_SLOTS = 2 * LOCKS_MAX,
    SIZES = 7, /* of groups, that are counted: up to 1, 2, 4, ... MEMBERS_MAX */
    ARENA_BYTES = 64 << 20
};

enum member_state {
    MEMBER_WAITS,
    MEMBER_RUNS,
    MEMBER_ASKS,
    MEMBER_ENDED, /* its body has; the outcome is not known */
    MEMBER_TOLD
};

struct group;

/* On the stack of whoever waits. To its body it is a transaction. */
struct member {
    struct sql_transaction base;
    struct member *next;
    struct group *group;
    struct coroutine *coroutine;
    int64_t since_ns;
    bool is_suspended;
    bool is_alone; /* it leaves the group */
    enum member_state state;
    enum status status; /* of its body, and then of all */
    struct error *error;
    struct sql_session session;
    struct str *locks; /* keys that it wants to lock before it reads on */
    size_t lock_count;
    struct sql_question question;
};

/* Those of a tenant, in one loop. */
struct lane {
    struct lane *next;
    struct loop_groups *loop;
    size_t group_count, member_count; /* under way */
    struct member *first, **last;
    size_t waiting;
    size_t tenant_length;
    char tenant[];
};

struct loop_groups {
    struct loop_groups *next;
    struct sql_store *store;
    struct loop *loop;
    struct lane *lanes;
    struct sql_queue queue; /* of those who wait */
};

struct sql_write_groups {
    struct sql_store *store;
    _Atomic uint64_t sizes[SIZES];  /* groups, by how many they had */
    _Atomic uint64_t members, left; /* of all; who was then carried out alone */
    pthread_mutex_t mutex;
    struct loop_groups *loops;
};

struct group {
    struct lane *lane;
    struct arena *arena;
    struct sql_transaction *transaction;
    struct coroutine *conductor;
    bool is_suspended;
    bool was_run;
    struct member *members, *last;
    size_t count;
    size_t running;
    uint64_t *locked; /* hashes of keys */
    size_t locked_count;
    bool creates, is_creating; /* a member does; the lock of creations is shared */
};

/* --- taking turns --- */

static void wait_while(struct member *member, enum member_state state)
{
    while (member->state == state) {
        member->is_suspended = true;
        coroutine_suspend();
        member->is_suspended = false;
    }
}

static void set_state(struct member *member, enum member_state state)
{
    member->state = state;
    if (member->is_suspended) coroutine_resume(member->coroutine);
}

/* The last one that stops lets the conductor go on. */
static void stop(struct member *member, enum member_state state)
{
    struct group *group = member->group;
    member->state = state;
    if (--group->running == 0 && group->is_suspended) coroutine_resume(group->conductor);
    wait_while(member, state);
}

static void let_run(struct group *group, enum member_state from)
{
    for (struct member *member = group->members; member; member = member->next)
        if (member->state == from) {
            group->running++;
            set_state(member, MEMBER_RUNS);
        }
    while (group->running > 0) {
        group->is_suspended = true;
        coroutine_suspend();
        group->is_suspended = false;
    }
}

/* --- what a body does --- */

static enum status leave(struct member *member, struct error *error)
{
    member->is_alone = true;
    return error_plain(error, STATUS_WRITE_CONFLICT);
}

static enum status member_query(struct sql_transaction *base, const struct sql_statement *statement,
                                const struct sql_value *params, size_t count, struct arena *arena,
                                struct sql_rows *rows, struct error *error)
{
    struct member *member = (struct member *)base;
    if (member->is_alone || !sql_joint_can(statement, count)) return leave(member, error);
    member->question = (struct sql_question){
        .statement = statement, .params = params, .count = count, .arena = arena, .rows = rows};
    stop(member, MEMBER_ASKS);
    return member->question.is_answered && !member->is_alone ? STATUS_OK : leave(member, error);
}

/* False when another of the group has it. */
static bool take_lock(struct group *group, struct str key)
{
    static const struct hash_key hash_key = {0x6c6f636b73206f66, 0x20612067726f7570};
    uint64_t hash = hash_bytes(hash_key, key) | 1, slot = hash;
    if (group->locked_count == LOCKS_MAX) return false;
    while (group->locked[slot % LOCK_SLOTS])
        if (group->locked[slot++ % LOCK_SLOTS] == hash) return false;
    group->locked[slot % LOCK_SLOTS] = hash;
    group->locked_count++;
    return true;
}

static enum status note_locks(struct member *member, const struct sql_value *keys,
                              struct error *error)
{
    struct group *group = member->group;
    size_t count = member->lock_count + keys->array_count, at = 0;
    struct str *locks = ARENA_NEW_ARRAY(group->arena, struct str, count);
    if (!locks) return leave(member, error);
    for (; at < member->lock_count; at++) locks[at] = member->locks[at];
    for (size_t i = 0; i < keys->array_count; i++, at++) {
        locks[at] = arena_str(group->arena, keys->array[i]);
        if (str_is_none(locks[at]) || !take_lock(group, locks[at])) return leave(member, error);
    }
    member->locks = locks;
    member->lock_count = count;
    return STATUS_OK;
}

static enum status member_execute(struct sql_transaction *base,
                                  const struct sql_statement *statement,
                                  const struct sql_value *params, size_t count, struct error *error)
{
    struct member *member = (struct member *)base;
    if (member->is_alone || count != 2) return leave(member, error);
    if (statement == SQL_KEYS_LOCK) return note_locks(member, &params[1], error);
    if (statement != SQL_CREATION_BEGIN) return leave(member, error);
    member->group->creates = true;
    return STATUS_OK;
}

/* --- what all ask --- */

static struct str tenant_of(const struct lane *lane)
{
    return str_of(lane->tenant, lane->tenant_length);
}

/* Rows: the number of a member for each key that somebody else has. */
static enum status ask_locks(struct group *group, struct sql_rows *lost, struct error *error)
{
    size_t count = 0, at = 0;
    int64_t number = 0;
    for (struct member *member = group->members; member; member = member->next)
        count += member->lock_count;
    struct str *keys = ARENA_NEW_ARRAY(group->arena, struct str, count);
    int64_t *owners = ARENA_NEW_ARRAY(group->arena, int64_t, count);
    if (!keys || !owners) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (count == 0) return STATUS_OK;
    for (struct member *member = group->members; member; member = member->next, number++) {
        for (size_t i = 0; i < member->lock_count; i++, at++) {
            keys[at] = member->locks[i];
            owners[at] = number;
        }
        member->lock_count = 0;
    }
    const struct sql_value params[] = {SQL_PARAM_TEXT(tenant_of(group->lane)),
                                       SQL_PARAM_ARRAY(keys, count),
                                       SQL_PARAM_INT64_ARRAY(owners, count)};
    return sql_ask(group->transaction, SQL_KEYS_TRY_LOCK, params, SQL_COUNT(params), group->arena,
                   lost, error);
}

static void drop_losers(struct group *group, const struct sql_rows *lost)
{
    int64_t number = 0;
    for (struct member *member = group->members; member; member = member->next, number++)
        for (size_t i = 0; i < lost->row_count; i++)
            if (sql_cell_int64(lost, i, 0, 0) == number) member->is_alone = true;
}

/* Waits for whoever has stopped creations, and who waits for nothing. */
static enum status begin_creating(struct group *group, struct error *error)
{
    const struct sql_value params[] = {SQL_PARAM_TEXT(tenant_of(group->lane)),
                                       SQL_PARAM_TEXT(STORE_CREATIONS)};
    if (!group->creates || group->is_creating) return STATUS_OK;
    group->is_creating = true;
    return sql_execute(group->transaction, SQL_CREATION_BEGIN, params, SQL_COUNT(params), error);
}

/* One round trip: keys are locked before anything is read, and each reading sees what was committed
 * before it. */
static enum status answer(struct group *group, struct error *error)
{
    struct sql_question *questions[MEMBERS_MAX];
    struct sql_joint_answers *answers;
    struct sql_rows lost = {0};
    size_t count = 0;
    for (struct member *member = group->members; member; member = member->next)
        if (member->state == MEMBER_ASKS) questions[count++] = &member->question;
    TRY(ask_locks(group, &lost, error));
    TRY(begin_creating(group, error));
    TRY(sql_joint_ask(group->transaction, tenant_of(group->lane), questions, count, group->arena,
                      &answers, error));
    TRY(sql_settle(group->transaction, error));
    drop_losers(group, &lost);
    return sql_joint_give(answers, error);
}

/* --- a group --- */

static bool any_is(const struct group *group, enum member_state state)
{
    for (const struct member *member = group->members; member; member = member->next)
        if (member->state == state) return true;
    return false;
}

static bool any_locks(const struct group *group)
{
    for (const struct member *member = group->members; member; member = member->next)
        if (member->lock_count > 0) return true;
    return group->creates && !group->is_creating;
}

/* Who has waited longest. */
static void take_member(struct group *group)
{
    struct lane *lane = group->lane;
    struct member *member = lane->first;
    lane->first = member->next;
    if (!lane->first) lane->last = &lane->first;
    lane->waiting--;
    lane->member_count++;
    sql_queue_leave(&lane->loop->queue);
    member->group = group;
    member->next = NULL;
    *(group->last ? &group->last->next : &group->members) = member;
    group->last = member;
    group->count++;
}

/* Who fails here fails with all: each is to be carried out alone. */
static void leave_all(struct group *group)
{
    for (struct member *member = group->members; member; member = member->next)
        member->is_alone = true;
}

static bool is_written(const struct member *member)
{
    return !member->is_alone && member->status == STATUS_OK;
}

static enum status write_all(struct group *group, struct error *error)
{
    struct sql_writes writes;
    enum status status = STATUS_OK;
    sql_writes_init(&writes, group->transaction, tenant_of(group->lane), true);
    for (struct member *member = group->members; member && status == STATUS_OK;
         member = member->next)
        if (is_written(member)) status = sql_writes_move(&writes, &member->session.writes, error);
    if (status == STATUS_OK) status = sql_writes_flush(&writes, error);
    sql_writes_release(&writes);
    return status;
}

static enum status run_group(struct group *group, struct error *error)
{
    enum status status = STATUS_OK;
    group->locked = ARENA_NEW_ARRAY(group->arena, uint64_t, LOCK_SLOTS);
    if (!group->locked) return error_plain(error, STATUS_OUT_OF_MEMORY);
    while (group->lane->first && group->count < MEMBERS_MAX) take_member(group);
    let_run(group, MEMBER_WAITS);
    while (any_is(group, MEMBER_ASKS)) {
        if (status == STATUS_OK) status = answer(group, error);
        if (status != STATUS_OK) leave_all(group);
        let_run(group, MEMBER_ASKS);
    }
    if (status == STATUS_OK && any_locks(group)) status = answer(group, error);
    return status == STATUS_OK ? write_all(group, error) : status;
}

static enum status group_body(struct sql_transaction *transaction, void *context,
                              struct error *error)
{
    struct group *group = context;
    group->transaction = transaction;
    if (!group->was_run) {
        group->was_run = true;
        return run_group(group, error);
    }
    leave_all(group); /* a conflict: its bodies have run, and are not run again together */
    return STATUS_OK;
}

/* How it ends for one of them, who is told later. */
static void conclude(struct member *member, enum status status, const struct error *error)
{
    bool was_run = member->state == MEMBER_ENDED;
    if (!was_run || (is_written(member) && status == STATUS_OUTCOME_UNKNOWN)) {
        member->status = status;
        if (member->error) *member->error = *error;
    } else if (is_written(member) && status != STATUS_OK) {
        member->is_alone = true;
    }
}

static void count_group(struct sql_write_groups *groups, const struct group *group)
{
    size_t size = 0, left = 0;
    while (size + 1 < SIZES && (size_t)1 << size < group->count) size++;
    for (const struct member *member = group->members; member; member = member->next)
        left += member->is_alone;
    atomic_fetch_add_explicit(&groups->sizes[size], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&groups->members, group->count, memory_order_relaxed);
    atomic_fetch_add_explicit(&groups->left, left, memory_order_relaxed);
}

/* It has a member from the start, and nothing to wait for once that is told: so no conductor
 * outlives those who wait for it. When no transaction can be begun, whoever has waited as long is
 * told as well. */
static void carry_out(struct lane *lane, struct arena *arena)
{
    struct group group = {.lane = lane, .arena = arena, .conductor = coroutine_current()};
    struct sql_driver *driver = lane->loop->store->driver;
    struct error error = {0};
    int64_t began_ns = sql_queue_now_ns();
    arena_reset(arena);
    take_member(&group);
    enum status status =
        driver->transact(driver, SQL_WRITE, tenant_of(lane), arena, group_body, &group, &error);
    while (!group.was_run && lane->first && lane->first->since_ns <= began_ns) take_member(&group);
    for (struct member *member = group.members; member; member = member->next)
        conclude(member, status, &error);
    if (group.was_run) /* else whoever has waited is in it: any number */
        count_group(lane->loop->store->groups, &group);
    for (struct member *member = group.members, *next; member; member = next) {
        next = member->next;
        set_state(member, MEMBER_TOLD);
    }
    lane->member_count -= group.count;
    sql_queue_took(&lane->loop->queue, (sql_queue_now_ns() - began_ns) / (int64_t)group.count);
}

/* --- lanes --- */

/* Small groups beside a large one would only take what the next large one could have. */
static bool is_worth_another(const struct lane *lane)
{
    return lane->first && (lane->member_count < FEW || lane->waiting >= WORTH);
}

static void conduct(void *argument)
{
    struct lane *lane = argument;
    struct arena arena;
    arena_init(&arena, ARENA_BYTES);
    while (is_worth_another(lane)) carry_out(lane, &arena);
    arena_release(&arena);
    if (--lane->group_count > 0) return;
    struct lane **link = &lane->loop->lanes;
    while (*link != lane) link = &(*link)->next;
    *link = lane->next;
    free(lane);
}

static struct lane *lane_of(struct loop_groups *loop, struct str tenant)
{
    for (struct lane *lane = loop->lanes; lane; lane = lane->next)
        if (str_equal(tenant_of(lane), tenant)) return lane;
    struct lane *lane = malloc(sizeof(*lane) + tenant.len);
    if (!lane) return NULL;
    *lane = (struct lane){.next = loop->lanes, .loop = loop, .tenant_length = tenant.len};
    lane->last = &lane->first;
    memcpy(lane->tenant, tenant.ptr, tenant.len);
    loop->lanes = lane;
    return lane;
}

static struct loop_groups *loop_of(struct sql_write_groups *groups, bool makes)
{
    struct loop *loop = coroutine_current() ? loop_current() : NULL;
    struct loop_groups *found;
    if (!loop) return NULL;
    pthread_mutex_lock(&groups->mutex);
    for (found = groups->loops; found && found->loop != loop; found = found->next) continue;
    if (!found && makes && (found = calloc(1, sizeof(*found)))) {
        *found = (struct loop_groups){.next = groups->loops, .store = groups->store, .loop = loop};
        groups->loops = found;
    }
    pthread_mutex_unlock(&groups->mutex);
    return found;
}

/* False when there is nobody who would carry it out. */
static bool stand_in_line(struct lane *lane, struct member *member)
{
    bool is_carried_out = lane->group_count > 0;
    *lane->last = member;
    lane->last = &member->next;
    lane->waiting++;
    sql_queue_enter(&lane->loop->queue);
    if (lane->group_count == GROUPS_MAX || !is_worth_another(lane)) return true;
    lane->group_count++;
    if (loop_spawn(lane->loop->loop, conduct, lane)) return true;
    lane->group_count--;
    if (is_carried_out) return true;
    lane->first = NULL;
    lane->last = &lane->first;
    lane->waiting--;
    sql_queue_leave(&lane->loop->queue);
    return false;
}

static void run_body(struct member *member, struct sql_store *store, struct str tenant,
                     struct arena *arena, store_body *body, void *context)
{
    struct arena_mark mark = arena_mark(arena);
    sql_session_begin(&member->session, store, &member->base, tenant, arena);
    member->session.is_write = true;
    member->status = body(&member->session.base, context, member->error);
    if (member->status == STATUS_WRITE_CONFLICT) member->is_alone = true;
    stop(member, MEMBER_ENDED);
    sql_session_end(&member->session);
    if (member->is_alone) arena_rewind(arena, mark);
}

bool sql_write_groups_run(struct sql_write_groups *groups, struct str tenant, struct arena *arena,
                          store_body *body, void *context, enum status *status, struct error *error)
{
    static struct sql_driver driver = {.query = member_query, .execute = member_execute};
    struct loop_groups *loop = loop_of(groups, true);
    struct lane *lane = loop ? lane_of(loop, tenant) : NULL;
    struct member member = {.base.driver = &driver,
                            .coroutine = coroutine_current(),
                            .state = MEMBER_WAITS,
                            .since_ns = sql_queue_now_ns(),
                            .error = error};
    if (!lane || !stand_in_line(lane, &member)) return false;
    wait_while(&member, MEMBER_WAITS);
    if (member.state == MEMBER_RUNS) run_body(&member, groups->store, tenant, arena, body, context);
    *status = member.status;
    return !member.is_alone;
}

static unsigned long long read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void sql_write_groups_write_metrics(struct store *store, struct buffer *out)
{
    static const char *const name = "customer360_write_group_size";
    const struct sql_write_groups *groups = ((struct sql_store *)store)->groups;
    unsigned long long count = 0;
    metric_head(out, name, "histogram",
                "Writes of PostgreSQL that were carried out in one transaction; the embedded store "
                "has no such groups.");
    for (size_t size = 0; groups && size < SIZES; size++) {
        count += read_counter(&groups->sizes[size]);
        buffer_append_format(out, "%s_bucket{le=\"%d\"} %llu\n", name, 1 << size, count);
    }
    if (groups)
        buffer_append_format(out, "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %llu\n%s_count %llu\n", name,
                             count, name, read_counter(&groups->members), name, count);
    metric_count(out, "customer360_write_group_left_total", "counter",
                 "Of them, those that could not be carried out with others and then were alone.",
                 groups ? (int64_t)read_counter(&groups->left) : 0);
}

struct queue_wait sql_write_groups_wait(struct sql_write_groups *groups)
{
    const struct loop_groups *loop = loop_of(groups, false);
    return loop ? sql_queue_wait(&loop->queue) : (struct queue_wait){0};
}

struct sql_write_groups *sql_write_groups_new(struct sql_store *store)
{
    struct sql_write_groups *groups = calloc(1, sizeof(*groups));
    if (!groups) return NULL;
    groups->store = store;
    pthread_mutex_init(&groups->mutex, NULL);
    return groups;
}

/* Those for which there was no coroutine. */
static void free_lanes(struct loop_groups *loop)
{
    for (struct lane *lane = loop->lanes, *next; lane; lane = next) {
        next = lane->next;
        free(lane);
    }
}

void sql_write_groups_free(struct sql_write_groups *groups)
{
    if (!groups) return;
    for (struct loop_groups *loop = groups->loops, *next; loop; loop = next) {
        next = loop->next;
        free_lanes(loop);
        free(loop);
    }
    pthread_mutex_destroy(&groups->mutex);
    free(groups);
}
