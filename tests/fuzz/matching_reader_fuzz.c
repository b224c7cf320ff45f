/* The reader of delimited files and the recognition of columns, through a file in memory; then all
 * of the engine over what was read. Bytes decide; nothing may crash or leak. */
#include "fuzz.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "matching/bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    struct bulk *bulk = NULL;
    struct error error = {.status = STATUS_OK};
    struct bulk_options options = {.threads = 1, .train = size % 2 == 0};
    struct columns_request request = {0};
    int file = memfd_create("rows", 0);
    FUZZ_REQUIRE(file >= 0);
    FUZZ_REQUIRE(write(file, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    FUZZ_REQUIRE(bulk_new(&options, &bulk, &error) == STATUS_OK);
    if (bulk_read(bulk, path, &request, &error) == STATUS_OK) {
        FUZZ_REQUIRE(bulk_match(bulk, &error) == STATUS_OK);
        for (uint32_t row = 0; row < bulk_row_count(bulk); row++)
            FUZZ_REQUIRE(bulk_cluster(bulk, row) < bulk_row_count(bulk));
    }
    bulk_free(bulk);
    (void)close(file);
    return 0;
}
