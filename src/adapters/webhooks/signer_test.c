#include "adapters/webhooks/signer.h"

#include <string.h>

#include "unit.h"

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_release(&arena);
    return 0;
}

/* The example that the libraries of Standard Webhooks are tested with; its secret is
 * whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw. */
static void a_signature_is_the_one_of_the_standards_libraries(void **state)
{
    static const unsigned char bytes[] = {0x31, 0xf2, 0x90, 0xf6, 0xbf, 0x06, 0x29, 0x8a,
                                          0xab, 0x4f, 0x08, 0xd4, 0x3c, 0x3f, 0x08, 0x2c,
                                          0xf6, 0x48, 0xa3, 0x62, 0xda, 0x2d, 0xa4, 0xb0};
    struct signer_secret secret = {.len = sizeof(bytes)};
    (void)state;
    memcpy(secret.bytes, bytes, sizeof(bytes));
    assert_str(signer_signature(&secret, 1, STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
                                STR("{\"test\": 2432232314}"), &arena),
               STR("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
}

static void while_a_secret_is_renewed_there_are_two_signatures(void **state)
{
    struct signer_secret secrets[2] = {{.bytes = {1}, .len = 32}, {.bytes = {2}, .len = 32}};
    (void)state;
    struct str both = signer_signature(secrets, 2, STR("a"), 1, STR("b"), &arena), first,
               rest = both;
    assert_true(str_split(&rest, ' ', &first));
    assert_str(first, signer_signature(&secrets[0], 1, STR("a"), 1, STR("b"), &arena));
    assert_str(rest, signer_signature(&secrets[1], 1, STR("a"), 1, STR("b"), &arena));
}

static struct str secret_of(unsigned char key, struct str tenant, struct str id, struct str salt)
{
    struct signer signer;
    signer_init(&signer, (const unsigned char[SIGNER_KEY_BYTES]){key}, &(struct endpoint_rules){0});
    return signer.base.secret(&signer.base, tenant, id, salt, &arena);
}

static void a_secret_follows_from_key_tenant_webhook_and_salt(void **state)
{
    struct str secret = secret_of(1, STR("t"), STR("w"), STR("s"));
    (void)state;
    assert_true(str_starts_with(secret, STR("whsec_")));
    assert_int_equal(secret.len, 6 + 44);
    assert_str(secret_of(1, STR("t"), STR("w"), STR("s")), secret);
    assert_false(str_equal(secret_of(2, STR("t"), STR("w"), STR("s")), secret));
    assert_false(str_equal(secret_of(1, STR("u"), STR("w"), STR("s")), secret));
    assert_false(str_equal(secret_of(1, STR("t"), STR("x"), STR("s")), secret));
    assert_false(str_equal(secret_of(1, STR("t"), STR("w"), STR("r")), secret));
}

static void keys_are_told_apart(void **state)
{
    struct signer one, other;
    (void)state;
    signer_init(&one, (const unsigned char[SIGNER_KEY_BYTES]){1}, &(struct endpoint_rules){0});
    signer_init(&other, (const unsigned char[SIGNER_KEY_BYTES]){2}, &(struct endpoint_rules){0});
    assert_int_equal(one.base.key_id.len, SIGNER_KEY_ID_LEN);
    assert_false(str_equal(one.base.key_id, other.base.key_id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_signature_is_the_one_of_the_standards_libraries),
        cmocka_unit_test(while_a_secret_is_renewed_there_are_two_signatures),
        cmocka_unit_test(a_secret_follows_from_key_tenant_webhook_and_salt),
        cmocka_unit_test(keys_are_told_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
