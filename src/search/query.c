#include "search/query.h"

#include <string.h>

#include "text/fold.h"
#include "text/phonetic.h"
#include "text/similarity.h"

#define FIELD(name) (1U << SEARCH_##name)

enum {
    ANY_FIELD = (1 << SEARCH_FIELD_COUNT) - 1,
    NAME_FIELDS = 1 << SEARCH_NAME | 1 << SEARCH_CONTACT,
    TYPO_FROM = 4, /* letters of a word in which a typo is forgiven */
    TWO_TYPOS_FROM = 8,
    PREFIX_FROM = 3,    /* letters of a word that is not the last and may be cut short */
    PHONE_FROM = 3,     /* digits of which a number is looked for */
    PHONE_SAME_FROM = 7 /* digits at the end that make two numbers the same */
};

/* --- parsing --- */

static enum status refuse(struct error *error, struct str parameter, const char *why)
{
    return error_set(error, STATUS_INVALID_VALUE, parameter,
                     STR("up to 200 bytes and 12 words, with a letter or a digit"),
                     "the query parameter %.*s %s", STR_ARGS(parameter), why);
}

static bool add_token(struct search_reading *reading, const struct search_token *token)
{
    if (reading->count == SEARCH_TOKENS_MAX) return false;
    reading->tokens[reading->count++] = *token;
    return true;
}

static bool is_one_of(char c, const char *set)
{
    return c != '\0' && strchr(set, c) != NULL;
}

static size_t digit_count(struct str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++) count += text.ptr[i] >= '0' && text.ptr[i] <= '9';
    return count;
}

static bool looks_like_phone(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (!is_one_of(text.ptr[i], "0123456789+-()./ ")) return false;
    return digit_count(text) >= PHONE_FROM;
}

static struct str kept(struct search_reading *reading, struct arena *arena, struct str text)
{
    if (str_is_empty(text)) return STR("");
    struct str copy = arena_str(arena, text);
    reading->failed = reading->failed || str_is_none(copy);
    return copy;
}

static bool add_words(struct search_reading *reading, const struct search_words *words,
                      struct str raw, unsigned fields, struct arena *arena)
{
    for (size_t i = 0; i < words->count; i++) {
        struct str word = words->word[i];
        struct search_token token = {
            .raw = raw, .word = kept(reading, arena, word), .fields = fields};
        if (words->count > 1) token.raw = token.word;
        token.sound = word.ptr[0] > '9' ? phonetic_code(word) : 0;
        if (digit_count(word) >= PHONE_FROM && digit_count(word) == word.len) {
            char phone[SEARCH_VALUE_MAX], end[SEARCH_VALUE_MAX];
            token.phone = kept(reading, arena, search_phone(word, phone));
            token.phone_end = kept(reading, arena, search_phone_end(word, end));
        }
        token.identifier = fields == ANY_FIELD && word.len >= PREFIX_FROM ? token.word : STR("");
        if (!add_token(reading, &token)) return false;
    }
    return true;
}

static bool add_email(struct search_reading *reading, struct str raw, struct arena *arena)
{
    char email[SEARCH_VALUE_MAX];
    struct search_token token = {.raw = raw, .fields = FIELD(EMAIL)};
    token.email = kept(reading, arena, search_email(raw, email));
    return str_is_empty(token.email) || add_token(reading, &token);
}

static bool add_phone(struct search_reading *reading, struct str raw, struct arena *arena)
{
    char phone[SEARCH_VALUE_MAX], end[SEARCH_VALUE_MAX];
    struct search_token token = {.raw = raw, .fields = FIELD(PHONE) | FIELD(PHONE_END)};
    token.phone = kept(reading, arena, search_phone(raw, phone));
    token.phone_end = kept(reading, arena, search_phone_end(raw, end));
    return str_is_empty(token.phone_end) || add_token(reading, &token);
}

static bool add_identifier(struct search_reading *reading, struct str raw, struct arena *arena)
{
    char identifier[SEARCH_VALUE_MAX];
    struct search_token token = {.raw = raw,
                                 .fields = FIELD(IDENTIFIER) | FIELD(SOURCE_KEY),
                                 .identifier =
                                     kept(reading, arena, search_identifier(raw, identifier))};
    return add_token(reading, &token);
}

/* As it is copied from a browser; any other with a dot may be two words. */
static bool is_website(struct str chunk)
{
    struct str scheme;
    bool has_scheme = str_split(&chunk, ':', &scheme) && str_starts_with(chunk, STR("//"));
    return has_scheme ||
           (scheme.len > 4 && str_equal_ignore_case(str_of(scheme.ptr, 4), STR("www.")));
}

/* Words, or e-mail addresses among them as wholes. */
static bool add_chunks(struct search_reading *reading, struct str text, unsigned fields,
                       bool emails_whole, struct arena *arena)
{
    struct str chunk;
    while (str_split(&text, ' ', &chunk)) {
        struct search_words words;
        bool is_email = str_find_char(chunk, '@') >= 0;
        if (is_email && emails_whole) {
            if (!add_email(reading, chunk, arena)) return false;
            continue;
        }
        if (is_email || is_website(chunk))
            search_words_of_address(chunk, &words);
        else
            search_words_of(chunk, &words);
        if (!add_words(reading, &words, chunk, fields, arena)) return false;
    }
    return true;
}

/* A name as a whole, and no other: it stands above those that have more words. */
static bool add_whole_name(struct search_reading *reading, struct str raw, struct arena *arena)
{
    char name[SEARCH_VALUE_MAX];
    struct search_words words;
    search_words_of(raw, &words);
    struct search_token token = {.raw = raw,
                                 .fields = NAME_FIELDS,
                                 .name = kept(reading, arena, search_whole_name(&words, name))};
    return str_is_empty(token.name) || add_token(reading, &token);
}

/* The box as a whole, in the readings it may have. */
enum box { BOX_WORDS, BOX_NAME, BOX_LOOSE, BOX_PHONE, BOX_IDENTIFIER, BOX_COUNT };

static bool box_may_be(enum box box, const struct search_input *input)
{
    struct str any = input->any;
    if (str_is_none(any))
        return box == BOX_WORDS || (box == BOX_NAME && !str_is_none(input->name)) ||
               (box == BOX_LOOSE && !str_is_none(input->email));
    switch (box) {
    case BOX_WORDS:
        return true;
    case BOX_NAME:
        return str_find_char(any, '@') < 0;
    case BOX_LOOSE:
        return str_find_char(any, '@') >= 0 || !str_is_none(input->email);
    case BOX_PHONE:
        return looks_like_phone(any);
    default:
        return digit_count(any) > 0 && str_find_char(any, '@') < 0;
    }
}

static bool add_box(struct search_reading *reading, enum box box, struct str any,
                    struct arena *arena)
{
    if (str_is_none(any)) return true;
    if (box == BOX_NAME) return add_whole_name(reading, any, arena);
    if (box == BOX_PHONE) return add_phone(reading, any, arena);
    if (box == BOX_IDENTIFIER) return add_identifier(reading, any, arena);
    return add_chunks(reading, any, ANY_FIELD, box == BOX_WORDS, arena);
}

static enum status read_as(enum box box, const struct search_input *input, struct arena *arena,
                           struct search_reading *reading, struct error *error)
{
    *reading =
        (struct search_reading){.is_loose = box == BOX_LOOSE, .is_whole_name = box == BOX_NAME};
    size_t before = 0;
    if (!str_is_none(input->name)) {
        bool whole = box == BOX_NAME && str_is_none(input->any);
        if (!(whole ? add_whole_name(reading, input->name, arena)
                    : add_chunks(reading, input->name, NAME_FIELDS, false, arena)))
            return refuse(error, STR("name"), "has too many words");
        if (reading->count == before && !whole)
            return refuse(error, STR("name"), "says nothing to search for");
    }
    before = reading->count;
    if (!str_is_none(input->email)) {
        bool whole = box != BOX_LOOSE;
        if (!(whole ? add_email(reading, input->email, arena)
                    : add_chunks(reading, input->email, FIELD(EMAIL), false, arena)))
            return refuse(error, STR("email"), "has too many words");
        if (reading->count == before && whole)
            return refuse(error, STR("email"), "says nothing to search for");
    }
    before = reading->count;
    if (!str_is_none(input->phone)) {
        if (!add_phone(reading, input->phone, arena))
            return refuse(error, STR("phone"), "has too many words");
        if (reading->count == before)
            return error_set(error, STATUS_INVALID_VALUE, STR("phone"), STR("at least 3 digits"),
                             "the query parameter phone has fewer than 3 digits");
    }
    before = reading->count;
    if (!add_box(reading, box, input->any, arena))
        return refuse(error, STR("q"), "has too many words");
    if (!str_is_none(input->any) && reading->count == before && box == BOX_WORDS)
        return refuse(error, STR("q"), "says nothing to search for");
    if (reading->count > 0) reading->tokens[reading->count - 1].is_last = true;
    return STATUS_OK;
}

enum status search_query_parse(const struct search_input *input, struct arena *arena,
                               struct search_query *query, struct error *error)
{
    const struct {
        struct str name, value;
    } parameters[] = {{STR("name"), input->name},
                      {STR("email"), input->email},
                      {STR("phone"), input->phone},
                      {STR("q"), input->any}};
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
        if (parameters[i].value.len > SEARCH_INPUT_MAX)
            return refuse(error, parameters[i].name, "is too long");
    query->count = 0;
    for (int box = 0; box < BOX_COUNT; box++) {
        struct search_reading *reading = &query->readings[query->count];
        if (!box_may_be((enum box)box, input)) continue;
        enum status status = read_as((enum box)box, input, arena, reading, error);
        if (reading->failed) return error_plain(error, STATUS_OUT_OF_MEMORY);
        TRY(status);
        if (reading->count > 0) query->count++;
    }
    return STATUS_OK;
}

/* --- matching --- */

/* A whole value that is as it was typed has 1000. */
enum { WORD_EXACT = 960 };

struct str search_kind_name(enum search_kind kind)
{
    static const struct str names[] = {STR("exact"), STR("prefix"), STR("suffix"), STR("typo"),
                                       STR("phonetic")};
    return names[kind];
}

static struct search_match no_match(void)
{
    return (struct search_match){0, SEARCH_SOUND, false};
}

/* The longer the rest, the less it is what was meant. */
static struct search_match beginning(struct str typed, struct str term)
{
    size_t rest = term.len - typed.len;
    if (rest == 0) return (struct search_match){1000, SEARCH_EXACT, true};
    return (struct search_match){(int)(900 - 10 * (rest < 20 ? rest : 20)), SEARCH_PREFIX, true};
}

static bool may_be_cut_short(const struct search_token *token)
{
    return token->is_last || token->word.len >= PREFIX_FROM;
}

/* How far apart, from 1 on; 0: too far. One edit is seen at once from what both have in common in
 * front and behind; two are worked out where enough is in common. */
static unsigned edits_between(struct str typed, struct str word)
{
    size_t less = typed.len < word.len ? typed.len : word.len;
    size_t more = typed.len + word.len - less, front = 0, back = 0;
    if (more - less > 2) return 0;
    while (front < less && typed.ptr[front] == word.ptr[front]) front++;
    while (back < less - front && typed.ptr[typed.len - 1 - back] == word.ptr[word.len - 1 - back])
        back++;
    if (more - front - back <= 1) return 1;
    if (more == less && more - front - back == 2 && typed.ptr[front] == word.ptr[front + 1] &&
        typed.ptr[front + 1] == word.ptr[front])
        return 1;
    if (typed.len < TWO_TYPOS_FROM || front + back + 4 < less) return 0;
    return similarity_edits(typed, word, 2) == 2 ? 2 : 0;
}

struct search_match search_match_word(const struct search_token *token, struct str word,
                                      bool close_only)
{
    struct str typed = token->word;
    if (str_is_empty(typed) || str_is_empty(word)) return no_match();
    if (close_only && (word.ptr[0] != typed.ptr[0] || word.len < typed.len)) return no_match();
    if (str_equal(word, typed)) return (struct search_match){WORD_EXACT, SEARCH_EXACT, true};
    if (str_starts_with(word, typed) && may_be_cut_short(token)) return beginning(typed, word);
    if (typed.len < TYPO_FROM || close_only || digit_count(typed) == typed.len) return no_match();
    unsigned edits = edits_between(typed, word);
    if (edits > 0)
        return (struct search_match){
            (edits == 1 ? 460 : 400) + (typed.ptr[0] == word.ptr[0] ? 30 : 0), SEARCH_TYPO, false};
    if (token->sound != 0 && word.ptr[0] > '9' && token->sound == phonetic_code(word))
        return (struct search_match){360, SEARCH_SOUND, false};
    return no_match();
}

bool search_match_near(const struct search_token *token, struct str word, bool by_sound)
{
    struct str typed = token->word;
    if (typed.len < TYPO_FROM || (str_starts_with(word, typed) && may_be_cut_short(token)))
        return false;
    return by_sound ? token->sound != 0 && token->sound == phonetic_code(word)
                    : edits_between(typed, word) > 0;
}

static struct search_match match_begin(struct str typed, struct str value)
{
    if (str_is_empty(typed) || !str_starts_with(value, typed)) return no_match();
    return beginning(typed, value);
}

static struct search_match match_phone(const struct search_token *token, struct str value)
{
    struct search_match match = match_begin(token->phone, value);
    if (match.weight || token->phone.len < PHONE_SAME_FROM ||
        similarity_edits(token->phone, value, 1) > 1)
        return match;
    return (struct search_match){450, SEARCH_TYPO, false};
}

/* One begins with the other: a country's code or a trunk's 0 more or less. */
static struct search_match match_phone_end(const struct search_token *token, struct str value)
{
    struct str typed = token->phone_end;
    if (str_is_empty(typed)) return no_match();
    bool longer = str_starts_with(value, typed);
    bool shorter = value.len >= PHONE_SAME_FROM && str_starts_with(typed, value);
    size_t apart = longer ? value.len - typed.len : typed.len - value.len;
    if ((longer || shorter) && typed.len >= PHONE_SAME_FROM && apart <= 4)
        return (struct search_match){980, SEARCH_EXACT, true};
    if (longer && typed.len > PHONE_FROM) return (struct search_match){700, SEARCH_SUFFIX, true};
    if (typed.len >= PHONE_SAME_FROM && similarity_edits(typed, value, 1) <= 1)
        return (struct search_match){450, SEARCH_TYPO, false};
    return no_match();
}

static struct search_match match_value(const struct search_token *token, enum search_field field,
                                       struct str value)
{
    switch (field) {
    case SEARCH_NAME:
    case SEARCH_CONTACT:
        return str_equal(token->name, value) && !str_is_empty(value) ? beginning(value, value)
                                                                     : no_match();
    case SEARCH_EMAIL:
        return match_begin(token->email, value);
    case SEARCH_PHONE:
        return match_phone(token, value);
    case SEARCH_PHONE_END:
        return match_phone_end(token, value);
    case SEARCH_IDENTIFIER:
    case SEARCH_SOURCE_KEY:
        return match_begin(token->identifier, value);
    default:
        return no_match();
    }
}

struct search_match search_match_term(const struct search_token *token,
                                      const struct search_term *term, bool close_only)
{
    if (!(token->fields & 1U << term->field)) return no_match();
    struct search_match match = term->is_word ? search_match_word(token, term->text, close_only)
                                              : match_value(token, term->field, term->text);
    if (close_only && !match.is_close) return no_match();
    match.weight = match.weight * search_fields[term->field].weight / 100;
    return match;
}

struct search_match search_match_key(const struct search_token *token, struct str key,
                                     bool close_only)
{
    if (key.len < 3) return no_match();
    struct str word = search_key_word(key);
    bool is_word = !str_is_none(word);
    const struct search_term term = {
        .field = search_field_of(is_word ? key.ptr[key.len - 1] : key.ptr[1]),
        .is_word = is_word,
        .text = is_word ? word : str_skip(key, 2)};
    return term.field < SEARCH_FIELD_COUNT ? search_match_term(token, &term, close_only)
                                           : no_match();
}

/* --- where to look --- */

/* Above every character that a key may have. */
#define LAST_CHARACTER "\xF4\x8F\xBF\xBF"

void search_ranges_add(struct search_ranges *ranges, struct search_range range)
{
    if (ranges->count == ranges->room && !ranges->failed) {
        size_t room = ranges->room ? ranges->room * 2 : 8;
        struct search_range *larger = arena_realloc(
            ranges->arena, ranges->items, ranges->room * sizeof(*larger), room * sizeof(*larger));
        ranges->failed = !larger;
        if (larger) ranges->items = larger;
        if (larger) ranges->room = room;
    }
    ranges->failed = ranges->failed || str_is_none(range.from) || str_is_none(range.to);
    if (!ranges->failed) ranges->items[ranges->count++] = range;
}

static void add_beginning(struct search_ranges *ranges, const char *class, struct str term)
{
    search_ranges_add(
        ranges,
        (struct search_range){
            .from = arena_format(ranges->arena, "%s%.*s", class, STR_ARGS(term)),
            .to = arena_format(ranges->arena, "%s%.*s" LAST_CHARACTER, class, STR_ARGS(term))});
}

/* A word's or value's own list: what stands in a place behind it is a blank and more. */
static struct search_range whole(struct arena *arena, const char *class, struct str term)
{
    return (struct search_range){.from = arena_format(arena, "%s%.*s ", class, STR_ARGS(term)),
                                 .to = arena_format(arena, "%s%.*s!", class, STR_ARGS(term))};
}

static void add_whole(struct search_ranges *ranges, const char *class, struct str term)
{
    search_ranges_add(ranges, whole(ranges->arena, class, term));
}

void search_ranges_word(struct search_ranges *ranges, struct str word, uint64_t lacking)
{
    struct search_range range = whole(ranges->arena, "P", word);
    range.lacking = lacking;
    search_ranges_add(ranges, range);
}

void search_ranges_close(struct search_ranges *ranges, const struct search_token *token)
{
    if (!str_is_empty(token->word))
        (may_be_cut_short(token) ? add_beginning : add_whole)(ranges, "P", token->word);
    if (!str_is_empty(token->name)) {
        add_whole(ranges, "Vn", token->name);
        add_whole(ranges, "Vc", token->name);
    }
    if (!str_is_empty(token->email)) add_beginning(ranges, "Ve", token->email);
    if (!str_is_empty(token->phone)) add_beginning(ranges, "Vp", token->phone);
    if (token->phone_end.len > PHONE_FROM) add_beginning(ranges, "Vr", token->phone_end);
    for (size_t cut = 1; cut <= 4 && token->phone_end.len >= PHONE_SAME_FROM + cut; cut++)
        add_whole(ranges, "Vr", str_of(token->phone_end.ptr, token->phone_end.len - cut));
    if (!str_is_empty(token->identifier)) {
        add_beginning(ranges, "Vi", token->identifier);
        add_beginning(ranges, "Vk", token->identifier);
    }
}

/* The part of the front and of the back that one typo leaves whole in one of them, even a swap in
 * the middle: together they are one letter short. */
void search_ranges_near(struct search_ranges *ranges, const struct search_token *token)
{
    char room[SEARCH_KEY_MAX];
    struct str word = token->word, phone = token->phone;
    if (word.len >= TYPO_FROM && digit_count(word) < word.len) {
        size_t front = (word.len - 1) / 2, back = word.len - 1 - front;
        struct str drow = search_reversed(word, room);
        for (size_t len = word.len - 1; len <= word.len + 1; len++) {
            const char dictionary[] = {'D', search_length(len), '\0'};
            const char backwards[] = {'R', search_length(len), '\0'};
            add_beginning(ranges, dictionary, str_cut(word, front));
            add_beginning(ranges, backwards, str_cut(drow, back));
        }
        struct str sound = search_sound_key(word, room);
        if (!str_is_empty(sound)) add_beginning(ranges, "", sound);
    }
    if (phone.len >= PHONE_SAME_FROM && str_is_empty(word)) {
        add_beginning(ranges, "Vp", str_cut(phone, (phone.len - 1) / 2));
        add_beginning(ranges, "Vr", str_cut(token->phone_end, phone.len / 2));
    }
}
