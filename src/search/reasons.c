#include "search/reasons.h"

static bool has_other_letters(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] > 127) return true;
    return false;
}

static bool contains(struct str text, struct str part)
{
    for (size_t i = 0; part.len <= text.len && i <= text.len - part.len; i++)
        if (str_equal_ignore_case(str_of(text.ptr + i, part.len), part)) return true;
    return false;
}

/* The same only after accents went or a script was written in another. */
static bool is_transliterated(struct str typed, struct str value)
{
    return (has_other_letters(typed) || has_other_letters(value)) && !contains(value, typed);
}

static void take(struct search_reasons *reasons, size_t token, struct str key, struct str value)
{
    const struct search_token *asked = &reasons->reading->tokens[token];
    struct search_match match = search_match_key(asked, key, reasons->close_only);
    struct search_reason *reason = &reasons->of[token];
    if (match.weight <= reason->match.weight) return;
    bool is_word = !str_is_none(search_key_word(key));
    *reason = (struct search_reason){
        .match = match,
        .field = search_field_of(is_word ? key.ptr[key.len - 1] : key.ptr[1]),
        .value = value,
        .is_transliterated = is_word && is_transliterated(asked->raw, value)};
}

void search_reasons_value(void *context, enum search_field field, struct str value)
{
    struct search_reasons *reasons = context;
    struct arena_mark mark = arena_mark(reasons->arena);
    struct search_keys keys = {.arena = reasons->arena};
    search_keys_add(&keys, field, value);
    reasons->failed = reasons->failed || keys.failed;
    for (size_t i = 0; i < keys.count; i++)
        for (size_t t = 0; t < reasons->reading->count; t++) take(reasons, t, keys.items[i], value);
    arena_rewind(reasons->arena, mark);
}

size_t search_reasons_lacking(const struct search_reasons *reasons)
{
    size_t lacking = 0;
    for (size_t t = 0; t < reasons->reading->count; t++)
        lacking += reasons->of[t].match.weight == 0;
    return lacking;
}

struct str search_reason_kind(const struct search_reason *reason)
{
    if (reason->is_transliterated && reason->match.is_close) return STR("transliterated");
    return search_kind_name(reason->match.kind);
}
