#include "base/hash.h"

#include "unit.h"

/* SipHash-2-4 of 0, 1, ... 15 bytes 00 01 02 ... under the key 00 01 ... 0f: the reference vectors
 * of its authors. */
static void the_reference_vectors_come_out(void **state)
{
    (void)state;
    static const uint64_t vectors[] = {
        0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
        0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
        0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
        0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
    };
    static const struct hash_key key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};
    char bytes[16];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (char)i;
        assert_true(hash_bytes(key, str_of(bytes, i)) == vectors[i]);
    }
}

static void the_key_matters(void **state)
{
    (void)state;
    uint64_t a = hash_bytes((struct hash_key){1, 2}, STR("text"));
    assert_true(a != hash_bytes((struct hash_key){1, 3}, STR("text")));
    assert_true(a != hash_bytes((struct hash_key){2, 2}, STR("text")));
    assert_true(a == hash_bytes((struct hash_key){1, 2}, STR("text")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_reference_vectors_come_out),
        cmocka_unit_test(the_key_matters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
