/* Random histories of customers, driven through the use cases over any store.
 *
 * A world is one tenant of a store with a clock and identifiers of its own, so that the same steps
 * give the same state, to the byte, whenever and wherever they are taken. A step is plain data;
 * what it means is decided when it is taken (a step addressed to a merged customer goes to the
 * survivor).
 *
 *     struct history_world world;
 *     history_world_init(&world, store, STR("t1"));
 *     history_draw(property, &history, &options);
 *     for (i...) history_take(&world, property, &history.steps[i], &effect);
 *     history_world_release(&world);
 */
#ifndef TESTS_SUPPORT_HISTORY_H
#define TESTS_SUPPORT_HISTORY_H

#include "application/application.h"
#include "domain/consent.h"
#include "property.h"

enum { HISTORY_STEPS_MAX = 64, HISTORY_CUSTOMERS_MAX = 6, HISTORY_MERGES_MAX = HISTORY_STEPS_MAX };

enum history_kind {
    HISTORY_SET,         /* one scalar attribute */
    HISTORY_ADD_TO_LIST, /* one e-mail, phone or identifier */
    HISTORY_REMOVE_FROM_LIST,
    HISTORY_SET_PREFERENCE,
    HISTORY_ADD_CONTACT,
    HISTORY_CHANGE_CONTACT,
    HISTORY_REMOVE_CONTACT,
    HISTORY_RELATE,
    HISTORY_END_RELATION,
    HISTORY_IMPORT, /* the customer's source record says something else */
    HISTORY_BLOCK,  /* the accounts block the customer, or end that */
    HISTORY_TELL,   /* a service order or a contract */
    HISTORY_GRANT,
    HISTORY_REVOKE,
    HISTORY_SUSPECT,    /* a possible duplicate is found */
    HISTORY_TELL_APART, /* a steward decides that one is none */
    HISTORY_MERGE,
    HISTORY_UNMERGE,
    HISTORY_KIND_COUNT
};

struct history_step {
    enum history_kind kind;
    size_t number;   /* gives ids and the time */
    size_t customer; /* index: customerId is C0, C1 ... */
    size_t other;    /* the other customer, or which contact, relation or merge */
    size_t field;
    size_t value;
};

struct history {
    size_t customer_count;
    struct history_step steps[HISTORY_STEPS_MAX];
    size_t count;
};

struct history_options {
    size_t steps; /* on average */
    bool merges;
};

void history_draw(struct property *property, struct history *history,
                  const struct history_options *options);

struct history_thing { /* a contact or relation that was added */
    size_t number;     /* of the step that added it */
    size_t home;
};

/* Two homes that were told apart: by a steward, or by taking a merge of the one into the other
 * back. */
struct history_apart {
    size_t a, b;
};

struct history_world {
    struct application application;
    struct environment_fixed environment;
    bool clock_stands; /* all steps happen at the same time */
    struct caller caller;
    struct arena arena; /* of one step */
    struct history_thing contacts[HISTORY_STEPS_MAX];
    size_t contact_count;
    struct history_thing relations[HISTORY_STEPS_MAX];
    size_t relation_count;
    char merges[HISTORY_MERGES_MAX][40];
    bool merge_reversed[HISTORY_MERGES_MAX];
    struct history_apart merged[HISTORY_MERGES_MAX]; /* target and source */
    size_t merge_count;
    struct history_apart apart[HISTORY_STEPS_MAX + HISTORY_MERGES_MAX];
    size_t apart_count;
};

void history_world_init(struct history_world *world, struct store *store, struct str tenant);
void history_world_release(struct history_world *world);

/* What became of a step. */
struct history_effect {
    enum status status;
    bool changed;             /* something was written */
    struct history_step step; /* as it has to be taken in a world where nothing was ever merged */
    /* For a revocation: the customers that it has to be taken for there, one by one. */
    size_t homes[HISTORY_CUSTOMERS_MAX];
    size_t home_count;
};

/* Creates C<index> at its own time. */
enum status history_create(struct history_world *world, struct property *property, size_t index);
/* Refusals are effects; false (and property_fail) for what must never happen. */
bool history_take(struct history_world *world, struct property *property,
                  const struct history_step *step, struct history_effect *effect);
/* Imports a record of the job `import_id` about customer `index`, which may be new; its values are
 * none that a step gives. Refusals are effects. */
bool history_import(struct history_world *world, struct property *property, struct str import_id,
                    int64_t step, size_t index, size_t value);
/* Takes back all merges in force, in an order drawn. */
bool history_unmerge_all(struct history_world *world, struct property *property);

/* Contacts as a source has them: of one id in all homes, of one address, of one name; and one that
 * steps change and remove, as if it had been added by step number `own`. */
struct str history_imported_contacts(struct arena *arena, const struct history_step *step,
                                     size_t own);

/* The id of a customer, in a buffer of the call's. */
struct history_id {
    char text[8];
};
struct history_id history_id(size_t index);
/* The index of the survivor. */
enum status history_root(struct history_world *world, size_t index, size_t *root);
/* Reads; in the world's arena, which the next step empties. */
enum status history_document(struct history_world *world, size_t index, struct str *document,
                             instant *updated_at);
/* The tree whose root the customer is; STATUS_CUSTOMER_MERGED otherwise. */
enum status history_tree(struct history_world *world, size_t index, struct tree *tree);

/* Every question about consent that the steps can touch. */
size_t history_question_count(void);
struct consent_question history_question(size_t index);

#endif
