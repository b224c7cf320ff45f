#include "service/matching_command.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>

#include "service/files.h"
#include "service/labels.h"

enum { MODEL_FILE_MAX = 1 << 20, LIST_MAX = 128 };

/* ------------------------------------------------------------------ options */

static const char *option_cstr(const struct invocation *invocation, struct str name)
{
    struct str value = invocation_option(invocation, name);
    return str_is_none(value) ? NULL : arena_cstr(invocation->arena, value);
}

static enum status read_list(const struct invocation *invocation, struct str name,
                             const char **list, size_t *count, struct error *error)
{
    struct str value;
    size_t at = 0;
    *count = 0;
    while (invocation_each(invocation, name, &at, &value)) {
        if (*count == LIST_MAX)
            return error_set(error, STATUS_USAGE, name, STR_NONE, "--%.*s is given too often",
                             STR_ARGS(name));
        list[*count] = arena_cstr(invocation->arena, value);
        if (!list[(*count)++]) return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    return STATUS_OK;
}

static enum status load_model(struct matching_command *command, struct error *error)
{
    struct invocation *invocation = command->invocation;
    struct str path = invocation_option(invocation, STR("model")), text;
    model_set_default(&command->models);
    if (str_is_none(path)) return STATUS_OK;
    TRY(files_read(path, MODEL_FILE_MAX, invocation->arena, &text, error));
    return model_text_read(text, &command->models, error);
}

/* Of those commands that take them. */
static enum status load_labels(struct matching_command *command, struct bulk_options *options,
                               struct error *error)
{
    struct str path = invocation_option(command->invocation, STR("labels"));
    struct training_label *labels = NULL;
    if (str_is_none(path)) return STATUS_OK;
    TRY(labels_read(path, command->invocation->arena, &labels, &options->label_count, error));
    options->labels = labels;
    command->label_count = options->label_count;
    return STATUS_OK;
}

static void tell(void *context, const char *step, double done)
{
    struct matching_command *command = context;
    command->progress.unit = str_from_cstr(step);
    progress_tell(&command->progress, bulk_row_count(command->bulk), (int64_t)(done * 1000), 1000);
}

static enum status read_options(struct matching_command *command, struct bulk_options *options,
                                struct error *error)
{
    const struct invocation *invocation = command->invocation;
    int64_t threshold = 50, memory = 0, threads = 0;
    TRY(invocation_number(invocation, STR("threshold"), 50, 1, 99, &threshold, error));
    TRY(invocation_number(invocation, STR("memory"), 0, 1, 1 << 24, &memory, error));
    TRY(invocation_number(invocation, STR("threads"), 0, 1, 64, &threads, error));
    options->threshold = (double)threshold / 100;
    options->memory_bytes = (uint64_t)memory << 20;
    options->threads = (unsigned)threads;
    options->train = !invocation_switch(invocation, STR("no-training"));
    options->models = &command->models;
    options->progress = tell;
    options->progress_context = command;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ begin and end */

static enum status open_output(struct matching_command *command, struct error *error)
{
    const char *path = option_cstr(command->invocation, STR("output"));
    command->output = stdout;
    if (!path) return STATUS_OK;
    command->output = fopen(path, "we");
    command->output_is_file = command->output != NULL;
    if (command->output) return STATUS_OK;
    return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "%s: %s", path, strerror(errno));
}

static enum status read_files(struct matching_command *command, bool link, struct error *error)
{
    const struct invocation *invocation = command->invocation;
    const char *maps[LIST_MAX], *ignored[LIST_MAX];
    struct columns_request request = {.maps = maps, .ignored = ignored};
    TRY(read_list(invocation, STR("map"), maps, &request.map_count, error));
    TRY(read_list(invocation, STR("ignore"), ignored, &request.ignored_count, error));
    request.id = option_cstr(invocation, STR("id"));
    for (size_t i = 0; i < (link ? 2 : 1); i++) {
        const char *path = arena_cstr(invocation->arena, invocation->operands[i]);
        if (!path) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(bulk_read(command->bulk, path, &request, error));
    }
    return STATUS_OK;
}

/* What a step needs no more goes back at once, so that the next does not add to it: left to itself
 * the allocator keeps blocks of up to 32 MB. */
static void give_back_blocks(void)
{
#ifdef M_MMAP_THRESHOLD
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 20);
#endif
}

enum status matching_command_begin(struct matching_command *command, struct invocation *invocation,
                                   bool link, struct error *error)
{
    struct bulk_options options = {.link = link};
    *command = (struct matching_command){.invocation = invocation};
    if (invocation->operand_count < (link ? 2 : 1))
        return error_set(error, STATUS_USAGE, STR_NONE, invocation->command->operands,
                         "a file to read is missing");
    give_back_blocks();
    TRY(load_model(command, error));
    TRY(read_options(command, &options, error));
    TRY(load_labels(command, &options, error));
    TRY(open_output(command, error));
    TRY(bulk_new(&options, &command->bulk, error));
    progress_begin(&command->progress, STR("read"), invocation_switch(invocation, STR("quiet")));
    TRY(read_files(command, link, error));
    return bulk_match(command->bulk, error);
}

enum status matching_command_end(struct matching_command *command, enum status status,
                                 struct error *error)
{
    bool failed = false;
    (void)progress_end(&command->progress);
    if (command->output) failed = fflush(command->output) != 0 || ferror(command->output);
    if (command->output_is_file) failed = fclose(command->output) != 0 || failed;
    bulk_free(command->bulk);
    if (status == STATUS_OK && failed)
        return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "the result cannot be written");
    return status;
}

/* ------------------------------------------------------------------ results */

void matching_command_field(FILE *out, struct str field)
{
    bool quote = false;
    for (size_t i = 0; i < field.len; i++)
        quote = quote || field.ptr[i] == ',' || field.ptr[i] == '"' || field.ptr[i] == '\n' ||
                field.ptr[i] == '\r';
    if (!quote) {
        (void)fwrite(field.ptr, 1, field.len, out);
        return;
    }
    (void)fputc('"', out);
    for (size_t i = 0; i < field.len; i++) {
        if (field.ptr[i] == '"') (void)fputc('"', out);
        (void)fputc(field.ptr[i], out);
    }
    (void)fputc('"', out);
}

int64_t matching_command_find(const struct matching_command *command, struct str id)
{
    char room[24];
    for (uint32_t row = 0; row < bulk_row_count(command->bulk); row++)
        if (str_equal(bulk_row_id(command->bulk, row, room), id)) return row;
    return -1;
}

static void write_columns(const struct bulk *bulk, struct buffer *out)
{
    const struct columns *columns = bulk_columns(bulk);
    for (size_t c = 0; c < columns->count; c++) {
        if (columns->column[c].field == MATCHING_FIELD_NONE) continue;
        struct str name = bulk_column_name(bulk, c);
        buffer_append_format(out, "  %-28.*s %s%s%s\n", STR_ARGS(name),
                             columns_field_name(columns->column[c].field),
                             columns->column[c].type[0] ? ":" : "", columns->column[c].type);
    }
}

static void write_cuts(const struct bulk *bulk, struct buffer *out)
{
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++) {
        const struct key_type *types = keys_types((enum model_kind)kind);
        for (int t = 0; types[t].name; t++) {
            const struct block_list *list = &bulk_blocking(bulk)->list[kind][t];
            if (list->blocks_over)
                buffer_append_format(out, "  key \"%s\": %u blocks of more than %u rows %s\n",
                                     types[t].name, list->blocks_over, list->size_max,
                                     list->cut ? "were cut" : "were walked by neighbours");
        }
    }
}

static void summary_text(const struct bulk *bulk, struct buffer *out)
{
    uint32_t rows = bulk_row_count(bulk), clusters = bulk_cluster_count(bulk);
    double seconds = 0;
    for (const struct bulk_step *step = bulk_steps(bulk); step->name; step++)
        seconds += step->seconds;
    write_columns(bulk, out);
    write_cuts(bulk, out);
    if (bulk_uneven_rows(bulk))
        buffer_append_format(out, "  %llu rows had not as many fields as the header\n",
                             (unsigned long long)bulk_uneven_rows(bulk));
    buffer_append_format(
        out, "%u rows are %u customers (%u duplicates); %llu pairs scored, %.2f s\n", rows,
        clusters, rows - clusters, (unsigned long long)bulk_pairs_scored(bulk), seconds);
}

static void summary_json(const struct bulk *bulk, struct buffer *out)
{
    uint32_t rows = bulk_row_count(bulk);
    buffer_append_format(out, "{\"rows\":%u,\"clusters\":%u,\"pairsScored\":%llu,\"steps\":{", rows,
                         bulk_cluster_count(bulk), (unsigned long long)bulk_pairs_scored(bulk));
    for (const struct bulk_step *step = bulk_steps(bulk); step->name; step++)
        buffer_append_format(out, "%s\"%s\":{\"seconds\":%.4f,\"cpuSeconds\":%.4f}",
                             step == bulk_steps(bulk) ? "" : ",", step->name, step->seconds,
                             step->cpu_seconds);
    buffer_append(out, STR("}}\n"));
}

enum status matching_command_summary(const struct matching_command *command, struct error *error)
{
    struct buffer out = {.arena = command->invocation->arena};
    bool json = invocation_switch(command->invocation, STR("json"));
    if (json)
        summary_json(command->bulk, &out);
    else
        summary_text(command->bulk, &out);
    if (buffer_failed(&out)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (json || !invocation_switch(command->invocation, STR("quiet")))
        (void)fwrite(out.bytes, 1, out.len, json ? stdout : stderr);
    return STATUS_OK;
}

enum status matching_command_write_file(struct str path, const struct buffer *text,
                                        struct arena *arena, struct error *error)
{
    const char *name = arena_cstr(arena, path);
    if (!name || buffer_failed(text)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    FILE *file = fopen(name, "we");
    bool written = file && fwrite(text->bytes, 1, text->len, file) == text->len;
    if (file) written = fclose(file) == 0 && written;
    if (written) return STATUS_OK;
    return error_set(error, STATUS_IO, STR_NONE, STR_NONE, "%s: %s", name, strerror(errno));
}
