/* Any bytes as a token, and as a key set: refused, never a crash. The first byte chooses; a token's
 * header is made to name the key by turns, so that the parts behind it are reached. */
#include "adapters/identity/jwt.h"
#include "fuzz.h"

static const char key_set[] =
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"a\",\"x\":"
    "\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e"
    "8Tus9uPHvRVEU\",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"},"
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"b\",\"x\":\"11qYAYKxCrfVS_"
    "7TyWQHOg7hcvPapiMlrwIaaPc"
    "HURo\"}]}";

/* {"alg":"ES256","kid":"a"} and {"alg":"EdDSA","kid":"b"} */
static const struct str headers[] = {STR("eyJhbGciOiJFUzI1NiIsImtpZCI6ImEifQ."),
                                     STR("eyJhbGciOiJFZERTQSIsImtpZCI6ImIifQ.")};

static void try_token(struct str token, struct arena *arena)
{
    static struct jwks *keys;
    struct error error;
    if (!keys && jwks_parse(str_of(key_set, sizeof(key_set) - 1), &keys, &error) != STATUS_OK)
        return;
    struct jwt_rules rules = {.issuer = STR("i"),
                              .audience = STR("a"),
                              .token_max_bytes = 8192,
                              .tenant_claim = STR("tenant"),
                              .user_claim = STR("sub"),
                              .permissions_claim = STR("permissions")};
    struct jwt_claims claims;
    /* Nobody can sign with these keys. */
    FUZZ_REQUIRE(jwt_verify(token, keys, &rules, 0, arena, &claims, &error) != STATUS_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    struct arena arena;
    arena_init(&arena, 4 << 20);
    struct str rest = str_of((const char *)data + 1, size - 1);
    struct jwks *set;
    struct error error;
    switch (data[0] % 4) {
    case 0:
        try_token(rest, &arena);
        break;
    case 1:
    case 2: {
        struct str head = headers[data[0] % 2];
        struct str token = arena_format(&arena, "%.*s%.*s", STR_ARGS(head), STR_ARGS(rest));
        if (!str_is_none(token)) try_token(token, &arena);
        break;
    }
    default:
        if (jwks_parse(rest, &set, &error) == STATUS_OK) jwks_free(set);
    }
    arena_release(&arena);
    return 0;
}
