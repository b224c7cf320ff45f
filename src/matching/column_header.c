/* The table of patterns is read from the top: the first row all of whose words are in the header,
 * and none of whose excluded words are, decides. Words are folded; "firstName" and "first_name" are
 * the same two words. */
#include "matching/column_header.h"

#include <stdio.h>

#include "matching/column_header_words.h"
#include "text/fold.h"

enum { WORDS_MAX = 12 };

static const char *const id_headers[] = {
    "id",        "unique id",   "record id", "rec id",     "row id",   "rid",
    "uuid",      "customer id", "key",       "customerid", "recordid", "uniqueid",
    "person id", "entity key",  "source id", "pk",         "recid",    "rowid",
    "client id", "account id",  "ltable id", "id1",        "kunnr",    "kundennummer"};

/* ------------------------------------------------------------------ reading */

struct header {
    char split[FOLD_MAX], folded[FOLD_MAX];
    struct str word[WORDS_MAX];
    size_t count;
    struct str text;
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "firstName" to "first Name", and on request "addr1" to "addr 1"; then folded to words. */
static void read_header(struct str name, bool split_digits, struct header *header)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 2 < FOLD_INPUT_MAX; i++) {
        char before = i > 0 ? name.ptr[i - 1] : ' ', c = name.ptr[i];
        bool lower_before = before >= 'a' && before <= 'z';
        bool letter_before = lower_before || is_upper(before);
        if ((lower_before && is_upper(c)) || (split_digits && letter_before && is_digit(c)))
            header->split[len++] = ' ';
        header->split[len++] = c;
    }
    header->text = fold_text(str_of(header->split, len), header->folded);
    header->count = fold_words(header->text, header->word, WORDS_MAX);
}

static bool has_word(const struct header *header, struct str word)
{
    for (size_t i = 0; i < header->count; i++)
        if (str_equal(header->word[i], word)) return true;
    return false;
}

static bool has_any(const struct header *header, const char *words)
{
    struct str rest = str_from_cstr(words), word;
    while (str_split(&rest, ' ', &word))
        if (word.len && has_word(header, word)) return true;
    return false;
}

static bool pattern_fits(const struct column_header_pattern *pattern, const struct header *header)
{
    bool alone = pattern->words[0] == '=';
    struct str rest = str_from_cstr(pattern->words + alone), word;
    if (alone) return str_equal(header->text, rest);
    while (str_split(&rest, ' ', &word))
        if (!has_word(header, word)) return false;
    return !has_any(header, pattern->excluded);
}

static const struct column_header_pattern *find_pattern(const struct header *header)
{
    const struct column_header_pattern *pattern = column_header_patterns;
    while (pattern->words && !pattern_fits(pattern, header)) pattern++;
    return pattern->words ? pattern : NULL;
}

bool column_header_recognise(struct str name, struct column *column)
{
    struct header header;
    read_header(name, false, &header);
    const struct column_header_pattern *pattern = find_pattern(&header);
    if (!pattern) {
        read_header(name, true, &header);
        pattern = find_pattern(&header);
    }
    if (!pattern) return false;
    column->field = pattern->field;
    snprintf(column->type, sizeof column->type, "%s", pattern->type);
    return true;
}

/* "owner", "owners" (whose apostrophe folding has taken) */
static bool is_one_or_more(struct str word, struct str one)
{
    if (word.len == one.len + 1 && word.ptr[one.len] == 's') word.len--;
    return str_equal(word, one);
}

enum matching_field column_header_role(struct str name)
{
    static const char *const glue = "of the de la du des der des del di da van 1 s name naam nom";
    struct header header;
    enum matching_field field = MATCHING_FIELD_NONE;
    read_header(name, false, &header);
    for (size_t i = 0; i < header.count; i++) {
        const struct column_header_role *role = column_header_roles;
        while (role->word && !is_one_or_more(header.word[i], str_from_cstr(role->word))) role++;
        if (role->word && (!field || field == MATCHING_FIELD_NAME)) field = role->field;
        if (!role->word && !fold_is_one_of(header.word[i], glue)) return MATCHING_FIELD_NONE;
    }
    return field;
}

bool column_header_is_id(struct str name)
{
    struct header header;
    read_header(name, false, &header);
    for (size_t i = 0; i < sizeof id_headers / sizeof id_headers[0]; i++)
        if (str_equal(header.text, str_from_cstr(id_headers[i]))) return true;
    return false;
}

bool column_header_is_mute(struct str name)
{
    struct header header;
    static const char *const mute[] = {"col", "column", "field", "f",         "c",      "x",
                                       "var", "v",      "attr",  "attribute", "unnamed"};
    read_header(name, false, &header);
    struct str word = header.count ? header.word[0] : STR("");
    while (word.len > 0 && is_digit(word.ptr[word.len - 1])) word.len--;
    if (word.len == 0) return true;
    for (size_t i = 0; i < sizeof mute / sizeof mute[0]; i++)
        if (str_equal(word, str_from_cstr(mute[i]))) return true;
    return false;
}
