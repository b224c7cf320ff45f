/* Trees for tests of the domain, made by hand in a few lines.
 *
 *     struct tree_builder b;
 *     tree_builder_init(&b);
 *     tree_builder_home(&b, "A", NULL, 0);
 *     tree_builder_home(&b, "B", "A", 50);                       merged into A at time 50
 *     tree_builder_assert(&b, "A", "crm", 10, "{\"name\":\"Acme\"}");
 *     const struct tree *tree = tree_builder_tree(&b);            sorted
 *     ...
 *     tree_builder_release(&b);
 *
 * Running out of room or a mistake in the JSON aborts: they are mistakes of the test.
 */
#ifndef TESTS_SUPPORT_TREE_BUILDER_H
#define TESTS_SUPPORT_TREE_BUILDER_H

#include "domain/golden.h"

enum { TREE_BUILDER_HOMES_MAX = 64, TREE_BUILDER_FACTS_MAX = 1024 };

struct tree_builder {
    struct arena arena;
    struct tree tree;
    struct home homes[TREE_BUILDER_HOMES_MAX];
    struct fact facts[TREE_BUILDER_FACTS_MAX];
};

void tree_builder_init(struct tree_builder *builder);
/* Forgets homes and facts. */
void tree_builder_reset(struct tree_builder *builder);
void tree_builder_release(struct tree_builder *builder);
/* The same as fixtures of cmocka, whose initial state is the builder:
 *     cmocka_unit_test_prestate_setup_teardown(test, tree_builder_set_up, tree_builder_tear_down,
 * &b) */
int tree_builder_set_up(void **state);
int tree_builder_tear_down(void **state);
/* parent is NULL for the root. */
void tree_builder_home(struct tree_builder *builder, const char *id, const char *parent,
                       instant joined_at);
/* Observed and recorded at `when`. */
void tree_builder_fact(struct tree_builder *builder, enum fact_kind kind, const char *home,
                       const char *source, const char *subject, instant when, const char *body);
void tree_builder_assert(struct tree_builder *builder, const char *home, const char *source,
                         instant when, const char *body);
/* The fact added last, to change what the shorthands do not say. */
struct fact *tree_builder_last(struct tree_builder *builder);
const struct tree *tree_builder_tree(struct tree_builder *builder);

/* JSON text to a value and back. */
struct json_value *tree_builder_json(struct tree_builder *builder, const char *text);
const char *tree_builder_text(struct tree_builder *builder, const struct json_value *value);
/* The golden record by the policy (NULL: the default one), as compact JSON of its attributes and
 * contacts, for comparing and showing. */
const char *tree_builder_golden(struct tree_builder *builder, const struct policy *policy);

#endif
