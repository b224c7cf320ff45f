#include "application/history_walk.h"

#include <string.h>

enum {
    BATCH_ALL = 2000,
    BATCH_ONE = 32, /* of one subject there are a few */
    BATCH_BYTES = 16 << 20,
    SUBJECT_MAX_BYTES = 256
};

struct walk {
    const struct history_fold *fold;
    struct str only; /* absent: all subjects */
    struct str current;
    char current_bytes[SUBJECT_MAX_BYTES];
    bool is_under_way;
    bool is_over;
};

static enum status end_subject(struct walk *walk)
{
    bool ends = walk->is_under_way;
    walk->is_under_way = false;
    return ends ? walk->fold->end(walk->fold->context) : STATUS_OK;
}

static enum status visit(struct walk *walk, const struct fact *fact)
{
    if (!str_is_none(walk->only) && !str_equal(fact->subject, walk->only)) {
        walk->is_over = true;
        return STATUS_OK;
    }
    if (!walk->is_under_way || !str_equal(walk->current, fact->subject)) {
        TRY(end_subject(walk));
        walk->current = fact->subject;
        walk->is_under_way = true;
        walk->fold->begin(walk->fold->context, fact);
    }
    walk->fold->add(walk->fold->context, fact);
    return STATUS_OK;
}

/* Where to go on when the facts are gone. */
static enum status keep_place(struct walk *walk, const struct fact *last, struct fact *place)
{
    if (last->subject.len > sizeof(walk->current_bytes)) return STATUS_STORE_CORRUPT;
    memcpy(walk->current_bytes, last->subject.ptr, last->subject.len);
    walk->current = str_of(walk->current_bytes, last->subject.len);
    *place = (struct fact){
        .subject = walk->current, .observed_at = last->observed_at, .number = last->number};
    return walk->fold->keep(walk->fold->context);
}

static enum status walk_all(struct store_session *session, struct str home, enum fact_kind kind,
                            struct walk *walk, struct arena *batch, struct error *error)
{
    size_t limit = str_is_none(walk->only) ? BATCH_ALL : BATCH_ONE, count = limit;
    struct fact place = {.subject = str_is_none(walk->only) ? STR("") : walk->only,
                         .observed_at = INT64_MIN,
                         .number = INT64_MIN};
    struct fact *facts;
    while (count == limit && !walk->is_over) {
        arena_reset(batch);
        TRY(store_history_of(session, home, kind, &place, limit, batch, &facts, &count, error));
        for (size_t i = 0; i < count && !walk->is_over; i++)
            if (visit(walk, &facts[i]) != STATUS_OK)
                return error_plain(error, STATUS_OUT_OF_MEMORY);
        if (count < limit || walk->is_over) break;
        enum status status = keep_place(walk, &facts[count - 1], &place);
        if (status != STATUS_OK) return error_plain(error, status);
    }
    return end_subject(walk) == STATUS_OK ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

enum status history_walk(struct store_session *session, struct str home, enum fact_kind kind,
                         struct str subject, const struct history_fold *fold, struct error *error)
{
    struct walk walk = {.fold = fold, .only = subject};
    struct arena batch;
    arena_init(&batch, BATCH_BYTES);
    enum status status = walk_all(session, home, kind, &walk, &batch, error);
    arena_release(&batch);
    return status;
}
