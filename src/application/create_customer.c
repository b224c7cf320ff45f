#include "application/create_customer.h"

#include "application/duplicates.h"
#include "application/new_customer.h"

bool create_customer_choice(struct str text, enum duplicate_choice *choice)
{
    if (str_is_none(text) || str_equal_ignore_case(text, STR("reject")))
        *choice = ON_DUPLICATE_REJECT;
    else if (str_equal_ignore_case(text, STR("allow")))
        *choice = ON_DUPLICATE_ALLOW;
    else
        return false;
    return true;
}

struct creation {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy;
    enum duplicate_choice on_duplicate;
    struct arena *arena;
    const struct new_customer *customer;
};

/* In order, so that two creations never wait for each other. */
static enum status lock_keys(const struct creation *creation, struct store_session *session,
                             struct error *error)
{
    const struct new_customer *customer = creation->customer;
    struct str *keys = ARENA_NEW_ARRAY(creation->arena, struct str, customer->key_count + 1);
    size_t count;
    if (!keys || new_customer_guards(customer, creation->arena, keys, &count) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    str_sort(keys, count);
    return store_keys_lock(session, keys, count, error);
}

static enum status refuse_taken_id(const struct creation *creation, struct store_session *session,
                                   struct error *error)
{
    struct profile_row row;
    if (!creation->customer->id_was_given) return STATUS_OK;
    enum status status = store_profile_get(session, creation->customer->row.customer_id,
                                           STORE_NO_LOCK, creation->arena, &row, error);
    if (status == STATUS_CUSTOMER_NOT_FOUND) return STATUS_OK;
    TRY(status);
    return error_set(error, STATUS_CUSTOMER_EXISTS, STR("customerId"), STR_NONE,
                     "the customerId is taken");
}

static enum status refuse_duplicates(const struct creation *creation, struct store_session *session,
                                     struct error *error)
{
    const struct new_customer *customer = creation->customer;
    struct str *keys = ARENA_NEW_ARRAY(creation->arena, struct str, customer->key_count);
    struct key_hit *hits;
    struct duplicate *duplicates;
    size_t hit_count, count, wanted = 0;
    if (creation->on_duplicate == ON_DUPLICATE_ALLOW) return STATUS_OK;
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < customer->key_count; i++) keys[wanted++] = customer->keys[i];
    TRY(store_keys_find(session, keys, wanted, STORE_HOMES_MAX, creation->arena, &hits, &hit_count,
                        error));
    TRY(duplicates_judge(creation->application, creation->policy, session, &customer->golden, hits,
                         hit_count, creation->arena, &duplicates, &count, error));
    return count > 0 ? duplicates_refuse(duplicates, count, creation->arena, error) : STATUS_OK;
}

static enum status create_body(struct store_session *session, void *context, struct error *error)
{
    const struct creation *creation = context;
    const struct new_customer *customer = creation->customer;
    bool *suppressed = ARENA_NEW_ARRAY(creation->arena, bool, customer->point_count);
    if (!suppressed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(lock_keys(creation, session, error));
    TRY(refuse_taken_id(creation, session, error));
    TRY(refuse_duplicates(creation, session, error));
    if (customer->point_count > 0)
        TRY(store_suppression_find(session, customer->points, customer->point_count, suppressed,
                                   error));
    return new_customer_insert(creation->application, creation->caller, session, customer,
                               suppressed, creation->arena, error);
}

enum status create_customer(struct application *application, const struct caller *caller,
                            const struct json_value *body, enum duplicate_choice on_duplicate,
                            struct arena *arena, struct customer_document *out, struct error *error)
{
    struct environment *environment = application->environment;
    instant now = environment->now(environment);
    struct new_customer customer;
    struct new_customer_input input = {
        .body = body, .source = SOURCE_CRM, .source_key = STR_NONE, .observed_at = now, .now = now};
    struct creation creation = {.application = application,
                                .caller = caller,
                                .policy = application->policy_for(application, caller->tenant),
                                .on_duplicate = on_duplicate,
                                .arena = arena,
                                .customer = &customer};
    TRY(new_customer_prepare(application, caller, creation.policy, &input, arena, &customer,
                             error));
    TRY(store_write(application->store, caller->tenant, arena, create_body, &creation, error));
    *out = (struct customer_document){.customer_id = customer.row.customer_id,
                                      .version = customer.row.version,
                                      .updated_at = customer.row.updated_at,
                                      .document = customer.row.document};
    return STATUS_OK;
}
