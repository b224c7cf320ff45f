#include "adapters/events/inbound_reader.h"

#include "adapters/events/inbound_schemas.h"

enum { SCHEMAS_BYTES = 64 << 20, SCRATCH_BYTES = 32 << 20, OWN_BYTES = 4 << 20 };

/* How long a schema that cannot be used is not asked for: a newer version of it has another id. */
#define BAD_FOR (60 * INSTANT_SECOND)

/* ---- schemas ---- */

static enum status parse_schema(struct str text, struct arena *arena,
                                const struct avro_schema **schema, struct error *error)
{
    struct json_value *json = NULL;
    text = arena_str(arena, text);
    if (str_is_none(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(json_parse(text, arena, &json, error));
    return avro_read_schema(json, arena, schema, error);
}

static enum status init_own(struct inbound_reader *reader, enum inbound_type type,
                            struct error *error)
{
    struct inbound_schema schema;
    struct buffer canonical = {.arena = &reader->own_arena}, text = {.arena = &reader->own_arena};
    inbound_schema_init(type, &schema);
    avro_write_canonical(&canonical, &schema.record);
    avro_write_schema(&text, &schema.record);
    if (buffer_failed(&canonical) || buffer_failed(&text))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    reader->fingerprints[type] = avro_fingerprint(buffer_str(&canonical));
    return parse_schema(buffer_str(&text), &reader->own_arena, &reader->own[type], error);
}

enum status inbound_reader_init(struct inbound_reader *reader,
                                const struct schema_registry *registry, struct error *error)
{
    *reader = (struct inbound_reader){.registry = registry};
    arena_init(&reader->own_arena, OWN_BYTES);
    arena_init(&reader->arena, SCHEMAS_BYTES);
    arena_init(&reader->scratch, SCRATCH_BYTES);
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++) TRY(init_own(reader, (enum inbound_type)i, error));
    return STATUS_OK;
}

void inbound_reader_release(struct inbound_reader *reader)
{
    arena_release(&reader->own_arena);
    arena_release(&reader->arena);
    arena_release(&reader->scratch);
}

static void remember_bad(struct inbound_reader *reader, uint32_t id, instant now,
                         const struct error *why)
{
    size_t at = reader->bad_count++ % INBOUND_BAD_SCHEMAS_MAX;
    reader->bad[at].id = id;
    reader->bad[at].until = now + BAD_FOR;
    reader->bad[at].why = *why;
    reader->bad[at].why.details_json = STR_NONE;
}

static enum status check_bad(const struct inbound_reader *reader, uint32_t id, instant now,
                             struct error *error)
{
    for (size_t i = 0; i < reader->bad_count && i < INBOUND_BAD_SCHEMAS_MAX; i++) {
        if (reader->bad[i].id != id || reader->bad[i].until <= now) continue;
        *error = reader->bad[i].why;
        return error->status;
    }
    return STATUS_OK;
}

static void begin_anew(struct inbound_reader *reader)
{
    arena_reset(&reader->arena);
    reader->known_count = 0;
}

/* A full cache begins anew: so many ids, or so large ones, are in use nowhere. It has fitted in the
 * scratch memory, which is smaller than the cache. */
static enum status keep_schema(struct inbound_reader *reader, uint32_t id, struct str text,
                               const struct avro_schema **schema, struct error *error)
{
    if (reader->known_count == INBOUND_SCHEMAS_MAX) begin_anew(reader);
    enum status status = parse_schema(text, &reader->arena, schema, error);
    if (status == STATUS_OUT_OF_MEMORY) {
        begin_anew(reader);
        status = parse_schema(text, &reader->arena, schema, error);
    }
    if (status == STATUS_OUT_OF_MEMORY) return error_plain(error, STATUS_UNAVAILABLE);
    TRY(status);
    reader->known[reader->known_count].id = id;
    reader->known[reader->known_count++].schema = *schema;
    return STATUS_OK;
}

/* One that does not parse leaves nothing behind but that. */
static enum status fetch_schema(struct inbound_reader *reader, uint32_t id, instant now,
                                struct str *text, struct error *error)
{
    const struct avro_schema *tried;
    TRY(check_bad(reader, id, now, error));
    TRY(schema_registry_fetch(reader->registry, id, &reader->scratch, text, error));
    enum status status = parse_schema(*text, &reader->scratch, &tried, error);
    if (status != STATUS_OK) remember_bad(reader, id, now, error);
    return status;
}

static enum status find_schema(struct inbound_reader *reader, uint32_t id, instant now,
                               const struct avro_schema **schema, struct error *error)
{
    struct str text = STR_NONE;
    for (size_t i = 0; i < reader->known_count; i++) {
        *schema = reader->known[i].schema;
        if (reader->known[i].id == id) return STATUS_OK;
    }
    if (!reader->registry)
        return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                         "the value names schema %u of a registry, and none is configured",
                         (unsigned)id);
    TRY(fetch_schema(reader, id, now, &text, error));
    return keep_schema(reader, id, text, schema, error);
}

static enum status find_own(const struct inbound_reader *reader, uint64_t fingerprint,
                            const struct avro_schema **schema, struct error *error)
{
    for (int i = 0; i < INBOUND_TYPE_COUNT; i++) {
        *schema = reader->own[i];
        if (reader->fingerprints[i] == fingerprint) return STATUS_OK;
    }
    return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                     "the value has the fingerprint of a schema that is not known here");
}

/* ---- values ---- */

static enum status read_avro(const struct avro_schema *schema, struct str bytes,
                             struct arena *arena, struct json_value **out, struct error *error)
{
    *out = ARENA_NEW(arena, struct json_value);
    if (!*out) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return avro_read_json(schema, bytes, arena, *out, error);
}

static enum status read_value(struct inbound_reader *reader, struct str value, instant now,
                              struct json_value **out, struct error *error)
{
    const struct avro_schema *schema = NULL;
    struct str first = str_trim(value);
    uint64_t fingerprint;
    uint32_t id;
    if (str_is_none(value))
        return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                         "the message is a tombstone: it has no value");
    if (value.len > INBOUND_VALUE_MAX)
        return error_set(error, STATUS_LIMIT_EXCEEDED, STR_NONE, STR_NONE,
                         "the value has %zu bytes, more than %d", value.len, INBOUND_VALUE_MAX);
    if (first.len > 0 && first.ptr[0] == '{')
        return json_parse(value, &reader->scratch, out, error);
    if (avro_take_registry_head(&value, &id))
        TRY(find_schema(reader, id, now, &schema, error));
    else if (avro_take_single_object_head(&value, &fingerprint))
        TRY(find_own(reader, fingerprint, &schema, error));
    else
        return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                         "the value is neither JSON nor Avro with a head");
    return read_avro(schema, value, &reader->scratch, out, error);
}

static bool keep(struct inbound_event *event, struct arena *arena)
{
    event->event_id = arena_str(arena, event->event_id);
    event->tenant = arena_str(arena, event->tenant);
    event->body = json_copy(event->body, arena);
    if (!event->body || str_is_none(event->event_id) || str_is_none(event->tenant)) return false;
    event->customer_id = json_text(json_get(event->body, STR("customerId")));
    if (!event->attributes) return true;
    event->attributes = json_copy(event->attributes, arena);
    return event->attributes != NULL;
}

static bool keep_names(const struct json_value *json, struct arena *arena,
                       struct inbound_event *event)
{
    struct inbound_event named = {.type = event->type};
    if (json) inbound_names(json, &named);
    *event = (struct inbound_event){.type = named.type,
                                    .tenant = arena_str(arena, named.tenant),
                                    .customer_id = arena_str(arena, named.customer_id)};
    return (!named.tenant.ptr || event->tenant.ptr) &&
           (!named.customer_id.ptr || event->customer_id.ptr);
}

enum status inbound_reader_read(struct inbound_reader *reader, enum inbound_type type,
                                struct str value, instant now, struct arena *arena,
                                struct inbound_event *event, bool *refused, struct error *error)
{
    struct json_value *json = NULL;
    arena_reset(&reader->scratch);
    *event = (struct inbound_event){.type = type};
    enum status status = read_value(reader, value, now, &json, error);
    if (status == STATUS_OK)
        status = inbound_parse(type, json, now, &reader->scratch, event, error);
    *refused =
        status != STATUS_OK && status != STATUS_UNAVAILABLE && status != STATUS_CONFIGURATION;
    if (*refused && !keep_names(json, arena, event)) {
        *refused = false;
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    TRY(status);
    return keep(event, arena) ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}
