#include "adapters/api/idempotency.h"

#include <openssl/evp.h>

#include "adapters/api/internal.h"
#include "adapters/api/negotiate.h"
#include "application/once.h"
#include "base/hex.h"
#include "formats/csv.h"

/* A change of these is a change of what is answered. */
static const struct str kept_headers[] = {STR("Content-Type"),  STR("Location"), STR("ETag"),
                                          STR("Cache-Control"), STR("Link"),     ANSWER_OUTVOTED};
enum { KEPT_HEADERS = sizeof(kept_headers) / sizeof(kept_headers[0]) };

/* Stands before them and is not sent: of whom the answer tells, where it does not say so itself. */
static const struct str asked_path = STR("Request");

#define KEY_ALLOWED                                                                                \
    "one key of 1 to 255 visible ASCII characters, such as a UUID; quotes around it do not count"

static bool is_key(struct str key)
{
    if (key.len == 0 || key.len > ONCE_KEY_MAX) return false;
    for (size_t i = 0; i < key.len; i++)
        if (key.ptr[i] <= ' ' || key.ptr[i] > '~' || key.ptr[i] == '"' || key.ptr[i] == '\\')
            return false;
    return true;
}

enum status idempotency_key(const struct call *call, struct str *key, struct error *error)
{
    struct str name = STR("Idempotency-Key");
    struct str text = http_request_header(call->request, name);
    *key = STR_NONE;
    if (str_is_none(text)) return STATUS_OK;
    if (text.len >= 2 && text.ptr[0] == '"' && text.ptr[text.len - 1] == '"')
        text = str_of(text.ptr + 1, text.len - 2);
    if (!http_request_header_repeated(call->request, name) && is_key(text)) {
        *key = text;
        return STATUS_OK;
    }
    return error_set(error, STATUS_INVALID_VALUE, name, STR(KEY_ALLOWED),
                     "the header Idempotency-Key is not a key");
}

/* --- what was asked --- */

/* Each part behind its length, so that no two requests give the same bytes. */
static bool digest_part(EVP_MD_CTX *digest, struct str part)
{
    uint64_t length = str_is_none(part) ? UINT64_MAX : part.len;
    return EVP_DigestUpdate(digest, &length, sizeof(length)) == 1 &&
           (part.len == 0 || EVP_DigestUpdate(digest, part.ptr, part.len) == 1);
}

/* How the bytes of an upload are read, in whatever words its Content-Type says it. A body of JSON
 * is read in one way whatever its type. */
static struct str reading(const struct call *call)
{
    static const struct str csv[] = {
        [CSV_ENCODING_DETECT] = STR("csv"),
        [CSV_ENCODING_UTF8] = STR("csv utf-8"),
        [CSV_ENCODING_WINDOWS_1252] = STR("csv windows-1252"),
    };
    struct str type = http_request_header(call->request, STR("Content-Type"));
    enum csv_encoding encoding = CSV_ENCODING_DETECT;
    if (!negotiate_is_type_in_any_charset(type, STR("text/csv"))) return STR("ndjson");
    (void)csv_encoding_parse(negotiate_charset(type), &encoding);
    return csv[encoding];
}

static bool digest_request(const struct call *call, EVP_MD_CTX *digest, struct str content)
{
    struct str name, value;
    bool fine = digest_part(digest, http_request_method(call->request)) &&
                digest_part(digest, http_request_path(call->request)) &&
                digest_part(digest, http_request_header(call->request, STR("If-Match")));
    for (size_t i = 0; fine && http_request_query(call->request, i, &name, &value); i++)
        fine = digest_part(digest, name) && digest_part(digest, value);
    if (call->route->body == ROUTE_BODY_UPLOAD) fine = fine && digest_part(digest, reading(call));
    return fine && digest_part(digest, content);
}

static bool digest_end(EVP_MD_CTX *digest, struct arena *arena, struct str *text)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned count = 0;
    if (EVP_DigestFinal_ex(digest, bytes, &count) != 1) return false;
    char *out = arena_alloc(arena, (size_t)count * 2);
    if (!out) return false;
    hex_put_bytes(bytes, count, out);
    *text = str_of(out, (size_t)count * 2);
    return true;
}

/* NULL when there is no memory for it. */
static EVP_MD_CTX *digest_begin(void)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1) return digest;
    EVP_MD_CTX_free(digest);
    return NULL;
}

static enum status fingerprint(struct call *call, struct str content, struct str *text,
                               struct error *error)
{
    EVP_MD_CTX *digest = digest_begin();
    bool fine =
        digest && digest_request(call, digest, content) && digest_end(digest, call->arena, text);
    EVP_MD_CTX_free(digest);
    return fine ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}

/* --- an upload: its digest stands for it, and is known at its end --- */

struct upload_digest {
    EVP_MD_CTX *content;
    struct once_key *key;
};

enum status idempotency_take(struct call *call, struct str piece, struct error *error)
{
    struct upload_digest *upload = call->upload_digest;
    struct str content;
    if (!upload) return STATUS_OK;
    if (piece.len > 0)
        return EVP_DigestUpdate(upload->content, piece.ptr, piece.len) == 1
                   ? STATUS_OK
                   : error_plain(error, STATUS_OUT_OF_MEMORY);
    if (!digest_end(upload->content, call->arena, &content))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return fingerprint(call, content, &upload->key->fingerprint, error);
}

static enum status read_upload(void *context, struct error *error)
{
    struct call *call = context;
    struct str piece;
    do {
        TRY(call_read_piece(call, &piece, error));
    } while (piece.len > 0);
    return STATUS_OK;
}

/* --- the answer --- */

static void forget_headers(struct call *call)
{
    for (size_t i = 0; i < KEPT_HEADERS; i++)
        http_response_remove_header(call->response, kept_headers[i]);
}

static void put_line(struct buffer *out, struct str name, struct str value)
{
    buffer_append(out, name);
    buffer_append(out, STR(": "));
    buffer_append(out, value);
}

/* Lines of "Name: value". The path ends in a slash, so that an id in it stands between two. */
static struct str headers_text(const struct call *call)
{
    struct buffer out = {.arena = call->arena};
    put_line(&out, asked_path, http_request_path(call->request));
    buffer_append(&out, STR("/\n"));
    for (size_t i = 0; i < KEPT_HEADERS; i++) {
        struct str value = http_response_get_header(call->response, kept_headers[i]);
        if (str_is_none(value)) continue;
        put_line(&out, kept_headers[i], value);
        buffer_append_char(&out, '\n');
    }
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

static enum status take_answer(const struct call *call, struct once_answer *answer,
                               struct error *error)
{
    *answer = (struct once_answer){.status = http_response_get_status(call->response),
                                   .headers = headers_text(call),
                                   .body = http_response_get_body(call->response)};
    return str_is_none(answer->headers) ? error_plain(error, STATUS_OUT_OF_MEMORY) : STATUS_OK;
}

/* In the unit of work, perhaps on another thread, perhaps not for the first time. */
static enum status tell_started(struct application *application, void *context,
                                struct once_answer *answer, struct error *error)
{
    struct call *call = context;
    (void)application;
    TRY(api_jobs_answer_started(call, error));
    return take_answer(call, answer, error);
}

/* In the unit of work as well, or around it. */
static enum status make_answer(struct application *application, void *context,
                               struct once_answer *answer, struct error *error)
{
    struct call *call = context;
    forget_headers(call);
    struct application *outer = call->application;
    call->application = application;
    enum status status = call->route->handle(call, error);
    call->application = outer;
    if (status != STATUS_OK) {
        forget_headers(call);
        return status;
    }
    return take_answer(call, answer, error);
}

static void replay(struct call *call, const struct once_answer *answer)
{
    struct str rest = answer->headers, line, name;
    while (str_split(&rest, '\n', &line)) {
        struct str value = line;
        if (line.len && str_split(&value, ':', &name) && !str_equal(name, asked_path))
            http_response_header(call->response, name, str_trim(value));
    }
    http_response_status(call->response, (int)answer->status);
    http_response_header(call->response, STR("Idempotent-Replayed"), STR("true"));
    if (!str_is_none(answer->body)) http_response_body(call->response, answer->body);
}

/* More than a unit of work: what has files; and so is what reads a body that is still coming, for
 * which only the request's own coroutine can wait. */
static bool is_detached(const struct route *route)
{
    return route->success == 202;
}

static enum status run_upload(struct call *call, struct once_key *key, struct once_answer *answer,
                              struct error *error)
{
    struct upload_digest upload = {.content = digest_begin(), .key = key};
    if (!upload.content) return error_plain(error, STATUS_OUT_OF_MEMORY);
    key->read_all = read_upload;
    call->upload_digest = &upload;
    enum status status = once_start(call->application, &call->caller, key, make_answer,
                                    tell_started, call, call->arena, answer, error);
    call->upload_digest = NULL;
    EVP_MD_CTX_free(upload.content);
    return status;
}

static enum status run_keyed(struct call *call, struct once_key *key, struct once_answer *answer,
                             struct error *error)
{
    if (call->route->body == ROUTE_BODY_UPLOAD) return run_upload(call, key, answer, error);
    TRY(fingerprint(call, call->body_text, &key->fingerprint, error));
    if (is_detached(call->route))
        return once_start(call->application, &call->caller, key, make_answer, tell_started, call,
                          call->arena, answer, error);
    return once_perform(call->application, &call->caller, key, make_answer, call, call->arena,
                        answer, error);
}

enum status idempotency_run(struct call *call, struct error *error)
{
    struct once_key key = {.fingerprint = STR_NONE};
    struct once_answer answer = {0};
    TRY(idempotency_key(call, &key.key, error));
    /* To keep the answer of a read would make a write of it, and of what it shows a copy. */
    if (str_is_none(key.key) || !call->route->writes) return call->route->handle(call, error);
    TRY(run_keyed(call, &key, &answer, error));
    if (answer.replayed) replay(call, &answer);
    return STATUS_OK;
}
