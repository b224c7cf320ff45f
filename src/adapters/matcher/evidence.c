#include "adapters/matcher/evidence.h"

#include "domain/contact.h"

enum { VALUES_MAX = 256 };

#define REASON_BITS        3
#define CONTRADICTION_BITS 3

static struct str text_of(const struct json_value *object, const char *name)
{
    return json_text(json_get(object, str_from_cstr(name)));
}

/* --- values --- */

struct values_of_record {
    struct matching_value items[VALUES_MAX];
    size_t count;
};

static void add(struct values_of_record *values, enum matching_field field, struct str type,
                struct str text)
{
    if (str_is_none(text) || str_is_empty(text) || values->count == VALUES_MAX) return;
    values->items[values->count++] = (struct matching_value){field, type, text};
}

static size_t list_of(const struct json_value *said, const char *name,
                      const struct json_value **items)
{
    const struct json_value *list = json_get(said, str_from_cstr(name));
    if (!list || list->type != JSON_ARRAY) return 0;
    *items = list->items;
    return list->count;
}

static void add_address(struct values_of_record *values, const struct json_value *address)
{
    add(values, MATCHING_FIELD_STREET, STR(""), text_of(address, "line1"));
    add(values, MATCHING_FIELD_CITY, STR(""), text_of(address, "city"));
    add(values, MATCHING_FIELD_REGION, STR(""), text_of(address, "region"));
    add(values, MATCHING_FIELD_POSTCODE, STR(""), text_of(address, "postalCode"));
}

static void add_points(struct values_of_record *values, enum matching_field field,
                       struct contact_points points)
{
    struct str point;
    while (contact_points_next(&points, &point)) add(values, field, STR(""), point);
}

static void add_said(struct values_of_record *values, const struct json_value *said, bool person)
{
    const struct json_value *items = NULL;
    size_t count = list_of(said, "identifiers", &items);
    for (size_t i = 0; i < count; i++)
        add(values, MATCHING_FIELD_IDENTIFIER, text_of(&items[i], "type"),
            text_of(&items[i], "value"));
    add_points(values, MATCHING_FIELD_EMAIL, contact_points_of(said, CONTACT_POINT_EMAIL));
    add_points(values, MATCHING_FIELD_PHONE, contact_points_of(said, CONTACT_POINT_PHONE));
    count = list_of(said, "addresses", &items);
    for (size_t i = 0; i < count; i++) add_address(values, &items[i]);
    add(values, person ? MATCHING_FIELD_FULL_NAME : MATCHING_FIELD_ORGANISATION, STR(""),
        text_of(said, "name"));
    add(values, MATCHING_FIELD_WEBSITE, STR(""), text_of(said, "website"));
    if (person) add(values, MATCHING_FIELD_BIRTH_DATE, STR(""), text_of(said, "dateOfBirth"));
}

/* The kind that the first of them names; as in a golden record an organisation if none does. */
static bool is_person(const struct json_value *const *said, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str kind = text_of(said[i], "kind");
        if (!str_is_none(kind)) return str_equal(kind, STR("PERSON"));
    }
    return false;
}

enum status evidence_normalise(const struct json_value *const *said, size_t said_count,
                               struct arena *arena, struct str *normal)
{
    struct values_of_record values;
    values.count = 0; /* and nothing else is looked at */
    bool person = is_person(said, said_count);
    add(&values, MATCHING_FIELD_KIND, STR(""), person ? STR("person") : STR("organisation"));
    for (size_t i = 0; i < said_count; i++) add_said(&values, said[i], person);
    return matching_normalise(values.items, values.count, arena, normal, NULL);
}

/* --- explanations --- */

/* What of a profile a comparison looks at, and what it is called in a reason. */
static const struct subject {
    const char *comparison, *field, *name;
} subjects[] = {
    {"given_name", "name", "GIVEN_NAME"},  {"family_name", "name", "FAMILY_NAME"},
    {"organisation", "name", "NAME"},      {"birth_date", "dateOfBirth", "DATE_OF_BIRTH"},
    {"email", "emails", "EMAIL"},          {"phone", "phones", "PHONE"},
    {"website", "website", "WEBSITE"},     {"street", "addresses", "STREET"},
    {"locality", "addresses", "LOCALITY"}, {"identifier", "identifiers", "IDENTIFIER"},
};

static bool add_reason(const struct matching_part *part, struct arena *arena, struct match *match)
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (!str_equal(part->comparison, str_from_cstr(subjects[i].comparison))) continue;
        bool same = str_equal(part->level, STR("exact"));
        struct str reason =
            arena_format(arena, "%s_%s", same ? "SAME" : "SIMILAR", subjects[i].name);
        match->reasons[match->reason_count++] =
            (struct match_reason){str_from_cstr(subjects[i].field), reason};
        return !str_is_none(reason);
    }
    return true;
}

static void write_number(struct json_writer *writer, struct str name, double number,
                         struct arena *arena)
{
    struct str text = arena_format(arena, "%.3f", number);
    json_key(writer, name);
    json_raw(writer, str_is_none(text) ? STR("null") : text);
}

static void write_part(struct json_writer *writer, const struct matching_part *part,
                       struct arena *arena)
{
    json_object_begin(writer);
    json_member_string(writer, STR("comparison"), part->comparison);
    json_member_string(writer, STR("level"), part->level);
    write_number(writer, STR("weight"), part->weight, arena);
    write_number(writer, STR("frequency"), part->frequency, arena);
    json_object_end(writer);
}

static struct str waterfall_of(const struct matching_outcome *outcome, struct arena *arena)
{
    const struct matching_part prior = {.comparison = STR("prior"), .weight = outcome->prior};
    const struct matching_part related = {.comparison = STR("related"), .weight = outcome->related};
    struct buffer out = {.arena = arena};
    struct json_writer writer = {.out = &out};
    json_array_begin(&writer);
    write_part(&writer, &prior, arena);
    for (size_t i = 0; i < outcome->part_count; i++) write_part(&writer, &outcome->parts[i], arena);
    if (outcome->related < 0) write_part(&writer, &related, arena);
    json_array_end(&writer);
    return buffer_failed(&out) ? STR_NONE : buffer_str(&out);
}

enum status evidence_explain(const struct matching_outcome *outcome, struct arena *arena,
                             struct match *match)
{
    bool decided = match->reason_count > 0;
    for (size_t i = 0; i < outcome->part_count && !decided; i++)
        if (outcome->parts[i].weight >= REASON_BITS &&
            !add_reason(&outcome->parts[i], arena, match))
            return STATUS_OUT_OF_MEMORY;
    match->waterfall = waterfall_of(outcome, arena);
    return str_is_none(match->waterfall) ? STATUS_OUT_OF_MEMORY : STATUS_OK;
}

bool evidence_contradicts(const struct matching_outcome *outcome)
{
    for (size_t i = 0; i < outcome->part_count; i++)
        if (outcome->parts[i].weight <= -CONTRADICTION_BITS) return true;
    return false;
}
