#include "matching/normal.h"

#include <string.h>

#include "matching/matching.h"

enum { LENGTH_BITS = 4, LENGTH_MORE = 15, MEMBERS_MAX = 24 };

_Static_assert(SLOT_TRAITS < 1 << (8 - LENGTH_BITS), "a slot has a place beside the length");
_Static_assert(TRAIT_PERSON <= UINT8_MAX, "traits have a byte");

static bool is_digits(enum slot slot)
{
    return slot == SLOT_DATE || slot == SLOT_PHONE;
}

/* ------------------------------------------------------------------ writing */

static void write_length(enum slot slot, size_t length, struct buffer *out)
{
    size_t more = length - LENGTH_MORE;
    size_t low = length < LENGTH_MORE ? length : LENGTH_MORE;
    buffer_append_char(out, (char)((size_t)slot << LENGTH_BITS | low));
    if (length < LENGTH_MORE) return;
    for (; more > 0x7F; more >>= 7) buffer_append_char(out, (char)(more | 0x80));
    buffer_append_char(out, (char)more);
}

static void write_digits(struct str text, struct buffer *out)
{
    for (size_t i = 0; i < text.len; i += 2) {
        int high = text.ptr[i] - '0', low = i + 1 < text.len ? text.ptr[i + 1] - '0' : 0;
        buffer_append_char(out, (char)(high << 4 | low));
    }
}

void normal_write(const struct values *values, const struct record *record, struct buffer *out)
{
    buffer_append_char(out, MATCHING_NORMAL_VERSION);
    buffer_append_char(out, (char)record->slot[SLOT_TRAITS]);
    for (int slot = 0; slot < SLOT_TRAITS; slot++) {
        const uint32_t *members;
        enum domain domain = record_slot_domain[slot];
        uint32_t count = values_members(values, domain, &record->slot[slot], &members);
        for (uint32_t i = 0; i < count; i++) {
            struct str text = values_text(values, domain, members[i]);
            write_length((enum slot)slot, text.len, out);
            if (is_digits((enum slot)slot))
                write_digits(text, out);
            else
                buffer_append(out, text);
        }
    }
}

/* ------------------------------------------------------------------ reading */

static bool fail(struct normal_reader *reader)
{
    reader->failed = true;
    return false;
}

static unsigned take_byte(struct normal_reader *reader)
{
    if (reader->rest.len == 0) return fail(reader);
    unsigned byte = (unsigned char)reader->rest.ptr[0];
    reader->rest = str_of(reader->rest.ptr + 1, reader->rest.len - 1);
    return byte;
}

static struct str take_bytes(struct normal_reader *reader, size_t count)
{
    struct str taken = str_of(reader->rest.ptr, count);
    if (count > reader->rest.len) {
        (void)fail(reader);
        return STR("");
    }
    reader->rest = str_of(reader->rest.ptr + count, reader->rest.len - count);
    return taken;
}

static size_t take_length(struct normal_reader *reader, size_t length)
{
    unsigned shift = 0, byte = 0x80;
    if (length < LENGTH_MORE) return length;
    for (; byte & 0x80 && shift <= 14; shift += 7) {
        byte = take_byte(reader);
        length += (size_t)(byte & 0x7F) << shift;
    }
    if (byte & 0x80) (void)fail(reader);
    return length;
}

static struct str take_digits(struct normal_reader *reader, size_t count)
{
    if (count > NORMAL_DIGITS_MAX) (void)fail(reader);
    struct str packed = take_bytes(reader, (count + 1) / 2);
    if (reader->failed) return STR("");
    for (size_t i = 0; i < packed.len; i++) {
        unsigned high = (unsigned char)packed.ptr[i] >> 4, low = packed.ptr[i] & 15;
        reader->digits[2 * i] = (char)('0' + high);
        reader->digits[2 * i + 1] = (char)('0' + low);
        if (high > 9 || low > 9 || (low && 2 * i + 1 == count)) (void)fail(reader);
    }
    return str_of(reader->digits, count);
}

void normal_reader_init(struct normal_reader *reader, struct str normal)
{
    reader->rest = normal;
    reader->slot = 0;
    reader->failed = false;
    if (take_byte(reader) != MATCHING_NORMAL_VERSION) (void)fail(reader);
    reader->traits = take_byte(reader);
}

/* What describing a value takes for granted. */
static bool is_well_formed(enum slot slot, struct str text)
{
    if (text.len == 0) return false;
    if (slot == SLOT_STREET) return str_find_char(text, '|') >= 0;
    return slot != SLOT_IDENTIFIER || str_find_char(text, ':') >= 0;
}

bool normal_reader_next(struct normal_reader *reader, enum slot *slot, struct str *text)
{
    if (reader->failed || reader->rest.len == 0) return false;
    unsigned head = take_byte(reader);
    *slot = (enum slot)(head >> LENGTH_BITS);
    if (*slot < reader->slot || *slot >= SLOT_TRAITS) return fail(reader);
    reader->slot = *slot;
    size_t length = take_length(reader, head & LENGTH_MORE);
    *text = is_digits(*slot) ? take_digits(reader, length) : take_bytes(reader, length);
    return (!reader->failed && is_well_formed(*slot, *text)) || fail(reader);
}

static normalise_describer *const describers[SLOT_TRAITS] = {
    [SLOT_GIVEN] = normalise_name_describe,
    [SLOT_FAMILY] = normalise_name_describe,
    [SLOT_OTHER_NAMES] = normalise_name_describe,
    [SLOT_ORGANISATION] = normalise_organisation_describe,
    [SLOT_DATE] = normalise_fact_describe_date,
    [SLOT_EMAIL] = normalise_contact_describe_email,
    [SLOT_PHONE] = normalise_contact_describe_phone,
    [SLOT_STREET] = normalise_address_describe_street,
    [SLOT_POSTCODE] = normalise_address_describe_postcode,
    [SLOT_CITY] = normalise_address_describe_city,
    [SLOT_IDENTIFIER] = normalise_fact_describe_identifier,
    [SLOT_PLACE] = normalise_fact_describe_words,
    [SLOT_OCCUPATION] = normalise_fact_describe_words,
};

struct members {
    enum slot slot;
    size_t count;
    uint32_t reference[MEMBERS_MAX];
};

static void end_slot(struct values *values, struct members *members, struct record *record)
{
    record->slot[members->slot] = values_intern_list(values, record_slot_domain[members->slot],
                                                     members->reference, members->count);
    members->count = 0;
}

enum status normal_read(struct values *values, struct str normal, struct record *record,
                        struct error *error)
{
    struct normal_reader reader;
    struct members members = {.count = 0};
    struct str text;
    enum slot slot;
    *record = (struct record){{0}};
    normal_reader_init(&reader, normal);
    while (normal_reader_next(&reader, &slot, &text)) {
        if (slot != members.slot) end_slot(values, &members, record);
        members.slot = slot;
        if (members.count < MEMBERS_MAX)
            members.reference[members.count++] =
                values_intern(values, record_slot_domain[slot], text, describers[slot]);
    }
    end_slot(values, &members, record);
    record->slot[SLOT_TRAITS] = reader.traits;
    if (!reader.failed) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR_NONE, STR_NONE,
                     "the record is not in this version's normal form");
}
