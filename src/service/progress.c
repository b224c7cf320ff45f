#include "service/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { TERMINAL_EVERY_MS = 100, LINES_EVERY_MS = 5000 };

static instant now(void)
{
    return environment_system()->now(environment_system());
}

void progress_begin(struct progress *progress, struct str unit, bool quiet)
{
    *progress = (struct progress){
        .unit = unit, .quiet = quiet, .terminal = isatty(STDERR_FILENO) == 1, .begun_at = now()};
    progress->told_at = progress->begun_at;
}

const char *progress_number(int64_t value, char out[PROGRESS_NUMBER_MAX])
{
    char digits[24];
    int len = snprintf(digits, sizeof(digits), "%" PRId64, value);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-') out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static void write_estimate(char *out, size_t size, double seconds, int64_t done, int64_t total)
{
    out[0] = '\0';
    if (total <= 0 || done <= 0) return;
    double share = (double)done / (double)total;
    double left = share < 1 ? seconds * (1 - share) / share : 0;
    (void)snprintf(out, size, ", %d %%, %.0f s left", (int)(share * 100), left);
}

void progress_tell(struct progress *progress, int64_t items, int64_t done, int64_t total)
{
    char count[PROGRESS_NUMBER_MAX], rate[PROGRESS_NUMBER_MAX], estimate[64];
    instant at = now();
    int64_t pause_ms = progress->terminal ? TERMINAL_EVERY_MS : LINES_EVERY_MS;
    if (progress->quiet || at - progress->told_at < pause_ms * (INSTANT_SECOND / 1000)) return;
    progress->told_at = at;
    double seconds = (double)(at - progress->begun_at) / (double)INSTANT_SECOND;
    write_estimate(estimate, sizeof(estimate), seconds, done, total);
    (void)fprintf(stderr, progress->terminal ? "\r\033[K%s %.*s, %s/s%s" : "%s %.*s, %s/s%s\n",
                  progress_number(items, count), STR_ARGS(progress->unit),
                  progress_number((int64_t)((double)items / seconds), rate), estimate);
    progress->shown = true;
}

double progress_end(struct progress *progress)
{
    if (progress->terminal && progress->shown) (void)fprintf(stderr, "\r\033[K");
    return (double)(now() - progress->begun_at) / (double)INSTANT_SECOND;
}
