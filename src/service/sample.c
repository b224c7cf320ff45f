#include "service/sample.h"

#include "application/consents.h"
#include "application/import_records.h"
#include "application/merge_customers.h"
#include "application/relationships.h"
#include "application/unmerge_customers.h"
#include "service/sample_records.h"

enum { BATCH = 100, LOADER_ARENA_MAX = 64 << 20 };

struct loader {
    struct application *application;
    struct caller caller;
    const _Atomic bool *stop;
    struct arena arena; /* of one call */
    struct error *error;
};

static bool stopped(const struct loader *loader)
{
    return atomic_load(loader->stop);
}

/* --- is there anything yet? --- */

struct emptiness {
    struct arena *arena;
    bool empty;
};

static enum status look(struct store_session *session, void *context, struct error *error)
{
    struct emptiness *emptiness = context;
    const struct profile_filter filter = {.include_merged = true, .include_erased = true};
    struct profile_row *rows;
    size_t count;
    TRY(store_profile_list(session, &filter, STR_NONE, 1, emptiness->arena, &rows, &count, error));
    emptiness->empty = count == 0;
    return STATUS_OK;
}

static enum status is_empty(struct loader *loader, bool *empty)
{
    struct emptiness emptiness = {.arena = &loader->arena};
    TRY(store_read(loader->application->store, loader->caller.tenant, &loader->arena, look,
                   &emptiness, loader->error));
    *empty = emptiness.empty;
    return STATUS_OK;
}

/* --- records --- */

static enum status load_batch(struct loader *loader, int first, int64_t *loaded)
{
    struct import_record records[BATCH];
    struct import_result results[BATCH];
    struct str source = STR_NONE;
    size_t count = 0;
    arena_reset(&loader->arena);
    for (int i = first; i < first + BATCH && i < SAMPLE_RECORDS; i++) {
        struct sample_record record;
        struct json_value *body;
        if (!sample_record_make(i, &loader->arena, &record))
            return error_plain(loader->error, STATUS_OUT_OF_MEMORY);
        /* One source per call: the next one begins a batch of its own. */
        if (count > 0 && !str_equal(source, record.source)) break;
        source = record.source;
        TRY(json_parse(record.body, &loader->arena, &body, loader->error));
        records[count++] = (struct import_record){
            .source_key = record.source_key, .observed_at = INSTANT_NONE, .body = body};
    }
    const struct import_settings settings = {.source = source, .on_duplicate = ON_DUPLICATE_ALLOW};
    TRY(import_records(loader->application, &loader->caller, &settings, records, count,
                       &loader->arena, results, loader->error));
    *loaded += (int64_t)count;
    return STATUS_OK;
}

static enum status load_records(struct loader *loader, int64_t *loaded)
{
    while (*loaded < SAMPLE_RECORDS && !stopped(loader))
        TRY(load_batch(loader, (int)*loaded, loaded));
    return STATUS_OK;
}

/* --- what is known of them besides --- */

static struct str id_of(struct loader *loader, int number)
{
    return arena_format(&loader->arena, "CUST-%d", 1000 + number);
}

static enum status record_consent(struct loader *loader, int number, const char *type,
                                  const char *status, const char *purpose)
{
    struct sample_record record;
    struct json_value *body;
    struct customer_part part;
    arena_reset(&loader->arena);
    if (!sample_record_make(number, &loader->arena, &record))
        return error_plain(loader->error, STATUS_OUT_OF_MEMORY);
    struct str text = arena_format(
        &loader->arena, "{\"type\":\"%s\",\"status\":\"%s\",\"purpose\":\"%s\"%s%.*s%s}", type,
        status, purpose, type[0] == 'E' ? ",\"contactPoint\":\"" : "",
        type[0] == 'E' ? (int)record.email.len : 0, record.email.ptr, type[0] == 'E' ? "\"" : "");
    if (str_is_none(text)) return error_plain(loader->error, STATUS_OUT_OF_MEMORY);
    TRY(json_parse(text, &loader->arena, &body, loader->error));
    return consents_record(loader->application, &loader->caller, record.customer_id, body,
                           &loader->arena, &part, loader->error);
}

static enum status load_consents(struct loader *loader)
{
    for (int i = 0; i < SAMPLE_ORIGINALS && !stopped(loader); i += 4) {
        TRY(record_consent(loader, i, "EMAIL", "GRANTED", i % 8 ? "MARKETING" : "GENERAL"));
        if (i % 12 == 0) TRY(record_consent(loader, i, "CALL", "GRANTED", "GENERAL"));
        if (i % 20 == 0) TRY(record_consent(loader, i, "EMAIL", "REVOKED", "MARKETING"));
    }
    return STATUS_OK;
}

static enum status relate(struct loader *loader, int from, const char *type, int to)
{
    struct json_value *body;
    struct customer_part part;
    arena_reset(&loader->arena);
    struct str text = arena_format(&loader->arena, "{\"type\":\"%s\",\"customerId\":\"CUST-%d\"}",
                                   type, 1000 + to);
    if (str_is_none(text)) return error_plain(loader->error, STATUS_OUT_OF_MEMORY);
    TRY(json_parse(text, &loader->arena, &body, loader->error));
    return relationships_add(loader->application, &loader->caller, id_of(loader, from), body,
                             &loader->arena, &part, loader->error);
}

/* Groups of companies two levels deep, and persons who work for them. */
static enum status load_relationships(struct loader *loader)
{
    for (int i = 0; i + 5 < SAMPLE_ORGANIZATIONS && !stopped(loader); i += 28) {
        TRY(relate(loader, i, "PARENT_OF", i + 1));
        TRY(relate(loader, i, "PARENT_OF", i + 2));
        TRY(relate(loader, i + 2, "PARENT_OF", i + 3));
        TRY(relate(loader, i + 3, "PARTNER_OF", i + 5));
    }
    for (int i = SAMPLE_ORGANIZATIONS; i < SAMPLE_ORIGINALS && !stopped(loader); i += 6)
        TRY(relate(loader, i, "WORKS_FOR", i * 13 % SAMPLE_ORGANIZATIONS));
    return STATUS_OK;
}

/* Every fifth duplicate has been found and merged; one of those was a mistake and was taken back.
 */
static enum status load_merges(struct loader *loader)
{
    for (int i = SAMPLE_ORIGINALS; i < SAMPLE_RECORDS && !stopped(loader); i += 5) {
        struct sample_record record;
        struct merge_result merge;
        struct str json;
        arena_reset(&loader->arena);
        if (!sample_record_make(i, &loader->arena, &record))
            return error_plain(loader->error, STATUS_OUT_OF_MEMORY);
        const struct merge_request request = {.source_id = record.customer_id};
        struct str target = id_of(loader, record.original);
        TRY(merge_customers(loader->application, &loader->caller, target, &request, &loader->arena,
                            &merge, loader->error));
        if (i % 35 != 0) continue;
        TRY(unmerge_customers(loader->application, &loader->caller, target, merge.merge_id,
                              STR_NONE, &loader->arena, &json, loader->error));
    }
    return STATUS_OK;
}

static enum status load(struct loader *loader, int64_t *loaded)
{
    bool empty;
    TRY(is_empty(loader, &empty));
    if (!empty) return STATUS_OK;
    TRY(load_records(loader, loaded));
    TRY(load_relationships(loader));
    TRY(load_consents(loader));
    return load_merges(loader);
}

enum status sample_load(struct application *application, const _Atomic bool *stop, int64_t *loaded,
                        struct error *error)
{
    struct loader loader = {
        .application = application,
        .caller = {.tenant = STR("default"), .user_id = STR("sample")},
        .stop = stop,
        .error = error,
    };
    *loaded = 0;
    arena_init(&loader.arena, LOADER_ARENA_MAX);
    enum status status = load(&loader, loaded);
    arena_release(&loader.arena);
    return status;
}
