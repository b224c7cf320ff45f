/* What the engine costs at write time, one record at a time: to normalise, to make keys, to take
 * a record up as a query, and to compare it with a candidate.
 *
 *     matching_write_time FILE.csv [ROWS]
 *
 * Microseconds of processor time, the least of several rounds, so that what else the machine does
 * is not in them; and the bytes of a normal form. One JSON object.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "matching/columns.h"
#include "matching/matching.h"

enum { ROUNDS = 5, CANDIDATES = 10, FIELDS_MAX = 64, ARENA_MAX = 1 << 30 };

struct bench {
    struct table_chunk chunk;
    struct columns columns;
    size_t rows;
    struct str *normal;
    struct arena arena;
    struct matching_matcher *matcher;
    size_t kept; /* so that nothing is optimised away */
};

static void check(enum status status, const struct error *error)
{
    if (status == STATUS_OK) return;
    fprintf(stderr, "matching_write_time: %.*s: %s\n", STR_ARGS(status_code(status)),
            error->message);
    exit(1);
}

static double cpu_us(void)
{
    struct timespec used;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec * 1e6 + (double)used.tv_nsec / 1e3;
}

static void normalise(struct bench *bench)
{
    struct matching_value values[FIELDS_MAX];
    struct error error;
    arena_reset(&bench->arena);
    for (size_t row = 0; row < bench->rows; row++) {
        const struct str *texts = bench->chunk.fields + row * bench->columns.count;
        size_t count = 0;
        for (size_t c = 0; c < bench->columns.count && count < FIELDS_MAX; c++)
            if (bench->columns.column[c].field != MATCHING_FIELD_NONE)
                values[count++] =
                    (struct matching_value){bench->columns.column[c].field,
                                            str_from_cstr(bench->columns.column[c].type), texts[c]};
        check(matching_normalise(values, count, &bench->arena, &bench->normal[row], &error),
              &error);
    }
}

static void make_keys(struct bench *bench)
{
    struct matching_key keys[MATCHING_KEYS_MAX];
    struct error error;
    size_t count;
    for (size_t row = 0; row < bench->rows; row++) {
        check(matching_keys(bench->normal[row], NULL, keys, &count, &error), &error);
        bench->kept += count;
    }
}

static void take_up(struct bench *bench, size_t candidates)
{
    struct error error;
    for (size_t row = 0; row < bench->rows; row++) {
        struct matching_query *query;
        struct matching_outcome outcome;
        check(matching_query_new(bench->matcher, bench->normal[row], &query, &error), &error);
        for (size_t i = 1; i <= candidates; i++) {
            struct str other = bench->normal[(row + i * 37) % bench->rows];
            check(matching_query_compare(query, other, &outcome, &error), &error);
            bench->kept += outcome.part_count;
        }
        matching_query_free(query);
    }
}

static void query(struct bench *bench)
{
    take_up(bench, 0);
}

static void compare(struct bench *bench)
{
    take_up(bench, CANDIDATES);
}

static double measure(struct bench *bench, void (*work)(struct bench *))
{
    double least = 1e30;
    for (int round = 0; round < ROUNDS; round++) {
        double begun = cpu_us();
        work(bench);
        double each = (cpu_us() - begun) / (double)bench->rows;
        if (each < least) least = each;
    }
    return least;
}

static void load(const char *path, size_t rows, struct bench *bench)
{
    struct table_reader *reader;
    const struct columns_request as_recognised = {0};
    struct error error;
    check(table_reader_open(path, &reader, &error), &error);
    check(table_reader_next(reader, &bench->chunk, &error), &error);
    check(columns_recognise(reader, &bench->chunk, &as_recognised, &bench->columns, &error),
          &error);
    bench->rows = bench->chunk.row_count < rows ? bench->chunk.row_count : rows;
    bench->normal = calloc(bench->rows + 1, sizeof *bench->normal);
    if (!bench->normal || bench->rows == 0) exit(1);
    table_reader_close(reader);
}

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

static void report_sizes(const struct bench *bench)
{
    size_t *sizes = calloc(bench->rows, sizeof *sizes), sum = 0;
    if (!sizes) exit(1);
    for (size_t row = 0; row < bench->rows; row++) sum += sizes[row] = bench->normal[row].len;
    qsort(sizes, bench->rows, sizeof *sizes, by_size);
    printf(", \"bytes_mean\": %.1f, \"bytes_p99\": %zu, \"bytes_max\": %zu",
           (double)sum / (double)bench->rows, sizes[bench->rows * 99 / 100],
           sizes[bench->rows - 1]);
    free(sizes);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    struct error error;
    const struct matching_settings settings = {.records = 1e6};
    if (argc < 2) {
        fprintf(stderr, "usage: matching_write_time FILE.csv [ROWS]\n");
        return 2;
    }
    arena_init(&bench.arena, ARENA_MAX);
    load(argv[1], argc > 2 ? strtoul(argv[2], NULL, 10) : 5000, &bench);
    check(matching_matcher_new(&settings, &bench.matcher, &error), &error);
    double normalise_us = measure(&bench, normalise), keys_us = measure(&bench, make_keys);
    double query_us = measure(&bench, query), compared_us = measure(&bench, compare);
    printf("{\"rows\": %zu, \"normalise_us\": %.2f, \"keys_us\": %.2f, \"query_us\": %.2f, "
           "\"compare_us\": %.2f",
           bench.rows, normalise_us, keys_us, query_us, (compared_us - query_us) / CANDIDATES);
    report_sizes(&bench);
    printf("}\n");
    matching_matcher_free(bench.matcher);
    columns_release(&bench.columns);
    table_chunk_release(&bench.chunk);
    free(bench.normal);
    arena_release(&bench.arena);
    return bench.kept == 0;
}
