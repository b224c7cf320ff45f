/* Contacts: persons to talk to at a customer. */
#ifndef DOMAIN_CONTACT_H
#define DOMAIN_CONTACT_H

#include "domain/fact.h"
#include "domain/profile.h"

/* name, email, phone, roles, communicationPreference (+ contactId on creation). */
extern const struct profile_field contact_fields[];
extern const size_t contact_field_count;

/* "BILLING | SERVICE | SALES", for field_is_one_of(). */
struct str contact_roles(void);

/* A body of POST .../contacts; `role` is taken for a one-element `roles`. contact_id is absent when
 * not given. `path` prefixes field names in errors: "contacts[2]" or "". */
MUST_CHECK enum status contact_parse_create(const struct json_value *body, struct str path,
                                            struct arena *arena, struct str *contact_id,
                                            struct json_value **fact_body, struct error *error);
/* A merge-patch; gives the members that change against `current`, the contact as golden.contacts
 * shows it (empty object: nothing does). The name cannot be removed, the contactId not changed. */
MUST_CHECK enum status contact_parse_patch(const struct json_value *patch,
                                           const struct json_value *current, struct arena *arena,
                                           struct json_value **fact_body, struct error *error);
/* One of profile_input's contacts, taken apart: its contactId (absent when it has none) and the
 * body of its first FACT_CONTACT. STATUS_OUT_OF_MEMORY only. */
MUST_CHECK enum status contact_take_id(const struct json_value *contact, struct arena *arena,
                                       struct str *contact_id, struct json_value **fact_body);
/* Puts its number among the contacts that come at once into the body of its first FACT_CONTACT:
 * what order they are in is what the source said, not the chance of their ids. STATUS_OUT_OF_MEMORY
 * only.
 */
MUST_CHECK enum status contact_set_place(struct fact *fact, size_t place, struct arena *arena);
/* What was put. */
int64_t contact_place(const struct fact *fact);

/* The e-mail addresses or the telephone numbers by which a customer is reached: its own, then those
 * of its first CONTACT_POINTS_OF contacts. `said` has emails, phones and contacts as a golden
 * record has, or some of them.
 *
 *     struct contact_points at = contact_points_of(said, CONTACT_POINT_EMAIL);
 *     while (contact_points_next(&at, &point)) ...
 */
enum contact_point_kind { CONTACT_POINT_EMAIL, CONTACT_POINT_PHONE };
enum { CONTACT_POINTS_OF = 20 };
struct contact_points {
    const struct json_value *own, *contacts; /* NULL: none */
    struct str member;                       /* of a contact */
    size_t index;
};
struct contact_points contact_points_of(const struct json_value *said,
                                        enum contact_point_kind kind);
bool contact_points_next(struct contact_points *points, struct str *point);
/* Of them; at least as many as contact_points_next gives. */
size_t contact_points_max(const struct json_value *said, enum contact_point_kind kind);

#endif
