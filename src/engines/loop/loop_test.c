#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engines/loop/context.h"
#include "engines/loop/loop.h"
#include "engines/loop/offload.h"
#include "engines/loop/timers.h"
#include "unit.h"

/* ThreadSanitizer knows some 8,000 threads at most, and counts a coroutine as one. */
enum { MANY = CONTEXT_TSAN ? 2000 : 10000 };

static int setup_loop(void **state)
{
    *state = loop_new(0);
    return *state ? 0 : -1;
}

static int free_loop(void **state)
{
    loop_free(*state);
    return 0;
}

static void stop_now(void *argument)
{
    loop_stop(argument);
}

static void stop_later(struct loop *loop, int64_t delay_ms)
{
    assert_non_null(loop_timer_start(loop, delay_ms, stop_now, loop));
}

struct trace {
    struct loop *loop;
    char text[256];
    struct coroutine *sleeper;
};

static void note(struct trace *trace, char c)
{
    size_t length = strlen(trace->text);
    assert_true(length + 1 < sizeof(trace->text));
    trace->text[length] = c;
}

/* --- lag --- */

struct busy {
    struct loop *loop;
    int turns_left;
    bool was_saturated_at_first, is_saturated;
};

static void keep_busy(void *argument)
{
    struct busy *busy = argument;
    (void)usleep(20 * 1000); /* work of this turn, before ours */
    busy->is_saturated = loop_is_saturated(busy->loop);
    assert_true(loop_lag_us(busy->loop) >= 20 * 1000);
    if (busy->turns_left == 10) busy->was_saturated_at_first = busy->is_saturated;
    if (busy->turns_left-- > 0)
        assert_true(loop_post(busy->loop, keep_busy, busy));
    else
        loop_stop(busy->loop);
}

static void note_saturation(void *argument)
{
    struct busy *busy = argument;
    busy->is_saturated = loop_is_saturated(busy->loop);
    loop_stop(busy->loop);
}

static void a_loop_lags_by_the_time_of_its_turn_and_is_saturated_without_rest(void **state)
{
    struct busy busy = {.loop = *state, .turns_left = 10};
    assert_true(loop_post(*state, keep_busy, &busy));
    loop_run(*state);
    assert_false(busy.was_saturated_at_first); /* it may be a burst */
    assert_true(busy.is_saturated);
    uint64_t rests = loop_rests(*state);
    assert_non_null(loop_timer_start(*state, 20, note_saturation, &busy));
    loop_run(*state);
    assert_false(busy.is_saturated);
    assert_true(loop_rests(*state) > rests);
}

/* --- timers --- */

static void note_a(void *argument)
{
    note(argument, 'a');
}
static void note_b(void *argument)
{
    note(argument, 'b');
}
static void note_c(void *argument)
{
    note(argument, 'c');
}
static void note_and_stop(void *argument)
{
    note(argument, '.');
    loop_stop(((struct trace *)argument)->loop);
}

static void timers_fire_in_order_of_deadline_then_of_start(void **state)
{
    struct trace trace = {.loop = *state};
    assert_non_null(loop_timer_start(*state, 30, note_and_stop, &trace));
    assert_non_null(loop_timer_start(*state, 10, note_b, &trace));
    assert_non_null(loop_timer_start(*state, 0, note_a, &trace));
    assert_non_null(loop_timer_start(*state, 20, note_c, &trace));
    assert_non_null(loop_timer_start(*state, 0, note_c, &trace));
    loop_run(*state);
    assert_string_equal(trace.text, "acbc.");
}

static void a_cancelled_timer_does_not_fire(void **state)
{
    struct trace trace = {.loop = *state};
    struct loop_timer *timers[20];
    for (int i = 0; i < 20; i++)
        timers[i] = loop_timer_start(*state, i % 7, i % 2 ? note_a : note_b, &trace);
    for (int i = 0; i < 20; i += 2) loop_timer_cancel(*state, timers[i]);
    assert_non_null(loop_timer_start(*state, 20, note_and_stop, &trace));
    loop_run(*state);
    assert_string_equal(trace.text, "aaaaaaaaaa.");
}

static int compared_order;
struct due {
    int64_t from_ns, to_ns; /* the deadline lies between */
};
static int64_t fired_ns;
static void check_order(void *argument)
{
    const struct due *due = argument;
    assert_true(due->to_ns >= fired_ns);
    if (due->from_ns > fired_ns) fired_ns = due->from_ns;
    compared_order++;
}

static void a_thousand_timers_with_random_cancels_stay_in_order(void **state)
{
    (void)state;
    struct timers timers = {0};
    static struct due due[1000];
    struct loop_timer *started[1000];
    uint64_t random = 42;
    for (int i = 0; i < 1000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        int64_t delay_ms = (int64_t)(random >> 33) % 20;
        due[i].from_ns = timers_now_ns() + delay_ms * 1000000;
        started[i] = timers_start(&timers, delay_ms, check_order, &due[i]);
        due[i].to_ns = timers_now_ns() + delay_ms * 1000000;
        assert_non_null(started[i]);
    }
    for (int i = 0; i < 1000; i += 3) timers_cancel(&timers, started[i]);
    while (timers.count > 0) timers_fire(&timers);
    assert_int_equal(compared_order, 666);
    timers_release(&timers);
}

/* --- descriptors --- */

static void read_one(void *argument, uint32_t events)
{
    struct trace *trace = argument;
    assert_true(events & EPOLLIN);
    note(trace, 'r');
    if (strlen(trace->text) == 3) loop_stop(trace->loop);
}

static void a_watched_descriptor_is_reported_until_it_was_served(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct trace trace = {.loop = *state};
    assert_int_equal(loop_watch(*state, ends[0], EPOLLIN, read_one, &trace), STATUS_OK);
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_run(*state);
    assert_string_equal(trace.text, "rrr");
    loop_unwatch(*state, ends[0]);
    stop_later(*state, 5);
    loop_run(*state);
    assert_string_equal(trace.text, "rrr");
    close(ends[0]);
    close(ends[1]);
}

struct two_pipes {
    struct loop *loop;
    int ends[2][2];
    int served;
};
static void unwatch_the_other(void *argument, uint32_t events)
{
    (void)events;
    struct two_pipes *pipes = argument;
    pipes->served++;
    loop_unwatch(pipes->loop, pipes->ends[0][0]);
    loop_unwatch(pipes->loop, pipes->ends[1][0]);
}

static void an_event_of_a_descriptor_unwatched_in_the_same_turn_is_dropped(void **state)
{
    struct two_pipes pipes = {.loop = *state};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe(pipes.ends[i]), 0);
        assert_int_equal(write(pipes.ends[i][1], "x", 1), 1);
        assert_int_equal(loop_watch(*state, pipes.ends[i][0], EPOLLIN, unwatch_the_other, &pipes),
                         STATUS_OK);
    }
    stop_later(*state, 5);
    loop_run(*state);
    assert_int_equal(pipes.served, 1);
    for (int i = 0; i < 4; i++) close(pipes.ends[i / 2][i % 2]);
}

static void a_bad_descriptor_is_refused(void **state)
{
    assert_int_equal(loop_watch(*state, 1000, EPOLLIN, read_one, NULL), STATUS_IO);
}

/* --- hooks --- */

static void hook_a(void *argument, int *timeout_ms)
{
    (void)timeout_ms;
    note(argument, 'a');
}
static void hook_b(void *argument, int *timeout_ms)
{
    struct trace *trace = argument;
    note(trace, 'b');
    *timeout_ms = 1;
    loop_remove_hook(trace->loop, hook_a, trace);
    if (strlen(trace->text) >= 4) loop_stop(trace->loop);
}

static void hooks_run_each_turn_in_order_and_may_shorten_the_sleep(void **state)
{
    struct trace trace = {.loop = *state};
    assert_int_equal(loop_add_hook(*state, hook_a, &trace), STATUS_OK);
    assert_int_equal(loop_add_hook(*state, hook_b, &trace), STATUS_OK);
    loop_run(*state);
    assert_string_equal(trace.text, "abbb");
    loop_remove_hook(*state, hook_b, &trace);
    stop_later(*state, 1);
    loop_run(*state);
    assert_string_equal(trace.text, "abbb");
}

/* --- coroutines --- */

static void sleep_and_note(void *argument)
{
    struct trace *trace = argument;
    note(trace, '1');
    trace->sleeper = coroutine_current();
    assert_ptr_equal(coroutine_loop(trace->sleeper), trace->loop);
    assert_ptr_equal(loop_current(), trace->loop);
    coroutine_suspend();
    note(trace, '2');
    coroutine_sleep(1);
    note(trace, '3');
    loop_stop(trace->loop);
}

static void spawn_and_resume(void *argument)
{
    struct trace *trace = argument;
    note(trace, '<');
    assert_true(loop_spawn(trace->loop, sleep_and_note, trace));
    note(trace, '>');
    coroutine_resume(trace->sleeper);
    coroutine_resume(trace->sleeper); /* is ready already */
    note(trace, '!');
}

static void a_coroutine_runs_at_once_and_goes_on_when_it_is_resumed(void **state)
{
    struct trace trace = {.loop = *state};
    assert_null(coroutine_current());
    assert_null(loop_current());
    assert_non_null(loop_timer_start(*state, 0, spawn_and_resume, &trace));
    loop_run(*state);
    assert_string_equal(trace.text, "<1>!23");
    assert_null(coroutine_current());
}

static void a_coroutine_may_start_another_and_both_go_on(void **state)
{
    struct trace trace = {.loop = *state};
    assert_true(loop_spawn(*state, spawn_and_resume, &trace)); /* before the loop runs */
    assert_string_equal(trace.text, "");
    loop_run(*state);
    assert_string_equal(trace.text, "<1>!23");
}

static void yield_with_note(void *argument)
{
    struct trace *trace = argument;
    static char name = 'a';
    char mine = name++;
    for (int i = 0; i < 3; i++) {
        note(trace, mine);
        coroutine_resume(coroutine_current());
        coroutine_suspend();
    }
    if (mine == 'c') loop_stop(trace->loop);
}

static void coroutines_that_yield_take_turns(void **state)
{
    struct trace trace = {.loop = *state};
    for (int i = 0; i < 3; i++) assert_true(loop_spawn(*state, yield_with_note, &trace));
    loop_run(*state);
    assert_string_equal(trace.text, "abcabcabc");
}

struct crowd {
    struct loop *loop;
    int started;
    int ended;
};
static void one_of_many(void *argument)
{
    struct crowd *crowd = argument;
    char on_stack[2000];
    int mine = crowd->started++;
    memset(on_stack, mine & 0xff, sizeof(on_stack));
    coroutine_sleep(mine % 10);
    for (size_t i = 0; i < sizeof(on_stack); i++)
        if (on_stack[i] != (char)(mine & 0xff)) abort();
    if (++crowd->ended == MANY) loop_stop(crowd->loop);
}

static void ten_thousand_coroutines_each_keep_their_stack(void **state)
{
    for (int round = 0; round < 3; round++) {
        struct crowd crowd = {.loop = *state};
        for (int i = 0; i < MANY; i++) assert_true(loop_spawn(*state, one_of_many, &crowd));
        loop_run(*state);
        assert_int_equal(crowd.ended, MANY);
    }
}

static void spawn_past_the_limit_says_no(void **state)
{
    (void)state;
    struct loop *loop = loop_new(2);
    struct trace trace = {.loop = loop};
    assert_true(loop_spawn(loop, note_a, &trace));
    assert_true(loop_spawn(loop, note_b, &trace));
    assert_false(loop_spawn(loop, note_c, &trace));
    stop_later(loop, 1);
    loop_run(loop);
    assert_true(loop_spawn(loop, note_c, &trace));
    stop_later(loop, 1);
    loop_run(loop);
    assert_string_equal(trace.text, "abc");
    loop_free(loop);
}

static __attribute__((noinline)) int recurse(volatile char *above, int depth)
{
    volatile char frame[512];
    frame[0] = above ? above[0] : 1;
    return depth == 0 ? frame[0] : recurse(frame, depth - 1) + frame[0];
}
static void overrun(void *argument)
{
    (void)argument;
    (void)recurse(NULL, 100000);
    _exit(0);
}

static void a_stack_overrun_is_a_fault_at_the_guard_page(void **state)
{
    pid_t child = fork();
    if (child == 0) {
        (void)!freopen("/dev/null", "w", stderr); /* a sanitizer's report is expected */
        (void)loop_spawn(*state, overrun, NULL);
        loop_run(*state);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

/* --- other threads --- */

enum { THREADS = 4, POSTS = 5000 };
struct posts {
    struct loop *loop;
    int next[THREADS]; /* expected of each: their order is kept */
    int count;
};
struct one_post {
    struct posts *posts;
    int thread;
    int number;
};
static void take_post(void *argument)
{
    struct one_post *post = argument;
    assert_int_equal(post->number, post->posts->next[post->thread]++);
    if (++post->posts->count == THREADS * POSTS) loop_stop(post->posts->loop);
    free(post);
}
struct poster {
    struct posts *posts;
    int thread;
};
static void *post_many(void *argument)
{
    struct poster *poster = argument;
    for (int i = 0; i < POSTS; i++) {
        struct one_post *post = malloc(sizeof(*post));
        if (!post) abort();
        *post = (struct one_post){poster->posts, poster->thread, i};
        if (!loop_post(poster->posts->loop, take_post, post)) abort();
    }
    return NULL;
}

static void posts_of_four_threads_all_arrive_each_threads_in_order(void **state)
{
    struct posts posts = {.loop = *state};
    pthread_t threads[THREADS];
    struct poster posters[THREADS];
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (struct poster){&posts, i};
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &posters[i]), 0);
    }
    loop_run(*state);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    assert_int_equal(posts.count, THREADS * POSTS);
}

/* A worker thread that resumes at once: often before the coroutine has suspended. */
struct handoff {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct coroutine *waiting[64];
    int count;
    bool closing;
};
static void *resume_all(void *argument)
{
    struct handoff *handoff = argument;
    pthread_mutex_lock(&handoff->mutex);
    while (!handoff->closing || handoff->count) {
        if (handoff->count == 0) {
            pthread_cond_wait(&handoff->changed, &handoff->mutex);
            continue;
        }
        struct coroutine *coroutine = handoff->waiting[--handoff->count];
        pthread_mutex_unlock(&handoff->mutex);
        coroutine_resume_from_thread(coroutine);
        pthread_mutex_lock(&handoff->mutex);
    }
    pthread_mutex_unlock(&handoff->mutex);
    return NULL;
}
struct client {
    struct handoff *handoff;
    struct crowd *crowd;
};
static void hand_over_often(void *argument)
{
    struct client *client = argument;
    struct handoff *handoff = client->handoff;
    for (int i = 0; i < 500; i++) {
        pthread_mutex_lock(&handoff->mutex);
        handoff->waiting[handoff->count++] = coroutine_current();
        pthread_cond_signal(&handoff->changed);
        pthread_mutex_unlock(&handoff->mutex);
        if (i % 16 == 0) usleep(200); /* gives the thread time to be first */
        coroutine_suspend();
    }
    if (++client->crowd->ended == 20) loop_stop(client->crowd->loop);
}

static void a_resume_that_comes_before_the_suspend_is_not_lost(void **state)
{
    struct handoff handoff = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                              .changed = PTHREAD_COND_INITIALIZER};
    struct crowd crowd = {.loop = *state};
    struct client client = {&handoff, &crowd};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, resume_all, &handoff), 0);
    for (int i = 0; i < 20; i++) assert_true(loop_spawn(*state, hand_over_often, &client));
    loop_run(*state);
    pthread_mutex_lock(&handoff.mutex);
    handoff.closing = true;
    pthread_cond_signal(&handoff.changed);
    pthread_mutex_unlock(&handoff.mutex);
    pthread_join(thread, NULL);
    assert_int_equal(crowd.ended, 20);
}

/* --- work that blocks --- */

struct blocking {
    struct offload *offload;
    struct crowd *crowd;
    _Atomic bool *proceed;
    pthread_t thread;
};

static void block(void *argument)
{
    struct blocking *blocking = argument;
    blocking->thread = pthread_self();
    while (!atomic_load(blocking->proceed)) (void)usleep(100);
}

static void run_blocking(void *argument)
{
    struct blocking *blocking = argument;
    offload_run(blocking->offload, block, blocking);
    if (++blocking->crowd->ended == 2) loop_stop(blocking->crowd->loop);
}

static void let_proceed(void *argument)
{
    atomic_store((_Atomic bool *)argument, true);
}

/* The loop goes on meanwhile: it is a timer of its own that lets the work end. */
static void work_that_blocks_is_done_by_another_thread(void **state)
{
    _Atomic bool proceed = false;
    struct crowd crowd = {.loop = *state};
    struct offload *offload = offload_new(2);
    struct blocking first = {offload, &crowd, &proceed, 0}, second = first;
    assert_non_null(offload);
    assert_true(loop_spawn(*state, run_blocking, &first));
    assert_true(loop_spawn(*state, run_blocking, &second));
    assert_non_null(loop_timer_start(*state, 10, let_proceed, &proceed));
    loop_run(*state);
    assert_int_equal(crowd.ended, 2);
    assert_false(pthread_equal(first.thread, pthread_self()));
    offload_run(offload, block, &first); /* no coroutine: here */
    assert_true(pthread_equal(first.thread, pthread_self()));
    offload_free(offload);
}

/* --- what a switch costs: printed, not judged --- */

static void switch_many(void *argument)
{
    struct crowd *crowd = argument;
    for (int i = 0; i < 200000; i++) {
        coroutine_resume(coroutine_current());
        coroutine_suspend();
    }
    if (++crowd->ended == 4) loop_stop(crowd->loop);
}
static void eight_hundred_thousand_switches_are_counted_right(void **state)
{
    struct crowd crowd = {.loop = *state};
    int64_t start = timers_now_ns();
    for (int i = 0; i < 4; i++) assert_true(loop_spawn(*state, switch_many, &crowd));
    loop_run(*state);
    int64_t taken = timers_now_ns() - start;
    printf("# %.0f ns from a resume to the coroutine running\n", (double)taken / 800000);
    assert_int_equal(crowd.ended, 4);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, setup_loop, free_loop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(a_loop_lags_by_the_time_of_its_turn_and_is_saturated_without_rest),
        LOOP_TEST(timers_fire_in_order_of_deadline_then_of_start),
        LOOP_TEST(a_cancelled_timer_does_not_fire),
        cmocka_unit_test(a_thousand_timers_with_random_cancels_stay_in_order),
        LOOP_TEST(a_watched_descriptor_is_reported_until_it_was_served),
        LOOP_TEST(an_event_of_a_descriptor_unwatched_in_the_same_turn_is_dropped),
        LOOP_TEST(a_bad_descriptor_is_refused),
        LOOP_TEST(hooks_run_each_turn_in_order_and_may_shorten_the_sleep),
        LOOP_TEST(a_coroutine_runs_at_once_and_goes_on_when_it_is_resumed),
        LOOP_TEST(a_coroutine_may_start_another_and_both_go_on),
        LOOP_TEST(coroutines_that_yield_take_turns),
        LOOP_TEST(ten_thousand_coroutines_each_keep_their_stack),
        cmocka_unit_test(spawn_past_the_limit_says_no),
        LOOP_TEST(a_stack_overrun_is_a_fault_at_the_guard_page),
        LOOP_TEST(posts_of_four_threads_all_arrive_each_threads_in_order),
        LOOP_TEST(a_resume_that_comes_before_the_suspend_is_not_lost),
        LOOP_TEST(work_that_blocks_is_done_by_another_thread),
        LOOP_TEST(eight_hundred_thousand_switches_are_counted_right),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
