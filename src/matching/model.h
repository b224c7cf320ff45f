/* The model: for each level of each comparison, how often it comes out among pairs that are the
 * same (m), among random pairs (u), and among pairs that are related but not the same (household
 * members; branches of a company, companies at one address). I. P. Fellegi and A. B. Sunter, "A
 * theory for record linkage" (1969), with the related classes as further mixture components: two
 * members of a household agree in address, phone and family name at once, which a product of
 * independent u's would take for certain proof.
 *
 * A model is a readable text file: one line per level, the same numbers always give the same bytes.
 */
#ifndef MATCHING_MODEL_H
#define MATCHING_MODEL_H

#include "base/buffer.h"
#include "matching/comparison.h"

enum model_kind { MODEL_PERSON, MODEL_ORGANISATION, MODEL_KIND_COUNT };
enum { MODEL_RELATED_MAX = 2, MODEL_VERSION = 2 };

struct model_class {
    double level[COMPARISON_COUNT][LEVEL_MAX]; /* without missing each row sums to 1 */
};

struct model {
    enum model_kind kind;
    struct model_class match, random;
    struct model_class related[MODEL_RELATED_MAX];
    int related_count;
    double related_ratio[MODEL_RELATED_MAX]; /* such pairs per matching pair */
    double duplicates_per_record;            /* matching pairs per record that are expected */
    uint64_t trained_pairs;                  /* 0: as shipped */
};

/* Both kinds. */
struct model_set {
    struct model kind[MODEL_KIND_COUNT];
};

void model_set_default(struct model_set *models);
const char *model_kind_name(enum model_kind kind);
/* Whether the levels say anything besides names. With names alone a branch or a namesake in the
 * household cannot be told from the customer, and for who asks is the customer. */
bool model_tells_related(enum model_kind kind, const uint8_t level[COMPARISON_COUNT]);
/* Whether a pair in which these comparisons (bits) say something can be of the related class:
 * colleagues are told by what they have of their employer's. */
bool model_has_related(enum model_kind kind, int related, uint32_t said);
/* Whether the comparison is made for records of that kind. */
bool model_uses(enum model_kind kind, enum comparison comparison);

/* Text form, and back. Reading fails with the line's number; what a text leaves out keeps the
 * shipped values. See model_text.c for the form. */
enum status model_text_write(const struct model_set *models, struct buffer *text);
enum status model_text_read(struct str text, struct model_set *models, struct error *error);

#endif
