/* /imports, /exports and /jobs: long work is started here, run by the job runner, and seen here. */
#include "adapters/api/coding.h"
#include "adapters/api/handlers.h"
#include "adapters/api/internal.h"
#include "adapters/api/negotiate.h"
#include "application/job_report.h"
#include "base/identifier.h"
#include "formats/json.h"

enum { FILE_CHUNK_BYTES = 32 * 1024 };

static enum status get_runner(const struct call *call, struct job_runner **runner,
                              struct error *error)
{
    *runner = call_options(call)->jobs;
    if (*runner) return STATUS_OK;
    return error_set(error, STATUS_UNAVAILABLE, STR(""), STR(""),
                     "this instance runs no imports and exports");
}

/* --- calls that block: done by a thread for files --- */

struct file_call {
    struct call *call;
    struct job_runner *runner;
    const struct import_parameters *parameters;
    struct import_upload *upload;
    struct job_row *job;
    struct job_file_reader *reader;
    struct str json;
    struct str chunk;
    char *bytes;
    size_t count;
    struct error *error;
    enum status status;
};

static void open_upload(void *argument)
{
    struct file_call *file = argument;
    file->status = file->runner->import_open(file->runner, &file->call->caller, file->parameters,
                                             file->call->arena, &file->upload, file->error);
}

static void write_upload(void *argument)
{
    struct file_call *file = argument;
    file->status = file->runner->import_write(file->upload, file->chunk, file->error);
}

static void start_import(void *argument)
{
    struct file_call *file = argument;
    file->status = file->runner->import_start(file->upload, call_application(file->call)->store,
                                              file->call->arena, file->job, file->error);
}

static void propose_mapping(void *argument)
{
    struct file_call *file = argument;
    file->status =
        file->runner->import_propose(file->upload, file->call->arena, &file->json, file->error);
}

static void open_file(void *argument)
{
    struct file_call *file = argument;
    file->status = file->runner->file_open(file->runner, &file->call->caller, file->job->job_id,
                                           file->call->arena, &file->reader, file->error);
}

static void read_file(void *argument)
{
    struct file_call *file = argument;
    file->status = file->runner->file_read(file->reader, file->bytes, FILE_CHUNK_BYTES,
                                           &file->count, file->error);
}

static enum status do_blocking(struct file_call *file, loop_function *function)
{
    offload_run(file->call->api->files, function, file);
    return file->status;
}

enum status api_jobs_answer_started(struct call *call, struct error *error)
{
    const struct job_row *job = call->started;
    http_response_header(call->response, STR("Location"),
                         arena_format(call->arena, ROUTE_BASE "/jobs/%.*s", STR_ARGS(job->job_id)));
    return answer_json(call, 202, jobs_json(job, call->arena), error);
}

static enum status read_source(const struct call *call, struct str *source, struct error *error)
{
    *source = call_query(call, STR("source"));
    if (str_is_none(*source)) *source = STR("import");
    if (identifier_is_valid(*source)) return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("source"), STR(IDENTIFIER_ALLOWED),
                     "the query parameter source does not name a system");
}

static enum import_form read_form(const struct call *call)
{
    struct str type = http_request_header(call->request, STR("Content-Type"));
    return negotiate_is_type_in_any_charset(type, STR("text/csv")) ? IMPORT_CSV : IMPORT_NDJSON;
}

static enum status read_import(struct call *call, struct import_parameters *parameters,
                               struct error *error)
{
    *parameters = (struct import_parameters){
        .form = read_form(call),
        .key_column = call_query(call, STR("keyColumn")),
        .encoding = negotiate_charset(http_request_header(call->request, STR("Content-Type"))),
        .separator = call_query(call, STR("separator")),
        .mapping = call_query(call, STR("mapping"))};
    TRY(call_require(call, PERMISSION_CUSTOMER_WRITE, error));
    TRY(read_source(call, &parameters->source, error));
    TRY(call_query_int64(call, STR("errorsMax"), 0, 0, INT64_MAX, &parameters->errors_max, error));
    TRY(call_query_boolean(call, STR("dryRun"), &parameters->dry_run, error));
    TRY(call_query_on_duplicate(call, &parameters->on_duplicate, error));
    if (str_is_none(parameters->mapping)) return STATUS_OK;
    struct json_value *mapping;
    struct error inner;
    if (json_parse(parameters->mapping, call->arena, &mapping, &inner) == STATUS_OK &&
        mapping->type == JSON_OBJECT)
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("mapping"),
                     STR("a JSON object {\"column\":\"field\"}, escaped"),
                     "the query parameter mapping is not a JSON object");
}

static enum status receive(struct file_call *file)
{
    for (;;) {
        TRY(call_read_piece(file->call, &file->chunk, file->error));
        if (file->chunk.len == 0) return STATUS_OK;
        TRY(do_blocking(file, write_upload));
    }
}

enum status api_jobs_import(struct call *call, struct error *error)
{
    struct import_parameters parameters;
    struct job_row job;
    struct file_call file = {.call = call, .parameters = &parameters, .job = &job, .error = error};
    call->started = &job;
    TRY(get_runner(call, &file.runner, error));
    TRY(read_import(call, &parameters, error));
    TRY(jobs_check_room(call_application(call), &call->caller, call->arena, error));
    TRY(do_blocking(&file, open_upload));
    enum status status = receive(&file);
    if (status != STATUS_OK) {
        file.runner->import_drop(file.upload);
        return status;
    }
    TRY(do_blocking(&file, start_import));
    return api_jobs_answer_started(call, error);
}

enum status api_jobs_propose(struct call *call, struct error *error)
{
    const struct import_parameters parameters = {.form = read_form(call),
                                                 .source = STR("import"),
                                                 .separator = call_query(call, STR("separator"))};
    struct file_call file = {.call = call, .parameters = &parameters, .error = error};
    TRY(get_runner(call, &file.runner, error));
    TRY(do_blocking(&file, open_upload));
    enum status status = receive(&file);
    if (status == STATUS_OK) status = do_blocking(&file, propose_mapping);
    file.runner->import_drop(file.upload);
    return status == STATUS_OK ? answer_json(call, 200, file.json, error) : status;
}

enum status api_jobs_undo(struct call *call, struct error *error)
{
    struct job_runner *runner;
    struct job_row job;
    call->started = &job;
    TRY(call_require(call, PERMISSION_CUSTOMER_WRITE, error));
    TRY(get_runner(call, &runner, error));
    TRY(runner->undo_start(runner, call_application(call)->store, &call->caller, call->places[0],
                           call->arena, &job, error));
    return api_jobs_answer_started(call, error);
}

static enum status read_export_form(const struct call *call, enum export_form *form,
                                    struct error *error)
{
    struct str format = call_query(call, STR("format"));
    *form = str_equal(format, STR("csv")) ? EXPORT_CSV : EXPORT_NDJSON;
    if (*form == EXPORT_CSV || str_is_none(format) || str_equal(format, STR("ndjson")))
        return STATUS_OK;
    return error_set(error, STATUS_INVALID_VALUE, STR("format"), STR("ndjson | csv"),
                     "the query parameter format has no such value");
}

enum status api_jobs_export(struct call *call, struct error *error)
{
    struct job_runner *runner;
    struct job_row job;
    enum export_form form;
    call->started = &job;
    TRY(read_export_form(call, &form, error));
    TRY(get_runner(call, &runner, error));
    TRY(runner->export_start(runner, call_application(call)->store, &call->caller, form,
                             call->arena, &job, error));
    return api_jobs_answer_started(call, error);
}

/* {"autoMergeAbove"?: from 0.5 to 1}. */
static enum status read_scan(struct call *call, double *merge_from, struct error *error)
{
    static const struct str allowed = STR("a number from 0.5 to 1, such as 0.999");
    const struct json_value *body = call->body;
    const struct json_value *above = json_get(body, STR("autoMergeAbove"));
    *merge_from = SCAN_NEVER_MERGES;
    for (size_t i = 0; i < body->count; i++)
        if (!str_equal(body->members[i].name, STR("autoMergeAbove")))
            return error_set(error, STATUS_UNKNOWN_FIELD, body->members[i].name,
                             STR("autoMergeAbove"), "the field is not known here");
    if (!above || above->type == JSON_NULL) return STATUS_OK;
    char *number = above->type == JSON_NUMBER ? arena_cstr(call->arena, above->text) : NULL;
    *merge_from = number ? strtod(number, NULL) : 0;
    if (*merge_from >= 0.5 && *merge_from <= 1)
        return call_require(call, PERMISSION_CUSTOMER_MERGE, error);
    return error_set(error, STATUS_INVALID_VALUE, STR("autoMergeAbove"), allowed,
                     "is not such a probability");
}

enum status api_jobs_scan(struct call *call, struct error *error)
{
    struct job_runner *runner;
    struct job_row job;
    double merge_from;
    call->started = &job;
    TRY(read_scan(call, &merge_from, error));
    TRY(get_runner(call, &runner, error));
    TRY(runner->scan_start(runner, call_application(call)->store, &call->caller, merge_from,
                           call->arena, &job, error));
    return api_jobs_answer_started(call, error);
}

enum status api_jobs_recompute(struct call *call, struct error *error)
{
    struct job_runner *runner;
    struct job_row job;
    call->started = &job;
    TRY(call_require(call, PERMISSION_CUSTOMER_WRITE, error));
    TRY(get_runner(call, &runner, error));
    TRY(runner->recompute_start(runner, call_application(call)->store, &call->caller, call->arena,
                                &job, error));
    return api_jobs_answer_started(call, error);
}

enum status api_jobs_list(struct call *call, struct error *error)
{
    struct json_page page;
    struct job_query query = {.kind = call_query(call, STR("kind")),
                              .state = call_query(call, STR("state"))};
    TRY(call_query_page(call, &query.cursor, &query.limit, error));
    TRY(jobs_list(call_application(call), &call->caller, &query, call->arena, &page, error));
    return answer_page(call, &page, error);
}

enum status api_jobs_get(struct call *call, struct error *error)
{
    struct job_row job;
    TRY(jobs_get(call_application(call), &call->caller, call->places[0], call->arena, &job, error));
    return answer_json(call, 200, jobs_json(&job, call->arena), error);
}

enum status api_jobs_cancel(struct call *call, struct error *error)
{
    struct job_row job;
    TRY(jobs_cancel(call_application(call), &call->caller, call->places[0], call->arena, &job,
                    error));
    return answer_json(call, 200, jobs_json(&job, call->arena), error);
}

/* Sends a piece, coded when there is a stream for that; `room` is for what is sent. */
static enum status send_piece(struct file_call *file, struct coding_stream *stream, char *room)
{
    struct str piece = str_of(file->bytes, file->count);
    bool last = piece.len == 0, more = stream != NULL;
    enum status status = STATUS_OK;
    size_t count;
    if (!stream) status = http_response_write(file->call->response, piece);
    for (; more && status == STATUS_OK; piece = STR_NONE) {
        if (!coding_stream_put(stream, piece, last, room, FILE_CHUNK_BYTES, &count, &more))
            return error_plain(file->error, STATUS_INTERNAL);
        if (count || last) status = http_response_write(file->call->response, str_of(room, count));
    }
    return status == STATUS_OK ? STATUS_OK : error_plain(file->error, status);
}

/* As the export was asked for. */
static struct str result_type(const struct job_row *job, struct arena *arena)
{
    struct str format = jobs_text_parameter(job, STR("format"), arena);
    return str_equal(format, STR("csv")) ? STR("text/csv; charset=utf-8")
                                         : STR("application/x-ndjson");
}

static enum status send_file(struct file_call *file)
{
    struct call *call = file->call;
    bool coded = answer_may_be_coded(call);
    struct coding_stream *stream = coded ? coding_stream_new(call->arena) : NULL;
    char *room = coded ? arena_alloc(call->arena, FILE_CHUNK_BYTES) : NULL;
    file->bytes = arena_alloc(call->arena, FILE_CHUNK_BYTES);
    if (!file->bytes || (coded && (!stream || !room)))
        return error_plain(file->error, STATUS_OUT_OF_MEMORY);
    if (coded) http_response_header(call->response, STR("Content-Encoding"), STR("gzip"));
    http_response_header(call->response, STR("Content-Type"), result_type(file->job, call->arena));
    http_response_header(call->response, STR("Cache-Control"), STR("private, no-store"));
    do {
        TRY(do_blocking(file, read_file));
        TRY(send_piece(file, stream, room));
    } while (file->count > 0);
    return STATUS_OK;
}

enum status api_jobs_result(struct call *call, struct error *error)
{
    struct job_row job;
    struct file_call file = {.call = call, .job = &job, .error = error};
    TRY(get_runner(call, &file.runner, error));
    /* The store knows whose job it is. */
    TRY(jobs_get(call_application(call), &call->caller, call->places[0], call->arena, &job, error));
    TRY(do_blocking(&file, open_file));
    enum status status = send_file(&file);
    file.runner->file_close(file.reader);
    return status;
}

/* Lines as they are kept, or rows of CSV. */
static enum status send_report(struct call *call, const struct job_row *job, bool csv,
                               struct error *error)
{
    struct arena_mark mark = arena_mark(call->arena);
    int64_t after = 0;
    for (bool first = true;; first = false) {
        struct buffer rows = {.arena = call->arena};
        struct str lines, text;
        arena_rewind(call->arena, mark);
        TRY(job_report_read(call_application(call), &call->caller, job->job_id, &after, call->arena,
                            &lines, error));
        text = str_is_none(lines) ? STR("") : lines;
        if (csv) TRY(job_report_csv(job->kind, text, first, call->arena, &rows, error));
        enum status status = http_response_write(call->response, csv ? buffer_str(&rows) : text);
        if (status != STATUS_OK) return error_plain(error, status);
        if (str_is_none(lines)) return STATUS_OK;
    }
}

enum status api_jobs_errors(struct call *call, struct error *error)
{
    struct job_row job;
    bool csv = negotiate_prefers(http_request_header(call->request, STR("Accept")), STR("text/csv"),
                                 STR("application/x-ndjson"));
    TRY(jobs_get(call_application(call), &call->caller, call->places[0], call->arena, &job, error));
    http_response_header(call->response, STR("Content-Type"),
                         csv ? STR("text/csv; charset=utf-8") : STR("application/x-ndjson"));
    http_response_header(call->response, STR("Cache-Control"), STR("private, no-store"));
    return send_report(call, &job, csv, error);
}
