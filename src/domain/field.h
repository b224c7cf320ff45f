/* Checking values against tables of fields: the part that profiles, contacts and consent records
 * have in common. A table row (struct profile_field) says what is allowed; this says whether it is
 * there, gives the normalised value, or an error that names the path, the problem and what would
 * have been right.
 *
 *     struct field_path path = {.parent = &above, .name = STR("emails"), .index = 2};
 *     TRY(field_check(field, value, &path, arena, &clean, error));       contacts[0].emails[2]
 */
#ifndef DOMAIN_FIELD_H
#define DOMAIN_FIELD_H

#include "domain/profile.h"

/* Where in the input a value stands; lives on the stack, from the outside in. */
struct field_path {
    const struct field_path *parent; /* NULL at the top */
    struct str name;                 /* absent for an element of the parent */
    ptrdiff_t index;                 /* of an element; -1 for a member */
};

enum { FIELD_PATH_MAX = 128 };
static inline struct field_path field_path_member(const struct field_path *parent, struct str name)
{
    return (struct field_path){parent, name, -1};
}
static inline struct field_path field_path_element(const struct field_path *parent, size_t index)
{
    return (struct field_path){parent, STR_NONE, (ptrdiff_t)index};
}

/* error_set with the path's text as the field. */
enum status field_refuse(struct error *error, enum status status, const struct field_path *path,
                         struct str allowed, const char *message);
/* The same for a text whose check gave nothing: STATUS_OUT_OF_MEMORY when that was the cause, else
 * STATUS_INVALID_VALUE. */
enum status field_refuse_text(struct error *error, struct str text, const struct field_path *path,
                              struct str allowed, const char *problem, struct arena *arena);

const struct profile_field *field_find(const struct profile_field *fields, size_t count,
                                       struct str name);
/* STATUS_UNKNOWN_FIELD: says which field was probably meant ("email": emails), and all there are.
 */
enum status field_refuse_unknown(struct error *error, const struct profile_field *fields,
                                 size_t count, const struct str *extra,
                                 const struct field_path *path);

/* One value that is not null. The result may point into `value`. */
MUST_CHECK enum status field_check(const struct profile_field *field,
                                   const struct json_value *value, const struct field_path *path,
                                   struct arena *arena, struct json_value *out,
                                   struct error *error);
/* All members of an object, given out in the order of the table; null counts as not given. Members
 * named in `extra` (absent-terminated; may be NULL) are the caller's and are passed over. */
MUST_CHECK enum status field_check_object(const struct profile_field *fields, size_t count,
                                          const struct json_value *value, const struct str *extra,
                                          const struct field_path *path, struct arena *arena,
                                          struct json_value *out, struct error *error);

/* The checks of single texts. Each gives the normalised text, or absent when it is not allowed or
 * memory ran out. */
struct str field_text(struct str raw, size_t length_max);
struct str field_code(struct str raw, size_t length_max, struct arena *arena);
struct str field_email(struct str raw, struct arena *arena);
struct str field_phone(struct str raw, struct arena *arena);
struct str field_url(struct str raw);
struct str field_country(struct str raw, struct arena *arena);
struct str field_language(struct str raw, struct arena *arena);
/* Is the name one of "A | B | C"? */
bool field_is_one_of(struct str allowed, struct str name);
/* Characters (code points) of well-formed UTF-8. */
size_t field_text_length(struct str text);
/* C0, DEL and C1 controls, and the invisible direction overrides that disguise text. */
bool field_has_control(struct str text);

#endif
