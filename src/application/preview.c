#include "application/preview.h"

#include "domain/consent.h"

static void write_or_null(struct json_writer *writer, struct str name,
                          const struct json_value *value)
{
    json_key(writer, name);
    if (value)
        json_write(writer, value);
    else
        json_null(writer);
}

enum status preview_changes(struct json_writer *writer, const struct golden *before,
                            const struct golden *after, struct arena *arena)
{
    struct change *changes;
    size_t count;
    TRY(golden_difference(before, after, arena, &changes, &count));
    json_key(writer, STR("changes"));
    json_array_begin(writer);
    for (size_t i = 0; i < count; i++) {
        json_object_begin(writer);
        json_member_string(writer, STR("field"), changes[i].field);
        write_or_null(writer, STR("before"), changes[i].before);
        write_or_null(writer, STR("after"), changes[i].after);
        json_object_end(writer);
    }
    json_array_end(writer);
    return STATUS_OK;
}

enum { SIDES_MAX = 3 };

static void write_row(struct json_writer *writer, const struct consent_question *question,
                      const struct preview_side *sides, const struct consent_answer *answers,
                      size_t count)
{
    json_object_begin(writer);
    json_member_string(writer, STR("type"), question->channel);
    json_member_string(writer, STR("purpose"), question->purpose);
    json_member_nullable(writer, STR("contactPoint"), question->contact_point);
    for (size_t s = 0; s < count; s++) {
        json_key(writer, sides[s].name);
        json_object_begin(writer);
        json_key(writer, STR("allowed"));
        json_boolean(writer, answers[s].allowed);
        json_member_string(writer, STR("reason"), answers[s].reason);
        json_object_end(writer);
    }
    json_object_end(writer);
}

/* The same questions, put to another side. */
static enum status ask_side(const struct preview_side *side, const struct consent_row *rows,
                            size_t count, struct arena *arena, struct consent_row **answered)
{
    struct consent_row **pointers = ARENA_NEW_ARRAY(arena, struct consent_row *, count);
    *answered = ARENA_NEW_ARRAY(arena, struct consent_row, count);
    if (!pointers || !*answered) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++) {
        (*answered)[i].question = rows[i].question;
        pointers[i] = &(*answered)[i];
    }
    return consent_decide_all(side->tree, pointers, count, arena);
}

enum status preview_consent_changes(struct json_writer *writer, const struct preview_side *sides,
                                    size_t count, instant now, struct arena *arena)
{
    struct consent_row *rows[SIDES_MAX] = {0};
    size_t row_count;
    TRY(consent_matrix(sides[0].tree, now, arena, &rows[0], &row_count));
    for (size_t s = 1; s < count && s < SIDES_MAX; s++)
        TRY(ask_side(&sides[s], rows[0], row_count, arena, &rows[s]));
    json_key(writer, STR("consentChanges"));
    json_array_begin(writer);
    for (size_t i = 0; i < row_count; i++) {
        struct consent_answer answers[SIDES_MAX] = {rows[0][i].answer};
        bool differ = false;
        for (size_t s = 1; s < count && s < SIDES_MAX; s++) {
            answers[s] = rows[s][i].answer;
            differ = differ || answers[s].allowed != answers[0].allowed;
        }
        if (differ) write_row(writer, &rows[0][i].question, sides, answers, count);
    }
    json_array_end(writer);
    return STATUS_OK;
}
