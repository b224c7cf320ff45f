/* token: signed tokens for trying things out, for operators and for tests; and key pairs.
 *
 * A token is signed with the private key of a file (PEM) and has the claims that the configuration
 * names, so that it is accepted by a service of the same configuration whose key set has the key.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "adapters/api/identity.h"
#include "adapters/identity/jwt.h"
#include "base/environment.h"
#include "base/identifier.h"
#include "service/command.h"
#include "service/files.h"

enum { KEY_FILE_MAX = 65536, RSA_BITS = 3072 };

static EVP_PKEY *new_key(enum jwt_algorithm algorithm)
{
    switch (algorithm) {
    case JWT_RS256:
        return EVP_RSA_gen(RSA_BITS);
    case JWT_EDDSA:
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    default:
        return EVP_EC_gen("P-256");
    }
}

/* The private key as PEM (PKCS#8); absent when memory is out. */
static struct str private_pem(EVP_PKEY *key, struct arena *arena)
{
    struct str pem = STR_NONE;
    BIO *memory = BIO_new(BIO_s_mem());
    char *bytes;
    if (memory && PEM_write_bio_PKCS8PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1) {
        long len = BIO_get_mem_data(memory, &bytes);
        pem = arena_str(arena, str_of(bytes, (size_t)len));
    }
    BIO_free(memory);
    return pem;
}

static enum status write_pair(EVP_PKEY *key, struct str directory, struct arena *arena,
                              struct error *error)
{
    struct str kid, jwk = jwk_write(key, &kid, arena), pem = private_pem(key, arena);
    if (str_is_none(jwk) || str_is_none(pem)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    struct str set = arena_format(arena, "{\"keys\":[%.*s]}\n", STR_ARGS(jwk));
    struct str key_path = arena_format(arena, "%.*s/private.pem", STR_ARGS(directory));
    struct str set_path = arena_format(arena, "%.*s/jwks.json", STR_ARGS(directory));
    if (str_is_none(set) || str_is_none(key_path) || str_is_none(set_path))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    TRY(files_make_directory(directory, 0755, arena, error));
    TRY(files_create(key_path, 0600, pem, arena, error));
    TRY(files_create(set_path, 0644, set, arena, error));
    (void)printf("private key  %.*s   (keep it where tokens are made)\n"
                 "key set      %.*s   (identity.jwks_file of the service)\n",
                 STR_ARGS(key_path), STR_ARGS(set_path));
    return STATUS_OK;
}

static enum status make_pair(struct invocation *invocation, struct str directory,
                             struct error *error)
{
    enum jwt_algorithm algorithm = JWT_ES256;
    struct str name = invocation_option(invocation, STR("algorithm"));
    if (!str_is_none(name) && !jwt_algorithm_parse(name, &algorithm))
        return error_set(error, STATUS_USAGE, STR("algorithm"), STR("ES256 | EdDSA | RS256"),
                         "--algorithm is not one that tokens may have");
    EVP_PKEY *key = new_key(algorithm);
    if (!key) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = write_pair(key, directory, invocation->arena, error);
    EVP_PKEY_free(key);
    return status;
}

static enum status read_key(struct str path, struct arena *arena, EVP_PKEY **key,
                            struct error *error)
{
    struct str pem;
    TRY(files_read(path, KEY_FILE_MAX, arena, &pem, error));
    BIO *memory = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    *key = memory ? PEM_read_bio_PrivateKey(memory, NULL, NULL, (void *)"") : NULL;
    BIO_free(memory);
    enum jwt_algorithm algorithm;
    if (*key && jwk_algorithm_of(*key, &algorithm)) return STATUS_OK;
    EVP_PKEY_free(*key);
    return error_set(error, STATUS_USAGE, STR("key"),
                     STR("PEM without a password: P-256, Ed25519, RSA of 2048 bits or more"),
                     "%.*s has no private key that tokens may be signed with", STR_ARGS(path));
}

static struct str option_or(const struct invocation *invocation, struct str name,
                            struct str fallback)
{
    struct str value = invocation_option(invocation, name);
    return str_is_none(value) ? fallback : value;
}

static void write_claims(const struct invocation *invocation, struct str tenant, struct str user,
                         int64_t lifetime_ms, struct buffer *out)
{
    const struct config_values *v = &invocation->config.values;
    int64_t now = environment_system()->now(environment_system()) / INSTANT_SECOND;
    struct json_writer writer = {.out = out};
    json_object_begin(&writer);
    if (!str_is_empty(v->identity_jwt_issuer))
        json_member_string(&writer, STR("iss"), v->identity_jwt_issuer);
    if (!str_is_empty(v->identity_jwt_audience))
        json_member_string(&writer, STR("aud"), v->identity_jwt_audience);
    json_key(&writer, STR("iat"));
    json_int64(&writer, now);
    json_key(&writer, STR("exp"));
    json_int64(&writer, now + lifetime_ms / 1000);
    json_member_string(&writer, v->identity_jwt_tenant_claim, tenant);
    json_member_string(&writer, v->identity_jwt_user_claim, user);
    json_member_string(&writer, v->identity_jwt_permissions_claim,
                       invocation_option(invocation, STR("permissions")));
    json_object_end(&writer);
}

/* All that a token permits is named: nobody gets everything by leaving something out. */
static enum status check_permissions(struct str list, struct error *error)
{
    static const struct str allowed = STR("*, customer:*, customer:read, consent:write, ...");
    struct str part, word;
    if (str_is_none(list) || str_is_empty(str_trim(list)))
        return error_set(error, STATUS_USAGE, STR("permissions"), allowed,
                         "--permissions is required");
    while (str_split(&list, ',', &part)) {
        struct str rest = str_trim(part);
        while (str_split(&rest, ' ', &word))
            if (!str_is_empty(str_trim(word)) && permissions_parse_list(word) == 0)
                return error_set(error, STATUS_USAGE, STR("permissions"), allowed,
                                 "--permissions: %.*s is none that this service knows",
                                 STR_ARGS(str_cut(word, 64)));
    }
    return STATUS_OK;
}

static enum status make_token(struct invocation *invocation, struct str key_path,
                              struct error *error)
{
    struct str tenant = option_or(invocation, STR("tenant"), STR("default"));
    struct str user = option_or(invocation, STR("user"), STR("operator"));
    int64_t lifetime_ms;
    if (!config_parse_duration(option_or(invocation, STR("expires"), STR("1h")), &lifetime_ms) ||
        lifetime_ms < 1000)
        return error_set(error, STATUS_USAGE, STR("expires"), STR("30s, 5m, 2h, 1d"),
                         "--expires is no duration");
    if (!identifier_is_valid(tenant))
        return error_set(error, STATUS_USAGE, STR("tenant"), STR(IDENTIFIER_ALLOWED),
                         "--tenant is no identifier");
    TRY(check_permissions(invocation_option(invocation, STR("permissions")), error));
    if (!jwt_user_is_valid(user))
        return error_set(error, STATUS_USAGE, STR("user"), STR("1 to 128 bytes of UTF-8"),
                         "--user is not valid");
    EVP_PKEY *key = NULL;
    TRY(read_key(key_path, invocation->arena, &key, error));
    struct buffer claims = {.arena = invocation->arena};
    write_claims(invocation, tenant, user, lifetime_ms, &claims);
    struct str token = STR_NONE;
    if (!buffer_failed(&claims)) token = jwt_sign(key, buffer_str(&claims), invocation->arena);
    EVP_PKEY_free(key);
    if (str_is_none(token)) return error_plain(error, STATUS_OUT_OF_MEMORY);
    return printf("%.*s\n", STR_ARGS(token)) < 0 ? error_plain(error, STATUS_IO) : STATUS_OK;
}

static enum status run_token(struct invocation *invocation, struct error *error)
{
    struct str directory = invocation_option(invocation, STR("new-key"));
    struct str key_path = invocation_option(invocation, STR("key"));
    if (!str_is_none(directory)) return make_pair(invocation, directory, error);
    if (!str_is_none(key_path)) return make_token(invocation, key_path, error);
    return error_set(error, STATUS_USAGE, STR("key"), STR("--key FILE, or --new-key DIRECTORY"),
                     "a token needs a private key");
}

static const struct command_option options[] = {
    {STR("new-key"), STR("DIRECTORY"), STR("make private.pem and jwks.json there, and no token")},
    {STR("algorithm"), STR("ES256 | EdDSA | RS256"), STR("of the new key (ES256)")},
    {STR("key"), STR("FILE"), STR("private key (PEM) to sign with")},
    {STR("tenant"), STR("TENANT"), STR("the tenant (default)")},
    {STR("user"), STR("USER"), STR("the user (operator)")},
    {STR("permissions"), STR("LIST"), STR("separated by commas or spaces; * is all")},
    {STR("expires"), STR("DURATION"), STR("how long it is valid (1h)")},
};

const struct command command_token = {
    .name = STR("token"),
    .operands = STR(""),
    .summary = STR("makes a signed token, or a key pair for tokens"),
    .text = STR("  customer360 token --new-key keys\n"
                "  customer360 token --key keys/private.pem --tenant acme --user jane \\\n"
                "      --permissions 'customer:read consent:*'"),
    .options = options,
    .option_count = sizeof(options) / sizeof(options[0]),
    .run = run_token,
};
