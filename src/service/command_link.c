/* link: which rows of two clean files are the same customer, one to one. */
#include "service/matching_command.h"

static void write_links(const struct matching_command *command)
{
    const struct bulk *bulk = command->bulk;
    FILE *out = command->output;
    char room[24];
    (void)fputs("left_id,right_id,probability\n", out);
    for (uint32_t row = 0; row < bulk_row_count(bulk); row++) {
        uint32_t other = bulk_partner(bulk, row);
        if (bulk_row_file(bulk, row) != 0 || other == row) continue;
        matching_command_field(out, bulk_row_id(bulk, row, room));
        (void)fputc(',', out);
        matching_command_field(out, bulk_row_id(bulk, other, room));
        (void)fprintf(out, ",%.4f\n", bulk_probability(bulk, row));
    }
}

static enum status run_link(struct invocation *invocation, struct error *error)
{
    struct matching_command command;
    enum status status = matching_command_begin(&command, invocation, true, error);
    if (status == STATUS_OK) {
        (void)progress_end(&command.progress);
        if (command.output_is_file || !invocation_switch(invocation, STR("json")))
            write_links(&command);
        status = matching_command_summary(&command, error);
    }
    return matching_command_end(&command, status, error);
}

static const struct command_option options[] = {MATCHING_COMMAND_OPTIONS};

const struct command command_link = {
    .name = STR("link"),
    .operands = STR("LEFT RIGHT"),
    .operands_max = 2,
    .summary = STR("finds the rows of two CSV files that are the same customer"),
    .text =
        STR("  customer360 link crm.csv erp.csv -o links.csv\n\n"
            "Each row has at most one partner in the other file: for files without duplicates."),
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run_link,
};
