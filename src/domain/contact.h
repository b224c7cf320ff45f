/* Contacts: persons to talk to at a customer. */
#ifndef DOMAIN_CONTACT_H
#define DOMAIN_CONTACT_H

#include "domain/profile.h"
#include "domain/tree.h"

/* name, email, phone, roles, communicationPreference (+ contactId on creation). */
extern const struct profile_field contact_fields[];
extern const size_t contact_field_count;

/* A body of POST .../contacts; `role` is taken for a one-element `roles`. contact_id is absent when
 * not given. `path` prefixes field names in errors: "contacts[2]" or "". */
MUST_CHECK enum status contact_parse_create(const struct json_value *body, struct str path,
                                            struct arena *arena, struct str *contact_id,
                                            struct json_value **fact_body, struct error *error);
/* A merge-patch; gives the members that change against `current` (empty object: nothing does). */
MUST_CHECK enum status contact_parse_patch(const struct json_value *patch,
                                           const struct json_value *current, struct arena *arena,
                                           struct json_value **fact_body, struct error *error);
/* Home index of a contact that is there (not removed), or -1. */
int32_t contact_find(const struct tree *tree, struct str contact_id);

#endif
