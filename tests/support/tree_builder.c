#include "tree_builder.h"

#include <stdlib.h>

enum { ARENA_MAX_BYTES = 64 << 20 };

static void insist(bool condition)
{
    if (!condition) abort();
}

void tree_builder_reset(struct tree_builder *builder)
{
    arena_reset(&builder->arena);
    builder->tree = (struct tree){.homes = builder->homes, .facts = builder->facts};
}

void tree_builder_init(struct tree_builder *builder)
{
    arena_init(&builder->arena, ARENA_MAX_BYTES);
    tree_builder_reset(builder);
}

void tree_builder_release(struct tree_builder *builder)
{
    arena_release(&builder->arena);
}

int tree_builder_set_up(void **state)
{
    tree_builder_init(*state);
    return 0;
}

int tree_builder_tear_down(void **state)
{
    tree_builder_release(*state);
    return 0;
}

static struct str kept(struct tree_builder *builder, const char *text)
{
    struct str copy = arena_str(&builder->arena, str_from_cstr(text));
    insist(!text || !str_is_none(copy));
    return copy;
}

void tree_builder_home(struct tree_builder *builder, const char *id, const char *parent,
                       instant joined_at)
{
    insist(builder->tree.home_count < TREE_BUILDER_HOMES_MAX);
    int32_t above = parent ? tree_find_home(&builder->tree, str_from_cstr(parent)) : -1;
    insist(!parent || above >= 0);
    builder->homes[builder->tree.home_count++] =
        (struct home){.customer_id = kept(builder, id),
                      .parent = above,
                      .joined_at = parent ? joined_at : INSTANT_NONE};
}

void tree_builder_fact(struct tree_builder *builder, enum fact_kind kind, const char *home,
                       const char *source, const char *subject, instant when, const char *body)
{
    insist(builder->tree.fact_count < TREE_BUILDER_FACTS_MAX);
    builder->facts[builder->tree.fact_count++] =
        (struct fact){.home = kept(builder, home),
                      .kind = kind,
                      .subject = kept(builder, subject),
                      .source = kept(builder, source),
                      .observed_at = when,
                      .recorded_at = when,
                      .actor = STR("tester"),
                      .body = tree_builder_json(builder, body)};
}

void tree_builder_assert(struct tree_builder *builder, const char *home, const char *source,
                         instant when, const char *body)
{
    tree_builder_fact(builder, FACT_ASSERTION, home, source, "", when, body);
}

struct fact *tree_builder_last(struct tree_builder *builder)
{
    insist(builder->tree.fact_count > 0);
    return &builder->facts[builder->tree.fact_count - 1];
}

const struct tree *tree_builder_tree(struct tree_builder *builder)
{
    tree_sort(&builder->tree);
    return &builder->tree;
}

struct json_value *tree_builder_json(struct tree_builder *builder, const char *text)
{
    struct json_value *value = NULL;
    insist(json_parse(kept(builder, text), &builder->arena, &value, NULL) == STATUS_OK);
    return value;
}

const char *tree_builder_text(struct tree_builder *builder, const struct json_value *value)
{
    struct buffer out = {.arena = &builder->arena};
    struct json_writer writer = {.out = &out};
    json_write(&writer, value);
    buffer_append_char(&out, '\0');
    insist(!buffer_failed(&out));
    return out.bytes;
}

const char *tree_builder_golden(struct tree_builder *builder, const struct policy *policy)
{
    struct golden golden;
    enum status status = golden_record(
        tree_builder_tree(builder), policy ? policy : policy_default(), &builder->arena, &golden);
    insist(status == STATUS_OK);
    struct json_value all = *golden.attributes;
    insist(json_object_set(&all, STR("contacts"), *golden.contacts, &builder->arena));
    return tree_builder_text(builder, &all);
}
