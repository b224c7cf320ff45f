/* Names of persons. The first word of a given name is the given name and the rest are other names;
 * particles leave a family name (de la Cruz, Cruz) or stick to it (O Brien); titles go;
 * generations (Jr, III) become traits. */
#include <string.h>

#include "matching/lexicon.h"
#include "matching/normalise.h"
#include "text/fold.h"
#include "text/phonetic.h"

enum { WORDS_MAX = 16 };

struct name_words {
    char text[FOLD_MAX];
    struct str word[WORDS_MAX];
    size_t count;
    uint32_t traits;
};

bool normalise_is_placeholder(struct str folded)
{
    char compact[32];
    if (folded.len == 0) return true;
    if (folded.len > 24) return false;
    return lexicon_has(LEXICON_PLACEHOLDER, fold_compact(folded, compact, sizeof compact));
}

bool normalise_is_filler(struct str text)
{
    if (text.len < 3) return false;
    bool same = true, up = true, down = true;
    for (size_t i = 1; i < text.len; i++) {
        int step = text.ptr[i] - text.ptr[i - 1];
        same = same && step == 0;
        up = up && (step == 1 || step == -9);
        down = down && (step == -1 || step == 9);
    }
    return same || (text.len >= 5 && (up || down));
}

struct str normalise_whole_number(struct str text)
{
    if (str_ends_with(text, STR(".0"))) text.len -= 2;
    return text;
}

void normalise_name_describe(struct values *values, struct str text, struct value *value)
{
    (void)values;
    uint16_t groups[LEXICON_GROUPS_MAX];
    value->a = phonetic_code(text);
    unsigned count = lexicon_groups(LEXICON_NICKNAME, text, groups);
    if (count > 0) value->b = groups[0];
    if (count > 1) value->b |= (uint32_t)groups[1] << 16;
}

static uint32_t intern_name(struct values *values, struct str text)
{
    return values_intern(values, DOMAIN_NAME, text, normalise_name_describe);
}

static uint32_t generation_of(struct str word)
{
    static const uint32_t traits[] = {0,           TRAIT_JUNIOR, TRAIT_SENIOR, TRAIT_JUNIOR,
                                      TRAIT_THIRD, TRAIT_THIRD};
    uint16_t groups[LEXICON_GROUPS_MAX];
    return lexicon_groups(LEXICON_GENERATION, word, groups) ? traits[groups[0]] : 0;
}

/* What stands behind a title and belongs to it: Dr. med., Dr. rer. nat. h.c. */
static bool is_faculty(struct str word)
{
    return fold_is_one_of(word,
                          "med phil rer nat jur iur ing hc h c habil dent vet oec pol theol sc");
}

/* Takes titles and generations out, the latter only behind another word. */
static void drop_titles(struct name_words *words)
{
    size_t kept = 0;
    bool behind_title = false;
    for (size_t i = 0; i < words->count; i++) {
        uint32_t generation = generation_of(words->word[i]);
        if (generation && i > 0) {
            words->traits |= generation;
            continue;
        }
        bool title = words->count > 1 && (lexicon_has(LEXICON_TITLE, words->word[i]) ||
                                          (behind_title && is_faculty(words->word[i])));
        if (title) behind_title = true;
        if (title) continue;
        behind_title = false;
        words->word[kept++] = words->word[i];
    }
    words->count = kept;
}

static bool read_words(struct str text, struct name_words *words)
{
    struct str folded = fold_text(text, words->text);
    words->traits = 0;
    words->count = 0;
    if (normalise_is_placeholder(folded)) return false;
    words->count = fold_words(folded, words->word, WORDS_MAX);
    drop_titles(words);
    size_t nothing = 0; /* "Unknown Unknown" */
    for (size_t i = 0; i < words->count; i++)
        nothing += words->word[i].len > 3 && normalise_is_placeholder(words->word[i]);
    if (nothing == words->count) words->count = 0;
    return words->count > 0;
}

static bool sticks(struct str particle)
{
    static const char *const sticking[] = {"o", "mc", "mac", "st", "san", "santa", "d", "l", "ap"};
    for (size_t i = 0; i < sizeof sticking / sizeof sticking[0]; i++)
        if (str_equal(particle, str_from_cstr(sticking[i]))) return true;
    return false;
}

/* Family names without particles, those that stick joined to the next word: in place. */
static size_t join_particles(struct str *word, size_t count, char *room)
{
    size_t kept = 0, used = 0;
    for (size_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        if (!last && sticks(word[i])) {
            char *joined = room + used;
            memcpy(joined, word[i].ptr, word[i].len);
            memcpy(joined + word[i].len, word[i + 1].ptr, word[i + 1].len);
            used += word[i].len + word[i + 1].len;
            word[kept++] = str_of(joined, word[i].len + word[i + 1].len);
            i++;
        } else if ((last && kept == 0) || !lexicon_has(LEXICON_PARTICLE, word[i])) {
            word[kept++] = word[i];
        }
    }
    return kept;
}

/* The words as one value, single spaces between. */
static uint32_t intern_joined(struct values *values, const struct str *word, size_t count)
{
    char text[FOLD_INPUT_MAX];
    size_t len = 0;
    for (size_t i = 0; i < count && len + word[i].len + 1 < sizeof text; i++) {
        if (len > 0) text[len++] = ' ';
        memcpy(text + len, word[i].ptr, word[i].len);
        len += word[i].len;
    }
    return intern_name(values, str_of(text, len));
}

static uint32_t intern_others(struct values *values, const struct str *word, size_t count)
{
    uint32_t references[WORDS_MAX];
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (!lexicon_has(LEXICON_PARTICLE, word[i]) && !lexicon_has(LEXICON_TITLE, word[i]))
            references[kept++] = intern_name(values, word[i]);
    return values_intern_list(values, DOMAIN_NAME, references, kept);
}

void normalise_name_given(struct values *values, struct str text, struct normalised *out)
{
    struct name_words words;
    if (!read_words(text, &words)) return;
    out->reference[0] = intern_name(values, words.word[0]);
    out->reference[1] = intern_others(values, words.word + 1, words.count - 1);
    out->traits = words.traits;
}

static uint32_t intern_family(struct values *values, const struct str *word, size_t count)
{
    char room[FOLD_MAX];
    struct str joined[WORDS_MAX];
    memcpy(joined, word, count * sizeof *word);
    return intern_joined(values, joined, join_particles(joined, count, room));
}

void normalise_name_family(struct values *values, struct str text, struct normalised *out)
{
    struct name_words words;
    if (!read_words(text, &words)) return;
    out->reference[0] = intern_family(values, words.word, words.count);
    out->traits = words.traits;
}

void normalise_name_other(struct values *values, struct str text, struct normalised *out)
{
    struct name_words words;
    if (!read_words(text, &words)) return;
    uint32_t alone = words.count == 1 ? generation_of(words.word[0]) : 0; /* a column of suffixes */
    if (!alone) out->reference[0] = intern_others(values, words.word, words.count);
    out->traits = words.traits | alone;
}

/* "M.D.", "Ph.D.", "CPA": what is behind the comma of "John Smith, M.D." */
static bool is_credential(struct str text)
{
    char folded[FOLD_MAX], compact[8];
    struct str written = fold_text(text, folded);
    if (written.len > sizeof compact) return false;
    written = fold_compact(written, compact, sizeof compact);
    return fold_is_one_of(written,
                          "md do phd jd dds dmd dvm rn np pa esq mba cpa msc bsc ma ba llm llb "
                          "edd psyd pe cfa pmp od dc");
}

/* "Clifford, Thomas": the part before the comma is a family name, unless what follows it is a
 * title ("Thomas Clifford, 1st Baron") or nothing but a generation. */
static bool family_first(struct str before, struct str after)
{
    char folded[FOLD_MAX];
    struct str word[WORDS_MAX];
    size_t count = fold_words(fold_text(before, folded), word, WORDS_MAX);
    if (count == 0 || count > 3 || (count > 1 && is_credential(after))) return false;
    size_t following = fold_words(fold_text(after, folded), word, WORDS_MAX);
    if (following == 0 || lexicon_has(LEXICON_TITLE, word[0])) return false;
    return !(following == 1 && generation_of(word[0])) && !lexicon_has(LEXICON_PARTICLE, word[0]);
}

static void split_full(struct values *values, struct name_words *words, bool family_stands_first,
                       struct normalised *out)
{
    struct str *first = words->word, *last = words->word + words->count - 1;
    if (words->count == 1) {
        out->reference[1] = intern_name(values, *first);
        return;
    }
    if (family_stands_first) {
        out->reference[1] = intern_family(values, first, 1);
        out->reference[0] = intern_name(values, first[1]);
        out->reference[2] = intern_others(values, first + 2, words->count - 2);
        return;
    }
    struct str *family = last;
    while (family > first + 1 && lexicon_has(LEXICON_PARTICLE, family[-1]) && sticks(family[-1]))
        family--;
    out->reference[0] = intern_name(values, *first);
    out->reference[2] = intern_others(values, first + 1, (size_t)(family - first) - 1);
    out->reference[1] = intern_family(values, family, (size_t)(last - family) + 1);
}

static uint32_t join_lists(struct values *values, uint32_t a, uint32_t b)
{
    uint32_t all[2 * WORDS_MAX];
    size_t count = 0;
    const uint32_t *members;
    for (uint32_t i = 0, n = values_members(values, DOMAIN_NAME, &a, &members); i < n; i++)
        all[count++] = members[i];
    for (uint32_t i = 0, n = values_members(values, DOMAIN_NAME, &b, &members); i < n; i++)
        if (count < 2 * WORDS_MAX) all[count++] = members[i];
    return values_intern_list(values, DOMAIN_NAME, all, count);
}

static void read_family_first(struct values *values, struct str family, struct str rest,
                              struct normalised *out)
{
    struct normalised given = {0};
    normalise_name_given(values, rest, &given);
    normalise_name_family(values, family, out);
    out->reference[1] = out->reference[0];
    out->reference[0] = given.reference[0];
    out->reference[2] = given.reference[1];
    out->traits |= given.traits;
}

/* A word in capitals (3), one that is too short to say (1), or one that is not (0). */
static int capitals_of(struct str word)
{
    size_t upper = 0;
    for (size_t i = 0; i < word.len; i++) {
        if (word.ptr[i] >= 'a' && word.ptr[i] <= 'z') return 0;
        upper += word.ptr[i] >= 'A' && word.ptr[i] <= 'Z';
    }
    return upper > 2 ? 3 : upper > 1 ? 1 : 0;
}

/* Where the family name ends that stands first in capitals: "DUPONT Jean-Pierre", "LE GOFF Yann";
 * 0 when the name is not written so. */
static size_t capitals_end(struct str text)
{
    struct str rest = text, word;
    size_t end = 0;
    int most = 0;
    while (str_split(&rest, ' ', &word)) {
        int capitals = capitals_of(word);
        if (!capitals) break;
        if (capitals > most) most = capitals;
        end = (size_t)(word.ptr - text.ptr) + word.len;
    }
    if (most < 3 || end >= text.len || capitals_of(word)) return 0;
    bool lower = false; /* somebody wrote small letters where he meant them */
    for (size_t i = end; i < text.len; i++)
        lower = lower || (text.ptr[i] >= 'a' && text.ptr[i] <= 'z');
    char folded[FOLD_MAX];
    bool title = lexicon_has(LEXICON_TITLE, fold_text(str_trim(str_skip(text, end)), folded));
    return lower && !title ? end : 0;
}

void normalise_name_full(struct values *values, struct str text, struct normalised *out)
{
    struct name_words words;
    struct str rest = text, before;
    if (!str_split(&rest, ',', &before)) return;
    size_t family = str_is_none(rest) ? capitals_end(text) : 0;
    if (family) {
        read_family_first(values, str_of(text.ptr, family), str_skip(text, family), out);
        return;
    }
    if (str_is_none(rest)) {
        if (read_words(text, &words)) split_full(values, &words, fold_family_name_first(text), out);
    } else if (family_first(before, rest)) {
        read_family_first(values, before, rest, out);
        return;
    } else if (is_credential(rest)) {
        if (read_words(before, &words)) split_full(values, &words, false, out);
    } else {
        struct normalised other = {0};
        if (read_words(before, &words)) split_full(values, &words, false, out);
        uint32_t traits = words.traits;
        normalise_name_other(values, rest, &other);
        out->reference[2] = join_lists(values, out->reference[2], other.reference[0]);
        words.traits = traits | other.traits;
    }
    out->traits = words.traits;
}
