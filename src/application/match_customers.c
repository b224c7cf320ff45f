#include "application/match_customers.h"

#include "application/new_customer.h"

struct matching {
    struct application *application;
    const struct policy *policy;
    struct arena *arena;
    const struct new_customer *customer;
    struct duplicate *duplicates;
    size_t count;
};

static enum status match_body(struct store_session *session, void *context, struct error *error)
{
    struct matching *matching = context;
    const struct customer_keys *keys = &matching->customer->keys;
    const struct duplicate_search search = {.application = matching->application,
                                            .policy = matching->policy,
                                            .session = session,
                                            .arena = matching->arena,
                                            .record = &matching->customer->record};
    bool *cut = ARENA_NEW_ARRAY(matching->arena, bool, keys->searched);
    if (!cut) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return duplicates_find(&search, keys, cut, &matching->duplicates, &matching->count, error);
}

static void write_candidate(struct json_writer *writer, const struct duplicate *duplicate,
                            struct arena *arena)
{
    bool certain = duplicate->match.decision == MATCH_CERTAIN;
    json_object_begin(writer);
    json_member_string(writer, STR("customerId"), duplicate->customer_id);
    json_member_string(writer, STR("decision"), certain ? STR("CERTAIN") : STR("POSSIBLE"));
    duplicates_write_match(writer, &duplicate->match, arena);
    json_key(writer, STR("waterfall"));
    json_raw(writer, duplicate->match.waterfall);
    json_object_end(writer);
}

enum status match_customers(struct application *application, const struct caller *caller,
                            const struct json_value *body, size_t limit, struct arena *arena,
                            struct str *json, struct error *error)
{
    instant now = application->environment->now(application->environment);
    struct new_customer customer;
    const struct new_customer_input input = {
        .body = body, .source = SOURCE_CRM, .source_key = STR_NONE, .observed_at = now, .now = now};
    struct matching matching = {.application = application,
                                .policy = application->policy_for(application, caller->tenant),
                                .arena = arena,
                                .customer = &customer};
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    TRY(new_customer_prepare(application, caller, matching.policy, &input, arena, &customer,
                             error));
    TRY(store_read(application->store, caller->tenant, arena, match_body, &matching, error));
    json_object_begin(&writer);
    json_member_string(&writer, STR("modelVersion"), application->matcher->model_version);
    json_key(&writer, STR("candidates"));
    json_array_begin(&writer);
    for (size_t i = 0; i < matching.count && i < limit; i++)
        write_candidate(&writer, &matching.duplicates[i], arena);
    json_array_end(&writer);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
