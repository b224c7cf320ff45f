/* Whatever the file: a proposal is JSON, names each column once, and an import takes its mapping or
 * says which field of it is none. */
#include <sys/mman.h>
#include <unistd.h>

#include "adapters/jobs/mapping_proposal.h"

#include "fuzz.h"

static void check(const struct mapping_proposal *proposal, struct arena *arena)
{
    struct json_value *json, *mapping;
    struct str text = mapping_proposal_json(proposal, arena);
    FUZZ_REQUIRE(!str_is_none(text));
    enum status status = json_parse(text, arena, &json, NULL);
    /* A file may have two columns of one name: then so has the mapping. */
    FUZZ_REQUIRE(status == STATUS_OK || status == STATUS_DUPLICATE_FIELD);
    if (status != STATUS_OK) return;
    FUZZ_REQUIRE(json_get(json, STR("columns"))->count == proposal->sample->column_count);
    text = mapping_proposal_mapping(proposal, STR("{\"*\":null}"), arena);
    FUZZ_REQUIRE(json_parse(text, arena, &mapping, NULL) == STATUS_OK);
    FUZZ_REQUIRE(json_get(mapping, STR("*")) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct record_sample sample;
    struct mapping_proposal proposal;
    int file = memfd_create("fuzz", MFD_CLOEXEC);
    arena_init(&arena, 256 << 20);
    FUZZ_REQUIRE(file >= 0 && write(file, data, size) == (ssize_t)size);
    if (record_sample_read(file, RECORD_FORM_DETECT, '\0', &arena, &sample, NULL) == STATUS_OK) {
        FUZZ_REQUIRE(mapping_propose(&sample, &arena, &proposal, NULL) == STATUS_OK);
        check(&proposal, &arena);
    }
    (void)close(file);
    arena_release(&arena);
    return 0;
}
