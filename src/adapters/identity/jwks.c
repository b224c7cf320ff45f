/* Key sets: JSON to OpenSSL keys. */
#include "adapters/identity/jwks.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base64url.h"
#include "formats/json.h"

enum {
    JWKS_TEXT_MAX = 1 << 20,
    JWKS_KEYS_MAX = 256,
    RSA_BITS_MIN = 2048,
    RSA_BITS_MAX = 8192,
    P256_COORDINATE = 32,
    ED25519_KEY = 32
};

struct jwks {
    struct arena arena;
    struct jwk *keys;
    size_t count;
};

static const struct str algorithm_names[JWT_ALGORITHM_COUNT] = {
    [JWT_RS256] = STR("RS256"), [JWT_ES256] = STR("ES256"), [JWT_EDDSA] = STR("EdDSA")};

struct str jwt_algorithm_name(enum jwt_algorithm algorithm)
{
    return algorithm_names[algorithm];
}

bool jwt_algorithm_parse(struct str name, enum jwt_algorithm *algorithm)
{
    for (size_t i = 0; i < JWT_ALGORITHM_COUNT; i++) {
        if (!str_equal(name, algorithm_names[i])) continue;
        *algorithm = (enum jwt_algorithm)i;
        return true;
    }
    return false;
}

bool jwk_algorithm_of(EVP_PKEY *key, enum jwt_algorithm *algorithm)
{
    char group[32] = "";
    if (EVP_PKEY_is_a(key, "RSA")) {
        *algorithm = JWT_RS256;
        int bits = EVP_PKEY_get_bits(key);
        return bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX;
    }
    if (EVP_PKEY_is_a(key, "ED25519")) {
        *algorithm = JWT_EDDSA;
        return true;
    }
    *algorithm = JWT_ES256;
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
           strcmp(group, "prime256v1") == 0;
}

/* --- building keys --- */

static bool member_bytes(const struct json_value *jwk, struct str name, struct arena *arena,
                         struct str *bytes)
{
    struct str text = json_text(json_get(jwk, name));
    return !str_is_none(text) && base64url_decode(text, arena, bytes) && bytes->len > 0;
}

static EVP_PKEY *key_from_params(const char *kind, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (!context || !params || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    EVP_PKEY_CTX_free(context);
    return key;
}

/* Is the point on its curve, the modulus odd, ...? */
static bool key_is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool sound = context && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    return sound;
}

static EVP_PKEY *rsa_key(const struct json_value *jwk, struct arena *arena)
{
    struct str n, e;
    if (!member_bytes(jwk, STR("n"), arena, &n) || !member_bytes(jwk, STR("e"), arena, &e) ||
        n.len > RSA_BITS_MAX / 8 || e.len > 8)
        return NULL;
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.ptr, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.ptr, (int)e.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    if (modulus && exponent && build && BN_is_odd(exponent) && !BN_is_one(exponent) &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY *key = params ? key_from_params("RSA", params) : NULL;
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return key;
}

static EVP_PKEY *p256_key(const struct json_value *jwk, struct arena *arena)
{
    struct str x, y;
    if (!member_bytes(jwk, STR("x"), arena, &x) || !member_bytes(jwk, STR("y"), arena, &y) ||
        x.len != P256_COORDINATE || y.len != P256_COORDINATE)
        return NULL;
    unsigned char point[1 + 2 * P256_COORDINATE] = {0x04}; /* uncompressed */
    memcpy(point + 1, x.ptr, x.len);
    memcpy(point + 1 + P256_COORDINATE, y.ptr, y.len);
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    return key_from_params("EC", params);
}

static EVP_PKEY *ed25519_key(const struct json_value *jwk, struct arena *arena)
{
    struct str x;
    if (!member_bytes(jwk, STR("x"), arena, &x) || x.len != ED25519_KEY) return NULL;
    return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, (const unsigned char *)x.ptr, x.len);
}

/* --- one member of "keys" --- */

struct key_kind {
    struct str kty, crv; /* crv absent: the kind has none */
    enum jwt_algorithm algorithm;
    EVP_PKEY *(*build)(const struct json_value *jwk, struct arena *arena);
};
static const struct key_kind kinds[] = {
    {STR("RSA"), {NULL, 0}, JWT_RS256, rsa_key},
    {STR("EC"), STR("P-256"), JWT_ES256, p256_key},
    {STR("OKP"), STR("Ed25519"), JWT_EDDSA, ed25519_key},
};

static const struct key_kind *kind_of(const struct json_value *jwk)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!str_equal(json_text(json_get(jwk, STR("kty"))), kinds[i].kty)) continue;
        if (str_is_none(kinds[i].crv) ||
            str_equal(json_text(json_get(jwk, STR("crv"))), kinds[i].crv))
            return &kinds[i];
    }
    return NULL;
}

/* True when the key says that it is for something else than checking signatures by `kind`. */
static bool is_for_something_else(const struct json_value *jwk, const struct key_kind *kind)
{
    struct str use = json_text(json_get(jwk, STR("use")));
    struct str alg = json_text(json_get(jwk, STR("alg")));
    const struct json_value *operations = json_get(jwk, STR("key_ops"));
    if (!str_is_none(use) && !str_equal(use, STR("sig"))) return true;
    if (!str_is_none(alg) && !str_equal(alg, algorithm_names[kind->algorithm])) return true;
    if (!operations) return false;
    for (size_t i = 0; operations->type == JSON_ARRAY && i < operations->count; i++)
        if (str_equal(json_text(&operations->items[i]), STR("verify"))) return false;
    return true;
}

static enum status refuse_key(size_t index, const char *why, struct error *error)
{
    char place[32];
    int len = snprintf(place, sizeof(place), "keys[%zu]", index);
    return error_set(error, STATUS_CONFIGURATION, str_of(place, (size_t)len),
                     STR("public keys: RSA of 2048 bits or more, P-256, Ed25519"), "%s %s", place,
                     why);
}

static enum status add_key(struct jwks *jwks, size_t index, const struct json_value *jwk,
                           struct error *error)
{
    if (jwk->type != JSON_OBJECT) return refuse_key(index, "is no object", error);
    if (json_get(jwk, STR("k"))) return refuse_key(index, "is a symmetric key", error);
    if (json_get(jwk, STR("d"))) return refuse_key(index, "holds a private key", error);
    const struct key_kind *kind = kind_of(jwk);
    if (!kind || is_for_something_else(jwk, kind)) return STATUS_OK;
    struct str kid = json_text(json_get(jwk, STR("kid")));
    for (size_t i = 0; !str_is_none(kid) && i < jwks->count; i++)
        if (str_equal(jwks->keys[i].kid, kid))
            return refuse_key(index, "has a kid that another one has", error);
    struct jwk *out = &jwks->keys[jwks->count];
    out->key = kind->build(jwk, &jwks->arena);
    if (!out->key) return refuse_key(index, "is malformed", error);
    jwks->count++; /* from here on it is freed with the set */
    out->kid = kid;
    if (!jwk_algorithm_of(out->key, &out->algorithm))
        return refuse_key(index, "is too short or too long", error);
    if (!key_is_sound(out->key)) return refuse_key(index, "is not a sound key", error);
    return STATUS_OK;
}

static enum status add_keys(struct jwks *jwks, struct str text, struct error *error)
{
    struct json_value *root;
    struct str kept = arena_str(&jwks->arena, text);
    if (str_is_none(kept)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(json_parse(kept, &jwks->arena, &root, error));
    const struct json_value *keys = json_get(root, STR("keys"));
    if (!keys || keys->type != JSON_ARRAY || keys->count > JWKS_KEYS_MAX)
        return error_set(error, STATUS_CONFIGURATION, STR("keys"), STR("{\"keys\": [...]}"),
                         "it has no array \"keys\" of at most %d", JWKS_KEYS_MAX);
    jwks->keys = ARENA_NEW_ARRAY(&jwks->arena, struct jwk, keys->count + 1);
    if (!jwks->keys) return error_plain(error, STATUS_OUT_OF_MEMORY);
    for (size_t i = 0; i < keys->count; i++) TRY(add_key(jwks, i, &keys->items[i], error));
    if (jwks->count > 0) return STATUS_OK;
    return error_set(error, STATUS_CONFIGURATION, STR("keys"), STR("RS256, ES256 or EdDSA keys"),
                     "it has no key that signatures could be checked with");
}

enum status jwks_parse(struct str text, struct jwks **out, struct error *error)
{
    *out = NULL;
    struct jwks *jwks = calloc(1, sizeof(*jwks));
    if (!jwks) return error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_init(&jwks->arena, 16 * JWKS_TEXT_MAX);
    enum status status = add_keys(jwks, text, error);
    if (status != STATUS_OK) {
        jwks_free(jwks);
        if (status == STATUS_OUT_OF_MEMORY) return status;
        if (error) error->status = STATUS_CONFIGURATION;
        return STATUS_CONFIGURATION;
    }
    *out = jwks;
    return STATUS_OK;
}

static enum status refuse_file(const char *path, const char *why, struct error *error)
{
    return error_set(error, STATUS_CONFIGURATION, STR("identity.jwks_file"),
                     STR("a readable JSON file under 1 MiB"), "the key set %s: %s", path, why);
}

/* Says of which file it is. */
static enum status refuse_content(const char *path, enum status status, struct error *error)
{
    if (status != STATUS_CONFIGURATION || !error) return status;
    struct error inner = *error;
    return error_set(error, status, STR("identity.jwks_file"), str_from_cstr(inner.allowed),
                     "the key set %s: %s", path, inner.message);
}

enum status jwks_read_file(struct str path, struct jwks **jwks, struct error *error)
{
    *jwks = NULL;
    struct arena arena;
    arena_init(&arena, 2 * JWKS_TEXT_MAX);
    char *name = arena_cstr(&arena, path);
    char *bytes = arena_alloc(&arena, JWKS_TEXT_MAX);
    enum status status = STATUS_OUT_OF_MEMORY;
    int file = name && bytes ? open(name, O_RDONLY | O_CLOEXEC) : -1;
    if (name && bytes && file < 0) status = refuse_file(name, strerror(errno), error);
    if (file >= 0) {
        size_t len = 0;
        ssize_t got;
        while (len < JWKS_TEXT_MAX && (got = read(file, bytes + len, JWKS_TEXT_MAX - len)) > 0)
            len += (size_t)got;
        (void)close(file);
        status = len < JWKS_TEXT_MAX
                     ? refuse_content(name, jwks_parse(str_of(bytes, len), jwks, error), error)
                     : refuse_file(name, "is too large", error);
    }
    arena_release(&arena);
    return status;
}

void jwks_free(struct jwks *jwks)
{
    if (!jwks) return;
    for (size_t i = 0; i < jwks->count; i++) EVP_PKEY_free(jwks->keys[i].key);
    arena_release(&jwks->arena);
    free(jwks);
}

size_t jwks_count(const struct jwks *jwks)
{
    return jwks->count;
}

const struct jwk *jwks_find(const struct jwks *jwks, struct str kid)
{
    if (str_is_none(kid)) return jwks->count == 1 ? &jwks->keys[0] : NULL;
    for (size_t i = 0; i < jwks->count; i++)
        if (!str_is_none(jwks->keys[i].kid) && str_equal(jwks->keys[i].kid, kid))
            return &jwks->keys[i];
    return NULL;
}
