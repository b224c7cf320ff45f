/* Making a token. */
#include <openssl/ecdsa.h>

#include "adapters/identity/jwt.h"
#include "formats/base64url.h"

enum { ES256_HALF = 32 };

/* OpenSSL's form of an ECDSA signature to the two halves of RFC 7518, 3.4. */
static struct str es256_from_der(struct str der, struct arena *arena)
{
    const unsigned char *at = (const unsigned char *)der.ptr;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &at, (long)der.len);
    unsigned char *raw = arena_alloc(arena, 2 * ES256_HALF);
    bool fine =
        signature && raw &&
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw, ES256_HALF) == ES256_HALF &&
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw + ES256_HALF, ES256_HALF) == ES256_HALF;
    ECDSA_SIG_free(signature);
    return fine ? str_of((char *)raw, 2 * ES256_HALF) : STR_NONE;
}

static struct str sign(EVP_PKEY *key, enum jwt_algorithm algorithm, struct str text,
                       struct arena *arena)
{
    const EVP_MD *digest = algorithm == JWT_EDDSA ? NULL : EVP_sha256();
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    struct str made = STR_NONE;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t len = 0;
    if (context && EVP_DigestSignInit(context, NULL, digest, NULL, key) == 1 &&
        EVP_DigestSign(context, NULL, &len, bytes, text.len) == 1) {
        unsigned char *out = arena_alloc(arena, len);
        if (out && EVP_DigestSign(context, out, &len, bytes, text.len) == 1)
            made = str_of((char *)out, len);
    }
    EVP_MD_CTX_free(context);
    if (algorithm == JWT_ES256 && !str_is_none(made)) return es256_from_der(made, arena);
    return made;
}

struct str jwt_sign(EVP_PKEY *key, struct str claims, struct arena *arena)
{
    enum jwt_algorithm algorithm;
    struct str kid;
    if (!jwk_algorithm_of(key, &algorithm) || str_is_none(jwk_write(key, &kid, arena)))
        return STR_NONE;
    struct str header = arena_format(arena, "{\"alg\":\"%.*s\",\"typ\":\"JWT\",\"kid\":\"%.*s\"}",
                                     STR_ARGS(jwt_algorithm_name(algorithm)), STR_ARGS(kid));
    if (str_is_none(header)) return STR_NONE;
    header = base64url_encode(header, arena);
    struct str payload = base64url_encode(claims, arena);
    if (str_is_none(header) || str_is_none(payload)) return STR_NONE;
    struct str text = arena_format(arena, "%.*s.%.*s", STR_ARGS(header), STR_ARGS(payload));
    if (str_is_none(text)) return STR_NONE;
    struct str signature = sign(key, algorithm, text, arena);
    if (str_is_none(signature)) return STR_NONE;
    signature = base64url_encode(signature, arena);
    if (str_is_none(signature)) return STR_NONE;
    return arena_format(arena, "%.*s.%.*s", STR_ARGS(text), STR_ARGS(signature));
}
