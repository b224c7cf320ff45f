#include "application/read_events.h"

struct reading {
    int64_t after;
    size_t limit;
    struct arena *arena;
    struct event *events;
    size_t count;
};

static enum status events_body(struct store_session *session, void *context, struct error *error)
{
    struct reading *reading = context;
    return store_event_list(session, reading->after, reading->limit, reading->arena,
                            &reading->events, &reading->count, error);
}

enum status read_events(struct application *application, const struct caller *caller, int64_t after,
                        size_t limit, struct arena *arena, struct event **events, size_t *count,
                        struct error *error)
{
    struct reading reading = {.after = after, .arena = arena};
    if (after < 0)
        return error_set(error, STATUS_INVALID_VALUE, STR("after"), STR("0 or a position"),
                         "is not a position");
    TRY(results_limit(application, limit, &reading.limit, error));
    TRY(store_read(application->store, caller->tenant, arena, events_body, &reading, error));
    *events = reading.events;
    *count = reading.count;
    return STATUS_OK;
}
