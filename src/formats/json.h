/* JSON (RFC 8259): text to a tree of values in an arena, and values to text.
 *
 * Strict: UTF-8 only, no duplicate names, no trailing bytes, no NaN, bounded depth. Numbers keep
 * their source text, so nothing is lost. Strings without escapes point into the source text, which
 * must outlive the tree. A string never holds a NUL. Objects keep the order of their members.
 *
 *     struct json_value *body;
 *     TRY(json_parse(text, arena, &body, error));      error names the place: contacts[0].email
 *     struct str name = json_text(json_get(body, STR("name")));
 *
 *     struct json_writer w = {.out = &buffer};
 *     json_object_begin(&w);
 *     json_key(&w, STR("name"));
 *     json_string(&w, name);
 *     json_object_end(&w);
 */
#ifndef FORMATS_JSON_H
#define FORMATS_JSON_H

#include "base/buffer.h"
#include "base/status.h"

enum { JSON_DEPTH_MAX = 32 };

enum json_type { JSON_NULL, JSON_BOOLEAN, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_member;

struct json_value {
    enum json_type type;
    bool boolean;
    unsigned char room_log2; /* private: see json_object_set() */
    struct str text;         /* a string's content, a number's source text */
    size_t count;            /* of items or members */
    struct json_value *items;
    struct json_member *members;
};

struct json_member {
    struct str name;
    struct json_value value;
};

/* STATUS_MALFORMED_JSON (message says line and column; field the path), STATUS_DUPLICATE_FIELD
 * (field is the path), STATUS_LIMIT_EXCEEDED past JSON_DEPTH_MAX, STATUS_OUT_OF_MEMORY.
 * A column counts characters. \u0000 is refused: no store can hold it in a text.
 * Memory: about 100 bytes of arena per value, twice that while an array or object is long. */
MUST_CHECK enum status json_parse(struct str text, struct arena *arena, struct json_value **out,
                                  struct error *error);

/* The member of that name, or NULL; NULL too when `object` is NULL or no object. */
const struct json_value *json_get(const struct json_value *object, struct str name);
/* A string's content; absent when the value is NULL or no string. */
struct str json_text(const struct json_value *value);
/* A number without fraction or exponent that fits. */
bool json_to_int64(const struct json_value *value, int64_t *out);
/* Same type and content; numbers by source text, objects whatever the order of their members. */
bool json_equal(const struct json_value *a, const struct json_value *b);
/* A total order consistent with json_equal, for deterministic ties: by type, then content. */
int json_compare(const struct json_value *a, const struct json_value *b);
/* A copy wholly in the arena (strings included); NULL when out of memory. */
struct json_value *json_copy(const struct json_value *value, struct arena *arena);

/* Values made by hand, for code that builds a tree. */
struct json_value json_make_null(void);
struct json_value json_make_boolean(bool value);
struct json_value json_make_string(struct str text);
struct json_value json_make_object(void);
struct json_value json_make_array(void);
/* Sets or replaces a member, in time linear in the members; the member array grows in the arena.
 * The value keeps the room it has grown to, so of two shallow copies only one may grow further.
 * False when out of memory. */
bool json_object_set(struct json_value *object, struct str name, struct json_value value,
                     struct arena *arena);
/* Appends an item. False when out of memory. */
bool json_array_add(struct json_value *array, struct json_value value, struct arena *arena);

/* Writing: commas are put by the writer; the caller keeps begin and end in pairs. */
struct json_writer {
    struct buffer *out;
    bool need_comma;
};

void json_object_begin(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array_begin(struct json_writer *writer);
void json_array_end(struct json_writer *writer);
void json_key(struct json_writer *writer, struct str name);
void json_string(struct json_writer *writer, struct str text);
void json_int64(struct json_writer *writer, int64_t value);
void json_boolean(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);
/* Text that is JSON already. */
void json_raw(struct json_writer *writer, struct str text);
void json_write(struct json_writer *writer, const struct json_value *value);
/* The value alone, in the arena; absent when out of memory. */
struct str json_written(const struct json_value *value, struct arena *arena);
/* key + string, left out when the string is absent. */
void json_member_string(struct json_writer *writer, struct str name, struct str text);
/* The same, but null when the string is absent. */
void json_member_nullable(struct json_writer *writer, struct str name, struct str text);

#endif
