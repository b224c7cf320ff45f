/* dead-letters: messages that were put aside, looked at, tried again, or dropped. Works on the
 * store, where they are; an embedded one must not be open in the service meanwhile. */
#include <inttypes.h>
#include <stdio.h>

#include "adapters/events/dead_letters.h"
#include "service/consuming.h"
#include "service/store_command.h"

enum { PAGE = 500, PAGE_ARENA_MAX = 1 << 30 };

struct letters_run {
    struct invocation *invocation;
    struct instance instance;
    struct arena page; /* of one page of letters */
    bool json;
    struct str topic; /* only those; absent: all */
    struct str key;
    int64_t count;
    int64_t refused;
    struct dead_letter *stopped; /* keys of which one was refused: by topic, key and tenant */
    size_t stopped_count;
};

typedef enum status each_letter(struct letters_run *run, const struct dead_letter *letter,
                                struct error *error);

/* ---- walking ---- */

static bool is_meant(const struct letters_run *run, const struct dead_letter *letter)
{
    return (str_is_none(run->topic) || str_equal(run->topic, letter->topic)) &&
           (str_is_none(run->key) || str_equal(run->key, letter->key));
}

static enum status for_each(struct letters_run *run, each_letter *each, struct error *error)
{
    struct dead_letter last = {0}, *letters;
    size_t count = PAGE;
    for (bool any = false; count == PAGE; any = true) {
        struct str topic = any ? arena_str(run->invocation->arena, last.topic) : STR_NONE;
        last.topic = topic;
        arena_reset(&run->page);
        TRY(store_dead_letter_list(run->instance.store, any ? &last : NULL, PAGE, &run->page,
                                   &letters, &count, error));
        for (size_t i = 0; i < count; i++) {
            last = letters[i];
            if (!is_meant(run, &letters[i])) continue;
            run->count++;
            TRY(each(run, &letters[i], error));
        }
    }
    return STATUS_OK;
}

/* ---- list and show ---- */

static struct str time_of(instant when, char out[INSTANT_TEXT_MAX])
{
    return when == INSTANT_NONE ? STR("-") : instant_format(when, out);
}

static enum status write_json(const struct letters_run *run, const struct dead_letter *letter,
                              bool whole, struct error *error)
{
    struct buffer out = {.arena = run->invocation->arena};
    struct json_writer writer = {.out = &out};
    char text[INSTANT_TEXT_MAX];
    json_object_begin(&writer);
    json_member_string(&writer, STR("topic"), letter->topic);
    json_key(&writer, STR("partition"));
    json_int64(&writer, letter->partition);
    json_key(&writer, STR("offset"));
    json_int64(&writer, letter->offset);
    json_member_nullable(&writer, STR("key"), letter->key);
    json_member_string(&writer, STR("code"), letter->code);
    json_member_string(&writer, STR("reason"), letter->reason);
    json_member_nullable(&writer, STR("tenant"), letter->tenant);
    json_member_nullable(&writer, STR("customerId"), letter->customer);
    json_member_string(&writer, STR("sentAt"), time_of(letter->sent_at, text));
    json_member_string(&writer, STR("parkedAt"), time_of(letter->parked_at, text));
    if (whole) json_member_nullable(&writer, STR("traceparent"), letter->trace);
    if (whole) json_member_nullable(&writer, STR("value"), letter->value);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)printf("%.*s\n", STR_ARGS(buffer_str(&out)));
    return STATUS_OK;
}

static enum status list_one(struct letters_run *run, const struct dead_letter *letter,
                            struct error *error)
{
    char text[INSTANT_TEXT_MAX];
    if (run->json) return write_json(run, letter, false, error);
    (void)printf("%.*s %" PRId64 " %" PRId64 "  key %.*s  %.*s  %.*s: %.*s\n",
                 STR_ARGS(letter->topic), letter->partition, letter->offset,
                 STR_ARGS(str_is_none(letter->key) ? STR("-") : letter->key),
                 STR_ARGS(time_of(letter->parked_at, text)), STR_ARGS(letter->code),
                 STR_ARGS(letter->reason));
    return STATUS_OK;
}

/* The letter that TOPIC PARTITION OFFSET name. */
static enum status find_named(struct letters_run *run, struct dead_letter *letter,
                              struct error *error)
{
    const struct str *words = run->invocation->operands + 1;
    struct dead_letter before = {0}, *found = NULL;
    size_t count = 0;
    if (run->invocation->operand_count != 4 || !str_to_int64(words[1], &before.partition) ||
        !str_to_int64(words[2], &before.offset))
        return error_set(error, STATUS_USAGE, STR("TOPIC PARTITION OFFSET"),
                         STR("as `dead-letters list` has them"), "it is not said which letter");
    before.topic = words[0];
    before.offset--;
    TRY(store_dead_letter_list(run->instance.store, &before, 1, &run->page, &found, &count, error));
    if (count == 0 || !str_equal(found->topic, words[0]) || found->partition != before.partition ||
        found->offset != before.offset + 1)
        return error_set(error, STATUS_USAGE, STR("TOPIC PARTITION OFFSET"),
                         STR("as `dead-letters list` has them"), "there is no such letter");
    *letter = *found;
    return STATUS_OK;
}

static enum status show(struct letters_run *run, struct error *error)
{
    struct dead_letter letter = {0};
    TRY(find_named(run, &letter, error));
    return write_json(run, &letter, true, error);
}

static enum status drop(struct letters_run *run, struct error *error)
{
    struct dead_letter letter = {0};
    TRY(find_named(run, &letter, error));
    TRY(store_dead_letter_remove(run->instance.store, &letter, &run->page, error));
    (void)fprintf(stderr, "dropped; what it asked for has not happened\n");
    return STATUS_OK;
}

static enum status list(struct letters_run *run, struct error *error)
{
    TRY(for_each(run, list_one, error));
    if (!run->json) (void)fprintf(stderr, "%" PRId64 " dead letters\n", run->count);
    return STATUS_OK;
}

/* ---- replay ---- */

struct replay {
    struct letters_run run; /* first: for_each hands it on */
    struct inbound_reader reader;
    struct str topics[INBOUND_TYPE_COUNT];
    struct arena arena; /* of one letter */
};

/* Of one tenant, unless that of one of them is not known. */
static bool is_stopped(const struct letters_run *run, const struct dead_letter *letter)
{
    for (size_t i = 0; i < run->stopped_count; i++) {
        const struct dead_letter *stopped = &run->stopped[i];
        if (str_equal(stopped->topic, letter->topic) && str_equal(stopped->key, letter->key) &&
            (str_is_none(stopped->tenant) || str_is_none(letter->tenant) ||
             str_equal(stopped->tenant, letter->tenant)))
            return true;
    }
    return false;
}

/* What comes behind it stays where it is, so that the order does. */
static enum status stop_key(struct letters_run *run, const struct dead_letter *letter,
                            struct error *error)
{
    struct arena *arena = run->invocation->arena;
    size_t size = run->stopped_count * sizeof(*run->stopped);
    if (str_is_none(letter->key)) return STATUS_OK;
    struct dead_letter *stopped =
        arena_realloc(arena, run->stopped, size, size + sizeof(*run->stopped));
    if (!stopped) return error_plain(error, STATUS_OUT_OF_MEMORY);
    run->stopped = stopped;
    stopped[run->stopped_count++] = (struct dead_letter){
        .topic = arena_str(arena, letter->topic),
        .key = arena_str(arena, letter->key),
        .tenant = str_is_none(letter->tenant) ? STR_NONE : arena_str(arena, letter->tenant)};
    return STATUS_OK;
}

static bool type_of(const struct replay *replay, struct str topic, enum inbound_type *type)
{
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++) {
        *type = (enum inbound_type)i;
        if (str_equal(replay->topics[i], topic)) return true;
    }
    return false;
}

static enum status replay_one(struct letters_run *run, const struct dead_letter *letter,
                              struct error *error)
{
    struct replay *replay = (struct replay *)run;
    struct consumed result = {.outcome = CONSUMED_REFUSED};
    enum inbound_type type;
    arena_reset(&replay->arena);
    if (!str_is_none(letter->key) && is_stopped(run, letter)) {
        run->refused++;
        return STATUS_OK;
    }
    if (type_of(replay, letter->topic, &type))
        TRY(dead_letters_replay(&run->instance.application, &replay->reader, type, letter,
                                &replay->arena, &result, error));
    else
        (void)error_set(&result.error, STATUS_CONFIGURATION, STR(""), STR(""),
                        "no key kafka.topic_* names this topic");
    if (result.outcome != CONSUMED_REFUSED)
        return store_dead_letter_remove(run->instance.store, letter, &replay->arena, error);
    run->refused++;
    (void)fprintf(stderr, "%.*s %" PRId64 " %" PRId64 ": %.*s: %s\n", STR_ARGS(letter->topic),
                  letter->partition, letter->offset, STR_ARGS(status_code(result.error.status)),
                  result.error.message);
    return stop_key(run, letter, error);
}

/* While the service goes on, more may come behind a parked key: until all that is left was refused.
 */
static enum status replay_all(struct letters_run *run, struct error *error)
{
    struct replay replay = {.run = *run};
    const struct config_values *config = &run->invocation->config.values;
    const struct schema_registry *registry;
    int64_t done = 0;
    consuming_topics(config, replay.topics);
    TRY(consuming_registry(config, run->invocation->arena, &registry, error));
    TRY(inbound_reader_init(&replay.reader, registry, error));
    arena_init(&replay.arena, PAGE_ARENA_MAX);
    enum status status;
    do {
        replay.run.stopped_count = 0;
        replay.run.count = replay.run.refused = 0;
        status = for_each(&replay.run, replay_one, error);
        done += replay.run.count - replay.run.refused;
    } while (status == STATUS_OK && replay.run.count > replay.run.refused);
    inbound_reader_release(&replay.reader);
    arena_release(&replay.arena);
    TRY(status);
    (void)fprintf(stderr, "%" PRId64 " taken, %" PRId64 " stay\n", done, replay.run.refused);
    if (replay.run.refused > 0) run->invocation->exit_code = 1;
    return STATUS_OK;
}

/* ---- the command ---- */

static enum status run_dead_letters(struct invocation *invocation, struct error *error)
{
    static const struct {
        struct str name;
        enum status (*run)(struct letters_run *, struct error *);
    } acts[] = {
        {STR("list"), list}, {STR("show"), show}, {STR("replay"), replay_all}, {STR("drop"), drop}};
    struct str act = invocation->operand_count > 0 ? invocation->operands[0] : STR("");
    struct letters_run run = {.invocation = invocation,
                              .json = invocation_switch(invocation, STR("json")),
                              .topic = invocation_option(invocation, STR("topic")),
                              .key = invocation_option(invocation, STR("key"))};
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (!str_equal(acts[i].name, act)) continue;
        TRY(store_command_require_store(invocation, error));
        TRY(store_command_open(invocation, STR("  stop the service, for this works on its store"),
                               &run.instance, error));
        arena_init(&run.page, PAGE_ARENA_MAX);
        enum status status = acts[i].run(&run, error);
        arena_release(&run.page);
        instance_close(&run.instance);
        return status;
    }
    return error_set(error, STATUS_USAGE, STR("ACT"), STR("list | show | replay | drop"),
                     "it is not said what to do with dead letters");
}

static const struct command_option options[] = {
    {STR("topic"), STR("TOPIC"), STR("only of this topic (list, replay)")},
    {STR("key"), STR("KEY"), STR("only with this key (list, replay)")},
    {STR("json"), STR_NONE, STR("a line of JSON for each (list)")},
};

const struct command command_dead_letters = {
    .name = STR("dead-letters"),
    .operands = STR("list | show TOPIC PARTITION OFFSET | replay | drop TOPIC PARTITION OFFSET"),
    .operands_max = 4,
    .summary = STR("messages of neighbouring systems that were put aside"),
    .text = STR("  customer360 dead-letters list --store postgresql://...\n"
                "  customer360 dead-letters show crm.contracts.activated 0 17\n"
                "  customer360 dead-letters replay --topic crm.contracts.activated"),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_dead_letters,
};
