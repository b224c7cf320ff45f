/* A scan of the whole base for duplicates, as a job:
 *
 *     read     all that was ever said of every survivor becomes a record
 *     match    the bulk engine proposes pairs that look alike; they become the file of the job
 *     decide   pair by pair, the likeliest first, as when a record is written
 *
 * Whoever takes a scan up goes on with the pairs when they are there, else from the beginning; to
 * decide a pair twice changes nothing.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/jobs/job_internal.h"
#include "application/review_scan.h"
#include "matching/bulk.h"
#include "matching/parallel.h"

enum {
    READ_ROWS = 100,
    DECIDE_PAIRS = 50,
    PAGE_ARENA_MAX = 256 << 20,
    LINE_MAX_BYTES = 256,
    ROWS_OF_RECORD_MAX = 4 /* of equal rows, how many are paired */
};

struct scan_job {
    struct job_run run; /* first */
    const char *step;
    double done;   /* of the step, 0 to 1; not known of the first */
    int64_t items; /* done in the step, where it can be counted */
    int64_t customers, pairs, decided;
    struct review_scan_counts counts;
    struct review_scan_settings settings;
    enum status stopped; /* why it shall not go on */
};

/* --- progress --- */

static void write_number(struct json_writer *writer, struct str name, int64_t number)
{
    json_key(writer, name);
    json_int64(writer, number);
}

static struct job_measure write_progress(const struct job_run *run, struct json_writer *writer)
{
    const struct scan_job *job = (const struct scan_job *)run;
    json_member_string(writer, STR("step"), str_from_cstr(job->step));
    write_number(writer, STR("percent"), (int64_t)(100 * job->done));
    write_number(writer, STR("customers"), job->customers);
    write_number(writer, STR("pairs"), job->pairs);
    write_number(writer, STR("decided"), job->decided);
    write_number(writer, STR("alike"), job->counts.alike);
    write_number(writer, STR("merged"), job->counts.merged);
    return (struct job_measure){
        .done = (int64_t)(1000 * job->done), .total = 1000, .items = job->items};
}

static void begin_step(struct scan_job *job, const char *step)
{
    job->step = step;
    job->done = 0;
    job->items = 0;
    job->run.pace = (struct job_pace){.begun_at = job_now(job->run.service)};
}

/* Records how far it is and learns whether it shall go on. */
static void tell(struct scan_job *job)
{
    struct error why;
    if (job->stopped == STATUS_OK) job->stopped = job_tell(&job_scan_kind, &job->run, &why);
}

static enum status go_on(struct scan_job *job, struct error *error)
{
    tell(job);
    return job->stopped == STATUS_OK ? STATUS_OK : error_plain(error, job->stopped);
}

/* --- read --- */

static enum status add_records(struct scan_job *job, const struct review_scan_record *records,
                               size_t count, struct bulk *bulk, struct error *error)
{
    for (size_t i = 0; i < count; i++)
        TRY(bulk_read_record(bulk, records[i].customer_id, records[i].normal, error));
    job->customers += (int64_t)count;
    job->items = job->customers;
    return STATUS_OK;
}

static enum status read_base(struct scan_job *job, struct bulk *bulk, struct error *error)
{
    char after[128];
    size_t after_len = 0, count;
    begin_step(job, "read");
    job->customers = 0;
    do {
        struct review_scan_record *records;
        arena_reset(&job->run.page);
        TRY(review_scan_read(job->run.service->application, &job->run.task->caller,
                             after_len ? str_of(after, after_len) : STR_NONE, READ_ROWS,
                             &job->run.page, &records, &count, error));
        TRY(add_records(job, records, count, bulk, error));
        struct str last = count ? records[count - 1].customer_id : STR("");
        if (last.len > sizeof(after)) return error_plain(error, STATUS_INTERNAL);
        if (last.len) memcpy(after, last.ptr, last.len);
        after_len = last.len;
        TRY(go_on(job, error));
    } while (count == READ_ROWS);
    return STATUS_OK;
}

/* --- match: the pairs --- */

static void tell_step(void *context, const char *step, double done)
{
    struct scan_job *job = context;
    if (job->step != step) begin_step(job, step);
    job->done = done;
    tell(job);
}

static bool is_stopped(void *context)
{
    return ((const struct scan_job *)context)->stopped != STATUS_OK;
}

/* Rows by the record that they are: rows of record i are rows[first[i]] to rows[first[i + 1]] - 1.
 */
struct rows_of {
    uint32_t *first;
    uint32_t *rows;
};

static bool sort_rows(const struct bulk *bulk, struct rows_of *of)
{
    uint32_t records = bulk_record_count(bulk), count = bulk_row_count(bulk);
    of->first = calloc((size_t)records + 2, sizeof(*of->first));
    of->rows = calloc((size_t)count + 1, sizeof(*of->rows));
    if (!of->first || !of->rows) return false;
    for (uint32_t row = 0; row < count; row++) of->first[bulk_row_record(bulk, row) + 2]++;
    for (uint32_t i = 2; i <= records + 1; i++) of->first[i] += of->first[i - 1];
    for (uint32_t row = 0; row < count; row++)
        of->rows[of->first[bulk_row_record(bulk, row) + 1]++] = row;
    return true;
}

static bool write_pair(struct scan_job *job, const struct bulk *bulk, uint32_t a, uint32_t b,
                       FILE *file)
{
    char room[2][24];
    struct str id_a = bulk_row_id(bulk, a, room[0]), id_b = bulk_row_id(bulk, b, room[1]);
    job->pairs++;
    return fprintf(file, "%.*s\t%.*s\n", STR_ARGS(id_a), STR_ARGS(id_b)) > 0;
}

/* Equal rows are one record, in which each is paired with the next few; then the engine's pairs,
 * the best first. */
static bool write_pairs(struct scan_job *job, const struct bulk *bulk, const struct rows_of *of,
                        FILE *file)
{
    size_t edge_count;
    const struct edge *edges = bulk_edges(bulk, &edge_count);
    bool written = true;
    job->pairs = 0;
    for (uint32_t r = 0; r < bulk_record_count(bulk); r++)
        for (uint32_t i = of->first[r]; i < of->first[r + 1]; i++)
            for (uint32_t j = i + 1; j < of->first[r + 1] && j < i + ROWS_OF_RECORD_MAX; j++)
                written = written && write_pair(job, bulk, of->rows[i], of->rows[j], file);
    for (size_t e = 0; e < edge_count && written; e++) {
        const uint32_t *a = &of->first[edges[e].a], *b = &of->first[edges[e].b];
        for (uint32_t i = a[0]; i < a[1] && i < a[0] + ROWS_OF_RECORD_MAX; i++)
            for (uint32_t j = b[0]; j < b[1] && j < b[0] + ROWS_OF_RECORD_MAX; j++)
                written = written && write_pair(job, bulk, of->rows[i], of->rows[j], file);
    }
    return written && fflush(file) == 0;
}

static enum status propose(struct scan_job *job, struct bulk *bulk, FILE *file, struct error *error)
{
    struct rows_of of = {NULL, NULL};
    TRY(bulk_match(bulk, error));
    bool sorted = sort_rows(bulk, &of);
    bool written = sorted && write_pairs(job, bulk, &of, file);
    int reason = errno;
    free(of.first);
    free(of.rows);
    errno = reason;
    if (!sorted) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return written ? STATUS_OK : job_file_failed("written", error);
}

/* The model as it is: what is decided in the end is the matcher's. */
static enum status match(struct scan_job *job, FILE *pairs, struct error *error)
{
    struct bulk_options options = {.threads = (parallel_processors() + 1) / 2,
                                   .memory_bytes = job->run.service->scan_memory_bytes,
                                   .pairs_only = true,
                                   .progress = tell_step,
                                   .progress_context = job,
                                   .stopped = is_stopped};
    struct bulk *bulk = NULL;
    enum status status = bulk_new(&options, &bulk, error);
    if (status == STATUS_OK) status = read_base(job, bulk, error);
    if (status == STATUS_OK) status = propose(job, bulk, pairs, error);
    bulk_free(bulk);
    return job->stopped == STATUS_OK ? status : error_plain(error, job->stopped);
}

static enum status make_pairs(struct scan_job *job, FILE *pairs, struct error *error)
{
    const struct job_task *task = job->run.task;
    TRY(match(job, pairs, error));
    return job_file_put(job->run.service, &task->caller, task->job_id, task->epoch, fileno(pairs),
                        error);
}

/* --- decide --- */

/* The next pairs of the file; their text is in the page's arena. */
static enum status read_pairs(struct scan_job *job, FILE *file, struct review_scan_pair *pairs,
                              size_t *count, struct error *error)
{
    char line[LINE_MAX_BYTES];
    for (*count = 0; *count < DECIDE_PAIRS && fgets(line, sizeof(line), file); (*count)++) {
        struct str rest = str_trim(arena_str(&job->run.page, str_from_cstr(line)));
        struct review_scan_pair *pair = &pairs[*count];
        if (!str_split(&rest, '\t', &pair->a) || str_is_none(rest))
            return error_set(error, STATUS_IO, STR_NONE, STR_NONE,
                             "the file of pairs is not what was written");
        pair->b = rest;
    }
    return ferror(file) ? job_file_failed("read", error) : STATUS_OK;
}

/* Those that were decided before are passed over. */
static enum status decide(struct scan_job *job, FILE *file, struct error *error)
{
    struct review_scan_pair pairs[DECIDE_PAIRS];
    size_t count = 0;
    int64_t at = 0;
    rewind(file);
    begin_step(job, "decide");
    do {
        arena_reset(&job->run.page);
        TRY(read_pairs(job, file, pairs, &count, error));
        at += (int64_t)count;
        if (at <= job->decided) continue;
        TRY(review_scan_decide(job->run.service->application, &job->run.task->caller,
                               &job->settings, pairs, count, &job->run.page, &job->counts, error));
        job->decided = at;
        job->items += (int64_t)count;
        job->done = job->pairs ? (double)job->decided / (double)job->pairs : 1;
        TRY(go_on(job, error));
    } while (count > 0);
    return STATUS_OK;
}

/* --- the whole --- */

static int64_t number_of(const struct json_value *progress, struct str name)
{
    int64_t number = 0;
    return json_to_int64(json_get(progress, name), &number) ? number : 0;
}

/* What was asked for, and what was recorded of a scan whose pairs are there already. */
static enum status read_record(struct job_run *run, struct error *error)
{
    struct scan_job *job = (struct scan_job *)run;
    struct json_value *document;
    job->step = "read";
    TRY(json_parse(job->run.task->row.document, &job->run.page, &document, error));
    const struct json_value *above =
        json_get(json_get(document, STR("parameters")), STR("autoMergeAbove"));
    const struct json_value *progress = json_get(document, STR("progress"));
    char *number = above ? arena_cstr(&job->run.page, above->text) : NULL;
    job->settings = (struct review_scan_settings){.merge_from = number ? strtod(number, NULL)
                                                                       : SCAN_NEVER_MERGES,
                                                  .job_id = job->run.task->job_id,
                                                  .epoch = job->run.task->epoch};
    job->customers = number_of(progress, STR("customers"));
    job->pairs = number_of(progress, STR("pairs"));
    job->decided = number_of(progress, STR("decided"));
    job->counts.alike = number_of(progress, STR("alike"));
    job->counts.merged = number_of(progress, STR("merged"));
    return STATUS_OK;
}

static void begin_anew(struct scan_job *job)
{
    job->customers = job->pairs = job->decided = 0;
    job->counts = (struct review_scan_counts){.alike = 0};
}

static enum status run_anew(struct scan_job *job, struct error *error)
{
    FILE *pairs;
    begin_anew(job);
    TRY(job_scratch_stream(job->run.service, &pairs, error));
    enum status status = make_pairs(job, pairs, error);
    if (status == STATUS_OK) status = decide(job, pairs, error);
    (void)fclose(pairs);
    return status;
}

static enum status decide_all(struct scan_job *job, struct error *error)
{
    int file;
    enum status status = job_file_fetch(job->run.service, job->run.task, &file, error);
    if (status == STATUS_JOB_NOT_FOUND) return run_anew(job, error);
    if (status != STATUS_OK) return status;
    FILE *pairs = fdopen(file, "r");
    if (!pairs) {
        (void)close(file);
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    }
    status = decide(job, pairs, error);
    (void)fclose(pairs);
    return status;
}

static enum status go(struct job_run *run, struct error *error)
{
    struct scan_job *job = (struct scan_job *)run;
    enum status status = job_record(run->service, run->task, JOB_RUNNING, STR_NONE);
    if (status != STATUS_OK) return error_plain(error, status);
    TRY(decide_all(job, error));
    job->done = 1;
    return STATUS_OK;
}

static int64_t decided(const struct job_run *run)
{
    return ((const struct scan_job *)run)->decided;
}

static int64_t pairs(const struct job_run *run)
{
    return ((const struct scan_job *)run)->pairs;
}

static int64_t alike(const struct job_run *run)
{
    return ((const struct scan_job *)run)->counts.alike;
}

const struct job_kind job_scan_kind = {.name = STR("SCAN"),
                                       .size = sizeof(struct scan_job),
                                       .arena_max_bytes = PAGE_ARENA_MAX,
                                       .prepare = read_record,
                                       .go = go,
                                       .place = decided,
                                       .write = write_progress,
                                       .counted = {{"pairs", pairs}, {"alike", alike}}};
