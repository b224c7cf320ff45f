#include "adapters/identity/identity.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "adapters/identity/network.h"
#include "adapters/identity/token_cache.h"
#include "unit.h"

static struct arena arena;
static struct error error;
static struct api_caller caller;
static struct environment_fixed clock_;
static char key_file[] = "/tmp/customer360-identity-test-XXXXXX";
static EVP_PKEY *key;

static void write_key_file(EVP_PKEY *written)
{
    struct str kid, jwk = jwk_write(written, &kid, &arena);
    FILE *file = fopen(key_file, "w");
    assert_non_null(file);
    assert_true(fprintf(file, "{\"keys\":[%.*s]}", STR_ARGS(jwk)) > 0);
    assert_int_equal(fclose(file), 0);
}

static int setup(void **state)
{
    (void)state;
    arena_init(&arena, 8 << 20);
    environment_fixed_init(&clock_, INT64_C(1300819000) * INSTANT_SECOND, 0, 1);
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    int file = mkstemp(key_file);
    if (!key || file < 0 || close(file) != 0) return -1;
    write_key_file(key);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    EVP_PKEY_free(key);
    arena_release(&arena);
    return unlink(key_file);
}

static struct identity *make(bool development, bool tokens, struct str peers)
{
    static struct str list[4];
    size_t count = 0;
    struct str part;
    while (str_split(&peers, ',', &part))
        if (part.len) list[count++] = part;
    struct identity_options options = {
        .development = development,
        .gateway_peers = list,
        .gateway_peer_count = count,
        .jwks_file = tokens ? str_from_cstr(key_file) : STR(""),
        .rules = {.issuer = STR(""),
                  .audience = STR(""),
                  .token_max_bytes = 2048,
                  .tenant_claim = STR("tenant"),
                  .user_claim = STR("sub"),
                  .permissions_claim = STR("scope")},
        .cache_capacity = 16,
        .environment = &clock_.base,
    };
    struct identity *identity;
    assert_int_equal(identity_new(&options, &identity, &error), STATUS_OK);
    return identity;
}

static enum status ask(struct identity *identity, struct credentials credentials)
{
    return identity_resolve(identity, &credentials, &arena, &caller, &error);
}

static struct str bearer(EVP_PKEY *by, const char *claims)
{
    struct str token = jwt_sign(by, str_from_cstr(claims), &arena);
    return arena_format(&arena, "bearer  %.*s", STR_ARGS(token));
}

#define JANE                                                                                       \
    "{\"exp\":1300819600,\"tenant\":\"acme\",\"sub\":\"jane\",\"scope\":\"customer:read x\"}"

static void gateway_headers_count_from_the_gateway_only(void **state)
{
    (void)state;
    struct identity *identity = make(false, false, STR("10.0.0.0/8,::1"));
    struct credentials asked = {.peer = STR("10.1.2.3"),
                                .tenant = STR("acme"),
                                .user = STR("jane"),
                                .roles = STR("AGENT"),
                                .permissions = STR("customer:read, consent:write")};
    assert_int_equal(ask(identity, asked), STATUS_OK);
    assert_true(str_equal(caller.tenant, STR("acme")));
    assert_true(str_equal(caller.user_id, STR("jane")));
    assert_int_equal(caller.permissions, PERMISSION_BIT(PERMISSION_CUSTOMER_READ) |
                                             PERMISSION_BIT(PERMISSION_CONSENT_WRITE));
    asked.peer = STR("::1");
    assert_int_equal(ask(identity, asked), STATUS_OK);
    asked.peer = STR("::ffff:10.9.9.9");
    assert_int_equal(ask(identity, asked), STATUS_OK);
    static const struct str strangers[] = {STR("11.0.0.1"), STR("::2"), STR(""), STR("x")};
    for (size_t i = 0; i < 4; i++) {
        asked.peer = strangers[i];
        assert_int_equal(ask(identity, asked), STATUS_UNAUTHENTICATED);
        assert_int_equal(caller.permissions, 0);
    }
    identity->free(identity);
}

static void a_gateway_that_says_half_is_refused(void **state)
{
    (void)state;
    struct identity *identity = make(false, false, STR("10.0.0.0/8"));
    struct str peer = STR("10.1.2.3");
    assert_int_equal(ask(identity, (struct credentials){.peer = peer, .tenant = STR("acme")}),
                     STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(identity, (struct credentials){.peer = peer, .user = STR("jane")}),
                     STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(identity, (struct credentials){.peer = peer}), STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(identity, (struct credentials){.peer = peer,
                                                        .tenant = STR("acme"),
                                                        .user = STR("jane"),
                                                        .repeated = true}),
                     STATUS_UNAUTHENTICATED);
    assert_int_equal(
        ask(identity,
            (struct credentials){.peer = peer, .tenant = STR("ac/me"), .user = STR("jane")}),
        STATUS_UNAUTHENTICATED);
    /* Without permissions: known, and may do nothing. */
    assert_int_equal(
        ask(identity,
            (struct credentials){.peer = peer, .tenant = STR("acme"), .user = STR("jane")}),
        STATUS_OK);
    assert_int_equal(caller.permissions, 0);
    identity->free(identity);
}

static void a_token_says_who_asks_and_is_remembered_until_it_expires(void **state)
{
    (void)state;
    struct identity *identity = make(false, true, STR(""));
    struct credentials asked = {.peer = STR("8.8.8.8"), .authorization = bearer(key, JANE)};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(ask(identity, asked), STATUS_OK);
        assert_true(str_equal(caller.tenant, STR("acme")));
        assert_true(str_equal(caller.user_id, STR("jane")));
        assert_int_equal(caller.permissions, PERMISSION_BIT(PERMISSION_CUSTOMER_READ));
    }
    clock_.time += 601 * INSTANT_SECOND;
    assert_int_equal(ask(identity, asked), STATUS_UNAUTHENTICATED);
    clock_.time -= 601 * INSTANT_SECOND;
    identity->free(identity);
}

static void a_token_does_not_help_headers_of_a_stranger(void **state)
{
    (void)state;
    struct identity *identity = make(false, true, STR("10.0.0.0/8"));
    struct credentials asked = {
        .peer = STR("8.8.8.8"), .authorization = bearer(key, JANE), .tenant = STR("other")};
    assert_int_equal(ask(identity, asked), STATUS_UNAUTHENTICATED);
    identity->free(identity);
}

static void an_authorization_that_is_no_bearer_token_is_refused(void **state)
{
    (void)state;
    struct identity *identity = make(false, true, STR(""));
    static const struct str texts[] = {STR(""),           STR("Bearer"),   STR("Bearer "),
                                       STR("Basic eDp5"), STR("Bearer x"), STR("Bearerx.y.z")};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(ask(identity, (struct credentials){.authorization = texts[i]}),
                         STATUS_UNAUTHENTICATED);
    char *huge = arena_alloc(&arena, 5000);
    memset(huge, 'a', 5000);
    memcpy(huge, "Bearer ", 7);
    assert_int_equal(ask(identity, (struct credentials){.authorization = str_of(huge, 5000)}),
                     STATUS_UNAUTHENTICATED);
    identity->free(identity);
    /* Without keys no token is believed. */
    identity = make(false, false, STR(""));
    assert_int_equal(ask(identity, (struct credentials){.authorization = bearer(key, JANE)}),
                     STATUS_UNAUTHENTICATED);
    identity->free(identity);
}

static void new_keys_take_over_and_a_broken_file_does_not(void **state)
{
    (void)state;
    struct identity *identity = make(false, true, STR(""));
    struct credentials asked = {.authorization = bearer(key, JANE)};
    assert_int_equal(ask(identity, asked), STATUS_OK);
    bool reloaded;
    assert_int_equal(identity_reload_if_changed(identity, &reloaded, &error), STATUS_OK);
    assert_false(reloaded);

    FILE *file = fopen(key_file, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(identity_reload_if_changed(identity, &reloaded, &error), STATUS_CONFIGURATION);
    assert_int_equal(ask(identity, asked), STATUS_OK);
    assert_int_equal(identity_reload_if_changed(identity, &reloaded, &error), STATUS_OK);
    assert_false(reloaded);

    EVP_PKEY *next = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    write_key_file(next);
    assert_int_equal(identity_reload_if_changed(identity, &reloaded, &error), STATUS_OK);
    assert_true(reloaded);
    assert_int_equal(ask(identity, asked), STATUS_UNAUTHENTICATED);
    assert_int_equal(ask(identity, (struct credentials){.authorization = bearer(next, JANE)}),
                     STATUS_OK);
    EVP_PKEY_free(next);
    write_key_file(key);
    identity->free(identity);
}

static void development_believes_anybody_at_a_loopback_name(void **state)
{
    (void)state;
    struct identity *identity = make(true, false, STR(""));
    static const struct str hosts[] = {STR("localhost:9401"), STR("127.0.0.1:9401"), STR("[::1]:1"),
                                       STR("LOCALHOST")};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(ask(identity, (struct credentials){.host = hosts[i]}), STATUS_OK);
        assert_true(str_equal(caller.tenant, STR("default")));
        assert_true(str_equal(caller.user_id, STR("dev")));
        assert_int_equal(caller.permissions, PERMISSIONS_ALL);
    }
    assert_int_equal(ask(identity, (struct credentials){.tenant = STR("t2"),
                                                        .user = STR("jo"),
                                                        .permissions = STR("customer:read")}),
                     STATUS_OK);
    assert_true(str_equal(caller.tenant, STR("t2")));
    assert_int_equal(caller.permissions, PERMISSION_BIT(PERMISSION_CUSTOMER_READ));
    assert_int_equal(ask(identity, (struct credentials){.host = STR("evil.example:9401")}),
                     STATUS_FORBIDDEN);
    assert_int_equal(ask(identity, (struct credentials){.tenant = STR("a b")}),
                     STATUS_UNAUTHENTICATED);
    identity->free(identity);
}

static void development_serves_no_pages_from_elsewhere(void **state)
{
    (void)state;
    struct identity *identity = make(true, false, STR(""));
    static const struct str near[] = {STR("http://localhost:9401"), STR("http://[::1]:1"),
                                      STR("https://127.0.0.1")};
    static const struct str far[] = {STR("http://evil.example"), STR("null"), STR(""),
                                     STR("http://localhost.evil.example"), STR("file://localhost")};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(ask(identity, (struct credentials){.origin = near[i]}), STATUS_OK);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(ask(identity, (struct credentials){.origin = far[i]}), STATUS_FORBIDDEN);
    identity->free(identity);
}

static void a_configuration_that_is_wrong_is_named(void **state)
{
    (void)state;
    struct str bad = STR("10.0.0.1/8");
    struct identity_options options = {
        .gateway_peers = &bad, .gateway_peer_count = 1, .environment = &clock_.base};
    struct identity *identity;
    assert_int_equal(identity_new(&options, &identity, &error), STATUS_CONFIGURATION);
    assert_string_equal(error.field, "identity.gateway_peers");
    options =
        (struct identity_options){.jwks_file = STR("/nonexistent/x"), .environment = &clock_.base};
    assert_int_equal(identity_new(&options, &identity, &error), STATUS_CONFIGURATION);
    assert_non_null(strstr(error.message, "/nonexistent/x"));
}

static void networks_have_prefixes(void **state)
{
    (void)state;
    struct network network;
    static const struct str bad[] = {
        STR(""),       STR("x"),           STR("10.0.0.0/33"), STR("10.0.0.0/-1"), STR("10.0.0.0/"),
        STR("::/129"), STR("10.0.0.1/24"), STR("10.0.0"),      STR("1::2::3")};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(network_parse(bad[i], &network));
    assert_true(network_parse(STR("0.0.0.0/0"), &network));
    assert_true(network_has(&network, STR("8.8.8.8")));
    assert_false(network_has(&network, STR("2001:db8::1")));
    assert_true(network_parse(STR("2001:db8::/33"), &network));
    assert_true(network_has(&network, STR("2001:db8:7fff::1")));
    assert_false(network_has(&network, STR("2001:db8:8000::1")));
    assert_true(network_parse(STR("127.0.0.1"), &network));
    assert_false(network_has(&network, STR("127.0.0.2")));
}

static void the_cache_is_bounded_and_forgets_what_expires_first(void **state)
{
    (void)state;
    const struct hash_key secret = {1, 2};
    struct token_cache *cache = token_cache_new(4, secret);
    struct jwt_claims claims = {.tenant = STR("t"), .user_id = STR("u")}, found;
    char text[] = "token0";
    struct str token = str_of(text, 6);
    for (char i = 0; i < 5; i++) {
        text[5] = (char)('0' + i);
        claims.expires_at = 100 + i;
        token_cache_put(cache, token, &claims);
    }
    assert_false(token_cache_find(cache, STR("token0"), 1, &arena, &found));
    assert_true(token_cache_find(cache, STR("token4"), 1, &arena, &found));
    assert_false(token_cache_find(cache, STR("token4"), 104, &arena, &found));
    assert_false(token_cache_find(cache, STR("token"), 1, &arena, &found));
    token_cache_clear(cache);
    assert_false(token_cache_find(cache, STR("token4"), 1, &arena, &found));
    token_cache_free(cache);
    cache = token_cache_new(0, secret);
    token_cache_put(cache, token, &claims);
    assert_false(token_cache_find(cache, token, 1, &arena, &found));
    token_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gateway_headers_count_from_the_gateway_only),
        cmocka_unit_test(a_gateway_that_says_half_is_refused),
        cmocka_unit_test(a_token_says_who_asks_and_is_remembered_until_it_expires),
        cmocka_unit_test(a_token_does_not_help_headers_of_a_stranger),
        cmocka_unit_test(an_authorization_that_is_no_bearer_token_is_refused),
        cmocka_unit_test(new_keys_take_over_and_a_broken_file_does_not),
        cmocka_unit_test(development_believes_anybody_at_a_loopback_name),
        cmocka_unit_test(development_serves_no_pages_from_elsewhere),
        cmocka_unit_test(a_configuration_that_is_wrong_is_named),
        cmocka_unit_test(networks_have_prefixes),
        cmocka_unit_test(the_cache_is_bounded_and_forgets_what_expires_first),
    };
    return cmocka_run_group_tests_name("identity", tests, setup, teardown);
}
