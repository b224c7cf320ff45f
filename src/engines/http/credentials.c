#include "engines/http/credentials.h"

#include <gnutls/abstract.h>
#include <stdlib.h>

#include "engines/http/internal.h"

enum { CHAIN_MAX = 16 };

struct http_credentials {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned chain_length;
    gnutls_privkey_t key;
};

static gnutls_datum_t datum_of(struct str text)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)text.ptr, (unsigned)text.len};
}

static enum status refuse(struct error *error, const char *what, int code)
{
    return error_set(error, STATUS_CONFIGURATION, STR("tls"),
                     STR("a certificate chain and its private key as PEM"), "%s: %s", what,
                     gnutls_strerror(code));
}

static enum status import_chain(struct http_credentials *credentials, struct str text,
                                struct error *error)
{
    gnutls_datum_t pem = datum_of(text);
    unsigned count = CHAIN_MAX;
    int code =
        gnutls_pcert_list_import_x509_raw(credentials->chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
    if (code < 0) return refuse(error, "the certificate cannot be used", code);
    credentials->chain_length = count;
    return STATUS_OK;
}

static enum status import_key(struct http_credentials *credentials, struct str text,
                              struct error *error)
{
    gnutls_datum_t pem = datum_of(text);
    int code = gnutls_privkey_init(&credentials->key);
    if (code == 0)
        code = gnutls_privkey_import_x509_raw(credentials->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
    return code == 0 ? STATUS_OK : refuse(error, "the private key cannot be used", code);
}

/* What the certificate's key verifies, the private key has signed. */
static enum status check_pair(struct http_credentials *credentials, struct error *error)
{
    gnutls_pubkey_t of_key = NULL;
    unsigned char ids[2][64];
    size_t sizes[2] = {sizeof(ids[0]), sizeof(ids[1])};
    int code = gnutls_pubkey_init(&of_key);
    if (code == 0) code = gnutls_pubkey_import_privkey(of_key, credentials->key, 0, 0);
    if (code == 0)
        code = gnutls_pubkey_get_key_id(of_key, GNUTLS_KEYID_USE_SHA256, ids[0], &sizes[0]);
    if (code == 0)
        code = gnutls_pubkey_get_key_id(credentials->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256,
                                        ids[1], &sizes[1]);
    if (code == 0 && (sizes[0] != sizes[1] || memcmp(ids[0], ids[1], sizes[0]) != 0))
        code = GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
    gnutls_pubkey_deinit(of_key);
    return code == 0 ? STATUS_OK : refuse(error, "the key does not fit the certificate", code);
}

enum status http_credentials_new(struct str certificate, struct str key,
                                 struct http_credentials **out, struct error *error)
{
    struct http_credentials *credentials = calloc(1, sizeof(*credentials));
    *out = NULL;
    if (!credentials) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = import_chain(credentials, certificate, error);
    if (status == STATUS_OK) status = import_key(credentials, key, error);
    if (status == STATUS_OK) status = check_pair(credentials, error);
    if (status != STATUS_OK) {
        http_credentials_free(credentials);
        return status;
    }
    *out = credentials;
    return STATUS_OK;
}

void http_credentials_free(struct http_credentials *credentials)
{
    if (!credentials) return;
    for (unsigned i = 0; i < credentials->chain_length; i++)
        gnutls_pcert_deinit(&credentials->chain[i]);
    if (credentials->key) gnutls_privkey_deinit(credentials->key);
    free(credentials);
}

/* libmicrohttpd keeps its connection with the session. */
int credentials_retrieve(gnutls_session_t session, const gnutls_datum_t *authorities,
                         int authority_count, const gnutls_pk_algorithm_t *algorithms,
                         int algorithm_count, gnutls_pcert_st **chain, unsigned *length,
                         gnutls_privkey_t *key)
{
    (void)authorities, (void)authority_count, (void)algorithms, (void)algorithm_count;
    struct MHD_Connection *mhd = gnutls_session_get_ptr(session);
    const union MHD_ConnectionInfo *info =
        mhd ? MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT) : NULL;
    const struct http_connection *connection = info ? info->socket_context : NULL;
    if (!connection) return -1; /* out of memory when it began */
    struct http_credentials *credentials = atomic_load(&connection->server->credentials);
    *chain = credentials->chain;
    *length = credentials->chain_length;
    *key = credentials->key;
    return 0;
}
