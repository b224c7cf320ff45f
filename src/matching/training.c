#include "matching/training.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "matching/parallel.h"

enum {
    LEVEL_BITS = 3,
    ITERATIONS = 15,
    RANDOM_WEIGHT = 3000,
    RANDOM_TASKS = 8,
    LABEL_WEIGHT = 10, /* pairs that a label counts for */
    MATCH_WEIGHT = 300,
    RELATED_WEIGHT = 300
};

/* ------------------------------------------------------------------ patterns */

/* Counts of agreement patterns: three bits per comparison. */
struct pattern_table {
    uint64_t *pattern; /* pattern + 1; 0 is free */
    uint32_t *count;
    uint32_t *first; /* of them, pairs for which this key type is the first they share */
    size_t size, used;
};

static bool table_grow(struct pattern_table *table)
{
    if (table->used * 2 < table->size) return true;
    struct pattern_table grown = {.size = table->size ? table->size * 2 : 1024};
    grown.pattern = calloc(grown.size, sizeof *grown.pattern);
    grown.count = calloc(grown.size, sizeof *grown.count);
    grown.first = calloc(grown.size, sizeof *grown.first);
    if (!grown.pattern || !grown.count || !grown.first) {
        free(grown.pattern);
        free(grown.count);
        free(grown.first);
        return false;
    }
    for (size_t i = 0; i < table->size; i++) {
        if (!table->pattern[i]) continue;
        size_t at = values_mix(table->pattern[i]) & (grown.size - 1);
        while (grown.pattern[at]) at = (at + 1) & (grown.size - 1);
        grown.pattern[at] = table->pattern[i];
        grown.count[at] = table->count[i];
        grown.first[at] = table->first[i];
        grown.used++;
    }
    free(table->pattern);
    free(table->count);
    free(table->first);
    *table = grown;
    return true;
}

static bool table_add(struct pattern_table *table, uint64_t pattern, bool first)
{
    if (!table_grow(table)) return false;
    size_t at = values_mix(pattern + 1) & (table->size - 1);
    while (table->pattern[at] && table->pattern[at] != pattern + 1)
        at = (at + 1) & (table->size - 1);
    table->used += table->pattern[at] == 0;
    table->pattern[at] = pattern + 1;
    table->count[at]++;
    table->first[at] += first;
    return true;
}

static void table_release(struct pattern_table *table)
{
    free(table->pattern);
    free(table->count);
    free(table->first);
}

static uint64_t pattern_of(const uint8_t level[COMPARISON_COUNT])
{
    uint64_t pattern = 0;
    for (int c = 0; c < COMPARISON_COUNT; c++) pattern |= (uint64_t)level[c] << (LEVEL_BITS * c);
    return pattern;
}

/* ------------------------------------------------------------------ labels */

/* An organisation's name is that of who has no name of a person. */
static enum model_kind kind_of_levels(const uint8_t level[COMPARISON_COUNT])
{
    return level[COMPARISON_ORGANISATION] && !level[COMPARISON_GIVEN_NAME] &&
                   !level[COMPARISON_FAMILY_NAME]
               ? MODEL_ORGANISATION
               : MODEL_PERSON;
}

bool training_label_set(struct training_label *label, struct str comparison, struct str level)
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        if (!str_equal(comparison, str_from_cstr(comparison_name((enum comparison)c)))) continue;
        for (int l = LEVEL_EXACT; l < comparison_level_count((enum comparison)c); l++) {
            if (!str_equal(level, comparison_level_name((enum comparison)c, l))) continue;
            label->level[c] = (uint8_t)l;
            label->kind = kind_of_levels(label->level);
            return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ sampling */

struct sampling {
    const struct blocking *blocking;
    const struct scorer *scorer;
    const struct training_options *options;
    struct pattern_table table[MODEL_KIND_COUNT][KEYS_TYPE_MAX];
    double rate[MODEL_KIND_COUNT][KEYS_TYPE_MAX];
    bool failed; /* atomic */
};

static void sample_block(struct sampling *sampling, struct scoring_memo *memo, enum model_kind kind,
                         int type, const uint32_t *members, uint32_t size)
{
    const struct blocking *blocking = sampling->blocking;
    uint8_t level[COMPARISON_COUNT];
    for (uint32_t i = 0; i < size; i++) {
        uint32_t last = i + blocking_reach(&blocking->list[kind][type], size, i);
        for (uint32_t j = i + 1; j <= last; j++) {
            uint32_t a = members[i], b = members[j];
            if (a == b || !scoring_levels(sampling->scorer, memo, &blocking->records[a],
                                          &blocking->records[b], level))
                continue;
            uint32_t before = (UINT32_C(1) << type) - 1;
            bool first = !(blocking_either(blocking_shared_types(blocking, a, b)) & before);
            if (!table_add(&sampling->table[kind][type], pattern_of(level), first))
                __atomic_store_n(&sampling->failed, true, __ATOMIC_RELAXED);
        }
    }
}

/* Whole blocks, picked by their place: the records are in an order that only their content sets. */
static void sample_list(void *context, size_t task, unsigned thread)
{
    struct sampling *sampling = context;
    struct scoring_memo *memo = scoring_memos_get(sampling->options->memos, thread);
    enum model_kind kind = (enum model_kind)(task / KEYS_TYPE_MAX);
    int type = (int)(task % KEYS_TYPE_MAX);
    const struct block_list *list = &sampling->blocking->list[kind][type];
    double rate = list->pairs ? sampling->options->pairs_per_key_type / (double)list->pairs : 1;
    if (rate > 1) rate = 1;
    sampling->rate[kind][type] = rate;
    uint64_t limit = rate >= 1 ? UINT64_MAX : (uint64_t)(rate * 18446744073709551615.0);
    for (uint32_t b = 0; b < list->block_count; b++)
        if (values_mix(b + 1) <= limit)
            sample_block(sampling, memo, kind, type, list->members + list->starts[b],
                         list->starts[b + 1] - list->starts[b]);
}

/* ------------------------------------------------------------------ u */

static uint32_t list_kind(const struct blocking *blocking, enum model_kind kind, uint32_t *numbers)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < blocking->record_count; i++)
        if (record_is_organisation(&blocking->records[i]) == (kind == MODEL_ORGANISATION))
            numbers[count++] = i;
    return count;
}

double training_pair_count(const struct blocking *blocking, enum model_kind kind)
{
    double count = 0;
    for (uint32_t i = 0; i < blocking->record_count; i++)
        count += record_is_organisation(&blocking->records[i]) == (kind == MODEL_ORGANISATION);
    return count * (count - 1) / 2;
}

struct random_sampling {
    const struct blocking *blocking;
    const struct scorer *scorer;
    struct scoring_memos *memos;
    enum model_kind kind;
    const uint32_t *numbers;
    uint32_t count, pairs;
    double level[RANDOM_TASKS][COMPARISON_COUNT][LEVEL_MAX];
};

/* Whether a comparison speaks for a match, more than equal traits would. */
static bool anything_agrees(const struct scorer *scorer, enum model_kind kind,
                            const uint8_t level[COMPARISON_COUNT])
{
    for (int c = 0; c < COMPARISON_COUNT; c++)
        if (level[c] && scorer->weight[kind][c][level[c]] > 0 && c != COMPARISON_GENDER &&
            c != COMPARISON_GENERATION)
            return true;
    return false;
}

/* Pairs of which the shipped model is sure that they match are left out: in a small file they
 * would not be rare among random pairs. */
static bool is_random(const struct random_sampling *sampling, struct scoring_memo *memo,
                      const struct record *a, const struct record *b,
                      uint8_t level[COMPARISON_COUNT])
{
    struct evidence evidence;
    if (!scoring_levels(sampling->scorer, memo, a, b, level)) return false;
    return !anything_agrees(sampling->scorer, sampling->kind, level) ||
           (scoring_evidence(sampling->scorer, memo, a, b, &evidence) && evidence.log_odds <= 0);
}

static void count_random(void *context, size_t task, unsigned thread)
{
    struct random_sampling *sampling = context;
    struct scoring_memo *memo = scoring_memos_get(sampling->memos, thread);
    const struct record *records = sampling->blocking->records;
    uint8_t level[COMPARISON_COUNT];
    uint64_t state = values_mix(task + 1);
    for (uint32_t i = 0; i < (sampling->pairs + RANDOM_TASKS - 1) / RANDOM_TASKS; i++) {
        state = values_mix(state + 0x9E3779B97F4A7C15u);
        uint32_t x = (uint32_t)((state >> 32) * sampling->count >> 32);
        uint32_t y = (uint32_t)((state & 0xFFFFFFFFu) * sampling->count >> 32);
        if (x == y || !is_random(sampling, memo, &records[sampling->numbers[x]],
                                 &records[sampling->numbers[y]], level))
            continue;
        for (int c = 0; c < COMPARISON_COUNT; c++) sampling->level[task][c][level[c]]++;
    }
}

/* A small file has few pairs: drawn again and again, they would outweigh the shipped model. */
static uint32_t pairs_to_draw(uint32_t count, const struct training_options *options)
{
    uint64_t all = (uint64_t)count * (count > 0 ? count - 1 : 0) / 2;
    return all < options->random_pairs ? (uint32_t)all : options->random_pairs;
}

static void estimate_random(struct model *model, const struct random_sampling *sampling)
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        double known = 0, counted[LEVEL_MAX] = {0};
        if (!model_uses(model->kind, (enum comparison)c)) continue;
        for (int level = 1; level < LEVEL_MAX; level++) {
            for (int task = 0; task < RANDOM_TASKS; task++)
                counted[level] += sampling->level[task][c][level];
            known += counted[level];
        }
        for (int level = 1; level < LEVEL_MAX; level++)
            model->random.level[c][level] =
                (counted[level] + RANDOM_WEIGHT * model->random.level[c][level]) /
                (known + RANDOM_WEIGHT);
    }
}

/* ------------------------------------------------------------------ m */

/* The comparisons of a pattern that are not missing, but for those left out. */
struct said {
    int count;
    uint8_t comparison[COMPARISON_COUNT], level[COMPARISON_COUNT];
};

static struct said read_pattern(uint64_t pattern, uint32_t left_out)
{
    struct said said;
    said.count = 0;
    for (int c = 0; pattern; c++, pattern >>= LEVEL_BITS) {
        if (!(pattern & 7) || left_out >> c & 1) continue;
        said.comparison[said.count] = (uint8_t)c;
        said.level[said.count++] = pattern & 7;
    }
    return said;
}

static double likelihood(const struct model_class *model, const struct said *said)
{
    double product = 1;
    for (int i = 0; i < said->count; i++)
        product *= model->level[said->comparison[i]][said->level[i]] + 1e-12;
    return product;
}

struct mixture {
    double match, random, related[MODEL_RELATED_MAX]; /* shares, sum 1 */
};

struct expectation {
    double match[COMPARISON_COUNT][LEVEL_MAX];
    double expected_pairs; /* matches, scaled up to all pairs */
    double expected_related[MODEL_RELATED_MAX];
};

/* How likely what is said is in each class; the match's is another in every iteration. */
static struct mixture likelihoods(const struct model *model, const struct said *said)
{
    struct mixture of = {.match = likelihood(&model->match, said),
                         .random = likelihood(&model->random, said)};
    uint32_t comparisons = 0;
    for (int i = 0; i < said->count; i++) comparisons |= UINT32_C(1) << said->comparison[i];
    for (int r = 0; r < model->related_count; r++)
        if (model_has_related(model->kind, r, comparisons))
            of.related[r] = likelihood(&model->related[r], said);
    return of;
}

/* How likely a pair is of each class, by the shares and those likelihoods. */
static struct mixture posterior(const struct model *model, const struct mixture *shares,
                                const struct mixture *likely)
{
    struct mixture of = {.match = shares->match * likely->match,
                         .random = shares->random * likely->random};
    double sum = of.match + of.random;
    for (int r = 0; r < model->related_count; r++)
        sum += of.related[r] = shares->related[r] * likely->related[r];
    of.match /= sum;
    of.random /= sum;
    for (int r = 0; r < model->related_count; r++) of.related[r] /= sum;
    return of;
}

/* A pattern of a key type as the iterations need it. */
struct pattern {
    struct said said;
    bool informed; /* by more than what the key has made likely */
    double count, first;
    struct mixture likely;
};

/* The patterns of a key type. */
struct patterns {
    struct pattern *pattern;
    size_t count;
    double rate;
    struct mixture mixture; /* shares among the type's pairs */
};

/* A pattern with nothing but what the key left out cannot tell the shares among the key's pairs: it
 * is judged whole. */
static bool patterns_init(struct patterns *patterns, const struct model *model,
                          const struct pattern_table *table, uint32_t left_out, double rate)
{
    *patterns = (struct patterns){.rate = rate, .mixture = {0.3, 0.5, {0.1, 0.1}}};
    patterns->pattern = malloc((table->used + 1) * sizeof *patterns->pattern);
    for (size_t i = 0; i < table->size && patterns->pattern; i++) {
        if (!table->pattern[i]) continue;
        struct pattern *pattern = &patterns->pattern[patterns->count++];
        pattern->said = read_pattern(table->pattern[i] - 1, left_out);
        pattern->informed = pattern->said.count > 0;
        if (!pattern->informed) pattern->said = read_pattern(table->pattern[i] - 1, 0);
        pattern->count = table->count[i];
        pattern->first = table->first[i];
        pattern->likely = likelihoods(model, &pattern->said);
    }
    return patterns->pattern != NULL;
}

/* One pass over the patterns of a key type: posterior of each class, new shares. An uninformed
 * pattern is judged by the shares among all pairs, and trains nothing. */
static void expect(const struct model *model, struct patterns *patterns,
                   const struct mixture *among_all, struct expectation *sums)
{
    struct mixture total = {0}, *mixture = &patterns->mixture;
    double all = 0;
    for (size_t i = 0; i < patterns->count; i++) {
        struct pattern *pattern = &patterns->pattern[i];
        double n = pattern->count;
        pattern->likely.match = likelihood(&model->match, &pattern->said);
        struct mixture of =
            posterior(model, pattern->informed ? mixture : among_all, &pattern->likely);
        sums->expected_pairs += pattern->first * of.match / patterns->rate;
        for (int r = 0; r < model->related_count; r++)
            sums->expected_related[r] += pattern->first * of.related[r] / patterns->rate;
        if (!pattern->informed) continue;
        total.match += n * of.match;
        total.random += n * of.random;
        for (int r = 0; r < model->related_count; r++) total.related[r] += n * of.related[r];
        all += n;
        for (int at = 0; at < pattern->said.count; at++)
            sums->match[pattern->said.comparison[at]][pattern->said.level[at]] += n * of.match;
    }
    if (all == 0) return;
    mixture->match = (total.match + 1) / (all + 4);
    mixture->random = (total.random + 1) / (all + 4);
    for (int r = 0; r < model->related_count; r++)
        mixture->related[r] = (total.related[r] + 1) / (all + 4);
}

/* A label of no match leaves the classes but that one: of them the related ones are what it is
 * likely to be, for it was alike enough to be asked about. */
static void expect_labels(const struct model *model, const struct training_options *options,
                          const struct mixture *among_all, struct expectation *sums)
{
    for (size_t i = 0; i < options->label_count; i++) {
        const struct training_label *label = &options->labels[i];
        if (label->kind != model->kind) continue;
        for (int c = 0; c < COMPARISON_COUNT; c++) {
            if (label->match) sums->match[c][label->level[c]] += LABEL_WEIGHT;
        }
        struct said said = read_pattern(pattern_of(label->level), 0);
        struct mixture likely = likelihoods(model, &said);
        struct mixture of = posterior(model, among_all, &likely);
        double others = 1 - of.match;
        if (label->match || others <= 0) continue;
        for (int r = 0; r < model->related_count; r++)
            sums->expected_related[r] += LABEL_WEIGHT * of.related[r] / others;
    }
}

static void maximise(struct model *model, const struct model *prior, const struct expectation *sums)
{
    for (int c = 0; c < COMPARISON_COUNT; c++) {
        double known = 0;
        if (!model_uses(model->kind, (enum comparison)c)) continue;
        for (int level = 1; level < LEVEL_MAX; level++) known += sums->match[c][level];
        for (int level = 1; level < LEVEL_MAX; level++)
            model->match.level[c][level] =
                (sums->match[c][level] + MATCH_WEIGHT * prior->match.level[c][level]) /
                (known + MATCH_WEIGHT);
    }
}

static struct mixture share_among_all(const struct expectation *sums, double pairs)
{
    double all = fmax(pairs, 1) + 4;
    struct mixture shares = {.match = fmin((sums->expected_pairs + 1) / all, 0.2)};
    shares.random = 1 - shares.match;
    for (int r = 0; r < MODEL_RELATED_MAX; r++) {
        shares.related[r] = fmin((sums->expected_related[r] + 1) / all, 0.2);
        shares.random -= shares.related[r];
    }
    return shares;
}

static void iterate(const struct sampling *sampling, struct model *model, double pairs,
                    struct patterns *patterns, int types, struct expectation *sums)
{
    const struct model prior = *model;
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
        struct mixture among_all = share_among_all(sums, pairs);
        *sums = (struct expectation){0};
        for (int t = 0; t < types; t++) expect(model, &patterns[t], &among_all, sums);
        expect_labels(model, sampling->options, &among_all, sums);
        maximise(model, &prior, sums);
    }
}

static bool estimate_match(const struct sampling *sampling, struct model *model,
                           struct training_result *result)
{
    enum model_kind kind = model->kind;
    const struct key_type *types = keys_types(kind);
    struct patterns patterns[KEYS_TYPE_MAX];
    struct expectation sums = {0};
    int count = 0;
    bool enough = true;
    double pairs = training_pair_count(sampling->blocking, kind);
    double records = sqrt(2 * pairs) + 1;
    sums.expected_pairs = model->duplicates_per_record * records;
    for (int r = 0; r < model->related_count; r++)
        sums.expected_related[r] = sums.expected_pairs * model->related_ratio[r];
    for (; count < KEYS_TYPE_MAX && types[count].name && enough; count++)
        enough = patterns_init(&patterns[count], model, &sampling->table[kind][count],
                               types[count].comparisons, sampling->rate[kind][count]);
    if (enough) iterate(sampling, model, pairs, patterns, count, &sums);
    for (int t = 0; t < count; t++) free(patterns[t].pattern);
    double expected = fmax(sums.expected_pairs, 0.02 * records);
    result->match_rate[kind] = pairs > 0 ? fmin(expected / pairs, 0.2) : 0.2;
    model->duplicates_per_record = expected / records;
    double weight = RELATED_WEIGHT + 0.1 * records;
    for (int r = 0; r < model->related_count; r++)
        model->related_ratio[r] = (sums.expected_related[r] + weight * model->related_ratio[r]) /
                                  (sums.expected_pairs + weight);
    return enough;
}

/* ------------------------------------------------------------------ whole */

static bool train_kind(struct sampling *sampling, struct random_sampling *random, uint32_t *numbers,
                       struct model *model, struct training_result *result)
{
    enum model_kind kind = model->kind;
    uint32_t count = list_kind(sampling->blocking, kind, numbers);
    *random = (struct random_sampling){.blocking = sampling->blocking,
                                       .scorer = sampling->scorer,
                                       .memos = sampling->options->memos,
                                       .kind = kind,
                                       .numbers = numbers,
                                       .count = count,
                                       .pairs = pairs_to_draw(count, sampling->options)};
    if (count > 1) parallel_run(sampling->options->threads, RANDOM_TASKS, count_random, random);
    estimate_random(model, random);
    bool enough = estimate_match(sampling, model, result);
    for (int t = 0; t < KEYS_TYPE_MAX; t++)
        for (size_t i = 0; i < sampling->table[kind][t].size; i++)
            result->pairs[kind] += sampling->table[kind][t].count[i];
    model->trained_pairs = result->pairs[kind];
    return enough;
}

static void sampling_free(struct sampling *sampling)
{
    for (int kind = 0; kind < MODEL_KIND_COUNT; kind++)
        for (int t = 0; t < KEYS_TYPE_MAX; t++) table_release(&sampling->table[kind][t]);
    free(sampling);
}

enum status training_run(const struct blocking *blocking, const struct scorer *scorer,
                         const struct training_options *options, struct model_set *models,
                         struct training_result *result, struct error *error)
{
    struct sampling *sampling = calloc(1, sizeof *sampling);
    struct random_sampling *random = calloc(1, sizeof *random);
    uint32_t *numbers = malloc(((size_t)blocking->record_count + 1) * sizeof *numbers);
    bool enough = sampling && random && numbers;
    if (enough) {
        *sampling = (struct sampling){.blocking = blocking, .scorer = scorer, .options = options};
        parallel_run(options->threads, (size_t)MODEL_KIND_COUNT * KEYS_TYPE_MAX, sample_list,
                     sampling);
        enough = !sampling->failed;
        for (int kind = 0; kind < MODEL_KIND_COUNT && enough; kind++)
            enough = train_kind(sampling, random, numbers, &models->kind[kind], result);
    }
    if (sampling) sampling_free(sampling);
    free(random);
    free(numbers);
    return enough ? STATUS_OK : error_plain(error, STATUS_OUT_OF_MEMORY);
}
