/* Writes what describes the API from the tables that it runs on: schemas/openapi.json, the schemas
 * of the events, and the tables of docs/api.md between its marks. Usage: write_api openapi |
 * asyncapi | routes | errors | schemas */
#include <stdio.h>
#include <string.h>

#include "adapters/api/failures.h"
#include "adapters/api/openapi.h"
#include "adapters/events/asyncapi.h"
#include "adapters/events/event_schemas.h"
#include "service/version.h"

static void write_routes(struct buffer *out)
{
    buffer_append(out, STR("| request | what | permission | answers |\n|---|---|---|---|\n"));
    for (size_t i = 0; i < routes_count; i++) {
        const struct route *route = &routes[i];
        struct str permission = route->permission == ROUTE_PUBLIC
                                    ? STR("none")
                                    : permission_name((enum permission)route->permission);
        buffer_append_format(out, "| `%.*s %.*s` | %.*s | %.*s | %d |\n",
                             STR_ARGS(route_method_name(route->method)), STR_ARGS(route->path),
                             STR_ARGS(route->summary), STR_ARGS(permission), route->success);
    }
}

enum { STATUSES_OF_A_CODE = 4 };

/* In ascending order, each once. */
static void note_status(int statuses[STATUSES_OF_A_CODE], int http)
{
    for (size_t i = 0; i < STATUSES_OF_A_CODE && statuses[i] != http; i++) {
        if (statuses[i] && statuses[i] < http) continue;
        int greater = statuses[i];
        statuses[i] = http;
        http = greater;
        if (http == 0) return;
    }
}

/* With every status that a route may answer the code with. */
static void write_errors(struct buffer *out)
{
    /* These two are of no route. */
    int statuses[STATUS_COUNT][STATUSES_OF_A_CODE] = {
        [STATUS_ROUTE_NOT_FOUND] = {404}, [STATUS_METHOD_NOT_ALLOWED] = {405}};
    for (size_t r = 0; r < routes_count; r++) {
        struct route_failure all[FAILURES_MAX];
        size_t count = failures_of(&routes[r], all);
        for (size_t i = 0; i < count; i++) note_status(statuses[all[i].status], all[i].http);
    }
    buffer_append(out, STR("| code | status | meaning |\n|---|---|---|\n"));
    for (unsigned i = 1; i < STATUS_COUNT; i++) {
        if (!statuses[i][0]) continue;
        buffer_append_format(out, "| `%.*s` | %d", STR_ARGS(status_code(i)), statuses[i][0]);
        for (size_t s = 1; s < STATUSES_OF_A_CODE && statuses[i][s]; s++)
            buffer_append_format(out, ", %d", statuses[i][s]);
        buffer_append_format(out, " | %.*s |\n", STR_ARGS(status_meaning(i)));
    }
}

/* One a line: name, tab, schema. */
static void write_schemas(struct buffer *out)
{
    for (int i = 0; i < EVENT_TYPE_COUNT; i++) {
        buffer_append(out, event_schemas[i].name);
        buffer_append_char(out, '\t');
        avro_write_schema(out, &event_schemas[i]);
        buffer_append_char(out, '\n');
    }
}

int main(int count, char **arguments)
{
    struct arena arena;
    struct api_options options = {.version = STR(CUSTOMER360_VERSION)};
    arena_init(&arena, 16 << 20);
    struct buffer out = {.arena = &arena};
    const char *what = count == 2 ? arguments[1] : "";
    if (strcmp(what, "openapi") == 0)
        buffer_append(&out, openapi_write(&options, &arena));
    else if (strcmp(what, "asyncapi") == 0)
        buffer_append(&out, asyncapi_write(options.version, &arena));
    else if (strcmp(what, "routes") == 0)
        write_routes(&out);
    else if (strcmp(what, "errors") == 0)
        write_errors(&out);
    else if (strcmp(what, "schemas") == 0)
        write_schemas(&out);
    else
        return 2;
    if (str_ends_with(str_from_cstr(what), STR("api"))) buffer_append_char(&out, '\n');
    size_t written = fwrite(buffer_str(&out).ptr, 1, out.len, stdout);
    bool fine = !buffer_failed(&out) && written == out.len && fflush(stdout) == 0;
    arena_release(&arena);
    return fine ? 0 : 1;
}
