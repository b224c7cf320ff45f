/* An open-loop load generator: requests begin when they are due, whether or not the ones before
 * were answered, as those of many users do; what waits for a connection waits in its latency. (wrk
 * is closed: with all its connections waiting it asks no more, and no service is ever overloaded.)
 *
 *     bench_load PORT TOKEN TARGETS PHASE...
 *
 * TARGETS is a file of paths to GET in turn, or "create" to POST new customers. A phase is
 * RATE:SECONDS (Poisson arrivals), or cCOUNT:SECONDS (closed, so many at once). One line of JSON
 * for each: what was answered, latencies from the time that a request was due, and the time from
 * the beginning of the phase to the last refusal (503) in it.
 */
#include <errno.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 3500, ANSWER_MAX = 1 << 20, SAMPLES_MAX = 4 << 20, LINE_MAX_BYTES = 1024 };

struct connection {
    int fd;
    int64_t due_ns;
    size_t have;
    char *answer;
    struct connection *next; /* idle */
};

struct samples {
    float *ms;
    size_t count;
};

static struct {
    int port, epoll_fd;
    const char *token;
    char **targets; /* NULL: create */
    size_t target_count, number;
    struct connection *idle;
    size_t open, in_flight;
    struct samples accepted, refused;
    size_t others, bare; /* refused without Retry-After */
    int64_t last_refusal_ns;
} load;

static int64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void keep(struct samples *samples, int64_t due_ns)
{
    if (samples->count < SAMPLES_MAX)
        samples->ms[samples->count++] = (float)((double)(now_ns() - due_ns) / 1e6);
}

/* --- connections --- */

static struct connection *connect_one(void)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)load.port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    if (!connection || !(connection->answer = malloc(ANSWER_MAX))) fail("malloc");
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (connection->fd < 0) fail("socket");
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(connection->fd, (struct sockaddr *)&address, sizeof(address)) != 0 &&
        errno != EINPROGRESS)
        fail("connect");
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
    if (epoll_ctl(load.epoll_fd, EPOLL_CTL_ADD, connection->fd, &event) != 0) fail("epoll_ctl");
    load.open++;
    return connection;
}

static int write_request(char *line, size_t size)
{
    size_t number = load.number++;
    if (load.targets)
        return snprintf(line, size,
                        "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n",
                        load.targets[number % load.target_count], load.token);
    char body[256];
    int length = snprintf(
        body, sizeof(body),
        "{\"name\":\"Customer %d-%zu\",\"emails\":[\"info@%d-%zu.example\"],\"segment\":\"SMB\"}",
        (int)getpid(), number, (int)getpid(), number);
    return snprintf(
        line, size,
        "POST /api/v1/crm/customers HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n"
        "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
        load.token, length, body);
}

/* Sends, waiting for a connection that is being made: it is on the loopback. */
static void ask(struct connection *connection, int64_t due_ns)
{
    char line[LINE_MAX_BYTES * 4];
    int length = write_request(line, sizeof(line));
    struct timespec pause = {.tv_nsec = 50000};
    connection->due_ns = due_ns;
    connection->have = 0;
    for (int sent = 0; sent < length;) {
        ssize_t count = send(connection->fd, line + sent, (size_t)(length - sent), MSG_NOSIGNAL);
        if (count > 0) sent += (int)count;
        if (count < 0 && errno != EAGAIN && errno != ENOTCONN) fail("send");
        if (count < 0) (void)nanosleep(&pause, NULL);
    }
    load.in_flight++;
}

/* False when there is none to be had. */
static int begin(int64_t due_ns)
{
    struct connection *connection = load.idle;
    if (connection)
        load.idle = connection->next;
    else if (load.open < CONNECTIONS_MAX)
        connection = connect_one();
    if (connection) ask(connection, due_ns);
    return connection != NULL;
}

/* --- answers --- */

static void count_answer(const struct connection *connection)
{
    long status = strtol(connection->answer + 9, NULL, 10);
    if (status < 300) {
        keep(&load.accepted, connection->due_ns);
    } else if (status == 503) {
        keep(&load.refused, connection->due_ns);
        load.last_refusal_ns = now_ns();
        if (!strcasestr(connection->answer, "\r\nretry-after:")) load.bare++;
    } else {
        load.others++;
    }
}

static void end_connection(struct connection *connection)
{
    (void)close(connection->fd);
    free(connection->answer);
    free(connection);
    load.open--;
}

static void read_answer(struct connection *connection)
{
    ssize_t count = recv(connection->fd, connection->answer + connection->have,
                         ANSWER_MAX - 1 - connection->have, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) fail("the service closed a connection");
    connection->have += (size_t)count;
    connection->answer[connection->have] = '\0';
    char *end = strstr(connection->answer, "\r\n\r\n");
    char *length = end ? strcasestr(connection->answer, "\r\ncontent-length:") : NULL;
    if (!end) return;
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    if (connection->have < (size_t)(end + 4 - connection->answer) + body) return;
    count_answer(connection);
    load.in_flight--;
    if (strcasestr(connection->answer, "\r\nconnection: close")) {
        end_connection(connection);
        return;
    }
    connection->next = load.idle;
    load.idle = connection;
}

static void serve(int64_t wait_ns)
{
    struct epoll_event events[256];
    struct timespec timeout = {.tv_nsec = wait_ns < 0 ? 0 : wait_ns > 999999 ? 999999 : wait_ns};
    int count = epoll_pwait2(load.epoll_fd, events, 256, &timeout, NULL);
    for (int i = 0; i < count; i++) read_answer(events[i].data.ptr);
}

/* --- phases --- */

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static double percentile(const struct samples *samples, double share)
{
    if (samples->count == 0) return 0;
    return (double)samples->ms[(size_t)((double)(samples->count - 1) * share)];
}

static void report(const char *phase, double seconds, int64_t start_ns)
{
    qsort(load.accepted.ms, load.accepted.count, sizeof(float), compare);
    qsort(load.refused.ms, load.refused.count, sizeof(float), compare);
    printf(
        "{\"phase\":\"%s\",\"accepted\":%zu,\"per_second\":%.0f,\"accepted_p50_ms\":%.2f,"
        "\"accepted_p99_ms\":%.2f,\"accepted_max_ms\":%.2f,\"refused\":%zu,\"refused_p50_ms\":%.2f,"
        "\"refused_p99_ms\":%.2f,\"without_retry_after\":%zu,\"others\":%zu,\"last_refusal_ms\":%."
        "0f}\n",
        phase, load.accepted.count, (double)load.accepted.count / seconds,
        percentile(&load.accepted, .5), percentile(&load.accepted, .99),
        percentile(&load.accepted, 1), load.refused.count, percentile(&load.refused, .5),
        percentile(&load.refused, .99), load.bare, load.others,
        load.last_refusal_ns ? (double)(load.last_refusal_ns - start_ns) / 1e6 : 0);
    (void)fflush(stdout);
    load.accepted.count = load.refused.count = load.bare = load.others = 0;
    load.last_refusal_ns = 0;
}

static void run_phase(const char *phase)
{
    int closed = phase[0] == 'c';
    char *rest = NULL;
    double rate = strtod(phase + closed, &rest);
    double seconds = *rest == ':' ? strtod(rest + 1, NULL) : 0;
    if (seconds <= 0) fail("RATE:SECONDS");
    int64_t start = now_ns(), end = start + (int64_t)(seconds * 1e9), due = start;
    while (now_ns() < end) {
        while (closed && load.in_flight < (size_t)rate && begin(now_ns())) continue;
        while (!closed && rate > 0 && due <= now_ns() && begin(due))
            due += (int64_t)(-log(1 - drand48()) / rate * 1e9);
        serve(closed || rate <= 0 ? 999999 : due - now_ns());
    }
    report(phase, seconds, start);
}

static void read_targets(const char *path)
{
    char line[LINE_MAX_BYTES];
    FILE *file = strcmp(path, "create") == 0 ? NULL : fopen(path, "r");
    if (!file && strcmp(path, "create") != 0) fail(path);
    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        load.targets = realloc(load.targets, (load.target_count + 1) * sizeof(char *));
        if (!load.targets || !(load.targets[load.target_count++] = strdup(line))) fail("malloc");
    }
    if (file) (void)fclose(file);
}

int main(int count, char **arguments)
{
    if (count < 5) {
        (void)fprintf(stderr, "bench_load PORT TOKEN TARGETS PHASE...\n");
        return 2;
    }
    load.port = (int)strtol(arguments[1], NULL, 10);
    load.token = arguments[2];
    load.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    load.accepted.ms = malloc(SAMPLES_MAX * sizeof(float));
    load.refused.ms = malloc(SAMPLES_MAX * sizeof(float));
    if (!load.accepted.ms || !load.refused.ms || load.epoll_fd < 0) fail("start");
    read_targets(arguments[3]);
    srand48(17);
    for (int i = 4; i < count; i++) run_phase(arguments[i]);
    return 0;
}
