/* Customers that never were, with the truth of who is who: persons or organisations, any number,
 * the same for the same seed.
 *
 *     generate persons 1000000 7 > persons.csv       (kind, rows, seed)
 *     generate contacts 1000000 7 > persons.csv      persons with phone and e-mail as well
 *     generate organisations 100000 7 > firms.csv
 *
 * Names have the frequencies of the world (a few very common ones, a long tail), a third of the
 * persons share a home with others of the same family name, twins included. The records of one
 * person differ as records do: typing errors, short forms, swapped names, moves, marriages, days
 * and months swapped, missing values, placeholder values, numbers that many share. `entity` is the
 * truth; rows stand in random order. The persons have the columns of the FEBRL sets.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate_data.h"

enum { TEXT_MAX = 64 };

/* SplitMix64 */
static uint64_t state;

static uint64_t next_random(void)
{
    uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static uint32_t below(uint32_t limit)
{
    return (uint32_t)((next_random() >> 32) * limit >> 32);
}

static int chance(double percent)
{
    return (double)(next_random() >> 11) * 0x1.0p-53 * 100 < percent;
}

/* ------------------------------------------------------------------ words by frequency */

struct words {
    const char *const *word;
    uint32_t count;
    double *sum; /* of weights up to and with each */
};

static struct words female, male, family, city, street, trade, founder, short_form;

static void load(struct words *words, const char *const *list, double offset)
{
    words->word = list;
    while (list[words->count]) words->count++;
    words->sum = malloc(words->count * sizeof *words->sum);
    if (!words->sum) exit(1);
    double sum = 0;
    for (uint32_t i = 0; i < words->count; i++) words->sum[i] = sum += 1 / (i + offset);
}

static const char *pick(const struct words *words)
{
    double at = (double)(next_random() >> 11) * 0x1.0p-53 * words->sum[words->count - 1];
    uint32_t low = 0, high = words->count - 1;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (words->sum[middle] < at)
            low = middle + 1;
        else
            high = middle;
    }
    return words->word[low];
}

/* The long tail: two or three syllables, low numbers more often. */
static void make_up(char *out)
{
    static const char *const start[] = {
        "bra",  "kel",  "mor",  "win", "hal",  "ash", "dun",  "fen", "gar", "har", "lang",
        "nor",  "pem",  "ros",  "sel", "thor", "wal", "and",  "ber", "cor", "del", "eck",
        "fitz", "gold", "hoff", "ing", "jan",  "kow", "lind", "mac", "nak", "ols", "pet",
        "quin", "rad",  "schu", "tan", "ull",  "van", "wis",  "yar", "zim"};
    static const char *const middle[] = {"",   "",   "",   "er", "in", "el", "an", "ow",
                                         "en", "al", "is", "ar", "or", "ol", "em", "ad"};
    static const char *const end[] = {
        "ton", "ley",   "man",  "son",   "ford", "berg", "well", "ski",  "ov",    "ard",
        "by",  "field", "wood", "stein", "ini",  "ez",   "ham",  "dale", "worth", "mann",
        "sen", "ic",    "ger",  "ert",   "ey",   "ura",  "oto",  "escu", "idis",  "yan"};
    uint32_t a = below(42), b = below(16), c = below(30);
    if (chance(50)) a = below(a + 1);
    if (chance(50)) c = below(c + 1);
    (void)snprintf(out, TEXT_MAX, "%s%s%s", start[a], middle[b], end[c]);
}

/* ------------------------------------------------------------------ persons */

struct person {
    char given[TEXT_MAX], family[TEXT_MAX], street[TEXT_MAX], city[TEXT_MAX], email[TEXT_MAX * 4];
    uint32_t number, postcode, birth, identifier, is_female;
    uint64_t phone;
};

static void new_home(struct person *p)
{
    uint32_t town = 0;
    const char *name = pick(&city);
    while (city.word[town] != name) town++;
    /* A town name stands for many places: the postcode tells which. */
    p->postcode = 10000 + (town * 997 + below(40) * 13 + below(8)) % 89000;
    (void)snprintf(p->city, TEXT_MAX, "%s", name);
    if (chance(55)) {
        (void)snprintf(p->street, TEXT_MAX, "%s", pick(&street));
    } else {
        static const char *const type[] = {"street", "road",   "lane",  "drive",
                                           "court",  "avenue", "close", "place"};
        char name_of_street[TEXT_MAX];
        make_up(name_of_street);
        (void)snprintf(p->street, TEXT_MAX, "%.40s %s", name_of_street, type[below(8)]);
    }
    p->number = 1 + below(chance(70) ? 99 : 900);
}

static uint32_t new_birth(void)
{
    uint32_t year = 1932 + below(40) + below(36);
    return year * 10000 + (1 + below(12)) * 100 + 1 + below(28);
}

static void new_email(struct person *p)
{
    static const char *const host[] = {"gmail.com", "yahoo.com",  "hotmail.com", "outlook.com",
                                       "aol.com",   "icloud.com", "comcast.net", "mail.com"};
    uint32_t form = below(4);
    if (form == 0)
        (void)snprintf(p->email, sizeof p->email, "%s.%s%u@%s", p->given, p->family, below(100),
                       host[below(8)]);
    else if (form == 1)
        (void)snprintf(p->email, sizeof p->email, "%c%s%u@%s", p->given[0], p->family, below(1000),
                       host[below(8)]);
    else if (form == 2)
        (void)snprintf(p->email, sizeof p->email, "%s%u@%s", p->given, 10 + below(99990),
                       host[below(8)]);
    else
        (void)snprintf(p->email, sizeof p->email, "%s.%s@%s.com", p->given, p->family, p->family);
}

static uint64_t new_phone(void)
{
    return (201 + below(780)) * 10000000ULL + (200 + below(800)) * 10000ULL + below(10000);
}

static void new_person(struct person *p)
{
    p->is_female = chance(50);
    const char *given = pick(p->is_female ? &female : &male);
    (void)snprintf(p->given, TEXT_MAX, "%s", given);
    if (chance(8)) make_up(p->given);
    if (chance(52))
        (void)snprintf(p->family, TEXT_MAX, "%s", pick(&family));
    else
        make_up(p->family);
    new_home(p);
    p->birth = new_birth();
    p->identifier = 1000000 + below(899000000);
    p->phone = new_phone();
    new_email(p);
}

/* Another member of the same home: a spouse, child or twin. */
static void new_member(struct person *p, const struct person *of)
{
    new_person(p);
    memcpy(p->street, of->street, TEXT_MAX);
    memcpy(p->city, of->city, TEXT_MAX);
    p->number = of->number;
    p->postcode = of->postcode;
    if (chance(85)) memcpy(p->family, of->family, TEXT_MAX);
    if (chance(50)) p->phone = of->phone;
    if (chance(8)) memcpy(p->email, of->email, sizeof p->email);
    if (chance(2)) p->birth = of->birth;
}

/* ------------------------------------------------------------------ errors */

static void mistype(char *text)
{
    static const char near[26][5] = {"sqz", "vgn", "xvd", "sfe", "wrd", "dgr", "fht", "gjy", "uok",
                                     "hkm", "jli", "kop", "njk", "bmh", "ipl", "ol",  "wa",  "etf",
                                     "adw", "ryg", "yij", "cbf", "qes", "zcs", "tuh", "xas"};
    uint32_t len = (uint32_t)strlen(text);
    if (len < 3 || len + 2 > TEXT_MAX) return;
    uint32_t at = 1 + below(len - 1);
    char c = text[at];
    switch (below(4)) {
    case 0: /* drop */
        memmove(text + at, text + at + 1, len - at);
        break;
    case 1: /* twice */
        memmove(text + at + 1, text + at, len - at + 1);
        break;
    case 2: /* neighbour on the keyboard */
        if (c >= 'a' && c <= 'z') text[at] = near[c - 'a'][below((uint32_t)strlen(near[c - 'a']))];
        break;
    default: /* swap */
        if (at + 1 < len) {
            text[at] = text[at + 1];
            text[at + 1] = c;
        }
    }
}

static void shorten(char *given)
{
    for (uint32_t i = 0; i < short_form.count; i++) {
        const char *space = strchr(short_form.word[i], ' ');
        size_t len = (size_t)(space - short_form.word[i]);
        if (strlen(given) != len || strncmp(given, short_form.word[i], len) != 0) continue;
        (void)snprintf(given, TEXT_MAX, "%s", space + 1);
        return;
    }
    if (chance(30)) given[1] = '\0';
}

static uint32_t misdate(uint32_t birth)
{
    uint32_t year = birth / 10000, month = birth / 100 % 100, day = birth % 100;
    switch (below(4)) {
    case 0: /* day and month swapped */
        return day <= 12 ? year * 10000 + day * 100 + month : birth;
    case 1:
        return (year + (chance(50) ? 1 : 10)) * 10000 + month * 100 + day;
    case 2:
        return year * 10000 + month * 100 + 1 + below(28);
    default:
        return year * 10000 + (1 + below(12)) * 100 + day;
    }
}

static uint64_t misdigit(uint64_t number)
{
    uint64_t place = 1;
    for (uint32_t i = below(6); i > 0; i--) place *= 10;
    uint64_t digit = number / place % 10;
    return number - digit * place + below(10) * place;
}

static void spoil(struct person *p)
{
    if (chance(7)) shorten(p->given);
    if (chance(6)) mistype(p->given);
    if (chance(7)) mistype(p->family);
    if (chance(2)) mistype(p->family);
    if (p->is_female && chance(4)) make_up(p->family);
    if (chance(9)) new_home(p);
    if (chance(6)) mistype(p->street);
    if (chance(4)) mistype(p->city);
    if (chance(3)) p->number = 1 + below(300);
    if (chance(3)) p->postcode = (uint32_t)misdigit(p->postcode);
    if (chance(5)) p->birth = misdate(p->birth);
    if (chance(3)) p->identifier = (uint32_t)misdigit(p->identifier);
    if (chance(12)) p->phone = new_phone();
    if (chance(10)) new_email(p);
    if (chance(1.5)) {
        char swap[TEXT_MAX];
        memcpy(swap, p->given, TEXT_MAX);
        memcpy(p->given, p->family, TEXT_MAX);
        memcpy(p->family, swap, TEXT_MAX);
    }
}

/* ------------------------------------------------------------------ rows */

static void text_or(double missing, const char *text)
{
    if (!chance(missing))
        (void)printf(",%s", text);
    else
        (void)printf("%s", chance(4) ? ",n/a" : ",");
}

static void number_or(double missing, const char *placeholder, uint64_t number)
{
    if (!chance(missing))
        (void)printf(",%llu", (unsigned long long)number);
    else
        (void)printf(",%s", chance(8) ? placeholder : "");
}

static void phone_or(double missing, uint64_t number)
{
    unsigned area = (unsigned)(number / 10000000), middle = (unsigned)(number / 10000 % 1000);
    unsigned last = (unsigned)(number % 10000);
    if (chance(missing))
        (void)printf(",%s", chance(8) ? "999-999-9999" : "");
    else if (chance(50))
        (void)printf(",(%03u) %03u-%04u", area, middle, last);
    else
        (void)printf(chance(50) ? ",+1 %03u %03u %04u" : ",%03u-%03u-%04u", area, middle, last);
}

static void write_person(uint64_t id, uint64_t entity, const struct person *p, int contacts)
{
    (void)printf("p%llu,e%llu", (unsigned long long)id, (unsigned long long)entity);
    text_or(4, p->given);
    text_or(2, p->family);
    number_or(6, "", p->number);
    text_or(6, p->street);
    text_or(5, p->city);
    number_or(6, "99999", p->postcode);
    number_or(8, "19000101", p->birth);
    number_or(35, "999999999", p->identifier);
    if (contacts) {
        phone_or(30, p->phone);
        text_or(45, chance(0.3) ? "info@example.com" : p->email);
    }
    (void)putchar('\n');
}

/* How many records one customer has: most one, some several. */
static uint32_t record_count(void)
{
    uint32_t at = below(100);
    return at < 62 ? 1 : at < 85 ? 2 : at < 94 ? 3 : at < 98 ? 4 : 6;
}

/* Rows come out in random order without being kept: a row stands at the place that a permutation of
 * its number gives, and each customer is made again from its own seed whenever a row needs it. */
static uint64_t permute(uint64_t i, uint64_t count, uint64_t seed)
{
    uint64_t bits = 1;
    while ((UINT64_C(1) << bits) < count) bits++;
    uint64_t half = (bits + 1) / 2, mask = (UINT64_C(1) << half) - 1;
    do { /* a Feistel network, walked until it lands inside */
        uint64_t left = i >> half, right = i & mask;
        for (uint64_t round = 0; round < 4; round++) {
            uint64_t mixed = (right + seed + round) * 0x9E3779B97F4A7C15u;
            uint64_t swap = left ^ ((mixed ^ mixed >> 29) & mask);
            left = right;
            right = swap;
        }
        i = left << half | right;
    } while (i >= count);
    return i;
}

struct row_of {
    uint32_t entity, copy;
};

static struct row_of *plan_rows(uint64_t rows, uint64_t seed)
{
    struct row_of *plan = calloc(rows + 8, sizeof *plan);
    if (!plan) exit(1);
    uint64_t made = 0;
    state = seed;
    for (uint32_t entity = 0; made < rows; entity++)
        for (uint32_t copy = 0, copies = record_count(); copy < copies && made < rows; copy++)
            plan[made++] = (struct row_of){entity, copy};
    return plan;
}

/* Every third entity lives with the one before it. */
static void make_person(uint32_t entity, uint64_t seed, struct person *p)
{
    uint32_t head = entity - entity % 3;
    state = seed * 1000003 + head * 2654435761u + 1;
    struct person first;
    new_person(&first);
    int together = chance(45);
    if (entity == head || !together) {
        state = seed * 1000003 + entity * 2654435761u + 1;
        new_person(p);
        return;
    }
    state = seed * 1000003 + entity * 2654435761u + 7;
    new_member(p, &first);
}

static void generate_persons(uint64_t rows, uint64_t seed, int contacts)
{
    (void)printf("id,entity,given_name,surname,street_number,address_1,suburb,postcode,"
                 "date_of_birth,soc_sec_id%s\n",
                 contacts ? ",phone,email" : "");
    struct row_of *plan = plan_rows(rows, seed);
    for (uint64_t i = 0; i < rows; i++) {
        struct row_of row = plan[permute(i, rows, seed)];
        struct person p;
        make_person(row.entity, seed, &p);
        state = seed * 7919 + row.entity * 40503ULL * 64 + row.copy * 977 + 13;
        (void)next_random();
        if (row.copy > 0) spoil(&p);
        write_person(i, row.entity, &p, contacts);
    }
    free(plan);
}

/* ------------------------------------------------------------------ organisations */

struct organisation {
    char core[TEXT_MAX], trade[TEXT_MAX], host[TEXT_MAX * 4];
    struct person site; /* for its address and phone */
};

static void make_organisation(uint32_t entity, uint64_t seed, struct organisation *o)
{
    /* One in five is a branch of the one before: same name and website, its own address. */
    uint32_t head = entity % 5 == 4 ? entity - 1 : entity;
    state = seed * 1000003 + head * 2654435761u + 3;
    if (chance(35)) {
        (void)snprintf(o->core, TEXT_MAX, "%s", pick(&founder));
    } else if (chance(50)) {
        (void)snprintf(o->core, TEXT_MAX, "%s", pick(&family));
    } else {
        make_up(o->core);
    }
    (void)snprintf(o->trade, TEXT_MAX, "%s", pick(&trade));
    char compact[TEXT_MAX * 2];
    size_t len = 0;
    for (const char *c = o->core; *c; c++)
        if (*c != ' ') compact[len++] = *c;
    compact[len] = '\0';
    (void)snprintf(o->host, sizeof o->host, "%s%.8s%u.com", compact, o->trade, below(50));
    for (char *c = o->host; *c; c++)
        if (*c == ' ') *c = '-';
    state = seed * 1000003 + entity * 2654435761u + 5;
    new_home(&o->site);
    o->site.phone = new_phone();
}

static void spoil_organisation(struct organisation *o)
{
    if (chance(8)) mistype(o->core);
    if (chance(4)) mistype(o->trade);
    if (chance(5)) new_home(&o->site);
    if (chance(6)) mistype(o->site.street);
    if (chance(10)) o->site.phone = new_phone();
    if (chance(10)) o->trade[0] = '\0';
    if (chance(5) && strlen(o->trade) > 5) o->trade[4] = '\0';
}

static void write_organisation(uint64_t id, uint64_t entity, const struct organisation *o)
{
    static const char *const form[] = {"",     " Ltd",  " Limited", " Inc", " Inc.",
                                       " LLC", " GmbH", " & Co",    " Corp"};
    (void)printf("o%llu,e%llu,", (unsigned long long)id, (unsigned long long)entity);
    if (chance(5) && o->trade[0])
        (void)printf("\"%s, %s%s\"", o->trade, o->core, form[below(9)]);
    else
        (void)printf("%s%s%s%s", o->core, o->trade[0] ? " " : "", o->trade, form[below(9)]);
    char line[TEXT_MAX * 2];
    (void)snprintf(line, sizeof line, "%u %s", o->site.number, o->site.street);
    text_or(6, line);
    text_or(5, o->site.city);
    number_or(8, "00000", o->site.postcode);
    phone_or(25, o->site.phone);
    char site[TEXT_MAX * 5];
    (void)snprintf(site, sizeof site, "%s%s", chance(50) ? "www." : "https://", o->host);
    text_or(35, site);
    (void)putchar('\n');
}

static void generate_organisations(uint64_t rows, uint64_t seed)
{
    (void)printf("id,entity,company,address,city,postcode,phone,website\n");
    struct row_of *plan = plan_rows(rows, seed);
    for (uint64_t i = 0; i < rows; i++) {
        struct row_of row = plan[permute(i, rows, seed)];
        struct organisation o;
        make_organisation(row.entity, seed, &o);
        state = seed * 7919 + row.entity * 40503ULL * 64 + row.copy * 977 + 17;
        (void)next_random();
        if (row.copy > 0) spoil_organisation(&o);
        write_organisation(i, row.entity, &o);
    }
    free(plan);
}

int main(int count, char **words)
{
    uint64_t rows = count > 2 ? strtoull(words[2], NULL, 10) : 0;
    uint64_t seed = count > 3 ? strtoull(words[3], NULL, 10) : 1;
    const char *kind = count > 1 ? words[1] : "";
    load(&female, generate_female, 3);
    load(&male, generate_male, 3);
    load(&family, generate_family, 8);
    load(&city, generate_city, 10);
    load(&street, generate_street, 10);
    load(&trade, generate_trade, 10);
    load(&founder, generate_founder, 10);
    load(&short_form, generate_short_form, 10);
    if (rows > 0 && strcmp(kind, "persons") == 0)
        generate_persons(rows, seed, 0);
    else if (rows > 0 && strcmp(kind, "contacts") == 0)
        generate_persons(rows, seed, 1);
    else if (rows > 0 && strcmp(kind, "organisations") == 0)
        generate_organisations(rows, seed);
    else {
        (void)fprintf(stderr, "generate persons|contacts|organisations ROWS [SEED]\n");
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
