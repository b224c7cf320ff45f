/* A set of public keys (RFC 7517, RFC 8037), each bound to one algorithm.
 *
 * The algorithm of a key is its own: from `alg`, or from its kind (RSA: RS256, P-256: ES256,
 * Ed25519: EdDSA); a token cannot choose another. Keys for encryption and kinds that we do not
 * check with are passed over. Refused as a whole: a set with a symmetric or private key in it (it
 * is a secret that was put into a public file), a kid given twice, an RSA key under 2048 bits, a
 * point off its curve, a set without any key for us.
 *
 * Read-only once parsed: safe from several threads.
 */
#ifndef ADAPTERS_IDENTITY_JWKS_H
#define ADAPTERS_IDENTITY_JWKS_H

#include <openssl/evp.h>

#include "base/status.h"

enum jwt_algorithm { JWT_RS256, JWT_ES256, JWT_EDDSA, JWT_ALGORITHM_COUNT };

/* "RS256" and back; false for every other word, "none" and "HS256" included. */
struct str jwt_algorithm_name(enum jwt_algorithm algorithm);
bool jwt_algorithm_parse(struct str name, enum jwt_algorithm *algorithm);

struct jwk {
    struct str kid; /* absent when the key has none */
    enum jwt_algorithm algorithm;
    EVP_PKEY *key;
};

struct jwks;

/* STATUS_CONFIGURATION names the key by its place: keys[2]. */
MUST_CHECK enum status jwks_parse(struct str text, struct jwks **jwks, struct error *error);
MUST_CHECK enum status jwks_read_file(struct str path, struct jwks **jwks, struct error *error);
void jwks_free(struct jwks *jwks);
size_t jwks_count(const struct jwks *jwks);

/* A look-up and nothing else. An absent kid finds the only key of a set of one. NULL: none. */
const struct jwk *jwks_find(const struct jwks *jwks, struct str kid);

/* The public part of a key as a JWK in JSON, with its thumbprint (RFC 7638) as kid; absent when the
 * key is of no kind we know, or memory is out. */
struct str jwk_write(EVP_PKEY *key, struct str *kid, struct arena *arena);
/* False for a kind or size that we do not check with. */
bool jwk_algorithm_of(EVP_PKEY *key, enum jwt_algorithm *algorithm);

#endif
