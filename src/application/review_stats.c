/* GET /duplicates/stats: see review_list.h. */
#include "application/review_list.h"

enum { DAYS = 30 };

struct day {
    int64_t merged, not_duplicate;
};

struct stats {
    struct arena *arena;
    instant now, since;
    struct duplicate_count *counts;
    size_t count;
    int64_t shows[DUPLICATE_STATE_COUNT];
    int64_t causes[DUPLICATE_CAUSE_COUNT];           /* of what waits */
    int64_t resolutions[DUPLICATE_RESOLUTION_COUNT]; /* of what is resolved */
    instant oldest;                                  /* of what waits */
    struct day days[DAYS];                           /* today first */
};

static enum status count_body(struct store_session *session, void *context, struct error *error)
{
    struct stats *stats = context;
    return store_duplicate_count(session, stats->now, stats->since, stats->arena, &stats->counts,
                                 &stats->count, error);
}

static bool waits(enum duplicate_state shows)
{
    return shows == DUPLICATE_OPEN || shows == DUPLICATE_CLAIMED || shows == DUPLICATE_LATER;
}

static void add(struct stats *stats, const struct duplicate_count *one)
{
    int64_t ago = stats->now / INSTANT_DAY - one->day;
    stats->shows[one->shows] += one->count;
    if (waits(one->shows)) {
        stats->causes[one->cause] += one->count;
        if (stats->oldest == INSTANT_NONE || one->oldest < stats->oldest)
            stats->oldest = one->oldest;
        return;
    }
    stats->resolutions[one->resolution] += one->count;
    if (one->day < 0 || ago < 0 || ago >= DAYS) return;
    if (one->shows == DUPLICATE_MERGED) stats->days[ago].merged += one->count;
    if (one->shows == DUPLICATE_NOT_DUPLICATE) stats->days[ago].not_duplicate += one->count;
}

static void write_number(struct json_writer *writer, struct str name, int64_t number)
{
    json_key(writer, name);
    json_int64(writer, number);
}

static void write_waiting(struct json_writer *writer, const struct stats *stats)
{
    write_number(writer, STR("open"), stats->shows[DUPLICATE_OPEN]);
    write_number(writer, STR("claimed"), stats->shows[DUPLICATE_CLAIMED]);
    write_number(writer, STR("later"), stats->shows[DUPLICATE_LATER]);
    results_instant(writer, STR("oldestOpenAt"), stats->oldest);
    json_key(writer, STR("oldestOpenSeconds"));
    if (stats->oldest == INSTANT_NONE)
        json_null(writer);
    else
        json_int64(writer, (stats->now - stats->oldest) / INSTANT_SECOND);
    json_key(writer, STR("byCause"));
    json_object_begin(writer);
    for (int i = 0; i < DUPLICATE_CAUSE_COUNT; i++)
        write_number(writer, duplicate_cause_name((enum duplicate_cause)i), stats->causes[i]);
    json_object_end(writer);
}

static void write_resolved(struct json_writer *writer, const struct stats *stats)
{
    int64_t automatic = stats->resolutions[DUPLICATE_RESOLVED_AUTOMATIC];
    int64_t decided = automatic + stats->resolutions[DUPLICATE_RESOLVED_STEWARD];
    write_number(writer, STR("merged"), stats->shows[DUPLICATE_MERGED]);
    write_number(writer, STR("notDuplicate"), stats->shows[DUPLICATE_NOT_DUPLICATE]);
    write_number(writer, STR("automatic"), automatic);
    json_key(writer, STR("automaticRate"));
    struct str rate = decided
                          ? arena_format(stats->arena, "%.4g", (double)automatic / (double)decided)
                          : STR("null");
    json_raw(writer, str_is_none(rate) ? STR("null") : rate);
}

static void write_days(struct json_writer *writer, const struct stats *stats)
{
    json_key(writer, STR("perDay"));
    json_array_begin(writer);
    for (int i = 0; i < DAYS; i++) {
        char text[INSTANT_TEXT_MAX];
        const struct day *day = &stats->days[i];
        if (day->merged == 0 && day->not_duplicate == 0) continue;
        struct str date = instant_format(stats->now - i * INSTANT_DAY, text);
        json_object_begin(writer);
        json_member_string(writer, STR("date"), str_of(date.ptr, sizeof("2026-02-02") - 1));
        write_number(writer, STR("merged"), day->merged);
        write_number(writer, STR("notDuplicate"), day->not_duplicate);
        json_object_end(writer);
    }
    json_array_end(writer);
}

enum status review_stats(struct application *application, const struct caller *caller,
                         struct arena *arena, struct str *json, struct error *error)
{
    instant now = application->environment->now(application->environment);
    struct stats stats = {.arena = arena,
                          .now = now,
                          .since = (now / INSTANT_DAY - (DAYS - 1)) * INSTANT_DAY,
                          .oldest = INSTANT_NONE};
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    TRY(store_read(application->store, caller->tenant, arena, count_body, &stats, error));
    for (size_t i = 0; i < stats.count; i++) add(&stats, &stats.counts[i]);
    json_object_begin(&writer);
    write_waiting(&writer, &stats);
    write_resolved(&writer, &stats);
    write_days(&writer, &stats);
    json_object_end(&writer);
    *json = buffer_str(&out);
    return buffer_failed(&out) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}
