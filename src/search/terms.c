#include "search/terms.h"

#include <stdio.h>
#include <string.h>

#include "text/fold.h"
#include "text/phonetic.h"

const struct search_field_row search_fields[SEARCH_FIELD_COUNT] = {
    [SEARCH_NAME] = {'n', 100, STR("name")},
    [SEARCH_CONTACT] = {'c', 95, STR("contactName")},
    [SEARCH_EMAIL] = {'e', 90, STR("email")},
    [SEARCH_PHONE] = {'p', 90, STR("phone")},
    [SEARCH_PHONE_END] = {'r', 80, STR("phone")},
    [SEARCH_ADDRESS] = {'a', 75, STR("address")},
    [SEARCH_POSTCODE] = {'z', 75, STR("postalCode")},
    [SEARCH_IDENTIFIER] = {'i', 90, STR("identifier")},
    [SEARCH_WEBSITE] = {'w', 65, STR("website")},
    [SEARCH_SOURCE_KEY] = {'k', 85, STR("sourceKey")},
};

enum search_field search_field_of(char letter)
{
    static const uint8_t fields[128] = {
        /* one more than the field */
        ['n'] = SEARCH_NAME + 1,      ['c'] = SEARCH_CONTACT + 1,    ['e'] = SEARCH_EMAIL + 1,
        ['p'] = SEARCH_PHONE + 1,     ['r'] = SEARCH_PHONE_END + 1,  ['a'] = SEARCH_ADDRESS + 1,
        ['z'] = SEARCH_POSTCODE + 1,  ['i'] = SEARCH_IDENTIFIER + 1, ['w'] = SEARCH_WEBSITE + 1,
        ['k'] = SEARCH_SOURCE_KEY + 1};
    uint8_t field = letter > 0 ? fields[(unsigned char)letter] : 0;
    return field > 0 ? (enum search_field)(field - 1) : SEARCH_FIELD_COUNT;
}

/* --- the values of a record --- */

struct visiting {
    search_visit *visit;
    void *context;
};

static void give(const struct visiting *to, enum search_field field, const struct json_value *value)
{
    struct str text = json_text(value);
    if (!str_is_empty(text)) to->visit(to->context, field, text);
}

static const struct json_value *member(const struct json_value *object, const char *name)
{
    return json_get(object, str_from_cstr(name));
}

static void give_list(const struct visiting *to, enum search_field field,
                      const struct json_value *list)
{
    if (!list || list->type != JSON_ARRAY) return;
    for (size_t i = 0; i < list->count; i++) give(to, field, &list->items[i]);
}

/* Members of the elements of a list of objects. */
static const struct {
    const char *list, *name;
    enum search_field field;
} element_members[] = {
    {"addresses", "line1", SEARCH_ADDRESS},       {"addresses", "line2", SEARCH_ADDRESS},
    {"addresses", "city", SEARCH_ADDRESS},        {"addresses", "region", SEARCH_ADDRESS},
    {"addresses", "postalCode", SEARCH_POSTCODE}, {"identifiers", "value", SEARCH_IDENTIFIER},
    {"contacts", "name", SEARCH_CONTACT},         {"contacts", "email", SEARCH_EMAIL},
    {"contacts", "phone", SEARCH_PHONE},
};

void search_values_of_profile(const struct json_value *profile, search_visit *visit, void *context)
{
    const struct visiting to = {visit, context};
    give(&to, SEARCH_NAME, member(profile, "name"));
    give_list(&to, SEARCH_EMAIL, member(profile, "emails"));
    give_list(&to, SEARCH_PHONE, member(profile, "phones"));
    give(&to, SEARCH_WEBSITE, member(profile, "website"));
    for (size_t m = 0; m < sizeof(element_members) / sizeof(element_members[0]); m++) {
        const struct json_value *list = member(profile, element_members[m].list);
        if (!list || list->type != JSON_ARRAY) continue;
        for (size_t i = 0; i < list->count; i++)
            give(&to, element_members[m].field, member(&list->items[i], element_members[m].name));
    }
}

void search_values_of_contact(const struct json_value *contact, search_visit *visit, void *context)
{
    const struct visiting to = {visit, context};
    give(&to, SEARCH_CONTACT, member(contact, "name"));
    give(&to, SEARCH_EMAIL, member(contact, "email"));
    give(&to, SEARCH_PHONE, member(contact, "phone"));
}

/* --- words --- */

static bool is_letter(struct str word)
{
    return word.len == 1 && word.ptr[0] > '9';
}

static void join_letters(struct search_words *words)
{
    size_t kept = 0, used = 0;
    for (size_t i = 0; i < words->count;) {
        size_t run = i, at = used;
        while (run < words->count && is_letter(words->word[run]))
            words->joined[used++] = words->word[run++].ptr[0];
        if (run > i + 1) {
            words->word[kept++] = str_of(words->joined + at, run - i);
            i = run;
        } else {
            words->word[kept++] = words->word[i++];
        }
    }
    words->count = kept;
}

void search_words_of(struct str value, struct search_words *words)
{
    _Static_assert((int)SEARCH_TEXT_MAX >= (int)FOLD_MAX, "folded text fits");
    struct str folded = fold_text(value, words->text);
    words->count = fold_words(folded, words->word, SEARCH_WORDS_MAX);
    join_letters(words);
    for (size_t i = 0; i < words->count; i++)
        words->word[i] = str_cut(words->word[i], SEARCH_WORD_MAX);
}

void search_words_of_address(struct str value, struct search_words *words)
{
    static const char *const said_by_all[] = {"http", "https", "www"};
    size_t end = value.len, kept = 0;
    while (end > 0 && value.ptr[end - 1] != '.' && value.ptr[end - 1] != '@') end--;
    search_words_of(end > 0 ? str_of(value.ptr, end) : value, words);
    for (size_t i = 0; i < words->count; i++) {
        bool skipped = false;
        for (size_t j = 0; j < sizeof(said_by_all) / sizeof(said_by_all[0]); j++)
            skipped = skipped || str_equal(words->word[i], str_from_cstr(said_by_all[j]));
        if (!skipped) words->word[kept++] = words->word[i];
    }
    words->count = kept;
}

struct str search_reversed(struct str word, char *out)
{
    size_t at = 0;
    for (size_t end = word.len; end > 0;) {
        size_t from = end - 1;
        while (from > 0 && ((unsigned char)word.ptr[from] & 0xC0) == 0x80) from--;
        memcpy(out + at, word.ptr + from, end - from);
        at += end - from;
        end = from;
    }
    return str_of(out, at);
}

/* --- whole values --- */

struct str search_email(struct str value, char *out)
{
    struct str text = str_cut(str_trim(value), SEARCH_VALUE_MAX);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        if (c == ' ' || (unsigned char)c < 32) return STR("");
    }
    return str_of(out, text.len);
}

/* How many digits of an international number are the country's code (ITU-T E.164): 1 and 7 stand
 * alone, of the others these pairs are codes, and all the rest have three digits. */
static size_t country_digits(struct str digits)
{
    static const char pairs[] =
        "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 "
        "56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
    if (digits.len < 3) return 0;
    if (digits.ptr[0] == '1' || digits.ptr[0] == '7') return 1;
    for (size_t i = 0; i + 2 < sizeof(pairs); i += 3)
        if (pairs[i] == digits.ptr[0] && pairs[i + 1] == digits.ptr[1]) return 2;
    return 3;
}

/* The digits of a number; an extension ("x12", "ext. 12") is none of them, nor the (0) of +44
 * (0)20.
 */
static struct str digits_of(struct str value, char *out)
{
    size_t count = 0;
    for (size_t i = 0; i < value.len && count < SEARCH_VALUE_MAX; i++) {
        char c = value.ptr[i];
        if (c >= '0' && c <= '9')
            out[count++] = c;
        else if (count >= 6 && c != '\0' && strchr("xXeE#;", c))
            break;
        else if (c == ')' && i >= 2 && count > 1 && value.ptr[i - 1] == '0' &&
                 value.ptr[i - 2] == '(')
            count--;
    }
    return str_of(out, count);
}

static struct str without_zeros(struct str digits)
{
    while (digits.len > 0 && digits.ptr[0] == '0') digits = str_skip(digits, 1);
    return digits;
}

struct str search_phone(struct str value, char *out)
{
    struct str text = str_trim(value), digits = digits_of(text, out);
    bool international = str_starts_with(text, STR("+")) || str_starts_with(digits, STR("00"));
    digits = without_zeros(digits);
    if (international) digits = without_zeros(str_skip(digits, country_digits(digits)));
    return digits.len >= 3 ? digits : STR("");
}

struct str search_phone_end(struct str value, char *out)
{
    char forward[SEARCH_VALUE_MAX];
    struct str digits = without_zeros(digits_of(value, forward));
    return digits.len >= 3 ? search_reversed(digits, out) : STR("");
}

struct str search_identifier(struct str value, char *out)
{
    char folded[FOLD_MAX];
    return fold_compact(fold_text(value, folded), out, SEARCH_VALUE_MAX);
}

struct str search_whole_name(const struct search_words *words, char *out)
{
    struct str sorted[SEARCH_WORDS_MAX];
    size_t len = 0;
    memcpy(sorted, words->word, words->count * sizeof(*sorted));
    str_sort(sorted, words->count);
    for (size_t i = 0; i < words->count; i++) {
        struct str part = str_cut(sorted[i], SEARCH_VALUE_MAX - len);
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    return str_of(out, len);
}

/* --- terms --- */

struct term_visiting {
    search_term_visit *visit;
    void *context;
};

static void give_words(const struct term_visiting *to, enum search_field field,
                       const struct search_words *words)
{
    for (size_t i = 0; i < words->count; i++)
        to->visit(to->context, &(struct search_term){field, true, words->word[i]});
}

static void give_whole(const struct term_visiting *to, enum search_field field, struct str value)
{
    if (!str_is_empty(value)) to->visit(to->context, &(struct search_term){field, false, value});
}

void search_terms_of(enum search_field field, struct str value, search_term_visit *visit,
                     void *context)
{
    const struct term_visiting to = {visit, context};
    struct search_words words;
    char whole[SEARCH_VALUE_MAX];
    switch (field) {
    case SEARCH_EMAIL:
        give_whole(&to, field, search_email(value, whole));
        search_words_of_address(value, &words);
        break;
    case SEARCH_PHONE:
        give_whole(&to, field, search_phone(value, whole));
        give_whole(&to, SEARCH_PHONE_END, search_phone_end(value, whole));
        return;
    case SEARCH_IDENTIFIER:
    case SEARCH_SOURCE_KEY:
        give_whole(&to, field, search_identifier(value, whole));
        return;
    case SEARCH_WEBSITE:
        search_words_of_address(value, &words);
        break;
    default:
        search_words_of(value, &words);
        if (field == SEARCH_NAME || field == SEARCH_CONTACT)
            give_whole(&to, field, search_whole_name(&words, whole));
    }
    give_words(&to, field, &words);
}

/* --- keys --- */

static bool make_room(struct search_keys *keys)
{
    if (keys->count < keys->room) return true;
    size_t room = keys->room ? keys->room * 2 : 64;
    struct str *larger = arena_realloc(keys->arena, keys->items, keys->room * sizeof(*larger),
                                       room * sizeof(*larger));
    if (!larger) return false;
    keys->items = larger;
    keys->room = room;
    return true;
}

static void add_key(void *context, const struct search_term *term)
{
    struct search_keys *keys = context;
    struct str text = term->text;
    char field = search_fields[term->field].letter;
    if (keys->failed) return;
    char *key = make_room(keys) ? arena_alloc(keys->arena, text.len + 3) : NULL;
    keys->failed = !key;
    if (!key) return;
    size_t at = 0;
    key[at++] = term->is_word ? 'P' : 'V';
    if (!term->is_word) key[at++] = field;
    memcpy(key + at, text.ptr, text.len);
    at += text.len;
    if (term->is_word) {
        key[at++] = ' ';
        key[at++] = field;
    }
    keys->items[keys->count++] = str_of(key, at);
}

void search_keys_add(void *context, enum search_field field, struct str value)
{
    search_terms_of(field, value, add_key, context);
}

void search_keys_settle(struct search_keys *keys)
{
    size_t kept = 0;
    str_sort(keys->items, keys->count);
    for (size_t i = 0; i < keys->count; i++)
        if (kept == 0 || !str_equal(keys->items[kept - 1], keys->items[i]))
            keys->items[kept++] = keys->items[i];
    keys->count = kept;
}

bool search_keys_within(const struct search_keys *some, const struct search_keys *all)
{
    size_t at = 0;
    for (size_t i = 0; i < some->count; i++) {
        while (at < all->count && str_compare(all->items[at], some->items[i]) < 0) at++;
        if (at == all->count || !str_equal(all->items[at], some->items[i])) return false;
    }
    return true;
}

struct str search_keys_entry(const struct search_keys *keys)
{
    struct search_writer writer = {.out = {.arena = keys->arena}};
    for (size_t i = 0; i < keys->count; i++) search_writer_list(&writer, keys->items[i]);
    struct str entry = search_writer_finish(&writer);
    return keys->failed || buffer_failed(&writer.out) ? STR_NONE : entry;
}

struct str search_sound_key(struct str word, char *out)
{
    uint32_t code = phonetic_code(word);
    if (code == 0 || word.ptr[0] <= '9') return STR("");
    int len = snprintf(out, 12, "S%x ", code);
    return str_of(out, (size_t)len);
}

struct str search_key_word(struct str key)
{
    if (key.len < 4 || key.ptr[0] != 'P') return STR_NONE;
    return str_of(key.ptr + 1, key.len - 3);
}
