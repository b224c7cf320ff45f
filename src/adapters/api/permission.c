/* Names of permissions and the reading of lists of them. */
#include "adapters/api/identity.h"

static const struct str names[PERMISSION_COUNT] = {
#define X(symbol, text, meaning) STR(text),
    PERMISSION_TABLE(X)
#undef X
};

struct str permission_name(enum permission permission)
{
    return names[permission];
}

static uint64_t parse_resource(struct str prefix)
{
    uint64_t mask = 0;
    for (unsigned i = 0; i < PERMISSION_COUNT; i++)
        if (str_starts_with(names[i], prefix)) mask |= PERMISSION_BIT(i);
    return mask;
}

uint64_t permission_parse(struct str text)
{
    if (str_equal(text, STR("*")) || str_equal(text, STR("*:*"))) return PERMISSIONS_ALL;
    if (str_ends_with(text, STR(":*"))) return parse_resource(str_of(text.ptr, text.len - 1));
    for (unsigned i = 0; i < PERMISSION_COUNT; i++)
        if (str_equal(names[i], text)) return PERMISSION_BIT(i);
    return 0;
}

uint64_t permissions_parse_list(struct str list)
{
    uint64_t mask = 0;
    struct str part, word;
    while (str_split(&list, ',', &part)) {
        struct str rest = str_trim(part);
        while (str_split(&rest, ' ', &word)) mask |= permission_parse(str_trim(word));
    }
    return mask;
}
