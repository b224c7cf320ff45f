#include "base/instant.h"

#include <stdio.h>

static int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    unsigned year_of_era = (unsigned)(year - era * 400);
    unsigned day_of_year = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
    unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + (int64_t)day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned day_of_era = (unsigned)(days - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned shifted = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * shifted + 2) / 5 + 1;
    *month = shifted < 10 ? shifted + 3 : shifted - 9;
    *year = (int64_t)year_of_era + era * 400 + (*month <= 2);
}

static char *put_digits(char *at, unsigned value, int width)
{
    for (int i = width - 1; i >= 0; i--, value /= 10) at[i] = (char)('0' + value % 10);
    return at + width;
}

static const instant earliest = -62167219200 * INSTANT_SECOND; /* 0000-01-01 */
static const instant latest = 253402300800 * INSTANT_SECOND - 1;

struct str instant_format(instant when, char out[INSTANT_TEXT_MAX])
{
    if (when < earliest) when = earliest;
    if (when > latest) when = latest;
    int64_t days = when / INSTANT_DAY, rest = when % INSTANT_DAY, year;
    if (rest < 0) {
        days--;
        rest += INSTANT_DAY;
    }
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    unsigned seconds = (unsigned)(rest / INSTANT_SECOND),
             micros = (unsigned)(rest % INSTANT_SECOND);
    char *at = put_digits(out, (unsigned)year, 4);
    *at++ = '-';
    at = put_digits(at, month, 2);
    *at++ = '-';
    at = put_digits(at, day, 2);
    *at++ = 'T';
    at = put_digits(at, seconds / 3600, 2);
    *at++ = ':';
    at = put_digits(at, seconds / 60 % 60, 2);
    *at++ = ':';
    at = put_digits(at, seconds % 60, 2);
    if (micros) {
        *at++ = '.';
        at = micros % 1000 ? put_digits(at, micros, 6) : put_digits(at, micros / 1000, 3);
    }
    *at++ = 'Z';
    *at = '\0';
    return str_of(out, (size_t)(at - out));
}

static bool take_digits(struct str *text, int width, unsigned *value)
{
    if (text->len < (size_t)width) return false;
    *value = 0;
    for (int i = 0; i < width; i++) {
        char c = text->ptr[i];
        if (c < '0' || c > '9') return false;
        *value = *value * 10 + (unsigned)(c - '0');
    }
    *text = str_skip(*text, (size_t)width);
    return true;
}

static bool take_char(struct str *text, const char *any_of)
{
    if (text->len == 0) return false;
    for (; *any_of; any_of++) {
        if (text->ptr[0] != *any_of) continue;
        *text = str_skip(*text, 1);
        return true;
    }
    return false;
}

static unsigned month_length(unsigned year, unsigned month)
{
    static const unsigned char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month == 2 && leap ? 29 : lengths[month - 1];
}

static bool take_date(struct str *text, int64_t *days)
{
    unsigned year, month, day;
    if (!take_digits(text, 4, &year) || !take_char(text, "-") || !take_digits(text, 2, &month) ||
        !take_char(text, "-") || !take_digits(text, 2, &day))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > month_length(year, month)) return false;
    *days = days_from_civil(year, month, day);
    return true;
}

static bool take_fraction(struct str *text, unsigned *micros)
{
    *micros = 0;
    if (!take_char(text, ".")) return true;
    unsigned scale = 100000, digit, count = 0;
    for (; count < 9 && take_digits(text, 1, &digit); count++, scale /= 10)
        *micros += digit * scale;
    return count > 0;
}

static bool take_offset(struct str *text, int64_t *seconds)
{
    *seconds = 0;
    if (take_char(text, "Zz")) return true;
    bool west = text->len && text->ptr[0] == '-';
    unsigned hours, minutes;
    if (!take_char(text, "+-") || !take_digits(text, 2, &hours) || !take_char(text, ":") ||
        !take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    *seconds = (int64_t)(hours * 3600 + minutes * 60) * (west ? -1 : 1);
    return true;
}

bool instant_parse(struct str text, instant *when)
{
    int64_t days, offset;
    unsigned hours, minutes, seconds, micros;
    if (!take_date(&text, &days)) return false;
    if (text.len == 0) {
        *when = days * INSTANT_DAY;
        return true;
    }
    if (!take_char(&text, "Tt ") || !take_digits(&text, 2, &hours) || !take_char(&text, ":") ||
        !take_digits(&text, 2, &minutes) || !take_char(&text, ":") ||
        !take_digits(&text, 2, &seconds) || !take_fraction(&text, &micros) ||
        !take_offset(&text, &offset) || text.len != 0)
        return false;
    if (hours > 23 || minutes > 59 || seconds > 60) return false;
    int64_t total = days * 86400 + hours * 3600 + minutes * 60 + seconds - offset;
    *when = total * INSTANT_SECOND + micros;
    return *when >= earliest && *when <= latest;
}

bool instant_is_date(struct str text)
{
    int64_t days;
    return take_date(&text, &days) && text.len == 0;
}
