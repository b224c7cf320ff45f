/* Every normaliser, and the comparison of what two texts came to. The first byte chooses the
 * field. */
#include "fuzz.h"

#include <string.h>

#include "matching/scoring.h"
#include "text/fold.h"

static void fill(struct values *values, enum matching_field field, struct str text,
                 struct record *record)
{
    const struct record_rules rules = {.dates_day_first = text.len % 2};
    const struct record_field one = {field, STR("x"), text};
    memset(record, 0, sizeof *record);
    for (int group = 0; group < RECORD_GROUP_COUNT; group++)
        record_fill(values, (enum record_group)group, &rules, &one, 1, NULL, NULL, record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2) return 0;
    char room[FOLD_MAX];
    struct str text = str_of((const char *)data + 1, size - 1), first;
    FUZZ_REQUIRE(fold_text(text, room).len < FOLD_MAX);
    enum matching_field field = (enum matching_field)(1 + data[0] % (MATCHING_FIELD_COUNT - 1));
    struct values values;
    struct record a, b;
    struct model_set models;
    struct scorer scorer;
    const double rate[MODEL_KIND_COUNT] = {0.001, 0.001};
    values_init(&values, NULL);
    if (!str_split(&text, '\n', &first)) return 0;
    fill(&values, field, first, &a);
    fill(&values, field, str_is_none(text) ? first : text, &b);
    model_set_default(&models);
    scoring_init(&scorer, &values, NULL, &models, rate);
    float ab = scoring_score(&scorer, NULL, &a, &b, -1e6f);
    float ba = scoring_score(&scorer, NULL, &b, &a, -1e6f);
    FUZZ_REQUIRE(ab == ba || (ab - ba < 1e-3f && ba - ab < 1e-3f));
    values_release(&values);
    return 0;
}
