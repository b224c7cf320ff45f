/* TLS of the engine: 1.3 and nothing older, against OpenSSL as the client. */
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engines/http/http.h"
#include "raw_http.h"
#include "unit.h"

enum { LARGE_BYTES = 8 << 20, REQUESTS = 60, REQUEST_BYTES = 500 };

static struct {
    struct loop *loop;
    struct http_server *server;
    pthread_t thread;
    struct arena arena;
    struct str certificate, key;
    struct http_credentials *credentials[2];
} fixture;

static struct str take_pem(BIO *bio)
{
    char *bytes;
    long length = BIO_get_mem_data(bio, &bytes);
    struct str text = arena_str(&fixture.arena, str_of(bytes, (size_t)length));
    BIO_free(bio);
    return text;
}

static void make_certificate(long serial)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    BIO *bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    fixture.certificate = take_pem(bio);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    fixture.key = take_pem(bio);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static void handle(void *context, struct http_request *request, struct http_response *response)
{
    (void)context;
    if (str_equal(http_request_path(request), STR("/large"))) {
        char *body = arena_alloc(http_request_arena(request), LARGE_BYTES);
        for (size_t i = 0; i < LARGE_BYTES; i++) body[i] = (char)(i % 251);
        http_response_body(response, str_of(body, LARGE_BYTES));
        return;
    }
    coroutine_sleep(str_equal(http_request_path(request), STR("/late")) ? 50 : 1);
    http_response_body(response, STR("secret"));
}

static void *run_loop(void *argument)
{
    loop_run(argument);
    return NULL;
}

static struct http_options secure_options(void)
{
    return (struct http_options){.host = STR("127.0.0.1"),
                                 .body_max_bytes = 1000,
                                 .connections_max = 10,
                                 .header_max_bytes = 8192,
                                 .idle_timeout_ms = 5000,
                                 .request_arena_bytes = 16 << 20,
                                 .credentials = fixture.credentials[0],
                                 .handle = handle};
}

static int set_up(void **state)
{
    (void)state;
    struct error error = {0};
    (void)signal(SIGPIPE, SIG_IGN);
    arena_init(&fixture.arena, 1 << 20);
    for (long i = 0; i < 2; i++) {
        make_certificate(i + 1);
        assert_int_equal(
            http_credentials_new(fixture.certificate, fixture.key, &fixture.credentials[i], &error),
            STATUS_OK);
    }
    struct http_options options = secure_options();
    fixture.loop = loop_new(0);
    assert_int_equal(http_server_new(fixture.loop, &options, &fixture.server, &error), STATUS_OK);
    assert_int_equal(pthread_create(&fixture.thread, NULL, run_loop, fixture.loop), 0);
    return 0;
}

static void stop(void *argument)
{
    loop_stop(argument);
}

static int tear_down(void **state)
{
    (void)state;
    (void)loop_post(fixture.loop, stop, fixture.loop);
    (void)pthread_join(fixture.thread, NULL);
    http_server_free(fixture.server);
    loop_free(fixture.loop);
    for (size_t i = 0; i < 2; i++) http_credentials_free(fixture.credentials[i]);
    arena_release(&fixture.arena);
    return 0;
}

/* The answer, or "" when there is no handshake. */
static void ask(int version_max, char *out, size_t size)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, version_max);
    SSL *ssl = SSL_new(context);
    int fd = raw_connect(http_server_port(fixture.server));
    size_t length = 0;
    SSL_set_fd(ssl, fd);
    if (SSL_connect(ssl) == 1) {
        int count;
        (void)SSL_write(ssl, request, sizeof(request) - 1);
        while (length + 1 < size &&
               (count = SSL_read(ssl, out + length, (int)(size - 1 - length))) > 0)
            length += (size_t)count;
    }
    out[length] = '\0';
    SSL_free(ssl);
    SSL_CTX_free(context);
    (void)close(fd);
}

static void a_request_is_answered_over_tls_1_3(void **state)
{
    (void)state;
    char answer[1000];
    ask(TLS1_3_VERSION, answer, sizeof(answer));
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "secret"));
}

static void tls_1_2_is_refused(void **state)
{
    (void)state;
    char answer[1000];
    ask(TLS1_2_VERSION, answer, sizeof(answer));
    assert_string_equal(answer, "");
}

static void plain_http_is_not_answered(void **state)
{
    (void)state;
    int fd = raw_connect(http_server_port(fixture.server));
    raw_send(fd, STR("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct str all = raw_read_all(fd, &fixture.arena);
    assert_false(str_starts_with(all, STR("HTTP")));
    (void)close(fd);
}

static void a_bad_certificate_or_key_is_refused(void **state)
{
    (void)state;
    struct http_credentials *credentials;
    struct error error = {0};
    struct str older = fixture.certificate;
    make_certificate(3);
    const struct {
        struct str certificate, key;
    } bad[] = {{fixture.certificate, STR("no key")},
               {STR("no certificate"), fixture.key},
               {older, fixture.key},
               {STR(""), STR("")}};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(http_credentials_new(bad[i].certificate, bad[i].key, &credentials, &error),
                         STATUS_CONFIGURATION);
        assert_string_equal(error.field, "tls");
        assert_null(credentials);
    }
}

static long serial_of(SSL *ssl)
{
    X509 *certificate = SSL_get1_peer_certificate(ssl);
    long serial = certificate ? ASN1_INTEGER_get(X509_get0_serialNumber(certificate)) : -1;
    X509_free(certificate);
    return serial;
}

static void other_credentials_are_for_new_connections_and_the_open_ones_go_on(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    char answer[1000];
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssls[2];
    int fds[2];
    for (size_t i = 0; i < 2; i++) {
        if (i == 1) http_server_set_credentials(fixture.server, fixture.credentials[1]);
        fds[i] = raw_connect(http_server_port(fixture.server));
        ssls[i] = SSL_new(context);
        SSL_set_fd(ssls[i], fds[i]);
        assert_int_equal(SSL_connect(ssls[i]), 1);
        assert_int_equal(serial_of(ssls[i]), (long)i + 1);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_true(SSL_write(ssls[i], request, sizeof(request) - 1) > 0);
        assert_true(SSL_read(ssls[i], answer, sizeof(answer)) > 12);
        assert_memory_equal(answer, "HTTP/1.1 200", 12);
        SSL_free(ssls[i]);
        (void)close(fds[i]);
    }
    SSL_CTX_free(context);
}

static SSL *connect_to_it(SSL_CTX *context)
{
    static const unsigned char offered[] = "\x02h2\x08http/1.1";
    const unsigned char *chosen;
    unsigned length;
    SSL *ssl = SSL_new(context);
    assert_int_equal(SSL_set_alpn_protos(ssl, offered, sizeof(offered) - 1), 0);
    SSL_set_fd(ssl, raw_connect(http_server_port(fixture.server)));
    assert_int_equal(SSL_connect(ssl), 1);
    SSL_get0_alpn_selected(ssl, &chosen, &length);
    assert_true(str_equal(str_of((const char *)chosen, length), STR("http/1.1")));
    return ssl;
}

static void hang_up(SSL *ssl)
{
    (void)close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

/* More than is read at once: what TLS has read ahead is not told of by the socket. */
static void requests_in_large_records_are_all_answered(void **state)
{
    (void)state;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = connect_to_it(context);
    struct buffer out = {.arena = &fixture.arena};
    /* Nothing is read while this one is served, so that all the others are there by then. */
    buffer_append(&out, STR("GET /late HTTP/1.1\r\nHost: x\r\n\r\n"));
    struct str first = buffer_str(&out);
    assert_int_equal(SSL_write(ssl, first.ptr, (int)first.len), (int)first.len);
    buffer_clear(&out);
    for (int i = 0; i < REQUESTS; i++) {
        size_t begin = buffer_str(&out).len;
        buffer_append(&out, STR("GET / HTTP/1.1\r\nHost: x\r\nX-Long: "));
        while (buffer_str(&out).len < begin + REQUEST_BYTES) buffer_append_char(&out, 'a');
        buffer_append(&out, STR("\r\n\r\n"));
    }
    struct str requests = buffer_str(&out);
    assert_int_equal(SSL_write(ssl, requests.ptr, (int)requests.len), (int)requests.len);
    char bytes[4096];
    size_t answers = 0;
    for (int count; answers < REQUESTS + 1 && (count = SSL_read(ssl, bytes, sizeof(bytes))) > 0;)
        for (int i = 0; i < count; i++) answers += bytes[i] == 'H';
    assert_int_equal(answers, REQUESTS + 1);
    hang_up(ssl);
    SSL_CTX_free(context);
}

static void a_large_answer_comes_whole_to_who_reads_late(void **state)
{
    (void)state;
    static const char request[] = "GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL *ssl = connect_to_it(context);
    assert_true(SSL_write(ssl, request, sizeof(request) - 1) > 0);
    (void)usleep(50000);
    char *all = malloc(LARGE_BYTES + 1000);
    size_t length = 0;
    assert_non_null(all);
    for (int count; (count = SSL_read(ssl, all + length, (int)(LARGE_BYTES + 1000 - length))) > 0;)
        length += (size_t)count;
    assert_true(length > LARGE_BYTES);
    const char *body = all + length - LARGE_BYTES;
    for (size_t i = 0; i < LARGE_BYTES; i++)
        if (body[i] != (char)(i % 251)) fail_msg("byte %zu is another", i);
    free(all);
    hang_up(ssl);
    SSL_CTX_free(context);
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVED(a_request_is_answered_over_tls_1_3),
        SERVED(tls_1_2_is_refused),
        SERVED(plain_http_is_not_answered),
        SERVED(a_bad_certificate_or_key_is_refused),
        SERVED(requests_in_large_records_are_all_answered),
        SERVED(a_large_answer_comes_whole_to_who_reads_late),
        SERVED(other_credentials_are_for_new_connections_and_the_open_ones_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
