#include "service/command_import_propose.h"

#include <stdio.h>

#include "adapters/jobs/import_job.h"
#include "adapters/jobs/mapping_proposal.h"

static bool is_sure(const struct column_proposal *column)
{
    return column->percent >= PROPOSAL_SURE_PERCENT;
}

static void show_column(const struct column_proposal *column)
{
    struct str field = column->is_key               ? STR("the key of the record")
                       : str_is_none(column->field) ? STR("?")
                                                    : column->field;
    (void)fprintf(stderr, "  %-24.*s %s %-24.*s %3d %%%s%s   %.*s\n", STR_ARGS(column->column),
                  is_sure(column) ? "->" : "  ", STR_ARGS(field), column->percent,
                  column->by_name ? ", name" : "", column->by_values ? ", values" : "",
                  STR_ARGS(column->sample_count ? column->samples[0] : STR("")));
}

/* What was said counts more. */
static void take_sure(const struct mapping_proposal *proposal, struct import_parameters *parameters,
                      struct arena *arena)
{
    parameters->mapping = mapping_proposal_mapping(proposal, parameters->mapping, arena);
    for (size_t i = 0; i < proposal->count; i++)
        if (proposal->columns[i].is_key && str_is_none(parameters->key_column))
            parameters->key_column = proposal->columns[i].column;
}

static void add_option(struct buffer *out, const char *name, struct str value)
{
    buffer_append_format(out, " --%s", name);
    invocation_write_word(out, value);
}

static void add_column(struct buffer *out, const struct column_proposal *column,
                       const struct import_parameters *parameters, const struct json_value *rules)
{
    bool is_key = str_equal(column->column, parameters->key_column);
    if (json_get(rules, column->column) || is_key) return;
    if (is_sure(column) && column->is_key) {
        if (str_is_none(parameters->key_column)) add_option(out, "key-column", column->column);
    } else if (is_sure(column)) {
        add_option(out, "map",
                   arena_format(out->arena, "%.*s=%.*s", STR_ARGS(column->column),
                                STR_ARGS(column->field)));
    } else if (!json_get(rules, STR("*"))) {
        add_option(out, "ignore", column->column);
    }
}

/* The line that imports the file so: what was said, and what is proposed for the other columns. */
static enum status show_line(const struct invocation *invocation,
                             const struct mapping_proposal *proposal,
                             const struct import_parameters *parameters, struct error *error)
{
    static const struct str without[] = {STR("propose"), STR("auto-map"), STR("json")};
    struct arena *arena = invocation->arena;
    struct buffer out = {.arena = arena};
    struct json_value *rules = NULL;
    if (!str_is_none(parameters->mapping))
        TRY(json_parse(parameters->mapping, arena, &rules, error));
    invocation_write_line(invocation, without, sizeof(without) / sizeof(without[0]), &out);
    for (size_t i = 0; i < proposal->count; i++)
        add_column(&out, &proposal->columns[i], parameters, rules);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    (void)printf("%.*s\n", STR_ARGS(buffer_str(&out)));
    return STATUS_OK;
}

enum status command_import_propose(const struct invocation *invocation, int file,
                                   struct import_parameters *parameters, bool *only,
                                   struct error *error)
{
    struct arena *arena = invocation->arena;
    struct record_sample sample;
    struct mapping_proposal proposal;
    bool json = invocation_switch(invocation, STR("json"));
    *only = invocation_switch(invocation, STR("propose"));
    if (!*only && !invocation_switch(invocation, STR("auto-map"))) return STATUS_OK;
    TRY(record_sample_read(file, import_job_form(parameters->form),
                           import_job_separator(parameters), arena, &sample, error));
    TRY(mapping_propose(&sample, arena, &proposal, error));
    for (size_t i = 0; i < proposal.count && !json; i++) show_column(&proposal.columns[i]);
    if (!*only) {
        take_sure(&proposal, parameters, arena);
    } else if (json) {
        struct str text = mapping_proposal_json(&proposal, arena);
        (void)printf("%.*s\n", STR_ARGS(text));
    } else {
        return show_line(invocation, &proposal, parameters, error);
    }
    return STATUS_OK;
}
