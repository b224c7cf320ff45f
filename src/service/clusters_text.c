/* Lines are made by all threads, a part of the rows each, and written in order: for millions of
 * rows that is as much work as clustering them. */
#include "service/clusters_text.h"

#include <stdlib.h>
#include <string.h>

#include "matching/parallel.h"

enum { ROWS_PER_PART = 1 << 15, PARTS = 8, PROBABILITY_BYTES = 8 };

struct part {
    char *text;
    size_t len, capacity;
    bool failed;
};

struct writing {
    const struct bulk *bulk;
    uint32_t first_row; /* of the first part */
    struct part part[PARTS];
};

static bool reserve(struct part *part, size_t more)
{
    if (part->text && part->len + more <= part->capacity) return true;
    size_t capacity = part->capacity * 2 + more;
    char *grown = realloc(part->text, capacity);
    if (!grown) return false;
    part->text = grown;
    part->capacity = capacity;
    return true;
}

static bool needs_quotes(struct str field)
{
    for (size_t i = 0; i < field.len; i++)
        if (field.ptr[i] == ',' || field.ptr[i] == '"' || field.ptr[i] == '\n' ||
            field.ptr[i] == '\r')
            return true;
    return false;
}

/* There is room for it, with every byte twice. */
static void put_field(struct part *part, struct str field)
{
    char *to = part->text + part->len;
    if (!needs_quotes(field)) {
        memcpy(to, field.ptr, field.len);
        part->len += field.len;
        return;
    }
    *to++ = '"';
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '"') *to++ = '"';
        *to++ = field.ptr[i];
    }
    *to++ = '"';
    part->len = (size_t)(to - part->text);
}

/* Four digits, as "%.4f" has them. */
static void put_probability(struct part *part, double probability)
{
    unsigned digits = (unsigned)(probability * 10000 + 0.5);
    char *to = part->text + part->len;
    to[0] = (char)('0' + digits / 10000);
    to[1] = '.';
    for (int i = 5; i > 1; i--, digits /= 10) to[i] = (char)('0' + digits % 10);
    to[6] = '\n';
    part->len += 7;
}

static void put_row(const struct bulk *bulk, uint32_t row, struct part *part)
{
    char room[2][24];
    struct str id = bulk_row_id(bulk, row, room[0]);
    struct str cluster = bulk_row_id(bulk, bulk_cluster(bulk, row), room[1]);
    if (!reserve(part, 2 * (id.len + cluster.len) + 6 + PROBABILITY_BYTES)) {
        part->failed = true;
        return;
    }
    put_field(part, id);
    part->text[part->len++] = ',';
    put_field(part, cluster);
    part->text[part->len++] = ',';
    put_probability(part, bulk_probability(bulk, row));
}

static void make_part(void *context, size_t task, unsigned thread)
{
    (void)thread;
    struct writing *writing = context;
    struct part *part = &writing->part[task];
    uint64_t first = writing->first_row + task * ROWS_PER_PART, last = first + ROWS_PER_PART;
    if (last > bulk_row_count(writing->bulk)) last = bulk_row_count(writing->bulk);
    part->len = 0;
    for (uint64_t row = first; row < last && !part->failed; row++)
        put_row(writing->bulk, (uint32_t)row, part);
}

static void write_header(const struct bulk *bulk, struct part *part, FILE *out)
{
    const struct columns *columns = bulk_columns(bulk);
    struct str id = columns->id < 0 ? STR("row") : bulk_column_name(bulk, (size_t)columns->id);
    if (!reserve(part, 2 * id.len + 2)) {
        part->failed = true;
        return;
    }
    put_field(part, id);
    (void)fwrite(part->text, 1, part->len, out);
    (void)fputs(",cluster_id,probability\n", out);
}

enum status clusters_text_write(const struct bulk *bulk, FILE *out, struct error *error)
{
    struct writing writing = {.bulk = bulk};
    uint64_t rows = bulk_row_count(bulk), round = (uint64_t)PARTS * ROWS_PER_PART;
    bool failed;
    write_header(bulk, &writing.part[0], out);
    failed = writing.part[0].failed;
    for (uint64_t first = 0; first < rows && !failed; first += round) {
        writing.first_row = (uint32_t)first;
        parallel_run(bulk_threads(bulk), PARTS, make_part, &writing);
        for (int i = 0; i < PARTS; i++) {
            failed = failed || writing.part[i].failed;
            if (writing.part[i].len)
                (void)fwrite(writing.part[i].text, 1, writing.part[i].len, out);
        }
    }
    for (int i = 0; i < PARTS; i++) free(writing.part[i].text);
    return failed ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
