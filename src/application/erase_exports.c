#include "application/erase_exports.h"

static const struct str lock = STR("exports");

enum status erase_exports(struct store_session *session, struct error *error)
{
    TRY(store_key_lock_last(session, lock, error));
    return store_job_exports_erase(session, error);
}

static enum status await_body(struct store_session *session, void *context, struct error *error)
{
    (void)context;
    return store_key_lock_last(session, lock, error);
}

enum status erase_exports_await(struct application *application, const struct caller *caller,
                                struct arena *arena, struct error *error)
{
    return store_write(application->store, caller->tenant, arena, await_body, NULL, error);
}
