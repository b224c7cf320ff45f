/* E-mail addresses, phone numbers and websites in the form in which they are the same. */
#include <string.h>

#include "matching/lexicon.h"
#include "matching/normalise.h"
#include "text/fold.h"

enum { CONTACT_MAX = 128 };

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static size_t copy_lower(struct str text, char *out, size_t max)
{
    size_t len = text.len < max ? text.len : max;
    for (size_t i = 0; i < len; i++) out[i] = lower(text.ptr[i]);
    return len;
}

/* ------------------------------------------------------------------ e-mail */

/* "Jay Jones <jjones@fmail.com>" */
static struct str inside_angles(struct str text)
{
    ptrdiff_t open = str_find_char(text, '<');
    if (open < 0) return text;
    struct str rest = str_skip(text, (size_t)open + 1), inside;
    return str_split(&rest, '>', &inside) ? inside : text;
}

/* "a@x.org; b@y.org" is the first of them. */
static struct str first_of_several(struct str host)
{
    for (size_t i = 0; i < host.len; i++)
        if (strchr(" ;,|/>)", host.ptr[i])) host.len = i;
    return host;
}

static bool ignores_dots(struct str host)
{
    return str_equal(host, STR("gmail.com")) || str_equal(host, STR("googlemail.com"));
}

/* What a mailbox name and its spellings have in common: no +tag, no dots where they mean nothing.
 */
static size_t canonical_mailbox(struct str mailbox, struct str host, char *out)
{
    size_t len = 0;
    for (size_t i = 0; i < mailbox.len; i++) {
        char c = mailbox.ptr[i];
        if (c == '+' && i > 0) break;
        if (c == '.' && ignores_dots(host)) continue;
        if (c == ' ' || c == '"' || c == '\'') continue;
        out[len++] = c;
    }
    return len;
}

void normalise_contact_describe_email(struct values *values, struct str text, struct value *value)
{
    (void)values;
    ptrdiff_t at = str_find_char(text, '@');
    if (at < 0) return;
    value->a = (uint32_t)at;
    bool free_host = lexicon_has(LEXICON_FREE_MAIL, str_skip(text, (size_t)at + 1));
    bool role = lexicon_has(LEXICON_ROLE_MAIL, str_of(text.ptr, (size_t)at));
    value->b = (free_host ? 1U : 0U) | (role ? 2U : 0U);
}

void normalise_contact_email(struct values *values, struct str text, struct normalised *out)
{
    char lowered[CONTACT_MAX], canonical[CONTACT_MAX + 1];
    struct str address = str_trim(inside_angles(text));
    if (str_starts_with(address, STR("mailto:"))) address = str_skip(address, 7);
    size_t len = copy_lower(address, lowered, sizeof lowered);
    struct str rest = str_of(lowered, len), mailbox;
    if (!str_split(&rest, '@', &mailbox) || str_is_none(rest)) return;
    struct str host = first_of_several(str_trim(rest));
    if (str_equal(host, STR("googlemail.com"))) host = STR("gmail.com");
    size_t mailbox_len = canonical_mailbox(mailbox, host, canonical);
    if (mailbox_len == 0 || host.len < 3 || mailbox_len + 1 + host.len > CONTACT_MAX) return;
    if (lexicon_has(LEXICON_PLACEHOLDER, str_of(canonical, mailbox_len))) return;
    canonical[mailbox_len] = '@';
    memcpy(canonical + mailbox_len + 1, host.ptr, host.len);
    out->reference[0] =
        values_intern(values, DOMAIN_EMAIL, str_of(canonical, mailbox_len + 1 + host.len),
                      normalise_contact_describe_email);
}

/* ------------------------------------------------------------------ phone */

void normalise_contact_describe_phone(struct values *values, struct str text, struct value *value)
{
    (void)values;
    uint32_t number = 0;
    for (size_t i = text.len > 7 ? text.len - 7 : 0; i < text.len; i++)
        number = number * 10 + (uint32_t)(text.ptr[i] - '0');
    value->a = number;
}

/* An extension is no part of the number: "x12", "ext. 12", "#12"; nor is the number behind it:
 * "212 555 0100 / 212 555 0200". A slash may also stand within one: 033701/12345. */
static bool ends_number(char c, size_t count)
{
    if (c == '/' || c == ',' || c == '|' || c == '+') return count >= 9;
    return count >= 6 && (c == 'x' || c == 'X' || c == 'e' || c == 'E' || c == '#' || c == ';');
}

/* The length of the country calling code that a number in international form begins with (ITU-T
 * E.164 list: one digit for zones 1 and 7, two or three elsewhere). */
static size_t country_code(struct str number)
{
    static const char two[] =
        "20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 "
        "56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 ";
    if (number.len < 8) return 0;
    if (number.ptr[0] == '1' || number.ptr[0] == '7') return 1;
    for (size_t i = 0; i + 2 < sizeof two; i += 3)
        if (two[i] == number.ptr[0] && two[i + 1] == number.ptr[1]) return 2;
    return 3;
}

static struct str without_zeros(struct str number)
{
    while (number.len > 0 && number.ptr[0] == '0') number = str_skip(number, 1);
    return number;
}

/* The national number without the trunk zero, at most its last ten digits: equal for the national
 * and the international (E.164) form of nearly all countries' numbers, with no country to be told.
 */
void normalise_contact_phone(struct values *values, struct str text, struct normalised *out)
{
    char digits[32];
    size_t count = 0;
    text = normalise_whole_number(str_trim(text));
    for (size_t i = 0; i < text.len && count < sizeof digits; i++) {
        char c = text.ptr[i];
        if (c >= '0' && c <= '9')
            digits[count++] = c;
        else if (ends_number(c, count))
            break;
        else if (c == ')' && count >= 3 && digits[count - 1] == '0' && text.ptr[i - 1] == '0' &&
                 i > 1 && text.ptr[i - 2] == '(')
            count--; /* +44 (0)20 */
    }
    struct str written = str_of(digits, count), number = without_zeros(written);
    bool international = str_starts_with(text, STR("+")) || str_starts_with(written, STR("00"));
    if (international) number = without_zeros(str_skip(number, country_code(number)));
    if (number.len > 10) number = without_zeros(str_skip(number, number.len - 10));
    if (number.len < 6 || normalise_is_filler(number)) return;
    if (normalise_is_filler(str_skip(number, number.len - 6)) && number.len <= 7) return;
    out->reference[0] =
        values_intern(values, DOMAIN_PHONE, number, normalise_contact_describe_phone);
}

/* ------------------------------------------------------------------ website */

/* Where many have their pages: the path says whose. */
static bool is_shared_host(struct str address)
{
    static const char *const hosts[] = {"facebook.com/", "m.facebook.com/", "instagram.com/",
                                        "linkedin.com/", "twitter.com/",    "x.com/",
                                        "youtube.com/",  "tiktok.com/",     "sites.google.com/",
                                        "yelp.com/",     "etsy.com/",       "xing.com/"};
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (str_starts_with(address, str_from_cstr(hosts[i]))) return true;
    return false;
}

void normalise_contact_website(struct values *values, struct str text, struct normalised *out)
{
    char lowered[CONTACT_MAX];
    struct str host = str_of(lowered, copy_lower(str_trim(text), lowered, sizeof lowered));
    static const char *const schemes[] = {"https://", "http://", "www."};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (str_starts_with(host, str_from_cstr(schemes[i])))
            host = str_skip(host, str_from_cstr(schemes[i]).len);
    bool shared = is_shared_host(host);
    for (size_t i = 0; i < host.len; i++)
        if (strchr(shared ? "?#: " : "/?#: ", host.ptr[i])) host.len = i;
    while (str_ends_with(host, STR("/"))) host.len--;
    if (host.len < 4 || str_find_char(host, '.') < 0) return;
    out->reference[0] = values_intern(values, DOMAIN_WEBSITE, host, NULL);
}
