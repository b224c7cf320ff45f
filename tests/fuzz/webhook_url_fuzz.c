/* URLs of webhooks: whatever is taken is https without user and fragment, and leads to no internal
 * address when its host is one. */
#include "adapters/webhooks/endpoint.h"
#include "engines/http/url.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t count)
{
    const struct endpoint_rules rules = {0};
    struct str text = str_of((const char *)bytes, count);
    struct error error;
    struct http_url url;
    struct network literal;
    struct arena arena;
    if (count > 4096) return 0;
    arena_init(&arena, 1 << 20);
    if (endpoint_check_url(&rules, text, &arena, &error) == STATUS_OK) {
        FUZZ_REQUIRE(http_url_parse(text, &arena, &url));
        FUZZ_REQUIRE(str_equal(url.scheme, STR("https")) && url.host.len > 0);
        FUZZ_REQUIRE(!url.has_user && !url.has_fragment);
        FUZZ_REQUIRE(!network_parse(url.host, &literal) ||
                     endpoint_may_connect(&rules, literal.address));
    }
    arena_release(&arena);
    return 0;
}
