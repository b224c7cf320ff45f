#include "adapters/events/dead_letters.h"

#include "adapters/events/message_headers.h"
#include "base/trace.h"
#include "formats/base64url.h"

#define PREFIX "base64url:"

/* Key, value and headers together must be less than message.max.bytes, which is 1,000,000 unless it
 * is configured otherwise. */
enum { RECORD_MAX_BYTES = 900000 };

#define LEFT_OUT STR("left out: too large for a record")

struct str dead_letters_text(struct str bytes, struct arena *arena)
{
    if (str_is_none(bytes)) return STR_NONE;
    bool plain = str_is_utf8(bytes) && str_find_char(bytes, '\0') < 0 &&
                 !str_starts_with(bytes, STR(PREFIX));
    if (plain) return arena_str(arena, bytes);
    struct str encoded = base64url_encode(bytes, arena);
    return str_is_none(encoded) ? STR_NONE : arena_format(arena, PREFIX "%.*s", STR_ARGS(encoded));
}

/* The bytes again; absent when it is no such text, or out of memory. */
static struct str bytes_of(struct str text, struct arena *arena)
{
    struct str bytes = text;
    if (!str_starts_with(text, STR(PREFIX))) return text;
    return base64url_decode(str_skip(text, sizeof(PREFIX) - 1), arena, &bytes) ? bytes : STR_NONE;
}

/* The field and what is allowed belong to the reason. */
static struct str reason_of(const struct error *why, struct arena *arena)
{
    return arena_format(arena, "%s%s%s%s%s", why->field, why->field[0] ? ": " : "", why->message,
                        why->allowed[0] ? "; allowed: " : "", why->allowed);
}

enum status dead_letters_make(const struct item *item, const struct inbound_event *event,
                              const struct error *why, instant now, struct arena *arena,
                              struct dead_letter *letter, struct error *error)
{
    bool is_behind = why->status == STATUS_OK;
    *letter = (struct dead_letter){
        .topic = item->topic,
        .partition = item->partition,
        .offset = item->offset,
        .key = dead_letters_text(item->key, arena),
        .value = dead_letters_text(item->value, arena),
        .trace = dead_letters_text(item->trace, arena),
        .code = is_behind ? DEAD_LETTERS_BEHIND : status_code(why->status),
        .reason = is_behind ? STR("a message before it with the same key was put aside")
                            : reason_of(why, arena),
        .tenant = event->tenant,
        .customer = event->customer_id,
        .sent_at = item->timestamp_ms > 0 ? item->timestamp_ms * (INSTANT_SECOND / 1000) : 0,
        .parked_at = now};
    bool lost = str_is_none(letter->reason) ||
                (!str_is_none(item->key) && str_is_none(letter->key)) ||
                (!str_is_none(item->value) && str_is_none(letter->value));
    return lost ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* What is too large is left out, the value first: the store has it whole. */
static void fit(const struct str *headers, struct kafka_record *record)
{
    size_t size = 0;
    for (size_t i = 0; i < LETTER_HEADER_COUNT; i++)
        size += message_headers_letter[i].name.len + headers[i].len;
    if (size + record->key.len > RECORD_MAX_BYTES) record->key = STR_NONE;
    if (size + record->key.len + record->value.len > RECORD_MAX_BYTES) record->value = STR_NONE;
}

static struct str left_out(struct str whole, struct str sent)
{
    return !str_is_none(whole) && str_is_none(sent) ? LEFT_OUT : STR_NONE;
}

enum status dead_letters_send(struct kafka_producer *producer, struct str topic,
                              const struct item *item, const struct dead_letter *letter,
                              struct arena *arena, struct error *error)
{
    struct kafka_header headers[LETTER_HEADER_COUNT];
    struct kafka_record record = {.topic = topic,
                                  .key = item->key,
                                  .value = item->value,
                                  .timestamp_ms = letter->parked_at / (INSTANT_SECOND / 1000),
                                  .headers = headers};
    struct str values[LETTER_HEADER_COUNT] = {
        [LETTER_HEADER_TOPIC] = item->topic,
        [LETTER_HEADER_PARTITION] = arena_format(arena, "%d", (int)item->partition),
        [LETTER_HEADER_OFFSET] = arena_format(arena, "%lld", (long long)item->offset),
        [LETTER_HEADER_CODE] = letter->code,
        [LETTER_HEADER_REASON] = letter->reason,
        [LETTER_HEADER_TRACE] = item->trace,
    };
    fit(values, &record);
    values[LETTER_HEADER_KEY] = left_out(item->key, record.key);
    values[LETTER_HEADER_VALUE] = left_out(item->value, record.value);
    for (size_t i = 0; i < LETTER_HEADER_COUNT; i++)
        if (!str_is_none(values[i]))
            headers[record.header_count++] =
                (struct kafka_header){message_headers_letter[i].name, values[i]};
    return kafka_producer_send(producer, &record, error);
}

enum status dead_letters_replay(struct application *application, struct inbound_reader *reader,
                                enum inbound_type type, const struct dead_letter *letter,
                                struct arena *arena, struct consumed *result, struct error *error)
{
    struct inbound_event event;
    struct trace trace;
    bool refused;
    struct str value = bytes_of(letter->value, arena);
    instant now = application->environment->now(application->environment);
    enum status status =
        inbound_reader_read(reader, type, value, now, arena, &event, &refused, &result->error);
    if (status != STATUS_OK && !refused) {
        if (error) *error = result->error;
        return status;
    }
    result->outcome = CONSUMED_REFUSED;
    if (refused) return STATUS_OK;
    (void)trace_parse(letter->trace, &trace); /* it may be any text */
    event.trace = trace_parent(&trace);
    return consume_events(application, &event, 1, arena, result, error);
}
