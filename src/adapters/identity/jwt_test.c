#include "adapters/identity/jwt.h"

#include <openssl/ec.h>
#include <openssl/hmac.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <string.h>

#include "adapters/api/identity.h"
#include "formats/base64url.h"
#include "unit.h"

/* RFC 7515 A.2 and A.3, RFC 8037 A: public keys. */
static const char rsa_n[] =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-"
    "bSf63kpaSHSXndS5z5rexMdbBY"
    "UsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"
    "DWNmo"
    "udF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
#define EC_JWK                                                                                     \
    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","     \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"
#define OKP_JWK                                                                                    \
    "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

static const char rs256_token[] =
    "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
    "S9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__"
    "dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-"
    "0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
    "nZLgrnbyTyWzO75vRK5h6xBArLIA"
    "RNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
    "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh"
    "6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
static const char es256_token[] =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
    "S9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-"
    "F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJ"
    "qPP3-Kg6NU1Q";
static const char eddsa_token[] =
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3"
    "AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

static struct arena arena;
static struct error error;
static struct jwt_claims claims;
static const instant at_time = INT64_C(1300819000) * INSTANT_SECOND;

static const struct jwt_rules vector_rules = {.issuer = STR("joe"),
                                              .audience = STR(""),
                                              .leeway_ms = 0,
                                              .token_max_bytes = 8192,
                                              .tenant_claim = STR("iss"),
                                              .user_claim = STR("iss"),
                                              .permissions_claim = STR("permissions")};
static const struct jwt_rules own_rules = {.issuer = STR("https://id.example"),
                                           .audience = STR("crm-customer360"),
                                           .leeway_ms = 30000,
                                           .token_max_bytes = 8192,
                                           .tenant_claim = STR("tenant"),
                                           .user_claim = STR("sub"),
                                           .permissions_claim = STR("permissions")};

static EVP_PKEY *keys[JWT_ALGORITHM_COUNT];
static struct str kids[JWT_ALGORITHM_COUNT];
static struct jwks *own_set;

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 16 << 20);
    keys[JWT_RS256] = EVP_RSA_gen(2048);
    keys[JWT_ES256] = EVP_EC_gen("P-256");
    keys[JWT_EDDSA] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    struct buffer out = {.arena = &arena};
    buffer_append(&out, STR("{\"keys\":["));
    for (int i = 0; i < JWT_ALGORITHM_COUNT; i++) {
        struct str jwk = jwk_write(keys[i], &kids[i], &arena);
        if (str_is_none(jwk)) return -1;
        buffer_append_format(&out, "%s%.*s", i ? "," : "", STR_ARGS(jwk));
    }
    buffer_append(&out, STR("]}"));
    return jwks_parse(buffer_str(&out), &own_set, &error) == STATUS_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < JWT_ALGORITHM_COUNT; i++) EVP_PKEY_free(keys[i]);
    jwks_free(own_set);
    arena_release(&arena);
    return 0;
}

static struct jwks *parse_set(const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct jwks *set;
    enum status status = jwks_parse(str_from_cstr(text), &set, &error);
    assert_int_equal(status == STATUS_OK, set != NULL);
    return set;
}

static void expect_refusal(enum status status, const char *says)
{
    assert_int_equal(status, STATUS_UNAUTHENTICATED);
    if (!strstr(error.message, says)) fail_msg("expected \"%s\": %s", says, error.message);
}

static void the_vectors_of_the_rfcs_verify(void **state)
{
    (void)state;
    struct jwks *rsa =
        parse_set("{\"keys\":[{\"kty\":\"RSA\",\"n\":\"%s\",\"e\":\"AQAB\"}]}", rsa_n);
    struct jwks *ec = parse_set("{\"keys\":[" EC_JWK "]}");
    struct jwks *okp = parse_set("{\"keys\":[" OKP_JWK "]}");
    assert_non_null(rsa);
    assert_non_null(ec);
    assert_non_null(okp);
    assert_int_equal(jwt_verify(str_from_cstr(rs256_token), rsa, &vector_rules, at_time, &arena,
                                &claims, &error),
                     STATUS_OK);
    assert_true(str_equal(claims.tenant, STR("joe")));
    assert_int_equal(claims.permissions, 0);
    assert_int_equal(
        jwt_verify(str_from_cstr(es256_token), ec, &vector_rules, at_time, &arena, &claims, &error),
        STATUS_OK);
    /* Its payload is a sentence: past the signature, refused as claims. */
    expect_refusal(jwt_verify(str_from_cstr(eddsa_token), okp, &vector_rules, at_time, &arena,
                              &claims, &error),
                   "no valid payload");
    jwks_free(rsa);
    jwks_free(ec);
    jwks_free(okp);
}

static void the_thumbprint_of_rfc_8037_is_the_kid(void **state)
{
    (void)state;
    struct jwks *okp = parse_set("{\"keys\":[" OKP_JWK "]}");
    struct str kid;
    assert_false(str_is_none(jwk_write(jwks_find(okp, STR_NONE)->key, &kid, &arena)));
    assert_true(str_equal(kid, STR("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k")));
    jwks_free(okp);
}

static struct str good_claims(void)
{
    return STR(
        "{\"iss\":\"https://id.example\",\"aud\":[\"x\",\"crm-customer360\"],\"exp\":1300819300,"
        "\"iat\":1300818000,\"nbf\":1300818000,\"tenant\":\"acme\",\"sub\":\"jane\","
        "\"permissions\":[\"customer:read\",\"consent:*\",\"other:thing\"]}");
}

static void a_token_of_each_algorithm_that_we_sign_we_verify(void **state)
{
    (void)state;
    for (int i = 0; i < JWT_ALGORITHM_COUNT; i++) {
        struct str token = jwt_sign(keys[i], good_claims(), &arena);
        assert_false(str_is_none(token));
        assert_int_equal(jwt_verify(token, own_set, &own_rules, at_time, &arena, &claims, &error),
                         STATUS_OK);
        assert_true(str_equal(claims.tenant, STR("acme")));
        assert_true(str_equal(claims.user_id, STR("jane")));
        assert_int_equal(claims.permissions, PERMISSION_BIT(PERMISSION_CUSTOMER_READ) |
                                                 PERMISSION_BIT(PERMISSION_CONSENT_READ) |
                                                 PERMISSION_BIT(PERMISSION_CONSENT_WRITE));
        assert_int_equal(claims.expires_at, INT64_C(1300819300) * INSTANT_SECOND);
    }
}

static enum status verify_parts(const char *header, const char *payload, struct str signature)
{
    struct str h = base64url_encode(str_from_cstr(header), &arena);
    struct str p = base64url_encode(str_from_cstr(payload), &arena);
    struct str token =
        arena_format(&arena, "%.*s.%.*s.%.*s", STR_ARGS(h), STR_ARGS(p), STR_ARGS(signature));
    return jwt_verify(token, own_set, &own_rules, at_time, &arena, &claims, &error);
}

static char *kid_header(const char *alg, struct str kid, const char *more)
{
    return arena_cstr(&arena, arena_format(&arena, "{\"alg\":\"%s\",\"kid\":\"%.*s\"%s}", alg,
                                           STR_ARGS(kid), more));
}

static void a_header_cannot_choose_its_algorithm(void **state)
{
    (void)state;
    static const char *const names[] = {"none", "None", "", "HS256", "RS384", "ES256K", "RS256"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        expect_refusal(verify_parts(kid_header(names[i], kids[JWT_ES256], ""), "{}", STR("")),
                       "another algorithm");
    expect_refusal(verify_parts(arena_cstr(&arena, arena_format(&arena, "{\"kid\":\"%.*s\"}",
                                                                STR_ARGS(kids[JWT_ES256]))),
                                "{}", STR("")),
                   "another algorithm");
}

static void an_hmac_with_the_public_key_as_secret_is_refused(void **state)
{
    (void)state;
    struct str kid, jwk = jwk_write(keys[JWT_RS256], &kid, &arena);
    struct str h = base64url_encode(str_from_cstr(kid_header("HS256", kid, "")), &arena);
    struct str p = base64url_encode(good_claims(), &arena);
    struct str text = arena_format(&arena, "%.*s.%.*s", STR_ARGS(h), STR_ARGS(p));
    unsigned char mac[32];
    unsigned int len = sizeof(mac);
    assert_non_null(HMAC(EVP_sha256(), jwk.ptr, (int)jwk.len, (const unsigned char *)text.ptr,
                         text.len, mac, &len));
    struct str signature = base64url_encode(str_of((char *)mac, len), &arena);
    expect_refusal(verify_parts(kid_header("HS256", kid, ""), good_claims().ptr, signature),
                   "another algorithm");
    expect_refusal(verify_parts(kid_header("RS256", kid, ""), good_claims().ptr, signature),
                   "signature");
}

static void a_header_that_is_odd_is_refused(void **state)
{
    (void)state;
    struct str kid = kids[JWT_EDDSA];
    expect_refusal(verify_parts("{\"alg\":\"EdDSA\",\"kid\":\"nobody\"}", "{}", STR("")),
                   "not known");
    expect_refusal(verify_parts("{\"alg\":\"EdDSA\",\"kid\":7}", "{}", STR("")),
                   "kid that is no text");
    expect_refusal(verify_parts("{\"alg\":\"EdDSA\"}", "{}", STR("")), "not known");
    expect_refusal(
        verify_parts(kid_header("EdDSA", kid, ",\"crit\":[\"exp\"],\"exp\":1"), "{}", STR("")),
        "critical");
    expect_refusal(
        verify_parts(kid_header("EdDSA", kid, ",\"typ\":\"secevent+jwt\""), "{}", STR("")),
        "another type");
    expect_refusal(verify_parts(kid_header("EdDSA", kid, ",\"alg\":\"EdDSA\""), "{}", STR("")),
                   "no valid header");
    expect_refusal(verify_parts("[]", "{}", STR("")), "no valid header");
    expect_refusal(verify_parts("{\"alg\"", "{}", STR("")), "no valid header");
}

static void a_signature_that_is_not_right_is_refused(void **state)
{
    (void)state;
    for (int i = 0; i < JWT_ALGORITHM_COUNT; i++) {
        struct str token = jwt_sign(keys[i], good_claims(), &arena);
        struct str stripped = token;
        while (stripped.ptr[stripped.len - 1] != '.') stripped.len--;
        expect_refusal(jwt_verify(stripped, own_set, &own_rules, at_time, &arena, &claims, &error),
                       "signature");
        expect_refusal(jwt_verify(str_of(token.ptr, token.len - 4), own_set, &own_rules, at_time,
                                  &arena, &claims, &error),
                       "signature");
        char *bent = arena_cstr(&arena, token);
        bent[token.len - 20] = bent[token.len - 20] == 'A' ? 'B' : 'A';
        expect_refusal(
            jwt_verify(str_from_cstr(bent), own_set, &own_rules, at_time, &arena, &claims, &error),
            "signature");
        /* Another payload under the same signature. */
        bent = arena_cstr(&arena, token);
        char *dot = strchr(bent, '.');
        dot[10] = dot[10] == 'A' ? 'B' : 'A';
        expect_refusal(
            jwt_verify(str_from_cstr(bent), own_set, &own_rules, at_time, &arena, &claims, &error),
            "signature");
    }
}

static void an_es256_signature_of_another_form_is_refused(void **state)
{
    (void)state;
    char zero[72] = {0};
    static const size_t lengths[] = {0, 1, 63, 64, 65, 70, 72};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct str signature = base64url_encode(str_of(zero, lengths[i]), &arena);
        expect_refusal(
            verify_parts(kid_header("ES256", kids[JWT_ES256], ""), good_claims().ptr, signature),
            "signature");
    }
}

static void a_text_of_another_shape_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {"",        ".",    "..",   "...",       "a.b",
                                        "a.b.c.d", "a..c", ".b.c", "e30=.e30.x"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        expect_refusal(jwt_verify(str_from_cstr(texts[i]), own_set, &own_rules, at_time, &arena,
                                  &claims, &error),
                       "the token");
    char *huge = arena_alloc(&arena, 9000);
    memset(huge, 'a', 9000);
    expect_refusal(
        jwt_verify(str_of(huge, 9000), own_set, &own_rules, at_time, &arena, &claims, &error),
        "too large");
}

static void claims_that_do_not_fit_are_refused(void **state)
{
    (void)state;
#define REST                                                                                       \
    "\"iss\":\"https://"                                                                           \
    "id.example\",\"aud\":\"crm-customer360\",\"tenant\":\"acme\",\"sub\":\"jane\""
    static const struct {
        const char *payload, *says;
    } cases[] = {
        {"{" REST "}", "no valid exp"},
        {"{\"exp\":\"1300819300\"," REST "}", "no valid exp"},
        {"{\"exp\":1e99," REST "}", "no valid exp"},
        {"{\"exp\":-5," REST "}", "no valid exp"},
        {"{\"exp\":1300818969," REST "}", "expired"},
        {"{\"exp\":1300819300,\"nbf\":1300819031," REST "}", "not valid yet"},
        {"{\"exp\":1300819300,\"iat\":1300819031," REST "}", "not valid yet"},
        {"{\"exp\":1300819300,\"nbf\":null," REST "}", "no time"},
        {"{\"exp\":1300819300,\"exp\":1300819300," REST "}", "no valid payload"},
        {"{\"exp\":1300819300,\"iss\":\"https://evil.example\",\"aud\":\"crm-customer360\"}",
         "another issuer"},
        {"{\"exp\":1300819300,\"iss\":\"https://id.example\"}", "another audience"},
        {"{\"exp\":1300819300,\"iss\":\"https://id.example\",\"aud\":[\"x\",7]}",
         "another audience"},
        {"{\"exp\":1300819300,\"iss\":\"https://"
         "id.example\",\"aud\":\"crm-customer360\",\"sub\":\"j\"}",
         "no valid tenant"},
        {"{\"exp\":1300819300,\"iss\":\"https://"
         "id.example\",\"aud\":\"crm-customer360\",\"tenant\":\"a'b\",\"sub\":\"j\"}",
         "no valid tenant"},
        {"{\"exp\":1300819300,\"iss\":\"https://"
         "id.example\",\"aud\":\"crm-customer360\",\"tenant\":\"a\",\"sub\":\"\"}",
         "no valid user"},
        {"{\"exp\":1300819300,\"iss\":\"https://"
         "id.example\",\"aud\":\"crm-customer360\",\"tenant\":\"a\",\"sub\":\"a\\nb\"}",
         "no valid user"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct str token = jwt_sign(keys[JWT_EDDSA], str_from_cstr(cases[i].payload), &arena);
        expect_refusal(jwt_verify(token, own_set, &own_rules, at_time, &arena, &claims, &error),
                       cases[i].says);
    }
    /* Within the leeway: fine. */
    struct str token = jwt_sign(keys[JWT_EDDSA],
                                STR("{\"exp\":1300818980.5,\"nbf\":1300819020," REST "}"), &arena);
    assert_int_equal(jwt_verify(token, own_set, &own_rules, at_time, &arena, &claims, &error),
                     STATUS_OK);
}

static void a_set_with_a_secret_or_an_unsound_key_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *says;
    } cases[] = {
        {"", "no key that signatures"},
        {"{\"kty\":\"oct\",\"k\":\"AAAA\"}", "symmetric"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\",\"d\":\"AAAA\"}", "private"},
        {"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}", "malformed"},
        {"{\"kty\":\"OKP\",\"crv\":\"X25519\",\"x\":\"AAAA\"}", "no key that signatures"},
        {"{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}", "too short"},
        {"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\","
         "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE\"}",
         "malformed"},
        {"7", "no object"},
        {OKP_JWK ",{\"kty\":\"EC\",\"kid\":\"a\",\"use\":\"enc\",\"crv\":\"P-256\"},7", "keys[2]"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_null(parse_set("{\"keys\":[%s]}", cases[i].keys));
        assert_int_equal(error.status, STATUS_CONFIGURATION);
        if (!strstr(error.message, cases[i].says)) fail_msg("%s: %s", cases[i].says, error.message);
    }
    assert_null(parse_set("{\"keys\":[{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                          "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
                          "{\"kid\":\"a\",\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":"
                          "\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}]}"));
    assert_null(parse_set("[]"));
    assert_null(parse_set("{\"keys\":1}"));
    assert_null(parse_set("{"));
}

static void keys_for_other_uses_are_passed_over(void **state)
{
    (void)state;
    struct jwks *set =
        parse_set("{\"keys\":[{\"kty\":\"XYZ\"}," OKP_JWK ",{\"kty\":\"RSA\",\"alg\":\"RS512\"},"
                  "{\"kty\":\"RSA\",\"key_ops\":[\"encrypt\"]}]}");
    assert_non_null(set);
    assert_int_equal(jwks_count(set), 1);
    jwks_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_rfcs_verify),
        cmocka_unit_test(the_thumbprint_of_rfc_8037_is_the_kid),
        cmocka_unit_test(a_token_of_each_algorithm_that_we_sign_we_verify),
        cmocka_unit_test(a_header_cannot_choose_its_algorithm),
        cmocka_unit_test(an_hmac_with_the_public_key_as_secret_is_refused),
        cmocka_unit_test(a_header_that_is_odd_is_refused),
        cmocka_unit_test(a_signature_that_is_not_right_is_refused),
        cmocka_unit_test(an_es256_signature_of_another_form_is_refused),
        cmocka_unit_test(a_text_of_another_shape_is_refused),
        cmocka_unit_test(claims_that_do_not_fit_are_refused),
        cmocka_unit_test(a_set_with_a_secret_or_an_unsound_key_is_refused),
        cmocka_unit_test(keys_for_other_uses_are_passed_over),
    };
    return cmocka_run_group_tests_name("jwt", tests, setup, teardown);
}
