#include "engines/http/sender.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECT_TIMEOUT_MS = 5000, SPARE_MAX = 256 };

struct sending {
    struct sending *next, *previous; /* of those under way, or of spare ones */
    struct http_sender *sender;
    CURL *handle;
    struct curl_slist *headers;
    void *context;
    size_t read_bytes;
    char *answer; /* what is kept of it; NULL: nothing is */
    bool refused; /* an address was */
    bool cut;     /* more was answered than is read */
};

struct http_sender {
    struct http_sender_options options;
    CURLM *multi;
    struct sending *first; /* under way */
    size_t count;
    struct sending *spare; /* handles that were used before */
    size_t spare_count;
};

/* --- what libcurl asks --- */

static bool address_bytes(const struct curl_sockaddr *address, uint8_t bytes[16])
{
    if (address->family == AF_INET6) {
        const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&address->addr;
        memcpy(bytes, &six->sin6_addr, 16);
        return true;
    }
    if (address->family != AF_INET) return false;
    const struct sockaddr_in *four = (const struct sockaddr_in *)&address->addr;
    memset(bytes, 0, 10);
    memset(bytes + 10, 0xff, 2);
    memcpy(bytes + 12, &four->sin_addr, 4);
    return true;
}

static curl_socket_t on_open(void *argument, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sending *sending = argument;
    const struct http_sender_options *options = &sending->sender->options;
    uint8_t bytes[16];
    bool fine = purpose == CURLSOCKTYPE_IPCXN && address_bytes(address, bytes) &&
                (!options->may_connect || options->may_connect(options->context, bytes));
    if (fine) return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    sending->refused = true;
    return CURL_SOCKET_BAD;
}

/* Less than it was given tells libcurl to stop. */
static size_t on_body(char *bytes, size_t size, size_t count, void *argument)
{
    struct sending *sending = argument;
    size_t len = size * count, room = sending->sender->options.answer_max_bytes;
    sending->cut = len > room - sending->read_bytes;
    if (sending->cut) return 0;
    if (sending->answer) memcpy(sending->answer + sending->read_bytes, bytes, len);
    sending->read_bytes += len;
    return len;
}

/* --- handles --- */

static void free_sending(struct sending *sending)
{
    curl_slist_free_all(sending->headers);
    curl_easy_cleanup(sending->handle);
    free(sending->answer);
    free(sending);
}

/* What is the same for every request. */
static void set_constants(struct sending *sending)
{
    const struct http_sender_options *options = &sending->sender->options;
    CURL *handle = sending->handle;
    (void)curl_easy_setopt(handle, CURLOPT_PRIVATE, sending);
    (void)curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    (void)curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* not from the environment */
    (void)curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, on_open);
    (void)curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, sending);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(handle, CURLOPT_WRITEDATA, sending);
    (void)curl_easy_setopt(handle, CURLOPT_USERAGENT, options->user_agent);
    (void)curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(handle, CURLOPT_POST, 1L);
}

static struct sending *new_sending(struct http_sender *sender)
{
    struct sending *sending = calloc(1, sizeof(*sending));
    if (!sending) return NULL;
    sending->sender = sender;
    sending->handle = curl_easy_init();
    if (sender->options.keeps_answers) sending->answer = malloc(sender->options.answer_max_bytes);
    if (!sending->handle || (sender->options.keeps_answers && !sending->answer)) {
        free_sending(sending);
        return NULL;
    }
    set_constants(sending);
    return sending;
}

static struct sending *take_sending(struct http_sender *sender)
{
    struct sending *sending = sender->spare;
    if (!sending) return new_sending(sender);
    sender->spare = sending->next;
    sender->spare_count--;
    return sending;
}

static void put_back(struct http_sender *sender, struct sending *sending)
{
    curl_slist_free_all(sending->headers);
    sending->headers = NULL;
    if (sender->spare_count == SPARE_MAX) {
        free_sending(sending);
        return;
    }
    sending->next = sender->spare;
    sender->spare = sending;
    sender->spare_count++;
}

static void link_in(struct http_sender *sender, struct sending *sending)
{
    sending->previous = NULL;
    sending->next = sender->first;
    if (sender->first) sender->first->previous = sending;
    sender->first = sending;
    sender->count++;
}

static void unlink_from(struct http_sender *sender, struct sending *sending)
{
    if (sending->previous)
        sending->previous->next = sending->next;
    else
        sender->first = sending->next;
    if (sending->next) sending->next->previous = sending->previous;
    sender->count--;
}

/* --- sending --- */

static bool set_headers(struct sending *sending, const struct http_sender_request *request,
                        struct arena *arena)
{
    for (size_t i = 0; i < request->header_count; i++) {
        struct str line = arena_format(arena, "%.*s: %.*s", STR_ARGS(request->headers[i].name),
                                       STR_ARGS(request->headers[i].value));
        struct curl_slist *longer =
            str_is_none(line) ? NULL : curl_slist_append(sending->headers, line.ptr);
        if (!longer) return false;
        sending->headers = longer;
    }
    return true;
}

static bool set_request(struct sending *sending, const struct http_sender_request *request,
                        struct arena *arena)
{
    struct str ca_file = sending->sender->options.ca_file;
    char *url = arena_cstr(arena, request->url), *ca = arena_cstr(arena, ca_file);
    CURL *handle = sending->handle;
    sending->read_bytes = 0;
    sending->refused = sending->cut = false;
    if (!url || !set_headers(sending, request, arena)) return false;
    if (!str_is_empty(ca_file) && (!ca || curl_easy_setopt(handle, CURLOPT_CAINFO, ca) != CURLE_OK))
        return false;
    (void)curl_easy_setopt(handle, CURLOPT_HTTPHEADER, sending->headers);
    (void)curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)request->timeout_ms);
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body.len);
    (void)curl_easy_setopt(handle, CURLOPT_POSTFIELDS, request->body.ptr);
    return curl_easy_setopt(handle, CURLOPT_URL, url) == CURLE_OK;
}

bool http_sender_send(struct http_sender *sender, const struct http_sender_request *request,
                      struct arena *arena, void *context)
{
    struct sending *sending = take_sending(sender);
    if (!sending) return false;
    sending->context = context;
    if (!set_request(sending, request, arena) ||
        curl_multi_add_handle(sender->multi, sending->handle) != CURLM_OK) {
        free_sending(sending);
        return false;
    }
    link_in(sender, sending);
    return true;
}

/* --- results --- */

struct str http_sent_name(enum http_sent sent)
{
    static const struct str names[] = {
        [HTTP_SENT_ANSWERED] = STR("answered"),
        [HTTP_SENT_TIMED_OUT] = STR("timed_out"),
        [HTTP_SENT_NOT_RESOLVED] = STR("not_resolved"),
        [HTTP_SENT_NOT_CONNECTED] = STR("not_connected"),
        [HTTP_SENT_NOT_ALLOWED] = STR("not_allowed"),
        [HTTP_SENT_NOT_TRUSTED] = STR("not_trusted"),
        [HTTP_SENT_BROKEN] = STR("broken"),
    };
    return names[sent];
}

static enum http_sent sent_of(const struct sending *sending, CURLcode code, int status)
{
    if (code == CURLE_OK || (sending->cut && status > 0)) return HTTP_SENT_ANSWERED;
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return HTTP_SENT_TIMED_OUT;
    case CURLE_COULDNT_RESOLVE_HOST:
        return HTTP_SENT_NOT_RESOLVED;
    case CURLE_COULDNT_CONNECT:
        return sending->refused ? HTTP_SENT_NOT_ALLOWED : HTTP_SENT_NOT_CONNECTED;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
        return HTTP_SENT_NOT_TRUSTED;
    default:
        return HTTP_SENT_BROKEN;
    }
}

static void fill_result(const struct sending *sending, CURLcode code,
                        struct http_sender_result *result)
{
    long status = 0;
    curl_off_t retry_after = 0, took_us = 0;
    (void)curl_easy_getinfo(sending->handle, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_getinfo(sending->handle, CURLINFO_RETRY_AFTER, &retry_after);
    (void)curl_easy_getinfo(sending->handle, CURLINFO_TOTAL_TIME_T, &took_us);
    *result = (struct http_sender_result){.context = sending->context,
                                          .sent = sent_of(sending, code, (int)status),
                                          .retry_after_s = (int64_t)retry_after,
                                          .took_ms = (int64_t)took_us / 1000};
    if (result->sent == HTTP_SENT_ANSWERED) result->status = (int)status;
    if (sending->answer) result->body = str_of(sending->answer, sending->read_bytes);
}

bool http_sender_next(struct http_sender *sender, struct http_sender_result *result)
{
    CURLMsg *message;
    int waiting;
    while ((message = curl_multi_info_read(sender->multi, &waiting))) {
        struct sending *sending = NULL;
        if (message->msg != CURLMSG_DONE) continue;
        CURLcode code = message->data.result; /* gone with the handle */
        (void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&sending);
        fill_result(sending, code, result);
        (void)curl_multi_remove_handle(sender->multi, sending->handle);
        unlink_from(sender, sending);
        put_back(sender, sending);
        return true;
    }
    return false;
}

void http_sender_cancel(struct http_sender *sender,
                        bool (*is_cancelled)(const void *context, const void *argument),
                        const void *argument)
{
    struct sending *next;
    for (struct sending *sending = sender->first; sending; sending = next) {
        next = sending->next;
        if (!is_cancelled(sending->context, argument)) continue;
        (void)curl_multi_remove_handle(sender->multi, sending->handle);
        unlink_from(sender, sending);
        put_back(sender, sending);
    }
}

void http_sender_wait(struct http_sender *sender, int64_t timeout_ms)
{
    int running = 0, active = 0;
    (void)curl_multi_perform(sender->multi, &running);
    /* What ended at once is told at once. */
    if ((size_t)running < sender->count) timeout_ms = 0;
    (void)curl_multi_poll(sender->multi, NULL, 0, (int)timeout_ms, &active);
    (void)curl_multi_perform(sender->multi, &running);
}

size_t http_sender_under_way(const struct http_sender *sender)
{
    return sender->count;
}

void http_sender_wake(struct http_sender *sender)
{
    (void)curl_multi_wakeup(sender->multi);
}

/* --- life --- */

struct http_sender *http_sender_new(const struct http_sender_options *options)
{
    struct http_sender *sender = calloc(1, sizeof(*sender));
    if (!sender) return NULL;
    http_client_initialise();
    sender->options = *options;
    sender->multi = curl_multi_init();
    if (sender->multi) return sender;
    free(sender);
    return NULL;
}

static bool all(const void *context, const void *argument)
{
    (void)context, (void)argument;
    return true;
}

void http_sender_free(struct http_sender *sender)
{
    if (!sender) return;
    http_sender_cancel(sender, all, NULL);
    for (struct sending *next; sender->spare; sender->spare = next) {
        next = sender->spare->next;
        free_sending(sender->spare);
    }
    (void)curl_multi_cleanup(sender->multi);
    free(sender);
}
