/* The first line of a backup, which may be any file. */
#include "adapters/store/backup.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct arena arena;
    struct backup_header header;
    struct error error;
    FILE *in = size > 0 ? fmemopen((void *)(uintptr_t)bytes, size, "r") : NULL;
    if (!in) return 0;
    arena_init(&arena, 1 << 22);
    if (backup_read_header(in, &arena, &header, &error) == STATUS_OK)
        FUZZ_REQUIRE(header.schema == backup_schema() && !str_is_none(header.suppression_key));
    else
        FUZZ_REQUIRE(error.message[0] != '\0');
    arena_release(&arena);
    (void)fclose(in);
    return 0;
}
