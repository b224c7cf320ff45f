#include "adapters/jobs/refusal.h"

void refusal_write_json(struct buffer *out, int64_t row, struct str customer_id,
                        const struct error *why)
{
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    json_key(&writer, STR("row"));
    json_int64(&writer, row);
    json_member_string(&writer, STR("code"), status_code(why->status));
    if (why->field[0]) json_member_string(&writer, STR("field"), str_from_cstr(why->field));
    json_member_string(&writer, STR("message"), str_from_cstr(why->message));
    if (why->allowed[0]) json_member_string(&writer, STR("allowed"), str_from_cstr(why->allowed));
    json_member_string(&writer, STR("customerId"), customer_id);
    json_object_end(&writer);
    buffer_append_char(out, '\n');
}

void refusal_write_csv_header(struct buffer *out)
{
    static const struct str names[] = {STR("row"),     STR("code"),    STR("field"),
                                       STR("message"), STR("allowed"), STR("customerId")};
    struct csv_writer writer = {.out = out};
    csv_write_row(&writer, names, 6);
}

void refusal_write_csv(struct buffer *out, int64_t row, struct str customer_id,
                       const struct error *why)
{
    struct str number = arena_format(out->arena, "%lld", (long long)row);
    const struct str cells[] = {number,
                                status_code(why->status),
                                str_from_cstr(why->field),
                                str_from_cstr(why->message),
                                str_from_cstr(why->allowed),
                                str_is_none(customer_id) ? STR("") : customer_id};
    struct csv_writer writer = {.out = out};
    csv_write_row(&writer, cells, 6);
}

void refusal_write_counts(struct json_writer *writer, const struct import_counts *counts)
{
    static const struct str names[IMPORT_OUTCOME_COUNT] = {
        [IMPORT_CREATED] = STR("created"),     [IMPORT_UPDATED] = STR("updated"),
        [IMPORT_UNCHANGED] = STR("unchanged"), [IMPORT_DUPLICATE] = STR("duplicates"),
        [IMPORT_INVALID] = STR("invalid"),
    };
    json_key(writer, counts->restore ? STR("lines") : STR("rows"));
    json_int64(writer, counts->rows);
    for (int i = 0; !counts->restore && i < IMPORT_OUTCOME_COUNT; i++) {
        json_key(writer, names[i]);
        json_int64(writer, counts->outcomes[i]);
    }
    json_key(writer, STR("bytes"));
    json_int64(writer, counts->bytes);
}
