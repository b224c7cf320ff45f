#include "base/clock.h"

int64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int64_t clock_us(clockid_t clock)
{
    return clock_ns(clock) / 1000;
}

int64_t clock_ms(clockid_t clock)
{
    return clock_ns(clock) / 1000000;
}

struct timespec clock_in_ms(int64_t delay_ms)
{
    int64_t when = clock_ns(CLOCK_MONOTONIC) + delay_ms * 1000000;
    return (struct timespec){.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000};
}
