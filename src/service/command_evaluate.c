/* evaluate: how good the clusters of a file are against a known truth. */
#include <math.h>
#include <stdlib.h>

#include "matching/evaluation.h"
#include "service/matching_command.h"

enum { CURVE_POINTS = 25, LARGEST = 5, PAIRS_MAX = 2000000 };

/* Thresholds of the curve, as log-odds. */
static double curve_at(int point)
{
    return -1 + point * 1.0;
}

struct truth {
    uint32_t *cluster; /* of each row */
};

struct named_row {
    struct str name;
    uint32_t row;
};

static int by_name(const void *x, const void *y)
{
    const struct named_row *a = x, *b = y;
    int order = str_compare(a->name, b->name);
    return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* ------------------------------------------------------------------ truth */

/* What the column says of each row, over all files. */
struct naming {
    struct named_row *named;
    uint32_t count, rows;
    struct arena texts;
};

static enum status read_names(struct table_reader *reader, struct str name, struct naming *naming,
                              struct error *error)
{
    struct table_chunk chunk = {0};
    size_t columns = table_reader_column_count(reader), column = 0;
    enum status status = STATUS_OK;
    while (column < columns && !str_equal(table_reader_column(reader, column), name)) column++;
    if (column == columns)
        return error_set(error, STATUS_USAGE, STR("truth"), STR("a column, or a file of pairs"),
                         "--truth names neither a file nor a column of each file");
    do {
        status = table_reader_next(reader, &chunk, error);
        for (size_t i = 0; status == STATUS_OK && i < chunk.row_count; i++) {
            if (naming->count == naming->rows) break;
            naming->named[naming->count] = (struct named_row){
                arena_str(&naming->texts, chunk.fields[i * columns + column]), naming->count};
            naming->count++;
        }
    } while (status == STATUS_OK && chunk.row_count > 0);
    table_chunk_release(&chunk);
    return status;
}

static void connect_names(struct naming *naming, struct truth *truth)
{
    struct named_row *named = naming->named;
    qsort(named, naming->count, sizeof *named, by_name);
    for (uint32_t i = 1; i < naming->count; i++)
        if (named[i].name.len && str_equal(named[i].name, named[i - 1].name))
            evaluation_connect(truth->cluster, named[i - 1].row, named[i].row);
}

/* Rows with the same text in the column, which each file must have, are one customer; an empty text
 * is nobody else's. */
static enum status read_column(const struct matching_command *command, struct str name,
                               struct truth *truth, struct error *error)
{
    const struct invocation *invocation = command->invocation;
    struct naming naming = {.rows = bulk_row_count(command->bulk)};
    naming.named = malloc(((size_t)naming.rows + 1) * sizeof *naming.named);
    enum status status = naming.named ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_init(&naming.texts, SIZE_MAX);
    for (size_t i = 0; i < invocation->operand_count && status == STATUS_OK; i++) {
        struct table_reader *reader = NULL;
        const char *path = arena_cstr(invocation->arena, invocation->operands[i]);
        status = path ? table_reader_open(path, &reader, error)
                      : error_plain(error, STATUS_OUT_OF_MEMORY);
        if (status == STATUS_OK) status = read_names(reader, name, &naming, error);
        table_reader_close(reader);
    }
    if (status == STATUS_OK) connect_names(&naming, truth);
    free(naming.named);
    arena_release(&naming.texts);
    return status;
}

/* The rows of one file, in the order of their ids. */
struct side {
    const struct named_row *ids;
    uint32_t first, count;
};

/* The row of the side that an id of the pairs file means: by its id or, where no row has it, by its
 * number from 0. */
static int64_t find_row(const struct side *side, struct str id)
{
    const struct named_row *ids = side->ids;
    size_t low = 0, high = side->count;
    int64_t number = -1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (str_compare(ids[middle].name, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < side->count && str_equal(ids[low].name, id)) return ids[low].row;
    return str_to_int64(id, &number) && number >= 0 && number < side->count ? side->first + number
                                                                            : -1;
}

/* Of two files the first column of the pairs means the left one, the second the right one. */
static enum status connect_pairs(const char *path, const struct side sides[2], struct truth *truth,
                                 struct error *error)
{
    struct table_reader *reader = NULL;
    struct table_chunk chunk = {0};
    TRY(table_reader_open(path, &reader, error));
    size_t columns = table_reader_column_count(reader);
    enum status status = STATUS_OK;
    if (columns < 2)
        status = error_set(error, STATUS_USAGE, STR("truth"), STR("two columns of ids"),
                           "the file of pairs has one column");
    while (status == STATUS_OK) {
        status = table_reader_next(reader, &chunk, error);
        if (status != STATUS_OK || chunk.row_count == 0) break;
        for (size_t i = 0; i < chunk.row_count; i++) {
            int64_t a = find_row(&sides[0], chunk.fields[i * columns]);
            int64_t b = find_row(&sides[1], chunk.fields[i * columns + 1]);
            if (a >= 0 && b >= 0)
                evaluation_connect(truth->cluster, (uint32_t)a, (uint32_t)b);
            else
                status = error_set(error, STATUS_INVALID_VALUE, STR("truth"), STR_NONE,
                                   "a pair names a row that is not in the file");
        }
    }
    table_chunk_release(&chunk);
    table_reader_close(reader);
    return status;
}

static enum status read_pairs(const struct matching_command *command, const char *path,
                              struct truth *truth, struct error *error)
{
    uint32_t rows = bulk_row_count(command->bulk);
    struct named_row *ids = malloc(((size_t)rows + 1) * sizeof *ids);
    char(*room)[24] = malloc(((size_t)rows + 1) * sizeof *room);
    enum status status = STATUS_OUT_OF_MEMORY;
    if (ids && room) {
        for (uint32_t i = 0; i < rows; i++)
            ids[i] = (struct named_row){bulk_row_id(command->bulk, i, room[i]), i};
        uint32_t left = rows;
        if (command->invocation->operand_count > 1)
            for (left = 0; left < rows && !bulk_row_file(command->bulk, left);) left++;
        const struct side of_left = {ids, 0, left}, of_right = {ids + left, left, rows - left};
        qsort(ids, left, sizeof *ids, by_name);
        qsort(ids + left, rows - left, sizeof *ids, by_name);
        status = connect_pairs(path, (struct side[2]){of_left, left < rows ? of_right : of_left},
                               truth, error);
    }
    free(ids);
    free(room);
    return status;
}

static enum status read_truth(const struct matching_command *command, struct truth *truth,
                              struct error *error)
{
    struct invocation *invocation = command->invocation;
    uint32_t rows = bulk_row_count(command->bulk);
    struct str name = invocation_option(invocation, STR("truth"));
    const char *path = arena_cstr(invocation->arena, name);
    truth->cluster = calloc((size_t)rows + 1, sizeof *truth->cluster);
    if (!truth->cluster || !path) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (uint32_t i = 0; i < rows; i++) truth->cluster[i] = i;
    FILE *file = fopen(path, "re");
    if (file) (void)fclose(file);
    TRY(file ? read_pairs(command, path, truth, error) : read_column(command, name, truth, error));
    evaluation_settle(truth->cluster, rows);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ measures */

struct curve {
    struct evaluation_score score[CURVE_POINTS];
};

/* Pairs above each threshold, before clustering. */
static void measure_curve(const struct bulk *bulk, const struct truth *truth, double true_pairs,
                          struct curve *curve)
{
    double found[CURVE_POINTS] = {0}, right[CURVE_POINTS] = {0};
    size_t count = 0;
    const struct edge *edges = bulk_edges(bulk, &count);
    for (size_t e = 0; e < count; e++) {
        uint32_t a = bulk_first_row(bulk, edges[e].a), b = bulk_first_row(bulk, edges[e].b);
        bool same = truth->cluster[a] == truth->cluster[b];
        for (int p = 0; p < CURVE_POINTS && curve_at(p) <= edges[e].log_odds; p++) {
            found[p]++;
            right[p] += same;
        }
    }
    for (int p = 0; p < CURVE_POINTS; p++)
        curve->score[p] = evaluation_score(right[p], found[p], true_pairs);
}

struct recall {
    double pairs, any, by_type[MODEL_KIND_COUNT][KEYS_TYPE_MAX];
};

static void count_pair(const struct bulk *bulk, uint32_t a, uint32_t b, struct recall *recall)
{
    uint32_t record_a = bulk_row_record(bulk, a), record_b = bulk_row_record(bulk, b);
    int kind = record_is_organisation(bulk_record(bulk, a)) ? MODEL_ORGANISATION : MODEL_PERSON;
    int kind_b = record_is_organisation(bulk_record(bulk, b)) ? MODEL_ORGANISATION : MODEL_PERSON;
    uint32_t shared =
        kind == kind_b
            ? blocking_either(blocking_shared_types(bulk_blocking(bulk), record_a, record_b))
            : 0;
    recall->pairs++;
    for (int t = 0; t < KEYS_TYPE_MAX; t++) recall->by_type[kind][t] += shared >> t & 1;
    recall->any += record_a == record_b || shared;
}

/* Of the true pairs (the first two million), which a key brings together. */
static enum status measure_recall(const struct bulk *bulk, const struct truth *truth,
                                  struct recall *recall)
{
    uint32_t rows = bulk_row_count(bulk);
    int64_t *next = calloc((size_t)rows + 1, sizeof *next);
    int64_t *last = calloc((size_t)rows + 1, sizeof *last);
    if (!next || !last) {
        free(next);
        free(last);
        return STATUS_OUT_OF_MEMORY;
    }
    for (uint32_t i = 0; i < rows; i++) last[i] = -1;
    for (uint32_t i = 0; i < rows; i++) { /* chains of a cluster's earlier rows */
        next[i] = last[truth->cluster[i]];
        last[truth->cluster[i]] = i;
    }
    for (uint32_t i = 0; i < rows && recall->pairs < PAIRS_MAX; i++)
        for (int64_t j = next[i]; j >= 0; j = next[j]) count_pair(bulk, i, (uint32_t)j, recall);
    free(next);
    free(last);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ report */

static void score_line(struct buffer *out, const char *name, struct evaluation_score score)
{
    buffer_append_format(out, "%-10s precision %.4f  recall %.4f  F1 %.4f\n", name, score.precision,
                         score.recall, score.f1);
}

static void write_recall(const struct recall *recall, struct buffer *out)
{
    buffer_append_format(out, "\nblocking recall %.4f of %.0f true pairs; by key (first value):\n",
                         recall->pairs > 0 ? recall->any / recall->pairs : 1, recall->pairs);
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        const struct key_type *types = keys_types((enum model_kind)kind);
        for (int t = 0; types[t].name; t++)
            if (recall->by_type[kind][t] > 0)
                buffer_append_format(out, "  %.4f  %s\n", recall->by_type[kind][t] / recall->pairs,
                                     types[t].name);
    }
}

static int by_size(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;
    return *a > *b ? -1 : *a < *b;
}

static enum status write_largest(const struct bulk *bulk, const uint32_t *found, uint32_t rows,
                                 struct buffer *out)
{
    uint64_t *sizes = calloc((size_t)rows + 1, sizeof *sizes);
    char room[24];
    if (!sizes) return STATUS_OUT_OF_MEMORY;
    for (uint32_t i = 0; i < rows; i++) sizes[found[i]] += UINT64_C(1) << 32;
    for (uint32_t i = 0; i < rows; i++) sizes[i] |= i;
    qsort(sizes, rows, sizeof *sizes, by_size);
    buffer_append(out, STR("\nlargest clusters:\n"));
    for (uint32_t i = 0; i < LARGEST && i < rows && sizes[i] >> 32 > 0; i++)
        buffer_append_format(out, "  %llu rows, first %.*s\n", (unsigned long long)(sizes[i] >> 32),
                             STR_ARGS(bulk_row_id(bulk, (uint32_t)sizes[i], room)));
    free(sizes);
    return STATUS_OK;
}

static void write_text(const struct evaluation *e, const struct curve *curve,
                       const struct recall *recall, struct buffer *out)
{
    score_line(out, "pairs", e->pairs);
    score_line(out, "clusters", e->clusters);
    score_line(out, "b-cubed", e->b_cubed);
    buffer_append_format(out,
                         "true pairs %.0f, found %.0f, right %.0f; clusters of two and more: true "
                         "%u, found %u; largest: true %u, found %u\n",
                         e->true_pairs, e->found_pairs, e->right_pairs, e->true_clusters,
                         e->found_clusters, e->largest_true, e->largest_found);
    write_recall(recall, out);
    buffer_append(out, STR("\npairs by themselves, before clustering:\n  probability  precision  "
                           "recall  F1\n"));
    for (int p = 0; p < CURVE_POINTS; p += 2)
        buffer_append_format(out, "  %.6f     %.4f     %.4f  %.4f\n",
                             scoring_probability(curve_at(p)), curve->score[p].precision,
                             curve->score[p].recall, curve->score[p].f1);
}

static void write_json(const struct evaluation *e, const struct recall *recall, struct buffer *out)
{
    const struct {
        const char *name;
        struct evaluation_score score;
    } scores[] = {{"pairs", e->pairs}, {"clusters", e->clusters}, {"bCubed", e->b_cubed}};
    buffer_append_char(out, '{');
    for (size_t i = 0; i < 3; i++)
        buffer_append_format(out, "\"%s\":{\"precision\":%.6f,\"recall\":%.6f,\"f1\":%.6f},",
                             scores[i].name, scores[i].score.precision, scores[i].score.recall,
                             scores[i].score.f1);
    buffer_append_format(
        out, "\"truePairs\":%.0f,\"largestTrue\":%u,\"largestFound\":%u,\"blockingRecall\":%.6f}\n",
        e->true_pairs, e->largest_true, e->largest_found,
        recall->pairs > 0 ? recall->any / recall->pairs : 1);
}

/* Precision and recall over the threshold, as two lines in one picture. */
static void draw_line(struct buffer *out, const struct curve *curve, bool recall,
                      const char *colour)
{
    buffer_append_format(out, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"2\" points=\"",
                         colour);
    for (int p = 0; p < CURVE_POINTS; p++)
        buffer_append_format(
            out, "%d,%.1f ", 60 + p * 24,
            20 + 300 * (1 - (recall ? curve->score[p].recall : curve->score[p].precision)));
    buffer_append(out, STR("\"/>\n"));
}

static void draw_curve(const struct curve *curve, struct buffer *out)
{
    buffer_append(out, STR("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"680\" height=\"380\" "
                           "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" "
                           "height=\"100%\" fill=\"#ffffff\"/>\n"));
    for (int i = 0; i <= 4; i++)
        buffer_append_format(out,
                             "<line x1=\"60\" x2=\"640\" y1=\"%d\" y2=\"%d\" stroke=\"#e2e8f0\"/>"
                             "<text x=\"50\" y=\"%d\" text-anchor=\"end\">%.2f</text>\n",
                             20 + i * 75, 20 + i * 75, 24 + i * 75, 1 - i * 0.25);
    draw_line(out, curve, false, "#0f766e");
    draw_line(out, curve, true, "#b45309");
    for (int p = 1; p < CURVE_POINTS; p += 4)
        buffer_append_format(out, "<text x=\"%d\" y=\"340\" text-anchor=\"middle\">%.0f</text>\n",
                             60 + p * 24, curve_at(p));
    buffer_append(out, STR("<text x=\"340\" y=\"364\" text-anchor=\"middle\">threshold (log-odds, "
                           "base 2)</text>\n<text x=\"540\" y=\"50\" fill=\"#0f766e\">precision"
                           "</text>\n<text x=\"540\" y=\"68\" fill=\"#b45309\">recall</text>\n"
                           "</svg>\n"));
}

/* ------------------------------------------------------------------ whole */

static enum status report(const struct matching_command *command, const struct truth *truth,
                          uint32_t *found, struct error *error)
{
    struct invocation *invocation = command->invocation;
    const struct bulk *bulk = command->bulk;
    uint32_t rows = bulk_row_count(bulk);
    struct buffer out = {.arena = invocation->arena}, picture = {.arena = invocation->arena};
    struct evaluation evaluation;
    struct curve curve;
    struct recall recall = {0};
    for (uint32_t i = 0; i < rows; i++) found[i] = bulk_cluster(bulk, i);
    if (evaluation_run(truth->cluster, found, rows, &evaluation) != STATUS_OK ||
        measure_recall(bulk, truth, &recall) != STATUS_OK)
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    measure_curve(bulk, truth, evaluation.true_pairs, &curve);
    if (invocation_switch(invocation, STR("json"))) {
        write_json(&evaluation, &recall, &out);
    } else {
        write_text(&evaluation, &curve, &recall, &out);
        TRY(write_largest(bulk, found, rows, &out));
    }
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)fwrite(out.bytes, 1, out.len, command->output);
    struct str svg = invocation_option(invocation, STR("svg"));
    if (str_is_none(svg)) return STATUS_OK;
    draw_curve(&curve, &picture);
    return matching_command_write_file(svg, &picture, invocation->arena, error);
}

static enum status run_evaluate(struct invocation *invocation, struct error *error)
{
    struct matching_command command;
    struct truth truth = {0};
    if (str_is_none(invocation_option(invocation, STR("truth"))))
        return error_set(error, STATUS_USAGE, STR("truth"), STR("--truth COLUMN or FILE"),
                         "the truth is missing");
    bool link = invocation->operand_count == 2;
    enum status status = matching_command_begin(&command, invocation, link, error);
    (void)progress_end(&command.progress);
    if (status == STATUS_OK) status = read_truth(&command, &truth, error);
    uint32_t *found = status == STATUS_OK
                          ? malloc(((size_t)bulk_row_count(command.bulk) + 1) * sizeof *found)
                          : NULL;
    if (status == STATUS_OK)
        status = found ? report(&command, &truth, found, error)
                       : error_plain(error, STATUS_OUT_OF_MEMORY);
    free(found);
    free(truth.cluster);
    return matching_command_end(&command, status, error);
}

static const struct command_option options[] = {
    MATCHING_COMMAND_OPTIONS,
    {STR("truth"), STR("COLUMN or FILE"),
     STR("the column that says who is who, or a CSV file of pairs of ids")},
    {STR("svg"), STR("FILE"), STR("precision and recall over the threshold, as a picture")},
};

const struct command command_evaluate = {
    .name = STR("evaluate"),
    .operands = STR("FILE [RIGHT]"),
    .operands_max = 2,
    .summary = STR("measures matching against a known truth"),
    .text = STR("  customer360 evaluate people.csv --truth entity --svg curve.svg\n\n"
                "Precision, recall and F1 of pairs, clusters and B-cubed; recall of the blocking\n"
                "keys; the threshold curve; the largest clusters. With two files: linking."),
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run_evaluate,
};
