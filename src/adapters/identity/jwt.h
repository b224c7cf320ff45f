/* Signed tokens: JWS compact form (RFC 7515) with claims (RFC 7519), after the advice of RFC 8725.
 *
 * The key is looked up by `kid` alone and brings its algorithm; the header's `alg` must be the same
 * and decides nothing. `crit` is refused, `typ` must be JWT or at+jwt when it is there; jku, jwk,
 * x5u and x5c are never looked at. exp is required; exp, nbf and iat are checked with the leeway;
 * iss and aud when the rules name one.
 *
 * Signing is here as well, for `customer360 token` and for tests.
 */
#ifndef ADAPTERS_IDENTITY_JWT_H
#define ADAPTERS_IDENTITY_JWT_H

#include "adapters/identity/jwks.h"
#include "base/instant.h"
#include "formats/json.h"

struct jwt_rules {
    struct str issuer;   /* empty: not asked */
    struct str audience; /* empty: not asked */
    int64_t leeway_ms;
    size_t token_max_bytes;
    struct str tenant_claim;
    struct str user_claim;
    struct str permissions_claim;
};

/* What a token says that we use. Strings live in the arena. */
struct jwt_claims {
    struct str tenant;
    struct str user_id;
    uint64_t permissions; /* of adapters/api/identity.h */
    instant expires_at;
};

/* STATUS_UNAUTHENTICATED with a sentence that quotes nothing of the token; STATUS_OUT_OF_MEMORY. */
MUST_CHECK enum status jwt_verify(struct str token, const struct jwks *keys,
                                  const struct jwt_rules *rules, instant now, struct arena *arena,
                                  struct jwt_claims *claims, struct error *error);

/* `claims` is a JSON object; `key` a private key of a kind in jwks.h. Absent when the key cannot
 * sign or memory is out. */
struct str jwt_sign(EVP_PKEY *key, struct str claims, struct arena *arena);

enum { JWT_TENANT_MAX = 64, JWT_USER_MAX = 128 };

/* What may name a user: 1 to 128 bytes of UTF-8 without control characters. */
bool jwt_user_is_valid(struct str user);

#endif
