#include "service/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

static X509 *read_certificate(struct str pem)
{
    BIO *memory = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *certificate = memory ? PEM_read_bio_X509(memory, NULL, NULL, NULL) : NULL;
    BIO_free(memory);
    return certificate;
}

static EVP_PKEY *read_key(struct str pem)
{
    BIO *memory = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, (void *)"") : NULL;
    BIO_free(memory);
    return key;
}

static enum status refuse(struct str key, const char *why, struct error *error)
{
    return error_set(error, STATUS_CONFIGURATION, key, STR("a PEM file without a password"), "%s",
                     why);
}

static enum status compare(X509 *certificate, EVP_PKEY *key, int *days_left, struct error *error)
{
    int days = 0, seconds = 0;
    if (!certificate) return refuse(STR("tls.certificate"), "the certificate is no PEM", error);
    if (!key) return refuse(STR("tls.key"), "the key file holds no private key", error);
    if (X509_check_private_key(certificate, key) != 1)
        return refuse(STR("tls.key"), "the key does not belong to the certificate", error);
    if (ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) != 1)
        return refuse(STR("tls.certificate"), "the certificate has no valid end", error);
    *days_left = seconds < 0 && days == 0 ? -1 : days;
    return STATUS_OK;
}

enum status certificate_check(struct str certificate_pem, struct str key_pem, int *days_left,
                              struct error *error)
{
    X509 *certificate = read_certificate(certificate_pem);
    EVP_PKEY *key = read_key(key_pem);
    enum status status = compare(certificate, key, days_left, error);
    X509_free(certificate);
    EVP_PKEY_free(key);
    ERR_clear_error();
    return status;
}

enum status certificate_blame(struct str certificate_path, struct str key_path, struct error *error)
{
    struct error inner = *error;
    if (inner.status != STATUS_CONFIGURATION) return inner.status;
    return error_set(error, inner.status, str_from_cstr(inner.field), str_from_cstr(inner.allowed),
                     "tls.certificate %.*s, tls.key %.*s: %s", STR_ARGS(certificate_path),
                     STR_ARGS(key_path), inner.message);
}
