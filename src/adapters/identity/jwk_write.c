/* A public key as JSON, named by its thumbprint. */
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "adapters/identity/jwks.h"
#include "formats/base64url.h"
#include "formats/json.h"

/* A number of the key as base64url, padded with zero bytes to `width` (0: as short as it is). */
static struct str number(EVP_PKEY *key, const char *name, int width, struct arena *arena)
{
    BIGNUM *value = NULL;
    if (EVP_PKEY_get_bn_param(key, name, &value) != 1) return STR_NONE;
    int len = width > 0 ? width : BN_num_bytes(value);
    unsigned char *bytes = arena_alloc(arena, (size_t)len);
    struct str text = STR_NONE;
    if (bytes && BN_bn2binpad(value, bytes, len) == len)
        text = base64url_encode(str_of((char *)bytes, (size_t)len), arena);
    BN_free(value);
    return text;
}

static struct str raw_public(EVP_PKEY *key, struct arena *arena)
{
    unsigned char bytes[32];
    size_t len = sizeof(bytes);
    if (EVP_PKEY_get_raw_public_key(key, bytes, &len) != 1) return STR_NONE;
    return base64url_encode(str_of((char *)bytes, len), arena);
}

/* The required members in the order of RFC 7638, without braces: what the thumbprint is over. */
static struct str required_members(EVP_PKEY *key, enum jwt_algorithm algorithm, struct arena *arena)
{
    struct str one, two = STR("");
    const char *form;
    switch (algorithm) {
    case JWT_RS256:
        form = "\"e\":\"%.*s\",\"kty\":\"RSA\",\"n\":\"%.*s\"";
        one = number(key, OSSL_PKEY_PARAM_RSA_E, 0, arena);
        two = number(key, OSSL_PKEY_PARAM_RSA_N, 0, arena);
        break;
    case JWT_ES256:
        form = "\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%.*s\",\"y\":\"%.*s\"";
        one = number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32, arena);
        two = number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32, arena);
        break;
    default:
        form = "\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%.*s\"%.*s";
        one = raw_public(key, arena);
    }
    if (str_is_none(one) || str_is_none(two)) return STR_NONE;
    return arena_format(arena, form, STR_ARGS(one), STR_ARGS(two));
}

struct str jwk_write(EVP_PKEY *key, struct str *kid, struct arena *arena)
{
    enum jwt_algorithm algorithm;
    if (!jwk_algorithm_of(key, &algorithm)) return STR_NONE;
    struct str members = required_members(key, algorithm, arena);
    if (str_is_none(members)) return STR_NONE;
    struct str canonical = arena_format(arena, "{%.*s}", STR_ARGS(members));
    if (str_is_none(canonical)) return STR_NONE;
    unsigned char digest[32];
    if (EVP_Digest(canonical.ptr, canonical.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return STR_NONE;
    *kid = base64url_encode(str_of((char *)digest, sizeof(digest)), arena);
    if (str_is_none(*kid)) return STR_NONE;
    return arena_format(arena, "{%.*s,\"kid\":\"%.*s\",\"alg\":\"%.*s\",\"use\":\"sig\"}",
                        STR_ARGS(members), STR_ARGS(*kid), STR_ARGS(jwt_algorithm_name(algorithm)));
}
