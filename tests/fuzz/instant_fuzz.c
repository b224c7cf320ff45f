/* Whatever is read as an instant is written and read as the same one; so is any number. */
#include "base/instant.h"

#include "fuzz.h"

#include <string.h>

static void check_round_trip(instant when)
{
    char text[INSTANT_TEXT_MAX], again_text[INSTANT_TEXT_MAX];
    instant again;
    struct str formatted = instant_format(when, text);
    FUZZ_REQUIRE(formatted.len < INSTANT_TEXT_MAX);
    FUZZ_REQUIRE(instant_parse(formatted, &again));
    FUZZ_REQUIRE(str_equal(instant_format(again, again_text), formatted));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str text = str_of((const char *)data, size);
    instant when;
    if (instant_parse(text, &when)) check_round_trip(when);
    if (instant_is_date(text)) FUZZ_REQUIRE(instant_parse(text, &when) && when % INSTANT_DAY == 0);
    if (size >= sizeof(when)) {
        memcpy(&when, data, sizeof(when));
        check_round_trip(when);
    }
    return 0;
}
