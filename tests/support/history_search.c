#include "history_search.h"

#include <stdio.h>
#include <string.h>

#include "application/customer_index.h"
#include "application/list_customers.h"

enum { VALUES_MAX = 256, QUERY_MAX = 200, PAIRS = 4 };

struct values {
    struct property *property; /* whose arena they live in */
    struct str items[VALUES_MAX];
    size_t count;
};

/* A short word may be the beginning of more than are looked through. */
static void note_value(void *context, enum search_field field, struct str value)
{
    struct values *values = context;
    (void)field;
    if (values->count == VALUES_MAX || value.len < 3 || value.len > QUERY_MAX / 2) return;
    if (str_is_among(values->items, values->count, value)) return;
    values->items[values->count++] = arena_str(values->property->arena, value);
}

static bool names(struct str page, size_t customer)
{
    char pattern[64];
    int len =
        snprintf(pattern, sizeof(pattern), "\"customerId\":\"%s\"", history_id(customer).text);
    return memmem(page.ptr, page.len, pattern, (size_t)len) != NULL;
}

static bool is_found(struct history_world *world, struct property *property, size_t customer,
                     struct str words)
{
    const struct customer_query query = {.any = words, .limit = 100};
    struct error error = {0};
    struct json_page page;
    arena_reset(&world->arena);
    enum status status =
        list_customers(&world->application, &world->caller, &query, &world->arena, &page, &error);
    PROPERTY_REQUIRE(property, status == STATUS_OK, "the search for %.*s failed: %s",
                     STR_ARGS(words), error.message);
    PROPERTY_REQUIRE(property, names(page.body, customer), "C%zu is not found by %.*s", customer,
                     STR_ARGS(words));
    return true;
}

static bool find_by_all(struct history_world *world, struct property *property, size_t customer)
{
    struct values values = {.property = property};
    struct tree tree;
    arena_reset(&world->arena);
    if (history_tree(world, customer, &tree) != STATUS_OK) return true;
    for (size_t i = 0; i < tree.fact_count; i++)
        customer_index_values(&tree.facts[i], note_value, &values);
    for (size_t i = 0; i < values.count; i++)
        if (!is_found(world, property, customer, values.items[i])) return false;
    for (size_t i = 0; i < PAIRS && values.count > 1; i++) {
        struct str a = values.items[i % values.count];
        struct str b = values.items[values.count - 1 - i % values.count];
        struct str both = arena_format(property->arena, "%.*s %.*s", STR_ARGS(a), STR_ARGS(b));
        if (!is_found(world, property, customer, both)) return false;
    }
    return true;
}

static bool find_nobody_else(struct history_world *world, struct property *property,
                             size_t customer)
{
    struct str words = arena_str(property->arena, str_from_cstr(history_id(customer).text));
    const struct customer_query query = {.any = words, .limit = 100};
    struct error error = {0};
    struct json_page page;
    arena_reset(&world->arena);
    PROPERTY_REQUIRE(property,
                     list_customers(&world->application, &world->caller, &query, &world->arena,
                                    &page, &error) == STATUS_OK,
                     "the search for C%zu failed: %s", customer, error.message);
    PROPERTY_REQUIRE(property, !names(page.body, customer), "C%zu is found and is not there",
                     customer);
    return true;
}

bool history_search_is_whole(struct history_world *world, struct property *property, size_t count)
{
    for (size_t c = 0; c < count; c++) {
        struct str document;
        instant at;
        arena_reset(&world->arena);
        enum status status = history_document(world, c, &document, &at);
        if (!(status == STATUS_OK ? find_by_all : find_nobody_else)(world, property, c))
            return false;
    }
    return true;
}
