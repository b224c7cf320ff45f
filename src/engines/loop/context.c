#include "engines/loop/context.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#if CONTEXT_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if CONTEXT_TSAN
#include <sanitizer/tsan_interface.h>
#endif

/* --- sanitizers --- */

static void announce_switch(struct context *from, struct context *to, bool last)
{
#if CONTEXT_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->stack, to->stack_bytes);
#endif
#if CONTEXT_TSAN
    if (!from->fiber) from->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to->fiber, 0);
#endif
    (void)from, (void)to, (void)last;
}

/* On the new stack. A thread's own stack is learned from the first switch away from it. */
static void confirm_switch(struct context *self)
{
#if CONTEXT_ASAN
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(self->fake_stack, &bottom, &size);
    self->came_from->stack = bottom;
    self->came_from->stack_bytes = size;
#endif
    (void)self;
}

static void prepare_sanitizers(struct context *context, void *stack, size_t stack_bytes)
{
#if CONTEXT_ASAN
    /* What the last user of the stack left poisoned: its outermost frames never returned. */
    __asan_unpoison_memory_region(stack, stack_bytes);
#endif
#if CONTEXT_TSAN
    context->fiber = __tsan_create_fiber(0);
#endif
    (void)context, (void)stack, (void)stack_bytes;
}

void context_release(struct context *context)
{
#if CONTEXT_TSAN
    if (context->fiber) __tsan_destroy_fiber(context->fiber);
#endif
    context->fiber = NULL;
}

/* --- the machine --- */

static _Noreturn void enter(struct context *self)
{
    confirm_switch(self);
    self->entry(self->argument);
    abort(); /* entry must end with context_finish() */
}

#if CONTEXT_ASSEMBLY

/* Saves what the System V ABI (AMD64 supplement, 3.2.1) has a callee preserve, the floating-point
 * control words included, and takes the other side's from its stack. */
void context_switch_stacks(void **save_stack_pointer, void *stack_pointer);
void context_first_step(void);
__asm__(".text\n"
        ".p2align 4\n"
        ".globl context_switch_stacks\n"
        ".hidden context_switch_stacks\n"
        ".type context_switch_stacks, @function\n"
        "context_switch_stacks:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    subq $8, %rsp\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $8, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size context_switch_stacks, . - context_switch_stacks\n"
        ".globl context_first_step\n"
        ".hidden context_first_step\n"
        ".type context_first_step, @function\n"
        "context_first_step:\n"
        "    .cfi_startproc\n"
        "    .cfi_undefined rip\n" /* a debugger's backtrace ends here */
        "    movq %rbx, %rdi\n"
        "    callq *%r12\n"
        "    ud2\n"
        "    .cfi_endproc\n"
        ".size context_first_step, . - context_first_step\n");

static void prepare_machine(struct context *context, void *stack, size_t stack_bytes)
{
    /* As context_switch_stacks() leaves a stack: control words, r15 r14 r13 r12 rbx rbp, return
     * address; at the return address + 8 the stack is aligned to 16 bytes for the call. */
    uintptr_t top = ((uintptr_t)stack + stack_bytes) & ~(uintptr_t)15;
    void **frame = (void **)(top - 9 * sizeof(void *) - 8);
    memset(frame, 0, top - (uintptr_t)frame);
    uint32_t control[2] = {0, 0};
    __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(control[0]), "=m"(control[1]));
    memcpy(frame, control, sizeof(control));
    frame[4] = (void *)enter;
    frame[5] = context;
    frame[7] = (void *)context_first_step;
    context->stack_pointer = frame;
}

static void switch_machine(struct context *from, struct context *to)
{
    context_switch_stacks(&from->stack_pointer, to->stack_pointer);
}

#else

/* makecontext() passes ints only. */
static void enter_halves(unsigned high, unsigned low)
{
    enter((struct context *)(((uintptr_t)high << 16 << 16) | low));
}

static void prepare_machine(struct context *context, void *stack, size_t stack_bytes)
{
    if (getcontext(&context->machine) != 0) abort(); /* it has no failure on Linux */
    context->machine.uc_stack.ss_sp = stack;
    context->machine.uc_stack.ss_size = stack_bytes;
    context->machine.uc_link = NULL;
    uintptr_t address = (uintptr_t)context;
    makecontext(&context->machine, (void (*)(void))enter_halves, 2, (unsigned)(address >> 16 >> 16),
                (unsigned)address);
}

static void switch_machine(struct context *from, struct context *to)
{
    if (swapcontext(&from->machine, &to->machine) != 0) abort();
}

#endif

void context_prepare(struct context *context, void *stack, size_t stack_bytes,
                     void (*entry)(void *argument), void *argument)
{
    *context = (struct context){
        .entry = entry, .argument = argument, .stack = stack, .stack_bytes = stack_bytes};
    prepare_sanitizers(context, stack, stack_bytes);
    prepare_machine(context, stack, stack_bytes);
}

void context_switch(struct context *from, struct context *to)
{
    to->came_from = from;
    announce_switch(from, to, false);
    switch_machine(from, to);
    confirm_switch(from);
}

_Noreturn void context_finish(struct context *from, struct context *to)
{
    to->came_from = from;
    announce_switch(from, to, true);
    switch_machine(from, to);
    abort();
}
