/* Checking a token, in this order: its shape, its key, its signature, its claims. Nothing of the
 * payload is parsed before the signature is known to be right. */
#include <openssl/ecdsa.h>
#include <openssl/err.h>

#include "adapters/api/identity.h"
#include "adapters/identity/jwt.h"
#include "base/identifier.h"
#include "formats/base64url.h"

enum { ES256_HALF = 32, ED25519_SIGNATURE = 64, DER_MAX = 80 };

static enum status refuse(const char *why, struct error *error)
{
    return error_set(error, STATUS_UNAUTHENTICATED, STR("Authorization"),
                     STR("Bearer <a token signed by a configured key>"), "the token %s", why);
}

struct token_parts {
    struct str signed_text; /* header.payload as sent */
    struct str header, payload, signature;
};

static bool split_token(struct str token, struct token_parts *parts)
{
    struct str rest = token;
    if (!str_split(&rest, '.', &parts->header) || !str_split(&rest, '.', &parts->payload) ||
        !str_split(&rest, '.', &parts->signature) || !str_is_none(rest))
        return false;
    parts->signed_text = str_of(token.ptr, parts->header.len + 1 + parts->payload.len);
    return parts->header.len > 0 && parts->payload.len > 0;
}

static bool decode_object(struct str text, struct arena *arena, struct json_value **object)
{
    struct str bytes;
    struct error ignored;
    return base64url_decode(text, arena, &bytes) &&
           json_parse(bytes, arena, object, &ignored) == STATUS_OK &&
           (*object)->type == JSON_OBJECT;
}

static bool type_is_fine(const struct json_value *header)
{
    const struct json_value *typ = json_get(header, STR("typ"));
    if (!typ) return true;
    struct str name = json_text(typ);
    if (name.len > 12 && str_equal_ignore_case(str_of(name.ptr, 12), STR("application/")))
        name = str_skip(name, 12);
    return str_equal_ignore_case(name, STR("JWT")) || str_equal_ignore_case(name, STR("at+jwt"));
}

static enum status check_header(const struct json_value *header, struct error *error)
{
    const struct json_value *kid = json_get(header, STR("kid"));
    /* RFC 7515, 4.1.11: an extension that is marked critical and not understood is refused. */
    if (json_get(header, STR("crit"))) return refuse("has a critical extension", error);
    if (!type_is_fine(header)) return refuse("is of another type than JWT", error);
    if (kid && kid->type != JSON_STRING) return refuse("has a kid that is no text", error);
    return STATUS_OK;
}

/* The two halves of an ES256 signature (RFC 7518, 3.4) as OpenSSL wants them. 0 when they are not
 * of that size. */
static size_t es256_to_der(struct str raw, unsigned char der[DER_MAX])
{
    if (raw.len != 2 * ES256_HALF) return 0;
    const unsigned char *bytes = (const unsigned char *)raw.ptr;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(bytes, ES256_HALF, NULL);
    BIGNUM *s = BN_bin2bn(bytes + ES256_HALF, ES256_HALF, NULL);
    int len = 0;
    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL; /* they belong to the signature now */
        unsigned char *out = der;
        len = i2d_ECDSA_SIG(signature, NULL) <= DER_MAX ? i2d_ECDSA_SIG(signature, &out) : 0;
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return len > 0 ? (size_t)len : 0;
}

static bool signature_is_right(const struct jwk *key, struct str text, struct str signature)
{
    unsigned char der[DER_MAX];
    const unsigned char *bytes = (const unsigned char *)signature.ptr;
    size_t len = signature.len;
    if (key->algorithm == JWT_EDDSA && len != ED25519_SIGNATURE) return false;
    if (key->algorithm == JWT_RS256 && len != (size_t)EVP_PKEY_get_size(key->key)) return false;
    if (key->algorithm == JWT_ES256) {
        len = es256_to_der(signature, der);
        bytes = der;
        if (len == 0) return false;
    }
    const EVP_MD *digest = key->algorithm == JWT_EDDSA ? NULL : EVP_sha256();
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool right =
        context && EVP_DigestVerifyInit(context, NULL, digest, NULL, key->key) == 1 &&
        EVP_DigestVerify(context, bytes, len, (const unsigned char *)text.ptr, text.len) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return right;
}

/* A NumericDate: seconds, a fraction is dropped. False for anything else, or one past the year
 * 9999. */
static bool numeric_date(const struct json_value *value, instant *when)
{
    if (value->type != JSON_NUMBER) return false;
    struct str digits = value->text;
    ptrdiff_t dot = str_find_char(digits, '.');
    if (dot >= 0) digits.len = (size_t)dot;
    int64_t seconds;
    if (!str_to_int64(digits, &seconds) || seconds < 0 || seconds > INT64_C(253402300799))
        return false;
    *when = seconds * INSTANT_SECOND;
    return str_find_char(value->text, 'e') < 0 && str_find_char(value->text, 'E') < 0;
}

static enum status check_times(const struct json_value *payload, instant now, instant leeway,
                               instant *expires_at, struct error *error)
{
    const struct json_value *exp = json_get(payload, STR("exp"));
    if (!exp || !numeric_date(exp, expires_at)) return refuse("has no valid exp", error);
    if (now >= *expires_at + leeway) return refuse("has expired", error);
    static const struct str starts[] = {STR("nbf"), STR("iat")};
    for (size_t i = 0; i < 2; i++) {
        const struct json_value *value = json_get(payload, starts[i]);
        instant when;
        if (!value) continue;
        if (!numeric_date(value, &when)) return refuse("has an nbf or iat that is no time", error);
        if (now < when - leeway) return refuse("is not valid yet", error);
    }
    return STATUS_OK;
}

static bool audience_has(const struct json_value *aud, struct str wanted)
{
    if (!aud) return false;
    if (aud->type == JSON_STRING) return str_equal(aud->text, wanted);
    for (size_t i = 0; aud->type == JSON_ARRAY && i < aud->count; i++)
        if (aud->items[i].type == JSON_STRING && str_equal(aud->items[i].text, wanted)) return true;
    return false;
}

static uint64_t read_permissions(const struct json_value *claim)
{
    uint64_t mask = 0;
    if (!claim) return 0;
    if (claim->type == JSON_STRING) return permissions_parse_list(claim->text);
    for (size_t i = 0; claim->type == JSON_ARRAY && i < claim->count; i++)
        if (claim->items[i].type == JSON_STRING) mask |= permission_parse(claim->items[i].text);
    return mask;
}

bool jwt_user_is_valid(struct str user)
{
    if (user.len == 0 || user.len > JWT_USER_MAX || !str_is_utf8(user)) return false;
    for (size_t i = 0; i < user.len; i++) {
        unsigned char c = (unsigned char)user.ptr[i];
        if (c < 0x20 || c == 0x7f) return false;
    }
    return true;
}

static enum status check_claims(const struct json_value *payload, const struct jwt_rules *rules,
                                instant now, struct jwt_claims *claims, struct error *error)
{
    TRY(check_times(payload, now, rules->leeway_ms * (INSTANT_SECOND / 1000), &claims->expires_at,
                    error));
    struct str issuer = json_text(json_get(payload, STR("iss")));
    if (!str_is_empty(rules->issuer) && !str_equal(issuer, rules->issuer))
        return refuse("is by another issuer", error);
    if (!str_is_empty(rules->audience) &&
        !audience_has(json_get(payload, STR("aud")), rules->audience))
        return refuse("is for another audience", error);
    claims->tenant = json_text(json_get(payload, rules->tenant_claim));
    if (!identifier_is_valid(claims->tenant)) return refuse("names no valid tenant", error);
    claims->user_id = json_text(json_get(payload, rules->user_claim));
    if (!jwt_user_is_valid(claims->user_id)) return refuse("names no valid user", error);
    claims->permissions = read_permissions(json_get(payload, rules->permissions_claim));
    return STATUS_OK;
}

enum status jwt_verify(struct str token, const struct jwks *keys, const struct jwt_rules *rules,
                       instant now, struct arena *arena, struct jwt_claims *claims,
                       struct error *error)
{
    struct token_parts parts;
    struct json_value *header, *payload;
    struct str signature;
    if (token.len > rules->token_max_bytes) return refuse("is too large", error);
    if (!split_token(token, &parts)) return refuse("is not of three parts", error);
    if (!decode_object(parts.header, arena, &header)) return refuse("has no valid header", error);
    TRY(check_header(header, error));
    const struct jwk *key = jwks_find(keys, json_text(json_get(header, STR("kid"))));
    if (!key) return refuse("names a key that is not known here", error);
    if (!str_equal(json_text(json_get(header, STR("alg"))), jwt_algorithm_name(key->algorithm)))
        return refuse("has another algorithm than its key", error);
    if (!base64url_decode(parts.signature, arena, &signature) ||
        !signature_is_right(key, parts.signed_text, signature))
        return refuse("has a signature that is not right", error);
    if (!decode_object(parts.payload, arena, &payload))
        return refuse("has no valid payload", error);
    return check_claims(payload, rules, now, claims, error);
}
