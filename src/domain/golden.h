/* The golden record: a pure function of a tree of source records and a survivorship policy.
 *
 * Scalars: all assertions about the field compete, of one source record (home, source, subject)
 * only its latest; the policy's rule decides, ties go to the later observed_at, then the more
 * trusted source, then the later recorded_at, then json_compare, so that the result never depends
 * on the order of arrival. An assertion of null competes too and, if it wins, the field is absent.
 * Lists (e-mails, phones, identifiers, addresses): a last-writer-wins element set; a value is there
 * when its latest assertion is later (observed_at, then recorded_at) than its latest retraction
 * (ties retract); the best by the policy's rule stands first. Elements never mix sources. Two
 * spellings of one element (profile_element_key) are one, shown as the best word spells it. The
 * latest "order" of a fact comes before the rule: the elements that it names stand first, as it
 * names them. Maps: each key is a scalar, shown in the order of the keys. kind is ORGANIZATION and
 * status ACTIVE where nobody says anything. status: each home's latest act counts unless a later
 * act on an ancestor supersedes it (tree_speaks_for); ON_HOLD of any home wins, else the root's
 * own: a merge never lifts a hold. Of the rules only mostTrusted has a meaning here, else the
 * latest act is the one; in doubt the hold. While the accounts of a home are blocked (credit.h) it
 * is on hold, whatever its acts say. Assertions that do not count in the tree (tree_counts) say
 * nothing. A name that nobody says any more is the last one that an
 * undone import gave. Contacts: facts per contactId are folded in order, member by member (null
 * removes); a contact lives in its home and is listed with the tree. primaryContactId: as asserted
 * if that contact is there, else the first contact of the root, else the first of all. Two homes
 * that were merged may each have a contact of one id: both are listed, and the id means that of the
 * home nearer to the root (golden_find_contact).
 */
#ifndef DOMAIN_GOLDEN_H
#define DOMAIN_GOLDEN_H

#include "domain/policy.h"
#include "domain/tree.h"

/* Where a value comes from. `path` is "name", "emails[0]", "preferences.theme". */
struct provenance {
    struct str path;
    const struct fact *fact; /* NULL for derived values (the default primary contact, a default) */
};

struct golden {
    struct json_value *attributes; /* object: kind name status segment primaryContactId identifiers
                                      emails phones addresses website dateOfBirth language
                                      preferences, absent ones left out; lists and preferences
                                      always there */
    struct json_value *contacts;   /* array of contact objects, in order of first appearance */
    const int32_t *contact_homes;  /* of each of them, in the tree's homes */
    struct provenance *provenance; /* one per value, in the order of the attributes */
    size_t provenance_count;
    bool is_silent; /* tree_is_silent: there is no such customer (any more) */
};

/* STATUS_OUT_OF_MEMORY only. The result points into `tree` and the arena. The tree has at least its
 * root and is in order (tree_sort). */
MUST_CHECK enum status golden_record(const struct tree *tree, const struct policy *policy,
                                     struct arena *arena, struct golden *out);

/* The contact that the id means, by its place among the contacts; -1 when it is not there. */
ptrdiff_t golden_find_contact(const struct golden *golden, struct str contact_id);

/* What stands in the document besides the golden attributes. */
struct profile_stamp {
    struct str customer_id;
    int64_t version;
    instant created_at;
    instant updated_at;
};

/* The profile as the API shows it: customerId, the attributes, contacts[], version, createdAt,
 * updatedAt, in this order, compact JSON. */
void golden_write(const struct golden *golden, const struct profile_stamp *stamp,
                  struct buffer *out);

/* What lists filter and sort by: members of a profile_row. Absent where the attribute is. */
struct golden_summary {
    struct str kind;
    struct str status;
    struct str segment;
    struct str name;
};
struct golden_summary golden_summarise(const struct golden *golden);

/* One attribute that differs: `before` or `after` is NULL when the field is absent there. */
struct change {
    struct str field; /* top-level name, "contacts" included */
    const struct json_value *before;
    const struct json_value *after;
};
/* Differences between two golden records in field order; everything when `before` is NULL. */
MUST_CHECK enum status golden_difference(const struct golden *before, const struct golden *after,
                                         struct arena *arena, struct change **changes,
                                         size_t *count);

#endif
