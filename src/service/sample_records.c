#include "service/sample_records.h"

#include <string.h>

#include "base/environment.h"
#include "formats/json.h"
#include "service/sample_words.h"

/* A seed of its own per record and purpose, so that a duplicate can make its original again. */
struct dice {
    struct environment_fixed source;
};

static void dice_init(struct dice *dice, int number, int purpose)
{
    uint64_t seed = (uint64_t)number * 0x9E3779B97F4A7C15u + (uint64_t)purpose;
    environment_fixed_init(&dice->source, 0, 0, seed);
}

static size_t roll(struct dice *dice, size_t sides)
{
    uint64_t word;
    dice->source.base.random(&dice->source.base, &word, sizeof(word));
    return (size_t)(word % sides);
}

#define PICK(dice, list, count) ((list)[roll((dice), (count))])

/* What a customer is, before any system has written it down. */
struct identity {
    bool person;
    const struct sample_country *country;
    const struct sample_city *city;
    struct str street;
    const char *given, *family; /* of a person */
    const char *stem, *trade;   /* of an organisation */
    size_t legal_form;          /* which pair */
    struct str domain, phone, vat;
    int number;
};

/* The letter without its accent, of the second byte of U+00C0 to U+00FF in UTF-8. */
static char plain_letter(unsigned char second)
{
    static const char plain[] = "aaaaaaaceeeeiiiidnooooo ouuuuy s"
                                "aaaaaaaceeeeiiiidnooooo ouuuuy y";
    return plain[second & 0x3f];
}

/* Letters and digits of a name, small and without accents: for addresses. */
static struct str slug(const char *text, struct arena *arena)
{
    struct buffer out = {.arena = arena};
    for (; *text; text++) {
        char c = *text;
        if (c == '\xc3' && text[1]) c = plain_letter((unsigned char)*++text);
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) buffer_append_char(&out, c);
    }
    return buffer_str(&out);
}

/* The forms of the tables are our own text, each with numbers in it as its comment says. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static struct str form_one(struct arena *arena, const char *form, int number)
{
    return arena_format(arena, form, number);
}

#pragma GCC diagnostic pop

static void make_identity(int number, struct arena *arena, struct identity *identity)
{
    struct dice dice;
    dice_init(&dice, number, 1);
    const struct sample_country *country = &sample_countries[roll(&dice, SAMPLE_COUNTRIES)];
    identity->number = number;
    identity->person = number >= SAMPLE_ORGANIZATIONS;
    identity->country = country;
    identity->city = &country->cities[roll(&dice, country->city_count)];
    identity->street = form_one(arena, PICK(&dice, country->streets, country->street_count),
                                (int)roll(&dice, 180) + 1);
    identity->given = PICK(&dice, country->given_names, country->given_name_count);
    identity->family = PICK(&dice, country->family_names, country->family_name_count);
    /* 40 stems and 15 trades: every organisation has a pair of its own. */
    identity->stem = sample_stems[(size_t)number % sample_stem_count];
    identity->trade = sample_trades[(size_t)number / sample_stem_count % sample_trade_count];
    identity->legal_form = roll(&dice, country->legal_form_count);
    identity->phone =
        form_one(arena, country->phone_form, (int)roll(&dice, country->phone_numbers));
    identity->vat = form_one(arena, country->vat_form, 100000000 + number * 7919);
    struct str stem = slug(identity->stem, arena), trade = slug(identity->trade, arena);
    identity->domain = identity->person ? STR("mail.example")
                                        : arena_format(arena, "%.*s-%.*s.example", STR_ARGS(stem),
                                                       STR_ARGS(trade));
}

/* --- writing an original down --- */

static void write_address(struct json_writer *writer, const struct identity *identity,
                          bool with_street)
{
    json_key(writer, STR("addresses"));
    json_array_begin(writer);
    json_object_begin(writer);
    if (with_street) json_member_string(writer, STR("line1"), identity->street);
    json_member_string(writer, STR("city"), str_from_cstr(identity->city->name));
    json_member_string(writer, STR("postalCode"), str_from_cstr(identity->city->postal_code));
    json_member_string(writer, STR("country"), str_from_cstr(identity->country->code));
    json_object_end(writer);
    json_array_end(writer);
}

static void write_list(struct json_writer *writer, struct str name, struct str value)
{
    json_key(writer, name);
    json_array_begin(writer);
    json_string(writer, value);
    json_array_end(writer);
}

static void write_contact(struct json_writer *writer, const struct identity *identity, int which,
                          struct arena *arena)
{
    static const struct str roles[] = {STR("BILLING"), STR("SERVICE"), STR("SALES")};
    struct dice dice;
    dice_init(&dice, identity->number, 10 + which);
    const struct sample_country *country = identity->country;
    const char *given = PICK(&dice, country->given_names, country->given_name_count);
    const char *family = PICK(&dice, country->family_names, country->family_name_count);
    struct str first = slug(given, arena), last = slug(family, arena);
    json_object_begin(writer);
    json_member_string(writer, STR("contactId"),
                       arena_format(arena, "CONT-%d-%d", 1000 + identity->number, which + 1));
    json_member_string(writer, STR("name"), arena_format(arena, "%s %s", given, family));
    json_member_string(writer, STR("email"),
                       arena_format(arena, "%.*s.%.*s@%.*s", STR_ARGS(first), STR_ARGS(last),
                                    STR_ARGS(identity->domain)));
    json_key(writer, STR("roles"));
    json_array_begin(writer);
    json_string(writer, roles[(identity->number + which) % 3]);
    json_array_end(writer);
    json_object_end(writer);
}

static struct str organization_name(const struct identity *identity, bool registered,
                                    struct arena *arena)
{
    const char *form = identity->country->legal_forms[identity->legal_form * 2 + !registered];
    return arena_format(arena, "%s %s %s", identity->stem, identity->trade, form);
}

static void write_organization(struct json_writer *writer, const struct identity *identity,
                               struct arena *arena, struct sample_record *record)
{
    static const struct str segments[] = {STR("ENTERPRISE"), STR("MID_MARKET"), STR("SMB"),
                                          STR("SMB")};
    record->email = arena_format(arena, "info@%.*s", STR_ARGS(identity->domain));
    json_member_string(writer, STR("kind"), STR("ORGANIZATION"));
    json_member_string(writer, STR("name"), organization_name(identity, true, arena));
    json_member_string(writer, STR("segment"), segments[identity->number % 4]);
    if (identity->number % 41 == 0) json_member_string(writer, STR("status"), STR("ON_HOLD"));
    write_list(writer, STR("emails"), record->email);
    write_list(writer, STR("phones"), identity->phone);
    json_key(writer, STR("identifiers"));
    json_array_begin(writer);
    json_object_begin(writer);
    json_member_string(writer, STR("type"), STR("VAT"));
    json_member_string(writer, STR("value"), identity->vat);
    json_member_string(writer, STR("country"), str_from_cstr(identity->country->code));
    json_object_end(writer);
    json_array_end(writer);
    json_member_string(writer, STR("website"),
                       arena_format(arena, "https://www.%.*s", STR_ARGS(identity->domain)));
    json_member_string(writer, STR("language"), str_from_cstr(identity->country->language));
    write_address(writer, identity, true);
    json_key(writer, STR("contacts"));
    json_array_begin(writer);
    for (int i = 0; i <= identity->number % 3; i++) write_contact(writer, identity, i, arena);
    json_array_end(writer);
}

static struct str person_email(const struct identity *identity, struct arena *arena)
{
    struct str first = slug(identity->given, arena), last = slug(identity->family, arena);
    return arena_format(arena, "%.*s.%.*s%d@%.*s", STR_ARGS(first), STR_ARGS(last),
                        identity->number, STR_ARGS(identity->domain));
}

static void write_person(struct json_writer *writer, const struct identity *identity,
                         struct arena *arena, struct sample_record *record)
{
    struct dice dice;
    dice_init(&dice, identity->number, 2);
    record->email = person_email(identity, arena);
    json_member_string(writer, STR("kind"), STR("PERSON"));
    json_member_string(writer, STR("name"),
                       arena_format(arena, "%s %s", identity->given, identity->family));
    json_member_string(writer, STR("segment"), STR("CONSUMER"));
    json_member_string(writer, STR("dateOfBirth"),
                       arena_format(arena, "%d-%02d-%02d", 1944 + (int)roll(&dice, 60),
                                    1 + (int)roll(&dice, 12), 1 + (int)roll(&dice, 28)));
    write_list(writer, STR("emails"), record->email);
    write_list(writer, STR("phones"), identity->phone);
    json_member_string(writer, STR("language"), str_from_cstr(identity->country->language));
    write_address(writer, identity, true);
}

/* --- writing a duplicate down --- */

static const char *nickname_of(const char *given)
{
    for (size_t i = 0; i < sample_nickname_count; i++)
        if (strcmp(sample_nicknames[2 * i], given) == 0) return sample_nicknames[2 * i + 1];
    return NULL;
}

/* Two neighbouring ASCII letters change places. */
static struct str with_a_slip(struct str name, struct dice *dice, struct arena *arena)
{
    char *text = arena_cstr(arena, name);
    if (!text || name.len < 4) return name;
    for (int tries = 0; tries < 20; tries++) {
        size_t at = 1 + roll(dice, name.len - 2);
        char a = text[at], b = text[at + 1];
        if (a < 'a' || a > 'z' || b < 'a' || b > 'z' || a == b) continue;
        text[at] = b;
        text[at + 1] = a;
        break;
    }
    return str_of(text, name.len);
}

static struct str in_capitals(struct str name, struct arena *arena)
{
    char *text = arena_cstr(arena, name);
    for (size_t i = 0; text && i < name.len; i++)
        if (text[i] >= 'a' && text[i] <= 'z') text[i] = (char)(text[i] - 'a' + 'A');
    return str_of(text, text ? name.len : 0);
}

static struct str other_name(const struct identity *identity, struct dice *dice,
                             struct arena *arena)
{
    struct str full = identity->person
                          ? arena_format(arena, "%s %s", identity->given, identity->family)
                          : organization_name(identity, true, arena);
    const char *nickname = nickname_of(identity->given);
    switch (roll(dice, 4)) {
    case 0:
        return with_a_slip(full, dice, arena);
    case 1:
        return identity->person ? full : in_capitals(full, arena);
    case 2:
        if (!identity->person) return organization_name(identity, false, arena);
        return nickname ? arena_format(arena, "%s %s", nickname, identity->family)
                        : arena_format(arena, "%s, %s", identity->family, identity->given);
    default:
        if (!identity->person) return arena_format(arena, "%s %s", identity->stem, identity->trade);
        return arena_format(arena, "%.1s. %s", identity->given, identity->family);
    }
}

static void write_duplicate(struct json_writer *writer, const struct identity *original, int number,
                            struct arena *arena, struct sample_record *record)
{
    struct dice dice;
    dice_init(&dice, number, 3);
    record->email = original->person
                        ? arena_format(arena, "contact%d@post.example", number)
                        : arena_format(arena, "sales@%.*s", STR_ARGS(original->domain));
    json_member_string(writer, STR("kind"), original->person ? STR("PERSON") : STR("ORGANIZATION"));
    json_member_string(writer, STR("name"), other_name(original, &dice, arena));
    if (roll(&dice, 2)) write_list(writer, STR("phones"), original->phone);
    write_list(writer, STR("emails"), record->email);
    write_address(writer, original, roll(&dice, 3) > 0);
}

/* Originals are taken in turn, spread over organisations and persons. */
static int original_of(int number)
{
    return (number - SAMPLE_ORIGINALS) * 37 % SAMPLE_ORIGINALS;
}

bool sample_record_make(int number, struct arena *arena, struct sample_record *record)
{
    static const struct str sources[] = {STR("erp"), STR("webshop"), STR("service")};
    struct identity identity;
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    bool duplicate = number >= SAMPLE_ORIGINALS;
    record->original = duplicate ? original_of(number) : -1;
    make_identity(duplicate ? record->original : number, arena, &identity);
    record->customer_id = arena_format(arena, "CUST-%d", 1000 + number);
    record->source = duplicate ? sources[1 + number % 2] : sources[0];
    record->source_key = arena_format(arena, "%d", 50000 + number);
    json_object_begin(&writer);
    json_member_string(&writer, STR("customerId"), record->customer_id);
    if (duplicate)
        write_duplicate(&writer, &identity, number, arena, record);
    else if (identity.person)
        write_person(&writer, &identity, arena, record);
    else
        write_organization(&writer, &identity, arena, record);
    json_object_end(&writer);
    record->body = buffer_str(&out);
    return !buffer_failed(&out) && !str_is_none(record->email) && !str_is_none(record->source_key);
}
