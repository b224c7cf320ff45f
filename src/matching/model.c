/* The shipped models and their text form. The numbers were set from what is published on names and
 * addresses and from general experience of registers, not fitted to a file; they are the starting
 * point and, for what a small file cannot tell, the end point of the estimates in training.c. */
#include "matching/model.h"

#include <string.h>

struct default_row {
    enum comparison comparison;
    double match[LEVEL_MAX], random[LEVEL_MAX];
    double related[MODEL_RELATED_MAX][LEVEL_MAX];
};

enum { RELATED_HOUSEHOLD, RELATED_COLLEAGUES };

/* Columns as in COMPARISON_TABLE, from "exact" on. Related: the members of a household. */
static const struct default_row person_rows[] = {
    {COMPARISON_GIVEN_NAME,
     {.70, .06, .08, .03, .055, .06, .015},
     {.004, .003, .003, .02, .02, .95, .00000016},
     {{.03, .01, .006, .05, .025, .87835, .00065}, {.006, .003, .003, .04, .02, .928, .0000002}}},
    {COMPARISON_FAMILY_NAME,
     {.78, .08, .05, .03, .06},
     {.0015, .001, .003, .006, .9885},
     {{.82, .03, .05, .01, .09}, {.008, .002, .004, .006, .98}}},
    {COMPARISON_ORGANISATION,
     {.62, .05, .06, .01, .02, .02, .22},
     {.0002, .0001, .0004, .0003, .002, .03, .967},
     {{.04, .005, .01, .002, .01, .03, .903}, {.86, .04, .05, .01, .01, .01, .02}}},
    {COMPARISON_BIRTH_DATE,
     {.85, .02, .063, .035, .012, .015, .005},
     {.00005, .00015, .0008, .004, .02, .475, .50},
     {{.01, .0003, .002, .008, .03, .4697, .48}, {.0002, .0002, .002, .008, .03, .5596, .40}}},
    {COMPARISON_EMAIL,
     {.60, .06, .08, .04, .22},
     {.0000005, .00002, .00001, .003, .997},
     {{.08, .01, .005, .10, .805}, {.02, .003, .01, .70, .267}}},
    {COMPARISON_PHONE,
     {.62, .03, .05, .30},
     {.0000005, .000002, .00001, .999},
     {{.50, .02, .01, .47}, {.30, .03, .10, .57}}},
    {COMPARISON_WEBSITE, {.7, .05, .25}, {.0001, .0001, .9998}, {{.6, .05, .35}, {.90, .04, .06}}},
    {COMPARISON_STREET,
     {.52, .12, .03, .03, .03, .27},
     {.00003, .00003, .0003, .0003, .002, .9973},
     {{.80, .08, .02, .02, .01, .07}, {.65, .08, .03, .03, .02, .19}}},
    {COMPARISON_LOCALITY,
     {.64, .07, .09, .06, .05, .09},
     {.001, .004, .01, .02, .15, .815},
     {{.84, .04, .07, .02, .01, .02}, {.74, .05, .08, .05, .03, .05}}},
    {COMPARISON_IDENTIFIER,
     {.86, .07, .01, .06},
     {.0000001, .00001, .0005, .99949},
     {{.001, .004, .06, .935}, {.01, .01, .03, .95}}},
    {COMPARISON_GENDER, {.97, .03}, {.5, .5}, {{.45, .55}, {.5, .5}}},
    {COMPARISON_GENERATION, {.985, .015}, {.6, .4}, {{.1, .9}, {.5, .5}}},
    {COMPARISON_PLACE, {.75, .12, .13}, {.01, .01, .98}, {{.4, .1, .5}, {.1, .05, .85}}},
    {COMPARISON_OCCUPATION, {.62, .14, .24}, {.03, .03, .94}, {{.08, .04, .88}, {.12, .06, .82}}},
};

/* Related: branches or companies of one group; different organisations at one address. */
static const struct default_row organisation_rows[] = {
    {COMPARISON_ORGANISATION,
     {.50, .13, .13, .03, .10, .05, .06},
     {.00002, .0001, .0004, .0003, .002, .03, .967},
     {{.15, .12, .18, .01, .20, .24, .10}, {.008, .008, .02, .005, .03, .20, .729}}},
    {COMPARISON_BIRTH_DATE,
     {.80, .02, .06, .03, .02, .035, .035},
     {.00005, .0001, .0008, .004, .02, .475, .50},
     {{.05, .001, .001, .004, .02, .450, .474}, {.0001, .0001, .0008, .004, .02, .475, .50}}},
    {COMPARISON_EMAIL,
     {.50, .04, .05, .20, .21},
     {.0000005, .00002, .00001, .0002, .9997},
     {{.25, .05, .02, .45, .23}, {.02, .001, .001, .03, .948}}},
    {COMPARISON_PHONE,
     {.62, .03, .05, .30},
     {.0000005, .000002, .00001, .999},
     {{.35, .02, .05, .58}, {.10, .01, .01, .88}}},
    {COMPARISON_WEBSITE,
     {.80, .05, .15},
     {.0002, .0002, .9996},
     {{.75, .05, .20}, {.10, .02, .88}}},
    {COMPARISON_STREET,
     {.64, .10, .04, .06, .02, .14},
     {.00003, .00003, .0003, .0003, .002, .9973},
     {{.015, .01, .01, .03, .085, .85}, {.85, .08, .02, .03, .005, .015}}},
    {COMPARISON_LOCALITY,
     {.76, .05, .08, .04, .02, .05},
     {.002, .006, .02, .03, .15, .792},
     {{.15, .06, .24, .15, .20, .20}, {.93, .02, .03, .01, .005, .005}}},
    {COMPARISON_IDENTIFIER,
     {.88, .05, .01, .06},
     {.0000001, .00001, .0005, .99949},
     {{.02, .01, .03, .94}, {.001, .001, .003, .995}}},
    {COMPARISON_OCCUPATION, {.75, .10, .15}, {.08, .03, .89}, {{.45, .10, .45}, {.40, .05, .55}}},
};

static void fill(struct model *model, const struct default_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum comparison c = rows[i].comparison;
        memcpy(&model->match.level[c][1], rows[i].match, sizeof(double) * (LEVEL_MAX - 1));
        memcpy(&model->random.level[c][1], rows[i].random, sizeof(double) * (LEVEL_MAX - 1));
        for (int r = 0; r < MODEL_RELATED_MAX; r++)
            memcpy(&model->related[r].level[c][1], rows[i].related[r],
                   sizeof(double) * (LEVEL_MAX - 1));
    }
}

void model_set_default(struct model_set *models)
{
    *models = (struct model_set){0};
    struct model *person = &models->kind[MODEL_PERSON];
    struct model *organisation = &models->kind[MODEL_ORGANISATION];
    person->kind = MODEL_PERSON;
    person->related_count = 2;
    person->related_ratio[0] = 0.5;
    person->related_ratio[1] = 0.3;
    person->duplicates_per_record = 0.3;
    fill(person, person_rows, sizeof person_rows / sizeof person_rows[0]);
    organisation->kind = MODEL_ORGANISATION;
    organisation->related_count = 2;
    organisation->related_ratio[0] = organisation->related_ratio[1] = 0.4;
    organisation->duplicates_per_record = 0.3;
    fill(organisation, organisation_rows, sizeof organisation_rows / sizeof organisation_rows[0]);
}

const char *model_kind_name(enum model_kind kind)
{
    return kind == MODEL_PERSON ? "person" : "organisation";
}

bool model_tells_related(enum model_kind kind, const uint8_t level[COMPARISON_COUNT])
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        bool is_name = c == COMPARISON_GIVEN_NAME || c == COMPARISON_FAMILY_NAME ||
                       (c == COMPARISON_ORGANISATION && kind == MODEL_ORGANISATION);
        if (level[c] && !is_name) return true;
    }
    return false;
}

bool model_has_related(enum model_kind kind, int related, uint32_t said)
{
    uint32_t employer = 1U << COMPARISON_ORGANISATION | 1U << COMPARISON_WEBSITE;
    return kind != MODEL_PERSON || related != RELATED_COLLEAGUES || said & employer;
}

bool model_uses(enum model_kind kind, enum comparison comparison)
{
    const struct default_row *rows = kind == MODEL_PERSON ? person_rows : organisation_rows;
    size_t count = kind == MODEL_PERSON ? sizeof person_rows / sizeof person_rows[0]
                                        : sizeof organisation_rows / sizeof organisation_rows[0];
    for (size_t i = 0; i < count; i++)
        if (rows[i].comparison == comparison) return true;
    return false;
}
