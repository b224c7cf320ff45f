/* See property.h. A case is its record of choices; shrinking searches for the shortest record, then
 * the smallest in dictionary order, that still fails. Every accepted edit is smaller in that order,
 * so the search ends; a budget of runs ends it earlier for costly properties. */
#include "property.h"

#include <assert.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { SHRINK_RUNS_MAX = 5000, SHRINK_SECONDS_MAX = 30, ARENA_MAX_BYTES = 256 << 20 };

/* ---- drawing ---- */

/* G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014. */
static uint64_t next_random(struct property *property)
{
    uint64_t z = (property->random_state += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

static void *grown(void *array, size_t *capacity, size_t item_bytes)
{
    *capacity = *capacity ? *capacity * 2 : 64;
    void *bigger = realloc(array, *capacity * item_bytes);
    if (!bigger) abort();
    return bigger;
}

/* The record holds what was used, not what was asked for, so that an edited record that is out of a
 * limit's range becomes one that is in it. */
uint64_t property_choice(struct property *property, uint64_t limit)
{
    assert(limit > 0);
    size_t at = property->choice_count;
    uint64_t value = 0;
    if (!property->replaying)
        value = next_random(property) % limit;
    else if (at < property->replay_count)
        value = property->choices[at] < limit ? property->choices[at] : limit - 1;
    if (at == property->choice_capacity)
        property->choices =
            grown(property->choices, &property->choice_capacity, sizeof(property->choices[0]));
    property->choices[at] = value;
    property->choice_count++;
    return value;
}

int64_t property_between(struct property *property, int64_t low, int64_t high)
{
    assert(low <= high);
    return low + (int64_t)property_choice(property, (uint64_t)(high - low) + 1);
}

bool property_chance(struct property *property, unsigned percent)
{
    return property_choice(property, 100) >= 100 - (percent > 100 ? 100 : percent);
}

bool property_more(struct property *property, size_t done, size_t average, size_t maximum)
{
    if (property->step_count == property->step_capacity)
        property->steps =
            grown(property->steps, &property->step_capacity, sizeof(property->steps[0]));
    property->steps[property->step_count++] = property->choice_count;
    return done < maximum && property_choice(property, average + 1) != 0;
}

/* ---- telling ---- */

bool property_narrating(const struct property *property)
{
    return property->narrating;
}

void property_note(struct property *property, const char *format, ...)
{
    if (!property->narrating) return;
    va_list args;
    va_start(args, format);
    (void)fputs("    ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

bool property_fail(struct property *property, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(property->message, sizeof(property->message), format, args);
    va_end(args);
    return false;
}

/* ---- running one case ---- */

struct trial {
    struct property property;
    property_body *body;
    void *context;
};

static bool run_case(struct trial *trial)
{
    struct property *property = &trial->property;
    arena_reset(property->arena);
    property->choice_count = property->step_count = 0;
    property->message[0] = '\0';
    return trial->body(property, trial->context);
}

static bool run_random(struct trial *trial, uint64_t seed)
{
    trial->property.replaying = false;
    /* Neighbouring seeds must not give neighbouring streams. */
    trial->property.random_state = seed * 0xD1342543DE82EF95u + 1;
    return run_case(trial);
}

static bool run_recorded(struct trial *trial, const uint64_t *choices, size_t count)
{
    struct property *property = &trial->property;
    while (property->choice_capacity < count)
        property->choices =
            grown(property->choices, &property->choice_capacity, sizeof(property->choices[0]));
    if (count) memcpy(property->choices, choices, count * sizeof(choices[0]));
    property->replaying = true;
    property->replay_count = count;
    return run_case(trial);
}

/* ---- shrinking ---- */

struct shrink {
    struct trial *trial;
    uint64_t *best;
    size_t best_count;
    size_t *steps;
    size_t step_count;
    uint64_t *draft;
    size_t runs;
    time_t deadline;
};

static bool spent(const struct shrink *shrink)
{
    return shrink->runs >= SHRINK_RUNS_MAX || time(NULL) > shrink->deadline;
}

static void *copied(void *old, const void *items, size_t bytes)
{
    void *copy = realloc(old, bytes ? bytes : 1);
    if (!copy) abort();
    if (bytes) memcpy(copy, items, bytes);
    return copy;
}

static void keep_best(struct shrink *shrink)
{
    const struct property *property = &shrink->trial->property;
    /* Zeroes at the end are what replaying gives anyway. */
    size_t count = property->choice_count;
    while (count > 0 && property->choices[count - 1] == 0) count--;
    shrink->best = copied(shrink->best, property->choices, count * sizeof(uint64_t));
    shrink->best_count = count;
    shrink->steps = copied(shrink->steps, property->steps, property->step_count * sizeof(size_t));
    shrink->step_count = property->step_count;
    shrink->draft = copied(shrink->draft, shrink->best, count * sizeof(uint64_t));
}

static bool is_smaller(const struct shrink *shrink)
{
    const struct property *property = &shrink->trial->property;
    size_t count = property->choice_count;
    while (count > 0 && property->choices[count - 1] == 0) count--;
    if (count != shrink->best_count) return count < shrink->best_count;
    for (size_t i = 0; i < count; i++)
        if (property->choices[i] != shrink->best[i]) return property->choices[i] < shrink->best[i];
    return false;
}

/* Tries the first `count` choices of the draft; the draft is the best again afterwards. */
static bool try_draft(struct shrink *shrink, size_t count)
{
    bool better = false;
    if (!spent(shrink)) {
        shrink->runs++;
        better = !run_recorded(shrink->trial, shrink->draft, count) && is_smaller(shrink);
    }
    if (better)
        keep_best(shrink);
    else
        shrink->draft = copied(shrink->draft, shrink->best, shrink->best_count * sizeof(uint64_t));
    return better;
}

static bool try_without(struct shrink *shrink, size_t from, size_t to)
{
    if (to > shrink->best_count) to = shrink->best_count;
    if (from >= to) return false;
    memmove(shrink->draft + from, shrink->draft + to, (shrink->best_count - to) * sizeof(uint64_t));
    return try_draft(shrink, shrink->best_count - (to - from));
}

/* Whole steps, last ones first for later steps depend on earlier ones. `width` neighbours at once
 * take out a step that has steps of its own. */
static bool drop_steps(struct shrink *shrink, size_t width)
{
    bool any = false;
    for (size_t i = shrink->step_count; i-- > 0 && !spent(shrink);) {
        if (i + width >= shrink->step_count) continue;
        any |= try_without(shrink, shrink->steps[i], shrink->steps[i + width]);
    }
    return any;
}

static bool drop_chunks(struct shrink *shrink, size_t size)
{
    bool any = false;
    for (size_t at = shrink->best_count; at-- > 0 && !spent(shrink);)
        if (at + size <= shrink->best_count) any |= try_without(shrink, at, at + size);
    return any;
}

static bool zero_chunks(struct shrink *shrink, size_t size)
{
    bool any = false;
    for (size_t at = 0; at + size <= shrink->best_count && !spent(shrink); at += size) {
        bool zero_already = true;
        for (size_t i = at; i < at + size; i++) zero_already &= shrink->best[i] == 0;
        if (zero_already) continue;
        memset(shrink->draft + at, 0, size * sizeof(uint64_t));
        any |= try_draft(shrink, shrink->best_count);
    }
    return any;
}

static bool lower_one(struct shrink *shrink, size_t at)
{
    bool any = false;
    for (uint64_t less = shrink->best[at]; less > 0 && at < shrink->best_count; less /= 2) {
        while (at < shrink->best_count && shrink->best[at] >= less) {
            shrink->draft[at] = shrink->best[at] - less;
            if (!try_draft(shrink, shrink->best_count)) break;
            any = true;
        }
    }
    return any;
}

static bool lower_choices(struct shrink *shrink)
{
    bool any = false;
    for (size_t at = 0; at < shrink->best_count && !spent(shrink); at++)
        any |= lower_one(shrink, at);
    return any;
}

/* Leaves the smallest failing case found in shrink->best. */
static void shrink_case(struct shrink *shrink)
{
    keep_best(shrink);
    bool any = true;
    while (any && !spent(shrink)) {
        any = false;
        for (size_t width = 32; width > 0; width /= 2) any |= drop_steps(shrink, width);
        for (size_t size = 8; size > 0; size /= 2) any |= drop_chunks(shrink, size);
        for (size_t size = 8; size > 0; size /= 2) any |= zero_chunks(shrink, size);
        any |= lower_choices(shrink);
    }
}

/* ---- the whole ---- */

static struct trial *running_trial;
static uint64_t running_seed;

/* An assertion in the tested code ends the process: say at least which case it was. */
static void report_abort(int signal_number)
{
    char line[96];
    int length =
        /* The process is at its end, and this may fail: NOLINTNEXTLINE(bugprone-signal-handler) */
        snprintf(line, sizeof(line), "property: aborted; PROPERTY_SEED=%llu PROPERTY_RUNS=1\n",
                 (unsigned long long)running_seed);
    if (running_trial && length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0) _exit(1);
    (void)signal(signal_number, SIG_DFL);
    (void)raise(signal_number);
}

static void shrink_and_tell(struct trial *trial, struct property_report *report, bool narrate)
{
    struct shrink shrink = {.trial = trial, .deadline = time(NULL) + SHRINK_SECONDS_MAX};
    shrink_case(&shrink);
    trial->property.narrating = narrate;
    bool held = run_recorded(trial, shrink.best, shrink.best_count);
    trial->property.narrating = false;
    report->choice_count = shrink.best_count;
    report->shrink_runs = shrink.runs;
    (void)snprintf(report->message, sizeof(report->message), "%s",
                   held ? "the property is not deterministic: it held when run again"
                        : trial->property.message);
    free(shrink.best);
    free(shrink.steps);
    free(shrink.draft);
}

static bool run_all(struct trial *trial, size_t runs, uint64_t seed, bool narrate,
                    struct property_report *report)
{
    for (size_t i = 0; i < runs; i++) {
        running_seed = seed + i;
        if (run_random(trial, seed + i)) continue;
        *report = (struct property_report){.seed = seed + i, .case_number = i + 1};
        if (narrate) (void)fprintf(stderr, "\nThe smallest failing case:\n");
        shrink_and_tell(trial, report, narrate);
        return false;
    }
    return true;
}

static bool run_property(property_body *body, void *context, size_t runs, uint64_t seed,
                         bool narrate, struct property_report *report)
{
    struct arena arena;
    arena_init(&arena, ARENA_MAX_BYTES);
    struct trial trial = {.property = {.arena = &arena}, .body = body, .context = context};
    running_trial = &trial;
    void (*before)(int) = signal(SIGABRT, report_abort);
    bool held = run_all(&trial, runs, seed, narrate, report);
    (void)signal(SIGABRT, before);
    running_trial = NULL;
    free(trial.property.choices);
    free(trial.property.steps);
    arena_release(&arena);
    return held;
}

bool property_run(property_body *body, void *context, size_t runs, uint64_t seed,
                  struct property_report *report)
{
    return run_property(body, context, runs, seed, false, report);
}

static uint64_t first_seed(void)
{
    const char *text = getenv("PROPERTY_SEED");
    if (!text) return 1;
    return strcmp(text, "random") == 0 ? (uint64_t)time(NULL) << 20 : strtoull(text, NULL, 10);
}

void property_check(const char *claim, property_body *body, void *context, size_t runs)
{
    const char *text = getenv("PROPERTY_RUNS");
    if (text) runs = (size_t)strtoull(text, NULL, 10);
    struct property_report report;
    if (run_property(body, context, runs, first_seed(), true, &report)) return;
    (void)fprintf(stderr,
                  "This does not hold: %s\n  because %s\n  case %zu of %zu, made smaller in %zu "
                  "runs; again with PROPERTY_SEED=%llu PROPERTY_RUNS=1\n",
                  claim, report.message, report.case_number, runs, report.shrink_runs,
                  (unsigned long long)report.seed);
    fail_msg("property broken: %s", claim);
}
