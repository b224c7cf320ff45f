/* train: estimates a model from a file, and from what stewards decided. */
#include "service/matching_command.h"

static enum status run_train(struct invocation *invocation, struct error *error)
{
    struct matching_command command;
    enum status status = matching_command_begin(&command, invocation, false, error);
    if (status == STATUS_OK) {
        struct buffer text = {.arena = invocation->arena};
        (void)progress_end(&command.progress);
        status = model_text_write(bulk_models(command.bulk), &text);
        if (status == STATUS_OK) (void)fwrite(text.bytes, 1, text.len, command.output);
        if (command.label_count > 0)
            (void)fprintf(stderr, "%zu decisions of stewards were learned\n", command.label_count);
        if (status == STATUS_OK) status = matching_command_summary(&command, error);
    }
    return matching_command_end(&command, status, error);
}

/* clang-format off */
static const struct command_option options[] = {
    MATCHING_COMMAND_OPTIONS,
    {STR("labels"), STR("FILE"), STR("an export: what stewards decided in its review queue is learned as well")},
};
/* clang-format on */

const struct command command_train = {
    .name = STR("train"),
    .operands = STR("FILE"),
    .operands_max = 1,
    .summary = STR("estimates a matching model from a CSV file, without labels or with some"),
    .text = STR("  customer360 train people.csv -o people.model\n"
                "  customer360 train customers.csv --labels export.ndjson -o customers.model\n\n"
                "The model is a text file, for dedupe --model FILE --no-training and for diffs."),
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .run = run_train,
};
