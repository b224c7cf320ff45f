/* dedupe: which rows of a file are the same customer. */
#include "matching/explain.h"
#include "service/clusters_text.h"
#include "service/matching_command.h"

/* The pairs that came near being joined, each with its pattern of agreement. */
static enum status write_pairs(const struct matching_command *command, const char *path,
                               struct error *error)
{
    const struct bulk *bulk = command->bulk;
    size_t count = 0;
    const struct edge *edges = bulk_edges(bulk, &count);
    FILE *out = fopen(path, "we");
    if (!out) return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "%s cannot be made", path);
    (void)fputs("id_a,id_b,log_odds,probability", out);
    for (int c = 0; c < COMPARISON_COUNT; c++)
        (void)fprintf(out, ",%s", comparison_name((enum comparison)c));
    (void)fputc('\n', out);
    for (size_t e = 0; e < count; e++) {
        struct evidence evidence;
        char room[2][24];
        uint32_t a = bulk_first_row(bulk, edges[e].a), b = bulk_first_row(bulk, edges[e].b);
        if (!scoring_evidence(bulk_scorer(bulk), NULL, bulk_record(bulk, a), bulk_record(bulk, b),
                              &evidence))
            continue;
        matching_command_field(out, bulk_row_id(bulk, a, room[0]));
        (void)fputc(',', out);
        matching_command_field(out, bulk_row_id(bulk, b, room[1]));
        (void)fprintf(out, ",%.3f,%.6f", (double)evidence.log_odds,
                      scoring_probability(evidence.log_odds));
        for (int c = 0; c < COMPARISON_COUNT; c++)
            (void)fprintf(out, ",%.*s",
                          STR_ARGS(comparison_level_name((enum comparison)c, evidence.level[c])));
        (void)fputc('\n', out);
    }
    bool failed = ferror(out) != 0;
    failed = fclose(out) != 0 || failed;
    return failed ? error_plain(error, STATUS_IO) : STATUS_OK;
}

/* --explain A B [--svg FILE]: nothing but the one pair. */
static enum status explain(const struct matching_command *command, struct str id_a,
                           struct error *error)
{
    struct invocation *invocation = command->invocation;
    struct str id_b = invocation->operands[invocation->operand_count - 1];
    struct str svg = invocation_option(invocation, STR("svg"));
    int64_t a = matching_command_find(command, id_a), b = matching_command_find(command, id_b);
    if (a < 0 || b < 0 || invocation->operand_count < 2)
        return error_set(error, STATUS_USAGE, STR("explain"), STR("--explain A B: ids of two rows"),
                         "a row to explain is not in the file");
    struct buffer out = {.arena = invocation->arena}, picture = {.arena = invocation->arena};
    const struct record *record_a = bulk_record(command->bulk, (uint32_t)a);
    const struct record *record_b = bulk_record(command->bulk, (uint32_t)b);
    struct evidence evidence;
    const struct scorer *scorer = bulk_scorer(command->bulk);
    if (!scoring_evidence(scorer, NULL, record_a, record_b, &evidence))
        return error_set(error, STATUS_USAGE, STR("explain"), STR_NONE,
                         "a person and an organisation are never the same");
    if (invocation_switch(invocation, STR("json")))
        explain_json(&evidence, &out);
    else
        explain_text(scorer, record_a, record_b, &evidence, &out);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)fwrite(out.bytes, 1, out.len, command->output);
    if (str_is_none(svg)) return STATUS_OK;
    struct str title =
        arena_format(invocation->arena, "%.*s and %.*s", STR_ARGS(id_a), STR_ARGS(id_b));
    explain_svg(&evidence, title, &picture);
    return matching_command_write_file(svg, &picture, invocation->arena, error);
}

static enum status write_all(const struct matching_command *command, struct error *error)
{
    struct invocation *invocation = command->invocation;
    struct str explained = invocation_option(invocation, STR("explain"));
    struct str pairs = invocation_option(invocation, STR("pairs"));
    if (!str_is_none(explained)) return explain(command, explained, error);
    if (!str_is_none(pairs)) {
        const char *path = arena_cstr(invocation->arena, pairs);
        if (!path) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(write_pairs(command, path, error));
    }
    if (command->output_is_file || !invocation_switch(invocation, STR("json")))
        TRY(clusters_text_write(command->bulk, command->output, error));
    return matching_command_summary(command, error);
}

/* The second operand and the picture belong to --explain; alone they would be passed over. */
static enum status check_explain(const struct invocation *invocation, struct error *error)
{
    if (invocation_switch(invocation, STR("explain"))) return STATUS_OK;
    if (invocation->operand_count > 1)
        return error_set(error, STATUS_USAGE, STR_NONE, STR("one FILE; link takes two"),
                         "%.*s is one operand too many", STR_ARGS(invocation->operands[1]));
    if (invocation_switch(invocation, STR("svg")))
        return error_set(error, STATUS_USAGE, STR("svg"), STR("--explain A B --svg FILE"),
                         "--svg is the picture of two rows, which are not named");
    return STATUS_OK;
}

static enum status run_dedupe(struct invocation *invocation, struct error *error)
{
    struct matching_command command;
    TRY(check_explain(invocation, error));
    enum status status = matching_command_begin(&command, invocation, false, error);
    if (status == STATUS_OK) {
        (void)progress_end(&command.progress);
        status = write_all(&command, error);
    }
    return matching_command_end(&command, status, error);
}

static const struct command_option options[] = {
    MATCHING_COMMAND_OPTIONS,
    {STR("pairs"), STR("FILE"), STR("write the pairs, with levels of agreement, to FILE")},
    {STR("explain"), STR("A B"), STR("show why two rows, by their ids, are or are not joined")},
    {STR("svg"), STR("FILE"), STR("with --explain: the waterfall as a picture")},
};

const struct command command_dedupe = {
    .name = STR("dedupe"),
    .operands = STR("FILE"),
    .operands_max = 2,
    .summary = STR("finds the rows of a CSV file that are the same customer"),
    .text = STR("  customer360 dedupe people.csv -o clusters.csv\n"
                "  customer360 dedupe people.csv --explain 17 42\n\n"
                "Persons or organisations or both; the columns are recognised. The output has the\n"
                "rows' ids, the id of the row that names their cluster and the probability."),
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run_dedupe,
};
