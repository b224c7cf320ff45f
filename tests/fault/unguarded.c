/* Takes away from the program, from outside, what one of its promises rests on: a fault run must
 * then find the promise broken, or it would not find it broken at other times.
 *
 *     LD_PRELOAD=unguarded.so WITHOUT=fence|order program
 *
 * fence: each producer has a transactional id of its own, so that none shuts out the one before.
 * order: offsets are committed when messages are read, and not behind their effects.
 */
#include <dlfcn.h>
#include <librdkafka/rdkafka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { COMMIT_EVERY = 25 };

static int is_without(const char *guard)
{
    const char *without = getenv("WITHOUT");
    return without && strcmp(without, guard) == 0;
}

/* A pointer to an object may not be cast to one to a function. */
static void find(const char *name, void *function)
{
    void *symbol = dlsym(RTLD_NEXT, name);
    memcpy(function, &symbol, sizeof(symbol));
}

rd_kafka_conf_res_t rd_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value,
                                      char *errstr, size_t errstr_size)
{
    static atomic_int count;
    rd_kafka_conf_res_t (*set)(rd_kafka_conf_t *, const char *, const char *, char *, size_t);
    char own[256];
    find("rd_kafka_conf_set", &set);
    if (!is_without("fence") || strcmp(name, "transactional.id") != 0)
        return set(conf, name, value, errstr, errstr_size);
    (void)snprintf(own, sizeof(own), "%s-%d-%d", value, (int)getpid(), atomic_fetch_add(&count, 1));
    return set(conf, name, own, errstr, errstr_size);
}

rd_kafka_message_t *rd_kafka_consumer_poll(rd_kafka_t *rk, int timeout_ms)
{
    static atomic_int count;
    rd_kafka_message_t *(*poll)(rd_kafka_t *, int);
    find("rd_kafka_consumer_poll", &poll);
    rd_kafka_message_t *message = poll(rk, timeout_ms);
    if (!message || message->err || !is_without("order")) return message;
    if (atomic_fetch_add(&count, 1) % COMMIT_EVERY == 0)
        (void)rd_kafka_commit_message(rk, message, 0);
    return message;
}
