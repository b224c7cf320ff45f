#include "service/labels.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/json.h"

enum { LINE_ARENA_MAX = 64 << 20 };

struct labels {
    struct arena *arena;
    struct training_label *items;
    size_t count, room;
};

static bool keep(struct labels *labels, const struct training_label *label)
{
    if (labels->count == labels->room) {
        size_t room = labels->room ? labels->room * 2 : 64;
        struct training_label *larger = arena_realloc(
            labels->arena, labels->items, labels->room * sizeof(*larger), room * sizeof(*larger));
        if (!larger) return false;
        labels->items = larger;
        labels->room = room;
    }
    labels->items[labels->count++] = *label;
    return true;
}

/* Was it decided by somebody, and how? */
static bool is_decided(const struct json_value *line, bool *match)
{
    const struct json_value *apart = json_get(line, STR("apart"));
    struct str state = json_text(json_get(line, STR("state")));
    struct str resolution = json_text(json_get(line, STR("resolution")));
    *match = str_equal(state, STR("MERGED"));
    if (*match) return !str_equal(resolution, STR("AUTOMATIC"));
    return apart && apart->type == JSON_BOOLEAN && apart->boolean;
}

/* False when the evidence names no comparison. */
static bool read_evidence(const struct json_value *line, struct training_label *label)
{
    const struct json_value *parts = json_get(json_get(line, STR("evidence")), STR("waterfall"));
    bool any = false;
    for (size_t i = 0; parts && parts->type == JSON_ARRAY && i < parts->count; i++) {
        const struct json_value *part = &parts->items[i];
        any = training_label_set(label, json_text(json_get(part, STR("comparison"))),
                                 json_text(json_get(part, STR("level")))) ||
              any;
    }
    return any;
}

static enum status read_line(struct labels *labels, struct str text, struct arena *scratch,
                             struct error *error)
{
    struct training_label label = {.kind = MODEL_PERSON};
    struct json_value *line;
    if (!str_starts_with(text, STR("{\"record\":\"DUPLICATE\""))) return STATUS_OK;
    TRY(json_parse(text, scratch, &line, error));
    if (!is_decided(line, &label.match) || !read_evidence(line, &label)) return STATUS_OK;
    return keep(labels, &label) ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

static enum status read_lines(struct labels *labels, FILE *file, struct error *error)
{
    struct arena scratch;
    char *line = NULL;
    size_t room = 0;
    ssize_t length;
    bool first = true;
    enum status status = STATUS_OK;
    arena_init(&scratch, LINE_ARENA_MAX);
    while (status == STATUS_OK && (length = getline(&line, &room, file)) >= 0) {
        struct str text = str_trim(str_of(line, (size_t)length));
        if (first && !str_starts_with(text, STR("{\"record\":\"HEADER\"")))
            status = error_set(error, STATUS_INVALID_VALUE, STR("labels"),
                               STR("the file of an export: customer360 export"),
                               "the file of labels is no export");
        first = false;
        arena_reset(&scratch);
        if (status == STATUS_OK) status = read_line(labels, text, &scratch, error);
    }
    free(line);
    arena_release(&scratch);
    return status;
}

enum status labels_read(struct str path, struct arena *arena, struct training_label **out,
                        size_t *count, struct error *error)
{
    struct labels labels = {.arena = arena};
    char *name = arena_cstr(arena, path);
    FILE *file = name ? fopen(name, "re") : NULL;
    if (!name) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!file)
        return error_set(error, STATUS_IO, STR("labels"), STR_NONE, "%s: %s", name,
                         strerror(errno));
    enum status status = read_lines(&labels, file, error);
    bool failed = ferror(file);
    (void)fclose(file);
    TRY(status);
    if (failed)
        return error_set(error, STATUS_IO, STR("labels"), STR_NONE, "%s: %s", name,
                         strerror(errno));
    if (labels.count == 0)
        return error_set(error, STATUS_INVALID_VALUE, STR("labels"),
                         STR("an export of a base in whose review queue stewards have decided"),
                         "the file of labels holds no decision");
    *out = labels.items;
    *count = labels.count;
    return STATUS_OK;
}
