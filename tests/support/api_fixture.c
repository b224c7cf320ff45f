#include "api_fixture.h"

#include "matching.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/memory/memory_store.h"
#include "adapters/webhooks/signer.h"
#include "application/undo_import.h"
#include "faulty_store.h"
#include "unit.h"

struct fake_runner {
    struct job_runner runner;
    struct application *application;
    struct buffer upload;
    atomic_int dropped;
};

struct import_upload {
    struct fake_runner *runner;
    const struct caller *caller;
};

struct job_file_reader {
    struct str rest;
};

struct api_fixture {
    struct store *store;
    struct faulty_store faulty;
    struct application application;
    _Atomic uint64_t matching[MATCHING_COUNTERS];
    struct signer signer;
    struct identity identity;
    struct fake_runner jobs;
    struct api *api;
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    struct arena arena;
    struct arena upload_arena;
};

/* --- who asks --- */

static enum status resolve(struct identity *identity, struct http_request *request,
                           struct api_caller *caller, struct error *error)
{
    (void)identity;
    struct str tenant = http_request_header(request, STR("X-Tenant-ID"));
    struct str user = http_request_header(request, STR("X-User-Id"));
    struct str permissions = http_request_header(request, STR("X-User-Permissions"));
    if (str_equal(user, STR("nobody")))
        return error_set(error, STATUS_UNAUTHENTICATED, STR(""), STR(""), "nobody is not known");
    caller->tenant = str_is_none(tenant) ? STR("t1") : tenant;
    caller->user_id = str_is_none(user) ? STR("tester") : user;
    caller->permissions =
        str_is_none(permissions) ? PERMISSIONS_ALL : permissions_parse_list(permissions);
    if (!str_is_none(http_request_header(request, STR("X-Expired")))) caller->expires_at = 1;
    return STATUS_OK;
}

/* --- long work --- */

static enum status import_open(struct job_runner *runner, const struct caller *caller,
                               const struct import_parameters *parameters, struct arena *arena,
                               struct import_upload **upload, struct error *error)
{
    struct fake_runner *fake = (struct fake_runner *)runner;
    *upload = ARENA_NEW(arena, struct import_upload);
    if (str_equal(parameters->source, STR("refused")))
        return error_set(error, STATUS_INVALID_VALUE, STR("source"), STR("another"), "is refused");
    **upload = (struct import_upload){.runner = fake, .caller = caller};
    buffer_clear(&fake->upload);
    return STATUS_OK;
}

static enum status import_write(struct import_upload *upload, struct str chunk, struct error *error)
{
    (void)error;
    buffer_append(&upload->runner->upload, chunk);
    return STATUS_OK;
}

static enum status import_propose(struct import_upload *upload, struct arena *arena,
                                  struct str *json, struct error *error)
{
    struct json_page page; /* so that a store that fails shows here as well */
    *json = STR("{\"columns\":[]}");
    return jobs_list(upload->runner->application, upload->caller, &(struct job_query){.limit = 1},
                     arena, &page, error);
}

static struct application application_over(const struct fake_runner *fake, struct store *store)
{
    struct application application = *fake->application;
    application.store = store;
    return application;
}

static enum status import_start(struct import_upload *upload, struct store *store,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    struct application application = application_over(upload->runner, store);
    return jobs_create(&application, upload->caller, STR_NONE, STR("IMPORT"), STR("{}"), arena, job,
                       error);
}

static void import_drop(struct import_upload *upload)
{
    atomic_fetch_add(&upload->runner->dropped, 1);
}

static enum status undo_start(struct job_runner *runner, struct store *store,
                              const struct caller *caller, struct str import_id,
                              struct arena *arena, struct job_row *job, struct error *error)
{
    struct fake_runner *fake = (struct fake_runner *)runner;
    struct application application = application_over(fake, store);
    return undo_import_start(&application, caller, import_id, STR_NONE, arena, job, error);
}

static enum status export_start(struct job_runner *runner, struct store *store,
                                const struct caller *caller, enum export_form form,
                                struct arena *arena, struct job_row *job, struct error *error)
{
    struct fake_runner *fake = (struct fake_runner *)runner;
    struct application application = application_over(fake, store);
    struct str parameters = form == EXPORT_CSV ? STR("{\"format\":\"csv\"}") : STR("{}");
    return jobs_create(&application, caller, STR_NONE, STR("EXPORT"), parameters, arena, job,
                       error);
}

static enum status scan_start(struct job_runner *runner, struct store *store,
                              const struct caller *caller, double merge_from, struct arena *arena,
                              struct job_row *job, struct error *error)
{
    struct fake_runner *fake = (struct fake_runner *)runner;
    struct application application = application_over(fake, store);
    (void)merge_from;
    return jobs_create(&application, caller, STR_NONE, STR("SCAN"), STR("{}"), arena, job, error);
}

static enum status recompute_start(struct job_runner *runner, struct store *store,
                                   const struct caller *caller, struct arena *arena,
                                   struct job_row *job, struct error *error)
{
    struct fake_runner *fake = (struct fake_runner *)runner;
    struct application application = application_over(fake, store);
    return jobs_create(&application, caller, STR_NONE, STR("RECOMPUTE"), STR("{}"), arena, job,
                       error);
}

static enum status file_open(struct job_runner *runner, const struct caller *caller,
                             struct str job_id, struct arena *arena,
                             struct job_file_reader **reader, struct error *error)
{
    (void)runner;
    (void)caller;
    (void)job_id;
    (void)error;
    *reader = ARENA_NEW(arena, struct job_file_reader);
    (*reader)->rest = STR("{\"record\":\"HEADER\"}\n{\"record\":\"END\"}\n");
    return STATUS_OK;
}

static enum status file_read(struct job_file_reader *reader, char *bytes, size_t size,
                             size_t *count, struct error *error)
{
    (void)error;
    *count = reader->rest.len < 10 ? reader->rest.len : 10; /* small pieces show more */
    if (*count > size) *count = size;
    memcpy(bytes, reader->rest.ptr, *count);
    reader->rest = str_skip(reader->rest, *count);
    return STATUS_OK;
}

static void file_close(struct job_file_reader *reader)
{
    (void)reader;
}

/* --- the whole --- */

static const struct policy *policy_for(struct application *application, struct str tenant)
{
    (void)application;
    (void)tenant;
    return policy_default();
}

static void *run(void *argument)
{
    loop_run(argument);
    return NULL;
}

static void fill(struct api_fixture *fixture)
{
    faulty_store_init(&fixture->faulty, fixture->store);
    fixture->application = (struct application){.store = &fixture->faulty.base,
                                                .matcher = matching_default(),
                                                .matching = fixture->matching,
                                                .environment = environment_system(),
                                                .policy_for = policy_for,
                                                .limits = APPLICATION_LIMITS_DEFAULT,
                                                .suppression_key = {1, 2},
                                                .webhooks = &fixture->signer.base};
    signer_init(&fixture->signer, (const unsigned char[SIGNER_KEY_BYTES]){1, 2, 3},
                &(struct endpoint_rules){0});
    fixture->identity =
        (struct identity){.resolve = resolve, .challenge = STR("Bearer realm=\"customer360\"")};
    fixture->jobs = (struct fake_runner){.runner = {.import_open = import_open,
                                                    .import_write = import_write,
                                                    .import_start = import_start,
                                                    .import_propose = import_propose,
                                                    .import_drop = import_drop,
                                                    .undo_start = undo_start,
                                                    .export_start = export_start,
                                                    .scan_start = scan_start,
                                                    .recompute_start = recompute_start,
                                                    .file_open = file_open,
                                                    .file_read = file_read,
                                                    .file_close = file_close},
                                         .application = &fixture->application,
                                         .upload = {.arena = &fixture->upload_arena}};
}

int api_fixture_set_up_with(void **state, const struct api_limits *limits, bool jobs)
{
    struct api_fixture *fixture = calloc(1, sizeof(*fixture));
    struct error error = {0};
    assert_non_null(fixture);
    arena_init(&fixture->arena, 64 << 20);
    arena_init(&fixture->upload_arena, 64 << 20);
    assert_int_equal(memory_store_new(256 << 20, &fixture->store), STATUS_OK);
    fill(fixture);
    struct api_options options = {.application = &fixture->application,
                                  .identity = &fixture->identity,
                                  .jobs = jobs ? &fixture->jobs.runner : NULL,
                                  .limits = *limits,
                                  .host = STR("127.0.0.1"),
                                  .version = STR("1.2.3")};
    fixture->loop = loop_new(0);
    assert_non_null(fixture->loop);
    assert_int_equal(api_new(&options, &fixture->api, &error), STATUS_OK);
    assert_int_equal(api_listen(fixture->api, fixture->loop, &fixture->server, &error), STATUS_OK);
    assert_int_equal(pthread_create(&fixture->thread, NULL, run, fixture->loop), 0);
    *state = fixture;
    return 0;
}

int api_fixture_set_up(void **state)
{
    struct api_limits limits = API_LIMITS_DEFAULT;
    limits.stream_poll_ms = 5;
    limits.stream_heartbeat_ms = 50;
    limits.body_max_bytes = 200000;
    return api_fixture_set_up_with(state, &limits, true);
}

static void drain(void *argument)
{
    struct api_fixture *fixture = argument;
    api_drain(fixture->api);
    http_server_drain(fixture->server);
}

void api_fixture_drain(struct api_fixture *fixture)
{
    assert_true(loop_post(fixture->loop, drain, fixture));
}

static void stop_when_quiet(void *argument)
{
    struct api_fixture *fixture = argument;
    if (http_server_active(fixture->server) == 0)
        loop_stop(fixture->loop);
    else
        (void)loop_timer_start(fixture->loop, 2, stop_when_quiet, fixture);
}

static void cut_and_stop(void *argument)
{
    struct api_fixture *fixture = argument;
    api_drain(fixture->api);
    http_server_cut(fixture->server);
    stop_when_quiet(fixture);
}

int api_fixture_tear_down(void **state)
{
    struct api_fixture *fixture = *state;
    (void)loop_post(fixture->loop, cut_and_stop, fixture);
    (void)pthread_join(fixture->thread, NULL);
    http_server_free(fixture->server);
    api_free(fixture->api);
    loop_free(fixture->loop);
    memory_store_free(fixture->store);
    arena_release(&fixture->upload_arena);
    arena_release(&fixture->arena);
    free(fixture);
    return 0;
}

uint16_t api_fixture_port(const struct api_fixture *fixture)
{
    return http_server_port(fixture->server);
}

struct arena *api_fixture_arena(struct api_fixture *fixture)
{
    return &fixture->arena;
}

void api_fixture_fail(struct api_fixture *fixture, enum status reads, enum status writes)
{
    faulty_store_fail(&fixture->faulty, reads, writes);
}

void api_fixture_wait(struct api_fixture *fixture, int64_t wait_us)
{
    atomic_store(&fixture->faulty.wait_us, wait_us);
}

struct str api_fixture_upload(const struct api_fixture *fixture)
{
    return buffer_str(&fixture->jobs.upload);
}

int api_fixture_dropped(const struct api_fixture *fixture)
{
    return atomic_load(&fixture->jobs.dropped);
}

/* --- asking --- */

struct raw_answer api_ask(struct api_fixture *fixture, const char *method, const char *path,
                          const char *headers, const char *body)
{
    struct buffer out = {.arena = &fixture->arena};
    const char *base = path[0] == '/' || path[0] == '*' ? "" : "/api/v1/crm/";
    buffer_append_format(&out, "%s %s%s HTTP/1.1\r\nHost: localhost\r\n%s", method, base, path,
                         headers);
    if (body) buffer_append_format(&out, "Content-Length: %zu\r\n", strlen(body));
    buffer_append_format(&out, "\r\n%s", body ? body : "");
    return raw_exchange(api_fixture_port(fixture), buffer_str(&out), &fixture->arena);
}

struct json_value *api_json(struct api_fixture *fixture, const struct raw_answer *answer)
{
    struct json_value *json = NULL;
    struct error error = {0};
    if (json_parse(answer->body, &fixture->arena, &json, &error) != STATUS_OK)
        fail_msg("no JSON: %s: %.*s", error.message, STR_ARGS(answer->body));
    return json;
}

struct json_value *api_expect(struct api_fixture *fixture, const char *method, const char *path,
                              const char *body, int status)
{
    const char *headers = body ? "Content-Type: application/json\r\n" : "";
    struct raw_answer answer = api_ask(fixture, method, path, headers, body);
    if (answer.status != status)
        fail_msg("%s %s: %d instead of %d: %.*s", method, path, answer.status, status,
                 STR_ARGS(answer.body));
    return answer.body.len ? api_json(fixture, &answer) : NULL;
}

const struct json_value *api_value_at(const struct json_value *json, const char *path)
{
    struct str rest = str_from_cstr(path), part;
    int64_t index;
    while (json && str_split(&rest, '.', &part)) {
        if (json->type == JSON_ARRAY && str_to_int64(part, &index))
            json = (size_t)index < json->count ? &json->items[index] : NULL;
        else
            json = json_get(json, part);
    }
    return json;
}

struct str api_at(const struct json_value *json, const char *path)
{
    const struct json_value *value = api_value_at(json, path);
    if (!value) return STR_NONE;
    if (value->type == JSON_BOOLEAN) return value->boolean ? STR("true") : STR("false");
    return value->type == JSON_NUMBER ? value->text : json_text(value);
}
