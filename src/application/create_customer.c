#include "application/create_customer.h"

#include "application/duplicates.h"
#include "application/new_customer.h"

const struct str create_customer_choices = STR("reject | review | merge | allow");

static const struct str choice_names[] = {
    [ON_DUPLICATE_REJECT] = STR("reject"),
    [ON_DUPLICATE_REVIEW] = STR("review"),
    [ON_DUPLICATE_MERGE] = STR("merge"),
    [ON_DUPLICATE_ALLOW] = STR("allow"),
};

bool create_customer_choice(struct str text, enum duplicate_choice *choice)
{
    *choice = ON_DUPLICATE_REJECT;
    if (str_is_none(text)) return true;
    for (size_t i = 0; i < sizeof(choice_names) / sizeof(choice_names[0]); i++) {
        *choice = (enum duplicate_choice)i;
        if (str_equal_ignore_case(text, choice_names[i])) return true;
    }
    return false;
}

struct str create_customer_choice_name(enum duplicate_choice choice)
{
    return choice_names[choice];
}

struct creation {
    struct application *application;
    const struct caller *caller;
    const struct policy *policy;
    enum duplicate_choice on_duplicate;
    struct arena *arena;
    const struct new_customer *customer;
    struct profile_row shown;
};

/* Whatever could make the two of us one: "nobody has it yet" holds until the end. The blocking keys
 * are among them, for weight alone can be certain; not those that are cut, which lead to nobody and
 * which everybody would wait for. */
static enum status lock_keys(const struct creation *creation, struct store_session *session,
                             struct error *error)
{
    const struct new_customer *customer = creation->customer;
    struct str *keys = ARENA_NEW_ARRAY(creation->arena, struct str, customer->keys.blocking + 1);
    size_t count = 0;
    if (!keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t key = 0; key < customer->keys.blocking; key++)
        if (!duplicates_passes_over(creation->application, session->tenant, &customer->keys, key))
            keys[count++] = customer->keys.items[key];
    if (customer->id_was_given) {
        keys[count] = new_customer_id_key(customer, creation->arena);
        if (str_is_none(keys[count++])) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    if (count == 0) return STATUS_OK;
    str_sort(keys, count); /* or two would wait for each other */
    TRY(store_keys_lock(session, keys, count, error));
    return store_creation_begin(session, error);
}

static enum status refuse_taken_id(const struct creation *creation, struct store_session *session,
                                   struct error *error)
{
    bool exists;
    if (!creation->customer->id_was_given) return STATUS_OK;
    TRY(store_profiles_exist(session, &creation->customer->row.customer_id, 1, &exists, error));
    if (!exists) return STATUS_OK;
    return error_set(error, STATUS_CUSTOMER_EXISTS, STR("customerId"), STR_NONE,
                     "the customerId is taken");
}

static enum status find_duplicates(const struct creation *creation, struct store_session *session,
                                   struct new_customer_found *found, struct error *error)
{
    const struct new_customer *customer = creation->customer;
    const struct duplicate_search search = {.application = creation->application,
                                            .policy = creation->policy,
                                            .session = session,
                                            .arena = creation->arena,
                                            .record = &customer->record};
    bool *cut = ARENA_NEW_ARRAY(creation->arena, bool, customer->keys.searched);
    if (!cut) return error_plain(error, STATUS_OUT_OF_MEMORY);
    found->cut = cut;
    TRY(duplicates_find(&search, &customer->keys, cut, &found->duplicates, &found->count, error));
    size_t certain = duplicates_certain(found->duplicates, found->count);
    if (certain > 0 && creation->on_duplicate == ON_DUPLICATE_REJECT)
        return duplicates_refuse(found->duplicates, certain, creation->arena, error);
    return STATUS_OK;
}

static enum status create_body(struct store_session *session, void *context, struct error *error)
{
    struct creation *creation = context;
    const struct new_customer *customer = creation->customer;
    bool *suppressed = ARENA_NEW_ARRAY(creation->arena, bool, customer->point_count);
    struct new_customer_found found = {.suppressed = suppressed,
                                       .on_duplicate = creation->on_duplicate,
                                       .cause = DUPLICATE_BY_CREATE};
    if (!suppressed) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(lock_keys(creation, session, error));
    TRY(refuse_taken_id(creation, session, error));
    TRY(find_duplicates(creation, session, &found, error));
    if (customer->point_count > 0)
        TRY(store_suppression_find(session, customer->points, customer->point_count, suppressed,
                                   error));
    return new_customer_insert(creation->application, creation->caller, session, customer, &found,
                               creation->arena, &creation->shown, error);
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
    TRY(store_write_grouped(application->store, caller->tenant, arena, create_body, &creation,
                            error));
    *out = (struct customer_document){.customer_id = creation.shown.customer_id,
                                      .version = creation.shown.version,
                                      .updated_at = creation.shown.updated_at,
                                      .document = creation.shown.document};
    return STATUS_OK;
}
