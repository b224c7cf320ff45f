#include "engines/http/client.h"

#include <curl/curl.h>
#include <pthread.h>

#include "base/buffer.h"

struct exchange {
    const struct http_client_request *request;
    struct arena *arena;
    struct buffer body;
    CURL *handle;
    struct curl_slist *headers;
    char why[CURL_ERROR_SIZE];
};

static void initialise(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
}

void http_client_initialise(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, initialise);
}

bool http_client_takes(struct str url)
{
    return str_starts_with(url, STR("http://")) || str_starts_with(url, STR("https://"));
}

/* Less than it was given tells libcurl to stop. */
static size_t on_body(char *bytes, size_t size, size_t count, void *argument)
{
    struct exchange *exchange = argument;
    size_t len = size * count;
    if (len > exchange->request->answer_max_bytes - exchange->body.len) return 0;
    buffer_append(&exchange->body, str_of(bytes, len));
    return buffer_failed(&exchange->body) ? 0 : len;
}

static bool add_headers(struct exchange *exchange)
{
    const struct http_client_request *request = exchange->request;
    for (size_t i = 0; i < request->header_count; i++) {
        struct str line =
            arena_format(exchange->arena, "%.*s: %.*s", STR_ARGS(request->headers[i].name),
                         STR_ARGS(request->headers[i].value));
        struct curl_slist *longer =
            str_is_none(line) ? NULL : curl_slist_append(exchange->headers, line.ptr);
        if (!longer) return false;
        exchange->headers = longer;
    }
    return true;
}

static bool set_texts(struct exchange *exchange)
{
    const struct {
        CURLoption option;
        struct str text;
    } texts[] = {
        {CURLOPT_URL, exchange->request->url},
        {CURLOPT_USERNAME, exchange->request->user},
        {CURLOPT_PASSWORD, exchange->request->password},
        {CURLOPT_CAINFO, exchange->request->ca_file},
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        char *text = arena_cstr(exchange->arena, texts[i].text);
        if (str_is_none(texts[i].text)) continue;
        if (!text || curl_easy_setopt(exchange->handle, texts[i].option, text) != CURLE_OK)
            return false;
    }
    return true;
}

static bool set_up(struct exchange *exchange)
{
    const struct http_client_request *request = exchange->request;
    CURL *handle = exchange->handle;
    if (!add_headers(exchange) || !set_texts(exchange)) return false;
    (void)curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->why);
    (void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* not from the environment */
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    (void)curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request->method);
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->headers);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    if (str_is_none(request->body)) return true;
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body.ptr);
    return true;
}

static bool is_configuration(CURLcode code)
{
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL ||
           code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
}

static enum status perform(struct exchange *exchange, struct http_client_answer *answer,
                           struct error *error)
{
    long status = 0;
    if (!set_up(exchange)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    CURLcode code = curl_easy_perform(exchange->handle);
    if (code != CURLE_OK)
        return error_set(error, is_configuration(code) ? STATUS_CONFIGURATION : STATUS_UNAVAILABLE,
                         STR("url"), STR_NONE, "%.*s does not answer: %s",
                         STR_ARGS(exchange->request->url),
                         exchange->why[0] ? exchange->why : curl_easy_strerror(code));
    (void)curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    answer->body = buffer_str(&exchange->body);
    return STATUS_OK;
}

enum status http_client_ask(const struct http_client_request *request, struct arena *arena,
                            struct http_client_answer *answer, struct error *error)
{
    struct exchange exchange = {.request = request, .arena = arena, .body = {.arena = arena}};
    http_client_initialise();
    exchange.handle = curl_easy_init();
    if (!exchange.handle) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = perform(&exchange, answer, error);
    curl_slist_free_all(exchange.headers);
    curl_easy_cleanup(exchange.handle);
    return status;
}
