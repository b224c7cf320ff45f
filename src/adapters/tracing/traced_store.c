#include "adapters/tracing/traced_store.h"

static struct traced_store *of(struct store *store)
{
    return (struct traced_store *)store;
}

static void begin(const struct traced_store *traced, struct str name, struct span *span)
{
    tracer_begin(traced->tracer, &traced->trace, SPAN_CLIENT, name, span);
    span_text(span, STR("db.system.name"), traced->engine);
}

/* What the store cannot do; that it refuses what a use case asks for is no failure of it. */
static bool is_failure(enum status status)
{
    return status == STATUS_UNAVAILABLE || status == STATUS_OUTCOME_UNKNOWN ||
           status == STATUS_WRITE_CONFLICT || status == STATUS_STORE_FULL ||
           status == STATUS_STORE_CORRUPT || status == STATUS_STORE_READ_ONLY ||
           status == STATUS_IO || status == STATUS_INTERNAL;
}

static enum status end(const struct traced_store *traced, struct span *span, enum status status)
{
    if (is_failure(status)) span_fail(span, status_code(status));
    tracer_end(traced->tracer, span);
    return status;
}

static enum status read_traced(struct store *store, struct str tenant, struct arena *arena,
                               store_body *body, void *context, struct error *error)
{
    const struct traced_store *traced = of(store);
    struct span span;
    begin(traced, STR("store.read"), &span);
    return end(traced, &span, store_read(traced->inner, tenant, arena, body, context, error));
}

static enum status write_traced(struct store *store, struct str tenant, struct arena *arena,
                                store_body *body, void *context, struct error *error)
{
    const struct traced_store *traced = of(store);
    struct span span;
    begin(traced, STR("store.write"), &span);
    return end(traced, &span, store_write(traced->inner, tenant, arena, body, context, error));
}

static enum status write_grouped_traced(struct store *store, struct str tenant, struct arena *arena,
                                        store_body *body, void *context, struct error *error)
{
    const struct traced_store *traced = of(store);
    struct span span;
    begin(traced, STR("store.write"), &span);
    return end(traced, &span,
               store_write_grouped(traced->inner, tenant, arena, body, context, error));
}

static enum status lookup_traced(struct store *store, struct str tenant, const struct str *ids,
                                 size_t count, struct arena *arena, struct profile_row *rows,
                                 struct error *error)
{
    const struct traced_store *traced = of(store);
    struct span span;
    begin(traced, STR("store.lookup"), &span);
    return end(traced, &span, store_lookup(traced->inner, tenant, ids, count, arena, rows, error));
}

void traced_store_init(struct traced_store *traced, struct store *inner, struct tracer *tracer,
                       struct str engine, const struct trace *trace)
{
    /* What works on a session goes to the session's own store. */
    static const struct store_operations operations = {.read = read_traced,
                                                       .write = write_traced,
                                                       .write_grouped = write_grouped_traced,
                                                       .lookup = lookup_traced};
    *traced = (struct traced_store){.store = {.operations = &operations},
                                    .inner = inner,
                                    .tracer = tracer,
                                    .engine = engine,
                                    .trace = *trace};
}
