#include "adapters/matcher/exact.h"

#include "domain/contact.h"
#include "matching/matching.h"

static struct str text_of(const struct json_value *object, const char *name)
{
    return json_text(json_get(object, str_from_cstr(name)));
}

/* What people type when a form wants something is no proof, and what one character is even less. */
static bool says_nothing(struct str canonical)
{
    return canonical.len < 2 || matching_says_nothing(canonical);
}

/* --- keys --- */

static size_t count_of(const struct json_value *attributes, const char *name)
{
    const struct json_value *list = json_get(attributes, str_from_cstr(name));
    return list && list->type == JSON_ARRAY ? list->count : 0;
}

size_t exact_keys_max(const struct match_record *record)
{
    size_t count = 0;
    for (size_t i = 0; i < record->said_count; i++)
        count += count_of(record->said[i], "identifiers") +
                 contact_points_max(record->said[i], CONTACT_POINT_EMAIL) +
                 contact_points_max(record->said[i], CONTACT_POINT_PHONE);
    return count;
}

static bool add_key(struct match_keys *keys, struct str key)
{
    if (str_is_none(key)) return false;
    keys->items[keys->count++] = key;
    keys->decisive = keys->count;
    return true;
}

static bool add_identifiers(const struct json_value *said, struct arena *arena,
                            struct match_keys *keys)
{
    const struct json_value *identifiers = json_get(said, STR("identifiers"));
    for (size_t i = 0; i < count_of(said, "identifiers"); i++) {
        const struct json_value *item = &identifiers->items[i];
        struct str value = profile_canonical_identifier(text_of(item, "value"), arena);
        if (says_nothing(value)) continue;
        if (!add_key(keys, ARENA_JOIN(arena, STR("id|"), text_of(item, "type"), STR("|"), value)))
            return false;
    }
    return true;
}

typedef struct str canonical_form(struct str, struct arena *);

static bool add_points(const struct json_value *said, enum contact_point_kind kind,
                       struct str prefix, canonical_form *canonical, struct arena *arena,
                       struct match_keys *keys)
{
    struct contact_points points = contact_points_of(said, kind);
    struct str name = profile_canonical_name(text_of(said, "name"), arena), point;
    while (!str_is_empty(name) && contact_points_next(&points, &point)) {
        point = canonical(point, arena);
        if (says_nothing(point)) continue;
        if (!add_key(keys, ARENA_JOIN(arena, prefix, STR("|"), point, STR("|"), name)))
            return false;
    }
    return true;
}

enum status exact_keys(const struct match_record *record, struct arena *arena,
                       struct match_keys *keys)
{
    for (size_t i = 0; i < record->said_count; i++)
        if (!add_identifiers(record->said[i], arena, keys) ||
            !add_points(record->said[i], CONTACT_POINT_EMAIL, STR("email+name"),
                        profile_canonical_email, arena, keys) ||
            !add_points(record->said[i], CONTACT_POINT_PHONE, STR("phone+name"),
                        profile_canonical_phone, arena, keys))
            return STATUS_OUT_OF_MEMORY;
    return STATUS_OK;
}

/* --- comparing --- */

static void add_reason(struct match *match, struct str field, struct str reason)
{
    for (size_t i = 0; i < match->reason_count; i++)
        if (str_equal(match->reasons[i].reason, reason)) return;
    if (match->reason_count == EXACT_REASONS_MAX) return;
    match->reasons[match->reason_count++] = (struct match_reason){field, reason};
}

static bool same_country(const struct json_value *a, const struct json_value *b)
{
    struct str left = text_of(a, "country"), right = text_of(b, "country");
    return str_is_none(left) || str_is_none(right) || str_equal(left, right);
}

static bool same_identifier(const struct json_value *a, const struct json_value *b,
                            struct arena *arena)
{
    if (!str_equal(text_of(a, "type"), text_of(b, "type")) || !same_country(a, b)) return false;
    struct str value = profile_canonical_identifier(text_of(a, "value"), arena);
    return !says_nothing(value) &&
           str_equal(value, profile_canonical_identifier(text_of(b, "value"), arena));
}

static enum status compare_identifiers(const struct json_value *a, const struct json_value *b,
                                       struct arena *arena, struct match *match)
{
    const struct json_value *left = json_get(a, STR("identifiers"));
    const struct json_value *right = json_get(b, STR("identifiers"));
    for (size_t i = 0; i < count_of(a, "identifiers"); i++)
        for (size_t j = 0; j < count_of(b, "identifiers"); j++) {
            if (!same_identifier(&left->items[i], &right->items[j], arena)) continue;
            struct str reason =
                arena_format(arena, "SAME_%.*s", STR_ARGS(text_of(&left->items[i], "type")));
            if (str_is_none(reason)) return STATUS_OUT_OF_MEMORY;
            add_reason(match, STR("identifiers"), reason);
        }
    return STATUS_OK;
}

static bool share(const struct json_value *a, const struct json_value *b,
                  enum contact_point_kind kind, canonical_form *canonical, struct arena *arena)
{
    struct contact_points left = contact_points_of(a, kind);
    struct str value, other;
    while (contact_points_next(&left, &value)) {
        struct contact_points right = contact_points_of(b, kind);
        value = canonical(value, arena);
        if (says_nothing(value)) continue;
        while (contact_points_next(&right, &other))
            if (str_equal(value, canonical(other, arena))) return true;
    }
    return false;
}

static enum status compare_said(const struct json_value *a, const struct json_value *b,
                                struct arena *arena, struct match *match)
{
    TRY(compare_identifiers(a, b, arena, match));
    struct str name = profile_canonical_name(text_of(a, "name"), arena);
    if (str_is_empty(name) || !str_equal(name, profile_canonical_name(text_of(b, "name"), arena)))
        return STATUS_OK;
    if (share(a, b, CONTACT_POINT_EMAIL, profile_canonical_email, arena))
        add_reason(match, STR("emails"), STR("SAME_EMAIL_AND_NAME"));
    if (share(a, b, CONTACT_POINT_PHONE, profile_canonical_phone, arena))
        add_reason(match, STR("phones"), STR("SAME_PHONE_AND_NAME"));
    return STATUS_OK;
}

enum status exact_compare(const struct match_record *a, const struct match_record *b,
                          struct arena *arena, struct match *match)
{
    for (size_t i = 0; i < a->said_count; i++)
        for (size_t j = 0; j < b->said_count; j++)
            TRY(compare_said(a->said[i], b->said[j], arena, match));
    return STATUS_OK;
}
