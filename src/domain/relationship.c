/* See relationship.h. Hierarchies are small (a limit bounds the relationships of a customer), yet
 * all is near-linear: cycles are found by adding the edges from the earliest to the latest. */
#include "domain/relationship.h"

#include "base/identifier.h"
#include "domain/field.h"

#include <stdlib.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const struct relationship_type relationship_types[] = {
    {STR("PARENT_OF"), STR("SUBSIDIARY_OF"), true},
    {STR("SUBSIDIARY_OF"), STR("PARENT_OF"), true},
    {STR("PARTNER_OF"), STR("PARTNER_OF"), false},
    {STR("HOUSEHOLD_MEMBER_OF"), STR("HOUSEHOLD_MEMBER_OF"), false},
    {STR("WORKS_FOR"), STR("EMPLOYS"), false},
    {STR("EMPLOYS"), STR("WORKS_FOR"), false},
    {STR("REFERRED_BY"), STR("REFERRED"), false},
    {STR("REFERRED"), STR("REFERRED_BY"), false},
};
const size_t relationship_type_count = COUNT(relationship_types);

const struct relationship_type *relationship_type_find(struct str name)
{
    for (size_t i = 0; i < relationship_type_count; i++)
        if (str_equal(relationship_types[i].name, name)) return &relationship_types[i];
    return NULL;
}

/* ---- input ---- */

const struct profile_field relationship_fields[] = {
    {.name = STR("type"),
     .shape = SHAPE_ENUM,
     .allowed = STR("PARENT_OF | SUBSIDIARY_OF | PARTNER_OF | HOUSEHOLD_MEMBER_OF | WORKS_FOR | "
                    "EMPLOYS | REFERRED_BY | REFERRED"),
     .required = true},
    {.name = STR("customerId"),
     .shape = SHAPE_IDENTIFIER,
     .allowed = STR(IDENTIFIER_ALLOWED),
     .required = true},
    {.name = STR("from"), .shape = SHAPE_DATE, .allowed = STR("a day as YYYY-MM-DD")},
    {.name = STR("to"), .shape = SHAPE_DATE, .allowed = STR("a day as YYYY-MM-DD")},
    {.name = STR("relationshipId"), .shape = SHAPE_IDENTIFIER, .allowed = STR(IDENTIFIER_ALLOWED)},
};
const size_t relationship_field_count = COUNT(relationship_fields);

static bool copy_member(struct json_value *to, const struct json_value *from, struct str name,
                        struct arena *arena)
{
    const struct json_value *value = json_get(from, name);
    return json_object_set(to, name, value ? *value : json_make_null(), arena);
}

enum status relationship_parse(const struct json_value *body, struct arena *arena,
                               struct str *relationship_id, struct str *other,
                               struct json_value **fact_body, struct error *error)
{
    struct json_value given;
    if (!body || body->type != JSON_OBJECT)
        return error_set(error, STATUS_INVALID_VALUE, STR(""), STR("a JSON object"),
                         "the body is not a JSON object");
    TRY(field_check_object(relationship_fields, relationship_field_count, body, NULL, NULL, arena,
                           &given, error));
    struct str from = json_text(json_get(&given, STR("from")));
    struct str to = json_text(json_get(&given, STR("to")));
    if (!str_is_none(from) && !str_is_none(to) && str_compare(to, from) < 0)
        return error_set(error, STATUS_INVALID_VALUE, STR("to"), STR("a day not before from"),
                         "lies before from");
    *relationship_id = json_text(json_get(&given, STR("relationshipId")));
    *other = json_text(json_get(&given, STR("customerId")));
    *fact_body = ARENA_NEW(arena, struct json_value);
    if (!*fact_body) return error_plain(error, STATUS_OUT_OF_MEMORY);
    **fact_body = json_make_object();
    if (!copy_member(*fact_body, &given, STR("type"), arena) ||
        !copy_member(*fact_body, &given, STR("from"), arena) ||
        !copy_member(*fact_body, &given, STR("to"), arena))
        return error_plain(error, STATUS_OUT_OF_MEMORY);
    return STATUS_OK;
}

bool relationship_is_current(const struct json_value *fact_body, struct str day)
{
    struct str from = json_text(json_get(fact_body, STR("from")));
    struct str to = json_text(json_get(fact_body, STR("to")));
    return (str_is_none(from) || str_compare(from, day) <= 0) &&
           (str_is_none(to) || str_compare(day, to) <= 0);
}

/* ---- the relationships that are there ---- */

static int by_relationship(const void *a, const void *b)
{
    const struct fact *left = *(const struct fact *const *)a,
                      *right = *(const struct fact *const *)b;
    int order = str_compare(left->home, right->home);
    if (order == 0) order = str_compare(left->subject, right->subject);
    return order ? order : fact_compare(left, right);
}

static int by_order(const void *a, const void *b)
{
    return fact_compare(*(const struct fact *const *)a, *(const struct fact *const *)b);
}

enum status relationship_current_facts(const struct fact *facts, size_t count, struct arena *arena,
                                       const struct fact ***current, size_t *current_count)
{
    const struct fact **found = ARENA_NEW_ARRAY(arena, const struct fact *, count);
    size_t found_count = 0, kept = 0;
    if (!found) return STATUS_OUT_OF_MEMORY;
    for (size_t i = 0; i < count; i++)
        if (facts[i].kind == FACT_RELATIONSHIP) found[found_count++] = &facts[i];
    if (found_count > 1) qsort(found, found_count, sizeof(found[0]), by_relationship);
    for (size_t i = 0; i < found_count; i++) {
        bool superseded = i + 1 < found_count &&
                          str_equal(found[i + 1]->subject, found[i]->subject) &&
                          str_equal(found[i + 1]->home, found[i]->home);
        if (!superseded && !json_get(found[i]->body, STR("removed"))) found[kept++] = found[i];
    }
    if (kept > 1) qsort(found, kept, sizeof(found[0]), by_order);
    *current = found;
    *current_count = kept;
    return STATUS_OK;
}

bool relationship_edge(struct str type, struct str home, struct str other,
                       struct hierarchy_edge *edge)
{
    bool parent = str_equal(type, STR("PARENT_OF"));
    if (!parent && !str_equal(type, STR("SUBSIDIARY_OF"))) return false;
    edge->parent = parent ? home : other;
    edge->child = parent ? other : home;
    return true;
}
