/* A body that says it is gzip: a text within the limit that survives being coded again, or a
 * refusal that says why. */
#include "adapters/api/coding.h"
#include "fuzz.h"

enum { MOST = 64 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    static struct coding *coding;
    struct arena arena;
    struct error error = {0};
    struct str text, coded, again;
    if (!coding) coding = coding_new();
    FUZZ_REQUIRE(coding);
    arena_init(&arena, 1 << 22);
    enum status status =
        coding_gunzip(str_of((const char *)bytes, count), MOST, &arena, &text, &error);
    if (status == STATUS_OK) {
        FUZZ_REQUIRE(text.len <= MOST);
        if (coding_gzip(coding, text, &arena, &coded)) {
            FUZZ_REQUIRE(coding_gunzip(coded, MOST, &arena, &again, &error) == STATUS_OK);
            FUZZ_REQUIRE(str_equal(again, text));
        }
    } else {
        FUZZ_REQUIRE(status == STATUS_INVALID_VALUE || status == STATUS_REQUEST_TOO_LARGE);
        FUZZ_REQUIRE(error.message[0] != '\0');
    }
    arena_release(&arena);
    return 0;
}
