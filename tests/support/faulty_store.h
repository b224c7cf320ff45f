/* A store that fails when it is told to, in front of one that works: for what no request from
 * outside can bring about. Each unit of work runs twice, as after a conflict or a replica that
 * failed (application/ports/store.h). */
#ifndef TESTS_SUPPORT_FAULTY_STORE_H
#define TESTS_SUPPORT_FAULTY_STORE_H

#include <stdatomic.h>

#include "application/ports/store.h"

struct faulty_store {
    struct store base;
    struct store_operations operations;
    struct store *inner;
    _Atomic enum status reads;  /* what reads, look-ups and the question for readiness answer */
    _Atomic int64_t wait_us;    /* what the question for the wait answers */
    _Atomic enum status writes; /* what writes answer; STATUS_OK: what the inner store does */
    _Atomic int fine, away;     /* so many units of work go well, then so many do not */
};

void faulty_store_init(struct faulty_store *store, struct store *inner);
void faulty_store_fail(struct faulty_store *store, enum status reads, enum status writes);
/* Away for a time: `fine` reads and writes go well, the next `away` are STATUS_UNAVAILABLE, and
 * those behind them go well again. */
void faulty_store_go_away(struct faulty_store *store, int fine, int away);

#endif
