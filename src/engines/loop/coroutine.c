/* Coroutines of a loop. Each has one mapping: a guard page, the stack, and above it its struct, so
 * that starting one allocates nothing once the pool is warm. Overrunning the stack is a fault at
 * the guard page, never a silent overwrite. A guard page makes two mappings of one: the kernel's
 * default vm.max_map_count of 65,530 allows about 32,000 coroutines per process, past which
 * loop_spawn() says no. */
#include "engines/loop/coroutine.h"

#include <assert.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engines/loop/loop_internal.h"

enum {
    /* Sanitizers put red zones around every variable. */
    STACK_BYTES = (CONTEXT_ASAN || CONTEXT_TSAN) ? 256 * 1024 : 64 * 1024,
    IDLE_MAX = 1024
};

struct coroutine {
    struct context context;
    struct context *resumer; /* where suspend goes back to */
    struct coroutine *next;  /* in the ready queue or the pool */
    struct loop *loop;
    loop_function *function;
    void *argument;
    struct loop_message message; /* for a resume from another thread */
    bool is_ready;
    bool is_ended;
};

static _Thread_local struct coroutine *current;

static size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t mapping_bytes(void)
{
    size_t page = page_bytes();
    size_t top = (sizeof(struct coroutine) + page - 1) / page * page;
    return page + STACK_BYTES + top;
}

static struct coroutine *map_coroutine(void)
{
    char *mapping = mmap(NULL, mapping_bytes(), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    if (mprotect(mapping, page_bytes(), PROT_NONE) != 0) {
        (void)munmap(mapping, mapping_bytes());
        return NULL;
    }
    return (struct coroutine *)(mapping + page_bytes() + STACK_BYTES);
}

static char *stack_of(struct coroutine *coroutine)
{
    return (char *)coroutine - STACK_BYTES;
}

static void unmap_coroutine(struct coroutine *coroutine)
{
    (void)munmap(stack_of(coroutine) - page_bytes(), mapping_bytes());
}

static struct coroutine *take_idle(struct coroutines *coroutines)
{
    struct coroutine *coroutine = coroutines->idle;
    if (!coroutine) return map_coroutine();
    coroutines->idle = coroutine->next;
    coroutines->idle_count--;
    return coroutine;
}

static void put_idle(struct coroutines *coroutines, struct coroutine *coroutine)
{
    if (coroutines->idle_count >= IDLE_MAX) {
        unmap_coroutine(coroutine);
        return;
    }
    coroutine->next = coroutines->idle;
    coroutines->idle = coroutine;
    coroutines->idle_count++;
}

void coroutine_release_idle(struct coroutines *coroutines)
{
    while (coroutines->idle) {
        struct coroutine *coroutine = coroutines->idle;
        coroutines->idle = coroutine->next;
        unmap_coroutine(coroutine);
    }
    coroutines->idle_count = 0;
}

static void run(void *argument)
{
    struct coroutine *self = argument;
    self->function(self->argument);
    self->is_ended = true;
    context_finish(&self->context, self->resumer);
}

/* Continues the coroutine until it suspends or ends. The caller may be a coroutine itself. */
static void enter(struct coroutine *coroutine)
{
    struct coroutine *caller = current;
    struct coroutines *coroutines = &coroutine->loop->coroutines;
    coroutine->resumer = caller ? &caller->context : &coroutines->loop_context;
    current = coroutine;
    context_switch(coroutine->resumer, &coroutine->context);
    current = caller;
    if (!coroutine->is_ended) return;
    assert(!coroutine->is_ready && "a coroutine was resumed that has ended");
    context_release(&coroutine->context);
    coroutines->live_count--;
    put_idle(coroutines, coroutine);
}

bool loop_spawn(struct loop *loop, loop_function *function, void *argument)
{
    struct coroutines *coroutines = &loop->coroutines;
    if (coroutines->live_count >= coroutines->live_max) return false;
    struct coroutine *coroutine = take_idle(coroutines);
    if (!coroutine) return false;
    *coroutine = (struct coroutine){.loop = loop, .function = function, .argument = argument};
    context_prepare(&coroutine->context, stack_of(coroutine), STACK_BYTES, run, coroutine);
    coroutines->live_count++;
    if (loop_current() == loop)
        enter(coroutine);
    else
        coroutine_resume(coroutine); /* the loop does not run yet */
    return true;
}

struct coroutine *coroutine_current(void)
{
    return current;
}

struct loop *coroutine_loop(const struct coroutine *coroutine)
{
    return coroutine->loop;
}

void coroutine_suspend(void)
{
    struct coroutine *self = current;
    assert(self && "only a coroutine can be suspended");
    context_switch(&self->context, self->resumer);
}

void coroutine_resume(struct coroutine *coroutine)
{
    struct coroutines *coroutines = &coroutine->loop->coroutines;
    if (coroutine->is_ready) return;
    coroutine->is_ready = true;
    coroutine->next = NULL;
    if (coroutines->ready_last)
        coroutines->ready_last->next = coroutine;
    else
        coroutines->ready_first = coroutine;
    coroutines->ready_last = coroutine;
}

static void resume_by_message(void *argument)
{
    coroutine_resume(argument);
}

/* The message is served by the loop's thread between coroutines; whoever was about to suspend has
 * done so by then. */
void coroutine_resume_from_thread(struct coroutine *coroutine)
{
    coroutine->message = (struct loop_message){
        .function = resume_by_message, .argument = coroutine, .is_embedded = true};
    loop_send(coroutine->loop, &coroutine->message);
}

void coroutine_run_ready(struct coroutines *coroutines)
{
    struct coroutine *last = coroutines->ready_last;
    while (coroutines->ready_first) {
        struct coroutine *coroutine = coroutines->ready_first;
        coroutines->ready_first = coroutine->next;
        if (!coroutines->ready_first) coroutines->ready_last = NULL;
        coroutine->is_ready = false;
        bool was_last = coroutine == last;
        enter(coroutine);
        if (was_last) return;
    }
}

static void wake_sleeper(void *argument)
{
    coroutine_resume(argument);
}

void coroutine_sleep(int64_t delay_ms)
{
    struct loop *loop = current->loop;
    /* Out of memory: lets the others run, which is what is left of sleeping. */
    if (!loop_timer_start(loop, delay_ms, wake_sleeper, current)) coroutine_resume(current);
    coroutine_suspend();
}
