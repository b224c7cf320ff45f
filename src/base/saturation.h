/* Saturation: has what serves a queue had so little rest for so long that its queue is no burst?
 *
 * A burst ends by itself, and rest follows. What had nine tenths of its time at work for a tenth of
 * a second is asked for more than it can do: its queue stands (K. Nichols, V. Jacobson,
 * "Controlling queue delay", 2012). It is a level, which rises with the time at work and falls nine
 * times as fast with rest: reached at 100 ms, over below 50. So a queue that is cut short, and
 * empties now and then, still stands; and what has to do no more than half of what it can is free
 * of it in some 15 ms.
 *
 * Time passes for a process that is stopped, too: no step counts for more than 25 ms.
 *
 *     saturation_rested(&saturation, now_ns); // somebody came, there was nothing to do until now
 *     saturation_worked(&saturation, now_ns); // it has worked until now
 *     if (saturation_is_reached(&saturation)) refuse();
 *
 * Of several threads that tell at once one may be overheard.
 */
#ifndef BASE_SATURATION_H
#define BASE_SATURATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Zeroed: at rest. */
struct saturation {
    _Atomic int64_t level_ns, since_ns;
    _Atomic bool is_reached;
};

/* Both: since the time before that either was told. Any clock that ascends. */
void saturation_worked(struct saturation *saturation, int64_t now_ns);
void saturation_rested(struct saturation *saturation, int64_t now_ns);
bool saturation_is_reached(const struct saturation *saturation);

/* What whoever comes to a queue now has before him. */
struct queue_wait {
    int64_t us;    /* until his turn, as far as is known */
    int64_t ahead; /* how many are served before */
    bool stands;   /* the queue, whose server is saturated: it is no burst */
};

#endif
