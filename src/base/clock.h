/* Clocks of the system, for intervals and deadlines. What is recorded goes by base/environment.h.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of CLOCK_MONOTONIC, CLOCK_BOOTTIME, ... */
int64_t clock_ns(clockid_t clock);
int64_t clock_us(clockid_t clock);
int64_t clock_ms(clockid_t clock);
/* The time of CLOCK_MONOTONIC so many milliseconds from now, for a condition's time-out. */
struct timespec clock_in_ms(int64_t delay_ms);

#endif
