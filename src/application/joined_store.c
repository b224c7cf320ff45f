#include "application/joined_store.h"

static struct joined_store *of(struct store *store)
{
    return (struct joined_store *)store;
}

static enum status read_joined(struct store *store, struct str tenant, struct arena *arena,
                               store_body *body, void *context, struct error *error)
{
    (void)tenant, (void)arena;
    return body(of(store)->session, context, error);
}

static enum status write_joined(struct store *store, struct str tenant, struct arena *arena,
                                store_body *body, void *context, struct error *error)
{
    (void)tenant, (void)arena;
    struct joined_store *joined = of(store);
    enum status status = body(joined->session, context, error);
    if (status != STATUS_OK) joined->failed = status;
    return status;
}

static enum status lookup_joined(struct store *store, struct str tenant, const struct str *ids,
                                 size_t count, struct arena *arena, struct profile_row *rows,
                                 struct error *error)
{
    (void)tenant;
    for (size_t i = 0; i < count; i++) {
        enum status status =
            store_profile_get(of(store)->session, ids[i], STORE_NO_LOCK, arena, &rows[i], error);
        if (status == STATUS_CUSTOMER_NOT_FOUND)
            rows[i] = (struct profile_row){.erased_at = INSTANT_NONE};
        else
            TRY(status);
    }
    return STATUS_OK;
}

static enum status ready_joined(struct store *store, struct error *error)
{
    return store_ready(of(store)->session->store, error);
}

void joined_store_init(struct joined_store *joined, struct store_session *session)
{
    /* What works on a session goes to the session's own store. */
    static const struct store_operations operations = {
        .read = read_joined, .write = write_joined, .lookup = lookup_joined, .ready = ready_joined};
    *joined = (struct joined_store){
        .store = {.operations = &operations}, .session = session, .failed = STATUS_OK};
}

enum status joined_store_status(const struct joined_store *joined)
{
    return joined->failed;
}
