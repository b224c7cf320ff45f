/* Any bytes as a configuration file: an answer, never a crash; a refusal names a place. */
#include "fuzz.h"
#include "service/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct config config;
    struct error error = {.status = STATUS_OK};
    arena_init(&arena, 4 << 20);
    if (config_init(&config, &arena, &error) == STATUS_OK) {
        enum status status =
            config_parse(&config, str_of((const char *)data, size), STR("fuzz"), &error);
        if (status == STATUS_OK) status = config_check(&config, &error);
        FUZZ_REQUIRE(status == STATUS_OK || error.message[0] != '\0');
    }
    arena_release(&arena);
    return 0;
}
