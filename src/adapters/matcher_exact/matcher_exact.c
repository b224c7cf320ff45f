#include "adapters/matcher_exact/matcher_exact.h"

#include <string.h>

#include "domain/profile.h"

enum { REASONS_MAX = 16 };

static struct str text_of(const struct json_value *object, const char *name)
{
    return json_text(json_get(object, str_from_cstr(name)));
}

/* "000000", "99999", "XXXX": what people type when a form wants something. */
static bool says_nothing(struct str canonical)
{
    static const struct str fillers[] = {STR(""),     STR("NA"),      STR("N/A"), STR("NONE"),
                                         STR("NULL"), STR("UNKNOWN"), STR("TEST")};
    for (size_t i = 0; i < sizeof(fillers) / sizeof(fillers[0]); i++)
        if (str_equal(canonical, fillers[i])) return true;
    size_t same = 1;
    while (same < canonical.len && canonical.ptr[same] == canonical.ptr[0]) same++;
    return same == canonical.len && (canonical.ptr[0] == '0' || canonical.ptr[0] == '9' ||
                                     canonical.ptr[0] == 'X' || canonical.len == 1);
}

/* The keys of a record while they are made. */
struct key_list {
    struct arena *arena;
    struct str *keys;
    size_t count;
    bool failed;
};

static void add_key(struct key_list *list, struct str key)
{
    list->failed = list->failed || str_is_none(key);
    list->keys[list->count++] = key;
}

static void add_identifiers(struct key_list *list, const struct json_value *identifiers)
{
    for (size_t i = 0; identifiers && i < identifiers->count; i++) {
        const struct json_value *item = &identifiers->items[i];
        struct str value = profile_canonical_identifier(text_of(item, "value"), list->arena);
        if (says_nothing(value)) continue;
        add_key(list, arena_format(list->arena, "id|%.*s|%.*s", STR_ARGS(text_of(item, "type")),
                                   STR_ARGS(value)));
    }
}

static void add_points(struct key_list *list, const struct json_value *points, const char *prefix,
                       struct str (*canonical)(struct str, struct arena *), struct str name)
{
    for (size_t i = 0; points && i < points->count && !str_is_empty(name); i++) {
        struct str point = canonical(json_text(&points->items[i]), list->arena);
        if (says_nothing(point)) continue;
        add_key(list,
                arena_format(list->arena, "%s|%.*s|%.*s", prefix, STR_ARGS(point), STR_ARGS(name)));
    }
}

static size_t count_of(const struct json_value *attributes, const char *name)
{
    const struct json_value *list = json_get(attributes, str_from_cstr(name));
    return list ? list->count : 0;
}

static enum status matcher_exact_keys(struct matcher *matcher, const struct golden *golden,
                                      struct arena *arena, struct str **keys, size_t *count)
{
    (void)matcher;
    const struct json_value *attributes = golden->attributes;
    size_t room = count_of(attributes, "identifiers") + count_of(attributes, "emails") +
                  count_of(attributes, "phones");
    struct key_list list = {.arena = arena, .keys = ARENA_NEW_ARRAY(arena, struct str, room)};
    struct str name = profile_canonical_name(text_of(attributes, "name"), arena);
    if (!list.keys) return STATUS_OUT_OF_MEMORY;
    add_identifiers(&list, json_get(attributes, STR("identifiers")));
    add_points(&list, json_get(attributes, STR("emails")), "email+name", profile_canonical_email,
               name);
    add_points(&list, json_get(attributes, STR("phones")), "phone+name", profile_canonical_phone,
               name);
    *keys = list.keys;
    *count = list.count;
    return list.failed ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

static void add_reason(struct match *match, struct str field, struct str reason)
{
    for (size_t i = 0; i < match->reason_count; i++)
        if (str_equal(match->reasons[i].reason, reason)) return;
    if (match->reason_count == REASONS_MAX) return;
    match->reasons[match->reason_count++] = (struct match_reason){field, reason};
    match->decision = MATCH_CERTAIN;
    match->probability = 1.0;
}

static bool same_country(const struct json_value *a, const struct json_value *b)
{
    struct str left = text_of(a, "country"), right = text_of(b, "country");
    return str_is_none(left) || str_is_none(right) || str_equal(left, right);
}

static enum status compare_identifiers(const struct json_value *a, const struct json_value *b,
                                       struct arena *arena, struct match *match)
{
    for (size_t i = 0; a && i < a->count; i++) {
        struct str type = text_of(&a->items[i], "type");
        struct str value = profile_canonical_identifier(text_of(&a->items[i], "value"), arena);
        if (says_nothing(value)) continue;
        for (size_t j = 0; b && j < b->count; j++) {
            if (!str_equal(type, text_of(&b->items[j], "type")) ||
                !same_country(&a->items[i], &b->items[j]) ||
                !str_equal(value,
                           profile_canonical_identifier(text_of(&b->items[j], "value"), arena)))
                continue;
            struct str reason = arena_format(arena, "SAME_%.*s", STR_ARGS(type));
            if (str_is_none(reason)) return STATUS_OUT_OF_MEMORY;
            add_reason(match, STR("identifiers"), reason);
        }
    }
    return STATUS_OK;
}

static bool share(const struct json_value *a, const struct json_value *b,
                  struct str (*canonical)(struct str, struct arena *), struct arena *arena)
{
    for (size_t i = 0; a && i < a->count; i++) {
        struct str value = canonical(json_text(&a->items[i]), arena);
        if (says_nothing(value)) continue;
        for (size_t j = 0; b && j < b->count; j++)
            if (str_equal(value, canonical(json_text(&b->items[j]), arena))) return true;
    }
    return false;
}

static enum status matcher_exact_compare(struct matcher *matcher, const struct golden *a,
                                         const struct golden *b, struct arena *arena,
                                         struct match *match)
{
    (void)matcher;
    const struct json_value *left = a->attributes, *right = b->attributes;
    *match = (struct match){.decision = MATCH_NONE,
                            .reasons = ARENA_NEW_ARRAY(arena, struct match_reason, REASONS_MAX)};
    if (!match->reasons) return STATUS_OUT_OF_MEMORY;
    TRY(compare_identifiers(json_get(left, STR("identifiers")), json_get(right, STR("identifiers")),
                            arena, match));
    struct str name = profile_canonical_name(text_of(left, "name"), arena);
    if (str_is_empty(name) ||
        !str_equal(name, profile_canonical_name(text_of(right, "name"), arena)))
        return STATUS_OK;
    if (share(json_get(left, STR("emails")), json_get(right, STR("emails")),
              profile_canonical_email, arena))
        add_reason(match, STR("emails"), STR("SAME_EMAIL_AND_NAME"));
    if (share(json_get(left, STR("phones")), json_get(right, STR("phones")),
              profile_canonical_phone, arena))
        add_reason(match, STR("phones"), STR("SAME_PHONE_AND_NAME"));
    return STATUS_OK;
}

struct matcher *matcher_exact(void)
{
    static struct matcher matcher = {.keys = matcher_exact_keys, .compare = matcher_exact_compare};
    return &matcher;
}
