#include "service/policies.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "service/files.h"

enum { POLICY_FILE_MAX = 4 << 20 };

/* One reading of the file. */
struct policy_table {
    struct policy_table *older;
    struct arena arena;
    struct str *tenants;
    const struct policy **policies;
    size_t count;
    const struct policy *others;
};

struct policies {
    struct policy_table *_Atomic current;
};

static int compare_members(const void *a, const void *b)
{
    const struct json_member *left = a, *right = b;
    return str_compare(left->name, right->name);
}

static enum status parse_table(struct policy_table *table, struct json_value *root,
                               struct error *error)
{
    table->tenants = ARENA_NEW_ARRAY(&table->arena, struct str, root->count + 1);
    table->policies = ARENA_NEW_ARRAY(&table->arena, const struct policy *, root->count + 1);
    if (!table->tenants || !table->policies) return error_plain(error, STATUS_OUT_OF_MEMORY);
    if (root->count > 0)
        qsort(root->members, root->count, sizeof(root->members[0]), compare_members);
    for (size_t i = 0; i < root->count; i++) {
        const struct policy *policy;
        TRY(policy_parse(&root->members[i].value, &table->arena, &policy, error));
        if (str_equal(root->members[i].name, STR("*"))) table->others = policy;
        table->tenants[table->count] = root->members[i].name;
        table->policies[table->count++] = policy;
    }
    return STATUS_OK;
}

static enum status read_table(struct str path, struct policy_table *table, struct error *error)
{
    struct str text;
    struct json_value *root;
    table->others = policy_default();
    if (str_is_empty(path)) return STATUS_OK;
    TRY(files_read(path, POLICY_FILE_MAX, &table->arena, &text, error));
    TRY(json_parse(text, &table->arena, &root, error));
    if (root->type != JSON_OBJECT)
        return error_set(error, STATUS_CONFIGURATION, STR(""), STR("{\"tenant\": policy, ...}"),
                         "the file holds no object");
    return parse_table(table, root, error);
}

static void free_table(struct policy_table *table)
{
    if (!table) return;
    arena_release(&table->arena);
    free(table);
}

/* Puts the file's name in front, so that the message says where to look. */
static enum status blame_file(struct str path, struct error *error)
{
    struct error inner = *error;
    return error_set(error, STATUS_CONFIGURATION, STR("policy.file"), str_from_cstr(inner.allowed),
                     "policy.file %.*s: %s%s%s", STR_ARGS(path), inner.field,
                     inner.field[0] ? ": " : "", inner.message);
}

enum status policies_reload(struct policies *policies, struct str path, struct error *error)
{
    struct error reason = {.status = STATUS_OK};
    struct policy_table *table = calloc(1, sizeof(*table));
    if (!table) return error_plain(error, STATUS_OUT_OF_MEMORY);
    arena_init(&table->arena, 4 * POLICY_FILE_MAX);
    if (read_table(path, table, &reason) != STATUS_OK) {
        free_table(table);
        if (error) *error = reason;
        return error ? blame_file(path, error) : STATUS_CONFIGURATION;
    }
    table->older = atomic_load(&policies->current);
    atomic_store(&policies->current, table);
    return STATUS_OK;
}

enum status policies_new(struct str path, struct policies **out, struct error *error)
{
    *out = NULL;
    struct policies *policies = calloc(1, sizeof(*policies));
    if (!policies) return error_plain(error, STATUS_OUT_OF_MEMORY);
    enum status status = policies_reload(policies, path, error);
    if (status != STATUS_OK) {
        policies_free(policies);
        return status;
    }
    *out = policies;
    return STATUS_OK;
}

void policies_free(struct policies *policies)
{
    if (!policies) return;
    for (struct policy_table *table = atomic_load(&policies->current), *older; table;
         table = older) {
        older = table->older;
        free_table(table);
    }
    free(policies);
}

const struct policy *policies_for(struct policies *policies, struct str tenant)
{
    const struct policy_table *table = atomic_load(&policies->current);
    size_t low = 0, high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_compare(table->tenants[middle], tenant);
        if (order == 0) return table->policies[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return table->others;
}
