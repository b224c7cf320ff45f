#include "adapters/api/metrics.h"

#include <string.h>

#include "unit.h"

static void counts_of_all_loops_are_summed_up(void **state)
{
    static struct metrics one, two;
    static const struct str names[] = {STR("get"), STR("list")};
    struct metrics_source sources[] = {{&one, 3, 10}, {&two, 4, 20}};
    struct arena arena;
    (void)state;
    arena_init(&arena, 1 << 20);
    struct buffer out = {.arena = &arena};
    metrics_count(&one, 0, 200, 90);
    metrics_count(&two, 0, 204, 300);
    metrics_count(&two, 0, 503, 9000000);
    metrics_add(&one.in_flight, 1);
    metrics_write(&out, sources, 2, names, 2);
    buffer_append_char(&out, '\0');
    static const char *const lines[] = {
        "customer360_http_requests_total{route=\"get\",status=\"2xx\"} 2\n",
        "customer360_http_requests_total{route=\"get\",status=\"5xx\"} 1\n",
        "customer360_http_request_duration_seconds_bucket{route=\"get\",le=\"0.0001\"} 1\n",
        "customer360_http_request_duration_seconds_bucket{route=\"get\",le=\"0.0005\"} 2\n",
        "customer360_http_request_duration_seconds_bucket{route=\"get\",le=\"2.5\"} 2\n",
        "customer360_http_request_duration_seconds_bucket{route=\"get\",le=\"+Inf\"} 3\n",
        "customer360_http_request_duration_seconds_count{route=\"get\"} 3\n",
        "customer360_http_requests_in_flight 1\n",
        "customer360_http_connections 7\n",
        "customer360_http_connections_accepted_total 30\n",
    };
    for (size_t i = 0; i < UNIT_COUNT(lines); i++)
        if (!strstr(buffer_str(&out).ptr, lines[i])) fail_msg("lacks %s", lines[i]);
    assert_null(strstr(buffer_str(&out).ptr, "list"));
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_all_loops_are_summed_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
