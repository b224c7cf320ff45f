/* Several hosts in one URL: the primary and those that may take its place. libpq asks the next one
 * when one refuses; but asked not to wait it has no clock, and one that neither refuses nor
 * answers, as of a machine without power, would be asked for ever. So there is a list for each host
 * to begin with, and a pool whose attempt ran out of time takes the next. */
#include <stdlib.h>
#include <string.h>

#include "engines/sql/postgres_internal.h"

/* What libpq takes one of for each host. */
static bool is_per_host(const char *keyword)
{
    return strcmp(keyword, "host") == 0 || strcmp(keyword, "hostaddr") == 0 ||
           strcmp(keyword, "port") == 0;
}

static size_t count_parts(const char *text)
{
    size_t count = 1;
    for (; *text; text++) count += *text == ',';
    return count;
}

/* "a,b,c" from the part `first` on: "b,c,a". A single one is for all hosts. */
static char *rotate(const char *text, size_t first)
{
    const char *from = text;
    size_t len = strlen(text);
    char *out = malloc(len + 2);
    if (!out) return NULL;
    for (first %= count_parts(text); first > 0; first--) from = strchr(from, ',') + 1;
    size_t tail = len - (size_t)(from - text);
    memcpy(out, from, tail);
    if (from > text) {
        out[tail] = ',';
        memcpy(out + tail + 1, text, len - tail - 1); /* without the comma before `from` */
    }
    out[len] = '\0';
    return out;
}

static char **values_from(char *const *keywords, char *const *values, size_t first)
{
    size_t count = 0;
    while (keywords[count]) count++;
    char **out = calloc(count + 1, sizeof(*out));
    for (size_t i = 0; out && i < count; i++) {
        out[i] = is_per_host(keywords[i]) ? rotate(values[i], first) : strdup(values[i]);
        if (out[i]) continue;
        postgres_free_url(out, NULL);
        return NULL;
    }
    return out;
}

static size_t count_hosts(char *const *keywords, char *const *values)
{
    size_t most = 1;
    for (size_t i = 0; keywords[i]; i++) {
        bool names_hosts = strcmp(keywords[i], "host") == 0 || strcmp(keywords[i], "hostaddr") == 0;
        size_t count = names_hosts ? count_parts(values[i]) : 1;
        if (count > most) most = count;
    }
    return most;
}

bool postgres_hosts_init(struct postgres_hosts *hosts, char **keywords, char **values)
{
    *hosts = (struct postgres_hosts){.keywords = keywords, .count = count_hosts(keywords, values)};
    hosts->values = calloc(hosts->count, sizeof(*hosts->values));
    bool fine = hosts->values != NULL;
    for (size_t i = 0; fine && i < hosts->count; i++)
        fine = (hosts->values[i] = values_from(keywords, values, i)) != NULL;
    postgres_free_url(NULL, values);
    return fine;
}

void postgres_hosts_release(struct postgres_hosts *hosts)
{
    for (size_t i = 0; hosts->values && i < hosts->count; i++)
        postgres_free_url(NULL, hosts->values[i]);
    free(hosts->values);
    postgres_free_url(hosts->keywords, NULL);
    *hosts = (struct postgres_hosts){.count = 0};
}
