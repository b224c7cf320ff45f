/* Request targets: whatever is decoded is text, no longer than its source, and stands when it is
 * encoded and decoded again. */
#include "base/buffer.h"
#include "engines/http/target.h"
#include "fuzz.h"

static struct str encode(struct str text, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (size_t i = 0; i < text.len; i++)
        buffer_append_format(&out, "%%%02X", (unsigned char)text.ptr[i]);
    return buffer_str(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    struct arena arena;
    struct str raw = str_of((const char *)bytes, count), decoded, again;
    if (count > 4096) return 0;
    arena_init(&arena, 1 << 20);
    struct str path = target_path(raw);
    FUZZ_REQUIRE(path.len <= raw.len + 1);
    if (target_decode(raw, &arena, &decoded)) {
        FUZZ_REQUIRE(decoded.len <= raw.len && str_is_utf8(decoded));
        FUZZ_REQUIRE(target_decode(encode(decoded, &arena), &arena, &again));
        FUZZ_REQUIRE(str_equal(decoded, again));
    }
    arena_release(&arena);
    return 0;
}
