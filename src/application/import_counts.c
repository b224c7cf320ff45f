#include "application/import_counts.h"

#include <inttypes.h>
#include <stdio.h>

static const struct str names[IMPORT_OUTCOME_COUNT] = {
    [IMPORT_CREATED] = STR("created"),     [IMPORT_UPDATED] = STR("updated"),
    [IMPORT_UNCHANGED] = STR("unchanged"), [IMPORT_DUPLICATE] = STR("duplicates"),
    [IMPORT_INVALID] = STR("invalid"),
};

enum { DIGEST_DIGITS = 16 };

void import_counts_write(struct json_writer *writer, const struct import_counts *counts)
{
    char digest[DIGEST_DIGITS + 1];
    json_key(writer, counts->restore ? STR("lines") : STR("rows"));
    json_int64(writer, counts->rows);
    for (int i = 0; !counts->restore && i < IMPORT_OUTCOME_COUNT; i++) {
        json_key(writer, names[i]);
        json_int64(writer, counts->outcomes[i]);
    }
    json_key(writer, STR("bytes"));
    json_int64(writer, counts->bytes);
    (void)snprintf(digest, sizeof(digest), "%016" PRIx64, counts->digest);
    if (!counts->restore) json_member_string(writer, STR("digest"), str_of(digest, DIGEST_DIGITS));
}

static bool read_digest(struct str text, uint64_t *digest)
{
    *digest = 0;
    for (size_t i = 0; i < text.len; i++) {
        ptrdiff_t digit = str_find_char(STR("0123456789abcdef"), text.ptr[i]);
        if (digit < 0) return false;
        *digest = *digest * 16 + (uint64_t)digit;
    }
    return text.len == DIGEST_DIGITS;
}

bool import_counts_read(const struct json_value *object, struct import_counts *counts)
{
    *counts = (struct import_counts){.rows = 0};
    for (int i = 0; i < IMPORT_OUTCOME_COUNT; i++)
        if (!json_to_int64(json_get(object, names[i]), &counts->outcomes[i])) return false;
    return json_to_int64(json_get(object, STR("rows")), &counts->rows) &&
           json_to_int64(json_get(object, STR("bytes")), &counts->bytes) &&
           read_digest(json_text(json_get(object, STR("digest"))), &counts->digest);
}

int64_t import_counts_refused(const struct import_counts *counts)
{
    return counts->outcomes[IMPORT_DUPLICATE] + counts->outcomes[IMPORT_INVALID];
}
