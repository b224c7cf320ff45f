/* The machine part of a coroutine: a stack pointer of its own, and the switch between two.
 *
 * On x86-64 the switch is a dozen instructions; elsewhere it is ucontext, which costs two system
 * calls for the signal mask (docs/decisions/0004-coroutines.md has both measured). AddressSanitizer
 * and ThreadSanitizer are told of every switch, or they would take another stack for an overflow or
 * another order for a race.
 */
#ifndef ENGINES_LOOP_CONTEXT_H
#define ENGINES_LOOP_CONTEXT_H

#include "base/str.h"

#if defined(__SANITIZE_ADDRESS__)
#define CONTEXT_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CONTEXT_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define CONTEXT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CONTEXT_TSAN 1
#endif
#endif
#ifndef CONTEXT_ASAN
#define CONTEXT_ASAN 0
#endif
#ifndef CONTEXT_TSAN
#define CONTEXT_TSAN 0
#endif
#if defined(__x86_64__) && !defined(CONTEXT_UCONTEXT)
#define CONTEXT_ASSEMBLY 1
#else
#define CONTEXT_ASSEMBLY 0
#include <ucontext.h>
#endif

/* Where a flow of control stands while it does not run. One that was not prepared belongs to a
 * thread's own stack. */
struct context {
#if CONTEXT_ASSEMBLY
    void *stack_pointer;
#else
    ucontext_t machine;
#endif
    void (*entry)(void *argument);
    void *argument;
    struct context *came_from; /* who switched to it last */
    void *fake_stack;          /* AddressSanitizer's */
    const void *stack;         /* lowest address */
    size_t stack_bytes;
    void *fiber; /* ThreadSanitizer's */
};

/* Makes a context that will run entry(argument) on that stack; entry ends with context_finish(). */
void context_prepare(struct context *context, void *stack, size_t stack_bytes,
                     void (*entry)(void *argument), void *argument);
/* Leaves `from` and continues `to`; returns when somebody switches back. */
void context_switch(struct context *from, struct context *to);
/* The last switch of `from`: its stack may be used anew once `to` runs. */
_Noreturn void context_finish(struct context *from, struct context *to);
/* After the last switch, from another context. */
void context_release(struct context *context);

#endif
