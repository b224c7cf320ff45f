#include "engines/http/credentials.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "engines/http/internal.h"

struct http_credentials {
    SSL_CTX *context;
};

static enum status refuse(struct error *error, const char *what)
{
    char reason[160] = "";
    unsigned long code = ERR_peek_last_error();
    if (code) ERR_error_string_n(code, reason, sizeof(reason));
    ERR_clear_error();
    return error_set(error, STATUS_CONFIGURATION, STR("tls"),
                     STR("a certificate chain and its private key as PEM"), "%s%s%s", what,
                     reason[0] ? ": " : "", reason);
}

static BIO *open_text(struct str text)
{
    return text.len <= INT32_MAX ? BIO_new_mem_buf(text.ptr, (int)text.len) : NULL;
}

/* The first is the server's own, the rest leads to whom its clients trust. */
static bool use_chain(SSL_CTX *context, BIO *text)
{
    X509 *own = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
    bool fine = own && SSL_CTX_use_certificate(context, own) == 1;
    X509_free(own);
    for (X509 *next; fine && (next = PEM_read_bio_X509(text, NULL, NULL, NULL));) {
        fine = SSL_CTX_add0_chain_cert(context, next) == 1;
        if (!fine) X509_free(next);
    }
    if (!fine) return false;
    /* The end of the text, or something that is no certificate. */
    bool has_ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (has_ended) ERR_clear_error();
    return has_ended;
}

/* Nobody is there to be asked for a password. */
static int no_password(char *buffer, int size, int writes, void *context)
{
    (void)buffer, (void)size, (void)writes, (void)context;
    return -1;
}

static bool use_key(SSL_CTX *context, BIO *text)
{
    EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_password, NULL) : NULL;
    bool fine = key && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    return fine;
}

static enum status fill(SSL_CTX *context, struct str certificate, struct str key,
                        struct error *error)
{
    BIO *chain_text = open_text(certificate), *key_text = open_text(key);
    enum status status = STATUS_OK;
    if (SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1)
        status = refuse(error, "TLS 1.3 cannot be used");
    else if (!use_chain(context, chain_text))
        status = refuse(error, "the certificate cannot be used");
    else if (!use_key(context, key_text))
        status = ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH
                     ? refuse(error, "the key does not fit the certificate")
                     : refuse(error, "the private key cannot be used");
    BIO_free(chain_text);
    BIO_free(key_text);
    return status;
}

/* RFC 7301: what the client offers and we speak; without it the connection goes on as well. */
static int choose_protocol(SSL *tls, const unsigned char **chosen, unsigned char *chosen_bytes,
                           const unsigned char *offered, unsigned offered_bytes, void *context)
{
    static const unsigned char spoken[] = "\x08http/1.1";
    unsigned char *found;
    (void)tls, (void)context;
    if (SSL_select_next_proto(&found, chosen_bytes, spoken, sizeof(spoken) - 1, offered,
                              offered_bytes) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

enum status http_credentials_new(struct str certificate, struct str key,
                                 struct http_credentials **out, struct error *error)
{
    struct http_credentials *credentials = calloc(1, sizeof(*credentials));
    *out = NULL;
    if (!credentials) return error_plain(error, STATUS_OUT_OF_MEMORY);
    ERR_clear_error();
    credentials->context = SSL_CTX_new(TLS_server_method());
    enum status status = credentials->context ? fill(credentials->context, certificate, key, error)
                                              : error_plain(error, STATUS_OUT_OF_MEMORY);
    if (status != STATUS_OK) {
        http_credentials_free(credentials);
        return status;
    }
    (void)SSL_CTX_set_mode(credentials->context, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                                     SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                                     SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_alpn_select_cb(credentials->context, choose_protocol, NULL);
    *out = credentials;
    return STATUS_OK;
}

void http_credentials_free(struct http_credentials *credentials)
{
    if (!credentials) return;
    SSL_CTX_free(credentials->context);
    free(credentials);
}

SSL *credentials_begin(struct http_credentials *credentials, int fd)
{
    SSL *tls = SSL_new(credentials->context);
    if (tls && SSL_set_fd(tls, fd) == 1) return tls;
    SSL_free(tls);
    return NULL;
}
