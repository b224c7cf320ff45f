/* Folding of text: see the header. The hot path is plain ASCII, by one table look-up per byte;
 * everything else is decoded to a code point and looked up in fold_tables.c. */
#include "text/fold.h"

#include <string.h>

#include "text/fold_tables.h"

/* What an ASCII byte becomes: itself, its lower case, ' ' (separates) or 0 (vanishes). */
static const char ascii_folded[128] = {
    ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
    ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
    ' ', 0,   ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', '0', '1', '2', '3', '4', '5', '6', '7', '8',
    '9', ' ', ' ', ' ', ' ', ' ', ' ', ' ', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k',
    'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', ' ', ' ', ' ', ' ',
    ' ', 0,   'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q',
    'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', ' ', ' ', ' ', ' ', ' '};

struct folding {
    char *out;
    size_t len;
    bool within; /* a larger text: what depends on where a text begins is left out */
};

static void put_space(struct folding *folding)
{
    if (folding->len > 0 && folding->out[folding->len - 1] != ' ')
        folding->out[folding->len++] = ' ';
}

static void put_letters(struct folding *folding, const char *letters)
{
    if (letters[0] == '-') {
        if (folding->len > 0 && folding->out[folding->len - 1] == 'a') folding->len--;
        letters++;
    }
    for (; *letters; letters++) {
        if (*letters == ' ')
            put_space(folding);
        else
            folding->out[folding->len++] = *letters;
    }
}

/* Decodes one code point; returns its length in bytes, or 0 when the bytes are not UTF-8. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *code)
{
    if (p[0] >= 0xC2 && p[0] < 0xE0 && left >= 2 && (p[1] & 0xC0) == 0x80) {
        *code = (uint32_t)(p[0] & 0x1F) << 6 | (p[1] & 0x3F);
        return 2;
    }
    if ((p[0] & 0xF0) == 0xE0 && left >= 3 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80) {
        *code = (uint32_t)(p[0] & 0x0F) << 12 | (uint32_t)(p[1] & 0x3F) << 6 | (p[2] & 0x3F);
        return *code >= 0x800 ? 3 : 0;
    }
    if ((p[0] & 0xF8) == 0xF0 && left >= 4 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 &&
        (p[3] & 0xC0) == 0x80) {
        *code = (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3F) << 12 |
                (uint32_t)(p[2] & 0x3F) << 6 | (p[3] & 0x3F);
        return *code >= 0x10000 ? 4 : 0;
    }
    return 0;
}

static const char *letters_of(uint32_t code)
{
    size_t low = 0, high = fold_block_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (fold_blocks[middle].last < code)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == fold_block_count || fold_blocks[low].first > code) return "?";
    return fold_letters[fold_blocks[low].offset + (code - fold_blocks[low].first)];
}

static bool is_hangul(uint32_t code)
{
    return code >= 0xAC00 && code <= 0xD7A3;
}

static bool is_han(uint32_t code)
{
    return code >= 0x4E00 && code <= 0x9FFF;
}

/* Revised Romanization by the syllable's arithmetic (Unicode, 3.12), with the customary spelling
 * of the commonest family names. */
static void put_hangul(struct folding *folding, uint32_t code)
{
    static const char initial[19][3] = {"g",  "kk", "n", "d",  "tt", "r", "m", "b", "pp", "s",
                                        "ss", "",   "j", "jj", "ch", "k", "t", "p", "h"};
    static const char vowel[21][4] = {"a",  "ae", "ya", "yae", "eo", "e",  "yeo",
                                      "ye", "o",  "wa", "wae", "oe", "yo", "u",
                                      "wo", "we", "wi", "yu",  "eu", "ui", "i"};
    static const char final[28][3] = {"",  "k",  "k", "k", "n", "n", "n", "t", "l", "k",
                                      "m", "l",  "l", "l", "l", "l", "m", "p", "p", "t",
                                      "t", "ng", "t", "t", "k", "t", "p", "t"};
    static const struct {
        uint32_t code;
        const char *letters;
    } customary[] = {{0xAE40, "kim"},  {0xC774, "lee"}, {0xBC15, "park"}, {0xCD5C, "choi"},
                     {0xC815, "jung"}, {0xC870, "cho"}, {0xAC15, "kang"}, {0xC724, "yoon"}};
    if (folding->len == 0 && !folding->within) {
        for (size_t i = 0; i < sizeof customary / sizeof customary[0]; i++) {
            if (customary[i].code != code) continue;
            put_letters(folding, customary[i].letters);
            put_space(folding);
            return;
        }
    }
    uint32_t index = code - 0xAC00;
    put_space(folding);
    put_letters(folding, initial[index / 588]);
    put_letters(folding, vowel[index % 588 / 28]);
    put_letters(folding, final[index % 28]);
    put_space(folding);
}

static void put_code_point(struct folding *folding, uint32_t code, const unsigned char *bytes,
                           size_t len)
{
    if (is_hangul(code)) {
        put_hangul(folding, code);
        return;
    }
    const char *letters = letters_of(code);
    if (is_han(code)) put_space(folding);
    if (letters[0] != '?') {
        put_letters(folding, letters);
    } else {
        for (size_t i = 0; i < len; i++) folding->out[folding->len++] = (char)bytes[i];
    }
    if (is_han(code)) put_space(folding);
}

static struct str fold(struct folding *folding, struct str text)
{
    char *out = folding->out;
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    for (size_t i = 0; i < text.len;) {
        if (bytes[i] < 128) {
            char c = ascii_folded[bytes[i++]];
            if (c == ' ')
                put_space(folding);
            else if (c)
                out[folding->len++] = c;
            continue;
        }
        uint32_t code = bytes[i];
        size_t used = decode(bytes + i, text.len - i, &code);
        if (used)
            put_code_point(folding, code, bytes + i, used);
        else
            put_letters(folding, code >= 0xA0 ? letters_of(code) : " ");
        i += used ? used : 1;
    }
    while (folding->len > 0 && out[folding->len - 1] == ' ') folding->len--;
    return str_of(out, folding->len);
}

struct str fold_text(struct str text, char out[FOLD_MAX])
{
    struct folding folding = {.out = out};
    if (text.len > FOLD_INPUT_MAX) text.len = FOLD_INPUT_MAX;
    return fold(&folding, text);
}

struct str fold_within(struct str text, char *out)
{
    struct folding folding = {.out = out, .within = true};
    return fold(&folding, text);
}

bool fold_family_name_first(struct str text)
{
    uint32_t code = 0;
    text = str_trim(text);
    if (text.len < 3 || (unsigned char)text.ptr[0] < 0xE0) return false;
    if (!decode((const unsigned char *)text.ptr, text.len, &code)) return false;
    return is_han(code) || is_hangul(code);
}

size_t fold_words(struct str folded, struct str *words, size_t max)
{
    size_t count = 0, start = 0;
    for (size_t i = 0; i <= folded.len && count < max; i++) {
        if (i < folded.len && folded.ptr[i] != ' ') continue;
        if (i > start) words[count++] = str_of(folded.ptr + start, i - start);
        start = i + 1;
    }
    return count;
}

bool fold_is_one_of(struct str word, const char *words)
{
    struct str rest = str_from_cstr(words), one;
    while (str_split(&rest, ' ', &one))
        if (str_equal(one, word)) return true;
    return false;
}

struct str fold_compact(struct str folded, char *out, size_t max)
{
    struct str word;
    size_t len = 0;
    if (folded.len <= max) {
        for (size_t i = 0; i < folded.len; i++) {
            out[len] = folded.ptr[i];
            len += folded.ptr[i] != ' ';
        }
        return str_of(out, len);
    }
    while (str_split(&folded, ' ', &word)) {
        struct str part = str_cut(word, max - len);
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
        if (part.len < word.len) break;
    }
    return str_of(out, len);
}
