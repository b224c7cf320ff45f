/* webhooks: subscriptions of a tenant, or of all, looked at and put right by whoever operates. Does
 * what the API does, on the store; an embedded one must not be open in the service meanwhile. What
 * makes a secret is the API's alone, which shows it to its owner. */
#include <inttypes.h>
#include <stdio.h>

#include "application/webhooks.h"
#include "service/store_command.h"

enum { PAGE = 200, PAGE_ARENA_MAX = 256 << 20 };

struct webhooks_run {
    struct invocation *invocation;
    struct instance instance;
    struct caller caller;
    struct arena page;
    struct str webhook_id;
};

/* ---- looking ---- */

static enum status list_one(const struct webhook_row *row, const struct caller *asked, bool json,
                            struct arena *arena, struct error *error)
{
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    if (!str_is_none(asked->tenant) && !str_equal(asked->tenant, row->tenant)) return STATUS_OK;
    if (!json) {
        (void)printf("%.*s %.*s  %.*s  position %" PRId64 ", %" PRId64 " delivered, %" PRId64
                     " failures in a row  %.*s\n",
                     STR_ARGS(row->tenant), STR_ARGS(row->webhook_id),
                     STR_ARGS(webhook_state_name(row->state)), row->progress.position,
                     row->progress.delivered, row->progress.failures, STR_ARGS(row->url));
        return STATUS_OK;
    }
    json_object_begin(&writer);
    json_member_string(&writer, STR("tenant"), row->tenant);
    json_member_string(&writer, STR("webhookId"), row->webhook_id);
    json_member_string(&writer, STR("url"), row->url);
    json_member_string(&writer, STR("status"), webhook_state_name(row->state));
    json_key(&writer, STR("position"));
    json_int64(&writer, row->progress.position);
    json_key(&writer, STR("delivered"));
    json_int64(&writer, row->progress.delivered);
    json_key(&writer, STR("givenUp"));
    json_int64(&writer, row->progress.given_up);
    json_key(&writer, STR("failuresInARow"));
    json_int64(&writer, row->progress.failures);
    json_object_end(&writer);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)printf("%.*s\n", STR_ARGS(buffer_str(&out)));
    return STATUS_OK;
}

static enum status list(struct webhooks_run *run, struct error *error)
{
    struct webhook_row *rows;
    size_t count;
    const struct caller asked = {.tenant = invocation_option(run->invocation, STR("tenant"))};
    bool json = invocation_switch(run->invocation, STR("json"));
    TRY(webhook_list_all(run->instance.store, &run->page, &rows, &count, error));
    for (size_t i = 0; i < count; i++) TRY(list_one(&rows[i], &asked, json, &run->page, error));
    return STATUS_OK;
}

static enum status print_view(const struct webhook_view *view)
{
    (void)printf("%.*s\n", STR_ARGS(view->json));
    return STATUS_OK;
}

static enum status show(struct webhooks_run *run, struct error *error)
{
    struct webhook_view view;
    TRY(webhooks_get(&run->instance.application, &run->caller, run->webhook_id, &run->page, &view,
                     error));
    return print_view(&view);
}

/* The newest page: for older ones there is the API. */
static enum status deliveries(struct webhooks_run *run, struct error *error)
{
    struct json_page page;
    struct json_value *body;
    bool failed = invocation_switch(run->invocation, STR("failed"));
    TRY(webhooks_deliveries(&run->instance.application, &run->caller, run->webhook_id, failed,
                            STR_NONE, PAGE, &run->page, &page, error));
    TRY(json_parse(page.body, &run->page, &body, error));
    const struct json_value *items = json_get(body, STR("items"));
    for (size_t i = 0; items && i < items->count; i++) {
        struct buffer out = {.arena = &run->page};
        struct json_writer writer = {.out = &out};
        json_write(&writer, &items->items[i]);
        if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
        (void)printf("%.*s\n", STR_ARGS(buffer_str(&out)));
    }
    return STATUS_OK;
}

/* ---- putting right ---- */

static enum status set_status(struct webhooks_run *run, struct str status, struct error *error)
{
    struct webhook_view view;
    struct json_value *patch;
    struct str text = arena_format(&run->page, "{\"status\":\"%.*s\"}", STR_ARGS(status));
    if (str_is_none(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(json_parse(text, &run->page, &patch, error));
    TRY(webhooks_change(&run->instance.application, &run->caller, run->webhook_id, patch,
                        IF_MATCH_ANY, &run->page, &view, error));
    return print_view(&view);
}

static enum status enable(struct webhooks_run *run, struct error *error)
{
    return set_status(run, STR("ACTIVE"), error);
}

static enum status disable(struct webhooks_run *run, struct error *error)
{
    return set_status(run, STR("DISABLED"), error);
}

static enum status replay(struct webhooks_run *run, struct error *error)
{
    struct webhook_view view;
    struct json_value *body;
    int64_t after;
    TRY(invocation_number(run->invocation, STR("after"), -1, 0, INT64_MAX, &after, error));
    if (after < 0)
        return error_set(error, STATUS_USAGE, STR("after"), STR("--after POSITION of the feed"),
                         "it is not said behind which event");
    struct str text = arena_format(&run->page, "{\"after\":%" PRId64 "}", after);
    if (str_is_none(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(json_parse(text, &run->page, &body, error));
    TRY(webhooks_replay(&run->instance.application, &run->caller, run->webhook_id, body, &run->page,
                        &view, error));
    return print_view(&view);
}

static enum status send_test(struct webhooks_run *run, struct error *error)
{
    struct str json;
    TRY(webhooks_test(&run->instance.application, &run->caller, run->webhook_id, &run->page, &json,
                      error));
    (void)printf("%.*s\n", STR_ARGS(json));
    return STATUS_OK;
}

static enum status drop(struct webhooks_run *run, struct error *error)
{
    return webhooks_remove(&run->instance.application, &run->caller, run->webhook_id, &run->page,
                           error);
}

/* ---- the command ---- */

static const struct act {
    struct str name;
    bool of_one;
    enum status (*run)(struct webhooks_run *, struct error *);
} acts[] = {
    {STR("list"), false, list},
    {STR("show"), true, show},
    {STR("deliveries"), true, deliveries},
    {STR("enable"), true, enable},
    {STR("disable"), true, disable},
    {STR("replay"), true, replay},
    {STR("test"), true, send_test},
    {STR("remove"), true, drop},
};

static enum status find_act(const struct invocation *invocation, const struct act **act,
                            struct error *error)
{
    struct str name = invocation->operand_count > 0 ? invocation->operands[0] : STR("");
    for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
        if (!str_equal(acts[i].name, name)) continue;
        *act = &acts[i];
        if (invocation->operand_count == (size_t)(acts[i].of_one ? 2 : 1)) return STATUS_OK;
        return error_set(error, STATUS_USAGE, STR("ID"), STR("as `webhooks list` has it"),
                         acts[i].of_one ? "it is not said which webhook"
                                        : "there is an ID too many");
    }
    return error_set(error, STATUS_USAGE, STR("ACT"),
                     STR("list | show | deliveries | enable | disable | replay | test | remove"),
                     "it is not said what to do with webhooks");
}

static struct str curl_line(const struct invocation *invocation, const struct caller *caller)
{
    return arena_format(invocation->arena, "  curl -sS%.*s %.*s/webhooks",
                        STR_ARGS(store_command_headers(invocation, caller)),
                        STR_ARGS(store_command_url(invocation)));
}

static enum status run_webhooks(struct invocation *invocation, struct error *error)
{
    struct webhooks_run run = {.invocation = invocation};
    const struct act *act = NULL;
    TRY(find_act(invocation, &act, error));
    TRY(store_command_caller(invocation, &run.caller, error));
    if (act->of_one) run.webhook_id = invocation->operands[1];
    TRY(store_command_open(invocation, curl_line(invocation, &run.caller), &run.instance, error));
    arena_init(&run.page, PAGE_ARENA_MAX);
    enum status status = act->run(&run, error);
    arena_release(&run.page);
    instance_close(&run.instance);
    return status;
}

static const struct command_option options[] = {
    {STR("after"), STR("POSITION"), STR("tell everything behind it again (replay)")},
    {STR("failed"), STR_NONE, STR("only what was not delivered (deliveries)")},
    {STR("json"), STR_NONE, STR("a line of JSON for each (list)")},
    {STR("tenant"), STR("TENANT"), STR("whose webhooks (list: all; else default)")},
    {STR("user"), STR("USER"), STR("recorded as the actor (customer360)")},
};

const struct command command_webhooks = {
    .name = STR("webhooks"),
    .operands = STR("list | show ID | deliveries ID | enable ID | disable ID | replay ID | test ID "
                    "| remove ID"),
    .operands_max = 2,
    .summary = STR("who is told of events by HTTP, and whether it works"),
    .text = STR("  customer360 webhooks list --store postgresql://...\n"
                "  customer360 webhooks deliveries WHK-1 --failed --tenant acme\n"
                "  customer360 webhooks replay WHK-1 --after 1000 --tenant acme"),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_webhooks,
};
