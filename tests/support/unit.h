/* What every unit test includes: cmocka with the headers it wants before it, and an assertion for
 * strings that shows both. */
#ifndef SUPPORT_UNIT_H
#define SUPPORT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"

#define UNIT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define assert_str(actual, expected)                                                               \
    do {                                                                                           \
        struct str actual_ = (actual), expected_ = (expected);                                     \
        if (!str_equal(actual_, expected_))                                                        \
            fail_msg("got <%.*s>, expected <%.*s>", STR_ARGS(actual_), STR_ARGS(expected_));       \
    } while (0)

#endif
