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

struct taking {
    struct search_reasons *reasons;
    struct str value;
};

static void take(void *context, const struct search_term *term)
{
    const struct taking *taking = context;
    struct search_reasons *reasons = taking->reasons;
    for (size_t t = 0; t < reasons->reading->count; t++) {
        const struct search_token *asked = &reasons->reading->tokens[t];
        struct search_match match = search_match_term(asked, term, reasons->close_only);
        if (match.weight <= reasons->of[t].match.weight) continue;
        reasons->of[t] = (struct search_reason){
            .match = match,
            .field = term->field,
            .value = taking->value,
            .is_transliterated = term->is_word && is_transliterated(asked->raw, taking->value)};
    }
}

void search_reasons_value(void *context, enum search_field field, struct str value)
{
    struct taking taking = {context, value};
    search_terms_of(field, value, take, &taking);
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
