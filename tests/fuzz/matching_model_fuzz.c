/* Model files: any bytes are read or refused, and what was read is written and read again the
 * same. */
#include "fuzz.h"

#include "matching/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct model_set models, again;
    struct error error = {.status = STATUS_OK};
    struct arena arena;
    arena_init(&arena, 4 << 20);
    struct buffer text = {.arena = &arena}, second = {.arena = &arena};
    if (model_text_read(str_of((const char *)data, size), &models, &error) == STATUS_OK) {
        FUZZ_REQUIRE(model_text_write(&models, &text) == STATUS_OK);
        FUZZ_REQUIRE(model_text_read(buffer_str(&text), &again, &error) == STATUS_OK);
        FUZZ_REQUIRE(model_text_write(&again, &second) == STATUS_OK);
        FUZZ_REQUIRE(str_equal(buffer_str(&text), buffer_str(&second)));
    }
    arena_release(&arena);
    return 0;
}
